"""Everything that one person's conclusions are drawn from, and the drawing itself; also as plain JSON, for later (P11).

`jobs/detect.py` asks `conclude` and keeps `to_document`; `from_document` gives back a basis from which `conclude` says
the same again, months later, whatever data and prices have come in since. What the rules do not look at is left out:
no public holiday, leave or weekend by its name, no counter of the weeks before the window that no rule reads.
Next: `bot/domain/adoption.py`, `bot/domain/waste/`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date, timedelta
from typing import Any, TypeVar

from bot.domain import adoption, waste
from bot.domain.adoption import Standing
from bot.domain.finished_work import WorkDone
from bot.domain.outcomes import OutcomeKind
from bot.domain.people import Seat, WorkCalendar
from bot.domain.prices import PriceBook, Rates
from bot.domain.session_sums import SessionSums
from bot.domain.usage import WINDOW_DAYS, Counters, Coverage, DaySum, UsageWindow, WeekSum
from bot.domain.waste import Looked, ledger
from bot.domain.waste.finding import WINDOW_WEEKS, Evidence
from bot.domain.waste.ledger import Settled

VERSION = "basis-1"

Document = dict[str, Any]
"""Text, numbers and lists of text; each line of a list is JSON by itself."""

_READ_OF_EARLIER_WEEKS = ("accepted", "rejected")
"""The only counters that a rule reads of the weeks before the window; the other rules ask them for active days."""

Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Basis:
    """What is known of one person when they are judged."""

    window: UsageWindow
    coverage: Coverage
    seats: Sequence[Seat]
    calendar: WorkCalendar
    prices: PriceBook
    sessions: Sequence[SessionSums] = ()
    work: Sequence[WorkDone] = ()


@dataclass(frozen=True)
class Conclusions:
    """What the rules say of it."""

    standing: Standing
    looked: Looked
    settled: Settled


def conclude(basis: Basis) -> Conclusions:
    """Ask every rule, in the order in which they build on each other."""
    window, seats, calendar = basis.window, basis.seats, basis.calendar
    standing = adoption.judge(window=window, coverage=basis.coverage, seats=seats, calendar=calendar)
    looked = waste.look(
        window=window,
        seats=seats,
        calendar=calendar,
        standing=standing,
        prices=basis.prices,
        sessions=basis.sessions,
        work=basis.work,
    )
    settled = ledger.settle(
        looked.findings,
        spend=ledger.spend_of(window, seats),
        first_active_on=window.first_active_on,
        last_day=window.last_day,
    )
    told_by: dict[str, Evidence] = {
        tool: {"sources": ", ".join(basis.coverage.sources[tool])}
        for tool in {found.tool for found in settled.counted}
        if basis.coverage.sources.get(tool)
    }
    counted = tuple(replace(one, evidence=one.evidence | told_by.get(one.tool, {})) for one in settled.counted)
    return Conclusions(standing, looked, replace(settled, counted=counted))


@dataclass
class AskedPrices:
    """A price book that remembers what it was asked and what it said."""

    book: PriceBook
    said: dict[str, Rates | None] = field(default_factory=dict)
    siblings: dict[str, tuple[str, Rates] | None] = field(default_factory=dict)

    def rates(self, model: str, day: date) -> Rates | None:
        """The book's answer."""
        self.said[model] = self.book.rates(model, day)
        return self.said[model]

    def cost_microusd(self, model: str, day: date, counters: Counters) -> int | None:
        """The book's answer. No rule asks this of a person's window; usage is priced when it is read."""
        return self.book.cost_microusd(model, day, counters)

    def cheaper_sibling(self, model: str, day: date) -> tuple[str, Rates] | None:
        """The book's answer."""
        self.siblings[model] = self.book.cheaper_sibling(model, day)
        return self.siblings[model]


@dataclass(frozen=True)
class KeptPrices:
    """The prices that were looked up when somebody was judged, and no others."""

    said: Mapping[str, Rates | None]
    siblings: Mapping[str, tuple[str, Rates] | None]

    def rates(self, model: str, day: date) -> Rates | None:
        """What the book said then."""
        return self.said[model]

    def cost_microusd(self, model: str, day: date, counters: Counters) -> int | None:
        """Not kept: no rule asks it."""
        raise LookupError(model, day, counters)

    def cheaper_sibling(self, model: str, day: date) -> tuple[str, Rates] | None:
        """What the book said then."""
        return self.siblings[model]


def to_document(basis: Basis, asked: AskedPrices) -> Document:
    """The basis as plain JSON; `asked` are the prices that `conclude` looked up."""
    window, calendar = basis.window, basis.calendar
    days = _days(window.last_day)
    return {
        "version": VERSION,
        "window_last_day": window.last_day.isoformat(),
        "first_active_on": _iso(window.first_active_on),
        "last_active_on": _iso(window.last_active_on),
        "first_worked_on": _iso(window.first_worked_on),
        "active_after_window": sorted(window.tools_after_window) if window.active_after_window else None,
        "worked_after_window": sorted(window.tools_worked_after_window),
        "weeks": _lines(_line_of(one) for one in window.weeks),
        "heavy_days": _lines([_iso(one.day), one.tool, one.model, _told(one.counters)] for one in window.heavy_days),
        "covered": _lines([tool, _mask(some, days)] for tool, some in sorted(basis.coverage.covered.items())),
        "doubtful": _lines([tool, _mask(some, days)] for tool, some in sorted(basis.coverage.doubtful.items())),
        "covered_by": _lines([tool, *names] for tool, names in sorted(basis.coverage.sources.items())),
        "lag_days": _lines([tool, lag] for tool, lag in sorted(basis.coverage.lag_days.items())),
        "seats": _lines(
            [one.tool, _iso(one.assigned_on), _iso(one.released_on), one.monthly_cost_microusd] for one in basis.seats
        ),
        "days_off": [day.isoformat() for day in days if not calendar.is_working(day)],
        "started_on": _iso(calendar.started_on),
        "sessions": _lines([_iso(one.day), one.tool, one.model, _told(one)] for one in basis.sessions),
        "work": _lines([one.kind.value, _iso(one.day), _told(one)] for one in basis.work),
        "prices": _lines([model, rates and _values(rates)] for model, rates in sorted(asked.said.items())),
        "cheaper": _lines(
            [model, next_ and [next_[0], *_values(next_[1])]] for model, next_ in sorted(asked.siblings.items())
        ),
    }


