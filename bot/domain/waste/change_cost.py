"""What a finished change cost, as far as one can tell: the cost of use divided by the changes that came of it.

No source ties a request to a change, so that every change of the window gets the same share. Called by the detectors
that judge changes. Next: `bot/domain/waste/reverted.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from bot.domain.finished_work import WorkDone
from bot.domain.outcomes import OutcomeKind
from bot.domain.same_work import told_once
from bot.domain.usage import WINDOW_DAYS
from bot.domain.waste.finding import WINDOW_WEEKS, Case, Cell, Evidence, Finding, NotJudged, Rule, is_worth_saying
from bot.domain.waste.sharing import apportion

_CHANGES = frozenset({OutcomeKind.PR_MERGED, OutcomeKind.PR_CLOSED})


@dataclass(frozen=True)
class Changes:
    """The changes of the 28 days, merged or closed, each of them once, and the cost of use beside them."""

    of_window: tuple[WorkDone, ...]
    before: tuple[WorkDone, ...]
    cells: dict[Cell, int]

    @property
    def each_microusd(self) -> Fraction:
        """The share of each change in the cost of use."""
        return Fraction(sum(self.cells.values()), len(self.of_window) or 1)


def changes_of(case: Case) -> Changes:
    """What is known of this person's changes."""
    first = case.window.first_day()
    changes = [one for one in told_once(case.work).pieces if one.kind in _CHANGES]
    cells: dict[Cell, int] = {}
    for week in case.window.between(0, WINDOW_WEEKS - 1):
        if week.counters.cost_microusd is not None:
            cell = Cell(week.tool, week.model)
            cells[cell] = cells.get(cell, 0) + week.counters.cost_microusd
    return Changes(
        of_window=tuple(one for one in changes if first <= one.day <= case.window.last_day),
        before=tuple(one for one in changes if one.day < first),
        cells={cell: cost for cell, cost in cells.items() if cost > 0},
    )


def conclude(
    case: Case,
    rule: Rule,
    changes: Changes,
    *,
    count: int,
    share: Fraction,
    evidence: Evidence,
) -> Finding | NotJudged | None:
    """The finding for `share` changes' cost, seen in `count` of them, if it is worth saying."""
    if not count:
        return None
    if not changes.cells:
        return NotJudged(rule.detector, "no source tells what your use cost")
    amount = int(changes.each_microusd * share)
    if not is_worth_saying(total_microusd=amount, occurrences=count, largest_microusd=amount // count):
        return None
    claims = apportion(min(amount, sum(changes.cells.values())), changes.cells)
    by_tool = {cell.tool: 0 for cell in claims}
    for cell, claimed in claims.items():
        by_tool[cell.tool] += claimed
    return rule.finding(
        case,
        tool=min(by_tool, key=lambda tool: (-by_tool[tool], tool)),
        claims=claims,
        occurrences=count,
        evidence={
            "changes": len(changes.of_window),
            "cost_of_a_change_microusd": int(changes.each_microusd),
            "days_looked_at": WINDOW_DAYS,
            **evidence,
        },
    )
