"""The one HTTP port: Slack's Web API for the bot, the page and its control door for the browser.

Only answers to requests for 127.0.0.1 or localhost, so that no foreign name can be made to point here. Carries out the
ordered faults around the Web API. Next: `bot/playground/web_api.py` and `bot/playground/control.py`.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bot.playground import call as calls
from bot.playground import responses
from bot.playground.call import Refusal
from bot.playground.control import Control
from bot.playground.faults import Fault, Faults, Kind
from bot.playground.methods import files
from bot.playground.methods.method import Room
from bot.playground.web_api import Answer, WebApi, busy, refused

LARGEST_BODY_BYTES = 20_000_000

PAGE = Path(__file__).parent / "page"
PAGE_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True)
class Behind:
    """What stands behind the port."""

    room: Room
    web_api: WebApi
    faults: Faults
    control: Control


class Port(ThreadingHTTPServer):
    """A threading server that waits for its threads when it closes, and is silent about callers that hang up."""

    daemon_threads = False
    request_queue_size = 128
    behind: Behind

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that hung up or was killed is part of the game."""


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Port

    def do_GET(self) -> None:
        self._route("GET")

    def do_POST(self) -> None:
        self._route("POST")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the signature of http.server
        """Requests are not logged: they carry what people see."""

    def _route(self, verb: str) -> None:
        path = urlsplit(self.path).path
        if not self._is_local():
            self._send(403, b"This playground answers to 127.0.0.1 and localhost only.\n", "text/plain")
        elif path.startswith("/api/"):
            self._web_api(path.removeprefix("/api/"))
        elif verb == "POST" and path.startswith("/upload/"):
            self._plainly(lambda: files.receive(self.server.behind.room.workspace, path[8:], self._body()))
        elif verb == "POST" and path.startswith("/response/"):
            self._plainly(lambda: responses.to_response_url(self.server.behind.room, path[10:], self._json()))
        elif path.startswith("/playground/"):
            self._control(verb, path.removeprefix("/playground/"))
        else:
            self._page(verb, path.removeprefix("/") or "index.html")

    def _page(self, verb: str, name: str) -> None:
        """A file of the page, chosen from what lies there and never by a path."""
        known = {file.name: file for file in PAGE.iterdir() if file.suffix in PAGE_TYPES}
        if verb == "GET" and name in known:
            self._send(200, known[name].read_bytes(), PAGE_TYPES[known[name].suffix])
        else:
            self._send(404, b"There is nothing here.\n", "text/plain")

    def _is_local(self) -> bool:
        """Whether the request means this machine by name and, from a browser, comes from our own page."""
        port = self.server.server_address[1]
        here = {f"127.0.0.1:{port}", f"localhost:{port}"}
        origin = self.headers.get("Origin")
        return (
            self.headers.get("Host", "") in here
            and (origin is None or origin in {f"http://{host}" for host in here})
            and self.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin")
        )

    def _web_api(self, method: str) -> None:
        fault = self.server.behind.faults.take(method)
        body = self._body()
        if fault and not self._before(fault):
            return
        answer = self._answered(method, body)
        if fault and not self._after(fault):
            return
        self._answer(answer)

    def _answered(self, method: str, body: bytes) -> Answer:
        try:
            call = calls.read(
                method,
                query=urlsplit(self.path).query,
                body=body,
                content_type=self.headers.get("Content-Type", ""),
                authorization=self.headers.get("Authorization", ""),
            )
        except Refusal as refusal:
            return refused(refusal)
        return self.server.behind.web_api.answer(call)

    def _before(self, fault: Fault) -> bool:
        """Carry out what happens before the call is taken; False when that was the end of it."""
        match fault.kind:
            case Kind.DROP_BEFORE:
                self._hang_up()
            case Kind.RATE_LIMITED:
                self._answer(busy(fault.retry_after_s))
            case Kind.SERVER_ERROR_BEFORE:
                self._send(fault.status, b"<html><body>Server Error</body></html>", "text/html")
            case Kind.REFUSED:
                self._answer(refused(Refusal(fault.error)))
            case Kind.KILL_BEFORE:
                os.kill(fault.pid, signal.SIGKILL)
                self._hang_up()
            case Kind.FREEZE_BEFORE:
                self.server.behind.faults.hold()
                return True
            case _:
                return True
        return False

    def _after(self, fault: Fault) -> bool:
        """Carry out what happens after the call was accepted; False when there is no answer any more."""
        match fault.kind:
            case Kind.DROP_AFTER:
                self._hang_up()
                return False
            case Kind.SERVER_ERROR_AFTER:
                self._send(fault.status, b"<html><body>Server Error</body></html>", "text/html")
                return False
            case Kind.KILL_AFTER:
                os.kill(fault.pid, signal.SIGKILL)
                self._hang_up()
                return False
            case Kind.FREEZE_AFTER:
                self.server.behind.faults.hold()
            case Kind.SLOW:
                time.sleep(fault.wait_s)
            case _:
                pass
        return True

    def _plainly(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Refusal as refusal:
            self._send(404, json.dumps({"ok": False, "error": refusal.error}).encode(), "application/json")
        else:
            self._send(200, b"ok", "text/plain")

    def _control(self, verb: str, name: str) -> None:
        control = self.server.behind.control
        if verb == "POST" and self.headers.get("Content-Type", "").split(";")[0] != "application/json":
            self._send(415, b"Changes come as application/json.\n", "text/plain")
            return
        if name.startswith("file/"):
            self._download(name.removeprefix("file/"))
            return
        try:
            given = self._json() if verb == "POST" else calls.read(
                name, query=urlsplit(self.path).query, body=b"", content_type="", authorization=""
            ).args  # fmt: skip
            self._answer(Answer(control.do(verb, name, given)))
        except Refusal as refusal:
            self._answer(Answer({"ok": False, "error": refusal.error, **refusal.detail}, 400))

    def _download(self, file_id: str) -> None:
        """A shared file, to the member whom it was shared with; always as a download."""
        asked = calls.read("", query=urlsplit(self.path).query, body=b"", content_type="", authorization="").args
        file = self.server.behind.room.workspace.files.get(file_id)
        if file is None or file.content is None or file.shared_with != asked.get("as"):
            self._send(404, b"No such file here.\n", "text/plain")
            return
        name = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in file.name)
        disposition = {"Content-Disposition": f'attachment; filename="{name.encode("ascii", "replace").decode()}"'}
        self._send(200, file.content, "application/octet-stream", disposition)

    def _body(self) -> bytes:
        length = int(self.headers.get("Content-Length") or 0)
        return self.rfile.read(min(length, LARGEST_BODY_BYTES))

    def _json(self) -> dict[str, Any]:
        try:
            parsed = json.loads(self._body() or b"{}")
        except ValueError:
            raise Refusal("invalid_json") from None
        if not isinstance(parsed, dict):
            raise Refusal("invalid_json")
        return parsed

    def _answer(self, answer: Answer) -> None:
        body = json.dumps(answer.body).encode()
        self._send(answer.status, body, "application/json; charset=utf-8", answer.headers)

    def _send(self, status: int, body: bytes, content_type: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)
