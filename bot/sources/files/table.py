"""A file as a table; one CSV file is read here, row by row, with precise words for what is wrong with it and where.

Used by the other modules of this folder. UTF-8 with or without a byte-order mark, plain or `.gz`, LF or CRLF, a header
in any order and case. A blank cell is None (nobody said); `0` is a known zero. Next: `bot/sources/files/cells.py`.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Generic, TypeVar, cast

from bot.errors import InputError
from bot.sources.files.cells import Row

Record = TypeVar("Record")

_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True)
class Columns:
    """The columns of one kind of file: those it must have, and all that mean something."""

    required: tuple[str, ...]
    optional: tuple[str, ...]

    @property
    def known(self) -> tuple[str, ...]:
        return self.required + self.optional


@dataclass(frozen=True)
class Table:
    """An open file whose header has been read. `rows` can be walked through once.

    `header_place` says where the header stands (", line 1"; a Parquet file has no such line). `strays` holds the names
    that only turn up further down, in a kind of file whose rows name their own columns.
    """

    file: str
    header: tuple[str, ...]
    header_place: str
    rows: Iterator[Row]
    strays: set[str] = field(default_factory=set)

    def has(self, column: str) -> bool:
        return column in self.header

    def check_header(self, columns: Columns) -> None:
        """InputError when a column that is needed is missing."""
        missing = [name for name in columns.required if name not in self.header]
        if missing and len(self.header) == 1 and any(mark in self.header[0] for mark in ";\t|"):
            raise InputError(
                f"{self.file}{self.header_place}: the columns are not separated by commas; save the file with commas."
            )
        if missing:
            needed = ", ".join(columns.required)
            where = f"{self.file}{self.header_place}, column {missing[0]}"
            raise InputError(f"{where}: it is missing; this kind of file needs {needed}.")

    def unknown(self, columns: Columns) -> tuple[str, ...]:
        """The columns that mean nothing here; complete when all rows have been walked through."""
        named = (*self.header, *sorted(self.strays - set(self.header)))
        return tuple(name for name in named if name not in columns.known)


def header_names(where: str, cells: Sequence[str]) -> tuple[str, ...]:
    """The names of the columns, trimmed and in lower case. InputError when one is blank or stands there twice."""
    names = [" ".join(cell.split()).lower() for cell in cells]
    for place, name in enumerate(names, start=1):
        if not name:
            raise InputError(f"{where}: column number {place} has no name; give it one or remove it.")
        if names.index(name) != place - 1:
            raise InputError(f"{where}, column {name}: it stands there twice; keep one of the two.")
    return tuple(names)


@contextmanager
def open_stream(path: Path) -> Iterator[IO[bytes]]:
    """The bytes of `path`, unpacked when its name ends in .gz. InputError when it cannot be opened."""
    with ExitStack() as stack:
        try:
            stream: IO[bytes] = stack.enter_context(path.open("rb"))
            if path.suffix.lower() == ".gz":
                stream = cast("IO[bytes]", stack.enter_context(gzip.open(stream)))
        except OSError as error:
            raise unreadable(path, error) from None
        yield stream


@contextmanager
def open_table(path: Path) -> Iterator[Table]:
    """Open `path` and read its header. InputError when it is not a readable CSV file."""
    with open_stream(path) as stream:
        records = _records(path.name, Lines(path, stream))
        first = next(records, None)
        if first is None:
            raise InputError(f"{path.name} is empty; its first line must name the columns.")
        line, cells = first
        header = header_names(f"{path.name}, line {line}", cells)
        yield Table(path.name, header, ", line 1", _rows(path.name, header, records))


def _rows(file: str, header: tuple[str, ...], records: Iterator[tuple[int, list[str]]]) -> Iterator[Row]:
    """Every row below the header that is not an empty line; InputError at the first that cannot be read."""
    for line, cells in records:
        if len(cells) != len(header):
            raise InputError(
                f"{file}, line {line}: it has {len(cells)} cells and the header has {len(header)}; "
                "give every row one cell for each column (a cell with a comma in it needs quotes)."
            )
        yield Row(file, line, dict(zip(header, (cell.strip() for cell in cells), strict=True)))


def _records(file: str, lines: Lines) -> Iterator[tuple[int, list[str]]]:
    """The line on which each record begins, and its cells. A quoted cell may go over several lines."""
    reader = csv.reader(lines, strict=True)
    while True:
        begins = lines.number + 1
        try:
            cells = next(reader, None)
        except csv.Error:
            raise InputError(
                f"{file}, line {begins}: it is not a row of a CSV file; look for a quote that is not closed."
            ) from None
        if cells is None:
            return
        if cells:
            yield begins, cells


def refuse_twice(file: str, column: str, first_line: int, line: int, what: str) -> InputError:
    """The error for two rows that claim the same thing."""
    return InputError(f"{file}, line {line}, column {column}: line {first_line} {what}; keep one of the two lines.")


@dataclass(frozen=True)
class Parsed(Generic[Record]):
    """A whole file that will do: its records, each with its line, repeated ones only once."""

    file: str
    columns: frozenset[str]
    unknown_columns: tuple[str, ...]
    row_count: int
    records: tuple[tuple[int, Record], ...]


def parse(path: Path, columns: Columns, record: Callable[[Row], Record]) -> Parsed[Record]:
    """Read all of `path` with `record`, for the kinds of file that grow with people and not with days."""
    with open_table(path) as table:
        table.check_header(columns)
        records = tuple((row.line, record(row)) for row in table.rows)
        return Parsed(table.file, frozenset(table.header), table.unknown(columns), len(records), records)


class Lines:
    """The lines of a file as text, and the number of the one read last."""

    def __init__(self, path: Path, stream: IO[bytes]) -> None:
        self._path = path
        self._stream = stream
        self.number = 0

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        raw = self._read()
        if not raw:
            raise StopIteration
        self.number += 1
        where = f"{self._path.name}, line {self.number}"
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            raise InputError(f"{where}: it is not UTF-8 text; save the file in UTF-8.") from None
        if "\0" in text:
            raise InputError(f"{where}: there is a zero byte in it; save the file in UTF-8.")
        return text.removeprefix(_BYTE_ORDER_MARK) if self.number == 1 else text

    def _read(self) -> bytes:
        try:
            return self._stream.readline()
        except (gzip.BadGzipFile, EOFError, zlib.error):
            raise InputError(
                f"{self._path.name} is not a whole gzip file; compress it again or copy it again."
            ) from None
        except OSError as error:
            raise unreadable(self._path, error) from None


def unreadable(path: Path, error: OSError) -> InputError:
    """The sentence for a file that cannot be opened or read."""
    if isinstance(error, FileNotFoundError):
        return InputError(f"{path.name} does not exist; check the path.")
    if isinstance(error, IsADirectoryError):
        return InputError(f"{path.name} is a folder; name a CSV file.")
    return InputError(f"{path.name} cannot be read ({(error.strerror or 'input error').lower()}); check the file.")
