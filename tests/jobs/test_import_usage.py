"""A large usage file takes the fast way into the database, and leaves there what the careful way leaves."""

from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path

import duckdb

from bot.sources.files.usage import FAST_FROM_BYTES
from bot.store.database import Store
from jobs.import_report import ImportReport, Kind
from tests.files import bring_in, everything, rows, write

PEOPLE = 60
EVENTS = 2_000
PADDING = "x" * 260
"""A column that means nothing and makes the file large enough for the fast reader."""
ROSTER = "email,timezone\n" + "".join(
    f"p{n}@lantern.example,{zone}\n"
    for n in range(PEOPLE - 2)
    for zone in [("Asia/Tokyo", "America/New_York", "")[n % 3]]
)
HEAD = "email,at,tool,model,input_tokens,output_tokens,cost_usd,session_id,failed,request\n"


def _event(n: int) -> str:
    at = f"2026-02-{1 + n % 20:02}T{n % 24:02}:{n % 60:02}:00+00:00"
    cost = "" if n % 7 == 0 else f"0.{n % 1000:03}"
    session = "" if n % 5 == 0 else f"session-{n % 150}"
    tokens = f"{n},{n % 90},{cost}"
    return f"p{n % PEOPLE}@lantern.example,{at},claude_code,model-{n % 3},{tokens},{session},{n % 2},{n}-{PADDING}\n"


def _twice(store: Store, path: Path) -> list[ImportReport]:
    """Before the roster is known, after it, and once more."""
    first = bring_in(store, Kind.USAGE, path)
    bring_in(store, Kind.PEOPLE, write(path.parent, ROSTER, "people.csv"))
    return [first, *(bring_in(store, Kind.USAGE, path, complete_through=date(2026, 2, 21)) for _ in range(2))]


def test_both_ways_leave_the_same_rows_and_the_same_report(store: Store, sqlite_store: Store, tmp_path: Path) -> None:
    """Unmapped at first, moved to local days, then unchanged: every table and every count is the same."""
    text = HEAD + "".join(_event(n) for n in range(EVENTS)) + _event(7)
    large = write(tmp_path, text, "usage.csv")
    small = tmp_path / "usage.csv.gz"
    small.write_bytes(gzip.compress(text.encode()))
    assert small.stat().st_size < FAST_FROM_BYTES < large.stat().st_size
    told = _twice(store, large)
    assert (EVENTS + 1, 1, EVENTS, EVENTS) == (told[0].rows, told[0].duplicates, told[0].utc_rows, told[0].unmapped)
    assert [(0, 0, told[1].added + told[1].changed + told[1].unchanged)] == [
        (last.added, last.changed, last.unchanged) for last in told[2:]
    ]
    if store.url != sqlite_store.url:
        assert [{**each.as_json(), "file": "usage.csv"} for each in _twice(sqlite_store, small)] == [
            each.as_json() for each in told
        ]
        assert everything(sqlite_store) == everything(store)


def test_a_parquet_file_is_imported_like_the_same_csv_file(sqlite_store: Store, tmp_path: Path) -> None:
    """The same columns with types: the second import of the same rows changes nothing."""
    bring_in(sqlite_store, Kind.PEOPLE, write(tmp_path, ROSTER, "people.csv"))
    table = "email,day,tool,model,requests,prompts,offered,lines_added,cost_usd\n"
    table += (
        "p1@lantern.example,2026-02-10,windsurf,m,4,3,,12,0.41\np2@lantern.example,2026-02-10,windsurf,m,0,0,0,0,0\n"
    )
    csv = write(tmp_path, table, "days.csv")
    with duckdb.connect() as connection:
        connection.execute(f"COPY (FROM read_csv('{csv}')) TO '{tmp_path / 'days.parquet'}' (FORMAT parquet)")
    assert 2 == bring_in(sqlite_store, Kind.USAGE, tmp_path / "days.parquet").added
    assert 2 == bring_in(sqlite_store, Kind.USAGE, csv).unchanged
    columns = ("requests", "prompts", "offered", "lines_added", "cost_microusd", "active")
    assert [(0, 0, 0, 0, 0, False), (4, 3, None, 12, 410_000, True)] == rows(sqlite_store, "usage_day", *columns)
