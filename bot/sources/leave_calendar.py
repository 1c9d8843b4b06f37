"""Reads days away out of an iCalendar: whole days, by the addresses of its attendees.

Nobody is guessed from the title of an event, which is not kept either: an event that names nobody is counted and left
out. Called by `bot/sources/ical.py` and `bot/sources/files/absences.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import recurring_ical_events  # type: ignore[import-untyped]  # it ships no types
from icalendar import Calendar, Component

from bot.domain.roster import AbsenceRecord

LONGEST_DAYS = 3 * 366
"""Longer than any leave we know of: more likely a wrong year, which would keep a person silent for decades."""
HALF_A_DAY = timedelta(hours=4)
"""A day counts as away when an event with times takes so much of it; an appointment is no day away."""

_ONE_DAY = timedelta(days=1)
_ADDRESS = re.compile(r"(?:mailto:)?\s*([^@\s:]+@[^@\s]+)", re.IGNORECASE)
_NOT_A_PERSON = frozenset({"ROOM", "RESOURCE", "GROUP"})
_TOO_OFTEN = frozenset({"HOURLY", "MINUTELY", "SECONDLY"})


class UnreadableCalendarError(Exception):
    """What was given is not an iCalendar, or its dates and repetitions contradict each other."""


@dataclass(frozen=True)
class LeaveCalendar:
    """The days away in a calendar, each with the id of its event, and how many events were left out.

    Left out are events that name nobody by an address, that repeat more often than daily, that last
    for years, or that end before they begin.
    """

    absences: tuple[tuple[str, AbsenceRecord], ...]
    left_out: int


def read_calendar(content: bytes, *, first: date, last: date) -> LeaveCalendar:
    """All days away that touch `first` to `last`, repetitions written out. Raises UnreadableCalendarError."""
    try:
        calendar = Calendar.from_ical(content)
        if calendar.name != "VCALENDAR":
            raise UnreadableCalendarError
        senseless = {id(event) for event in calendar.walk("VEVENT") if _repeats_too_often(event) or _ends_early(event)}
        calendar.subcomponents = [part for part in calendar.subcomponents if id(part) not in senseless]
        events = recurring_ical_events.of(calendar).between(first, last + _ONE_DAY)
        found = [] if _cancels(calendar) else [_Event.read(event) for event in events]
    except UnreadableCalendarError:
        raise
    except Exception as error:  # the libraries raise what their parts raise: ValueError, KeyError, TypeError and others
        raise UnreadableCalendarError from error
    touching = [event for event in found if not event.cancelled and event.touches(first, last)]
    absences = {
        (event.uid, AbsenceRecord(address, event.first_day, event.last_day)): None
        for event in touching
        if event.is_told
        for address in event.addresses
    }
    nameless = {event.uid for event in touching if not event.is_told}
    return LeaveCalendar(tuple(absences), len(nameless) + len(senseless))


@dataclass(frozen=True)
class _Event:
    """One occurrence. `last_day` lies before `first_day` when no day is taken up."""

    uid: str
    first_day: date
    last_day: date
    addresses: tuple[str, ...]
    names_somebody: bool
    cancelled: bool

    @property
    def is_told(self) -> bool:
        return self.names_somebody and (self.last_day - self.first_day).days < LONGEST_DAYS

    def touches(self, first: date, last: date) -> bool:
        return first <= self.last_day and self.first_day <= min(last, self.last_day)

    @classmethod
    def read(cls, event: Component) -> _Event:
        first_day, last_day = _days(event.decoded("DTSTART"), event.decoded("DTEND"))
        people = list(_people(event))
        return cls(
            uid=str(event.get("UID", "")),
            first_day=first_day,
            last_day=last_day,
            addresses=tuple(dict.fromkeys(address for address, comes in people if comes)),
            names_somebody=bool(people),
            cancelled=str(event.get("STATUS", "")).upper() == "CANCELLED",
        )


def _days(start: date, end: date) -> tuple[date, date]:
    """The first and the last day away; the end is the first moment after, of all-day events too.

    An event with times is read on the clock of its own time zone, which is where its people are.
    """
    if not isinstance(start, datetime) or not isinstance(end, datetime):
        return start, max(start, end - _ONE_DAY)
    begins, ends = start.replace(tzinfo=None), end.astimezone(start.tzinfo).replace(tzinfo=None)
    first_day, last_day = begins.date(), ends.date()
    if datetime.combine(first_day + _ONE_DAY, time()) - begins < HALF_A_DAY and last_day > first_day:
        first_day += _ONE_DAY
    if ends - max(begins, datetime.combine(last_day, time())) < HALF_A_DAY:
        last_day -= _ONE_DAY
    return first_day, last_day


def _people(event: Component) -> Iterator[tuple[str, bool]]:
    """The address of every attendee who is a person and has one, and whether they have not declined."""
    attendees = event.get("ATTENDEE", [])
    for attendee in attendees if isinstance(attendees, list) else [attendees]:
        if str(attendee.params.get("CUTYPE", "")).upper() in _NOT_A_PERSON:
            continue
        for written in (str(attendee), str(attendee.params.get("EMAIL", ""))):
            address = _ADDRESS.fullmatch(written.strip())
            if address is not None:
                yield address[1].casefold(), str(attendee.params.get("PARTSTAT", "")).upper() != "DECLINED"
                break


def _repeats_too_often(event: Component) -> bool:
    rules = event.get("RRULE", [])
    rules = rules if isinstance(rules, list) else [rules]
    return any(str(frequency).upper() in _TOO_OFTEN for rule in rules for frequency in rule.get("FREQ", []))


def _ends_early(event: Component) -> bool:
    if "DTEND" not in event:
        return False
    start, end = event.decoded("DTSTART"), event.decoded("DTEND")
    return isinstance(start, datetime) == isinstance(end, datetime) and bool(end < start)


def _cancels(calendar: Component) -> bool:
    return str(calendar.get("METHOD", "")).upper() == "CANCEL"
