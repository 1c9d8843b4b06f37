"""W24, API errors and retries: requests that were tried again and again and then given up. Friction, no dollars.

Inputs      for each session: requests that were given up after all retries.
Rule        at least 10 in a week.
Dollars     none: a request that fails is mostly not billed. It costs nerves.
Confidence  0.7.
Innocent    an outage of the vendor, a network that was down.
Not when    the source does not tell retries. What the vendor's status page says is not known here.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.session_sums import total
from bot.domain.waste.finding import Case, Evidence, Finding, Ledger, NotJudged, Rule
from bot.domain.waste.session_cost import in_weeks, known_of, not_told

DETECTOR = "W24"
MIN_GIVEN_UP_A_WEEK = 10
"""From the list of waste patterns (field notes 4)."""
CONFIDENCE = 0.7
RULE = Rule(DETECTOR, "W24-2", Ledger.FRICTION, CONFIDENCE, "The vendor or the network may have been down.")


def find(case: Case) -> Iterator[Finding | NotJudged]:
    """At most one finding for each tool; the ten of a week are counted over all tools."""
    yield from not_told(case, DETECTOR, "retries_exhausted", "requests that were given up")
    often = in_weeks(case, known_of(case, "retries_exhausted"), "retries_exhausted", MIN_GIVEN_UP_A_WEEK)
    for tool in sorted({one.tool for one in often}):
        given_up = total([one for one in often if one.tool == tool], "retries_exhausted")
        if given_up:
            evidence: Evidence = {"requests_given_up": given_up, "given_up_a_week_needed": MIN_GIVEN_UP_A_WEEK}
            yield RULE.finding(case, tool=tool, claims=None, occurrences=given_up, evidence=evidence)
