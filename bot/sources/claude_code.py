"""Anthropic's Claude Code report: who used Claude Code on one UTC day, with what tokens, cost and accepted edits.

One request covers one day, in pages. People who log in with a claude.ai subscription do not appear in it, so a missing
row proves nothing by itself: whom this source covers is declared in the settings (`console_login_only`).
Called through `bot/sources/catalogue.py`. Next: `jobs/collect.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

import httpx

from bot.domain.usage import ANY_MODEL, API_KEY_SUBJECT, Counters, CoverageStatus, UsageRow
from bot.domain.usage_sums import REPORTED
from bot.errors import SourceError
from bot.sources.http import JsonObject, Wait, cursor_pages, get_json
from bot.sources.shape import Connector, SourceDay

TOOL = "claude_code"
PATH = "/v1/organizations/usage_report/claude_code"
FINAL_AFTER = timedelta(hours=1)
"""Rows younger than an hour are withheld by the server: a day is final an hour after its end."""

_PAGE_ROWS = 1000
_LOST_CURSOR = frozenset({400, 410})
_MICROUSD_PER_CENT = 10_000


def fetch_day(client: httpx.Client, *, day: date, now: datetime, wait: Wait) -> SourceDay:
    """All rows of `day`. Final (COVERED) when `day` ended at least an hour before `now`.

    One person may have several rows of one model (local and remote use, several terminals): whoever keeps them adds
    them up. Raises SourceError when the day cannot be read whole. A page cursor that ran out begins the day anew, once.
    """
    try:
        rows = tuple(_rows(day, _entries(client, day, wait)))
    except _CursorLostError:
        try:
            rows = tuple(_rows(day, _entries(client, day, wait)))
        except _CursorLostError as again:
            raise again.error from None
    end_of_day = datetime.combine(day + timedelta(days=1), time(), tzinfo=UTC)
    if end_of_day + FINAL_AFTER <= now:
        return SourceDay(day, rows, CoverageStatus.COVERED)
    return SourceDay(day, rows, CoverageStatus.PENDING, "the day is not over at the source")


class _CursorLostError(Exception):
    """The server no longer knows a cursor it gave us; what was read so far is thrown away."""

    def __init__(self, error: SourceError) -> None:
        super().__init__()
        self.error = error


def _headers(api_key: str) -> Mapping[str, str]:
    return {"x-api-key": api_key, "anthropic-version": "2023-06-01"}


CONNECTOR = Connector(
    kind="claude_code",
    tool=TOOL,
    base_url="https://api.anthropic.com",
    headers=_headers,
    fetch_day=fetch_day,
    repull_days=3,
)


def _entries(client: httpx.Client, day: date, wait: Wait) -> Iterator[JsonObject]:
    query = {"starting_at": day.isoformat(), "limit": str(_PAGE_ROWS)}

    def ask(cursor: str | None) -> JsonObject:
        if cursor is None:
            return get_json(client, PATH, params=query, wait=wait)
        try:
            return get_json(client, PATH, params={**query, "page": cursor}, wait=wait)
        except SourceError as error:
            if error.http_status in _LOST_CURSOR:
                raise _CursorLostError(error) from None
            raise

    for page in cursor_pages(ask, _next_cursor):
        for entry in _listed(page, "data"):
            _check_day(entry, day)
            yield entry


def _next_cursor(page: JsonObject) -> str | None:
    cursor = page.get("next_page")
    if page.get("has_more", cursor is not None) is False:
        return None
    if not isinstance(cursor, str) or not cursor:
        # More is promised and cannot be had: half a day must not pass for a whole one (P12).
        raise _unreadable("has_more without next_page")
    return cursor


def _check_day(entry: JsonObject, day: date) -> None:
    said = entry.get("date")
    if said is not None and str(said)[:10] != day.isoformat():
        raise _unreadable("a row of another day")


def _rows(day: date, entries: Iterable[JsonObject]) -> Iterator[UsageRow]:
    """What the report says of a person as a whole stands in a row of ANY_MODEL."""
    for entry in entries:
        subject = _subject(entry)
        for model, counters in (*_by_model(entry), (ANY_MODEL, _behaviour(entry))):
            priced = None if counters.cost_microusd is None else REPORTED
            if counters != Counters():
                yield UsageRow(subject, day, TOOL, model, counters, priced)


def _subject(entry: JsonObject) -> str:
    actor = _object(entry, "actor")
    if actor.get("email_address"):
        return str(actor["email_address"]).strip().casefold()
    if actor.get("api_key_name"):
        return f"{API_KEY_SUBJECT}{actor['api_key_name']}"
    # A kind of actor that we do not know: its use is kept, so that sums agree, and belongs to nobody.
    return f"actor_type:{actor.get('type') or 'unknown'}"


def _by_model(entry: JsonObject) -> Iterator[tuple[str, Counters]]:
    for part in _listed(entry, "model_breakdown", optional=True):
        tokens = _object(part, "tokens")
        yield (
            str(part.get("model") or "unknown"),
            Counters(
                input_tokens=_count(tokens, "input"),
                cache_read_tokens=_count(tokens, "cache_read"),
                cache_write_tokens=_count(tokens, "cache_creation"),
                output_tokens=_count(tokens, "output"),
                cost_microusd=_cost_microusd(_object(part, "estimated_cost")),
            ),
        )


def _behaviour(entry: JsonObject) -> Counters:
    counters = Counters(sessions=_count(_object(entry, "core_metrics"), "num_sessions"))
    actions = _object(entry, "tool_actions")
    for tool in actions:
        edits = _object(actions, tool)
        counters = counters.plus(Counters(accepted=_count(edits, "accepted"), rejected=_count(edits, "rejected")))
    return counters


def _cost_microusd(cost: JsonObject) -> int | None:
    """Reported in cents, as a number or a text. Another currency than dollars is not known to us as money."""
    amount = cost.get("amount")
    if amount is None or str(cost.get("currency", "USD")).upper() != "USD":
        return None
    try:
        return int((Decimal(str(amount)) * _MICROUSD_PER_CENT).to_integral_value(ROUND_HALF_UP))
    except (InvalidOperation, ValueError, OverflowError):
        raise _unreadable("a cost that is not a number") from None


def _count(fields: JsonObject, name: str) -> int | None:
    value = fields.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value < 0 or value != int(value):
        raise _unreadable(f"{name} is not a count")
    return int(value)


def _object(fields: Mapping[str, Any], name: str) -> JsonObject:
    value = fields.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _unreadable(f"{name} is not an object")
    return value


def _listed(fields: JsonObject, name: str, *, optional: bool = False) -> list[JsonObject]:
    value = fields.get(name)
    if value is None and optional:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        # An answer without its list is no empty day (P12).
        raise _unreadable(f"{name} is not a list of objects")
    return value


def _unreadable(what: str) -> SourceError:
    return SourceError(f"The Claude Code report cannot be read: {what}.", permanent=False)
