"""A stand-in for Anthropic's Claude Code report: as strict as the documented contract, and as unpleasant as real life.

It answers one path on 127.0.0.1, refuses what the vendor refuses, pages with a short page in the middle, and can be
told to fail. Every request is kept, so that a test can say what was asked. Used by the tests and the demo.
Next: `bot/sources/claude_code.py`.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from email.utils import formatdate
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

PATH = "/v1/organizations/usage_report/claude_code"
ADMIN_KEY = "sk-ant-admin01-stand-in"

_ENTERPRISE_PREFIX = "sk-ant-api01-"
_CURSOR_PREFIX = "page+/"
_ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    410: "invalid_request_error",
    429: "rate_limit_error",
    500: "api_error",
    529: "overloaded_error",
}


class Fault(StrEnum):
    """What can go wrong once. GONE_CURSOR and WRONG_CURSOR wait for a request that carries a cursor.

    NONE lets one request pass, to place a fault behind it.
    """

    NONE = "nothing"
    RATE_SECONDS = "429 with seconds"
    RATE_DATE = "429 with an HTTP date"
    RATE_BARE = "429 without a hint"
    SPEND_LIMIT = "429 for the spending limit"
    SERVER_ERROR = "500"
    OVERLOADED = "529"
    DROPPED = "connection dropped"
    CUT_SHORT = "body cut short"
    NO_JSON = "200 without JSON"
    NO_DATA = "200 without the list"
    LOST_NEXT_PAGE = "has_more without next_page"
    SAME_CURSOR = "the same cursor for ever"
    GONE_CURSOR = "410 on a cursor"
    WRONG_CURSOR = "400 on a cursor"


_STATUS_FAULTS = {Fault.SERVER_ERROR: 500, Fault.OVERLOADED: 529, Fault.GONE_CURSOR: 410, Fault.WRONG_CURSOR: 400}
_CURSOR_FAULTS = frozenset({Fault.GONE_CURSOR, Fault.WRONG_CURSOR})
_PAGE_FAULTS = frozenset({Fault.NONE, Fault.NO_DATA, Fault.LOST_NEXT_PAGE, Fault.SAME_CURSOR})


@dataclass(frozen=True)
class Request:
    """One request as it arrived. Header names are lower-case."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]


@dataclass(frozen=True)
class _Answer:
    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    drop: bool = False
    cut_short: bool = False


