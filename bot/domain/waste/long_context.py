"""W16, oversized context: long conversations whose whole length is read again for every small step.

Inputs      for each session: the largest input of a request, the number of requests and what they read; prices.
Rule        a session with at least 20 requests, the largest of which read at least 120,000 tokens.
Dollars     what the session read x ((largest - 80,000) / largest)^2 x price of reading from the cache: in a
            conversation that grows evenly that share of all reading lies above the first 80,000 tokens.
Confidence  0.4: how the conversation grew is not kept.
Innocent    a change across a large code base needs a large part of it in view.
Not when    the source does not tell how large requests are, or the price of the model is unknown.

Small requests beside the large ones do not make the finding smaller, nor do more of them, for neither their number nor
their mean enters (P3). A compaction that nobody asked for is no excuse: it says that the conversation reached its
limit.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.session_sums import EASY_PROMPT_TOKENS, LARGE_PROMPT_TOKENS, MIN_REQUESTS_OF_A_LARGE_SESSION
from bot.domain.waste.finding import Case, Finding, Ledger, NotJudged, Rule
from bot.domain.waste.session_cost import of_tokens

DETECTOR = "W16"
CONFIDENCE = 0.4
RULE = Rule(
    DETECTOR, "W16-1", Ledger.OPTIMIZABLE, CONFIDENCE, "A change across a large code base needs much of it in view."
)


def find(case: Case) -> Iterator[Finding | NotJudged]:
    """At most one finding for each tool."""
    return of_tokens(
        case,
        RULE,
        "large_sessions",
        what="how large single requests were",
        prices={"large_excess_tokens": lambda rates: rates.cache_read},
        told={"large_sessions": "large_sessions", "tokens_read_above": "large_excess_tokens"},
        limits={
            "largest_request_tokens_needed": LARGE_PROMPT_TOKENS,
            "counted_above_tokens": EASY_PROMPT_TOKENS,
            "requests_needed": MIN_REQUESTS_OF_A_LARGE_SESSION,
        },
    )
