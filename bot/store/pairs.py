"""Fifteen minutes with a colleague: who offered, the one request of a person, and each arrow it goes along.

An arrow touches a row only in the state that it leads from, so that of a yes and a taking back exactly one wins. Called
by `handlers/pairs.py`, `bot/store/pair_turns.py` and, for who wants silence, `bot/store/preferences.py`.
Next: `bot/store/pair_turns.py`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from bot.domain.nudging import Plan, Silence
from bot.domain.pairs import ANSWER_WITHIN, ASK, CARRIER, MADE, NOBODY_FREE, RULE_VERSION, Own, Request, Side, State
from bot.store import nudges
from bot.store.batches import upsert
from bot.store.tables import NudgeRow, PairRequestRow, PairVolunteerRow

OPEN = (State.WAITING, State.ASKED)
_NOT_LEFT = ("planned", "claimed", "skipped", "failed")
_ASIDE: dict[str, Any] = {"volunteer_id": None, "nudge_id": None}


def own(session: Session, *, person_id: int) -> Own:
    """What this person sees of it."""
    offers = session.get(PairVolunteerRow, person_id, populate_existing=True) is not None
    request = find(session, person_id=person_id)
    is_told = request is not None and request.state is State.AGREED and _was_told(session, request)
    return Own(offers, request, is_told)


def offer(session: Session, *, person_id: int, now: datetime) -> None:
    """This person would show a colleague something."""
    upsert(session, PairVolunteerRow, [{"person_id": person_id, "offered_at": now}])


def offer_no_more(session: Session, *, person_id: int, now: datetime) -> None:
    """Not any more: whoever waits for their answer is passed on."""
    session.execute(
        delete(PairVolunteerRow)
        .where(PairVolunteerRow.person_id == person_id)
        .execution_options(synchronize_session=False)
    )
    _hand_back(session, volunteer_id=person_id, states=(State.ASKED,), now=now)


def find(session: Session, *, person_id: int, hold: bool = False) -> Request | None:
    """The request of this person; with `hold` nothing moves it before this transaction ends."""
    wanted = select(PairRequestRow).where(PairRequestRow.person_id == person_id)
    row = session.scalars(
        (wanted.with_for_update() if hold else wanted).execution_options(populate_existing=True)
    ).one_or_none()
    return None if row is None else _request(row)


def hold_all(session: Session, *, person_id: int) -> None:
    """Hold the requests that this person made or is asked for, before anything of theirs goes: whoever takes a request
    further holds it first as well.
    """
    theirs = or_(PairRequestRow.person_id == person_id, PairRequestRow.volunteer_id == person_id)
    session.execute(select(PairRequestRow.person_id).where(theirs).order_by(PairRequestRow.person_id).with_for_update())


def unfinished(session: Session) -> list[int]:
    """Those whose request has somebody to ask, or something to tell."""
    states = (*OPEN, State.AGREED, State.NOBODY)
    return list(
        session.scalars(
            select(PairRequestRow.person_id)
            .where(PairRequestRow.state.in_(states))
            .order_by(PairRequestRow.made_at, PairRequestRow.person_id)
        )
    )


def make(session: Session, *, person_id: int, now: datetime) -> bool:
    """Make a request; False when there is one already, also one that has ended less than 28 days after it was made."""
    before = find(session, person_id=person_id, hold=True)
    if before is not None and now < before.again_from:
        return False
    new = {"state": State.WAITING.value, "asks": 0, "made_at": now, "changed_at": now, **_ASIDE}
    upsert(session, PairRequestRow, [{"person_id": person_id, **new}])
    return True


def asked(session: Session, *, request: Request, volunteer_id: int, nudge_id: int, now: datetime) -> bool:
    """Somebody is asked, with this message."""
    to = {"state": State.ASKED, "volunteer_id": volunteer_id, "nudge_id": nudge_id, "asks": PairRequestRow.asks + 1}
    return _arrow(session, PairRequestRow.person_id == request.person_id, source=State.WAITING, now=now, to=to)


def pass_on(session: Session, *, request: Request, now: datetime) -> bool:
    """No answer came, or who said yes is gone: it is somebody else's turn. False once one of the two was told."""
    if request.state is State.AGREED and _was_told(session, request):
        return False
    _call_off(session, request, now)
    theirs = PairRequestRow.person_id == request.person_id
    return _arrow(session, theirs, source=request.state, now=now, to={"state": State.WAITING, **_ASIDE})


