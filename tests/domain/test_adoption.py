"""States: first match wins, counted in the person's own working days, and never in volume."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from bot.domain import adoption
from bot.domain.adoption import Standing, State
from bot.domain.people import Seat, WorkCalendar
from bot.domain.usage import Coverage
from tests.by_hand import FIRST_DAY, LAST_DAY, UTC_WEEK, Used, covered, days_before, on, window_of

OLD_SEAT = Seat("claude_code", date(2026, 1, 5), None, 20_000_000)
EVERY_WEEK = days_before(*range(1, 84, 7))
MONDAY = LAST_DAY - timedelta(days=6)


def judge(
    rows: Sequence[Used] = (),
    *,
    seats: Sequence[Seat] = (OLD_SEAT,),
    coverage: Coverage | None = None,
    calendar: WorkCalendar = UTC_WEEK,
) -> Standing:
    known = covered("claude_code") if coverage is None else coverage
    return adoption.judge(window=window_of(rows), coverage=known, seats=seats, calendar=calendar)


def seat(days_old: int, tool: str = "claude_code", released_on: date | None = None) -> Seat:
    return Seat(tool, LAST_DAY - timedelta(days=days_old), released_on, None)


def test_a_covered_seat_without_any_use_was_never_used() -> None:
    """Full coverage, an old seat, and nothing ever kept."""
    standing = judge()

    assert State.NEVER_USED == standing.state
    assert 20 == standing.evidence["working_days"]
    assert ["claude_code"] == standing.evidence["tools"]
    assert ["api"] == standing.evidence["sources"]


def test_use_long_ago_and_none_in_the_window_is_lapsed() -> None:
    """Was active, nothing in 28 days."""
    standing = judge(on(days_before(29, 60)))

    assert State.LAPSED == standing.state
    assert LAST_DAY - timedelta(days=29) == date.fromisoformat(str(standing.evidence["last_active_on"]))


@pytest.mark.parametrize("age", [-1, 0, 13, 27, 28])
def test_use_on_one_day_of_the_window_or_beside_it_is_not_zero(age: int) -> None:
    """One day of slack at both ends: sources count in UTC, people live elsewhere."""
    assert State.LAPSED != judge(on(days_before(age, 70))).state
    assert State.NEVER_USED != judge(on(days_before(age))).state


def test_use_on_a_weekend_is_not_zero() -> None:
    """Activity on any day counts, only the denominator is working days."""
    assert State.FIRST_STEPS == judge(on([LAST_DAY])).state
    assert not UTC_WEEK.is_working(LAST_DAY)


def test_one_uncovered_working_day_makes_it_unknown() -> None:
    """Unknown is not zero (P12), and the reason names the tool and the evidence the day."""
    standing = judge(coverage=covered("claude_code", without=[MONDAY]))

    assert State.UNKNOWN == standing.state
    assert "no source finished every working day for claude_code" == standing.reason
    assert (MONDAY.isoformat(), 1) == (standing.evidence["uncovered_first_day"], standing.evidence["uncovered_days"])


def test_an_uncovered_weekend_or_holiday_does_not_matter() -> None:
    """Only this person's working days need a source."""
    calendar = WorkCalendar(timezone="UTC", holidays=frozenset({MONDAY}))

    standing = judge(coverage=covered("claude_code", without=[MONDAY, LAST_DAY]), calendar=calendar)

    assert State.NEVER_USED == standing.state


def test_every_tool_in_hand_must_be_covered() -> None:
    """A second seat, or use of another tool within the 12 weeks, needs its own coverage."""
    second = judge(seats=(OLD_SEAT, seat(40, "copilot")))
    used = judge(on(days_before(70), tool="cursor"))

    assert [State.UNKNOWN, State.UNKNOWN] == [second.state, used.state]
    assert State.NEVER_USED == judge(seats=(OLD_SEAT, seat(40, "x")), coverage=covered("claude_code", "x")).state


def test_unknown_comes_before_every_other_state() -> None:
    """Somebody with a firm habit is unknown as well while a day is missing: nothing is said to them."""
    assert State.UNKNOWN == judge(on(EVERY_WEEK), coverage=Coverage()).state


def test_a_seat_assigned_within_the_window_needs_coverage_from_that_day() -> None:
    """Nobody could have seen use of a seat before it was there."""
    coverage = covered("claude_code", first=LAST_DAY - timedelta(days=20))

    assert State.NEVER_USED == judge(seats=[seat(20)], coverage=coverage).state
    assert State.UNKNOWN == judge(seats=[seat(24)], coverage=coverage).state


