"""Broken files: one sentence that says what, where and how to mend it, and nothing written."""

from __future__ import annotations

import gzip
import re
from datetime import date
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import InputError
from bot.sources.files.usage import open_usage
from bot.store.database import Store
from jobs.import_report import Kind
from tests.files import bring_in, everything, write

ADA = "ada.moreau@lantern.example"
BEN = "ben.castell@lantern.example"
DAILY = "email,day,tool,model,requests,cost_usd\n"
EVENT = "email,at,tool,failed\n"
PEOPLE = "email,manager_email,timezone,country,started_on,ended_on,github_login,slack_user_id\n"
SEAT = "email,tool,assigned_on,released_on,monthly_cost_usd\n"
AWAY = "email,first_day,last_day\n"
OUTCOME = "email,at,kind,ref,lines_added,ai_assisted\n"
FINE = f"{ADA},2026-02-10,claude_code,m,1,0.5\n"

BROKEN_ROWS = [
    (Kind.USAGE, DAILY + FINE + f"{ADA},11/18/2026,t,m,1,\n", 3, "day", "11/18/2026"),
    (Kind.USAGE, DAILY + f"{ADA},20260218,t,m,1,\n", 2, "day", "year-month-day"),
    (Kind.USAGE, DAILY + f"{ADA},2026-02-30,t,m,1,\n", 2, "day", "of the calendar"),
    (Kind.USAGE, DAILY + f"{ADA},0026-02-20,t,m,1,\n", 2, "day", "between 1900 and 2100"),
    (Kind.USAGE, DAILY + f"{ADA},,t,m,1,\n", 2, "day", "blank"),
    (Kind.USAGE, DAILY + f"{ADA},2026-02-10,,m,1,\n", 2, "tool", "blank"),
    (Kind.USAGE, DAILY + '{ADA}@x.y,2026-02-10,t,m,"1,000",\n', 2, "requests", "without separators"),
    (Kind.USAGE, DAILY + f"{ADA},2026-02-10,t,m,NaN,\n", 2, "requests", "'NaN'"),
    (Kind.USAGE, DAILY + f"{ADA},2026-02-10,t,m,-3,\n", 2, "requests", "zero or more"),
    (Kind.USAGE, DAILY + f"{ADA},2026-02-10,t,m,1.5,\n", 2, "requests", "whole number"),
    (Kind.USAGE, DAILY + f"{ADA},2026-02-10,t,m,٣,\n", 2, "requests", "whole number"),
    (Kind.USAGE, DAILY + f"{ADA},2026-02-10,t,m,{'9' * 30},\n", 2, "requests", "can be true"),
    (Kind.USAGE, DAILY + FINE + "\n" + FINE + f"{ADA},2026-02-10,t,m,1,abc\n", 5, "cost_usd", "'abc' is not an amount"),
    (Kind.USAGE, DAILY + f"{ADA},2026-02-10,t,m,1,$1.25\n", 2, "cost_usd", "1.25"),
    (Kind.USAGE, DAILY + f"{ADA},2026-02-10,t,m,1,-0.25\n", 2, "cost_usd", "zero or more"),
    (Kind.USAGE, DAILY + f'{ADA},2026-02-10,t,m,1,"1,25"\n', 2, "cost_usd", "amount in dollars"),
    (Kind.USAGE, DAILY + f"{ADA},2026-02-10,t,m,1,1e300\n", 2, "cost_usd", "can be true"),
    (Kind.USAGE, DAILY + "ada.moreau,2026-02-10,t,m,1,\n", 2, "email", "e-mail address"),
    (Kind.USAGE, EVENT + f"{ADA},2026-02-10T10:00:00,t,\n", 2, "at", "with a time zone"),
    (Kind.USAGE, EVENT + f"{ADA},yesterday,t,\n", 2, "at", "'yesterday'"),
    (Kind.USAGE, EVENT + f"{ADA},2026-02-10T25:00:00Z,t,\n", 2, "at", "of the calendar"),
    (Kind.USAGE, EVENT + f"{ADA},2026-02-10,t,\n", 2, "at", "a moment"),
    (Kind.USAGE, EVENT + f"{ADA},2026-02-10T10:00:00Z,t,maybe\n", 2, "failed", "yes or a no"),
    (Kind.PEOPLE, PEOPLE + "nobody,,,,,,,\n", 2, "email", "e-mail address"),
    (Kind.PEOPLE, PEOPLE + f"{ADA},,Mars/Phobos,,,,,\n", 2, "timezone", "Europe/Paris"),
    (Kind.PEOPLE, PEOPLE + f"{ADA},,,France,,,,\n", 2, "country", "two letters"),
    (Kind.PEOPLE, PEOPLE + f"{ADA},{ADA.upper()},,,,,,\n", 2, "manager_email", "their own manager"),
    (Kind.PEOPLE, PEOPLE + f"{ADA},{BEN},,,,,,\n{BEN},{ADA},,,,,,\n", 2, "manager_email", "leads back"),
    (Kind.PEOPLE, PEOPLE + f"{ADA},,,,2026-01-02,2026-01-01,,\n", 2, "ended_on", "before started_on"),
    (Kind.PEOPLE, PEOPLE + f"{ADA},,,,,,,\n{ADA.upper()},,,,,,,\n", 3, "email", "line 2"),
    (Kind.PEOPLE, PEOPLE + f"{ADA},,,,,,lamp,\n{BEN},,,,,,Lamp,\n", 3, "github_login", "line 2"),
    (Kind.PEOPLE, PEOPLE + f"{ADA},,,,,,,U0ADA\n{BEN},,,,,,,U0ADA\n", 3, "slack_user_id", "line 2"),
    (Kind.PEOPLE, PEOPLE + f"{ADA},,,,,,,@ada\n", 2, "slack_user_id", "member id"),
    (Kind.SEATS, SEAT + f"{ADA},copilot,2026-01-02,2026-01-01,\n", 2, "released_on", "before assigned_on"),
    (Kind.SEATS, SEAT + f"{ADA},t,2026-01-02,,\n{ADA},T,2026-02-02,,\n", 3, "assigned_on", "line 2"),
    (Kind.SEATS, SEAT + f"{ADA},t,2026-01-02,,19 EUR\n", 2, "monthly_cost_usd", "19 EUR"),
    (Kind.ABSENCES, AWAY + f"{ADA},2026-01-02,2026-01-01\n", 2, "last_day", "before first_day"),
    (Kind.ABSENCES, AWAY + f"{ADA},2026-01-02,2062-01-01\n", 2, "last_day", "three years"),
    (Kind.OUTCOMES, OUTCOME + f"{ADA},2026-01-02T10:00Z,merged,r,,\n", 2, "kind", "pr_merged, pr_closed"),
    (Kind.OUTCOMES, OUTCOME + f"{ADA},2026-01-02T10:00Z,pr_merged,,,\n", 2, "ref", "blank"),
    (Kind.OUTCOMES, OUTCOME + f"{ADA},2026-01-02T10:00Z,pr_merged,r,,perhaps\n", 2, "ai_assisted", "true or false"),
    (Kind.USAGE, "email,day,tool,Tool\n", 1, "tool", "twice"),
    (Kind.USAGE, "email,day,requests\n", 1, "tool", "missing"),
    (Kind.USAGE, "email,tool\n", 1, "day", "missing"),
    (Kind.USAGE, "email,day,at,tool\n", 1, "at", "either days or events"),
    (Kind.SEATS, "tool,assigned_on\n", 1, "email", "missing"),
    (Kind.USAGE, DAILY + f"{ADA},2026-02-10,t,m\n", 2, None, "4 cells and the header has 6"),
    (Kind.USAGE, DAILY + f"{ADA},2026-02-10,t,m,1,2,3\n", 2, None, "7 cells and the header has 6"),
    (Kind.USAGE, DAILY + FINE + f'{ADA},2026-02-10,"t,m,1,2\n' + FINE, 3, None, "quote"),
    (Kind.USAGE, DAILY + f"{ADA},2026-02-10,t\0,m,1,2\n", 2, None, "zero byte"),
    (Kind.USAGE, "email;day;tool\n", 1, None, "commas"),
    (Kind.USAGE, "email,day,,tool\n", 1, None, "no name"),
]


