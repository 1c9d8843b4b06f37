"""One line of a session file at a time: what is kept of it, and nothing else.

The files hold prompts, answers, code and paths. A line is read, its counters are taken, and it is forgotten (P13); of a
tool's arguments only a hash stays, in memory, so that the same call is known again. Next: `claude_code.py`, `codex.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Any

from bot.domain.context import prompt_tokens
from bot.domain.sessions import EventKind, SessionEvent
from bot.domain.usage import Counters

Line = Mapping[str, Any]

LONG_CONTEXT_TOKENS = 200_000
"""A prompt above it is sold at the price of a long context."""
_SHORTEST_TIME = len("2026-01-01T00:00:00")


class BrokenLineError(ValueError):
    """A line that is not what its format promises. It is counted and left out; what it says is never quoted."""


@dataclass
class Session:
    """One session while its files are read. `shown` are the kinds of events that its tool writes down at all."""

    tool: str
    shown: frozenset[EventKind]
    events: list[SessionEvent] = field(default_factory=list)


@dataclass
class Sessions:
    """All sessions of one reading by the hash of their id, and how much was read."""

    by_key: dict[str, Session] = field(default_factory=dict)
    files: int = 0
    broken_lines: int = 0
    unreadable_files: int = 0

    def of(self, session_id: str, tool: str, shown: frozenset[EventKind]) -> Session:
        """The session with this id, begun if it is new."""
        return self.by_key.setdefault(key_of(session_id), Session(tool, shown))


def key_of(session_id: str) -> str:
    """A session's name with us: the same session read twice, or from a usage file, has the same one."""
    return sha256(session_id.encode()).hexdigest()[:32]


def call_key(name: object, arguments: object) -> str:
    """A tool call in a form that can be compared and not read."""
    return blake2b(json.dumps([name, arguments], sort_keys=True).encode(), digest_size=8).hexdigest()


def lines_of(path: Path, sessions: Sessions) -> Iterator[Line]:
    """The lines of a file, one after the other; those that are no JSON object are counted and skipped."""
    with path.open("rb") as file:
        for raw in file:
            if not raw.strip():
                continue
            try:
                line = json.loads(raw)
            except (ValueError, RecursionError):
                line = None
            if isinstance(line, dict):
                yield line
            else:
                sessions.broken_lines += 1


def moment(line: Line, name: str = "timestamp") -> datetime:
    """When it happened."""
    value = line.get(name)
    if not isinstance(value, str) or len(value) < _SHORTEST_TIME:
        raise BrokenLineError(name)
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        raise BrokenLineError(name) from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def count(fields: Line, name: str) -> int | None:
    """A whole number from 0 up; None when it is not there."""
    value = fields.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BrokenLineError(name)
    return value


def text(fields: Line, name: str) -> str | None:
    """A word such as a model's name; None when there is none."""
    value = fields.get(name)
    return value if isinstance(value, str) and value else None


def record(fields: Line, name: str) -> Line:
    """An object inside; empty when there is none."""
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def long_context(tokens: Counters) -> int:
    """1 for a request whose prompt is sold at the price of a long context."""
    return int((prompt_tokens(tokens) or 0) > LONG_CONTEXT_TOKENS)
