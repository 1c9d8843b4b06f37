"""When the next message may leave: one row for the whole workspace, on the database's clock.

However many workers there are, they reserve their slots here, evenly spaced, and one refusal of Slack's holds them all.
Called by `jobs/deliver.py`. Next: `bot/store/runs.py`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.store.database import wall_now
from bot.store.tables import SendSlotRow


def reserve(session: Session, *, name: str, rate_per_s: float, patience_s: float) -> float | None:
    """Seconds to wait for the slot just reserved, or None (and nothing reserved) when it is further than `patience_s`.

    Slots are `1 / rate_per_s` apart (the generic cell rate algorithm). Whoever comes late for one, by less than that,
    still gets it, so the next stays where it was: else every hesitation would be lost to the rate for good. Of so many
    slots on end at most one more message leaves than there is time for.
    """
    slot, now = _locked(session, name)
    apart = timedelta(seconds=1 / rate_per_s)
    next_at = slot.next_at if now - slot.next_at < apart else now
    free_at = max(next_at, slot.hold_until or next_at)
    wait_s = max(0.0, (free_at - now).total_seconds())
    if wait_s > patience_s:
        return None
    slot.next_at = free_at + apart
    return wait_s


def hold(session: Session, *, name: str, wait_s: float) -> None:
    """Let nothing leave for `wait_s`, whoever asks: Slack said so. A longer hold already there stays."""
    slot, now = _locked(session, name)
    until = now + timedelta(seconds=wait_s)
    slot.hold_until = max(until, slot.hold_until or until)


def is_held(session: Session, *, name: str) -> bool:
    """Whether a hold was set since a slot was reserved: it goes before every slot, also before those in hand."""
    until = session.scalar(select(SendSlotRow.hold_until).where(SendSlotRow.name == name))
    return until is not None and until > wall_now(session)


def _locked(session: Session, name: str) -> tuple[SendSlotRow, datetime]:
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.execute(insert(SendSlotRow).values(name=name, next_at=wall_now(session)).on_conflict_do_nothing())
    slot = session.scalars(select(SendSlotRow).where(SendSlotRow.name == name).with_for_update()).one()
    return slot, wall_now(session)  # read once the row is ours: the wait for it may have been long
