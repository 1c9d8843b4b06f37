"""What runs when. The only file that knows APScheduler, and it knows it as a clock only: the truth is the run row.

`tick` does, once and in order, everything that is due at an instant: for `kindling tick`, a cron, and tests that own
the time. `Daemon` does the same as time goes by: for `kindling run`. Any number of both may work on one database. All
hours are UTC, so that no hour of the year comes twice or never. Next: `jobs/collect.py`.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from uuid import uuid4

from apscheduler.executors.base import BaseExecutor
from apscheduler.job import Job as ScheduledJob
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger

from bot.clock import Clock
from bot.domain import crowd_counts
from bot.errors import KindlingError
from bot.log import EventLog
from bot.store import runs
from bot.store.database import DatabaseError, Store
from bot.store.runs import Claim, Standing

Counts = Mapping[str, object]
Work = Mapping[str, Callable[[datetime], Counts]]
HandOver = Callable[[str, datetime], None]
"""Gives the run of a job and window to others, once, however often it is asked."""

_log = EventLog("calendar")

LEASE_S = 60.0
MOST_ATTEMPTS = 3
RETRY_AFTER = timedelta(minutes=10)
_LOOK_AGAIN_S = 0.2


@dataclass(frozen=True)
class Appointment:
    """A job and when it is due. `period` is the longest time between two of them."""

    job: str
    trigger: CronTrigger
    period: timedelta

    def latest(self, now: datetime) -> datetime:
        """The last time it was due, `now` included: the window that a run is known by."""
        due = self.trigger.get_next_fire_time(None, now - self.period + timedelta(microseconds=1))
        assert isinstance(due, datetime)
        return due.astimezone(UTC)


def _daily(job: str, hour: int, minute: int) -> Appointment:
    return Appointment(job, CronTrigger(hour=hour, minute=minute, timezone=UTC), timedelta(days=1))


CALENDAR = (
    _daily("collect", 1, 30),  # the sources have closed the UTC day by then
    _daily("detect", 2, 30),
    _daily("measure", 3, 0),
    _daily("decide", 3, 30),
    Appointment("snapshot", CronTrigger(day_of_week="mon", hour=5, minute=0, timezone=UTC), timedelta(weeks=1)),
    Appointment("deliver", CronTrigger(second=0, timezone=UTC), timedelta(minutes=1)),
    Appointment("digest", CronTrigger(minute=10, timezone=UTC), timedelta(hours=1)),
    Appointment("tidy", CronTrigger(day_of_week="sun", hour=4, minute=30, timezone=UTC), timedelta(weeks=1)),
)


def tick(
    store: Store, *, work: Work, now: datetime, owner: str | None = None, lease_s: float = LEASE_S
) -> dict[str, object]:
    """Do once, in order, what is due at `now` and not yet done, and return the counts of each job that ran here.

    They are whole: only what `crowd_counts` lets through is kept in the run's row and printed by `bot/cli.py`.

    A job whose window another process is working on is waited for, and taken over when that process dies, so that no
    job starts before those it builds on. A gap of any length is caught up by one run. A job that fails is recorded and
    tried again by the next tick, three times in all; the others still run. `failed` is how many failed.
    """
    owner = owner or _new_owner()
    done: dict[str, object] = {}
    failed = 0
    for appointment in CALENDAR:
        if appointment.job not in work:
            continue
        due = appointment.latest(now)
        run = _Run(store, appointment.job, due, work[appointment.job], owner, lease_s, threading.Event())
        outcome = run.carry_out(now)
        failed += outcome is _FAILED
        if not isinstance(outcome, str):
            done[appointment.job] = outcome
    return {**done, "failed": failed} if failed else done


class Daemon:
    """The calendar as time goes by, until the end of its `with`: fires are caught up at start, runs are let finish.

    The nightly jobs share one thread, so they keep their order; delivery has its own and never waits for them. `stop`
    is set at the end; a job that looks at it can finish early. With `hand_over` nothing is carried out here: a run is
    handed to the workers, who keep the order (`jobs/workers.py`).
    """

    def __init__(
        self,
        store: Store,
        *,
        work: Work,
        clock: Clock,
        lease_s: float = LEASE_S,
        stop: threading.Event | None = None,
        hand_over: HandOver | None = None,
    ) -> None:
        self._stop = stop or threading.Event()
        self._scheduler = BackgroundScheduler(timezone=UTC, logger=_silent_logger())
        self._lanes = _Lanes(
            store,
            work=work,
            clock=clock,
            lease_s=lease_s,
            stop=self._stop,
            try_again=self._try_again,
            hand_over=hand_over,
        )
        self._scheduler.add_executor(self._lanes)
        kept = [appointment for appointment in CALENDAR if appointment.job in work]
        for position, appointment in enumerate(kept):
            self._add(appointment, catch_up=not _is_done(store, appointment, clock.now()), position=position)

    def __enter__(self) -> Daemon:
        self._scheduler.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._scheduler.pause()
        # The threads first: the scheduler's own shutdown would wait for them while holding a lock that they may need.
        self._lanes.shutdown()
        self._scheduler.shutdown(wait=False)

    def _add(self, appointment: Appointment, *, catch_up: bool, position: int) -> None:
        at_once = datetime.now(UTC) + timedelta(milliseconds=position)  # apart, so that they come in this order
        self._scheduler.add_job(
            _fired,
            appointment.trigger,
            id=appointment.job,
            args=[appointment],
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,  # a late fire is better than none
            **({"next_run_time": at_once} if catch_up else {}),
        )

    def _try_again(self, job: str) -> None:
        self._scheduler.modify_job(job, next_run_time=datetime.now(UTC) + RETRY_AFTER)


def _is_done(store: Store, appointment: Appointment, now: datetime) -> bool:
    with store.read() as session:
        return runs.is_finished(session, job=appointment.job, scheduled_for=appointment.latest(now))


def _fired(_appointment: Appointment) -> None:
    """What APScheduler believes it runs; `_Lanes` carries out the run row instead."""


class _Lanes(BaseExecutor):  # type: ignore[misc]  # apscheduler has no types
    """APScheduler's executor: a fire becomes a run row, and whoever gets the row does the work in a thread."""

    def __init__(
        self,
        store: Store,
        *,
        work: Work,
        clock: Clock,
        lease_s: float,
        stop: threading.Event,
        try_again: Callable[[str], None],
        hand_over: HandOver | None,
    ) -> None:
        super().__init__()
        self._hand_over = hand_over
        self._store, self._work, self._clock, self._lease_s = store, work, clock, lease_s
        self._stop, self._try_again = stop, try_again
        self._owner = _new_owner()
        self._nightly = ThreadPoolExecutor(1, thread_name_prefix="nightly")
        self._delivery = ThreadPoolExecutor(1, thread_name_prefix="delivery")

    def shutdown(self, wait: bool = True) -> None:
        for lane in (self._delivery, self._nightly):
            lane.shutdown(wait=wait, cancel_futures=True)

    def _do_submit_job(self, job: ScheduledJob, _run_times: list[datetime]) -> None:
        (appointment,) = job.args
        lane = self._delivery if appointment.job == "deliver" else self._nightly
        lane.submit(self._carry_out, appointment)

    def _carry_out(self, appointment: Appointment) -> None:
        """Once, and again at once when it fell due meanwhile: a long delivery must not wait for the minute after."""
        now = self._clock.now()
        has_failed = self._has_failed(appointment, now)
        while not (has_failed or self._stop.is_set()) and appointment.latest(self._clock.now()) > appointment.latest(
            now
        ):
            now = self._clock.now()
            has_failed = self._has_failed(appointment, now)
        if has_failed and appointment.period > RETRY_AFTER:
            self._try_again(appointment.job)
        self._run_job_success(appointment.job, [])

    def _has_failed(self, appointment: Appointment, now: datetime) -> bool:
        try:
            return self._is_failing(appointment, now)
        except DatabaseError as error:  # the database is away; the thread must live to see it come back
            _log.error("calendar.no_database", job=appointment.job, error=type(error).__name__)
            return True

    def _is_failing(self, appointment: Appointment, now: datetime) -> bool:
        job, due = appointment.job, appointment.latest(now)
        if self._hand_over is not None:
            self._hand_over(job, due)
            return False
        run = _Run(self._store, job, due, self._work[job], self._owner, self._lease_s, self._stop)
        return run.carry_out(now) is _FAILED


