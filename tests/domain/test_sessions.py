"""A session added up event by event: the same facts in whatever batches it arrives, and what each counter means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.sessions import EventKind, SessionEvent, SessionProgress, advance, facts
from bot.domain.usage import ANY_MODEL, Counters, SessionCounters, SessionFacts

START = datetime(2026, 3, 2, 22, 0, tzinfo=UTC)
DAY = START.date()
LARGE, SMALL = "claude-opus-5-5", "claude-haiku-5-5"


def test_the_tokens_of_two_days_and_two_models_stand_apart() -> None:
    """Each request counts on its own UTC day and its own model; what is the session's stands once, on its main row."""
    told = of(request(0, LARGE, write=100), request(1, LARGE, read=50), request(2, SMALL, read=7), request(180, SMALL))
    assert [(DAY, SMALL), (DAY, LARGE), (DAY + timedelta(days=1), SMALL)] == [(row.day, row.model) for row in told]
    assert [1, 2, 1] == [row.counters.requests for row in told]
    assert [7, 50, 0] == [row.counters.cache_read_tokens for row in told]
    assert [False, True, False] == [row.happened != SessionCounters() for row in told]


def test_failures_in_a_row_end_with_a_success() -> None:
    """W04 counts the longest run of failed tool calls, and what a helper did is no part of the run."""
    told = happened(call(0, failed=True), call(1, failed=True), call(2), call(3, failed=True), call(4, aside=True))
    assert (5, 3, 2) == (told.tool_calls, told.failed_tool_calls, told.longest_failure_streak)


def test_a_call_may_fail_twice_before_it_is_repeated() -> None:
    """W05 counts the third failure of the same call and those after it, wherever in the session they stand."""
    same = [call(n, failed=True, key="a") for n in (0, 2, 4, 6)]
    told = happened(*same, call(1, failed=True, key="b"), call(3, key="a"))
    assert 2 == told.repeated_failures


def test_without_keys_nobody_knows_whether_a_call_was_repeated() -> None:
    """Failures whose calls cannot be told apart leave the counter unknown; no failure at all is a known zero."""
    assert None is happened(call(0, failed=True)).repeated_failures
    assert 0 == happened(call(0)).repeated_failures


def test_a_prompt_written_again_after_a_pause_is_a_cold_restart() -> None:
    """W13: more than five minutes, at least 20,000 tokens written and less than a tenth read; the first is none."""
    told = happened(
        request(0, write=60_000),
        request(6, write=60_000, read=100),
        request(12, write=19_999),
        request(18, read=60_000),
    )
    assert (1, 60_000) == (told.cold_restarts, told.cold_restart_tokens)
    assert (60_000, 60_100) == (told.first_prompt_tokens, told.largest_prompt_tokens)


def test_a_changed_setting_breaks_the_cache_within_the_pause() -> None:
    """W14: the same rewrite within five minutes counts only when model, effort or speed changed just before it."""
    told = happened(
        request(0, write=60_000, setting="a"),
        request(1, write=60_500, setting="b"),
        request(2, write=60_500, setting="b"),
    )
    assert (0, 1, 60_500) == (told.cold_restarts, told.cache_breaks, told.cache_break_tokens)
    assert None is happened(request(0, write=60_000), request(1, write=60_000)).cache_breaks


def test_after_a_compaction_writing_anew_is_no_restart() -> None:
    """A compaction explains why the next request writes its prompt; only those nobody asked for count (W17)."""
    told = happened(
        request(0, write=60_000),
        SessionEvent(minute(7), EventKind.COMPACTION, automatic=True),
        request(8, write=30_000),
        SessionEvent(minute(9), EventKind.COMPACTION),
    )
    assert (1, 0) == (told.compactions, told.cold_restarts)


def compaction(number: float, *, before: int | None = None, after: int | None = None) -> SessionEvent:
    return SessionEvent(minute(number), EventKind.COMPACTION, automatic=True, before_tokens=before, after_tokens=after)


def test_what_a_compaction_read_and_wrote() -> None:
    """W17: what the event tells; where it is silent the request before it was read, and the one after it wrote."""
    told = happened(request(0, write=60_000), compaction(1, before=61_000, after=9_000), request(2, write=12_000))
    shown = happened(
        request(0, write=60_000), compaction(1), request(2, write=12_000), request(3, read=12_000, write=500)
    )
    asked = happened(request(0, write=60_000), SessionEvent(minute(1), EventKind.COMPACTION), request(2, write=12_000))

    assert (61_000, 9_000) == (told.compaction_read_tokens, told.compaction_written_tokens)
    assert (60_000, 12_000) == (shown.compaction_read_tokens, shown.compaction_written_tokens)
    assert (0, 0) == (asked.compaction_read_tokens, asked.compaction_written_tokens)


