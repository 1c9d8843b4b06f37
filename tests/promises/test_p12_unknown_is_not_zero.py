"""P12: "no use" is said only of days that a finished source covered; a gap is unknown, and activity is activity."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import adoption
from bot.domain.adoption import ZERO_STATES, Standing, State
from bot.domain.people import Seat, WorkCalendar
from bot.domain.usage import Coverage, CoverageStatus
from bot.store import coverage, findings, states
from bot.store.database import Store
from jobs.detect import detect
from tests.by_hand import FIRST_DAY, LAST_DAY, NOW, UTC_WEEK, PriceList, Used, covered, keep, keep_usage, window_of

DAYS = st.integers(0, 27).map(lambda age: LAST_DAY - timedelta(days=age))
WEEKDAYS = DAYS.filter(UTC_WEEK.is_working)
SEAT = Seat("claude_code", date(2026, 1, 5), None, 20_000_000)
SEATS = st.lists(
    st.builds(
        Seat,
        tool=st.sampled_from(["claude_code", "copilot"]),
        assigned_on=st.integers(14, 90).map(lambda age: LAST_DAY - timedelta(days=age)),
        released_on=st.none(),
        monthly_cost_microusd=st.none(),
    ),
    min_size=1,
    max_size=2,
    unique_by=lambda seat: seat.tool,
)
OLD_USE = st.lists(
    st.builds(
        Used,
        day=st.integers(29, 200).map(lambda age: LAST_DAY - timedelta(days=age)),
        tool=st.sampled_from(["claude_code", "copilot"]),
    ),
    max_size=5,
)
CALENDARS = st.builds(WorkCalendar, timezone=st.just("UTC"), leave=st.frozensets(DAYS, max_size=6))


@settings(max_examples=200, deadline=None)
@given(seats=SEATS, rows=OLD_USE, gap=st.sets(WEEKDAYS, min_size=1, max_size=3), calendar=CALENDARS)
def test_one_day_without_a_finished_source_is_never_a_zero(
    seats: Sequence[Seat], rows: Sequence[Used], gap: set[date], calendar: WorkCalendar
) -> None:
    """Whoever is never_used or lapsed with full coverage is unknown as soon as a working day of a tool is missing."""
    full = _judge(rows, covered("claude_code", "copilot"), seats, calendar)
    tool, since = next(iter(adoption.tools_of(window=window_of(rows), seats=seats).items()))
    days = frozenset(covered("x").covered["x"] - gap)
    holed = _judge(rows, Coverage(covered("claude_code", "copilot").covered | {tool: days}), seats, calendar)

    matters = any(calendar.is_working(day) and day >= since for day in gap)
    assert (State.UNKNOWN if matters else full.state) == holed.state


@settings(max_examples=200, deadline=None)
@given(seats=SEATS, rows=OLD_USE, used=st.builds(Used, day=DAYS, tool=st.sampled_from(["claude_code", "copilot"])))
def test_any_use_in_the_window_is_not_a_zero(seats: Sequence[Seat], rows: list[Used], used: Used) -> None:
    """From any source, of any tool, on any day."""
    assert _judge([*rows, used], covered("claude_code", "copilot"), seats, UTC_WEEK).state not in ZERO_STATES


@settings(max_examples=100, deadline=None)
@given(seats=SEATS, rows=OLD_USE, tool=st.sampled_from(["claude_code", "copilot"]), days=st.frozensets(WEEKDAYS))
def test_a_zero_needs_every_working_day(
    seats: Sequence[Seat], rows: Sequence[Used], tool: str, days: frozenset[date]
) -> None:
    """Less coverage never turns an answer into a zero that more coverage does not give."""
    some = _judge(rows, Coverage({tool: days}), seats, UTC_WEEK).state
    full = _judge(rows, covered("claude_code", "copilot"), seats, UTC_WEEK).state

    assert some == full or some not in ZERO_STATES


@pytest.mark.parametrize("status", [CoverageStatus.FAILED, CoverageStatus.PENDING])
def test_a_day_that_failed_or_is_late_makes_the_run_say_unknown(store: Store, status: CoverageStatus) -> None:
    """From stored coverage to stored state: never_used becomes unknown, and nothing is found about money either."""
    with store.begin() as session:
        person = keep(session, seats=[SEAT], coverage=covered("claude_code"))
    assert State.NEVER_USED == _run(store, person)

    day = LAST_DAY - timedelta(days=4)
    with store.begin() as session:
        coverage.mark(session, source="api", tool="claude_code", days=[day], status=status, reason="late", as_of=NOW)

    assert State.UNKNOWN == _run(store, person)
    with store.read() as session:
        assert {person: ()} == findings.current(session, person_ids=[person])


def test_a_source_proves_a_zero_only_for_those_it_covers(store: Store) -> None:
    """The same source and the same days: one is covered by it, the other is not."""
    with store.begin() as session:
        seen = keep(session, seats=[SEAT], coverage=covered("claude_code"))
        unseen = keep(session, seats=[SEAT])

    assert [State.NEVER_USED, State.UNKNOWN] == [_run(store, seen), _run(store, unseen)]


def test_use_from_a_source_that_covers_nobody_still_counts(store: Store) -> None:
    """Activity is the union over all sources: a file that proves no zero proves a use."""
    with store.begin() as session:
        person = keep(session, seats=[SEAT], coverage=covered("claude_code"))
        keep_usage(session, person, [Used(FIRST_DAY, source="file")])

    assert _run(store, person) not in ZERO_STATES


def _judge(rows: Sequence[Used], known: Coverage, seats: Sequence[Seat], calendar: WorkCalendar) -> Standing:
    return adoption.judge(window=window_of(rows), coverage=known, seats=seats, calendar=calendar)


def _run(store: Store, person: int) -> State:
    detect(
        store,
        now=NOW,
        prices=PriceList(),
        holidays_of=lambda *_: frozenset(),
        weekend_of=lambda _: UTC_WEEK.weekend,
    )
    with store.read() as session:
        return states.current(session, person_ids=[person])[person].state
