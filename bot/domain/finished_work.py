"""What the detectors need of a person's finished work: which changes stayed, which were undone, which led nowhere.

Made by `bot/store/finished_work.py`. Next: `bot/domain/waste/reverted.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.domain.outcomes import OutcomeKind

CHANGES = frozenset({OutcomeKind.PR_MERGED, OutcomeKind.PR_CLOSED})


@dataclass(frozen=True)
class WorkDone:
    """One finished piece of work on a UTC day. `reverted_on` is the first day on which something took it back."""

    source: str
    kind: OutcomeKind
    day: date
    repository: str | None = None
    ai_assisted: bool | None = None
    reverted: bool | None = None
    reverted_on: date | None = None
    lines_added: int | None = None
    lines_survived_14d: int | None = None
    lines_survived_30d: int | None = None


def main_source(work: Sequence[WorkDone]) -> tuple[WorkDone, ...]:
    """The changes of the source that tells most of them: a code host and its git history see the same change."""
    changes = [one for one in work if one.kind in CHANGES]
    by_source = Counter(one.source for one in changes)
    if not by_source:
        return ()
    main = min(by_source, key=lambda name: (-by_source[name], name))
    return tuple(one for one in changes if one.source == main)
