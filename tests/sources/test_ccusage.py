"""Files of ccusage: every shape it writes, and none of the project names in it."""

from __future__ import annotations

import gzip
import json
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.domain.usage import Counters, UsageRow
from bot.errors import InputError
from bot.sources.files.ccusage import open_ccusage
from bot.store.database import Store
from jobs.import_files import import_file
from jobs.import_report import ImportReport, Kind
from tests.files import NOW, FlatPrice, bring_in, everything, rows, write

ADA = "ada.moreau@lantern.example"
DAY = date(2026, 2, 10)
TOKENS = {"inputTokens": 1250, "outputTokens": 310, "cacheCreationTokens": 4000, "cacheReadTokens": 48200}
COUNTED = Counters(
    input_tokens=1250, output_tokens=310, cache_write_tokens=4000, cache_read_tokens=48200, cost_microusd=20_420
)
CLAUDE = {"modelName": "claude-sonnet-5-5", **TOKENS, "cost": 0.02042}
GPT = {"modelName": "gpt-6.1-sol", "inputTokens": 4000, "outputTokens": 900, "cacheReadTokens": 48000, "cost": 0.0218}
PLAIN = {
    "date": "2026-02-10",
    **TOKENS,
    "totalTokens": 53760,
    "totalCost": 0.02042,
    "modelsUsed": ["claude-sonnet-5-5"],
}
CODEX = {
    "date": "2026-02-10",
    "inputTokens": 4000,
    "cacheReadTokens": 48000,
    "cacheCreationTokens": 0,
    "outputTokens": 900,
    "reasoningOutputTokens": 400,
    "costUSD": 0.0218,
}
SOL = {
    "inputTokens": 4000,
    "cacheReadTokens": 48000,
    "cacheCreationTokens": 0,
    "outputTokens": 900,
    "isFallback": False,
}
SOL_COUNTED = Counters(
    input_tokens=4000, cache_read_tokens=48000, cache_write_tokens=0, output_tokens=900, cost_microusd=21_800
)
SECRET = "/home/ada/acquisition-of-lantern"


def days(folder: Path, found: object, *, zone: str | None = None, name: str = "ccusage.json") -> list[UsageRow]:
    """What an import would keep of it."""
    with open_ccusage(write(folder, json.dumps(found), name), ADA) as file:
        zones = {ADA: zone} if zone else {}
        return [day for part in file.parts() for day in part.usage_days(zones, FlatPrice())]


def row(tool: str, model: str, counters: Counters, priced: str | None = "reported", day: date = DAY) -> UsageRow:
    return UsageRow(ADA, day, tool, model, counters, priced)


def in_daily(**changed: Any) -> dict[str, Any]:
    return {"daily": [{**PLAIN, "modelBreakdowns": [CLAUDE], **changed}], "totals": {}}


AGENTS = {
    "period": "2026-02-10",
    "agent": "all",
    "metadata": {"agents": ["claude", "codex"]},
    "modelBreakdowns": [CLAUDE, GPT],
}
GPT_COUNTED = Counters(input_tokens=4000, output_tokens=900, cache_read_tokens=48000, cost_microusd=21_800)
SESSION = {
    **PLAIN,
    "sessionId": "s-1",
    "projectPath": SECRET,
    "firstActivity": "2026-02-10",
    "lastActivity": "2026-02-10",
}
BLOCK = {
    "startTime": "2026-02-10T23:00:00.000Z",
    "isGap": False,
    "tokenCounts": {
        "inputTokens": 1250,
        "outputTokens": 310,
        "cacheCreationInputTokens": 4000,
        "cacheReadInputTokens": 48200,
    },
    "costUSD": 0.02042,
    "models": ["claude-sonnet-5-5"],
}
SONNET = [row("claude_code", "claude-sonnet-5-5", COUNTED)]
SOL_DAY = [row("codex", "gpt-6.1-sol", SOL_COUNTED)]
OLD = {"date": "2026-02-10", **TOKENS, "models": ["claude-sonnet-5-5"], "costUSD": 0.02042}
ONE_AGENT = {**AGENTS, "metadata": {"agents": ["amp"]}, "modelBreakdowns": [CLAUDE]}
IN_PROJECT = {**PLAIN, "project": SECRET, "modelBreakdowns": [CLAUDE]}
SHAPES: list[tuple[str, dict[str, Any], list[UsageRow]]] = [
    ("claude daily", in_daily(), SONNET),
    ("all agents", {"daily": [AGENTS]}, [*SONNET, row("codex", "gpt-6.1-sol", GPT_COUNTED)]),
    ("one agent", {"daily": [ONE_AGENT]}, [row("amp", "claude-sonnet-5-5", COUNTED)]),
    ("codex daily", {"daily": [{**CODEX, "models": {"gpt-6.1-sol": SOL}}]}, SOL_DAY),
    ("projects", {"projects": {SECRET: [IN_PROJECT]}}, SONNET),
    ("old shape", {"type": "daily", "data": [OLD], "summary": {}}, SONNET),
    ("sessions", {"sessions": [SESSION]}, [*SONNET, row("claude_code", "*", Counters(sessions=1), None)]),
    ("blocks", {"blocks": [{"isGap": True, "startTime": "x"}, BLOCK]}, SONNET),
    ("no split", in_daily(modelBreakdowns=[], modelsUsed=["a", "b"]), [row("claude_code", "*", COUNTED)]),
    ("nothing", {"daily": [], "totals": None}, []),
]


