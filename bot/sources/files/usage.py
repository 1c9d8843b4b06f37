"""Reads usage: either usage days (a `day` column) or single events (an `at` column), which become usage days.

Called by `jobs/import_files.py`; kept by `bot/store/usage.py`. A file may be larger than the memory: `open_usage`
checks every line and lays the rows away by person in temporary files, and `parts` gives them back a share of the people
at a time. Nothing is written anywhere else before the last line has been checked.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from hashlib import blake2b, sha256
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Any, cast
from zlib import crc32
from zoneinfo import ZoneInfo

from bot.domain.prices import PriceBook
from bot.domain.usage import ANY_MODEL, Counters, SessionFacts, UsageRow
from bot.domain.usage_sums import add_up_priced
from bot.errors import InputError
from bot.sources.files.cells import Row
from bot.sources.files.table import Columns, Table, open_table

_TOKENS = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens")
DAILY = Columns(
    required=("email", "day", "tool"),
    optional=("model", "requests", "failed_requests", "sessions", *_TOKENS, "cost_usd", "accepted", "rejected"),
)
EVENTS = Columns(required=("email", "at", "tool"), optional=("model", *_TOKENS, "cost_usd", "session_id", "failed"))
_DAILY_COUNTS = ("requests", "failed_requests", "sessions", *_TOKENS, "accepted", "rejected")
_COUNTERS = tuple(counter.name for counter in fields(Counters))
_SHARES = 128
_IN_MEMORY_BYTES = 256 * 1024


@dataclass(frozen=True)
class _Laid:
    """One row as it is laid away: a usage day has a `day`, an event has an `at`."""

    line: int
    subject: str
    day: date | None
    at: datetime | None
    tool: str
    model: str
    counters: Counters
    session_key: str | None


@dataclass(frozen=True)
class Part:
    """All rows of some of the people of a file; identical events only once."""

    rows: tuple[_Laid, ...]
    duplicates: int

    def subjects(self) -> frozenset[str]:
        return frozenset(row.subject for row in self.rows)

    def lines_of(self, subjects: Collection[str]) -> list[int]:
        """The lines that name one of `subjects`."""
        return [row.line for row in self.rows if row.subject in subjects]

    def usage_days(self, zones: Mapping[str, str], prices: PriceBook) -> list[UsageRow]:
        """The usage days of these rows, priced where no cost was reported.

        An event lies on the day that the person's clock showed (`zones` by subject), or in UTC where that is not known.
        """
        days = add_up_priced((_usage_row(row, zones) for row in self.rows), prices)
        sessions: dict[tuple[Any, ...], set[str]] = defaultdict(set)
        for row in self.rows:
            if row.session_key is not None:
                sessions[row.subject, _day(row, zones), row.tool, row.model].add(row.session_key)
        return [_with_sessions(day, sessions) for day in days]

    def session_facts(self, zones: Mapping[str, str], prices: PriceBook) -> list[SessionFacts]:
        """The counters of each session on each day: neither when it began nor how long it went on (P5)."""
        by_session: dict[str, list[_Laid]] = defaultdict(list)
        for row in self.rows:
            if row.session_key is not None:
                by_session[row.session_key].append(row)
        return [
            SessionFacts(session_key, day.subject, day.day, day.tool, day.model, day.counters)
            for session_key, rows in by_session.items()
            for day in add_up_priced((_usage_row(row, zones) for row in rows), prices)
        ]

    def of(self, subjects: Collection[str]) -> Part:
        """The rows of these people alone."""
        return Part(tuple(row for row in self.rows if row.subject in subjects), self.duplicates)


@dataclass(frozen=True)
class UsageFile:
    """A usage file of which every line has been checked."""

    file: str
    unknown_columns: tuple[str, ...]
    row_count: int
    is_events: bool
    _shares: Mapping[int, IO[str]]

    def parts(self) -> Iterator[Part]:
        """The rows, a share of the people at a time; each person's rows are all in one part."""
        for _number, share in sorted(self._shares.items()):
            share.seek(0)
            yield _part(share)


