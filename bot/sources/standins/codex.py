"""A stand-in for the Codex analytics of a ChatGPT Enterprise workspace: one row for each person and day.

The vendor publishes no contract; this one keeps what others have seen of it, the missing parts included.
Used by the tests and the demo. Next: `bot/sources/standins/litellm.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from bot.sources.standins.cursors import cursor, page_size
from bot.sources.standins.openai_api import (
    asked_of,
    check_caller,
    checked_fields,
    continued,
    error_body,
    seconds,
    time_span,
    whole_number,
)
from bot.sources.standins.server import Answer, RefusedError, Request, StandIn, json_answer

ANALYTICS_KEY = "sk-codex-stand-in"
PLAIN_KEY = "sk-without-the-scope"
WORKSPACE = "ws-lantern/1"
"""With a slash: an id goes into the path as one piece."""

_PATH = "/v1/analytics/codex/workspaces/ws-lantern%2F1/usage"
_SCOPE = "codex.enterprise.analytics.read"
_DAY_S = 86_400
_MOST_DAYS = 90
_QUERY = frozenset({"start_time", "end_time", "group_by", "limit", "page"})


class CodexStandIn(StandIn):
    """The server, as a context manager. `hold` gives it rows (see `entry`), `server.break_next` makes it fail."""

    def __init__(self, *, key: str = ANALYTICS_KEY, most_per_page: int = 100) -> None:
        super().__init__()
        self._key = key
        self._most_per_page = most_per_page
        self._entries: dict[int, list[dict[str, Any]]] = defaultdict(list)

    def hold(self, day: date, entries: Iterable[dict[str, Any]]) -> None:
        """From now on, `entries` are all that is known of `day`."""
        with self.server.lock:
            self._entries[seconds(day)] = list(entries)

    def _error(self, status: int, words: str) -> object:
        return error_body(status, words)

    def _has_cursor(self, request: Request) -> bool:
        return "page" in request.fields

    def _answer(self, request: Request) -> Answer:
        check_caller(request, self._key, {PLAIN_KEY: _SCOPE})
        return json_answer(200, self._page(request))

    def _page(self, request: Request) -> dict[str, Any]:
        if request.path != _PATH:
            raise RefusedError(404, "Workspace not found")
        fields = checked_fields(request, _QUERY)
        first, after = time_span(fields)
        if after - first > _MOST_DAYS * _DAY_S:
            raise RefusedError(400, f"The range is longer than {_MOST_DAYS} days")
        if fields.get("group_by") != "day":
            raise RefusedError(400, "group_by: this stand-in knows the day only")
        most = min(whole_number(fields, "limit", default="100", most=1000), self._most_per_page)
        days = range(first - first % _DAY_S, after, _DAY_S)
        held = [entry for day in days for entry in self._entries.get(day, [])]
        question = asked_of(request, "page")
        number, start = continued(request, "page", question)
        end = start + page_size(number, len(held), most)
        has_more = end < len(held)
        return {
            "object": "page",
            "data": [{**entry, "added_later": {"nested": [1, "two", None]}} for entry in held[start:end]],
            "has_more": has_more,
            "next_page": cursor(question, number + 1, end) if has_more else None,
        }


def entry(
    day: date,
    *,
    user: str | None,
    email: str | None = None,
    kind: str = "ACCOUNT_USER",
    totals: Mapping[str, Any] | None = None,
    models: Mapping[str, Mapping[str, Any]] | None = None,
    lines: int | None = None,
) -> dict[str, Any]:
    """One person's day as the vendor writes it. `totals` and `models` hold the fields of `figures`."""
    first = seconds(day)
    by_model = [{"model": name, "speed": "standard", **part} for name, part in (models or {}).items()]
    attribution = {"lines_of_code": {"added": lines, "removed": 3, "committed": 1, "committed_percentage": 75}}
    return {
        "object": "workspace.codex.usage.result",
        "start_time": first,
        "end_time": first + _DAY_S,
        "user_id": user,
        "actor": {"type": kind, "user_id": user, "email": email},
        "totals": dict(totals or {}),
        "clients": [{"client_id": "CODEX_CLI", **(totals or {})}],
        "models": None if models is None else by_model,
        "code_attribution": None if lines is None else attribution,
    }


def figures(
    uncached: int | None,
    cached: int | None,
    output: int | None,
    *,
    threads: int | None = None,
    turns: int | None = None,
) -> dict[str, Any]:
    """Tokens as the vendor names them, and what they cost in credits."""
    known = [part for part in (uncached, cached, output) if part is not None]
    behaviour = {name: value for name, value in (("threads", threads), ("turns", turns)) if value is not None}
    return {
        **behaviour,
        "credits": 3.25,
        "uncached_text_input_tokens": uncached,
        "cached_text_input_tokens": cached,
        "text_output_tokens": output,
        "text_total_tokens": sum(known) if known else None,
    }
