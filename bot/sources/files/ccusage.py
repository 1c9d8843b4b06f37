"""Reads what the `ccusage` program writes with `--json`: one machine's use of coding agents, day by day.

Called by `jobs/import_usage.py`, which says whose machine it was: the file does not. Tokens come in the four disjoint
kinds already. Names of projects, paths and ids of sessions are not kept (P13).
Next: `bot/sources/files/usage_columns.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from bot.domain.usage import ANY_MODEL, Counters
from bot.errors import InputError
from bot.sources.files.cells import Row
from bot.sources.files.table import Lines, open_stream
from bot.sources.files.usage_columns import UsageFile
from bot.sources.files.usage_rows import LaidRow, RowsPart

_AGENTS = {"claude": "claude_code", "codex": "codex", "gemini": "gemini_cli"}
_MODELS = {"claude": ("claude",), "codex": ("gpt", "codex", "o1", "o3", "o4"), "gemini": ("gemini",)}
"""How the models of an agent's own vendor begin: tells the agents apart on a day that holds several of them."""
_TOKENS = {
    "inputTokens": "input_tokens",
    "outputTokens": "output_tokens",
    "cacheCreationTokens": "cache_write_tokens",
    "cacheCreationInputTokens": "cache_write_tokens",
    "cacheReadTokens": "cache_read_tokens",
    "cacheReadInputTokens": "cache_read_tokens",
}
_COSTS = ("totalCost", "costUSD", "cost")
_SYNTHETIC = "<synthetic>"
_FAST = "-fast"
_ASK = "ask for `ccusage claude daily --json`"


@contextmanager
def open_ccusage(path: Path, email: str) -> Iterator[UsageFile]:
    """The use in `path`, all of it by the person with this address. InputError when it is another kind of file."""
    subject = _whose(email)
    entries = list(_entries(path.name, _document(path)))
    rows = tuple(row for entry in entries for row in entry.rows(subject))
    is_events = any(row.at is not None for row in rows)
    part = RowsPart(rows)
    yield UsageFile(path.name, (), len(entries), is_events, lambda: iter((part,) if rows else ()), proves_silence=False)


def _whose(email: str) -> str:
    try:
        return Row("", 0, {"email": email.strip()}).needed_email("email")
    except InputError:
        raise InputError("--email needs the address of one person, such as ada.moreau@lantern.example.") from None


@dataclass(frozen=True)
class _Entry:
    """One row of the file: a day, a session within a day, or a block of five hours."""

    cell: _Cells
    day: date | None
    at: datetime | None
    is_session: bool = False

    def rows(self, subject: str) -> Iterator[LaidRow]:
        """One row for each model of it; what is not told by model stands under no model."""
        models = list(self._by_model())
        tools = {model: self._tool(model) for model, _counters in models} or {ANY_MODEL: self._tool(ANY_MODEL)}
        for model, counters in models:
            yield LaidRow(self.cell.number, subject, self.day, self.at, tools[model], model, counters)
        if self.is_session:
            [tool] = {*tools.values()}
            yield LaidRow(self.cell.number, subject, self.day, self.at, tool, ANY_MODEL, Counters(sessions=1))

    def _by_model(self) -> Iterator[tuple[str, Counters]]:
        told = self.cell.parts("modelBreakdowns")
        if told:
            yield from (_model(part.text("modelName"), part.counters()) for part in told)
            return
        named = self.cell.named("models")
        if len(named) > 1:
            # Only the day's sum has a cost: each model is priced by its own tokens instead, and no dollar comes twice.
            yield from (_model(name, part.counters()) for name, part in named.items())
            return
        models = [*named] or self.cell.texts("models") or self.cell.texts("modelsUsed")
        used = [model for model in models if model != _SYNTHETIC]
        yield _model(used[0] if len(used) == 1 else None, self.cell.counters())

    def _tool(self, model: str) -> str:
        agents = self.cell.agents()
        if len(agents) == 1:
            return _AGENTS.get(agents[0], agents[0])
        if not agents:
            return "codex" if self.cell.is_codex() else "claude_code"
        fitting = [agent for agent in agents if model.lower().startswith(_MODELS.get(agent, ()))]
        if model == ANY_MODEL or len(fitting) != 1:
            raise self.cell.refuse("metadata", "it holds several agents whose models do not tell them apart")
        return _AGENTS[fitting[0]]


