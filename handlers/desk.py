"""What every handler is handed: the same six things, made once at start by `bot/app.py`. Next: `handlers/who.py`."""

from __future__ import annotations

from dataclasses import dataclass

from bot.clock import Clock
from bot.domain.prices import PriceBook
from bot.domain.tips import Tip
from bot.settings import Settings
from bot.slack import Slack
from bot.store.database import Store


@dataclass(frozen=True)
class Desk:
    """Store, Slack, clock, settings, tips and prices. Nothing here belongs to one person."""

    store: Store
    slack: Slack
    clock: Clock
    settings: Settings
    tips: tuple[Tip, ...]
    prices: PriceBook
