"""Published summaries for tests of what is said of them: frozen cells as the job would have kept them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from bot.domain import team_summary as measures
from bot.domain.disclosure import At, Cell, Shown, Suppressed, Why
from bot.domain.roster import PersonRecord
from bot.playground.cast import ADA, BEN, CHIDI, DANA, EMI, FINN, HANA, Member
from bot.store import people
from bot.store.database import Session, Store
from bot.store.tables import SnapshotCellRow, SnapshotRow, TeamGroupRow, TeamPersonRow
from tests.conftest import MONDAY_MORNING

WEEK = date(2026, 3, 2)
"""A Monday: the one on which the tests' clock stands."""
MANAGER_OF = {ADA: HANA, EMI: HANA, FINN: HANA, BEN: ADA, CHIDI: ADA, DANA: ADA}
LABELS = {HANA: "lanterns", ADA: "glass"}

TOLD: dict[str, Cell] = {
    measures.USES_REGULARLY: Shown(45, At.ABOUT, 20),
    measures.GETTING_STARTED: Shown(35, At.AT_MOST, 20),
    measures.NOT_IN_USE: Shown(35, At.AT_MOST, 20),
    measures.NOT_VISIBLE: Shown(35, At.AT_MOST, 23),
    measures.TOKENS: Shown(120_000_000, At.ABOUT, 20),
    measures.SPEND: Shown(1_200_000_000, At.ABOUT, 20),
    measures.OPTIMIZABLE: Shown(150_000_000, At.ABOUT, 20),
    measures.WASTED: Shown(41_000_000, At.ABOUT, 20),
    measures.MERGED: Shown(85, At.ABOUT, 20),
    measures.STILL_THERE: Shown(76, At.ABOUT, 20),
    measures.ACTIVE_DAYS: Shown(230, At.ABOUT, 20),
    measures.CLEARLY: Shown(50, At.ABOUT, 12),
    measures.LOOPS: Shown(35, At.AT_MOST, 20),
    measures.CONTEXT: Shown(65, At.AT_LEAST, 20),
    measures.NO_ACCESS: Shown(35, At.AT_MOST, 23),
}
EARLIER: dict[str, Cell] = {**TOLD, measures.USES_REGULARLY: Shown(65, At.AT_LEAST, 20), measures.MERGED: Shown(85)}


def tree(store: Store, manager_of: Mapping[Member, Member | None] = MANAGER_OF) -> None:
    """Let these people report to these managers, from now on."""
    records = [
        PersonRecord(
            email=member.email,
            slack_user_id=member.slack_id,
            timezone=member.timezone,
            country=member.country,
            manager_email=manager.email if manager else None,
        )
        for member, manager in {HANA: None, **manager_of}.items()
    ]
    with store.begin() as session:
        people.save_people(session, records=records, now=MONDAY_MORNING)


def publish(store: Store, told: Mapping[str, Mapping[str, Cell]], *, week: date = WEEK) -> None:
    """Keep one Monday's cells of these groups by key; a measure that is not named is withheld."""
    with store.begin() as session:
        for number, (group_key, cells) in enumerate(told.items()):
            parent = None if group_key == "company" else "below-hana" if group_key == "below-ada" else "company"
            label = {f"below-{leader.name.split()[0].lower()}": name for leader, name in LABELS.items()}.get(group_key)
            if session.get(SnapshotRow, (week, group_key)) is not None:
                continue
            session.add(
                SnapshotRow(
                    week=week,
                    group_key=group_key,
                    parent_key=parent,
                    label=label,
                    alike_since=date(2026, 1, 5),
                    rule_version=measures.RULE_VERSION,
                )
            )
            session.flush()
            for measure in measures.MEASURES:
                cell = cells.get(measure.name, Suppressed(list(Why)[number % len(Why)]))
                session.add(SnapshotCellRow(week=week, group_key=group_key, measure=measure.name, **kept(cell)))


def kept(cell: Cell) -> dict[str, object]:
    if isinstance(cell, Shown):
        return {"value": cell.value, "at": cell.at.value, "people": cell.people, "why": None}
    return {"value": None, "at": None, "people": None, "why": cell.why.value}


def lead(store: Store, *leaders: Member) -> None:
    """Give each of these managers the key of the group of everybody who is below them in the cast."""
    with store.begin() as session:
        for leader in leaders:
            key = f"below-{leader.name.split()[0].lower()}"
            if session.get(TeamGroupRow, number(session, leader)) is None:
                session.add(TeamGroupRow(person_id=number(session, leader), group_key=key))
                members = [member for member in MANAGER_OF if leader in above(member)]
                session.add_all(TeamPersonRow(group_key=key, person_id=number(session, one)) for one in members)


def above(member: Member) -> list[Member]:
    manager = MANAGER_OF.get(member)
    return [] if manager is None else [manager, *above(manager)]


def number(session: Session, member: Member) -> int:
    found = people.person_by_email(session, email=member.email)
    assert found is not None
    return found
