"""Anthropic's usage and cost analytics: who used which product and model on one UTC day, and what it cost.

Usage and cost are two reports with the same groups; each row here carries both. A Console key shows the Console
organisation, an Enterprise key the claude.ai organisation; neither shows the other, nor Bedrock or Vertex.
Called through `bot/sources/catalogue.py`. Next: `bot/sources/anthropic_messages.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta

from bot.domain.roster import Member
from bot.domain.usage import Counters, CoverageStatus, UsageRow
from bot.domain.usage_sums import REPORTED, add_up
from bot.sources import anthropic_api as api
from bot.sources.fields import MICROUSD_PER_CENT, count, microusd, record, records, text, unreadable
from bot.sources.http import JsonObject, whole
from bot.sources.shape import Access, Proof, SourceDay, UsageConnector

USAGE_PATH = "/v1/organizations/analytics/usage"
COST_PATH = "/v1/organizations/analytics/cost"
BETA = "analytics-usage-cost-2026-08-24"
GROUPS = ("actor", "model", "product", "speed", "context_window")
LAG_DAYS = 2

TOOLS = {
    "claude_code": "claude_code",
    "chat": "claude_chat",
    "chat_cowork_unified": "claude_chat",  # cannot be told apart; people find it where they find the chat
    "cowork": "claude_cowork",
    "office_agent": "claude_office",
    "messages_api": "anthropic_api",
    "message_batches_api": "anthropic_api",
    "managed_agents_api": "anthropic_api",
    "claude_console": "anthropic_api",
}
"""Our names of the vendor's products; any other product is other:<its name>."""


def fetch_day(access: Access, *, day: date) -> SourceDay:
    """All rows of `day`: one for each actor, tool and model, with the net cost where the cost report names the same.

    COVERED when every page says that its data reach past the day's end, and the day ended two days ago; the sum may
    still be revised later. Raises SourceError when usage or cost cannot be read whole.
    """
    reach: list[datetime | None] = []
    grouped = {"group_by[]": GROUPS}
    usage = whole(lambda: _usage_rows(day, _entries(access, USAGE_PATH, day, grouped, reach)))
    cost = whole(lambda: _cost_rows(day, _entries(access, COST_PATH, day, grouped, reach)))
    charged = whole(lambda: _amounts(_entries(access, COST_PATH, day, {}, reach)))
    reason = _why_pending(access, day, reach)
    status = CoverageStatus.COVERED if reason is None else CoverageStatus.PENDING
    return SourceDay(day, tuple(add_up([*usage, *cost])), status, reason, _total(charged))


def fetch_members(access: Access) -> Iterable[Member]:
    """Everybody in the organisation of this key: of them its silence can prove a zero, where the settings agree."""
    return api.directory(access, covered=True)


def _headers(api_key: str) -> Mapping[str, str]:
    return {**api.headers(api_key), "anthropic-beta": BETA}


CONNECTOR = UsageConnector(
    kind="anthropic",
    tools=("claude_code", "claude_chat", "claude_cowork", "claude_office"),
    base_url=api.BASE_URL,
    headers=_headers,
    fetch_day=fetch_day,
    repull_days=5,
    proof=Proof.DECLARED_AND_LISTED,
    lag_days=LAG_DAYS,
    fetch_members=fetch_members,
)


def _entries(
    access: Access, path: str, day: date, groups: Mapping[str, tuple[str, ...]], reach: list[datetime | None]
) -> Iterator[JsonObject]:
    """Each row of a report, checked to be of `day`; `reach` takes note of how far each page's data go."""
    query = {
        **api.one_day(day),
        "time_bucket_width": "1d",
        "order_by": "time",
        "order": "asc",
        "limit": str(api.PAGE_ROWS),
    }
    for page in api.pages(access, path, {**query, **groups}):
        reach.append(_refreshed_at(page))
        for entry in records(page, "data"):
            api.check_day(entry, day)
            yield entry


def _refreshed_at(page: JsonObject) -> datetime | None:
    said = text(page, "data_refreshed_at")
    if said is None:
        return None
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        raise unreadable("data_refreshed_at is not a moment") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _why_pending(access: Access, day: date, reach: Iterable[datetime | None]) -> str | None:
    end_of_day = api.midnight(day + timedelta(days=1))
    if not api.is_final(access, day, lag_days=LAG_DAYS):
        return "the source needs two days after the day's end"
    if any(moment is None or moment <= end_of_day for moment in reach):
        return "the source's data do not reach the day's end yet"
    return None


def _usage_rows(day: date, entries: Iterable[JsonObject]) -> Iterator[UsageRow]:
    for entry in entries:
        group, usage = record(entry, "group"), record(entry, "usage")
        yield _row(day, group, api.tokens(usage).plus(_requests(group, usage)))


def _cost_rows(day: date, entries: Iterable[JsonObject]) -> Iterator[UsageRow]:
    for entry in entries:
        cost = _amount(entry)
        if cost is not None:
            yield _row(day, record(entry, "group"), Counters(cost_microusd=cost), REPORTED)


def _row(day: date, group: JsonObject, counters: Counters, priced: str | None = None) -> UsageRow:
    product = text(group, "product") or "unknown"
    model = text(group, "model") or api.UNKNOWN_MODEL
    return UsageRow(_whose(group), day, TOOLS.get(product, f"other:{product}"), model, counters, priced)


def _whose(group: JsonObject) -> str:
    """Only a user's id can lead to a person. A federated subject may spell out a repository, so it is dropped (P13)."""
    actor = record(group, "actor")
    kind = text(actor, "type") or "unknown"
    match kind:
        case "user_actor":
            return api.user_subject(api.required(actor, "user_id"))
        case "api_actor":
            return api.api_key_subject(api.required(actor, "api_key_id"))
        case "service_account_actor":
            return api.nobody(api.required(actor, "service_account_id"))
        case "federated_actor":
            return api.nobody(f"federated {text(actor, 'provider') or 'unknown'}")
        case _:
            return api.nobody(f"actor_type {kind}")


def _requests(group: JsonObject, usage: JsonObject) -> Counters:
    """Requests, and the parts of them that were fast, in a long context, or a service account's."""
    requests = count(usage, "requests")
    speed, window = text(group, "speed"), text(group, "context_window")
    is_machine = text(record(group, "actor"), "type") == "service_account_actor"
    return Counters(
        requests=requests,
        fast_requests=_part(requests, known=speed is not None, belongs=speed == "fast"),
        long_context_requests=_part(requests, known=window is not None, belongs=not (window or "").startswith("0-")),
        headless_requests=_part(requests, known=is_machine, belongs=True),
    )


def _part(requests: int | None, *, known: bool, belongs: bool) -> int | None:
    if requests is None or not known:
        return None
    return requests if belongs else 0


def _amount(entry: JsonObject) -> int | None:
    """What is charged before credits, after discounts."""
    cost = record(entry, "cost")
    return microusd(cost, "amount", per_unit=MICROUSD_PER_CENT) if api.is_dollars(cost) else None


def _amounts(entries: Iterable[JsonObject]) -> Iterator[int | None]:
    return (_amount(entry) for entry in entries)


def _total(amounts: tuple[int | None, ...]) -> int | None:
    """The day as a whole; unknown when nothing is said, or a part of it is not in dollars."""
    said = [amount for amount in amounts if amount is not None]
    return sum(said) if said and len(said) == len(amounts) else None
