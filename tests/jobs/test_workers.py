"""Many workers share the runs on PostgreSQL: each piece once, in order, whoever dies, and beside any clock."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from bot.clock import HandClock
from bot.store.database import DatabaseError, Store
from bot.store.tables import RunPieceRow, RunRow
from jobs import workers
from jobs.calendar import CALENDAR, Counts, Daemon, Work, tick
from tests import postgres
from tests.jobs.workshop import (
    MONDAY,
    QUICK,
    Diary,
    Pieces,
    all_ended,
    at_work,
    process,
    run_rows,
    sharing,
    wait_until,
)

NIGHT = ["collect", "detect", "measure", "decide"]
TEN: Pieces = {"detect": [(0, {"n": n}) for n in range(10)]}


@pytest.fixture
def shared_store(pg_server: str, migrated_pg: str) -> Iterator[Store]:
    """A PostgreSQL with our tables and the engine's."""
    with postgres.database(pg_server, template=migrated_pg.rsplit("/", 1)[1]) as url:
        store = Store(url)
        workers.prepare(store)
        yield store
        store.close()


@pytest.fixture
def diary(tmp_path: Path) -> Diary:
    return Diary(tmp_path / "diary")


def hand_over(store: Store, *jobs: str, at: datetime | None = None) -> None:
    due = {appointment.job: appointment.latest(MONDAY) for appointment in CALENDAR}
    for job in jobs:
        workers.handing_over(store)(job, at or due[job])


def waiting_tasks(store: Store, which: str = "true") -> int:
    with store.read() as session:
        return session.scalar(text(f"SELECT count(*) FROM procrastinate.procrastinate_jobs WHERE {which}")) or 0


def test_run_and_its_task_are_one_transaction(shared_store: Store) -> None:
    """Five clocks that find the same job due make one run and one task for it."""
    for _ in range(5):
        hand_over(shared_store, "collect")

    assert ([("collect", "waiting", 0)], 1) == (run_rows(shared_store), waiting_tasks(shared_store))


def test_pieces_are_shared_and_put_together(shared_store: Store, diary: Diary) -> None:
    """Two workers carry out ten pieces, each once; their counts stand in the run as one, and no piece is left."""
    pieces: Pieces = {"deliver": [(0, {"n": n}) for n in range(10)]}
    hand_over(shared_store, "deliver")

    with at_work(*(sharing(shared_store, diary, pieces=pieces) for _ in range(2))):
        assert wait_until(all_ended(shared_store, 1))

    assert sorted(f"deliver {n}" for n in range(10)) == sorted(diary.ended())
    with shared_store.read() as session:
        assert {"sent": 10} == session.scalar(select(RunRow.result))
        assert 0 == session.scalar(select(func.count()).select_from(RunPieceRow))
    assert 0 == waiting_tasks(shared_store)


def test_later_phase_waits_for_the_one_before(shared_store: Store, diary: Diary) -> None:
    """Nobody reads a usage source before everybody who works here is known."""
    pieces: Pieces = {"collect": [(0, {"n": "people"}), (1, {"n": "a"}), (1, {"n": "b"}), (2, {"n": "last"})]}
    hand_over(shared_store, "collect")

    with at_work(*(sharing(shared_store, diary, pieces=pieces, lasting_s=0.1) for _ in range(3))):
        assert wait_until(all_ended(shared_store, 1))

    first, *middle, last = diary.ended()
    assert ("collect people", ["collect a", "collect b"], "collect last") == (first, sorted(middle), last)


@pytest.mark.prove
def test_night_keeps_its_order(shared_store: Store, diary: Diary) -> None:
    """However many workers are free, no job begins before those it builds on; delivery waits for none of them."""
    hand_over(shared_store, *reversed(NIGHT), "deliver")

    with at_work(*(sharing(shared_store, diary, pieces=TEN, lasting_s=0.05) for _ in range(3))):
        assert wait_until(all_ended(shared_store, 5))

    jobs = [line.split()[0] for line in diary.ended()]
    assert ["collect", *["detect"] * 10, "measure", "decide"] == [job for job in jobs if job != "deliver"]
    assert "deliver" in jobs[:3]


