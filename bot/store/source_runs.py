"""One row for each attempt to read a source: what was asked and how it ended. No body, no key, no person.

Called by `jobs/attempts.py` and the jobs that read. Next: `bot/store/coverage.py`.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.store.batches import upsert
from bot.store.tables import SourceRow, SourceRunRow


class RunStatus(StrEnum):
    """How an attempt ended, or that it has not."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


def note_source(session: Session, *, name: str, kind: str, lag_days: int, lists_members: bool) -> None:
    """Keep which kind a source is, and how it proves a zero: how late, and whether only for whom it lists."""
    upsert(session, SourceRow, [{"name": name, "kind": kind, "lag_days": lag_days, "lists_members": lists_members}])


def start_run(
    session: Session, *, source: str, first_day: date | None, last_day: date | None, started_at: datetime
) -> int:
    """Note that `source` is being read for these days; returns the number to finish it with."""
    row = SourceRunRow(
        source=source,
        first_day=first_day,
        last_day=last_day,
        status=RunStatus.RUNNING.value,
        started_at=started_at,
    )
    session.add(row)
    session.flush()
    return row.source_run_id


def finish_run(
    session: Session,
    *,
    source_run_id: int,
    status: RunStatus,
    finished_at: datetime,
    row_count: int | None = None,
    http_status: int | None = None,
    message: str | None = None,
) -> None:
    """Note how it ended. `message` is one sentence of ours, never a body."""
    session.execute(
        update(SourceRunRow)
        .where(SourceRunRow.source_run_id == source_run_id)
        .values(
            status=status.value,
            finished_at=finished_at,
            row_count=row_count,
            http_status=http_status,
            message=message,
        )
        .execution_options(synchronize_session=False)
    )


def last_status(session: Session, *, source: str) -> RunStatus | None:
    """How the last finished attempt ended: so that a break is said once, and the recovery once."""
    newest = (
        select(SourceRunRow.status)
        .where(SourceRunRow.source == source, SourceRunRow.status != RunStatus.RUNNING.value)
        .order_by(SourceRunRow.source_run_id.desc())
        .limit(1)
    )
    status = session.scalar(newest)
    return None if status is None else RunStatus(status)


def last_started_at(session: Session, *, source: str) -> datetime | None:
    """When the last finished attempt began; None when there was none."""
    newest = (
        select(SourceRunRow.started_at)
        .where(SourceRunRow.source == source, SourceRunRow.status != RunStatus.RUNNING.value)
        .order_by(SourceRunRow.source_run_id.desc())
        .limit(1)
    )
    return session.scalar(newest)


def note_rows(session: Session, *, source_run_id: int, row_count: int) -> None:
    """Keep how many rows a running attempt has brought so far, in the transaction that brought them."""
    session.execute(
        update(SourceRunRow)
        .where(SourceRunRow.source_run_id == source_run_id)
        .values(row_count=row_count)
        .execution_options(synchronize_session=False)
    )
