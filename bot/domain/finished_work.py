"""What the detectors need of a person's finished work: which changes stayed, which were undone, which led nowhere.

Made by `bot/store/finished_work.py`. Next: `bot/domain/waste/reverted.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from bot.domain.outcomes import OutcomeKind


@dataclass(frozen=True)
class WorkDone:
    """One finished piece of work on a UTC day. `reverted_on` is the first day on which something took it back; `ref` is
    the source's name for it.
    """

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
    ref: str = ""
