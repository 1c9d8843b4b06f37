"""Claude Code's session files: every trap of the format on invented files, and nothing but counters in the end."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.usage import ANY_MODEL, Counters, SessionCounters
from bot.sources.session_files.reading import Reading, machine_users, read
from tests.sources.session_files.written import (
    HAIKU,
    OPUS,
    SECRET,
    Json,
    answer,
    entry,
    helper,
    prompt,
    result,
    tool_use,
    write,
)


def test_an_answer_on_several_lines_counts_once_with_its_last_usage(tmp_path: Path) -> None:
    """Three lines of one message are one request; each figure is the largest that was told, output above all."""
    lines = [answer(n, 1, usage=(3, 100, 50, output)) for n, output in enumerate((1, 9, 420))]
    told = read_lines(tmp_path, *lines)
    assert {OPUS: (1, 3, 100, 50, 420)} == requests(told)


def test_a_helper_on_progress_lines_counts_with_its_own_model(tmp_path: Path) -> None:
    """Sub-agent calls stand only on progress lines; they are use, and not part of the main conversation's prompts."""
    told = read_lines(tmp_path, answer(0, 1), helper(1, 2), helper(2, 2), helper(3, 3))
    assert {OPUS: (1, 3, 100, 50, 9), HAIKU: (2, 10, 0, 14, 4)} == requests(told)
    assert 153 == whole(told).largest_prompt_tokens


def test_helpers_in_files_of_their_own_belong_to_the_session(tmp_path: Path) -> None:
    """Newer versions write helpers beside the session; the same answer on a progress line is not counted again."""
    write(tmp_path / "p" / "session-1.jsonl", [answer(0, 1), helper(1, 2)])
    inside = [answer(n, n, model=HAIKU, usage=(5, 0, 7, 2), isSidechain=True) for n in (2, 3)]
    write(tmp_path / "p" / "session-1" / "subagents" / "agent-1.jsonl", inside)
    told = read([tmp_path], subject="a@x.example")
    assert {OPUS: (1, 3, 100, 50, 9), HAIKU: (2, 10, 0, 14, 4)} == requests(told)
    assert 1 == len({row.session_key for row in told.facts})


def test_a_copied_session_is_counted_where_it_began(tmp_path: Path) -> None:
    """A session sent to the background is copied into a new file: its old answers, calls and prompts count once."""
    old = [prompt(0), answer(1, 1, uses=[tool_use("Bash", 1)]), result(2, 1)]
    copied = [{**line, "sessionId": "session-2"} for line in old]
    first = write(tmp_path / "b.jsonl", old)
    second = write(tmp_path / "a.jsonl", [*copied, {**answer(9, 2), "sessionId": "session-2"}])
    os.utime(first, (1, 1))
    os.utime(second, (2, 2))
    told = read([tmp_path], subject="a@x.example")
    assert {OPUS: (2, 6, 200, 100, 18)} == requests(told)
    assert [(1, 1, 1), (None, 1, 0)] == sorted_by_size(told)


def test_synthetic_is_no_model(tmp_path: Path) -> None:
    """What the program said itself is no request; when it is an error message, a request failed, of no known model."""
    own = answer(0, 1, model="<synthetic>", usage=(0, 0, 0, 0))
    failed = answer(1, 2, model="<synthetic>", usage=(0, 0, 0, 0), isApiErrorMessage=True)
    told = read_lines(tmp_path, own, failed, answer(2, 3))
    assert {ANY_MODEL: (1, 1), OPUS: (1, 0)} == {
        row.model: (row.counters.requests, row.counters.failed_requests) for row in told.facts
    }


def test_broken_lines_are_counted_and_skipped(tmp_path: Path) -> None:
    """A line cut off, one that is no object, one without a time and one with an impossible figure: the rest counts."""
    wrong = answer(3, 3)
    wrong["message"]["usage"]["input_tokens"] = "many"
    told = read_lines(tmp_path, answer(0, 1), '{"type": "assist', "[1]", {**answer(1, 2), "timestamp": "x"}, wrong, "")
    assert ({OPUS: (1, 3, 100, 50, 9)}, 4) == (requests(told), told.broken_lines)


