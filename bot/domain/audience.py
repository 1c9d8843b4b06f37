"""How many people an audience is said to have: blurred, so that no difference of two answers tells of one person (P10).

The true count is moved by up to six people, by a draw that is keyed with this installation's secret, the audience and
the week, and is then rounded to ten. So the same question has the same answer all week, and asking for an audience with
and without somebody gives two answers that come out the same way when that somebody is not there. Below 15 nothing is
said. Called by `bot/store/audiences.py`. Next: `bot/store/audiences.py`.
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
FRESH_DAYS = 14
"""Whoever was not judged for longer is not counted: nobody knows where they stand (P12)."""


def blurred(people: int, *, secret: bytes, cut: str, week: date) -> int | None:
    """What is said of `people`; None when they are too few, and for some that are just enough.

    That the moved count must reach the floor as well is why "None" does not tell 14 from 15.
    """
    moved = people + _moved_by(secret, cut, week)
    if people < LEAST or moved < LEAST:
        return None
    return (moved + ROUNDED_TO // 2) // ROUNDED_TO * ROUNDED_TO


def cut_of(audience: Audience) -> str:
    """A short name for an audience: the same for the same words, another for any other."""
    words = [audience.trigger, audience.role, audience.tool, audience.group_key]
    return sha256(json.dumps(words).encode()).hexdigest()[:40]


def week_of(day: date) -> date:
    """The Monday of the week in which an answer stays the same."""
    return day - timedelta(days=day.weekday())


def _moved_by(secret: bytes, cut: str, week: date) -> int:
    drawn = hmac.digest(secret, f"audience {cut} {week.isoformat()}".encode(), "sha256")
    return int.from_bytes(drawn[:8]) % (2 * MOST_MOVED + 1) - MOST_MOVED
