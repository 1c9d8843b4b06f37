"""W04, failure loop: tool calls that failed one after the other, and were tried on.

Inputs      for each session: the longest run of failed tool calls, the number of tool calls, the cost.
Rule        a session with at least 5 failed tool calls in a row.
Dollars     the session's cost x (run - 2) / tool calls: what came after the second failure, as if every call had cost
            the same. A session that failed twice so has its longest run counted only.
Confidence  0.6, less than where each call's cost is known: the amount runs from 60 % of the formula up to it.
Innocent    failing tests are part of the work: a red test that is meant to turn green is a failed call, too.
Not when    the source does not tell whether calls fail, or what the session cost.

Whether the run ended well two calls later cannot be told from what is kept; two failures are forgiven instead. More
tokens, requests or dollars in the session, and more sessions beside it, never make the amount smaller (P3).
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.session_sums import FAILURES_OF_A_LOOP_FORGIVEN, LOOP_STREAK
from bot.domain.waste.finding import Case, Finding, Ledger, NotJudged, Rule
from bot.domain.waste.session_cost import of_cost

DETECTOR = "W04"
CONFIDENCE = 0.6
RULE = Rule(
    DETECTOR, "W04-1", Ledger.WASTED, CONFIDENCE, "Failing on the way, with tests for example, may have been the work."
)


def find(case: Case) -> Iterator[Finding | NotJudged]:
    """At most one finding for each tool."""
    return of_cost(
        case,
        RULE,
        "loops",
        "loop_cost_microusd",
        what="whether tool calls failed",
        told={"loops": "loops"},
        limits={"failures_in_a_row_needed": LOOP_STREAK, "failures_forgiven": FAILURES_OF_A_LOOP_FORGIVEN},
    )
