"""A LiteLLM proxy, the company's own gateway to the models: who sent what through it on one UTC day.

Tokens and money come from its daily export, or from its daily activity where the proxy is too old to export. Neither
says which tool it was: the request log may, by user agents. What bypasses the proxy is not seen.
Called through `bot/sources/catalogue.py`. Next: `bot/sources/litellm_log.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import date, timedelta

from bot.domain.people import IdentitySource, subject
from bot.domain.roster import Member
from bot.domain.usage import ANY_MODEL, Counters, UsageRow
from bot.domain.usage_sums import REPORTED
from bot.errors import SourceError
from bot.sources.fields import MICROUSD_PER_USD, count, microusd, record, records, text, unreadable
from bot.sources.http import JsonObject, cursor_pages, get_json, json_list, send, whole
from bot.sources.litellm_log import tools_used
from bot.sources.shape import Access, Proof, SourceDay, UsageConnector, finality

ANY_TOOL = "other:litellm"
EXPORT_PATH = "/user/daily/activity/export"
ACTIVITY_PATH = "/user/daily/activity"
USERS_PATH = "/user/list"
FINAL_AFTER = timedelta(hours=1)
"""The proxy writes its daily sums minutes after the requests."""

_MASTER_KEY = "default_user_id"
_NOBODY = "litellm_without_user"
_ACTIVITY_PER_PAGE = "1000"
_USERS_PER_PAGE = "100"

Used = tuple[str | None, str, Counters]
"""Whose (None: the proxy does not say), which model, how much."""


def fetch_day(access: Access, *, day: date) -> SourceDay:
    """All that went through the proxy on `day`. Final (COVERED) an hour after its end.

    Raises SourceError when a part cannot be read whole, a request log that is capped included.
    """
    exported = _exported(access, day)
    used = tuple(_from_activity(access, day)) if exported is None else exported
    tools = tools_used(access, day) if used else {}
    rows = tuple(_row(day, one, tools) for one in used if one[2] != Counters())
    return SourceDay(day, rows, *finality(access, day, FINAL_AFTER, "the day is not over at the source"))


def fetch_members(access: Access) -> Iterable[Member]:
    """Everybody whom the proxy knows. It cannot say who uses models past it, so it covers nobody by itself."""
    for user in whole(lambda: _users(access)):
        user_id, email = _user_id(user), text(user, "user_email")
        if email is None and "@" in user_id:
            email = user_id
        if user_id != _MASTER_KEY:
            yield Member(subject(IdentitySource.LITELLM, user_id), email and email.casefold())


def _headers(api_key: str) -> Mapping[str, str]:
    return {"authorization": f"Bearer {api_key}"}


CONNECTOR = UsageConnector(
    kind="litellm",
    tools=(ANY_TOOL,),
    base_url=None,
    headers=_headers,
    fetch_day=fetch_day,
    repull_days=2,
    proof=Proof.DECLARED,
    fetch_members=fetch_members,
    needs=("base_url",),
)


def _row(day: date, used: Used, tools: Mapping[tuple[str, str], Mapping[str | None, int]]) -> UsageRow:
    """The tool is named only where the log has all requests of this person and model, and all of them were that tool's:
    tokens are never split, and half a log proves nothing.
    """
    user, model, counters = used
    whose = subject(IdentitySource.OTHER, _NOBODY) if user is None else subject(IdentitySource.LITELLM, user)
    logged = tools.get((user or "", model), {})
    is_clear = len(logged) == 1 and sum(logged.values()) >= (counters.requests or 0)
    tool = next(iter(logged)) if is_clear else None
    return UsageRow(whose, day, tool or ANY_TOOL, model, counters, None if counters.cost_microusd is None else REPORTED)


def _counters(metrics: JsonObject) -> Counters:
    """`prompt_tokens` holds both cache parts; `spend` is LiteLLM's own list price in dollars."""
    prompt = count(metrics, "prompt_tokens")
    read, written = count(metrics, "cache_read_input_tokens"), count(metrics, "cache_creation_input_tokens")
    return Counters(
        requests=count(metrics, "api_requests"),
        failed_requests=count(metrics, "failed_requests"),
        input_tokens=None if prompt is None else max(0, prompt - (read or 0) - (written or 0)),
        cache_read_tokens=read,
        cache_write_tokens=written,
        output_tokens=count(metrics, "completion_tokens"),
        cost_microusd=microusd(metrics, "spend", per_unit=MICROUSD_PER_USD),
    )