@dataclass(frozen=True)
class _Cells:
    """One object of the file, and where it stands in it."""

    file: str
    number: int
    found: Mapping[str, Any]

    def text(self, name: str) -> str | None:
        """A text; None when it is not there."""
        value = self.found.get(name)
        if value is not None and (not isinstance(value, str) or "\0" in value):
            raise self.refuse(name, "it is not a text")
        return value.strip() or None if isinstance(value, str) else None

    def texts(self, name: str) -> list[str]:
        values = self.found.get(name)
        return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []

    def parts(self, name: str) -> list[_Cells]:
        values = self.found.get(name)
        return [self.inside(name, value) for value in values] if isinstance(values, list) else []

    def named(self, name: str) -> dict[str, _Cells]:
        values = self.found.get(name)
        return {key: self.inside(name, value) for key, value in values.items()} if isinstance(values, dict) else {}

    def inside(self, name: str, value: Any) -> _Cells:
        if not isinstance(value, dict):
            raise self.refuse(name, "it is not an object")
        return _Cells(self.file, self.number, value)

    def agents(self) -> list[str]:
        metadata = self.found.get("metadata")
        told = metadata.get("agents") if isinstance(metadata, dict) else None
        agent = self.found.get("agent")
        names = told if isinstance(told, list) else [agent] if agent not in (None, "all") else []
        return sorted({name.strip().casefold() for name in names if isinstance(name, str) and name.strip()})

    def is_codex(self) -> bool:
        return "reasoningOutputTokens" in self.found or isinstance(self.found.get("models"), dict)

    def counters(self) -> Counters:
        """Tokens and money. Requests are not counted by this program: None."""
        tokens = {ours: self._count(theirs) for theirs, ours in _TOKENS.items() if theirs in self.found}
        cost = next((name for name in _COSTS if self.found.get(name) is not None), None)
        return Counters(**tokens, cost_microusd=None if cost is None else self._row(cost).dollars(cost))

    def day(self, name: str) -> date:
        text = self.text(name) or ""
        return Row(self.file, self.number, {name: text[:10] if "T" in text else text}, "entry").needed_day(name)

    def moment(self, name: str) -> datetime:
        return Row(self.file, self.number, {name: self.text(name) or ""}, "entry").needed_moment(name)

    def refuse(self, name: str, told: str) -> InputError:
        return InputError(f"{self.file}, entry {self.number}, column {name}: {told}; {_ASK}.")

    def _count(self, name: str) -> int | None:
        return self._row(name).count(name)

    def _row(self, name: str) -> Row:
        value = self.found.get(name)
        if isinstance(value, bool) or not isinstance(value, int | Decimal | None):
            raise self.refuse(name, "it is not a number")
        text = "" if value is None else f"{value:f}" if isinstance(value, Decimal) else str(value)
        return Row(self.file, self.number, {name: text}, "entry")


def _model(name: str | None, counters: Counters) -> tuple[str, Counters]:
    """The model as its vendor calls it. How many requests were fast ones is not told, only that some were."""
    if name is None or name == _SYNTHETIC:
        # What no model made has no price, and nothing to put one on.
        bare = Counters(**{ours: getattr(counters, ours) for ours in _TOKENS.values()})
        return ANY_MODEL, bare if name == _SYNTHETIC else counters
    return name.removesuffix(_FAST), counters


def _document(path: Path) -> dict[str, Any]:
    with open_stream(path) as stream:
        text = "".join(Lines(path, stream))
    try:
        found = json.loads(text, parse_float=Decimal)
    except (json.JSONDecodeError, RecursionError, ValueError):
        raise InputError(f"{path.name} is not JSON; {_ASK}.") from None
    if not isinstance(found, dict):
        raise InputError(f"{path.name} is JSON of another program; {_ASK}.")
    return cast("dict[str, Any]", found)


def _entries(file: str, found: Mapping[str, Any]) -> Iterator[_Entry]:
    """The rows of whichever report this is."""
    if found.keys() & {"monthly", "weekly"} or found.get("type") in ("monthly", "weekly"):
        raise InputError(f"{file} has no days, only weeks or months; {_ASK}.")
    if "projects" in found:
        yield from _days(_objects(file, _flat(file, found["projects"])))
    elif "sessions" in found or found.get("type") == "session":
        yield from _sessions(_objects(file, found.get("sessions", found.get("data"))))
    elif "blocks" in found:
        yield from _blocks(_objects(file, found["blocks"]))
    elif "daily" in found or found.get("type") == "daily":
        yield from _days(_objects(file, found.get("daily", found.get("data"))))
    else:
        raise InputError(f"{file} is JSON of another program; {_ASK}.")


def _days(objects: Iterable[_Cells]) -> Iterator[_Entry]:
    for cell in objects:
        yield _Entry(cell, cell.day("period" if "period" in cell.found else "date"), None)


def _sessions(objects: Iterable[_Cells]) -> Iterator[_Entry]:
    for cell in objects:
        day = cell.day("lastActivity")
        if cell.text("firstActivity") is not None and cell.day("firstActivity") != day:
            raise cell.refuse("firstActivity", "the session went on for days, and its tokens are not told by day")
        yield _Entry(cell, day, None, is_session=True)


def _blocks(objects: Iterable[_Cells]) -> Iterator[_Entry]:
    for cell in objects:
        if cell.found.get("isGap") is True:
            continue
        tokens = cell.inside("tokenCounts", cell.found.get("tokenCounts"))
        merged = {**cell.found, **tokens.found}
        yield _Entry(_Cells(cell.file, cell.number, merged), None, cell.moment("startTime"))


def _flat(file: str, projects: Any) -> list[Any]:
    """The days of all projects, without the projects' names."""
    if not isinstance(projects, dict) or not all(isinstance(days, list) for days in projects.values()):
        raise InputError(f"{file} is JSON of another program; {_ASK}.")
    return [day for days in projects.values() for day in days]


def _objects(file: str, found: Any) -> Iterator[_Cells]:
    if not isinstance(found, list):
        raise InputError(f"{file} is JSON of another program; {_ASK}.")
    for number, each in enumerate(found, start=1):
        if not isinstance(each, dict):
            raise InputError(f"{file}, entry {number}: it is not an object; {_ASK}.")
        yield _Cells(file, number, each)
