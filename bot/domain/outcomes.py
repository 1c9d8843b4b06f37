"""What came out of the work, as a source reports it: merged, closed, reverted, deployed, resolved, written.

Made by `bot/sources/files/outcomes.py`, kept by `bot/store/usage.py`, counted on the card (`bot/domain/scorecard.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class OutcomeKind(StrEnum):
    """What finished work can be."""

    PR_MERGED = "pr_merged"
    PR_CLOSED = "pr_closed"
    PR_REVERTED = "pr_reverted"
    DEPLOYED = "deployed"
    TICKET_DONE = "ticket_done"
    DOCUMENT = "document"


@dataclass(frozen=True)
class OutcomeRecord:
    """One finished piece of work. `ref` is the source's own id of it; None: the source does not say."""

    email: str
    at: datetime
    kind: OutcomeKind
    ref: str
    lines_added: int | None = None
    lines_removed: int | None = None
    ai_assisted: bool | None = None
