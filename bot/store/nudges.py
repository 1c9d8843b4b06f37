"""Nudges as they are planned, remembered and answered. How they travel stands in `bot/store/delivery.py`.

At most one nudge of a person is open; a partial unique index holds that, so that any number of deciders plan one.
Called by `jobs/decide.py`, `handlers/buttons.py` and the card. Next: `bot/store/delivery.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.domain.nudging import Plan, Silence
from bot.domain.told import Answer, PastNudge
from bot.store.tables import OPEN_NUDGE, NudgeRow, NudgeStepRow, PersonRow

_MAY_HAVE_ARRIVED = ("sent", "unknown")
_ANSWERABLE = ("sending", "ambiguous", *_MAY_HAVE_ARRIVED)
"""A tap proves that the message arrived, whatever we know of it."""
_CANCELLABLE = ("planned", "claimed")


@dataclass(frozen=True)
class StoredNudge:
    """One nudge of one person, with everything needed to say why it came and what became of it.

    `locale` is the person's own, for words that follow the message; `of_campaign` says that leads had it planned.
    """

    nudge_key: str
    tip_id: str
    topic: str
    trigger: str
    rule_version: str
    facts: dict[str, Any]
    planned_at: datetime
    due_at: datetime
    expires_at: datetime
    state: str
    reason: str | None
    sent_at: datetime | None
    answer: Answer | None
    answered_at: datetime | None
    locale: str | None = None
    of_campaign: bool = False


def plan(session: Session, *, person_id: int, plan: Plan, rule_version: str, now: datetime) -> int | None:
    """Keep a planned nudge; its id, or None when this person has an open one already (the transaction goes on)."""
    on = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    nudge_id: int | None = session.scalar(
        on.insert(NudgeRow)
        .values(
            nudge_key=uuid4().hex,
            person_id=person_id,
            tip_id=plan.tip.tip_id,
            topic=plan.tip.topic,
            trigger=plan.trigger,
            rule_version=rule_version,
            facts=plan.facts,
            planned_at=now,
            due_at=plan.due_at,
            expires_at=plan.expires_at,
            state="planned",
            campaign_id=plan.campaign_id,
            campaign_step=plan.campaign_step,
        )
        .on_conflict_do_nothing(index_elements=["person_id"], index_where=text(OPEN_NUDGE))
        .returning(NudgeRow.nudge_id)
    )
    if nudge_id is not None:
        _step(session, [(nudge_id, None)], "planned", None, now)
    return nudge_id


def history(session: Session, *, person_ids: Sequence[int]) -> dict[int, tuple[PastNudge, ...]]:
    """Everything that was or may have been sent to these people, oldest first.

    What may have been sent is dated by the moment at which it left.
    """
    left_at = (
        select(func.max(NudgeStepRow.at))
        .where(NudgeStepRow.nudge_id == NudgeRow.nudge_id, NudgeStepRow.to_state == "sending")
        .scalar_subquery()
    )
    sent_at = func.coalesce(NudgeRow.sent_at, left_at, NudgeRow.due_at, type_=NudgeRow.sent_at.type)
    rows = session.execute(
        select(NudgeRow.person_id, NudgeRow.tip_id, NudgeRow.topic, sent_at, NudgeRow.answer, NudgeRow.answered_at)
        .where(NudgeRow.person_id.in_(person_ids), NudgeRow.state.in_(_MAY_HAVE_ARRIVED))
        .order_by(NudgeRow.person_id, sent_at, NudgeRow.nudge_id)
    )
    past: defaultdict[int, list[PastNudge]] = defaultdict(list)
    for person_id, tip_id, topic, at, answer, answered_at in rows:
        past[person_id].append(PastNudge(tip_id, topic, at, Answer(answer) if answer else None, answered_at))
    return {person_id: tuple(past[person_id]) for person_id in person_ids}


def open_people(session: Session, *, person_ids: Sequence[int]) -> set[int]:
    """Those of these people who have a nudge that is planned or on its way."""
    return set(session.scalars(select(NudgeRow.person_id).where(NudgeRow.person_id.in_(person_ids), text(OPEN_NUDGE))))


def answer(session: Session, *, nudge_key: str, person_id: int, answer: Answer, now: datetime) -> bool:
    """Keep what a person tapped; False when this is no message of theirs. The last tap stands."""
    touched = session.scalar(
        update(NudgeRow)
        .where(NudgeRow.nudge_key == nudge_key, NudgeRow.person_id == person_id, NudgeRow.state.in_(_ANSWERABLE))
        .values(answer=answer.value, answered_at=now)
        .returning(NudgeRow.nudge_id)
        .execution_options(synchronize_session=False)
    )
    return touched is not None


def unanswer(session: Session, *, person_id: int, answer: Answer) -> None:
    """Take an answer of this kind back from every message that has it."""
    session.execute(
        update(NudgeRow)
        .where(NudgeRow.person_id == person_id, NudgeRow.answer == answer.value)
        .values(answer=None, answered_at=None)
        .execution_options(synchronize_session=False)
    )


def unanswer_one(session: Session, *, nudge_key: str, person_id: int) -> None:
    """Take the answer to one message of this person back."""
    session.execute(
        update(NudgeRow)
        .where(NudgeRow.nudge_key == nudge_key, NudgeRow.person_id == person_id)
        .values(answer=None, answered_at=None)
        .execution_options(synchronize_session=False)
    )


def find(session: Session, *, nudge_key: str, person_id: int) -> StoredNudge | None:
    """The nudge behind a button, for the person it went to and for nobody else."""
    found = session.execute(
        select(NudgeRow, PersonRow.locale)
        .join(PersonRow, PersonRow.person_id == NudgeRow.person_id)
        .where(NudgeRow.nudge_key == nudge_key, NudgeRow.person_id == person_id)
        .execution_options(populate_existing=True)
    ).one_or_none()
    return None if found is None else replace(_stored(found[0]), locale=found[1])


def cancel_open(session: Session, *, person_id: int, reason: Silence, now: datetime, trigger: str | None = None) -> int:
    """Skip what is planned for this person and has not left yet, or only what this trigger led to; how many it was."""
    of_it = [] if trigger is None else [NudgeRow.trigger == trigger]
    open_before = session.execute(
        select(NudgeRow.nudge_id, NudgeRow.state)
        .where(NudgeRow.person_id == person_id, NudgeRow.state.in_(_CANCELLABLE), *of_it)
        .with_for_update()
    ).all()
    for nudge_id, state in open_before:
        session.execute(
            update(NudgeRow)
            .where(NudgeRow.nudge_id == nudge_id, NudgeRow.state == state)
            .values(state="skipped", reason=reason.value, owner=None, lease_until=None, next_try_at=None)
            .execution_options(synchronize_session=False)
        )
    _step(session, [(nudge_id, state) for nudge_id, state in open_before], "skipped", reason.value, now)
    return len(open_before)


def _step(
    session: Session, nudges: Sequence[tuple[int, str | None]], to_state: str, reason: str | None, now: datetime
) -> None:
    steps = [
        {"nudge_id": nudge_id, "at": now, "from_state": from_state, "to_state": to_state, "reason": reason}
        for nudge_id, from_state in nudges
    ]
    if steps:
        session.execute(insert(NudgeStepRow), steps)


def _stored(row: NudgeRow) -> StoredNudge:
    return StoredNudge(
        nudge_key=row.nudge_key,
        tip_id=row.tip_id,
        topic=row.topic,
        trigger=row.trigger,
        rule_version=row.rule_version,
        facts=row.facts,
        planned_at=row.planned_at,
        due_at=row.due_at,
        expires_at=row.expires_at,
        state=row.state,
        reason=row.reason,
        sent_at=row.sent_at,
        answer=Answer(row.answer) if row.answer else None,
        answered_at=row.answered_at,
        of_campaign=row.campaign_id is not None,
    )
