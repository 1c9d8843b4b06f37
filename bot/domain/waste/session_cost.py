"""What tokens of sessions cost, taken from the cells that were paid: what a finding claims.

Called by the detectors that look into sessions. Tokens are worth their list price and never more than was paid for
their model: a share of what was paid for all tokens would get smaller by tokens that nobody needs, at a lower price
(P3). What a session itself tells, and a model that no bill names, is taken from the tool's cells in proportion.
Next: `bot/domain/waste/ledger.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from bot.domain.prices import Rates
from bot.domain.session_sums import SessionSums, tools_without, total
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
from bot.domain.waste.sharing import apportion

Price = Callable[[Rates], int]
"""Which of a model's prices a token of some kind has."""
PER_MICROUSD = 1_000_000
"""Rates are per million tokens, so tokens x rate is in millionths of a micro-dollar."""


def of_tokens(
    case: Case,
    rule: Rule,
    counted: str,
    *,
    what: str,
    prices: Mapping[str, Price],
    told: Mapping[str, str],
    limits: Mapping[str, int],
    least: int = 0,
    least_a_week: int = 0,
    least_a_day: int = 0,
) -> Iterator[Finding | NotJudged]:
    """At most one finding for each tool, worth the list price of tokens.

    `counted` is the column that says how often it happened, and `what` is missing where no source tells it. `prices`
    are the columns with tokens. Evidence is `told`, a name for each column, and the rule's `limits`.
    """

    def worth(tool: str, often: Sequence[SessionSums]) -> _Worth:
        amounts = [one for column, price in prices.items() for one in _per_token(case, often, column, price)]
        return _Worth(claims_of_tokens(case, tool, by_model(amounts)), amounts)

    yield from _found(
        case,
        rule,
        counted,
        worth,
        what=what,
        told=told,
        limits=limits,
        least=least,
        a_week=least_a_week,
        a_day=least_a_day,
    )


