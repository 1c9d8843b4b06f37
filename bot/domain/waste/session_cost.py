"""What tokens of sessions cost in fact, from the cells that were paid: the shares of a cost that a finding claims.

Called by the detectors that look into sessions. List prices give the share, what was really paid gives the dollars; a
model that no bill names (a source that does not split by model) is priced from the list and taken from the tool's
cells in proportion. Next: `bot/domain/waste/ledger.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction

from bot.domain.prices import Rates
from bot.domain.session_sums import SessionSums, tools_without
from bot.domain.usage import Counters
from bot.domain.waste.finding import (
    WINDOW_WEEKS,
    Case,
    Cell,
    Evidence,
    Finding,
    NotJudged,
    Rule,
    is_worth_saying,
)
from bot.domain.waste.listprice import list_price
from bot.domain.waste.sharing import apportion

PER_MICROUSD = 1_000_000
"""Rates are per million tokens, so tokens x rate is in millionths of a micro-dollar."""


def each_tool(
    case: Case,
    detector: str,
    column: str,
    what: str,
    look_at: Callable[[str, Sequence[SessionSums]], Finding | NotJudged | None],
) -> Iterator[Finding | NotJudged]:
    """Ask `look_at` about each tool whose sessions tell `column`; of other tools in use say that nobody tells it."""
    known = [one for one in case.sessions if getattr(one, column) is not None]
    in_use = {week.tool for week in case.window.between(0, WINDOW_WEEKS - 1) if week.active_mask}
    missing = tools_without(in_use, known, column)
    told = {one.tool for one in case.sessions}
    if unseen := [tool for tool in missing if tool not in told]:
        yield NotJudged(detector, f"no source tells what happens inside the sessions of {', '.join(unseen)}")
    if partly := [tool for tool in missing if tool in told]:
        yield NotJudged(detector, f"no source tells {what} for {', '.join(partly)}")
    for tool in sorted({one.tool for one in known}):
        said = look_at(tool, [one for one in known if one.tool == tool])
        if said is not None:
            yield said


def paid(case: Case, tool: str) -> dict[str, Counters]:
    """The sums of the 28 days by model of a tool."""
    models: dict[str, Counters] = {}
    for week in case.window.between(0, WINDOW_WEEKS - 1):
        if week.tool == tool:
            models[week.model] = models.get(week.model, Counters()).plus(week.counters)
    return models


def claims_of_tokens(case: Case, tool: str, saved: Mapping[str, int]) -> dict[Cell, int]:
    """What could be kept of `saved`: model -> list price, in millionths of a micro-dollar. Empty without any cost."""
    models, claims, elsewhere = paid(case, tool), Counter[Cell](), 0
    for model, amount in saved.items():
        rates, sums = rates_of(case, model), models.get(model)
        if sums is None:
            elsewhere += amount // PER_MICROUSD
        elif sums.cost_microusd is not None and rates is not None:
            full = max(list_price(sums, rates), amount)  # nobody saves more than was paid
            claims[Cell(tool, model)] += int(Fraction(amount, full) * sums.cost_microusd)
    return _positive(claims + _spread(tool, models, elsewhere))


def claims_of_cost(case: Case, tool: str, cost: Mapping[str, int]) -> dict[Cell, int]:
    """Micro-dollars that the sessions themselves tell, by model, as claims on what was paid."""
    models, claims, elsewhere = paid(case, tool), Counter[Cell](), 0
    for model, amount in cost.items():
        sums = models.get(model)
        if sums is None:
            elsewhere += amount
        elif sums.cost_microusd is not None:
            claims[Cell(tool, model)] += min(amount, sums.cost_microusd)
    return _positive(claims + _spread(tool, models, elsewhere))


def conclude(
    case: Case,
    rule: Rule,
    tool: str,
    *,
    claims: dict[Cell, int],
    amounts: Sequence[tuple[str, int]],
    occurrences: int,
    evidence: Evidence,
) -> Finding | NotJudged | None:
    """The finding for `claims`, if it is worth saying. `amounts` are what the claims were made from, day by day."""
    asked = sum(amount for _, amount in amounts)
    if not asked:
        return NotJudged(rule.detector, f"no price is known for what ran in {tool}") if occurrences else None
    if not claims:
        return NotJudged(rule.detector, f"no source tells the cost by model for {tool}")
    total = sum(claims.values())
    largest = total * max(amount for _, amount in amounts) // asked
    if not is_worth_saying(total_microusd=total, occurrences=occurrences, largest_microusd=largest):
        return None
    models = ", ".join(sorted({cell.model for cell in claims}))
    return rule.finding(
        case, tool=tool, claims=claims, occurrences=occurrences, evidence={"models": models, **evidence}
    )


def per_token(
    case: Case, sums: Sequence[SessionSums], column: str, price: Callable[[Rates], int]
) -> list[tuple[str, int]]:
    """Each day's tokens of a column at list price, in millionths of a micro-dollar, with the model; none unpriced."""
    priced = []
    for one in sums:
        rates = rates_of(case, one.model)
        if rates is not None:
            priced.append((one.model, max(0, price(rates)) * (getattr(one, column) or 0)))
    return priced


def by_model(amounts: Sequence[tuple[str, int]]) -> dict[str, int]:
    """The amounts of each model together."""
    found: Counter[str] = Counter()
    for model, amount in amounts:
        found[model] += amount
    return {model: amount for model, amount in sorted(found.items()) if amount > 0}


def in_weeks(case: Case, sums: Sequence[SessionSums], column: str, least: int) -> list[SessionSums]:
    """The rows of those weeks of the window in which `column` comes to at least `least`."""
    weeks: Counter[int] = Counter()
    for one in sums:
        weeks[(case.window.last_day - one.day).days // 7] += getattr(one, column) or 0
    return [one for one in sums if weeks[(case.window.last_day - one.day).days // 7] >= least]


def rates_of(case: Case, model: str) -> Rates | None:
    """The list prices of a session's model."""
    return case.prices.rates(model, case.window.last_day)


def _spread(tool: str, models: Mapping[str, Counters], amount: int) -> Counter[Cell]:
    weights = {Cell(tool, model): sums.cost_microusd or 0 for model, sums in models.items()}
    return Counter(apportion(min(amount, sum(weights.values())), weights))


def _positive(claims: Mapping[Cell, int]) -> dict[Cell, int]:
    return {cell: amount for cell, amount in claims.items() if amount > 0}
