"""What a method of the Web API is: its scope, its tier and the function that answers it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.playground.call import Call
from bot.playground.rates import Rates
from bot.playground.tickets import Tickets
from bot.playground.workspace import Workspace


@dataclass(frozen=True)
class Room:
    """What an answering function may reach. `origin` is the address of the playground, without a slash at the end."""

    workspace: Workspace
    tickets: Tickets
    rates: Rates
    scopes: frozenset[str]
    origin: str


class TooFast(Exception):
    """Slack's 429, with its Retry-After."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(retry_after_s)
        self.retry_after_s = retry_after_s


Answer = Callable[[Room, Call], dict[str, Any]]


@dataclass(frozen=True)
class Method:
    """`scope` is what the bot token must have (None: nothing); `tier` is Slack's rate tier (None: no limit stated)."""

    answer: Answer
    scope: str | None = None
    tier: int | None = None
