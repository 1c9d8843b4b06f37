"""Session files of Claude Code: `~/.claude/projects/<project>/<session>.jsonl`, helpers in `<session>/subagents/`.

What bites, and what is done about it (docs/sources/session-files.md says what was checked on real files):
- One answer stands on several lines, each with its usage so far: it counts once, each figure at its largest, at the
  time of its first line.
- A session that is resumed, forked or sent to the background is copied into a new file with the same message ids, and a
  side question repeats its parent's answers under other request ids: the message id decides, the file read first keeps.
- Helpers (sub-agents) stand on `progress` lines inside their session, or in files of their own.
- `<synthetic>` is what the program itself said, and no model; as an error message it is a request that failed.
Called by `bot/sources/session_files/reading.py`. Next: `bot/domain/sessions.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.domain.sessions import EventKind, SessionEvent
from bot.domain.usage import ANY_MODEL, Counters
from bot.sources.session_files.lines import (
    BrokenLineError,
    Line,
    Session,
    Sessions,
    call_key,
    count,
    lines_of,
    long_context,
    moment,
    record,
    text,
)

TOOL = "claude_code"
SHOWN = frozenset(EventKind) - {EventKind.DECISION}
"""Who approved an edit is not written down, so accepting is unknown; a refusal is recognised and not called a failure.
"""
_SYNTHETIC = "<synthetic>"
_USUAL_SPEED = "standard"
_NOT_A_PROMPT = ("<command-", "<local-command", "<bash-", "<system-reminder", "<task-", "[Request interrupted")
"""How text begins that the program put where a prompt would stand."""
_TURNED_DOWN = ("The user doesn't want", "User rejected", "[Request interrupted")
_TOKENS = {
    "input_tokens": "input_tokens",
    "cache_read_tokens": "cache_read_input_tokens",
    "cache_write_tokens": "cache_creation_input_tokens",
    "output_tokens": "output_tokens",
}


@dataclass
class _Call:
    """One answer of a model while more of its lines may follow."""

    session: Session
    at: datetime
    model: str
    setting: str
    usage: dict[str, int | None]
    fast: bool | None
    aside: bool


class ClaudeCodeFiles:
    """Reads files of one person, one after the other, and remembers what it has seen over all of them."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._calls: dict[str, _Call] = {}
        self._tool_calls: dict[str, str] = {}
        self._seen: set[str] = set()

    def read(self, path: Path) -> None:
        """Take the counters of one file."""
        for line in lines_of(path, self._sessions):
            try:
                self._take(line, path)
            except BrokenLineError:
                self._sessions.broken_lines += 1

    def finish(self) -> None:
        """Put the answers into their sessions, now that no more of their lines can follow."""
        for call in self._calls.values():
            tokens = Counters(**call.usage, fast_requests=None if call.fast is None else int(call.fast))
            call.session.events.append(
                SessionEvent(
                    at=call.at,
                    kind=EventKind.REQUEST,
                    model=call.model,
                    tokens=Counters(**{**vars(tokens), "long_context_requests": long_context(tokens)}),
                    setting=call.setting,
                    aside=call.aside,
                )
            )
        self._calls.clear()

    def _take(self, line: Line, path: Path) -> None:
        match line.get("type"):
            case "assistant":
                self._answer(line, line, path)
            case "progress":
                told = record(record(line, "data"), "message")
                if told.get("type") == "assistant":
                    self._answer(line, told, path, aside=True)
            case "user":
                self._from_user(line, path)
            case "system":
                self._from_system(line, path)
            case None if "usage" in record(line, "message"):  # files of early versions have no type
                self._answer(line, line, path)

    def _session(self, line: Line, path: Path) -> Session:
        return self._sessions.of(text(line, "sessionId") or path.stem, TOOL, SHOWN)

    def _answer(self, line: Line, told: Line, path: Path, *, aside: bool = False) -> None:
        message = record(told, "message")
        for block in _blocks(message):
            if block.get("type") == "tool_use" and (name := text(block, "id")):
                arguments = {key: value for key, value in block.items() if key not in ("id", "type", "name")}
                self._tool_calls.setdefault(name, call_key(block.get("name"), arguments))
        model = text(message, "model") or ANY_MODEL
        if model == _SYNTHETIC:
            self._synthetic(line, path)
            return
        key = text(message, "id") or text(told, "requestId") or text(told, "uuid")
        if key is None or not record(message, "usage"):
            raise BrokenLineError("usage")
        self._count(key, line, told, path, model=model, aside=aside or line.get("isSidechain") is True)

    def _count(self, key: str, line: Line, told: Line, path: Path, *, model: str, aside: bool) -> None:
        usage = record(record(told, "message"), "usage")
        figures = {ours: count(usage, theirs) for ours, theirs in _TOKENS.items()}
        at = moment(told if "timestamp" in told else line)
        known = self._calls.get(key)
        if known is not None:
            known.at = min(known.at, at)
            known.usage = {name: _larger(known.usage[name], figures[name]) for name in figures}
            known.aside = known.aside and aside  # a side question may have been read before what it repeats
            return
        speed = text(usage, "speed")
        self._calls[key] = _Call(
            session=self._session(line, path),
            at=at,
            model=model,
            setting=f"{model} {speed or _USUAL_SPEED}",
            usage=figures,
            fast=None if speed is None else speed == "fast",
            aside=aside,
        )

    def _synthetic(self, line: Line, path: Path) -> None:
        if line.get("isApiErrorMessage") is True and self._is_new(line):
            self._session(line, path).events.append(SessionEvent(moment(line), EventKind.REQUEST, failed=True))

    def _from_user(self, line: Line, path: Path) -> None:
        aside = line.get("isSidechain") is True
        results = [block for block in _blocks(record(line, "message")) if block.get("type") == "tool_result"]
        for block in results:
            self._tool_result(block, line, path, aside=aside)
        if not results and not aside and _is_prompt(line) and self._is_new(line):
            self._session(line, path).events.append(SessionEvent(moment(line), EventKind.PROMPT))

    def _tool_result(self, block: Line, line: Line, path: Path, *, aside: bool) -> None:
        name = text(block, "tool_use_id")
        if name is None or name in self._seen or _was_turned_down(block, line):
            return
        self._seen.add(name)
        result = SessionEvent(
            at=moment(line),
            kind=EventKind.TOOL_RESULT,
            failed=block.get("is_error") is True,
            call_key=self._tool_calls.get(name),
            aside=aside,
        )
        self._session(line, path).events.append(result)

    def _from_system(self, line: Line, path: Path) -> None:
        subtype = line.get("subtype")
        if subtype not in ("compact_boundary", "api_error") or not self._is_new(line):
            return
        events = self._session(line, path).events
        if subtype == "compact_boundary":
            told = record(line, "compactMetadata")
            automatic, before = told.get("trigger") == "auto", count(told, "preTokens")
            events.append(SessionEvent(moment(line), EventKind.COMPACTION, automatic=automatic, before_tokens=before))
            return
        attempt, most = count(line, "retryAttempt"), count(line, "maxRetries")
        if attempt is not None and most is not None and attempt >= most:
            events.append(SessionEvent(moment(line), EventKind.RETRIES_EXHAUSTED))

    def _is_new(self, line: Line) -> bool:
        """False for a line that a copy of the session repeats."""
        name = text(line, "uuid")
        if name is None:
            return True
        is_new = name not in self._seen
        self._seen.add(name)
        return is_new


def _blocks(message: Line) -> Iterator[Line]:
    content = message.get("content")
    if isinstance(content, list):
        yield from (block for block in content if isinstance(block, dict))


def _is_prompt(line: Line) -> bool:
    """Whether a person wrote it. Commands such as /clear, summaries and what the program added are not counted."""
    if line.get("isMeta") is True or line.get("isCompactSummary") is True:
        return False
    content = record(line, "message").get("content")
    if isinstance(content, str):
        return not content.lstrip().startswith(_NOT_A_PROMPT)
    words = [block.get("text", "") for block in _blocks(record(line, "message")) if block.get("type") == "text"]
    return bool(words) and not any(isinstance(said, str) and said.lstrip().startswith(_NOT_A_PROMPT) for said in words)


def _was_turned_down(block: Line, line: Line) -> bool:
    """A call that the person refused did not fail."""
    said = (block.get("content"), line.get("toolUseResult"))
    return any(isinstance(words, str) and words.removeprefix("Error: ").startswith(_TURNED_DOWN) for words in said)


def _larger(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else max(one, other)