def test_failing_piece_is_tried_three_times(shared_store: Store, diary: Diary, tmp_path: Path) -> None:
    """Then its run has failed, with the class of the error and none of its words; the jobs after it still run."""
    pieces: Pieces = {"collect": [(0, {"n": 0, "fails": str(tmp_path / "never")}), (0, {"n": 1})]}
    hand_over(shared_store, "collect", "detect")

    with at_work(sharing(shared_store, diary, pieces=pieces)):
        assert wait_until(lambda: run_rows(shared_store)[1:] == [("detect", "done", 1)])

    assert ("collect", "failed", 3) == run_rows(shared_store)[0]
    assert 3 == diary.lines().count("begin collect 0")
    with shared_store.read() as session:
        assert "ValueError" == session.scalar(select(RunRow.error).where(RunRow.job == "collect"))


def test_older_window_is_left_to_the_newer(shared_store: Store, diary: Diary) -> None:
    """When nobody worked for a while, the gap is caught up by one run, and the others say to which they left it."""
    for minutes in range(4):
        hand_over(shared_store, "deliver", at=MONDAY + timedelta(minutes=minutes))

    with at_work(sharing(shared_store, diary)):
        assert wait_until(all_ended(shared_store, 4))

    newest = MONDAY + timedelta(minutes=3)
    with shared_store.read() as session:
        results = list(session.scalars(select(RunRow.result).order_by(RunRow.scheduled_for)))
    assert [{"left_to": newest.isoformat()}] * 3 + [{"sent": 1}] == results
    assert ["deliver 0"] == diary.ended()


@pytest.mark.prove
def test_next_delivery_begins_when_the_one_before_ends(shared_store: Store, diary: Diary) -> None:
    """Nobody waits until the run that found a delivery at work asks again: here that is a minute later."""
    patient = replace(QUICK, again_s=60.0)
    hand_over(shared_store, "deliver")

    with at_work(*(sharing(shared_store, diary, lasting_s=1.0, timing=patient) for _ in range(2))):
        assert wait_until(lambda: "begin deliver 0" in diary.lines())
        hand_over(shared_store, "deliver", at=MONDAY + timedelta(minutes=1))
        assert wait_until(lambda: waiting_tasks(shared_store, "scheduled_at > now()") == 1)
        assert wait_until(all_ended(shared_store, 2), within_s=10)
        assert wait_until(lambda: waiting_tasks(shared_store) <= 1)

    assert ["deliver 0"] * 2 == diary.ended()


def test_clock_that_was_ahead_stops_nobody(shared_store: Store, diary: Diary) -> None:
    """A machine whose clock was a year ahead did a delivery of then: those of today go on."""
    ahead = datetime.now(UTC) + timedelta(days=365)
    hand_over(shared_store, "collect", "deliver", at=ahead)
    with at_work(sharing(shared_store, diary)):
        assert wait_until(all_ended(shared_store, 2))

        hand_over(shared_store, "collect", "detect", "deliver")
        assert wait_until(all_ended(shared_store, 5))

    assert {"collect 0": 2, "deliver 0": 2, "detect 0": 1} == Counter(diary.ended())


def test_tick_takes_what_waits_and_workers_leave_it(shared_store: Store, diary: Diary) -> None:
    """A cron beside the workers does what nobody has begun, once; the worker that comes to it finds it over."""
    hand_over(shared_store, "collect")
    ticked = tick(shared_store, work=work_of(diary, "collect"), now=MONDAY)

    with at_work(sharing(shared_store, diary)):
        assert wait_until(lambda: waiting_tasks(shared_store) == 0)

    assert {"collect": {"sent": 1}} == ticked
    assert ["collect by a tick"] == diary.ended()
    assert [("collect", "done", 1)] == run_rows(shared_store)


def test_tick_waits_for_what_workers_are_at(shared_store: Store, diary: Diary) -> None:
    """A cron beside the workers begins no job before what they still work on has ended."""
    hand_over(shared_store, "collect")

    with at_work(sharing(shared_store, diary, lasting_s=0.5)):
        assert wait_until(lambda: "begin collect 0" in diary.lines())
        ticked = tick(shared_store, work=work_of(diary, "collect", "detect"), now=MONDAY)

    assert {"detect": {"sent": 1}} == ticked
    assert ["collect 0", "detect by a tick"] == diary.ended()


@pytest.mark.prove
def test_tick_takes_over_when_every_worker_is_dead(shared_store: Store, diary: Diary, tmp_path: Path) -> None:
    """Nobody renews the run any longer, so a tick does it; the pieces that are left are nobody's work afterwards."""
    hand_over(shared_store, "collect")
    pieces: Pieces = {"collect": [(0, {"n": 0, "hangs": str(tmp_path / "hung")}), (0, {"n": 1})]}
    with process(shared_store.url, diary, pieces=pieces):
        assert wait_until((tmp_path / "hung").exists)

    tick(shared_store, work=work_of(diary, "collect"), now=MONDAY)
    with at_work(sharing(shared_store, diary, pieces=pieces)):
        assert wait_until(lambda: waiting_tasks(shared_store) == 0)

    assert ["collect by a tick"] == diary.ended()
    assert [("collect", "done", 2)] == run_rows(shared_store)


