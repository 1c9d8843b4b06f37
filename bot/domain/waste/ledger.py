"""Counting every dollar once (P6) and leaving room to explore (P7). `jobs/detect.py` asks `settle`.

1. Each cell of the spend is handed out once: wasted before optimizable before exploration, higher confidence first.
   What a finding takes is cut off its cell; a later finding sees only the share that is left, and its claim shrinks
   with it. (Both findings are about the same mix of requests, so that share is what the later one may still speak of.)
2. For the first 60 days after first use everything found is exploration.
3. Afterwards the larger of $50 and 20 % of the window's usage cost is forgiven into exploration, the least certain
   first. The price of an idle seat is not use and is not forgiven.
4. An optimizable amount is counted as formula x confidence, a wasted one in full, or at the lower end of its range
   where it had to be estimated.

Claims are shares of what was really paid. So when everything is taken k times, claims and allowance grow alike, and
what counts never gets less (P3). Next: `jobs/decide.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from bot.domain.people import Seat
from bot.domain.usage import UsageWindow
from bot.domain.waste.finding import SEAT_MODEL, WINDOW_WEEKS, Cell, Evidence, Finding, Ledger
from bot.domain.waste.idle_seat import seat_cost_microusd

EXPLORING_DAYS = 60
MIN_ALLOWANCE_MICROUSD = 50_000_000
ALLOWANCE_ONE_IN = 5
"""A fifth, 20 %, of the window's usage cost."""

_PRECEDENCE = (Ledger.WASTED, Ledger.OPTIMIZABLE, Ledger.EXPLORATION, Ledger.FRICTION)


@dataclass(frozen=True)
class Spend:
    """What one person's window cost, by tool and model, seats included. None: nobody told the price."""

    cells: Mapping[Cell, int | None]

    @property
    def usage_microusd(self) -> int:
        """The known cost of use, without seats."""
        return sum(cost or 0 for cell, cost in self.cells.items() if cell.model != SEAT_MODEL)

    @property
    def total_microusd(self) -> int | None:
        """The known cost of use and seats; None when there are costs and none of them is known."""
        known = [cost for cost in self.cells.values() if cost is not None]
        return None if self.cells and not known else sum(known)


@dataclass(frozen=True)
class CountedFinding:
    """A finding after the arithmetic, flat as it is stored.

    `counted_microusd` stands in `ledger`; `low_microusd` to `high_microusd` is the range shown. `forgiven_microusd` is
    the part that became exploration while the rest still counts; a finding forgiven whole has the ledger exploration.
    All four are None when the finding has no price.
    """

    detector: str
    rule_version: str
    tool: str
    ledger: Ledger
    counted_microusd: int | None
    forgiven_microusd: int | None
    low_microusd: int | None
    high_microusd: int | None
    confidence: float
    occurrences: int
    innocent_reason: str
    evidence: Evidence


@dataclass(frozen=True)
class Settled:
    """The ledgers of one window: 0 <= wasted + optimizable + exploration <= spend, as far as the spend is known."""

    wasted_microusd: int
    optimizable_microusd: int
    exploration_microusd: int
    spend_microusd: int | None
    counted: tuple[CountedFinding, ...]


def settle(findings: Sequence[Finding], *, spend: Spend, first_active_on: date | None, last_day: date) -> Settled:
    """Count the findings of one window of one person. An amount that is unknown stays unknown and adds nothing."""
    ordered = sorted(findings, key=lambda found: (*_rank(found), found.detector, found.tool))
    claims = _hand_out(ordered, spend)
    exploring = is_exploring(first_active_on, last_day)
    forgiven = list(claims) if exploring else _forgive(ordered, claims, allowance_microusd(spend))
    counted = tuple(map(_count, ordered, claims, forgiven))
    if exploring:
        counted = tuple(replace(one, ledger=Ledger.EXPLORATION) for one in counted)
    return Settled(
        wasted_microusd=_total(counted, Ledger.WASTED),
        optimizable_microusd=_total(counted, Ledger.OPTIMIZABLE),
        exploration_microusd=_total(counted, Ledger.EXPLORATION) + sum(one.forgiven_microusd or 0 for one in counted),
        spend_microusd=spend.total_microusd,
        counted=counted,
    )