@pytest.mark.parametrize(("kind", "text", "line", "column", "words"), BROKEN_ROWS)
def test_a_broken_line_is_named_in_one_sentence_and_nothing_is_written(
    sqlite_store: Store, tmp_path: Path, *, kind: Kind, text: str, line: int, column: str | None, words: str
) -> None:
    """The sentence names file, line and column and shows what is wrong; every table is as it was."""
    bring_in(sqlite_store, Kind.PEOPLE, write(tmp_path, f"email\n{ADA}\n", "people.csv"))
    before = everything(sqlite_store)
    with pytest.raises(InputError) as refused:
        bring_in(sqlite_store, kind, write(tmp_path, text, "broken.csv"))
    said = str(refused.value)
    where = f"broken.csv, line {line}" + (f", column {column}: " if column else ": ")
    assert said.startswith(where)
    assert words in said
    _is_one_sentence(said)
    assert before == everything(sqlite_store)


BROKEN_FILES = [
    ("empty.csv", b"", "empty"),
    ("blank.csv", b"\n\n\n", "empty"),
    ("latin.csv", (DAILY + FINE).replace("claude", "lumière").encode("latin-1"), "line 2: it is not UTF-8"),
    ("wide.csv", DAILY.encode("utf-16"), "line 1: it is not UTF-8"),
    ("book.csv", b"PK\x03\x04\x14\x00\x06\x00\x08\x00\xff\xfe", "not UTF-8"),
    ("plain.csv.gz", DAILY.encode(), "gzip"),
    ("cut.csv.gz", gzip.compress(bytes(range(256)) * 8)[:100], ""),
    ("half.csv.gz", gzip.compress((DAILY + FINE * 5_000).encode())[:-20], "gzip"),
    ("bent.csv.gz", gzip.compress((DAILY + FINE * 50).encode())[:20] + b"\xff" * 90, ""),
]


