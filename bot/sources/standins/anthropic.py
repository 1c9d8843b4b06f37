"""What the stand-ins for Anthropic's organisation reports share: who may ask, how a refusal reads, how pages are cut.

It is as strict as the documented contract: headers, kinds of keys, spelling of lists, limits, cursors.
Used by `anthropic_analytics.py`, `anthropic_messages.py`, `claude_code.py` and `claude_enterprise.py` beside it.
Next: `bot/sources/standins/anthropic_analytics.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import partial
from typing import Any

from bot.sources.standins.cursors import cursor, page_size, read_cursor
from bot.sources.standins.server import Answer, RefusedError, Request, StandIn, Trouble, json_answer

ADMIN_KEY = "sk-ant-admin01-stand-in"
"""Opens a Console organisation."""
ENTERPRISE_KEY = "sk-ant-api01-stand-in"
"""Opens a claude.ai organisation, with the scopes read:analytics and read:members."""
USERS_PATH = "/v1/organizations/users"

_ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    410: "invalid_request_error",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_ANYBODYS = frozenset(Trouble) - {Trouble.CUT_SHORT}
"""The troubles that look here as with anybody."""
_EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
_MOST_DAYS = 31


class Fault(StrEnum):
    """What can go wrong once: all that can with anybody (see `Trouble`), and with a good answer of Anthropic's what
    stands behind it. SAME_CURSOR stays.
    """

    NONE = "nothing"
    RATE_SECONDS = "429 with seconds"
    RATE_DATE = "429 with an HTTP date"
    RATE_BARE = "429 without a hint"
    SERVER_ERROR = "500"
    BAD_GATEWAY = "502"
    UNAVAILABLE = "503"
    OVERLOADED = "529"
    DROPPED = "connection dropped"
    CUT_SHORT = "body cut short"
    NO_JSON = "200 without JSON"
    GONE_CURSOR = "410 on a cursor"
    WRONG_CURSOR = "400 on a cursor"
    SPEND_LIMIT = "429 for the spending limit"
    NO_DATA = "200 without the list"
    NO_END = "neither has_more nor next_page nor last_id"
    LOST_NEXT_PAGE = "has_more without a way on"
    SAME_CURSOR = "the same cursor for ever"


@dataclass(frozen=True)
class Endpoint:
    """One path: which keys open it, what it may be asked, and what it says. A name that ends in [] may be repeated."""

    path: str
    keys: frozenset[str]
    parameters: frozenset[str]
    answer: Callable[[Request], Answer]
    beta: str | None = None
    most_rows: int = 1000


class AnthropicStandIn(StandIn):
    """One report's stand-in: lets in what the contract allows, cuts pages, and goes wrong when told."""

    def __init__(self, *endpoints: Endpoint) -> None:
        super().__init__()
        self._endpoints = endpoints

    def _error(self, status: int, words: str) -> dict[str, Any]:
        error = {"type": _ERROR_TYPES.get(status, "api_error"), "message": words}
        return {"type": "error", "error": error, "request_id": "req_stand_in"}

    def _has_cursor(self, request: Request) -> bool:
        return not {"page", "after_id"}.isdisjoint(request.fields)

    def break_next(self, *troubles: Trouble | Fault) -> None:
        """Let the next requests fail, one trouble each, in this order."""
        self.server.break_next(
            *(Trouble(one) if one in _ANYBODYS else partial(self._spoilt, Fault(one)) for one in troubles)
        )

    def _answer(self, request: Request) -> Answer:
        """Looks at a request in the order in which the vendor does."""
        endpoint = self._endpoint(request)
        _check_head(request, endpoint)
        _check_query(request, endpoint)
        return endpoint.answer(request)

    def page(
        self,
        request: Request,
        rows: Sequence[Any],
        *,
        most_rows: int | None = None,
        says_has_more: bool = True,
        **more: object,
    ) -> Answer:
        """One page of `rows` behind the request's cursor, with three pages at least where there are rows enough.
        `most_rows` where the limit counts something else.
        """
        question = _question(request)
        number, start = 0, 0
        if "page" in request.fields:
            found = read_cursor(request.fields["page"], question)
            if found is None:
                raise RefusedError(400, "page: this cursor belongs to another question")
            number, start = found
        end = start + page_size(number, len(rows), most_rows or int(request.fields.get("limit", "20")))
        has_more = end < len(rows)
        body: dict[str, Any] = {
            "data": list(rows[start:end]),
            **({"has_more": has_more} if says_has_more else {}),
            "next_page": cursor(question, number + 1, end) if has_more else None,
            "added_later": {"nested": [1, "two", None]},
            **more,
        }
        return json_answer(200, body)

    def listing(self, request: Request, entries: Sequence[Mapping[str, Any]]) -> Answer:
        """One page of a list that continues behind its last id."""
        ids = [entry["id"] for entry in entries]
        start = 0
        if "after_id" in request.fields:
            if request.fields["after_id"] not in ids:
                raise RefusedError(400, "after_id: unknown")
            start = ids.index(request.fields["after_id"]) + 1
        first_pages_size = page_size(0, len(ids), int(request.fields.get("limit", "20")))
        end = start + (1 if start == first_pages_size else first_pages_size)
        body: dict[str, Any] = {
            "data": [{**entry, "added_later": None} for entry in entries[start:end]],
            "has_more": end < len(ids),
            "first_id": ids[start] if ids[start:end] else None,
            "last_id": ids[start:end][-1] if ids[start:end] else None,
        }
        return json_answer(200, body)

    def _endpoint(self, request: Request) -> Endpoint:
        for endpoint in self._endpoints:
            if request.path == endpoint.path:
                if request.method != "GET":
                    raise RefusedError(405, "method not allowed")
                return endpoint
        raise RefusedError(404, "not found")

    def _spoilt(self, fault: Fault, request: Request, honest: Answer) -> Answer:
        """What becomes of a good answer."""
        if fault is Fault.CUT_SHORT:  # what did arrive looks like a day without use
            return Answer(200, b'{"data": [], "has_more": false, "next_page": null}', cut_short=True)
        if fault is Fault.SPEND_LIMIT:
            error = {**self._error(429, "")["error"], "details": {"error_code": "enforced_spend_limit_reached"}}
            return json_answer(429, {"type": "error", "error": error, "request_id": "req_stand_in"})
        body = json.loads(honest.body)
        way_on = "last_id" if "last_id" in body else "next_page"
        if fault is Fault.NO_DATA:
            del body["data"]
        elif fault is Fault.NO_END:
            body = {name: value for name, value in body.items() if name not in ("has_more", way_on)}
        elif fault is Fault.LOST_NEXT_PAGE:
            body |= {"has_more": True, way_on: None}
        elif fault is Fault.SAME_CURSOR:
            self.break_next(fault)
            first = body.get("first_id") or cursor(_question(request), 1, 0)
            body |= {"has_more": True, way_on: request.fields.get("after_id", first)}
        return json_answer(200, body)


