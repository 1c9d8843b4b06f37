"""What the invented vendors bill. Called by `bot/sources/invented/work.py` and `bot/sources/invented/sessions.py`."""

from __future__ import annotations

from typing import NamedTuple

from bot.domain.usage import Counters

FRONTIER, MIDDLE = "claude-opus-4-6", "claude-sonnet-4-6"
_RATES = {FRONTIER: (5.0, 0.5, 6.25, 25.0), MIDDLE: (3.0, 0.3, 3.75, 15.0)}
"""Micro-dollars per token: input, cache read, cache write, output."""


class Tokens(NamedTuple):
    """The four disjoint kinds."""

    uncached: int = 0
    read: int = 0
    cached: int = 0
    written: int = 0

    @property
    def prompt(self) -> int:
        return self.uncached + self.read + self.cached


def cost_microusd(model: str, tokens: Tokens) -> int:
    """The bill for these tokens."""
    return round(sum(count * rate for count, rate in zip(tokens, _RATES[model], strict=True)))


def counters(tokens: Tokens, bill_microusd: int) -> Counters:
    """These tokens with their bill, as a source tells them."""
    return Counters(
        input_tokens=tokens.uncached,
        cache_read_tokens=tokens.read,
        cache_write_tokens=tokens.cached,
        output_tokens=tokens.written,
        cost_microusd=bill_microusd,
    )
