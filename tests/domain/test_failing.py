"""What failing calls cost, request by request: the rows of W04 and the repeated calls of W05."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.domain.failing import Failing
from bot.domain.sessions import EventKind, SessionEvent, SessionProgress, advance, facts
from bot.domain.usage import Counters, SessionCounters

BEGAN = datetime(2026, 2, 20, 9, tzinfo=UTC)
DOLLAR = 1_000_000


def happened(*calls: tuple[bool, int | None, str]) -> SessionCounters:
    """What is known after calls that each failed or not, after a request of such a cost, under such a key."""
    events: list[SessionEvent] = []
    for number, (failed, dollars, key) in enumerate(calls):
        at = BEGAN + timedelta(seconds=10 * number)
        cost = None if dollars is None else dollars * DOLLAR
        events += [
            SessionEvent(at, EventKind.REQUEST, "large", Counters(input_tokens=9, cost_microusd=cost)),
            SessionEvent(at + timedelta(seconds=1), EventKind.TOOL_RESULT, failed=failed, call_key=key),
        ]
    return told(events)


def told(events: Sequence[SessionEvent]) -> SessionCounters:
    rows = facts(advance(None, events), session_key="s", subject="a", tool="claude_code")
    return next(row.happened for row in rows if row.happened != SessionCounters())


def failing(count: int, dollars: int | None = 1, key: str = "") -> list[tuple[bool, int | None, str]]:
    return [(True, dollars, key or f"call {number}") for number in range(count)]


FINE = (False, 100, "fine")


def test_a_row_costs_what_its_failures_after_the_second_cost() -> None:
    """Six failures of $1 are $4, whatever stands before and after them; every row of five or more counts."""
    assert (1, 4 * DOLLAR) == loops(happened(FINE, *failing(6), FINE))
    assert (2, 7 * DOLLAR) == loops(happened(*failing(6), FINE, *failing(5), FINE, *failing(4)))
    assert (1, 4 * DOLLAR) == loops(happened(*failing(6)))


def test_calls_and_requests_beside_a_row_change_nothing() -> None:
    """A hundred cheap calls that work, and requests without any call, before the row and after it (P3)."""
    many = [(False, 0, f"more {number}") for number in range(100)]

    assert loops(happened(*failing(6))) == loops(happened(*many, *failing(6), *many))


def test_a_repeated_call_costs_what_was_paid_for_it() -> None:
    """The third and fourth failure of the same call are $2 each, whatever else fails or works between them."""
    same = failing(4, 2, "same")

    assert 4 * DOLLAR == happened(*same).repeat_cost_microusd
    assert 4 * DOLLAR == happened(*(one for call in same for one in (call, FINE))).repeat_cost_microusd


def test_costs_that_nobody_tells_stay_unknown() -> None:
    """Rows are counted all the same; no cost is no zero (P12)."""
    unpriced = happened(*failing(6, None))

    assert (1, None, None) == (*loops(unpriced), unpriced.repeat_cost_microusd)


def test_a_row_goes_on_over_batches() -> None:
    """What is kept between two batches of events is enough to count the row as if they had come at once."""
    events = [
        SessionEvent(BEGAN + timedelta(seconds=n), kind, "large", Counters(cost_microusd=DOLLAR), failed=n % 2 == 1)
        for n in range(12)
        for kind in (EventKind.REQUEST if n % 2 == 0 else EventKind.TOOL_RESULT,)
    ]
    at_once = advance(None, events)
    in_two = advance(SessionProgress.from_json(advance(None, events[:7]).to_json()), events[7:])

    going_on = Failing(knows_cost=True, has_turns=True, turn_failed=True, streak=6, streak_microusd=6 * DOLLAR)
    assert going_on == at_once.failing == in_two.failing


def test_a_call_that_works_beside_one_that_fails_ends_no_row() -> None:
    """In the same turn, whichever comes first, or after a tiny request: only a turn that works ends a row (P3)."""
    row = [event for number in range(6) for event in turn(number, True)]
    beside = [result(number + 0.5, False) for number in range(6)] + [
        result(number + 0.05, False) for number in range(6)
    ]
    tiny = [event for number in range(1, 6) for event in turn(number - 0.1, False, size=100, dollars=0)]

    for events in (row, [*row, *beside], [*row, *tiny]):
        assert (1, 4 * DOLLAR) == loops(told(events))
    assert (0, 0) == loops(told([*row, *turn(2.6, False)]))


def test_a_row_at_the_edge_of_a_session_is_told_apart() -> None:
    """Three at the beginning and six at the end, the six a loop by themselves; two in between are no part of it."""
    results = [True] * 3 + [False] + [True] * 2 + [False] + [True] * 6
    one = told([event for number, failed in enumerate(results) for event in turn(number, failed)])

    assert (1, 9, 9 * DOLLAR) == (one.cut_starts, one.cut_failures, one.cut_cost_microusd)
    assert (1, 4 * DOLLAR) == (one.cut_loops, one.cut_loop_cost_microusd) == loops(one)


def test_a_tiny_request_before_it_is_no_beginning_of_a_row() -> None:
    """A call that works before the conversation begins leaves the row at its edge; one that works in it does not."""
    row = [event for number in range(4) for event in turn(number, True)]

    assert (1, 4) == edges(told([*turn(-1, False, size=100), *row]))
    assert (0, 4) == edges(told([*turn(-1, False), *row]))


def edges(one: SessionCounters) -> tuple[int | None, int | None]:
    return one.cut_starts, one.cut_failures


def turn(number: float, failed: bool, *, size: int = 50_000, dollars: int = 1) -> list[SessionEvent]:
    """A request and the result of a call."""
    tokens = Counters(cache_read_tokens=size, cost_microusd=dollars * DOLLAR)
    at = BEGAN + timedelta(minutes=number)
    return [SessionEvent(at, EventKind.REQUEST, "large", tokens), result(number + 0.02, failed)]


def result(number: float, failed: bool) -> SessionEvent:
    at = BEGAN + timedelta(minutes=number, seconds=1)
    return SessionEvent(at, EventKind.TOOL_RESULT, failed=failed, call_key=f"call {number}")


def loops(one: SessionCounters) -> tuple[int | None, int | None]:
    return one.failure_loops, one.failure_loop_cost_microusd
