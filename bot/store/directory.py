"""Keeps what a directory (SCIM) says of people, below what a roster file says.

A directory fills in what nobody said, and changes what it filled in itself. It knows its people by its own ids, so that
a new address of somebody is not a new person. Called by `jobs/collect_people.py`. Next: `bot/store/facts.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.domain.hierarchy import without_circles
from bot.domain.people import IdentitySource
from bot.domain.roster import PersonRecord
from bot.store import arrivals, exclusions, facts, identities, team_stays
from bot.store.batches import Saved
from bot.store.identities import DIRECTORY, resolve

_FILLED = ("team", "ended_on", *sorted(facts.SLACK_KNOWS))


@dataclass(frozen=True)
class SavedDirectory:
    """What a directory came to. `people.unmapped` names managers whom nobody knows.

    `doubled` counts records left out because another record is about the same person, `circles` managers left out
    because somebody would in the end be their own.
    """

    people: Saved = field(default_factory=Saved)
    doubled: int = 0
    circles: int = 0


def save(
    session: Session, *, source_name: str, records: Sequence[PersonRecord], columns: Collection[str], now: datetime
) -> SavedDirectory:
    """Add the people of a directory and fill in what is not known of those whom we know; who is not listed stays.

    Somebody who has left already and whom we never knew is not added.
    """
    records = exclusions.records_without(session, records, scim_of=source_name)
    by_id, added, doubled = _people(session, source_name, records, now)
    managers, unknown = facts.managers_of(session, records=by_id) if "manager_email" in columns else ({}, ())
    names = [name for name in _FILLED if name in columns]
    names += [facts.MANAGER] if "manager_email" in columns else []
    known = facts.current(session, person_ids=by_id.keys(), names=names)
    proposed = {i: manager for i, manager in managers.items() if _may_fill(facts.MANAGER, known[i], source_name)}
    ours = {i for i, before in known.items() if before["filled_by"].get(facts.MANAGER) == source_name}
    settled = {i: manager for i, manager in facts.all_managers(session).items() if i not in ours}
    accepted = without_circles(settled, proposed)
    rows = (_update(r, known[i], accepted.get(i), source_name=source_name) for i, r in by_id.items())
    updates = [row for row in rows if row is not None]
    changed = facts.put(session, updates)
    team_stays.note(session, person_ids=by_id.keys(), day=now.date())
    changed_known = len(changed - added)
    saved = Saved(len(added), changed_known, len(by_id) - len(added) - changed_known, unmapped=unknown)
    return SavedDirectory(saved, doubled, circles=len(proposed) - len(accepted))


def _people(
    session: Session, source_name: str, records: Sequence[PersonRecord], now: datetime
) -> tuple[dict[int, PersonRecord], set[int], int]:
    """Whose each record is, who is new among them, and how many records are about somebody who has one already.

    Of several records of one person the one counts that has not left, then the one with their main address.
    """
    added = _rename_or_add(session, source_name, records, now)
    whose = resolve(session, source=IdentitySource.EMAIL, ids={record.email for record in records})
    mains = identities.main_addresses(session, person_ids=whose.values())
    theirs = [(record, whose[record.email]) for record in records if record.email in whose]
    theirs.sort(key=lambda pair: (pair[0].ended_on is not None, mains.get(pair[1]) != pair[0].email, pair[0].email))
    by_id: dict[int, PersonRecord] = {}
    for record, person_id in theirs:
        by_id.setdefault(person_id, record)
    claims = {_scim_id(source_name, record): person_id for person_id, record in by_id.items() if record.scim_id}
    identities.claim(
        session,
        source=IdentitySource.SCIM,
        claims=claims,
        method=DIRECTORY,
        now=now,
        several=True,
    )
    return by_id, added, len(theirs) - len(by_id)


def _rename_or_add(session: Session, source_name: str, records: Sequence[PersonRecord], now: datetime) -> set[int]:
    """Make people of new addresses; returns them. Somebody who left before we knew them is not made.

    A new address of somebody whom the directory listed under another one, and does not list under it now, is theirs.
    """
    known = resolve(session, source=IdentitySource.EMAIL, ids={record.email for record in records})
    scim_ids = {_scim_id(source_name, record) for record in records if record.scim_id}
    by_scim = resolve(session, source=IdentitySource.SCIM, ids=scim_ids)
    listed = set(known.values())
    new = []
    for record in records:
        person_id = by_scim.get(_scim_id(source_name, record))
        if record.email in known:
            continue
        if person_id is not None and person_id not in listed:
            listed.add(person_id)
            identities.rename(session, person_id=person_id, email=record.email, now=now)
        elif record.ended_on is None:
            new.append(record.email)
    return set(arrivals.add(session, emails=new, now=now).values())


def _scim_id(source_name: str, record: PersonRecord) -> str:
    """A directory's id is its own: another directory may call somebody else the same."""
    return f"{source_name}:{record.scim_id}"


def _may_fill(name: str, before: Mapping[str, Any], source_name: str) -> bool:
    return before[name] is None or bool(before["filled_by"].get(name) == source_name)


def _update(
    record: PersonRecord, before: Mapping[str, Any], manager_id: int | None, *, source_name: str
) -> dict[str, Any] | None:
    """The row to write, None when nothing changes."""
    after = dict(before)
    filled_by = after["filled_by"] = dict(before["filled_by"])
    for name in before.keys() - {"person_id", "filled_by"}:
        said = manager_id if name == facts.MANAGER else getattr(record, name)
        if name in facts.SLACK_KNOWS:
            after[name] = said if before[name] is None else before[name]
        elif _may_fill(name, before, source_name) and not (name == "ended_on" and said and before[name]):
            after[name] = said
            filled_by.pop(name, None)
            if said is not None:
                filled_by[name] = source_name
    return None if after == before else {**after, "filled_by": filled_by or None}
