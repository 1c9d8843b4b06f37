"""What all stand-ins share: a server on 127.0.0.1 that keeps each request, and fails when it is told to.

A stand-in says what a request gets and how its original words an error; the general troubles of the net happen here.
Next: `bot/sources/standins/bamboohr.py`.
"""

from __future__ import annotations

import gzip
import json
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit


class Trouble(StrEnum):
    """What can go wrong once with any source. NONE lets one request pass, to place a trouble behind it.

    GONE_CURSOR and WRONG_CURSOR wait for a request that carries a cursor.
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


_STATUS = {
    Trouble.SERVER_ERROR: 500,
    Trouble.BAD_GATEWAY: 502,
    Trouble.UNAVAILABLE: 503,
    Trouble.OVERLOADED: 529,
    Trouble.GONE_CURSOR: 410,
    Trouble.WRONG_CURSOR: 400,
}
_ON_A_CURSOR = frozenset({Trouble.GONE_CURSOR, Trouble.WRONG_CURSOR})


@dataclass(frozen=True)
class Request:
    """One request as it arrived. Header names are lower-case; `body` is unpacked."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def fields(self) -> dict[str, str]:
        """The query, the last value of each name."""
        return dict(self.query)

    def all_of(self, name: str) -> list[str]:
        """Every value of a name that may be repeated."""
        return [value for key, value in self.query if key == name]

    def json(self) -> Any:
        """The body, read as JSON. ValueError when it is none."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """What a request gets."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "application/json"
    drop: bool = False
    cut_short: bool = False


def json_answer(status: int, body: object, *headers: tuple[str, str]) -> Answer:
    return Answer(status, json.dumps(body).encode(), headers)


class RefusedError(Exception):
    """A request that the original refuses: in words, which the stand-in puts into its error, or with a whole `body`."""

    def __init__(self, status: int, words: str = "", *, body: object = None) -> None:
        super().__init__(words)
        self.status = status
        self.body = body


Change = Callable[[Request, Answer], Answer]
"""What becomes of a good answer."""


class StandInServer:
    """The server, as a context manager. `answer` speaks for the original, `error` words a status as the original does.

    `has_cursor` tells whether a request asks for a later page.
    """

    def __init__(
        self,
        answer: Callable[[Request], Answer],
        *,
        error: Callable[[int, str], object],
        has_cursor: Callable[[Request], bool] = lambda _request: False,
    ) -> None:
        self.requests: list[Request] = []
        self.lock = threading.RLock()
        """Held while a request is answered; a stand-in takes it to change what it holds."""
        self._answer = answer
        self._error = error
        self._has_cursor = has_cursor
        self._troubles: list[Trouble | Change] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def break_next(self, *troubles: Trouble | Change) -> None:
        """Let the next requests fail, one trouble each, in this order. A change waits for an answer with status 200."""
        with self.lock:
            self._troubles.extend(troubles)

    def forget_troubles(self) -> None:
        """Be well again: what `break_next` left over does not happen."""
        with self.lock:
            self._troubles.clear()

    def answer(self, request: Request) -> Answer:
        """What a request gets; called by the server's own threads. A wrong request is refused even in trouble."""
        with self.lock:
            self.requests.append(request)
            honest = self._honest(request)
            trouble = self._take_trouble(request, honest)
            if trouble is Trouble.NONE or 400 <= honest.status < 500:
                return honest
            return self._broken(trouble) if isinstance(trouble, Trouble) else trouble(request, honest)

    def _honest(self, request: Request) -> Answer:
        try:
            return self._answer(request)
        except RefusedError as refused:
            return json_answer(refused.status, refused.body or self._error(refused.status, str(refused)))

    def _take_trouble(self, request: Request, honest: Answer) -> Trouble | Change:
        for position, trouble in enumerate(self._troubles):
            if trouble in _ON_A_CURSOR:
                strikes = self._has_cursor(request)
            else:
                strikes = isinstance(trouble, Trouble) or honest.status == 200
            if strikes:
                return self._troubles.pop(position)
        return Trouble.NONE

    def _broken(self, trouble: Trouble) -> Answer:
        in_seven_seconds = formatdate(time.time() + 7, usegmt=True)
        hint = {Trouble.RATE_SECONDS: "1", Trouble.RATE_DATE: in_seven_seconds}.get(trouble)
        if trouble in (Trouble.RATE_SECONDS, Trouble.RATE_DATE, Trouble.RATE_BARE):
            return json_answer(429, self._error(429, "as told"), *([("retry-after", hint)] if hint else []))
        special = {
            Trouble.DROPPED: Answer(200, drop=True),
            Trouble.CUT_SHORT: Answer(200, b"{", cut_short=True),
            Trouble.NO_JSON: Answer(200, b"<html>Please sign in</html>", content_type="text/html"),
        }
        if trouble in special:
            return special[trouble]
        return json_answer(_STATUS[trouble], self._error(_STATUS[trouble], "as told"))


class StandIn(ABC):
    """One source's stand-in, as a context manager. Its children keep the original's contract."""

    def __init__(self) -> None:
        self.server = StandInServer(self._answer, error=self._error, has_cursor=self._has_cursor)
        self.requests = self.server.requests

    @abstractmethod
    def _answer(self, request: Request) -> Answer:
        """What the original answers. Raises RefusedError."""

    @abstractmethod
    def _error(self, status: int, words: str) -> object:
        """The body of an error, as the original writes it."""

    def _has_cursor(self, _request: Request) -> bool:
        """Whether the request asks for a later page."""
        return False

    @property
    def base_url(self) -> str:
        return self.server.base_url

    def __enter__(self) -> Self:
        self.server.__enter__()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.server.__exit__()

    def break_next(self, *troubles: Trouble) -> None:
        """Let the next requests fail, one trouble each, in this order."""
        self.server.break_next(*troubles)

    def spoil_next(self, *changes: Callable[[Any], Any]) -> None:
        """Let the next good answers arrive with their bodies changed, one change each, in this order."""
        self.server.break_next(*(_of_body(change) for change in changes))

    def forget_troubles(self) -> None:
        """Be well again: what is left of `break_next` and `spoil_next` does not happen."""
        self.server.forget_troubles()


def _of_body(change: Callable[[Any], Any]) -> Change:
    return lambda _request, honest: json_answer(200, change(json.loads(honest.body)))


def _handler_for(stand_in: StandInServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10
        wbufsize = -1  # head and body in one packet: two would wait 40 ms for each other

        def do_GET(self) -> None:
            self._give(self._request())

        do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - the standard library's names

        def _request(self) -> Request:
            parts = urlsplit(self.path)
            query = tuple(parse_qsl(parts.query, keep_blank_values=True))
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", "0")))
            if headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            return Request(self.command, parts.path, query, headers, body)

        def _give(self, request: Request) -> None:
            answer = stand_in.answer(request)
            if answer.drop:
                self.close_connection = True
                return
            self.send_response(answer.status)
            if answer.body or answer.status != 204:
                self.send_header("content-type", answer.content_type)
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
