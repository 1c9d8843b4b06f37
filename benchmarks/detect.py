"""Judge an invented company, beside what one would write instead: a query for DuckDB and a plain script.

The query computes the same windows (sums by person, tool, model and week, active days) from a Parquet file of the same
rows; the script reads every row and adds up in dictionaries. Neither judges, prices, checks coverage or keeps anything.
Each runs in a process of its own, whose peak memory is printed. Ratios within one run are what to watch.
Companies beyond 10,000 people are copies of the first 10,000, made by the database: the same behaviour, other people.
Run: python benchmarks/detect.py [--people 1000 10000] [--databases sqlite postgresql] (100000 and 1000000 take long).
The column of pandas is filled in where pandas is installed; it is no dependency of the project.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
from sqlalchemy import text

from bot.sources.invented.company import InventedCompany
from bot.sources.prices import GenaiPrices
from bot.sources.public_holidays import holidays_of, weekend_of
from bot.store.database import Session, Store
from bot.store.tables import Base
from jobs.detect import detect
from tests import company, postgres

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
LAST_DAY = date(2026, 3, 1)
FIRST_DAY = LAST_DAY - timedelta(days=89)
MOST_DRAWN = 10_000
HAS_PANDAS = importlib.util.find_spec("pandas") is not None and importlib.util.find_spec("pyarrow") is not None
COUNTERS = (
    "requests",
    "failed_requests",
    "sessions",
    "input_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "output_tokens",
    "cost_microusd",
    "accepted",
    "rejected",
    "prompts",
    "offered",
)
WINDOWS = f"""
    SELECT person_id, tool, model, date_diff('day', day, DATE '{LAST_DAY}') // 7 AS week,
           bit_or(CASE WHEN active THEN 1 << (date_diff('day', day, DATE '{LAST_DAY}') % 7) ELSE 0 END) AS mask,
           min(day) FILTER (active) AS first_active, max(day) FILTER (active) AS last_active,
           {", ".join(f"sum({name}) AS {name}" for name in COUNTERS)}
    FROM read_parquet('{{path}}') WHERE day <= DATE '{LAST_DAY}' AND person_id IS NOT NULL GROUP BY ALL
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--people", type=int, nargs="+", default=[1_000, 10_000], help="the sizes of the companies")
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"], choices=["sqlite", "postgresql"])
    parser.add_argument("--child", nargs=2, metavar=("WHO", "WHERE"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        child(*asked.child)
        return
    print("| people | rows | database | detect, s (CPU s, peak) | query | script | pandas | × query | × script | µs |")
    print("|---" * 10 + "|")
    with postgres.server() as server:
        for size in asked.people:
            compare(size, server, asked.databases)


def compare(size: int, server: str, databases: Collection[str]) -> None:
    """One line for each database; the rows, and the query over them, are the same for both."""
    with tempfile.TemporaryDirectory() as folder, postgres.database(server) as pg_url:
        path = Path(folder) / "rows.parquet"
        beside: dict[str, Figures] = {}
        for url in (f"sqlite:///{folder}/bench.db", pg_url):
            kind = url.partition(":")[0].partition("+")[0]
            if kind not in databases:
                continue
            rows = measured("fill", f"{size} {url}").count
            if not beside:
                measured("export", f"{path} {url}")
                beside = {who: measured(who, str(path)) for who in ("query", *(("pandas",) if HAS_PANDAS else ()))}
            ours, theirs = measured("detect", url), measured("script", url)
            print(
                f"| {size:,} | {rows:,} | {kind} | {ours} | {beside['query']} | {theirs} | {beside.get('pandas', '–')} "
                f"| {ours.cpu_s / beside['query'].cpu_s:.0f} | {ours.cpu_s / theirs.cpu_s:.0f} "
                f"| {ours.cpu_s / size * 1e6:.0f} |",
                flush=True,
            )


def fill(size_and_url: str) -> int:
    """An invented company in an empty database, and statistics of its tables as autovacuum would keep them."""
    size, _, url = size_and_url.partition(" ")
    with opened(url) as store:
        store.upgrade()
        drawn = min(int(size), MOST_DRAWN)
        company.keep_in_parts(store, InventedCompany(seed=1, size=drawn, now=NOW), first_day=FIRST_DAY)
        for copy in range(1, int(size) // drawn):
            with store.begin() as session:
                add_copy(session, copy, drawn)
        with store.begin() as session:
            session.execute(text("ANALYZE"))
            return session.scalar(text("SELECT count(*) FROM usage_day")) or 0


def add_copy(session: Session, copy: int, drawn: int) -> None:
    """Everybody who was drawn once more, under other numbers and names."""
    other = {name: f"{name} + {copy * drawn}" for name in ("person_id", "manager_id")}
    other |= {name: f"{name} || '#{copy}'" for name in ("subject", "external_id")}
    for table in Base.metadata.sorted_tables:
        if "person_id" in table.columns:
            names = [column.name for column in table.columns]
            into, told = ", ".join(names), ", ".join(other.get(name, name) for name in names)
            session.execute(
                text(f"INSERT INTO {table.name} ({into}) SELECT {told} FROM {table.name} WHERE person_id <= {drawn}")
            )


def export(path_and_url: str) -> None:
    """The rows as a file for DuckDB, which is not part of what is measured."""
    name, _, url = path_and_url.partition(" ")
    path = Path(name)
    columns = ", ".join(("person_id", "day", "tool", "model", "active", *COUNTERS))
    types = "person_id BIGINT, day DATE, tool TEXT, model TEXT, active BOOLEAN, " + ", ".join(
        f"{name} BIGINT" for name in COUNTERS
    )
    rows = path.with_suffix(".csv")
    with opened(url) as store, store.read() as session, rows.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(session.execute(text(f"SELECT {columns} FROM usage_day")))
    named = ", ".join(f"'{one.split()[0]}': '{one.split()[1]}'" for one in types.split(", "))
    duckdb.execute(f"COPY (SELECT * FROM read_csv('{rows}', header=false, columns={{{named}}})) TO '{path}'")
    rows.unlink()


@dataclass(frozen=True)
class Figures:
    """What one piece of work took: wall clock, the processor time of its own process, peak memory; what it counted."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    count: int

    def __str__(self) -> str:
        return f"{self.wall_s:.2f} ({self.cpu_s:.2f}, {self.peak_mb:.0f} MB)"


def measured(who: str, where: str) -> Figures:
    """One piece of work in a process of its own, start-up not counted in the seconds. The caller stays small, for a new
    process begins with its caller's memory.
    """
    command = [sys.executable, __file__, "--child", who, where]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    wall, cpu, megabytes, count = map(float, done.stdout.split())
    return Figures(wall, cpu, megabytes, int(count))


def child(who: str, where: str) -> None:
    work: dict[str, Callable[[str], int | None]] = {
        "fill": fill,
        "export": export,
        "detect": judge,
        "query": ask_duckdb,
        "pandas": ask_pandas,
        "script": add_up,
    }
    if who == "detect":
        GenaiPrices().rates("claude-opus-4-6", LAST_DAY)  # the price list is read once a process, whatever it does
    start, cpu = time.perf_counter(), time.process_time()
    count = work[who](where)
    wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    print(wall, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, count or 0)


def judge(url: str) -> None:
    with opened(url) as store:
        detect(store, now=NOW, prices=GenaiPrices(), holidays_of=holidays_of, weekend_of=weekend_of)


def ask_duckdb(path: str) -> None:
    """The windows of everybody, kept as a table, as `detect` has them in hand before it judges."""
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    connection.execute(f"CREATE TABLE windows AS {WINDOWS.format(path=path)}")


def ask_pandas(path: str) -> None:
    """The same windows by way of a data frame, as a data scientist would write it down."""
    pandas = importlib.import_module("pandas")  # no dependency of ours: only who has it is shown the column

    rows = pandas.read_parquet(path)
    rows = rows[rows.person_id.notna()]
    back = (pandas.Timestamp(LAST_DAY) - pandas.to_datetime(rows.day)).dt.days
    rows["week"] = back // 7
    rows["active_day"] = back.where(rows.active)
    keys = ["person_id", "tool", "model", "week"]
    sums = rows.groupby(keys)[list(COUNTERS)].sum()
    days = rows.groupby(keys).active_day.agg(["nunique", "min", "max"])
    sums.join(days)


def add_up(url: str) -> None:
    """The usual script: every row into memory, sums in dictionaries."""
    sums: dict[tuple[int, str, str], list[int]] = defaultdict(lambda: [0, 0])
    active: dict[int, set[object]] = defaultdict(set)
    with opened(url) as store, store.read() as session:
        statement = "SELECT person_id, day, tool, model, input_tokens, output_tokens, cost_microusd FROM usage_day"
        for person, day, tool, model, tokens_in, tokens_out, cost in session.execute(text(statement)):
            entry = sums[person, tool, model]
            entry[0] += (tokens_in or 0) + (tokens_out or 0)
            entry[1] += cost or 0
            active[person].add(day)


@contextmanager
def opened(url: str) -> Iterator[Store]:
    store = Store(url)
    yield store
    store.close()


if __name__ == "__main__":
    main()
