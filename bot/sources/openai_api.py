"""OpenAI's organisation reports: what each person or API key asked of the models on one UTC day, and what it cost.

The day's tokens come by user, key and model; its bill comes as a whole, for the vendor may refuse costs by user. Use of
ChatGPT, and of Codex behind a ChatGPT log-in, is not in it. Called through `bot/sources/catalogue.py`.
Next: `bot/sources/codex.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import quote

from bot.domain.people import IdentitySource, subject
from bot.domain.roster import Member
from bot.domain.usage import Counters, UsageRow
from bot.sources.fields import MICROUSD_PER_USD, count, microusd, next_page, record, records, text, unreadable
from bot.sources.http import JsonObject, Query, cursor_pages, get_json, whole
from bot.sources.shape import Access, Proof, SourceDay, UsageConnector, finality

TOOL = "openai_api"
USAGE_PATH = "/v1/organization/usage/completions"
COSTS_PATH = "/v1/organization/costs"
USERS_PATH = "/v1/organization/users"
PROJECTS_PATH = "/v1/organization/projects"
LAG_DAYS = 3
FINAL_AFTER = timedelta(days=LAG_DAYS)
WHY_PENDING = f"the source may still add to a day for {LAG_DAYS} days after its end"
"""The vendor does not say when a day is complete; three days are ours."""

_GROUPS = ("user_id", "api_key_id", "model")
_LISTED_PER_PAGE = "100"
_NOBODY = "openai_without_user_or_key"
_EPOCH = date(1970, 1, 1)


def fetch_day(access: Access, *, day: date) -> SourceDay:
    """All use of `day`, and its bill. Several rows of one person and model, one for each key, are added up later.

    Raises SourceError when either cannot be read whole. A page cursor that ran out begins the question anew, once.
    """
    used = {**_of_day(day), "group_by[]": _GROUPS}
    rows = tuple(_row(day, result) for result in whole(lambda: _results(access, USAGE_PATH, used, day)))
    billed = _billed_microusd(whole(lambda: _results(access, COSTS_PATH, _of_day(day), day)))
    status, reason = finality(access, day, FINAL_AFTER, WHY_PENDING)
    return SourceDay(day, rows, status, reason, billed)


def fetch_members(access: Access) -> Iterable[Member]:
    """Everybody in the organisation, and the API keys that are somebody's own. Service accounts are no people."""
    people = whole(lambda: _people(access))
    listed = {member.subject: member for member in people}
    return (*people, *whole(lambda: _keys_of_people(access, listed)))


def bearer(api_key: str) -> Mapping[str, str]:
    return {"authorization": f"Bearer {api_key}"}


CONNECTOR = UsageConnector(
    kind="openai",
    tools=(TOOL,),
    base_url="https://api.openai.com",
    headers=bearer,
    fetch_day=fetch_day,
    repull_days=7,
    proof=Proof.DECLARED_AND_LISTED,
    lag_days=LAG_DAYS,
    fetch_members=fetch_members,
)


def seconds_of(day: date) -> int:
    """The day's first moment in UTC as OpenAI wants it: whole seconds."""
    return int(datetime.combine(day, time(), tzinfo=UTC).timestamp())


# ---------------------------------------------------------------- what was used


def _of_day(day: date) -> dict[str, str]:
    first, after = seconds_of(day), seconds_of(day + timedelta(days=1))
    return {"start_time": str(first), "end_time": str(after), "bucket_width": "1d", "limit": "1"}


def _results(access: Access, path: str, query: Query, day: date) -> Iterator[JsonObject]:
    def ask(cursor: str | None) -> JsonObject:
        page = {} if cursor is None else {"page": cursor}
        return get_json(access.client, path, params={**query, **page}, wait=access.wait)

    for page in cursor_pages(ask, next_page):
        for bucket in records(page, "data"):
            results = records(bucket, "results")
            if results and count(bucket, "start_time") != seconds_of(day):
                raise unreadable("a bucket of another day")
            yield from results


