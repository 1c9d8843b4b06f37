"""Codex's session files: running totals, copies of parents, failed commands, and nothing but counters in the end."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path

import pytest

from bot.domain.usage import ANY_MODEL, Counters, SessionCounters
from bot.sources.session_files.reading import Reading, read
from tests.sources.session_files.written import (
    GPT,
    SECRET,
    Json,
    command,
    meta,
    rollout,
    tokens,
    turn,
    write,
)

FIRST, SECOND = (1000, 250, 125), (2500, 500, 300)
BOTH = (3500, 750, 425)


def test_input_is_taken_apart_from_what_is_cached(tmp_path: Path) -> None:
    """Input is told with its cached part, output with its reasoning: disjoint kinds come out, no write is known."""
    told = read_lines(tmp_path, meta(), turn(0), tokens(1, FIRST, FIRST), tokens(2, BOTH, SECOND))
    assert {GPT: (2, 750 + 2000, 750, None, 425)} == requests(told)
    assert {"codex"} == {row.tool for row in told.facts}


def test_a_count_that_is_told_again_counts_once(tmp_path: Path) -> None:
    """New rate limits repeat the last count: the running total shows that nothing was asked."""
    told = read_lines(
        tmp_path, meta(), turn(0), tokens(1, FIRST, FIRST), tokens(2, FIRST, FIRST), tokens(3, None, None)
    )
    assert {GPT: (1, 750, 250, None, 125)} == requests(told)


def test_only_running_totals_are_taken_apart(tmp_path: Path) -> None:
    """Early versions tell totals alone: what each grew by is the request, and a total that fell began anew."""
    told = read_lines(tmp_path, meta(), turn(0), tokens(1, FIRST, None), tokens(2, BOTH, None), tokens(3, FIRST, None))
    assert {GPT: (3, 750 + 2000 + 750, 1000, None, 550)} == requests(told)


def test_the_model_is_the_last_turns(tmp_path: Path) -> None:
    """A request belongs to the model of the turn before it; without any turn it belongs to no known one."""
    told = read_lines(tmp_path, meta(), tokens(1, FIRST, FIRST), turn(2, model="gpt-6"), tokens(3, BOTH, SECOND))
    assert {ANY_MODEL: 1, "gpt-6": 1} == {row.model: row.counters.requests for row in told.facts}


def test_the_effort_is_the_last_turns(tmp_path: Path) -> None:
    """Of two short answers the one at high effort counts, and what no turn tells is unknown (P12)."""
    short, again = (20_000, 0, 100), (40_000, 0, 200)
    told = [turn(0, effort="high"), tokens(1, short, short), turn(2, effort="medium"), tokens(3, again, short)]

    assert 1 == whole(read_lines(tmp_path / "told", meta(), *told)).short_effort_requests
    silent = read_lines(tmp_path / "silent", meta(), turn(0, effort=None), tokens(1, short, short))
    assert None is whole(silent).short_effort_requests


@pytest.mark.parametrize(
    ("output", "failed"),
    [
        (json.dumps({"output": SECRET, "metadata": {"exit_code": 1, "duration_seconds": 0.1}}), 1),
        (json.dumps({"output": SECRET, "metadata": {"exit_code": 0}}), 0),
        ("Exit code: 2\nWall time: 0 seconds\nOutput:\n", 1),
        ("Process exited with code 0\n", 0),
        (f"{SECRET}", 0),
        ("{not json", 0),
    ],
)
def test_a_failed_command_is_known_by_its_exit_code(tmp_path: Path, output: str, failed: int) -> None:
    """However the exit code is told, other than 0 is a failure; an output that tells none is not called one."""
    told = whole(read_lines(tmp_path, meta(), *command(1, 1, output), *command(2, 1, output)))
    assert (1, failed) == (told.tool_calls, told.failed_tool_calls)


def test_the_same_failing_command_is_known_again(tmp_path: Path) -> None:
    """A call is compared by a hash of its name and arguments; the third failure of the same is repeated (W05)."""
    lines = [line for n in (1, 2, 3) for line in command(n, n, "Exit code: 1")]
    told = whole(read_lines(tmp_path, meta(), *lines, *command(4, 4, "Exit code: 1", "other")))
    assert (4, 1) == (told.longest_failure_streak, told.repeated_failures)


def test_a_fork_leaves_out_what_it_copied(tmp_path: Path) -> None:
    """A fork begins with its parent's lines under new times: they are known by their counts, and counted once."""
    asked = rollout(1, "event_msg", type="user_message", message=SECRET)
    parent = [meta(), turn(0), asked, tokens(1, FIRST, FIRST)]
    fork = [meta(60, session="codex-2", forked_from_id="codex-1"), *parent]
    later = [turn(62), {**asked, "timestamp": "2026-03-02T10:03:00Z"}, tokens(63, BOTH, SECOND)]
    write(tmp_path / "rollout-1.jsonl", parent)
    write(tmp_path / "rollout-2.jsonl", [*fork, *later])
    told = read([tmp_path], subject="a@x.example")
    assert {GPT: (2, 2750, 750, None, 425)} == requests(told)
    assert 2 == sum(row.counters.prompts or 0 for row in told.facts)
    assert 2 == len({row.session_key for row in told.facts})