def spend_of(window: UsageWindow, seats: Sequence[Seat]) -> Spend:
    """The 28 days' cost by tool and model, and the price of every seat for the days it was held in them."""
    cells: dict[Cell, int | None] = {}
    for week in window.between(0, WINDOW_WEEKS - 1):
        _add(cells, Cell(week.tool, week.model), week.counters.cost_microusd)
    for seat in seats:
        days = _days_held(seat, window.first_day(), window.last_day)
        if days:
            _add(cells, Cell(seat.tool, SEAT_MODEL), seat_cost_microusd(seat, days=days))
    return Spend(cells)


def is_exploring(first_active_on: date | None, last_day: date) -> bool:
    """Whether the window ends within the first 60 days of use."""
    return first_active_on is not None and last_day < exploring_until(first_active_on)


def exploring_until(first_active_on: date) -> date:
    """The first day that is not exploration any more."""
    return first_active_on + timedelta(days=EXPLORING_DAYS)


def allowance_microusd(spend: Spend) -> int:
    """What stays exploration in a window after the first 60 days."""
    return max(MIN_ALLOWANCE_MICROUSD, spend.usage_microusd // ALLOWANCE_ONE_IN)


def _rank(found: Finding) -> tuple[int, float]:
    return _PRECEDENCE.index(found.ledger), -found.confidence


def _hand_out(ordered: Sequence[Finding], spend: Spend) -> list[int | None]:
    """What each finding gets of its claims, None where it has no price at all."""
    left = {cell: max(cost, 0) for cell, cost in spend.cells.items() if cost is not None}
    whole = dict(left)
    given: list[int | None] = []
    for found in ordered:
        wanted: dict[Cell, int] = {}
        for cell, amount in found.claims.items():
            wanted[cell.pool()] = wanted.get(cell.pool(), 0) + max(amount, 0)
        taken = 0
        for cell, amount in wanted.items():
            if left.get(cell):
                share = min(amount, whole[cell]) * left[cell] // whole[cell]
                left[cell] -= share
                taken += share
        given.append(None if found.high_microusd is None else taken)
    return given


def _forgive(ordered: Sequence[Finding], claims: Sequence[int | None], allowance: int) -> list[int | None]:
    """What of each claim becomes exploration: the least certain first, until the allowance is used up."""
    forgiven: list[int | None] = [None if claim is None else 0 for claim in claims]
    for index in reversed(range(len(ordered))):
        claim = claims[index]
        if claim is None or ordered[index].ledger is Ledger.EXPLORATION or _is_seat(ordered[index]):
            continue
        forgiven[index] = min(claim, allowance)
        allowance -= min(claim, allowance)
    return forgiven


def _is_seat(found: Finding) -> bool:
    return any(cell.model == SEAT_MODEL for cell in found.claims)


def _count(found: Finding, claim: int | None, forgiven: int | None) -> CountedFinding:
    ledger, counted, high = found.ledger, None, None
    if claim is not None:
        high = claim - (forgiven or 0)
        if ledger is Ledger.EXPLORATION or (claim > 0 and high == 0):
            ledger, high, forgiven = Ledger.EXPLORATION, claim, 0
        counted = _sure_part(found, ledger, high)
    return CountedFinding(
        detector=found.detector,
        rule_version=found.rule_version,
        tool=found.tool,
        ledger=ledger,
        counted_microusd=counted,
        forgiven_microusd=forgiven,
        low_microusd=counted,
        high_microusd=high,
        confidence=found.confidence,
        occurrences=found.occurrences,
        innocent_reason=found.innocent_reason,
        evidence=found.evidence,
    )


def _sure_part(found: Finding, ledger: Ledger, amount: int) -> int:
    """What of `amount` is counted: the rest of the range is shown and may be nothing."""
    if ledger is Ledger.OPTIMIZABLE or (ledger is Ledger.WASTED and found.low_microusd != found.high_microusd):
        return int(amount * found.confidence)
    return amount


def _total(counted: Sequence[CountedFinding], ledger: Ledger) -> int:
    return sum(one.counted_microusd or 0 for one in counted if one.ledger is ledger)


def _add(cells: dict[Cell, int | None], cell: Cell, cost: int | None) -> None:
    before = cells.get(cell)
    cells[cell] = before if cost is None else (before or 0) + cost


def _days_held(seat: Seat, first: date, last: date) -> int:
    ends = last if seat.released_on is None else min(last, seat.released_on - timedelta(days=1))
    return max(0, (ends - max(first, seat.assigned_on)).days + 1)
