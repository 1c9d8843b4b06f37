"""What a source calls somebody, and who that is: the only table that joins a name to a number.

Everybody has one main e-mail address (method "email"); other addresses are aliases. Of other sources a person may have
several ids, of Slack one. An id belongs to one person or to nobody. Called by the other modules of this room.
Next: `bot/store/people.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, bindparam, delete, select, update
from sqlalchemy.orm import Session

from bot.domain.people import IdentitySource, identity_of
from bot.domain.roster import IdentityRecord, spelled
from bot.errors import KindlingError
from bot.store import exclusions
from bot.store.batches import BATCH_ROWS, Saved, chunks, insert_new, table_of, upsert
from bot.store.pseudonyms import subject_key
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
NOBODYS = "nobody's"
"""How an id came to be nobody's: because nobody could be found, or because the operator says so."""
MAIN, ALIAS = "email", "alias"
"""How an address came to be somebody's: as the one they are listed by, or as another one of theirs."""
ROSTER, BY_HAND, DIRECTORY = "roster", "by hand", "directory"
"""How another id did: by a column of a roster, by a file of identities, by a source's own list of its members."""

_OPERATORS_WORD = frozenset({ALIAS, ROSTER, BY_HAND})
_FILED: tuple[type[UsageDayRow | SessionFactsRow | OpenSessionRow | PushedSeriesRow], ...] = (
    UsageDayRow,
    SessionFactsRow,
    OpenSessionRow,
    PushedSeriesRow,
)
"""The tables whose rows are filed under the key of an id."""

Owned = tuple[IdentitySource, str, int]
"""An id in normal spelling, and whose it is."""


@dataclass(frozen=True)
class Kept:
    """What is kept of an id: whose it is, None for nobody's, and how it came to be theirs."""

    person_id: int | None
    method: str


class IdentityTakenError(KindlingError):
    """An id is claimed for one person and belongs to another. The message does not name it: it may be an address."""

    def __init__(self, source: IdentitySource, external_id: str) -> None:
        super().__init__(f"an id of source {source} belongs to another person")
        self.source = source
        self.external_id = external_id


def normal(source: IdentitySource, external_id: str) -> str:
    """The spelling under which an id is kept."""
    return spelled(source, external_id)


def resolve(session: Session, *, source: IdentitySource, ids: Iterable[str]) -> dict[str, int]:
    """Whose these ids are; an id of nobody we know is not in the answer. Keys are spelled as they were given."""
    given = {external_id: normal(source, external_id) for external_id in ids}
    known = {kept: owner for kept, owner in owners(session, source=source, ids=set(given.values())).items() if owner}
    return {external_id: known[kept] for external_id, kept in given.items() if kept in known}


def owners(session: Session, *, source: IdentitySource, ids: Collection[str]) -> dict[str, int | None]:
    """All kept ids among `ids` (already in normal spelling) with their person, None where nobody could be found."""
    return {external_id: found.person_id for external_id, found in kept(session, source=source, ids=ids).items()}


def kept(session: Session, *, source: IdentitySource, ids: Collection[str]) -> dict[str, Kept]:
    """What is kept of those of `ids` (in normal spelling) that were ever seen."""
    found: dict[str, Kept] = {}
    columns = (IdentityRow.external_id, IdentityRow.person_id, IdentityRow.method)
    for batch in chunks(sorted(ids)):
        rows = select(*columns).where(IdentityRow.source == source.value, IdentityRow.external_id.in_(batch))
        found.update((external_id, Kept(person_id, method)) for external_id, person_id, method in session.execute(rows))
    return found


def main_addresses(session: Session, *, person_ids: Collection[int]) -> dict[int, str]:
    """The address by which each of these people is listed."""
    found: dict[int, str] = {}
    for batch in chunks(sorted(set(person_ids))):
        rows = select(IdentityRow.person_id, IdentityRow.external_id).where(_IS_MAIN, IdentityRow.person_id.in_(batch))
        found.update((person_id, address) for person_id, address in session.execute(rows) if person_id is not None)
    return found