@pytest.mark.prove
def test_piece_of_a_killed_worker_is_taken_over(shared_store: Store, diary: Diary, tmp_path: Path) -> None:
    """kill -9 in the middle of a piece costs that try and nothing else: another worker does the piece."""
    hand_over(shared_store, "collect", "detect")
    pieces: Pieces = {"collect": [(0, {"n": 0, "hangs": str(tmp_path / "hung")}), (0, {"n": 1})]}
    with process(shared_store.url, diary, pieces=pieces):
        assert wait_until((tmp_path / "hung").exists)
        with at_work(sharing(shared_store, diary, pieces=pieces)):
            assert wait_until(lambda: "collect 1" in diary.ended())
    with at_work(sharing(shared_store, diary, pieces=pieces)):
        assert wait_until(all_ended(shared_store, 2))

    assert ["collect 1", "collect 0", "detect 0"] == diary.ended()


def test_worker_that_is_told_to_stop_finishes_what_it_began(shared_store: Store, diary: Diary) -> None:
    """SIGTERM ends it after the piece at hand, with nothing half-done; the rest waits for others."""
    hand_over(shared_store, "collect")
    pieces: Pieces = {"collect": [(0, {"n": n}) for n in range(3)]}
    with process(shared_store.url, diary, pieces=pieces, lasting_s=0.5, grace_s=10.0) as worker:
        assert wait_until(lambda: diary.lines() == ["begin collect 0"])
        worker.terminate()
        worker.join(10)

    assert (0, ["begin collect 0", "end collect 0"]) == (worker.exitcode, diary.lines())
    with shared_store.read() as session:
        states = session.scalars(select(RunPieceRow.state).order_by(RunPieceRow.number))
        assert ["done", "waiting", "waiting"] == list(states)


@pytest.mark.prove
def test_worker_that_cannot_finish_in_time_hands_back(shared_store: Store, diary: Diary, tmp_path: Path) -> None:
    """A piece that takes longer than the grace goes to another worker at once, and the process ends all the same."""
    hand_over(shared_store, "collect")
    pieces: Pieces = {"collect": [(0, {"n": 0, "hangs": str(tmp_path / "hung")})]}
    with process(shared_store.url, diary, pieces=pieces, grace_s=0.5) as worker:
        assert wait_until((tmp_path / "hung").exists)
        worker.terminate()
        worker.join(10)
        assert 0 == worker.exitcode

    with at_work(sharing(shared_store, diary, pieces=pieces)):
        assert wait_until(all_ended(shared_store, 1))
    assert ["collect 0"] == diary.ended()


def test_clocks_and_workers_side_by_side(shared_store: Store, diary: Diary) -> None:
    """Two clocks and three workers catch up a whole night: each run once, in order, and nothing is left to do."""
    jobs = [*NIGHT, "deliver", "tidy"]
    clocks = [
        Daemon(
            shared_store,
            work=work_of(diary, *jobs),
            clock=HandClock(MONDAY),
            hand_over=workers.handing_over(shared_store),
        )
        for _ in range(2)
    ]

    with at_work(*(sharing(shared_store, diary, pieces=TEN) for _ in range(3))), clocks[0], clocks[1]:
        assert wait_until(all_ended(shared_store, len(jobs)))

    ended = [line.split()[0] for line in diary.ended() if line != "deliver 0"]
    assert ["collect", *["detect"] * 10, "measure", "decide", "tidy"] == ended
    assert 1 == diary.ended().count("deliver 0")


@pytest.mark.prove
def test_workers_outlive_a_restart_of_the_database(diary: Diary) -> None:
    """While PostgreSQL is away nothing is lost; the same workers go on with the same night once it is back."""
    with postgres.own_server() as server, postgres.database(server.url) as url:
        store = Store(url)
        store.upgrade()
        workers.prepare(store)
        hand_over(store, *NIGHT)
        with at_work(*(sharing(store, diary, pieces=TEN, lasting_s=0.1) for _ in range(2))):
            assert wait_until(lambda: len(diary.ended()) >= 4)
            server.restart(crash=False)
            assert wait_until(lambda: reachable(store), within_s=20)
            assert wait_until(all_ended(store, len(NIGHT)), within_s=60)
        store.close()

    jobs = [line.split()[0] for line in diary.ended()]
    assert sorted(jobs, key=NIGHT.index) == jobs
    assert {"collect 0", *(f"detect {n}" for n in range(10)), "measure 0", "decide 0"} == set(diary.ended())


