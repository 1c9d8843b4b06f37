"""The HTTP transport: a thin front before Bolt that lets in only what Slack has signed. Called by `bot/app.py`.

Bolt parses a body before it checks the signature, logs bodies whose signature is wrong, and reads any size; and it
drops a slash command whose text contains the word "payload". So this front bounds, checks and parses first.
Next: `handlers/__init__.py`.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl

from slack_bolt import App
from slack_bolt.request import BoltRequest
from slack_bolt.request.internals import build_context
from slack_sdk.signature import SignatureVerifier

from bot.errors import InputError
from bot.log import EventLog
from bot.transports import wsgi
from bot.transports.wsgi import Application, Environ, StartResponse

EVENTS_PATH = "/slack/events"
HEALTH_PATH = "/healthz"
LARGEST_BODY_BYTES = 1024 * 1024
_THREADS = 32
_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"

_log = EventLog("http")


@dataclass(frozen=True)
class Reply:
    """What goes back on the wire."""

    status: str
    body: str = ""
    headers: tuple[tuple[str, str], ...] = (("content-type", "text/plain; charset=utf-8"),)


class _Refused(Exception):
    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


def front(app: App, *, signing_secret: str) -> Application:
    """The WSGI application: POST /slack/events for Slack, GET /healthz for whoever watches, nothing else.

    Raises InputError when the signing secret is empty: every forged request would pass or every real one fail.
    """
    if not signing_secret.strip():
        raise InputError("SLACK_SIGNING_SECRET is empty: copy it from Basic Information of the app.")
    verifier = SignatureVerifier(signing_secret)

    def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        try:
            reply = _reply(app, verifier, environ)
        except _Refused as refused:
            _log.warning("http.refused", status=refused.status)
            reply = Reply(refused.status)
        content = reply.body.encode()
        start_response(reply.status, [*reply.headers, ("content-length", str(len(content)))])
        return [content]

    return application


def serve(app: App, *, signing_secret: str, host: str, port: int, stop: threading.Event) -> None:
    """Listen until `stop` is set. Raises InputError when the address cannot be taken."""
    application = front(app, signing_secret=signing_secret)
    with wsgi.listening(
        application,
        setting="KINDLING_HTTP_ADDR",
        host=host,
        port=port,
        threads=_THREADS,
        most_body_bytes=LARGEST_BODY_BYTES,
    ):
        _log.info("http.listening", port=port)
        stop.wait()
    _log.info("http.closed")


def _reply(app: App, verifier: SignatureVerifier, environ: Environ) -> Reply:
    method, path = environ.get("REQUEST_METHOD"), environ.get("PATH_INFO")
    if path == HEALTH_PATH and method in ("GET", "HEAD"):
        return Reply("200 OK", "ok" if method == "GET" else "")
    if path != EVENTS_PATH:
        raise _Refused("404 Not Found")
    if method != "POST":
        raise _Refused("405 Method Not Allowed")
    body = _signed_body(verifier, environ)
    answer = app.dispatch(_request(body, environ))
    headers = [(name, value) for name, values in answer.headers.items() for value in values]
    return Reply(f"{answer.status} {_REASONS.get(answer.status, 'Unknown')}", answer.body or "", tuple(headers))


def _signed_body(verifier: SignatureVerifier, environ: Environ) -> str:
    """The body of a request that Slack signed within the last five minutes."""
    stamp = environ.get("HTTP_X_SLACK_REQUEST_TIMESTAMP", "")
    signature = environ.get("HTTP_X_SLACK_SIGNATURE", "")
    if not re.fullmatch(r"[0-9]{1,12}", stamp) or not re.fullmatch(r"v0=[0-9a-f]{64}", signature):
        raise _Refused("401 Unauthorized")
    body = _body(environ)
    if not verifier.is_valid(body=body, timestamp=stamp, signature=signature):
        raise _Refused("401 Unauthorized")
    return body


def _body(environ: Environ) -> str:
    length = environ.get("CONTENT_LENGTH") or ""
    if not re.fullmatch(r"[0-9]{1,12}", length):
        raise _Refused("411 Length Required")
    if int(length) > LARGEST_BODY_BYTES:
        raise _Refused("413 Payload Too Large")
    try:
        text: str = environ["wsgi.input"].read(int(length)).decode("utf-8")
    except UnicodeDecodeError:
        raise _Refused("400 Bad Request") from None
    return text


def _request(body: str, environ: Environ) -> BoltRequest:
    content_type = environ.get("CONTENT_TYPE", "").split(";")[0].strip().lower()
    if content_type not in (_FORM, _JSON):
        raise _Refused("415 Unsupported Media Type")
    names = {key[5:].replace("_", "-").lower(): value for key, value in environ.items() if key.startswith("HTTP_")}
    try:
        request = BoltRequest(body=body, headers={**names, "content-type": content_type})
    except ValueError:
        raise _Refused("400 Bad Request") from None
    form = dict(parse_qsl(body, keep_blank_values=True)) if content_type == _FORM else {"payload": ""}
    if "payload" not in form:
        # Bolt takes any form that mentions the word for an interaction and then finds nothing in it.
        request.body = form
        request.context = build_context(request.context, form)
    return request


_REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 500: "Internal Server Error"}
