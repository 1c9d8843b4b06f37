"""The way from the workspace to the bot, whichever transport carries it. Made by `bot/playground/server.py`.

Next: `bot/playground/socket_mode.py` and `bot/playground/http_mode.py`, which are such links.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

ACK_WITHIN_S = 3.0


class Kind(StrEnum):
    """What is being told to the bot; the values are Socket Mode's own words."""

    COMMAND = "slash_commands"
    INTERACTION = "interactive"
    EVENT = "events_api"


@dataclass(frozen=True)
class Reply:
    """The bot's acknowledgement. `problem` is empty when it came in time, else a short reason."""

    body: dict[str, Any] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True)
class Retry:
    """That an event is told again: for the how-manieth time, and why."""

    attempt: int
    reason: str


class Link(Protocol):
    """Tells the bot something and waits at most three seconds for its acknowledgement."""

    def tell(self, kind: Kind, payload: dict[str, Any], retry: Retry | None = None) -> Reply: ...
