"""Session files of Codex: `~/.codex/sessions/YYYY/MM/DD/rollout-<time>-<id>.jsonl`.

Each line has a time, a type and a payload. `token_count` events tell the last request and the running total of the
session; the same one may be told again, which the total shows. Input includes what came from the cache, and is taken
apart. A fork and a helper begin with a copy of their parent, written in the moment in which they begin: it is known by
its times and by its token counts, and left out.
docs/sources/session-files.md says what was checked on real files and what was not.
Called by `bot/sources/session_files/reading.py`. Next: `bot/domain/sessions.py`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from bot.domain.sessions import EventKind, SessionEvent
from bot.domain.usage import ANY_MODEL, Counters
from bot.sources.session_files.lines import (
    BrokenLineError,
    Line,
    Sessions,
    call_key,
    count,
    lines_of,
    long_context,
    moment,
    record,
    text,
)

TOOL = "codex"
SHOWN = frozenset({EventKind.REQUEST, EventKind.TOOL_RESULT, EventKind.PROMPT})
"""A compaction is written down, but not whether somebody asked for it; approvals and retries are not."""
LINE_TYPES = frozenset({"session_meta", "turn_context", "response_item", "event_msg", "compacted"})
_USAGE = ("input_tokens", "cached_input_tokens", "cache_write_input_tokens", "output_tokens")
_CALLS = ("function_call", "custom_tool_call", "local_shell_call")
_RESULTS = ("function_call_output", "custom_tool_call_output", "local_shell_call_output")
_EXIT_CODE = re.compile(r"(?:Exit code:|Process exited with code) (-?\d+)")
_NEAR_THE_TOP = 400
"""Where in a command's output its exit code is told; what the command printed comes after."""

_COPIED_WITHIN = timedelta(seconds=1)
"""How long after its own beginning a file's lines can only be copied: no model answers that fast."""

Usage = tuple[int | None, ...]


@dataclass
class _File:
    """What has to be remembered while one file is read."""

    session_id: str
    aside: bool = False
    copied_until: datetime | None = None
    """Set for a fork and a helper: what is told before it is their parent's."""
    is_known: bool = False
    model: str | None = None
    effort: str | None = None
    totals: Usage | None = None
    events: list[SessionEvent] = field(default_factory=list)
    begins: int = 0
    """Events before this one are a copy of the parent's."""
    told: list[tuple[Usage | None, Usage]] = field(default_factory=list)


