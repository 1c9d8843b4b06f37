"""How much of the configured pace delivery reaches, and what the stand-in for Slack refuses meanwhile.

Slack's stand-in is a process of its own and refuses the first message that is too many in any second. The couriers are
processes as well; each delivers as `kindling deliver` does, with the real rules asked twice for every message. The rate
is counted from the first to the last entry of the stand-in's journal, 429s from its list of calls.
Run: python benchmarks/pace.py [--deliveries 1000] [--allowed 50] [--workers 1 2 4] [--databases sqlite postgresql]
     python benchmarks/pace.py --real            at Slack's own pace and limits, for 300 deliveries
     python benchmarks/pace.py --drain 150000    plan with `detect` and `decide`, then deliver all of it
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from bot import app
from bot.clock import HandClock
from bot.playground import journal
from bot.settings import load
from bot.store.database import Store
from jobs.rounds import Pace
from tests import crew, crowd, postgres
from tests.crew import SlackProcess

TUESDAY_NOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
NIGHT = datetime(2026, 3, 3, 4, 0, tzinfo=UTC)
ALL_DUE = datetime(2026, 3, 3, 13, 0, tzinfo=UTC)
"""By then everything is due that `decide` planned in the night, for it spreads a wave over the morning."""
SHARE = 0.9
"""Of what Slack allows: what `jobs/rounds.py` is set to."""


@dataclass(frozen=True)
class Cell:
    """One line of the table."""

    database: str
    workers: int
    deliveries: int
    allowed_per_s: int
    """0: the stand-in has Slack's own limits, and the couriers their own pace."""

    @property
    def rate_per_s(self) -> float:
        return self.allowed_per_s * SHARE if self.allowed_per_s else Pace().rate_per_s


