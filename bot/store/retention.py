"""What is too old to be kept, deleted in small bites so that nobody waits for a long lock.

Called by `jobs/tidy.py`, one bite a transaction. Next: `jobs/tidy.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, not_, select, text, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from bot.domain.campaigns import CampaignState
from bot.domain.pairs import ENDS_AFTER
from bot.domain.people import KEPT_AFTER_LEAVING_DAYS
from bot.store import pushed, rights
from bot.store.batches import table_of
from bot.store.tables import (
    OPEN_NUDGE,
    AudienceCountRow,
    AuditRow,
    Base,
    BasisRow,
    BilledDayRow,
    CalendarDayRow,
    CalibrationRow,
    CampaignMemberRow,
    CampaignResultRow,
    CampaignRow,
    CheckInRow,
    CoverageRow,
    CoveredPersonRow,
    DigestRow,
    DigestWishRow,
    ExclusionRow,
    FindingRow,
    FollowUpRow,
    HaltRow,
    IdentityRow,
    IfThenRow,
    InstallationRow,
    MeantPatternRow,
    NudgeRow,
    NudgeStepRow,
    OpenSessionRow,
    OutcomeRow,
    OwnTipRow,
    PairRequestRow,
    PairVolunteerRow,
    PapersRow,
    PersonRow,
    PreferenceRow,
    PseudonymKeyRow,
    PushedPointRow,
    PushedSeriesRow,
    RunPieceRow,
    RunRow,
    SeatRow,
    SendSlotRow,
    SessionFactsRow,
    SilenceRow,
    SnapshotCellRow,
    SnapshotMemberRow,
    SnapshotRow,
    SourceRow,
    SourceRunRow,
    StateRow,
    SummaryBlockMemberRow,
    SummaryBlockRow,
    SummaryFigureRow,
    TeamGroupRow,
    TeamPersonRow,
    TeamStayRow,
    UsageDayRow,
)
from bot.store.types import UtcDateTime

_STILL_OPEN = select(NudgeRow.nudge_id).where(text(OPEN_NUDGE))
_STILL_GOES_ON = [CampaignState.WAITING, CampaignState.RUNNING, CampaignState.PAUSED]
_GOES_ON = "a campaign that waits, runs or is paused stays until it has ended"
_ON_ITS_WAY = "what is still on its way stays until it has arrived or ended"
_AS_LONG_AS_THEY = "an id that is somebody's stays as long as they do"


@dataclass(frozen=True)
class Aged:
    """Which column tells the age of a table's rows, and which rows stay whatever their age."""

    model: type[Base]
    column: InstrumentedAttribute[Any]
    unless: ColumnElement[bool] | None = None
    days: int | None = None
    """Kept this many days at most, however long the rest is kept."""
    stays: str | None = None
    """Which rows stay whatever their age, in words."""

    def days_kept(self, retention_days: int) -> int:
        return retention_days if self.days is None else min(self.days, retention_days)

    def limit(self, *, now: datetime, retention_days: int) -> datetime:
        """What is older than this goes."""
        return now - timedelta(days=self.days_kept(retention_days))


