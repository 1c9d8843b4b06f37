"""Runs that many processes share: handed over once, begun in order, cut into pieces, and put together again.

Whoever changes a piece holds the row of its run, so that exactly one process sees that a piece was the last. A piece
counts only while its run is at the attempt in which it was cut: once a clock has taken the run over, nobody works on
the old pieces any longer. Called by `jobs/sharing.py`. Next: `bot/store/engine_tables.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, delete, exists, func, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.store.database import wall_now
from bot.store.runs import DIED, RunState
from bot.store.tables import RunPieceRow, RunRow
from bot.store.types import wall_clock

_OPEN = (RunState.WAITING.value, RunState.RUNNING.value)


class Turn(StrEnum):
    """Whether a run that was handed over may begin."""

    NOW = "now"
    NOT_YET = "not_yet"
    LEFT_TO_A_NEWER = "left_to_a_newer"
    OVER = "over"


@dataclass(frozen=True)
class PieceKey:
    """One piece of one attempt of one run."""

    run_id: int
    number: int
    attempt: int


@dataclass(frozen=True)
class OpenPiece:
    """A piece that this process works on. `as_of` is when its run began; `tries` tells this try from every other."""

    key: PieceKey
    job: str
    what: dict[str, Any]
    as_of: datetime
    tries: int


@dataclass(frozen=True)
class After:
    """What there is to do after a piece has ended: `next_numbers` can begin, or all of the run is there, or nothing."""

    job: str
    next_numbers: tuple[int, ...] = ()
    results: tuple[dict[str, Any], ...] | None = None


def hand_over(session: Session, *, job: str, scheduled_for: datetime, most_attempts: int) -> int | None:
    """The new row of a run that is for others to do; None when it is there already and has not failed for now."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    handed = {"state": RunState.WAITING, "handed_at": wall_clock(0)}
    once = (
        insert(RunRow)
        .values(job=job, scheduled_for=scheduled_for, **handed)
        .on_conflict_do_update(
            index_elements=[RunRow.job, RunRow.scheduled_for],
            set_=handed,
            where=and_(RunRow.state == RunState.FAILED, RunRow.attempts < most_attempts),
        )
        .returning(RunRow.run_id)
    )
    return session.scalar(once)


def window(session: Session, *, run_id: int) -> tuple[str, datetime] | None:
    """Which job and window a run is of; None when there is no such run any longer."""
    run = session.execute(select(RunRow.job, RunRow.scheduled_for).where(RunRow.run_id == run_id)).one_or_none()
    return None if run is None else (run.job, run.scheduled_for)


def turn(session: Session, *, run_id: int, before: Collection[str], now: datetime) -> Turn:
    """Whether this run may begin: the newest run of each job in `before` has ended, and nobody is at this one.

    A run whose job has a newer one by now has nothing left to do: it ends here, and says so. What a clock that went
    ahead handed over for hours to come is not newer: it did not do the work of now.
    """
    run = session.get(RunRow, run_id, with_for_update=True)
    if run is None or run.state not in _OPEN or _is_cut(session, run):
        return Turn.OVER
    if _is_held(session, run):
        return Turn.NOT_YET
    due = RunRow.scheduled_for <= max(run.scheduled_for, wall_now(session))
    newest = select(func.max(RunRow.scheduled_for)).where(RunRow.job == run.job, due)
    if (newer := session.scalar(newest)) is not None and newer > run.scheduled_for:
        _end(session, run, state=RunState.DONE, result={"left_to": newer.isoformat()}, now=now)
        return Turn.LEFT_TO_A_NEWER
    newest_of_each = select(RunRow.job, func.max(RunRow.scheduled_for)).where(due).group_by(RunRow.job)
    earlier = and_(RunRow.job.in_(before), tuple_(RunRow.job, RunRow.scheduled_for).in_(newest_of_each))
    same = and_(RunRow.job == run.job, RunRow.run_id != run_id, RunRow.lease_until > wall_clock(0))
    in_the_way = session.scalar(select(RunRow.run_id).where(RunRow.state.in_(_OPEN), or_(earlier, same)).limit(1))
    return Turn.NOW if in_the_way is None else Turn.NOT_YET


def cut(session: Session, *, run_id: int, attempt: int, pieces: Sequence[tuple[int, dict[str, Any]]]) -> list[int]:
    """Keep the pieces (phase and what) of a run that was just claimed; returns the numbers of its first phase."""
    session.execute(delete(RunPieceRow).where(RunPieceRow.run_id == run_id))
    session.add_all(
        RunPieceRow(run_id=run_id, number=number, attempt=attempt, phase=phase, what=what, state=RunState.WAITING)
        for number, (phase, what) in enumerate(pieces)
    )
    session.flush()
    first = min(phase for phase, _ in pieces)
    return [number for number, (phase, _) in enumerate(pieces) if phase == first]


def open_piece(
    session: Session, key: PieceKey, *, most_tries: int, lease_s: float, now: datetime
) -> OpenPiece | After | None:
    """Begin to work on a piece; None when there is nothing to do for it any longer.

    A piece whose process died `most_tries` times has failed: then it says what there is to do after it.
    """
    run, piece = _locked(session, key)
    if run is None or piece is None or piece.state not in _OPEN:
        return None
    if piece.attempts >= most_tries:
        _close(piece, state=RunState.FAILED, now=now, error=DIED)
        return _after(session, run, piece.phase, now)
    piece.state, piece.started_at, piece.attempts = RunState.RUNNING, now, piece.attempts + 1
    session.execute(update(RunRow).where(RunRow.run_id == run.run_id).values(lease_until=wall_clock(lease_s)))
    assert run.started_at is not None
    return OpenPiece(key, run.job, piece.what, run.started_at, piece.attempts)


