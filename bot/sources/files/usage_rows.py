"""Reads usage row by row, with care: the reader that words every error.

Called by `bot/sources/files/usage.py`. A file may be larger than the memory: every row is checked and laid away by
person in temporary files, and `parts` gives them back a share of the people at a time. Nothing is written anywhere else
before the last row has been checked. Next: `bot/sources/files/bulk.py`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from hashlib import blake2b
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Any, cast
from zlib import crc32
from zoneinfo import ZoneInfo

from bot.domain.prices import PriceBook
from bot.domain.usage import ANY_MODEL, Counters, SessionFacts, UsageRow
from bot.domain.usage_sums import add_up_priced
from bot.sources.files.cells import Row
from bot.sources.files.ndjson import open_ndjson
from bot.sources.files.table import Table, open_table
from bot.sources.files.usage_columns import COUNTERS, DAILY_COUNTS, EVENTS, KNOWN, TOKENS, UsageFile, columns_of
from bot.sources.files.usage_columns import session_key as key_of

_SHARES = 128
_IN_MEMORY_BYTES = 256 * 1024
NDJSON_ENDINGS = (".ndjson", ".jsonl")


@dataclass(frozen=True)
class LaidRow:
    """One row as it is laid away: a usage day has a `day`, an event has an `at`."""

    line: int
    subject: str
    day: date | None
    at: datetime | None
    tool: str
    model: str
    counters: Counters
    session_key: str | None = None


@dataclass(frozen=True)
class RowsPart:
    """Some of the people of a file, row by row."""

    rows: tuple[LaidRow, ...]
    duplicates: int = 0

    def subjects(self) -> frozenset[str]:
        return frozenset(row.subject for row in self.rows)

    def lines_of(self, subjects: Collection[str], *, most: int) -> tuple[int, list[int]]:
        lines = [row.line for row in self.rows if row.subject in subjects]
        return len(lines), lines[:most]

    def usage_days(self, zones: Mapping[str, str], prices: PriceBook) -> list[UsageRow]:
        days = add_up_priced((_usage_row(row, zones) for row in self.rows), prices)
        sessions: dict[tuple[Any, ...], set[str]] = defaultdict(set)
        for row in self.rows:
            if row.session_key is not None:
                sessions[row.subject, _day(row, zones), row.tool, row.model].add(row.session_key)
        return [with_sessions(day, {key: len(keys) for key, keys in sessions.items()}) for day in days]

    def session_facts(self, zones: Mapping[str, str], prices: PriceBook) -> list[SessionFacts]:
        by_session: dict[str, list[UsageRow]] = defaultdict(list)
        for row in self.rows:
            if row.session_key is not None:
                by_session[row.session_key].append(_usage_row(row, zones))
        return facts_of(by_session, prices)

    def left_days(self, zones: Mapping[str, str], prices: PriceBook) -> tuple[list[UsageRow], list[SessionFacts]]:
        theirs = RowsPart(tuple(row for row in self.rows if row.subject in zones and row.at is not None))
        days_now = {_key(day) for day in theirs.usage_days(zones, prices)}
        days = [day for day in theirs.usage_days({}, prices) if _key(day) not in days_now and is_telling(day.counters)]
        facts_now = {(fact.session_key, *_key(fact)) for fact in theirs.session_facts(zones, prices)}
        facts = theirs.session_facts({}, prices)
        return days, [fact for fact in facts if (fact.session_key, *_key(fact)) not in facts_now]


def open_rows(path: Path) -> AbstractContextManager[Table]:
    """The rows of `path`, whichever of the kinds it is."""
    name = path.name.lower().removesuffix(".gz")
    if name.endswith(NDJSON_ENDINGS):
        return open_ndjson(path, KNOWN)
    if name.endswith(".parquet"):
        # Loaded only by whoever has such a file: DuckDB costs a tenth of a second and 40 MB.
        from bot.sources.files.parquet import open_parquet  # noqa: PLC0415 - see above

        return open_parquet(path, KNOWN)
    return open_table(path)


@contextmanager
def read_with_care(path: Path) -> Iterator[UsageFile]:
    """Check all of `path` and lay its rows away by person; InputError at the first row that will not do."""
    shares: dict[int, IO[str]] = {}
    try:
        with open_rows(path) as table:
            columns = columns_of(table)
            count = 0
            for row in table.rows:
                laid = _event(row) if columns is EVENTS else _usage_day(row)
                _lay_away(shares, laid, _fingerprint(row) if columns is EVENTS else None)
                count += 1
            unknown = table.unknown(columns)
        yield UsageFile(table.file, unknown, count, columns is EVENTS, lambda: _parts(shares))
    finally:
        for share in shares.values():
            share.close()


def with_sessions(day: UsageRow, sessions: Mapping[tuple[Any, ...], int]) -> UsageRow:
    """The day with the number of its sessions, where sessions were named."""
    count = sessions.get((day.subject, day.day, day.tool, day.model))
    return day if count is None else replace(day, counters=replace(day.counters, sessions=count))


def facts_of(by_session: Mapping[str, Sequence[UsageRow]], prices: PriceBook) -> list[SessionFacts]:
    """The counters of each session on each day, added up and priced."""
    return [
        SessionFacts(session_key, day.subject, day.day, day.tool, day.model, day.counters)
        for session_key, rows in by_session.items()
        for day in add_up_priced(rows, prices)
    ]


def _key(row: UsageRow | SessionFacts) -> tuple[str, date, str, str]:
    return row.subject, row.day, row.tool, row.model


def is_telling(counters: Counters) -> bool:
    """Whether two days with these figures are surely the same day: a lone request is like any other, tokens are not."""
    return any(getattr(counters, name) for name in TOKENS)


def _usage_day(row: Row) -> LaidRow:
    counts = {name: row.count(name) for name in DAILY_COUNTS}
    return LaidRow(
        line=row.line,
        subject=row.needed_email("email"),
        day=row.needed_day("day"),
        at=None,
        tool=row.needed_text("tool").casefold(),
        model=row.text("model") or ANY_MODEL,
        counters=Counters(**counts, cost_microusd=row.dollars("cost_usd")),
    )


def _event(row: Row) -> LaidRow:
    failed = row.flag("failed")
    tokens = {name: row.count(name) for name in TOKENS}
    failures = None if failed is None else int(failed)
    session = row.text("session_id")
    return LaidRow(
        line=row.line,
        subject=row.needed_email("email"),
        day=None,
        at=row.needed_moment("at"),
        tool=row.needed_text("tool").casefold(),
        model=row.text("model") or ANY_MODEL,
        counters=Counters(requests=1, failed_requests=failures, **tokens, cost_microusd=row.dollars("cost_usd")),
        session_key=None if session is None else key_of(session),
    )


def _fingerprint(row: Row) -> str:
    """The same for two rows only when every cell is the same, those of unknown columns too."""
    return blake2b(json.dumps(list(row.cells.values())).encode(), digest_size=16).hexdigest()


def _lay_away(shares: dict[int, IO[str]], row: LaidRow, fingerprint: str | None) -> None:
    number = crc32(row.subject.encode()) % _SHARES
    if number not in shares:
        share = SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES, mode="w+", encoding="utf-8")  # noqa: SIM115 - closed by read_with_care
        shares[number] = cast("IO[str]", share)
    when = [None if row.day is None else row.day.isoformat(), None if row.at is None else row.at.isoformat()]
    counters = [getattr(row.counters, name) for name in COUNTERS]
    kept = [fingerprint, row.line, row.subject, *when, row.tool, row.model, counters, row.session_key]
    shares[number].write(json.dumps(kept) + "\n")


def _parts(shares: Mapping[int, IO[str]]) -> Iterator[RowsPart]:
    for _number, share in sorted(shares.items()):
        share.seek(0)
        yield _part(share)


def _part(share: IO[str]) -> RowsPart:
    rows = []
    seen: set[str] = set()
    duplicates = 0
    for text in share:
        fingerprint, line, subject, day, at, tool, model, counters, session_key = json.loads(text)
        if fingerprint in seen:
            duplicates += 1
            continue
        if fingerprint is not None:
            seen.add(fingerprint)
        rows.append(
            LaidRow(
                line=line,
                subject=subject,
                day=None if day is None else date.fromisoformat(day),
                at=None if at is None else datetime.fromisoformat(at),
                tool=tool,
                model=model,
                counters=Counters(*counters),
                session_key=session_key,
            )
        )
    return RowsPart(tuple(rows), duplicates)


def _usage_row(row: LaidRow, zones: Mapping[str, str]) -> UsageRow:
    return UsageRow(row.subject, _day(row, zones), row.tool, row.model, row.counters)


def _day(row: LaidRow, zones: Mapping[str, str]) -> date:
    if row.day is not None:
        return row.day
    assert row.at is not None
    zone = zones.get(row.subject)
    return row.at.astimezone(UTC if zone is None else ZoneInfo(zone)).date()