def thought(
    number: float, effort: str | None, *, read: int = 20_000, written: int = 100, failed: bool = False
) -> SessionEvent:
    """A request for $0.01."""
    tokens = Counters(cache_read_tokens=read, output_tokens=written, cost_microusd=10_000)
    return SessionEvent(minute(number), EventKind.REQUEST, LARGE, tokens, failed=failed, effort=effort)


def test_high_effort_for_a_short_answer_is_judged_request_by_request() -> None:
    """W11: above medium, and 200 tokens read for each one written; whatever else the session asked changes nothing."""
    short = [thought(0, "high"), thought(1, "xhigh"), thought(2, "max")]
    others = [
        thought(3, "medium"),
        thought(4, None),
        thought(5, "high", written=101),
        thought(6, "high", failed=True),
        thought(7, "low", read=900_000),
    ]

    for told in (happened(*short), happened(*others[:2], *short, *others[2:])):
        assert (3, 30_000) == (told.short_effort_requests, told.short_effort_cost_microusd)


def test_effort_that_nobody_tells_is_unknown() -> None:
    """None, not zero; and what no source prices has no cost (P12)."""
    silent = happened(thought(0, None))
    unpriced = happened(SessionEvent(minute(0), EventKind.REQUEST, tokens=Counters(input_tokens=9), effort="low"))

    assert (None, None) == (silent.short_effort_requests, silent.short_effort_cost_microusd)
    assert (0, None) == (unpriced.short_effort_requests, unpriced.short_effort_cost_microusd)


def prompted(number: float, size: int, *, new: int = 0) -> list[SessionEvent]:
    """Somebody says something, and a request of this size follows, so much of it new."""
    return [SessionEvent(minute(number), EventKind.PROMPT), request(number + 0.1, read=size - new, write=new)]


def test_pasted_data_is_followed_until_a_compaction() -> None:
    """W21: carried by three later prompts it counts; what a helper reads aside ends nothing, a compaction does."""
    session = [*prompted(0, 10_000), *prompted(1, 80_000, new=70_000), request(2, SMALL, read=500, aside=True)]
    for number in (3, 4, 5):
        session += prompted(number, 81_000)
    more = [*session, compaction(6), *prompted(7, 90_000, new=70_000), *prompted(8, 91_000)]

    for told in (happened(*session), happened(*more)):
        assert (1, 70_000, 210_000) == (told.pastes, told.pasted_tokens, told.pasted_resent_tokens)


def test_a_helper_has_a_context_of_its_own() -> None:
    """The requests of a helper count as use, and say nothing of the main conversation's prompts and cache."""
    told = of(request(0, write=60_000), request(6, SMALL, write=90_000, aside=True), request(7, read=60_000))
    assert {LARGE: 2, SMALL: 1} == {row.model: row.counters.requests for row in told}
    main = next(row.happened for row in told if row.model == LARGE)
    assert (60_000, 0) == (main.largest_prompt_tokens, main.cold_restarts)


def test_what_a_source_cannot_see_stays_unknown() -> None:
    """A source without tool results and compactions says nothing of them, not even a zero (P12)."""
    progress = advance(None, [request(0, write=60_000)])
    rows = facts(progress, session_key="s", subject="a@x.example", tool="codex", shown={EventKind.REQUEST})
    assert rows[0].happened == SessionCounters(
        first_prompt_tokens=60_000,
        largest_prompt_tokens=60_000,
        cold_restarts=0,
        cold_restart_tokens=0,
        heavy_starts=1,
        heavy_start_tokens=40_000,
        heavy_start_resent_tokens=0,
        long_requests=0,
        long_excess_tokens=0,
    )


def test_an_approval_that_nobody_gave_is_no_decision() -> None:
    """Only what a person decided counts as accepted or rejected."""
    decisions = [
        SessionEvent(minute(0), EventKind.DECISION, accepted=True),
        SessionEvent(minute(1), EventKind.DECISION, accepted=False),
        SessionEvent(minute(2), EventKind.DECISION, accepted=True, automatic=True),
        SessionEvent(minute(3), EventKind.PROMPT),
    ]
    assert Counters(accepted=1, rejected=1, prompts=1) == of(*decisions)[0].counters


