"""Slack's end of Socket Mode: tickets, hello, envelopes, acknowledgements, refresh.

The bot asks `apps.connections.open` for an address and connects; `bot/playground/acts.py` tells it things.
"""

from __future__ import annotations

import itertools
import json
import logging
import secrets
import threading
import uuid
from collections.abc import Callable
from http import HTTPStatus
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve

from bot.playground.link import ACK_WITHIN_S, Kind, Reply, Retry
from bot.playground.workspace import APP_ID

MOST_CONNECTIONS = 10

_CLOSE_WITHIN_S = 0.2  # slack_sdk's client does not answer a closing handshake


class _Waiting:
    """An envelope that is on its way."""

    def __init__(self) -> None:
        self.came = threading.Event()
        self.body: dict[str, Any] = {}


class SocketMode:
    """Listens on a port of its own. `on_change` is called when a connection comes or goes."""

    def __init__(self, on_change: Callable[[], None], port: int = 0) -> None:
        self._on_change = on_change
        self._tickets: set[str] = set()
        self._connections: list[ServerConnection] = []
        self._turn = itertools.count()
        self._waiting: dict[str, _Waiting] = {}
        self._lock = threading.Lock()
        self._there = threading.Condition(self._lock)
        logger = logging.getLogger("kindling.playground.socket")
        logger.setLevel(logging.CRITICAL)  # a bot that is killed on purpose is no error here
        self._server: Server = serve(
            self._talk, "127.0.0.1", port, process_request=self._admit, logger=logger, close_timeout=_CLOSE_WITHIN_S
        )
        self._thread = threading.Thread(target=self._server.serve_forever, name="playground-socket")

    def __enter__(self) -> SocketMode:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()

    def new_url(self) -> str:
        """An address that takes one connection."""
        ticket = secrets.token_hex(16)
        with self._lock:
            self._tickets.add(ticket)
        return f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}/link/?ticket={ticket}&app_id={APP_ID}"

    @property
    def connections(self) -> int:
        """How many connections the bot holds."""
        with self._lock:
            return len(self._connections)

    def wait_for_bot(self, timeout_s: float = 10.0) -> bool:
        """Wait until the bot is connected; False when it did not come."""
        with self._there:
            return self._there.wait_for(lambda: bool(self._connections), timeout_s)

    def tell(self, kind: Kind, payload: dict[str, Any], retry: Retry | None = None) -> Reply:
        """Send an envelope over any one connection and wait for its acknowledgement."""
        envelope: dict[str, Any] = {
            "envelope_id": str(uuid.uuid4()),
            "type": kind.value,
            "payload": payload,
            "accepts_response_payload": kind is not Kind.EVENT,
        }
        if retry:
            envelope |= {"retry_attempt": retry.attempt, "retry_reason": retry.reason}
        waiting = _Waiting()
        with self._lock:
            if not self._connections:
                return Reply(problem="not_connected")
            connection = self._connections[next(self._turn) % len(self._connections)]
            self._waiting[envelope["envelope_id"]] = waiting
        try:
            connection.send(json.dumps(envelope))
            in_time = waiting.came.wait(ACK_WITHIN_S)
        except ConnectionClosed:
            return Reply(problem="connection_lost")
        finally:
            with self._lock:
                del self._waiting[envelope["envelope_id"]]
        return Reply(waiting.body) if in_time else Reply(problem="timeout")

    def refresh(self, reason: str = "refresh_requested") -> None:
        """Tell every connection to come again, as Slack does every few hours; on `warning` it may stay a little."""
        with self._lock:
            leaving = list(self._connections)
        for connection in leaving:
            try:
                connection.send(
                    json.dumps({"type": "disconnect", "reason": reason, "debug_info": {"host": "playground"}})
                )
                if reason != "warning":
                    connection.close()
            except ConnectionClosed:
                continue

    def hang_up(self) -> None:
        """Close every connection without a word, as a broken line does."""
        with self._lock:
            leaving = list(self._connections)
        for connection in leaving:
            connection.close()

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        ticket = parse_qs(urlsplit(request.path).query).get("ticket", [""])[0]
        with self._lock:
            known = ticket in self._tickets
            self._tickets.discard(ticket)
            full = len(self._connections) >= MOST_CONNECTIONS
        if not known:
            return connection.respond(HTTPStatus.FORBIDDEN, "invalid ticket\n")
        return connection.respond(HTTPStatus.TOO_MANY_REQUESTS, "too many websockets\n") if full else None

    def _talk(self, connection: ServerConnection) -> None:
        with self._there:
            self._connections.append(connection)
            number = len(self._connections)
        try:
            connection.send(json.dumps(_hello(number)))
            with self._there:
                self._there.notify_all()
            self._on_change()
            for words in connection:
                self._hear(words)
        except ConnectionClosed:
            pass
        finally:
            with self._lock:
                self._connections.remove(connection)
            self._on_change()

    def _hear(self, words: str | bytes) -> None:
        try:
            acknowledgement = json.loads(words)
        except ValueError:
            return
        if not isinstance(acknowledgement, dict):
            return
        with self._lock:
            waiting = self._waiting.get(str(acknowledgement.get("envelope_id")))
        if waiting:
            body = acknowledgement.get("payload")
            waiting.body = body if isinstance(body, dict) else {}
            waiting.came.set()


def _hello(number: int) -> dict[str, Any]:
    return {
        "type": "hello",
        "num_connections": number,
        "connection_info": {"app_id": APP_ID},
        "debug_info": {"host": "playground", "started": "", "build_number": 1, "approximate_connection_time": 3600},
    }
