"""Cursor's Admin API: what each member of the team did on one UTC day, and what tokens and money it took.

Two lists make a day. The daily one names every member, also who did nothing, and says what people did; the events say
models, tokens and money. No measure is taken from both. Called through `bot/sources/catalogue.py`.
Next: `jobs/collect_usage.py`.
"""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation

from bot.domain.people import IdentitySource, subject
from bot.domain.roster import Member
from bot.domain.usage import ANY_MODEL, Counters, UsageRow
from bot.domain.usage_sums import REPORTED
from bot.sources.fields import MICROUSD_PER_CENT, count, microusd, record, records, text, unreadable
from bot.sources.http import JsonObject, cursor_pages, get_json, post_json, whole
from bot.sources.shape import Access, Proof, SourceDay, UsageConnector, finality

TOOL = "cursor"
MEMBERS, DAILY, EVENTS = "/teams/members", "/teams/daily-usage-data", "/teams/filtered-usage-events"
FINAL_AFTER = timedelta(hours=2)
"""Cursor adds up once an hour: two hours after its end a day has been added up whole."""

_PAGE_ROWS = 1000
_ASKED = "page asked for"
_ONE_MS = timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PROMPTS = ("composerRequests", "chatRequests", "agentRequests", "cmdkUsages")

Window = tuple[int, int]
"""First and last millisecond of a day, both included, as Cursor counts them."""


def fetch_day(access: Access, *, day: date) -> SourceDay:
    """All rows of `day`. Final (COVERED) when `day` ended at least two hours before the access's moment.

    Raises SourceError when one of the two lists cannot be read whole.
    """
    end_of_day = datetime.combine(day + timedelta(days=1), time(), tzinfo=UTC)
    window = _ms(end_of_day - timedelta(days=1)), _ms(end_of_day - _ONE_MS)
    members = whole(lambda: _pages(access, DAILY, "data", window))
    events = whole(lambda: _pages(access, EVENTS, "usageEvents", window))
    rows = tuple(_rows(day, members, [event for event in events if _check_moment(event, window)]))
    return SourceDay(day, rows, *finality(access, day, FINAL_AFTER, "the day is not over at the source"))


def fetch_members(access: Access) -> Iterator[Member]:
    """Everybody on the team today. The daily list names each of them, so its silence is no surprise: they are covered.

    Who was removed stays in Cursor's list and is left out here.
    """
    for listed in records(get_json(access.client, MEMBERS, wait=access.wait), "teamMembers"):
        if listed.get("isRemoved") is not True:
            address = _address(listed, "email")
            yield Member(_by_address(address) or _by_id(listed.get("id")), address, covered=address is not None)


