"""Workers for the tests: quick ones, in threads or in processes of their own, whose work is a line in a diary."""

from __future__ import annotations

import multiprocessing
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bot.clock import HandClock
from bot.store.database import Store
from bot.store.tables import RunRow
from jobs import workers
from jobs.pieces import Piece
from jobs.sharing import Sharing, Timing

MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
QUICK = Timing(lease_s=3.0, heart_s=0.2, stalled_s=2.0, poll_s=0.1, again_s=0.1, retry_after_s=0.1, grace_s=1.0)
Pieces = Mapping[str, list[Piece]]
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    ["tests.jobs.workshop"]
)  # a worker then begins at once, where a fresh Python takes seconds


class Diary:
    """A file that all processes write to, a line for each beginning and each end of a piece."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch()

    def write(self, line: str) -> None:
        with self.path.open("a") as lines:
            lines.write(f"{line}\n")

    def lines(self) -> list[str]:
        return self.path.read_text().splitlines()

    def ended(self) -> list[str]:
        return [line.removeprefix("end ") for line in self.lines() if line.startswith("end ")]


def cut_in(pieces: Pieces) -> Callable[[object, str], list[Piece]]:
    return lambda _session, job: pieces.get(job, [(0, {})])


def sharing(
    store: Store,
    diary: Diary,
    *,
    pieces: Pieces | None = None,
    lasting_s: float = 0.0,
    timing: Timing = QUICK,
    moment: datetime = MONDAY,
) -> Sharing:
    """Work that takes `lasting_s` a piece; a piece hangs, or fails, until the file it names is there."""

    def carry_out(job: str, what: Mapping[str, Any], _now: datetime) -> dict[str, int]:
        name = f"{job} {what.get('n', 0)}"
        diary.write(f"begin {name}")
        if not Path(what.get("hangs", "/")).exists():
            Path(what["hangs"]).touch()
            threading.Event().wait()
        if not Path(what.get("fails", "/")).exists():
            raise ValueError("ada.moreau@lantern.example")
        time.sleep(lasting_s)
        diary.write(f"end {name}")
        return {"people": 1} if job in ("detect", "decide") else {"sent": 1}

    return Sharing(
        store,
        cut=cut_in(pieces or {}),
        carry_out=carry_out,
        clock=HandClock(moment),
        defer=workers.defer,
        timing=timing,
    )


@contextmanager
def at_work(*shared: Sharing) -> Iterator[threading.Event]:
    """A worker for each, in threads, until the context ends."""
    stop = threading.Event()
    team = [threading.Thread(target=workers.Worker(each, stop=stop).run) for each in shared]
    for worker in team:
        worker.start()
    try:
        yield stop
    finally:
        stop.set()
        for worker in team:
            worker.join()


def working(url: str, path: Path, pieces: Pieces, lasting_s: float, grace_s: float) -> None:
    """A whole process with one worker; SIGTERM tells it to stop."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    store = Store(url)
    timing = replace(QUICK, grace_s=grace_s)
    shared = sharing(store, Diary(path), pieces=pieces, lasting_s=lasting_s, timing=timing)
    workers.Worker(shared, stop=stop).run()
    store.close()


@contextmanager
def process(
    store_url: str, diary: Diary, *, pieces: Pieces, lasting_s: float = 0.0, grace_s: float = 1.0
) -> Iterator[multiprocessing.process.BaseProcess]:
    """One worker in a process of its own, which is killed at the end if it is still there."""
    started = FORKS.Process(target=working, args=(store_url, diary.path, pieces, lasting_s, grace_s))
    started.start()
    try:
        yield started
    finally:
        started.kill()
        started.join()


def wait_until(is_so: Callable[[], bool], *, within_s: float = 60.0) -> bool:
    """Whether it became so in time."""
    until = time.monotonic() + within_s
    while not is_so():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def run_rows(store: Store) -> list[tuple[str, str, int]]:
    """Job, state and attempts of every run, in the order in which they were made."""
    with store.read() as session:
        rows = session.execute(select(RunRow.job, RunRow.state, RunRow.attempts).order_by(RunRow.run_id))
        return [(job, state, attempts) for job, state, attempts in rows]


def all_ended(store: Store, count: int) -> Callable[[], bool]:
    """Whether there are that many runs, all of them at their end."""
    return lambda: [state for _, state, _ in run_rows(store)].count("done") == count
