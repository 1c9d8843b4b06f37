"""One run of delivery: its tools, its pace and its memory. Shared by `jobs/deliver.py` and `jobs/look_up.py`."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.nudging import Moved, Silence
from bot.domain.occasions import QUESTION
from bot.domain.pairs import CARRIER
from bot.domain.plans import REMINDER
from bot.domain.tips import Tip
from bot.domain.turns import Waits
from bot.errors import SlackBusy, SlackError, SlackRefused
from bot.log import EventLog
from bot.slack import HTTP_TIMEOUT_S, Slack
from bot.store import campaigns, send_slots
from bot.store.database import Session, Store
from bot.store.delivery import HeldNudge
from bot.store.own_tips import Tips
from bot.views.message import Message

Recheck = Callable[[Session, HeldNudge, datetime], Silence | Moved | Waits | None]
"""Whether a claimed nudge is still right at this moment: None, or why not, or when instead, or what it waits for."""
Render = Callable[[HeldNudge, Tip], Message]

_log = EventLog("deliver")
_RESTING_CLOCK: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # goes on while the machine sleeps


def seconds() -> float:
    """Seconds since some moment, for measuring how long something took on this machine."""
    return time.clock_gettime(_RESTING_CLOCK)


@dataclass(frozen=True)
class Pace:
    """How fast, and how patient. The rates are at most 90 % of what Slack allows a workspace: a few hundred messages a
    minute, but 50 calls of conversations.open and of dnd.info (tier 3), and each message needs one of both.

    `settle_s` is how long after a send's time-out an absent message counts as never sent. `give_up_after` failures in
    a row end this run, `patience_s` is the longest wait for a send slot, and `run_s` ends a run, so that what recovers
    and looks up gets its turn. `most_lookups` unclear look-ups, and it is given up as unknown.
    """

    rate_per_s: float = 0.75
    look_up_rate_per_s: float = 0.5
    batch: int = 8
    lease_s: float = 30.0
    http_timeout_s: float = float(HTTP_TIMEOUT_S)
    settle_s: float = 30.0
    give_up_after: int = 5
    patience_s: float = 10.0
    run_s: float = 300.0
    most_lookups: int = 30

    @property
    def claimed_at_once(self) -> int:
        """At most `batch`, and no more than leave in a fifteenth of a lease: up to so many workers may share the pace
        before what waits in their batches outlasts it, and takes slots for nothing.
        """
        return max(1, min(self.batch, int(self.rate_per_s * self.lease_s / 15)))

    @property
    def absent_after_s(self) -> float:
        """How long after its row said `sending` a message that is not there was never sent."""
        return self.http_timeout_s + self.settle_s


@dataclass
class Round:
    """What one run works with. `failures` counts those in a row; `slot_in_hand` is a reserved slot not yet used.

    `asks_quiet` is whether Slack can be asked for do-not-disturb (dnd:read, which a workspace may leave out).
    """

    store: Store
    slack: Slack
    tips: Tips
    begun_at: datetime
    recheck: Recheck
    render: Render
    owner: str
    pace: Pace
    sleep: Callable[[float], None]
    stop: threading.Event
    counts: Counter[str] = field(default_factory=Counter)
    failures: int = 0
    slot_in_hand: bool = False
    asks_quiet: bool = True
    started: float = field(default_factory=seconds)

    @property
    def now(self) -> datetime:
        """The moment it is by now, to the second: a run takes minutes, and somebody's fair hours may end in them."""
        return self.begun_at + timedelta(seconds=int(seconds() - self.started))

    def tip(self, session: Session, nudge: HeldNudge) -> Tip | None:
        """The tip as it stands now; None when since it was chosen somebody took it away, it ended, or it speaks of
        something else, or is not in its campaign any more.
        """
        found = next((tip for tip in (*self.tips(session), QUESTION, CARRIER) if tip.tip_id == nudge.tip_id), None)
        if found is None or found.expires_on < self.now.date():
            return None
        is_about_this = nudge.trigger == REMINDER or nudge.trigger in found.triggers
        is_sent_by = nudge.campaign_id is None or campaigns.sends(session, campaign_id=nudge.campaign_id, tip=found)
        return found if is_about_this and is_sent_by else None

    def is_over(self) -> bool:
        """Whether to leave the rest to a later run: told to stop, Slack not answering, or too long at it."""
        is_tired = self.failures >= self.pace.give_up_after
        return self.stop.is_set() or is_tired or seconds() - self.started > self.pace.run_s

    def wait_for_slot(self, name: str, rate_per_s: float) -> bool:
        """Wait for the workspace's next slot; False when everything is held for longer than we wait."""
        return wait_for_slot(
            self.store, name, rate_per_s, patience_s=self.pace.patience_s, sleep=self.sleep, stop=self.stop
        )

    def back_off_s(self, nudge: HeldNudge) -> float:
        """A nudge that failed again and again lets the others pass: 2 s, 4 s, and so on up to ten minutes."""
        return min(600.0, 2.0 ** min(nudge.attempt - 2, 10)) if nudge.attempt > 2 else 0.0


def wait_for_slot(
    store: Store,
    name: str,
    rate_per_s: float,
    *,
    patience_s: float,
    sleep: Callable[[float], None],
    stop: threading.Event,
) -> bool:
    """Wait for the next slot of the whole workspace; False when there is none soon, or we were told to stop."""
    while not stop.is_set():
        with store.begin() as session:
            wait_s = send_slots.reserve(session, name=name, rate_per_s=rate_per_s, patience_s=patience_s)
        if wait_s is None:
            return False
        if wait_s == 0:
            return True
        sleep(wait_s)
        with store.read() as session:
            if not send_slots.is_held(session, name=name):
                return not stop.is_set()
    return False


def is_rate_limit(error: SlackError) -> bool:
    """Whether Slack asked everybody to wait."""
    return isinstance(error, SlackBusy) and error.reason != "not_reached"


def said_once(error: SlackRefused) -> SlackRefused:
    """The refusal of the whole installation, written to the log on its way up and out of the run."""
    _log.error("deliver.installation_refused", reason=error.reason)
    return error
