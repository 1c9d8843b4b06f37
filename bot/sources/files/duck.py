"""Opens DuckDB for one import: a database of its own in a private folder, in bounded memory, without the network.

Used by `bot/sources/files/parquet.py` and `bot/sources/files/bulk.py`. DuckDB only reads and adds up what somebody
uploaded; what is kept is written by `bot/store`. Next: `bot/sources/files/bulk.py`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from bot.sources.files.table import unreadable

MEMORY_MB = 384
"""What DuckDB may hold in memory, however large the file; the rest goes to the private folder."""
_MOST_THREADS = 4
DuckError = duckdb.Error


@dataclass(frozen=True)
class Duck:
    """One connection, and the folder that goes away with it."""

    connection: duckdb.DuckDBPyConnection
    folder: Path

    def run(self, sql: str, values: Sequence[Any] = ()) -> None:
        self.connection.execute(sql, list(values))

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql, list(values)).fetchall()

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
    with TemporaryDirectory(prefix="kindling-import-") as name:
        folder = Path(name)
        connection = duckdb.connect(str(folder / "import.duckdb"), config=_config(folder))
        try:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("SET enable_progress_bar = false")
            connection.execute("SET lock_configuration = true")
            yield Duck(connection, folder)
        finally:
            connection.close()


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
