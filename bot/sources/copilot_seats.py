"""Who holds a seat of GitHub Copilot, since when, and for whom the daily report's silence can prove a zero.

A missing row may mean that somebody's editor tells nothing. The seat says whether it ever did, or that its holder did
not even sign in: only then is no row a zero. Called by `bot/sources/copilot.py`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import httpx

from bot.domain.people import IdentitySource, subject
from bot.domain.roster import Member
from bot.domain.usage import WINDOW_DAYS
from bot.errors import SourceError
from bot.sources.fields import record, records, text, unreadable
from bot.sources.github_api import next_cursor
from bot.sources.http import JsonObject, cursor_pages, json_object, post_json, send, whole
from bot.sources.shape import Access

LAG_DAYS = 3
JUDGED = timedelta(days=WINDOW_DAYS + LAG_DAYS + 1)
"""The window that is judged today began so long ago, for it ends before the days that may still change."""
REFUSED = frozenset({"FORBIDDEN", "INSUFFICIENT_SCOPES", "NOT_FOUND"})
ADDRESSES = """
query($login: String!, $after: String) {
  organization(login: $login) { samlIdentityProvider { externalIdentities(first: 100, after: $after) {
    pageInfo { hasNextPage endCursor }
    edges { node { samlIdentity { nameId emails { value } } user { login } } }
  } } }
}
"""

_NEXT = "next page"
_PAGE_SEATS = 100


def account(access: Access) -> str:
    """`orgs/acme` or `enterprises/acme`, as the settings say it."""
    named = access.source.account or ""
    if re.fullmatch(r"(orgs|enterprises)/[A-Za-z0-9][A-Za-z0-9_-]*", named) is None:
        message = f'Source {access.source.name}: account must be "orgs/<name>" or "enterprises/<name>".'
        raise SourceError(message, permanent=True)
    return named


def fetch_members(access: Access) -> Iterator[Member]:
    """Everybody with a seat, once, with the address that the company's single sign-on knows, where GitHub tells it."""
    addresses = _addresses(access)
    seats: dict[str, list[JsonObject]] = defaultdict(list)
    for seat in whole(lambda: _seats(access)):
        holder = record(seat, "assignee")
        login = text(holder, "login")
        if login is not None and holder.get("type", "User") == "User":
            seats[login.casefold()].append(seat)
    for login, held in sorted(seats.items()):
        yield _member(login, held, addresses.get(login), access.now)


def _member(login: str, seats: Sequence[JsonObject], email: str | None, now: datetime) -> Member:
    """One person may hold one seat through several teams: it began with the first and ends with the last of them."""
    since = [moment.date() for seat in seats if (moment := _moment(seat, "created_at"))]
    until = [_day(seat, "pending_cancellation_date") for seat in seats]
    ends = [day for day in until if day is not None]
    return Member(
        subject(IdentitySource.GITHUB, login),
        email,
        covered=_would_show(seats, now),
        seat_since=min(since, default=None),
        seat_until=max(ends) if ends and len(ends) == len(until) else None,
    )


def _would_show(seats: Sequence[JsonObject], now: datetime) -> bool:
    """Whether use in the judged window would have made a row: the editor told of use before it, or nobody signed in.

    Signed in and never seen in use means that the editor may tell nothing. Seen in use within the window is no zero,
    whatever the reports say.
    """
    began = now - JUDGED
    used = [moment for seat in seats if (moment := _moment(seat, "last_activity_at"))]
    if used:
        return max(used) < began
    if not all("last_authenticated_at" in seat for seat in seats):
        return False  # not said is not never
    return all(
        moment is None or moment < began for moment in (_moment(seat, "last_authenticated_at") for seat in seats)
    )


def _seats(access: Access) -> Iterator[JsonObject]:
    path = f"/{account(access)}/copilot/billing/seats"

    def ask(cursor: str | None) -> JsonObject:
        # Of the link to the next page only its query is used: the key goes to no other address than our own.
        query = dict(httpx.QueryParams(cursor)) if cursor is not None else {"per_page": str(_PAGE_SEATS)}
        answer = send(access.client, "GET", path, params=query, wait=access.wait)
        following = answer.links.get("next", {}).get("url")
        following_query = None if following is None else httpx.URL(following).query.decode()
        return {**json_object(answer, f"GET {path}"), _NEXT: following_query}

    for page in cursor_pages(ask, lambda page: page[_NEXT]):
        yield from records(page, "seats")


def _addresses(access: Access) -> Mapping[str, str]:
    """Address by login, as single sign-on knows them: an organisation without it, or a key without the right to see it,
    gives none.
    """
    kind, _, name = account(access).partition("/")
    if kind != "orgs":
        return {}
    return dict(whole(lambda: _linked(access, name)))


def _linked(access: Access, organisation: str) -> Iterator[tuple[str, str]]:
    def ask(cursor: str | None) -> JsonObject:
        variables = {"login": organisation, "after": cursor}
        try:
            answer = post_json(
                access.client, "/graphql", body={"query": ADDRESSES, "variables": variables}, wait=access.wait
            )
        except SourceError as error:
            if error.http_status in (403, 404):
                return {}
            raise
        return _identities(answer)

    for page in cursor_pages(ask, next_cursor):
        for edge in records(page, "edges", optional=True):
            node = record(edge, "node")
            login, address = text(record(node, "user"), "login"), _address(record(node, "samlIdentity"))
            if login is not None and address is not None:
                yield login.casefold(), address


def _identities(answer: JsonObject) -> JsonObject:
    errors = records(answer, "errors", optional=True)
    if any(error.get("type") not in REFUSED for error in errors):
        raise SourceError("POST /graphql answered with an error.", permanent=False)
    if errors:
        return {}
    organisation = record(record(answer, "data"), "organization")
    return record(record(organisation, "samlIdentityProvider"), "externalIdentities")


def _address(identity: JsonObject) -> str | None:
    """The first address of an identity; its name is often one as well."""
    told = [text(email, "value") for email in records(identity, "emails", optional=True)]
    addresses = (one.casefold() for one in (*told, text(identity, "nameId")) if one is not None and "@" in one)
    return next(addresses, None)


def _moment(seat: JsonObject, name: str) -> datetime | None:
    said = text(seat, name)
    if said is None:
        return None
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        raise unreadable(f"{name} is not a time") from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _day(seat: JsonObject, name: str) -> date | None:
    said = text(seat, name)
    try:
        return None if said is None else date.fromisoformat(said[:10])
    except ValueError:
        raise unreadable(f"{name} is not a day") from None
