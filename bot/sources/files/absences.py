"""Reads days away: vacation, parental leave, illness; why is not asked.

Called by `jobs/import_files.py`; kept by `bot/store/people.py`.
"""

from __future__ import annotations

from pathlib import Path

from bot.domain.roster import AbsenceRecord
from bot.errors import InputError
from bot.sources.files.cells import Row
from bot.sources.files.table import Columns, Parsed, parse

COLUMNS = Columns(required=("email", "first_day", "last_day"), optional=())
_LONGEST_DAYS = 3 * 366
"""Longer than any leave we know of: more likely a wrong year, which would keep a person silent for decades."""


def read_absences(path: Path) -> Parsed[AbsenceRecord]:
    """The absences of a file. InputError at the first line that will not do."""
    return parse(path, COLUMNS, _record)


def _record(row: Row) -> AbsenceRecord:
    absence = AbsenceRecord(
        email=row.needed_email("email"), first_day=row.needed_day("first_day"), last_day=row.needed_day("last_day")
    )
    where = f"{row.file}, line {row.line}, column last_day"
    if absence.last_day < absence.first_day:
        raise InputError(f"{where}: it lies before first_day; correct one of the two days.")
    if (absence.last_day - absence.first_day).days >= _LONGEST_DAYS:
        raise InputError(f"{where}: it lies more than three years after first_day; check the years.")
    return absence
