"""One careful way to ask a data source: bounded tries, bounded waiting, and errors that tell nothing they should not.

Only what may pass by itself is asked again: 429, 500, 502, 503, 504, 529 and network errors. `Retry-After` is obeyed in
both of its forms. The error names the path and the status, never the key, the query or the body.
Called by the connectors of this folder. Next: `bot/sources/fields.py`, then `bot/sources/claude_code.py`.
"""

from __future__ import annotations

import random
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, TypeVar

import httpx

from bot.errors import SourceError

RETRIED_STATUS = frozenset({429, 500, 502, 503, 504, 529})
LOST_CURSOR_STATUS = frozenset({400, 410})
"""What a server says to a page cursor that it no longer knows."""
SPEND_LIMIT_CODE = "enforced_spend_limit_reached"
"""Anthropic's 429 for a monthly spending cap: it comes without Retry-After and stays until the next month."""

MOST_BYTES = 256 * 1024 * 1024
"""Of one answer, unpacked: a page holds some thousand rows, and the report of a large company's day some ten MB."""
_OF_THE_WAY = frozenset({b"content-encoding", b"content-length", b"transfer-encoding"})

JsonObject = dict[str, Any]
Item = TypeVar("Item")
Query = Mapping[str, str | Sequence[str]]
"""Names and values; a list of values repeats the name."""
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


@cache
def trusted(*, trust_env: bool) -> ssl.SSLContext:
    """The certificates to believe. Reading them takes longer than most questions: it is done once, not per client."""
    return httpx.create_ssl_context(trust_env=trust_env)


def get_json(
    client: httpx.Client, path: str, *, params: Query | None = None, wait: Wait, patience: Patience = PATIENCE
) -> JsonObject:
    """The JSON object at `path`, with fractions as `Decimal`. Raises SourceError as `send` does, or for no object."""
    answer = send(client, "GET", path, params=params, wait=wait, patience=patience)
    return json_object(answer, f"GET {path}")


def post_json(
    client: httpx.Client, path: str, *, body: JsonObject, wait: Wait, patience: Patience = PATIENCE
) -> JsonObject:
    """The JSON object that answers `body`; for questions only, for they may be asked twice. Raises as `get_json`."""
    answer = send(client, "POST", path, body=body, wait=wait, patience=patience)
    return json_object(answer, f"POST {path}")


def send(
    client: httpx.Client,
    method: str,
    path: str,
    *,
    params: Query | None = None,
    body: JsonObject | None = None,
    wait: Wait,
    patience: Patience = PATIENCE,
) -> httpx.Response:
    """A successful answer to one question, asked again as long as that makes sense.

    Raises SourceError when it cannot be had: `permanent` when asking again later is useless (a wrong key, a missing
    right, a refused question, a spending cap). `path` may be a whole address of the client's own host (a `Link`).
    """
    waited_s = 0.0
    question = f"{method} {httpx.URL(path).path}"
    for attempt in range(1, patience.tries + 1):
        answer = _ask(client, method, path, params, body)
        if isinstance(answer, httpx.Response) and answer.is_success:
            return answer
        error = _as_error(answer, question)
        if error.permanent:
            raise error
        pause_s = _pause_s(answer, attempt, patience)
        if attempt == patience.tries or waited_s + pause_s > patience.total_wait_s:
            raise error
        wait(pause_s)
        waited_s += pause_s
    raise AssertionError("the last try returns or raises")


def json_object(answer: httpx.Response, question: str) -> JsonObject:
    """The answer as a JSON object, with fractions as `Decimal`, or SourceError."""
    body = _json(answer)
    if not isinstance(body, dict):
        message = f"{question} answered {answer.status_code} without a JSON object."
        raise SourceError(message, permanent=False, http_status=answer.status_code)
    return body


def json_list(answer: httpx.Response, question: str) -> list[JsonObject]:
    """The answer as a JSON list of objects, with fractions as `Decimal`, or SourceError."""
    body = _json(answer)
    if not isinstance(body, list) or not all(isinstance(item, dict) for item in body):
        message = f"{question} answered {answer.status_code} without a JSON list of objects."
        raise SourceError(message, permanent=False, http_status=answer.status_code)
    return body


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


