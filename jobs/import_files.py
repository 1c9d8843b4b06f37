"""Imports one file: all of it in one transaction, or nothing. Importing the same file again changes nothing.

Called by `kindling import people|seats|absences|usage|outcomes FILE`. Next: `jobs/detect.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from bot.domain.people import IdentitySource
from bot.domain.prices import PriceBook
from bot.domain.usage import Counters, CoverageStatus, SessionFacts, UsageRow
from bot.errors import InputError
from bot.log import EventLog
from bot.sources.files.absences import read_absences
from bot.sources.files.outcomes import read_outcomes
from bot.sources.files.people import read_people
from bot.sources.files.seats import read_seats
from bot.sources.files.table import Parsed
from bot.sources.files.usage import Part, UsageFile, open_usage
from bot.store import coverage, identities, outcomes, people, usage
from bot.store.batches import Saved
from bot.store.database import Session, Store
from bot.store.windows import FILE_SOURCE
from jobs.import_report import ImportReport, Kind

_LINES_SHOWN = 5
_ONE_DAY = timedelta(days=1)
_log = EventLog("import")


def import_file(
    store: Store, *, kind: Kind, path: Path, now: datetime, complete_through: date | None, prices: PriceBook
) -> ImportReport:
    """Read `path` and keep what it says. InputError, with nothing written, when any line of it will not do.

    A usage file replaces the usage days it names (same person, day, tool and model), whichever file had put them there,
    and touches no other. It says nothing of the days it does not name, unless `complete_through` says that, from its
    first day through that one, it is complete for each person and tool in it: then no row means no use.
    """
    if complete_through is not None and kind is not Kind.USAGE:
        raise InputError(f"--complete-through says something about usage only; leave it out for {kind.value}.")
    if kind is Kind.USAGE:
        report = _import_usage(store, path, now=now, complete_through=complete_through, prices=prices)
    elif kind is Kind.PEOPLE:
        report = _import_people(store, path, now)
    else:
        report = _IMPORTERS[kind](store, path, now)
    _log.info("import.done", kind=kind.value, rows=report.rows, added=report.added, changed=report.changed)
    return report


# ---------------------------------------------------------------- people, seats, absences, outcomes


def _import_people(store: Store, path: Path, now: datetime) -> ImportReport:
    parsed = read_people(path)
    columns = people.ROSTER_COLUMNS & parsed.columns
    records = [record for _line, record in parsed.records]
    with store.begin() as session:
        try:
            saved = people.save_people(session, records=records, now=now, columns=columns)
        except identities.IdentityTakenError as taken:
            column = "github_login" if taken.source is IdentitySource.GITHUB else "slack_user_id"
            line = next(line for line, record in parsed.records if getattr(record, column) == taken.external_id)
            told = "it belongs to a person who is not in this file; list that person too, or correct one of the two"
            raise InputError(f"{parsed.file}, line {line}, column {column}: {told}.") from None
        except people.ManagerCircleError as circle:
            line = next(line for line, record in parsed.records if record.email == circle.email)
            told = "following managers upwards leads back to this person; correct one of the managers on the way"
            raise InputError(f"{parsed.file}, line {line}, column manager_email: {told}.") from None
    unknown = frozenset(saved.unmapped)
    lines = [line for line, record in parsed.records if record.manager_email in unknown]
    return _report(Kind.PEOPLE, parsed, saved, lines)


def _import_seats(store: Store, path: Path, _now: datetime) -> ImportReport:
    parsed = read_seats(path)
    with store.begin() as session:
        saved = people.save_seats(session, seats=[seat for _line, seat in parsed.records])
    return _report(Kind.SEATS, parsed, saved, _lines_of(parsed, saved.unmapped, lambda seat: seat.email))


def _import_absences(store: Store, path: Path, _now: datetime) -> ImportReport:
    parsed = read_absences(path)
    with store.begin() as session:
        saved = people.save_absences(session, absences=[absence for _line, absence in parsed.records])
    return _report(Kind.ABSENCES, parsed, saved, _lines_of(parsed, saved.unmapped, lambda absence: absence.email))


def _import_outcomes(store: Store, path: Path, now: datetime) -> ImportReport:
    parsed = read_outcomes(path)
    with store.begin() as session:
        records = [outcome for _line, outcome in parsed.records]
        saved = outcomes.save(session, source=FILE_SOURCE, outcomes=records, now=now)
    return _report(Kind.OUTCOMES, parsed, saved, _lines_of(parsed, saved.unmapped, lambda outcome: outcome.subject))


_IMPORTERS: dict[Kind, Callable[[Store, Path, datetime], ImportReport]] = {
    Kind.SEATS: _import_seats,
    Kind.ABSENCES: _import_absences,
    Kind.OUTCOMES: _import_outcomes,
}


def _report(kind: Kind, parsed: Parsed[Any], saved: Saved, unmapped_lines: Sequence[int]) -> ImportReport:
    return ImportReport(
        kind=kind,
        file=parsed.file,
        rows=parsed.row_count,
        added=saved.added,
        changed=saved.changed,
        unchanged=saved.unchanged,
        unknown_columns=parsed.unknown_columns,
        unmapped=len(unmapped_lines),
        unmapped_lines=tuple(unmapped_lines[:_LINES_SHOWN]),
        duplicates=parsed.row_count - len(parsed.records),
    )


def _lines_of(parsed: Parsed[Any], emails: Collection[str], email_of: Callable[[Any], str]) -> list[int]:
    unknown = frozenset(emails)
    return [line for line, record in parsed.records if email_of(record) in unknown]


# ---------------------------------------------------------------- usage


def _import_usage(
    store: Store, path: Path, *, now: datetime, complete_through: date | None, prices: PriceBook
) -> ImportReport:
    if complete_through is not None and complete_through > now.astimezone(UTC).date():
        raise InputError(
            f"--complete-through {complete_through.isoformat()} lies in the future; name a day that is over."
        )
    with open_usage(path) as file, store.begin() as session:
        keeper = _UsageKeeper(session, file, now=now, prices=prices)
        for part in file.parts():
            keeper.keep(part)
        if complete_through is not None:
            keeper.cover(min(complete_through, now.astimezone(UTC).date() - _ONE_DAY), asked=complete_through)
        return keeper.report()


class _UsageKeeper:
    """Keeps one usage file, part by part, and remembers what the report and the coverage need."""

    def __init__(self, session: Session, file: UsageFile, *, now: datetime, prices: PriceBook) -> None:
        self._session = session
        self._file = file
        self._now = now
        self._prices = prices
        self._saved = Saved()
        self._duplicates = 0
        self._utc_rows = 0
        self._unmapped_rows = 0
        self._unmapped_lines: list[int] = []
        self._first_day: date | None = None
        self._named: dict[str, set[int]] = defaultdict(set)
        self._tools: set[str] = set()
        self._covered_through: date | None = None

    def keep(self, part: Part) -> None:
        """Keep the rows of some of the people."""
        ids = identities.resolve(self._session, source=IdentitySource.EMAIL, ids=part.subjects())
        zone_of = people.time_zones(self._session, person_ids=ids.values())
        zones = {email: zone_of[person_id] for email, person_id in ids.items() if person_id in zone_of}
        days = part.usage_days(zones, self._prices)
        saved = usage.merge_rows(self._session, source=FILE_SOURCE, rows=days, now=self._now)
        facts = part.session_facts(zones, self._prices)
        usage.save_sessions(self._session, source=FILE_SOURCE, sessions=facts, now=self._now)
        if self._file.is_events and zones:
            self._forget_utc_days(part.of(zones), days, facts)
        self._saved = self._saved.plus(replace(saved, unmapped=()))
        self._count(part, ids, zones)
        for day in days:
            self._first_day = day.day if self._first_day is None else min(self._first_day, day.day)
            self._tools.add(day.tool)
            if day.subject in ids:
                self._named[day.tool].add(ids[day.subject])

    def cover(self, last_day: date, *, asked: date) -> None:
        """Say that the file is complete from its first day through `last_day`, for each person and tool in it.

        A day that is not over yet is not covered: whoever begins in the evening has used it all the same.
        """
        if self._first_day is None:
            raise InputError(f"{self._file.file} has no rows, so --complete-through has nobody to speak about.")
        if asked < self._first_day:
            told = f"lies before the first day of {self._file.file}, {self._first_day.isoformat()}; name a later day"
            raise InputError(f"--complete-through {asked.isoformat()} {told}.")
        if last_day < self._first_day:
            return
        self._covered_through = last_day
        for tool in sorted(self._tools):
            self._cover_tool(tool, self._first_day, last_day)

    def report(self) -> ImportReport:
        """What was done."""
        return ImportReport(
            kind=Kind.USAGE,
            file=self._file.file,
            rows=self._file.row_count,
            added=self._saved.added,
            changed=self._saved.changed,
            unchanged=self._saved.unchanged,
            unknown_columns=self._file.unknown_columns,
            unmapped=self._unmapped_rows,
            unmapped_lines=tuple(self._unmapped_lines),
            duplicates=self._duplicates,
            utc_rows=self._utc_rows,
            covered_through=self._covered_through,
        )

    def _forget_utc_days(self, part: Part, days: Sequence[UsageRow], facts: Sequence[SessionFacts]) -> None:
        """An earlier import, made before the time zones were known, left the same events on other days."""
        now_days = {(day.subject, day.day, day.tool, day.model) for day in days}
        now_facts = {(fact.session_key, fact.day, fact.tool, fact.model) for fact in facts}
        utc_days = part.usage_days({}, self._prices)
        utc_facts = part.session_facts({}, self._prices)
        usage.forget_utc_days(
            self._session,
            source=FILE_SOURCE,
            days=[
                day
                for day in utc_days
                if (day.subject, day.day, day.tool, day.model) not in now_days and _is_telling(day.counters)
            ],
            sessions=[f for f in utc_facts if (f.session_key, f.day, f.tool, f.model) not in now_facts],
            now=self._now,
        )

    def _count(self, part: Part, ids: Mapping[str, int], zones: Mapping[str, str]) -> None:
        lines = part.lines_of(part.subjects() - ids.keys())
        self._unmapped_rows += len(lines)
        self._unmapped_lines = sorted([*self._unmapped_lines, *lines])[:_LINES_SHOWN]
        self._duplicates += part.duplicates
        if self._file.is_events:
            self._utc_rows += len(part.lines_of(part.subjects() - zones.keys()))

    def _cover_tool(self, tool: str, first_day: date, last_day: date) -> None:
        coverage.mark(
            self._session,
            source=FILE_SOURCE,
            tool=tool,
            days=[first_day + timedelta(days=n) for n in range((last_day - first_day).days + 1)],
            status=CoverageStatus.COVERED,
            reason=None,
            # The file's own reach, not the time of the import: the same file says the same again.
            as_of=datetime.combine(last_day + _ONE_DAY, time(), UTC),
        )
        coverage.cover_people(
            self._session,
            source=FILE_SOURCE,
            tool=tool,
            person_ids=self._named[tool],
            first_day=first_day,
            last_day=last_day,
        )


def _is_telling(counters: Counters) -> bool:
    """Whether two days with these figures are surely the same day: a lone request is like any other, tokens are not."""
    tokens = (counters.input_tokens, counters.cache_read_tokens, counters.cache_write_tokens, counters.output_tokens)
    return any(tokens)
