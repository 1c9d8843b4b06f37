"""W21, pasted data: much put into a conversation at once, and sent again with every request that follows.

Inputs      for each session: prompts that made the next request at least 50,000 tokens larger, what they added, and how
            much of it was sent again (counted from the size of requests; `bot/domain/pasting.py`); prices.
Rule        data that at least three later prompts carried along, in that session or the next one read with it. What
            is said is said to every conversation that goes on: a request in one takes no paste from another.
Dollars     tokens added x price of input + tokens sent again x price of reading from the cache.
Confidence  0.4: whether a part of the data would have done cannot be seen.
Innocent    some questions are about the whole of a document.
Not when    the source does not tell the size of requests or that somebody prompts, or the price is unknown. What an
            agent reads by itself, between two prompts, is no paste; data that comes in smaller parts is not seen.

Requests after it, and small ones in between, take none of it away (P3).
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.pasting import MIN_CARRIED_TURNS, MIN_PASTED_TOKENS
from bot.domain.waste.finding import Case, Finding, Ledger, NotJudged, Rule
from bot.domain.waste.session_cost import of_tokens

DETECTOR = "W21"
CONFIDENCE = 0.4
RULE = Rule(DETECTOR, "W21-3", Ledger.OPTIMIZABLE, CONFIDENCE, "Some questions are about the whole of a document.")


def find(case: Case) -> Iterator[Finding | NotJudged]:
    """At most one finding for each tool."""
    return of_tokens(
        case,
        RULE,
        "pastes",
        what="what a single prompt brought along",
        prices={"pasted_tokens": lambda rates: rates.input, "pasted_resent_tokens": lambda rates: rates.cache_read},
        told={
            "pastes": "pastes",
            "pasted_tokens": "pasted_tokens",
            "pasted_tokens_sent_again": "pasted_resent_tokens",
        },
        limits={"pasted_tokens_needed": MIN_PASTED_TOKENS, "turns_carried_needed": MIN_CARRIED_TURNS},
    )
