"""The real team's own session files, read and imported: every total is what was counted beside the data by other means.

Only totals by model are compared and written down (docs/evidence/real-data.md): no name and no row of the data enters
the repository. Skipped, loudly, where the data are not there.
"""

from __future__ import annotations

import json
import tarfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.domain.usage import ANY_MODEL, SessionFacts
from bot.sources.prices import GenaiPrices
from bot.sources.session_files.reading import machine_users, read
from bot.store.database import Store
from jobs.import_sessions import SOURCE, SessionsReport, import_sessions
from tests.files import NOW, rows
from tests.story import open_data

pytestmark = pytest.mark.skipif(
    not open_data.PRESENT, reason=f"THE OPEN DATA ARE NOT HERE ({open_data.FOLDER}): no real session file was read"
)

TOKENS = ("input_tokens", "output_tokens", "cache_write_tokens", "cache_read_tokens")
NO_MODEL = "<synthetic>"
Totals = dict[str, tuple[int, ...]]
"""Calls and the four kinds of tokens by model."""


@pytest.fixture(scope="module")
def transcripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("open-sessions")
    with tarfile.open(open_data.FOLDER / "entire-cli" / "transcripts_reduced.tar.xz") as packed:
        packed.extractall(folder, filter="data")
    return folder / "transcripts"


@pytest.fixture(scope="module")
def told(transcripts: Path) -> tuple[SessionFacts, ...]:
    """The facts of all sessions, each machine user's read apart."""
    homes = machine_users(transcripts).values()
    readings = [read([home], subject=f"{number}@open.example") for number, home in enumerate(homes)]
    assert (0, 0) == (sum(one.broken_lines for one in readings), sum(one.unreadable_files for one in readings))
    assert fact("transcript_files")[0]["files"] == sum(one.files for one in readings)
    return tuple(row for one in readings for row in one.facts)


def test_calls_and_tokens_are_those_of_the_reference(told: tuple[SessionFacts, ...]) -> None:
    """Main agents and sub-agents together, by model, to the token: counted beside the data in SQL and in Python."""
    assert reference() == by_model((row.model, vars(row.counters)) for row in told)


def test_calls_and_tokens_are_those_of_the_derived_events(told: tuple[SessionFacts, ...]) -> None:
    """The table of single calls that was derived from the same files gives the same totals, day by day."""
    derived: dict[tuple[str, str], tuple[int, ...]] = defaultdict(lambda: (0,) * 5)
    for row in open_data.read_csv("entire-cli/usage_events.csv"):
        if row["model"] != NO_MODEL:
            names = ("input_tokens", "output_tokens", "cache_creation_tokens", "cache_read_tokens")
            key = (row["ts_utc"][:10], row["model"])
            derived[key] = plus(derived[key], (1, *(int(row[name]) for name in names)))
    read_here: dict[tuple[str, str], tuple[int, ...]] = defaultdict(lambda: (0,) * 5)
    for one in told:
        if one.model != ANY_MODEL:
            key = (one.day.isoformat(), one.model)
            read_here[key] = plus(read_here[key], figures(vars(one.counters)))
    assert derived == read_here


def test_what_the_program_said_itself_is_no_call(told: tuple[SessionFacts, ...]) -> None:
    """Of 28 messages of no model one is an error: it is the one failed request, and no other is a request."""
    alone = [row.counters for row in told if row.model == ANY_MODEL]
    failed = sum(one["n"] for one in fact("api_errors"))
    assert (failed, failed) == (
        sum(one.requests or 0 for one in alone),
        sum(one.failed_requests or 0 for one in alone),
    )


def test_tool_results_errors_and_compactions_are_those_of_the_reference(told: tuple[SessionFacts, ...]) -> None:
    """Every tool result and every failed one is found; compactions are the automatic ones among those counted."""
    expected = (
        sum(one["results"] for one in fact("tool_results")),
        sum(one["errors"] or 0 for one in fact("tool_results")),
    )
    happened = [row.happened for row in told]
    calls = (sum(one.tool_calls or 0 for one in happened), sum(one.failed_tool_calls or 0 for one in happened))
    assert expected == calls
    assert 57 == sum(one.compactions or 0 for one in happened) <= sum(one["n"] for one in fact("compactions"))


def test_the_import_keeps_the_same_totals(
    sqlite_store: Store, transcripts: Path, told: tuple[SessionFacts, ...]
) -> None:
    """By machine user, into usage days and session facts: both hold every token, and every session once."""
    report = bring_in(sqlite_store, transcripts)
    sessions = len({row.session_key for row in told})
    asked = {row.session_key for row in told if row.counters.requests}
    assert fact("dedup_without_synthetic")[0]["sessions"] == len(asked) == sessions - 1  # one prompt was never answered
    assert (fact("transcript_files")[0]["files"], sessions) == (report.files, report.sessions)
    assert fact("transcript_files")[0]["machine_users"] == report.unmapped
    for table in ("usage_day", "session_facts"):
        kept = rows(sqlite_store, table, "model", "requests", *TOKENS)
        assert reference() == by_model(
            (model, dict(zip(("requests", *TOKENS), one, strict=True))) for model, *one in kept
        )
    begun = rows(sqlite_store, "usage_day", "source", "sessions")
    assert {SOURCE} == {source for source, _count in begun}
    assert sessions == sum(count or 0 for _source, count in begun)


def test_the_samples_of_another_reader_give_its_figures() -> None:
    """Samples that ccusage's maintainers wrote for their tests: input apart from cache, models by their turn."""
    samples = read([open_data.FOLDER / "payloads" / "ccusage_fixtures" / "fixtures"], subject="a@open.example")
    assert {
        "claude-sonnet-4-20250514": (2, 400, 175, 25, 50),
        "claude-opus-4-20250514": (1, 200, 75, 50, 20),
        "claude-haiku-4-5-20251001": (2, 130, 60, 15, 40),
        "gpt-5.2-codex": (1, 750, 125, 0, 250),
        "gpt-5.3-codex": (1, 2000, 300, 0, 500),
    } == by_model((row.model, vars(row.counters)) for row in samples.facts)
    assert (3, 0) == (samples.files, samples.broken_lines)


def bring_in(store: Store, transcripts: Path) -> SessionsReport:
    return import_sessions(store, folder=transcripts, email=None, now=NOW, prices=GenaiPrices())


def reference() -> Totals:
    """The reference facts: main agents by model, sub-agents by model, what is no model left out."""
    totals: dict[str, tuple[int, ...]] = defaultdict(lambda: (0,) * 5)
    for one in (*fact("by_model"), *fact("subagent_calls")):
        if one["model"] != NO_MODEL:
            figures_told = tuple(one[name] for name in ("n", "inp", "outp", "cc", "cr"))
            totals[one["model"]] = plus(totals[one["model"]], figures_told)
    return dict(totals)


def by_model(told: Iterator[tuple[str, dict[str, Any]]]) -> Totals:
    totals: dict[str, tuple[int, ...]] = defaultdict(lambda: (0,) * 5)
    for model, counters in told:
        if model != ANY_MODEL:
            totals[model] = plus(totals[model], figures(counters))
    return dict(totals)


def figures(counters: dict[str, Any]) -> tuple[int, ...]:
    return tuple(counters[name] or 0 for name in ("requests", *TOKENS))


def plus(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(map(sum, zip(one, other, strict=True)))


def fact(name: str) -> list[dict[str, Any]]:
    """The rows of one reference fact."""
    told = json.loads((open_data.FOLDER / "facts" / "open_entire_cli.json").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = told["facts"][name]["rows"]
    return found