BROKEN_FILES += [
    ("none.ndjson", b"\n\n", "empty"),
    ("cut.ndjson", b'{"email": "a@b.c", "day"', "line 1: it is not JSON"),
    (
        "list.ndjson",
        b'{"email": "a@b.c", "day": "2026-02-10", "tool": "t"}\n[1]\n',
        "line 2: it is JSON and not an object",
    ),
    ("twice.ndjson", b'{"email": "a@b.c", "email": "b@b.c"}', "line 1: a name stands there twice"),
    ("twice.jsonl", b'{"email": "a@b.c", "Email": "b@b.c"}', "line 1, column email: it stands there twice"),
    ("deep.jsonl", b"[" * 100_000, "line 1: it is not JSON"),
    ("day.jsonl", b'{"email": "a@b.c", "day": "2026-02-10", "tool": {}}', "column tool: it is a list or an object"),
    (
        "half.jsonl",
        b'{"email": "a@b.c", "day": "2026-02-10", "tool": "\\ud800"}',
        "column tool: there is half a character",
    ),
    ("zero.jsonl", b'{"email": "a@b.c", "day": "2026-02-10", "tool": "\\u0000"}', "zero byte"),
    ("bare.jsonl", b'{"email": "a@b.c"}', "column day: it is missing"),
    ("many.jsonl", b'{"email": "a@b.c", "day": "2026-02-10", "tool": "t", "requests": 1.5}', "column requests: '1.5'"),
    ("none.jsonl", b'{"email": "a@b.c", "day": "2026-02-10", "tool": "t", "requests": NaN}', "column requests: 'NaN'"),
    ("plain.ndjson.gz", b"{}", "gzip"),
    ("text.parquet", b"email,day,tool\n", "not a whole Parquet file"),
    ("short.parquet", b"PAR1", "not a whole Parquet file"),
]


@pytest.mark.parametrize(("name", "content", "words"), BROKEN_FILES, ids=[name for name, _c, _w in BROKEN_FILES])
def test_what_is_not_a_csv_file_is_named_in_one_sentence(
    sqlite_store: Store, tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    """Empty, in another encoding, or a gzip file that is none or not whole."""
    (tmp_path / name).write_bytes(content)
    before = everything(sqlite_store)
    with pytest.raises(InputError) as refused:
        bring_in(sqlite_store, Kind.USAGE, tmp_path / name)
    assert str(refused.value).startswith(name)
    assert words in str(refused.value)
    _is_one_sentence(str(refused.value))
    assert before == everything(sqlite_store)


BROKEN_COLUMNS = [
    ("1.5::DOUBLE AS requests", "row 2, column requests: '1.5' is not a whole number"),
    ("'nan'::DOUBLE AS requests", "row 2, column requests: 'nan' is not a whole number"),
    ("-1::BIGINT AS requests", "row 2, column requests: '-1' is not zero or more"),
    ("true AS requests", "row 2, column requests: 'true' is not a whole number"),
    ("1e16::DOUBLE AS requests", "row 2, column requests"),
    ("'-inf'::DOUBLE AS cost_usd", "row 2, column cost_usd"),
    ("TIMESTAMP '2026-02-10 10:00:00' AS day", "row 2, column day"),
    ("[1] AS model", "column model: it holds integer[] and not plain values"),
    ("{'a': 1} AS model", "column model: it holds struct"),
    ("'x'::BLOB AS model", "column model: it holds blob"),
    ("'a' || chr(0) AS model", "row 2, column model: there is a zero byte"),
]


@pytest.mark.parametrize(("column", "words"), BROKEN_COLUMNS)
def test_a_typed_cell_is_refused_as_its_text_would_be(
    sqlite_store: Store, tmp_path: Path, column: str, words: str
) -> None:
    """A Parquet file has no lines, so the sentence names the row; whichever reader had been asked first."""
    path = tmp_path / "typed.parquet"
    given = {"email": f"'{ADA}'", "day": "DATE '2026-02-10'", "tool": "'t'", "requests": "1", "model": "'m'"}
    name = column.split(" AS ")[1]
    head = ", ".join(f'{value} AS "{key}"' for key, value in given.items() if key != name)
    blank = f'NULL AS "{name}"' if name != "day" else f"TIMESTAMP '2026-02-10 00:00:00' AS \"{name}\""
    select = f"SELECT {head}, {blank} UNION ALL SELECT {head}, {column.replace(name, chr(34) + name + chr(34))}"
    if name == "day":
        words = words.replace("row 2", "row 1")
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)")
    for fast_from_bytes in (0, 10**9):
        with pytest.raises(InputError) as refused, open_usage(path, fast_from_bytes=fast_from_bytes):
            pytest.fail("it was taken")
        assert str(refused.value).startswith("typed.parquet, " + words)
        _is_one_sentence(str(refused.value))
    assert [] == everything(sqlite_store)["usage_day"]