def test_without_seat_and_use_there_is_nothing_to_judge() -> None:
    """No seat is not a zero."""
    assert State.NOT_PROVISIONED == judge(seats=(), coverage=Coverage()).state
    assert State.NOT_PROVISIONED == judge(seats=[seat(90, released_on=MONDAY)], coverage=Coverage()).state


def test_use_of_a_tool_that_was_taken_back_is_no_lapse() -> None:
    """Whoever cannot use a tool any more did not stop using it; use that went on afterwards still counts."""
    gone = [seat(90, released_on=LAST_DAY - timedelta(days=30))]

    assert State.NOT_PROVISIONED == judge(on(days_before(31, 50)), seats=gone, coverage=Coverage()).state
    assert State.LAPSED == judge(on(days_before(30, 50)), seats=gone).state


@pytest.mark.parametrize(("days_old", "expected"), [(13, State.GRACE), (14, State.NEVER_USED), (-3, State.GRACE)])
def test_a_seat_is_left_in_peace_for_14_days(days_old: int, expected: State) -> None:
    """Younger than 14 days, or not begun yet: grace."""
    assert expected == judge(seats=[seat(days_old)]).state


def test_use_of_a_young_seat_stays_in_grace() -> None:
    """Early use brings no verdict either."""
    assert State.GRACE == judge(on(days_before(0, 1, 2, 3)), seats=[seat(10)]).state


@pytest.mark.parametrize(("days_here", "expected"), [(13, State.GRACE), (28, State.NEVER_USED)])
def test_somebody_new_is_left_in_peace_for_14_days(days_here: int, expected: State) -> None:
    """First day of work less than 14 days ago: grace, however old the seat is."""
    calendar = WorkCalendar(timezone="UTC", started_on=LAST_DAY - timedelta(days=days_here))

    assert expected == judge(calendar=calendar).state


def test_a_long_leave_is_unknown_and_not_a_zero() -> None:
    """Fewer than 10 working days in the window say nothing about use."""
    away = frozenset(FIRST_DAY + timedelta(days=offset) for offset in range(15))
    standing = judge(calendar=WorkCalendar(timezone="UTC", leave=away))

    assert State.UNKNOWN == standing.state
    assert "9 working days in the window are too few to say anything" == standing.reason


def test_a_habit_that_fell_silent_for_14_days_is_at_risk() -> None:
    """Habitual on the 12 weeks before, nothing in the last 14 days."""
    rows = on(days_before(*range(14, 98, 7)))

    assert State.AT_RISK == judge(rows).state
    assert State.HABITUAL == judge([*rows, *on(days_before(13))]).state


def test_two_weeks_of_leave_are_not_a_risk() -> None:
    """Fewer than 5 working days in the last 14 say nothing about a habit."""
    away = frozenset(days_before(*range(10)))

    assert State.UNKNOWN == judge(on(days_before(*range(14, 98, 7))), calendar=WorkCalendar("UTC", leave=away)).state


@pytest.mark.parametrize(("weeks", "expected"), [(9, State.HABITUAL), (8, State.BUILDING)])
def test_nine_of_twelve_weeks_are_a_habit(weeks: int, expected: State) -> None:
    """One active day a week is enough; how much was done on it is nobody's business."""
    rows = on(days_before(*range(1, 7 * weeks, 7), 100))

    assert expected == judge(rows).state


def test_four_of_four_weeks_are_a_habit_for_somebody_who_began_lately() -> None:
    """With first use within 12 weeks; three of four are building."""
    began = days_before(20, 21, 22, 23)

    assert State.HABITUAL == judge(on([*began, *days_before(1, 8, 15)])).state
    assert State.BUILDING == judge(on([*began, *days_before(1, 15)])).state


def test_first_steps_are_few_days_at_first_and_lately() -> None:
    """Fewer than 3 active days in the first 14 and in the last 14; a third one makes it building."""
    assert State.FIRST_STEPS == judge(on(days_before(30, 32, 5, 6))).state
    assert State.BUILDING == judge(on(days_before(30, 31, 32, 5))).state
    assert State.BUILDING == judge(on(days_before(30, 5, 6, 7))).state


def test_use_after_the_window_is_a_first_step() -> None:
    """Somebody who began today is never told that there was no use."""
    assert State.FIRST_STEPS == judge(on(days_before(-1))).state


def test_evidence_is_plain_json() -> None:
    """Dates as text, counts, names: enough to check the answer, and nothing that could hold content."""
    for value in judge(on(EVERY_WEEK)).evidence.values():
        assert value is None or isinstance(value, str | int | list)
