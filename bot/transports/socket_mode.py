"""Socket Mode: Kindling opens the connections, so no public address is needed. Called by `bot/app.py`.

Next: `handlers/__init__.py`.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.errors import InputError, SlackUnclear
from bot.log import EventLog

CONNECTIONS = 2
"""slack_sdk's client reads nothing for up to three seconds while it replaces a connection, which Slack asks for every
few hours; a second connection, refreshed at another moment, keeps most of what arrives meanwhile in time."""

_WORKERS = 32
_TIMEOUT_S = 10

_log = EventLog("socket")


def serve(app: App, *, app_token: str, web_client: WebClient, stop: threading.Event) -> None:
    """Receive and answer until `stop` is set; returns when every connection is closed.

    Raises InputError when Slack refuses the app-level token, SlackUnclear when Slack cannot be reached at the start.
    """
    handlers: list[SocketModeHandler] = []
    try:
        for _ in range(CONNECTIONS):
            handlers.append(_handler(app, app_token, web_client))
            _connect(handlers[-1])
        _log.info("socket.listening", connections=len(handlers))
        stop.wait()
    finally:
        with ThreadPoolExecutor(CONNECTIONS) as closers:
            list(closers.map(_close, handlers))
        _log.info("socket.closed")


def _handler(app: App, app_token: str, web_client: WebClient) -> SocketModeHandler:
    # The library's own log lines may quote what it received; what matters of them is said below, without content.
    logger = logging.getLogger("slack_sdk.socket_mode")
    logger.setLevel(logging.CRITICAL)
    handler = SocketModeHandler(app, app_token, logger=logger, web_client=web_client, concurrency=_WORKERS)
    handler.client.on_error_listeners.append(_say_error)
    if urlsplit(web_client.base_url).hostname in {"127.0.0.1", "localhost", "::1"}:
        handler.client.proxy = None  # the library takes a proxy from the environment and forgets NO_PROXY
    return handler


def _connect(handler: SocketModeHandler) -> None:
    try:
        handler.client.connect()
    except SlackApiError as error:
        reason = error.response.get("error", "no reason given")
        raise InputError(
            f"Slack refused SLACK_APP_TOKEN ({reason}): create an app-level token (xapp-) with the scope "
            "connections:write under Basic Information of the app."
        ) from None
    except OSError as error:
        raise SlackUnclear(f"socket_mode_unreachable_{type(error).__name__}") from error


def _close(handler: SocketModeHandler) -> None:
    # close() races the client's own reconnecting and may then find a connection that is gone already.
    with contextlib.suppress(AttributeError, OSError, RuntimeError):
        handler.client.close()


def _say_error(error: Exception) -> None:
    _log.warning("socket.error", error=type(error).__name__)
