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
        SessionEvent(BEGAN + timedelta(seconds=n), kind, "large", Counters(cost_microusd=DOLLAR), failed=True)
        for n in range(12)
        for kind in (EventKind.REQUEST if n % 2 == 0 else EventKind.TOOL_RESULT,)
    ]
    at_once = advance(None, events)
    in_two = advance(SessionProgress.from_json(advance(None, events[:7]).to_json()), events[7:])

    assert Failing(True, 0, 6, 4 * DOLLAR, 0, 0, 0) == at_once.failing == in_two.failing


def loops(one: SessionCounters) -> tuple[int | None, int | None]:
    return one.failure_loops, one.failure_loop_cost_microusd
