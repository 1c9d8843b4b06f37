"""What is published of groups, kept once and never changed; who was counted in it; and what must be remembered for it.

Called by `jobs/snapshot.py`; nothing that a manager opens may reach it. Next: `bot/store/counted.py`, which tells the
people themselves, and `bot/store/published.py`, which tells what was published.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from bot.domain import teams
from bot.domain.disclosure import Block, Cell, Memory, Published, Shown
from bot.domain.teams import COMPANY, Team
from bot.store.batches import chunks, insert_into, table_of
from bot.store.tables import (
    PersonRow,
    SnapshotCellRow,
    SnapshotMemberRow,
    SnapshotRow,
    SummaryBlockMemberRow,
    SummaryBlockRow,
    SummaryFigureRow,
    TeamGroupRow,
    TeamPersonRow,
)


@dataclass(frozen=True)
class Keyed:
    """Under which key the group of each leader goes, and since when each key stands for mostly the same people."""

    keys: Mapping[int, str]
    alike_since: Mapping[str, date]
    """By the keys of groups that were published before and are alike still; what is not here begins anew."""


def keyed(session: Session, *, people: frozenset[int], below: Mapping[int, frozenset[int]]) -> Keyed:
    """The keys of the groups below these leaders, and of the one of all `people`. Nothing is written.

    A group that is new gets a key that is drawn and tells nothing.
    """
    before: dict[str, set[int]] = defaultdict(set)
    for key, person_id in session.execute(select(TeamPersonRow.group_key, TeamPersonRow.person_id)):
        before[key].add(person_id)
    company = before.pop(COMPANY, set())
    keys = teams.continued(below, before=before, led=_led(session))
    keys |= {leader: uuid4().hex for leader in sorted(below.keys() - keys)}
    newest = select(func.max(SnapshotRow.week)).scalar_subquery()
    since: dict[str, date] = dict(
        session.execute(select(SnapshotRow.group_key, SnapshotRow.alike_since).where(SnapshotRow.week == newest)).all()
    )
    now = {COMPANY: people, **{keys[leader]: members for leader, members in below.items()}}
    before[COMPANY] = company
    alike = {key for key, members in now.items() if teams.is_alike(members, before.get(key, set()))}
    return Keyed(keys, {key: week for key, week in since.items() if key in alike})


def save(
    session: Session,
    *,
    week: date,
    groups: Sequence[Team],
    keyed: Keyed,
    published: Mapping[str, Published],
    rule_version: str,
) -> bool:
    """Keep one Monday's: every group, every cell shown or not, who is counted in what is shown, who leads it and who is
    in it. False, and nothing is kept, when somebody else kept them since.
    """
    rows = [_group(week, team, keyed.alike_since.get(team.key, week), rule_version) for team in groups]
    if not _is_ours(session, rows[0]):
        return False
    here = _here(session)
    _insert(session, SnapshotRow, rows[1:])
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
    _place(session, groups, keyed.keys, here)
    return True


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
    known: dict[str, dict[int, date]] = defaultdict(dict)
    row = SummaryFigureRow
    for measure, person_id, value, week in session.execute(select(row.measure, row.person_id, row.value, row.week)):
        figures[measure][person_id] = value
        known[measure][person_id] = week
    return Memory(blocks, dict(figures), dict(known))


def remember(session: Session, *, memory: Memory) -> None:
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
            {"measure": measure, "person_id": person_id, "value": value, "week": memory.known[measure][person_id]}
            for measure, figures in memory.figures.items()
            for person_id, value in sorted(figures.items())
            if person_id in here
        ),
    )


def _is_ours(session: Session, first: dict[str, Any]) -> bool:
    """Keep the first group of a Monday; of two who try at once, one waits for the other and finds it kept."""
    made = insert_into(session, SnapshotRow).values(first).on_conflict_do_nothing().returning(SnapshotRow.week)
    return session.scalar(made) is not None


def _place(session: Session, groups: Sequence[Team], keys: Mapping[int, str], here: frozenset[int]) -> None:
    """Who leads each group from now on, and who is in it. A key that went to another leader leaves the one before."""
    led = _led(session)
    changed = {leader: key for leader, key in keys.items() if led.get(leader) != key}
    group = TeamGroupRow
    for batch in chunks(sorted(changed.items())):
        leaders, theirs = zip(*batch, strict=True)
        gone = delete(group).where(or_(group.person_id.in_(leaders), group.group_key.in_(theirs)))
        session.execute(gone.execution_options(synchronize_session=False))
    _insert(
        session,
        TeamGroupRow,
        ({"person_id": leader, "group_key": key} for leader, key in sorted(changed.items()) if leader in here),
    )
    session.execute(delete(TeamPersonRow))
    _insert(
        session,
        TeamPersonRow,
        (
            {"group_key": team.key, "person_id": person_id}
            for team in groups
            for person_id in sorted(team.members & here)
        ),
    )


def _led(session: Session) -> dict[int, str]:
    return dict(session.execute(select(TeamGroupRow.person_id, TeamGroupRow.group_key)).all())


def _here(session: Session) -> frozenset[int]:
    return frozenset(session.scalars(select(PersonRow.person_id)))


def _group(week: date, team: Team, alike_since: date, rule_version: str) -> dict[str, Any]:
    return {
        "week": week,
        "group_key": team.key,
        "parent_key": team.parent,
        "label": team.label,
        "alike_since": alike_since,
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
