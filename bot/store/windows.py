"""One compact window a person, summed by the database: work grows with people, not with rows.

Called by `jobs/detect.py`. Three statements a shard: which sources there are, the sums by tool, model and week, and the
sums by day of those few who had a heavy day. The last two are put together once for a set of sources and kept: for one
person, as right before sending, that would take longer than to carry them out. Next: `bot/domain/adoption.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Date,
    Row,
    Select,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import Session

from bot.domain import days_of_work, precedence
from bot.domain.days_of_work import Trace
from bot.domain.usage import LOADED_WEEKS, WINDOW_DAYS, Counters, DaySum, UsageWindow, WeekSum
from bot.domain.waste.runaway import MAX_REQUESTS_A_DAY, MIN_DAY_MICROUSD
from bot.store.tables import SourceRow, UsageDayRow
from bot.store.types import days_between

_COUNTERS = tuple(counter.name for counter in fields(Counters))
_TOKENS_AND_MONEY = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens", "cost_microusd")
_BEHAVIOUR = ("sessions", "accepted", "rejected", "prompts", "offered", "lines_added")
"""What a person did with the answers; every other counter goes with the tokens and the money."""
_OLDER = LOADED_WEEKS
_LATER = -1

_OWN_KIND = {name: name for name in precedence.NO_CONNECTOR}

Kinds = frozenset[tuple[str, str]]
"""Each source's name, with its kind."""


def load(session: Session, *, person_ids: Collection[int], last_day: date) -> dict[int, UsageWindow]:
    """The windows that end on `last_day`; everybody asked for is in the answer, without use as an empty window.

    For one person, tool and day one kind of source speaks (`_rows`); activity counts from any source.
    A sum is None where every value is: unknown is not zero.
    """
    found = {person_id: _Found() for person_id in person_ids}
    kinds = frozenset((name, kind) for name, kind in session.execute(select(SourceRow.name, SourceRow.kind)))
    asked = {"person_ids": list(found), "last_day": last_day}
    for row in session.execute(_week_sums(kinds), asked):
        _take(found[row.person_id], row)
    for row in session.execute(
        _heavy_day_sums(kinds), {**asked, "first_day": last_day - timedelta(days=WINDOW_DAYS - 1)}
    ):
        found[row.person_id].heavy_days.append(DaySum(row.day, row.tool, row.model, _counters(row)))
    return {person_id: one.window(last_day) for person_id, one in found.items()}


@dataclass
class _Found:
    """What the statements said about one person so far."""

    weeks: list[Row[Any]] = field(default_factory=list)
    heavy_days: list[DaySum] = field(default_factory=list)
    active_on: list[date] = field(default_factory=list)
    worked_on: list[date] = field(default_factory=list)
    tools_later: set[str] = field(default_factory=set)
    tools_worked_later: set[str] = field(default_factory=set)

    def window(self, last_day: date) -> UsageWindow:
        weeks = sorted(self._week_sums(), key=lambda week: (week.week, week.tool, week.model))
        # The highest bit is the earliest day of a week.
        lately = (
            last_day - timedelta(days=7 * w.week + w.worked_mask.bit_length() - 1) for w in weeks if w.worked_mask
        )
        return UsageWindow(
            last_day=last_day,
            weeks=tuple(weeks),
            first_active_on=min(self.active_on, default=None),
            last_active_on=max(self.active_on, default=None),
            first_worked_on=min([*self.worked_on, *lately], default=None),
            heavy_days=tuple(sorted(self.heavy_days, key=lambda one: (one.day, one.tool, one.model))),
            active_after_window=bool(self.tools_later),
            tools_after_window=frozenset(self.tools_later),
            tools_worked_after_window=frozenset(self.tools_worked_later),
        )

    def _week_sums(self) -> Iterator[WeekSum]:
        empty: dict[tuple[str, int], int] = defaultdict(int)
        for row in self.weeks:
            empty[row.tool, row.week] |= days_of_work.days_empty(row.marks or 0)
        for row in self.weeks:
            marks = row.marks or 0
            worked = days_of_work.days_worked(marks, empty[row.tool, row.week])
            active = days_of_work.days_active(marks)
            yield WeekSum(row.tool, row.model, row.week, _counters(row), active, worked)


def _take(found: _Found, row: Row[Any]) -> None:
    active = [day for day in (row.first_active_on, row.last_active_on) if day is not None]
    if row.week == _LATER:
        found.tools_later |= {row.tool} if active else set()
        found.tools_worked_later |= {row.tool} if days_of_work.days_worked(row.marks or 0, empty=0) else set()
        return
    found.active_on += active
    if row.week != _OLDER:
        found.weeks.append(row)
    elif days_of_work.days_empty(row.marks or 0):
        # These rows are too old to look at each day: where a tool told of empty ones, only an answer is believed.
        found.worked_on += [day for day in (row.first_answered_on,) if day is not None]
    else:
        found.worked_on += active[:1]


