"""Imports one file: all of it in one transaction, or nothing. Importing the same file again changes nothing.

Called by `kindling import people|identities|seats|absences|usage|outcomes FILE`. Next: `jobs/detect.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from bot.domain.people import IdentitySource, identity_of
from bot.domain.precedence import FILE as FILE_SOURCE
from bot.domain.prices import PriceBook
from bot.domain.roster import PersonRecord, spelled
from bot.errors import InputError
from bot.log import EventLog
from bot.sources.files.absences import CALENDAR_SUFFIX, read_absences, read_leave_calendar
from bot.sources.files.identities import EXTERNAL_ID, read_identities
from bot.sources.files.outcomes import read_outcomes
from bot.sources.files.people import claimed_ids, read_people
from bot.sources.files.seats import read_seats
from bot.sources.files.table import Parsed
from bot.store import identities, outcomes, people
from bot.store.batches import Saved
from bot.store.database import Store
from jobs.import_report import LINES_SHOWN, ImportReport, Kind
from jobs.import_usage import import_usage

_log = EventLog("import")


def import_file(
    store: Store,
    *,
    kind: Kind,
    path: Path,
    now: datetime,
    complete_through: date | None,
    prices: PriceBook,
    email: str | None = None,
) -> ImportReport:
    """Read `path` and keep what it says. InputError, with nothing written, when any line of it will not do.

    A usage file replaces the usage days it names (same person, day, tool and model), whichever file had put them there,
    and touches no other. It says nothing of the days it does not name, unless `complete_through` says that, from its
    first day through that one, it is complete for each person and tool in it: then no row means no use. `email` says
    whose a usage file is that names nobody (ccusage).
    """
    if complete_through is not None and kind is not Kind.USAGE:
        raise InputError(f"--complete-through says something about usage only; leave it out for {kind.value}.")
    if email is not None and kind is not Kind.USAGE:
        raise InputError(f"--email says whose usage it is; leave it out for {kind.value}.")
    if kind is Kind.USAGE:
        report = import_usage(store, path, now=now, complete_through=complete_through, prices=prices, email=email)
    else:
        report = _IMPORTERS[kind](store, path, now)
    _log.info("import.done", kind=kind.value, rows=report.rows, added=report.added, changed=report.changed)
    return report


# ---------------------------------------------------------------- people, identities, seats, absences, outcomes


def _import_people(store: Store, path: Path, now: datetime) -> ImportReport:
    parsed = read_people(path)
    columns = people.ROSTER_COLUMNS & parsed.columns
    records = [record for _line, record in parsed.records]
    with store.begin() as session:
        try:
            saved = people.save_people(session, records=records, now=now, columns=columns)
        except identities.IdentityTakenError as taken:
            raise _taken_by_another(parsed, taken) from None
        except people.ManagerCircleError as circle:
            line = next(line for line, record in parsed.records if record.email == circle.email)
            told = "following managers upwards leads back to this person; correct one of the managers on the way"
            raise InputError(f"{parsed.file}, line {line}, column manager_email: {told}.") from None
    unknown = frozenset(saved.unmapped)
    lines = [line for line, record in parsed.records if record.manager_email in unknown]
    return _report(Kind.PEOPLE, parsed, saved, lines)


def _taken_by_another(parsed: Parsed[PersonRecord], taken: identities.IdentityTakenError) -> InputError:
    """The sentence for an id that this roster gives to one person, and that is another person's."""
    wanted = (taken.source, taken.external_id)
    line, column = next(
        (line, column)
        for line, record in parsed.records
        for column, source, external_id in claimed_ids(record)
        if (source, spelled(source, external_id)) == wanted
    )
    told = "it belongs to a person who is not in this file; list that person too, or correct one of the two"
    if column == "email":
        told = "it is kept as another address of somebody in this file; list the main address of that person too"
    elif taken.source is IdentitySource.EMAIL:
        told = (
            "it is another person's address; remove it here, or have that person forgotten if they are one and the same"
        )
    return InputError(f"{parsed.file}, line {line}, column {column}: {told}.")


def _import_identities(store: Store, path: Path, now: datetime) -> ImportReport:
    parsed = read_identities(path)
    with store.begin() as session:
        try:
            saved = identities.save_records(session, records=[record for _line, record in parsed.records], now=now)
        except identities.IdentityTakenError as taken:
            wanted = (taken.source, taken.external_id)
            line = next(line for line, record in parsed.records if identity_of(record.subject) == wanted)
            told = "a roster gives it to another person; correct it there or here"
            raise InputError(f"{parsed.file}, line {line}, column {EXTERNAL_ID}: {told}.") from None
    return _report(Kind.IDENTITIES, parsed, saved, _lines_of(parsed, saved.unmapped, lambda record: record.email))


def _import_seats(store: Store, path: Path, _now: datetime) -> ImportReport:
    parsed = read_seats(path)
    with store.begin() as session:
        saved = people.save_seats(session, seats=[seat for _line, seat in parsed.records])
    return _report(Kind.SEATS, parsed, saved, _lines_of(parsed, saved.unmapped, lambda seat: seat.email))


def _import_absences(store: Store, path: Path, now: datetime) -> ImportReport:
    left_out = 0
    if path.suffix.lower() == CALENDAR_SUFFIX:
        parsed, left_out = read_leave_calendar(path, today=now.date())
    else:
        parsed = read_absences(path)
    with store.begin() as session:
        saved = people.save_absences(session, absences=[absence for _line, absence in parsed.records])
    report = _report(Kind.ABSENCES, parsed, saved, _lines_of(parsed, saved.unmapped, lambda absence: absence.email))
    return replace(report, left_out=left_out)


def _import_outcomes(store: Store, path: Path, now: datetime) -> ImportReport:
    parsed = read_outcomes(path)
    with store.begin() as session:
        records = [outcome for _line, outcome in parsed.records]
        saved = outcomes.save(session, source=FILE_SOURCE, outcomes=records, now=now)
    return _report(Kind.OUTCOMES, parsed, saved, _lines_of(parsed, saved.unmapped, lambda outcome: outcome.subject))


_IMPORTERS: dict[Kind, Callable[[Store, Path, datetime], ImportReport]] = {
    Kind.PEOPLE: _import_people,
    Kind.IDENTITIES: _import_identities,
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
        unmapped_lines=tuple(unmapped_lines[:LINES_SHOWN]),
        duplicates=parsed.row_count - len(parsed.records),
    )


def _lines_of(parsed: Parsed[Any], emails: Collection[str], email_of: Callable[[Any], str]) -> list[int]:
    unknown = frozenset(emails)
    return [line for line, record in parsed.records if email_of(record) in unknown]
