"""Counting every dollar once (P6) and leaving room to explore (P7). `jobs/detect.py` asks `settle`.

1. Of a claim its sure part counts: formula x confidence, all of it where a wasted amount is known. The rest is shown as
   the upper end of the range, and is in no sum.
2. Each cell of the spend is handed out once: wasted before optimizable before exploration, higher confidence first.
   What a finding counts is cut off its cell, and a later one counts at most what is left.
3. For the first 60 days after first use everything found is exploration.
4. Afterwards $50 of what was found in use is forgiven into exploration, the least certain first; and of the cost of use
   the larger of $50 and 20 % is never claimed as wasted or optimizable. Of F dollars found in use that cost S so count
   min(F - $50, S - allowance), or nothing. The price of a seat is not use and is not forgiven.
5. A suggestion (`finding.Rule`) counts nothing, whatever its range, and takes nothing from what counts. It speaks of
   what is left of its cells when all that counts, and the suggestions before it, have been cut off: no dollar is shown
   in two of them. Up to $50 it is exploration.

As long as no claim gets smaller, more spend and more findings take no dollar out of a sum (P3): what a cell of W holds
is the sum of its sure parts, at most W; F - $50 knows nothing of S; and S less the larger of $50 and a fifth of S grows
with S. Nor does it matter how work is divided between cells. Next: `jobs/decide.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction

from bot.domain.people import Seat
from bot.domain.usage import UsageWindow
from bot.domain.waste.finding import SEAT_MODEL, WINDOW_WEEKS, Cell, Evidence, Finding, Ledger
from bot.domain.waste.idle_seat import seat_cost_microusd

EXPLORING_DAYS = 60
MIN_ALLOWANCE_MICROUSD = 50_000_000
ALLOWANCE_ONE_IN = 5
"""A fifth, 20 %, of the window's usage cost."""

