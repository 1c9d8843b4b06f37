"""From the addresses of a roster to people: who is meant, who is new, and whose other addresses are whose.

Nobody is guessed: two addresses are one person's only where a roster, a file of identities or a directory's own id says
so. Called by `bot/store/people.py` and `bot/store/directory.py`. Next: `bot/store/identities.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from bot.domain.people import IdentitySource
from bot.domain.roster import PersonRecord
from bot.store import identities
from bot.store.batches import chunks
from bot.store.identities import ALIAS, MAIN, IdentityTakenError, normal, resolve
from bot.store.tables import PersonRow

_EMAIL = IdentitySource.EMAIL


def welcome(
    session: Session, *, by_email: Mapping[str, PersonRecord], now: datetime
) -> tuple[dict[str, int], set[int]]:
    """Whose each line of a roster is, by its address, and who is new among them.

    Two lines are two people: an alias that has a line of its own beside its owner's becomes a person. A line with a new
    address and the old one among its aliases is the person we know, who goes by the new one from now on.
    """
    apart = _taken_apart(session, by_email)
    identities.drop(session, source=_EMAIL, ids=apart)
    _rename(session, by_email, now)
    added = add(session, emails=by_email, now=now)
    identities.hand_over(session, [(_EMAIL, address, added[address]) for address in sorted(apart)])
    ids = resolve(session, source=_EMAIL, ids=by_email)
    # Of everybody: a source that was being read when they were last listed may have filed rows as nobody's since (P12).
    identities.adopt(session, owned=[(_EMAIL, email, person_id) for email, person_id in ids.items()])
    return ids, set(added.values())


def add(session: Session, *, emails: Iterable[str], now: datetime) -> dict[str, int]:
    """Make a person for each address that is nobody's yet; returns the new numbers."""
    wanted = {normal(_EMAIL, email) for email in emails}
    known = identities.owners(session, source=_EMAIL, ids=wanted)
    new = sorted(email for email in wanted if known.get(email) is None)
    claimed: dict[str, int] = {}
    for batch in chunks(new):
        rows = [PersonRow(created_at=now) for _ in batch]
        session.add_all(rows)
        session.flush()
        claims = {email: row.person_id for email, row in zip(batch, rows, strict=True)}
        identities.claim(session, source=_EMAIL, claims=claims, method=MAIN, now=now)
        claimed |= claims
        session.expunge_all()
    # All of them, not only those seen before: their use may have been kept as nobody's since we looked (P12).
    identities.adopt(session, owned=[(_EMAIL, email, person_id) for email, person_id in claimed.items()])
    return claimed


def claim_aliases(session: Session, *, by_id: Mapping[int, PersonRecord], now: datetime) -> set[int]:
    """Give everybody the other addresses that their record names; none is ever taken away by not being named.

    Raises IdentityTakenError for an address that is somebody else's.
    """
    claims = {
        normal(_EMAIL, alias): person_id
        for person_id, record in by_id.items()
        for alias in record.aliases
        if normal(_EMAIL, alias) != normal(_EMAIL, record.email)
    }
    if not claims:
        return set()
    changed = identities.claim(
        session, source=_EMAIL, claims=claims, method=ALIAS, now=now, several=True, listed=by_id.keys()
    )
    identities.adopt(session, owned=[(_EMAIL, alias, person_id) for alias, person_id in claims.items()])
    return changed


def _taken_apart(session: Session, by_email: Mapping[str, PersonRecord]) -> set[str]:
    """Addresses that we know as aliases of somebody, and that have a line of their own beside that person's."""
    lines: dict[int, list[str]] = defaultdict(list)
    for address, before in identities.kept(session, source=_EMAIL, ids=by_email.keys()).items():
        if before.person_id is not None:
            lines[before.person_id].append(address)
    several = {owner: theirs for owner, theirs in lines.items() if len(theirs) > 1}
    mains = identities.main_addresses(session, person_ids=several)
    apart: set[str] = set()
    for owner, theirs in several.items():
        if mains[owner] not in theirs:  # which of them is the person we know?
            raise IdentityTakenError(_EMAIL, sorted(theirs)[1])
        apart |= set(theirs) - {mains[owner]}
    return apart


def _rename(session: Session, by_email: Mapping[str, PersonRecord], now: datetime) -> None:
    aliases = {normal(_EMAIL, alias): address for address, record in by_email.items() for alias in record.aliases}
    if not aliases:
        return
    known = identities.kept(session, source=_EMAIL, ids={*aliases, *by_email})
    for alias, address in sorted(aliases.items()):
        before, line = known.get(alias), known.get(address)
        if before is None or before.person_id is None or before.method == ALIAS or alias in by_email:
            continue
        if line is not None and line.person_id is not None:
            continue  # both are people whom we know: claim_aliases refuses to make one of them
        identities.rename(session, person_id=before.person_id, email=address, now=now)
        known[address] = before
