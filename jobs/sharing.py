"""What a worker does with what it was given: begin a run in its turn, work on a piece, look after what others left.

The same steps whoever hands the work out; `defer` puts what comes next into the queue, in the transaction in which it
becomes due. Called by `jobs/workers.py`. Next: `jobs/pieces.py`, then `bot/store/shared_runs.py`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.clock import Clock
from bot.domain import crowd_counts
from bot.errors import InputError
from bot.log import EventLog
from bot.store import runs, shared_runs
from bot.store.database import DatabaseError, Session, Store
from bot.store.runs import Standing
from bot.store.shared_runs import After, OpenPiece, PieceKey, Turn
from jobs.calendar import CALENDAR, LEASE_S, MOST_ATTEMPTS, RETRY_AFTER, Counts, in_words
from jobs.pieces import Piece, together

Cut = Callable[[Session, str], Sequence[Piece]]
"""How a run of a job is cut into pieces."""
CarryOut = Callable[[str, Mapping[str, Any], datetime], Counts]
"""Does the work of one piece of a job, as of a moment."""
Defer = Callable[[Session, str, str, Sequence[dict[str, Any]]], None]
"""Puts tasks of one name, for one job, into the queue: in the transaction of this session, or not at all."""

BEGIN, PIECE = "begin", "piece"
_AS_OF_RUN = frozenset({"people", "sources"})
"""Pieces about these all stand at the moment at which their run began; whoever writes to people asks the clock."""

_log = EventLog("workers")


@dataclass(frozen=True)
class Timing:
    """How often workers look, and how patient they are. Tests have less time than nights.

    A worker that gave no sign of life for `stalled_s` is dead, and its pieces go to others. `grace_s` is how long what
    was begun may go on after a worker was told to stop, and shorter, for it gives no sign of life any more; what is not
    done by then goes to others.
    """

    lease_s: float = LEASE_S
    heart_s: float = 10.0
    stalled_s: float = 30.0
    poll_s: float = 5.0
    again_s: float = 5.0
    retry_after_s: float = RETRY_AFTER.total_seconds()
    grace_s: float = 25.0


class LaterError(Exception):
    """Not now: it is to be asked for again after a while."""

    def __init__(self, wait_s: float) -> None:
        super().__init__()
        self.wait_s = wait_s


@dataclass(frozen=True)
class Sharing:
    """How one process works on shared runs. Each method is one task; LaterError puts it off."""

    store: Store
    cut: Cut
    carry_out: CarryOut
    clock: Clock
    defer: Defer
    timing: Timing

    def begin(self, run_id: int) -> None:
        """Claim a run and put its first pieces into the queue, once what must come first has ended."""
        now = self.clock.now()
        with self.store.begin() as session:
            known = shared_runs.window(session, run_id=run_id)
            if known is None:
                return
            turn = shared_runs.turn(session, run_id=run_id, before=_before(known[0]), now=now)
            if turn is Turn.NOW:
                self._hand_out(session, *known, now)
        if turn is Turn.NOT_YET:
            raise LaterError(self.timing.again_s)

    def work_on(self, key: PieceKey) -> None:
        """Carry out one piece, unless it is nobody's work any longer."""
        now = self.clock.now()
        with self.store.begin() as session:
            piece = shared_runs.open_piece(session, key, most_tries=MOST_ATTEMPTS, lease_s=self.timing.lease_s, now=now)
            if isinstance(piece, After):
                self._go_on(session, key, piece)
        if isinstance(piece, OpenPiece):
            self._carry_out(piece, piece.as_of if _AS_OF_RUN & piece.what.keys() else now)

    def look_after(self, queued: Collection[int]) -> None:
        """Hold the runs that are queued for somebody, and begin those that were left lying."""
        timing = self.timing
        with self.store.begin() as session:
            shared_runs.renew(session, run_ids=queued, lease_s=timing.lease_s)
            for run_id, job in shared_runs.stranded(session, known=queued, after_s=2 * timing.heart_s):
                self.defer(session, BEGIN, job, [{"run_id": run_id}])

    def _hand_out(self, session: Session, job: str, scheduled_for: datetime, now: datetime) -> None:
        """Claimed and in the queue, or neither."""
        claim = runs.claim(
            session,
            job=job,
            scheduled_for=scheduled_for,
            owner=f"workers-{os.getpid()}",
            lease_s=self.timing.lease_s,
            most_attempts=MOST_ATTEMPTS,
            now=now,
        )
        if claim.standing is not Standing.MINE:
            return
        try:
            pieces = self.cut(session, job)
        except InputError as error:
            _log.error("workers.failed", job=job, error=type(error).__name__)
            runs.fail(session, claim, error=in_words(error), now=now)
            return
        first = shared_runs.cut(session, run_id=claim.run_id, attempt=claim.attempt, pieces=pieces)
        self._defer_pieces(session, job, PieceKey(claim.run_id, 0, claim.attempt), first)

    def _carry_out(self, piece: OpenPiece, as_of: datetime) -> None:
        try:
            counts = self.carry_out(piece.job, piece.what, as_of)
        except Exception as error:  # noqa: BLE001 - whatever it was, it is recorded, and tried again
            self._failed(piece, error)
            return
        told = crowd_counts.told(piece.job, counts)
        with self.store.begin() as session:
            self._go_on(session, piece.key, shared_runs.piece_done(session, piece, result=told, now=self.clock.now()))

    def _failed(self, piece: OpenPiece, error: Exception) -> None:
        _log.error("workers.failed", job=piece.job, error=type(error).__name__)
        is_last = piece.tries >= MOST_ATTEMPTS or piece.job == "deliver"  # the next minute makes up for it
        with self.store.begin() as session:
            after = shared_runs.piece_failed(
                session, piece, error=in_words(error), is_last=is_last, now=self.clock.now()
            )
            self._go_on(session, piece.key, after)
        if not is_last:
            is_away = isinstance(error, DatabaseError)
            raise LaterError(self.timing.again_s if is_away else self.timing.retry_after_s)

    def _go_on(self, session: Session, key: PieceKey, after: After | None) -> None:
        """Put the next pieces into the queue, or finish the run."""
        if after is None:
            return
        self._defer_pieces(session, after.job, key, after.next_numbers)
        if after.results is not None:
            result = crowd_counts.told(after.job, together(after.results))
            shared_runs.finish(session, key, result=result, now=self.clock.now())
            self._begin_next(session, after.job)
            _log.info("workers.done", job=after.job)

    def _begin_next(self, session: Session, job: str) -> None:
        """The same job, where it waited: until it asks again are seconds, in which no message would leave."""
        next_id = shared_runs.waiting(session, job=job)
        if next_id is not None:
            self.defer(session, BEGIN, job, [{"run_id": next_id}])

    def _defer_pieces(self, session: Session, job: str, key: PieceKey, numbers: Sequence[int]) -> None:
        if numbers:
            arguments = [{"run_id": key.run_id, "number": number, "attempt": key.attempt} for number in numbers]
            self.defer(session, PIECE, job, arguments)


def _before(job: str) -> list[str]:
    """The jobs whose newest run must have ended before one of this job begins: as in one process, in their order."""
    order = [appointment.job for appointment in CALENDAR if appointment.job != "deliver"]
    return order[: order.index(job)] if job in order else []
