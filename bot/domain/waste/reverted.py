"""W07, reverted change: work that was merged with an AI's help and taken back within two weeks.

Inputs      merged changes with a mark of AI help, whether they stand undone and since when; the cost of use.
Rule        merged in the window, undone within 14 days, and not restored since.
Dollars     reverted changes x the cost of use / all changes of the 28 days: what one change cost, as every change's
            share, for no source ties a request to a change. The cost of the revert itself is not counted.
Confidence  0.5, less than with a cost of its own for each change: the amount runs from 50 % of the formula up to it.
Innocent    some changes are made to be switched back: a feature flag, a trial in production.
Not when    no source tells changes with AI help, or what use cost.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from bot.domain.finished_work import WorkDone
from bot.domain.outcomes import OutcomeKind
from bot.domain.waste.change_cost import changes_of, conclude
from bot.domain.waste.finding import Case, Evidence, Finding, Ledger, NotJudged, Rule

DETECTOR = "W07"
WITHIN_DAYS = 14
"""From the list of waste patterns (field notes 4); churn is counted over the same two weeks."""
CONFIDENCE = 0.5
RULE = Rule(DETECTOR, "W07-2", Ledger.WASTED, CONFIDENCE, "Some changes are made to be taken back, as a trial.")


def find(case: Case) -> Iterator[Finding | NotJudged]:
    """At most one finding."""
    changes = changes_of(case)
    merged = [one for one in changes.of_window if one.kind is OutcomeKind.PR_MERGED and one.ai_assisted]
    if all(one.reverted is None for one in merged):
        yield NotJudged(DETECTOR, "no source tells what became of changes made with AI help")
        return
    undone = [one for one in merged if _is_undone_soon(one)]
    evidence: Evidence = {"reverted_changes": len(undone), "reverted_within_days": WITHIN_DAYS}
    said = conclude(case, RULE, changes, count=len(undone), share=Fraction(len(undone)), evidence=evidence)
    if said is not None:
        yield said


def _is_undone_soon(one: WorkDone) -> bool:
    return bool(one.reverted) and one.reverted_on is not None and (one.reverted_on - one.day).days <= WITHIN_DAYS
