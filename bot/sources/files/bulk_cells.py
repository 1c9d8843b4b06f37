"""Turns cells of text into values within DuckDB, and never reads one differently from `cells.py`.

Used by `bot/sources/files/bulk.py`. Each kind of cell has a plain form, written so narrowly that SQL and Python cannot
disagree about it. Whatever else stands in a column is looked up one by one: the careful reader's own code reads each
such text once, and a text that it refuses, or too many of them, end the fast reading.
Next: `bot/sources/files/bulk.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.sources.files.bulk_lanes import Cells, Declined
from bot.sources.files.cells import Row
from bot.sources.files.duck import Duck, column, literal
from bot.sources.files.usage_columns import DAILY_COUNTS, TOKENS

_MOST_LOOKED_UP = 20_000
_EMAIL = "[!-?A-~]+@[!-?A-~]+"
_AMOUNT = "[0-9]{1,9}([.][0-9]{1,12})?"
_MOMENT = (
    "(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,6})?"
    "(Z|[+-](0[0-9]|1[0-3])(:?[0-5][0-9])?)"
)
_LARGEST_COUNT = 10**15
_WHITE_SPACE = "".join(chr(number) for number in range(0x10000) if chr(number).isspace())
Sql = Callable[[str], str]
"""SQL over one cell."""


@dataclass(frozen=True)
class _Kind:
    """How one kind of cell is read: the condition of its plain form, its value then, and the careful reader's code."""

    type_: str
    read: Callable[[Row, str], object]
    plain: Sql | None = None
    value: Sql = str


def typed(duck: Duck, cells: Cells) -> dict[str, str]:
    """For each known column of the file the SQL for its value, over `cells` and `lookups`; Declined when in doubt.

    The columns that every row needs are made sure of as well.
    """
    found = {
        name: _value(duck, name, _KINDS[name]) for name in cells.columns.known if name in _KINDS and cells.has(name)
    }
    doubts = [f"{column(name)} IS NULL" for name in cells.columns.required]
    doubts += [_is_untidy(column(name)) for name in cells.header if name not in _KINDS]
    if duck.value(f"SELECT count(*) FROM cells WHERE {' OR '.join(doubts)}"):
        raise Declined
    return found


def _is_untidy(cell: str) -> str:
    """Whether Python would trim it, or refuse it: not when it begins and ends with an ordinary sign."""
    ordinary = f"(unicode({cell}) BETWEEN 33 AND 126 AND unicode(right({cell}, 1)) BETWEEN 33 AND 126)"
    return f"(NOT {ordinary} AND trim({cell}, {literal(_WHITE_SPACE)}) <> {cell}) OR contains({cell}, chr(0))"


def _value(duck: Duck, name: str, kind: _Kind) -> str:
    cell = f"cells.{column(name)}"
    plain = "false" if kind.plain is None else f"coalesce({kind.plain(cell)}, false)"
    others = f"SELECT DISTINCT {cell} FROM cells WHERE {cell} IS NOT NULL AND NOT {plain} LIMIT {_MOST_LOOKED_UP + 1}"
    odd = [row[0] for row in duck.rows(others)]
    if len(odd) > _MOST_LOOKED_UP:
        raise Declined
    if not odd:
        return f"CASE WHEN {plain} THEN {kind.value(cell)} END" if kind.plain else f"CAST(NULL AS {kind.type_})"
    table = column(f"lookup {name}")
    values = [_read(kind, name, text) for text in odd]
    duck.run(
        f"CREATE TABLE {table} AS SELECT unnest(?::VARCHAR[]) AS text, unnest(?::VARCHAR[]) AS value", [odd, values]
    )
    looked_up = f"(SELECT any_value(CAST(value AS {kind.type_})) FROM {table} WHERE text = {cell})"
    return looked_up if kind.plain is None else f"CASE WHEN {plain} THEN {kind.value(cell)} ELSE {looked_up} END"


def _read(kind: _Kind, name: str, text: str) -> str | None:
    """What the careful reader makes of this text, as text; InputError when it refuses it, Declined when it trims it."""
    if text != text.strip() or "\0" in text:
        raise Declined
    value = kind.read(Row("", 0, {name: text}), name)
    if isinstance(value, datetime):
        return value.replace(tzinfo=None, microsecond=0).isoformat(sep=" ")
    return None if value is None else str(value)


def _tool(row: Row, name: str) -> str:
    return row.needed_text(name).casefold()


def _plain_count(cell: str) -> str:
    """Printed again it is the same text: no sign, no space, no leading zero, no fraction."""
    number = f"try_cast({cell} AS BIGINT)"
    return f"{number}::VARCHAR = {cell} AND {number} BETWEEN 0 AND {_LARGEST_COUNT}"


def _microusd(cell: str) -> str:
    """Rounded half up to the micro-dollar, in decimal arithmetic."""
    return f"CAST(floor(CAST({cell} AS DECIMAL(24, 12)) * 1000000 + 0.5) AS BIGINT)"


def _clock(cell: str) -> str:
    return f"try_cast(left({cell}, 19) AS TIMESTAMP)"


def _utc(cell: str) -> str:
    """The moment in UTC, to the second: its day is all that is asked of it."""
    offset = f"replace(regexp_extract({cell}, '[+-][0-9:]+$'), ':', '')"
    minutes = f"CAST(substr({offset}, 2, 2) AS INTEGER) * 60 + coalesce(try_cast(substr({offset}, 4) AS INTEGER), 0)"
    ahead = f"CASE WHEN {offset} LIKE '-%' THEN -1 ELSE 1 END * ({minutes})"
    return f"CASE WHEN right({cell}, 1) = 'Z' THEN {_clock(cell)} ELSE {_clock(cell)} - to_minutes({ahead}) END"


def _matches(pattern: str) -> Sql:
    return lambda cell: f"regexp_full_match({cell}, {literal(pattern)})"


_KINDS = {
    "email": _Kind("VARCHAR", Row.needed_email, _matches(_EMAIL), lambda cell: f"lower({cell})"),
    "day": _Kind("DATE", Row.needed_day),
    "at": _Kind(
        "TIMESTAMP", Row.needed_moment, lambda cell: f"{_matches(_MOMENT)(cell)} AND {_clock(cell)} IS NOT NULL", _utc
    ),
    "tool": _Kind("VARCHAR", _tool),
    "cost_usd": _Kind("BIGINT", Row.dollars, _matches(_AMOUNT), _microusd),
    "failed": _Kind("BOOLEAN", Row.flag),
    **{
        name: _Kind("BIGINT", Row.count, _plain_count, lambda cell: f"try_cast({cell} AS BIGINT)")
        for name in {*DAILY_COUNTS, *TOKENS}
    },
}
