"""How long /ai-stats takes with 50 people asking at once while a queue is delivered, beside a bare Bolt app.

Both apps sit at the same stand-in for Slack, one after the other, over the same Socket Mode with the same threads. The
bare one acknowledges and answers with one line, and has nothing else to do. Kindling is one process: it listens,
delivers, judges the person anew and draws the card. Acknowledged is when the stand-in has the envelope's answer;
answered is when the message stands in its journal. Absolute times depend on the machine; the ratios are what to watch.
Run: python benchmarks/latency.py [--people 50] [--times 6] [--databases sqlite postgresql]
"""

from __future__ import annotations

import argparse
import json
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient

from bot import app
from bot.domain.roster import PersonRecord
from bot.playground import journal
from bot.playground.server import APP_TOKEN, BOT_TOKEN
from bot.settings import load
from bot.sources.invented.company import InventedCompany
from bot.store import people
from bot.store.database import Store
from bot.transports import socket_mode
from jobs.calendar import Daemon
from tests import company, crew, crowd, postgres
from tests.crew import SlackProcess, World

NIGHT = datetime(2026, 3, 3, 4, 0, tzinfo=UTC)
NOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
QUEUE = 2_000
"""People with a message due; at the pace of one a second it outlasts the questions."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--people", type=int, default=50, help="who ask at once")
    parser.add_argument("--times", type=int, default=6, help="how often each of them asks, one after the other")
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"], choices=["sqlite", "postgresql"])
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        serve(*asked.child)
        return
    print("| database | who answers | ack p50, ms | ack p99 | answer p50 | answer p99 | not in 3 s | delivered |")
    print("|---" * 8 + "|")
    with postgres.server() as server:
        for database in asked.databases:
            compare(server, database, asked.people, asked.times)


def compare(server: str, database: str, count: int, times: int) -> None:
    """The bare app, then Kindling, then the ratio of the two."""
    with tempfile.TemporaryDirectory() as place, opened(server, database, place) as url:
        folder = Path(place)
        fill(url, count)
        members = crowd.write_members(folder / "members.json", QUEUE + count)
        with crew.slack_process(folder, members=members, now=NOON) as slack:
            took = {who: asked_at_once(slack, who, url, count, times) for who in ("bare", "kindling")}
    for who, name in (("bare", "bare Bolt app"), ("kindling", "Kindling, delivering")):
        one = took[who]
        print(f"| {database} | {name} | {one} | {one.late} | {one.delivered} |")
    ratios = (ours / theirs for ours, theirs in zip(took["kindling"].figures, took["bare"].figures, strict=True))
    print(f"| {database} | × | {' | '.join(f'{ratio:.1f}' for ratio in ratios)} | | |", flush=True)


@dataclass
class Took:
    """Seconds until each question was acknowledged and answered."""

    acked_s: list[float] = field(default_factory=list)
    answered_s: list[float] = field(default_factory=list)
    late: int = 0
    delivered: int = 0

    @property
    def figures(self) -> tuple[float, ...]:
        return tuple(_at(these, share) for these in (self.acked_s, self.answered_s) for share in (0.5, 0.99))

    def __str__(self) -> str:
        return " | ".join(f"{seconds * 1000:.0f}" for seconds in self.figures)


def _at(seconds: list[float], share: float) -> float:
    return statistics.quantiles(seconds, n=100, method="inclusive")[round(share * 100) - 1]


def asked_at_once(slack: SlackProcess, who: str, url: str, count: int, times: int) -> Took:
    """Everybody asks, waits for the answer and asks again; one round before it is not counted."""
    took, watch = Took(), Watch(slack.journal)
    given = [who, url, slack.api_url, str(slack.world.path)]
    command = [sys.executable, __file__, "--child", *given]
    askers = [crowd.slack_id(QUEUE + number) for number in range(count)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process, watch.reading():
        while not slack.ask("state?as=" + askers[0])["connected"]:
            time.sleep(0.1)
        with ThreadPoolExecutor(count) as pool:
            list(pool.map(lambda user: ask(slack, watch, user, Took()), askers))
            before = watch.delivered
            list(pool.map(lambda user: ask(slack, watch, user, took, times=times), askers))
            took.delivered = watch.delivered - before
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    return took


def ask(slack: SlackProcess, watch: Watch, user: str, took: Took, times: int = 1) -> None:
    for _ in range(times):
        seen = watch.expect(user)
        began = time.perf_counter()
        reply = slack.ask("command", **{"as": user, "command": "/ai-stats", "text": ""})
        took.acked_s.append(time.perf_counter() - began)
        took.late += bool(reply["problem"])
        if not seen.wait(60):
            raise TimeoutError("a question was not answered within a minute")
        took.answered_s.append(watch.at[user] - began)


@dataclass
class Watch:
    """Reads the journal as it grows: when each asker was answered, and how many messages were delivered."""

    path: Path
    at: dict[str, float] = field(default_factory=dict)
    delivered: int = 0
    _expected: dict[str, threading.Event] = field(default_factory=dict)
    _over: threading.Event = field(default_factory=threading.Event)

    def expect(self, user: str) -> threading.Event:
        self._expected[user] = threading.Event()
        return self._expected[user]

    @contextmanager
    def reading(self) -> Iterator[None]:
        thread = threading.Thread(target=self._read)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _read(self) -> None:
        with self.path.open(encoding="utf-8") as file:
            file.seek(0, 2)
            rest = ""
            while not self._over.is_set():
                *lines, rest = (rest + file.read()).split("\n")
                for line in lines:
                    self._note(journal.Shown(**json.loads(line)))
                time.sleep(0.002)

    def _note(self, shown: journal.Shown) -> None:
        if shown.surface == "dm":
            self.delivered += 1
        elif shown.surface == "ephemeral" and shown.to in self._expected:
            self.at[shown.to] = time.perf_counter()
            self._expected[shown.to].set()


# ---------------------------------------------------------------- the two apps


def serve(who: str, url: str, api_url: str, world: str) -> None:
    """One of the two apps, until SIGTERM."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    if who == "bare":
        client = WebClient(BOT_TOKEN, base_url=api_url)
        client.proxy = None
        bare = App(client=client, listener_executor=ThreadPoolExecutor(app.LISTENER_THREADS))
        bare.command("/ai-stats")(echo)
        socket_mode.serve(bare, app_token=APP_TOKEN, web_client=client, stop=stop)
        return
    settings = load(
        {
            "KINDLING_DATABASE_URL": url,
            "KINDLING_SLACK_API_URL": api_url,
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
        }
    )
    clock = World(Path(world))
    with app.running(settings, clock=clock) as desk:
        deliver = {"deliver": app.work(desk, stop=stop)["deliver"]}
        with Daemon(desk.store, work=deliver, clock=clock, stop=stop):
            app.listen(desk, stop)


def echo(ack: Ack, respond: Respond) -> None:
    ack()
    respond("You asked.")


def fill(url: str, count: int) -> None:
    """A queue for the crowd, and a company of colleagues with months of use who will ask."""
    store = Store(url)
    store.upgrade()
    queue = crowd.hire(store, ["UTC"] * QUEUE)
    crowd.plan(store, ((person_id, NOON - timedelta(hours=1)) for person_id in queue))
    invented = InventedCompany(seed=1, size=count, now=NIGHT)
    company.keep_in_parts(store, invented, first_day=date(2025, 12, 1))
    accounts = [
        PersonRecord(email=one.worker.email, slack_user_id=crowd.slack_id(QUEUE + number))
        for number, one in enumerate(invented.people())
    ]
    with store.begin() as session:
        people.save_people(session, records=accounts, now=NIGHT, columns={"slack_user_id"})
    store.close()


@contextmanager
def opened(server: str, database: str, place: str) -> Iterator[str]:
    """An empty database."""
    if database == "sqlite":
        yield f"sqlite:///{place}/latency.db"
        return
    with postgres.database(server) as url:
        yield url


if __name__ == "__main__":
    main()
