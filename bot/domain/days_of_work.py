"""What makes a day one of work with a tool: something came back, to somebody. One empty request a day is no habit.

Two questions are asked of a day. *Is there any sign of use?* rules out every word about "no use", and one failed
request is enough (P12). *Was it a day of work?* is what habits, first steps and the days on the card are counted in.
Both know only zero and not zero, so that ten times as much of anything answers neither in another way (P3).

`bot/store/windows.py` asks the second one of each row, `days_worked` puts the rows of a tool together.
Next: `bot/domain/adoption.py`; the reasons are in docs/why/zero.md.
"""

from __future__ import annotations

from enum import IntEnum

ANSWERS = ("output_tokens", "accepted", "rejected", "lines_added", "offered")
"""Counters that are above zero only where something came back."""

_WEEK = 0b1111111


class Trace(IntEnum):
    """What one row says of its day. The value is the place of its seven days in the marks of a week.

    EMPTY: each of its requests ran without anybody there or failed, or not one token came back. ANSWERED: one of
    `ANSWERS` is above zero. UNTOLD: neither can be seen; then the word of the source counts, unless another row of that
    day and tool is empty. SILENT: empty, and no sign of use by itself.
    """

    ANSWERED = 0
    UNTOLD = 7
    EMPTY = 14
    SILENT = 21


def days_active(marks: int) -> int:
    """The days of a week with any sign of use: bit n is the day n days before the week's end."""
    return _days(marks, Trace.ANSWERED) | _days(marks, Trace.UNTOLD) | _days(marks, Trace.EMPTY)


def days_empty(marks: int) -> int:
    """The days of a week on which some row tells that nothing came back."""
    return _days(marks, Trace.EMPTY) | _days(marks, Trace.SILENT)


def days_worked(marks: int, empty: int) -> int:
    """The days of work among `marks`; `empty` are the days on which some row of the same tool is empty."""
    return _days(marks, Trace.ANSWERED) | _days(marks, Trace.UNTOLD) & ~empty


def _days(marks: int, trace: Trace) -> int:
    return marks >> trace & _WEEK
