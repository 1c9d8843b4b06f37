"""W23, rejected edits: more suggestions turned down than usual. Friction, no dollars: turning down is healthy review.

Inputs      accepted and rejected edits by tool and week, decisions of people only.
Rule        in the last 14 days at least 20 decisions, and at least 40 % of them rejections, and at least 15 points more
            than one's own share in the ten weeks before (20 decisions there at least, or 40 % alone decides).
Dollars     none.
Confidence  0.3.
Innocent    looking closely and saying no is what review is for.
Not when    the source does not tell rejections; what a setting accepts by itself is left out by the readers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from bot.domain.usage import LOOKBACK_WEEKS, Counters, WeekSum
from bot.domain.waste.finding import Case, Finding, Ledger, NotJudged, Rule

DETECTOR = "W23"
WEEKS_LOOKED_AT = 2
MIN_DECISIONS = 20
MIN_SHARE = Fraction(40, 100)
ABOVE_USUAL = Fraction(15, 100)
"""All four from the list of waste patterns (field notes 4)."""
CONFIDENCE = 0.3
RULE = Rule(DETECTOR, "W23-1", Ledger.FRICTION, CONFIDENCE, "Looking closely and saying no is what review is for.")


def find(case: Case) -> Iterator[Finding | NotJudged]:
    """At most one finding for each tool."""
    now = case.window.between(0, WEEKS_LOOKED_AT - 1)
    before = case.window.between(WEEKS_LOOKED_AT, LOOKBACK_WEEKS - 1)
    for tool in sorted({week.tool for week in now if week.active_mask}):
        said = _look_at(case, tool, _sum(now, tool), _sum(before, tool))
        if said is not None:
            yield said


def _look_at(case: Case, tool: str, now: Counters, before: Counters) -> Finding | NotJudged | None:
    if now.rejected is None:
        return NotJudged(DETECTOR, f"no source tells rejected edits for {tool}")
    share, usual = _share(now), _share(before)
    least = MIN_SHARE if usual is None else max(MIN_SHARE, usual + ABOVE_USUAL)
    if share is None or share < least:
        return None
    return RULE.finding(
        case,
        tool=tool,
        claims=None,
        occurrences=now.rejected,
        evidence={
            "accepted_edits": now.accepted,
            "rejected_edits": now.rejected,
            "rejected_share_percent": int(share * 100),
            "rejected_share_needed_percent": int(least * 100),
            "rejected_share_before_percent": None if usual is None else int(usual * 100),
            "decisions_needed": MIN_DECISIONS,
        },
    )


def _sum(weeks: Sequence[WeekSum], tool: str) -> Counters:
    total = Counters()
    for week in weeks:
        if week.tool == tool:
            total = total.plus(week.counters)
    return total


def _share(sums: Counters) -> Fraction | None:
    decisions = (sums.accepted or 0) + (sums.rejected or 0)
    return None if sums.rejected is None or decisions < MIN_DECISIONS else Fraction(sums.rejected, decisions)
