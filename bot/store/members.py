"""Keeps a source's own list of its members: whose its ids are, and who holds a paid seat.

A list says nothing against the operator: an id or a seat that a file gave stays as the file gave it.
Called by `jobs/collect_usage.py`. Next: `bot/store/people.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, or_, select, tuple_, update
from sqlalchemy.orm import Session

from bot.domain.people import IdentitySource, identity_of
from bot.domain.roster import Member
from bot.store import exclusions, identities
from bot.store.batches import Saved, chunks, merge
from bot.store.identities import DIRECTORY, Kept, Owned, normal
from bot.store.tables import SeatRow

_OPEN_END = date.max


@dataclass(frozen=True)
class SavedMembers:
    """What a list of members came to.

    `listed` are the people on it, `covered` those of them of whom the source says that it sees all they do, with
    the day since when it lists them (None: it does not say). `unmapped`
    counts members of nobody we know, `conflicts` those whom the list gives to somebody else than a file does, or to two
    people at once: nothing is said of either person. `seats` counts seats added, changed and as they were.
    """

    listed: frozenset[int] = frozenset()
    covered: Mapping[int, date | None] = field(default_factory=dict)
    unmapped: int = 0
    conflicts: int = 0
    seats: Saved = field(default_factory=Saved)
    released: int = 0


def save(
    session: Session, *, source_name: str, tool: str, members: Sequence[Member], now: datetime, today: date
) -> SavedMembers:
    """Tie the members' ids to the people whose addresses they name, and keep the seats they hold of `tool`.

    Use that was filed under an id of nobody goes to its person at once. A member whom nobody knows is noted as
    unmapped. Seats that this source had listed and lists no longer end with `today`; an empty list is an accident, and
    ends nothing.
    """
    if not members:
        return SavedMembers()
    members = exclusions.members_without(session, members)
    tied = _tie(session, members, now)
    holders: dict[int, list[Member]] = defaultdict(list)
    for member in members:
        if member.subject in tied.homes:
            holders[tied.homes[member.subject]].append(member)
    seats, still = _save_seats(session, source_name, tool, holders)
    released = _release(session, source_name, tool, still=still | tied.doubtful, today=today)
    session.expire_all()
    return SavedMembers(
        listed=frozenset(holders),
        covered={
            who: _since(accounts) for who, accounts in holders.items() if all(account.covered for account in accounts)
        },
        unmapped=tied.unmapped,
        conflicts=tied.conflicts,
        seats=seats,
        released=released,
    )


def _since(accounts: Sequence[Member]) -> date | None:
    """Since when a person is on the list with every one of these accounts; None: it does not say of each."""
    days = [account.since or account.seat_since for account in accounts]
    known = [day for day in days if day is not None]
    return max(known) if known and len(known) == len(days) else None


# ---------------------------------------------------------------- whose ids


@dataclass
class _Tied:
    """Whose each member's subject is; of how many it is not known or not clear, and between whom."""

    homes: dict[str, int] = field(default_factory=dict)
    unmapped: int = 0
    conflicts: int = 0
    doubtful: set[int] = field(default_factory=set)


def _tie(session: Session, members: Sequence[Member], now: datetime) -> _Tied:
    emails = {member.email for member in members if member.email}
    by_email = identities.resolve(session, source=IdentitySource.EMAIL, ids=emails)
    by_source: dict[IdentitySource, dict[str, list[Member]]] = defaultdict(lambda: defaultdict(list))
    for member in members:
        source, external_id = identity_of(member.subject)
        by_source[source][normal(source, external_id)].append(member)
    tied = _Tied()
    owned: list[Owned] = []
    for source, listed in by_source.items():
        known = identities.kept(session, source=source, ids=listed.keys())
        claims: dict[str, int] = {}
        for external_id, accounts in listed.items():
            named = {by_email[account.email] for account in accounts if account.email in by_email}
            owner, doubtful = _owner(source, named, known.get(external_id))
            if owner is not None:
                tied.homes |= {account.subject: owner for account in accounts}
                claims[external_id] = owner
            tied.unmapped += owner is None and not doubtful
            tied.conflicts += bool(doubtful)
            tied.doubtful |= doubtful
        _note(session, source, claims, unknown=listed.keys() - claims.keys(), now=now)
        owned += [(source, external_id, owner) for external_id, owner in claims.items()]
    strangers = {normal(IdentitySource.EMAIL, email) for email in emails - by_email.keys()}
    identities.note_unmapped(session, source=IdentitySource.EMAIL, ids=strangers, now=now)
    identities.adopt(session, owned=owned)
    return tied