AGED: tuple[Aged, ...] = (
    Aged(UsageDayRow, UsageDayRow.day),
    Aged(SessionFactsRow, SessionFactsRow.day),
    Aged(OpenSessionRow, OpenSessionRow.day, days=pushed.FOLLOWED_DAYS),
    Aged(PushedSeriesRow, PushedSeriesRow.day, days=pushed.FOLLOWED_DAYS),
    Aged(PushedPointRow, PushedPointRow.day, days=pushed.REMEMBERED_DAYS),
    Aged(BilledDayRow, BilledDayRow.day),
    Aged(TeamStayRow, TeamStayRow.last_day),
    Aged(OutcomeRow, OutcomeRow.at),
    Aged(CoverageRow, CoverageRow.day),
    Aged(CoveredPersonRow, CoveredPersonRow.last_day),
    Aged(CalendarDayRow, CalendarDayRow.day),
    Aged(SeatRow, SeatRow.released_on),
    Aged(StateRow, StateRow.last_day),
    Aged(FindingRow, FindingRow.window_last_day),
    Aged(BasisRow, BasisRow.last_day),
    Aged(SilenceRow, SilenceRow.last_day),
    Aged(CheckInRow, CheckInRow.answered_at),
    Aged(FollowUpRow, FollowUpRow.last_day),
    Aged(AudienceCountRow, AudienceCountRow.week),
    Aged(CampaignResultRow, CampaignResultRow.week),
    Aged(CampaignMemberRow, CampaignMemberRow.enrolled_on),
    Aged(CampaignRow, CampaignRow.changed_at, unless=CampaignRow.state.in_(_STILL_GOES_ON), stays=_GOES_ON),
    Aged(IfThenRow, IfThenRow.made_at),
    Aged(PairRequestRow, PairRequestRow.made_at, days=ENDS_AFTER.days),
    Aged(NudgeStepRow, NudgeStepRow.at, unless=NudgeStepRow.nudge_id.in_(_STILL_OPEN), stays=_ON_ITS_WAY),
    Aged(NudgeRow, NudgeRow.due_at, unless=NudgeRow.nudge_id.in_(_STILL_OPEN), stays=_ON_ITS_WAY),
    Aged(IdentityRow, IdentityRow.first_seen_at, unless=IdentityRow.person_id.is_not(None), stays=_AS_LONG_AS_THEY),
    Aged(SourceRunRow, SourceRunRow.started_at),
    Aged(RunRow, RunRow.scheduled_for),
    Aged(DigestRow, DigestRow.week),
    Aged(CalibrationRow, CalibrationRow.week),
    Aged(SnapshotMemberRow, SnapshotMemberRow.week),
    Aged(SnapshotCellRow, SnapshotCellRow.week),
    Aged(SnapshotRow, SnapshotRow.week),
    Aged(SummaryFigureRow, SummaryFigureRow.week),
    Aged(AuditRow, AuditRow.at),
)
"""Every table whose rows grow old, with the column that tells their age."""

KEPT: Mapping[type[Base], str] = {
    PersonRow: f"while they work here, and {KEPT_AFTER_LEAVING_DAYS} days after their last day",
    PreferenceRow: "a stop that wore off would be none; it goes with the person",
    MeantPatternRow: "what people tell us stands until they take it back; it goes with the person",
    DigestWishRow: "what people ask for stands until they take it back; it goes with the person",
    PairVolunteerRow: "an offer stands until it is taken back; it goes with the person",
    SummaryBlockRow: "who was counted together rests for half a year after that; then publishing drops it",
    SummaryBlockMemberRow: "as long as the block, or the person",
    TeamGroupRow: "which drawn key stands for whoever manages a group; it goes with the person",
    TeamPersonRow: "who was in a group when it was last published; each publishing replaces them all",
    ExclusionRow: "an objection does not wear off; it names nobody",
    OwnTipRow: "words of the company's leads, until they change them; they name nobody",
    PapersRow: "it proves what people were told, and when; it names nobody",
    HaltRow: "one row, while everything is switched off",
    InstallationRow: "one row about this installation",
    PseudonymKeyRow: "one row: the secret of this installation",
    RunPieceRow: "until the run that it is a piece of has ended; it names nobody",
    SendSlotRow: "one row: when the next message may leave",
    SourceRow: "one row a source: its name and its kind",
}
"""Every other table, and why its rows stay."""


def left_before(now: datetime) -> datetime:
    """Whoever's last day lies before this is erased."""
    return now - timedelta(days=KEPT_AFTER_LEAVING_DAYS)


def delete_some(session: Session, *, aged: Aged, before: datetime, most: int) -> int:
    """Delete up to `most` rows of one table that are older than `before`; returns how many went."""
    table = table_of(aged.model)
    keys = list(table.primary_key.columns)
    limit = before if isinstance(aged.column.type, UtcDateTime) else before.date()
    old = [aged.column < limit, *([not_(aged.unless)] if aged.unless is not None else [])]
    doomed = select(*keys).where(*old).limit(most)
    return session.connection().execute(delete(table).where(tuple_(*keys).in_(doomed))).rowcount


def forget_some_who_left(session: Session, *, before: datetime, most: int) -> int:
    """Erase up to `most` people who left before `before`, with all that is held about them."""
    left = session.scalars(
        select(PersonRow.person_id).where(PersonRow.ended_on < before.date()).order_by(PersonRow.person_id).limit(most)
    ).all()
    for person_id in left:
        rights.forget(session, person_id=person_id)
    return len(left)
