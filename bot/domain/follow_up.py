"""What became of a waste pattern after a tip about it: the same thing counted before and after, told to that person.

`jobs/measure.py` asks 14 and 28 days after the tip; the card says it. A share is measured as a share, so that more use
by itself changes nothing (P3). Where a day was not seen, or too little was used, it cannot be known, and that is said
(P12). Nothing here proves that the tip was the reason. Next: `bot/store/follow_ups.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from bot.domain.people import WorkCalendar
from bot.domain.prices import FRONTIER, PriceBook
from bot.domain.usage import WINDOW_DAYS, Counters, Coverage, UsageWindow
from bot.domain.waste import idle_seat, low_cache, tier_mismatch

RULE_VERSION = "follow-up-2"
AFTER_DAYS = (14, 28)
WAITS_DAYS = 7
"""How long a source may be late before "cannot be known" is the answer."""
MIN_TOKENS = 1_000_000
"""Tokens that a share must stand on, on either side of the tip."""


class Measure(StrEnum):
    """What is counted on both sides of a tip."""

    CACHE_REUSE = "cache_reuse_percent"
    DEAREST_MODELS = "dearest_models_percent"
    DAYS_USED = "days_used"
    TIMES_SEEN = "times_seen"


class Unknowable(StrEnum):
    """Why it cannot be known whether anything changed."""

    NOT_SEEN = "not_seen"
    TOO_LITTLE_USE = "too_little_use"
    NOT_TOLD = "not_told"


_MEASURES = {
    low_cache.DETECTOR: Measure.CACHE_REUSE,
    tier_mismatch.DETECTOR: Measure.DEAREST_MODELS,
    idle_seat.DETECTOR: Measure.DAYS_USED,
}


@dataclass(frozen=True)
class Due:
    """A tip about a pattern that is due to be looked at again."""

    nudge_id: int
    person_id: int
    detector: str
    tool: str
    tipped_on: date
    times_seen: int | None
    after_days: int

    @property
    def measure(self) -> Measure:
        return measure_of(self.detector)

    @property
    def last_day(self) -> date:
        """The last day that is looked at after the tip."""
        return self.tipped_on + timedelta(days=self.after_days)

    @property
    def first_day(self) -> date:
        return self.tipped_on + timedelta(days=1)


@dataclass(frozen=True)
class FollowUp:
    """One second look: before and after the tip, or why it cannot be known."""

    detector: str
    tool: str
    tipped_on: date
    after_days: int
    measure: Measure
    before: int | None
    after: int | None
    unknown: Unknowable | None
    first_day: date
    last_day: date
    rule_version: str = RULE_VERSION


def measure_of(detector: str) -> Measure:
    """What is counted for this pattern: its own share or count, or how often it was found."""
    return _MEASURES.get(detector, Measure.TIMES_SEEN)


def times_of(detector: str) -> tuple[int, ...]:
    """After how many days a pattern is looked at again; one that is found over 28 days needs 28 days after the tip."""
    return AFTER_DAYS if detector in _MEASURES else (WINDOW_DAYS,)


def is_seen(due: Due, *, calendar: WorkCalendar, coverage: Coverage) -> bool:
    """Whether a source finished every working day since the tip."""
    return all(coverage.covers(due.tool, day) for day in calendar.working_days(due.first_day, due.last_day))


def count(measure: Measure, *, tool: str, days: int, window: UsageWindow, prices: PriceBook) -> int | Unknowable:
    """The measure over the last `days` days of a window, whole weeks of them."""
    if measure is Measure.DAYS_USED:
        first = window.first_day(days)
        return sum(day >= first for day in window.worked_days(tool))
    rows = [week for week in window.between(0, days // 7 - 1) if week.tool == tool and _tokens(week.counters)]
    if measure is Measure.CACHE_REUSE:
        if any(week.counters.cache_read_tokens is None for week in rows):
            return Unknowable.NOT_TOLD
        part = sum(week.counters.cache_read_tokens or 0 for week in rows)
        whole = sum(_tokens(week.counters) - (week.counters.output_tokens or 0) for week in rows)
    else:
        part = sum(_tokens(week.counters) for week in rows if _is_dearest(week.model, window.last_day, prices))
        whole = sum(_tokens(week.counters) for week in rows)
    return Unknowable.TOO_LITTLE_USE if whole < MIN_TOKENS else part * 100 // whole


def compare(due: Due, before: int | Unknowable | None, after: int | Unknowable) -> FollowUp:
    """Both sides of the tip. One that is not known makes the whole unknown."""
    unknown = next((side for side in (after, before) if isinstance(side, Unknowable)), None)
    if before is None:
        unknown = unknown or Unknowable.NOT_TOLD
    return FollowUp(
        detector=due.detector,
        tool=due.tool,
        tipped_on=due.tipped_on,
        after_days=due.after_days,
        measure=due.measure,
        before=before if isinstance(before, int) else None,
        after=None if unknown else int(after),
        unknown=unknown,
        first_day=due.first_day,
        last_day=due.last_day,
    )


def _tokens(counters: Counters) -> int:
    kinds = (counters.input_tokens, counters.cache_read_tokens, counters.cache_write_tokens, counters.output_tokens)
    return sum(kind or 0 for kind in kinds)


def _is_dearest(model: str, day: date, prices: PriceBook) -> bool:
    rates = prices.rates(model, day)
    return rates is not None and rates.price_class == FRONTIER
