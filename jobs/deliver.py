"""Say what is due: look up what is in doubt, then claim, judge again, send once, and write down what became of it.

Called each minute by `jobs/calendar.py` and by `kindling deliver`. Any number of processes may do this at once. The row
is the truth: `bot/store/delivery.py` has the arrows, this file walks them. A message leaves only after its row says
`sending`; from there on, whatever breaks, it is looked up before it is said again (P8). Next: `bot/store/delivery.py`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bot.domain.nudging import Moved, Silence
from bot.domain.occasions import CHECK_IN
from bot.domain.pairs import TRIGGERS as OF_PAIRS
from bot.domain.plans import REMINDER
from bot.domain.tips import Tip
from bot.domain.turns import Waits
from bot.errors import SlackBusy, SlackError, SlackRefused, SlackUnclear
from bot.log import EventLog
from bot.slack import Slack, is_installation_wide
from bot.store import delivery, send_slots
from bot.store.database import Session, Store
from bot.store.delivery import HeldNudge
from bot.store.own_tips import Tips
from bot.views import check_in as check_in_view
from bot.views import pair as pair_view
from bot.views import plan as plan_view
from bot.views import tip as tip_view
from bot.views.message import Message
from jobs import pairing
from jobs.look_up import look_up_all
from jobs.rounds import Pace, Recheck, Render, Round, is_rate_limit, said_once, seconds

_log = EventLog("deliver")

_SLOT = "slack"
_AFTER_TROUBLE_S = 3600.0  # a nudge that cannot even be judged or worded lets the others pass
_AFTER_REFUSAL_S = 600.0  # should the refusal concern one person after all, the next run begins with another


def deliver(
    store: Store,
    *,
    slack: Slack,
    tips: Tips,
    now: datetime,
    recheck: Recheck,
    render: Render,
    owner: str,
    pace: Pace | None = None,
    sleep: Callable[[float], None] = time.sleep,
    stop: threading.Event | None = None,
) -> dict[str, int]:
    """Deliver what is due at `now` and return how many nudges went along each arrow.

    `recheck` is asked in the transaction that lets a message go. `owner` names this run and no other. Raises
    SlackRefused when Slack refuses the whole installation (a wrong token, a missing permission): nobody's message fails
    for that, all stay planned.
    """
    pace, stop = pace or Pace(), stop or threading.Event()
    round_ = Round(store, slack, tips, now, recheck, render, owner, pace, sleep, stop)
    with store.begin() as session:
        round_.counts.update(delivery.recover(session, now=now))
    look_up_all(round_)
    _send_all(round_)
    return {arrow: count for arrow, count in sorted(round_.counts.items()) if count}


def words_of(introduce_by: str) -> Render:
    """The wording of everything that is sent; the first message a person ever gets opens with who set this up."""

    def render(nudge: HeldNudge, tip: Tip) -> Message:
        introduce = None if nudge.introduced else introduce_by
        if nudge.trigger == CHECK_IN:
            return check_in_view.message(nudge_key=nudge.nudge_key, introduce_by=introduce, locale=nudge.locale)
        if nudge.trigger == REMINDER:
            return plan_view.reminder(
                nudge_key=nudge.nudge_key, tip=tip, facts=nudge.facts, introduce_by=introduce, locale=nudge.locale
            )
        if nudge.trigger in OF_PAIRS:
            return pair_view.message(
                nudge_key=nudge.nudge_key,
                trigger=nudge.trigger,
                facts=nudge.facts,
                introduce_by=introduce,
                locale=nudge.locale,
            )
        return tip_view.message(
            nudge_key=nudge.nudge_key,
            tip=tip,
            trigger=nudge.trigger,
            facts=nudge.facts,
            introduce_by=introduce,
            locale=nudge.locale,
        )

    return render


def _send_all(round_: Round) -> None:
    while not round_.is_over() and _anything_due(round_) and _has_slot(round_):
        with round_.store.begin() as session:
            pace = round_.pace
            claimed = delivery.claim(
                session, owner=round_.owner, batch=pace.claimed_at_once, lease_s=pace.lease_s, now=round_.now
            )
        if not claimed:
            return
        waiting = list(claimed)
        try:
            while waiting and not round_.is_over() and _has_slot(round_):
                _send(round_, waiting.pop(0))
        finally:
            for nudge in waiting:
                _let_go(round_, nudge, reason="let_go", wait_s=0)


def _anything_due(round_: Round) -> bool:
    """Asked before a slot is taken: most minutes have nothing to send, and must not wait for it."""
    with round_.store.read() as session:
        return delivery.any_due(session, now=round_.now)


def _has_slot(round_: Round) -> bool:
    """Whether the next message may leave now; a slot that a skipped nudge did not use serves the next one."""
    if round_.slot_in_hand:
        with round_.store.read() as session:
            round_.slot_in_hand = not send_slots.is_held(session, name=_SLOT)
    if not round_.slot_in_hand:
        round_.slot_in_hand = round_.wait_for_slot(_SLOT, round_.pace.rate_per_s)
    return round_.slot_in_hand


def _send(round_: Round, nudge: HeldNudge) -> None:
    """One nudge, from its claim to its end or back into the queue."""
    try:
        message = _worded(round_, nudge)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with this one, the others are not to wait for it
        _log.error("deliver.cannot_judge_or_word", nudge=nudge.nudge_id, error=type(error).__name__)
        round_.counts["errors"] += 1
        _let_go(round_, nudge, reason="cannot_judge_or_word", wait_s=_AFTER_TROUBLE_S)
        return
    if message is None:
        return
    round_.slot_in_hand = False
    nudge = _with_quiet(round_, nudge)
    channel_id = _opened(round_, nudge)
    if channel_id is None:
        return
    fenced_at = seconds()
    if not _pass_the_fence(round_, nudge):
        return
    if seconds() - fenced_at > round_.pace.http_timeout_s / 2:  # frozen meanwhile: others may be asking about it
        _take_back(round_, nudge, reason="late", wait_s=0)
        return
    _post(round_, nudge, channel_id, message)


def _worded(round_: Round, nudge: HeldNudge) -> Message | None:
    """What to say, or None when it is not to be said now; asked before anything of Slack's is used up for it."""
    with round_.store.begin() as session:
        tip = round_.tip(session, nudge)
        is_right = _is_right(round_, session, nudge)
        nudge = pairing.with_the_other(session, nudge) if is_right else nudge
    return round_.render(nudge, tip) if tip and is_right else None


