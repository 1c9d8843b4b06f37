"""What a company tells us about its people: lines of a roster, ids, seats, days away.

Made by `bot/sources/`, kept by `bot/store/people.py`. None: nobody said. Next: `bot/domain/hierarchy.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from bot.domain.people import IdentitySource

ID_COLUMNS = {
    "github_login": IdentitySource.GITHUB,
    "slack_user_id": IdentitySource.SLACK,
    "gitlab_username": IdentitySource.GITLAB,
    "jira_account_id": IdentitySource.JIRA,
    "anthropic_user_id": IdentitySource.ANTHROPIC,
    "openai_user_id": IdentitySource.OPENAI,
    "cursor_user_id": IdentitySource.CURSOR,
    "litellm_user_id": IdentitySource.LITELLM,
    "machine_user": IdentitySource.MACHINE_USER,
}
"""The fields of a PersonRecord that hold an id of another source."""

_CASE_FREE = frozenset({IdentitySource.EMAIL, IdentitySource.GITHUB, IdentitySource.GITLAB})


def spelled(source: IdentitySource, external_id: str) -> str:
    """The spelling under which an id is compared and kept: trimmed, and case-folded where the source ignores case."""
    trimmed = external_id.strip()
    return trimmed.casefold() if source in _CASE_FREE else trimmed


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
    gitlab_username: str | None = None
    jira_account_id: str | None = None
    anthropic_user_id: str | None = None
    openai_user_id: str | None = None
    cursor_user_id: str | None = None
    litellm_user_id: str | None = None
    machine_user: str | None = None
    scim_id: str | None = None
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
    """An id that the operator says belongs to the person with this address: `subject` as in `people.subject`.

    `email` None: it is nobody's who works here (a shared mailbox, a partner, a machine).
    """

    email: str | None
    subject: str


@dataclass(frozen=True)
class Member:
    """Somebody whom a source lists as having access to its tool.

    `email` ties the source's own id to a person; None: the source does not say. `covered`: this source would show
    everything that they do with the tool, so that its silence can prove a zero, from `since` on (None: it does not say
    since when the account is listed). `seat_since` is set where the account
    is a paid seat; `monthly_cost_microusd` None when the price is not told.
    """

    subject: str
    email: str | None = None
    covered: bool = False
    since: date | None = None
    seat_since: date | None = None
    seat_until: date | None = None
    monthly_cost_microusd: int | None = None
