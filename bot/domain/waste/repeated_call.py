"""W05, repeated identical failing call: the same call tried again unchanged after it had failed twice.

Inputs      for each session: the calls that failed again after the same call had failed twice on that day, and what was
            paid for each. Of a call only a hash is ever seen, and only while the sessions are counted.
Rule        the same call failed at least 3 times on a day, in one session or in several that are read together. Nothing
            that is called in between starts the count anew.
Dollars     what was paid for the calls from the third failure on. Where no request tells its cost: the session's cost x
            repeated calls / tool calls, as if every call had cost the same.
Confidence  0.6: the amount runs from 60 % of the formula up to it.
Innocent    waiting for something outside (a build, a server) by asking again is a plan and not a mistake.
Not when    the source does not tell which calls fail, or what the session cost.

Both this and W04 may see the same calls; the ledger counts their dollars once.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.sessions import FAILURES_FORGIVEN
from bot.domain.waste.finding import Case, Finding, Ledger, NotJudged, Rule
from bot.domain.waste.session_cost import of_cost

DETECTOR = "W05"
CONFIDENCE = 0.6
RULE = Rule(
    DETECTOR, "W05-4", Ledger.WASTED, CONFIDENCE, "Asking again may have been a way to wait for something outside."
)


def find(case: Case) -> Iterator[Finding | NotJudged]:
    """At most one finding for each tool."""
    return of_cost(
        case,
        RULE,
        "repeated_failures",
        "repeat_cost_microusd",
        what="which tool calls failed",
        told={"repeated_failures": "repeated_failures"},
        limits={"failures_forgiven": FAILURES_FORGIVEN},
    )
