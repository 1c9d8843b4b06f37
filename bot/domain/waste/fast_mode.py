"""W12, fast mode: answers bought at twice the price, or more, for speed. A suggestion.

Inputs      requests and those of them in fast mode, and the cost, by tool, model and week.
Rule        at least $20 went to requests in fast mode.
Dollars     half of what they cost: cost x fast / (fast + requests), for a fast request costs at least as much as two.
Confidence  0.3. The list of patterns asks for fast mode while nobody waits; no source of ours tells that of a person's
            requests together with the speed, so that less than half of the certainty remains.
Innocent    somebody was waiting: an incident, a demonstration, a conversation that needed its pace.
Not when    the source does not tell the speed, or the cost by model.

No source tells what fast requests cost by themselves. Their share of all requests does, and small slow ones change it;
so the range is told and counts in no sum (P3).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from bot.domain.usage import Counters
from bot.domain.waste.finding import WINDOW_WEEKS, Case, Cell, Finding, Ledger, NotJudged, Rule, is_worth_saying
from bot.domain.waste.session_cost import paid

DETECTOR = "W12"
PRICE_FACTOR = 2
"""Vendor's price of fast mode, of a normal request's (field notes C2)."""
MIN_FAST_MICROUSD = 20_000_000
"""From the patterns that our sources can support (source notes 11.6)."""
CONFIDENCE = 0.3
RULE = Rule(
    DETECTOR,
    "W12-2",
    Ledger.OPTIMIZABLE,
    CONFIDENCE,
    "Somebody may have been waiting for the answers.",
    is_suggestion=True,
)


def find(case: Case) -> Iterator[Finding | NotJudged]:
    """At most one finding for each tool."""
    weeks = case.window.between(0, WINDOW_WEEKS - 1)
    for tool in sorted({week.tool for week in weeks if week.counters.requests}):
        said = _look_at(case, tool, paid(case, tool))
        if said is not None:
            yield said


def _look_at(case: Case, tool: str, models: Mapping[str, Counters]) -> Finding | NotJudged | None:
    fast = {model: sums for model, sums in models.items() if sums.fast_requests}
    if all(sums.fast_requests is None for sums in models.values()):
        return NotJudged(DETECTOR, f"no source tells the speed of requests for {tool}")
    claims = {Cell(tool, model): saved for model, sums in fast.items() if (saved := _saved(sums))}
    if fast and not claims:
        return NotJudged(DETECTOR, f"no source tells the cost by model for {tool}")
    amount = sum(claims.values())
    days = _days(case, tool, fast)
    if amount * PRICE_FACTOR < MIN_FAST_MICROUSD:
        return None
    if not is_worth_saying(total_microusd=amount, occurrences=days, largest_microusd=amount // max(days, 1)):
        return None
    return RULE.finding(
        case,
        tool=tool,
        claims=claims,
        occurrences=days,
        evidence={
            "models": ", ".join(sorted(fast)),
            "fast_requests": sum(sums.fast_requests or 0 for sums in fast.values()),
            "requests": sum(sums.requests or 0 for sums in fast.values()),
            "price_factor": PRICE_FACTOR,
            "fast_cost_needed_microusd": MIN_FAST_MICROUSD,
        },
    )


def _saved(sums: Counters) -> int:
    fast, requests = sums.fast_requests or 0, max(sums.requests or 0, sums.fast_requests or 0)
    return int(Fraction(fast, fast + requests) * (sums.cost_microusd or 0)) if fast else 0


def _days(case: Case, tool: str, fast: Mapping[str, Counters]) -> int:
    weeks = case.window.between(0, WINDOW_WEEKS - 1)
    masks = [(one.week, one.active_mask) for one in weeks if one.tool == tool and one.model in fast]
    return len({(week, bit) for week, mask in masks for bit in range(7) if mask >> bit & 1})
