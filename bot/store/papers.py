"""With which facts the papers were last written: what people and their representatives were told. Names nobody.

Written and asked by `bot/papers.py`. Next: `bot/papers.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.store.batches import upsert
from bot.store.tables import PapersRow


@dataclass(frozen=True)
class Written:
    """Papers that were written."""

    facts_hash: str
    written_at: datetime
    facts: Mapping[str, Any]


def note(session: Session, *, written: Written) -> None:
    """Remember that papers with these facts were written; the same facts again count from now."""
    upsert(session, PapersRow, [vars(written)])


def last(session: Session) -> Written | None:
    """The papers that were written last; None: there were none."""
    row = session.scalar(select(PapersRow).order_by(PapersRow.written_at.desc(), PapersRow.facts_hash).limit(1))
    return None if row is None else Written(row.facts_hash, row.written_at, row.facts)