class AnthropicOrganisation(AnthropicStandIn):
    """With the organisation's directory, which opens to both kinds of keys."""

    def __init__(self, *endpoints: Endpoint) -> None:
        self.users: list[dict[str, Any]] = []
        parameters = frozenset({"limit", "after_id", "before_id", "email", "roles[]"})
        keys = frozenset({ADMIN_KEY, ENTERPRISE_KEY})
        users = Endpoint(USERS_PATH, keys, parameters, lambda request: self.listing(request, self.users))
        super().__init__(*endpoints, users)


def user(number: int, email: str) -> dict[str, Any]:
    """An entry of the directory; `user_id(number)` is its id."""
    return {
        "type": "user",
        "id": user_id(number),
        "email": email,
        "name": f"Person {number}",
        "role": "user",
        "added_at": "2026-02-03T09:00:00Z",
    }


def user_id(number: int) -> str:
    return f"user_01STANDIN{number:014d}"


def asked_days(request: Request) -> tuple[date, date]:
    """The first day asked for and the day after the last. Refuses what is not two moments with a zone, at most 31 days
    apart.
    """
    first, end = (_moment(request.fields, name) for name in ("starting_at", "ending_at"))
    if not first < end or (end - first).days > _MOST_DAYS:
        raise RefusedError(400, f"ending_at: after starting_at, by at most {_MOST_DAYS} days")
    if first < _EARLIEST:
        raise RefusedError(400, "starting_at: there are no data before 2026-01-01")
    return first.date(), end.date()


def one_of(request: Request, name: str, allowed: Sequence[str]) -> str:
    """The value of a parameter that has few; the first is the default."""
    value = request.fields.get(name, allowed[0])
    if value not in allowed:
        raise RefusedError(400, f"{name}: one of {', '.join(allowed)}")
    return value


def asked_groups(request: Request, allowed: frozenset[str], *, most: int) -> tuple[str, ...]:
    """What the request groups by."""
    groups = tuple(request.all_of("group_by[]"))
    for group in groups:
        if group not in allowed:
            raise RefusedError(400, f"group_by: unknown dimension {group}")
    if len(groups) > most or len(set(groups)) < len(groups):
        raise RefusedError(400, f"group_by: at most {most} dimensions, each once")
    return groups


def _check_head(request: Request, endpoint: Endpoint) -> None:
    key = request.headers.get("x-api-key")
    if key not in (ADMIN_KEY, ENTERPRISE_KEY):
        raise RefusedError(401, "invalid x-api-key")
    if key not in endpoint.keys:
        raise RefusedError(403, "this key's scopes do not open this endpoint")
    if "anthropic-version" not in request.headers:
        raise RefusedError(400, "anthropic-version: header is required")
    if endpoint.beta is not None and endpoint.beta not in request.headers.get("anthropic-beta", ""):
        raise RefusedError(404, "not found")


def _check_query(request: Request, endpoint: Endpoint) -> None:
    for name, _ in request.query:
        if name not in endpoint.parameters:
            raise RefusedError(400, f"{name}: unknown parameter")
        if not name.endswith("[]") and len(request.all_of(name)) > 1:
            raise RefusedError(400, f"{name}: given twice")
    if {"after_id", "before_id"} <= set(request.fields):
        raise RefusedError(400, "after_id and before_id exclude each other")
    limit = request.fields.get("limit", "1")
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit) <= endpoint.most_rows):
        raise RefusedError(400, f"limit: from 1 to {endpoint.most_rows}")


def _question(request: Request) -> str:
    """All that a cursor is tied to."""
    return "&".join([request.path, *(f"{name}={value}" for name, value in request.query if name != "page")])


def _moment(fields: Mapping[str, str], name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(fields[name])
    except (KeyError, ValueError):
        raise RefusedError(400, f"{name}: a moment (RFC 3339) is required") from None
    if moment.tzinfo is None:
        raise RefusedError(400, f"{name}: the time zone is missing")
    return moment
