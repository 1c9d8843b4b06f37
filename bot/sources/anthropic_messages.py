"""Anthropic's messages report: the tokens that went through the API on one UTC day, by account or key, and model.

It counts no requests and names no price for a person: what a row cost is estimated later from list prices, and the cost
report says what the day cost as a whole. It proves a zero for nobody, for few people are meant to call an API.
Called through `bot/sources/catalogue.py`. Next: `bot/sources/claude_enterprise.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from bot.domain.roster import Member
from bot.domain.usage import Counters, UsageRow
from bot.sources import anthropic_api as api
from bot.sources.fields import MICROUSD_PER_CENT, microusd, record, records, text, unreadable
from bot.sources.http import JsonObject, whole
from bot.sources.shape import Access, Proof, SourceDay, UsageConnector, finality

TOOL = "anthropic_api"
USAGE_PATH = "/v1/organizations/usage_report/messages"
COST_PATH = "/v1/organizations/cost_report"
API_KEYS_PATH = "/v1/organizations/api_keys"
GROUPS = ("account_id", "api_key_id", "service_account_id", "model")
LAG_DAYS = 3


def fetch_day(access: Access, *, day: date) -> SourceDay:
    """All rows of `day`, without requests and cost, and what the whole day was charged, credits taken off.

    COVERED three days after the day's end: until when the report is revised is not documented. Raises SourceError when
    either report cannot be read whole.
    """
    usage = whole(lambda: _results(access, USAGE_PATH, day, GROUPS))
    costs = whole(lambda: _results(access, COST_PATH, day, ()))
    rows = tuple(row for result in usage if (row := _row(day, result)).counters != Counters())
    status, reason = finality(access, day, timedelta(days=LAG_DAYS), "the source may still revise the day")
    return SourceDay(day, rows, status, reason, _total(costs))


def fetch_members(access: Access) -> Iterable[Member]:
    """Everybody in the organisation, and the keys that belong to one of them: whose they are, and no more.

    A key belongs to its principal. Who made a key is only a guess at who uses it, so that is not looked at.
    """
    people = api.directory(access, covered=False)
    address_of = {member.subject: member.email for member in people}
    keys = whole(lambda: api.listed(access, API_KEYS_PATH))
    owned = ((api.required(key, "id"), _principal(key)) for key in keys)
    return (
        *people,
        *(Member(api.api_key_subject(key), address_of.get(owner)) for key, owner in owned if owner is not None),
    )


CONNECTOR = UsageConnector(
    kind="anthropic_messages",
    tools=(TOOL,),
    base_url=api.BASE_URL,
    headers=api.headers,
    fetch_day=fetch_day,
    repull_days=LAG_DAYS + 1,  # so that each day is read once when it is final
    proof=Proof.NOBODY,
    lag_days=LAG_DAYS,
    fetch_members=fetch_members,
)


def _results(access: Access, path: str, day: date, groups: tuple[str, ...]) -> Iterator[JsonObject]:
    """What stands in the bucket of `day`. A day without use has an empty bucket; no bucket is no answer (P12)."""
    query = {**api.one_day(day), "bucket_width": "1d", "limit": "1", **({"group_by[]": groups} if groups else {})}
    found = False
    for page in api.pages(access, path, query):
        for bucket in records(page, "data"):
            api.check_day(bucket, day)
            found = True
            yield from records(bucket, "results")
    if not found:
        raise unreadable("the day is missing")


def _row(day: date, result: JsonObject) -> UsageRow:
    return UsageRow(_whose(result), day, TOOL, text(result, "model") or api.UNKNOWN_MODEL, api.tokens(result))


def _whose(result: JsonObject) -> str:
    """The account where somebody logged in, else the key; the Console's own playground has neither."""
    if account := text(result, "account_id"):
        return api.user_subject(account)
    if key := text(result, "api_key_id"):
        return api.api_key_subject(key)
    return api.nobody(text(result, "service_account_id") or "no key")


def _principal(key: JsonObject) -> str | None:
    """The person to whom a key belongs; the vendor spells this in two ways, old and new."""
    principal = record(key, "principal")
    if text(principal, "type") not in ("user", "user_actor"):
        return None
    owner = text(principal, "user_id") or text(principal, "id")
    return None if owner is None else api.user_subject(owner)


def _total(costs: Iterable[JsonObject]) -> int | None:
    """The day as a whole. A credit is an amount below zero; money that is not in dollars makes the total unknown."""
    total = 0
    for cost in costs:
        amount = microusd(cost, "amount", per_unit=MICROUSD_PER_CENT, below_zero=True)
        if amount is None or not api.is_dollars(cost):
            return None
        total += amount
    return total
