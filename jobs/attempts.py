"""One attempt to read a source: begun, ended, and said when that is news. Once when it breaks, once when it is back.

Called by the four that read sources: `jobs/collect_people.py`, `collect_usage.py`, `collect_outcomes.py`,
`collect_leave.py`. Next: `bot/store/source_runs.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from bot.errors import SourceError
from bot.log import EventLog
from bot.store import source_runs
from bot.store.database import Store
from bot.store.source_runs import RunStatus

_log = EventLog("collect")


@dataclass(frozen=True)
class Attempt:
    """One attempt to read a source, and how the one before it went."""

    source: str
    source_run_id: int
    began_before: datetime | None
    failed_before: bool


def begin(store: Store, source: str, span: tuple[date, date] | None, now: datetime) -> Attempt:
    """Note that `source` is being read, for the days of `span` where it is read by days."""
    first_day, last_day = span or (None, None)
    with store.begin() as session:
        failed_before = source_runs.last_status(session, source=source) is RunStatus.FAILED
        began_before = source_runs.last_started_at(session, source=source)
        source_run_id = source_runs.start_run(
            session, source=source, first_day=first_day, last_day=last_day, started_at=now
        )
    return Attempt(source, source_run_id, began_before, failed_before)


def finish(store: Store, attempt: Attempt, *, rows: int | None, error: SourceError | None, now: datetime) -> None:
    """Keep how it ended, and say it when that is news."""
    with store.begin() as session:
        source_runs.finish_run(
            session,
            source_run_id=attempt.source_run_id,
            status=RunStatus.DONE if error is None else RunStatus.FAILED,
            finished_at=now,
            row_count=rows,
            http_status=error.http_status if error else None,
            message=str(error) if error else None,
        )
    if error is not None and not attempt.failed_before:
        _log.warning("collect.source_down", source=attempt.source, reason=str(error), http_status=error.http_status)
    if error is None and attempt.failed_before:
        _log.info("collect.source_back", source=attempt.source)
