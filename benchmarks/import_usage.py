"""Import a usage file, beside the script that one would write instead: csv, sqlite3, executemany, and no checks at all.

Prints both times, their ratio, and how the peak memory of each grows when the file grows tenfold.
Run: python benchmarks/import_usage.py [rows, default 20000]
"""

from __future__ import annotations

import csv
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from bot.sources.prices import GenaiPrices
from bot.store.database import Store
from jobs.import_files import import_file
from jobs.import_report import Kind

NOW = datetime(2026, 3, 2, tzinfo=UTC)
COLUMNS = (
    "email",
    "day",
    "tool",
    "model",
    "requests",
    "input_tokens",
    "cache_read_tokens",
    "output_tokens",
    "cost_usd",
)
ROWS_A_PERSON = 40


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    print("| rows | Kindling, s | script, s | ratio | Kindling, peak MB | script, peak MB |")
    print("|---|---|---|---|---|---|")
    for size in (rows, rows * 10):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "usage.csv"
            write(path, size)
            ours, our_mb = measured("ours", path, size)
            theirs, their_mb = measured("theirs", path, size)
        print(f"| {size:,} | {ours:.2f} | {theirs:.2f} | {ours / theirs:.1f} | {our_mb:.0f} | {their_mb:.0f} |")


def write(path: Path, rows: int) -> None:
    people = max(1, rows // ROWS_A_PERSON)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number in range(rows):
            day = date(2026, 2, 27) - timedelta(days=number // people)
            email = f"person-{number % people}@lantern.example"
            writer.writerow((email, day, "claude_code", "claude-sonnet-4-6", 9, 9000, 90000, 3000, "0.41"))


def measured(who: str, path: Path, rows: int) -> tuple[float, float]:
    """Seconds and peak megabytes of one import in a process of its own, start-up not counted in the seconds."""
    command = [sys.executable, __file__, who, str(path), str(max(1, rows // ROWS_A_PERSON))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, megabytes = done.stdout.split()
    return float(seconds), float(megabytes)


def ours(path: Path, count: int) -> None:
    store = Store(f"sqlite:///{path.parent / 'ours.db'}")
    store.upgrade()
    people = path.parent / "people.csv"
    with people.open("w", encoding="utf-8") as file:
        file.write("email,timezone\n")
        file.writelines(f"person-{number}@lantern.example,Europe/Berlin\n" for number in range(count))
    prices = GenaiPrices()
    import_file(store, kind=Kind.PEOPLE, path=people, now=NOW, complete_through=None, prices=prices)
    start = time.perf_counter()
    import_file(store, kind=Kind.USAGE, path=path, now=NOW, complete_through=date(2026, 2, 28), prices=prices)
    report(time.perf_counter() - start)


def theirs(path: Path, _count: int) -> None:
    connection = sqlite3.connect(path.parent / "theirs.db")
    connection.execute(f"CREATE TABLE usage ({', '.join(COLUMNS)}, PRIMARY KEY (email, day, tool, model))")
    start = time.perf_counter()
    with path.open(encoding="utf-8", newline="") as file, connection:
        reader = csv.reader(file)
        next(reader)
        connection.executemany(f"INSERT OR REPLACE INTO usage VALUES ({', '.join('?' * len(COLUMNS))})", reader)
    report(time.perf_counter() - start)
    connection.close()


def report(seconds: float) -> None:
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    if len(sys.argv) == 4:
        {"ours": ours, "theirs": theirs}[sys.argv[1]](Path(sys.argv[2]), int(sys.argv[3]))
    else:
        main()