@pytest.mark.parametrize("kind", list(Kind))
def test_a_path_that_leads_to_no_file_is_refused(sqlite_store: Store, tmp_path: Path, kind: Kind) -> None:
    """No such file, or a folder."""
    with pytest.raises(InputError, match=r"^missing\.csv does not exist; check the path\.$"):
        bring_in(sqlite_store, kind, tmp_path / "missing.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match=r"^folder\.csv is a folder; name a CSV file\.$"):
        bring_in(sqlite_store, kind, tmp_path / "folder.csv")


@pytest.mark.parametrize(
    ("text", "day", "words"),
    [
        (DAILY + FINE, date(2026, 2, 9), "before the first day of usage.csv, 2026-02-10"),
        (DAILY + FINE, date(2026, 3, 3), "future"),
        (DAILY, date(2026, 2, 9), "no rows"),
    ],
)
def test_a_day_that_a_file_cannot_be_complete_through_is_refused(
    sqlite_store: Store, tmp_path: Path, text: str, day: date, words: str
) -> None:
    """Before the file begins, in the future, or with nobody to speak about: nothing is written."""
    before = everything(sqlite_store)
    with pytest.raises(InputError) as refused:
        bring_in(sqlite_store, Kind.USAGE, write(tmp_path, text, "usage.csv"), complete_through=day)
    assert words in str(refused.value)
    _is_one_sentence(str(refused.value))
    assert before == everything(sqlite_store)


def test_complete_through_means_nothing_for_a_roster(sqlite_store: Store, tmp_path: Path) -> None:
    """Only usage can be complete."""
    with pytest.raises(InputError, match="usage only"):
        path = write(tmp_path, f"email\n{ADA}\n")
        bring_in(sqlite_store, Kind.PEOPLE, path, complete_through=date(2026, 2, 9))


def test_a_broken_last_line_takes_everything_before_it_back(store: Store, tmp_path: Path) -> None:
    """Ten thousand good lines and a bad one: nothing is kept, on either database."""
    lines = "".join(f"p{n}@lantern.example,2026-02-10,t,m,1,\n" for n in range(10_000))
    with pytest.raises(InputError, match="line 10002, column requests"):
        bring_in(store, Kind.USAGE, write(tmp_path, DAILY + lines + f"{ADA},2026-02-10,t,m,many,\n"))
    assert [] == everything(store)["usage_day"]
    assert [] == everything(store)["identity"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: f"email,day,tool\n{text}".encode())))
def test_whatever_bytes_a_file_holds_it_is_read_or_refused(tmp_path: Path, content: bytes) -> None:
    """No file, plain or compressed, makes the reader fail in another way."""
    for name, kept in (("file.csv", content), ("file.csv.gz", content), ("whole.csv.gz", gzip.compress(content))):
        (tmp_path / name).write_bytes(kept)
        try:
            with open_usage(tmp_path / name) as file:
                assert file.row_count == sum(part.lines_of(part.subjects(), most=0)[0] for part in file.parts())
        except InputError as refused:
            assert str(refused).startswith(name)
            assert "\n" not in str(refused)


def _is_one_sentence(said: str) -> None:
    assert "\n" not in said
    assert said.endswith(".")
    assert not re.search(r"[.!?] [A-Z]", said), said
    assert len(said) < 300
