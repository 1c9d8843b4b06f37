"""Many processes share the runs, on PostgreSQL alone. The only file that knows Procrastinate.

A clock hands a run over: its row and one job of the engine, in one transaction (`hand_over`). Any number of workers
take the jobs: `begin` waits until what must come first has ended, claims the run and cuts it into pieces; each `piece`
is carried out by whoever is free; the last one finishes the run. What stands in our rows is the truth: a job of the
engine that finds its piece done, or its run taken over by a clock, has nothing to do. Called by `bot/app.py`.
Next: `jobs/pieces.py`, then `bot/store/shared_runs.py`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import procrastinate
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job
from procrastinate.retry import BaseRetryStrategy, RetryDecision
from procrastinate.schema import SchemaManager

from bot.errors import InputError
from bot.log import EventLog
from bot.settings import load
from bot.store import engine_tables, shared_runs
from bot.store.database import DatabaseError, Session, Store
from bot.store.shared_runs import PieceKey
from jobs.calendar import MOST_ATTEMPTS, HandOver
from jobs.sharing import BEGIN, PIECE, LaterError, Sharing

T = TypeVar("T")

_log = EventLog("workers")

_NIGHTLY, _DELIVERY = "nightly", "delivery"
_AT_ONCE = {_NIGHTLY: 1, _DELIVERY: 2}
"""How many pieces of a lane one process works on at a time: delivery never waits for the night's work."""
_PRIORITY = {_NIGHTLY: 0, _DELIVERY: 10}
_PIECE_FIRST = 5
"""A piece goes before every run of its lane that still asks for its turn, or these would keep the workers from it."""
_OPENING_S = 5.0
_FIRST_BACK_OFF_S, _LONGEST_BACK_OFF_S = 1.0, 30.0
_FAILED_KEPT_HOURS = 28 * 24


def are_possible(database_url: str) -> bool:
    """Whether this database can hand runs to other processes: PostgreSQL can."""
    return database_url.startswith("postgresql")


def require(database_url: str) -> None:
    """Raise InputError for a database that one process has to itself."""
    if not are_possible(database_url):
        raise InputError(
            "kindling worker needs PostgreSQL: on SQLite `kindling run` does all the work itself; start only that, "
            "or name a PostgreSQL in KINDLING_DATABASE_URL."
        )


def prepare(store: Store) -> None:
    """Make the engine's tables on PostgreSQL, or bring them up to date; on SQLite there is nothing to hand over."""
    if are_possible(store.url):
        changes = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
        steps = [(path.name, path.read_text(encoding="utf-8")) for path in changes]
        engine_tables.make(store, whole=SchemaManager.get_schema(), steps=steps)


def handing_over(store: Store) -> HandOver:
    """What a clock does with a due job on PostgreSQL: any number of clocks make one run of it."""

    def hand_over(job: str, scheduled_for: datetime) -> None:
        with store.begin() as session:
            run_id = shared_runs.hand_over(session, job=job, scheduled_for=scheduled_for, most_attempts=MOST_ATTEMPTS)
            if run_id is not None:
                defer(session, BEGIN, job, [{"run_id": run_id}])

    return hand_over


def defer(session: Session, task: str, job: str, arguments: Sequence[dict[str, Any]]) -> None:
    """Put jobs of the engine into its queue, in the transaction of this session."""
    lane = _lane_of(job)
    priority = _PRIORITY[lane] + (_PIECE_FIRST if task == PIECE else 0)
    deferrer = _DEFERRING.configure_task(
        task, queue=lane, priority=priority, connection=engine_tables.connection(session)
    )
    try:
        deferrer.batch_defer(*arguments)
    except ConnectorException as error:
        raise DatabaseError(type(error).__name__) from error


def _lane_of(job: str) -> str:
    return _DELIVERY if job == "deliver" else _NIGHTLY


