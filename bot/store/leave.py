"""Days away as a calendar says them: what it no longer says is taken back, what a file said stays.

Called by `jobs/collect_leave.py`. Next: `bot/store/people.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from bot.domain.people import IdentitySource
from bot.domain.roster import AbsenceRecord
from bot.store.batches import Saved, chunks, insert_new
from bot.store.identities import resolve
from bot.store.people import LEAVE
from bot.store.tables import CalendarDayRow


def replace(session: Session, *, source: str, absences: Sequence[AbsenceRecord], first: date, last: date) -> Saved:
    """Make `absences` all that `source` says of the days from `first` to `last`, both included.

    The counts are days. Addresses of nobody we know come back as `unmapped`, once a record. A calendar without anybody
    in it is an accident, and takes nothing back: leave that vanished would look like days of no use (P12).
    """
    if not absences:
        return Saved()
    ids = resolve(session, source=IdentitySource.EMAIL, ids={absence.email for absence in absences})
    gone = delete(CalendarDayRow).where(CalendarDayRow.source == source, CalendarDayRow.day.between(first, last))
    session.execute(gone.execution_options(synchronize_session=False))
    away = {
        (ids[absence.email], absence.first_day + timedelta(days=offset))
        for absence in absences
        if absence.email in ids
        for offset in range((absence.last_day - absence.first_day).days + 1)
    }
    rows = [
        {"person_id": person_id, "day": day, "reason": LEAVE, "source": source}
        for person_id, day in sorted(away)
        if first <= day <= last
    ]
    for batch in chunks(rows):
        insert_new(session, CalendarDayRow, batch)
    return Saved(added=len(rows), unmapped=tuple(a.email for a in absences if a.email not in ids))
