"""The calendar: everything due once and in order, however many clocks; gaps caught up once; failures recorded."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.clock import HandClock
from bot.errors import SourceError
from bot.store.database import DatabaseError, Session, Store
from bot.store.tables import RunRow
from jobs.calendar import CALENDAR, Counts, Daemon, Work, tick

MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
ORDER = ["collect", "detect", "measure", "decide", "deliver", "tidy"]
SPAWN = multiprocessing.get_context("spawn")


class Diary:
    """Work that only writes down that it was done."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def work(self) -> Work:
        return {job: self._doing(job) for job in ORDER}

    def _doing(self, job: str) -> Callable[[datetime], Counts]:
        def do(_now: datetime) -> Counts:
            self.done.append(job)
            return {"times": 1}

        return do


def failing(error: Exception) -> Callable[[datetime], Counts]:
    """Work that does not succeed."""

    def do(_now: datetime) -> Counts:
        raise error

    return do


def run_rows(store: Store) -> list[tuple[str, str, int]]:
    """Job, state and attempts of every run."""
    with store.read() as session:
        rows = session.execute(select(RunRow.job, RunRow.state, RunRow.attempts).order_by(RunRow.run_id))
        return [(job, state, attempts) for job, state, attempts in rows]


def wait_until(condition: Callable[[], bool], *, timeout_s: float = 20) -> bool:
    """Whether the condition came true in time."""
    deadline = time.monotonic() + timeout_s
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def test_everything_due_is_done_once_and_in_order(store: Store) -> None:
    """A tick does the five jobs in the order of the calendar; the same tick again does nothing."""
    diary = Diary()

    first = tick(store, work=diary.work(), now=MONDAY)
    second = tick(store, work=diary.work(), now=MONDAY)

    assert ORDER == diary.done
    assert {job: {"times": 1} for job in ORDER} == first
    assert {} == second


@pytest.mark.parametrize(
    ("job", "now", "due"),
    [
        ("collect", "2026-03-02T01:30:00", "2026-03-02T01:30:00"),
        ("collect", "2026-03-02T01:29:59.999999", "2026-03-01T01:30:00"),
        ("detect", "2026-03-02T10:00:00", "2026-03-02T02:30:00"),
        ("decide", "2026-03-02T00:00:00", "2026-03-01T03:30:00"),
        ("deliver", "2026-03-02T10:00:59", "2026-03-02T10:00:00"),
        ("deliver", "2026-03-02T10:00:00", "2026-03-02T10:00:00"),
        ("tidy", "2026-03-02T10:00:00", "2026-03-01T04:30:00"),
        ("tidy", "2026-03-01T04:29:00", "2026-02-22T04:30:00"),
        ("collect", "2026-03-29T01:30:00", "2026-03-29T01:30:00"),
    ],
)
def test_window_is_the_latest_time_it_was_due(job: str, now: str, due: str) -> None:
    """A run is known by the last time that its job was due, to the second, summer time or not."""
    (appointment,) = (one for one in CALENDAR if one.job == job)
    assert datetime.fromisoformat(due + "+00:00") == appointment.latest(datetime.fromisoformat(now + "+00:00"))


def test_next_day_is_due_again_and_a_gap_is_caught_up_once(store: Store) -> None:
    """After three weeks of silence the nightly jobs run once, not twenty-one times."""
    diary = Diary()
    tick(store, work=diary.work(), now=MONDAY)

    tick(store, work=diary.work(), now=MONDAY + timedelta(days=21))

    assert ORDER * 2 == diary.done


def test_minute_later_only_delivery_is_due(store: Store) -> None:
    """Within a day the nightly jobs stay done, and delivery is due each minute."""
    diary = Diary()
    tick(store, work=diary.work(), now=MONDAY)

    assert {"deliver": {"times": 1}} == tick(store, work=diary.work(), now=MONDAY + timedelta(minutes=1))


def test_kept_of_a_run_is_only_what_may_be_told(store: Store) -> None:
    """The caller gets all counts; in the row stands how many people there were, and not how they are."""
    counts = {"people": 12, "state.grace": 11, "state.unknown": 1}

    told = tick(store, work={"detect": lambda _now: counts}, now=MONDAY)

    assert {"detect": counts} == told
    with store.read() as session:
        assert [{"people": 12}] == list(session.scalars(select(RunRow.result)))


def test_failing_job_is_recorded_and_the_others_still_run(store: Store) -> None:
    """One sentence is kept, the count of failures is returned, and the jobs after it have run."""
    diary = Diary()
    work = {**diary.work(), "collect": failing(SourceError("the source does not answer", permanent=False))}

    counts = tick(store, work=work, now=MONDAY)

    assert 1 == counts["failed"]
    assert ORDER[1:] == diary.done
    with store.read() as session:
        kept = session.execute(select(RunRow.state, RunRow.error).where(RunRow.job == "collect")).one()
    assert ("failed", "SourceError: the source does not answer") == tuple(kept)


def test_error_of_somebody_else_is_recorded_without_its_words(store: Store) -> None:
    """What a foreign exception says may hold anybody's data, so only its class is kept."""
    tick(store, work={"detect": failing(ValueError("ada.moreau@lantern.example"))}, now=MONDAY)

    with store.read() as session:
        assert "ValueError" == session.scalar(select(RunRow.error))


