"""Slack's Web API: tokens, scopes and pace, then the method. `bot/playground/front.py` carries it over HTTP.

Next: the files in `bot/playground/methods/`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.playground.call import Call, Refusal
from bot.playground.cast import COMPANY
from bot.playground.methods import chat, conversations, files, people, views
from bot.playground.methods.method import Method, Room, TooFast
from bot.playground.workspace import APP_ID, BOT_ID, BOT_USER_ID, TEAM_ID

Json = dict[str, Any]

ALL_SCOPES = frozenset(
    {
        "commands",
        "chat:write",
        "users:read",
        "users:read.email",
        "usergroups:read",
        "im:write",
        "im:history",
        "dnd:read",
        "files:write",
    }
)


@dataclass(frozen=True)
class Answer:
    """What goes back: status, body and headers."""

    body: Json
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Called:
    """One call that was answered, for tests and for the page's developer corner. `error` is empty for ok: true."""

    method: str
    error: str


class WebApi:
    """Answers calls. `new_socket_url` makes an address for Socket Mode."""

    def __init__(self, room: Room, *, bot_token: str, app_token: str, new_socket_url: Callable[[], str]) -> None:
        self._room = room
        self._bot_token = bot_token
        self._app_token = app_token
        self._new_socket_url = new_socket_url
        self._calls: list[Called] = []
        self._lock = threading.Lock()
        self._methods: dict[str, Method] = {
            **chat.METHODS,
            **conversations.METHODS,
            **people.METHODS,
            **views.METHODS,
            **files.METHODS,
            "auth.test": Method(_auth_test),
            "api.test": Method(lambda _room, call: {"args": call.args}),
        }

    def answer(self, call: Call) -> Answer:
        """The whole of what Slack does with a call: never raises."""
        try:
            body = {"ok": True, **self._result(call)}
            answer = Answer(body)
        except TooFast as fast:
            answer = busy(fast.retry_after_s)
        except Refusal as refusal:
            answer = refused(refusal)
        with self._lock:
            self._calls.append(Called(call.method, str(answer.body.get("error", ""))))
        answer.headers["X-OAuth-Scopes"] = ",".join(sorted(self._room.scopes))
        return answer

    def calls(self, method: str | None = None) -> list[Called]:
        """The calls so far, of one method or of all, refused ones too."""
        with self._lock:
            return [called for called in self._calls if method in (None, called.method)]

    def _result(self, call: Call) -> Json:
        if call.method == "apps.connections.open":
            self._check_token(call, self._app_token, self._bot_token)
            return {"url": self._new_socket_url()}
        method = self._methods.get(call.method)
        if method is None:
            raise Refusal("unknown_method", req_method=call.method)
        if call.method != "api.test":
            self._check_token(call, self._bot_token, self._app_token)
        if method.scope and method.scope not in self._room.scopes:
            raise Refusal("missing_scope", needed=method.scope, provided=",".join(sorted(self._room.scopes)))
        wait_s = self._room.rates.method(call.method, method.tier)
        if wait_s:
            raise TooFast(wait_s)
        return method.answer(self._room, call)

    @staticmethod
    def _check_token(call: Call, right: str, wrong_kind: str) -> None:
        if not call.token:
            raise Refusal("not_authed")
        if call.token == wrong_kind:
            raise Refusal("not_allowed_token_type")
        if call.token != right:
            raise Refusal("invalid_auth")


def refused(refusal: Refusal) -> Answer:
    """Slack's `ok: false`."""
    return Answer({"ok": False, "error": refusal.error, **refusal.detail})


def busy(retry_after_s: int) -> Answer:
    """Slack's 429."""
    return Answer({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": str(retry_after_s)})


def _auth_test(room: Room, _call: Call) -> Json:
    return {
        "url": f"{room.origin}/",
        "team": COMPANY,
        "user": "kindling",
        "team_id": TEAM_ID,
        "user_id": BOT_USER_ID,
        "bot_id": BOT_ID,
        "app_id": APP_ID,
        "is_enterprise_install": False,
    }