@pytest.mark.prove
def test_frozen_worker_that_wakes_up_late_changes_nothing(shared_store: Store, diary: Diary) -> None:
    """SIGSTOP for longer than a worker may be silent: another does its piece, and its own late report is refused."""
    hand_over(shared_store, "collect")
    pieces: Pieces = {"collect": [(0, {"n": n}) for n in range(4)]}
    with process(shared_store.url, diary, pieces=pieces, lasting_s=0.5) as frozen:
        assert frozen.pid is not None
        assert wait_until(lambda: "begin collect 0" in diary.lines())
        os.kill(frozen.pid, signal.SIGSTOP)
        with at_work(sharing(shared_store, diary, pieces=pieces)):
            assert wait_until(all_ended(shared_store, 1))
            os.kill(frozen.pid, signal.SIGCONT)
            assert wait_until(lambda: diary.ended().count("collect 0") == 2)
        hand_over(shared_store, "detect")
        assert wait_until(all_ended(shared_store, 2))

    with shared_store.read() as session:
        assert {"sent": 4} == session.scalar(select(RunRow.result).where(RunRow.job == "collect"))


@pytest.mark.prove
@pytest.mark.timeout(900)
def test_nights_among_kills(tmp_path: Path) -> None:
    """Three processes, of which one is killed again and again, and four clocks: three nights are done all the same,
    each run once, each piece counted once, in order, and nothing is left waiting.
    """
    chance, kills = random.Random(6), 0
    pieces: Pieces = {**TEN, "collect": [(0, {"n": 0}), *((1, {"n": n}) for n in range(1, 6))]}
    with postgres.server() as server, postgres.database(server) as url, closing(Store(url)) as store:
        store.upgrade()
        workers.prepare(store)
        for night in range(1, 4):
            diary = Diary(tmp_path / f"night {night}")
            for _ in range(4):
                hand_over(store, *NIGHT, at=MONDAY + timedelta(days=night))
            kills += kill_until(
                all_ended(store, len(NIGHT) * night),
                partial(process, url, diary, pieces=pieces, lasting_s=0.3),
                diary,
                chance,
            )
            begun = [line.split()[1] for line in diary.lines() if line.startswith("begin")]
            assert sorted(begun, key=NIGHT.index) == begun
        with store.read() as session:
            told = list(session.execute(select(RunRow.job, RunRow.result).order_by(RunRow.run_id)))
        with at_work(sharing(store, Diary(tmp_path / "morning"))):  # who was killed last left its task behind
            assert wait_until(lambda: waiting_tasks(store) == 0)
    each = [("collect", {"sent": 6}), ("detect", {"people": 10}), ("measure", {}), ("decide", {"people": 1})]
    assert each * 3 == [tuple(row) for row in told]
    assert kills >= 6


def kill_until(
    is_so: Callable[[], bool],
    begin: Callable[[], AbstractContextManager[BaseProcess]],
    diary: Diary,
    chance: random.Random,
) -> int:
    """Three workers, of which one is killed whenever there was some progress; returns how many were."""
    kills = 0
    with ExitStack() as crew:
        team = [crew.enter_context(begin()) for _ in range(3)]
        while not is_so():
            lines = len(diary.lines())
            wait_until(partial(has_grown, diary, lines + 2), within_s=5)
            time.sleep(chance.uniform(0.0, 0.5))
            team.pop(chance.randrange(3)).kill()
            team.append(crew.enter_context(begin()))
            kills += 1
            assert kills < 60
    return kills


def has_grown(diary: Diary, lines: int) -> bool:
    return len(diary.lines()) >= lines


def reachable(store: Store) -> bool:
    try:
        run_rows(store)
    except DatabaseError:
        return False
    return True


def work_of(diary: Diary, *jobs: str) -> Work:
    """What a tick does by itself."""

    def doing(job: str) -> Callable[[datetime], Counts]:
        def do(_now: datetime) -> Counts:
            diary.write(f"end {job} by a tick")
            return {"sent": 1}

        return do

    return {job: doing(job) for job in jobs}
