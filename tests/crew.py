"""A Slack and any number of delivering processes, real ones that can be killed, all with one calendar.

`python -m tests.crew slack …` is the stand-in for Slack; `python -m tests.crew nursery …` forks a courier for each line
that it reads. A fork begins at once, where a fresh Python would load the program for a second, and is as much a process
of its own. A courier delivers exactly as `kindling deliver` does, with the real rules and words, over and over.
Used by tests/chaos.py and by the benchmarks of delivery, which hold the other end. Next: tests/chaos.py.
"""

from __future__ import annotations

import fcntl
import json
import os
import resource
import signal
import struct
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot import app
from bot.playground.cast import read_members
from bot.playground.rates import GENEROUS, STRICT
from bot.playground.server import BOT_TOKEN
from bot.settings import load
from bot.sources.public_holidays import holidays_of, weekend_of
from bot.store.database import DatabaseError
from handlers.desk import Desk
from jobs import detect
from jobs.rounds import Pace
from tests import watched

_HELD = struct.Struct("<d?")


class World:
    """The calendar that all processes share: a file with how far it is ahead of the machine's clock.

    It may jump, forward and back, but only between runs of delivery: who runs holds a lock that ends with its process.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT)
        if not os.fstat(self._file).st_size:
            os.pwrite(self._file, _HELD.pack(0.0, False), 0)

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._read()[0])

    def is_turning(self) -> bool:
        """Whether somebody waits for the runs to end, to turn the calendar."""
        return self._read()[1]

    @contextmanager
    def run(self) -> Iterator[None]:
        """In here the calendar does not jump."""
        while self.is_turning():
            time.sleep(0.01)
        fcntl.flock(self._file, fcntl.LOCK_SH)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def turn_to(self, moment: datetime) -> None:
        """Let every run end, then put the calendar at `moment`."""
        ahead_s, _ = self._read()
        os.pwrite(self._file, _HELD.pack(ahead_s, True), 0)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        time.sleep(0.1)  # what killed processes have said is on its way to Slack still
        os.pwrite(self._file, _HELD.pack((moment - datetime.now(UTC)).total_seconds(), False), 0)
        fcntl.flock(self._file, fcntl.LOCK_UN)

    def _read(self) -> tuple[float, bool]:
        ahead_s, is_turning = _HELD.unpack(os.pread(self._file, _HELD.size, 0))
        return ahead_s, is_turning


class Told(threading.Event):
    """The stop of a courier: told by a signal, or by a calendar that wants to be turned."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def is_set(self) -> bool:
        return super().is_set() or self._world.is_turning()

    def is_end(self) -> bool:
        return super().is_set()


@dataclass(frozen=True)
class Orders:
    """What a nursery's couriers work on. `report` is a file to which each that ends in peace adds a line."""

    database_url: str
    api_url: str
    world: str
    report: str
    pace: dict[str, Any] = field(default_factory=dict)


def nursery(orders: Orders) -> None:
    """Fork a courier for every line, and say its number."""
    world = World(Path(orders.world))
    desk = _warm_desk(orders, world)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the dead
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            sys.stdin.close()
            try:
                deliver_for_ever(orders, desk)
            finally:
                os._exit(0)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


def _warm_desk(orders: Orders, world: World) -> Desk:
    """A desk without open connections, with tips, prices and statements ready for those who are forked."""
    settings = load(
        {
            "KINDLING_DATABASE_URL": orders.database_url,
            "KINDLING_SLACK_API_URL": orders.api_url,
            "SLACK_BOT_TOKEN": BOT_TOKEN,
        }
    )
    desk = app.build(settings, clock=world)
    desk.slack.client.timeout = int(Pace(**orders.pace).http_timeout_s)
    with desk.store.read() as session:
        detect.judge_people(
            session,
            person_ids=[1],
            now=world.now(),
            prices=desk.prices,
            holidays_of=holidays_of,
            weekend_of=weekend_of,
        )
    desk.store.close()
    return desk


def deliver_for_ever(orders: Orders, desk: Desk) -> None:
    """Deliver until killed, or until told to stop: then say what it took."""
    world = World(Path(orders.world))  # with a lock of its own: the one of the nursery would be shared
    told = Told(world)
    signal.signal(signal.SIGTERM, lambda *_: told.set())
    deliver = app.work(desk, pace=Pace(**orders.pace), stop=told)["deliver"]
    counts: Counter[str] = Counter()
    nursery_pid = os.getppid()
    while not told.is_end() and os.getppid() == nursery_pid:
        try:
            with world.run():
                counts.update(deliver(world.now()))
        except DatabaseError:
            time.sleep(0.2)  # it restarts in some of the tests; the calendar would come again in a minute
        time.sleep(0.02)
    used = resource.getrusage(resource.RUSAGE_SELF)
    line = {"cpu_s": used.ru_utime + used.ru_stime, "peak_mb": used.ru_maxrss / 1024, "counts": counts}
    with Path(orders.report).open("a", encoding="utf-8") as report:
        report.write(json.dumps(line) + "\n")


