"""Since when this Kindling has been judging people: the day that begins the two weeks of looking only.

Written by `jobs/detect.py`, read by `jobs/decide.py` and `jobs/recheck.py`. Next: `bot/domain/nudging.py`.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.store.batches import insert_new
from bot.store.tables import InstallationRow

_THE_ONE = 1


def note_judging(session: Session, *, day: date) -> None:
    """Remember `day` as the first on which anybody was judged, unless there was one before; that one stands."""
    insert_new(session, InstallationRow, [{"installation_id": _THE_ONE, "first_judged_on": day}])


def first_judged_on(session: Session) -> date | None:
    """The first day of this installation, None while nobody was ever judged."""
    return session.scalar(select(InstallationRow.first_judged_on))
