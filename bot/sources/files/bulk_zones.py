"""When each time zone was how far from UTC, as Python's own time zone data says: what SQL needs for local days.

Used by `bot/sources/files/bulk.py`, so that a day is the same one whoever reads the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

Span = tuple[datetime, datetime, int]
"""From when, until when (not included), and how many seconds the clocks were ahead of UTC."""

_STEP = timedelta(hours=12)
_SECOND = timedelta(seconds=1)


def offsets(zone: str, first: datetime, last: datetime) -> Iterator[Span]:
    """The spans of one offset each, from `first` to `last` (aware, whole seconds), both included."""
    info = ZoneInfo(zone)
    start, here = first, first
    while here < last:
        there = min(here + _STEP, last)
        if _offset(info, here) != _offset(info, there):
            change = _change(info, here, there)
            yield start, change, _offset(info, start)
            start = change
        here = there
    yield start, last + _SECOND, _offset(info, start)


def _change(info: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first second with another offset than `before`."""
    old = _offset(info, before)
    while after - before > _SECOND:
        middle = before + timedelta(seconds=int((after - before).total_seconds()) // 2)
        before, after = (middle, after) if _offset(info, middle) == old else (before, middle)
    return after


def _offset(info: ZoneInfo, moment: datetime) -> int:
    offset = moment.astimezone(UTC).astimezone(info).utcoffset()
    assert offset is not None
    return round(offset.total_seconds())
