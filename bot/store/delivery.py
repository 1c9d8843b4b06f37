"""The delivery queue: every arrow a nudge can go along, each one conditional UPDATE that must touch one row.

    planned -> claimed -> sending -> sent            claimed -> skipped | failed | planned
    sending -> planned | failed | ambiguous          ambiguous -> sent | planned | unknown

An arrow returns False when it touched nothing: somebody else has the nudge now, and the caller lets go of it. A claim
is known by its owner and its attempt number, so that a process which was frozen cannot act on what it held before.
`now` is the calendar's time; leases and waiting times run on the database's clock.
Called by `jobs/deliver.py`. Next: `bot/views/tip.py`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, case, exists, func, insert, or_, select, update
from sqlalchemy.orm import Session

from bot.domain.campaigns import CampaignState
from bot.domain.people import IdentitySource
from bot.store import preferences
from bot.store.tables import CampaignRow, HaltRow, IdentityRow, NudgeRow, NudgeStepRow, PersonRow, PreferenceRow
from bot.store.types import wall_clock


class NudgeState(StrEnum):
    """Where a nudge stands. The last four are ends: nothing leads out of them."""

    PLANNED = "planned"
    CLAIMED = "claimed"
    SENDING = "sending"
    AMBIGUOUS = "ambiguous"
    SENT = "sent"
    SKIPPED = "skipped"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class HeldNudge:
    """A nudge that this process holds for the length of a lease, as claimed or to be looked up.

    `locale` is as Slack or the roster has it, `introduced` is whether this person has had the first-contact message.
    `due_at` and `expires_at` are calendar time, `sending_since` is the database's; `settled` says that a message sent
    then would be visible by now. `quiet_until` is the end of a do-not-disturb, once it was asked for.
    `campaign_id` is None for tips that go out by themselves.
    """

    nudge_id: int
    nudge_key: str
    person_id: int
    slack_user_id: str | None
    tip_id: str
    topic: str
    trigger: str
    facts: dict[str, Any]
    due_at: datetime
    expires_at: datetime
    channel_id: str | None
    introduced: bool
    owner: str
    attempt: int
    lookups: int
    sending_since: datetime | None
    settled: bool
    quiet_until: datetime | None = None
    locale: str | None = None
    campaign_id: int | None = None


def recover(session: Session, *, now: datetime) -> dict[str, int]:
    """Take back what dead or frozen owners hold: claims are free again, sends become a question."""
    lease_out = NudgeRow.lease_until <= wall_clock(0)
    freed = _move(
        session,
        lease_out,
        source=NudgeState.CLAIMED,
        target=NudgeState.PLANNED,
        reason="lease_out",
        now=now,
        values={"owner": None, "lease_until": None},
    )
    asked = _move(
        session,
        lease_out,
        source=NudgeState.SENDING,
        target=NudgeState.AMBIGUOUS,
        reason="lease_out",
        now=now,
        values={"owner": None, "lease_until": None, "next_try_at": None},
    )
    return {"lease_out": freed, "ambiguous": asked}


def claim(session: Session, *, owner: str, batch: int, lease_s: float, now: datetime) -> list[HeldNudge]:
    """Hold up to `batch` due nudges for `lease_s`, the longest due first."""
    due = (
        select(NudgeRow.nudge_id)
        .where(*_due(now))
        .order_by(NudgeRow.due_at, NudgeRow.nudge_id)
        .limit(batch)
        .with_for_update(skip_locked=True)
    )
    claimed = _move_ids(
        session,
        NudgeRow.nudge_id.in_(list(session.scalars(due))),
        source=NudgeState.PLANNED,
        target=NudgeState.CLAIMED,
        reason=None,
        now=now,
        values={"owner": owner, "lease_until": wall_clock(lease_s), "attempts": NudgeRow.attempts + 1},
    )
    return _held(session, claimed, settle_s=0)


def any_due(session: Session, *, now: datetime) -> bool:
    """Whether there is anything to send now."""
    return session.scalar(select(NudgeRow.nudge_id).where(*_due(now)).limit(1)) is not None


def take_ambiguous(session: Session, *, owner: str, batch: int, lease_s: float, settle_s: float) -> list[HeldNudge]:
    """Hold up to `batch` nudges of which nobody knows whether they were sent, to look them up."""
    asked = (
        select(NudgeRow.nudge_id)
        .where(*_in_doubt())
        .order_by(NudgeRow.sending_since, NudgeRow.nudge_id)
        .limit(batch)
        .with_for_update(skip_locked=True)
    )
    taken = session.scalars(
        update(NudgeRow)
        .where(NudgeRow.nudge_id.in_(list(session.scalars(asked))), NudgeRow.state == NudgeState.AMBIGUOUS)
        .values(owner=owner, lease_until=wall_clock(lease_s), lookups=NudgeRow.lookups + 1)
        .returning(NudgeRow.nudge_id)
        .execution_options(synchronize_session=False)
    )
    return _held(session, list(taken), settle_s=settle_s)


def any_ambiguous(session: Session) -> bool:
    """Whether there is anything to look up now."""
    return session.scalar(select(NudgeRow.nudge_id).where(*_in_doubt()).limit(1)) is not None


def keep_channel(session: Session, nudge: HeldNudge, *, channel_id: str) -> bool:
    """Remember where this nudge will be said, before it is: a later look-up needs it."""
    kept = session.scalar(
        update(NudgeRow)
        .where(*_mine(nudge), NudgeRow.state == NudgeState.CLAIMED)
        .values(channel_id=channel_id)
        .returning(NudgeRow.nudge_id)
        .execution_options(synchronize_session=False)
    )
    return kept is not None


def to_sending(session: Session, nudge: HeldNudge, *, lease_s: float, http_timeout_s: float, now: datetime) -> bool:
    """The fence, committed right before the message leaves: False when the lease leaves no time to send it."""
    return _arrow(
        session,
        nudge,
        NudgeState.CLAIMED,
        NudgeState.SENDING,
        now=now,
        only_if=NudgeRow.lease_until > wall_clock(http_timeout_s),
        values={"sending_since": wall_clock(0), "lease_until": wall_clock(lease_s), "next_try_at": None, "lookups": 0},
    )


def sent(session: Session, nudge: HeldNudge, *, ts: str, now: datetime) -> bool:
    """Slack took it. From the first message on a person is introduced; noted in the same transaction."""
    arrived = _arrow(
        session,
        nudge,
        NudgeState.SENDING,
        NudgeState.SENT,
        now=now,
        values={"slack_ts": ts, "sent_at": now, **_NOT_HELD},
    )
    if arrived:
        preferences.introduced(session, person_id=nudge.person_id, now=now)
    return arrived


def found(session: Session, nudge: HeldNudge, *, ts: str, now: datetime) -> bool:
    """The look-up saw the message: it had been sent after all."""
    arrived = _arrow(
        session,
        nudge,
        NudgeState.AMBIGUOUS,
        NudgeState.SENT,
        now=now,
        reason="found",
        values={"slack_ts": ts, "sent_at": now, **_NOT_HELD},
    )
    if arrived:
        preferences.introduced(session, person_id=nudge.person_id, now=now)
    return arrived


def ambiguous(session: Session, nudge: HeldNudge, *, reason: str, now: datetime) -> bool:
    """Nobody knows whether it was sent: to be looked up."""
    return _arrow(
        session, nudge, NudgeState.SENDING, NudgeState.AMBIGUOUS, now=now, reason=reason, values={**_NOT_HELD}
    )


def let_go(session: Session, nudge: HeldNudge, *, reason: str, wait_s: float, now: datetime) -> bool:
    """A claim is given up before the fence; somebody may take it in `wait_s`."""
    values = {**_NOT_HELD, "next_try_at": wall_clock(wait_s)}
    return _arrow(session, nudge, NudgeState.CLAIMED, NudgeState.PLANNED, now=now, reason=reason, values=values)


def back_to_planned(session: Session, nudge: HeldNudge, *, reason: str, wait_s: float, now: datetime) -> bool:
    """It was provably not sent, although perhaps past the fence; it may be tried again in `wait_s`."""
    states = (NudgeState.CLAIMED, NudgeState.SENDING)
    values = {**_NOT_HELD, "next_try_at": wall_clock(wait_s)}
    return _arrow(session, nudge, states, NudgeState.PLANNED, now=now, reason=reason, values=values)


def absent(session: Session, nudge: HeldNudge, *, wait_s: float, now: datetime) -> bool:
    """The look-up, made after the settle time, did not see the message: it was never sent, so it is due again."""
    values = {**_NOT_HELD, "next_try_at": wall_clock(wait_s)}
    return nudge.settled and _arrow(
        session, nudge, NudgeState.AMBIGUOUS, NudgeState.PLANNED, now=now, reason="absent", values=values
    )


def look_again(session: Session, nudge: HeldNudge, *, wait_s: float) -> bool:
    """The look-up could not tell: it stays a question for `wait_s` more."""
    left = session.scalar(
        update(NudgeRow)
        .where(*_mine(nudge), NudgeRow.state == NudgeState.AMBIGUOUS)
        .values(next_try_at=wall_clock(wait_s), owner=None, lease_until=None)
        .returning(NudgeRow.nudge_id)
        .execution_options(synchronize_session=False)
    )
    return left is not None


def unknown(session: Session, nudge: HeldNudge, *, reason: str, now: datetime) -> bool:
    """It cannot be found out. It is never sent again: a lost tip is cheaper than a double one."""
    return _arrow(
        session, nudge, NudgeState.AMBIGUOUS, NudgeState.UNKNOWN, now=now, reason=reason, values={**_NOT_HELD}
    )


def failed(session: Session, nudge: HeldNudge, *, reason: str, now: datetime) -> bool:
    """Slack refuses this person or this message for good; it is not tried again."""
    states = (NudgeState.CLAIMED, NudgeState.SENDING)
    return _arrow(session, nudge, states, NudgeState.FAILED, now=now, reason=reason, values={**_NOT_HELD})


def skipped(session: Session, nudge: HeldNudge, *, reason: str, now: datetime) -> bool:
    """What was right when it was planned is not any more: it is not said."""
    return _arrow(session, nudge, NudgeState.CLAIMED, NudgeState.SKIPPED, now=now, reason=reason, values={**_NOT_HELD})


def moved(session: Session, nudge: HeldNudge, *, due_at: datetime, now: datetime) -> bool:
    """This is not a fair time for this person; it is due again at `due_at`."""
    return _arrow(
        session,
        nudge,
        NudgeState.CLAIMED,
        NudgeState.PLANNED,
        now=now,
        reason="moved",
        values={**_NOT_HELD, "due_at": due_at},
    )


_NOT_HELD: dict[str, Any] = {"owner": None, "lease_until": None, "next_try_at": None}


def _arrow(
    session: Session,
    nudge: HeldNudge,
    source: NudgeState | Collection[NudgeState],
    target: NudgeState,
    *,
    now: datetime,
    values: dict[str, Any],
    reason: str | None = None,
    only_if: ColumnElement[bool] | None = None,
) -> bool:
    conditions = [*_mine(nudge), *([] if only_if is None else [only_if])]
    sources = (source,) if isinstance(source, NudgeState) else source
    steps = (
        _move(session, *conditions, source=one, target=target, reason=reason, now=now, values=values) for one in sources
    )
    return any(count == 1 for count in steps)


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """What may leave now: nothing at all while a lead has switched everything off, nothing of a paused campaign.

    What is void is taken all the same, to be skipped: it would keep its place in the queue, and its person silent.
    """
    paused = select(CampaignRow.campaign_id).where(CampaignRow.state == CampaignState.PAUSED)
    return (
        ~exists(select(HaltRow.halt_id)),
        or_(NudgeRow.campaign_id.is_(None), NudgeRow.campaign_id.not_in(paused), NudgeRow.expires_at <= now),
        NudgeRow.state == NudgeState.PLANNED,
        NudgeRow.due_at <= now,
        or_(NudgeRow.next_try_at.is_(None), NudgeRow.next_try_at <= wall_clock(0)),
    )


def _in_doubt() -> tuple[ColumnElement[bool], ...]:
    return (
        NudgeRow.state == NudgeState.AMBIGUOUS,
        or_(NudgeRow.next_try_at.is_(None), NudgeRow.next_try_at <= wall_clock(0)),
        or_(NudgeRow.lease_until.is_(None), NudgeRow.lease_until <= wall_clock(0)),
    )


def _mine(nudge: HeldNudge) -> tuple[ColumnElement[bool], ...]:
    return (
        NudgeRow.nudge_id == nudge.nudge_id,
        NudgeRow.owner == nudge.owner,
        NudgeRow.attempts == nudge.attempt,
    )


def _move(session: Session, *conditions: ColumnElement[bool], **arrow: Any) -> int:
    return len(_move_ids(session, *conditions, **arrow))


def _move_ids(
    session: Session,
    *conditions: ColumnElement[bool],
    source: NudgeState,
    target: NudgeState,
    reason: str | None,
    now: datetime,
    values: dict[str, Any],
) -> list[int]:
    """The UPDATE behind every arrow, and a step for each row it touched."""
    touched = list(
        session.scalars(
            update(NudgeRow)
            .where(NudgeRow.state == source, *conditions)
            .values(state=target, reason=reason, **values)
            .returning(NudgeRow.nudge_id)
            .execution_options(synchronize_session=False)
        )
    )
    if touched:
        step = {"at": now, "from_state": source, "to_state": target, "reason": reason}
        session.execute(insert(NudgeStepRow), [{"nudge_id": nudge_id, **step} for nudge_id in touched])
    return touched


def _held(session: Session, nudge_ids: list[int], *, settle_s: float) -> list[HeldNudge]:
    slack_user_id = (
        select(func.min(IdentityRow.external_id))
        .where(IdentityRow.person_id == NudgeRow.person_id, IdentityRow.source == IdentitySource.SLACK)
        .scalar_subquery()
    )
    settled = case((NudgeRow.sending_since <= wall_clock(-settle_s), True), else_=False)
    rows = session.execute(
        select(NudgeRow, slack_user_id, PreferenceRow.introduced_at, settled, PersonRow.locale)
        .join(PersonRow, PersonRow.person_id == NudgeRow.person_id)
        .outerjoin(PreferenceRow, PreferenceRow.person_id == NudgeRow.person_id)
        .where(NudgeRow.nudge_id.in_(nudge_ids))
        .order_by(NudgeRow.due_at, NudgeRow.nudge_id)
        .execution_options(populate_existing=True)
    )
    return [_held_nudge(row) for row in rows]


def _held_nudge(row: Row[NudgeRow, str | None, datetime | None, bool, str | None]) -> HeldNudge:
    nudge, slack_user_id, introduced_at, settled, locale = row
    assert nudge.owner is not None
    return HeldNudge(
        nudge_id=nudge.nudge_id,
        nudge_key=nudge.nudge_key,
        person_id=nudge.person_id,
        slack_user_id=slack_user_id,
        tip_id=nudge.tip_id,
        topic=nudge.topic,
        trigger=nudge.trigger,
        facts=nudge.facts,
        due_at=nudge.due_at,
        expires_at=nudge.expires_at,
        channel_id=nudge.channel_id,
        introduced=introduced_at is not None,
        owner=nudge.owner,
        attempt=nudge.attempts,
        lookups=nudge.lookups,
        sending_since=nudge.sending_since,
        settled=bool(settled),
        locale=locale,
        campaign_id=nudge.campaign_id,
    )
