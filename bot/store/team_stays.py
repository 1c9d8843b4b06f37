"""Who belonged to which team and reported to whom, and from when to when: the tree of managers with its history.

Nothing is written into the past: a change begins on the day on which it is told. Called by `bot/store/people.py` and
`bot/store/directory.py`. Next: `bot/store/rights.py`, which hands it out and erases it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.store.batches import chunks
from bot.store.tables import PersonRow, TeamStayRow
from bot.store.tables.people import works_here

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Place:
    """Somebody's team and manager. None: nobody said."""

    team: str | None
    manager_id: int | None


def note(session: Session, *, person_ids: Collection[int], day: date) -> None:
    """Let the history of these people say what `person` says of their team and manager now.

    What changed ends the day before `day`, and the new begins on it; a second change on the same day replaces the
    first. Whoever belongs to no team and has no manager begins nothing.
    """
    for batch in chunks(sorted(set(person_ids))):
        people = select(PersonRow.person_id, PersonRow.team, PersonRow.manager_id).where(PersonRow.person_id.in_(batch))
        is_open = (TeamStayRow.person_id.in_(batch), TeamStayRow.last_day.is_(None))
        opened = {row.person_id: row for row in session.scalars(select(TeamStayRow).where(*is_open))}
        for person_id, team, manager_id in session.execute(people).all():
            _note(session, opened.get(person_id), person_id, Place(team, manager_id), day)
        session.flush()
        session.expunge_all()


def tree(session: Session, *, on: date) -> dict[int, Place]:
    """Where everybody stood on that day, of those who worked here then."""
    rows = (
        select(TeamStayRow.person_id, TeamStayRow.team, TeamStayRow.manager_id)
        .join(PersonRow, PersonRow.person_id == TeamStayRow.person_id)
        .where(
            TeamStayRow.first_day <= on,
            or_(TeamStayRow.last_day.is_(None), TeamStayRow.last_day >= on),
            works_here(PersonRow, on),
        )
    )
    return {person_id: Place(team, manager_id) for person_id, team, manager_id in session.execute(rows)}


def _note(session: Session, stay: TeamStayRow | None, person_id: int, place: Place, day: date) -> None:
    if stay is not None and Place(stay.team, stay.manager_id) == place:
        return
    somewhere = place != Place(None, None)
    if stay is not None and stay.first_day >= day:
        if somewhere:
            stay.team, stay.manager_id = place.team, place.manager_id
        else:
            session.delete(stay)
        return
    if stay is not None:
        stay.last_day = day - _ONE_DAY
    if somewhere:
        session.add(
            TeamStayRow(person_id=person_id, first_day=day, last_day=None, team=place.team, manager_id=place.manager_id)
        )
