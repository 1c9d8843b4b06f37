"""Gives back the facts of sessions that are kept, so that a day can be summed up again from all of its sessions.

Called by `jobs/import_sessions.py`: the files of another machine, or files that are gone by now, still count.
Next: `bot/domain/sessions.py`.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.domain.people import identity_of
from bot.domain.usage import Counters, SessionFacts
from bot.store.pseudonyms import subject_key
from bot.store.tables import SessionFactsRow

_COUNTERS = tuple(name for name in Counters.__dataclass_fields__ if hasattr(SessionFactsRow, name))


def of_subject(session: Session, *, source: str, subject: str) -> list[SessionFacts]:
    """What is kept of the sessions of one subject: counters only, without what happened in them."""
    kept = select(SessionFactsRow).where(
        SessionFactsRow.source == source,
        SessionFactsRow.subject == subject_key(session, *identity_of(subject)),
    )
    return [
        SessionFacts(
            session_key=row.session_key,
            subject=subject,
            day=row.day,
            tool=row.tool,
            model=row.model,
            counters=Counters(**{name: getattr(row, name) for name in _COUNTERS}),
        )
        for row in session.scalars(kept)
    ]
