"""W18, heavy start: sessions that carry much before the first word: memory files, tool lists, old conversations.

Inputs      for each session: the conversations that began with much, and what they carried; prices.
Rule        at least 10 conversations of the window began with at least 40,000 tokens. Most sessions are one; a request
            that writes anew what it reads begins another, unless it is about as large as one before it, and so does one
            more than twice as large as all before it that did not read them from the cache (`bot/domain/context.py`).
            Sessions that are read together begin with what they do not take up from one before.
Dollars     (first input - 20,000) x price of writing to the cache, and x price of reading it for every later request.
Confidence  0.5: what of it was needed is not kept.
Innocent    a resumed conversation begins with all that was said; a large project has much to know.
Not when    the source does not tell the size of requests, or the price of the model is unknown.

The list of patterns takes the median of ten sessions. Here ten heavy ones are enough, so that small sessions beside
them, however many, cannot hide them; nor can it hide them that several are told as one (P3).
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.session_sums import HEAVY_START_TOKENS, LIGHT_START_TOKENS
from bot.domain.waste.finding import Case, Finding, Ledger, NotJudged, Rule
from bot.domain.waste.session_cost import of_tokens

DETECTOR = "W18"
MIN_HEAVY_STARTS = 10
"""From the list of waste patterns (field notes 4)."""
CONFIDENCE = 0.5
RULE = Rule(
    DETECTOR, "W18-4", Ledger.OPTIMIZABLE, CONFIDENCE, "Resumed conversations and large projects begin with much."
)


def find(case: Case) -> Iterator[Finding | NotJudged]:
    """At most one finding for each tool."""
    return of_tokens(
        case,
        RULE,
        "heavy_starts",
        what="how large a session's first request was",
        prices={
            "heavy_start_tokens": lambda rates: rates.cache_write,
            "heavy_start_reread_tokens": lambda rates: rates.cache_read,
        },
        told={
            "heavy_starts": "heavy_starts",
            "tokens_carried": "heavy_start_tokens",
            "tokens_carried_again": "heavy_start_reread_tokens",
        },
        limits={
            "heavy_starts_needed": MIN_HEAVY_STARTS,
            "first_request_tokens_needed": HEAVY_START_TOKENS,
            "counted_above_tokens": LIGHT_START_TOKENS,
        },
        least=MIN_HEAVY_STARTS,
    )
