"""Findings after the arithmetic, one row each. Called by `jobs/detect.py` and the card.

Next: `bot/store/silences.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date

from sqlalchemy import and_, delete, func, insert, select
from sqlalchemy.orm import Session

from bot.domain.waste.finding import Ledger
from bot.domain.waste.ledger import CountedFinding
from bot.store.tables import FindingRow, PersonRow, StateRow

_COPIED = (
    "detector",
    "rule_version",
    "tool",
    "counted_microusd",
    "forgiven_microusd",
    "low_microusd",
    "high_microusd",
    "confidence",
    "occurrences",
    "innocent_reason",
    "evidence",
)


def replace(session: Session, *, window_last_day: date, counted: Mapping[int, Sequence[CountedFinding]]) -> None:
    """Make `counted` all that is said of these people's windows ending on `window_last_day`; none is an answer too."""
    old = delete(FindingRow).where(
        FindingRow.person_id.in_(counted.keys()), FindingRow.window_last_day == window_last_day
    )
    session.execute(old.execution_options(synchronize_session=False))
    here = set(session.scalars(select(PersonRow.person_id).where(PersonRow.person_id.in_(counted.keys()))))
    rows = [
        {
            "person_id": person_id,
            "window_last_day": window_last_day,
            "ledger": one.ledger.value,
            **{name: getattr(one, name) for name in _COPIED},
        }
        for person_id, found in counted.items()
        if person_id in here
        for one in found
    ]
    if rows:
        session.execute(insert(FindingRow), rows)


def current(session: Session, *, person_ids: Collection[int]) -> dict[int, tuple[CountedFinding, ...]]:
    """The findings of each person's newest judged window; everybody asked for is in the answer.

    The newest window is the one of the newest state: where that holds no finding, an older window's are not current.
    """
    judged = (
        select(StateRow.person_id, func.max(StateRow.last_day).label("last_day"))
        .where(StateRow.person_id.in_(person_ids))
        .group_by(StateRow.person_id)
        .subquery()
    )
    newest = and_(FindingRow.person_id == judged.c.person_id, FindingRow.window_last_day == judged.c.last_day)
    found: dict[int, list[CountedFinding]] = defaultdict(list)
    for row in session.scalars(select(FindingRow).join(judged, newest).order_by(FindingRow.detector, FindingRow.tool)):
        found[row.person_id].append(_counted(row))
    return {person_id: tuple(found[person_id]) for person_id in person_ids}


def _counted(row: FindingRow) -> CountedFinding:
    return CountedFinding(ledger=Ledger(row.ledger), **{name: getattr(row, name) for name in _COPIED})