def give_up(session: Session, *, request: Request, now: datetime) -> bool:
    """Nobody is free."""
    theirs = PairRequestRow.person_id == request.person_id
    return _arrow(session, theirs, source=State.WAITING, now=now, to={"state": State.NOBODY})


def agree(session: Session, *, nudge_key: str, person_id: int, now: datetime) -> bool:
    """Whoever was asked with this message said yes; False when it is settled already. Both hear of it."""
    if not _arrow(session, *_asked_with(nudge_key, person_id), source=State.ASKED, now=now, to={"state": State.AGREED}):
        return False
    agreed = select(PairRequestRow).where(PairRequestRow.state == State.AGREED, *_asked_with(nudge_key, person_id))
    for row in session.scalars(agreed.execution_options(populate_existing=True)):
        tell(session, request=_request(row), now=now)
    return True


def decline(session: Session, *, nudge_key: str, person_id: int, now: datetime) -> bool:
    """Whoever was asked with this message said no; False when it is settled already."""
    to = {"state": State.WAITING, **_ASIDE}
    return _arrow(session, *_asked_with(nudge_key, person_id), source=State.ASKED, now=now, to=to)


def take_back(session: Session, *, person_id: int, now: datetime) -> bool:
    """Take the own request back; False when there is none, or when one of the two was told already.

    What has not left yet does not leave, and who is asked finds it settled. Of a request for which nobody was asked
    nothing stays.
    """
    request = find(session, person_id=person_id, hold=True)
    if request is None or request.state not in (*OPEN, State.AGREED):
        return False
    if request.state is State.AGREED and _was_told(session, request):
        return False
    never_left = _call_off(session, request, now)
    theirs = PairRequestRow.person_id == person_id
    if request.asks == never_left:
        session.execute(delete(PairRequestRow).where(theirs).execution_options(synchronize_session=False))
        return True
    return _arrow(session, theirs, source=request.state, now=now, to={"state": State.WITHDRAWN, **_ASIDE})


def wants_silence(session: Session, *, person_id: int, now: datetime) -> None:
    """Who wants no messages asks for nothing; who waits for their answer is passed on."""
    take_back(session, person_id=person_id, now=now)
    _hand_back(session, volunteer_id=person_id, states=(State.ASKED, State.AGREED), now=now)


def tell(session: Session, *, request: Request, now: datetime) -> None:
    """Plan what is to be told of the answer, once each; who has a message on its way hears it when that has left."""
    if request.state is State.NOBODY:
        _plan_once(session, request.person_id, NOBODY_FREE, None, since=request.changed_at, now=now)
    if request.state is State.AGREED and request.volunteer_id is not None:
        sides = ((request.person_id, Side.WANTS_TO_SEE), (request.volunteer_id, Side.SHOWS))
        for person_id, side in sides:
            _plan_once(session, person_id, MADE, side, since=request.changed_at, now=now)


def plan(session: Session, *, person_id: int, trigger: str, side: Side | None, now: datetime) -> int | None:
    """Put such a message into the queue; None when this person has one on its way. No name is in it."""
    facts: dict[str, Any] = {} if side is None else {"side": side.value}
    message = Plan(CARRIER, trigger, facts, due_at=now, expires_at=now + ANSWER_WITHIN)
    return nudges.plan(session, person_id=person_id, plan=message, rule_version=RULE_VERSION, now=now)