class Worker:
    """Carries out what is handed over, until `stop` is set; the database may come and go meanwhile."""

    def __init__(self, sharing: Sharing, *, stop: threading.Event) -> None:
        self._sharing, self._timing, self._stop = sharing, sharing.timing, stop
        self._beside = threading.Thread(target=self.run, name="worker", daemon=True)
        self._back_off_s = _FIRST_BACK_OFF_S

    def __enter__(self) -> Worker:
        """The same in a thread beside the clock; at the end `stop` is to be set."""
        self._beside.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._beside.join()

    def run(self) -> None:
        """Work until told to stop; then finish what was begun, within bounds."""
        _quieten()
        asyncio.run(self._until_stopped())

    async def _until_stopped(self) -> None:
        while not self._stop.is_set():
            try:
                await self._work()
            except Exception as error:  # noqa: BLE001 - whatever it was, a worker that is gone does nobody's work
                _log.warning("workers.interrupted", error=type(error).__name__, again_in_s=self._back_off_s)
            if not self._stop.is_set():
                await _first_of(self._stopped(), asyncio.sleep(self._back_off_s))
            self._back_off_s = min(2 * self._back_off_s, _LONGEST_BACK_OFF_S)

    async def _work(self) -> None:
        """One connection's life: until told to stop, or until the database is gone."""
        app = self._app()
        try:
            await asyncio.wait_for(app.connector.open_async(), _OPENING_S)
            await app.job_manager.delete_old_jobs(
                _FAILED_KEPT_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
            )
            _log.info("workers.ready")
            self._back_off_s = _FIRST_BACK_OFF_S
            lanes = [asyncio.create_task(self._lane(app, lane)) for lane in _AT_ONCE]
            heart = asyncio.create_task(self._heart(app))
            await _first_of(self._stopped(), *lanes, heart)
            ended = [task for task in (*lanes, heart) if task.done() and not task.cancelled()]
            for task in (heart, *lanes):
                task.cancel()  # a lane lets what it began come to its end
            await asyncio.gather(*lanes, heart, return_exceptions=True)
            for task in ended:
                task.result()
        finally:
            await app.connector.close_async()

    async def _lane(self, app: procrastinate.App, lane: str) -> None:
        timing = self._timing
        await app.run_worker_async(
            queues=[lane],
            name=lane,
            concurrency=_AT_ONCE[lane],
            fetch_job_polling_interval=timing.poll_s,
            update_heartbeat_interval=timing.heart_s,
            stalled_worker_timeout=timing.stalled_s,
            shutdown_graceful_timeout=timing.grace_s,
            delete_jobs="successful",
            install_signal_handlers=False,
        )

    def _app(self) -> procrastinate.App:
        app = procrastinate.App(connector=_connector(self._sharing.store))
        again = _Again(self._timing.again_s)

        @app.task(name=BEGIN, retry=again)
        async def begin(run_id: int) -> None:
            await _in_thread(partial(self._sharing.begin, run_id))

        @app.task(name=PIECE, retry=again)
        async def piece(run_id: int, number: int, attempt: int) -> None:
            await _in_thread(partial(self._sharing.work_on, PieceKey(run_id, number, attempt)))

        return app

    async def _stopped(self) -> None:
        while not self._stop.is_set():
            await asyncio.sleep(0.1)

    async def _heart(self, app: procrastinate.App) -> None:
        """Hold the runs that are queued, bring back what dead workers held, and begin what was left lying."""
        while True:
            await asyncio.sleep(self._timing.heart_s)
            queued = [
                job for status in ("todo", "doing") for job in await app.job_manager.list_jobs_async(status=status)
            ]
            await _in_thread(partial(self._sharing.look_after, {_run_of(job) for job in queued}))
            stalled = await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=self._timing.stalled_s)
            for job in stalled:
                with suppress(ConnectorException):  # another worker brought it back first
                    await app.job_manager.retry_job(job)
                    _log.info("workers.brought_back", task=job.task_name)


class _Again(BaseRetryStrategy):
    """When the engine comes back to a job that did not end well; how often is bounded in our own rows."""

    def __init__(self, soon_s: float) -> None:
        self._soon_s = soon_s

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:
        wait_s = exception.wait_s if isinstance(exception, LaterError) else self._soon_s
        if isinstance(exception, asyncio.CancelledError):  # we were told to stop: somebody else can go on at once
            wait_s = 0.0
        return RetryDecision(retry_at=datetime.now(UTC) + timedelta(seconds=wait_s))


def _run_of(job: Job) -> int:
    return int(str(job.task_kwargs.get("run_id", 0)))


def _connector(store: Store) -> procrastinate.PsycopgConnector:
    async def see_its_tables(connection: Any) -> None:
        await connection.execute(f"SET search_path TO {engine_tables.SCHEMA}")
        await connection.commit()

    return procrastinate.PsycopgConnector(
        conninfo=engine_tables.address(store), min_size=1, max_size=4, configure=see_its_tables
    )


async def _first_of(*awaited: Awaitable[Any]) -> None:
    """Until the first of them has ended. What was begun here ends here; a task that was handed in goes on."""
    tasks = {asyncio.ensure_future(each): isinstance(each, asyncio.Task) for each in awaited}
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task, is_theirs in tasks.items():
        if not is_theirs:
            task.cancel()


async def _in_thread(work: Callable[[], T]) -> T:
    """Run it in a thread of its own, which does not hold the process up at its end as those of a pool would."""
    outcome: Future[T] = Future()
    outcome.set_running_or_notify_cancel()  # from here on it ends by itself, whether anybody still waits or not

    def do() -> None:
        try:
            outcome.set_result(work())
        except Exception as error:  # noqa: BLE001 - not silenced: it is raised where the outcome is waited for
            outcome.set_exception(error)

    threading.Thread(target=do, name="piece", daemon=True).start()
    return await asyncio.wrap_future(outcome)


def _quieten() -> None:
    """The engine logs what jobs raise, with whatever stands in it; what matters is logged here."""
    for name in ("procrastinate", "psycopg", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


_DEFERRING = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())
"""Knows no database: it is given the connection of each transaction."""


def __getattr__(name: str) -> procrastinate.App:
    """`jobs.workers.console`: what the engine's own command line opens, on the database of the settings."""
    if name != "console":
        raise AttributeError(name)
    return procrastinate.App(connector=_connector(Store(load(os.environ).database_url)))
