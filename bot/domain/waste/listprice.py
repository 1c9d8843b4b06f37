"""What tokens cost at list prices, exactly: the shares of a cost are taken from it. Called by the detectors."""

from __future__ import annotations

from bot.domain.prices import Rates
from bot.domain.usage import Counters


def list_price(counters: Counters, rates: Rates) -> int:
    """The price of the tokens in millionths of a micro-dollar, so that nothing is rounded; unknown kinds add 0."""
    return (
        (counters.input_tokens or 0) * rates.input
        + (counters.cache_read_tokens or 0) * rates.cache_read
        + (counters.cache_write_tokens or 0) * rates.cache_write
        + (counters.output_tokens or 0) * rates.output
    )


def prompt_tokens(counters: Counters) -> int:
    """What was read by the model: uncached input, cache read and cache write, as far as they are known."""
    parts = (counters.input_tokens, counters.cache_read_tokens, counters.cache_write_tokens)
    return sum(part or 0 for part in parts)


def tokens(counters: Counters) -> int:
    """All four disjoint kinds together, as far as they are known."""
    return prompt_tokens(counters) + (counters.output_tokens or 0)