def of_cost(
    case: Case,
    rule: Rule,
    counted: str,
    cost: str,
    *,
    what: str,
    told: Mapping[str, str],
    limits: Mapping[str, int],
    least_a_week: int = 0,
    percent: int = 100,
    on: Callable[[date], bool] | None = None,
) -> Iterator[Finding | NotJudged]:
    """The same, worth `percent` of what the sessions tell in the column `cost`; of the days that `on` takes."""

    def worth(tool: str, often: Sequence[SessionSums]) -> _Worth | NotJudged:
        if total([one for one in often if getattr(one, counted)], cost) is None:
            return NotJudged(rule.detector, f"no source tells what a session with {tool} cost")
        amounts = [(one.model, (getattr(one, cost) or 0) * percent // 100) for one in often]
        return _Worth(claims_of_cost(case, tool, by_model(amounts)), amounts)

    yield from _found(
        case, rule, counted, worth, what=what, told=told, limits=limits, least=0, a_week=least_a_week, on=on
    )


@dataclass(frozen=True)
class _Worth:
    """What a pattern comes to in one tool, and the amounts that it was made from, day by day."""

    claims: dict[Cell, int]
    amounts: Sequence[tuple[str, int]]

    def largest_microusd(self) -> int:
        """The part of the dearest day."""
        claimed, asked = sum(self.claims.values()), sum(amount for _, amount in self.amounts)
        return claimed * max(amount for _, amount in self.amounts) // asked if claimed else 0

    def unpriced(self, rule: Rule, tool: str) -> NotJudged | None:
        """Why no dollars can be named."""
        if self.claims:
            return None
        if any(amount for _, amount in self.amounts):
            return NotJudged(rule.detector, f"no source tells the cost by model for {tool}")
        return NotJudged(rule.detector, f"no price is known for what ran in {tool}")


def _found(
    case: Case,
    rule: Rule,
    counted: str,
    worth: Callable[[str, Sequence[SessionSums]], _Worth | NotJudged],
    *,
    what: str,
    told: Mapping[str, str],
    limits: Mapping[str, int],
    least: int,
    a_week: int,
    a_day: int = 0,
    on: Callable[[date], bool] | None = None,
) -> Iterator[Finding | NotJudged]:
    """A finding for each tool. Whether it happened often enough and comes to enough is asked of all tools together, so
    that the same work divided between two is found as well (P3).
    """
    yield from not_told(case, rule.detector, counted, what)
    often = in_weeks(case, in_weeks(case, known_of(case, counted), counted, a_week), counted, a_day, days=1)
    often = [one for one in often if on is None or on(one.day)]
    if (total(often, counted) or 0) < max(least, 1):
        return
    by_tool = {tool: [one for one in often if one.tool == tool] for tool in sorted({one.tool for one in often})}
    worths: dict[str, _Worth] = {}
    for tool, sums in by_tool.items():
        said = worth(tool, sums) if total(sums, counted) else None
        silent = said if isinstance(said, NotJudged) else said and said.unpriced(rule, tool)
        if silent:
            yield silent
        elif isinstance(said, _Worth):
            worths[tool] = said
    if is_worth_saying(
        total_microusd=sum(sum(one.claims.values()) for one in worths.values()),
        occurrences=sum(total(by_tool[tool], counted) or 0 for tool in worths),
        largest_microusd=sum(one.largest_microusd() for one in worths.values()),
    ):
        for tool, one in worths.items():
            evidence: Evidence = {name: total(by_tool[tool], column) for name, column in told.items()}
            yield rule.finding(
                case,
                tool=tool,
                claims=one.claims,
                occurrences=total(by_tool[tool], counted) or 0,
                evidence={"models": ", ".join(sorted({cell.model for cell in one.claims})), **evidence, **limits},
            )


def known_of(case: Case, column: str) -> list[SessionSums]:
    """The sessions that tell `column`."""
    return [one for one in case.sessions if getattr(one, column) is not None]


def not_told(case: Case, detector: str, column: str, what: str) -> Iterator[NotJudged]:
    """The tools in use whose sessions do not tell `column`."""
    in_use = {week.tool for week in case.window.between(0, WINDOW_WEEKS - 1) if week.active_mask}
    missing = tools_without(in_use, known_of(case, column), column)
    told = {one.tool for one in case.sessions}
    if unseen := [tool for tool in missing if tool not in told]:
        yield NotJudged(detector, f"no source tells what happens inside the sessions of {', '.join(unseen)}")
    if partly := [tool for tool in missing if tool in told]:
        yield NotJudged(detector, f"no source tells {what} for {', '.join(partly)}")


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
            claims[Cell(tool, model)] += min(amount // PER_MICROUSD, sums.cost_microusd)
    return _positive(claims + _spread(tool, models, elsewhere, beside=claims))


def claims_of_cost(case: Case, tool: str, cost: Mapping[str, int]) -> dict[Cell, int]:
    """Micro-dollars that the sessions themselves tell, by model, as claims on what was paid."""
    models, claims, elsewhere = paid(case, tool), Counter[Cell](), 0
    for model, amount in cost.items():
        sums = models.get(model)
        if sums is None:
            elsewhere += amount
        elif sums.cost_microusd is not None:
            claims[Cell(tool, model)] += min(amount, sums.cost_microusd)
            elsewhere += max(0, amount - sums.cost_microusd)  # its other models' part
    return _positive(claims + _spread(tool, models, elsewhere, beside=claims))


def _per_token(case: Case, sums: Sequence[SessionSums], column: str, price: Price) -> list[tuple[str, int]]:
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


def in_weeks(case: Case, sums: Sequence[SessionSums], column: str, least: int, days: int = 7) -> list[SessionSums]:
    """The rows of those weeks, or stretches of `days`, of the window in which `column` comes to at least `least`."""
    stretches: Counter[int] = Counter()
    for one in sums:
        stretches[(case.window.last_day - one.day).days // days] += getattr(one, column) or 0
    return [one for one in sums if stretches[(case.window.last_day - one.day).days // days] >= least]


def rates_of(case: Case, model: str) -> Rates | None:
    """The list prices of a session's model."""
    return case.prices.rates(model, case.window.last_day)


def _spread(tool: str, models: Mapping[str, Counters], amount: int, *, beside: Counter[Cell]) -> Counter[Cell]:
    weights = {Cell(tool, model): sums.cost_microusd or 0 for model, sums in models.items()}
    left = {cell: cost - beside[cell] for cell, cost in weights.items()}
    return Counter(apportion(min(amount, sum(left.values())), left))


def _positive(claims: Mapping[Cell, int]) -> dict[Cell, int]:
    return {cell: amount for cell, amount in claims.items() if amount > 0}
