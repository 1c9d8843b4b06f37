"""A delivery queue for tests: planned nudges for members of the cast, and what became of them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.domain.people import IdentitySource
from bot.domain.tips import LinkKind, Tip
from bot.store.database import Store
from bot.store.delivery import HeldNudge
from bot.store.tables import IdentityRow, NudgeRow, NudgeStepRow, PersonRow, SendSlotRow
from bot.store.types import wall_clock
from bot.views.message import Message

OPEN = ("planned", "claimed", "sending", "ambiguous")

NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)

TIP = Tip(
    tip_id="z01",
    topic="first-try",
    triggers=frozenset({"never_used"}),
    roles=frozenset(),
    owner="enablement",
    expires_on=date(2027, 1, 1),
    link_kind=LinkKind.ACTION,
    link=None,
    text="You have had a seat for a while.",
    try_this="Give it ten minutes.",
    how_to="Open it.",
)


def plan(session: Session, *, slack_id: str | None, key: str = "", due_at: datetime = NOW) -> int:
    """Add a person with this Slack account and one planned nudge for them; returns the nudge's number."""
    person = PersonRow(created_at=NOW)
    session.add(person)
    session.flush()
    if slack_id:
        session.add(
            IdentityRow(
                source=IdentitySource.SLACK,
                external_id=slack_id,
                person_id=person.person_id,
                method="import",
                confidence="certain",
                first_seen_at=NOW,
            )
        )
    nudge = NudgeRow(
        nudge_key=key or f"key-{slack_id}",
        person_id=person.person_id,
        tip_id=TIP.tip_id,
        topic=TIP.topic,
        trigger="never_used",
        rule_version="1",
        facts={},
        planned_at=NOW - timedelta(hours=1),
        due_at=due_at,
        expires_at=due_at + timedelta(days=7),
        state="planned",
    )
    session.add(nudge)
    session.flush()
    return nudge.nudge_id


def words(nudge: HeldNudge, tip: Tip) -> Message:
    """A message that says only whether it introduces itself."""
    text = f"{tip.text} {tip.try_this}" + ("" if nudge.introduced else " Hello.")
    return Message(text=text, blocks=[{"type": "section", "text": {"type": "mrkdwn", "text": text}}])


def always_right(_session: Session, _nudge: HeldNudge, _now: datetime) -> None:
    """A recheck to which nothing has changed."""


def nudge_row(store: Store, nudge_id: int) -> NudgeRow:
    """The nudge as it stands."""
    with store.read() as session:
        return session.scalars(select(NudgeRow).where(NudgeRow.nudge_id == nudge_id)).one()


def states(store: Store) -> Counter[str]:
    """How many nudges stand where."""
    with store.read() as session:
        return Counter(session.scalars(select(NudgeRow.state)))


def walk(store: Store, nudge_id: int) -> list[str]:
    """The states that this nudge went through, in order, the first one first."""
    with store.read() as session:
        steps = session.execute(
            select(NudgeStepRow.from_state, NudgeStepRow.to_state)
            .where(NudgeStepRow.nudge_id == nudge_id)
            .order_by(NudgeStepRow.nudge_step_id)
        ).all()
    for (_, came_to), (left, _) in pairwise(steps):
        assert came_to == left, "an arrow begins where the one before it ended"
    return [str(steps[0].from_state), *(step.to_state for step in steps)] if steps else []


def let_time_pass(store: Store, *, seconds: float) -> None:
    """As if the database's clock had gone on: everything that it was told lies so much further back."""
    gone = timedelta(seconds=seconds)
    with store.begin() as session:
        for row in session.scalars(select(NudgeRow).where(NudgeRow.state.in_(OPEN))):
            row.lease_until = row.lease_until and row.lease_until - gone
            row.next_try_at = row.next_try_at and row.next_try_at - gone
            row.sending_since = row.sending_since and row.sending_since - gone
        for slot in session.scalars(select(SendSlotRow)):
            slot.next_at -= gone
            slot.hold_until = slot.hold_until and slot.hold_until - gone


def let_leases_run_out(store: Store) -> None:
    """As if every owner had been silent for longer than its lease."""
    with store.begin() as session:
        session.execute(update(NudgeRow).where(NudgeRow.lease_until.is_not(None)).values(lease_until=wall_clock(-1)))
