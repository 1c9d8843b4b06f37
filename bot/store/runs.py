"""One row for each job and window: whoever claims it does the work, everybody else sees that it is being done.

Any number of clocks and processes may ask; a dead owner's run is taken over after its lease, on the database's clock.
Called by `jobs/calendar.py`. Next: `bot/store/shared_runs.py`, for runs that many processes share.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.store.tables import RunPieceRow, RunRow
from bot.store.types import wall_clock

DIED = "its process ended without a word"


class RunState(StrEnum):
    """Where a run stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Standing(StrEnum):
    """What became of the attempt to claim a run."""

    MINE = "mine"
    DONE = "done"
    SOMEBODY_ELSES = "somebody_elses"
    GIVEN_UP = "given_up"


@dataclass(frozen=True)
class Claim:
    """A run as this process found it. `attempt` tells this claim from every other one of the same run."""

    standing: Standing
    run_id: int
    attempt: int


@dataclass(frozen=True)
class LatestRun:
    """How a job's newest run stands; `error` is a class and a sentence without anybody's data."""

    scheduled_for: datetime
    state: RunState
    attempts: int
    error: str | None


def claim(
    session: Session,
    *,
    job: str,
    scheduled_for: datetime,
    owner: str,
    lease_s: float,
    most_attempts: int,
    now: datetime,
) -> Claim:
    """Try to make this run ours for `lease_s`; a run that failed `most_attempts` times is left alone."""
    _insert_once(session, job=job, scheduled_for=scheduled_for)
    key = (RunRow.job == job, RunRow.scheduled_for == scheduled_for)
    lease_out = and_(RunRow.state == RunState.RUNNING, RunRow.lease_until <= wall_clock(0))
    _bury(session, *key, lease_out, RunRow.attempts >= most_attempts, now=now)
    free = or_(RunRow.state == RunState.WAITING, RunRow.state == RunState.FAILED, lease_out)
    mine = session.execute(
        update(RunRow)
        .where(*key, free, RunRow.attempts < most_attempts)
        .values(
            state=RunState.RUNNING,
            owner=owner,
            lease_until=wall_clock(lease_s),
            attempts=RunRow.attempts + 1,
            started_at=now,
            finished_at=None,
            error=None,
        )
        .returning(RunRow.run_id, RunRow.attempts)
        .execution_options(synchronize_session=False)
    ).first()
    if mine:
        return Claim(Standing.MINE, *mine)
    run_id, attempts, state = session.execute(select(RunRow.run_id, RunRow.attempts, RunRow.state).where(*key)).one()
    return Claim(_others[RunState(state)], run_id, attempts)


def is_finished(session: Session, *, job: str, scheduled_for: datetime) -> bool:
    """Whether this job has been done for this window."""
    key = (RunRow.job == job, RunRow.scheduled_for == scheduled_for)
    return session.scalar(select(RunRow.state).where(*key)) == RunState.DONE


def newest(now: datetime) -> Select[str, datetime]:
    """The job and the window of the newest run of each. What a wrong clock left in the future hides none of today;
    another machine's clock may be a little ahead.
    """
    begun = RunRow.scheduled_for <= now + timedelta(minutes=5)
    return select(RunRow.job, func.max(RunRow.scheduled_for)).where(begun).group_by(RunRow.job)


def latest(session: Session, *, now: datetime) -> dict[str, LatestRun]:
    """The newest run of every job that was ever begun."""
    rows = session.scalars(select(RunRow).where(tuple_(RunRow.job, RunRow.scheduled_for).in_(newest(now))))
    return {row.job: LatestRun(row.scheduled_for, RunState(row.state), row.attempts, row.error) for row in rows}


def renew(session: Session, run: Claim, *, lease_s: float) -> bool:
    """Hold the run for `lease_s` more; False when it is not ours any longer."""
    return _update(session, run, lease_until=wall_clock(lease_s))


def finish(session: Session, run: Claim, *, result: dict[str, Any], now: datetime) -> bool:
    """The work is done; `result` are its counts."""
    return _end(session, run, state=RunState.DONE, lease_until=None, finished_at=now, result=result)


def fail(session: Session, run: Claim, *, error: str, now: datetime) -> bool:
    """The work failed; `error` is a class and a sentence without anybody's data."""
    return _end(session, run, state=RunState.FAILED, lease_until=None, finished_at=now, error=error)


_others = {
    RunState.DONE: Standing.DONE,
    RunState.RUNNING: Standing.SOMEBODY_ELSES,
    RunState.WAITING: Standing.SOMEBODY_ELSES,
    RunState.FAILED: Standing.GIVEN_UP,
}


def _insert_once(session: Session, *, job: str, scheduled_for: datetime) -> None:
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = {"job": job, "scheduled_for": scheduled_for, "state": RunState.WAITING}
    session.execute(insert(RunRow).values(row).on_conflict_do_nothing())


def _bury(session: Session, *conditions: ColumnElement[bool], now: datetime) -> None:
    session.execute(
        update(RunRow)
        .where(*conditions)
        .values(state=RunState.FAILED, lease_until=None, finished_at=now, error=DIED)
        .execution_options(synchronize_session=False)
    )


def _end(session: Session, run: Claim, **values: Any) -> bool:
    """With its pieces, should others have begun it in pieces before it came to us."""
    is_ours = _update(session, run, **values)
    if is_ours:
        session.execute(delete(RunPieceRow).where(RunPieceRow.run_id == run.run_id))
    return is_ours


def _update(session: Session, run: Claim, **values: Any) -> bool:
    touched = session.scalar(
        update(RunRow)
        .where(RunRow.run_id == run.run_id, RunRow.state == RunState.RUNNING, RunRow.attempts == run.attempt)
        .values(**values)
        .returning(RunRow.run_id)
        .execution_options(synchronize_session=False)
    )
    return touched is not None
