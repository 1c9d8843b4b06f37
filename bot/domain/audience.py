"""How many people an audience is said to have: blurred, so that no difference of two answers tells of one person (P10).

The true count is moved by up to six people, by a draw that is keyed with this installation's secret, the audience and
the count itself, and is then rounded to ten. So asking for an audience with and without somebody gives two answers that
come out the same way when that somebody is not there, and asking again in other weeks gives no second draw to average.
Below 15 nothing is said, and the last five people of a team, a role or a tool are never counted in: whoever knows how
many they are cannot read from an answer that all of them are meant. Next: `bot/store/audiences.py`, which calls it.
"""

from __future__ import annotations

import hmac
import json
from datetime import date, timedelta
from hashlib import sha256

from bot.domain.campaigns import Audience

LEAST = 15
"""Fewer people than this are not an audience, and no number is said of them."""
MOST_MOVED = 6
"""Not five: then 149 people could be called 140 and 150 of them 160, and two such answers would tell of one person."""
ROUNDED_TO = 10
NEVER_ALL = 5
"""Of those among whom people are sought, at most all but so many count: that everybody is meant would tell of each."""
LEAST_LEFT_OUT = 10
"""A role, a team or a tool that leaves out fewer people than this is as good as no narrowing, and gets the same answer:
else several cuts of the same people would be several draws to compare."""
FRESH_DAYS = 14
"""Whoever was not judged for longer is not counted: nobody knows where they stand (P12)."""


def blurred(people: int, *, of: int, secret: bytes, cut: str) -> int | None:
    """What is said of `people` out of the `of` among whom they were sought; None when they are too few, and for some
    that are just enough.

    That the moved count must reach the floor as well is why "None" does not tell 14 from 15.
    """
    counted = min(people, of - NEVER_ALL)
    moved = counted + _moved_by(secret, cut, counted)
    if counted < LEAST or moved < LEAST:
        return None
    return (moved + ROUNDED_TO // 2) // ROUNDED_TO * ROUNDED_TO


def cut_of(audience: Audience) -> str:
    """A short name for an audience: the same for the same words, another for any other."""
    words = [audience.trigger, audience.role, audience.tool, audience.group_key]
    return sha256(json.dumps(words).encode()).hexdigest()[:40]


def week_of(day: date) -> date:
    """The Monday of the week in which an answer stays the same."""
    return day - timedelta(days=day.weekday())


def _moved_by(secret: bytes, cut: str, counted: int) -> int:
    drawn = hmac.digest(secret, f"audience {cut} {counted}".encode(), "sha256")
    return int.from_bytes(drawn[:8]) % (2 * MOST_MOVED + 1) - MOST_MOVED
