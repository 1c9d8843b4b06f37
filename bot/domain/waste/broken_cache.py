"""W14, cache broken mid-session: model, effort or speed changed in a conversation, which was then read in again.

Inputs      for each session: how often that happened and what it wrote to the cache again; prices.
Rule        a request within the cache's life that wrote at least 20,000 tokens to the cache again, with a setting other
            than the request it goes on from (`bot/domain/context.py`).
Dollars     tokens written again x (price of writing - price of reading them from the cache).
Confidence  0.8.
Innocent    changing up to a better model in the middle of a hard task can be just right.
Not when    the source does not tell what the cache did or which settings were used, or the price is unknown.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.context import MIN_REWRITTEN_TOKENS
from bot.domain.waste.finding import Case, Finding, Ledger, NotJudged, Rule
from bot.domain.waste.session_cost import of_tokens

DETECTOR = "W14"
CONFIDENCE = 0.8
RULE = Rule(
    DETECTOR, "W14-4", Ledger.OPTIMIZABLE, CONFIDENCE, "Changing the model in the middle may have been what helped."
)


def find(case: Case) -> Iterator[Finding | NotJudged]:
    """At most one finding for each tool."""
    return of_tokens(
        case,
        RULE,
        "cache_breaks",
        what="when a setting was changed",
        prices={"cache_break_tokens": lambda rates: rates.cache_write - rates.cache_read},
        told={"cache_breaks": "cache_breaks", "tokens_written_again": "cache_break_tokens"},
        limits={"tokens_of_a_break_at_least": MIN_REWRITTEN_TOKENS},
    )