def _pass_the_fence(round_: Round, nudge: HeldNudge) -> bool:
    """The last look and the step to `sending`, in one transaction."""
    pace = round_.pace
    with round_.store.begin() as session:
        if not _is_right(round_, session, nudge):
            return False
        if delivery.to_sending(
            session, nudge, lease_s=pace.lease_s, http_timeout_s=pace.http_timeout_s, now=round_.now
        ):
            return True
    _let_go(round_, nudge, reason="lease_too_short", wait_s=0)
    return False


def _is_right(round_: Round, session: Session, nudge: HeldNudge) -> bool:
    verdict = _judged(round_, session, nudge)
    if isinstance(verdict, Waits):
        round_.counts["later"] += delivery.let_go(session, nudge, reason=verdict, wait_s=0, now=round_.now)
    elif isinstance(verdict, Moved):
        round_.counts["moved"] += delivery.moved(session, nudge, due_at=verdict.due_at, now=round_.now)
    elif verdict is not None:
        round_.counts["skipped"] += delivery.skipped(session, nudge, reason=verdict, now=round_.now)
    return verdict is None


def _judged(round_: Round, session: Session, nudge: HeldNudge) -> Silence | Moved | Waits | None:
    if round_.now >= nudge.expires_at:
        return Silence.EXPIRED
    if nudge.slack_user_id is None:
        return Silence.NO_SLACK_ACCOUNT
    if round_.tip(session, nudge) is None:
        return Silence.NO_TIP_LEFT
    return round_.recheck(session, nudge, round_.now)


def _with_quiet(round_: Round, nudge: HeldNudge) -> HeldNudge:
    """With the end of this person's do-not-disturb, for the last look. Slack mutes what it did not tell us of."""
    assert nudge.slack_user_id is not None
    if not round_.asks_quiet:
        return nudge
    try:
        return replace(nudge, quiet_until=round_.slack.quiet_until(nudge.slack_user_id, now=round_.now))
    except SlackError as error:
        is_ours = isinstance(error, SlackRefused) and not is_installation_wide(error)
        round_.asks_quiet = is_ours or is_rate_limit(error)  # these are about one person, or one moment
        return nudge


def _opened(round_: Round, nudge: HeldNudge) -> str | None:
    """The channel of this person, kept in the row before anything is said there."""
    assert nudge.slack_user_id is not None
    try:
        channel_id = round_.slack.open_dm(nudge.slack_user_id)
    except SlackUnclear as error:  # opening says nothing to anybody, so there is nothing to look up
        round_.failures += 1
        _let_go(round_, nudge, reason=error.reason, wait_s=max(1.0, round_.back_off_s(nudge)))
        return None
    except (SlackBusy, SlackRefused) as error:
        _not_sent(round_, nudge, error)
        return None
    with round_.store.begin() as session:
        return channel_id if delivery.keep_channel(session, nudge, channel_id=channel_id) else None


def _post(round_: Round, nudge: HeldNudge, channel_id: str, message: Message) -> None:
    try:
        ts = round_.slack.post(channel_id, text=message.text, blocks=message.blocks, nudge_key=nudge.nudge_key)
    except SlackUnclear as error:
        round_.failures += 1
        with round_.store.begin() as session:
            round_.counts["ambiguous"] += delivery.ambiguous(session, nudge, reason=error.reason, now=round_.now)
        return
    except (SlackBusy, SlackRefused) as error:
        _not_sent(round_, nudge, error)
        return
    round_.failures = 0
    with round_.store.begin() as session:
        round_.counts["sent"] += delivery.sent(session, nudge, ts=ts, now=round_.now)


def _not_sent(round_: Round, nudge: HeldNudge, error: SlackBusy | SlackRefused) -> None:
    """Slack said no before it took anything: for now, for this person, or for all of us."""
    if isinstance(error, SlackBusy):
        round_.failures += 1
        _take_back(round_, nudge, reason=error.reason, wait_s=max(error.retry_after_s, round_.back_off_s(nudge)))
        if is_rate_limit(error):
            with round_.store.begin() as session:
                send_slots.hold(session, name=_SLOT, wait_s=error.retry_after_s)
    elif is_installation_wide(error):
        _take_back(round_, nudge, reason=error.reason, wait_s=_AFTER_REFUSAL_S)
        raise said_once(error)
    else:
        round_.failures = 0
        with round_.store.begin() as session:
            round_.counts["failed"] += delivery.failed(session, nudge, reason=error.reason, now=round_.now)


def _take_back(round_: Round, nudge: HeldNudge, *, reason: str, wait_s: float) -> None:
    with round_.store.begin() as session:
        is_back = delivery.back_to_planned(session, nudge, reason=reason, wait_s=wait_s, now=round_.now)
    round_.counts["later"] += is_back


def _let_go(round_: Round, nudge: HeldNudge, *, reason: str, wait_s: float) -> None:
    with round_.store.begin() as session:
        is_back = delivery.let_go(session, nudge, reason=reason, wait_s=wait_s, now=round_.now)
    round_.counts["later"] += is_back
