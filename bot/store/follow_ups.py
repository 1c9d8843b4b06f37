"""Second looks at the pattern of a tip: which are due, and what they found (`bot/domain/follow_up.py`).

Called by `jobs/measure.py` and the card. Next: `bot/store/scorecard.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.domain.follow_up import AFTER_DAYS, Due, FollowUp, Measure, Unknowable, times_of
from bot.domain.tips import WASTE_TRIGGERS
from bot.store.batches import upsert
from bot.store.tables import FollowUpRow, NudgeRow
from bot.store.types import start_of_day

FORGOTTEN_AFTER_DAYS = 120
"""A tip that is older is not looked at again, however long Kindling stood still."""


def due(session: Session, *, last_day: date) -> list[Due]:
    """What is to be looked at again by the end of `last_day` and was not yet, in the order of the tips."""
    rows = session.execute(
        select(NudgeRow.nudge_id, NudgeRow.person_id, NudgeRow.trigger, NudgeRow.facts, NudgeRow.sent_at)
        .where(
            NudgeRow.state == "sent",
            NudgeRow.trigger.in_(WASTE_TRIGGERS),
            NudgeRow.sent_at < start_of_day(last_day - timedelta(days=AFTER_DAYS[0] - 1)),
            NudgeRow.sent_at >= start_of_day(last_day - timedelta(days=FORGOTTEN_AFTER_DAYS)),
        )
        .order_by(NudgeRow.nudge_id)
    ).all()
    done = _done(session, [row.nudge_id for row in rows])
    found = [
        Due(
            nudge_id=row.nudge_id,
            person_id=row.person_id,
            detector=row.trigger,
            tool=str(row.facts.get("tool", "")),
            tipped_on=row.sent_at.date(),
            times_seen=row.facts.get("occurrences"),
            after_days=after_days,
        )
        for row in rows
        for after_days in times_of(row.trigger)
        if (row.nudge_id, after_days) not in done
    ]
    return [one for one in found if one.last_day <= last_day]


def save(session: Session, *, looks: Sequence[tuple[Due, FollowUp]], now: datetime) -> None:
    """Keep what was found; looking again replaces it."""
    rows = [
        {
            "nudge_id": one.nudge_id,
            "after_days": one.after_days,
            "person_id": one.person_id,
            "tipped_on": one.tipped_on,
            "detector": one.detector,
            "tool": one.tool,
            "measure": found.measure.value,
            "value_before": found.before,
            "value_after": found.after,
            "unknown": found.unknown.value if found.unknown else None,
            "first_day": found.first_day,
            "last_day": found.last_day,
            "rule_version": found.rule_version,
            "measured_at": now,
        }
        for one, found in looks
    ]
    upsert(session, FollowUpRow, rows)


def latest(session: Session, *, person_id: int, tipped_from: date) -> tuple[FollowUp, ...]:
    """The last look after each tip that this person got from `tipped_from` on, oldest tip first."""
    rows = session.scalars(
        select(FollowUpRow)
        .where(FollowUpRow.person_id == person_id, FollowUpRow.tipped_on >= tipped_from)
        .order_by(FollowUpRow.tipped_on, FollowUpRow.nudge_id, FollowUpRow.after_days)
    )
    return tuple({row.nudge_id: _follow_up(row) for row in rows}.values())


def _done(session: Session, nudge_ids: Sequence[int]) -> set[tuple[int, int]]:
    rows = session.execute(
        select(FollowUpRow.nudge_id, FollowUpRow.after_days).where(FollowUpRow.nudge_id.in_(nudge_ids))
    )
    return {(row.nudge_id, row.after_days) for row in rows}


def _follow_up(row: FollowUpRow) -> FollowUp:
    return FollowUp(
        detector=row.detector,
        tool=row.tool,
        tipped_on=row.tipped_on,
        after_days=row.after_days,
        measure=Measure(row.measure),
        before=row.value_before,
        after=row.value_after,
        unknown=Unknowable(row.unknown) if row.unknown else None,
        first_day=row.first_day,
        last_day=row.last_day,
        rule_version=row.rule_version,
    )