def test_failed_job_is_tried_by_three_ticks(store: Store) -> None:
    """The next tick tries the same window again, three times in all; then it waits for the next window."""
    work = {"collect": failing(SourceError("away", permanent=False))}

    failures = [tick(store, work=work, now=MONDAY).get("failed", 0) for _ in range(5)]
    diary = Diary()
    tick(store, work={"collect": diary.work()["collect"]}, now=MONDAY + timedelta(days=1))

    assert [1, 1, 1, 0, 0] == failures
    assert ["collect"] == diary.done


def ticking(url: str, diary: Path) -> int:
    """One process that ticks; each job appends a line to a file that all share."""

    def doing(job: str) -> Callable[[datetime], Counts]:
        def do(_now: datetime) -> Counts:
            with diary.open("a") as lines:
                lines.write(f"{job}\n")
            time.sleep(0.1)
            return {"times": 1}

        return do

    store = Store(url)
    ran = tick(store, work={job: doing(job) for job in ORDER}, now=MONDAY)
    store.close()
    return len(ran)


def test_five_processes_tick_at_once(store: Store, tmp_path: Path) -> None:
    """Between them each job runs once, and none before those it builds on."""
    diary = tmp_path / "diary"

    with ProcessPoolExecutor(5, mp_context=SPAWN) as pool:
        ran = list(pool.map(ticking, [store.url] * 5, [diary] * 5))

    assert ORDER == diary.read_text().split()
    assert len(ORDER) == sum(ran)
    assert [(job, "done", 1) for job in ORDER] == run_rows(store)


def collecting_for_ever(url: str) -> None:
    """A process that claims the collecting and never ends it."""

    def collect(_now: datetime) -> Counts:
        threading.Event().wait()
        return {}

    tick(Store(url), work={"collect": collect}, now=MONDAY, lease_s=1)


def test_run_of_a_killed_process_is_taken_over(store: Store) -> None:
    """Another tick waits while the owner lives, and does the work itself once the owner has been killed."""
    process = SPAWN.Process(target=collecting_for_ever, args=(store.url,))
    process.start()
    assert wait_until(lambda: run_rows(store) == [("collect", "running", 1)])
    diary = Diary()
    waiting = threading.Thread(
        target=lambda: tick(store, work={"collect": diary.work()["collect"]}, now=MONDAY, lease_s=1)
    )
    waiting.start()
    time.sleep(1.5)
    assert [] == diary.done

    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    waiting.join(timeout=20)

    assert ["collect"] == diary.done
    assert [("collect", "done", 2)] == run_rows(store)


def test_two_daemons_make_one_run_row_a_fire(store: Store) -> None:
    """Two clocks over one database catch up what is due at start, once, in order, and stop when they are told."""
    diary, clock = Diary(), HandClock(MONDAY)

    with Daemon(store, work=diary.work(), clock=clock), Daemon(store, work=diary.work(), clock=clock):
        assert wait_until(lambda: len(diary.done) >= len(ORDER))
        time.sleep(0.5)

    assert sorted(ORDER) == sorted(diary.done)
    nightly = [job for job in diary.done if job != "deliver"]
    assert ["collect", "detect", "measure", "decide", "tidy"] == [job for job in nightly if job != "tidy"] + ["tidy"]
    with store.read() as session:
        assert len(ORDER) == session.scalar(select(func.count()).select_from(RunRow))


def test_daemon_survives_a_failing_job(store: Store) -> None:
    """A job that fails is recorded, and the nightly thread goes on with the next one."""
    diary = Diary()
    work = {**diary.work(), "collect": failing(RuntimeError())}

    with Daemon(store, work=work, clock=HandClock(MONDAY)):
        assert wait_until(lambda: len(diary.done) == len(ORDER) - 1)

    assert "collect" not in diary.done


def test_delivery_that_outlasts_its_minute_goes_on_at_once(sqlite_store: Store) -> None:
    """APScheduler lets the fires go by that come during a run; the pace does not wait for the one after."""
    clock, begun = HandClock(MONDAY), list[datetime]()

    def five_minutes(now: datetime) -> Counts:
        begun.append(now)
        if len(begun) < 3:
            clock.set(now + timedelta(seconds=301))
        return {}

    with Daemon(sqlite_store, work={"deliver": five_minutes}, clock=clock):
        assert wait_until(lambda: len(begun) == 3)
    assert [timedelta(seconds=301)] * 2 == [later - earlier for earlier, later in pairwise(begun)]


class AwayOnce(Store):
    """A database that is away the first time somebody wants to write."""

    was_away = False

    @contextmanager
    def begin(self) -> Iterator[Session]:
        if not self.was_away:
            self.was_away = True
            raise DatabaseError("restarting")
        with super().begin() as session:
            yield session


def test_daemon_outlives_the_database(sqlite_store: Store) -> None:
    """A database that is away costs one fire, and the threads live to do the next."""
    diary = Diary()
    store = AwayOnce(sqlite_store.url)
    nightly = {job: work for job, work in diary.work().items() if job != "deliver"}

    with Daemon(store, work=nightly, clock=HandClock(MONDAY)):
        assert wait_until(lambda: diary.done == ["detect", "measure", "decide", "tidy"])
    store.close()


def test_daemon_waits_for_what_it_is_doing(store: Store) -> None:
    """Leaving the daemon tells running work to stop and lets it finish; nothing is cut off."""
    stop, finished = threading.Event(), threading.Event()

    def slowly(_now: datetime) -> Counts:
        stop.wait(20)
        finished.set()
        return {"times": 1}

    with Daemon(store, work={"deliver": slowly}, clock=HandClock(MONDAY), stop=stop):
        assert wait_until(lambda: run_rows(store) == [("deliver", "running", 1)])

    assert finished.is_set()
    assert [("deliver", "done", 1)] == run_rows(store)
