"""When a high effort was asked for and the answer was short for what was read (W11).

Called by `bot/domain/sessions.py`. Next: `bot/domain/waste/high_effort.py`.
"""

from __future__ import annotations

from bot.domain.context import prompt_tokens
from bot.domain.usage import Counters

HIGH_EFFORT = frozenset({"high", "xhigh", "max"})
"""The levels of effort above the middle one, as the tools call them."""
READ_PER_WRITTEN = 200
"""An answer is short when the model read at least so many tokens for each that it wrote. The list of patterns says 500
tokens, which is that of a prompt of 100,000; a fixed number would let a longer prompt and answer look better (P3).
"""


def is_too_high(level: str, tokens: Counters) -> bool:
    """Whether a request at this level shows it; a request by itself, whatever stands beside it."""
    size, written = prompt_tokens(tokens), tokens.output_tokens
    if size is None or written is None:
        return False
    return level in HIGH_EFFORT and written * READ_PER_WRITTEN <= size
