"""Finished work of many people by UTC day, with what became of it since.

Called by `jobs/detect.py` and `bot/store/scorecard.py`. Next: `bot/domain/finished_work.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.domain.finished_work import WorkDone
from bot.domain.outcomes import OutcomeKind
from bot.domain.usage import LOOKBACK_DAYS
from bot.store.batches import chunks
from bot.store.tables import OutcomeRow


def load(session: Session, *, person_ids: Collection[int], last_day: date) -> dict[int, tuple[WorkDone, ...]]:
    """The work of the 12 weeks up to `last_day`; people of whom none is known are left out.

    What took a change back may be somebody else's: of that only the day is looked at.
    """
    first = datetime.combine(last_day - timedelta(days=LOOKBACK_DAYS - 1), time.min, UTC)
    end = datetime.combine(last_day + timedelta(days=1), time.min, UTC)
    rows = session.scalars(
        select(OutcomeRow)
        .where(OutcomeRow.person_id.in_(person_ids), OutcomeRow.at >= first, OutcomeRow.at < end)
        .order_by(OutcomeRow.at, OutcomeRow.source, OutcomeRow.kind, OutcomeRow.ref)
    ).all()
    reverted_on = _reverted_on(session, {(row.source, row.ref) for row in rows if row.reverted})
    work: dict[int, list[WorkDone]] = defaultdict(list)
    for row in rows:
        work[row.person_id].append(_done(row, reverted_on.get((row.source, row.ref))))
    return {person_id: tuple(done) for person_id, done in work.items()}


def _reverted_on(session: Session, changes: Collection[tuple[str, str]]) -> dict[tuple[str, str], date]:
    """The first day on which something took each of these back; asked only where something was taken back."""
    found: dict[tuple[str, str], date] = {}
    sources = {source for source, _ in changes}
    for refs in chunks(sorted({ref for _, ref in changes})):
        reverts = (
            select(OutcomeRow.source, OutcomeRow.reverts_ref, func.min(OutcomeRow.at))
            .where(
                OutcomeRow.source.in_(sources),
                OutcomeRow.kind == OutcomeKind.PR_REVERTED.value,
                OutcomeRow.reverts_ref.in_(refs),
            )
            .group_by(OutcomeRow.source, OutcomeRow.reverts_ref)
        )
        found |= {(source, ref): at.date() for source, ref, at in session.execute(reverts) if ref is not None}
    return found


def _done(row: OutcomeRow, reverted_on: date | None) -> WorkDone:
    return WorkDone(
        source=row.source,
        kind=OutcomeKind(row.kind),
        day=row.at.date(),
        repository=row.repository,
        ai_assisted=row.ai_assisted,
        reverted=row.reverted,
        reverted_on=reverted_on,
        lines_added=row.lines_added,
        lines_survived_14d=row.lines_survived_14d,
        lines_survived_30d=row.lines_survived_30d,
        ref=row.ref,
    )
