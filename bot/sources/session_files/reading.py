"""Goes through folders of session files and gives the facts of every session in them: counters, and no content.

A file's format is known by its first lines, so that any folder will do: a home folder, a copy of one, or one folder for
each machine user. Called by `jobs/import_sessions.py`. Next: `bot/domain/sessions.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path

from bot.domain.prices import PriceBook
from bot.domain.read_together import ReadTogether
from bot.domain.sessions import EventKind, SessionEvent, facts
from bot.domain.usage import SessionFacts
from bot.sources.session_files.claude_code import ClaudeCodeFiles
from bot.sources.session_files.codex import LINE_TYPES, CodexFiles
from bot.sources.session_files.lines import Sessions, lines_of

_AGENT_FOLDERS = (".claude", ".codex")
_LINES_LOOKED_AT = 20


@dataclass(frozen=True)
class Reading:
    """What was found. `broken_lines` and `unreadable_files` were left out and everything else was counted."""

    facts: tuple[SessionFacts, ...]
    files: int
    broken_lines: int
    unreadable_files: int


def read(
    folders: Iterable[Path], *, subject: str, not_before: datetime | None = None, prices: PriceBook | None = None
) -> Reading:
    """The sessions in `folders`, all of one person. Files last written before `not_before` are not opened.

    With `prices` it is known what single requests cost that led to nothing; the sums of a session stay without.
    """
    sessions = Sessions()
    claude_code, codex = ClaudeCodeFiles(sessions), CodexFiles(sessions)
    for path in _files(folders, not_before):
        try:
            reader = codex if _is_codex(path) else claude_code
            reader.read(path)
            sessions.files += 1
        except OSError:
            sessions.unreadable_files += 1
    claude_code.finish()
    told = [row for of_session in _facts(sessions, subject, prices) for row in of_session]
    told = [replace(row, counters=replace(row.counters, cost_microusd=None)) for row in told]
    return Reading(tuple(told), sessions.files, sessions.broken_lines, sessions.unreadable_files)


def _facts(sessions: Sessions, subject: str, prices: PriceBook | None) -> Iterator[tuple[SessionFacts, ...]]:
    """What each session was, the earliest first."""
    begun = {key: min(one.at for one in session.events) for key, session in sessions.by_key.items() if session.events}
    together = ReadTogether()
    for key in sorted(begun, key=begun.__getitem__):
        session = sessions.by_key[key]
        progress = together.take(list(_priced(session.events, prices)), session.tool)
        yield facts(progress, session_key=key, subject=subject, tool=session.tool, shown=session.shown)


def machine_users(folder: Path) -> dict[str, Path]:
    """The machine users that `folder` holds a copied home folder of, each with that folder; none when it has none."""
    return {
        home.name: home
        for home in sorted(folder.iterdir())
        if home.is_dir() and any((home / agent).is_dir() for agent in _AGENT_FOLDERS)
    }


def _priced(events: Iterable[SessionEvent], prices: PriceBook | None) -> Iterator[SessionEvent]:
    for event in events:
        if prices is None or event.kind is not EventKind.REQUEST:
            yield event
        else:
            cost = prices.cost_microusd(event.model, event.at.date(), event.tokens)
            yield replace(event, tokens=replace(event.tokens, cost_microusd=cost))


def _files(folders: Iterable[Path], not_before: datetime | None) -> list[Path]:
    """Oldest first, so that a copied session is counted where it began."""
    found: set[Path] = set()
    for folder in folders:
        if folder.is_dir():
            found.update(path for path in folder.rglob("*.jsonl") if path.is_file())
    written = {path: path.stat().st_mtime for path in found}
    earliest = None if not_before is None else not_before.timestamp()
    kept = (path for path in found if earliest is None or written[path] >= earliest)
    return sorted(kept, key=lambda path: (written[path], path.name, str(path)))


def _is_codex(path: Path) -> bool:
    first: Iterator[object] = (line.get("type") for line in islice(lines_of(path, Sessions()), _LINES_LOOKED_AT))
    return any(kind in LINE_TYPES for kind in first)
