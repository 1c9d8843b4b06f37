"""What each person's newest conclusions, and every finding kept, were drawn from. Called by `jobs/detect.py`.

Next: `bot/store/findings.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import delete, exists, not_, or_, select
from sqlalchemy.orm import Session

from bot.store.batches import upsert
from bot.store.tables import BasisRow, FindingRow, PersonRow, StateRow


def replace(session: Session, *, window_last_day: date, inputs: Mapping[int, dict[str, Any]]) -> None:
    """Keep these people's bases for the windows that end on `window_last_day`, once states and findings are kept.

    Bases that neither the last day of a state nor a finding refers to go.
    """
    here = set(session.scalars(select(PersonRow.person_id).where(PersonRow.person_id.in_(inputs.keys()))))
    rows = [
        {"person_id": person_id, "last_day": window_last_day, "inputs": told}
        for person_id, told in sorted(inputs.items())
        if person_id in here
    ]
    upsert(session, BasisRow, rows)
    of_a_state = exists().where(StateRow.person_id == BasisRow.person_id, StateRow.last_day == BasisRow.last_day)
    of_a_finding = exists().where(
        FindingRow.person_id == BasisRow.person_id, FindingRow.window_last_day == BasisRow.last_day
    )
    unused = delete(BasisRow).where(BasisRow.person_id.in_(inputs.keys()), not_(or_(of_a_state, of_a_finding)))
    session.execute(unused.execution_options(synchronize_session=False))


def load(session: Session, *, person_id: int, last_day: date) -> dict[str, Any] | None:
    """What was concluded from about this person's window that ended on `last_day`; None when it is not kept."""
    row = session.get(BasisRow, (person_id, last_day))
    return None if row is None else dict(row.inputs)