@pytest.mark.parametrize(("found", "expected"), [shape[1:] for shape in SHAPES], ids=[shape[0] for shape in SHAPES])
def test_every_shape_gives_the_same_usage_days(tmp_path: Path, found: dict[str, Any], expected: list[UsageRow]) -> None:
    """Tokens in four disjoint kinds, dollars to the micro-dollar, the tool that the agent is, and no project."""
    kept = days(tmp_path, found)
    assert expected == kept
    assert SECRET not in repr(kept)


def test_several_codex_models_are_priced_each_and_the_day_s_dollars_not_twice(tmp_path: Path) -> None:
    """Only the day's sum has a cost there: no model gets it, and each is estimated from its own tokens (P6)."""
    kept = days(
        tmp_path, {"daily": [{**CODEX, "models": {"gpt-a": {"inputTokens": 30}, "gpt-b": {"inputTokens": 12}}}]}
    )
    assert [
        row("codex", "gpt-a", Counters(input_tokens=30, cost_microusd=30), "estimated"),
        row("codex", "gpt-b", Counters(input_tokens=12, cost_microusd=12), "estimated"),
    ] == kept


def test_a_fast_model_loses_its_ending_and_a_synthetic_one_its_cost(tmp_path: Path) -> None:
    """How many of the requests were fast is not told; what no model made has no price."""
    parts = [{**CLAUDE, "modelName": "claude-opus-5-5-fast"}, {"modelName": "<synthetic>", "inputTokens": 3, "cost": 9}]
    kept = days(tmp_path, in_daily(modelBreakdowns=parts))
    assert [
        row("claude_code", "claude-opus-5-5", COUNTED),
        row("claude_code", "*", Counters(input_tokens=3), None),
    ] == kept


def test_without_costs_the_list_prices_fill_in(tmp_path: Path) -> None:
    """`--no-cost` leaves the keys out; the tokens are priced as everywhere."""
    part = {name: value for name, value in CLAUDE.items() if name != "cost"}
    [kept] = days(tmp_path, in_daily(modelBreakdowns=[part]))
    assert ("estimated", 1250) == (kept.priced, kept.counters.cost_microusd)


def test_a_block_lies_on_the_day_on_which_it_begins_where_the_person_is(tmp_path: Path) -> None:
    """23:00 UTC is the next day in Berlin."""
    [kept] = days(tmp_path, {"blocks": [BLOCK]}, zone="Europe/Berlin")
    assert date(2026, 2, 11) == kept.day


