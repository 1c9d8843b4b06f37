"""What every handler is handed: the same few things, made once at start by `bot/app.py`. Next: `handlers/who.py`."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.clock import Clock
from bot.domain.prices import PriceBook
from bot.settings import Settings
from bot.slack import Slack
from bot.store.database import Store
from bot.store.own_tips import Tips
from handlers.refusals import Refusals
from handlers.user_groups import UserGroups


@dataclass(frozen=True)
class Desk:
    """Store, Slack, clock, settings, tips, prices and user groups. Nothing here belongs to one person."""

    store: Store
    slack: Slack
    clock: Clock
    settings: Settings
    tips: Tips
    prices: PriceBook
    groups: UserGroups = field(default_factory=UserGroups)
    refusals: Refusals = field(default_factory=Refusals)
