"""Reads seats: who holds a licence of which tool, since when.

Called by `jobs/import_files.py`; kept by `bot/store/people.py`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date
from pathlib import Path

from bot.domain.roster import SeatRecord
from bot.errors import InputError
from bot.sources.files.cells import Row
from bot.sources.files.table import Columns, Parsed, parse, refuse_twice

COLUMNS = Columns(required=("email", "tool", "assigned_on"), optional=("released_on", "monthly_cost_usd"))


def read_seats(path: Path) -> Parsed[SeatRecord]:
    """The seats of a file, identical lines once. InputError when a person holds one tool twice at the same time."""
    parsed = parse(path, COLUMNS, _record)
    kept: dict[tuple[str, str], list[tuple[int, SeatRecord]]] = defaultdict(list)
    for line, seat in parsed.records:
        theirs = kept[seat.email, seat.tool]
        if any(seat == other for _line, other in theirs):
            continue
        for first_line, other in theirs:
            if _overlap(seat, other):
                told = "gives this person the same tool for the same time"
                raise refuse_twice(parsed.file, "assigned_on", first_line, line, told)
        theirs.append((line, seat))
    return replace(parsed, records=tuple(sorted((item for theirs in kept.values() for item in theirs), key=_line_of)))


def _record(row: Row) -> SeatRecord:
    seat = SeatRecord(
        email=row.needed_email("email"),
        tool=row.needed_text("tool").casefold(),
        assigned_on=row.needed_day("assigned_on"),
        released_on=row.day("released_on"),
        monthly_cost_microusd=row.dollars("monthly_cost_usd"),
    )
    if seat.released_on is not None and seat.released_on < seat.assigned_on:
        where = f"{row.file}, line {row.line}, column released_on"
        raise InputError(f"{where}: it lies before assigned_on; correct one of the two days.")
    return seat


def _overlap(one: SeatRecord, other: SeatRecord) -> bool:
    if one.assigned_on == other.assigned_on:
        return True
    return one.assigned_on < _end(other) and other.assigned_on < _end(one)


def _end(seat: SeatRecord) -> date:
    return seat.released_on or date.max


def _line_of(item: tuple[int, SeatRecord]) -> int:
    return item[0]
