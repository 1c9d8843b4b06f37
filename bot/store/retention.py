"""What is too old to be kept, deleted in small bites so that nobody waits for a long lock.

Called by `jobs/tidy.py`, one bite a transaction. Next: `jobs/tidy.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, not_, select, text, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from bot.store import pushed, rights
from bot.store.batches import table_of
from bot.store.tables import (
    OPEN_NUDGE,
    AuditRow,
    Base,
    BasisRow,
    BilledDayRow,
    CalendarDayRow,
    CheckInRow,
    CoverageRow,
    CoveredPersonRow,
    DigestRow,
    FindingRow,
    FollowUpRow,
    IdentityRow,
    NudgeRow,
    NudgeStepRow,
    OpenSessionRow,
    OutcomeRow,
    PersonRow,
    PushedPointRow,
    PushedSeriesRow,
    RunRow,
    SeatRow,
    SessionFactsRow,
    SilenceRow,
    SourceRunRow,
    StateRow,
    TeamStayRow,
    UsageDayRow,
)
from bot.store.types import UtcDateTime

_STILL_OPEN = select(NudgeRow.nudge_id).where(text(OPEN_NUDGE))


@dataclass(frozen=True)
class Aged:
    """Which column tells the age of a table's rows, and which rows stay whatever their age."""

    model: type[Base]
    column: InstrumentedAttribute[Any]
    unless: ColumnElement[bool] | None = None
    days: int | None = None
    """Kept this many days at most, however long the rest is kept."""

    def limit(self, *, now: datetime, retention_days: int) -> datetime:
        """What is older than this goes."""
        return now - timedelta(days=retention_days if self.days is None else min(self.days, retention_days))


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
    Aged(NudgeStepRow, NudgeStepRow.at, unless=NudgeStepRow.nudge_id.in_(_STILL_OPEN)),
    Aged(NudgeRow, NudgeRow.due_at, unless=NudgeRow.nudge_id.in_(_STILL_OPEN)),
    Aged(IdentityRow, IdentityRow.first_seen_at, unless=IdentityRow.person_id.is_not(None)),
    Aged(SourceRunRow, SourceRunRow.started_at),
    Aged(RunRow, RunRow.scheduled_for),
    Aged(DigestRow, DigestRow.week),
    Aged(AuditRow, AuditRow.at),
)
"""Every table whose rows grow old. What people told us about messages, and people who still work here, stay until they
are erased.
"""


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
