"""Look up the messages of which nobody knows whether they were sent, in no hurry, before anything new is said.

Called by `jobs/deliver.py`. A message that is found was sent. One that is not there after the settle time never was,
and is due again. Where it cannot be found out (no `im:history`), it is never sent again. Next: `jobs/rounds.py`.
"""

from __future__ import annotations

from datetime import timedelta

from bot.errors import SlackBusy, SlackError, SlackRefused
from bot.slack import is_installation_wide
from bot.store import delivery, send_slots
from bot.store.delivery import HeldNudge
from jobs.rounds import Round, is_rate_limit, said_once

_SLOT = "slack:look_up"  # its own slot: looking up never takes the place of sending
_CLOCKS_APART = timedelta(seconds=60)  # how far Slack's clock and the database's may differ
_LONGEST_WAIT_S = 600.0


def look_up_all(round_: Round) -> None:
    """Look up everything that is in doubt and whose time has come."""
    pace = round_.pace
    while not round_.is_over() and _anything(round_) and round_.wait_for_slot(_SLOT, pace.look_up_rate_per_s):
        with round_.store.begin() as session:
            taken = delivery.take_ambiguous(
                session, owner=round_.owner, batch=1, lease_s=pace.lease_s, settle_s=pace.absent_after_s
            )
        if not taken:
            return
        _look_up(round_, taken[0])


def _anything(round_: Round) -> bool:
    """Asked before a slot is taken: most runs have nothing to look up, and must not wait for it."""
    with round_.store.read() as session:
        return delivery.any_ambiguous(session)


def _look_up(round_: Round, nudge: HeldNudge) -> None:
    assert nudge.sending_since is not None
    assert nudge.channel_id is not None
    # The earlier of the two clocks: in a playground whose time was moved, Slack's time is the calendar's.
    oldest = min(nudge.sending_since, nudge.due_at) - _CLOCKS_APART
    try:
        ts = round_.slack.find(nudge.channel_id, nudge_key=nudge.nudge_key, oldest=oldest)
    except SlackError as error:
        _could_not_tell(round_, nudge, error)
        return
    round_.failures = 0
    with round_.store.begin() as session:
        if ts is not None:
            round_.counts["found"] += delivery.found(session, nudge, ts=ts, now=round_.now)
        elif nudge.settled:
            wait_s = round_.back_off_s(nudge)
            round_.counts["absent"] += delivery.absent(session, nudge, wait_s=wait_s, now=round_.now)
        else:
            delivery.look_again(session, nudge, wait_s=round_.pace.absent_after_s)


def _could_not_tell(round_: Round, nudge: HeldNudge, error: SlackError) -> None:
    is_final = isinstance(error, SlackRefused) and (error.reason == "missing_scope" or not is_installation_wide(error))
    with round_.store.begin() as session:
        if is_final or nudge.lookups >= round_.pace.most_lookups:
            round_.counts["unknown"] += delivery.unknown(session, nudge, reason=error.reason, now=round_.now)
        else:
            delivery.look_again(session, nudge, wait_s=_wait_s(nudge, error))
        if isinstance(error, SlackBusy) and is_rate_limit(error):
            send_slots.hold(session, name=_SLOT, wait_s=error.retry_after_s)
    if isinstance(error, SlackRefused) and not is_final:
        raise said_once(error)
    round_.failures += not is_final and error.reason != "history_too_long"


def _wait_s(nudge: HeldNudge, error: SlackError) -> float:
    asked_s = error.retry_after_s if isinstance(error, SlackBusy) else 0.0
    return max(asked_s, min(_LONGEST_WAIT_S, 2.0 ** min(nudge.lookups, 10)))
