"""W11, effort too high: requests that asked for much thought and got a short answer.

Inputs      for each session: the requests with an effort above the middle one that wrote at most one token for 200 that
            they read, and what these requests cost. Each is judged by itself when it is counted.
Rule        at least 20 in a week.
Dollars     15 % of what they cost: the same at medium effort costs 70 to 85 % (field notes 4).
Confidence  0.4: whether the thought was needed cannot be seen.
Innocent    a hard question can have a short answer.
Not when    the source does not tell the effort of requests, or what each cost. A request that failed never counts.

More requests, whichever they are, take none of these away (P3). The list of patterns says "at most 500 tokens written";
here it is measured against what was read, so that ten times the tokens do not look better.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.effort import READ_PER_WRITTEN
from bot.domain.waste.finding import Case, Finding, Ledger, NotJudged, Rule
from bot.domain.waste.session_cost import of_cost

DETECTOR = "W11"
MIN_REQUESTS_A_WEEK = 20
"""From the list of waste patterns (field notes 4)."""
SAVED_PERCENT = 15
"""What medium effort saves at least, of the whole cost of a request (field notes 4)."""
CONFIDENCE = 0.4
RULE = Rule(DETECTOR, "W11-1", Ledger.OPTIMIZABLE, CONFIDENCE, "A hard question can have a short answer.")


def find(case: Case) -> Iterator[Finding | NotJudged]:
    """At most one finding for each tool."""
    return of_cost(
        case,
        RULE,
        "short_effort_requests",
        "short_effort_cost_microusd",
        what="the effort of requests",
        told={"short_effort_requests": "short_effort_requests", "cost_microusd": "short_effort_cost_microusd"},
        limits={
            "short_effort_requests_a_week_needed": MIN_REQUESTS_A_WEEK,
            "read_per_written_needed": READ_PER_WRITTEN,
            "saved_percent": SAVED_PERCENT,
        },
        least_a_week=MIN_REQUESTS_A_WEEK,
        percent=SAVED_PERCENT,
    )
