"""Keeps what came out of the work, each row with the source that said so.

Called by `jobs/import_files.py` and `jobs/collect_outcomes.py`. Next: `bot/store/windows.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from bot.domain.outcomes import OutcomeKind, OutcomeRecord
from bot.store import exclusions, identities
from bot.store.batches import Saved, chunks, merge
from bot.store.tables import OutcomeRow

_AS_GIVEN = tuple(field.name for field in fields(OutcomeRecord) if field.name not in ("subject", "kind"))


def save(session: Session, *, source: str, outcomes: Iterable[OutcomeRecord], now: datetime) -> Saved:
    """Keep finished work; the same kind, ref and person is replaced. Ids of nobody come back as `unmapped`, once each
    record, and their work is left out: it comes with the next reading after they have an owner.
    """
    saved = Saved()
    for batch in chunks(exclusions.without(session, outcomes)):
        people = identities.owners_of(session, subjects={outcome.subject for outcome in batch}, now=now)
        rows: dict[tuple[OutcomeKind, str, int], OutcomeRecord] = {}
        for outcome in batch:
            owner = people[outcome.subject]
            if owner is not None:
                key = (outcome.kind, outcome.ref, owner)
                rows[key] = _together(rows[key], outcome) if key in rows else outcome
        nobodys = tuple(outcome.subject for outcome in batch if people[outcome.subject] is None)
        saved = saved.plus(
            merge(session, OutcomeRow, [_row(source, outcome, key[2]) for key, outcome in rows.items()])
        ).plus(Saved(unmapped=nobodys))
    return saved


def replace_days(
    session: Session, *, source: str, first: date, last: date, outcomes: Iterable[OutcomeRecord], now: datetime
) -> Saved:
    """Make `outcomes` all that `source` says was finished from `first` to `last` (UTC days, both included)."""
    begin, end = datetime.combine(first, time(), UTC), datetime.combine(last + timedelta(days=1), time(), UTC)
    gone = delete(OutcomeRow).where(OutcomeRow.source == source, OutcomeRow.at >= begin, OutcomeRow.at < end)
    session.execute(gone.execution_options(synchronize_session=False))
    return save(session, source=source, outcomes=outcomes, now=now)


def _together(one: OutcomeRecord, other: OutcomeRecord) -> OutcomeRecord:
    """Two shares in one piece of work by two ids of one person: their lines add up."""
    if one.subject == other.subject:
        return other  # the same told twice
    return replace(
        other,
        lines_added=_sum(one.lines_added, other.lines_added),
        lines_removed=_sum(one.lines_removed, other.lines_removed),
        ai_assisted=one.ai_assisted or other.ai_assisted,
        ai_evidence=one.ai_evidence or other.ai_evidence,
    )


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def _row(source: str, outcome: OutcomeRecord, person_id: int) -> Mapping[str, Any]:
    given = {name: getattr(outcome, name) for name in _AS_GIVEN}
    return {"source": source, "kind": outcome.kind.value, "person_id": person_id, **given}
