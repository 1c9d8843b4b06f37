"""Keeps what came out of the work, each row with the source that said so.

Called by `jobs/import_files.py` and `jobs/collect_outcomes.py`. Next: `bot/store/windows.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from bot.domain.outcomes import OutcomeRecord
from bot.store import identities
from bot.store.batches import Saved, chunks, merge
from bot.store.tables import OutcomeRow

_AS_GIVEN = tuple(field.name for field in fields(OutcomeRecord) if field.name not in ("subject", "kind"))


def save(session: Session, *, source: str, outcomes: Iterable[OutcomeRecord], now: datetime) -> Saved:
    """Keep finished work; the same kind, ref and person is replaced. Ids of nobody come back as `unmapped`, once each
    record, and their work is left out: it comes with the next reading after they have an owner.
    """
    saved = Saved()
    for batch in chunks(outcomes):
        people = identities.owners_of(session, subjects={outcome.subject for outcome in batch}, now=now)
        rows = {}
        for outcome in batch:
            owner = people[outcome.subject]
            if owner is not None:
                rows[outcome.kind, outcome.ref, owner] = _row(source, outcome, owner)
        nobodys = tuple(outcome.subject for outcome in batch if people[outcome.subject] is None)
        saved = saved.plus(merge(session, OutcomeRow, list(rows.values()))).plus(Saved(unmapped=nobodys))
    return saved


def replace_days(
    session: Session, *, source: str, first: date, last: date, outcomes: Iterable[OutcomeRecord], now: datetime
) -> Saved:
    """Make `outcomes` all that `source` says was finished from `first` to `last` (UTC days, both included)."""
    begin, end = datetime.combine(first, time(), UTC), datetime.combine(last + timedelta(days=1), time(), UTC)
    gone = delete(OutcomeRow).where(OutcomeRow.source == source, OutcomeRow.at >= begin, OutcomeRow.at < end)
    session.execute(gone.execution_options(synchronize_session=False))
    return save(session, source=source, outcomes=outcomes, now=now)


def _row(source: str, outcome: OutcomeRecord, person_id: int) -> Mapping[str, Any]:
    given = {name: getattr(outcome, name) for name in _AS_GIVEN}
    return {"source": source, "kind": outcome.kind.value, "person_id": person_id, **given}