_SUMMED = (Ledger.WASTED, Ledger.OPTIMIZABLE)
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
    All four are None when the finding has no price. What counts is the lower end; of a suggestion 0 counts.
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

    @property
    def is_suggestion(self) -> bool:
        """Whether the range is told and stands in no sum."""
        return self.counted_microusd == 0 < (self.low_microusd or 0)


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
    ordered = sorted(findings, key=lambda found: (found.is_suggestion, *_rank(found), found.detector, found.tool))
    shares = _hand_out(ordered, spend)
    exploring = is_exploring(first_active_on, last_day)
    counts = [0] * len(ordered) if exploring else _counting(ordered, shares, spend)
    counted = tuple(map(_count, ordered, shares, counts))
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
    """What of the cost of use is never claimed as wasted or optimizable after the first 60 days."""
    return max(MIN_ALLOWANCE_MICROUSD, spend.usage_microusd // ALLOWANCE_ONE_IN)


def _rank(found: Finding) -> tuple[int, float]:
    return _PRECEDENCE.index(found.ledger), -found.confidence


@dataclass(frozen=True)
class _Share:
    """What a finding gets of its cells: the sure part of its claim, as far as it is left, and the claim with it. Of a
    suggestion the whole claim as far as it is left, and its sure part; the latter is shown and counts nothing.
    """

    claim_microusd: int
    sure_microusd: int


def _hand_out(ordered: Sequence[Finding], spend: Spend) -> list[_Share | None]:
    """What each finding gets, None where it has no price at all."""
    whole = {cell: cost for cell, cost in spend.cells.items() if cost is not None and cost > 0}
    left = dict(whole)
    given: list[_Share | None] = []
    for found in ordered:
        if found.is_suggestion:
            given.append(_suggested_share(found, spend, left))
            continue
        claim, sure = 0, 0
        for cell, amount in _wanted(found).items():
            if cell in whole:
                wanted = min(amount, whole[cell])
                asked = int(wanted * _sure_part(found))
                counts = min(asked, left[cell])
                left[cell] -= counts
                sure += counts
                claim += wanted if counts == asked else wanted * counts // asked
        given.append(None if found.high_microusd is None else _Share(claim, sure))
    return given


def _suggested_share(found: Finding, spend: Spend, left: dict[Cell, int]) -> _Share | None:
    """What of a suggestion no other finding speaks of; of a cell that nobody told the cost of, all it says."""
    if found.high_microusd is None:
        return None
    claim = 0
    for cell, amount in _wanted(found).items():
        if spend.cells.get(cell) is None:
            claim += amount
            continue
        shown = min(amount, left.get(cell, 0))
        left[cell] = left.get(cell, 0) - shown
        claim += shown
    return _Share(claim, int(claim * _sure_part(found)))


def _wanted(found: Finding) -> dict[Cell, int]:
    """The claims of a finding by tool and model."""
    wanted: dict[Cell, int] = {}
    for cell, amount in found.claims.items():
        wanted[cell.pool()] = wanted.get(cell.pool(), 0) + max(amount, 0)
    return wanted


def _sure_part(found: Finding) -> Fraction:
    """The share of a claim that is counted: the rest of the range is shown and may be nothing."""
    is_estimate = found.ledger is Ledger.WASTED and found.low_microusd != found.high_microusd
    return Fraction(str(found.confidence)) if found.ledger is Ledger.OPTIMIZABLE or is_estimate else Fraction(1)


def _counting(ordered: Sequence[Finding], shares: Sequence[_Share | None], spend: Spend) -> list[int]:
    """What of each sure part counts after exploration was left its room: the most certain first."""
    counts = [
        0 if share is None or found.is_suggestion else share.sure_microusd
        for found, share in zip(ordered, shares, strict=True)
    ]
    of_use = [index for index, found in enumerate(ordered) if found.ledger in _SUMMED and not _is_seat(found)]
    found_microusd = sum(counts[index] for index in of_use)
    most = min(found_microusd - MIN_ALLOWANCE_MICROUSD, spend.usage_microusd - allowance_microusd(spend))
    for index in of_use:
        counts[index] = max(0, min(counts[index], most))
        most -= counts[index]
    return counts


def _is_seat(found: Finding) -> bool:
    return any(cell.model == SEAT_MODEL for cell in found.claims)


def _count(found: Finding, share: _Share | None, counts: int) -> CountedFinding:
    if share is None:
        return _counted(found, found.ledger, counted=None, forgiven=None, high=None)
    if found.is_suggestion:
        return _suggested(found, share)
    claim, sure = share.claim_microusd, share.sure_microusd
    if counts == 0 < claim or found.ledger is Ledger.EXPLORATION:
        return _counted(found, Ledger.EXPLORATION, counted=sure, forgiven=0, high=claim)
    high = claim * counts // sure if sure else claim
    return _counted(found, found.ledger, counted=counts, forgiven=sure - counts, high=high)


def _suggested(found: Finding, share: _Share) -> CountedFinding:
    """The range, and nothing in any sum. Up to $50 it is exploration like anything else found."""
    ledger = Ledger.EXPLORATION if share.claim_microusd <= MIN_ALLOWANCE_MICROUSD else found.ledger
    whole = _counted(found, ledger, counted=share.sure_microusd, forgiven=0, high=share.claim_microusd)
    return replace(whole, counted_microusd=0)


def _counted(
    found: Finding, ledger: Ledger, *, counted: int | None, forgiven: int | None, high: int | None
) -> CountedFinding:
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


def _total(counted: Sequence[CountedFinding], ledger: Ledger) -> int:
    return sum(one.counted_microusd or 0 for one in counted if one.ledger is ledger)


def _add(cells: dict[Cell, int | None], cell: Cell, cost: int | None) -> None:
    before = cells.get(cell)
    cells[cell] = before if cost is None else (before or 0) + cost


def _days_held(seat: Seat, first: date, last: date) -> int:
    ends = last if seat.released_on is None else min(last, seat.released_on - timedelta(days=1))
    return max(0, (ends - max(first, seat.assigned_on)).days + 1)
