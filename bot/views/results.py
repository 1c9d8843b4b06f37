"""What came of somebody's work, in lines of the card, and how each of them came about.

The counts of finished work and the cost of a merged change stand in `bot/views/scorecard.py`; here is what became of
the lines, and the cost of a piece for those whose work is no code. Next: `bot/views/why.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.outcomes import OutcomeKind
from bot.domain.results import LEAST_PIECES, CostPerPiece, Results, Stayed
from bot.views import pieces

_UNIT = {
    OutcomeKind.PR_MERGED: ("merged change", "merged changes"),
    OutcomeKind.TICKET_DONE: ("ticket", "tickets"),
    OutcomeKind.DOCUMENT: ("document", "documents"),
}


def lines(results: Results | None) -> Iterator[str]:
    """What the card says beyond the counts; nothing where nothing of it is known."""
    if results is None:
        return
    if results.cost is not None and results.kind is not OutcomeKind.PR_MERGED:
        yield _each(results.cost, _UNIT[results.kind][0])
    before = {one.days: one for one in results.stayed_before}
    for one in results.stayed:
        yield _stayed(one, before.get(one.days))


def explained(results: Results | None) -> Iterator[str]:
    """Formula, inputs and limits of the lines above and of the cost of a merged change, with the rule's version."""
    if results is None:
        return
    many = _UNIT[results.kind][1]
    yield f"Of what can be counted you finish {many} most, so only they stand beside the money."
    if results.cost is not None:
        cost = results.cost
        yield (
            f"The money of {cost.attribution_days} days is set beside the {cost.pieces} {many} of the same days "
            f"({cost.pieces_before} before). {_marked(cost)}, so I am {cost.confidence * 100:.0f} % sure that money "
            f"and work belong together. Below {LEAST_PIECES} pieces I would tell no cost of one."
        )
    for one in results.stayed:
        yield (
            f"{pieces.count(one.lines_added, 'line')} added by {pieces.count(one.changes, 'change')} that a source "
            f"followed for {one.days} days; {one.lines_there:,} of them were still there."
        )
    if results.reverts is not None:
        seen = results.reverts
        followed = pieces.count(seen.old_enough, "change")
        yield f"{followed} followed; taken back within {seen.days} days: {seen.taken_back}."
    told_by = pieces.listing([pieces.source_name(results.source)])
    yield f"Told by {told_by}. Rule {results.rule_version}."


def _each(cost: CostPerPiece, one: str) -> str:
    said = pieces.about(cost.microusd)
    before = "" if cost.before_microusd is None else f" ({pieces.about(cost.before_microusd)} before)"
    return f"{said[0].upper()}{said[1:]} a {one}{before}."


def _stayed(now: Stayed, before: Stayed | None) -> str:
    compared = "" if before is None else f" ({before.percent} % the four weeks before)"
    changes = pieces.count(now.changes, "change")
    return f"Of the lines added by {changes}, {now.percent} % were still there after {now.days} days{compared}."


def _marked(cost: CostPerPiece) -> str:
    if cost.marked == 0:
        return "None of them says itself that an AI helped"
    return f"{cost.marked} of them {'says itself' if cost.marked == 1 else 'say themselves'} that an AI helped"
