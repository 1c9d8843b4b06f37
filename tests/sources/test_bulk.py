"""The fast reader of usage files gives exactly what the careful one gives, or declines."""

from __future__ import annotations

import csv
import fcntl
import gzip
import io
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import InputError
from bot.sources.files import bulk
from bot.sources.files.bulk_zones import offsets
from bot.sources.files.duck import MEMORY_MB, DuckFailure, open_duck
from bot.sources.files.usage import UsageFile, open_usage
from bot.sources.files.usage_rows import read_with_care
from tests.files import FlatPrice

ZONES = ("Europe/Berlin", "America/St_Johns", "Asia/Kolkata", "Pacific/Apia", None)
NAMES = ["ada@lantern.example", "Ada@Lantern.example", "ben+x@lantern.example", "émi@lantern.example", "STRASSE@x.y"]
CELLS = {
    "email": [*NAMES, "straße@x.y", "nobody", "", " ada@lantern.example", "a b@c.d", "a@b@c"],
    "day": ["2026-02-10", "2026-02-11", "2024-02-29", "2026-02-30", "1899-12-31", "20260210", "", "10/02/2026"],
    "at": [
        "2026-02-10T23:30:00Z",
        "2026-02-10 22:59:59+00:00",
        "2026-02-11T00:30:00.123456+05:30",
        "2026-02-10T16:30:00-08:00",
        "2026-02-10T16:30Z",
        "2026-02-10T16:30:00,5z",
        "2026-02-10T23:59:59.9999999Z",
        "2026-03-29T01:30:00Z",
        "2026-02-10T24:00:00Z",
        "2026-02-10T10:60:00Z",
        "2026-02-29T10:00:00Z",
        "2026-02-10T16:30:00+23:59",
        "2026-02-10T16:30:00-0330",
        "2026-02-10T16:30:00+01:75",
        "2026-02-10T16:30:00",
        "1900-01-01T00:00:00+05:00",
        "2011-12-30T10:00:00Z",
        "",
    ],
    "tool": ["claude_code", "Claude_Code", "Straße", "t", "", "T "],
    "model": ["m", "mystery", "", "M", "a'b", "\x1cm", "é", "nul\0l"],
    "count": ["", "0", "7", "007", "12500", "1000000000000000", "1000000000000001", "9" * 18, "1.0", "-1", "+1", "1e3"],
    "cost": [
        "",
        "0",
        "0.41",
        "1.",
        ".5",
        "1e-05",
        "0.0000005",
        "0.00000049999999",
        "1e300",
        "1000000000",
        "999999999.9999995",
        "-0",
        "nan",
    ],
    "session_id": ["", "s1", "s2", "S1", "é"],
    "failed": ["", "true", "NO", "1", "maybe"],
    "note": ["", "x", "y", 'he said "no"', "a,b", "two\nlines", " x", "\x1f"],
}
GOOD = {
    "email": NAMES[:3],
    "day": ["2026-02-10", "2026-02-11"],
    "at": [*CELLS["at"][:4], CELLS["at"][7], "2026-02-11 03:15:00+00", "2026-02-10T16:30:00-0330"],
    "tool": ["claude_code", "Claude_Code"],
    "model": ["m", "mystery", ""],
    "count": ["", "0", "7", "12500"],
    "cost": ["", "0.41", "1e-05", "0.0000005"],
    "session_id": ["", "s1", "s2"],
    "failed": ["", "true", "NO"],
    "note": ["", "x"],
}
EVENT = ("email", "at", "tool", "model", "input_tokens", "output_tokens", "cost_usd", "session_id", "failed", "note")
DAILY = ("email", "day", "tool", "model", "requests", "lines_added", "prompts", "offered", "cost_usd", "note")
KIND = {
    "cost_usd": "cost",
    "email": "email",
    "day": "day",
    "at": "at",
    "tool": "tool",
    "model": "model",
    "note": "note",
}
KIND |= {"session_id": "session_id", "failed": "failed"}


