"""Sessions that are read together: how a day is cut into sessions changes no count (P3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.read_together import ReadTogether
from bot.domain.sessions import EventKind, SessionEvent, facts
from bot.domain.usage import Counters

BEGAN = datetime(2026, 3, 2, 8, tzinfo=UTC)
COUNTED = (
    "tool_calls",
    "failed_tool_calls",
    "repeated_failures",
    "repeat_cost_microusd",
    "compactions",
    "compaction_read_tokens",
    "compaction_written_tokens",
    "cold_restarts",
    "cold_restart_tokens",
    "cache_breaks",
    "cache_break_tokens",
    "pastes",
    "pasted_tokens",
    "pasted_resent_tokens",
    "heavy_starts",
    "heavy_start_tokens",
    "heavy_start_resent_tokens",
    "long_requests",
    "long_excess_tokens",
)


def request(minute: float, read: int, written: int, *, setting: str = "usual", cost: int = 7) -> SessionEvent:
    tokens = Counters(
        input_tokens=9, cache_read_tokens=read, cache_write_tokens=written, output_tokens=90, cost_microusd=cost
    )
    return SessionEvent(BEGAN + timedelta(minutes=minute), EventKind.REQUEST, "large", tokens, setting=setting)


def failed(minute: float) -> SessionEvent:
    return SessionEvent(BEGAN + timedelta(minutes=minute), EventKind.TOOL_RESULT, "large", failed=True, call_key="same")


def counted(sessions: Iterable[Sequence[SessionEvent]], tools: Sequence[str] = ("claude_code",)) -> dict[str, int]:
    """The sums over sessions that are read one after the other."""
    together, sums = ReadTogether(), dict.fromkeys(COUNTED, 0)
    for number, events in enumerate(sessions):
        progress = together.take(events, tools[number % len(tools)])
        for told in facts(progress, session_key=str(number), subject="a@x.example", tool="claude_code"):
            for name in COUNTED:
                sums[name] += getattr(told.happened, name) or 0
    return sums


_STEPS = st.lists(
    st.tuples(
        st.sampled_from([*EventKind, EventKind.REQUEST, EventKind.REQUEST]),
        st.integers(20_000, 150_000),
        st.sampled_from([0, 0, 5, 50, 95, 99]),
        st.sampled_from([1, 1, 9]),
        st.sampled_from(["usual", "usual", "other"]),
        st.booleans(),
    ),
    min_size=2,
    max_size=40,
)


@st.composite
def days(draw: st.DrawFn) -> list[SessionEvent]:
    """Events of one day in whatever order they may come; the conversation grows, restarts and is shortened."""
    events, minute, size = [], 0, 20_000
    for kind, other, read_percent, pause, setting, is_worse in draw(_STEPS):
        minute += pause
        size = other if is_worse else size + size // 50
        if kind is EventKind.REQUEST:
            read = size * read_percent // 100
            events.append(request(minute, read, size - read, setting=setting, cost=other))
        else:
            at = BEGAN + timedelta(minutes=minute)
            events.append(SessionEvent(at, kind, "large", failed=is_worse, call_key=setting, automatic=is_worse))
    return events


@given(days(), st.sets(st.integers(1, 39), max_size=6))
def test_it_does_not_matter_where_a_day_is_cut(day: list[SessionEvent], cuts: set[int]) -> None:
    """One session or several: what W05, W13, W14, W16 to W18 and W21 count adds up to the same."""
    marks = sorted({0, len(day), *(cut for cut in cuts if cut < len(day))})

    assert counted([day]) == counted(day[first:end] for first, end in pairwise(marks))


def test_a_call_comes_back_in_the_next_session() -> None:
    """W05: what was paid for it in the session before is what the failed call cost."""
    asked = [request(number, 30_000, 100) for number in range(4)]
    whole = [event for number, one in enumerate(asked) for event in (one, failed(number + 0.5))]
    cut = [whole[:5], whole[5:]]

    assert 14 == counted([whole])["repeat_cost_microusd"] == counted(cut)["repeat_cost_microusd"]


def test_a_conversation_is_taken_up_under_another_name() -> None:
    """W13: read in anew after a pause it is a cold restart, and no heavy beginning, in whatever session."""
    told = counted([[request(0, 0, 60_000), request(1, 60_000, 500)], [request(30, 0, 61_000)]])

    assert (1, 61_000) == (told["cold_restarts"], told["cold_restart_tokens"])
    assert 1 == told["heavy_starts"]


def test_the_same_beginning_once_more_is_no_restart() -> None:
    """W13: sessions that each ask once begin alike, and none takes up another, for it does not hold the answer."""
    told = counted([[request(10 * number, 0, 60_000)] for number in range(5)])

    assert (0, 5) == (told["cold_restarts"], told["heavy_starts"])


def test_sessions_at_the_same_time_know_nothing_of_each_other() -> None:
    """One that begins before another has ended goes on from nothing, and so does one of another tool."""
    first, second = [request(0, 0, 60_000), request(40, 60_000, 500)], [request(30, 0, 61_000)]
    after = [request(60, 0, 61_000)]

    assert (0, 2) == tuple(counted([first, second])[name] for name in ("cold_restarts", "heavy_starts"))
    assert (0, 2) == tuple(counted([first, after], ("a", "b"))[name] for name in ("cold_restarts", "heavy_starts"))


def test_a_small_session_after_a_large_one_is_a_session() -> None:
    """W04: a turn of it that works ends a row of failures, though its requests are small beside the one before it."""
    small = []
    for number in range(12):
        at = BEGAN + timedelta(minutes=30 + number, seconds=9)
        small.append(request(30 + number, 9_000 + 100 * number, 100))
        small.append(SessionEvent(at, EventKind.TOOL_RESULT, "large", failed=number % 2 == 0, call_key=str(number)))
    together = ReadTogether()
    together.take([request(0, 0, 90_000)], "claude_code")

    assert 1 == together.take(small, "claude_code").longest_failure_streak