def from_document(kept: Document) -> Basis:
    """The basis that `to_document` wrote."""
    last_day = date.fromisoformat(kept["window_last_day"])
    days, after = _days(last_day), kept["active_after_window"]
    window = UsageWindow(
        last_day,
        weeks=_each(kept["weeks"], _week),
        first_active_on=_date(kept["first_active_on"]),
        last_active_on=_date(kept["last_active_on"]),
        first_worked_on=_date(kept.get("first_worked_on", kept["first_active_on"])),
        heavy_days=_each(
            kept["heavy_days"],
            lambda day, tool, model, told: DaySum(date.fromisoformat(day), tool, model, Counters(**told)),
        ),
        active_after_window=after is not None,
        tools_after_window=frozenset(after or ()),
        tools_worked_after_window=frozenset(kept.get("worked_after_window", after) or ()),
    )
    coverage = Coverage(
        covered={tool: _unmask(mask, days) for tool, mask in _parsed(kept["covered"])},
        sources={tool: tuple(names) for tool, *names in _parsed(kept["covered_by"])},
        doubtful={tool: _unmask(mask, days) for tool, mask in _parsed(kept["doubtful"])},
        lag_days=dict(_parsed(kept["lag_days"])),
    )
    off = frozenset(map(date.fromisoformat, kept["days_off"]))
    return Basis(
        window,
        coverage,
        _each(kept["seats"], lambda tool, since, until, cost: Seat(tool, _day(since), _date(until), cost)),
        WorkCalendar("UTC", weekend=frozenset(), holidays=off, started_on=_date(kept["started_on"])),
        _prices(kept),
        _each(kept["sessions"], lambda day, tool, model, told: SessionSums(_day(day), tool, model, **told)),
        _each(kept["work"], lambda kind, day, told: _work(kind, day, **told)),
    )


def _prices(kept: Document) -> KeptPrices:
    return KeptPrices(
        {model: rates and Rates(*rates) for model, rates in _parsed(kept["prices"])},
        {model: next_ and (next_[0], Rates(*next_[1:])) for model, next_ in _parsed(kept["cheaper"])},
    )


def _line_of(one: WeekSum) -> list[Any]:
    """The mask of the days of work last, and only where it is another than that of the days with any use."""
    line = [one.tool, one.model, one.week, one.active_mask, _of_week(one)]
    return line if one.worked_mask == one.active_mask else [*line, one.worked_mask]


def _of_week(one: WeekSum) -> dict[str, int]:
    told = _told(one.counters)
    return told if one.week < WINDOW_WEEKS else {name: told[name] for name in _READ_OF_EARLIER_WEEKS if name in told}


def _week(tool: str, model: str, week: int, mask: int, told: dict[str, int], *worked: int) -> WeekSum:
    return WeekSum(tool, model, week, Counters(**told), mask, *(worked or (mask,)))


def _work(kind: str, day: str, *, reverted_on: str | None = None, **told: Any) -> WorkDone:
    return WorkDone(kind=OutcomeKind(kind), day=_day(day), reverted_on=_date(reverted_on), **told)


def _told(counts: Counters | SessionSums | WorkDone) -> dict[str, Any]:
    """What is known of it, by name; the names of the line's other entries are left out."""
    apart = ("day", "tool", "model", "kind")
    values = ((one.name, getattr(counts, one.name)) for one in fields(counts) if one.name not in apart)
    return {
        name: value.isoformat() if isinstance(value, date) else value for name, value in values if value is not None
    }


def _values(rates: Rates) -> list[Any]:
    return list(asdict(rates).values())


def _lines(rows: Iterable[Sequence[Any]]) -> list[str]:
    return [json.dumps(row, separators=(",", ":")) for row in rows]


def _parsed(lines: Iterable[str]) -> list[list[Any]]:
    return [json.loads(line) for line in lines]


def _each(lines: Iterable[str], make: Callable[..., Thing]) -> tuple[Thing, ...]:
    return tuple(make(*row) for row in _parsed(lines))


def _days(last_day: date) -> list[date]:
    """The days of the window, the last first: bit n of a mask is the day n days before its end."""
    return [last_day - timedelta(days=back) for back in range(WINDOW_DAYS)]


def _mask(some: frozenset[date], days: Sequence[date]) -> int:
    return sum(1 << bit for bit, day in enumerate(days) if day in some)


def _unmask(mask: int, days: Sequence[date]) -> frozenset[date]:
    return frozenset(day for bit, day in enumerate(days) if mask >> bit & 1)


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _date(text: str | None) -> date | None:
    return None if text is None else _day(text)


def _day(text: str) -> date:
    return date.fromisoformat(text)