def _is_of(day: date, entry: JsonObject) -> bool:
    return (text(entry, "date") or "")[:10] == day.isoformat()


# ---------------------------------------------------------------- the export: one row for each user and model


def _exported(access: Access, day: date) -> tuple[Used, ...] | None:
    """None when this proxy is too old to export."""
    query = {
        "start_date": day.isoformat(),
        "end_date": day.isoformat(),
        "export_type": "daily_with_models",
        "format": "json",
    }
    try:
        answer = send(access.client, "GET", EXPORT_PATH, params=query, wait=access.wait)
    except SourceError as error:
        if error.http_status == 404:
            return None
        raise
    rows = json_list(answer, f"GET {EXPORT_PATH}")
    if not all(_is_of(day, row) for row in rows):
        raise unreadable("a row of another day")
    return tuple(
        (text(row, "entity_id") or text(row, "user_id"), text(row, "model") or "unknown", _counters(row))
        for row in rows
    )


# ---------------------------------------------------------------- daily activity: old proxies, one question per user


def _from_activity(access: Access, day: date) -> Iterator[Used]:
    """The activity splits by user or by model, not by both: everybody who was active is asked for apart.

    What is left of the whole belongs to nobody whom the proxy names.
    """
    everybody, users = _by_model(access, day, None)
    if everybody and not users:
        users = {_user_id(user) for user in whole(lambda: _users(access))}
    named: dict[str, Counters] = {}
    for user in sorted(users):
        for model, counters in _by_model(access, day, user)[0].items():
            named[model] = named.get(model, Counters()).plus(counters)
            yield user, model, counters
    for model, counters in everybody.items():
        left = _minus(counters, named.get(model, Counters()))
        if left.shows_activity():
            yield None, model, left


def _by_model(access: Access, day: date, user: str | None) -> tuple[dict[str, Counters], set[str]]:
    """One day added up by model, and the users that it names. Pages run over database rows: a day is in several."""
    found: dict[str, Counters] = {}
    users: set[str] = set()
    for result in whole(lambda: _activity(access, day, user)):
        breakdown = record(result, "breakdown")
        models = record(breakdown, "models")
        parts = {model: record(record(models, model), "metrics") for model in models}
        for model, metrics in (parts or {ANY_MODEL: record(result, "metrics")}).items():
            found[model] = found.get(model, Counters()).plus(_counters(metrics))
        users.update(name for name in record(breakdown, "entities") if name.strip())
    return {model: counters for model, counters in found.items() if counters.shows_activity()}, users


def _activity(access: Access, day: date, user: str | None) -> Iterator[JsonObject]:
    query = {
        "start_date": day.isoformat(),
        "end_date": day.isoformat(),
        "page_size": _ACTIVITY_PER_PAGE,
        **({} if user is None else {"user_id": user}),
    }

    def ask(number: str | None) -> JsonObject:
        return get_json(access.client, ACTIVITY_PATH, params={**query, "page": number or "1"}, wait=access.wait)

    for page in cursor_pages(ask, lambda page: _next_number(record(page, "metadata"))):
        for result in records(page, "results"):
            if not _is_of(day, result):
                raise unreadable("a result of another day")
            yield result


def _minus(one: Counters, other: Counters) -> Counters:
    """What is left, counter by counter. Never below zero: the proxy counts on while it is asked."""
    return Counters(
        **{
            counter.name: None if known is None else max(0, known - (getattr(other, counter.name) or 0))
            for counter in fields(one)
            for known in (getattr(one, counter.name),)
        }
    )


# ---------------------------------------------------------------- who is known


def _users(access: Access) -> Iterator[JsonObject]:
    def ask(number: str | None) -> JsonObject:
        query = {"page": number or "1", "page_size": _USERS_PER_PAGE}
        return get_json(access.client, USERS_PATH, params=query, wait=access.wait)

    for page in cursor_pages(ask, _next_number):
        yield from records(page, "users")


def _user_id(user: JsonObject) -> str:
    found = text(user, "user_id")
    if found is None:
        raise unreadable("a user has no user_id")
    return found


def _next_number(said: JsonObject) -> str | None:
    """The number of the next page as this one tells it; a page that does not tell is no whole answer (P12)."""
    number, last = count(said, "page"), count(said, "total_pages")
    has_more = said.get("has_more", None if number is None or last is None else number < last)
    if has_more is False:
        return None
    if has_more is not True or number is None:
        raise unreadable("a page does not say whether it is the last")
    return str(number + 1)
