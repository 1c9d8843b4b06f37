"""W17, compaction thrash: a conversation that ran into its limit and was shortened by the tool, again and again.

Inputs      for each session: compactions that nobody asked for, what they read and what they wrote; prices.
Rule        at least 3 such compactions on one day, over all sessions and tools: how they are divided changes nothing.
Dollars     tokens read x price of reading from the cache + tokens written x price of writing to it: each one reads the
            whole conversation to sum it up, and what is left is written anew. The event tells both, else the requests
            of that conversation before and after it do; after it is one of which a tenth at least is new.
Confidence  0.5.
Innocent    one long task that cannot be cut into pieces.
Not when    the source does not tell compactions, or the price of the model is unknown. One that somebody asks for,
            between two tasks, is good practice and never counted.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.session_sums import THRASH_COMPACTIONS
from bot.domain.waste.finding import Case, Finding, Ledger, NotJudged, Rule
from bot.domain.waste.session_cost import of_tokens

DETECTOR = "W17"
CONFIDENCE = 0.5
RULE = Rule(DETECTOR, "W17-4", Ledger.OPTIMIZABLE, CONFIDENCE, "One long task may not have been one to cut in pieces.")


def find(case: Case) -> Iterator[Finding | NotJudged]:
    """At most one finding for each tool."""
    return of_tokens(
        case,
        RULE,
        "thrash_compactions",
        what="compactions",
        prices={
            "thrash_tokens": lambda rates: rates.cache_read,
            "thrash_written_tokens": lambda rates: rates.cache_write,
        },
        told={
            "sessions_with_compactions": "thrashing_sessions",
            "compactions": "thrash_compactions",
            "tokens_read_for_them": "thrash_tokens",
            "tokens_written_after_them": "thrash_written_tokens",
        },
        limits={"compactions_a_day_needed": THRASH_COMPACTIONS},
        least_a_day=THRASH_COMPACTIONS,
    )