def addresses(session: Session) -> Iterator[tuple[str, int, datetime, date | None]]:
    """The main address of everybody we know, with their number, since when we know them, and their first day here."""
    rows = (
        select(IdentityRow.external_id, PersonRow.person_id, PersonRow.created_at, PersonRow.started_on)
        .join(PersonRow, PersonRow.person_id == IdentityRow.person_id)
        .where(_IS_MAIN)
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
    several: bool = False,
    listed: Collection[int] | None = (),
) -> set[int]:
    """Give each person the ids claimed for them; `claims` maps ids in normal spelling to people.

    Unless a person may have `several`, the one that the same method had given them before is dropped (of Slack: any
    other). An id may move from whoever claims another one or is `listed` (None: from anybody), if the same method had
    given it to them, and from anybody to whom only a source's own directory gave it; else IdentityTakenError, unless
    `take_over`. What is filed under an id that the operator moves goes with it. Returns for whom something changed.
    """
    known = kept(session, source=source, ids=claims.keys())
    moving = {
        external_id: before.person_id
        for external_id, before in known.items()
        if before.person_id is not None and before.person_id != claims[external_id]
    }
    may_lose = None if listed is None else {*listed, *claims.values()}
    for external_id, loser in moving.items():
        if not (take_over or _may_move(source, known[external_id].method, method, loser, may_lose)):
            raise IdentityTakenError(source, external_id)
    new = {i: owner for i, owner in claims.items() if i not in known or known[i].person_id != owner}
    confirmed = {i for i, before in known.items() if before.method == DIRECTORY and method in _OPERATORS_WORD}
    changed = set(new.values()) | set(moving.values())
    if not several:
        changed |= _drop_others(session, source=source, claims=claims, method=method)
    said = {"source": source.value, "method": method, "confidence": CERTAIN, "first_seen_at": now}
    for batch in chunks(sorted(new.keys() | confirmed)):
        upsert(session, IdentityRow, [_row(said, external_id, claims[external_id]) for external_id in batch])
    if method in _OPERATORS_WORD:
        hand_over(session, [(source, external_id, claims[external_id]) for external_id in moving])
    return changed


def _may_move(source: IdentitySource, before: str, method: str, loser: int, may_lose: set[int] | None) -> bool:
    if before == DIRECTORY:
        return True
    same_word = before == method or source is IdentitySource.SLACK
    return same_word and (may_lose is None or loser in may_lose)


def rename(session: Session, *, person_id: int, email: str, now: datetime) -> None:
    """Let `email`, which is nobody's, be this person's main address; the one before becomes an alias."""
    theirs = update(IdentityRow).where(_IS_MAIN, IdentityRow.person_id == person_id).values(method=ALIAS)
    session.execute(theirs.execution_options(synchronize_session=False))
    address = normal(IdentitySource.EMAIL, email)
    claim(session, source=IdentitySource.EMAIL, claims={address: person_id}, method=MAIN, now=now, several=True)
    adopt(session, owned=[(IdentitySource.EMAIL, address, person_id)])


def save_records(session: Session, *, records: Sequence[IdentityRecord], now: datetime) -> Saved:
    """Keep what the operator says whose ids these are; counts are ids. What the file does not name stays.

    Use that was filed under an id of nobody goes to the person at once. Addresses of nobody come back as `unmapped`. An
    id without an address is nobody's who works here; one that has an owner keeps them, and counts as unchanged. Raises
    IdentityTakenError for an id that a roster gave to somebody else; the caller then rolls back.
    """
    records = exclusions.identities_without(session, records)
    named = {record.email for record in records if record.email is not None}
    whose = resolve(session, source=IdentitySource.EMAIL, ids=named)
    by_source: dict[IdentitySource, dict[str, int]] = defaultdict(dict)
    for record in records:
        if record.email is not None and record.email in whose:
            source, external_id = identity_of(record.subject)
            by_source[source][normal(source, external_id)] = whose[record.email]
    saved = _note_nobodys(session, [record.subject for record in records if record.email is None], now)
    saved = saved.plus(Saved(unmapped=tuple(sorted(named - whose.keys()))))
    for source, claims in by_source.items():
        before = owners(session, source=source, ids=claims.keys())
        claim(
            session,
            source=source,
            claims=claims,
            method=ALIAS if source is IdentitySource.EMAIL else BY_HAND,
            now=now,
            several=source is not IdentitySource.SLACK,
            listed=None,
        )
        added = sum(before.get(external_id) is None for external_id in claims)
        unchanged = sum(before.get(external_id) == owner for external_id, owner in claims.items())
        saved = saved.plus(Saved(added, len(claims) - added - unchanged, unchanged))
    adopt(session, owned=[(source, i, owner) for source, claims in by_source.items() for i, owner in claims.items()])
    return saved


