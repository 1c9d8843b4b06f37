"""W08, closed unmerged: a change made with an AI's help that was closed, and that nothing followed.

Inputs      changes closed without a merge, with a mark of AI help; later merges and their repository; the cost of use.
Rule        closed in the window, 14 days have passed, and nothing was merged in the same repository in that time.
Dollars     such changes x the cost of use / all changes of the 28 days.
Confidence  0.3: labels that would say "spike" or "experiment" are not kept, nor are the files of a change. The amount
            runs from 30 % of the formula up to it.
Innocent    closing a try is how one finds out, and a small number of closed changes says that somebody tries.
Not when    a merge in the same repository may be its successor; where a repository is not told any merge may be. No
            source tells changes with AI help, or what use cost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from fractions import Fraction

from bot.domain.finished_work import WorkDone
from bot.domain.outcomes import OutcomeKind
from bot.domain.waste.change_cost import changes_of, conclude
from bot.domain.waste.finding import Case, Evidence, Finding, Ledger, NotJudged, Rule

DETECTOR = "W08"
SUCCESSOR_WITHIN_DAYS = 14
"""From the list of waste patterns (field notes 4)."""
CONFIDENCE = 0.3
RULE = Rule(DETECTOR, "W08-2", Ledger.WASTED, CONFIDENCE, "Closing a try is often how one finds out.")


def find(case: Case) -> Iterator[Finding | NotJudged]:
    """At most one finding."""
    changes = changes_of(case)
    if not any(one.ai_assisted for one in changes.of_window):
        yield NotJudged(DETECTOR, "no source tells changes made with AI help")
        return
    settled = case.window.last_day - timedelta(days=SUCCESSOR_WITHIN_DAYS)
    closed = [
        one
        for one in changes.of_window
        if one.kind is OutcomeKind.PR_CLOSED and one.ai_assisted and one.day <= settled
        if not _may_have_a_successor(one, changes.of_window)
    ]
    evidence: Evidence = {"closed_changes": len(closed), "days_waited": SUCCESSOR_WITHIN_DAYS}
    said = conclude(case, RULE, changes, count=len(closed), share=Fraction(len(closed)), evidence=evidence)
    if said is not None:
        yield said


def _may_have_a_successor(closed: WorkDone, changes: Sequence[WorkDone]) -> bool:
    until = closed.day + timedelta(days=SUCCESSOR_WITHIN_DAYS)
    return any(
        one.kind is OutcomeKind.PR_MERGED
        and closed.day <= one.day <= until
        and (None in (one.repository, closed.repository) or one.repository == closed.repository)
        for one in changes
    )
