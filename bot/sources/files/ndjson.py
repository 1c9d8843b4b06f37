"""Reads one file of JSON objects, one a line, as a table whose cells are text, as if it had been a CSV file.

Used by `bot/sources/files/usage_rows.py` and `bot/sources/files/bulk_lanes.py`. A key that is not there, and `null`, is
a blank cell; a number keeps the digits in which it is written, except that a whole one written with a point (12.0) is
whole. Next: `bot/sources/files/parquet.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bot.errors import InputError
from bot.sources.files.cells import Row
from bot.sources.files.table import Lines, Table, header_names, open_stream

REST = ""
"""The name under which a row keeps, as one cell, all that stands under names which mean nothing here."""

_WHOLE = re.compile(r"([0-9]+)\.0+")


@contextmanager
def open_ndjson(path: Path, known: Collection[str]) -> Iterator[Table]:
    """Open `path` and read the names of its first object. InputError when there is none."""
    with open_stream(path) as stream:
        objects = _objects(path.name, Lines(path, stream))
        first = next(objects, None)
        if first is None:
            raise InputError(f"{path.name} is empty; each of its lines must be a JSON object.")
        line, cells = first
        header = header_names(f"{path.name}, line {line}", list(cells))
        strays: set[str] = set()
        yield Table(path.name, header, f", line {line}", _rows(path.name, first, objects, known, strays), strays)


def _rows(
    file: str,
    first: tuple[int, dict[str, Any]],
    others: Iterator[tuple[int, dict[str, Any]]],
    known: Collection[str],
    strays: set[str],
) -> Iterator[Row]:
    line, cells = first
    yield _row(file, line, cells, known, strays)
    for line, cells in others:
        yield _row(file, line, cells, known, strays)


def _row(file: str, line: int, found: dict[str, Any], known: Collection[str], strays: set[str]) -> Row:
    where = f"{file}, line {line}"
    named = dict(zip(header_names(where, list(found)), found.values(), strict=True))
    cells = {name: _text(where, name, named.pop(name, None)) for name in known}
    if named:
        strays.update(named)
    cells[REST] = json.dumps(named, sort_keys=True) if named else ""
    return Row(file, line, cells)


def _text(where: str, name: str, value: Any) -> str:
    """The cell as a CSV file would have it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, _Number):
        whole = _WHOLE.fullmatch(value)
        return whole[1] if whole else str(value)
    if not isinstance(value, str):
        raise InputError(f"{where}, column {name}: it is a list or an object; write a text, a number or null.")
    if "\0" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
        raise InputError(f"{where}, column {name}: there is half a character or a zero byte in it; write plain text.")
    return value.strip()


class _Number(str):
    """A number as it is written: a float would change its digits."""

    __slots__ = ()


def _objects(file: str, lines: Lines) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each line that is not blank, with its number."""
    decoder = json.JSONDecoder(parse_float=_Number, parse_int=_Number, parse_constant=_Number, object_pairs_hook=_Pairs)
    for text in lines:
        if not text.strip():
            continue
        where = f"{file}, line {lines.number}"
        try:
            found = decoder.decode(text)
        except (json.JSONDecodeError, RecursionError):
            raise InputError(f"{where}: it is not JSON; write one JSON object on each line.") from None
        if not isinstance(found, _Pairs):
            raise InputError(f"{where}: it is JSON and not an object; write one JSON object on each line.")
        names = [name for name, _value in found]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise InputError(f"{where}: a name stands there twice; keep one of the two.")
        yield lines.number, dict(found)


class _Pairs(list[tuple[str, Any]]):
    """An object as its names and values, so that a name that stands there twice is seen."""
