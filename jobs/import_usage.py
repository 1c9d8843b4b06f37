"""Imports one usage file: part by part, in one transaction, with the days that it proves.

Called by `jobs/import_files.py`. Next: `jobs/import_report.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.domain.people import IdentitySource
from bot.domain.precedence import FILE as FILE_SOURCE
from bot.domain.prices import PriceBook
from bot.domain.usage import CoverageStatus
from bot.errors import InputError
from bot.sources.files.ccusage import open_ccusage
from bot.sources.files.usage import UsageFile, UsagePart, open_usage
from bot.store import coverage, identities, people, usage
from bot.store.batches import Saved
from bot.store.database import Session, Store
from jobs.import_report import LINES_SHOWN, ImportReport, Kind

_ONE_DAY = timedelta(days=1)
_CCUSAGE = (".json", ".json.gz")


def import_usage(
    store: Store, path: Path, *, now: datetime, complete_through: date | None, prices: PriceBook, email: str | None
) -> ImportReport:
    """Keep the usage in `path`. InputError, with nothing written, when any row of it will not do."""
    if complete_through is not None and complete_through > now.astimezone(UTC).date():
        raise InputError(
            f"--complete-through {complete_through.isoformat()} lies in the future; name a day that is over."
        )
    with _open(path, email) as file:
        if complete_through is not None and not file.proves_silence:
            told = "sees one machine only, so it cannot be complete; leave --complete-through out"
            raise InputError(f"{file.file} {told}.")
        with store.begin() as session:
            keeper = _UsageKeeper(session, file, now=now, prices=prices)
            for part in file.parts():
                keeper.keep(part)
            if complete_through is not None:
                keeper.cover(complete_through)
            return keeper.report()


def _open(path: Path, email: str | None) -> AbstractContextManager[UsageFile]:
    if path.name.lower().endswith(_CCUSAGE):
        if email is None:
            raise InputError(f"{path.name} does not say whose it is; add --email with the address of that person.")
        return open_ccusage(path, email)
    if email is not None:
        raise InputError(f"{path.name} names its people itself; leave --email out.")
    return open_usage(path)


class _UsageKeeper:
    """Keeps one usage file, part by part, and remembers what the report and the coverage need."""

    def __init__(self, session: Session, file: UsageFile, *, now: datetime, prices: PriceBook) -> None:
        self._session = session
        self._file = file
        self._now = now
        self._prices = prices
        self._today = now.astimezone(UTC).date()
        self._saved = Saved()
        self._duplicates = 0
        self._utc_rows = 0
        self._unmapped_rows = 0
        self._unmapped_lines: list[int] = []
        self._first_day: date | None = None
        self._named: dict[str, set[int]] = defaultdict(set)
        self._day_not_over: set[int] = set()
        self._covered_through: date | None = None
        self._covered_less = 0

    def keep(self, part: UsagePart) -> None:
        """Keep the rows of some of the people."""
        ids = identities.resolve(self._session, source=IdentitySource.EMAIL, ids=part.subjects())
        zone_of = people.time_zones(self._session, person_ids=ids.values())
        zones = {email: zone_of[person_id] for email, person_id in ids.items() if person_id in zone_of}
        days = part.usage_days(zones, self._prices)
        saved = usage.merge_rows(self._session, source=FILE_SOURCE, rows=days, now=self._now)
        facts = part.session_facts(zones, self._prices)
        usage.save_sessions(self._session, source=FILE_SOURCE, sessions=facts, now=self._now)
        if self._file.is_events and zones:
            left, left_facts = part.left_days(zones, self._prices)
            usage.forget_utc_days(self._session, source=FILE_SOURCE, days=left, sessions=left_facts, now=self._now)
        self._saved = self._saved.plus(replace(saved, unmapped=()))
        self._count(part, ids, zones)
        self._day_not_over |= {person_id for person_id, zone in zone_of.items() if self._is_behind(zone)}
        for day in days:
            self._first_day = day.day if self._first_day is None else min(self._first_day, day.day)
            named = self._named[day.tool]
            if day.subject in ids:
                named.add(ids[day.subject])

    def cover(self, asked: date) -> None:
        """Say that the file is complete from its first day through `asked`, for each person and tool in it.

        A day that is not over yet, by the clock of the person it is said of, is not covered: whoever begins in the
        evening has used it all the same.
        """
        if self._first_day is None:
            raise InputError(f"{self._file.file} has no rows, so --complete-through has nobody to speak about.")
        if asked < self._first_day:
            told = f"lies before the first day of {self._file.file}, {self._first_day.isoformat()}; name a later day"
            raise InputError(f"--complete-through {asked.isoformat()} {told}.")
        last_day = min(asked, self._today - _ONE_DAY)
        if last_day < self._first_day:
            return
        self._covered_through = last_day
        behind = self._day_not_over if last_day == self._today - _ONE_DAY else set()
        self._covered_less = len(behind & set().union(*self._named.values()))
        for tool, named in sorted(self._named.items()):
            self._mark_tool(tool, self._first_day, last_day)
            self._cover_people(tool, named - behind, last_day)
            self._cover_people(tool, named & behind, last_day - _ONE_DAY)

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
            covered_less=self._covered_less,
        )

    def _count(self, part: UsagePart, ids: Mapping[str, int], zones: Mapping[str, str]) -> None:
        count, lines = part.lines_of(part.subjects() - ids.keys(), most=LINES_SHOWN)
        self._unmapped_rows += count
        self._unmapped_lines = sorted([*self._unmapped_lines, *lines])[:LINES_SHOWN]
        self._duplicates += part.duplicates
        if self._file.is_events:
            self._utc_rows += part.lines_of(part.subjects() - zones.keys(), most=0)[0]

    def _is_behind(self, zone: str) -> bool:
        """Whether yesterday, as UTC counts days, still goes on there."""
        return self._now.astimezone(ZoneInfo(zone)).date() < self._today

    def _mark_tool(self, tool: str, first_day: date, last_day: date) -> None:
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

    def _cover_people(self, tool: str, person_ids: set[int], last_day: date) -> None:
        assert self._first_day is not None
        if last_day >= self._first_day:
            coverage.cover_people(
                self._session,
                source=FILE_SOURCE,
                tool=tool,
                person_ids=person_ids,
                first_day=self._first_day,
                last_day=last_day,
            )
