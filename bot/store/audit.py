"""What was shown of groups, and what those in charge did: written down once, never changed, kept as long as the rest.

Of who it was only the role is kept, and of what was shown no figure, so that reading it tells nothing about anybody.
People read in their receipts how often summaries that counted them were opened. Written by whoever shows or does it, in
the transaction before it is shown. Next: `bot/store/retention.py`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from bot.store.batches import chunks
from bot.store.tables import AuditRow


class Act(StrEnum):
    """What is written down."""

    SUMMARY_OPENED = "summary_opened"
    SUMMARY_EXPLAINED = "summary_explained"
    SUMMARY_SENT = "summary_sent"
    AUDIT_READ = "audit_read"
    PERSON_FORGOTTEN = "person_forgotten"
    PERSON_EXCLUDED = "person_excluded"
    PERSON_INCLUDED = "person_included"
    IDS_LISTED = "ids_listed"
    PAPERS_WRITTEN = "papers_written"
    FILE_IMPORTED = "file_imported"
    TABLES_UPGRADED = "tables_upgraded"
    CAMPAIGN_CREATED = "campaign_created"
    CAMPAIGN_CHANGED = "campaign_changed"
    APPROVAL_ASKED = "approval_asked"
    CAMPAIGN_APPROVED = "campaign_approved"
    CAMPAIGN_STARTED = "campaign_started"
    CAMPAIGN_PAUSED = "campaign_paused"
    CAMPAIGN_RESUMED = "campaign_resumed"
    CAMPAIGN_STOPPED = "campaign_stopped"
    TIP_CHANGED = "tip_changed"
    ALL_HALTED = "all_halted"
    ALL_RESUMED = "all_resumed"
    AUDIENCE_COUNTED = "audience_counted"
    RESULT_OPENED = "result_opened"


SHOWN = frozenset({Act.SUMMARY_OPENED, Act.SUMMARY_SENT})
"""The acts by which somebody saw a summary; its explanation holds no figure."""

Summary = tuple[str, date]
"""A group's key and the week of its summary."""


@dataclass(frozen=True)
class Opened:
    """How often people in this role saw one summary."""

    group_key: str
    week: date
    role: str
    times: int


@dataclass(frozen=True)
class Done:
    """How often something was done in this role on one day."""

    day: date
    role: str
    act: Act
    times: int


def note(session: Session, *, role: str, act: Act, now: datetime, summary: Summary | None = None) -> None:
    """Write down one act; `summary` is the one that was shown."""
    group_key, week = summary or (None, None)
    session.add(AuditRow(at=now, role=role, act=act.value, group_key=group_key, week=week))
    session.flush()


def opened(session: Session, *, summaries: Collection[Summary]) -> list[Opened]:
    """How often each of these summaries was seen, by role; those that nobody saw are not in the answer."""
    found = []
    for batch in chunks(sorted(set(summaries))):
        counts = (
            select(AuditRow.group_key, AuditRow.week, AuditRow.role, func.count())
            .where(tuple_(AuditRow.group_key, AuditRow.week).in_(batch), AuditRow.act.in_([act.value for act in SHOWN]))
            .group_by(AuditRow.group_key, AuditRow.week, AuditRow.role)
            .order_by(AuditRow.week.desc(), AuditRow.group_key, AuditRow.role)
        )
        found += [Opened(key, week, role, times) for key, week, role, times in session.execute(counts) if key and week]
    return found


def done(session: Session, *, since: datetime) -> list[Done]:
    """What was done since then, by day, role and kind; the newest day first. Which groups it was is not told."""
    counts: dict[tuple[date, str, Act], int] = {}
    rows = select(AuditRow.at, AuditRow.role, AuditRow.act).where(AuditRow.at >= since).order_by(AuditRow.at.desc())
    for at, role, act in session.execute(rows):
        key = (at.date(), role, Act(act))
        counts[key] = counts.get(key, 0) + 1
    return [Done(day, role, act, times) for (day, role, act), times in counts.items()]
