"""What a source calls somebody, and who that is: the only table that joins a name to a number.

Called by `bot/store/people.py` and `bot/store/usage.py`. Next: `bot/store/people.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime
from hashlib import sha256

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from bot.domain.people import IdentitySource, identity_of
from bot.errors import KindlingError
from bot.store.batches import BATCH_ROWS, chunks, insert_new, table_of, upsert
from bot.store.tables import (
    IdentityRow,
    OpenSessionRow,
    PersonRow,
    PushedSeriesRow,
    SessionFactsRow,
    UsageDayRow,
)

CERTAIN = "certain"
UNMAPPED = "unmapped"
_CASE_FREE = frozenset({IdentitySource.EMAIL, IdentitySource.GITHUB, IdentitySource.GITLAB})


class IdentityTakenError(KindlingError):
    """An id is claimed for one person and belongs to another. The message does not name it: it may be an address."""

    def __init__(self, source: IdentitySource, external_id: str) -> None:
        super().__init__(f"an id of source {source} belongs to another person")
        self.source = source
        self.external_id = external_id


def normal(source: IdentitySource, external_id: str) -> str:
    """The spelling under which an id is kept: trimmed, and case-folded where the source ignores case."""
    trimmed = external_id.strip()
    return trimmed.casefold() if source in _CASE_FREE else trimmed


def resolve(session: Session, *, source: IdentitySource, ids: Iterable[str]) -> dict[str, int]:
    """Whose these ids are; an id of nobody we know is not in the answer. Keys are spelled as they were given."""
    given = {external_id: normal(source, external_id) for external_id in ids}
    known = {kept: owner for kept, owner in owners(session, source=source, ids=set(given.values())).items() if owner}
    return {external_id: known[kept] for external_id, kept in given.items() if kept in known}


def owners(session: Session, *, source: IdentitySource, ids: Collection[str]) -> dict[str, int | None]:
    """All kept ids among `ids` (already in normal spelling) with their person, None where nobody could be found."""
    found: dict[str, int | None] = {}
    for batch in chunks(sorted(ids)):
        rows = select(IdentityRow.external_id, IdentityRow.person_id).where(
            IdentityRow.source == source.value, IdentityRow.external_id.in_(batch)
        )
        found.update((external_id, person_id) for external_id, person_id in session.execute(rows))
    return found


def addresses(session: Session) -> Iterator[tuple[str, int, datetime, date | None]]:
    """The e-mail address of everybody we know, with their number, since when we know them, and their first day here."""
    rows = (
        select(IdentityRow.external_id, PersonRow.person_id, PersonRow.created_at, PersonRow.started_on)
        .join(PersonRow, PersonRow.person_id == IdentityRow.person_id)
        .where(IdentityRow.source == IdentitySource.EMAIL.value)
    )
    for row in session.execute(rows.execution_options(yield_per=BATCH_ROWS)):
        yield row.external_id, row.person_id, row.created_at, row.started_on


def anybody_known(session: Session, *, by: datetime) -> bool:
    """Whether we knew anybody at that moment."""
    return session.scalar(select(PersonRow.person_id).where(PersonRow.created_at <= by).limit(1)) is not None


def claim(
    session: Session,
    *,
    source: IdentitySource,
    claims: Mapping[str, int],
    method: str,
    now: datetime,
    take_over: bool = False,
) -> set[int]:
    """Give each person the one id claimed for them; ids they had before from this source are dropped.

    `claims` maps ids in normal spelling to people. An id of somebody who claims no other one raises IdentityTakenError,
    unless `take_over`. Returns the people for whom something changed.
    """
    current = owners(session, source=source, ids=claims.keys())
    claimants = set(claims.values())
    new = {external_id: owner for external_id, owner in claims.items() if current.get(external_id) != owner}
    for external_id in new:
        owner = current.get(external_id)
        if owner is not None and owner not in claimants and not take_over:
            raise IdentityTakenError(source, external_id)
    changed = set(new.values()) | {owner for owner in (current.get(kept) for kept in new) if owner is not None}
    changed |= _drop_others(session, source=source, claims=claims)
    said = {"source": source.value, "method": method, "confidence": CERTAIN, "first_seen_at": now}
    for batch in chunks(sorted(new.items())):
        upsert(session, IdentityRow, [_row(said, external_id, owner) for external_id, owner in batch])
    return changed


def note_unmapped(session: Session, *, source: IdentitySource, ids: Collection[str], now: datetime) -> None:
    """Keep ids of nobody we know, so that they can be seen and mapped later; one that has an owner by now keeps it."""
    said = {"source": source.value, "method": UNMAPPED, "confidence": UNMAPPED, "first_seen_at": now}
    for batch in chunks(sorted(ids)):
        insert_new(session, IdentityRow, [_row(said, external_id, None) for external_id in batch])


def owners_of(session: Session, *, subjects: Collection[str], now: datetime) -> dict[str, int | None]:
    """Whose each subject is (`domain.people.subject`), None for nobody we know.

    A subject never seen before is noted as nobody's, and asked about once more: a roster that came in meanwhile, and
    saw no rows to hand over yet, must not leave them nobody's for good (P12).
    """
    by_source: dict[IdentitySource, dict[str, str]] = defaultdict(dict)
    for subject in subjects:
        source, external_id = identity_of(subject)
        by_source[source][subject] = normal(source, external_id)
    found: dict[str, int | None] = {}
    for source, kept in by_source.items():
        known = owners(session, source=source, ids=set(kept.values()))
        new = set(kept.values()) - known.keys()
        note_unmapped(session, source=source, ids=new, now=now)
        known |= owners(session, source=source, ids=new)
        found |= {subject: known.get(spelled) for subject, spelled in kept.items()}
    return found


def subject_key(source: IdentitySource, external_id: str) -> str:
    """What stands for an id in tables that must not know names: always the same, and not the id itself."""
    return sha256(f"{source.value}:{normal(source, external_id)}".encode()).hexdigest()[:32]


def adopt(session: Session, *, source: IdentitySource, claims: Mapping[str, int]) -> None:
    """Give the usage that was kept under these ids, and belonged to nobody, to the person who has the id now."""
    keys = {subject_key(source, external_id): person_id for external_id, person_id in claims.items()}
    for model in (UsageDayRow, SessionFactsRow, OpenSessionRow, PushedSeriesRow) if keys else ():
        table = table_of(model)
        homeless = set(session.scalars(select(model.subject).where(model.person_id.is_(None)).distinct()))
        found = [{"whose": keys[subject], "which": subject} for subject in sorted(homeless & keys.keys())]
        if found:
            mine = (table.c.person_id.is_(None), table.c.subject == bindparam("which"))
            session.connection().execute(update(table).where(*mine).values(person_id=bindparam("whose")), found)


def _drop_others(session: Session, *, source: IdentitySource, claims: Mapping[str, int]) -> set[int]:
    """Drop every id of `source` that a claimant has besides the one claimed."""
    lost: dict[str, int | None] = {}
    for batch in chunks(sorted(set(claims.values()))):
        rows = select(IdentityRow.external_id, IdentityRow.person_id).where(
            IdentityRow.source == source.value, IdentityRow.person_id.in_(batch)
        )
        lost.update({kept: owner for kept, owner in session.execute(rows) if claims.get(kept) != owner})
    drop(session, source=source, ids=lost.keys())
    return {owner for owner in lost.values() if owner is not None}


def drop(session: Session, *, source: IdentitySource, ids: Collection[str]) -> None:
    """Forget these ids of a source."""
    for batch in chunks(sorted(ids)):
        session.execute(
            delete(IdentityRow)
            .where(IdentityRow.source == source.value, IdentityRow.external_id.in_(batch))
            .execution_options(synchronize_session=False)
        )


def _row(said: Mapping[str, object], external_id: str, owner: int | None) -> dict[str, object]:
    return {"external_id": external_id, "person_id": owner, **said}
