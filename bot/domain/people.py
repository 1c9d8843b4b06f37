"""A person as the rules see one: where and when they work, what they hold. No name, no address.

Next: `bot/domain/usage.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

SATURDAY_AND_SUNDAY = frozenset({5, 6})
KEPT_AFTER_LEAVING_DAYS = 90
"""What is held about somebody is erased so long after their last day: time enough to put a wrong last day right."""


class IdentitySource(StrEnum):
    """Whose naming an external id follows. An e-mail address is kept case-folded and trimmed."""

    EMAIL = "email"
    SLACK = "slack"
    GITHUB = "github"
    GITLAB = "gitlab"
    JIRA = "jira"
    SCIM = "scim"
    ANTHROPIC = "anthropic"
    OPENAI = "openai"
    CURSOR = "cursor"
    LITELLM = "litellm"
    API_KEY_NAME = "api_key_name"
    API_KEY_ID = "api_key_id"
    MACHINE_USER = "machine_user"
    """The account name on somebody's computer, as session files are filed under."""
    OTHER = "other"
    """An id of a kind that we do not know: kept, so that sums agree, and nobody's."""


NAMES_OF_PEOPLE = frozenset(
    {
        IdentitySource.EMAIL,
        IdentitySource.GITHUB,
        IdentitySource.ANTHROPIC,
        IdentitySource.OPENAI,
        IdentitySource.CURSOR,
        IdentitySource.LITELLM,
    }
)
"""Namings of people in use. An API key or a machine that nobody owns is not somebody whom we miss."""


def subject(source: IdentitySource, external_id: str) -> str:
    """How a usage row or an outcome names whose it is: an address as it is, any other id behind its source's name.

    An address that begins like such an id stands behind its source's name as well: "email:github:ana@…" is nobody's
    login.
    """
    plain = source is IdentitySource.EMAIL and external_id.partition(":")[0] not in _PREFIXES
    return external_id if plain else f"{source.value}:{external_id}"


def identity_of(subject: str) -> tuple[IdentitySource, str]:
    """The id that a subject names, and whose naming it follows. Anything without a known prefix is an address."""
    prefix, colon, external_id = subject.partition(":")
    if colon and prefix in _PREFIXES:
        return IdentitySource(prefix), external_id
    return (IdentitySource.EMAIL if "@" in subject else IdentitySource.OTHER), subject


_PREFIXES = frozenset(source.value for source in IdentitySource)


@dataclass(frozen=True)
class Person:
    """What the rules may know of a person. `person_id` is our own number and means nothing outside."""

    person_id: int
    timezone: str | None
    country: str | None
    locale: str | None
    role: str | None
    team: str | None
    started_on: date | None
    ended_on: date | None
    slack_user_id: str | None


@dataclass(frozen=True)
class Seat:
    """A paid licence of one tool. `monthly_cost_microusd` is None when nobody told us the price."""

    tool: str
    assigned_on: date
    released_on: date | None
    monthly_cost_microusd: int | None

    def held_on(self, day: date) -> bool:
        return self.assigned_on <= day and (self.released_on is None or day < self.released_on)


@dataclass(frozen=True)
class SlackMember:
    """An employee's account as the workspace lists it. `email` is case-folded, None without the scope to read it."""

    slack_user_id: str
    email: str | None = None
    timezone: str | None = None
    locale: str | None = None


@dataclass(frozen=True)
class WorkCalendar:
    """One person's working days: time zone, weekend, public holidays, leave, first and last day employed."""

    timezone: str
    weekend: frozenset[int] = SATURDAY_AND_SUNDAY
    holidays: frozenset[date] = frozenset()
    leave: frozenset[date] = frozenset()
    started_on: date | None = None
    ended_on: date | None = None

    def is_working(self, day: date) -> bool:
        if self.started_on is not None and day < self.started_on:
            return False
        if self.ended_on is not None and day > self.ended_on:
            return False
        return day.weekday() not in self.weekend and day not in self.holidays and day not in self.leave

    def working_days(self, first: date, last: date) -> tuple[date, ...]:
        """The working days from `first` to `last`, both included."""
        span = (last - first).days + 1
        days = (first + timedelta(days=offset) for offset in range(span))
        return tuple(day for day in days if self.is_working(day))

    def local(self, moment: datetime) -> datetime:
        """`moment` as this person's wall clock shows it."""
        return moment.astimezone(ZoneInfo(self.timezone))
