"""How a follow-up ends: by days and weeks of use, or a pattern gone; for both arms alike, unknown where nobody saw."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from bot.domain.adoption import Standing, State
from bot.domain.campaign_outcomes import Followed, Outcome, is_given_up, of_pattern, of_use
from bot.domain.people import Seat, WorkCalendar
from bot.domain.usage import Counters, Coverage, UsageWindow, WeekSum
from tests.domain.test_nudging import finding

DRAWN = date(2026, 3, 2)
LAST = date(2026, 3, 29)
DAY = timedelta(days=1)
TOOL = "claude_code"
SEATS = (Seat(TOOL, date(2026, 1, 5), None, None),)
ALL_DAYS = frozenset(DRAWN - 60 * DAY + n * DAY for n in range(120))


def followed(trigger: str, tool: str | None = None) -> Followed:
    return Followed(1, 7, trigger, tool, DRAWN)


def ended(
    trigger: str,
    *weeks: int,
    seats: tuple[Seat, ...] = SEATS,
    missing: frozenset[date] = frozenset(),
    leave: frozenset[date] = frozenset(),
) -> Outcome:
    """The outcome after a day of use in each of these weeks, counted back from the last of the 28 days."""
    used = tuple(WeekSum(TOOL, "m", week, Counters(requests=9), 1, 1) for week in weeks)
    window = UsageWindow(LAST, weeks=used)
    coverage = Coverage({TOOL: ALL_DAYS - missing})
    return of_use(
        followed(trigger),
        window=window,
        seats=seats,
        coverage=coverage,
        calendar=WorkCalendar("Europe/Madrid", leave=leave),
    )


@pytest.mark.parametrize("trigger", ["never_used", "lapsed"])
def test_one_day_is_enough_for_whoever_used_none(trigger: str) -> None:
    """A day of use in the 28 days is a yes; one before the draw is not."""
    assert Outcome.YES is ended(trigger, 3)
    assert Outcome.NO is ended(trigger)
    assert Outcome.NO is ended(trigger, 4)


@pytest.mark.parametrize("trigger", ["at_risk", "first_steps", "building"])
def test_three_weeks_of_four_are_a_habit_in_the_making(trigger: str) -> None:
    """Use in three of the four weeks is a yes, however much it was in each."""
    assert Outcome.YES is ended(trigger, 0, 2, 3)
    assert Outcome.NO is ended(trigger, 0, 1)
    assert Outcome.NO is ended(trigger, 0, 1, 4, 5)


def test_a_day_that_nobody_saw_makes_it_unknown() -> None:
    """Also where use was seen, or whoever is seen worse would say yes more often; a Sunday does not matter."""
    working_day, sunday = frozenset({date(2026, 3, 10)}), frozenset({date(2026, 3, 8)})

    assert Outcome.UNKNOWN is ended("never_used", missing=working_day)
    assert Outcome.UNKNOWN is ended("never_used", 1, missing=working_day)
    assert Outcome.NO is ended("never_used", missing=sunday)
    assert Outcome.UNKNOWN is ended("never_used", seats=())


def test_whoever_was_away_all_the_time_is_unknown() -> None:
    """On leave for the 28 days there was no working day on which use could have been seen; with one left there was."""
    away = frozenset(DRAWN + n * DAY for n in range(28))

    assert Outcome.UNKNOWN is ended("never_used", missing=ALL_DAYS, leave=away)
    assert Outcome.UNKNOWN is ended("building", leave=away)
    assert Outcome.NO is ended("never_used", leave=away - {DRAWN})


def test_a_pattern_is_looked_for_in_the_window_that_ends_then() -> None:
    """Not before that window was judged, and not in one that ends more than a week later."""

    def said(day: date, state: State = State.BUILDING, *found: Any, tool: str | None = None) -> Outcome | None:
        standing = Standing(state, day, "because", evidence={})
        return of_pattern(followed("W15", tool), standing=standing, findings=found)

    assert of_pattern(followed("W15"), standing=None, findings=()) is None
    assert said(LAST - DAY) is None
    assert Outcome.YES is said(LAST)
    assert Outcome.NO is said(LAST, State.BUILDING, finding())
    assert Outcome.YES is said(LAST, State.BUILDING, finding("W01"))
    assert Outcome.YES is said(LAST, State.BUILDING, finding(), tool="copilot")
    assert Outcome.NO is said(LAST, State.BUILDING, finding(), tool=TOOL)
    assert Outcome.UNKNOWN is said(LAST, State.UNKNOWN)
    assert Outcome.UNKNOWN is said(LAST + 8 * DAY)


def test_a_source_is_waited_for_a_week() -> None:
    """Then it is given up."""
    assert not is_given_up(followed("lapsed"), last_day=LAST + 6 * DAY)
    assert is_given_up(followed("lapsed"), last_day=LAST + 7 * DAY)
