"""What is published of groups, kept once and never changed; who was counted in it; and what must be remembered for it.

Called by `jobs/snapshot.py`; nothing that a manager opens may reach it. Next: `bot/store/counted.py`, which tells the
people themselves, and `bot/store/published.py`, which tells what was published.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from bot.domain.disclosure import Block, Cell, Memory, Published, Shown
from bot.domain.teams import Team
from bot.store.batches import chunks, insert_new, table_of
from bot.store.tables import (
    PersonRow,
    SnapshotCellRow,
    SnapshotMemberRow,
    SnapshotRow,
    SummaryBlockMemberRow,
    SummaryBlockRow,
    SummaryFigureRow,
    TeamGroupRow,
)


def keys_of(session: Session, *, leaders: Collection[int]) -> dict[int, str]:
    """The key of the group below each of these people; who has none gets one that is drawn and tells nothing."""
    rows = select(TeamGroupRow.person_id, TeamGroupRow.group_key)
    known: dict[int, str] = dict(session.execute(rows).all())
    fresh = {leader: uuid4().hex for leader in sorted(set(leaders) - known.keys())}
    for batch in chunks(fresh.items()):
        insert_new(session, TeamGroupRow, [{"person_id": leader, "group_key": key} for leader, key in batch])
    return {leader: (known | fresh)[leader] for leader in leaders}


def is_kept(session: Session, *, week: date) -> bool:
    """Whether this Monday's were published already: then they stay as they are."""
    return bool(session.scalar(select(exists().where(SnapshotRow.week == week))))


def save(
    session: Session,
    *,
    week: date,
    groups: Sequence[Team],
    published: Mapping[str, Published],
    rule_version: str,
) -> None:
    """Keep one Monday's: every group, every cell shown or not, and who is counted in what is shown."""
    here = _here(session)
    _insert(session, SnapshotRow, (_group(week, team, rule_version) for team in groups))
    _insert(
        session,
        SnapshotCellRow,
        (
            {"week": week, "group_key": team.key, "measure": measure, **_as_kept(cell)}
            for team in groups
            for measure, cell in published[team.key].cells.items()
        ),
    )
    _insert(
        session,
        SnapshotMemberRow,
        (
            {"week": week, "group_key": team.key, "person_id": person_id}
            for team in groups
            for person_id in sorted(published[team.key].members & here)
        ),
    )


def memory(session: Session) -> Memory:
    """What the last publishing left to be remembered."""
    members: dict[str, set[int]] = defaultdict(set)
    for key, person_id in session.execute(select(SummaryBlockMemberRow.block_key, SummaryBlockMemberRow.person_id)):
        members[key].add(person_id)
    blocks = tuple(
        Block(
            row.block_key, row.home, row.measure, frozenset(members[row.block_key]), row.since, row.until, row.is_open
        )
        for row in session.scalars(select(SummaryBlockRow).order_by(SummaryBlockRow.block_key))
    )
    figures: dict[str, dict[int, int]] = defaultdict(dict)
    rows = select(SummaryFigureRow.measure, SummaryFigureRow.person_id, SummaryFigureRow.value)
    for measure, person_id, value in session.execute(rows):
        figures[measure][person_id] = value
    return Memory(blocks, dict(figures))


def remember(session: Session, *, memory: Memory, week: date) -> None:
    """Make this all that is remembered. Whoever was erased meanwhile is in none of it, and their blocks close."""
    here = _here(session)
    for model in (SummaryFigureRow, SummaryBlockMemberRow, SummaryBlockRow):
        session.execute(delete(model))
    _insert(
        session,
        SummaryBlockRow,
        (_block(block, is_open=block.open and block.members <= here) for block in memory.blocks),
    )
    _insert(
        session,
        SummaryBlockMemberRow,
        (
            {"block_key": block.key, "person_id": person_id}
            for block in memory.blocks
            for person_id in sorted(block.members & here)
        ),
    )
    _insert(
        session,
        SummaryFigureRow,
        (
            {"measure": measure, "person_id": person_id, "value": value, "week": week}
            for measure, known in memory.figures.items()
            for person_id, value in sorted(known.items())
            if person_id in here
        ),
    )


def _here(session: Session) -> frozenset[int]:
    return frozenset(session.scalars(select(PersonRow.person_id)))


def _group(week: date, team: Team, rule_version: str) -> dict[str, Any]:
    return {
        "week": week,
        "group_key": team.key,
        "parent_key": team.parent,
        "label": team.label,
        "rule_version": rule_version,
    }


def _as_kept(cell: Cell) -> dict[str, Any]:
    if isinstance(cell, Shown):
        return {"value": cell.value, "at": cell.at.value, "people": cell.people, "why": None}
    return {"value": None, "at": None, "people": None, "why": cell.why.value}


def _block(block: Block, *, is_open: bool) -> dict[str, Any]:
    return {
        "block_key": block.key,
        "home": block.home,
        "measure": block.measure,
        "since": block.since,
        "until": block.until,
        "is_open": is_open,
    }


def _insert(session: Session, model: Any, rows: Iterable[dict[str, Any]]) -> None:
    for batch in chunks(rows):
        session.connection().execute(table_of(model).insert(), batch)
