"""What a model costs on a day, as the rules see it: whole micro-dollars, a price class, a vendor.

The rules take a `PriceBook` as an argument; the real one is `bot/sources/prices.py`. Next: `bot/domain/waste/`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from bot.domain.usage import Counters

SMALL = "small"
MID = "mid"
FRONTIER = "frontier"
CLASSES_BY_PRICE = (SMALL, MID, FRONTIER)
"""Price classes, cheapest first. They rank prices and say nothing about quality."""


@dataclass(frozen=True)
class Rates:
    """List prices of one model on one day, in micro-dollars per million tokens of each of the four disjoint kinds.

    `price_class` is one of CLASSES_BY_PRICE, `vendor` the company that sells the model ("anthropic").
    """

    input: int
    cache_read: int
    cache_write: int
    output: int
    price_class: str
    vendor: str


class PriceBook(Protocol):
    """Dated list prices. None always means "not known", never "free"."""

    def rates(self, model: str, day: date) -> Rates | None:
        """The prices of `model` on `day`; None for a model that the list does not know."""
        ...

    def cost_microusd(self, model: str, day: date, counters: Counters) -> int | None:
        """What the tokens of `counters` cost at list price; None without a known model or any token figure."""
        ...

    def cheaper_sibling(self, model: str, day: date) -> tuple[str, Rates] | None:
        """Same vendor, next cheaper price class: the model one could try instead, with its prices; None when none."""
        ...