class CursorLostError(Exception):
    """The server no longer knows a cursor it gave us; what was read so far must be thrown away (`whole`)."""

    def __init__(self, error: SourceError) -> None:
        super().__init__()
        self.error = error


def cursor_pages(
    ask: Callable[[str | None], JsonObject], next_cursor: Callable[[JsonObject], str | None], *, most_pages: int = 2000
) -> Iterator[JsonObject]:
    """Page after page until there is no next cursor. A server that goes round in circles is a SourceError.

    A cursor that the server refuses is a CursorLostError: read through `whole`, which begins anew.
    """
    cursor: str | None = None
    seen: set[str] = set()
    for _ in range(most_pages):
        try:
            page = ask(cursor)
        except SourceError as error:
            if cursor is not None and error.http_status in LOST_CURSOR_STATUS:
                raise CursorLostError(error) from None
            raise
        yield page
        cursor = next_cursor(page)
        if cursor is None:
            return
        if cursor in seen:
            raise SourceError("The source gave the same page cursor twice.", permanent=False)
        seen.add(cursor)
    raise SourceError(f"The source gave more than {most_pages} pages.", permanent=False)


def whole(read: Callable[[], Iterable[Item]]) -> tuple[Item, ...]:
    """All that `read` gives; when a page cursor ran out on the way, all of it from the beginning, once."""
    try:
        return tuple(read())
    except CursorLostError:
        try:
            return tuple(read())
        except CursorLostError as again:
            raise again.error from None


def _ask(
    client: httpx.Client, method: str, path: str, params: Query | None, body: JsonObject | None
) -> httpx.Response | httpx.RequestError:
    query = None if params is None else dict(params)
    try:
        with client.stream(method, path, params=query, json=body) as answer:
            return _held(answer)
    except httpx.RequestError as error:
        return error


def _held(answer: httpx.Response) -> httpx.Response:
    """The answer with its whole body, unpacked: never more than MOST_BYTES of it, whatever a bomb promises."""
    parts: list[bytes] = []
    room = MOST_BYTES
    for part in answer.iter_bytes():
        room -= len(part)
        if room < 0:
            raise SourceError("An answer was too large to be read.", permanent=False)
        parts.append(part)
    headers = [(name, value) for name, value in answer.headers.raw if name.lower() not in _OF_THE_WAY]
    return httpx.Response(answer.status_code, headers=headers, content=b"".join(parts), request=answer.request)


def _as_error(answer: httpx.Response | httpx.RequestError, question: str) -> SourceError:
    if isinstance(answer, httpx.RequestError):
        useless = isinstance(answer, httpx.UnsupportedProtocol)
        return SourceError(f"{question} was not answered: {type(answer).__name__}.", permanent=useless)
    status = answer.status_code
    if _is_spend_limit(answer):
        return SourceError(f"{question} answered 429: the spending limit is reached.", permanent=True, http_status=429)
    return SourceError(f"{question} answered {status}.", permanent=not _passes_by_itself(answer), http_status=status)


def _passes_by_itself(answer: httpx.Response) -> bool:
    # GitHub says 403 where others say 429, with a hint when to come back; a 403 without one is a missing right.
    hinted = "retry-after" in answer.headers or _reset_s(answer) is not None
    return answer.status_code in RETRIED_STATUS or (answer.status_code == 403 and hinted)


def _json(answer: httpx.Response) -> object:
    try:
        return answer.json(parse_float=Decimal)
    except ValueError:
        return None


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
    until = _http_date(asked)
    if until is None:
        return _reset_s(answer)
    return _seconds_until(until, answer)


def _reset_s(answer: httpx.Response) -> float | None:
    """Seconds until an allowance that is used up is given anew (GitHub); None when none is used up."""
    reset = answer.headers.get("x-ratelimit-reset", "")
    if answer.headers.get("x-ratelimit-remaining") != "0" or not (reset.isascii() and reset.isdigit()):
        return None
    try:
        return _seconds_until(datetime.fromtimestamp(int(reset), UTC), answer)
    except (ValueError, OverflowError, OSError):
        return None


def _seconds_until(moment: datetime, answer: httpx.Response) -> float:
    # Against the server's own clock where it says its time: ours may be off, or turned by hand.
    server_now = _http_date(answer.headers.get("date", ""))
    return max(0.0, (moment - (server_now or datetime.now(UTC))).total_seconds())


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
