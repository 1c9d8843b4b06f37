"""The working days of many people at once: time zone, weekend, public holidays, leave, first and last day employed.

Called by the jobs that judge people. Next: `bot/domain/people.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from bot.domain.people import Person, WorkCalendar
from bot.store import people as people_store
from bot.store.database import Session

HolidaysOf = Callable[[str | None, date, date], frozenset[date]]
WeekendOf = Callable[[str | None], frozenset[int]]


def load(
    session: Session,
    *,
    people: Mapping[int, Person],
    first: date,
    last: date,
    holidays_of: HolidaysOf,
    weekend_of: WeekendOf,
) -> dict[int, WorkCalendar]:
    """A calendar from `first` to `last` for everybody whose time zone is known; the others are not in the answer."""
    away = people_store.leave_days(session, person_ids=list(people), first=first, last=last)
    return {
        person.person_id: WorkCalendar(
            timezone=person.timezone,
            weekend=weekend_of(person.country),
            holidays=holidays_of(person.country, first, last),
            leave=away[person.person_id],
            started_on=person.started_on,
            ended_on=person.ended_on,
        )
        for person in people.values()
        if person.timezone is not None
    }
