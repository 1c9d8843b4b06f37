"""What is written down of a person, and by whose word: a file's, a directory's, or their Slack profile's.

A file overrides a directory: what it says is never changed by one. A blank in it unlearns what a file had said, but not
what a directory or Slack knows. Called by `bot/store/people.py` and `bot/store/directory.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.domain.hierarchy import circles
from bot.domain.people import IdentitySource
from bot.domain.roster import PersonRecord
from bot.store.batches import chunks
from bot.store.identities import resolve
from bot.store.tables import PersonRow

FACTS = ("team", "timezone", "locale", "country", "role", "started_on", "ended_on")
MANAGER = "manager_id"
SLACK_KNOWS = frozenset({"timezone", "locale"})
"""The workspace says them of everybody: a blank does not unlearn them, and a directory only fills them in."""


def save(session: Session, *, by_id: Mapping[int, PersonRecord], columns: Collection[str]) -> set[int]:
    """Write the facts of `columns` that differ; returns the people for whom something did."""
    names = [name for name in FACTS if name in columns]
    said = {person_id: {name: getattr(record, name) for name in names} for person_id, record in by_id.items()}
    return _write(session, names, said)


def save_managers(session: Session, *, by_id: Mapping[int, PersonRecord]) -> tuple[set[int], tuple[str, ...]]:
    """Write who reports to whom; returns the people for whom it changed, and the managers whom nobody knows."""
    managers, unknown = managers_of(session, records=by_id)
    said: dict[int, dict[str, Any]] = {person_id: {MANAGER: managers.get(person_id)} for person_id in by_id}
    return _write(session, [MANAGER], said), unknown


def managers_of(session: Session, *, records: Mapping[int, PersonRecord]) -> tuple[dict[int, int], tuple[str, ...]]:
    """The managers that these people's records name, and the addresses of those whom nobody knows."""
    emails = {record.manager_email for record in records.values() if record.manager_email}
    known = resolve(session, source=IdentitySource.EMAIL, ids=emails)
    found = {
        person_id: known[record.manager_email] for person_id, record in records.items() if record.manager_email in known
    }
    return found, tuple(sorted(emails - known.keys()))


def yield_on_circles(session: Session) -> set[int]:
    """Take back the managers that a directory filled in and that now lie on a circle: a file's word goes first.

    Returns whose they were.
    """
    members = {member for circle in circles(all_managers(session)) for member in circle}
    updates = []
    for person_id, before in current(session, person_ids=members, names=[MANAGER]).items():
        left = {name: source for name, source in before["filled_by"].items() if name != MANAGER}
        if left != before["filled_by"]:
            updates.append({"person_id": person_id, MANAGER: None, "filled_by": left or None})
    return put(session, updates)


def all_managers(session: Session) -> dict[int, int]:
    """Everybody's manager, as it is written down now."""
    managed = PersonRow.manager_id.is_not(None)
    rows = select(PersonRow.person_id, PersonRow.manager_id).where(managed).order_by(PersonRow.person_id)
    return {person_id: manager_id for person_id, manager_id in session.execute(rows) if manager_id is not None}


def current(session: Session, *, person_ids: Collection[int], names: Sequence[str]) -> dict[int, dict[str, Any]]:
    """What is written down of these people, and under "filled_by" which of it a directory filled in."""
    found: dict[int, dict[str, Any]] = {}
    columns = [PersonRow.person_id, PersonRow.filled_by, *(getattr(PersonRow, name) for name in names)]
    for batch in chunks(sorted(person_ids)):
        for row in session.execute(select(*columns).where(PersonRow.person_id.in_(batch))).mappings():
            found[row["person_id"]] = {**row, "filled_by": row["filled_by"] or {}}
    return found


def put(session: Session, updates: Sequence[dict[str, Any]]) -> set[int]:
    """Write rows of `person`, all with the same columns; returns whose they are."""
    for batch in chunks(updates):
        session.execute(update(PersonRow), batch)
    return {row["person_id"] for row in updates}


def _write(session: Session, names: Sequence[str], said: Mapping[int, Mapping[str, Any]]) -> set[int]:
    if not names:
        return set()
    known = current(session, person_ids=said.keys(), names=names)
    updates = []
    changed = set()
    for person_id, before in known.items():
        facts = {name: _fact(said[person_id][name], name, before) for name in names}
        taken = {name for name in names if said[person_id][name] is not None} & before["filled_by"].keys()
        left = {name: source for name, source in before["filled_by"].items() if name not in taken}
        if any(before[name] != fact for name, fact in facts.items()):
            changed.add(person_id)
        if person_id in changed or taken:
            updates.append({"person_id": person_id, "filled_by": left or None, **facts})
    put(session, updates)
    return changed


def _fact(said: Any, name: str, before: Mapping[str, Any]) -> Any:
    keeps = name in SLACK_KNOWS or name in before["filled_by"]
    return before[name] if said is None and keeps else said