SPAWNED = {"source": {"subagent": {"thread_spawn": {"parent_thread_id": "codex-1", "depth": 1}}}}


@pytest.mark.parametrize(
    "told",
    [
        SPAWNED,
        {"session_id": "codex-1", "parent_thread_id": "codex-9", "thread_source": "subagent"},
        {"source": {"subagent": "review"}, "forked_from_id": "codex-1"},
    ],
)
def test_a_helper_belongs_to_its_parent(tmp_path: Path, told: Json) -> None:
    """A helper has a file of its own, named in one of three ways: its use counts in its parent's session, beside it."""
    write(tmp_path / "rollout-1.jsonl", [meta(), turn(0), tokens(1, FIRST, FIRST)])
    copied = [meta(2, session="codex-2", **told), meta(), tokens(2, FIRST, FIRST)]
    write(tmp_path / "rollout-2.jsonl", [*copied, turn(3), tokens(3, BOTH, SECOND)])
    found = read([tmp_path], subject="a@x.example")
    assert {GPT: (2, 2750, 750, None, 425)} == requests(found)
    assert (1000, 1000) == (whole(found).first_prompt_tokens, whole(found).largest_prompt_tokens)


def test_a_copy_is_known_without_its_parent(tmp_path: Path) -> None:
    """Where the parent's file is gone, what stands in a helper's file from its very beginning is still not its own."""
    copied = [meta(5, session="codex-2", forked_from_id="codex-1"), turn(5), tokens(4, FIRST, FIRST)]
    copied += [tokens(5.001, BOTH, SECOND), rollout(5.002, "event_msg", type="user_message", message=SECRET)]
    told = read_lines(tmp_path, *copied, tokens(6, (4500, 1000, 550), FIRST))
    assert {GPT: (1, 750, 250, None, 125)} == requests(told)
    assert {None} == {row.counters.prompts for row in told.facts}


def test_what_codex_does_not_write_down_is_unknown(tmp_path: Path) -> None:
    """Compactions may have been asked for, retries and cache writes are not told: none of it is a zero (P12)."""
    told = whole(
        read_lines(tmp_path, meta(), turn(0), tokens(1, FIRST, FIRST), rollout(2, "compacted", message=SECRET))
    )
    assert (None, None, None, None) == (told.compactions, told.retries_exhausted, told.cold_restarts, told.cache_breaks)


def test_nothing_but_counters_is_kept(tmp_path: Path) -> None:
    """No text, path, argument or id of the files is in what comes out (P13)."""
    told = str([asdict(row) for row in read_lines(tmp_path, meta(), turn(0), *command(1, 1, SECRET)).facts])
    assert not {word for word in (SECRET, "codex-1", "call_1", "shell", str(tmp_path)) if word in told}


def read_lines(folder: Path, *lines: Json | str) -> Reading:
    write(folder / "2026" / "03" / "02" / "rollout-1.jsonl", lines)
    return read([folder], subject="a@x.example")


def requests(told: Reading) -> dict[str, tuple[int | None, ...]]:
    """Requests and the four kinds of tokens by model."""
    sums: dict[str, Counters] = defaultdict(Counters)
    for row in told.facts:
        if row.counters.requests is not None:
            sums[row.model] = sums[row.model].plus(row.counters)
    return {
        model: (one.requests, one.input_tokens, one.cache_read_tokens, one.cache_write_tokens, one.output_tokens)
        for model, one in sums.items()
    }


def whole(told: Reading) -> SessionCounters:
    [happened] = [row.happened for row in told.facts if row.happened != SessionCounters()]
    return happened
