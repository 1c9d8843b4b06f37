"""What conversations carry along: heavy beginnings (W18) and long prompts (W16), however they are cut into sessions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.domain.sessions import EventKind, SessionEvent, advance, facts
from bot.domain.usage import Counters, SessionCounters

BEGAN = datetime(2026, 2, 20, 9, tzinfo=UTC)
CONVERSATION = [(0, 60_000), (60_000, 30_000), (90_000, 40_000), (130_000, 1_000)]
"""Requests that read so much from the cache and wrote so much to it: they begin with 60,000 and grow to 131,000."""


def happened(requests: Sequence[tuple[int, int]]) -> SessionCounters:
    events = [
        SessionEvent(
            BEGAN + timedelta(seconds=10 * number),
            EventKind.REQUEST,
            "large",
            Counters(cache_read_tokens=read, cache_write_tokens=written),
        )
        for number, (read, written) in enumerate(requests)
    ]
    rows = facts(advance(None, events), session_key="s", subject="a", tool="claude_code")
    return next(row.happened for row in rows if row.happened != SessionCounters())


def carried(one: SessionCounters) -> tuple[int | None, ...]:
    return one.heavy_starts, one.heavy_start_tokens, one.heavy_start_resent_tokens


def long_ones(one: SessionCounters) -> tuple[int | None, int | None]:
    return one.long_requests, one.long_excess_tokens


def test_a_beginning_is_sent_again_with_every_request() -> None:
    """40,000 above a light one, and three times more; two prompts are long, and three read beyond 80,000."""
    told = happened(CONVERSATION)

    assert (1, 40_000, 120_000) == carried(told)
    assert (2, 10_000 + 50_000 + 51_000) == long_ones(told)


def test_two_conversations_told_as_one_session_are_two() -> None:
    """The second begins small again and writes anew what it reads; it is no cold restart of the first."""
    told = happened([*CONVERSATION, *CONVERSATION])

    assert (2, 80_000, 240_000) == carried(told)
    assert (4, 222_000) == long_ones(told)
    assert 0 == told.cold_restarts


def test_small_requests_beside_a_conversation_hide_nothing() -> None:
    """Twenty of them, read from the cache, end no conversation and begin none (P3), and carry nothing heavy."""
    told = happened([*CONVERSATION[:2], *[(20_000, 100)] * 20, *CONVERSATION[2:]])

    assert (1, 40_000, 120_000) == carried(told)
    assert long_ones(happened(CONVERSATION)) == long_ones(told)


def test_a_light_beginning_carries_nothing() -> None:
    """39,999 tokens are none; 40,000 are one."""
    assert (0, 0, 0) == carried(happened([(0, 39_999), (39_999, 500)]))
    assert (1, 20_000, 20_000) == carried(happened([(0, 40_000), (40_000, 500)]))