_FAILED = "failed"
_NOT_OURS = "not_ours"


@dataclass(frozen=True)
class _Run:
    """One job for one window."""

    store: Store
    job: str
    scheduled_for: datetime
    work: Callable[[datetime], Counts]
    owner: str
    lease_s: float
    stop: threading.Event

    def carry_out(self, now: datetime) -> Counts | str:
        """The counts when it was done here, `_NOT_OURS` when it was done elsewhere, `_FAILED` when it failed here."""
        claim = self._claim(now)
        while claim.standing is Standing.SOMEBODY_ELSES and not self.stop.wait(_LOOK_AGAIN_S):
            claim = self._claim(now)
        if claim.standing is not Standing.MINE:
            return _NOT_OURS
        try:
            with self._kept(claim):
                counts = self.work(now)
        except Exception as error:  # noqa: BLE001 - whatever it was, it is recorded, and the other jobs still run
            return self._failed(claim, error, now)
        with self.store.begin() as session:
            runs.finish(session, claim, result=crowd_counts.told(self.job, counts), now=now)
        _log.info("calendar.done", job=self.job)
        return counts

    def _claim(self, now: datetime) -> Claim:
        with self.store.begin() as session:
            return runs.claim(
                session,
                job=self.job,
                scheduled_for=self.scheduled_for,
                owner=self.owner,
                lease_s=self.lease_s,
                most_attempts=MOST_ATTEMPTS,
                now=now,
            )

    def _failed(self, claim: Claim, error: Exception, now: datetime) -> str:
        _log.error("calendar.failed", job=self.job, error=type(error).__name__)
        with self.store.begin() as session:
            runs.fail(session, claim, error=in_words(error), now=now)
        return _FAILED

    @contextmanager
    def _kept(self, claim: Claim) -> Iterator[None]:
        """Renew the lease while the work goes on, from a thread beside it."""
        over = threading.Event()
        heart = threading.Thread(target=self._beat, args=(claim, over), name=f"lease-{self.job}", daemon=True)
        heart.start()
        try:
            yield
        finally:
            over.set()
            heart.join()

    def _beat(self, claim: Claim, over: threading.Event) -> None:
        while not over.wait(self.lease_s / 3):
            try:
                with self.store.begin() as session:
                    runs.renew(session, claim, lease_s=self.lease_s)
            except DatabaseError as error:  # the next beat may find the database again
                _log.warning("calendar.lease_not_renewed", job=self.job, error=type(error).__name__)


def in_words(error: Exception) -> str:
    """What is kept of an error: ours are written without anybody's data in them, of others the class must do."""
    return f"{type(error).__name__}: {error}" if isinstance(error, KindlingError) else type(error).__name__


def _new_owner() -> str:
    return f"{os.getpid()}-{uuid4().hex[:8]}"


def _silent_logger() -> logging.Logger:
    """APScheduler warns each minute in which a long delivery is still at it; what matters is logged here."""
    logger = logging.getLogger("apscheduler.kindling")
    logger.setLevel(logging.CRITICAL + 1)
    return logger
