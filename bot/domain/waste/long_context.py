"""W16, oversized context: long conversations whose whole length is read again for every small step.

Inputs      for each session: the requests that read much, and what each read beyond an easy size; prices.
Rule        at least 20 requests in the window that read at least 120,000 tokens each.
Dollars     what requests read beyond 80,000 tokens x price of reading from the cache.
Confidence  0.4: how much of it was needed is not known.
Innocent    a change across a large code base needs a large part of it in view.
Not when    the source does not tell how large requests are, or the price of the model is unknown.

Each request is counted by itself: no other request makes the finding smaller, and it does not matter how requests are
divided into sessions or tools (P3). A compaction that nobody asked for is no excuse: it says that the conversation
reached its limit.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.session_sums import EASY_PROMPT_TOKENS, LARGE_PROMPT_TOKENS
from bot.domain.waste.finding import Case, Finding, Ledger, NotJudged, Rule
from bot.domain.waste.session_cost import of_tokens

DETECTOR = "W16"
MIN_LARGE_REQUESTS = 20
"""From the list of waste patterns (field notes 4)."""
CONFIDENCE = 0.4
RULE = Rule(
    DETECTOR, "W16-2", Ledger.OPTIMIZABLE, CONFIDENCE, "A change across a large code base needs much of it in view."
)


def find(case: Case) -> Iterator[Finding | NotJudged]:
    """At most one finding for each tool."""
    return of_tokens(
        case,
        RULE,
        "large_requests",
        what="how large single requests were",
        prices={"large_excess_tokens": lambda rates: rates.cache_read},
        told={
            "large_sessions": "large_sessions",
            "large_requests": "large_requests",
            "tokens_read_above": "large_excess_tokens",
        },
        limits={
            "large_request_tokens_needed": LARGE_PROMPT_TOKENS,
            "counted_above_tokens": EASY_PROMPT_TOKENS,
            "requests_needed": MIN_LARGE_REQUESTS,
        },
        least=MIN_LARGE_REQUESTS,
    )