class ClaudeCodeStandIn:
    """The server, as a context manager. `hold` gives it rows (see `entry`), `break_next` makes it fail."""

    def __init__(self, *, key: str = ADMIN_KEY, most_rows_per_page: int = 1000) -> None:
        self.requests: list[Request] = []
        self.missing_days: set[date] = set()
        """Days that are refused with 404 each time, as long as they stand here."""
        self._key = key
        self._most_rows_per_page = most_rows_per_page
        self._entries: dict[date, list[dict[str, Any]]] = defaultdict(list)
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> ClaudeCodeStandIn:
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def hold(self, day: date, entries: Iterable[dict[str, Any]]) -> None:
        """From now on, `entries` are all that the report says of `day`; what it said before is revised away."""
        with self._lock:
            self._entries[day] = list(entries)

    def break_next(self, *faults: Fault) -> None:
        """Let the next requests fail, one fault each, in this order."""
        with self._lock:
            self._faults.extend(faults)

    def forget_faults(self) -> None:
        """Be well again: what `break_next` left over does not happen."""
        with self._lock:
            self._faults.clear()

    def held(self, day: date) -> Sequence[dict[str, Any]]:
        """What the report says of `day`."""
        with self._lock:
            return tuple(self._entries[day])

    def answer(self, request: Request) -> _Answer:
        """What a request gets; called by the server's own threads."""
        with self._lock:
            self.requests.append(request)
            fault = self._take_fault(request)
            refusal = self._refusal(request)
            if refusal is not None:
                return refusal
            if fault is not None and fault not in _PAGE_FAULTS:
                return _broken(fault)
            return self._page(dict(request.query), fault)

    def _take_fault(self, request: Request) -> Fault | None:
        has_cursor = any(name == "page" for name, _ in request.query)
        for position, fault in enumerate(self._faults):
            if has_cursor or fault not in _CURSOR_FAULTS:
                return self._faults.pop(position)
        return None

    def _refusal(self, request: Request) -> _Answer | None:
        """Why this request is refused, in the order in which the vendor looks."""
        if request.path != PATH:
            return _error(404, "not found")
        if request.method != "GET":
            return _error(405, "method not allowed")
        key = request.headers.get("x-api-key", "")
        if key.startswith(_ENTERPRISE_PREFIX):
            return _error(403, "this key lacks the scope org:admin")
        if key != self._key:
            return _error(401, "invalid x-api-key")
        if "anthropic-version" not in request.headers:
            return _error(400, "anthropic-version: header is required")
        return self._bad_query(request.query)

    def _bad_query(self, query: Sequence[tuple[str, str]]) -> _Answer | None:
        fields = dict(query)
        day, limit = _day(fields.get("starting_at", "")), fields.get("limit", "20")
        objections = {
            "a parameter is given twice": len(fields) < len(query),
            "starting_at: one day as YYYY-MM-DD is required": day is None,
            "limit: from 1 to 1000": not (limit.isascii() and limit.isdigit() and 1 <= int(limit) <= 1000),
            "page: this cursor belongs to another question": "page" in fields
            and _read_cursor(fields["page"], fields.get("starting_at", ""), limit) is None,
        }
        unknown = [f"{name}: unknown parameter" for name in fields if name not in ("starting_at", "limit", "page")]
        for objection in (*unknown, *(text for text, holds in objections.items() if holds)):
            return _error(400, objection)
        return _error(404, "no report for this day") if day in self.missing_days else None

    def _page(self, fields: Mapping[str, str], fault: Fault | None) -> _Answer:
        day, limit = fields["starting_at"], fields.get("limit", "20")
        entries = self._entries[date.fromisoformat(day)]
        number, start = _read_cursor(fields["page"], day, limit) or (0, 0) if "page" in fields else (0, 0)
        end = start + self._page_size(number, len(entries), int(limit))
        has_more = end < len(entries)
        body: dict[str, Any] = {
            "data": [{**entry, "added_later": {"nested": [1, "two", None]}} for entry in entries[start:end]],
            "has_more": has_more,
            "next_page": _cursor(day, limit, number + 1, end) if has_more else None,
            "served_by": "stand-in",
        }
        if fault is Fault.NO_DATA:
            del body["data"]
        elif fault is Fault.LOST_NEXT_PAGE:
            body.update(has_more=True, next_page=None)
        elif fault is Fault.SAME_CURSOR:
            self._faults.insert(0, fault)
            body.update(has_more=True, next_page=_cursor(day, limit, 1, 0))
        return _Answer(200, json.dumps(body).encode())

    def _page_size(self, number: int, total: int, limit: int) -> int:
        """Three pages at least for three rows or more, the second of them with a single row."""
        if number == 1:
            return 1
        return max(1, min(limit, self._most_rows_per_page, -(-total // 3)))


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


def _broken(fault: Fault) -> _Answer:
    in_seven_seconds = formatdate(time.time() + 7, usegmt=True)
    special = {
        Fault.RATE_SECONDS: _error(429, "too many requests", ("retry-after", "1")),
        Fault.RATE_DATE: _error(429, "too many requests", ("retry-after", in_seven_seconds)),
        Fault.RATE_BARE: _error(429, "too many requests"),
        Fault.SPEND_LIMIT: _error(429, "spending limit", details={"error_code": "enforced_spend_limit_reached"}),
        Fault.DROPPED: _Answer(200, b"", drop=True),
        Fault.CUT_SHORT: _Answer(200, b'{"data": [], "has_more": false, "next_page": null}', cut_short=True),
        Fault.NO_JSON: _Answer(200, b"<html>Please sign in</html>"),
    }
    return special[fault] if fault in special else _error(_STATUS_FAULTS[fault], "as told")


def _error(status: int, message: str, *headers: tuple[str, str], details: object = None) -> _Answer:
    error = {"type": _ERROR_TYPES[status], "message": message, **({"details": details} if details else {})}
    body = {"type": "error", "error": error, "request_id": "req_stand_in"}
    return _Answer(status, json.dumps(body).encode(), headers)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == len("2026-03-02") else None
    except ValueError:
        return None


def _cursor(day: str, limit: str, number: int, start: int) -> str:
    # "+", "/" and "=" are what breaks when a query is put together by hand.
    return _CURSOR_PREFIX + base64.b64encode(json.dumps([day, limit, number, start]).encode()).decode() + "=="


def _read_cursor(cursor: str, day: str, limit: str) -> tuple[int, int] | None:
    """The page's number and its first row; None for a cursor that we did not give for this question."""
    try:
        content = base64.b64decode(cursor.removeprefix(_CURSOR_PREFIX).removesuffix("=="), validate=True)
        said_day, said_limit, number, start = json.loads(content)
    except ValueError:
        return None
    ours = _cursor(day, limit, number, start) == cursor and (said_day, said_limit) == (day, limit)
    return (number, start) if ours else None


def _handler_for(stand_in: ClaudeCodeStandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10
        wbufsize = -1  # head and body in one packet: two would wait 40 ms for each other

        def do_GET(self) -> None:
            self._give(self._request())

        do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - the standard library's names

        def _request(self) -> Request:
            parts = urlsplit(self.path)
            query = tuple(parse_qsl(parts.query, keep_blank_values=True))
            headers = {name.lower(): value for name, value in self.headers.items()}
            return Request(self.command, parts.path, query, headers)

        def _give(self, request: Request) -> None:
            answer = stand_in.answer(request)
            if answer.drop:
                self.close_connection = True
                return
            self.send_response(answer.status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer.body) + (100 if answer.cut_short else 0)))
            for name, value in answer.headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)
            if answer.cut_short:
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
            """Requests are kept, not printed."""

    return Handler
