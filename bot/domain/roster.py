"""What a company tells us about its people: lines of a roster, seats, days away.

Made by `bot/sources/files`, kept by `bot/store/people.py`. None: nobody said.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class PersonRecord:
    """One line of a roster, by e-mail address (case-folded and trimmed, as everywhere)."""

    email: str
    team: str | None = None
    manager_email: str | None = None
    timezone: str | None = None
    locale: str | None = None
    country: str | None = None
    role: str | None = None
    started_on: date | None = None
    ended_on: date | None = None
    github_login: str | None = None
    slack_user_id: str | None = None
    aliases: tuple[str, ...] = ()
    """Other e-mail addresses of the same person: an old one, a private one, one of another company."""


@dataclass(frozen=True)
class SeatRecord:
    """A licence of one tool. `released_on` is the first day without it."""

    email: str
    tool: str
    assigned_on: date
    released_on: date | None = None
    monthly_cost_microusd: int | None = None


@dataclass(frozen=True)
class AbsenceRecord:
    """Days away, both included."""

    email: str
    first_day: date
    last_day: date


@dataclass(frozen=True)
class IdentityRecord:
    """An id that somebody says belongs to the person with this address: `subject` as in `people.subject`."""

    email: str
    subject: str


@dataclass(frozen=True)
class Member:
    """Somebody whom a source lists as having access to its tool.

    `email` ties the source's own id to a person; None: the source does not say. `covered`: this source would show
    everything that they do with the tool, so that its silence can prove a zero. `seat_since` is set where the account
    is a paid seat; `monthly_cost_microusd` None when the price is not told.
    """

    subject: str
    email: str | None = None
    covered: bool = False
    seat_since: date | None = None
    seat_until: date | None = None
    monthly_cost_microusd: int | None = None
