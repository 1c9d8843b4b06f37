"""What people told us about messages. A stop, a pause and a snooze also end what was planned and not yet sent (P9).

Called by `handlers/` when somebody asks for it, and by `jobs/decide.py` and `jobs/deliver.py` before anything is said.
Next: `bot/store/nudges.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from bot.domain.nudging import Silence
from bot.domain.told import HOLDS_FOR, Answer, Pattern, Preferences
from bot.store import nudges, pairs, plans
from bot.store.batches import upsert
from bot.store.tables import MeantPatternRow, PreferenceRow, SeatRow

_ANSWER_COLUMNS = {
    Answer.NOT_MY_WORK: "not_my_work_at",
    Answer.NO_ACCESS: "no_access_at",
    Answer.OTHER_TOOL: "other_tool_at",
    Answer.NOT_ALLOWED: "not_allowed_at",
    Answer.NO_TRUST: "no_trust_at",
    Answer.NO_TIME: "no_time_at",
    Answer.ON_LEAVE: "on_leave_at",
    Answer.NO_QUESTIONS: "no_questions_at",
}


def load(session: Session, *, person_ids: Sequence[int]) -> dict[int, Preferences]:
    """Preferences of these people; who never said anything has the default ones."""
    rows = session.scalars(
        select(PreferenceRow).where(PreferenceRow.person_id.in_(person_ids)).execution_options(populate_existing=True)
    )
    said = {row.person_id: _preferences(row) for row in rows}
    meant: defaultdict[int, dict[Pattern, datetime]] = defaultdict(dict)
    for row in session.scalars(select(MeantPatternRow).where(MeantPatternRow.person_id.in_(person_ids))):
        meant[row.person_id][row.detector, row.tool] = row.told_at
    seats = _newest_seats(session, [person_id for person_id, told in said.items() if told.no_access_at is not None])
    return {
        person_id: replace(
            said.get(person_id, Preferences()),
            meant=meant.get(person_id, {}),
            newest_seat_on=seats.get(person_id),
        )
        for person_id in person_ids
    }


def pause(session: Session, *, person_id: int, now: datetime) -> None:
    """No messages until the person resumes."""
    _write(session, person_id, now, paused_at=now)
    pairs.wants_silence(session, person_id=person_id, now=now)
    nudges.cancel_open(session, person_id=person_id, reason=Silence.PAUSED, now=now)
    plans.forget(session, person_id=person_id, now=now)


def stop(session: Session, *, person_id: int, now: datetime) -> None:
    """No messages any more, until the person resumes."""
    _write(session, person_id, now, stopped_at=now)
    pairs.wants_silence(session, person_id=person_id, now=now)
    nudges.cancel_open(session, person_id=person_id, reason=Silence.STOPPED, now=now)
    plans.forget(session, person_id=person_id, now=now)


def snooze(session: Session, *, person_id: int, weeks: int, now: datetime) -> datetime:
    """No messages for `weeks`; returns the moment at which that ends."""
    until = now + timedelta(weeks=weeks)
    _write(session, person_id, now, snoozed_until=until)
    pairs.wants_silence(session, person_id=person_id, now=now)
    nudges.cancel_open(session, person_id=person_id, reason=Silence.SNOOZED, now=now)
    plans.forget(session, person_id=person_id, now=now)
    return until


def resume(session: Session, *, person_id: int, now: datetime) -> None:
    """Messages are welcome again: ends a pause, a stop, a snooze and the silence after three ignored ones."""
    _write(session, person_id, now, paused_at=None, stopped_at=None, snoozed_until=None)


def introduced(session: Session, *, person_id: int, now: datetime) -> None:
    """The first-contact message was delivered. The first time stands."""
    current = session.get(PreferenceRow, person_id, populate_existing=True)
    if current is None or current.introduced_at is None:
        upsert(session, PreferenceRow, [{"person_id": person_id, "introduced_at": now}])


def said(session: Session, *, person_id: int, answer: Answer, now: datetime) -> None:
    """The person answered a message; what explains little use is remembered for long, and ends a plan to use more."""
    column = _ANSWER_COLUMNS.get(answer)
    _write(session, person_id, now, **({column: now} if column else {}))
    if answer in HOLDS_FOR and answer is not Answer.NO_TIME:
        plans.forget(session, person_id=person_id, now=now)


def meant(session: Session, *, person_id: int, pattern: Pattern, now: datetime) -> None:
    """The person said of a pattern of cost that it was meant."""
    detector, tool = pattern
    upsert(
        session,
        MeantPatternRow,
        [{"person_id": person_id, "detector": detector, "tool": tool, "told_at": now}],
    )


def take_back(session: Session, *, person_id: int, answer: Answer, now: datetime) -> None:
    """Forget that this was ever said, under a message as well."""
    column = _ANSWER_COLUMNS.get(answer)
    _write(session, person_id, now, **({column: None} if column else {}))
    if answer is Answer.WAS_MEANT:
        session.execute(delete(MeantPatternRow).where(MeantPatternRow.person_id == person_id))
    nudges.unanswer(session, person_id=person_id, answer=answer)


def heard_from(session: Session, *, person_id: int, now: datetime) -> None:
    """The person did something with us, such as opening the card: earlier messages were not ignored."""
    _write(session, person_id, now)


def _write(session: Session, person_id: int, now: datetime, **columns: datetime | None) -> None:
    upsert(session, PreferenceRow, [{"person_id": person_id, "heard_from_at": now, **columns}])


def _newest_seats(session: Session, person_ids: Sequence[int]) -> dict[int, date]:
    """When the newest seat of each of these people, who told us that they have no access, began."""
    if not person_ids:
        return {}
    newest = func.max(SeatRow.assigned_on)
    rows = session.execute(
        select(SeatRow.person_id, newest).where(SeatRow.person_id.in_(person_ids)).group_by(SeatRow.person_id)
    )
    return {row.person_id: row[1] for row in rows}


def _preferences(row: PreferenceRow) -> Preferences:
    return Preferences(
        paused_at=row.paused_at,
        stopped_at=row.stopped_at,
        snoozed_until=row.snoozed_until,
        introduced_at=row.introduced_at,
        not_my_work_at=row.not_my_work_at,
        no_access_at=row.no_access_at,
        other_tool_at=row.other_tool_at,
        not_allowed_at=row.not_allowed_at,
        no_trust_at=row.no_trust_at,
        no_time_at=row.no_time_at,
        on_leave_at=row.on_leave_at,
        no_questions_at=row.no_questions_at,
        heard_from_at=row.heard_from_at,
    )