def piece_done(session: Session, piece: OpenPiece, *, result: dict[str, Any], now: datetime) -> After | None:
    """The piece is done; None when it was not ours any longer."""
    run, row = _locked(session, piece.key)
    if run is None or row is None or (row.state, row.attempts) != (RunState.RUNNING, piece.tries):
        return None
    _close(row, state=RunState.DONE, now=now, result=result)
    return _after(session, run, row.phase, now)


def piece_failed(session: Session, piece: OpenPiece, *, error: str, is_last: bool, now: datetime) -> After | None:
    """The piece failed; unless it was the last try, it waits for the next."""
    run, row = _locked(session, piece.key)
    if run is None or row is None or (row.state, row.attempts) != (RunState.RUNNING, piece.tries):
        return None
    _close(row, state=RunState.FAILED if is_last else RunState.WAITING, now=now, error=error)
    return _after(session, run, row.phase, now) if is_last else None


def finish(session: Session, key: PieceKey, *, result: dict[str, Any], now: datetime) -> None:
    """All pieces are done: `result` is what may be told of them together."""
    run, _ = _locked(session, key)
    if run is not None:
        _end(session, run, state=RunState.DONE, result=result, now=now)


def waiting(session: Session, *, job: str) -> int | None:
    """The newest run of this job that was handed over and has not begun."""
    handed = (RunRow.job == job, RunRow.state == RunState.WAITING, RunRow.handed_at.is_not(None))
    return session.scalar(select(RunRow.run_id).where(*handed).order_by(RunRow.scheduled_for.desc()).limit(1))


def renew(session: Session, *, run_ids: Collection[int], lease_s: float) -> None:
    """Hold the runs that are cut into pieces and of which some are still to be worked on."""
    ours = exists().where(RunPieceRow.run_id == RunRow.run_id, RunPieceRow.attempt == RunRow.attempts)
    session.execute(
        update(RunRow)
        .where(RunRow.run_id.in_(run_ids), RunRow.state == RunState.RUNNING, ours)
        .values(lease_until=wall_clock(lease_s))
        .execution_options(synchronize_session=False)
    )


def stranded(session: Session, *, known: Collection[int], after_s: float) -> list[tuple[int, str]]:
    """Newest runs that are open and that nobody holds or will come to: `known` are those that somebody will."""
    due = RunRow.scheduled_for <= wall_clock(0)
    newest = select(RunRow.job, func.max(RunRow.scheduled_for)).where(due).group_by(RunRow.job)
    left = or_(
        and_(RunRow.state == RunState.RUNNING, RunRow.lease_until < wall_clock(0)),
        and_(RunRow.state == RunState.WAITING, RunRow.handed_at < wall_clock(-after_s)),
    )
    query = select(RunRow.run_id, RunRow.job).where(tuple_(RunRow.job, RunRow.scheduled_for).in_(newest), left)
    rows = session.execute(query.order_by(RunRow.run_id))
    return [(row.run_id, row.job) for row in rows if row.run_id not in known]


# ---------------------------------------------------------------- helpers


def _locked(session: Session, key: PieceKey) -> tuple[RunRow | None, RunPieceRow | None]:
    """The run, held for this transaction, and the piece; None when the run has ended or is at another attempt."""
    run = session.get(RunRow, key.run_id, with_for_update=True)
    if run is None or (run.state, run.attempts) != (RunState.RUNNING, key.attempt):
        return None, None
    return run, session.get(RunPieceRow, (key.run_id, key.number), populate_existing=True)


def _close(
    piece: RunPieceRow,
    *,
    state: RunState,
    now: datetime,
    result: dict[str, Any] | None = None,
    error: str | None = None,
) -> None:
    piece.state, piece.finished_at, piece.result, piece.error = state, now, result, error


def _after(session: Session, run: RunRow, phase: int, now: datetime) -> After | None:
    """None while others are still at this phase; a phase of which a piece failed is the last one."""
    session.flush()
    ours = RunPieceRow.run_id == run.run_id
    still_open = select(RunPieceRow.number).where(ours, RunPieceRow.phase == phase, RunPieceRow.state.in_(_OPEN))
    if session.scalar(still_open.limit(1)) is not None:
        return None
    pieces = session.scalars(select(RunPieceRow).where(ours).order_by(RunPieceRow.number)).all()
    failed = next((piece for piece in pieces if piece.state == RunState.FAILED), None)
    if failed is not None:
        run.attempts = max(run.attempts, failed.attempts)
        _end(session, run, state=RunState.FAILED, error=failed.error, now=now)
        return After(run.job)
    next_phase = min((piece.phase for piece in pieces if piece.phase > phase), default=None)
    if next_phase is not None:
        return After(run.job, next_numbers=tuple(piece.number for piece in pieces if piece.phase == next_phase))
    return After(run.job, results=tuple(piece.result or {} for piece in pieces))


def _end(
    session: Session,
    run: RunRow,
    *,
    state: RunState,
    now: datetime,
    result: dict[str, Any] | None = None,
    error: str | None = None,
) -> None:
    run.state, run.lease_until, run.finished_at, run.result, run.error = state, None, now, result, error
    session.flush()
    session.execute(delete(RunPieceRow).where(RunPieceRow.run_id == run.run_id))


def _is_cut(session: Session, run: RunRow) -> bool:
    """Whether it was begun in pieces, and somebody holds it."""
    pieces = select(RunPieceRow.number).where(RunPieceRow.run_id == run.run_id, RunPieceRow.attempt == run.attempts)
    return _is_held(session, run) and session.scalar(pieces.limit(1)) is not None


def _is_held(session: Session, run: RunRow) -> bool:
    return run.state == RunState.RUNNING and run.lease_until is not None and run.lease_until > wall_now(session)
