"""Many workers share the runs on PostgreSQL: each piece once, in order, whoever dies, and beside any clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from bot.store.database import Store
from bot.store.tables import RunPieceRow, RunRow
from jobs import workers
from tests import postgres
from tests.jobs.workshop import (
    MONDAY,
    Diary,
    all_ended,
    at_work,
    run_rows,
    sharing,
    wait_until,
)

NIGHT = ["collect", "detect", "measure", "decide"]
TEN = {"detect": [(0, {"n": n}) for n in range(10)]}


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


def hand_over(store: Store, *jobs: str, at: datetime = MONDAY) -> None:
    for job in jobs:
        workers.handing_over(store)(job, at)


def waiting_tasks(store: Store) -> int:
    with store.read() as session:
        return session.scalar(text("SELECT count(*) FROM procrastinate.procrastinate_jobs")) or 0


def test_run_and_its_task_are_one_transaction(shared_store: Store) -> None:
    """Five clocks that find the same job due make one run and one task for it."""
    for _ in range(5):
        hand_over(shared_store, "collect")

    assert ([("collect", "waiting", 0)], 1) == (run_rows(shared_store), waiting_tasks(shared_store))


def test_pieces_are_shared_and_put_together(shared_store: Store, diary: Diary) -> None:
    """Two workers carry out ten pieces, each once; their counts stand in the run as one, and no piece is left."""
    pieces = {"deliver": [(0, {"n": n}) for n in range(10)]}
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
    pieces = {"collect": [(0, {"n": "people"}), (1, {"n": "a"}), (1, {"n": "b"}), (2, {"n": "last"})]}
    hand_over(shared_store, "collect")

    with at_work(*(sharing(shared_store, diary, pieces=pieces, lasting_s=0.1) for _ in range(3))):
        assert wait_until(all_ended(shared_store, 1))

    first, *middle, last = diary.ended()
    assert ("collect people", ["collect a", "collect b"], "collect last") == (first, sorted(middle), last)


def test_night_keeps_its_order(shared_store: Store, diary: Diary) -> None:
    """However many workers are free, no job begins before those it builds on; delivery waits for none of them."""
    hand_over(shared_store, *reversed(NIGHT), "deliver")

    with at_work(*(sharing(shared_store, diary, pieces=TEN, lasting_s=0.05) for _ in range(3))):
        assert wait_until(all_ended(shared_store, 5))

    jobs = [line.split()[0] for line in diary.ended()]
    assert ["collect", *["detect"] * 10, "measure", "decide"] == [job for job in jobs if job != "deliver"]
    assert "deliver" in jobs[:3]
