"""If-then plans: one a person, with one reminder. A plan that is forgotten takes its reminder with it.

Called by `handlers/plans.py` and `jobs/decide.py`, and by `bot/store/preferences.py`: who wants silence wants no
reminder either. Next: `bot/store/nudges.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bot.domain.nudging import Silence
from bot.domain.plans import REMINDER, Cue, IfThen
from bot.store import nudges
from bot.store.batches import upsert
from bot.store.tables import IfThenRow


def make(session: Session, *, person_id: int, plan: IfThen) -> None:
    """Keep this plan; it takes the place of the old one, and of its reminder."""
    forget(session, person_id=person_id, now=plan.made_at)
    row = {"tip_id": plan.tip_id, "cue": plan.cue.value, "made_at": plan.made_at, "remind_on": plan.remind_on}
    upsert(session, IfThenRow, [{"person_id": person_id, "reminded_at": None, **row}])


def load(session: Session, *, person_ids: Sequence[int]) -> dict[int, IfThen]:
    """The plans of those of these people who made one."""
    rows = session.scalars(
        select(IfThenRow).where(IfThenRow.person_id.in_(person_ids)).execution_options(populate_existing=True)
    )
    return {
        row.person_id: IfThen(row.tip_id, Cue(row.cue), row.made_at, row.remind_on, row.reminded_at) for row in rows
    }


def reminded(session: Session, *, person_id: int, now: datetime) -> bool:
    """Note that the one reminder is planned; False when it was before, or the plan is forgotten meanwhile."""
    touched = session.scalar(
        update(IfThenRow)
        .where(IfThenRow.person_id == person_id, IfThenRow.reminded_at.is_(None))
        .values(reminded_at=now)
        .returning(IfThenRow.person_id)
        .execution_options(synchronize_session=False)
    )
    return touched is not None


def forget(session: Session, *, person_id: int, now: datetime) -> bool:
    """Forget the plan of this person, and its reminder where that has not left yet; False when there was none."""
    gone = session.scalar(
        delete(IfThenRow)
        .where(IfThenRow.person_id == person_id)
        .returning(IfThenRow.person_id)
        .execution_options(synchronize_session=False)
    )
    nudges.cancel_open(session, person_id=person_id, reason=Silence.NO_LONGER_TRUE, now=now, trigger=REMINDER)
    return gone is not None
