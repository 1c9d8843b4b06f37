"""Days before the window that no source finished: what is said of somebody must not hang on what happened on them.

A habit, a first use and a "never" reach back further than the 28 days that must be covered. Where a source lost a day
in between, or saw nothing of a tool that was given back since, `adoption.judge` asks what it would say if that day had
been one of use. Days before a source began to cover somebody are no gap, or nobody could be judged for 12 weeks.

Any of the lost days may have been one of use. A day more can make a habit, and an earlier beginning can unmake one; so
`possible_days` goes through the beginnings, each with the least and with the most use that there can have been after
it. Between these two every rule of `adoption` changes its answer at most once, so that where both say the same,
whatever lies between them does.
Next: `bot/domain/adoption.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

from bot.domain.people import Seat, WorkCalendar
from bot.domain.usage import LOADED_WEEKS, Counters, Coverage, UsageWindow, WeekSum


def unfinished_days(
    *,
    window: UsageWindow,
    coverage: Coverage,
    seats: Sequence[Seat],
    tools: Collection[str],
    calendar: WorkCalendar,
) -> frozenset[date]:
    """Working days of the 14 weeks, before the window, on which one of `tools` or a tool given back since may have been
    used unseen.

    A day on which a source saw somebody without a name is no gap: it was finished.
    """
    first_day = window.first_day(LOADED_WEEKS * 7)
    working = calendar.working_days(first_day, window.first_day() - timedelta(days=1))
    given_back = {seat.tool for seat in seats if seat.released_on is not None and seat.released_on > first_day}
    found: set[date] = set()
    for tool in given_back | set(tools):
        begun = min(coverage.covered.get(tool, frozenset()), default=None)
        if begun is None and tool in tools:
            continue  # then nothing is said anyway
        seen = coverage.covered.get(tool, frozenset()) | coverage.doubtful.get(tool, frozenset())
        since = begun or first_day
        found |= {day for day in working if day >= since and day not in seen and _could_use(tool, day, seats)}
    return frozenset(found)


def possible_days(days: Collection[date]) -> Iterator[frozenset[date]]:
    """For each of `days` as the first one with use: that day alone, and that day with all later ones."""
    for first in sorted(days):
        yield frozenset({first})
        yield frozenset(day for day in days if day >= first)


def as_if_used(window: UsageWindow, days: Collection[date]) -> UsageWindow:
    """The same window with a day of work on each of `days`."""
    masks: dict[int, int] = defaultdict(int)
    for day in days:
        week, bit = divmod((window.last_day - day).days, 7)
        masks[week] |= 1 << bit
    used = tuple(WeekSum("", "", week, Counters(), mask, mask) for week, mask in masks.items())
    known = [day for day in (window.first_active_on, window.last_active_on) if day is not None]
    worked = [] if window.first_worked_on is None else [window.first_worked_on]
    return replace(
        window,
        weeks=window.weeks + used,
        first_active_on=min([*days, *known]),
        last_active_on=max([*days, *known]),
        first_worked_on=min([*days, *worked]),
    )


def _could_use(tool: str, day: date, seats: Sequence[Seat]) -> bool:
    """Whether the seat was held on that day, or none is needed."""
    theirs = [seat for seat in seats if seat.tool == tool]
    return not theirs or any(seat.held_on(day) for seat in theirs)
