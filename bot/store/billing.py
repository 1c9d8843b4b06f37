"""What sources billed, beside what their rows add up to: every dollar is accounted for, or the gap is shown (P6).

Written by `jobs/collect_usage.py`, read by `bot/doctor.py`. Sums of a whole company: no person, no team.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import BigInteger, and_, cast, func, select
from sqlalchemy.orm import Session

from bot.store.batches import upsert
from bot.store.tables import BilledDayRow, UsageDayRow


@dataclass(frozen=True)
class Reconciled:
    """What one source billed over the days for which it says so, and what its rows of those days cost.

    `people` counts whose rows they are; a figure of few people is nobody's business.
    """

    source: str
    days: int
    people: int
    billed_microusd: int
    in_rows_microusd: int

    @property
    def gap_microusd(self) -> int:
        """Billed, and in no row. Below zero: the rows say more than the bill."""
        return self.billed_microusd - self.in_rows_microusd


def save_day(session: Session, *, source: str, day: date, amount_microusd: int, as_of: datetime) -> None:
    """Keep what `source` says it billed for `day`; what it said before is replaced."""
    upsert(
        session,
        BilledDayRow,
        [{"source": source, "day": day, "amount_microusd": amount_microusd, "as_of": as_of}],
    )


def reconcile(session: Session, *, first: date, last: date) -> list[Reconciled]:
    """Each source that says what it billed, from `first` to `last` (both included), by name."""
    day_sums = (
        select(UsageDayRow.source, UsageDayRow.day, func.sum(UsageDayRow.cost_microusd).label("cost"))
        .where(UsageDayRow.day.between(first, last))
        .group_by(UsageDayRow.source, UsageDayRow.day)
        .subquery()
    )
    same_day = and_(day_sums.c.source == BilledDayRow.source, day_sums.c.day == BilledDayRow.day)
    rows = session.execute(
        select(
            BilledDayRow.source,
            func.count().label("days"),
            cast(func.sum(BilledDayRow.amount_microusd), BigInteger).label("billed"),
            cast(func.coalesce(func.sum(day_sums.c.cost), 0), BigInteger).label("in_rows"),
        )
        .outerjoin(day_sums, same_day)
        .where(BilledDayRow.day.between(first, last))
        .group_by(BilledDayRow.source)
        .order_by(BilledDayRow.source)
    ).all()
    people = dict(
        session.execute(
            select(UsageDayRow.source, func.count(UsageDayRow.person_id.distinct()))
            .where(UsageDayRow.day.between(first, last))
            .group_by(UsageDayRow.source)
        ).all()
    )
    return [Reconciled(row.source, row.days, people.get(row.source, 0), row.billed, row.in_rows) for row in rows]
