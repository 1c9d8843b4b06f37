"""W06, runaway: a day that cost far more than this person's days do. Asked as "was this meant?", seldom called waste.

Inputs      sums by day of somebody with a heavy day, days with finished work.
Rule        a day that cost more than 5 x the median of one's other active days and more than $25, or more than
            2,000 requests on a day. At least 5 other active days must be known.
Dollars     what lies above 3 x the 90th percentile of one's other active days.
Confidence  0.6.
Ledger      wasted only where finished work is known for this person, and none followed within 48 hours that have
            passed; exploration otherwise. Days that led nowhere are reported before those that led somewhere.
Innocent    a job that was meant to run, a deadline, a migration.
Not when    the days have no price.

A day is compared with the *other* days, all of them, so that a heavy day does not hide itself and no volume elsewhere
changes which days are ordinary: raising every figure never takes a day out of the finding (P3).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from statistics import median

from bot.domain.usage import DaySum
from bot.domain.waste.finding import Case, Cell, Finding, Ledger, NotJudged, is_worth_saying
from bot.domain.waste.sharing import apportion

DETECTOR = "W06"
RULE_VERSION = "W06-1"
MEDIAN_FACTOR = 5
P90_FACTOR = 3
MIN_DAY_MICROUSD = 25_000_000
MAX_REQUESTS_A_DAY = 2_000
MIN_OTHER_DAYS = 5
OUTCOME_WITHIN_DAYS = 2
CONFIDENCE = 0.6
INNOCENT_REASON = "The job may have been meant to run like this."


def find(case: Case) -> Iterator[Finding | NotJudged]:
    """At most one finding: the days that led nowhere, else the days on which nobody can tell."""
    days = _days(case.window.heavy_days)
    heavy = [day for day in days if day.is_suspect()]
    if not heavy:
        return
    priced = [day for day in days if day.cost_microusd is not None]
    if len(priced) <= MIN_OTHER_DAYS:
        yield NotJudged(DETECTOR, f"it takes the cost of at least {MIN_OTHER_DAYS} other days with use")
        return
    runaway = [seen for day in heavy if (seen := _excess(day, priced)) is not None]
    for ledger, picked in (
        (Ledger.WASTED, [seen for seen in runaway if _led_nowhere(case, seen.day.day)]),
        (Ledger.EXPLORATION, [seen for seen in runaway if not _led_nowhere(case, seen.day.day)]),
    ):
        amounts = [seen.microusd for seen in picked]
        if picked and is_worth_saying(
            total_microusd=sum(amounts), occurrences=len(amounts), largest_microusd=max(amounts)
        ):
            yield _finding(case, ledger, picked)
            return


@dataclass
class _Day:
    day: date
    cost_microusd: int | None = None
    requests: int = 0
    cells: dict[Cell, int] = field(default_factory=dict)

    def is_suspect(self) -> bool:
        return (self.cost_microusd or 0) > MIN_DAY_MICROUSD or self.requests > MAX_REQUESTS_A_DAY


@dataclass(frozen=True)
class _Excess:
    day: _Day
    microusd: int
    median_microusd: float
    p90_microusd: int


def _days(sums: Sequence[DaySum]) -> list[_Day]:
    days: dict[date, _Day] = {}
    for one in sums:
        if one.counters.shows_activity():
            day = days.setdefault(one.day, _Day(one.day))
            day.requests += one.counters.requests or 0
            if one.counters.cost_microusd is not None:
                day.cost_microusd = (day.cost_microusd or 0) + one.counters.cost_microusd
                cell = Cell(one.tool, one.model, one.day)
                day.cells[cell] = day.cells.get(cell, 0) + one.counters.cost_microusd
    return [days[day] for day in sorted(days)]


def _excess(day: _Day, priced: Sequence[_Day]) -> _Excess | None:
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
    return _Excess(day, above, middle, p90)


def _led_nowhere(case: Case, day: date) -> bool:
    """Whether finished work is known for this person and none of it lies in the 48 hours, now past, after the day."""
    until = day + timedelta(days=OUTCOME_WITHIN_DAYS)
    if case.outcome_days is None or until > case.window.last_day:
        return False
    return not any(day <= done <= until for done in case.outcome_days)


def _finding(case: Case, ledger: Ledger, picked: Sequence[_Excess]) -> Finding:
    claims: dict[Cell, int] = {}
    by_tool: Counter[str] = Counter()
    for seen in picked:
        claims |= apportion(seen.microusd, seen.day.cells)
    for cell, amount in claims.items():
        by_tool[cell.tool] += amount
    worst = max(picked, key=lambda seen: (seen.microusd, seen.day.day))
    total = sum(claims.values())
    return Finding(
        detector=DETECTOR,
        rule_version=RULE_VERSION,
        tool=min(by_tool, key=lambda tool: (-by_tool[tool], tool)),
        ledger=ledger,
        confidence=CONFIDENCE,
        claims=claims,
        low_microusd=total,
        high_microusd=total,
        occurrences=len(picked),
        evidence={
            "window_first_day": case.window.first_day().isoformat(),
            "window_last_day": case.window.last_day.isoformat(),
            "days": ", ".join(seen.day.day.isoformat() for seen in picked),
            "largest_day": worst.day.day.isoformat(),
            "largest_day_cost_microusd": worst.day.cost_microusd,
            "largest_day_requests": worst.day.requests or None,  # none told is not none made
            "median_of_other_days_microusd": int(worst.median_microusd),
            "p90_of_other_days_microusd": worst.p90_microusd,
            "median_factor": MEDIAN_FACTOR,
            "p90_factor": P90_FACTOR,
            "at_least_microusd": MIN_DAY_MICROUSD,
            "requests_a_day": MAX_REQUESTS_A_DAY,
            "finished_work_known": "no" if case.outcome_days is None else "yes",
        },
        innocent_reason=INNOCENT_REASON,
    )
