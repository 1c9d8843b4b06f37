"""The card of one person and what goes with it, for the one who asked.

Called by `handlers/yours.py` and `handlers/home.py`. Next: `bot/store/scorecard.py`.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from bot.domain import occasions, scorecard
from bot.domain.occasions import Choice
from bot.domain.scorecard import Numbers, Scorecard
from bot.domain.tips import Tip
from bot.domain.waste import ledger
from bot.sources.public_holidays import holidays_of, weekend_of
from bot.store.scorecard import numbers
from handlers.desk import Desk

AT_ONCE = 6
"""Cards that are reckoned at the same time in a process: more are not done sooner, and take the processor from those
that only acknowledge, or end somebody's messages (benchmarks/README.md)."""
TURNS = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True)
class Card:
    """The scorecard, what it was reckoned from, and the one thing to try that goes with it, if there is one."""

    scorecard: Scorecard
    numbers: Numbers
    choice: Choice | None


def load(desk: Desk, *, person_id: int) -> Card | None:
    """The card of this person as of now; None for a number of nobody, such as somebody erased a moment ago."""
    today = today_of(desk.clock.now())
    with TURNS, desk.store.read() as session:  # the turn first: who waits for one holds no connection
        known = numbers(
            session,
            person_id=person_id,
            yesterday=today - timedelta(days=1),
            holidays_of=holidays_of,
            weekend_of=weekend_of,
        )
        if known is None:
            return None
        return Card(scorecard.build(known), known, _one_thing(desk.tips(session), known, today))


def today_of(now: datetime) -> date:
    """The day from which dates are spoken."""
    return now.astimezone(UTC).date()


def _one_thing(tips: Sequence[Tip], known: Numbers, today: date) -> Choice | None:
    """What a message would suggest. Who asks may hear it at any hour, whatever was said before."""
    if known.standing is None:
        return None
    exploring = ledger.is_exploring(known.window.first_active_on, known.window.last_day)
    findings = [found for found in known.findings if (found.detector, found.tool) not in known.beside.meant]
    return occasions.choose(
        occasions.occasions(known.standing, findings, exploring=exploring, welcome=True),
        standing=known.standing,
        seats=known.seats,
        tips=tips,
        person=known.person,
        day=today,
        recent=frozenset(),
        seen=frozenset(),
    )
