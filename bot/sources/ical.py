"""Days away from a shared calendar in iCalendar form, by its web address or as a file on this machine.

The address of such a calendar is often the secret itself, so no error names it. Called through
`bot/sources/catalogue.py`. Next: `bot/sources/leave_calendar.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from bot.domain.roster import AbsenceRecord
from bot.errors import SourceError
from bot.log import EventLog
from bot.sources.http import send
from bot.sources.leave_calendar import UnreadableCalendarError, read_calendar
from bot.sources.shape import Access, LeaveConnector

_log = EventLog("ical")


def fetch_absences(access: Access, *, first: date, last: date) -> Iterable[AbsenceRecord]:
    """All days away that touch `first` to `last`. Events that name nobody are counted in the log and left out."""
    content = _content(access)
    try:
        calendar = read_calendar(content, first=first, last=last)
    except UnreadableCalendarError:
        raise SourceError("The answer cannot be read: it is not an iCalendar.", permanent=False) from None
    if calendar.left_out:
        _log.info("ical.left_out", source=access.source.name, events=calendar.left_out)
    return tuple(absence for _uid, absence in calendar.absences)


def _content(access: Access) -> bytes:
    if access.source.path is not None:
        try:
            return Path(access.source.path).read_bytes()
        except OSError as error:
            told = f"The calendar file cannot be read ({type(error).__name__}): check path."
            raise SourceError(told, permanent=True) from None
    if access.source.base_url is None:
        raise SourceError("There is no calendar to read: set base_url or path.", permanent=True)
    try:
        # Settings end every address with a slash; a file has none.
        return send(access.client, "GET", access.source.base_url.rstrip("/"), wait=access.wait).content
    except SourceError as error:
        status = "did not answer" if error.http_status is None else f"answered {error.http_status}"
        raise SourceError(f"The calendar {status}.", permanent=error.permanent, http_status=error.http_status) from None


def _headers(api_key: str) -> Mapping[str, str]:
    accept = {"accept": "text/calendar"}
    return accept | {"authorization": f"Bearer {api_key}"} if api_key else accept


CONNECTOR = LeaveConnector(kind="ical", base_url=None, headers=_headers, fetch_absences=fetch_absences, needs_key=False)
