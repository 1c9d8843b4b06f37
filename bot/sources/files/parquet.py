"""Reads one Parquet file as a table whose cells are text, as if it had been a CSV file.

Used by `bot/sources/files/usage_rows.py` and, for large files, by `bot/sources/files/bulk_lanes.py`: both ask for the
same SQL, so both see the same cells. A whole number stays whole though its column may hold fractions, null is a blank
cell, and a moment without a time zone stays without one. Next: `bot/sources/files/bulk.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.errors import InputError
from bot.sources.files.cells import Row
from bot.sources.files.duck import Duck, DuckError, DuckFailure, column, literal, open_duck
from bot.sources.files.table import Table, header_names

_WHOLE_TYPES = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_FRACTIONS = ("DOUBLE", "FLOAT")
_PLAIN_TYPES = (*_WHOLE_TYPES, *_FRACTIONS, "VARCHAR", "BOOLEAN", "DATE", "TIME", "DECIMAL", "UUID", "ENUM")
_LARGEST_WHOLE = 10**15
_BATCH_ROWS = 2_000


@contextmanager
def open_parquet(path: Path, known: Collection[str]) -> Iterator[Table]:
    """Open `path` and read the names of its columns. InputError when it is not a Parquet file."""
    with open_duck() as duck:
        header, select = text_of(duck, path, known)
        yield Table(path.name, header, "", _rows(duck, path.name, header, select))


def text_of(duck: Duck, path: Path, known: Collection[str]) -> tuple[tuple[str, ...], str]:
    """The names of the columns, and the SELECT that gives every cell as text, in the order of the rows."""
    source = f"read_parquet({literal(str(duck.lay_open(path)))})"
    try:
        described = duck.rows(f"DESCRIBE SELECT * FROM {source}")
    except DuckFailure:
        raise _not_parquet(path.name) from None
    header = header_names(path.name, [row[0] for row in described])
    types = [str(row[1]) for row in described]
    for name, type_ in zip(header, types, strict=True):
        is_plain = type_.startswith(_PLAIN_TYPES) and not type_.endswith("]")
        if name in known and not is_plain:
            raise InputError(f"{path.name}, column {name}: it holds {type_.lower()[:30]} and not plain values.")
    cells = [_text(row[0], type_, name) for row, type_, name in zip(described, types, header, strict=True)]
    return header, f"SELECT {', '.join(cells)} FROM {source}"


def _text(written: str, type_: str, name: str) -> str:
    cell = column(written)
    text = f"CAST({cell} AS VARCHAR)"
    if type_ in _FRACTIONS:
        whole = f"{cell} = trunc({cell}) AND abs({cell}) <= {_LARGEST_WHOLE}"
        text = f"CASE WHEN {whole} THEN CAST(CAST({cell} AS BIGINT) AS VARCHAR) ELSE {text} END"
    elif type_.startswith("DECIMAL"):
        text = f"CASE WHEN {cell} = trunc({cell}) THEN CAST(CAST({cell} AS HUGEINT) AS VARCHAR) ELSE {text} END"
    elif type_ == "TIMESTAMP WITH TIME ZONE":
        text = f"strftime({cell}, '%Y-%m-%dT%H:%M:%S.%fZ')"
    return f"{text} AS {column(name)}"


def _rows(duck: Duck, file: str, header: tuple[str, ...], select: str) -> Iterator[Row]:
    try:
        found = duck.connection.execute(select)
        number = 0
        while batch := found.fetchmany(_BATCH_ROWS):
            for cells in batch:
                number += 1
                yield Row(file, number, _cells(file, number, header, cells), "row")
    except (DuckError, UnicodeDecodeError):
        raise _not_parquet(file) from None


def _cells(file: str, number: int, header: tuple[str, ...], cells: tuple[str | None, ...]) -> dict[str, str]:
    row = {name: (cell or "").strip() for name, cell in zip(header, cells, strict=True)}
    for name, cell in row.items():
        if "\0" in cell:
            raise InputError(f"{file}, row {number}, column {name}: there is a zero byte in it; write plain text.")
    return row


def _not_parquet(file: str) -> InputError:
    return InputError(f"{file} is not a whole Parquet file; write it again or copy it again.")
