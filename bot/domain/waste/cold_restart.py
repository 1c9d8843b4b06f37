"""W13, cold-cache restart: a long conversation taken up again after its cache was gone, and read in from scratch.

Inputs      for each session: how often that happened and what it wrote to the cache again; prices.
Rule        at least 3 such restarts in a week. One is a request that wrote at least 20,000 tokens to the cache and
            read less than 10 % of its input from it, longer after the request it goes on from than the cache lives
            (`bot/domain/sessions.py`; which one that is: `bot/domain/context.py`), in the same session or, where
            sessions are read together, in one before it on that day. A conversation's first request is none.
Dollars     tokens written again x (price of writing - price of reading them from the cache).
Confidence  0.8.
Innocent    a pause is a pause: coming back to one's work later is no fault, and the whole context may be needed.
Not when    the source does not tell what the cache did, or the price of the model is unknown.

Only weeks with three and more count, each by itself, so that more use in another week changes nothing (P3).
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.context import MIN_REWRITTEN_TOKENS
from bot.domain.waste.finding import Case, Finding, Ledger, NotJudged, Rule
from bot.domain.waste.session_cost import of_tokens

DETECTOR = "W13"
MIN_RESTARTS_A_WEEK = 3
"""From the list of waste patterns (field notes 4)."""
CONFIDENCE = 0.8
RULE = Rule(
    DETECTOR, "W13-4", Ledger.OPTIMIZABLE, CONFIDENCE, "The whole conversation may have been needed after the break."
)


def find(case: Case) -> Iterator[Finding | NotJudged]:
    """At most one finding for each tool."""
    return of_tokens(
        case,
        RULE,
        "cold_restarts",
        what="what became of the cache after a pause",
        prices={"cold_restart_tokens": lambda rates: rates.cache_write - rates.cache_read},
        told={"cold_restarts": "cold_restarts", "tokens_written_again": "cold_restart_tokens"},
        limits={
            "restarts_a_week_needed": MIN_RESTARTS_A_WEEK,
            "tokens_of_a_restart_at_least": MIN_REWRITTEN_TOKENS,
        },
        least_a_week=MIN_RESTARTS_A_WEEK,
    )
