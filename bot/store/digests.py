"""Which managers want each new summary of their team, and which of them each got: a row a summary, claimed first.

Called by `handlers/team_digest.py`, which writes the wish, and `jobs/digest.py`, which sends.
Next: `bot/store/audit.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from bot.domain.people import IdentitySource
from bot.store.batches import insert_into, insert_new
from bot.store.tables import DigestRow, DigestWishRow, IdentityRow


class Outcome(StrEnum):
    """What became of one summary to one manager. A summary is named by the Monday on which it was made."""

    SEEN = "seen"
    """It was there to be opened when the manager asked for those to come."""
    CLAIMED = "claimed"
    """On its way, or lost with the process that sent it."""
    SENT = "sent"
    UNCLEAR = "unclear"
    """The reply was lost."""
    REFUSED = "refused"


@dataclass(frozen=True)
class Wisher:
    """A manager who wants the summary, and where to send it."""

    person_id: int
    slack_user_id: str


def want(session: Session, *, person_id: int, now: datetime, seen: date | None) -> None:
    """From now on, each new one; nothing changes for whoever wants them already. `seen`: the newest week there is."""
    insert_new(session, DigestWishRow, [{"person_id": person_id, "asked_at": now}])
    if seen is not None:
        row = {"person_id": person_id, "week": seen, "claimed_at": now, "outcome": Outcome.SEEN.value}
        insert_new(session, DigestRow, [row])


def stop(session: Session, *, person_id: int) -> None:
    """None any more."""
    session.execute(delete(DigestWishRow).where(DigestWishRow.person_id == person_id))


def waiting(session: Session, *, week: date) -> list[Wisher]:
    """Who wants the summary of this Monday, is in Slack, and has no row for it yet."""
    has_row = exists().where(DigestRow.person_id == DigestWishRow.person_id, DigestRow.week == week)
    rows = (
        select(DigestWishRow.person_id, IdentityRow.external_id)
        .join(IdentityRow, IdentityRow.person_id == DigestWishRow.person_id)
        .where(IdentityRow.source == IdentitySource.SLACK.value, ~has_row)
        .order_by(DigestWishRow.person_id)
    )
    return [Wisher(person_id, slack_user_id) for person_id, slack_user_id in session.execute(rows)]


def claim(session: Session, *, person_id: int, week: date, now: datetime) -> bool:
    """Make this Monday's summary to this manager ours; False when somebody had it, or it is not wanted any more.

    The wish is held until the transaction ends, so that a stop or an erasure comes before the claim or after it.
    """
    wish = select(DigestWishRow.person_id).where(DigestWishRow.person_id == person_id)
    if session.scalar(wish.with_for_update(read=True)) is None:
        return False
    row = {"person_id": person_id, "week": week, "claimed_at": now, "outcome": Outcome.CLAIMED.value}
    made = insert_into(session, DigestRow).values(row).on_conflict_do_nothing().returning(DigestRow.person_id)
    return session.scalar(made) is not None


def settle(session: Session, *, person_id: int, week: date, outcome: Outcome) -> None:
    """What became of a claim."""
    session.execute(
        update(DigestRow)
        .where(DigestRow.person_id == person_id, DigestRow.week == week)
        .values(outcome=outcome.value)
        .execution_options(synchronize_session=False)
    )


def let_go(session: Session, *, person_id: int, week: date) -> None:
    """Give a claim back: Slack took nothing, and a later run may try."""
    session.execute(delete(DigestRow).where(DigestRow.person_id == person_id, DigestRow.week == week))
