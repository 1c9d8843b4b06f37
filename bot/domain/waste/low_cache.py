"""W15, low hit rate: context that was read in again and paid in full instead of from the cache. A suggestion.

Inputs      the four kinds of tokens and the cost by tool, model and week, prices.
Rule        a week in which one model of a tool read at least 1 M prompt tokens, with h = read / (read + write + input)
            below 60 %.
Dollars     (80 % - h) x prompt tokens x input price x 0.9: a cached token costs a tenth, and 80 % is what agent loops
            reach. The list prices give the share, what the model really cost gives the dollars.
Confidence  0.5.
Innocent    many short one-shot tasks, which have nothing to reuse.
Not when    the source does not tell cache tokens, or the price of the model is unknown.

The hit rate is a share, so taking everything ten times leaves it as it is; but reading from the cache for nothing
raises it, and half of the work through another tool halves the million. So the range is told and counts in no sum (P3).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from bot.domain.usage import Counters, WeekSum
from bot.domain.waste.finding import WINDOW_WEEKS, Case, Cell, Finding, Ledger, NotJudged, Rule, is_worth_saying
from bot.domain.waste.listprice import list_price, prompt_tokens

DETECTOR = "W15"
MIN_PROMPT_TOKENS_A_WEEK = 1_000_000
LOW_HIT_RATE = Fraction(60, 100)
REACHABLE_HIT_RATE = Fraction(80, 100)
SAVED_BY_CACHE = Fraction(9, 10)
CONFIDENCE = 0.5
RULE = Rule(
    DETECTOR,
    "W15-3",
    Ledger.OPTIMIZABLE,
    CONFIDENCE,
    "Many short tasks have nothing to reuse.",
    is_suggestion=True,
)


def find(case: Case) -> Iterator[Finding | NotJudged]:
    """At most one finding for each tool."""
    weeks = case.window.between(0, WINDOW_WEEKS - 1)
    for tool in sorted({week.tool for week in weeks if prompt_tokens(week.counters)}):
        said = _look_at(case, tool, [week for week in weeks if week.tool == tool])
        if said is not None:
            yield said


@dataclass(frozen=True)
class _LowWeek:
    week: int
    prompt: int
    read: int
    claims: dict[Cell, int]
    unpriced: bool


def _look_at(case: Case, tool: str, sums: Sequence[WeekSum]) -> Finding | NotJudged | None:
    told = [one for one in sums if _tells_cache(one.counters)]
    if not told:
        return NotJudged(DETECTOR, f"no source tells how much {tool} read from its cache")
    asked = sorted({(one.week, one.model) for one in told})
    low = [seen for week, model in asked if (seen := _low_week(case, week, model, told)) is not None]
    claims: dict[Cell, int] = {}
    for week in low:
        for cell, amount in week.claims.items():
            claims[cell] = claims.get(cell, 0) + amount
    if not claims:
        return (
            NotJudged(DETECTOR, f"no source tells a price for {tool}") if any(week.unpriced for week in low) else None
        )
    weeks = {week.week for week in low}
    largest = max(sum(sum(one.claims.values()) for one in low if one.week == week) for week in weeks)
    if not is_worth_saying(total_microusd=sum(claims.values()), occurrences=len(weeks), largest_microusd=largest):
        return None
    return _finding(case, tool, claims, low)


def _tells_cache(counters: Counters) -> bool:
    return None not in (counters.input_tokens, counters.cache_read_tokens, counters.cache_write_tokens)


def _low_week(case: Case, week: int, model: str, told: Sequence[WeekSum]) -> _LowWeek | None:
    rows = [one for one in told if (one.week, one.model) == (week, model)]
    prompt = sum(prompt_tokens(one.counters) for one in rows)
    read = sum(one.counters.cache_read_tokens or 0 for one in rows)
    if prompt < MIN_PROMPT_TOKENS_A_WEEK or read >= LOW_HIT_RATE * prompt:
        return None
    missing = REACHABLE_HIT_RATE - Fraction(read, prompt)
    claims: dict[Cell, int] = {}
    for one in rows:
        amount = _saving(case, one, missing)
        if amount:
            claims[Cell(one.tool, one.model)] = claims.get(Cell(one.tool, one.model), 0) + amount
    return _LowWeek(week, prompt, read, claims, unpriced=not claims)


def _saving(case: Case, one: WeekSum, missing: Fraction) -> int | None:
    """The part of this model's cost in the week that a good hit rate would have saved; None without price or cost."""
    rates = case.prices.rates(one.model, case.window.last_day)
    if rates is None or one.counters.cost_microusd is None:
        return None
    full = list_price(one.counters, rates)
    if full <= 0:
        return None
    saved = missing * prompt_tokens(one.counters) * rates.input * SAVED_BY_CACHE
    return int(min(saved / full, Fraction(1)) * one.counters.cost_microusd)


def _finding(case: Case, tool: str, claims: dict[Cell, int], low: Sequence[_LowWeek]) -> Finding:
    prompt, read = sum(week.prompt for week in low), sum(week.read for week in low)
    return RULE.finding(
        case,
        tool=tool,
        claims=claims,
        occurrences=len({week.week for week in low}),
        evidence={
            "models": ", ".join(sorted({cell.model for cell in claims})),
            "weeks": len({week.week for week in low}),
            "prompt_tokens": prompt,
            "cache_read_tokens": read,
            "hit_rate_percent": int(Fraction(read, prompt) * 100),
            "prompt_tokens_a_week_needed": MIN_PROMPT_TOKENS_A_WEEK,
            "low_hit_rate_percent": int(LOW_HIT_RATE * 100),
            "reachable_hit_rate_percent": int(REACHABLE_HIT_RATE * 100),
        },
    )