REFUSED: list[tuple[object, str]] = [
    ({"monthly": [{"month": "2026-02"}]}, "weeks or months"),
    ({"type": "weekly", "data": []}, "weeks or months"),
    ({"weekly": []}, "weeks or months"),
    ({"sessions": [{**SESSION, "firstActivity": "2026-02-09"}]}, "entry 1, column firstActivity"),
    ({"daily": [{**AGENTS, "metadata": {"agents": ["claude", "amp"]}}]}, "entry 1, column metadata"),
    (in_daily(date="10/02/2026"), "entry 1, column date: '10/02/2026'"),
    (in_daily(date=None), "column date: it is blank"),
    (in_daily(modelBreakdowns=[{**CLAUDE, "inputTokens": -1}]), "column inputTokens: '-1'"),
    (in_daily(modelBreakdowns=[{**CLAUDE, "inputTokens": 1.5}]), "column inputTokens: '1.5'"),
    (in_daily(modelBreakdowns=[{**CLAUDE, "inputTokens": "many"}]), "column inputTokens: it is not a number"),
    (in_daily(modelBreakdowns=[{**CLAUDE, "cost": -0.5}]), "column cost"),
    (in_daily(modelBreakdowns=[{**CLAUDE, "modelName": 4}]), "column modelName: it is not a text"),
    (in_daily(modelBreakdowns=["x"]), "column modelBreakdowns: it is not an object"),
    ({"blocks": [{**BLOCK, "startTime": "2026-02-10"}]}, "column startTime"),
    ({"blocks": [{**BLOCK, "tokenCounts": None}]}, "column tokenCounts"),
    ({"projects": {SECRET: {}}}, "another program"),
    ({"daily": {}}, "another program"),
    ({"daily": [3]}, "entry 1"),
    ([1], "another program"),
    ({"users": []}, "another program"),
]


@pytest.mark.parametrize(("found", "words"), REFUSED)
def test_what_cannot_be_told_by_day_is_refused_in_one_sentence(tmp_path: Path, found: object, words: str) -> None:
    """The sentence names the file and the place, never a project, and what to ask for instead."""
    with pytest.raises(InputError) as refused:
        days(tmp_path, found)
    said = str(refused.value)
    assert said.startswith("ccusage.json")
    assert words in said
    assert SECRET not in said
    assert not re.search(r"[.!?] [A-Z]|\n", said)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"daily": [NaN]}', b"[" * 100_000])
def test_what_is_not_json_is_refused(tmp_path: Path, content: bytes) -> None:
    """Cut off, in another encoding, or nested without end."""
    (tmp_path / "file.json").write_bytes(content)
    with pytest.raises(InputError, match=r"^file\.json"), open_ccusage(tmp_path / "file.json", ADA):
        pytest.fail("it was taken")


def brought(
    store: Store, path: Path, email: str | None, through: date | None = None, now: datetime = NOW
) -> ImportReport:
    return import_file(
        store, kind=Kind.USAGE, path=path, now=now, complete_through=through, prices=FlatPrice(), email=email
    )


def test_an_import_belongs_to_the_person_named_and_keeps_no_project(sqlite_store: Store, tmp_path: Path) -> None:
    """Imported twice it changes nothing; packed it is the same; names of projects and sessions are nowhere."""
    bring_in(sqlite_store, Kind.PEOPLE, write(tmp_path, f"email,timezone\n{ADA},Europe/Paris\n"))
    path = write(tmp_path, json.dumps({"sessions": [SESSION]}), "mine.json")
    assert (2, 0) == ((report := brought(sqlite_store, path, ADA.upper())).added, report.unmapped)
    before = everything(sqlite_store)
    (tmp_path / "mine.json.gz").write_bytes(gzip.compress(path.read_bytes()))
    assert (0, 0, 2) == (
        (again := brought(sqlite_store, tmp_path / "mine.json.gz", ADA)).added,
        again.changed,
        again.unchanged,
    )
    assert before == everything(sqlite_store)
    assert "acquisition" not in repr(before)
    assert "s-1" not in repr(before)
    assert [("*", 1), ("claude-sonnet-5-5", None)] == rows(sqlite_store, "usage_day", "model", "sessions")


@pytest.mark.parametrize(
    ("name", "email", "through", "words"),
    [
        ("mine.json", None, None, "add --email"),
        ("mine.json", "ada", None, "--email needs the address"),
        ("mine.json", ADA, DAY, "cannot be complete"),
        ("mine.csv", ADA, None, "leave --email out"),
    ],
)
def test_whose_it_is_must_be_said_where_the_file_does_not_and_only_there(
    sqlite_store: Store, tmp_path: Path, *, name: str, email: str | None, through: date | None, words: str
) -> None:
    """And one machine's file never proves that somebody used nothing (P12)."""
    path = write(tmp_path, json.dumps(in_daily()), name)
    with pytest.raises(InputError, match=words):
        brought(sqlite_store, path, email, through)
    assert [] == everything(sqlite_store)["usage_day"]
    assert [] == everything(sqlite_store)["coverage"]