@dataclass(frozen=True)
class Sheet:
    """A header and rows. Where all cells are fine, the fast reader has no reason to decline."""

    rows: list[list[str]]
    is_fine: bool


@st.composite
def sheets(draw: st.DrawFn) -> Sheet:
    """A sheet of cells that are fine, or with up to two among them that may not be."""
    columns = draw(st.sampled_from([EVENT, DAILY]))
    cells = [st.sampled_from(GOOD[KIND.get(name, "count")]) for name in columns]
    rows = [[draw(cell) for cell in cells] for _ in range(draw(st.integers(0, 12)))]
    odd_cells = draw(st.integers(0, 2)) if rows else 0
    for _ in range(odd_cells):
        place = draw(st.integers(0, len(columns) - 1))
        odd = st.one_of(st.sampled_from(CELLS[KIND.get(columns[place], "count")]), st.text(max_size=6))
        draw(st.sampled_from(rows))[place] = draw(odd)
    rows += rows[: draw(st.integers(0, 1))]
    return Sheet([list(columns), *rows], is_fine=odd_cells == 0)


@dataclass(frozen=True)
class Said:
    """All that an import is told of a file, in an order of its own."""

    unknown_columns: tuple[str, ...]
    row_count: int
    duplicates: int
    lines: list[int]
    told: tuple[list[str], ...]


def _said(file: UsageFile, zones: tuple[str | None, ...] = ZONES) -> Said:
    """What a reader says, with people in several time zones."""
    told: tuple[list[str], ...] = ([], [], [], [])
    duplicates = 0
    lines: list[int] = []
    for part in file.parts():
        subjects = sorted(part.subjects())
        clocks = {whose: zone for whose in subjects if (zone := zones[len(whose) % len(zones)]) is not None}
        left = part.left_days(clocks, FlatPrice())
        days, facts = part.usage_days(clocks, FlatPrice()), part.session_facts(clocks, FlatPrice())
        found: tuple[Sequence[object], ...] = (days, facts, *left)
        for kept, these in zip(told, found, strict=True):
            kept.extend(repr(each) for each in these)
        count, some = part.lines_of(subjects, most=10**6)
        assert count == len(some)
        duplicates += part.duplicates
        lines += some
    return Said(file.unknown_columns, file.row_count, duplicates, sorted(lines), tuple(sorted(kept) for kept in told))


@contextmanager
def fast(path: Path) -> Iterator[UsageFile | None]:
    with ExitStack() as stack:
        yield bulk.read_in_bulk(stack, path)


def same_or_declined(path: Path) -> bool:
    """Whether the fast reader took the file; then it must have said what the careful one says."""
    with fast(path) as quick:
        if quick is None:
            return False
        with read_with_care(path) as careful:
            assert _said(careful) == _said(quick)
    return True


def as_csv(table: list[list[str]], end: str, quoting: int) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator=end, quoting=quoting).writerows(table)  # type: ignore[arg-type]
    return text.getvalue().encode()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sheets(), st.sampled_from(["\n", "\r\n"]), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
def test_any_csv_file_gives_the_same_sums_or_is_declined(tmp_path: Path, sheet: Sheet, end: str, quoting: int) -> None:
    """Whatever stands in the cells, however they are quoted: the same days, sessions, lines and duplicates, or none."""
    path = tmp_path / "file.csv"
    path.write_bytes(as_csv(sheet.rows, end, quoting))
    assert same_or_declined(path) or not sheet.is_fine


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from(
            [
                b"email,day,tool\n",
                b"a@b.c,2026-02-10,t\n",
                b"a@b.c",
                b",",
                b'"',
                b"\r\n",
                b"\n",
                b"2026-02-10",
                b"t",
                b"\xff",
                b"\0",
                b"\xef\xbb\xbf",
                b"#",
                b" ",
            ]
        ),
        max_size=14,
    )
)
def test_any_bytes_give_the_same_sums_or_are_declined(tmp_path: Path, pieces: list[bytes]) -> None:
    """A file that is hardly a table is never read by the fast reader alone."""
    path = tmp_path / "file.csv"
    path.write_bytes(b"email,day,tool\n" + b"".join(pieces))
    same_or_declined(path)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sheets(), st.booleans())
