"""What came out of the work, as a source reports it: merged, closed, reverted, deployed, resolved, written.

Made by the connectors and by `bot/sources/files/outcomes.py`, kept by `bot/store/outcomes.py`, counted on the card
(`bot/domain/scorecard.py`).
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
    """One finished piece of work. `ref` is the source's own id of it; None: the source does not say.

    `subject` is the source's id of whoever did it (`people.subject`). `ai_assisted` is True on evidence, never False by
    absence: `ai_evidence` says on which. `reverts_ref` is the ref that a revert takes back. `reverted` says whether the
    work stands undone now (a revert of a revert restores it); `reached_production` whether it was deployed. Lines that
    survived are counted 14 and 30 days after `at`, None until then.
    """

    subject: str
    at: datetime
    kind: OutcomeKind
    ref: str
    lines_added: int | None = None
    lines_removed: int | None = None
    ai_assisted: bool | None = None
    ai_evidence: str | None = None
    repository: str | None = None
    reverts_ref: str | None = None
    reverted: bool | None = None
    reached_production: bool | None = None
    lines_survived_14d: int | None = None
    lines_survived_30d: int | None = None
