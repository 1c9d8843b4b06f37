"""W05, repeated identical failing call: the same call tried again unchanged after it had failed twice.

Inputs      for each session: the calls that failed again after the same call had failed twice, the number of tool
            calls, the cost. Of a call only a hash is ever seen, and only while the session is counted.
Rule        the same call failed at least 3 times.
Dollars     the session's cost x repeated calls / tool calls, as if every call had cost the same.
Confidence  0.6: the amount runs from 60 % of the formula up to it.
Innocent    waiting for something outside (a build, a server) by asking again is a plan and not a mistake.
Not when    the source does not tell which calls fail, or what the session cost.

Both this and W04 may see the same calls; the ledger counts their dollars once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.domain.session_sums import SessionSums, total
from bot.domain.sessions import FAILURES_FORGIVEN
from bot.domain.waste.finding import Case, Finding, Ledger, NotJudged, Rule
from bot.domain.waste.session_cost import by_model, claims_of_cost, conclude, each_tool

DETECTOR = "W05"
CONFIDENCE = 0.6
RULE = Rule(
    DETECTOR, "W05-1", Ledger.WASTED, CONFIDENCE, "Asking again may have been a way to wait for something outside."
)


def find(case: Case) -> Iterator[Finding | NotJudged]:
    """At most one finding for each tool."""

    def look_at(tool: str, sums: Sequence[SessionSums]) -> Finding | NotJudged | None:
        amounts = [(one.model, one.repeat_cost_microusd or 0) for one in sums]
        repeated = total(sums, "repeated_failures") or 0
        if repeated and total([one for one in sums if one.repeated_failures], "repeat_cost_microusd") is None:
            return NotJudged(DETECTOR, f"no source tells what a session with {tool} cost")
        return conclude(
            case,
            RULE,
            tool,
            claims=claims_of_cost(case, tool, by_model(amounts)),
            amounts=amounts,
            occurrences=repeated,
            evidence={"repeated_failures": repeated, "failures_forgiven": FAILURES_FORGIVEN},
        )

    yield from each_tool(case, DETECTOR, "repeated_failures", "which tool calls failed", look_at)
