"""A stand-in for Cursor's Admin API: as strict as the documented contract, with all its ways of paging.

It wants Basic with an empty password, milliseconds in a JSON body, and at most thirty days; asked without a page it
leaves out who was not active, as Cursor does. Used by the tests and the demo. Next: `bot/sources/cursor.py`.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from bot.sources.standins.cursors import page_size
from bot.sources.standins.server import Answer, RefusedError, Request, StandIn, json_answer

KEY = "crsr_stand-in"
MOST_DAYS_MS = 30 * 86_400_000
ADDED_LATER = {"addedLater": {"nested": [1, "two", None]}}

_MEMBERS, _DAILY, _EVENTS = "/teams/members", "/teams/daily-usage-data", "/teams/filtered-usage-events"
_METHODS = {_MEMBERS: "GET", _DAILY: "POST", _EVENTS: "POST"}
_PAGING = {"startDate", "endDate", "page", "pageSize"}
_KNOWN = {_DAILY: _PAGING, _EVENTS: _PAGING | {"email", "userId", "serviceAccountId", "hostingType"}}
_ERRORS = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 429: "Too Many Requests"}


class CursorStandIn(StandIn):
    """The server, as a context manager. `hold` gives it a day of the team, `hold_members` the team itself."""

    def __init__(self, *, key: str = KEY, is_enterprise: bool = True) -> None:
        super().__init__()
        self.says_whether_more = True
        """Off: the pages are counted, and `hasNextPage` is left out."""
        self.leaves_out: set[str] = set()
        """Fields of a page that are missing as long as they stand here."""
        self.lost_events = 0
        """How many events are announced and not given."""
        self._credentials = "Basic " + base64.b64encode(f"{key}:".encode()).decode()
        self._is_enterprise = is_enterprise
        self._members: list[dict[str, Any]] = []
        self._daily: list[dict[str, Any]] = []
        self._events: list[dict[str, Any]] = []

    def hold(self, *, daily: Iterable[dict[str, Any]] = (), events: Iterable[dict[str, Any]] = ()) -> None:
        """From now on, this is all that the team did, on whatever days; see `member_day` and `event`."""
        with self.server.lock:
            self._daily, self._events = list(daily), list(events)

    def hold_members(self, members: Iterable[dict[str, Any]]) -> None:
        with self.server.lock:
            self._members = list(members)

    def _error(self, status: int, words: str) -> object:
        return {"error": _ERRORS.get(status, "Error"), "message": words}

    def _has_cursor(self, request: Request) -> bool:
        return request.method == "POST" and (_body(request) or {}).get("page", 1) > 1

    def _answer(self, request: Request) -> Answer:
        self._check(request)
        if request.path == _MEMBERS:
            return json_answer(200, {"teamMembers": self._members, **ADDED_LATER})
        asked = _body(request)
        objection = _objection(asked, _KNOWN[request.path])
        if objection is not None:
            raise RefusedError(400, objection)
        return self._days(asked) if request.path == _DAILY else self._event_page(asked)

    def _check(self, request: Request) -> None:
        if request.headers.get("authorization") != self._credentials:
            raise RefusedError(401, "Invalid API key")
        if not self._is_enterprise:
            raise RefusedError(403, body={"code": "error", "message": "Enterprise access required"})
        if request.path not in _METHODS:
            raise RefusedError(404, "no such route")
        if request.method != _METHODS[request.path]:
            raise RefusedError(405, body={"error": "Method Not Allowed"})
        if request.query:
            raise RefusedError(400, f"{request.query[0][0]}: unknown parameter")

    def _days(self, asked: dict[str, Any]) -> Answer:
        rows = [row for row in self._daily if asked["startDate"] <= row["date"] <= asked["endDate"]]
        period = {"startDate": asked["startDate"], "endDate": asked["endDate"]}
        if not {"page", "pageSize"} <= set(asked):
            return json_answer(200, {"data": [row for row in rows if row.get("isActive")], "period": period})
        shown, marks = self._page(rows, asked, "page", "totalPages")
        return self._given({"data": shown, "period": period, "pagination": {**marks, "totalUsers": len(rows)}})

    def _event_page(self, asked: dict[str, Any]) -> Answer:
        found = [one for one in self._events if asked["startDate"] <= int(one["timestamp"]) <= asked["endDate"]]
        newest_first = sorted(found, key=lambda one: -int(one["timestamp"]))
        shown, marks = self._page(newest_first, asked, "currentPage", "numPages")
        announced = len(found) + self.lost_events
        return self._given({"totalUsageEventsCount": announced, "pagination": marks, "usageEvents": shown})

    def _given(self, page: dict[str, Any]) -> Answer:
        return json_answer(200, {name: value for name, value in page.items() if name not in self.leaves_out})

    def _page(
        self, rows: Sequence[dict[str, Any]], asked: dict[str, Any], number_name: str, count_name: str
    ) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        sizes = _sizes(len(rows), int(asked.get("pageSize", 100)))
        number = int(asked.get("page", 1))
        start = sum(sizes[: number - 1])
        shown = rows[start : start + sizes[number - 1]] if number <= len(sizes) else []
        marks: dict[str, Any] = {number_name: number, count_name: len(sizes), "pageSize": asked.get("pageSize", 100)}
        if self.says_whether_more:
            marks |= {"hasNextPage": number < len(sizes), "hasPreviousPage": number > 1}
        return [{**row, **ADDED_LATER} for row in shown], marks


def midnight_ms(day: date) -> int:
    """The first millisecond of a day."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000


