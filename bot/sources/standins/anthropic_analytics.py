"""A stand-in for Anthropic's usage and cost analytics: it holds single uses and adds them up by what it is asked for.

Whoever forgets to group by the actor gets no actor, as from the original. Used by the tests and the demo.
Next: `bot/sources/anthropic_analytics.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from bot.sources.standins.anthropic import (
    ADMIN_KEY,
    ENTERPRISE_KEY,
    AnthropicOrganisation,
    Endpoint,
    asked_days,
    asked_groups,
    one_of,
)
from bot.sources.standins.server import Answer, Request

USAGE_PATH = "/v1/organizations/analytics/usage"
COST_PATH = "/v1/organizations/analytics/cost"
BETA = "analytics-usage-cost-2026-08-24"

_OURS = ("actor", "model", "product", "speed", "context_window")
_OTHERS = (
    "actor_type",
    "agent_id",
    "api_key_id",
    "deployment_id",
    "inference_geo",
    "organization_id",
    "service_tier",
    "session_id",
    "workspace_id",
)
_PARAMETERS = frozenset(
    {"starting_at", "ending_at", "time_bucket_width", "group_by[]", "order_by", "order", "limit", "page", "beta"}
)


@dataclass(frozen=True)
class Use:
    """What one actor used on one day. None: the answer leaves the field out, or says null. `cents` None: no cost."""

    actor: Mapping[str, Any] | None
    product: str | None = "claude_code"
    model: str | None = "claude-opus-5-5"
    speed: str | None = "standard"
    context_window: str | None = "0-200k"
    requests: int | None = None
    uncached: int | None = None
    cache_read: int | None = None
    written_5m: int | None = None
    written_1h: int | None = None
    output: int | None = None
    cents: str | None = None
    currency: str = "USD"


def by_user(user_id: str, email: str | None, *, deleted: bool = False, old_spelling: bool = False) -> dict[str, Any]:
    """An actor who is a person of the organisation. `old_spelling`: as the older pages have it."""
    field = "email" if old_spelling else "email_address"
    return {"type": "user_actor", "user_id": user_id, field: email, "name": None, "deleted": deleted}


class AnthropicAnalyticsStandIn(AnthropicOrganisation):
    """The server, as a context manager. `hold` gives it uses."""

    def __init__(self) -> None:
        both = frozenset({ADMIN_KEY, ENTERPRISE_KEY})
        super().__init__(
            Endpoint(USAGE_PATH, both, _PARAMETERS, self._usage, BETA),
            Endpoint(COST_PATH, both, _PARAMETERS, self._cost, BETA),
        )
        self.refreshed_at: str | None = None
        """What every page says of how far the data reach."""
        self.odd: dict[str, Any] = {}
        """Put over each row of both reports, to spoil it."""
        self._uses: dict[date, tuple[Use, ...]] = {}

    def hold(self, day: date, uses: Iterable[Use]) -> None:
        """From now on, `uses` are all that happened on `day`; what was there before is revised away."""
        with self.server.lock:
            self._uses[day] = tuple(uses)

    def _usage(self, request: Request) -> Answer:
        one_of(request, "order_by", ("total_tokens", "time"))
        rows = [
            {**_frame(day, group), "usage": _usage_sums(uses), **self.odd}
            for day, group, uses in self._grouped(request)
        ]
        return self.page(request, rows, data_refreshed_at=self.refreshed_at)

    def _cost(self, request: Request) -> Answer:
        one_of(request, "order_by", ("amount", "time"))
        rows = []
        for day, group, uses in self._grouped(request):
            for currency in sorted({use.currency for use in uses}):
                paid = [use for use in uses if use.cents is not None and use.currency == currency]
                if paid:
                    rows.append({**_frame(day, group), "cost": _cost_sums(paid, currency), **self.odd})
        return self.page(request, rows, data_refreshed_at=self.refreshed_at)

    def _grouped(self, request: Request) -> Iterable[tuple[date, dict[str, Any], list[Use]]]:
        first, end = asked_days(request)
        one_of(request, "time_bucket_width", ("1d",))
        one_of(request, "order", ("desc", "asc"))
        groups = asked_groups(request, frozenset({*_OURS, *_OTHERS}), most=5)
        for offset in range((end - first).days):
            day = first + timedelta(days=offset)
            sums: dict[str, tuple[dict[str, Any], list[Use]]] = {}
            for use in self._uses.get(day, ()):
                group = {name: getattr(use, name) if name in groups else None for name in _OURS}
                sums.setdefault(repr(group), (group, []))[1].append(use)
            yield from ((day, group, uses) for group, uses in sums.values())


def _frame(day: date, group: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "starting_at": f"{day.isoformat()}T00:00:00Z",
        "ending_at": f"{(day + timedelta(days=1)).isoformat()}T00:00:00Z",
        "group": {**dict.fromkeys(_OTHERS), **group},
    }


def _usage_sums(uses: Sequence[Use]) -> dict[str, Any]:
    sums: dict[str, int] = defaultdict(int)
    for name in ("uncached", "cache_read", "written_5m", "written_1h", "output", "requests"):
        said = [getattr(use, name) for use in uses if getattr(use, name) is not None]
        if said:
            sums[name] = sum(said)
    written = {
        long: sums[short]
        for short, long in (
            ("written_5m", "ephemeral_5m_input_tokens"),
            ("written_1h", "ephemeral_1h_input_tokens"),
        )
        if short in sums
    }
    kinds = {"uncached": "uncached_input_tokens", "cache_read": "cache_read_input_tokens", "output": "output_tokens"}
    return {
        **{long: sums[short] for short, long in kinds.items() if short in sums},
        **({"cache_creation": written} if written else {}),
        "requests": sums.get("requests"),
        "server_tool_use": {"web_search_requests": 3},
        "total_tokens": sum(number for name, number in sums.items() if name != "requests"),
    }


def _cost_sums(paid: Sequence[Use], currency: str) -> dict[str, Any]:
    """Fractional cents as a text; the list price is a fifth more."""
    cents = sum((Decimal(use.cents or "0") for use in paid), Decimal(0))
    return {"amount": f"{cents:.6f}", "list_amount": f"{cents * 6 / 5:.6f}", "currency": currency, "requests": None}
