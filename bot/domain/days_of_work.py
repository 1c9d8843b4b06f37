"""What makes a day one of work with a tool: something came back, to somebody. One empty request a day is no habit.

Two questions are asked of a day. *Is there any sign of use?* rules out every word about "no use", and one failed
request is enough (P12). *Was it a day of work?* is what habits, first steps and the days on the card are counted in.
Both know only zero and not zero, so that ten times as much of anything answers neither in another way (P3).

`bot/store/windows.py` asks the second one of each row, `of_a_week` puts the rows of a tool together.
Next: `bot/domain/adoption.py`; the reasons are in docs/why/zero.md.
"""

from __future__ import annotations

from enum import IntEnum

ANSWERS = ("output_tokens", "accepted", "rejected", "lines_added", "offered")
"""Counters that are above zero only where something came back."""

_WEEK = 0b1111111


class Trace(IntEnum):
    """What one row says of its day. The value is the place of its seven days in the marks of a week.

    EMPTY: all of its requests ran without anybody there, or all failed, or not one token came back. ANSWERED: one of
    `ANSWERS` is above zero. UNTOLD: neither can be seen; then the word of the source counts, unless another row of that
    day and tool is empty.
    """

    ANSWERED = 0
    UNTOLD = 7
    EMPTY = 14


def days_marked(marks: int, trace: Trace | None = None) -> int:
    """The days of a week with rows of this trace, or of any: bit n is the day n days before the week's end."""
    if trace is not None:
        return marks >> trace & _WEEK
    return days_marked(marks, Trace.ANSWERED) | days_marked(marks, Trace.UNTOLD) | days_marked(marks, Trace.EMPTY)


def of_a_week(marks: int, empty: int) -> int:
    """The days of work among `marks`; `empty` are the days on which some row of the same tool is empty."""
    return days_marked(marks, Trace.ANSWERED) | days_marked(marks, Trace.UNTOLD) & ~empty
