"""Jira Cloud: tickets that people finished.

Asked is only who had the ticket and when it was resolved: no title, no text (P13). Called through
`bot/sources/catalogue.py`. Next: `bot/sources/http.py`.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta

from bot.domain.outcomes import OutcomeKind, OutcomeRecord
from bot.domain.people import IdentitySource, subject
from bot.errors import InputError
from bot.sources.fields import moment, record, records, text, unreadable
from bot.sources.http import JsonObject, cursor_pages, post_json, whole
from bot.sources.shape import Access, OutcomeConnector

PATH = "/rest/api/3/search/jql"
REPULL_DAYS = 30
"""The card shows 28 days, and a ticket may be opened again or given to somebody else."""

_FIELDS = ("assignee", "resolutiondate")
_PAGE = 100
_DAY = timedelta(days=1)


def fetch_outcomes(access: Access, *, first: date, last: date) -> Iterable[OutcomeRecord]:
    """The tickets that were resolved from `first` to `last` and that a person had, or SourceError."""
    done: dict[str, OutcomeRecord] = {}
    for issue in whole(lambda: _issues(access, first, last)):
        ticket = _ticket(issue)
        if ticket is not None and first <= ticket.at.date() <= last:
            done[ticket.ref] = ticket
    return done.values()


def _headers(api_key: str) -> Mapping[str, str]:
    email, colon, token = api_key.partition(":")
    if not (email and colon and token):
        raise InputError('The key of a Jira source is written "address:token": whose token it is, a colon, the token.')
    return {"authorization": f"Basic {base64.b64encode(api_key.encode()).decode()}"}


CONNECTOR = OutcomeConnector(
    kind="jira",
    base_url=None,
    headers=_headers,
    fetch_outcomes=fetch_outcomes,
    repull_days=REPULL_DAYS,
    needs=("base_url",),
)


def _issues(access: Access, first: date, last: date) -> Iterator[JsonObject]:
    """Page after page; one without issues is not the last as long as it has a token."""
    asked = {"jql": _jql(access.source.query, first, last), "fields": list(_FIELDS), "maxResults": _PAGE}

    def ask(token: str | None) -> JsonObject:
        page = {} if token is None else {"nextPageToken": token}
        return post_json(access.client, PATH, body={**asked, **page}, wait=access.wait)

    for page in cursor_pages(ask, lambda page: text(page, "nextPageToken")):
        yield from records(page, "issues")


def _jql(narrowed: str | None, first: date, last: date) -> str:
    """A day more on both sides: Jira reads the days in the time zone of the token's owner."""
    days = f'resolved >= "{first - _DAY}" AND resolved < "{last + 2 * _DAY}"'
    parts = [*([f"({narrowed})"] if narrowed else []), "statusCategory = Done", days]
    return f"{' AND '.join(parts)} ORDER BY resolved ASC"


def _ticket(issue: JsonObject) -> OutcomeRecord | None:
    """None where nobody had it, or an app; its number is its ref, for the key tells the project and can change."""
    said = record(issue, "fields")
    number, at, assignee = text(issue, "id"), moment(said, "resolutiondate"), record(said, "assignee")
    if number is None or at is None:
        # Every resolved ticket has both: an answer without them did not read the fields that we ask for.
        raise unreadable("a ticket without id or resolutiondate")
    whose = _whose(assignee)
    return None if whose is None else OutcomeRecord(whose, at, OutcomeKind.TICKET_DONE, number)


def _whose(assignee: JsonObject) -> str | None:
    if assignee.get("accountType") == "app":
        return None
    email, account = text(assignee, "emailAddress"), text(assignee, "accountId")
    if email is not None:
        return subject(IdentitySource.EMAIL, email.casefold())
    return None if account is None else subject(IdentitySource.JIRA, account)