def test_tool_calls_failures_and_repetitions(tmp_path: Path) -> None:
    """Results count once; the same failed call is known by its arguments; what the person refused is no failure."""
    lines: list[Json] = []
    for n in range(1, 5):
        lines += [answer(n, n, uses=[tool_use("Bash", n)]), result(n, n, failed=True), result(n, n, failed=True)]
    lines += [answer(5, 5, uses=[tool_use("Bash", 5, "other")]), result(5, 5, failed=True)]
    lines += [answer(6, 6, uses=[tool_use("Edit", 6)])]
    lines += [result(6, 6, failed=True, words="The user doesn't want to proceed with this tool use.")]
    told = whole(read_lines(tmp_path, *lines))
    assert (5, 5, 5, 2) == (
        told.tool_calls,
        told.failed_tool_calls,
        told.longest_failure_streak,
        told.repeated_failures,
    )


def test_compactions_and_spent_retries(tmp_path: Path) -> None:
    """Only compactions that nobody asked for count, and only the last of all allowed attempts is a spent retry."""
    told = read_lines(
        tmp_path,
        answer(0, 1),
        entry(1, "system", subtype="compact_boundary", compactMetadata={"trigger": "auto", "preTokens": 170_000}),
        entry(2, "system", subtype="compact_boundary", compactMetadata={"trigger": "manual"}),
        entry(3, "system", subtype="api_error", retryAttempt=3, maxRetries=10),
        entry(4, "system", subtype="api_error", retryAttempt=10, maxRetries=10),
    )
    assert (1, 1) == (whole(told).compactions, whole(told).retries_exhausted)
    assert 170_000 == whole(told).compaction_read_tokens


@pytest.mark.parametrize(
    "line",
    [
        prompt(1, "<command-name>/clear</command-name>"),
        prompt(1, "[Request interrupted by user]"),
        prompt(1, isMeta=True),
        prompt(1, isCompactSummary=True),
        prompt(1, isSidechain=True),
        entry(1, "user", message={"content": [{"type": "image"}]}),
    ],
)
def test_only_what_a_person_asked_is_a_prompt(tmp_path: Path, line: Json) -> None:
    """Commands, summaries, what the program added and what a helper was told are no prompts."""
    told = read_lines(tmp_path, prompt(0), line, answer(2, 1))
    assert 1 == sum(row.counters.prompts or 0 for row in told.facts)


def test_fast_and_long_requests(tmp_path: Path) -> None:
    """Fast is what the file calls so, and unknown where it does not say; long is a prompt above 200,000 tokens."""
    told = read_lines(tmp_path, answer(0, 1, usage=(1, 200_000, 0, 1), speed="fast"), answer(1, 2, speed="standard"))
    assert [(1, 1)] == [(row.counters.fast_requests, row.counters.long_context_requests) for row in told.facts]
    assert None is read_lines(tmp_path / "old", answer(0, 1)).facts[0].counters.fast_requests


def test_who_accepted_is_not_in_the_files(tmp_path: Path) -> None:
    """Nobody writes down who approved an edit: accepted and rejected stay unknown (P12)."""
    told = read_lines(tmp_path, prompt(0), answer(1, 1, uses=[tool_use("Edit", 1)]), result(2, 1))
    assert {(None, None)} == {(row.counters.accepted, row.counters.rejected) for row in told.facts}


def test_nothing_but_counters_is_kept(tmp_path: Path) -> None:
    """No text, path, branch, argument or id of the files is in what comes out (P13)."""
    lines = [prompt(0), answer(1, 1, uses=[tool_use("Bash", 1)]), result(2, 1, failed=True), helper(3, 2)]
    told = str([asdict(row) for row in read_lines(tmp_path, *lines).facts])
    assert not {word for word in (SECRET, "session-1", "msg_1", "toolu_1", "Bash", str(tmp_path)) if word in told}


