"""What came of somebody's work, in lines of the card, and how each of them came about.

The counts of finished work stand in `bot/views/scorecard.py`; here is the cost of a piece, beside one's own past and
nothing else, and what became of the lines. Next: `bot/views/why.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.domain import same_work
from bot.domain.outcomes import OutcomeKind
from bot.domain.results import (
    ATTRIBUTION_DAYS,
    LEAST_PIECES,
    RULE_VERSION,
    STILL_THERE_DAYS,
    CostPerPiece,
    Outcome,
    Results,
    Stayed,
)
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
    if results.cost is not None:
        yield _each(results.cost, _UNIT[results.kind][0])
    before = {one.days: one for one in results.stayed_before}
    for one in results.stayed:
        yield _stayed(one, before.get(one.days))


def explained(outcome: Outcome | None, results: Results | None, again_by: Sequence[str]) -> Iterator[str]:
    """Formula, inputs and limits of the counts and of the lines above, with who told them and the rule's version."""
    if outcome is None:
        yield f"It stands here as soon as a source tells me of such work of yours. Rule {RULE_VERSION}."
        return
    yield (
        f"Each piece counts on the day it was finished. A merged change is still there when nobody took it back within "
        f"{STILL_THERE_DAYS} days. It reached production when a source says that it was deployed."
    )
    if results is not None:
        yield from _of_the_unit(results)
    yield from _again(again_by)
    told_by = (
        "" if results is None else f"Told by {pieces.listing([pieces.source_name(one) for one in results.sources])}. "
    )
    yield f"{told_by}Rule {RULE_VERSION}."


def _of_the_unit(results: Results) -> Iterator[str]:
    many = _UNIT[results.kind][1]
    yield f"Of what can be counted you finish {many} most, so only they stand beside the money."
    yield _how_cost(results, many)
    for one in results.stayed:
        yield (
            f"{pieces.count(one.lines_added, 'line')} added by {pieces.count(one.changes, 'change')} that a source "
            f"followed for {one.days} days; {one.lines_there:,} of them were still there."
        )
    if results.reverts is not None:
        seen = results.reverts
        followed = pieces.count(seen.old_enough, "change")
        yield f"{followed} followed; taken back within {seen.days} days: {seen.taken_back}."


def _how_cost(results: Results, many: str) -> str:
    """The days that are set beside each other and how sure the link is, or why no cost of one is told."""
    cost = results.cost
    if cost is not None:
        return (
            f"The money of {cost.attribution_days} days is set beside the {cost.pieces} {many} of the same days "
            f"({cost.pieces_before} before). {_marked(cost)}, so I am {cost.confidence * 100:.0f} % sure that money "
            f"and work belong together. Below {LEAST_PIECES} pieces I would tell no cost of one."
        )
    if results.finished < LEAST_PIECES:
        few = results.finished
        return f"I tell no cost of one below {LEAST_PIECES} pieces in {ATTRIBUTION_DAYS} days; there were {few}."
    return (
        f"I tell no cost of one, because in these {ATTRIBUTION_DAYS} days a price, or a tool of yours on a working "
        "day, was not visible to me, or because I saw no use."
    )


def _again(again_by: Sequence[str]) -> Iterator[str]:
    """Who told the same work as well."""
    names = [pieces.source_name(source) for source in again_by]
    if names:
        yield (
            f"{pieces.listing(names)} told me of some of the same work as another source; each piece is counted once, "
            f"with what any of them knows of it (rule {same_work.RULE_VERSION})."
        )


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