@dataclass
class Crew:
    """The other end: starts couriers, kills them, freezes them."""

    nursery: subprocess.Popen[str]
    orders: Orders
    alive: list[int] = field(default_factory=list)

    def start(self) -> int:
        """One more courier."""
        assert self.nursery.stdin is not None
        assert self.nursery.stdout is not None
        self.nursery.stdin.write("one\n")
        self.nursery.stdin.flush()
        pid = int(self.nursery.stdout.readline())
        self.alive.append(pid)
        return pid

    def kill(self, pid: int) -> None:
        """kill -9, and wait until it is gone."""
        self._end(pid, signal.SIGKILL)

    def dismiss(self) -> list[dict[str, Any]]:
        """Let everybody finish what they are at; returns what each of them has to say."""
        for pid in list(self.alive):
            self._end(pid, signal.SIGTERM)
        report = Path(self.orders.report)
        return [json.loads(line) for line in report.read_text().splitlines()] if report.exists() else []

    def _end(self, pid: int, with_signal: signal.Signals) -> None:
        os.kill(pid, with_signal)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)  # should it be frozen
        while _is_alive(pid):
            time.sleep(0.005)
        self.alive.remove(pid)


@contextmanager
def crew(
    folder: Path, *, database_url: str, slack: SlackProcess, pace: dict[str, Any], name: str = "crew"
) -> Iterator[Crew]:
    """A nursery, with nobody at work yet."""
    orders = Orders(database_url, slack.api_url, str(slack.world.path), str(folder / f"{name}.jsonl"), pace)
    command = [sys.executable, "-m", "tests.crew", "nursery", json.dumps(asdict(orders))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        held = Crew(process, orders)
        assert process.stdout is not None
        assert process.stdin is not None
        assert "ready\n" == process.stdout.readline()
        try:
            yield held
        finally:
            for pid in list(held.alive):
                held.kill(pid)
            process.stdin.close()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@dataclass
class SlackProcess:
    """A stand-in for Slack in a process of its own, and its control door."""

    process: subprocess.Popen[str]
    api_url: str
    journal: Path
    world: World

    def ask(self, what: str, **given: object) -> dict[str, Any]:
        """Say something at the control door; without `given`, ask something."""
        door = self.api_url.replace("/api/", f"/playground/{what}")
        body = json.dumps(given).encode() if given or what == "clear_faults" else None
        request = urllib.request.Request(door, body, {"Content-Type": "application/json"})
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as reply:
            answer: dict[str, Any] = json.loads(reply.read())
        return answer

    def cpu_s(self) -> float:
        """The processor time that it has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_mb(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 1024


@contextmanager
def slack_process(
    folder: Path, *, members: Path, now: datetime, messages_per_s: int = 0, strict: bool = False
) -> Iterator[SlackProcess]:
    """A stand-in with these members, in whose calendar it is `now`; it refuses more messages in any second than given,
    or whatever is beyond Slack's own limits.
    """
    world = World(folder / "world")
    world.turn_to(now)
    journal = folder / "journal.jsonl"
    given = [str(world.path), str(journal), str(members), "strict" if strict else str(messages_per_s)]
    command = [sys.executable, "-m", "tests.crew", "slack", *given]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield SlackProcess(process, process.stdout.readline().split()[1], journal, world)
        process.terminate()
        assert 0 == process.wait(300), "somebody was shown something of somebody else"


def be_slack(world: str, journal: str, members: str, limit: str) -> None:
    """The stand-in, until SIGTERM."""
    done = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: done.set())
    pace = STRICT if limit == "strict" else replace(GENEROUS, messages_per_s_workspace=int(limit) or None)
    with watched.playground(
        World(Path(world)),
        journal_path=Path(journal),
        members=read_members(Path(members)),
        pace=pace,
        may_kill=True,
    ) as slack:
        sys.stdout.write(f"ready {slack.api_url}\n")
        sys.stdout.flush()
        done.wait()


if __name__ == "__main__":
    if sys.argv[1] == "slack":
        be_slack(*sys.argv[2:])
    else:
        nursery(Orders(**json.loads(sys.argv[2])))