def _note_nobodys(session: Session, subjects: Sequence[str], now: datetime) -> Saved:
    """Keep that these ids are nobody's who works here, so that nobody is taken for their owner any more (P12)."""
    saved = Saved()
    for one in subjects:
        source, external_id = identity_of(one)
        known = session.get(IdentityRow, (source.value, normal(source, external_id)))
        if known is not None and (known.person_id is not None or known.method == NOBODYS):
            saved = saved.plus(Saved(unchanged=1))
            continue
        said = {"source": source.value, "method": NOBODYS, "confidence": CERTAIN, "first_seen_at": now}
        upsert(session, IdentityRow, [_row(said, normal(source, external_id), None)])
        saved = saved.plus(Saved(added=int(known is None), changed=int(known is not None)))
    session.expire_all()
    return saved


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


def adopt(session: Session, *, owned: Iterable[Owned]) -> None:
    """Give what is filed under these ids, and belongs to nobody, to the person who has the id now."""
    keys = {subject_key(session, source, external_id): person_id for source, external_id, person_id in owned}
    for model in _FILED if keys else ():
        table = table_of(model)
        homeless = set(session.scalars(select(model.subject).where(model.person_id.is_(None)).distinct()))
        found = [{"whose": keys[subject], "which": subject} for subject in sorted(homeless & keys.keys())]
        if found:
            mine = (table.c.person_id.is_(None), table.c.subject == bindparam("which"))
            session.connection().execute(update(table).where(*mine).values(person_id=bindparam("whose")), found)


def unmapped_ids(session: Session, *, most: int) -> list[tuple[IdentitySource, str, datetime]]:
    """Ids of nobody we know, the longest known first, at most so many: the operator may know whose they are."""
    rows = (
        select(IdentityRow.source, IdentityRow.external_id, IdentityRow.first_seen_at)
        .where(IdentityRow.person_id.is_(None), IdentityRow.method == UNMAPPED)
        .order_by(IdentityRow.first_seen_at, IdentityRow.source, IdentityRow.external_id)
        .limit(most)
    )
    return [(IdentitySource(source), external_id, seen_at) for source, external_id, seen_at in session.execute(rows)]


def hand_over(session: Session, owned: Sequence[Owned]) -> None:
    """Give all that is filed under these ids to their person, whosever it was: the operator put a mistake right."""
    rows = [{"which": subject_key(session, source, i), "whose": person_id} for source, i, person_id in owned]
    for model in _FILED if rows else ():
        table = table_of(model)
        moved = update(table).where(table.c.subject == bindparam("which")).values(person_id=bindparam("whose"))
        session.connection().execute(moved, rows)


def _drop_others(session: Session, *, source: IdentitySource, claims: Mapping[str, int], method: str) -> set[int]:
    """Drop what `method` (of Slack: any) had given a claimant besides what it claims for them now."""
    lost: dict[str, int | None] = {}
    for batch in chunks(sorted(set(claims.values()))):
        rows = select(IdentityRow.external_id, IdentityRow.person_id).where(
            IdentityRow.source == source.value, IdentityRow.person_id.in_(batch)
        )
        if source is not IdentitySource.SLACK:
            rows = rows.where(IdentityRow.method == method)
        lost.update(
            {external_id: owner for external_id, owner in session.execute(rows) if claims.get(external_id) != owner}
        )
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


_IS_MAIN = and_(IdentityRow.source == IdentitySource.EMAIL.value, IdentityRow.method != ALIAS)
