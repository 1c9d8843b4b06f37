"""Fifteen minutes with a colleague: who offered is asked without a name, and only a yes tells the two of each other.

No use figure is involved, on either side: anybody may offer, anybody may ask, and whose turn it is comes out of a hash.
Called by `bot/store/pair_turns.py` and `jobs/pairing.py`. Next: `bot/store/pairs.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from zoneinfo import ZoneInfo

from bot.domain.fair_hours import leaves_at
from bot.domain.nudging import Moved, Silence, at_a_fair_hour, too_soon, unreachable
from bot.domain.occasions import QUESTION
from bot.domain.people import Person, WorkCalendar
from bot.domain.told import PastNudge, Preferences

ASK, MADE, NOBODY_FREE = "pair_ask", "pair_made", "pair_none"
"""What leads to a message: somebody is asked; two have said yes; nobody is free."""
TRIGGERS = frozenset({ASK, MADE, NOBODY_FREE})
RULE_VERSION = "pairs-1"
PAIR_UP = "pair-up"
"""The topic of these messages, and of the tip under which they are offered."""
CARRIER = replace(QUESTION, tip_id="pair", topic=PAIR_UP, triggers=TRIGGERS, text="", try_this="")
"""As the queue carries these messages; their words are in `bot/views/words/pairs.py`."""

ANSWER_WITHIN = timedelta(days=7)
"""An ask without an answer is passed on to the next; so long a message may also wait for a fair hour."""
ASKED_AGAIN_AFTER = timedelta(days=28)
"""So long nobody who offered is asked again."""
ENDS_AFTER = timedelta(days=28)
"""A request is kept for so long, and only then the same person can make another one."""
MOST_ASKED = 3
NEAR = timedelta(hours=3)
"""Clocks so far apart still have a day in common."""


class State(StrEnum):
    """Where a request stands. Nobody is shown which: what is said of it is the same until there is an answer."""

    WAITING = "waiting"
    ASKED = "asked"
    AGREED = "agreed"
    NOBODY = "nobody"
    WITHDRAWN = "withdrawn"


class Side(StrEnum):
    """As whom somebody hears that two have said yes."""

    WANTS_TO_SEE = "wants_to_see"
    SHOWS = "shows"


@dataclass(frozen=True)
class Request:
    """One request. `volunteer_id` and `nudge_id`: who is asked, or said yes, and with which message; None before."""

    person_id: int
    volunteer_id: int | None
    nudge_id: int | None
    state: State
    asks: int
    made_at: datetime
    changed_at: datetime

    @property
    def again_from(self) -> datetime:
        return self.made_at + ENDS_AFTER


@dataclass(frozen=True)
class Own:
    """What somebody sees of it: whether they offered, their own request, and whether its answer has left."""

    offers: bool = False
    request: Request | None = None
    is_told: bool = False


@dataclass(frozen=True)
class Volunteer:
    """Somebody who offered. `is_taken`: a message is on its way to them, or they were asked not long ago."""

    person: Person
    preferences: Preferences
    history: tuple[PastNudge, ...]
    is_taken: bool


def in_turn(person_ids: Iterable[int], request: Request) -> list[int]:
    """Those who offered, in the order in which this request turns to them: another one for every request."""
    return sorted(set(person_ids) - {request.person_id}, key=lambda person_id: _turn(request, person_id))


def may_be_asked(volunteer: Volunteer, now: datetime, *, switched_on: bool) -> bool:
    """Whether a message to this volunteer could be sent about now: the same caps and wishes as for every other one."""
    person = volunteer.person
    calendar = WorkCalendar(person.timezone) if person.timezone else None
    return not (
        volunteer.is_taken
        or unreachable(volunteer.preferences, person, calendar, now, switched_on)
        or too_soon(volunteer.preferences, volunteer.history, now)
    )


def are_near(one: Person, other: Person, now: datetime) -> bool:
    """Whether the clocks of two people are at most three hours apart; of an unknown clock that cannot be said."""
    here, there = (
        now.astimezone(ZoneInfo(zone)).utcoffset() if zone else None for zone in (one.timezone, other.timezone)
    )
    return here is not None and there is not None and abs(here - there) <= NEAR


def is_at_its_end(request: Request, now: datetime) -> bool:
    """Whether nobody else is asked: three were, or nobody could be for a week."""
    return request.asks >= MOST_ASKED or now - request.made_at >= ANSWER_WITHIN


def still_right(
    *,
    trigger: str,
    stands: bool,
    preferences: Preferences,
    history: tuple[PastNudge, ...],
    calendar: WorkCalendar | None,
    person: Person,
    now: datetime,
    expires_at: datetime,
    quiet_until: datetime | None,
    switched_on: bool,
) -> Silence | Moved | None:
    """Asked right before sending. `stands`: the request is still what the message says.

    An ask keeps the caps of every message. The other two answer a request, to those who wait for it: they keep to the
    fair hours and to every wish for silence, and not to the caps, for which they count afterwards.
    """
    silence = (
        unreachable(preferences, person, calendar, now, switched_on)
        or (Silence.EXPIRED if now >= expires_at else None)
        or (None if stands else Silence.NO_LONGER_TRUE)
        or (too_soon(preferences, history, now) if trigger == ASK else None)
    )
    if silence or calendar is None:
        return silence
    leaves = leaves_at(calendar, now, until=expires_at, quiet_until=quiet_until, person_id=person.person_id)
    return at_a_fair_hour(leaves, now)


def _turn(request: Request, person_id: int) -> str:
    return sha256(f"{request.person_id} {request.made_at.isoformat()} {person_id}".encode()).hexdigest()
