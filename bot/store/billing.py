"""What sources billed, beside what their rows add up to: every dollar is accounted for, or the gap is shown (P6).

Written by `jobs/collect_usage.py`, read by `bot/source_checks.py`. Sums of a whole company: no person, no team.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import BigInteger, Subquery, and_, cast, func, literal, or_, select
from sqlalchemy.orm import Session

from bot.domain import precedence
from bot.store.batches import upsert
from bot.store.tables import BilledDayRow, SourceRow, UsageDayRow

MOST_DIFFERENCE_PERCENT = 25
"""Two sources may count a little differently; further apart than this, one of them is set up wrongly."""
MANY_PEOPLE = 5


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


@dataclass(frozen=True)
class Difference:
    """Two sources that tell of the same days of the same people, and do not agree. `first_source` is the one whose
    figures count.
    """

    tool: str
    first_source: str
    second_source: str
    people: int
    first_tokens: int
    second_tokens: int

    @property
    def percent(self) -> int:
        """How far apart, in percent of the larger."""
        larger = max(self.first_tokens, self.second_tokens)
        return round(100 * abs(self.first_tokens - self.second_tokens) / larger) if larger else 0


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


def differences(session: Session, *, first: date, last: date) -> list[Difference]:
    """Pairs of sources whose tokens lie more than 25 % apart where both speak of a person, day and tool, for at least
    five people. Several accounts of one kind add up and are never compared.
    """
    kinds = {name: name for name in precedence.NO_CONNECTOR}
    kinds |= dict(session.execute(select(SourceRow.name, SourceRow.kind)).all())
    one, other = _person_days(first, last), _person_days(first, last)
    same = and_(one.c.person_id == other.c.person_id, one.c.day == other.c.day, one.c.tool == other.c.tool)
    rows = session.execute(
        select(
            one.c.tool,
            one.c.source,
            other.c.source,
            func.count(one.c.person_id.distinct()),
            cast(func.sum(one.c.tokens), BigInteger),
            cast(func.sum(other.c.tokens), BigInteger),
        )
        .join(other, and_(same, one.c.source != other.c.source))
        .group_by(one.c.tool, one.c.source, other.c.source)
        .order_by(one.c.tool, one.c.source, other.c.source)
    )

    def place(source: str) -> int:
        return precedence.rank(kinds.get(source, ""), precedence.FIGURES)

    found = [Difference(*row) for row in rows]
    pairs = [pair for pair in found if place(pair.first_source) < place(pair.second_source)]
    return [pair for pair in pairs if pair.people >= MANY_PEOPLE and pair.percent > MOST_DIFFERENCE_PERCENT]


def _person_days(first: date, last: date) -> Subquery:
    """Tokens by source, person, day and tool, where any are told."""
    row = UsageDayRow
    kinds = (row.input_tokens, row.cache_read_tokens, row.cache_write_tokens, row.output_tokens)
    tokens = sum((func.coalesce(func.sum(kind), 0) for kind in kinds), literal(0))
    told = or_(*(kind.is_not(None) for kind in kinds))
    return (
        select(row.source, row.person_id, row.day, row.tool, tokens.label("tokens"))
        .where(row.day.between(first, last), row.person_id.is_not(None), told)
        .group_by(row.source, row.person_id, row.day, row.tool)
        .subquery()
    )
