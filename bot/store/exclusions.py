"""Who must not be measured at all: members of a works council, whoever objects (GDPR 21). A list that names nobody.

Only keys of their ids are kept (`bot/store/pseudonyms.py`). Whatever arrives under one of them is dropped before it is
written, and a roster that lists them makes nobody of them: there is no person whom anything could be about.
Written by `bot/store/rights.py`, asked by everything of this room that takes something in; `jobs/tidy.py` sweeps after
what was being taken in while somebody was put on it.
Next: `bot/store/rights.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol, TypeVar

from sqlalchemy import delete, func, or_, select, tuple_
from sqlalchemy.orm import Session

from bot.domain.people import IdentitySource, identity_of
from bot.domain.roster import ID_COLUMNS, IdentityRecord, Member, PersonRecord, spelled
from bot.store.batches import chunks, insert_new, table_of
from bot.store.pseudonyms import subject_key
from bot.store.tables import (
    ExclusionRow,
    IdentityRow,
    OpenSessionRow,
    PushedSeriesRow,
    SessionFactsRow,
    UsageDayRow,
)

Named = tuple[IdentitySource, str]
"""An id, and whose naming it follows."""

_EMAIL = IdentitySource.EMAIL
_LIST = "excluded keys"
FILED_BY_KEY = (UsageDayRow, SessionFactsRow, OpenSessionRow, PushedSeriesRow)
"""Tables whose rows carry the key of an id, and may belong to nobody we know."""


class _Subject(Protocol):
    @property
    def subject(self) -> str: ...


Item = TypeVar("Item", bound=_Subject)
Tie = TypeVar("Tie", Member, IdentityRecord)


def add(session: Session, *, email: str, ids: Iterable[Named]) -> None:
    """Exclude whoever has this address, under it and under all of `ids`."""
    address_key = _address_key(session, email)
    keys = {subject_key(session, source, external_id) for source, external_id in ids}
    rows = [{"id_key": key, "address_key": address_key} for key in sorted(keys | {address_key})]
    insert_new(session, ExclusionRow, rows)
    session.info.pop(_LIST, None)


def remove(session: Session, *, email: str) -> bool:
    """Take whoever has this address off the list; False: they were not on it."""
    key = _address_key(session, email)
    gone = session.connection().execute(delete(ExclusionRow).where(ExclusionRow.address_key == key))
    session.info.pop(_LIST, None)
    return gone.rowcount > 0


def how_many(session: Session) -> int:
    """How many people are excluded."""
    return session.scalar(select(func.count(ExclusionRow.address_key.distinct()))) or 0


def drop_strays(session: Session) -> int:
    """Delete what is filed, as nobody's, under an id of somebody excluded; returns how many rows went.

    Whatever was being taken in while they were put on the list had read it before, and may have kept more of them.
    """
    excluded = _listed(session)
    if not excluded:
        return 0
    nobodys = select(IdentityRow.source, IdentityRow.external_id).where(IdentityRow.person_id.is_(None))
    known = [(source, name, _keys(session, IdentitySource(source), name)) for source, name in session.execute(nobodys)]
    theirs = [(source, name, keys[0]) for source, name, keys in known if excluded.intersection(keys)]
    gone = 0
    for batch in chunks(sorted(excluded.union(key for *_, key in theirs))):
        for model in FILED_BY_KEY:
            stray = (model.person_id.is_(None), model.subject.in_(batch))
            gone += session.connection().execute(delete(table_of(model)).where(*stray)).rowcount
    for ids in chunks((source, name) for source, name, _ in theirs):
        named = tuple_(IdentityRow.source, IdentityRow.external_id).in_(ids)
        statement = delete(table_of(IdentityRow)).where(IdentityRow.person_id.is_(None), named)
        gone += session.connection().execute(statement).rowcount
    return gone


def without(session: Session, items: Iterable[Item]) -> Iterable[Item]:
    """What of `items` may be kept: all that is not filed under an id of somebody excluded."""
    excluded = _listed(session)
    if not excluded:
        return items
    seen: dict[str, bool] = {}

    def may_stay(item: Item) -> bool:
        if item.subject not in seen:
            seen[item.subject] = not any(key in excluded for key in _keys(session, *identity_of(item.subject)))
        return seen[item.subject]

    return (item for item in items if may_stay(item))


def records_without(
    session: Session, records: Sequence[PersonRecord], *, scim_of: str | None = None
) -> Sequence[PersonRecord]:
    """Lines of a roster that may become people. `scim_of` names the directory whose ids `scim_id` holds.

    Whoever is excluded is known by any of their addresses and by a directory's id; other ids that the line names are
    excluded from then on as well. An excluded id in anybody else's line has changed hands, and is theirs.
    """
    excluded = _listed(session)
    if not excluded:
        return records
    stays = []
    for record in records:
        ids = [(_EMAIL, address) for address in (record.email, *record.aliases)]
        if scim_of is not None and record.scim_id:
            ids.append((IdentitySource.SCIM, f"{scim_of}:{record.scim_id}"))
        known = [key for named in ids if (key := subject_key(session, *named)) in excluded]
        given = [(source, getattr(record, column)) for column, source in ID_COLUMNS.items() if getattr(record, column)]
        if known:
            _join(session, known[0], [*ids, *given])
        else:
            _release(session, given)
            stays.append(record)
    return stays


def members_without(session: Session, members: Sequence[Member]) -> Sequence[Member]:
    """Members of a source who may be tied to people; what it calls an excluded one is excluded from then on.

    An excluded account that the list gives to somebody whom we know has changed hands, and is theirs.
    """
    return _ties_without(session, members, keeps_strangers=False)


def identities_without(session: Session, records: Sequence[IdentityRecord]) -> Sequence[IdentityRecord]:
    """Ids of a file that may be kept; one that belongs to somebody excluded is excluded from then on.

    An excluded id that the operator gives to somebody whom we know is theirs. Lines with an address of nobody stay, so
    that the operator hears of them.
    """
    return _ties_without(session, records, keeps_strangers=True)


def _ties_without(session: Session, ties: Sequence[Tie], *, keeps_strangers: bool) -> Sequence[Tie]:
    """Those of a list of ids and addresses that may be kept."""
    excluded = _listed(session)
    if not excluded:
        return ties
    stays = []
    for tie in ties:
        named = identity_of(tie.subject)
        by_address = subject_key(session, _EMAIL, tie.email) if tie.email else ""
        if by_address in excluded:
            _join(session, by_address, [named])
        elif _is_somebodys(session, tie.email):
            _release(session, [named])
            stays.append(tie)
        elif (keeps_strangers and tie.email) or not any(key in excluded for key in _keys(session, *named)):
            stays.append(tie)
    return stays


def _keys(session: Session, source: IdentitySource, external_id: str) -> tuple[str, ...]:
    """The keys under which an id may be on the list: an account that is called like an address names it, too."""
    own = subject_key(session, source, external_id)
    named_alike = source is not _EMAIL and "@" in external_id
    return (own, subject_key(session, _EMAIL, external_id)) if named_alike else (own,)


def _join(session: Session, known_key: str, ids: Collection[Named]) -> None:
    """Put `ids` beside an id that is on the list."""
    found = session.scalar(select(ExclusionRow.address_key).where(ExclusionRow.id_key == known_key))
    rows = [{"id_key": subject_key(session, *named), "address_key": found} for named in ids]
    insert_new(session, ExclusionRow, rows)
    session.info.pop(_LIST, None)


def _release(session: Session, ids: Collection[Named]) -> None:
    """Take ids off the list that are somebody else's now: dropping their use would look like a zero (P12)."""
    keys = {subject_key(session, *named) for named in ids} & _listed(session)
    if keys:
        session.connection().execute(delete(ExclusionRow).where(ExclusionRow.id_key.in_(keys)))
        session.info.pop(_LIST, None)


def _is_somebodys(session: Session, email: str | None) -> bool:
    """Whether this is the address of somebody whom we know."""
    address = spelled(_EMAIL, email or "")
    found = select(IdentityRow.person_id).where(
        IdentityRow.source == _EMAIL.value, IdentityRow.external_id == address, IdentityRow.person_id.is_not(None)
    )
    return session.scalar(found) is not None


def _address_key(session: Session, email: str) -> str:
    """The key of the address under which somebody was excluded, when `email` is another one of theirs."""
    key = subject_key(session, _EMAIL, email)
    either = or_(ExclusionRow.id_key == key, ExclusionRow.address_key == key)
    return session.scalar(select(ExclusionRow.address_key).where(either).limit(1)) or key


def _listed(session: Session) -> frozenset[str]:
    """Every excluded key; asked for once a transaction, for the list is short and mostly empty."""
    known = session.info.get(_LIST)
    if not isinstance(known, frozenset):
        known = session.info[_LIST] = frozenset(session.scalars(select(ExclusionRow.id_key)))
    return known
