"""Everything that was shown to anybody: who saw what, where and when. Tests count and search it.

A line is written and flushed before the bot hears that its call was accepted, so a message that the bot believes lost
but that a person saw is in here, and a message that was accepted twice is in here twice.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Shown:
    """One thing shown to one member.

    `surface` is one of dm, ephemeral, in_channel, home, modal, file, update, delete, banner.
    """

    number: int
    at: str
    to: str
    surface: str
    method: str
    channel: str | None
    ts: str | None
    text: str
    blocks: list[Json]
    metadata: Json | None = None

    def words(self) -> str:
        """Every string a reader could meet in it, one a line: the text and all text and values inside the blocks."""
        return "\n".join([self.text, *_strings(self.blocks), *_strings(self.metadata)])


class Journal:
    """An append-only list, mirrored to a file of JSON lines when it has a path. Safe for many threads."""

    def __init__(self, path: Path | None = None) -> None:
        self._entries: list[Shown] = []
        self._lock = threading.Lock()
        self._file: IO[str] | None = path.open("a", encoding="utf-8") if path else None

    def write(
        self,
        *,
        at: datetime,
        to: str,
        surface: str,
        method: str,
        text: str,
        blocks: list[Json] | None = None,
        channel: str | None = None,
        ts: str | None = None,
        metadata: Json | None = None,
    ) -> None:
        """Add one entry; it is on its way to the disk when this returns."""
        with self._lock:
            number = len(self._entries) + 1
            shown = Shown(number, at.isoformat(), to, surface, method, channel, ts, text, blocks or [], metadata)
            self._entries.append(shown)
            if self._file:
                self._file.write(json.dumps(asdict(shown)) + "\n")
                self._file.flush()

    def entries(self) -> list[Shown]:
        with self._lock:
            return list(self._entries)

    def to(self, user_id: str) -> list[Shown]:
        """What this member was shown, in order."""
        return [shown for shown in self.entries() if shown.to == user_id]

    def messages(self, user_id: str | None = None) -> list[Shown]:
        """The direct messages that the app posted, to one member or to all."""
        return [shown for shown in self.entries() if shown.surface == "dm" and user_id in (None, shown.to)]

    def close(self) -> None:
        with self._lock:
            if self._file:
                self._file.close()
                self._file = None


def read(path: Path) -> list[Shown]:
    """The journal that another process wrote; a last line that was cut off by a kill is left out."""
    whole = path.read_text(encoding="utf-8").split("\n")[:-1]
    return [Shown(**json.loads(line)) for line in whole]


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