def _owner(source: IdentitySource, named: Collection[int], known: Kept | None) -> tuple[int | None, set[int]]:
    """Whose an id is that the list gives to `named`; or between whom, when it contradicts what we know or itself.

    An address is only looked up: that two addresses are one person's is for the operator to say.
    """
    owner = None if known is None else known.person_id
    if len(named) > 1:
        return None, set(named)
    said = next(iter(named), None)
    if said is None or said == owner:
        return owner, set()
    if known is not None and owner is not None and known.method != DIRECTORY:
        return None, {said, owner}
    return (None if source is IdentitySource.EMAIL else said), set()


def _note(
    session: Session, source: IdentitySource, claims: Mapping[str, int], *, unknown: Collection[str], now: datetime
) -> None:
    if source is IdentitySource.SLACK:
        return  # whom a message reaches is said by Slack, a roster or the operator, never by a tool's list
    identities.note_unmapped(session, source=source, ids=unknown, now=now)
    identities.claim(session, source=source, claims=claims, method=DIRECTORY, now=now, several=True)


# ---------------------------------------------------------------- seats


def _save_seats(
    session: Session, source_name: str, tool: str, holders: Mapping[int, Sequence[Member]]
) -> tuple[Saved, set[int]]:
    """What was written, and who holds a seat by this list."""
    kept: dict[int, list[SeatRow]] = defaultdict(list)
    for batch in chunks(sorted(holders)):
        rows = select(SeatRow).where(SeatRow.person_id.in_(batch), SeatRow.tool == tool)
        for row in session.scalars(rows):
            kept[row.person_id].append(row)
    seats = [_seat(source_name, tool, person_id, accounts) for person_id, accounts in holders.items()]
    listed = [seat for seat in seats if seat is not None]
    wanted = [
        seat
        for seat in listed
        if not any(row.source != source_name and _overlap(row, seat) for row in kept[seat["person_id"]])
    ]
    _drop_revised(session, source_name, wanted, kept)
    return merge(session, SeatRow, wanted), {seat["person_id"] for seat in listed}


def _seat(source_name: str, tool: str, person_id: int, accounts: Sequence[Member]) -> dict[str, Any] | None:
    """The seat of a person with one or several accounts: from the first day of any to the last of all."""
    seats = [account for account in accounts if account.seat_since is not None]
    if not seats:
        return None
    ends = [account.seat_until for account in seats]
    prices = [account.monthly_cost_microusd for account in seats if account.monthly_cost_microusd is not None]
    return {
        "person_id": person_id,
        "tool": tool,
        "assigned_on": min(account.seat_since for account in seats if account.seat_since is not None),
        "released_on": None if None in ends else max(end for end in ends if end is not None),
        "monthly_cost_microusd": max(prices, default=None),
        "source": source_name,
    }


def _overlap(kept: SeatRow, seat: Mapping[str, Any]) -> bool:
    begins_before = kept.assigned_on < (seat["released_on"] or _OPEN_END)
    same_day = kept.assigned_on == seat["assigned_on"]
    return same_day or (begins_before and seat["assigned_on"] < (kept.released_on or _OPEN_END))


def _drop_revised(
    session: Session, source_name: str, wanted: Sequence[Mapping[str, Any]], kept: Mapping[int, Sequence[SeatRow]]
) -> None:
    """Drop seats that this source had listed with another first day: it has corrected itself."""
    wrong = [
        (row.person_id, row.tool, row.assigned_on)
        for seat in wanted
        for row in kept[seat["person_id"]]
        if row.source == source_name and row.assigned_on != seat["assigned_on"] and _overlap(row, seat)
    ]
    for keys in chunks(wrong):
        these = tuple_(SeatRow.person_id, SeatRow.tool, SeatRow.assigned_on).in_(keys)
        session.execute(delete(SeatRow).where(these).execution_options(synchronize_session=False))


def _release(session: Session, source_name: str, tool: str, *, still: Collection[int], today: date) -> int:
    """End the seats that this source listed and lists no longer; one that began today was none."""
    open_end = or_(SeatRow.released_on.is_(None), SeatRow.released_on > today)
    mine = (SeatRow.source == source_name, SeatRow.tool == tool, open_end)
    gone = sorted(set(session.scalars(select(SeatRow.person_id).where(*mine))) - set(still))
    for batch in chunks(gone):
        theirs = (*mine, SeatRow.person_id.in_(batch))
        not_begun = delete(SeatRow).where(*theirs, SeatRow.assigned_on >= today)
        ended = update(SeatRow).where(*theirs).values(released_on=today)
        for statement in (not_begun, ended):
            session.execute(statement.execution_options(synchronize_session=False))
    return len(gone)