@dataclass(frozen=True)
class Reached:
    """What a run came to."""

    messages: int
    per_s: float
    longest_gap_s: float
    refused: int
    courier_cpu_s: float
    courier_peak_mb: float
    slack_cpu_s: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--deliveries", type=int, default=0, help="default 1000, or 300 with --real")
    parser.add_argument("--allowed", type=int, default=50, help="messages a second beyond which the stand-in refuses")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"], choices=["sqlite", "postgresql"])
    parser.add_argument("--real", action="store_true", help="Slack's own limits and the pace as it is set")
    parser.add_argument("--drain", type=int, default=0, metavar="PEOPLE", help="plan for so many, and deliver it all")
    parser.add_argument("--child", nargs=2, metavar=("WHO", "WHERE"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        child(*asked.child)
        return
    deliveries = asked.deliveries or (300 if asked.real else 1_000)
    with postgres.server() as server:
        if asked.drain:
            for database in asked.databases:
                drain(server, Cell(database, asked.workers[-1], asked.drain, asked.allowed))
            return
        print("| database | couriers | deliveries | allowed/s | set/s | reached/s | share | 429s | CPU s per 1,000 |")
        print("|---" * 9 + "|", flush=True)
        for database in asked.databases:
            for workers in asked.workers:
                line(server, Cell(database, workers, deliveries, 0 if asked.real else asked.allowed))


def line(server: str, cell: Cell) -> None:
    """Fill a queue, let it be delivered, and say what was reached."""
    with tempfile.TemporaryDirectory() as place, opened(server, cell.database, place) as url:
        measured("fill", f"{cell.deliveries} {url}")
        reached = deliver_all(Path(place), url, cell)
    print(
        f"| {cell.database} | {cell.workers} | {reached.messages:,} | {cell.allowed_per_s or 'Slack’s'} "
        f"| {cell.rate_per_s:g} | {reached.per_s:.2f} | {reached.per_s / cell.rate_per_s:.1%} | {reached.refused} "
        f"| {reached.courier_cpu_s / reached.messages * 1000:.1f} |",
        flush=True,
    )


def drain(server: str, cell: Cell) -> None:
    """A whole wave: judged, decided, delivered; each with its time, processor time and memory."""
    with tempfile.TemporaryDirectory() as place, opened(server, cell.database, place) as url:
        measured("hire", f"{cell.deliveries} {url}")
        print(f"{cell.database}: {cell.deliveries:,} people")
        print("| step | s | CPU s per 1,000 | peak MB |\n|---|---|---|---|")
        for step in ("detect", "decide"):
            wall_s, cpu_s, peak_mb = measured(step, url)
            print(f"| {step} | {wall_s:.0f} | {cpu_s / cell.deliveries * 1000:.2f} | {peak_mb:.0f} |", flush=True)
        reached = deliver_all(Path(place), url, cell, now=ALL_DUE)
    wall_s = reached.messages / reached.per_s
    print(
        f"| deliver, {cell.workers} couriers | {wall_s:.0f} | {reached.courier_cpu_s / reached.messages * 1000:.2f} "
        f"| {reached.courier_peak_mb:.0f} |\n"
        f"{reached.messages:,} messages, {reached.per_s:.2f}/s of {cell.rate_per_s:g} set and {cell.allowed_per_s} "
        f"allowed, {reached.refused} 429s; the floor at the set pace is {reached.messages / cell.rate_per_s:.0f} s; "
        f"the stand-in's own CPU {reached.slack_cpu_s / reached.messages * 1000:.2f} s per 1,000.",
        flush=True,
    )


def deliver_all(folder: Path, url: str, cell: Cell, *, now: datetime = TUESDAY_NOON) -> Reached:
    """Let the couriers work until nothing is left, and read the stand-in's books."""
    members = crowd.write_members(folder / "members.json", cell.deliveries)
    pace = {"rate_per_s": cell.rate_per_s}
    strictly = {"messages_per_s": cell.allowed_per_s} if cell.allowed_per_s else {"strict": True}
    with crew.slack_process(folder, members=members, now=now, **strictly) as slack:
        with crew.crew(folder, database_url=url, slack=slack, pace=pace) as couriers:
            for _ in range(cell.workers):
                couriers.start()
            wait_until_all_are_sent(slack, cell)
            ended = couriers.dismiss()
        refused = sum(1 for call in slack.ask("calls")["calls"] if call["error"] == "ratelimited")
        slack_cpu_s = slack.cpu_s()
        times = [datetime.fromisoformat(shown.at) for shown in journal.read(slack.journal)]
    return Reached(
        messages=len(times),
        per_s=(len(times) - 1) / (times[-1] - times[0]).total_seconds(),
        longest_gap_s=max((later - earlier).total_seconds() for earlier, later in pairwise(times)),
        refused=refused,
        courier_cpu_s=sum(one["cpu_s"] for one in ended),
        courier_peak_mb=max(one["peak_mb"] for one in ended),
        slack_cpu_s=slack_cpu_s,
    )


def wait_until_all_are_sent(slack: SlackProcess, cell: Cell) -> None:
    """Asks the size of the journal, which costs the processes nothing."""
    give_up = time.monotonic() + 60 + 6 * cell.deliveries / cell.rate_per_s
    while time.monotonic() < give_up:
        with slack.journal.open("rb") as file:
            seen = sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))
        if seen >= cell.deliveries:
            return
        time.sleep(min(10.0, max(0.5, (cell.deliveries - seen) / cell.rate_per_s / 4)))
    raise TimeoutError("the queue was not delivered in six times its time")


@contextmanager
def opened(server: str, database: str, place: str) -> Iterator[str]:
    """An empty database."""
    if database == "sqlite":
        yield f"sqlite:///{place}/pace.db"
        return
    with postgres.database(server) as url:
        yield url


def measured(who: str, where: str) -> tuple[float, float, float]:
    """Seconds, processor seconds and peak megabytes of a piece of work in a process of its own."""
    command = [sys.executable, __file__, "--child", who, where]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    wall_s, cpu_s, peak_mb = map(float, done.stdout.split())
    return wall_s, cpu_s, peak_mb


def child(who: str, where: str) -> None:
    start, cpu = time.perf_counter(), time.process_time()
    if who in ("fill", "hire"):
        count, _, url = where.partition(" ")
        hire(int(count), url, with_nudges=who == "fill")
    else:
        settings = load({"KINDLING_DATABASE_URL": where})
        with app.running(settings, clock=HandClock(NIGHT)) as desk:
            app.work(desk)[who](NIGHT)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(time.perf_counter() - start, time.process_time() - cpu, peak_mb)


def hire(count: int, url: str, *, with_nudges: bool) -> None:
    store = Store(url)
    store.upgrade()
    person_ids = crowd.hire(store, ["UTC"] * count)
    if with_nudges:
        crowd.plan(store, ((person_id, TUESDAY_NOON - timedelta(hours=1)) for person_id in person_ids))
    store.close()


if __name__ == "__main__":
    main()
