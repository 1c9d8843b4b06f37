"""Brings the cells of a large usage file into DuckDB as text, exactly as the careful reader would see them.

Used by `bot/sources/files/bulk.py`. A CSV file without quotes, blank lines or other doubt is read by DuckDB itself, a
Parquet file as `parquet.py` says; any other file is taken apart by the careful reader's own code and written down again
in that plain form. Whoever is in doubt raises `Declined`. Next: `bot/sources/files/bulk_cells.py`.
"""

from __future__ import annotations

import codecs
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path

from bot.errors import InputError
from bot.sources.files.duck import Duck, DuckFailure, column, literal
from bot.sources.files.parquet import text_of
from bot.sources.files.table import Columns, Table, open_stream, open_table
from bot.sources.files.usage_columns import KNOWN, columns_of
from bot.sources.files.usage_rows import NDJSON_ENDINGS, open_rows

DOUBTS = (InputError, DuckFailure, OSError, EOFError, zlib.error, UnicodeError)
"""What may go wrong in a fast reader: the careful one finds the words for it, or none."""
_BLOCK_BYTES = 64 * 1024
"""With a line's end in each block no cell can be longer than the 131,072 signs that Python's csv reads."""
_REST = "\nrest"
_LINE = "\nline"


class Declined(Exception):
    """The fast reader is not sure."""


@dataclass(frozen=True)
class Cells:
    """The table `cells` stands in DuckDB: the line, and each column's text, NULL where it is blank."""

    file: str
    columns: Columns
    header: tuple[str, ...]
    unknown_columns: tuple[str, ...]
    row_count: int

    def has(self, name: str) -> bool:
        return name in self.header


def lay_cells(duck: Duck, path: Path) -> Cells:
    """Fill the table `cells`; Declined, or one of DOUBTS, when this reader is not sure of every cell."""
    name = path.name.lower()
    if name.endswith(".parquet"):
        return _from_parquet(duck, path)
    if not name.removesuffix(".gz").endswith(NDJSON_ENDINGS):
        plain = _unpack_plain(path, duck.folder / "plain.csv")
        if plain is not None:
            return _from_plain_csv(duck, path, plain)
    return _from_rows(duck, path)


def _from_parquet(duck: Duck, path: Path) -> Cells:
    header, select = text_of(duck, path, KNOWN)
    table = Table(path.name, header, "", iter(()))
    return _cells(duck, table, columns_of(table), f"({select})", first_line=1)


def _from_plain_csv(duck: Duck, path: Path, plain: _Plain) -> Cells:
    with open_table(path) as table:
        columns = columns_of(table)
    if plain.commas != plain.lines * (len(table.header) - 1):
        raise Declined
    found = _cells(duck, table, columns, _csv(plain.path, table.header, skip=1), first_line=2)
    if found.row_count != plain.lines - 1:
        raise Declined
    plain.path.unlink()
    return found


def _from_rows(duck: Duck, path: Path) -> Cells:
    plain = duck.folder / "rows.csv"
    with open_rows(path) as table, plain.open("w", encoding="utf-8", newline="") as out:
        columns = columns_of(table)
        kept = [name for name in KNOWN if name in columns.known]
        for row in table.rows:
            # What means nothing here still tells two events apart.
            rest = [cell for name, cell in row.cells.items() if name not in columns.known and cell]
            digest = blake2b(json.dumps(rest).encode(), digest_size=16).hexdigest() if rest else ""
            text = ",".join([str(row.line), *(row.cells.get(name, "") for name in kept), digest])
            if text.count(",") != len(kept) + 1 or '"' in text or "\n" in text or "\r" in text:
                raise Declined
            out.write(text + "\n")
    named = Table(table.file, (*kept, _REST), "", iter(()))
    found = _cells(duck, named, columns, _csv(plain, (_LINE, *kept, _REST), skip=0), first_line=None)
    plain.unlink()
    return replace(found, unknown_columns=table.unknown(columns))


def _cells(duck: Duck, table: Table, columns: Columns, source: str, *, first_line: int | None) -> Cells:
    # Of usage days only the known columns matter; an event is also told apart by those that mean nothing.
    is_events = "at" in columns.known
    kept = [name for name in table.header if is_events or name in columns.known]
    texts = ", ".join(f"nullif({column(name)}, '') AS {column(name)}" for name in kept)
    line = f"CAST({column(_LINE)} AS BIGINT)" if first_line is None else f"{first_line - 1} + row_number() OVER ()"
    duck.run(f"CREATE TABLE cells AS SELECT {line} AS {column(_LINE)}, {texts} FROM {source}")
    rows = duck.value("SELECT count(*) FROM cells")
    return Cells(table.file, columns, tuple(kept), table.unknown(columns), rows)


def line_column() -> str:
    return column(_LINE)


def _csv(path: Path, names: Sequence[str], *, skip: int) -> str:
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    return (
        f"read_csv({literal(str(path))}, columns = {{{columns}}}, auto_detect = false, header = false, skip = {skip}, "
        "delim = ',', quote = '', escape = '', comment = '', nullstr = '', null_padding = false, strict_mode = true, "
        "ignore_errors = false, encoding = 'utf-8')"
    )


@dataclass(frozen=True)
class _Plain:
    """A copy of a CSV file in which every comma parts two cells, and every line is a row."""

    path: Path
    commas: int
    lines: int


def _unpack_plain(path: Path, copy: Path) -> _Plain | None:
    """Copy the file, unpacked, when there is nothing in it that two CSV readers could see differently."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    commas = lines = 0
    last = b"\n"
    with open_stream(path) as stream, copy.open("wb") as out:
        while block := stream.read(_BLOCK_BYTES):
            if block.endswith(b"\r"):
                block += stream.read(1)
            decoder.decode(block)
            if len(block) >= _BLOCK_BYTES and b"\n" not in block:
                return None
            block = block.replace(b"\r\n", b"\n")
            if any(doubt in last + block for doubt in (b'"', b"\0", b"\r", b"\n\n")):
                return None
            out.write(block)
            commas += block.count(b",")
            lines += block.count(b"\n")
            last = block[-1:]
    decoder.decode(b"", final=True)
    return _Plain(copy, commas, lines + (last != b"\n"))
