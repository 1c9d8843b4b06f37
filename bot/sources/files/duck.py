"""Opens DuckDB for one import: a database of its own in a private folder, in bounded memory, without the network.

Used by `bot/sources/files/parquet.py` and `bot/sources/files/bulk.py`. DuckDB only reads and adds up what somebody
uploaded; what is kept is written by `bot/store`. Next: `bot/sources/files/bulk.py`.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Any

import duckdb

from bot.errors import KindlingError
from bot.sources.files.table import unreadable

MEMORY_MB = 384
"""What DuckDB may hold in memory, however large the file; the rest goes to the private folder."""
_MOST_THREADS = 4
_PREFIX = "kindling-import-"
_LOCK = "lock"
_YOUNG_S = 60
"""A folder younger than this may not have its lock yet."""
DuckError = duckdb.Error


class DuckFailure(KindlingError):
    """DuckDB gave up: no more room on disk, or a file that it cannot read."""


@dataclass(frozen=True)
class Duck:
    """One connection, and the folder that goes away with it."""

    connection: duckdb.DuckDBPyConnection
    folder: Path

    def run(self, sql: str, values: Sequence[Any] = ()) -> None:
        self.rows(sql, values)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """What comes out of it. DuckFailure when DuckDB cannot; its own words may quote somebody's row (P1)."""
        try:
            return self.connection.execute(sql, list(values)).fetchall()
        except DuckError as error:
            raise DuckFailure(
                f"DuckDB could not add the file up ({type(error).__name__}); nothing was kept, free space on disk."
            ) from None

    def value(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """The first column of the first row."""
        return self.rows(sql, values)[0][0]

    def lay_open(self, path: Path) -> Path:
        """Another name for `path`, in the private folder: in the real one DuckDB might read a pattern or a partition.

        InputError when the file is not there or may not be read.
        """
        try:
            with path.open("rb"):
                link = self.folder / "uploaded"
                link.symlink_to(path.resolve())
        except OSError as error:
            raise unreadable(path, error) from None
        return link


@contextmanager
def open_duck() -> Iterator[Duck]:
    """A fresh database; its folder can be entered by nobody else and is removed at the end."""
    _remove_orphans()
    with TemporaryDirectory(prefix=_PREFIX) as name, (Path(name) / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = Path(name)
        connection = duckdb.connect(str(folder / "import.duckdb"), config=_config(folder))
        try:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("SET enable_progress_bar = false")
            connection.execute("SET lock_configuration = true")
            yield Duck(connection, folder)
        finally:
            connection.close()


def _remove_orphans() -> None:
    """Remove what an import left behind that was killed: people's rows must not lie about in a temporary folder."""
    for folder in Path(gettempdir()).glob(f"{_PREFIX}*"):
        try:
            if time.time() - folder.stat().st_mtime < _YOUNG_S:
                continue
            with (folder / _LOCK).open("r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue  # somebody else's, or gone, or at work: its owner holds the lock


def column(name: str) -> str:
    """A column's name as SQL writes it, whatever stands in it."""
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def literal(text: str) -> str:
    """A text as SQL writes it."""
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def _config(folder: Path) -> dict[str, str | bool | int | float | list[str]]:
    return {
        "memory_limit": f"{MEMORY_MB}MB",
        "threads": min(os.cpu_count() or 1, _MOST_THREADS),
        "temp_directory": str(folder / "spill"),
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_community_extensions": "false",
    }
