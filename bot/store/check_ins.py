"""Answers to check-ins: one row each, for the person who gave it and for nobody else.

Called by `handlers/check_ins.py` and the card. Next: `bot/views/check_in.py`.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bot.domain.check_in import CheckIn, Helped, Saving, WentTo
from bot.domain.occasions import CHECK_IN
from bot.store.batches import upsert
from bot.store.tables import CheckInRow, NudgeRow
from bot.store.types import start_of_day


def answer(session: Session, *, nudge_key: str, person_id: int, helped: Helped, now: datetime) -> None:
    """Keep the answer to one question; the last tap stands. Nothing happens when the question was not theirs."""
    nudge_id = _nudge_id(session, nudge_key, person_id)
    if nudge_id is not None:
        row = {"nudge_id": nudge_id, "person_id": person_id, "helped": helped.value, "answered_at": now}
        upsert(session, CheckInRow, [row])


def add(
    session: Session, *, nudge_key: str, person_id: int, saving: Saving | None = None, went_to: WentTo | None = None
) -> None:
    """Keep what was said besides, where the question was answered; what is None stays as it is."""
    said = {"reported_saving": saving and saving.value, "went_to": went_to and went_to.value}
    session.execute(
        update(CheckInRow)
        .where(CheckInRow.nudge_id == _nudge_id(session, nudge_key, person_id))
        .values({name: value for name, value in said.items() if value is not None})
        .execution_options(synchronize_session=False)
    )


def take_back(session: Session, *, nudge_key: str, person_id: int) -> None:
    """As if the question had not been answered."""
    session.execute(delete(CheckInRow).where(CheckInRow.nudge_id == _nudge_id(session, nudge_key, person_id)))


def find(session: Session, *, nudge_key: str, person_id: int) -> CheckIn | None:
    """The answer to one question of this person; None when it was not answered."""
    row = session.scalar(
        select(CheckInRow)
        .where(CheckInRow.nudge_id == _nudge_id(session, nudge_key, person_id))
        .execution_options(populate_existing=True)
    )
    return None if row is None else _check_in(row)


def since(session: Session, *, person_id: int, first: date) -> tuple[CheckIn, ...]:
    """The answers that this person gave from `first` on, oldest first."""
    rows = session.scalars(
        select(CheckInRow)
        .where(CheckInRow.person_id == person_id, CheckInRow.answered_at >= start_of_day(first))
        .order_by(CheckInRow.answered_at, CheckInRow.nudge_id)
    )
    return tuple(map(_check_in, rows))


def _nudge_id(session: Session, nudge_key: str, person_id: int) -> int | None:
    return session.scalar(
        select(NudgeRow.nudge_id).where(
            NudgeRow.nudge_key == nudge_key, NudgeRow.person_id == person_id, NudgeRow.trigger == CHECK_IN
        )
    )


def _check_in(row: CheckInRow) -> CheckIn:
    return CheckIn(
        answered_on=row.answered_at.date(),
        helped=Helped(row.helped),
        saving=Saving(row.reported_saving) if row.reported_saving else None,
        went_to=WentTo(row.went_to) if row.went_to else None,
    )
