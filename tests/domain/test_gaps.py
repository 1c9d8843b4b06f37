"""Days that a source lost long before the window: nothing is said that use on them would change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

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


LOSABLE = [age for age in range(28, 98) if UTC_WEEK.is_working(LAST_DAY - timedelta(days=age))]
"""Working days of the 14 weeks before the window, as days before its end."""


def with_days_lost(ages: Sequence[int]) -> Coverage:
    """Covered from the day before the first that can be lost: what lies before a source's first day is no gap."""
    return covered("claude_code", first=LAST_DAY - timedelta(days=98), without=days_before(*ages))


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


def test_an_early_habit_is_not_said_across_days_that_could_unmake_it() -> None:
    """Four weeks of four are a habit for whoever began in them. All lost days together would make one as well; one of
    the earliest would make it somebody who had begun long before, and is building.
    """
    lately = [*range(0, 28, 3)]
    lost = [age for age in LOSABLE if age >= 29]

    assert State.HABITUAL is judged(*lately, coverage=with_days_lost([])).state
    assert State.BUILDING is judged(*lately, 90, coverage=with_days_lost([])).state
    assert State.HABITUAL is judged(*lately, *lost, coverage=with_days_lost([])).state
    assert State.UNKNOWN is judged(*lately, coverage=with_days_lost(lost)).state


def test_one_lost_day_in_the_middle_is_asked_of() -> None:
    """One hidden day two months ago moves the first steps there; all of them, or the earliest alone, would not."""
    lately = (20, 25, 27, 30)
    lost = [age for age in LOSABLE if 50 <= age < 60 or 90 <= age]

    assert State.BUILDING is judged(*lately, coverage=with_days_lost([])).state
    assert State.BUILDING is judged(*lately, *lost, coverage=with_days_lost([])).state
    assert State.BUILDING is judged(*lately, max(lost), coverage=with_days_lost([])).state
    assert State.FIRST_STEPS is judged(*lately, 60, coverage=with_days_lost([])).state
    assert State.UNKNOWN is judged(*lately, coverage=with_days_lost(lost)).state


DAYS_OF_USE = st.one_of(
    st.sets(st.integers(0, 130), max_size=25),
    st.sets(st.integers(0, 45), min_size=3, max_size=12),
    st.builds(set[int], st.builds(range, st.integers(0, 20), st.integers(21, 110), st.sampled_from([3, 6, 7, 10]))),
)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_whatever_was_lost_what_is_said_is_true(data: st.DataObject) -> None:
    """Any days of use, any lost days, and any of these in truth days of use: what is said is what would be said by
    somebody who had seen them all, or it is unknown.
    """
    used = data.draw(DAYS_OF_USE)
    lost = data.draw(st.sets(st.sampled_from(LOSABLE)) | st.just(set(LOSABLE)))
    hidden = (
        data.draw(st.sets(st.sampled_from(sorted(lost)), max_size=data.draw(st.sampled_from([1, 4, 60]))))
        if lost
        else set()
    )

    said = judged(*used - lost, coverage=with_days_lost(sorted(lost))).state
    truth = judged(*used - lost, *hidden, coverage=with_days_lost([])).state

    assert said in (State.UNKNOWN, truth)


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
