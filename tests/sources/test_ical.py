"""Days away from a calendar: whole days, of whoever an event names by address, and of nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.domain.roster import AbsenceRecord
from bot.errors import SourceError
from bot.settings import SourceConfig
from bot.sources.ical import CONNECTOR
from bot.sources.leave_calendar import UnreadableCalendarError, read_calendar
from bot.sources.standins.ical import CalendarStandIn, calendar
from bot.sources.standins.server import Trouble
from tests.sources.reading import opened

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
FIRST, LAST = date(2026, 11, 1), date(2026, 12, 31)
LEE = "ATTENDEE;CN=Lee Wong:mailto:Lee.Wong@acme.example"
ANA = "ATTENDEE;PARTSTAT=ACCEPTED:mailto:ana.silva@acme.example"
PACIFIC = "TZID=America/Los_Angeles"
THREE_DAYS = "DTSTART;VALUE=DATE:20261118\nDTEND;VALUE=DATE:20261121\nSUMMARY:Lee Wong - PTO"


@pytest.fixture(scope="module")
def running() -> Iterator[CalendarStandIn]:
    with CalendarStandIn() as server:
        yield server


@pytest.fixture
def stand_in(running: CalendarStandIn) -> CalendarStandIn:
    """The calendar in which Lee is away for three days."""
    running.hold(f"{THREE_DAYS}\n{LEE}\nSTATUS:CONFIRMED")
    return running


def read(source: SourceConfig, waits: list[float] | None = None) -> tuple[AbsenceRecord, ...]:
    """The absences as the product reads them."""
    with opened(source, now=NOW, waits=waits) as access:
        return tuple(CONNECTOR.fetch_absences(access, first=FIRST, last=LAST))


def at(stand_in: CalendarStandIn, key: str | None = None) -> SourceConfig:
    """The calendar as the settings name it, with the slash that they end every address with."""
    return SourceConfig("ical", "leave", f"{stand_in.base_url}/", key)


def lees(first: int, last: int, month: int = 11) -> tuple[str, date, date]:
    """Lee, from one day to another."""
    return "lee.wong@acme.example", date(2026, month, first), date(2026, month, last)


def away(*events: str, head: str = "") -> tuple[list[tuple[str, date, date]], int]:
    """Who is away when, and how many events were left out."""
    found = read_calendar(calendar(*events, head=head), first=FIRST, last=LAST)
    return [(a.email, a.first_day, a.last_day) for _uid, a in found.absences], found.left_out


def test_the_end_of_a_whole_day_event_is_the_day_after(stand_in: CalendarStandIn) -> None:
    """From the 18th to before the 21st: three days, of the address in small letters; the title is not read."""
    assert (AbsenceRecord(*lees(18, 20)),) == read(at(stand_in))
    assert "Kindling" in stand_in.requests[0].headers["user-agent"]


def test_a_key_is_sent_where_there_is_one(stand_in: CalendarStandIn) -> None:
    """And none where there is none: most calendars are protected by their address alone."""
    stand_in.hold(f"{THREE_DAYS}\n{LEE}", key="calendar-key")
    assert 1 == len(read(at(stand_in, "calendar-key")))
    with pytest.raises(SourceError, match="answered 401") as refused:
        read(at(stand_in))
    assert (True, 401) == (refused.value.permanent, refused.value.http_status)


def test_an_error_does_not_name_the_address(stand_in: CalendarStandIn) -> None:
    """Whoever knows the address can read the calendar."""
    with pytest.raises(SourceError) as missing:
        read(SourceConfig("ical", "leave", stand_in.base_url + "x"))
    assert "The calendar answered 404." == str(missing.value)
    assert "private" not in repr(missing.value)


def test_what_passes_by_itself_is_asked_again(stand_in: CalendarStandIn) -> None:
    """A dropped connection and a busy server cost two waits and no days."""
    waits: list[float] = []
    stand_in.break_next(Trouble.DROPPED, Trouble.RATE_SECONDS)
    assert 1 == len(read(at(stand_in), waits))
    assert 2 == len(waits)


@pytest.mark.parametrize("trouble", [Trouble.NO_JSON, Trouble.CUT_SHORT])
def test_a_page_that_is_no_calendar_is_no_empty_calendar(stand_in: CalendarStandIn, trouble: Trouble) -> None:
    """A sign-in page must not mean that everybody is back; one that was cut short is asked for again."""
    stand_in.break_next(trouble)
    if trouble is Trouble.CUT_SHORT:
        assert 1 == len(read(at(stand_in)))
    else:
        with pytest.raises(SourceError, match="not an iCalendar"):
            read(at(stand_in))


def test_a_calendar_can_lie_on_this_machine(tmp_path: Path) -> None:
    """By its path; one that is not there, and a source that names neither, say what to set."""
    file = tmp_path / "leave.ics"
    file.write_bytes(calendar(f"{THREE_DAYS}\n{LEE}"))
    assert (AbsenceRecord(*lees(18, 20)),) == read(SourceConfig("ical", "leave", path=str(file)))
    with pytest.raises(SourceError, match=r"check path\.$"):
        read(SourceConfig("ical", "leave", path=str(tmp_path / "none.ics")))
    with pytest.raises(SourceError, match="set base_url or path"):
        read(SourceConfig("ical", "leave"))


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("DTSTART;VALUE=DATE:20261118", [lees(18, 18)]),
        ("DTSTART;VALUE=DATE:20261118\nDURATION:P2D", [lees(18, 19)]),
        ("DTSTART;VALUE=DATE:20261118\nDTEND;VALUE=DATE:20261118", [lees(18, 18)]),
        ("DTSTART:20261118T090000Z\nDTEND:20261118T170000Z", [lees(18, 18)]),
        ("DTSTART:20261118T000000Z\nDTEND:20261120T000000Z", [lees(18, 19)]),
        (f"DTSTART;{PACIFIC}:20261118T080000\nDTEND;{PACIFIC}:20261119T170000", [lees(18, 19)]),
        (f"DTSTART;{PACIFIC}:20261118T200000\nDTEND:20261119T190000Z", [lees(18, 19)]),
        ("DTSTART:20261118T090000Z\nDTEND:20261118T100000Z", []),
        ("DTSTART:20261118T220000Z\nDTEND:20261119T020000Z", []),
        ("DTSTART:20261118T130000Z\nDTEND:20261119T030000Z", [lees(18, 18)]),
        (f"{THREE_DAYS}\nSTATUS:CANCELLED", []),
        (
            "DTSTART;VALUE=DATE:20261030\nDTEND;VALUE=DATE:20261103",
            [(lees(1, 1)[0], date(2026, 10, 30), date(2026, 11, 2))],
        ),
        ("DTSTART;VALUE=DATE:20261030\nDTEND;VALUE=DATE:20261101", []),
        ("DTSTART;VALUE=DATE:20270101", []),
    ],
)
def test_which_days_an_event_takes_up(event: str, expected: list[tuple[str, date, date]]) -> None:
    """Whole days, and of events with times those of which half a working day goes, on the clock of the event."""
    assert (expected, 0) == away(f"{event}\n{LEE}")


def test_times_in_utc_are_read_on_the_clock_of_the_calendar() -> None:
    """Where the calendar names one: from eleven at night in London is from eight in the morning in Tokyo."""
    event = f"DTSTART:20261118T230000Z\nDTEND:20261119T080000Z\n{LEE}"
    assert ([lees(19, 19)], 0) == away(event, head="X-WR-TIMEZONE:Asia/Tokyo")


def test_repetitions_are_written_out_with_their_exceptions() -> None:
    """Every other Monday, one of them struck out, one moved by a day, one cancelled."""
    series = f"DTSTART;VALUE=DATE:20261102\nRRULE:FREQ=WEEKLY;COUNT=5\nEXDATE;VALUE=DATE:20261109\n{LEE}"
    moved = f"RECURRENCE-ID;VALUE=DATE:20261116\nDTSTART;VALUE=DATE:20261117\n{LEE}"
    cancelled = f"RECURRENCE-ID;VALUE=DATE:20261123\nDTSTART;VALUE=DATE:20261123\nSTATUS:CANCELLED\n{LEE}"
    same_uid = calendar(series, moved, cancelled).replace(b"leave-2@", b"leave-1@").replace(b"leave-3@", b"leave-1@")
    found = read_calendar(same_uid, first=FIRST, last=LAST)
    assert [lees(2, 2), lees(17, 17), lees(30, 30)] == [(a.email, a.first_day, a.last_day) for _, a in found.absences]


def test_a_series_without_an_end_stops_at_the_last_day_asked_for() -> None:
    """Every Friday for ever is eight Fridays in these two months."""
    found, _left_out = away(f"DTSTART;VALUE=DATE:20200103\nRRULE:FREQ=WEEKLY\n{LEE}")
    assert 8 == len(found)


def test_everybody_who_is_named_and_comes_along_is_away() -> None:
    """Not those who declined, not the room, and whoever is named twice only once."""
    declined = "ATTENDEE;PARTSTAT=DECLINED:mailto:sam.ortiz@acme.example"
    room = "ATTENDEE;CUTYPE=ROOM:mailto:room-1@acme.example"
    by_parameter = "ATTENDEE;EMAIL=jane.park@acme.example:urn:uuid:1"
    found, left_out = away("\n".join([THREE_DAYS, LEE, LEE, ANA, declined, room, by_parameter]))
    expected = ["lee.wong@acme.example", "ana.silva@acme.example", "jane.park@acme.example"]
    assert (expected, 0) == ([email for email, *_ in found], left_out)


@pytest.mark.parametrize(
    "event",
    [
        THREE_DAYS,
        f"{THREE_DAYS}\nORGANIZER:mailto:lee.wong@acme.example",
        f"{THREE_DAYS}\nATTENDEE:urn:uuid:2f1e",
        f"{THREE_DAYS}\nATTENDEE;CUTYPE=ROOM:mailto:room-1@acme.example",
        f"DTSTART;VALUE=DATE:20160101\nDTEND;VALUE=DATE:20300101\n{LEE}",
        f"DTSTART:20261118T090000Z\nRRULE:FREQ=SECONDLY\n{LEE}",
        f"DTSTART;VALUE=DATE:20261118\nDTEND;VALUE=DATE:20261101\n{LEE}",
    ],
)
def test_an_event_that_names_nobody_or_cannot_be_true_is_counted_and_not_guessed(event: str) -> None:
    """Not from its title and not from its organiser, who may be the assistant that wrote it down."""
    assert ([], 1) == away(event)


def test_what_was_called_off_as_a_whole_is_no_leave() -> None:
    """METHOD:CANCEL takes back what it lists."""
    assert ([], 0) == away(f"{THREE_DAYS}\n{LEE}", head="METHOD:CANCEL")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"\xff\xfe",
        b"BEGIN:VEVENT\r\nEND:VEVENT\r\n",
        calendar(f"DTSTART;VALUE=DATE:soon\n{LEE}"),
        calendar(LEE),
        calendar(f"DTSTART;VALUE=DATE:20261118\nRRULE:FREQ=SOMETIMES\n{LEE}"),
    ],
)
def test_what_cannot_be_read_is_said_and_is_no_empty_calendar(content: bytes) -> None:
    """An event that cannot be understood may be somebody's leave."""
    with pytest.raises(UnreadableCalendarError):
        read_calendar(content, first=FIRST, last=LAST)