def _row(day: date, result: JsonObject) -> UsageRow:
    read, written = count(result, "input_cached_tokens"), count(result, "input_cache_write_tokens")
    counters = Counters(
        requests=count(result, "num_model_requests"),
        input_tokens=_uncached(result, read, written),
        cache_read_tokens=read,
        cache_write_tokens=written,
        output_tokens=count(result, "output_tokens"),
    )
    return UsageRow(_subject(result), day, TOOL, text(result, "model") or "unknown", counters)


def _uncached(result: JsonObject, read: int | None, written: int | None) -> int | None:
    """`input_tokens` holds both cache parts. Older answers do not say what is left without them."""
    said, whole_input = count(result, "input_uncached_tokens"), count(result, "input_tokens")
    if said is not None or whole_input is None:
        return said
    return max(0, whole_input - (read or 0) - (written or 0))


def _subject(result: JsonObject) -> str:
    user, key = text(result, "user_id"), text(result, "api_key_id")
    if user is not None:
        return subject(IdentitySource.OPENAI, user)
    if key is not None:
        return subject(IdentitySource.API_KEY_ID, key)
    return subject(IdentitySource.OTHER, _NOBODY)  # kept, so that sums agree


def _billed_microusd(results: Iterable[JsonObject]) -> int | None:
    """What the day cost in all; None when nothing is said, or when a part is not in dollars."""
    amounts = [record(result, "amount") for result in results]
    if any((text(amount, "currency") or "usd").casefold() != "usd" for amount in amounts):
        return None
    known = [microusd(amount, "value", per_unit=MICROUSD_PER_USD) for amount in amounts]
    return sum(cost for cost in known if cost is not None) if known and None not in known else None


# ---------------------------------------------------------------- who has access


def _people(access: Access) -> Iterator[Member]:
    for user in _listed(access, USERS_PATH):
        if user.get("is_service_account") is True:
            continue
        email = text(user, "email") or text(record(user, "user"), "email")
        whose = subject(IdentitySource.OPENAI, _id(user))
        yield Member(whose, email and email.casefold(), covered=True, since=_day_added(user))


def _day_added(user: JsonObject) -> date | None:
    added_s = count(user, "added_at")
    try:
        return None if added_s is None else _EPOCH + timedelta(seconds=added_s)
    except OverflowError:
        raise unreadable("added_at is not a moment in seconds") from None


def _keys_of_people(access: Access, listed: Mapping[str, Member]) -> Iterator[Member]:
    """Use that comes without a user still names its key; a key of somebody's own is theirs.

    A key takes nothing from what its owner's account says of coverage, and adds nothing to it.
    """
    for project in _listed(access, PROJECTS_PATH, {"include_archived": "true"}):
        path = f"{PROJECTS_PATH}/{quote(_id(project), safe='')}/api_keys"
        for key in _listed(access, path, {"owner_project_access": "any"}):
            owner = record(key, "owner")
            if owner.get("type") != "user":
                continue
            holder = record(owner, "user")
            account = listed.get(subject(IdentitySource.OPENAI, text(holder, "id") or ""))
            if account is None:
                account = Member("", (text(holder, "email") or "").casefold() or None)  # has left the organisation
            if account.email is not None:
                yield replace(account, subject=subject(IdentitySource.API_KEY_ID, _id(key)))


def _listed(access: Access, path: str, query: Query | None = None) -> Iterator[JsonObject]:
    def ask(last_id: str | None) -> JsonObject:
        after = {} if last_id is None else {"after": last_id}
        return get_json(
            access.client, path, params={"limit": _LISTED_PER_PAGE, **(query or {}), **after}, wait=access.wait
        )

    for page in cursor_pages(ask, _after):
        yield from records(page, "data")


def _after(page: JsonObject) -> str | None:
    has_more, last_id = page.get("has_more"), text(page, "last_id")
    if has_more is False:
        return None
    if has_more is not True or last_id is None:
        raise unreadable("has_more without last_id")
    return last_id


def _id(entry: JsonObject) -> str:
    found = text(entry, "id")
    if found is None:
        raise unreadable("an entry of a list has no id")
    return found
