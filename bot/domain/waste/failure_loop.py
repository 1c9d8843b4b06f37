"""W04, failure loop: tool calls that failed one after the other, and were tried on.

Inputs      for each session: rows of tool calls that failed one after the other, and what was paid for each.
Rule        at least 5 failed tool calls in a row.
Dollars     what was paid for the calls from the third failure on (`bot/domain/failing.py`). Where no request tells its
            cost: the session's cost x (longest row - 2) / tool calls, as if every call had cost the same.
Confidence  0.6: what a single call cost is what was paid until its result came; the amount runs from 60 % of it.
Innocent    failing tests are part of the work: a red test that is meant to turn green is a failed call, too.
Not when    the source does not tell whether calls fail, or what the session cost.

Whether the run ended well two calls later cannot be told from what is kept; two failures are forgiven instead. What
else is asked and called, in the session or beside it, never makes the amount smaller (P3). A call that works ends a
row, and so does another session: who stops trying and begins anew does something else.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.session_sums import FAILURES_OF_A_LOOP_FORGIVEN, LOOP_STREAK
from bot.domain.waste.finding import Case, Finding, Ledger, NotJudged, Rule
from bot.domain.waste.session_cost import of_cost

DETECTOR = "W04"
CONFIDENCE = 0.6
RULE = Rule(
    DETECTOR, "W04-2", Ledger.WASTED, CONFIDENCE, "Failing on the way, with tests for example, may have been the work."
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