def _headers(api_key: str) -> Mapping[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{api_key}:".encode()).decode()}


CONNECTOR = UsageConnector(
    kind="cursor",
    tools=(TOOL,),
    base_url="https://api.cursor.com",
    headers=_headers,
    fetch_day=fetch_day,
    repull_days=3,
    proof=Proof.LISTED,
    fetch_members=fetch_members,
)


# ---------------------------------------------------------------- pages


def _pages(access: Access, path: str, name: str, window: Window) -> Iterator[JsonObject]:
    """All records of one list. Without `page` and `pageSize` Cursor would leave out who was not active."""

    def ask(cursor: str | None) -> JsonObject:
        asked = {"startDate": window[0], "endDate": window[1], "page": int(cursor or 1), "pageSize": _PAGE_ROWS}
        return {**post_json(access.client, path, body=asked, wait=access.wait), _ASKED: asked["page"]}

    read, announced = 0, 0
    for page in cursor_pages(ask, _next_page):
        found = records(page, name)
        announced = announced or count(page, "totalUsageEventsCount") or 0
        read += len(found)
        yield from found
    if read < announced:
        raise unreadable(f"fewer {name} than announced")


def _next_page(page: JsonObject) -> str | None:
    """The number of the page after this one. Its end is marked in two ways, and counted under two names."""
    marks = record(page, "pagination")
    number = int(page[_ASKED])
    has_more = marks.get("hasNextPage")
    if has_more is None:
        last = next((found for name in ("totalPages", "numPages") if (found := count(marks, name)) is not None), None)
        has_more = None if last is None else number < last
    if not isinstance(has_more, bool):
        # Whether more follows is not said: half a day must not pass for a whole one (P12).
        raise unreadable("no mark of the last page")
    return str(number + 1) if has_more else None


def _check_moment(event: JsonObject, window: Window) -> bool:
    """True; SourceError for an event of another day, which that day's own reading counts."""
    said = str(event.get("timestamp", ""))
    if not (said.isascii() and said.isdigit() and window[0] <= int(said) <= window[1]):
        raise unreadable("an event of another day")
    return True


def _ms(moment: datetime) -> int:
    return (moment - _EPOCH) // _ONE_MS


# ---------------------------------------------------------------- rows


def _rows(day: date, members: Sequence[JsonObject], events: Sequence[JsonObject]) -> Iterator[UsageRow]:
    """What people did and their sessions stand in a row of ANY_MODEL, tokens and money with the model."""
    did = _did(day, members)
    sessions = _sessions(events)
    for whose in {**did, **sessions}:
        row = did.get(whose, UsageRow(whose, day, TOOL, ANY_MODEL, Counters()))
        counters = row.counters.plus(Counters(sessions=sessions.get(whose)))
        yield UsageRow(whose, day, TOOL, ANY_MODEL, counters, active=row.active)
    by_model: dict[tuple[str, str], list[JsonObject]] = defaultdict(list)
    for event in events:
        by_model[_whose(event), text(event, "model") or "unknown"].append(event)
    for (whose, model), found in by_model.items():
        charged = [event for event in found if event.get("chargedCents") is not None]
        silent = [event for event in found if event.get("chargedCents") is None]
        for priced, group in ((REPORTED, charged), (None, silent)):
            if group:
                yield UsageRow(whose, day, TOOL, model, _spent(group), priced)


def _did(day: date, members: Sequence[JsonObject]) -> dict[str, UsageRow]:
    """One row of each member; the second account of one address is added to the first, a repeated one is not."""
    rows: dict[str, UsageRow] = {}
    seen: set[str] = set()
    for entry in members:
        if str(entry.get("day") or day)[:10] != day.isoformat():
            raise unreadable("a row of another day")
        account = str(entry.get("userId") or entry.get("email"))
        whose = _by_address(_address(entry, "email")) or _by_id(entry.get("userId"))
        if account not in seen:
            seen.add(account)
            before = rows.get(whose, UsageRow(whose, day, TOOL, ANY_MODEL, Counters()))
            active = _either(before.active, _yes_or_no(entry, "isActive"))
            counters = before.counters.plus(_behaviour(entry))
            rows[whose] = UsageRow(whose, day, TOOL, ANY_MODEL, counters, active=active)
    return rows


def _behaviour(entry: JsonObject) -> Counters:
    return Counters(
        prompts=_sum(entry, *_PROMPTS),
        offered=_sum(entry, "totalTabsShown", "totalApplies"),
        accepted=_sum(entry, "totalTabsAccepted", "totalAccepts"),
        rejected=count(entry, "totalRejects"),
        lines_added=count(entry, "acceptedLinesAdded"),
    )


def _sum(entry: JsonObject, *names: str) -> int | None:
    """None when one of them is not told: a sum without it would be too small."""
    told = [found for name in names if (found := count(entry, name)) is not None]
    return sum(told) if len(told) == len(names) else None


def _sessions(events: Sequence[JsonObject]) -> dict[str, int]:
    """How many conversations each one had; who had none that is named does not appear."""
    named: dict[str, set[str]] = defaultdict(set)
    for event in events:
        if conversation := text(event, "conversationId"):
            named[_whose(event)].add(conversation)
    return {whose: len(conversations) for whose, conversations in named.items()}


def _spent(events: Sequence[JsonObject]) -> Counters:
    tokens = [record(event, "tokenUsage") for event in events]
    return Counters(
        requests=len(events),
        input_tokens=_told(tokens, lambda part: count(part, "inputTokens")),
        cache_read_tokens=_told(tokens, lambda part: count(part, "cacheReadTokens")),
        cache_write_tokens=_told(tokens, lambda part: count(part, "cacheWriteTokens")),
        output_tokens=_told(tokens, lambda part: count(part, "outputTokens")),
        cost_microusd=_charged_microusd(events),
        # Max mode lets a request see far more than the model's usual window, which is what it costs.
        long_context_requests=_told(events, lambda event: _flag(event, "maxMode")),
        headless_requests=_told(events, _headless),
    )


def _told(records_: Sequence[JsonObject], read: Callable[[JsonObject], int | None]) -> int | None:
    told = [figure for one in records_ if (figure := read(one)) is not None]
    return sum(told) if told else None


def _charged_microusd(events: Sequence[JsonObject]) -> int | None:
    """Fractions of a cent are added up before they are rounded."""
    try:
        cents = [Decimal(str(event["chargedCents"])) for event in events if event.get("chargedCents") is not None]
    except InvalidOperation:
        raise unreadable("chargedCents is not an amount") from None
    return microusd({"chargedCents": sum(cents)}, "chargedCents", per_unit=MICROUSD_PER_CENT) if cents else None


def _headless(event: JsonObject) -> int | None:
    return 1 if event.get("serviceAccountId") else _flag(event, "isHeadless")


def _flag(fields: JsonObject, name: str) -> int | None:
    said = _yes_or_no(fields, name)
    return None if said is None else int(said)


def _yes_or_no(fields: JsonObject, name: str) -> bool | None:
    said = fields.get(name)
    if said is not None and not isinstance(said, bool):
        raise unreadable(f"{name} is not yes or no")
    return said


def _either(one: bool | None, other: bool | None) -> bool | None:
    return other if one is None else one or bool(other)


def _whose(event: JsonObject) -> str:
    """A service account is a machine, whichever address stands beside it."""
    machine = event.get("serviceAccountId")
    address = None if machine else _address(event, "userEmail")
    return _by_address(address) or _by_id(machine or event.get("userId"))


def _address(fields: JsonObject, name: str) -> str | None:
    said = text(fields, name)
    return None if said is None else said.casefold()


def _by_address(address: str | None) -> str | None:
    return None if address is None else subject(IdentitySource.EMAIL, address)


def _by_id(account: object) -> str:
    return subject(IdentitySource.CURSOR, str(account or "unknown"))
