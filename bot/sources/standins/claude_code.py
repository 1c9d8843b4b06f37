"""A stand-in for Anthropic's Claude Code report of one day: as strict as the documented contract.

Every request is kept, so that a test can say what was asked. Used by the tests and the demo.
Next: `bot/sources/claude_code.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from bot.sources.standins.anthropic import ADMIN_KEY, AnthropicStandIn, Endpoint, Fault
from bot.sources.standins.server import Answer, RefusedError, Request

__all__ = ["ADMIN_KEY", "PATH", "ClaudeCodeStandIn", "Fault", "entry"]

PATH = "/v1/organizations/usage_report/claude_code"

_PARAMETERS = frozenset({"starting_at", "limit", "page"})


class ClaudeCodeStandIn(AnthropicStandIn):
    """The server, as a context manager. `hold` gives it rows (see `entry`)."""

    def __init__(self) -> None:
        super().__init__(Endpoint(PATH, frozenset({ADMIN_KEY}), _PARAMETERS, self._report))
        self.missing_days: set[date] = set()
        """Days that are refused with 404 each time, as long as they stand here."""
        self._entries: dict[date, list[dict[str, Any]]] = defaultdict(list)

    def hold(self, day: date, entries: Iterable[dict[str, Any]]) -> None:
        """From now on, `entries` are all that the report says of `day`; what it said before is revised away."""
        with self.server.lock:
            self._entries[day] = list(entries)

    def held(self, day: date) -> Sequence[dict[str, Any]]:
        """What the report says of `day`."""
        with self.server.lock:
            return tuple(self._entries[day])

    def forget_faults(self) -> None:
        """Be well again."""
        self.forget_troubles()

    def _report(self, request: Request) -> Answer:
        said = request.fields.get("starting_at", "")
        try:
            day = date.fromisoformat(said)
        except ValueError:
            day = date.min
        if day.isoformat() != said:
            raise RefusedError(400, "starting_at: one day as YYYY-MM-DD is required")
        if day in self.missing_days:
            raise RefusedError(404, "no report for this day")
        rows = [{**one, "added_later": {"nested": [1, "two", None]}} for one in self._entries[day]]
        return self.page(request, rows, served_by="stand-in")


def entry(
    day: date,
    *,
    email: str | None = None,
    api_key_name: str | None = None,
    models: Mapping[str, Mapping[str, Any]] | None = None,
    sessions: int = 1,
    accepted: int = 0,
    rejected: int = 0,
    is_remote: bool = False,
) -> dict[str, Any]:
    """One row of the report, as the vendor writes it. `models` maps a name to input, output, cache_read,
    cache_creation and cents."""
    by_email = {"type": "user_actor", "email_address": email}
    return {
        "date": f"{day.isoformat()}T00:00:00Z",
        "actor": by_email if email else {"type": "api_actor", "api_key_name": api_key_name},
        "organization_id": "0b7c1a52-0000-4000-8000-000000000001",
        "customer_type": "api",
        "subscription_type": None,
        "terminal_type": "unknown" if is_remote else "vscode",
        "is_remote": is_remote,
        "core_metrics": {"num_sessions": sessions, "lines_of_code": {"added": 10 * accepted, "removed": 0}},
        "tool_actions": {"edit_tool": {"accepted": accepted, "rejected": rejected}},
        "model_breakdown": [_model_entry(name, figures) for name, figures in (models or {}).items()],
    }


def _model_entry(name: str, figures: Mapping[str, Any]) -> dict[str, Any]:
    kinds = ("input", "output", "cache_read", "cache_creation")
    cost = {"estimated_cost": {"currency": "USD", "amount": figures["cents"]}} if "cents" in figures else {}
    return {"model": name, "tokens": {kind: figures[kind] for kind in kinds if kind in figures}, **cost}