@contextmanager
def open_usage(path: Path) -> Iterator[UsageFile]:
    """Check all of `path` and lay its rows away by person; InputError at the first line that will not do."""
    shares: dict[int, IO[str]] = {}
    try:
        with open_table(path) as table:
            columns = _columns(table)
            unknown = table.check_header(columns)
            count = 0
            for row in table.rows():
                laid = _event(row) if columns is EVENTS else _usage_day(row)
                _lay_away(shares, laid, _fingerprint(row) if columns is EVENTS else None)
                count += 1
        yield UsageFile(table.file, unknown, count, columns is EVENTS, shares)
    finally:
        for share in shares.values():
            share.close()


def _columns(table: Table) -> Columns:
    """Which of the two kinds this is, by its header."""
    if table.has("day") and table.has("at"):
        raise InputError(
            f"{table.file}, line 1, column at: the file has `day` as well; usage is either days or events."
        )
    if not table.has("day") and not table.has("at") and table.has("email"):
        raise InputError(f"{table.file}, line 1, column day: it is missing; give usage days a `day` or events an `at`.")
    return EVENTS if table.has("at") else DAILY


def _usage_day(row: Row) -> _Laid:
    counts = {name: row.count(name) for name in _DAILY_COUNTS}
    return _Laid(
        line=row.line,
        subject=row.needed_email("email"),
        day=row.needed_day("day"),
        at=None,
        tool=row.needed_text("tool").casefold(),
        model=row.text("model") or ANY_MODEL,
        counters=Counters(**counts, cost_microusd=row.dollars("cost_usd")),
        session_key=None,
    )


def _event(row: Row) -> _Laid:
    failed = row.flag("failed")
    tokens = {name: row.count(name) for name in _TOKENS}
    failures = None if failed is None else int(failed)
    session = row.text("session_id")
    return _Laid(
        line=row.line,
        subject=row.needed_email("email"),
        day=None,
        at=row.needed_moment("at"),
        tool=row.needed_text("tool").casefold(),
        model=row.text("model") or ANY_MODEL,
        counters=Counters(requests=1, failed_requests=failures, **tokens, cost_microusd=row.dollars("cost_usd")),
        session_key=None if session is None else sha256(session.encode()).hexdigest()[:32],
    )


def _fingerprint(row: Row) -> str:
    """The same for two rows only when every cell is the same, those of unknown columns too."""
    return blake2b("\x1f".join(row.cells.values()).encode(), digest_size=12).hexdigest()


def _lay_away(shares: dict[int, IO[str]], row: _Laid, fingerprint: str | None) -> None:
    number = crc32(row.subject.encode()) % _SHARES
    if number not in shares:
        share = SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES, mode="w+", encoding="utf-8")  # noqa: SIM115 - closed by open_usage
        shares[number] = cast("IO[str]", share)
    when = [None if row.day is None else row.day.isoformat(), None if row.at is None else row.at.isoformat()]
    counters = [getattr(row.counters, name) for name in _COUNTERS]
    kept = [fingerprint, row.line, row.subject, *when, row.tool, row.model, counters, row.session_key]
    shares[number].write(json.dumps(kept) + "\n")


def _part(share: IO[str]) -> Part:
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
            _Laid(
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
    return Part(tuple(rows), duplicates)


def _usage_row(row: _Laid, zones: Mapping[str, str]) -> UsageRow:
    return UsageRow(row.subject, _day(row, zones), row.tool, row.model, row.counters)


def _day(row: _Laid, zones: Mapping[str, str]) -> date:
    if row.day is not None:
        return row.day
    assert row.at is not None
    zone = zones.get(row.subject)
    return row.at.astimezone(UTC if zone is None else ZoneInfo(zone)).date()


def _with_sessions(day: UsageRow, sessions: Mapping[tuple[Any, ...], set[str]]) -> UsageRow:
    keys = sessions.get((day.subject, day.day, day.tool, day.model))
    return day if keys is None else replace(day, counters=replace(day.counters, sessions=len(keys)))
