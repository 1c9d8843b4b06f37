"""The short-lived rights that Slack hands out with an interaction: trigger ids and response URLs.

A trigger id opens one modal within three real seconds. A response URL takes five answers within thirty minutes of the
workspace's clock. `bot/playground/acts.py` issues them; the methods in `views.py` and `responses.py` use them up.
"""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.playground.call import Refusal

TRIGGER_LIFE_S = 3.0
RESPONSE_URL_LIFE = timedelta(minutes=30)
RESPONSE_URL_USES = 5


@dataclass
class _Trigger:
    user_id: str
    issued_s: float
    used: bool = False


@dataclass
class Answerable:
    """What a response URL belongs to: who acted, where, and on which message (None for a slash command)."""

    user_id: str
    channel: str
    message_ts: str | None
    issued_at: datetime
    uses: int = 0


class Tickets:
    """Issues and uses up. Safe for many threads."""

    def __init__(self) -> None:
        self._triggers: dict[str, _Trigger] = {}
        self._answerable: dict[str, Answerable] = {}
        self._lock = threading.Lock()

    def trigger(self, user_id: str) -> str:
        """A new trigger id for something this member just did."""
        trigger_id = f"{secrets.randbelow(10**10)}.{secrets.randbelow(10**10)}.{secrets.token_hex(16)}"
        with self._lock:
            self._triggers[trigger_id] = _Trigger(user_id, time.monotonic())
        return trigger_id

    def use_trigger(self, trigger_id: str) -> str:
        """The member it was issued for. Refuses an unknown, a used and an old one, with Slack's codes."""
        with self._lock:
            trigger = self._triggers.get(trigger_id)
            if trigger is None:
                raise Refusal("invalid_trigger_id")
            if trigger.used:
                raise Refusal("exchanged_trigger_id")
            if time.monotonic() - trigger.issued_s > TRIGGER_LIFE_S:
                raise Refusal("expired_trigger_id")
            trigger.used = True
            return trigger.user_id

    def response_url(self, user_id: str, *, channel: str, message_ts: str | None, now: datetime) -> str:
        """The key of a new response URL."""
        key = secrets.token_hex(12)
        with self._lock:
            self._answerable[key] = Answerable(user_id, channel, message_ts, now)
        return key

    def use_response_url(self, key: str, now: datetime) -> Answerable:
        """What it belongs to, one use less. Refuses an unknown, an old and a used-up one."""
        with self._lock:
            found = self._answerable.get(key)
            if found is None:
                raise Refusal("invalid_url")
            if now - found.issued_at > RESPONSE_URL_LIFE:
                raise Refusal("expired_url")
            if found.uses >= RESPONSE_URL_USES:
                raise Refusal("used_url")
            found.uses += 1
            return found