@lru_cache(maxsize=8)
def _week_sums(kinds: Kinds) -> Select[Any]:
    """Sums by person, tool, model and week; week -1 is everything after the window, the last one everything before."""
    rows = _rows(kinds).subquery()
    age = days_between(_day("last_day"), rows.c.day)
    week = case((rows.c.day > _day("last_day"), _LATER), (age >= _OLDER * 7, _OLDER), else_=age // 7).label("week")
    # Before the weeks that are judged only the dates matter, so that one row a tool is enough.
    model = case((age >= _OLDER * 7, ""), else_=rows.c.model).label("model")
    active_day, trace = case((rows.c.active, rows.c.day)), _trace(rows)
    # Of the days after the window nobody asks which they are, so that they share a mark.
    place = case((age >= 0, age % 7), else_=0) + case((rows.c.active, trace), (trace == Trace.EMPTY, Trace.SILENT))
    bit = literal(1).bitwise_lshift(place)
    marks = cast(func.sum(bit.distinct()), BigInteger).label("marks")
    return select(
        rows.c.person_id,
        rows.c.tool,
        model,
        week,
        marks,
        func.min(active_day).label("first_active_on"),
        func.max(active_day).label("last_active_on"),
        func.min(case((trace == Trace.ANSWERED, active_day))).label("first_answered_on"),
        *_sums(rows),
    ).group_by(rows.c.person_id, rows.c.tool, model, week)


def _trace(rows: Any) -> ColumnElement[int]:
    """What a row says of its day (`domain/days_of_work.py`); what it does not tell is NULL here and decides nothing."""
    requests, headless, failing = rows.c.requests, rows.c.headless_requests, rows.c.failed_requests
    # Together, so that one failed request does not make a day of work of a nightly script. Some requests may be told as
    # both: then the day is more easily called empty, and that never says "no use".
    unattended = and_(requests > 0, headless > 0, headless + func.coalesce(failing, 0) >= requests)
    failed = and_(requests > 0, failing >= requests)
    answered = or_(*(rows.c[name] > 0 for name in days_of_work.ANSWERS))
    return case(
        (unattended, Trace.EMPTY),
        (answered, Trace.ANSWERED),
        (or_(failed, rows.c.output_tokens == 0), Trace.EMPTY),
        else_=Trace.UNTOLD,
    )


@lru_cache(maxsize=8)
def _heavy_day_sums(kinds: Kinds) -> Select[Any]:
    """All days of the 28, tool and model apart, of people with a day above $25 or 2,000 requests over all tools."""
    within = UsageDayRow.day.between(_day("first_day"), _day("last_day"))
    rows = _rows(kinds).where(within).cte("own_rows")
    cost, requests = _sum(rows, "cost_microusd"), _sum(rows, "requests")
    heavy = (
        select(rows.c.person_id)
        .group_by(rows.c.person_id, rows.c.day)
        .having(or_(cost > MIN_DAY_MICROUSD, requests > MAX_REQUESTS_A_DAY))
    )
    return (
        select(rows.c.person_id, rows.c.day, rows.c.tool, rows.c.model, *_sums(rows))
        .where(rows.c.person_id.in_(heavy))
        .group_by(rows.c.person_id, rows.c.day, rows.c.tool, rows.c.model)
    )


def _day(name: str) -> BindParameter[date]:
    return bindparam(name, type_=Date)


def _rows(kinds: Kinds) -> Select[Any]:
    """Usage days, each with whether its source gives the figures (`speaks`) and the behaviour (`behaves`) of that
    person, day and tool: two sources that saw the same work would double it (`domain/precedence.py`).
    """
    table = UsageDayRow
    counters = (getattr(table, name) for name in _COUNTERS)
    return select(
        table.person_id,
        table.day,
        table.tool,
        table.model,
        table.active,
        _speaks(_TOKENS_AND_MONEY, precedence.FIGURES, kinds).label("speaks"),
        _speaks(_BEHAVIOUR, precedence.BEHAVIOUR, kinds).label("behaves"),
        *counters,
    ).where(table.person_id.in_(bindparam("person_ids", expanding=True)))


def _speaks(counters: Sequence[str], order: tuple[tuple[str, ...], ...], kinds: Kinds) -> ColumnElement[bool]:
    """Whether a row's source is of the first kind that has any of `counters` for that person, day and tool."""
    table = UsageDayRow
    places = {name: precedence.rank(kind, order) for name, kind in sorted({**_OWN_KIND, **dict(kinds)}.items())}
    place = case(places, value=table.source, else_=len(order))
    has_any = or_(*(getattr(table, name).is_not(None) for name in counters))
    first = func.first_value(place).over(
        partition_by=(table.person_id, table.day, table.tool), order_by=(case((has_any, 0), else_=1), place)
    )
    return place == first


def _sums(rows: Any) -> Sequence[ColumnElement[int]]:
    return [_sum(rows, name).label(name) for name in _COUNTERS]


def _sum(rows: Any, name: str) -> ColumnElement[int]:
    counts = rows.c.behaves if name in _BEHAVIOUR else rows.c.speaks
    return cast(func.sum(case((counts, rows.c[name]))), BigInteger)


def _counters(row: Row[Any]) -> Counters:
    """The sums of a row, which both statements put last, in the order of `_COUNTERS`; by place, for there are many."""
    return Counters(*row[-len(_COUNTERS) :])
