"""One careful way to ask a data source: bounded tries, bounded waiting, and errors that tell nothing they should not.

Only what may pass by itself is asked again: 429, 500, 502, 503, 504, 529 and network errors. `Retry-After` is obeyed in
both of its forms. The error names the path and the status, never the key, the query or the body.
Called by the connectors of this folder. Next: `bot/sources/claude_code.py`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from bot.errors import SourceError

RETRIED_STATUS = frozenset({429, 500, 502, 503, 504, 529})
SPEND_LIMIT_CODE = "enforced_spend_limit_reached"
"""Anthropic's 429 for a monthly spending cap: it comes without Retry-After and stays until the next month."""

JsonObject = dict[str, Any]
Wait = Callable[[float], None]
"""Sleeps for so many seconds; the tests pass one that only takes note."""


@dataclass(frozen=True)
class Patience:
    """How long one question may take. Waits double from `first_wait_s` to `longest_wait_s`, each with jitter."""

    tries: int = 6
    first_wait_s: float = 1.0
    longest_wait_s: float = 60.0
    total_wait_s: float = 300.0


PATIENCE = Patience()


def get_json(
    client: httpx.Client, path: str, *, params: Mapping[str, str], wait: Wait, patience: Patience = PATIENCE
) -> JsonObject:
    """The JSON object at `path`, with fractions as `Decimal`. Raises SourceError when it cannot be had.

    The error is `permanent` when asking again later is useless: a wrong key, a missing right, a refused question, a
    spending cap.
    """
    waited_s = 0.0
    for attempt in range(1, patience.tries + 1):
        answer = _ask(client, path, params)
        if isinstance(answer, httpx.Response) and answer.is_success:
            return _json_object(answer, path)
        error = _as_error(answer, path)
        if error.permanent:
            raise error
        pause_s = _pause_s(answer, attempt, patience)
        if attempt == patience.tries or waited_s + pause_s > patience.total_wait_s:
            raise error
        wait(pause_s)
        waited_s += pause_s
    raise AssertionError("the last try returns or raises")


def bounded(wait: Wait, *, most_s: float) -> Wait:
    """`wait`, but no more than `most_s` seconds over all its calls: the one that would be too much is a SourceError."""
    left_s = most_s

    def wait_within_bounds(seconds: float) -> None:
        nonlocal left_s
        if seconds > left_s:
            raise SourceError(f"The source asks for more than {most_s:.0f} s of waiting in all.", permanent=False)
        left_s -= seconds
        wait(seconds)

    return wait_within_bounds


def cursor_pages(
    ask: Callable[[str | None], JsonObject], next_cursor: Callable[[JsonObject], str | None], *, most_pages: int = 2000
) -> Iterator[JsonObject]:
    """Page after page until there is no next cursor. A server that goes round in circles is a SourceError."""
    cursor: str | None = None
    seen: set[str] = set()
    for _ in range(most_pages):
        page = ask(cursor)
        yield page
        cursor = next_cursor(page)
        if cursor is None:
            return
        if cursor in seen:
            raise SourceError("The source gave the same page cursor twice.", permanent=False)
        seen.add(cursor)
    raise SourceError(f"The source gave more than {most_pages} pages.", permanent=False)


def _ask(client: httpx.Client, path: str, params: Mapping[str, str]) -> httpx.Response | httpx.RequestError:
    try:
        return client.get(path, params=dict(params))
    except httpx.RequestError as error:
        return error


def _as_error(answer: httpx.Response | httpx.RequestError, path: str) -> SourceError:
    if isinstance(answer, httpx.RequestError):
        useless = isinstance(answer, httpx.UnsupportedProtocol)
        return SourceError(f"GET {path} was not answered: {type(answer).__name__}.", permanent=useless)
    status = answer.status_code
    if _is_spend_limit(answer):
        return SourceError(f"GET {path} answered 429: the spending limit is reached.", permanent=True, http_status=429)
    return SourceError(f"GET {path} answered {status}.", permanent=status not in RETRIED_STATUS, http_status=status)


def _json_object(answer: httpx.Response, path: str) -> JsonObject:
    try:
        body = answer.json(parse_float=Decimal)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        message = f"GET {path} answered {answer.status_code} without a JSON object."
        raise SourceError(message, permanent=False, http_status=answer.status_code)
    return body


def _is_spend_limit(answer: httpx.Response) -> bool:
    if answer.status_code != 429 or "retry-after" in answer.headers:
        return False
    try:
        return bool(answer.json()["error"]["details"]["error_code"] == SPEND_LIMIT_CODE)
    except (ValueError, KeyError, TypeError):
        return False


def _pause_s(answer: httpx.Response | httpx.RequestError, attempt: int, patience: Patience) -> float:
    asked_s = _retry_after_s(answer) if isinstance(answer, httpx.Response) else None
    if asked_s is not None:
        return asked_s
    longest_s = min(patience.longest_wait_s, patience.first_wait_s * 2.0 ** (attempt - 1))
    return longest_s * random.uniform(0.5, 1.0)  # noqa: S311 - spreads the load, hides nothing


def _retry_after_s(answer: httpx.Response) -> float | None:
    """Seconds that the server asks for, never negative; None when it does not ask or cannot be understood."""
    asked = answer.headers.get("retry-after", "").strip()
    if asked.isascii() and asked.isdigit():
        return float(asked)
    until, server_now = _http_date(asked), _http_date(answer.headers.get("date", ""))
    if until is None:
        return None
    # Against the server's own clock where it says its time: ours may be off, or turned by hand.
    return max(0.0, (until - (server_now or datetime.now(UTC))).total_seconds())


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