def minute(number: float) -> datetime:
    return START + timedelta(minutes=number)


def request(
    number: float, model: str = LARGE, *, read: int = 0, write: int = 0, setting: str | None = None, aside: bool = False
) -> SessionEvent:
    tokens = Counters(input_tokens=0, cache_read_tokens=read, cache_write_tokens=write, output_tokens=1)
    return SessionEvent(minute(number), EventKind.REQUEST, model, tokens, setting=setting, aside=aside)


def call(number: float, *, failed: bool = False, key: str | None = None, aside: bool = False) -> SessionEvent:
    return SessionEvent(minute(number), EventKind.TOOL_RESULT, failed=failed, call_key=key, aside=aside)


def of(*events: SessionEvent) -> tuple[SessionFacts, ...]:
    return facts(advance(None, events), session_key="s", subject="a@x.example", tool="claude_code")


def happened(*events: SessionEvent) -> SessionCounters:
    return next(row.happened for row in of(*events) if row.happened != SessionCounters())


# ---------------------------------------------------------------- what else is asked takes nothing off (P3)


def tiny(number: float) -> SessionEvent:
    """A side request of 100 tokens to another model, with a setting of its own."""
    return request(number, SMALL, write=100, setting="aside")


def test_tiny_requests_hide_no_restart_and_no_broken_cache() -> None:
    """W13, W14: the pause is that since the conversation itself was asked, and the setting is its own."""
    again = [request(30 * number, write=60_000 + 1_000 * number, setting="a") for number in range(4)]
    broken = request(91, write=64_000, setting="b")

    for told in (
        happened(*again, broken),
        happened(*again, broken, *(tiny(29.9 + 30 * n) for n in range(3)), tiny(90.9)),
    ):
        assert (3, 186_000) == (told.cold_restarts, told.cold_restart_tokens)
        assert (1, 64_000) == (told.cache_breaks, told.cache_break_tokens)


def test_a_tiny_request_neither_is_a_beginning_nor_hides_one() -> None:
    """W18: before the first request, and before later ones, that of another conversation among them."""
    first = [request(0, write=60_000), request(1, read=60_000, write=500)]
    second = [request(2, write=50_000), request(3, read=50_000, write=500)]

    for told in (happened(*first, *second), happened(*first, *second, *(tiny(number - 0.1) for number in range(4)))):
        assert (2, 70_000) == (told.heavy_starts, told.heavy_start_tokens)
        assert 70_000 == told.heavy_start_resent_tokens


def test_a_light_beginning_stays_one_when_much_is_read_after_it() -> None:
    """W18: the next request reads from the cache what the first one wrote, and so goes on from it."""
    assert 0 == happened(request(0, write=15_000), request(1, read=15_000, write=60_000)).heavy_starts
    assert 1 == happened(request(0, write=1_000), request(1, read=15_000, write=60_000)).heavy_starts


def test_tiny_requests_around_a_compaction_say_nothing_of_it() -> None:
    """W17: what it read is the conversation's size, and what it wrote is the most that was written after it."""
    session = [request(0, write=160_000), compaction(1), request(2, write=30_000)]

    for told in (happened(*session), happened(*session, tiny(0.9), tiny(1.1))):
        assert (1, 160_000, 30_000) == (
            told.compactions,
            told.compaction_read_tokens,
            told.compaction_written_tokens,
        )


def test_a_tiny_request_takes_no_paste_from_its_prompt() -> None:
    """W21: it comes between the prompt and the request that the prompt made larger."""
    session = [*prompted(0, 20_000), *prompted(1, 100_000, new=80_000)]
    session += [event for number in range(2, 8) for event in prompted(number, 100_500)]

    for told in (happened(*session), happened(*session, *(tiny(number + 0.05) for number in range(8)))):
        assert (1, 80_000, 480_000) == (told.pastes, told.pasted_tokens, told.pasted_resent_tokens)


def test_what_failed_in_the_sessions_before_it_is_not_forgiven_again() -> None:
    """W05: six failures of one call in three sessions of a day are four repeats, as in one session."""
    same = [call(number, failed=True, key="a") for number in range(6)]
    failed: Mapping[str, int] = {}
    repeated = []
    for first in (0, 2, 4):
        progress = advance(SessionProgress(failing_calls=failed), same[first : first + 2])
        failed = progress.failing_calls
        repeated.append(progress.repeated_failures)

    assert [0, 2, 2] == repeated
    assert 4 == happened(*same).repeated_failures


