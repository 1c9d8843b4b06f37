"""A back-fill as an operator types it, in a process of its own, and what the doctor says of each source."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot import source_checks
from bot.domain.roster import PersonRecord
from bot.domain.usage import CoverageStatus
from bot.settings import SourceConfig
from bot.source_checks import Check
from bot.sources.standins import openai_api
from bot.sources.standins.claude_code import ADMIN_KEY, ClaudeCodeStandIn, Fault
from bot.store import coverage, people
from bot.store.database import Store
from bot.store.tables import CoverageRow, UsageDayRow
from tests.jobs.nights import ADA, NOW, used

ROOT = Path(__file__).parents[2]
DAY = timedelta(days=1)
SINCE, UNTIL = date(2026, 2, 3), date(2026, 2, 12)
SPAN = [SINCE + number * DAY for number in range((UNTIL - SINCE).days + 1)]
ASKED = ("collect", "--source", "console", "--since", SINCE.isoformat(), "--until", UNTIL.isoformat(), "--json")


@pytest.fixture
def stand_in() -> Iterator[ClaudeCodeStandIn]:
    """One row on each day of the back-fill, of a different figure each."""
    with ClaudeCodeStandIn() as server:
        for day in SPAN:
            server.hold(day, [used(day, ADA, 1000 + day.day)])
        yield server


@pytest.fixture
def home(stand_in: ClaudeCodeStandIn, tmp_path: Path, database_url: str) -> Path:
    """A folder with the settings of an installation: two sources, one of them never to be asked here."""
    text = f"""database_url = "{database_url}"

[[source]]
kind = "claude_code"
name = "console"
base_url = "{stand_in.base_url}"
api_key_env = "CONSOLE_KEY"

[[source]]
kind = "claude_code"
name = "other"
base_url = "http://127.0.0.1:9/"
api_key_env = "CONSOLE_KEY"
"""
    (tmp_path / "kindling.toml").write_text(text, encoding="utf-8")
    assert 0 == kindling(tmp_path, "db", "upgrade").returncode
    return tmp_path


def command(folder: Path, *arguments: str) -> dict[str, Any]:
    """How to start a process that has nothing of this machine's settings."""
    clean = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(folder), "CONSOLE_KEY": ADMIN_KEY}
    now = ("--now", NOW.isoformat()) if arguments[0] == "collect" else ()
    return {"args": [sys.executable, "-m", "bot", *arguments, *now], "cwd": folder, "env": clean, "text": True}


