"""What stands for an id in tables that must not know names: a key that only this installation can make.

It is an HMAC with a secret that the first migration draws and that leaves the database nowhere: a list of all addresses
of a company leads to no row, and a key of one installation says nothing in another (`docs/why/pseudonyms.md`).
Called by the other modules of this room. Next: `bot/store/identities.py`.
"""

from __future__ import annotations

import hmac
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.domain.people import IdentitySource
from bot.domain.roster import spelled
from bot.errors import KindlingError
from bot.store.tables import PseudonymKeyRow

_THE_ONE = 1
_REMEMBERED_AS = "pseudonym key"


def subject_key(session: Session, source: IdentitySource, external_id: str) -> str:
    """The key of an id: always the same here, and without the secret not to be told from any other."""
    plain = sha256(f"{source.value}:{spelled(source, external_id)}".encode()).hexdigest()[:32]
    return hmac.digest(_secret(session), plain.encode(), "sha256").hex()[:32]


def findable_key(session: Session, source: IdentitySource, external_id: str) -> str | None:
    """The key of an id, to look for what was filed under it; None when the secret is gone, and nothing leads there."""
    return None if _kept_secret(session) is None else subject_key(session, source, external_id)


def drawing_secret(session: Session) -> bytes:
    """The secret for drawing lots about people: a lot can be drawn again here, and foreseen nowhere else.

    It is made of the one secret, so that neither tells the other.
    """
    return hmac.digest(_secret(session), b"drawing lots", "sha256")


def _secret(session: Session) -> bytes:
    secret = _kept_secret(session)
    if secret is None:
        raise KindlingError("The key of the pseudonyms is gone: new use could not be told from old. Restore a backup.")
    return secret


def _kept_secret(session: Session) -> bytes | None:
    known = session.info.get(_REMEMBERED_AS)
    if isinstance(known, bytes):
        return known
    kept = session.scalar(select(PseudonymKeyRow.secret).where(PseudonymKeyRow.pseudonym_key_id == _THE_ONE))
    if kept is None:
        return None
    secret = bytes.fromhex(kept)
    session.info[_REMEMBERED_AS] = secret
    return secret