# ---------------------------------------------------------------- batches

_EVENTS = st.builds(
    SessionEvent,
    at=st.integers(0, 4000).map(lambda number: START + timedelta(seconds=30 * number)),
    kind=st.sampled_from(EventKind),
    model=st.sampled_from([LARGE, SMALL, ANY_MODEL]),
    tokens=st.builds(
        Counters,
        input_tokens=st.none() | st.integers(0, 50_000),
        cache_read_tokens=st.integers(0, 3_000),
        cache_write_tokens=st.integers(0, 90_000),
    ),
    failed=st.booleans(),
    call_key=st.none() | st.sampled_from("abc"),
    automatic=st.booleans(),
    setting=st.none() | st.sampled_from(["high", "low"]),
    effort=st.none() | st.sampled_from(["high", "low"]),
    after_tokens=st.none() | st.integers(0, 9_000),
    accepted=st.none() | st.booleans(),
    aside=st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_EVENTS, max_size=40), st.lists(st.integers(0, 40), max_size=6))
def test_any_batches_in_order_give_the_same_facts(events: list[SessionEvent], cuts: list[int]) -> None:
    """Cut anywhere, and written down as JSON between two batches, the same events give the same facts."""
    events = sorted(events, key=lambda event: event.at)
    marks = [0, *sorted(min(cut, len(events)) for cut in cuts), len(events)]
    progress: SessionProgress | None = None
    for first, end in pairwise(marks):
        progress = advance(progress, events[first:end])
        progress = SessionProgress.from_json(json.loads(json.dumps(progress.to_json())))
    assert told(advance(None, events)) == told(progress)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(_EVENTS, st.integers(0, 3)), max_size=40))
def test_late_batches_change_no_sum(events: list[tuple[SessionEvent, int]]) -> None:
    """Whichever batch an event comes with, however late: what was used and what can be counted alone stay the same."""
    progress: SessionProgress | None = None
    for batch in range(4):
        progress = advance(progress, [event for event, number in events if number == batch])
    assert countable(advance(None, [event for event, _number in events])) == countable(progress)


@settings(max_examples=60, deadline=None)
@given(st.lists(_EVENTS, max_size=40))
def test_no_event_is_lost_or_counted_twice(events: list[SessionEvent]) -> None:
    """Counted by hand: requests, tokens, calls and prompts over all rows are those of the events."""
    rows = told(advance(None, events))
    requests = [event for event in events if event.kind is EventKind.REQUEST]
    assert len(requests) == sum(row.counters.requests or 0 for row in rows)
    assert sum(event.tokens.cache_write_tokens or 0 for event in events) == sum(
        row.counters.cache_write_tokens or 0 for row in rows
    )
    assert sum(event.kind is EventKind.PROMPT for event in events) == sum(row.counters.prompts or 0 for row in rows)
    assert sum(event.kind is EventKind.TOOL_RESULT for event in events) == sum(
        row.happened.tool_calls or 0 for row in rows
    )
    assert {event.at.date() for event in events} == {row.day for row in rows}
    assert (1 if events else 0) == sum(row.happened != SessionCounters() for row in rows)


def told(progress: SessionProgress | None) -> tuple[SessionFacts, ...]:
    assert progress is not None
    return facts(progress, session_key="s", subject="a@x.example", tool="claude_code")


def countable(progress: SessionProgress | None) -> tuple[object, ...]:
    """All that does not depend on what came just before."""
    rows = told(progress)
    whole = [row.happened for row in rows if row.happened != SessionCounters()]
    return (
        [(row.day, row.model, row.counters) for row in rows],
        [(one.tool_calls, one.failed_tool_calls, one.repeated_failures, one.compactions) for one in whole],
        [(one.retries_exhausted, one.largest_prompt_tokens, one.short_effort_requests) for one in whole],
    )


def test_a_day_is_the_utc_day() -> None:
    """An evening in California is the next day in UTC."""
    evening = datetime.fromisoformat("2026-03-02T20:00:00-08:00")
    assert date(2026, 3, 3) == of(SessionEvent(evening, EventKind.PROMPT))[0].day