def test_any_ndjson_file_gives_the_same_sums_or_is_declined(tmp_path: Path, sheet: Sheet, packed: bool) -> None:
    """Objects that leave out what is blank, with numbers where a number can stand."""
    header, *rows = sheet.rows
    lines = []
    for row in rows:
        texts = {name: cell for name, cell in zip(header, row, strict=True) if cell}
        numbers = {name: float(texts[name]) for name in ("requests", "input_tokens") if texts.get(name) in ("0", "7")}
        lines.append(json.dumps(texts | numbers))
    path = tmp_path / ("file.ndjson.gz" if packed else "file.ndjson")
    content = "\n".join(lines).encode()
    path.write_bytes(gzip.compress(content) if packed else content)
    assert same_or_declined(path) or not (sheet.is_fine and rows)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sheets(), st.data())
def test_any_parquet_file_gives_the_same_sums_or_is_declined(tmp_path: Path, sheet: Sheet, data: st.DataObject) -> None:
    """Columns of text, and of whole and broken numbers, dates and moments where every cell allows it."""
    header, *rows = sheet.rows
    path = tmp_path / "file.parquet"
    path.unlink(missing_ok=True)
    types = {
        "requests": ["BIGINT", "DOUBLE", "VARCHAR"],
        "input_tokens": ["DOUBLE", "VARCHAR"],
        "cost_usd": ["DOUBLE", "FLOAT", "DECIMAL(18,9)"],
    }
    types |= {"day": ["DATE", "VARCHAR"], "at": ["TIMESTAMPTZ", "VARCHAR"], "failed": ["BOOLEAN", "VARCHAR"]}
    chosen = [data.draw(st.sampled_from(types.get(name, ["VARCHAR"]))) for name in header]
    with duckdb.connect() as connection:
        columns = ", ".join(f'"{name}" VARCHAR' for name in header)
        connection.execute(f"CREATE TABLE t ({columns})")
        if rows:
            connection.executemany(f"INSERT INTO t VALUES ({', '.join('?' * len(header))})", rows)
        select = ", ".join(
            f'"{name}"' if type_ == "VARCHAR" else f'try_cast("{name}" AS {type_}) AS "{name}"'
            for name, type_ in zip(header, chosen, strict=True)
        )
        connection.execute(f"COPY (SELECT {select} FROM t) TO '{path}' (FORMAT parquet)")
    assert same_or_declined(path) or not sheet.is_fine


def plain_table(rows: int) -> list[list[str]]:
    return [list(EVENT)] + [
        [
            f"p{n % 97}@lantern.example",
            f"2026-02-{1 + n % 28:02}T{n % 24:02}:30:00Z",
            "t",
            "m",
            str(n),
            "",
            "0.25",
            f"s{n % 501}",
            "",
            str(n % 5),
        ]
        for n in range(rows)
    ]


@pytest.mark.parametrize(
    ("end", "quoting"), [("\n", csv.QUOTE_MINIMAL), ("\r\n", csv.QUOTE_MINIMAL), ("\n", csv.QUOTE_ALL)]
)
def test_ordinary_files_are_taken_by_the_fast_reader(tmp_path: Path, end: str, quoting: int) -> None:
    """It does not decline what people have: LF, CRLF, quotes, gzip, and a line number for each row in its order."""
    content = as_csv(plain_table(3_000), end, quoting)
    (tmp_path / "file.csv").write_bytes(content)
    (tmp_path / "file.csv.gz").write_bytes(gzip.compress(content))
    assert (True, True) == (same_or_declined(tmp_path / "file.csv"), same_or_declined(tmp_path / "file.csv.gz"))