def kindling(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(**command(folder, *arguments), capture_output=True, timeout=60, check=False)


def counts(done: subprocess.CompletedProcess[str]) -> dict[str, int]:
    found = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(found, dict)
    return found


def days_asked(stand_in: ClaudeCodeStandIn) -> list[date]:
    return [date.fromisoformat(dict(request.query)["starting_at"]) for request in stand_in.requests]


def kept(database_url: str) -> dict[date, int | None]:
    store = Store(database_url)
    try:
        with store.read() as session:
            rows = select(UsageDayRow.day, UsageDayRow.input_tokens).where(UsageDayRow.model != "*")
            return {row.day: row.input_tokens for row in session.execute(rows)}
    finally:
        store.close()


def finished(database_url: str) -> set[date]:
    store = Store(database_url)
    try:
        with store.read() as session:
            done = select(CoverageRow.day).where(CoverageRow.status == CoverageStatus.COVERED.value)
            return set(session.scalars(done))
    finally:
        store.close()


RIGHT = {day: 1000 + day.day for day in SPAN}


def test_reads_those_days_and_then_none(home: Path, stand_in: ClaudeCodeStandIn, database_url: str) -> None:
    """Exactly the days that were named, of the source that was named; asked for again, nothing is left to read."""
    first = kindling(home, *ASKED)
    assert (0, "") == (first.returncode, first.stderr)
    assert (len(SPAN), 1, 0) == tuple(counts(first)[name] for name in ("days_covered", "sources", "sources_failed"))
    assert sorted(SPAN, reverse=True) == days_asked(stand_in)
    assert RIGHT == kept(database_url)

    again = kindling(home, *ASKED)
    assert (0, 0) == (again.returncode, counts(again)["days_covered"])
    assert len(SPAN) == len(stand_in.requests)


def test_broken_off_by_a_trouble(home: Path, stand_in: ClaudeCodeStandIn, database_url: str) -> None:
    """One day that the source does not have: exit code 1, all others are there, and the next time only it is asked."""
    missing = SPAN[4]
    stand_in.missing_days.add(missing)
    first = kindling(home, *ASKED)
    assert (1, 1, len(SPAN) - 1) == (first.returncode, *(counts(first)[n] for n in ("days_failed", "days_covered")))
    assert {day: RIGHT[day] for day in SPAN if day != missing} == kept(database_url)

    stand_in.missing_days.clear()
    stand_in.requests.clear()
    again = kindling(home, *ASKED)
    assert (0, 1) == (again.returncode, counts(again)["days_covered"])
    assert [missing] == days_asked(stand_in)
    assert RIGHT == kept(database_url)


def test_killed_in_the_middle(home: Path, stand_in: ClaudeCodeStandIn, database_url: str) -> None:
    """The process is killed while it waits for an answer: what was finished is not asked for again, the rest is."""
    stand_in.break_next(*[Fault.NONE] * 4, *[Fault.RATE_DATE] * 4)  # seven seconds of waiting, in which it dies
    running = subprocess.Popen(**command(home, *ASKED), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    patience = time.monotonic() + 60
    while len(stand_in.requests) < 5 and time.monotonic() < patience:
        time.sleep(0.02)
    running.send_signal(signal.SIGKILL)
    assert -signal.SIGKILL == running.wait()
    stand_in.forget_faults()
    before = finished(database_url)
    assert set(SPAN[-4:]) == before
    assert {day: RIGHT[day] for day in before} == kept(database_url)

    stand_in.requests.clear()
    again = kindling(home, *ASKED)
    assert (0, len(SPAN) - 4) == (again.returncode, counts(again)["days_covered"])
    assert sorted(set(SPAN) - before, reverse=True) == days_asked(stand_in)
    assert RIGHT == kept(database_url)


WRONG = {
    "a source that is none": (["--source", "consol", "--since", "2026-02-03"], "'consol'"),
    "days of all sources": (["--since", "2026-02-03"], "--source"),
    "an end without a beginning": (["--source", "console", "--until", "2026-02-03"], "--since"),
    "an end before the beginning": (
        ["--source", "console", "--since", "2026-02-03", "--until", "2026-02-02"],
        "before --since",
    ),
    "a beginning in the future": (["--source", "console", "--since", "2027-01-01"], "before --since"),
    "a day that is none": (["--source", "console", "--since", "yesterday"], "yesterday"),
}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_wrong_input_is_one_sentence(home: Path, stand_in: ClaudeCodeStandIn, database_url: str) -> None:
    """Exit code 2, one sentence that names what is wrong, and nothing is asked or written."""
    with ThreadPoolExecutor(4) as pool:
        all_done = list(pool.map(lambda wrong: kindling(home, "collect", *wrong[0]), WRONG.values()))
    for (arguments, named), done in zip(WRONG.values(), all_done, strict=True):
        assert (2, "") == (done.returncode, done.stdout), arguments
        assert named in done.stderr
        assert 1 == len(done.stderr.splitlines())
    assert [] == stand_in.requests
    assert {} == kept(database_url)


# ---------------------------------------------------------------- the doctor


def console_of(stand_in: ClaudeCodeStandIn) -> SourceConfig:
    return SourceConfig("claude_code", "console", stand_in.base_url, ADMIN_KEY, ("*@lantern.example",))


def examined(*sources: SourceConfig) -> dict[str, Check]:
    found = {check.name: check for check in source_checks.of_settings(sources, datetime.now(UTC))}
    said = " ".join(check.finding for check in found.values())
    assert [] == [secret for secret in (ADMIN_KEY, openai_api.PROJECT_KEY, ADA, "127.0.0.1") if secret in said]
    return found


def test_doctor_asks_each_source_once(stand_in: ClaudeCodeStandIn) -> None:
    """Key and clock are right, and one question was enough to know."""
    found = examined(console_of(stand_in))
    assert ["source console set up", "source console answers", "source console clock"] == list(found)
    assert all(check.ok for check in found.values())
    assert 1 == len(stand_in.requests)


def test_doctor_knows_a_wrong_key_from_a_missing_right(stand_in: ClaudeCodeStandIn) -> None:
    """401 and 403 are told apart, each with the page that says what to do."""
    wrong = examined(replace(console_of(stand_in), api_key="sk-ant-admin01-wrong"))["source console answers"]
    assert (False, "401: the key is refused: make a new one, as docs/sources/claude_code.md says") == (
        wrong.ok,
        wrong.finding,
    )
    with openai_api.OpenAIStandIn() as server:
        weak = SourceConfig("openai", "openai", server.base_url, openai_api.PROJECT_KEY)
        found = examined(weak)["source openai answers"]
    assert (False, "403: the key lacks a right: docs/sources/openai.md names the rights it needs") == (
        found.ok,
        found.finding,
    )


def test_doctor_says_where_nobody_answers(stand_in: ClaudeCodeStandIn) -> None:
    """A closed port, a server in trouble and a name that is not there: one line each, and what to look at."""
    gone = examined(replace(console_of(stand_in), base_url="http://127.0.0.1:9/"))["source console answers"]
    assert not gone.ok
    assert "Look at base_url" in gone.finding
    stand_in.break_next(Fault.SERVER_ERROR)
    broken = examined(console_of(stand_in))["source console answers"]
    assert (False, "500: it does not work as documented: try again later") == (broken.ok, broken.finding)
    stand_in.break_next(Fault.RATE_SECONDS)
    busy = examined(console_of(stand_in))["source console answers"]
    assert busy.ok
    assert "nothing to do" in busy.finding


@pytest.mark.parametrize(("ahead", "right"), [(600, False), (-600, False), (30, True)])
def test_doctor_finds_a_clock_that_is_off(ahead: int, right: bool) -> None:
    """Ten minutes either way and the days begin at the wrong time; half a minute is nothing."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def date_time_string(self, timestamp: float | None = None) -> str:
            return format_datetime(datetime.now(UTC) + timedelta(seconds=ahead), usegmt=True)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        address = f"http://127.0.0.1:{server.server_port}"
        found = examined(SourceConfig("claude_code", "console", address, "k"))["source console clock"]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert right == found.ok
    assert ("agrees" if right else "NTP") in found.finding


@pytest.mark.parametrize(("days_old", "fresh"), [(1, True), (9, False)])
def test_doctor_finds_stale_coverage(store: Store, days_old: int, fresh: bool) -> None:
    """A source that has finished nothing for nine days is named with what to do, and nobody is named."""
    last = NOW.date() - days_old * DAY
    with store.begin() as session:
        people.save_people(session, records=[PersonRecord(ADA)], now=NOW)
        coverage.mark(
            session,
            source="console",
            tool="claude_code",
            days=[last],
            status=CoverageStatus.COVERED,
            reason=None,
            as_of=NOW,
        )
    [line] = [check for check in source_checks.of_data(store, NOW) if check.name == "coverage console claude_code"]
    assert fresh == line.ok
    assert f"finished up to {last}" in line.finding
    assert fresh != ("kindling collect" in line.finding)
