"""The address to which AI tools push their telemetry: OTLP over HTTP, on a port of its own. Called by `bot/app.py`.

It lets in only who has the token, bounds what it reads, and never says "wrong" where "later" is true: a client sends
again after 429 and 503, and gives up after 400. Each answer is in the encoding of its request.
Next: `jobs/receive.py`, which is handed in.
"""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from bot.log import EventLog
from bot.sources.otlp import answers, decode
from bot.sources.otlp.answers import Signal
from bot.store.database import DatabaseError
from bot.transports import wsgi
from bot.transports.wsgi import Application, Environ, StartResponse

PATHS = {f"/v1/{signal.value}": signal for signal in Signal}
RETRY_AFTER_S = 15

_THREADS = 16
_PROTOBUF = "application/x-protobuf"
_JSON = "application/json"
_NO_HEADERS: tuple[tuple[str, str], ...] = ()

_log = EventLog("otlp")


class Received(Protocol):
    """What is told of a request that was read."""

    @property
    def refused(self) -> int: ...
    @property
    def reason(self) -> str: ...


Receive = Callable[[Signal, bytes, bool], Received]
"""Keeps the unpacked body of a request; True: it is JSON."""


@dataclass(frozen=True)
class Limits:
    """How much is taken at once: bytes of one request, requests that are worked on, and requests that wait for that.

    Both together are fewer than there are threads, so that one is left to say "later" at once.
    """

    most_bytes: int = decode.MOST_BYTES
    at_once: int = 4
    waiting: int = 8


class _Answer(Exception):
    """What a request gets that is not taken: a status, the code of a `google.rpc.Status` and a sentence."""

    def __init__(self, status: str, code: int, message: str, *headers: tuple[str, str]) -> None:
        super().__init__(status)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers


def application(receive: Receive, *, token: str, limits: Limits | None = None) -> Application:
    """The WSGI application: POST /v1/metrics, /v1/logs and /v1/traces (taken, and dropped unread), nothing else."""
    bounds = limits or Limits()
    turns = _Turns(bounds)

    def answer(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        as_json = _content_type(environ) != _PROTOBUF
        status, headers = "200 OK", _NO_HEADERS
        try:
            content = _taken(environ, receive, token, bounds, turns)
        except _Answer as said:
            _log.warning("otlp.refused", status=said.status)
            status, headers = said.status, said.headers
            content = answers.error(said.code, said.message, as_json=as_json)
        except Exception as error:  # noqa: BLE001 - the server would print its text, and that may quote the request
            _log.error("otlp.failed", error=type(error).__name__)
            status, content = "500 Internal Server Error", answers.error(13, "this went wrong here", as_json=as_json)
        kind = _JSON if as_json else _PROTOBUF
        start_response(status, [("content-type", kind), ("content-length", str(len(content))), *headers])
        return [content]

    return answer


@contextmanager
def listening(answer: Application, *, host: str, port: int) -> Iterator[int]:
    """Listen on this address until the end; gives the port. Raises InputError when the address cannot be taken."""
    # The server cuts a body off by itself, without our words, where it is far beyond what we take.
    with wsgi.listening(
        answer,
        setting="KINDLING_OTLP_ADDR",
        host=host,
        port=port,
        threads=_THREADS,
        most_body_bytes=2 * decode.MOST_BYTES,
    ) as taken_port:
        _log.info("otlp.listening", port=taken_port)
        yield taken_port
    _log.info("otlp.closed")


def _taken(environ: Environ, receive: Receive, token: str, bounds: Limits, turns: _Turns) -> bytes:
    signal = _signal(environ, token)
    as_json = _is_json(environ)
    packed = _is_packed(environ)
    body: bytes = environ["wsgi.input"].read(bounds.most_bytes + 1)
    if signal is Signal.TRACES:
        return answers.taken(signal, as_json=as_json)
    with turns.turn():
        try:
            unpacked = decode.unpacked(body, packed=packed, most_bytes=bounds.most_bytes)
            received = receive(signal, unpacked, as_json)
        except decode.TooLargeError as error:
            raise _Answer("413 Content Too Large", 8, str(error)) from None
        except decode.UnreadableError as error:
            raise _Answer("400 Bad Request", 3, str(error)) from None
        except DatabaseError:
            # Whatever is wrong with the database, the request may well be right: it must come again (6.1).
            raise _later("503 Service Unavailable", "the database is busy") from None
    return answers.taken(signal, as_json=as_json, refused=received.refused, reason=received.reason)


def _signal(environ: Environ, token: str) -> Signal:
    """What is sent, by somebody who may send it."""
    signal = PATHS.get(environ.get("PATH_INFO", ""))
    if signal is None:
        raise _Answer("404 Not Found", 5, "there is nothing at this path")
    if environ.get("REQUEST_METHOD") != "POST":
        raise _Answer("405 Method Not Allowed", 12, "only POST is answered here", ("allow", "POST"))
    scheme, _, given = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
        raise _Answer("401 Unauthorized", 16, "the bearer token is missing or wrong", ("www-authenticate", "Bearer"))
    return signal


def _content_type(environ: Environ) -> str:
    return str(environ.get("CONTENT_TYPE", "")).split(";")[0].strip().lower()


def _is_json(environ: Environ) -> bool:
    kind = _content_type(environ)
    if kind not in (_JSON, _PROTOBUF):
        raise _Answer("415 Unsupported Media Type", 3, f"the content type must be {_PROTOBUF} or {_JSON}")
    return kind == _JSON


def _is_packed(environ: Environ) -> bool:
    encoding = environ.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    if encoding not in ("", "identity", "gzip"):
        raise _Answer("415 Unsupported Media Type", 3, "the content encoding must be gzip or none")
    return bool(encoding == "gzip")


def _later(status: str, message: str) -> _Answer:
    return _Answer(status, 14, message, ("retry-after", str(RETRY_AFTER_S)))


class _Turns:
    """Lets a few requests work at once and some more wait; who comes on top of these is told to come again."""

    def __init__(self, bounds: Limits) -> None:
        self._free = threading.Semaphore(bounds.at_once)
        self._most = bounds.at_once + bounds.waiting
        self._here = 0
        self._lock = threading.Lock()

    @contextmanager
    def turn(self) -> Iterator[None]:
        with self._lock:
            if self._here >= self._most:
                raise _later("429 Too Many Requests", "too many requests are waiting")
            self._here += 1
        try:
            with self._free:
                yield
        finally:
            with self._lock:
                self._here -= 1
