"""P8: a nudge reaches a person at most once, and a planned one is delivered or ends in a state that says why.

Two kinds of evidence. In one process, a crash before and after every single commit, combined with every fault of
Slack's: all of them, not a sample. And real processes on both databases, killed at each call, at random moments, and
frozen past their lease, while Slack drops replies, refuses and breaks; then the playground's journal is counted.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from bot.playground import journal
from bot.playground.cast import Member
from bot.playground.faults import Kind
from bot.playground.server import BOT_TOKEN, Playground
from bot.playground.web_api import ALL_SCOPES
from bot.slack import Slack
from bot.store.database import Store
from bot.store.own_tips import library
from bot.store.tables import NudgeRow, NudgeStepRow
from jobs.deliver import deliver
from jobs.rounds import Pace
from tests import watched
from tests.nudge_queue import NOW, OPEN, TIP, always_right, let_time_pass, nudge_row, plan, states, walk, words

ENDS = {"sent", "skipped", "failed", "unknown"}


# ---------------------------------------------------------------- every crash, one by one


class Killed(BaseException):
    """Stands for kill -9 inside one process: nothing of ours catches it."""


class MortalStore(Store):
    """A store whose user dies at its nth transaction, right before or right after the commit.

    Nobody pulls the plug of the machine here, so the disk need not be waited for.
    """

    dies_at = 0
    dies_before_commit = False
    transactions = 0

    def __init__(self, url: str) -> None:
        super().__init__(url)
        event.listen(self.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))

    @contextmanager
    def begin(self) -> Iterator[Session]:
        self.transactions += 1
        is_last = self.transactions == self.dies_at
        with super().begin() as session:
            yield session
            if is_last and self.dies_before_commit:
                raise Killed
        if is_last:
            raise Killed


FAULTS: dict[str, list[tuple[str, Kind, dict[str, Any]]]] = {
    "none": [],
    "reply to post lost": [("chat.postMessage", Kind.DROP_AFTER, {})],
    "post lost": [("chat.postMessage", Kind.DROP_BEFORE, {})],
    "500 after post": [("chat.postMessage", Kind.SERVER_ERROR_AFTER, {"status": 500})],
    "503 before post": [("chat.postMessage", Kind.SERVER_ERROR_BEFORE, {"status": 503})],
    "429": [("chat.postMessage", Kind.RATE_LIMITED, {"retry_after_s": 3})],
    "fatal_error": [("chat.postMessage", Kind.REFUSED, {"error": "fatal_error"})],
    "open lost": [("conversations.open", Kind.DROP_AFTER, {})],
    "429 at open": [("conversations.open", Kind.RATE_LIMITED, {"retry_after_s": 3})],
    "reply lost, then the look-up": [
        ("chat.postMessage", Kind.DROP_AFTER, {}),
        ("conversations.history", Kind.DROP_BEFORE, {}),
        ("conversations.history", Kind.RATE_LIMITED, {"retry_after_s": 3}),
        ("conversations.history", Kind.SERVER_ERROR_BEFORE, {"status": 502}),
    ],
    "lost twice": [
        ("chat.postMessage", Kind.DROP_BEFORE, {}),
        ("chat.postMessage", Kind.DROP_AFTER, {}),
    ],
}


@dataclass
class Bench:
    """One database and one playground, on which case after case is played, each with a person of its own."""

    store: MortalStore
    aside: Store
    playground: Playground
    cases: int = 0

    def newcomer(self) -> tuple[str, int]:
        """A person whom nobody has written to yet, with one planned nudge; returns both their numbers."""
        self.cases += 1
        slack_id = f"UCASE{self.cases}"
        self.playground.add_member(Member(slack_id, f"{slack_id}@lantern.example", slack_id))
        with self.aside.begin() as session:
            return slack_id, plan(session, slack_id=slack_id)

    def deliver_until_it_ends(self, nudge_id: int) -> bool:
        """Run after run, with time passing between them, until the nudge has ended; whether a run died."""
        died = False
        for _ in range(12):
            try:
                self._deliver()
            except Killed:
                died = True
            if nudge_row(self.aside, nudge_id).state in ENDS:
                break
            let_time_pass(self.aside, seconds=1000)
        walk(self.aside, nudge_id)
        return died

    def _deliver(self) -> None:
        """One run, in which no waiting is really waited for."""
        deliver(
            self.store,
            slack=Slack(BOT_TOKEN, self.playground.api_url),
            tips=library([TIP]),
            now=NOW,
            recheck=always_right,
            render=words,
            owner=uuid4().hex,
            pace=Pace(rate_per_s=1000, look_up_rate_per_s=1000, patience_s=1000),
            sleep=lambda _s: None,
        )


@contextmanager
def a_bench(folder: Path, scopes: frozenset[str] = ALL_SCOPES) -> Iterator[Bench]:
    """An embedded store that one can die on, and a playground in the same process."""
    store = MortalStore(f"sqlite:///{folder / 'kindling.db'}")
    store.upgrade()
    aside = Store(store.url)
    with watched.playground(members=(), scopes=scopes) as playground:
        yield Bench(store, aside, playground)
    aside.close()
    store.close()


@pytest.mark.parametrize("before_commit", [True, False], ids=["before the commit", "after the commit"])
@pytest.mark.parametrize("fault", FAULTS)
def test_death_at_every_commit_under_every_fault(tmp_path: Path, fault: str, before_commit: bool) -> None:
    """Wherever the process dies, and whatever Slack does meanwhile: one message, and the row says `sent`."""
    with a_bench(tmp_path) as bench:
        bench.store.dies_before_commit = before_commit
        for dies_at in count(1):
            slack_id, nudge_id = bench.newcomer()
            for method, kind, given in FAULTS[fault]:
                bench.playground.faults.inject(method, kind, **given)
            bench.store.transactions, bench.store.dies_at = 0, dies_at
            died = bench.deliver_until_it_ends(nudge_id)
            bench.playground.faults.clear()

            seen = len(bench.playground.journal.messages(slack_id))
            assert (1, "sent") == (seen, nudge_row(bench.aside, nudge_id).state), f"died at transaction {dies_at}"
            if not died:
                break
    assert dies_at > 7, "a delivery has at least seven transactions to die at"


@pytest.mark.parametrize(("kind", "seen"), [(Kind.DROP_AFTER, 1), (Kind.DROP_BEFORE, 0)])
def test_without_history_a_doubt_is_never_sent_again(tmp_path: Path, kind: Kind, seen: int) -> None:
    """Where the app may not read its own messages, a lost reply ends as unknown: at most one message, with a reason."""
    with a_bench(tmp_path, scopes=frozenset({"chat:write", "im:write"})) as bench:
        slack_id, nudge_id = bench.newcomer()
        bench.playground.faults.inject("chat.postMessage", kind)
        bench.deliver_until_it_ends(nudge_id)

        row = nudge_row(bench.aside, nudge_id)
        assert ("unknown", "missing_scope") == (row.state, row.reason)
        assert seen == len(bench.playground.journal.messages(slack_id))


# ---------------------------------------------------------------- real processes, really killed


@dataclass
class Couriers:
    """The processes that deliver, the playground's control door, and a count of what was done to them."""

    database_url: str
    api_url: str
    store: Store
    rng: random.Random
    alive: list[subprocess.Popen[str]] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    people: int = 0

    def plan(self, people: int) -> None:
        """So many more people, with one planned nudge each."""
        with self.store.begin() as session:
            for number in range(self.people, self.people + people):
                plan(session, slack_id=f"U{number}")
        self.people += people

    def start(self) -> subprocess.Popen[str]:
        """One more courier, started but waiting for `go`."""
        courier = subprocess.Popen(
            [sys.executable, "-m", "tests.promises.courier", self.database_url, self.api_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert courier.stdout is not None
        assert "ready\n" == courier.stdout.readline()
        self.alive.append(courier)
        return courier

    def go(self, courier: subprocess.Popen[str]) -> None:
        """Let it deliver."""
        assert courier.stdin is not None
        courier.stdin.write("go\n")
        courier.stdin.flush()

    def fault(self, method: str, kind: Kind, **given: object) -> None:
        """Order a fault of the next call of this method."""
        self.ask("fault", method=method, kind=kind, **given)
        self.done[kind.value] += 1

    def ask(self, what: str, **given: object) -> None:
        """Say something at the playground's control door."""
        door = self.api_url.replace("/api/", f"/playground/{what}")
        request = urllib.request.Request(door, json.dumps(given).encode(), {"Content-Type": "application/json"})
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as reply:
            reply.read()

    def bury(self, courier: subprocess.Popen[str]) -> None:
        """Wait for the end of one that was killed."""
        assert -signal.SIGKILL == courier.wait(20)
        self.done["killed"] += 1
        self.alive.remove(courier)
        for pipe in (courier.stdin, courier.stdout):
            assert pipe is not None
            pipe.close()

    def close(self) -> None:
        for courier in list(self.alive):
            courier.kill()
            self.bury(courier)

    def open_steps(self) -> list[tuple[str, str | None, int]]:
        """What became of each message that is still open: where it went, why, at which attempt."""
        told = select(NudgeStepRow.to_state, NudgeStepRow.reason, NudgeRow.attempts).join(
            NudgeRow, NudgeRow.nudge_id == NudgeStepRow.nudge_id
        )
        with self.store.read() as session:
            return [
                (to, reason, attempt) for to, reason, attempt in session.execute(told.where(NudgeRow.state.in_(OPEN)))
            ]

    def still_open(self) -> int:
        return sum(states(self.store)[state] for state in OPEN)

    def finish(self, *, timeout_s: float = 150) -> None:
        """No more trouble: let two couriers bring everything to its end."""
        self.ask("clear_faults")
        for courier in (self.start(), self.start()):
            self.go(courier)
        deadline = time.monotonic() + timeout_s
        while self.still_open() and time.monotonic() < deadline:
            time.sleep(0.1)
        self.close()
        assert 0 == self.still_open(), (states(self.store), self.open_steps())


@pytest.fixture
def slack_process(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A playground in a process of its own: the base of its Web API, and its journal."""
    members = [{"slack_id": f"U{n}", "email": f"{n}@lantern.example", "name": f"Person {n}"} for n in range(10_000)]
    (tmp_path / "members.json").write_text(json.dumps(members))
    seen = tmp_path / "journal.jsonl"
    command = [sys.executable, "-m", "bot.playground.server", "--allow-kill", "--journal", str(seen)]
    with subprocess.Popen(
        [*command, "--members", str(tmp_path / "members.json")], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[1], seen
        process.terminate()
        process.wait(10)


@contextmanager
def couriers(store: Store, api_url: str, *, seed: int) -> Iterator[Couriers]:
    """Nobody to write to and nobody delivering yet."""
    held = Couriers(store.url, api_url, store, random.Random(seed))
    try:
        yield held
    finally:
        held.close()


def assert_once_each(seen: Path, *, people: int) -> None:
    """By the journal of what was shown: nothing lost, nothing doubled."""
    shown = Counter(entry.to for entry in journal.read(seen) if entry.surface == "dm")
    lost = [number for number in range(people) if not shown[f"U{number}"]]
    doubled = [person for person, times in shown.items() if times > 1]
    assert ([], []) == (lost, doubled)
    assert people == sum(shown.values())


STEPS = [
    (method, kind)
    for method in ("conversations.open", "chat.postMessage", "conversations.history")
    for kind in (Kind.KILL_BEFORE, Kind.KILL_AFTER)
]
TROUBLE: list[tuple[Kind, dict[str, object]]] = [
    (Kind.DROP_BEFORE, {}),
    (Kind.DROP_AFTER, {}),
    (Kind.SERVER_ERROR_BEFORE, {"status": 503}),
    (Kind.SERVER_ERROR_AFTER, {"status": 500}),
    (Kind.RATE_LIMITED, {"retry_after_s": 1}),
    (Kind.SLOW, {"wait_s": 1.5}),
    (Kind.REFUSED, {"error": "internal_error"}),
]


def one_kill(held: Couriers, method: str, kind: Kind) -> None:
    """A courier that is killed at this call, with some other trouble before it."""
    held.plan(10)
    courier = held.start()
    trouble, given = held.rng.choice(TROUBLE)
    held.fault("chat.postMessage", trouble, **given)
    if method == "conversations.history":  # give it something to look up
        held.fault("chat.postMessage", Kind.DROP_AFTER)
    held.fault(method, kind, pid=courier.pid)
    held.go(courier)
    held.bury(courier)
    held.ask("clear_faults")


def one_random_kill(held: Couriers) -> None:
    """Two couriers in trouble; one is killed at a random moment, the other a little later."""
    held.plan(30)
    pair = [held.start(), held.start()]
    for trouble, given in held.rng.sample(TROUBLE, 3):
        held.fault(held.rng.choice(["chat.postMessage", "chat.postMessage", "*"]), trouble, **given)
    for courier in pair:
        held.go(courier)
    for courier in pair:
        time.sleep(held.rng.uniform(0.01, 0.4))
        courier.kill()
        held.bury(courier)


def one_freeze(held: Couriers) -> None:
    """Two couriers; one is frozen past its lease at a random moment, wakes up, and is killed."""
    held.plan(40)
    pair = [held.start(), held.start()]
    for courier in pair:
        held.go(courier)
    time.sleep(held.rng.uniform(0.01, 0.4))
    os.kill(pair[0].pid, signal.SIGSTOP)
    time.sleep(4)
    os.kill(pair[0].pid, signal.SIGCONT)
    time.sleep(0.3)
    held.done["frozen"] += 1
    for courier in pair:
        courier.kill()
        held.bury(courier)


def test_kill_9_at_every_call(store: Store, slack_process: tuple[str, Path]) -> None:
    """Killed before and after each of the three calls, at random moments, and frozen: 0 lost, 0 doubled."""
    api_url, seen = slack_process
    with couriers(store, api_url, seed=8) as held:
        one_freeze(held)
        for method, kind in STEPS:
            one_kill(held, method, kind)
        one_random_kill(held)
        held.finish()
    assert_once_each(seen, people=held.people)
    assert {"sent": held.people} == states(store)


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_many_kills(store: Store, slack_process: tuple[str, Path]) -> None:
    """Hundreds of kills, freezes and faults over thousands of nudges: 0 lost, 0 doubled."""
    rounds = int(os.environ.get("KINDLING_PROVE_ROUNDS", "40"))
    api_url, seen = slack_process
    with couriers(store, api_url, seed=int(os.environ.get("KINDLING_PROVE_SEED", "8"))) as held:
        for _ in range(rounds):
            one_kill(held, *held.rng.choice(STEPS))
            one_random_kill(held)
            one_freeze(held)
        held.finish(timeout_s=600)
    sys.stdout.write(f"\n{store.engine.dialect.name}: {held.people} nudges, {dict(held.done)}\n")
    assert_once_each(seen, people=held.people)