class CodexFiles:
    """Reads files of one person, one after the other; parents must come before their forks."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._told: set[tuple[Usage | None, Usage]] = set()
        self._tool_calls: dict[str, str] = {}
        self._seen: set[str] = set()

    def read(self, path: Path) -> None:
        """Take the counters of one file."""
        file = _File(session_id=path.stem)
        for line in lines_of(path, self._sessions):
            try:
                self._take(file, line)
            except BrokenLineError:
                self._sessions.broken_lines += 1
        self._told.update(file.told)
        own = (event for event in file.events[file.begins :] if not file.copied_until or event.at >= file.copied_until)
        self._sessions.of(file.session_id, TOOL, SHOWN).events.extend(own)

    def finish(self) -> None:
        """Nothing waits for another file."""

    def _take(self, file: _File, line: Line) -> None:
        payload = record(line, "payload")
        match line.get("type"), payload.get("type"):
            case "session_meta", _:
                _meta(file, line, payload)
            case "turn_context", _:
                file.model = text(payload, "model") or file.model
                file.effort = text(payload, "effort") or file.effort
            case "event_msg", "token_count":
                self._token_count(file, line, record(payload, "info"))
            case "event_msg", "user_message" if not file.aside:
                file.events.append(SessionEvent(moment(line), EventKind.PROMPT))
            case "response_item", str(kind) if kind in _CALLS:
                self._call(payload)
            case "response_item", str(kind) if kind in _RESULTS:
                self._result(file, line, payload)
            case "compacted", _:
                file.events.append(SessionEvent(moment(line), EventKind.COMPACTION, aside=file.aside))

    def _token_count(self, file: _File, line: Line, info: Line) -> None:
        total = _usage(record(info, "total_token_usage"))
        last = _usage(record(info, "last_token_usage"))
        before, file.totals = file.totals, total or file.totals
        if total is not None and total == before:
            return  # told again, with new rate limits
        if last is None and total is not None:
            last = _grown(total, before)
        if last is None or not any(last):
            return
        file.told.append((total, last))
        if file.copied_until and (moment(line) < file.copied_until or (total, last) in self._told):
            file.begins = len(file.events)
            return
        model = text(info, "model") or file.model or ANY_MODEL
        file.events.append(
            SessionEvent(
                at=moment(line),
                kind=EventKind.REQUEST,
                model=model,
                tokens=_counters(last),
                setting=f"{model} {file.effort or ''}",
                effort=file.effort,
                aside=file.aside,
            )
        )

    def _call(self, payload: Line) -> None:
        if name := text(payload, "call_id"):
            arguments = payload.get("arguments", payload.get("input", payload.get("action")))
            self._tool_calls.setdefault(name, call_key(payload.get("name"), arguments))

    def _result(self, file: _File, line: Line, payload: Line) -> None:
        name = text(payload, "call_id")
        if name is None or name in self._seen:
            return
        self._seen.add(name)
        file.events.append(
            SessionEvent(
                at=moment(line),
                kind=EventKind.TOOL_RESULT,
                failed=_has_failed(payload.get("output")),
                call_key=self._tool_calls.get(name),
                aside=file.aside,
            )
        )


def _meta(file: _File, line: Line, payload: Line) -> None:
    """The first such line is the file's own; a copied parent's comes after it."""
    if file.is_known:
        return
    file.is_known = True
    source = payload.get("source")
    spawned = record(record(record(payload, "source"), "subagent"), "thread_spawn")
    copied = text(payload, "forked_from_id")
    parent = text(payload, "parent_thread_id") or text(spawned, "parent_thread_id")
    file.aside = isinstance(source, dict) or payload.get("thread_source") == "subagent"
    own = text(payload, "id") or file.session_id
    file.session_id = text(payload, "session_id") or (parent or copied or own if file.aside else own)
    if copied is not None or parent is not None:
        file.copied_until = moment(line) + _COPIED_WITHIN


def _usage(fields: Line) -> Usage | None:
    return tuple(count(fields, name) for name in _USAGE) if fields else None


def _grown(total: Usage, before: Usage | None) -> Usage:
    """What a running total grew by; a total that fell began anew."""
    if before is None or any((now or 0) < (then or 0) for now, then in zip(total, before, strict=True)):
        return total
    return tuple(None if now is None else now - (then or 0) for now, then in zip(total, before, strict=True))


def _counters(usage: Usage) -> Counters:
    """Four disjoint kinds: input is told with what came from the cache, output with what was thought."""
    given, read, written, output = usage
    uncached = None if given is None else max(0, given - (read or 0) - (written or 0))
    tokens = Counters(input_tokens=uncached, cache_read_tokens=read, cache_write_tokens=written, output_tokens=output)
    return Counters(**{**vars(tokens), "long_context_requests": long_context(tokens)})


def _has_failed(output: object) -> bool:
    """Whether a tool's output tells an exit code other than 0, or that it was no success."""
    if isinstance(output, dict):
        return output.get("success") is False
    if not isinstance(output, str):
        return False
    if output.startswith("{"):
        try:
            told = json.loads(output)
        except ValueError:
            return False
        code = record(told, "metadata").get("exit_code") if isinstance(told, dict) else None
        return code not in (None, 0)
    found = _EXIT_CODE.search(output[:_NEAR_THE_TOP])
    return found is not None and found.group(1) != "0"