def test_old_files_are_not_opened(tmp_path: Path) -> None:
    """A folder of years is not read for a card of weeks: what was last written before the first day is left alone."""
    old = write(tmp_path / "old.jsonl", [answer(0, 1)])
    os.utime(old, (1, 1))
    write(tmp_path / "new.jsonl", [answer(0, 2)])
    later = read([tmp_path], subject="a@x.example", not_before=datetime.fromtimestamp(1_000_000, UTC))
    assert (1, 2) == (later.files, read([tmp_path], subject="a@x.example").files)


def test_machine_users_are_folders_that_hold_an_agents_folder(tmp_path: Path) -> None:
    """A collection of home folders is known by the agents' folders in them; anything else is nobody's."""
    write(tmp_path / "ada" / ".claude" / "projects" / "p" / "s.jsonl", [answer(0, 1)])
    write(tmp_path / "ben" / ".codex" / "sessions" / "s.jsonl", [])
    write(tmp_path / "notes" / "s.jsonl", [])
    assert {"ada": tmp_path / "ada", "ben": tmp_path / "ben"} == machine_users(tmp_path)


Call = tuple[int, tuple[int, int, int, int]]
_FIGURE = st.integers(0, 90_000)
_CALLS = st.lists(st.tuples(st.integers(1, 8), st.tuples(_FIGURE, _FIGURE, _FIGURE, _FIGURE)), max_size=30)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_CALLS, st.randoms(use_true_random=False))
def test_totals_are_those_of_the_answers_in_any_order(tmp_path: Path, calls: list[Call], random: Random) -> None:
    """However lines repeat and are mixed over files, each answer counts once with each figure at its largest."""
    lines, largest = _mixed(calls)
    random.shuffle(lines)
    for name in ("a", "b"):
        write(tmp_path / f"{name}.jsonl", lines[name == "b" :: 2])
    expected: dict[str, Counters] = defaultdict(Counters)
    for number, usage in largest.items():
        given, cached, written, output = usage
        one = Counters(1, 0, None, given, cached, written, output)
        expected[_model(number)] = expected[_model(number)].plus(one)
    assert {model: _five(sums) for model, sums in expected.items()} == requests(read([tmp_path], subject="a@x.example"))


def _mixed(calls: list[Call]) -> tuple[list[Json], dict[int, tuple[int, ...]]]:
    lines: list[Json] = []
    largest: dict[int, tuple[int, ...]] = {}
    for minute, (number, usage) in enumerate(calls):
        lines.append(answer(minute, number, model=_model(number), usage=usage))
        largest[number] = tuple(map(max, zip(largest.get(number, usage), usage, strict=True)))
    return lines, largest


def _model(number: int) -> str:
    return OPUS if number % 2 else HAIKU


def read_lines(folder: Path, *lines: Json | str) -> Reading:
    write(folder / "project" / "session-1.jsonl", lines)
    return read([folder], subject="a@x.example")


def requests(told: Reading) -> dict[str, tuple[int | None, ...]]:
    """Requests and the four kinds of tokens by model, over all days and sessions."""
    sums: dict[str, Counters] = defaultdict(Counters)
    for row in told.facts:
        if row.counters.requests is not None:
            sums[row.model] = sums[row.model].plus(row.counters)
    return {model: _five(counters) for model, counters in sums.items()}


def _five(one: Counters) -> tuple[int | None, ...]:
    return (one.requests, one.input_tokens, one.cache_read_tokens, one.cache_write_tokens, one.output_tokens)


def whole(told: Reading) -> SessionCounters:
    [happened] = [row.happened for row in told.facts if row.happened != SessionCounters()]
    return happened


def sorted_by_size(told: Reading) -> list[tuple[int | None, int | None, int | None]]:
    """Prompts, requests and tool calls of each session."""
    sessions: dict[str, Counters] = defaultdict(Counters)
    calls: dict[str, int] = defaultdict(int)
    for row in told.facts:
        sessions[row.session_key] = sessions[row.session_key].plus(row.counters)
        calls[row.session_key] += row.happened.tool_calls or 0
    return sorted(
        ((one.prompts, one.requests, calls[key]) for key, one in sessions.items()), key=lambda told: -(told[0] or 0)
    )
