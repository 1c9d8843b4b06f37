"""What Anthropic's organisation reports have in common: the headers, two ways to page, token fields, the directory.

Console keys (`sk-ant-admin01-`) and Enterprise keys (`sk-ant-api01-`) are sent alike; which reports a key opens is the
vendor's to say. Used by `anthropic_analytics.py`, `anthropic_messages.py`, `claude_code.py` and `claude_enterprise.py`.
Next: `bot/sources/anthropic_analytics.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta

from bot.domain.people import IdentitySource, subject
from bot.domain.roster import Member
from bot.domain.usage import Counters
from bot.sources.fields import count, moment, next_page, record, records, text, unreadable
from bot.sources.http import JsonObject, Query, cursor_pages, get_json, whole
from bot.sources.shape import Access

BASE_URL = "https://api.anthropic.com"
USERS_PATH = "/v1/organizations/users"
UNKNOWN_MODEL = "unknown"
PAGE_ROWS = 1000
"""The most that one page may hold."""


def headers(api_key: str) -> Mapping[str, str]:
    """What every request carries."""
    return {"x-api-key": api_key, "anthropic-version": "2023-06-01"}


def pages(access: Access, path: str, query: Query) -> Iterator[JsonObject]:
    """All pages of a report: `page` takes the cursor, everything else is sent unchanged. Read through `http.whole`."""

    def ask(cursor: str | None) -> JsonObject:
        page = {} if cursor is None else {"page": cursor}
        return get_json(access.client, path, params={**query, **page}, wait=access.wait)

    return cursor_pages(ask, next_page)


def listed(access: Access, path: str) -> Iterator[JsonObject]:
    """Every entry of a list that continues behind its last id. Read through `http.whole`."""

    def ask(last_id: str | None) -> JsonObject:
        behind = {} if last_id is None else {"after_id": last_id}
        return get_json(access.client, path, params={"limit": str(PAGE_ROWS), **behind}, wait=access.wait)

    for page in cursor_pages(ask, _last_id):
        yield from records(page, "data")


def directory(access: Access, *, covered: bool) -> tuple[Member, ...]:
    """Everybody in the organisation by the id that the reports use. `covered`: the reports show all that they do here.

    The list says who belongs to the organisation, not who holds which paid seat: it makes nobody a seat holder.
    """
    return tuple(_member(user, covered) for user in whole(lambda: listed(access, USERS_PATH)))


def _member(user: JsonObject, covered: bool) -> Member:
    added_at = moment(user, "added_at")
    since = None if added_at is None else added_at.date()
    return Member(user_subject(required(user, "id")), _address(user), covered, since=since)


def user_subject(user_id: str) -> str:
    return subject(IdentitySource.ANTHROPIC, user_id)


def api_key_subject(api_key_id: str) -> str:
    return subject(IdentitySource.API_KEY_ID, api_key_id)


def nobody(what: str) -> str:
    """The subject of use that belongs to no person and no key: kept, so that sums agree."""
    return subject(IdentitySource.OTHER, what)


def tokens(fields: JsonObject) -> Counters:
    """The four disjoint kinds. Anthropic's input is without what the cache gave and took; both writes are one kind."""
    written = record(fields, "cache_creation")
    five_minutes = Counters(cache_write_tokens=count(written, "ephemeral_5m_input_tokens"))
    one_hour = Counters(cache_write_tokens=count(written, "ephemeral_1h_input_tokens"))
    return Counters(
        input_tokens=count(fields, "uncached_input_tokens"),
        cache_read_tokens=count(fields, "cache_read_input_tokens"),
        cache_write_tokens=five_minutes.plus(one_hour).cache_write_tokens,
        output_tokens=count(fields, "output_tokens"),
    )


def one_day(day: date) -> dict[str, str]:
    """The window of one UTC day; its end is excluded."""
    return {"starting_at": _stamp(day), "ending_at": _stamp(day + timedelta(days=1))}


def check_day(entry: JsonObject, day: date) -> None:
    """Raises SourceError for a row or bucket that does not begin with `day`."""
    if str(entry.get("starting_at"))[:10] != day.isoformat():
        raise unreadable("starting_at is of another day")


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


def is_final(access: Access, day: date, *, lag_days: int) -> bool:
    """Whether `lag_days` whole days have passed since the day's end."""
    return midnight(day + timedelta(days=1 + lag_days)) <= access.now


def is_dollars(money: JsonObject) -> bool:
    """Another currency than dollars is not known to us as money."""
    return str(money.get("currency") or "USD").upper() == "USD"


def required(fields: JsonObject, name: str) -> str:
    """A text that must be there."""
    value = text(fields, name)
    if value is None:
        raise unreadable(f"{name} is missing")
    return value


def _address(user: JsonObject) -> str | None:
    # The vendor spells this field both ways, old and new.
    said = text(user, "email") or text(user, "email_address")
    return None if said is None else said.casefold()


def _last_id(page: JsonObject) -> str | None:
    has_more = page.get("has_more")
    if not isinstance(has_more, bool):
        raise unreadable("has_more is missing")
    return required(page, "last_id") if has_more else None


def _stamp(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"