def test_lines_are_counted_in_the_order_of_the_file_however_many_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of many parts and blocks: each row has its own line, and no part is empty or missing."""
    monkeypatch.setattr(bulk, "PART_ROWS", 10_000)
    path = tmp_path / "file.csv"
    path.write_bytes(as_csv(plain_table(60_000), "\n", csv.QUOTE_MINIMAL))
    with fast(path) as quick:
        assert quick is not None
        lines: list[int] = []
        first = {}
        for part in quick.parts():
            for whose in part.subjects():
                _count, [first[whose]] = part.lines_of([whose], most=1)
            lines += part.lines_of(part.subjects(), most=10**6)[1]
    assert list(range(2, 60_002)) == sorted(lines)
    assert {f"p{n}@lantern.example": n + 2 for n in range(97)} == first


def test_a_small_file_is_not_offered_to_the_fast_reader_and_a_large_one_is(tmp_path: Path) -> None:
    """Both give the same; what is wrong with a file is said by the careful reader, whichever was asked first."""
    path = tmp_path / "file.csv"
    path.write_bytes(as_csv(plain_table(200), "\n", csv.QUOTE_MINIMAL))
    with open_usage(path) as careful, open_usage(path, fast_from_bytes=0) as quick:
        assert ("RowsPart", "_BulkPart") == tuple(type(next(file.parts())).__name__ for file in (careful, quick))
    with path.open("ab") as file:
        file.write(b"p1@lantern.example,yesterday,t,m,1,,,,,\n")
    with (
        pytest.raises(InputError, match=r"^file\.csv, line 202, column at: 'yesterday'"),
        open_usage(path, fast_from_bytes=0),
    ):
        pytest.fail("a broken row was taken")


@pytest.mark.parametrize("zone", [zone for zone in ZONES if zone])
def test_the_spans_of_a_time_zone_are_python_s_own(zone: str) -> None:
    """At every hour of 40 years the span says the offset that Python says, and the spans leave no gap."""
    first, last = datetime(1990, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
    spans = list(offsets(zone, first, last))
    assert [span[1] for span in spans[:-1]] == [span[0] for span in spans[1:]]
    assert (first, last + timedelta(seconds=1)) == (spans[0][0], spans[-1][1])
    for begins, ends, ahead_s in spans:
        for moment in (begins, ends - timedelta(seconds=1)):
            assert timedelta(seconds=ahead_s) == moment.astimezone(ZoneInfo(zone)).utcoffset()
        middle = begins + (ends - begins) / 2
        assert timedelta(seconds=ahead_s) == middle.astimezone(ZoneInfo(zone)).utcoffset()


def test_duckdb_stays_within_its_memory_its_folder_and_this_machine() -> None:
    """The limit is set, nothing is fetched, and the private folder is gone afterwards."""
    with open_duck() as duck:
        folder = duck.folder
        asked = ("memory_limit", "autoinstall_known_extensions", "autoload_known_extensions", "temp_directory")
        names = ", ".join(f"current_setting('{name}')" for name in asked)
        memory, installs, loads, spill = duck.rows(f"SELECT {names}")[0]
        assert (0o700, False, False) == (folder.stat().st_mode & 0o777, installs, loads)
        assert str(folder / "spill") == spill
        assert MEMORY_MB * 10**6 >= float(memory.split()[0]) * 2**20
        with pytest.raises(DuckFailure, match=r"^DuckDB could not .* \(InvalidInputException\); nothing was kept"):
            duck.run("SET memory_limit = '100GB'")
    assert not folder.exists()


def test_what_a_killed_import_left_behind_is_removed_by_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder whose owner is gone goes; one that is locked, or has just been made, stays."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folders = {name: tmp_path / f"kindling-import-{name}" for name in ("orphan", "at-work", "young")}
    for folder in folders.values():
        folder.mkdir()
        (folder / "lock").touch()
        (folder / "import.duckdb").write_text("rows")
    for name in ("orphan", "at-work"):
        os.utime(folders[name], (0, 0))
    with (folders["at-work"] / "lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with open_duck() as duck:
            assert {*folders.values(), duck.folder} - {folders["orphan"]} == set(tmp_path.iterdir())
