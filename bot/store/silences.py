"""Why people heard nothing: one row for each stretch of days on which the reason stayed the same (P11).

Called by `jobs/decide.py`; shown to the person it is about. Next: `bot/store/preferences.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.domain.nudging import Silence
from bot.store.batches import upsert
from bot.store.tables import SilenceRow


@dataclass(frozen=True)
class Stretch:
    """From `first_day` to `last_day`, both included, the reason was the same."""

    first_day: date
    last_day: date
    reason: Silence


def record(session: Session, *, reasons: Mapping[int, Silence], day: date) -> None:
    """Keep each person's reason for `day`. A stretch grows by a day; a gap or another reason begins a new one.

    Keeping the same day again changes nothing, unless the reason changed during it: then the newer one stands. A day
    that lies before what is kept is left as it was told.
    """
    known = current(session, person_ids=sorted(reasons))
    rows: list[dict[str, Any]] = []
    for person_id in sorted(reasons):
        rows += _changes(person_id, known.get(person_id), reasons[person_id], day)
    upsert(session, SilenceRow, rows)


def current(session: Session, *, person_ids: Sequence[int]) -> dict[int, Stretch]:
    """The latest stretch of each of these people; who was never silent is not in it."""
    latest = (
        select(SilenceRow.person_id, func.max(SilenceRow.first_day).label("first_day"))
        .where(SilenceRow.person_id.in_(person_ids))
        .group_by(SilenceRow.person_id)
        .subquery()
    )
    rows = session.execute(
        select(SilenceRow.person_id, SilenceRow.first_day, SilenceRow.last_day, SilenceRow.reason).join(
            latest, (SilenceRow.person_id == latest.c.person_id) & (SilenceRow.first_day == latest.c.first_day)
        )
    )
    return {person_id: Stretch(first, last, Silence(reason)) for person_id, first, last, reason in rows}


def _changes(person_id: int, last: Stretch | None, reason: Silence, day: date) -> list[dict[str, Any]]:
    """The rows to write so that `day` has this reason, none when it has it already."""
    yesterday = day - timedelta(days=1)
    if last is None or last.last_day < yesterday:
        return [_row(person_id, day, day, reason)]
    if last.last_day > day or (last.last_day == day and last.reason == reason):
        return []
    if last.reason == reason:
        return [_row(person_id, last.first_day, day, reason)]
    begun_earlier = last.last_day == day and last.first_day < day
    shortened = [_row(person_id, last.first_day, yesterday, last.reason)] if begun_earlier else []
    return [*shortened, _row(person_id, day, day, reason)]


def _row(person_id: int, first_day: date, last_day: date, reason: Silence) -> dict[str, Any]:
    return {"person_id": person_id, "first_day": first_day, "last_day": last_day, "reason": reason.value}