def behind(session: Session, *, nudge_key: str, hold: bool = False) -> Request | None:
    """The request of which a message speaks, as long as that is so; None when it is not any more."""
    nudge = session.scalars(select(NudgeRow).where(NudgeRow.nudge_key == nudge_key)).one_or_none()
    if nudge is None:
        return None
    of = _spoken_of(nudge)
    found = select(PairRequestRow).where(*of).order_by(PairRequestRow.changed_at.desc()).limit(1)
    row = session.scalars(
        (found.with_for_update() if hold else found).execution_options(populate_existing=True)
    ).first()
    return None if row is None else _request(row)


def _spoken_of(nudge: NudgeRow) -> tuple[ColumnElement[bool], ...]:
    mine = PairRequestRow.person_id == nudge.person_id
    if nudge.trigger == ASK:
        return PairRequestRow.nudge_id == nudge.nudge_id, PairRequestRow.state == State.ASKED
    if nudge.trigger == NOBODY_FREE:
        return mine, PairRequestRow.state == State.NOBODY
    if nudge.facts.get("side") == Side.SHOWS:
        mine = PairRequestRow.volunteer_id == nudge.person_id
    return mine, PairRequestRow.state == State.AGREED, PairRequestRow.volunteer_id.is_not(None)


def _asked_with(nudge_key: str, person_id: int) -> tuple[ColumnElement[bool], ...]:
    message = select(NudgeRow.nudge_id).where(NudgeRow.nudge_key == nudge_key, NudgeRow.person_id == person_id)
    return PairRequestRow.volunteer_id == person_id, PairRequestRow.nudge_id.in_(message)


def _hand_back(session: Session, *, volunteer_id: int, states: Collection[State], now: datetime) -> None:
    """Whoever waits for this volunteer waits for the next one, unless both were told already."""
    rows = session.scalars(
        select(PairRequestRow)
        .where(PairRequestRow.volunteer_id == volunteer_id, PairRequestRow.state.in_(states))
        .order_by(PairRequestRow.person_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    for row in rows:
        pass_on(session, request=_request(row), now=now)


def _call_off(session: Session, request: Request, now: datetime) -> int:
    """Skip what was planned for this request and has not left yet; how many asks that were."""
    no_more = Silence.NO_LONGER_TRUE
    asks = 0
    if request.volunteer_id is not None:
        who = request.volunteer_id
        asks = nudges.cancel_open(session, person_id=who, reason=no_more, now=now, trigger=ASK)
        nudges.cancel_open(session, person_id=who, reason=no_more, now=now, trigger=MADE)
    nudges.cancel_open(session, person_id=request.person_id, reason=no_more, now=now, trigger=MADE)
    return asks


def _was_told(session: Session, request: Request) -> bool:
    """Whether one of the two knows of the other, or may know."""
    left = select(NudgeRow.nudge_id).where(
        NudgeRow.person_id.in_((request.person_id, request.volunteer_id)),
        NudgeRow.trigger == MADE,
        NudgeRow.planned_at >= request.changed_at,
        NudgeRow.state.not_in(_NOT_LEFT),
    )
    return session.scalar(left.limit(1)) is not None


def _plan_once(
    session: Session, person_id: int, trigger: str, side: Side | None, *, since: datetime, now: datetime
) -> None:
    before = session.scalars(
        select(NudgeRow.facts).where(
            NudgeRow.person_id == person_id,
            NudgeRow.trigger == trigger,
            NudgeRow.planned_at >= since,
            or_(NudgeRow.reason.is_(None), NudgeRow.reason != Silence.NO_LONGER_TRUE),
        )
    )
    if not any(facts.get("side") == side for facts in before):
        plan(session, person_id=person_id, trigger=trigger, side=side, now=now)


def _arrow(
    session: Session, *conditions: ColumnElement[bool], source: State, now: datetime, to: dict[str, Any]
) -> bool:
    touched = session.scalars(
        update(PairRequestRow)
        .where(PairRequestRow.state == source, *conditions)
        .values(changed_at=now, **to)
        .returning(PairRequestRow.person_id)
        .execution_options(synchronize_session=False)
    ).all()
    return bool(touched)


def _request(row: PairRequestRow) -> Request:
    return Request(
        row.person_id, row.volunteer_id, row.nudge_id, State(row.state), row.asks, row.made_at, row.changed_at
    )
