"""W10, tier mismatch, daily form: short answers from the dearest class of model. A suggestion, never waste.

Inputs      tokens, requests and cost by tool and model, prices with price classes.
Rule        frontier models carry at least 50 % of a tool's tokens, and write at most one token for five they read.
Dollars     cost - (cost at the sibling's rates + 0.16 x cost): what the same tokens would have cost with the next
            cheaper class of the same vendor, plus first tries that fail there and are run again.
            The list prices give the share, what the model really cost gives the dollars.
Confidence  0.3: sums of days cannot see whether the task was hard.
Innocent    the task needed the large model, or the team's policy says so.
Not when    the vendor has no cheaper sibling, more than 15 % of requests failed (hard work, or a bad day), or the price
            of the model is unknown.

"Short" is measured against what was read and not per request: an answer padded to ten times its length, or everything
taken ten times, must not make the finding go away (P3). Tokens per request stand in the evidence for the reader.
Shares of all tokens can be changed by tokens that nobody needs, so the range is told and counts in no sum.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from bot.domain.prices import FRONTIER, Rates
from bot.domain.usage import Counters
from bot.domain.waste.finding import WINDOW_WEEKS, Case, Cell, Finding, Ledger, NotJudged, Rule, is_worth_saying
from bot.domain.waste.listprice import list_price, tokens

DETECTOR = "W10"
MIN_FRONTIER_SHARE = Fraction(1, 2)
MAX_WRITTEN_PER_READ = Fraction(1, 5)
MAX_FAILED_SHARE = Fraction(15, 100)
RETRY_SHARE = Fraction(16, 100)
"""Measured by a vendor: 16 % of first passes at low effort failed and were run again."""
CONFIDENCE = 0.3
RULE = Rule(
    DETECTOR,
    "W10-2",
    Ledger.OPTIMIZABLE,
    CONFIDENCE,
    "The work may have needed the larger model.",
    is_suggestion=True,
)


def find(case: Case) -> Iterator[Finding | NotJudged]:
    """At most one finding for each tool."""
    by_tool: dict[str, dict[str, Counters]] = {}
    for week in case.window.between(0, WINDOW_WEEKS - 1):
        models = by_tool.setdefault(week.tool, {})
        models[week.model] = models.get(week.model, Counters()).plus(week.counters)
    for tool, models in sorted(by_tool.items()):
        said = _look_at(case, tool, models)
        if said is not None:
            yield said


def _look_at(case: Case, tool: str, models: Mapping[str, Counters]) -> Finding | NotJudged | None:
    dear = {model: sums for model, sums in models.items() if _is_frontier(case, model) and tokens(sums)}
    everything = sum(tokens(sums) for sums in models.values())
    carried = sum(tokens(sums) for sums in dear.values())
    if not dear or carried < MIN_FRONTIER_SHARE * everything:
        return None
    if any(None in (sums.requests, sums.input_tokens, sums.output_tokens) for sums in dear.values()):
        return NotJudged(DETECTOR, f"no source tells requests and tokens by model for {tool}")
    total = Counters()
    for sums in dear.values():
        total = total.plus(sums)
    if not _is_short_and_easy(total):
        return None
    claims, unpriced = _claims(case, tool, dear)
    if not claims:
        return NotJudged(DETECTOR, f"no source tells the cost by model for {tool}") if unpriced else None
    days = _active_days(case, tool, dear)
    amount = sum(claims.values())
    if not is_worth_saying(total_microusd=amount, occurrences=days, largest_microusd=amount // max(days, 1)):
        return None
    share = Fraction(carried, everything)
    return _finding(case, tool=tool, claims=claims, total=total, days=days, frontier_share=share)


def _is_frontier(case: Case, model: str) -> bool:
    rates = case.prices.rates(model, case.window.last_day)
    return rates is not None and rates.price_class == FRONTIER


def _is_short_and_easy(total: Counters) -> bool:
    written = total.output_tokens or 0
    read = tokens(total) - written
    failed, requests = total.failed_requests or 0, total.requests or 0
    return written <= MAX_WRITTEN_PER_READ * read and failed <= MAX_FAILED_SHARE * requests


def _claims(case: Case, tool: str, dear: Mapping[str, Counters]) -> tuple[dict[Cell, int], bool]:
    """What each model could have saved, and whether any of them has no known cost."""
    claims: dict[Cell, int] = {}
    unpriced = False
    for model, sums in sorted(dear.items()):
        rates = case.prices.rates(model, case.window.last_day)
        sibling = case.prices.cheaper_sibling(model, case.window.last_day)
        if rates is None or sibling is None:
            continue
        if sums.cost_microusd is None:
            unpriced = True
            continue
        saving = int(_share_saved(sums, rates, sibling[1]) * sums.cost_microusd)
        if saving > 0:
            claims[Cell(tool, model)] = saving
    return claims, unpriced


def _share_saved(sums: Counters, rates: Rates, sibling: Rates) -> Fraction:
    full = list_price(sums, rates)
    return Fraction(0) if full <= 0 else 1 - Fraction(list_price(sums, sibling), full) - RETRY_SHARE


def _active_days(case: Case, tool: str, dear: Mapping[str, Counters]) -> int:
    weeks = case.window.between(0, WINDOW_WEEKS - 1)
    masks = [(week.week, week.active_mask) for week in weeks if week.tool == tool and week.model in dear]
    return len({(week, bit) for week, mask in masks for bit in range(7) if mask >> bit & 1})


def _finding(
    case: Case, *, tool: str, claims: dict[Cell, int], total: Counters, days: int, frontier_share: Fraction
) -> Finding:
    written, requests = total.output_tokens or 0, total.requests or 0
    return RULE.finding(
        case,
        tool=tool,
        claims=claims,
        occurrences=days,
        evidence={
            "models": ", ".join(cell.model for cell in claims),
            "cost_microusd": total.cost_microusd,
            "frontier_share_percent": int(frontier_share * 100),
            "frontier_share_needed_percent": int(MIN_FRONTIER_SHARE * 100),
            "tokens_read": tokens(total) - written,
            "tokens_written": written,
            "tokens_written_per_request": written // requests if requests else None,
            "written_per_read_at_most": float(MAX_WRITTEN_PER_READ),
            "failed_requests": total.failed_requests,
            "retry_share": float(RETRY_SHARE),
        },
    )
