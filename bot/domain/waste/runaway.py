"""W06, runaway: a day that cost far more than this person's days do, or with more requests than anybody makes by hand.

Inputs      sums by day of somebody with a heavy day, days with finished work.
Rule        1. more than 2,000 requests on a day, where finished work is known for this person and none followed within
            48 hours that have passed.
            2. else a day that cost more than 5 x the median of one's other active days and more than $25, or with more
            than 2,000 requests. At least 5 other active days must be known.
Dollars     1. cost of the day x (requests - 2,000) / requests, as if every request had cost the same; of the models of
            which both are told.
            2. what lies above 3 x the 90th percentile of one's other active days.
Confidence  0.6: for the first the amount runs from 60 % of the formula up to it.
Ledger      1. wasted; 2. exploration, always: "was this meant?".
Innocent    a job that was meant to run, a deadline, a migration.
Not when    the days have no price.

What a day costs on other days can be raised by requests that nobody needs; so a day that is only unlike the others is
never called waste. The first rule knows no other day, and its dollars grow with cost and with requests (P3).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from statistics import median

from bot.domain.usage import DaySum
from bot.domain.waste.finding import Case, Cell, Evidence, Finding, Ledger, NotJudged, Rule, is_worth_saying
from bot.domain.waste.sharing import apportion

DETECTOR = "W06"
MEDIAN_FACTOR = 5
P90_FACTOR = 3
MIN_DAY_MICROUSD = 25_000_000
MAX_REQUESTS_A_DAY = 2_000
MIN_OTHER_DAYS = 5
OUTCOME_WITHIN_DAYS = 2
CONFIDENCE = 0.6
RULE = Rule(DETECTOR, "W06-2", Ledger.WASTED, CONFIDENCE, "The job may have been meant to run like this.")
UNUSUAL = replace(RULE, ledger=Ledger.EXPLORATION)


def find(case: Case) -> Iterator[Finding | NotJudged]:
    """At most one finding: the days that led nowhere, else those that are unlike the others."""
    days = _days(case.window.heavy_days)
    led_nowhere = [seen for day in days if (seen := _beyond_hand(case, day)) is not None]
    if _are_worth_saying(led_nowhere):
        yield _finding(case, RULE, led_nowhere, {})
    elif any(day.is_suspect() for day in days):
        yield from _unusual(case, days)


def _unusual(case: Case, days: Sequence[_Day]) -> Iterator[Finding | NotJudged]:
    priced = [day for day in days if day.cost_microusd is not None]
    if len(priced) <= MIN_OTHER_DAYS:
        yield NotJudged(DETECTOR, f"it takes the cost of at least {MIN_OTHER_DAYS} other days with use")
        return
    unlike = [seen for day in days if (seen := _excess(day, priced)) is not None]
    if _are_worth_saying([seen.excess for seen in unlike]):
        worst = max(unlike, key=lambda seen: (seen.excess.microusd, seen.excess.day.day))
        compared: Evidence = {
            "median_of_other_days_microusd": int(worst.median_microusd),
            "p90_of_other_days_microusd": worst.p90_microusd,
            "median_factor": MEDIAN_FACTOR,
            "p90_factor": P90_FACTOR,
            "at_least_microusd": MIN_DAY_MICROUSD,
        }
        yield _finding(case, UNUSUAL, [seen.excess for seen in unlike], compared)


@dataclass
class _Day:
    day: date
    cost_microusd: int | None = None
    requests: int = 0
    cells: dict[Cell, int] = field(default_factory=dict)
    requests_of: dict[Cell, int] = field(default_factory=dict)

    def is_suspect(self) -> bool:
        return (self.cost_microusd or 0) > MIN_DAY_MICROUSD or self.requests > MAX_REQUESTS_A_DAY

    def of_both(self) -> tuple[int, int, dict[Cell, int]]:
        """Cost, requests and cells of the models of which both are told."""
        cells = {cell: cost for cell, cost in self.cells.items() if cell in self.requests_of}
        return sum(cells.values()), sum(self.requests_of[cell] for cell in cells), cells


@dataclass(frozen=True)
class _Excess:
    """What of a day is spoken of, and where it was spent."""

    day: _Day
    microusd: int
    cells: dict[Cell, int]


@dataclass(frozen=True)
class _Unlike:
    """A day that is unlike the others."""

    excess: _Excess
    median_microusd: float
    p90_microusd: int


def _days(sums: Sequence[DaySum]) -> list[_Day]:
    days: dict[date, _Day] = {}
    for one in sums:
        if one.counters.shows_activity():
            day = days.setdefault(one.day, _Day(one.day))
            cell = Cell(one.tool, one.model, one.day)
            if one.counters.requests is not None:
                day.requests += one.counters.requests
                day.requests_of[cell] = day.requests_of.get(cell, 0) + one.counters.requests
            if one.counters.cost_microusd is not None:
                day.cost_microusd = (day.cost_microusd or 0) + one.counters.cost_microusd
                day.cells[cell] = day.cells.get(cell, 0) + one.counters.cost_microusd
    return [days[day] for day in sorted(days)]


def _beyond_hand(case: Case, day: _Day) -> _Excess | None:
    """What the requests beyond 2,000 cost on a day that led nowhere."""
    cost, requests, cells = day.of_both()
    if requests <= MAX_REQUESTS_A_DAY or cost <= 0 or not _led_nowhere(case, day.day):
        return None
    return _Excess(day, cost * (requests - MAX_REQUESTS_A_DAY) // requests, cells)


def _excess(day: _Day, priced: Sequence[_Day]) -> _Unlike | None:
    """What lies above the person's ordinary days, None when the day is not out of the ordinary or has no price."""
    if day.cost_microusd is None:
        return None
    others = sorted(other.cost_microusd or 0 for other in priced if other.day != day.day)
    middle = median(others)
    p90 = others[-(-9 * len(others) // 10) - 1]
    by_cost = day.cost_microusd > MIN_DAY_MICROUSD and day.cost_microusd > MEDIAN_FACTOR * middle
    above = day.cost_microusd - P90_FACTOR * p90
    if above <= 0 or not (by_cost or day.requests > MAX_REQUESTS_A_DAY):
        return None
    return _Unlike(_Excess(day, above, day.cells), middle, p90)


def _are_worth_saying(seen: Sequence[_Excess]) -> bool:
    amounts = [one.microusd for one in seen]
    return bool(seen) and is_worth_saying(
        total_microusd=sum(amounts), occurrences=len(amounts), largest_microusd=max(amounts)
    )


def _led_nowhere(case: Case, day: date) -> bool:
    """Whether finished work is known for this person and none of it lies in the 48 hours, now past, after the day."""
    until = day + timedelta(days=OUTCOME_WITHIN_DAYS)
    if case.outcome_days is None or until > case.window.last_day:
        return False
    return not any(day <= done <= until for done in case.outcome_days)


def _finding(case: Case, rule: Rule, picked: Sequence[_Excess], compared: Evidence) -> Finding:
    claims: dict[Cell, int] = {}
    by_tool: Counter[str] = Counter()
    for seen in picked:
        claims |= apportion(seen.microusd, seen.cells)
    for cell, amount in claims.items():
        by_tool[cell.tool] += amount
    worst = max(picked, key=lambda seen: (seen.microusd, seen.day.day))
    return rule.finding(
        case,
        tool=min(by_tool, key=lambda tool: (-by_tool[tool], tool)),
        claims=claims,
        occurrences=len(picked),
        evidence={
            "days": ", ".join(seen.day.day.isoformat() for seen in picked),
            "largest_day": worst.day.day.isoformat(),
            "largest_day_cost_microusd": worst.day.cost_microusd,
            "largest_day_requests": worst.day.requests or None,  # none told is not none made
            **compared,
            "requests_a_day": MAX_REQUESTS_A_DAY,
            "finished_work_known": "no" if case.outcome_days is None else "yes",
        },
    )
