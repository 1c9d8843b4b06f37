"""Reads days away: vacation, parental leave, illness; why is not asked. A CSV file, or an iCalendar (.ics).

Called by `jobs/import_files.py`; kept by `bot/store/people.py`. Next: `bot/sources/leave_calendar.py`.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from bot.domain.roster import AbsenceRecord
from bot.errors import InputError
from bot.sources.files.cells import Row
from bot.sources.files.table import Columns, Parsed, parse
from bot.sources.leave_calendar import LONGEST_DAYS, UnreadableCalendarError, read_calendar

COLUMNS = Columns(required=("email", "first_day", "last_day"), optional=())
CALENDAR_SUFFIX = ".ics"
_CALENDAR_REACH = timedelta(days=400)
"""How far from today a calendar is read, back and ahead: a repetition without an end has to end somewhere."""


def read_absences(path: Path) -> Parsed[AbsenceRecord]:
    """The absences of a CSV file. InputError at the first line that will not do."""
    return parse(path, COLUMNS, _record)


def read_leave_calendar(path: Path, *, today: date) -> tuple[Parsed[AbsenceRecord], int]:
    """The absences of an iCalendar, each with the line on which its event begins, and how many events say nothing.

    InputError when it is not an iCalendar.
    """
    try:
        content = path.read_bytes()
        calendar = read_calendar(content, first=today - _CALENDAR_REACH, last=today + _CALENDAR_REACH)
    except OSError as error:
        raise InputError(f"{path.name} cannot be read ({(error.strerror or 'input error').lower()}).") from None
    except UnreadableCalendarError:
        raise InputError(f"{path.name} is not an iCalendar that can be read; export the calendar again.") from None
    lines = _lines(content)
    records = tuple((lines.get(uid, 1), absence) for uid, absence in calendar.absences)
    return Parsed(path.name, frozenset(), (), len(records), records), calendar.left_out


def _lines(content: bytes) -> dict[str, int]:
    """The line on which each event begins, by its id; of several with one id the first."""
    found: dict[str, int] = {}
    begins = 1
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), start=1):
        name, _colon, value = line.partition(":")
        if line.strip().upper() == "BEGIN:VEVENT":
            begins = number
        elif name.upper() == "UID":
            found.setdefault(value.strip(), begins)
    return found


def _record(row: Row) -> AbsenceRecord:
    absence = AbsenceRecord(
        email=row.needed_email("email"), first_day=row.needed_day("first_day"), last_day=row.needed_day("last_day")
    )
    where = f"{row.file}, line {row.line}, column last_day"
    if absence.last_day < absence.first_day:
        raise InputError(f"{where}: it lies before first_day; correct one of the two days.")
    if (absence.last_day - absence.first_day).days >= LONGEST_DAYS:
        raise InputError(f"{where}: it lies more than three years after first_day; check the years.")
    return absence
