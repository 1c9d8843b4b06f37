"""Real git repositories for tests, written by one `git fast-import` each: any tree, message, author, clock and merge.

Next: `tests/sources/test_git_history.py`.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

from bot.domain.outcomes import OutcomeRecord
from bot.settings import SourceConfig
from bot.sources import catalogue
from bot.sources.git_history import CONNECTOR

MAIN = "main"
MARKS = "marks"

Content = str | bytes | None
"""What a file holds from this commit on; None: it goes."""


class History:
    """Commits one after the other. Each is made on the one before, unless `onto` names another; `merged` are the
    further parents of a merge. The main line ends at the last commit, unless `write` is told otherwise.
    """

    def __init__(self) -> None:
        self._stream = bytearray()
        self._last = 0

    def commit(
        self,
        files: Mapping[str, Content] | None = None,
        *,
        at: datetime,
        author: str = "Ada <ada@lantern.example>",
        message: str = "Work",
        onto: int | None = None,
        merged: Iterable[int] = (),
        extra: str = "",
    ) -> int:
        """Adds a commit; returns its number. `extra` are further lines for fast-import, such as a rename."""
        parent, self._last = self._last if onto is None else onto, self._last + 1
        when = f"{int(at.timestamp())} +0000"
        self._say(f"commit refs/made/{self._last}\nmark :{self._last}")
        self._say(f"author {author} 1 +0000\ncommitter C <c@lantern.example> {when}")
        self._data(message.encode())
        if parent:
            self._say(f"from :{parent}")
        for other in merged:
            self._say(f"merge :{other}")
        for name, content in (files or {}).items():
            if content is None:
                self._say(f"D {quoted(name)}")
            else:
                self._say(f"M 100644 inline {quoted(name)}")
                self._data(content if isinstance(content, bytes) else content.encode())
        self._say(extra)
        return self._last

    def write(self, folder: Path, *, tip: int | None = None) -> list[str]:
        """Make it a bare repository; returns the hashes of the commits, the place of each is its number."""
        subprocess.run(["git", "init", "--quiet", "--bare", f"--initial-branch={MAIN}", str(folder)], check=True)
        ending = f"reset refs/heads/{MAIN}\nfrom :{tip or self._last}\n\n" if self._last else ""
        command = ["git", "fast-import", "--quiet", "--force", f"--export-marks={folder / MARKS}"]
        subprocess.run(command, cwd=folder, input=bytes(self._stream) + ending.encode(), check=True)
        marks = dict(line.split() for line in (folder / MARKS).read_text(encoding="ascii").splitlines())
        return ["", *(marks[f":{number}"] for number in range(1, self._last + 1))]

    def _say(self, line: str) -> None:
        self._stream += line.encode() + b"\n"

    def _data(self, content: bytes) -> None:
        self._stream += b"data %d\n" % len(content) + content + b"\n"


def quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def git(folder: Path, *arguments: str) -> str:
    """What git itself says, to compare with."""
    command = ["git", "-C", str(folder), *arguments]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return subprocess.run(command, check=True, capture_output=True, env=kept).stdout.decode()


def fetched(folder: Path | str, *, first: date, last: date, now: datetime) -> list[OutcomeRecord]:
    """What the connector says of these days, reached as the product reaches it."""
    source = SourceConfig(kind="git", name="git", base_url=None, api_key=None, path=str(folder))
    with catalogue.open_access(source, now=now, wait=list[float]().append) as access:
        return list(CONNECTOR.fetch_outcomes(access, first=first, last=last))


def at(day: int, hour: int = 12) -> datetime:
    """A moment in the month of the tests."""
    return datetime(2026, 3, day, hour, tzinfo=UTC)
