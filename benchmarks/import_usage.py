"""Import a file of usage events, beside what one would do instead, in one run on one machine.

Kindling checks every cell, places each event on its person's local day, prices what has no price and keeps one row a
usage day, idempotently, in one transaction. Beside it: DuckDB alone and Python's `csv` with a dict, which add up
unchecked and write daily sums to a file; and PostgreSQL's COPY of the raw rows, which adds up nothing. Each runs in a
process of its own, whose peak memory is measured at the full size and at a tenth of it.
Run: python benchmarks/import_usage.py [events, default 500000; the figures in README.md are for 5000000]
"""

from __future__ import annotations

import csv
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import psycopg

from bot.sources.prices import GenaiPrices
from bot.store.database import Store
from jobs.import_files import import_file
from jobs.import_report import Kind
from tests import postgres

NOW = datetime(2026, 3, 2, tzinfo=UTC)
COLUMNS = ("email", "at", "tool", "model", "input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens")
HEADER = (*COLUMNS, "cost_usd", "failed")
EVENTS_A_PERSON = 500
"""20 working days, 25 events each: about 21 events come to one usage day, as two models are used."""


def main() -> None:
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 500_000
    with tempfile.TemporaryDirectory() as name, postgres.server() as server:
        folder = Path(name)
        folder.chmod(0o755)
        print(f"| who | {events // 10:,} events, s | peak MB | {events:,} events, s | peak MB | Kindling takes |")
        print("|---|---|---|---|---|---|")
        found: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for size in (events // 10, events):
            write(folder, size)
            for who in CONTESTANTS:
                with postgres.database(server) as url:
                    found[who].append(measured(who, folder, url, size))
        ours = found["Kindling, CSV"][1][0]
        for who, (small, large) in found.items():
            cells = [
                f"{small[0]:.2f}",
                f"{small[1]:.0f}",
                f"{large[0]:.2f}",
                f"{large[1]:.0f}",
                f"{ours / large[0]:.2f}",
            ]
            print(f"| {who} | {' | '.join(cells)} |")


def write(folder: Path, events: int) -> None:
    """The same events as CSV and as Parquet: DuckDB makes them, since this is not what is measured."""
    people = max(1, events // EVENTS_A_PERSON)
    second = f"(n // {people}) * {20 * 86_400 // EVENTS_A_PERSON} + (n * 7919) % 3000"
    select = f"""
        SELECT 'person-' || (n % {people}) || '@lantern.example' AS email,
            strftime(TIMESTAMP '2026-02-02 00:00:00' + to_seconds({second}), '%Y-%m-%dT%H:%M:%SZ') AS "at",
            'claude_code' AS tool,
            CASE WHEN hash(n) % 6 = 0 THEN 'claude-opus-4-5' ELSE 'claude-sonnet-4-5' END AS model,
            CAST(hash(n + 1) % 5000 AS BIGINT) AS input_tokens,
            CAST(hash(n + 2) % 90000 AS BIGINT) AS cache_read_tokens,
            CAST(hash(n + 3) % 7000 AS BIGINT) AS cache_write_tokens,
            CAST(hash(n + 4) % 3000 AS BIGINT) AS output_tokens,
            CASE WHEN hash(n + 5) % 10 > 0 THEN CAST(hash(n + 6) % 900000 AS DECIMAL(18, 6)) / 1000000 END AS cost_usd,
            hash(n + 7) % 40 = 0 AS failed
        FROM range({events}) AS numbers (n)"""
    with duckdb.connect(config={"memory_limit": "1GB"}) as connection:
        connection.execute(f"COPY ({select}) TO '{folder / 'usage.csv'}' (FORMAT csv, HEADER)")
        typed = f"""SELECT * REPLACE (CAST("at" AS TIMESTAMPTZ) AS "at") FROM ({select})"""
        connection.execute(f"COPY ({typed}) TO '{folder / 'usage.parquet'}' (FORMAT parquet)")


def measured(who: str, folder: Path, url: str, events: int) -> tuple[float, float]:
    """Seconds and peak megabytes in a process of its own; its start and its roster are not counted in the seconds."""
    command = [sys.executable, __file__, who, str(folder), url, str(max(1, events // EVENTS_A_PERSON))]
    seconds, megabytes = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return float(seconds), float(megabytes)


def kindling(folder: Path, url: str, people: int, name: str) -> Callable[[], object]:
    store = Store(url)
    store.upgrade()
    roster = folder / "people.csv"
    zones = ("Europe/Berlin", "America/New_York", "Asia/Kolkata")
    lines = (f"person-{n}@lantern.example,{zones[n % 3]}\n" for n in range(people))
    roster.write_text("email,timezone\n" + "".join(lines), encoding="utf-8")
    prices = GenaiPrices()
    import_file(store, kind=Kind.PEOPLE, path=roster, now=NOW, complete_through=None, prices=prices)
    through = date(2026, 2, 21)
    return lambda: import_file(
        store, kind=Kind.USAGE, path=folder / name, now=NOW, complete_through=through, prices=prices
    )


def on_sqlite(folder: Path, _url: str, people: int, name: str = "usage.csv") -> Callable[[], object]:
    (folder / "ours.db").unlink(missing_ok=True)
    return kindling(folder, f"sqlite:///{folder / 'ours.db'}", people, name)


def from_parquet(folder: Path, url: str, people: int) -> Callable[[], object]:
    return on_sqlite(folder, url, people, "usage.parquet")


def on_postgresql(folder: Path, url: str, people: int) -> Callable[[], object]:
    return kindling(folder, url, people, "usage.csv")


def duckdb_alone(folder: Path, _url: str, _people: int, name: str = "usage.csv") -> Callable[[], object]:
    read = "read_csv" if name.endswith("csv") else "read_parquet"
    sums = ", ".join(f"sum({column}) AS {column}" for column in (*HEADER[4:9],))
    select = f"""SELECT email, CAST("at" AS DATE) AS day, tool, model, count(*) AS requests, {sums},
        count(*) FILTER (WHERE failed) AS failed FROM {read}('{folder / name}') GROUP BY ALL"""

    def run() -> None:
        with duckdb.connect() as connection:
            connection.execute(f"COPY ({select}) TO '{folder / 'sums.parquet'}' (FORMAT parquet)")

    return run


def duckdb_from_parquet(folder: Path, url: str, people: int) -> Callable[[], object]:
    return duckdb_alone(folder, url, people, "usage.parquet")


def python_alone(folder: Path, _url: str, _people: int) -> Callable[[], object]:
    def run() -> None:
        sums: dict[tuple[str, ...], list[float]] = defaultdict(lambda: [0] * 7)
        with (folder / "usage.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                found = sums[row["email"], row["at"][:10], row["tool"], row["model"]]
                for place, column in enumerate(HEADER[4:8]):
                    found[place] += int(row[column] or 0)
                found[4] += float(row["cost_usd"] or 0)
                found[5] += 1
                found[6] += row["failed"] == "true"
        with (folder / "sums.csv").open("w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows([*key, *values] for key, values in sums.items())

    return run


def copy_raw(folder: Path, url: str, _people: int) -> Callable[[], object]:
    def run() -> None:
        with psycopg.connect(url.replace("+psycopg", "")) as connection, connection.cursor() as cursor:
            cursor.execute(f"""CREATE TABLE raw (email text, "at" timestamptz, tool text, model text,
                {", ".join(f"{column} bigint" for column in HEADER[4:8])}, cost_usd numeric, failed boolean)""")
            with (
                (folder / "usage.csv").open("rb") as file,
                cursor.copy("COPY raw FROM STDIN (FORMAT csv, HEADER)") as copy,
            ):
                while block := file.read(1 << 20):
                    copy.write(block)

    return run


CONTESTANTS: dict[str, Callable[[Path, str, int], Callable[[], object]]] = {
    "Kindling, CSV": on_sqlite,
    "Kindling, Parquet": from_parquet,
    "Kindling, CSV, PostgreSQL": on_postgresql,
    "DuckDB alone, CSV": duckdb_alone,
    "DuckDB alone, Parquet": duckdb_from_parquet,
    "csv and a dict": python_alone,
    "PostgreSQL COPY, raw rows": copy_raw,
}


def report(run: Callable[[], object]) -> None:
    start = time.perf_counter()
    run()
    print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    if len(sys.argv) == 5:
        report(CONTESTANTS[sys.argv[1]](Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])))
    else:
        main()
