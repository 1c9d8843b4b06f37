"""Days that a source lost long before the window: nothing is said that use on them would change."""

from __future__ import annotations

from datetime import date, timedelta

from bot.domain import adoption
from bot.domain.adoption import Standing, State
from bot.domain.people import Seat
from bot.domain.usage import Coverage
from tests.by_hand import FIRST_DAY, LAST_DAY, UTC_WEEK, covered, days_before, on, window_of

SEAT = Seat("claude_code", date(2025, 6, 2), None, None)
TWELVE_WEEKS_AGO = LAST_DAY - timedelta(days=83)
LOST = LAST_DAY - timedelta(days=51)


def judged(*ages: int, coverage: Coverage, seats: tuple[Seat, ...] = (SEAT,), tool: str = "claude_code") -> Standing:
    rows = on(days_before(*ages), tool=tool)
    return adoption.judge(window=window_of(rows), coverage=coverage, seats=seats, calendar=UTC_WEEK)


def whole() -> Coverage:
    return covered("claude_code", first=TWELVE_WEEKS_AGO)


def with_a_gap() -> Coverage:
    return covered("claude_code", first=TWELVE_WEEKS_AGO, without=[LOST])


def test_never_is_not_said_across_a_lost_day() -> None:
    """Nobody has "never used" anything while a day is missing on which they may have."""
    said = judged(coverage=with_a_gap())

    assert State.NEVER_USED is judged(coverage=whole()).state
    assert (State.UNKNOWN, 1) == (said.state, said.evidence["unfinished_days"])


def test_a_habit_is_not_denied_for_a_lost_day() -> None:
    """Eight active weeks and a lost day in a ninth are unknown; nine are a habit, whatever was lost."""
    eight = [week * 7 for week in range(12) if week not in (5, 7, 8, 9)]

    assert State.BUILDING is judged(*eight, 110, coverage=whole()).state
    assert State.UNKNOWN is judged(*eight, 110, coverage=with_a_gap()).state
    assert State.HABITUAL is judged(*eight, 35, 110, coverage=with_a_gap()).state


def test_a_lost_day_may_have_been_one_of_work() -> None:
    """Empty requests in every week beside eight weeks of work do not fill the week of the lost day."""
    working = on(days_before(*(week * 7 for week in range(12) if week not in (5, 7, 8, 9)), 110))
    empty = on(days_before(*range(1, 84, 7)), requests=1, failed_requests=1)
    window = window_of([*working, *empty])

    said = [
        adoption.judge(window=window, coverage=coverage, seats=(SEAT,), calendar=UTC_WEEK).state
        for coverage in (whole(), with_a_gap())
    ]

    assert [State.BUILDING, State.UNKNOWN] == said


def test_what_the_lost_day_cannot_change_is_said() -> None:
    """Lapsed stays lapsed and a few uses a month stay a few, with or without a day long ago."""
    assert State.LAPSED is judged(40, coverage=with_a_gap()).state
    assert State.BUILDING is judged(2, 9, 110, coverage=with_a_gap()).state


def test_before_a_source_began_there_is_no_gap() -> None:
    """A source that covers the window alone is enough: what was before it was connected is not held against anybody."""
    assert State.NEVER_USED is judged(coverage=covered("claude_code", first=FIRST_DAY)).state


def test_a_tool_given_back_unseen_is_a_gap() -> None:
    """Whoever held another tool for most of the 12 weeks, which no source saw, may have had a habit there."""
    other = Seat("cursor", date(2025, 6, 2), LAST_DAY - timedelta(days=20), None)
    ages = (0, 7, 14, 120)

    assert State.BUILDING is judged(*ages, coverage=whole()).state
    assert State.UNKNOWN is judged(*ages, coverage=whole(), seats=(SEAT, other)).state


def test_a_new_seat_unseen_is_no_zero() -> None:
    """An idle old seat says nothing about somebody who has just been given a tool that no source sees."""
    new = Seat("cursor", LAST_DAY - timedelta(days=10), None, None)

    assert State.NEVER_USED is judged(coverage=covered("claude_code", "cursor"), seats=(SEAT, new)).state
    assert State.UNKNOWN is judged(coverage=covered("claude_code"), seats=(SEAT, new)).state
