"""Where people stand, kept as stretches of days with the same answer. Called by `jobs/detect.py` and the card.

Next: `bot/store/findings.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, func, insert, select, update
from sqlalchemy.orm import Session

from bot.domain.adoption import Standing, State
from bot.store.tables import PersonRow, StateRow


def save(session: Session, *, standings: Mapping[int, Standing]) -> None:
    """Write what was judged on one day each: a stretch is lengthened while the state and its rule stay, else a new one
    begins. No two stretches of a person hold the same day, and a day before the newest stretch's last is left as it is.
    """
    newest = _newest(session, standings.keys())
    fresh: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    for person_id in _present(session, standings.keys()):
        standing = standings[person_id]
        row = newest.get(person_id)
        if row is None:
            fresh.append(_row(person_id, standing))
        elif standing.last_day >= row.last_day:
            kept, added = _continue(row, standing)
            changed += kept
            fresh += added
    if changed:
        session.execute(update(StateRow), changed)
    if fresh:
        session.execute(insert(StateRow), fresh)


def current(session: Session, *, person_ids: Collection[int]) -> dict[int, Standing]:
    """The newest standing of each person who was ever judged."""
    return {person_id: _standing(row) for person_id, row in _newest(session, person_ids).items()}


def _continue(row: StateRow, standing: Standing) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What becomes of the newest stretch, and the one that begins, if any."""
    new = _row(row.person_id, standing)
    if (row.state, row.rule_version) == (
        standing.state.value,
        standing.rule_version,
    ) or row.first_day == row.last_day == standing.last_day:
        return [{**new, "first_day": row.first_day}], []
    if row.last_day == standing.last_day:
        before = standing.last_day - timedelta(days=1)
        return [{"person_id": row.person_id, "first_day": row.first_day, "last_day": before}], [new]
    return [], [new]


def _row(person_id: int, standing: Standing) -> dict[str, Any]:
    return {
        "person_id": person_id,
        "first_day": standing.last_day,
        "last_day": standing.last_day,
        "state": standing.state.value,
        "reason": standing.reason,
        "rule_version": standing.rule_version,
        "evidence": standing.evidence,
    }


def _present(session: Session, person_ids: Collection[int]) -> list[int]:
    """Those who are still here; nobody else can forget them before this is committed (no effect on SQLite)."""
    here = select(PersonRow.person_id).where(PersonRow.person_id.in_(person_ids)).order_by(PersonRow.person_id)
    return list(session.scalars(here.with_for_update(read=True, key_share=True)))


def _newest(session: Session, person_ids: Collection[int]) -> dict[int, StateRow]:
    last = (
        select(StateRow.person_id, func.max(StateRow.first_day).label("first_day"))
        .where(StateRow.person_id.in_(person_ids))
        .group_by(StateRow.person_id)
        .subquery()
    )
    same = and_(StateRow.person_id == last.c.person_id, StateRow.first_day == last.c.first_day)
    return {row.person_id: row for row in session.scalars(select(StateRow).join(last, same))}


def _standing(row: StateRow) -> Standing:
    return Standing(State(row.state), row.last_day, row.reason, row.rule_version, dict(row.evidence))
