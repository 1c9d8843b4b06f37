"""A stand-in for Anthropic's messages and cost reports of a Console organisation, and its lists of people and keys.

Buckets come oldest first, empty ones too. Where one bucket has many results it goes over several pages, which the
original is not known to do: no reader should depend on it. Used by the tests.
Next: `bot/sources/anthropic_messages.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from bot.sources.standins.anthropic import (
    ADMIN_KEY,
    AnthropicOrganisation,
    Endpoint,
    asked_days,
    asked_groups,
    one_of,
)
from bot.sources.standins.server import Answer, RefusedError, Request, json_answer

USAGE_PATH = "/v1/organizations/usage_report/messages"
COST_PATH = "/v1/organizations/cost_report"
API_KEYS_PATH = "/v1/organizations/api_keys"

_PARAMETERS = frozenset({"starting_at", "ending_at", "bucket_width", "group_by[]", "limit", "page"})
_IDS = ("account_id", "api_key_id", "service_account_id", "workspace_id")
_SHARED = ("context_window", "inference_geo", "model", "service_tier")
_TOKENS = ("uncached_input_tokens", "cache_read_input_tokens", "output_tokens")
Rows = list[dict[str, Any]]


def result(
    *,
    account: str | None = None,
    key: str | None = None,
    service_account: str | None = None,
    model: str | None = "claude-sonnet-5-5",
    **tokens: int,
) -> dict[str, Any]:
    """What one account or key used: uncached, cache_read, output, written_5m, written_1h; what is not given is left
    out.
    """
    names = {"uncached": "uncached_input_tokens", "cache_read": "cache_read_input_tokens", "output": "output_tokens"}
    writes = {"written_5m": "ephemeral_5m_input_tokens", "written_1h": "ephemeral_1h_input_tokens"}
    written = {long: tokens[short] for short, long in writes.items() if short in tokens}
    return {
        **dict.fromkeys((*_IDS, *_SHARED)),
        "account_id": account,
        "api_key_id": key,
        "service_account_id": service_account,
        "model": model,
        **{long: tokens[short] for short, long in names.items() if short in tokens},
        **({"cache_creation": written} if written else {}),
    }


def cost(cents: str, *, currency: str = "USD") -> dict[str, Any]:
    """An amount of the cost report: fractional cents, below zero for a credit."""
    return {"amount": cents, "currency": currency, "workspace_id": None, "description": None, "cost_type": None}


def api_key(number: int, **more: Any) -> dict[str, Any]:
    """An entry of the list of keys; `more` is for principal and created_by."""
    return {"type": "api_key", "id": f"apikey_01STANDIN{number}", "name": f"key {number}", "status": "active", **more}


class AnthropicMessagesStandIn(AnthropicOrganisation):
    """The server, as a context manager. `hold` gives it a day."""

    def __init__(self) -> None:
        console = frozenset({ADMIN_KEY})
        super().__init__(
            Endpoint(USAGE_PATH, console, _PARAMETERS, self._usage, most_rows=31),
            Endpoint(COST_PATH, console, _PARAMETERS, self._cost, most_rows=31),
            Endpoint(
                API_KEYS_PATH,
                console,
                frozenset({"limit", "after_id", "before_id", "status", "workspace_id", "created_by_user_id"}),
                lambda request: self.listing(request, self.keys),
            ),
        )
        self.keys: Rows = []
        self.leave_out_buckets = False
        """Answer with no bucket at all, as the original never does."""
        self.odd: dict[str, Any] = {}
        """Put over each result of the usage report, to spoil it."""
        self._results: dict[date, Rows] = {}
        self._costs: dict[date, Rows] = {}

    def hold(self, day: date, results: Iterable[dict[str, Any]], costs: Iterable[dict[str, Any]] = ()) -> None:
        """From now on, this is all that the two reports say of `day`."""
        with self.server.lock:
            self._results[day], self._costs[day] = list(results), list(costs)

    def _usage(self, request: Request) -> Answer:
        groups = asked_groups(request, frozenset({*_IDS, *_SHARED}), most=len(_IDS) + len(_SHARED))
        return self._buckets(
            request, self._results, lambda rows: [{**row, **self.odd} for row in _add_up(rows, groups)]
        )

    def _cost(self, request: Request) -> Answer:
        asked_groups(request, frozenset({"workspace_id", "description"}), most=2)
        return self._buckets(request, self._costs, lambda rows: rows)

    def _buckets(self, request: Request, held: Mapping[date, Rows], grouped: Callable[[Rows], Rows]) -> Answer:
        first, end = asked_days(request)
        one_of(request, "bucket_width", ("1d",))
        days = [first + timedelta(days=offset) for offset in range((end - first).days)]
        if len(days) > int(request.fields.get("limit", "7")):
            raise RefusedError(400, "limit: this stand-in gives all buckets of a question or none")
        if self.leave_out_buckets:
            return json_answer(200, {"data": [], "has_more": False, "next_page": None})
        parts = [_bucket(day, [one]) for day in days for one in grouped(held.get(day, []))]
        empty = [_bucket(day, []) for day in days if not held.get(day)]
        in_order = sorted(parts + empty, key=lambda bucket: str(bucket["starting_at"]))
        return self.page(request, in_order, most_rows=1000)  # the limit counts buckets, and these are parts of them


def _bucket(day: date, results: Rows) -> dict[str, Any]:
    end = day + timedelta(days=1)
    return {"starting_at": f"{day}T00:00:00Z", "ending_at": f"{end}T00:00:00Z", "results": results}


def _add_up(rows: Rows, groups: tuple[str, ...]) -> Rows:
    """One result for each combination asked for; what is not grouped by is null."""
    sums: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        shown = {name: row[name] if name in groups else None for name in (*_IDS, *_SHARED)}
        into = sums.setdefault(tuple(shown.values()), {**shown, "server_tool_use": {"web_search_requests": 0}})
        for name in _TOKENS:
            if name in row:
                into[name] = into.get(name, 0) + row[name]
        for name, written in row.get("cache_creation", {}).items():
            into.setdefault("cache_creation", {}).setdefault(name, 0)
            into["cache_creation"][name] += written
    return list(sums.values())
