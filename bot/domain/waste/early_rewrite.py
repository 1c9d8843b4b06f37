"""W09, early rewrite: lines written with an AI's help that were changed or deleted within two weeks.

Inputs      merged changes with a mark of AI help, the lines they added and those that stood 14 days later; the cost of
            use.
Rule        at least 3 such changes with at least 200 lines together, of which a larger share was gone than usual. Usual
            is the median of one's own changes before the window (5 at least), and never less than 5.7 %.
Dollars     such changes x the cost of use / all changes of the 28 days x (share gone - usual share).
Confidence  0.3: generated files and renames are not told apart, and no source ties a request to a change.
Innocent    files that are generated anew, code that was moved, a design that was found by writing it twice.
Not when    14 days have not passed, or no source tells which lines stayed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from statistics import median

from bot.domain.finished_work import WorkDone
from bot.domain.outcomes import OutcomeKind
from bot.domain.waste.change_cost import changes_of, conclude
from bot.domain.waste.finding import Case, Finding, Ledger, NotJudged, Rule

DETECTOR = "W09"
MIN_CHANGES = 3
MIN_LINES = 200
"""Below that one file more or less decides; ours, to be checked against real use."""
MIN_CHANGES_BEFORE = 5
LEAST_USUAL_SHARE = Fraction(57, 1000)
"""GitClear: 5.7 % of lines were changed or gone within two weeks in 2024."""
CONFIDENCE = 0.3
RULE = Rule(DETECTOR, "W09-2", Ledger.OPTIMIZABLE, CONFIDENCE, "Moved code and generated files look the same.")


def find(case: Case) -> Iterator[Finding | NotJudged]:
    """At most one finding."""
    changes = changes_of(case)
    aged = [one for one in changes.of_window if one.ai_assisted and _share_gone([one]) is not None]
    gone = _share_gone(aged)
    if gone is None:
        yield NotJudged(DETECTOR, "no source tells which lines made with AI help stayed")
        return
    usual = usual_share(changes.before)
    lines = sum(one.lines_added or 0 for one in aged)
    if len(aged) < MIN_CHANGES or lines < MIN_LINES or gone <= usual:
        return
    said = conclude(
        case,
        RULE,
        changes,
        count=len(aged),
        share=len(aged) * (gone - usual),
        evidence={
            "changes_looked_at": len(aged),
            "changes_needed": MIN_CHANGES,
            "lines_added": lines,
            "lines_needed": MIN_LINES,
            "gone_after_14_days_percent": int(gone * 100),
            "usual_share_percent": float(usual * 100),
        },
    )
    if said is not None:
        yield said


def usual_share(before: Sequence[WorkDone]) -> Fraction:
    """What usually goes of one's own lines within two weeks."""
    shares = [share for one in before if (share := _share_gone([one])) is not None]
    if len(shares) < MIN_CHANGES_BEFORE:
        return LEAST_USUAL_SHARE
    return max(LEAST_USUAL_SHARE, Fraction(median(shares)))


def _share_gone(changes: Sequence[WorkDone]) -> Fraction | None:
    """The share of added lines that did not stand 14 days later; None where nobody tells."""
    told = [one for one in changes if one.lines_added and one.lines_survived_14d is not None and _is_merge(one)]
    added = sum(one.lines_added or 0 for one in told)
    return 1 - Fraction(sum(one.lines_survived_14d or 0 for one in told), added) if added else None


def _is_merge(one: WorkDone) -> bool:
    return one.kind is OutcomeKind.PR_MERGED