def member_day(day: date, number: int, email: str | None, *, active: bool = True, **more: Any) -> dict[str, Any]:
    """One member's line of the daily list. `more` are its figures as Cursor names them; the rest are zeros."""
    zeros = dict.fromkeys(
        (
            "totalLinesAdded",
            "acceptedLinesAdded",
            "totalApplies",
            "totalAccepts",
            "totalRejects",
            "totalTabsShown",
            "totalTabsAccepted",
            "composerRequests",
            "chatRequests",
            "agentRequests",
            "cmdkUsages",
            "subscriptionIncludedReqs",
        ),
        0,
    )
    who = {"userId": number, "email": email, "isActive": active}
    when = {"day": day.isoformat(), "date": midnight_ms(day)}
    return {**who, **when, **zeros, "mostUsedModel": None, "clientVersion": None, **more}


def event(at_ms: int, email: str | None, model: str = "auto", **more: Any) -> dict[str, Any]:
    """One request. `more` are its fields as Cursor names them."""
    return {
        "timestamp": str(at_ms),
        "userEmail": email,
        "model": model,
        "kind": "Included in Business",
        "maxMode": False,
        "requestsCosts": 1,
        "isTokenBasedCall": "tokenUsage" in more,
        "isHeadless": False,
        "chargedCents": 0,
        **more,
    }


def tokens(uncached: int, output: int, cache_write: int = 0, cache_read: int = 0) -> dict[str, Any]:
    """What a token-based request took."""
    kinds = {"inputTokens": uncached, "outputTokens": output}
    return {**kinds, "cacheWriteTokens": cache_write, "cacheReadTokens": cache_read, "totalCents": 9.4236}


def _sizes(total: int, most: int) -> list[int]:
    sizes: list[int] = []
    while sum(sizes) < total:
        sizes.append(page_size(len(sizes), total, most))
    return sizes


def _body(request: Request) -> Any:
    try:
        return request.json()
    except ValueError:
        return None


def _objection(asked: Any, known: set[str]) -> str | None:
    if not isinstance(asked, dict):
        return "the body is not a JSON object"
    for name in asked:
        if name not in known:
            return f"{name}: unknown parameter"
    for name in ("startDate", "endDate"):
        if isinstance(asked.get(name), bool) or not isinstance(asked.get(name), int) or asked[name] < 10**12:
            return f"{name}: milliseconds are required"
    if not 0 <= asked["endDate"] - asked["startDate"] <= MOST_DAYS_MS:
        return "the range is longer than 30 days"
    if not 1 <= asked.get("pageSize", 100) <= 1000 or asked.get("page", 1) < 1:
        return "pageSize: from 1 to 1000"
    return None
