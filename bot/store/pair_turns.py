"""Whose turn it is to be asked for fifteen minutes, and what follows when nobody answers.

Called by `handlers/pairs.py` for the first who is asked, and every night by `jobs/pairing.py`. Next: `jobs/pairing.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.domain.nudging import Silence
from bot.domain.pairs import (
    ANSWER_WITHIN,
    ASK,
    ASKED_AGAIN_AFTER,
    MOST_ASKED,
    Request,
    State,
    Volunteer,
    are_near,
    in_turn,
    is_at_its_end,
    may_be_asked,
)
from bot.domain.people import Person
from bot.store import nudges, pairs, people, plans, preferences
from bot.store.batches import chunks
from bot.store.tables import NudgeRow, PairVolunteerRow

_AT_ONCE = 50
_NEVER_SAID = ("skipped", "failed")


def go_on(session: Session, *, person_id: int, now: datetime, switched_on: bool) -> None:
    """Take the request of this person one step further where that is due: ask the next one, give up, or tell."""
    request = pairs.find(session, person_id=person_id, hold=True)
    if request is None:
        return
    is_gone = request.state is State.AGREED and request.volunteer_id is None
    if is_gone or (request.state is State.ASKED and _is_unanswered(session, request, now)):
        if not pairs.pass_on(session, request=request, now=now):
            return
        request = replace(request, state=State.WAITING)
    finds_nobody = request.state is State.WAITING and switched_on and not _ask_next(session, request, now)
    if finds_nobody and is_at_its_end(request, now) and pairs.give_up(session, request=request, now=now):
        request = replace(request, state=State.NOBODY, changed_at=now)
    pairs.tell(session, request=request, now=now)


def _is_unanswered(session: Session, request: Request, now: datetime) -> bool:
    """Whether the message was never said, or said a week ago."""
    nudge = session.get(NudgeRow, request.nudge_id, populate_existing=True) if request.nudge_id else None
    if nudge is None or nudge.state in _NEVER_SAID:
        return True
    return nudge.state in ("sent", "unknown") and now - (nudge.sent_at or nudge.due_at) >= ANSWER_WITHIN


def _ask_next(session: Session, request: Request, now: datetime) -> bool:
    """Ask the first in turn who may be asked, somebody near before somebody far; False when there is nobody."""
    if request.asks >= MOST_ASKED:
        return False
    asker = people.load(session, person_ids=[request.person_id])[request.person_id]
    far: list[int] = []
    for volunteer in _in_turn(session, request, now):
        if not are_near(asker, volunteer, now):
            far.append(volunteer.person_id)
        elif _ask(session, request, volunteer.person_id, now):
            return True
    return any(_ask(session, request, person_id, now) for person_id in far)


def _in_turn(session: Session, request: Request, now: datetime) -> Iterator[Person]:
    """Those who may be asked, in turn."""
    offered = session.scalars(select(PairVolunteerRow.person_id)).all()
    for batch in chunks(in_turn(offered, request), _AT_ONCE):
        yield from (one.person for one in _load(session, batch, now) if may_be_asked(one, now, switched_on=True))


def _load(session: Session, person_ids: Sequence[int], now: datetime) -> list[Volunteer]:
    taken = nudges.open_people(session, person_ids=person_ids) | _asked_lately(session, person_ids, now)
    taken |= {who for who, plan in plans.load(session, person_ids=person_ids).items() if plan.may_wait(now)}
    said = preferences.load(session, person_ids=person_ids)
    past = nudges.history(session, person_ids=person_ids)
    here = people.load(session, person_ids=person_ids)
    return [Volunteer(here[who], said[who], past[who], who in taken) for who in person_ids if who in here]


def _asked_lately(session: Session, person_ids: Sequence[int], now: datetime) -> set[int]:
    """Who was asked in the last four weeks; what was taken back before it left was not asked."""
    return set(
        session.scalars(
            select(NudgeRow.person_id).where(
                NudgeRow.person_id.in_(person_ids),
                NudgeRow.trigger == ASK,
                NudgeRow.planned_at > now - ASKED_AGAIN_AFTER,
                or_(NudgeRow.reason.is_(None), NudgeRow.reason != Silence.NO_LONGER_TRUE),
            )
        )
    )


def _ask(session: Session, request: Request, volunteer_id: int, now: datetime) -> bool:
    """One message to this volunteer; False when another process was first, or they were erased meanwhile."""
    if not people.hold(session, person_ids=[volunteer_id]):
        return False
    nudge_id = pairs.plan(session, person_id=volunteer_id, trigger=ASK, side=None, now=now)
    return nudge_id is not None and pairs.asked(
        session, request=request, volunteer_id=volunteer_id, nudge_id=nudge_id, now=now
    )
