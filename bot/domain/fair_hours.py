"""The hour at which a message may arrive, on the person's own clock and calendar (P9).

Called by `bot/domain/nudging.py` when it plans and when it sends. Next: `bot/domain/occasions.py`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from bot.domain.people import WorkCalendar

MONDAY, FRIDAY = 0, 4
OPENS, CLOSES = time(10), time(16)
OPENS_AFTER_WEEKEND, CLOSES_BEFORE_WEEKEND = time(13), time(12)
"""Not in the first minutes of a day, not on Monday morning, not on Friday afternoon: messages then are met worst."""
ON_ITS_WAY = timedelta(minutes=1)
"""So long a message may take from the last look until Slack has it (`http_timeout_s`, and some): the hour in which it
leaves must be fair until then."""
ALL_HOURS = (OPENS.hour, CLOSES.hour)

Hours = tuple[int, int]
"""Local hours within the fair ones, as a campaign may narrow them: from the first to before the second."""


def fair_time(
    calendar: WorkCalendar, *, not_before: datetime, until: datetime, person_id: int, hours: Hours = ALL_HOURS
) -> datetime | None:
    """The first fair moment from `not_before` to before `until`, or None.

    Fair is 10:00-16:00 on a working day and on the person's clock; after a weekend from 13:00, before one until 12:00.
    Inside the first half of that span everybody has an own minute, so that messages do not leave all at 10:00 sharp.
    """
    day = calendar.local(not_before).date()
    while day <= calendar.local(until).date():
        span = _fair_span(calendar, day, hours)
        if span is not None:
            opens, closes = span
            moment = max(not_before.astimezone(UTC), opens + _own_minute(person_id, closes - opens))
            if moment < min(closes, until):
                return moment
        day += timedelta(days=1)
    return None


def leaves_at(
    calendar: WorkCalendar,
    now: datetime,
    *,
    until: datetime,
    quiet_until: datetime | None,
    person_id: int,
    hours: Hours = ALL_HOURS,
) -> datetime | None:
    """`now` when a message may leave now, else the first fair moment before `until`, or None.

    `quiet_until` is the end of a do-not-disturb that holds now.
    """
    arrives_by = now + ON_ITS_WAY
    if quiet_until is None and is_fair(calendar, now, hours) and is_fair(calendar, arrives_by, hours):
        return now
    return fair_time(calendar, not_before=quiet_until or arrives_by, until=until, person_id=person_id, hours=hours)


def is_fair(calendar: WorkCalendar, moment: datetime, hours: Hours = ALL_HOURS) -> bool:
    """Whether a message may arrive at `moment`."""
    span = _fair_span(calendar, calendar.local(moment).date(), hours)
    return span is not None and span[0] <= moment < span[1]


def end_of(calendar: WorkCalendar, day: date) -> datetime:
    """The moment at which this day is over on the person's clock."""
    return datetime.combine(day + timedelta(days=1), time(0), tzinfo=ZoneInfo(calendar.timezone)).astimezone(UTC)


def _fair_span(calendar: WorkCalendar, day: date, hours: Hours) -> tuple[datetime, datetime] | None:
    """The fair hours of a day as two moments in UTC, or None when there are none."""
    if not calendar.is_working(day):
        return None
    after_weekend = day.weekday() == MONDAY or (day.weekday() - 1) % 7 in calendar.weekend
    before_weekend = day.weekday() == FRIDAY or (day.weekday() + 1) % 7 in calendar.weekend
    zone = ZoneInfo(calendar.timezone)
    earliest = max(OPENS_AFTER_WEEKEND if after_weekend else OPENS, time(hours[0]))
    latest = min(CLOSES_BEFORE_WEEKEND if before_weekend else CLOSES, time(hours[1]))
    opens, closes = (datetime.combine(day, hour, tzinfo=zone) for hour in (earliest, latest))
    return (opens.astimezone(UTC), closes.astimezone(UTC)) if opens < closes else None


def _own_minute(person_id: int, span: timedelta) -> timedelta:
    minutes = int(span.total_seconds()) // 60 // 2
    return timedelta(minutes=int.from_bytes(sha256(str(person_id).encode()).digest()[:8]) % minutes)
