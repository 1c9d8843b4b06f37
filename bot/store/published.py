"""What was published of groups, read again: frozen cells and names, for whoever may open them. No member, no person.

Called by what managers open, so nothing here reaches who was counted: that stands in `bot/store/snapshots.py`.
Next: `bot/domain/team_summary.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from bot.domain.disclosure import At, Cell, Shown, Suppressed, Why
from bot.domain.teams import COMPANY
from bot.store.tables import SnapshotCellRow, SnapshotRow, TeamGroupRow

PERIOD_DAYS = 28
MOST_PAST = 12
"""How many earlier summaries of a group are looked at: about a year."""


@dataclass(frozen=True)
class Snapshot:
    """One group as it was published on the Monday `week`. `cells` holds every measure."""

    week: date
    group_key: str
    parent_key: str | None
    label: str | None
    cells: Mapping[str, Cell]
    rule_version: str

    @property
    def first_day(self) -> date:
        """The first of the 28 days that it tells about."""
        return self.week - timedelta(days=PERIOD_DAYS)

    @property
    def last_day(self) -> date:
        """The last of them, the Sunday before."""
        return self.week - timedelta(days=1)


def led_by(session: Session, *, person_id: int) -> str | None:
    """The key of the group of everybody below this person; None for somebody to whom nobody ever reported."""
    return session.scalar(select(TeamGroupRow.group_key).where(TeamGroupRow.person_id == person_id))


def newest_week(session: Session) -> date | None:
    """The newest Monday on which anything was published."""
    return session.scalar(select(func.max(SnapshotRow.week)))


def find(session: Session, *, group_key: str, week: date | None = None) -> Snapshot | None:
    """One group as of one Monday, the newest unless `week` says which; None when it was not there then."""
    of = week or newest_week(session)
    row = None if of is None else session.get(SnapshotRow, (of, group_key))
    return None if row is None else _read(session, [row])[0]


def below(session: Session, *, group_key: str, week: date | None = None) -> tuple[Snapshot, ...]:
    """The groups right below one, by their names and never by a figure (P2)."""
    of = week or newest_week(session)
    rows = session.scalars(
        select(SnapshotRow)
        .where(SnapshotRow.week == of, SnapshotRow.parent_key == group_key)
        .order_by(SnapshotRow.label.is_(None), SnapshotRow.label, SnapshotRow.group_key)
    ).all()
    return _read(session, rows)


def told_of(session: Session, *, most: int) -> dict[str, str]:
    """Names of the groups below the company of which something was told on the newest Monday, by key; the widest first.

    At most so many: those right below the company come first, then the others, each by name.
    """
    of = newest_week(session)
    says_something = exists().where(
        SnapshotCellRow.week == SnapshotRow.week,
        SnapshotCellRow.group_key == SnapshotRow.group_key,
        SnapshotCellRow.value.is_not(None),
    )
    rows = session.execute(
        select(SnapshotRow.group_key, SnapshotRow.label)
        .where(SnapshotRow.week == of, SnapshotRow.label.is_not(None), SnapshotRow.group_key != COMPANY, says_something)
        .order_by((SnapshotRow.parent_key == COMPANY).desc(), SnapshotRow.label, SnapshotRow.group_key)
        .limit(most)
    )
    return {group_key: label or "" for group_key, label in rows}


def past(session: Session, *, group_key: str, before: date) -> tuple[Snapshot, ...]:
    """The same group as it was published before, while it was mostly the same people: newest first, a dozen at most."""
    alike_since = (
        select(SnapshotRow.alike_since)
        .where(SnapshotRow.group_key == group_key, SnapshotRow.week <= before)
        .order_by(SnapshotRow.week.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = session.scalars(
        select(SnapshotRow)
        .where(SnapshotRow.group_key == group_key, SnapshotRow.week < before, SnapshotRow.week >= alike_since)
        .order_by(SnapshotRow.week.desc())
        .limit(MOST_PAST)
    ).all()
    return _read(session, rows)


def cells(
    session: Session, *, first: date, last: date, measures: Collection[str]
) -> dict[str, dict[date, dict[str, Cell]]]:
    """What was published of these measures on the Mondays between two days, by group and Monday, newest first."""
    found: dict[str, dict[date, dict[str, Cell]]] = defaultdict(lambda: defaultdict(dict))
    row = SnapshotCellRow
    told = (
        select(row.week, row.group_key, row.measure, row.value, row.at, row.people, row.why)
        .where(row.week.between(first, last), row.measure.in_(measures))
        .order_by(row.week.desc())
    )
    for week, group_key, measure, value, at, people, why in session.execute(told):
        found[group_key][week][measure] = _cell(value, at, people, why)
    return found


def _read(session: Session, rows: Collection[SnapshotRow]) -> tuple[Snapshot, ...]:
    weeks, keys = {row.week for row in rows}, {row.group_key for row in rows}
    cells: dict[tuple[date, str], dict[str, Cell]] = defaultdict(dict)
    found = select(SnapshotCellRow).where(SnapshotCellRow.week.in_(weeks), SnapshotCellRow.group_key.in_(keys))
    for row in session.scalars(found):
        cells[row.week, row.group_key][row.measure] = _cell(row.value, row.at, row.people, row.why)
    return tuple(
        Snapshot(row.week, row.group_key, row.parent_key, row.label, cells[row.week, row.group_key], row.rule_version)
        for row in rows
    )


def _cell(value: int | None, at: str | None, people: int | None, why: str | None) -> Cell:
    """A kept cell as it was published."""
    if value is None or at is None or people is None:
        return Suppressed(Why(str(why)))
    return Shown(value, At(at), people)
