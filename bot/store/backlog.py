"""What waits to be said and done, as totals: messages by state, holds of the workspace, runs and their pieces.

Of messages only totals over everybody are counted, as of a run of delivery (`bot/domain/crowd_counts.py`): not by tip,
campaign, team or reason, for of few people each of these would be somebody's. Called by `bot/backlog.py` and
`bot/job_checks.py`. Next: `bot/backlog.py`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, exists, func, or_, select, text, tuple_
from sqlalchemy.orm import Session

from bot.store.database import wall_now
from bot.store.runs import RunState, newest
from bot.store.tables import OPEN_NUDGE, NudgeRow, RunPieceRow, RunRow, SendSlotRow
from bot.store.types import wall_clock


@dataclass(frozen=True)
class Messages:
    """How many messages are on their way, by state; how many are due, and since when the oldest of them is."""

    by_state: dict[str, int]
    due: int
    oldest_due_for: timedelta | None


@dataclass(frozen=True)
class JobStands:
    """The newest run of a job, how many runs it had since a moment, by state, and the pieces of its open run."""

    job: str
    scheduled_for: datetime
    state: str
    attempts: int
    error: str | None
    since: dict[str, int]
    pieces: dict[str, int]


def messages(session: Session, *, now: datetime) -> Messages:
    """The delivery queue at `now`."""
    is_open = text(OPEN_NUDGE)
    counted = session.execute(select(NudgeRow.state, func.count()).where(is_open).group_by(NudgeRow.state)).all()
    due, oldest = session.execute(
        select(func.count(), func.min(NudgeRow.due_at)).where(is_open, NudgeRow.due_at <= now)
    ).one()
    by_state = dict(sorted((state, count) for state, count in counted))
    return Messages(by_state, due, None if oldest is None else now - oldest)


def holds(session: Session) -> dict[str, float]:
    """For how many more seconds nothing leaves, by what is held; nothing when nothing is."""
    now = wall_now(session)
    slots = session.scalars(select(SendSlotRow).order_by(SendSlotRow.name))
    return {
        slot.name: (slot.hold_until - now).total_seconds()
        for slot in slots
        if slot.hold_until is not None and slot.hold_until > now
    }


def jobs(session: Session, *, since: datetime, now: datetime) -> dict[str, JobStands]:
    """How each job stands that was ever begun."""
    rows = session.scalars(select(RunRow).where(tuple_(RunRow.job, RunRow.scheduled_for).in_(newest(now)))).all()
    states: dict[str, Counter[str]] = {row.job: Counter() for row in rows}
    counted = select(RunRow.job, RunRow.state, func.count()).where(RunRow.scheduled_for >= since)
    for job, state, count in session.execute(counted.group_by(RunRow.job, RunRow.state)):
        states[job][state] = count
    return {
        row.job: JobStands(
            row.job, row.scheduled_for, row.state, row.attempts, row.error, dict(states[row.job]), _pieces(session, row)
        )
        for row in rows
    }


def handed_over(session: Session) -> bool:
    """Whether a clock ever handed a run to workers here."""
    return session.scalar(select(exists().where(RunRow.handed_at.is_not(None)))) is True


def unattended(session: Session, *, after_s: float, now: datetime) -> int:
    """How many newest runs wait for a worker, or were left by one, for `after_s`, while nobody works on any."""
    at_work = exists().where(RunRow.state == RunState.RUNNING, RunRow.lease_until > wall_clock(0))
    if session.scalar(select(at_work)):
        return 0
    left = or_(
        and_(RunRow.state == RunState.WAITING, RunRow.handed_at < wall_clock(-after_s)),
        and_(RunRow.state == RunState.RUNNING, RunRow.lease_until < wall_clock(0)),
    )
    waiting = select(func.count()).where(
        tuple_(RunRow.job, RunRow.scheduled_for).in_(newest(now)), RunRow.handed_at.is_not(None), left
    )
    return session.scalar(waiting) or 0


def _pieces(session: Session, run: RunRow) -> dict[str, int]:
    ours = (RunPieceRow.run_id == run.run_id, RunPieceRow.attempt == run.attempts)
    counted = session.execute(select(RunPieceRow.state, func.count()).where(*ours).group_by(RunPieceRow.state))
    return dict(sorted((state, count) for state, count in counted))
