"""All tables. Migrations are in `bot/store/migrations`; `alembic check` holds the two together.

A person is a number. Who that number is stands only in `identity`; every other table knows just the number (P1, P14).
NULL means that nobody told us; 0 means that somebody said none. Money is in integer micro-dollars, moments in UTC.
Next: `bot/store/tables/people.py`.
"""

from __future__ import annotations

from bot.store.tables.audit import AuditRow, DigestRow, DigestWishRow
from bot.store.tables.base import Base, BigKey
from bot.store.tables.campaigns import AudienceCountRow, CampaignMemberRow, CampaignResultRow, CampaignRow, HaltRow
from bot.store.tables.clock import CalibrationRow, InstallationRow, PapersRow, RunPieceRow, RunRow
from bot.store.tables.conclusions import BasisRow, FindingRow, SilenceRow, StateRow
from bot.store.tables.messages import (
    OPEN_NUDGE,
    CheckInRow,
    FollowUpRow,
    MeantPatternRow,
    NudgeRow,
    NudgeStepRow,
    PreferenceRow,
    SendSlotRow,
)
from bot.store.tables.own_tips import OwnTipRow
from bot.store.tables.pairs import PairRequestRow, PairVolunteerRow
from bot.store.tables.people import (
    CalendarDayRow,
    ExclusionRow,
    IdentityRow,
    PersonRow,
    PseudonymKeyRow,
    SeatRow,
    TeamStayRow,
)
from bot.store.tables.plans import IfThenRow
from bot.store.tables.teams import (
    SnapshotCellRow,
    SnapshotMemberRow,
    SnapshotRow,
    SummaryBlockMemberRow,
    SummaryBlockRow,
    SummaryFigureRow,
    TeamGroupRow,
    TeamPersonRow,
)
from bot.store.tables.usage import (
    BilledDayRow,
    CoverageRow,
    CoveredPersonRow,
    OpenSessionRow,
    OutcomeRow,
    PushedPointRow,
    PushedSeriesRow,
    SessionFactsRow,
    SourceRow,
    SourceRunRow,
    UsageDayRow,
)

__all__ = [
    "OPEN_NUDGE",
    "AudienceCountRow",
    "AuditRow",
    "Base",
    "BasisRow",
    "BigKey",
    "BilledDayRow",
    "CalendarDayRow",
    "CalibrationRow",
    "CampaignMemberRow",
    "CampaignResultRow",
    "CampaignRow",
    "CheckInRow",
    "CoverageRow",
    "CoveredPersonRow",
    "DigestRow",
    "DigestWishRow",
    "ExclusionRow",
    "FindingRow",
    "FollowUpRow",
    "HaltRow",
    "IdentityRow",
    "IfThenRow",
    "InstallationRow",
    "MeantPatternRow",
    "NudgeRow",
    "NudgeStepRow",
    "OpenSessionRow",
    "OutcomeRow",
    "OwnTipRow",
    "PairRequestRow",
    "PairVolunteerRow",
    "PapersRow",
    "PersonRow",
    "PreferenceRow",
    "PseudonymKeyRow",
    "PushedPointRow",
    "PushedSeriesRow",
    "RunPieceRow",
    "RunRow",
    "SeatRow",
    "SendSlotRow",
    "SessionFactsRow",
    "SilenceRow",
    "SnapshotCellRow",
    "SnapshotMemberRow",
    "SnapshotRow",
    "SourceRow",
    "SourceRunRow",
    "StateRow",
    "SummaryBlockMemberRow",
    "SummaryBlockRow",
    "SummaryFigureRow",
    "TeamGroupRow",
    "TeamPersonRow",
    "TeamStayRow",
    "UsageDayRow",
]
