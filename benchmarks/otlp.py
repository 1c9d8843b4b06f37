"""Take in pushed telemetry, beside the script that one would write instead: decode and add up in SQLite, no dedupe.

The script believes every point, has no idea whose it is, and keeps nothing but sums; sent twice, it counts twice.
Prints both times, their ratio, and how the peak memory of each grows when ten times the points are sent.
Run: python benchmarks/otlp.py [points, default 10000]
"""

from __future__ import annotations

import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from bot.domain.roster import PersonRecord
from bot.sources.otlp.answers import Signal
from bot.sources.prices import GenaiPrices
from bot.sources.standins import otlp_client as client
from bot.store import people
from bot.store.database import Store
from jobs.receive import receive

NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
POINTS_A_REQUEST = 500
PEOPLE = 100
KINDS = ("input", "output", "cacheRead", "cacheCreation")


def main() -> None:
    points = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    print("| points | Kindling, s | script, s | ratio | Kindling, peak MB | script, peak MB |")
    print("|---|---|---|---|---|---|")
    for size in (points, points * 10):
        ours_s, our_mb, our_sum = measured("ours", size)
        theirs_s, their_mb, their_sum = measured("theirs", size)
        assert our_sum == their_sum, "both must come to the same sum"
        print(f"| {size:,} | {ours_s:.2f} | {theirs_s:.2f} | {ours_s / theirs_s:.1f} | {our_mb:.0f} | {their_mb:.0f} |")


def requests(points: int) -> Iterator[bytes]:
    """As exporters send them: everybody's four kinds of tokens, minute by minute, in protobuf."""
    for first in range(0, points, POINTS_A_REQUEST):
        listed = [point(number) for number in range(first, min(first + POINTS_A_REQUEST, points))]
        document = client.metrics("claude-code", [("claude_code.token.usage", client.counter(*listed))])
        yield client.encoded("metrics", document, as_json=False)


def point(number: int) -> client.Document:
    turn, kind = divmod(number, len(KINDS))
    minute, person = divmod(turn, PEOPLE)
    who = {"user.email": f"person-{person}@lantern.example", "session.id": f"session-{person}"}
    told = {**who, "type": KINDS[kind], "model": "claude-sonnet-4-6", "query_source": "main"}
    start = NOW - timedelta(days=2)
    return client.point(number % 977, start + timedelta(minutes=minute + 1), started=start, attributes=told)


def measured(who: str, points: int) -> tuple[float, float, int]:
    """Seconds, peak megabytes and the sum, of a process of its own; making the requests is not counted."""
    command = [sys.executable, __file__, who, str(points)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, megabytes, total = done.stdout.split()
    return float(seconds), float(megabytes), int(total)


def ours(folder: Path, points: int) -> None:
    store = Store(f"sqlite:///{folder / 'ours.db'}")
    store.upgrade()
    listed = [PersonRecord(email=f"person-{number}@lantern.example") for number in range(PEOPLE)]
    with store.begin() as session:
        people.save_people(session, records=listed, now=NOW)
    prices, seconds = GenaiPrices(), 0.0
    for body in requests(points):
        start = time.perf_counter()
        receive(store, signal=Signal.METRICS, body=body, as_json=False, now=NOW, prices=prices)
        seconds += time.perf_counter() - start
    store.close()
    total_of = "SELECT sum(input_tokens + output_tokens + cache_read_tokens + cache_write_tokens) FROM usage_day"
    report(seconds, sqlite3.connect(folder / "ours.db").execute(total_of).fetchone()[0])


def theirs(folder: Path, points: int) -> None:
    connection, seconds = sqlite3.connect(folder / "theirs.db"), 0.0
    connection.execute("CREATE TABLE usage (email, day, kind, model, tokens, PRIMARY KEY (email, day, kind, model))")
    add = "INSERT INTO usage VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET tokens = tokens + excluded.tokens"
    for body in requests(points):
        start = time.perf_counter()
        with connection:
            connection.executemany(add, decoded(body))
        seconds += time.perf_counter() - start
    report(seconds, connection.execute("SELECT sum(tokens) FROM usage").fetchone()[0])


def decoded(body: bytes) -> Iterator[tuple[str, str, str, str, int]]:
    for resource_metrics in ExportMetricsServiceRequest.FromString(body).resource_metrics:
        for scope in resource_metrics.scope_metrics:
            for metric in scope.metrics:
                for one in metric.sum.data_points:
                    told = {pair.key: pair.value.string_value for pair in one.attributes}
                    day = datetime.fromtimestamp(one.time_unix_nano / 1e9, UTC).date().isoformat()
                    yield told["user.email"], day, told["type"], told["model"], one.as_int


def report(seconds: float, total: int) -> None:
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, total)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        with tempfile.TemporaryDirectory() as place:
            {"ours": ours, "theirs": theirs}[sys.argv[1]](Path(place), int(sys.argv[2]))
    else:
        main()
