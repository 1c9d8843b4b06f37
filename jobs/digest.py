"""Each new summary of a team to the manager who wished for it, once, in their own working hours.

Called by `jobs/calendar.py` each hour. The row is claimed before anything is sent; what may have been sent is never
sent again, for a lost summary is cheaper than a double one. Whether the manager still is one, and still wants it, is
asked again then. Next: `bot/store/digests.py`.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from bot.domain.fair_hours import is_fair
from bot.domain.nudging import wishes_silence
from bot.domain.roles import Role
from bot.domain.team_summary import summarize
from bot.errors import SlackBusy, SlackRefused, SlackUnclear
from bot.log import EventLog
from bot.slack import Slack, is_installation_wide
from bot.store import audit, campaigns, digests, people, preferences, published, roles, send_slots
from bot.store.audit import Act
from bot.store.database import Session, Store
from bot.store.digests import Outcome, Wisher
from bot.store.published import Snapshot
from bot.views import team
from bot.views.message import Message
from jobs import work_calendars
from jobs.rounds import Pace, is_rate_limit, seconds, wait_for_slot
from jobs.work_calendars import HolidaysOf, WeekendOf

NEW_FOR = timedelta(days=28)
"""A summary older than this is not sent to anybody any more."""

_SLOT = "slack"  # the one in which tips leave too: Slack counts them together

_log = EventLog("digest")


@dataclass
class _Round:
    """What one run works with."""

    store: Store
    slack: Slack
    now: datetime
    week: date
    pace: Pace
    sleep: Callable[[float], None]
    stop: threading.Event
    counts: Counter[str] = field(default_factory=Counter)
    started: float = field(default_factory=seconds)

    def wait_for_slot(self) -> bool:
        """Wait for the workspace's next slot to send in; False when there is none soon."""
        pace = self.pace
        return wait_for_slot(
            self.store, _SLOT, pace.rate_per_s, patience_s=pace.patience_s, sleep=self.sleep, stop=self.stop
        )

    def is_over(self) -> bool:
        """Whether to leave the rest to the next hour: the hours that were fair when this began may end."""
        return seconds() - self.started > self.pace.run_s


def digest(
    store: Store,
    *,
    slack: Slack,
    now: datetime,
    holidays_of: HolidaysOf,
    weekend_of: WeekendOf,
    pace: Pace | None = None,
    sleep: Callable[[float], None] = time.sleep,
    stop: threading.Event | None = None,
) -> dict[str, int]:
    """Send the newest summary to those who wait for it and whose hour is fair; returns how many of what became of it.

    Raises SlackRefused when Slack refuses the whole installation; what was not sent yet waits for the next run.
    """
    with store.read() as session:
        week = published.newest_week(session)
        if week is None or now.date() - week > NEW_FOR:
            return {}
        waiting = digests.waiting(session, week=week)
        fair = list(_fair(session, waiting, now=now, holidays_of=holidays_of, weekend_of=weekend_of))
    round_ = _Round(store, slack, now, week, pace or Pace(), sleep, stop or threading.Event())
    round_.counts["not_now"] = len(waiting) - len(fair)
    for wisher in fair:
        if round_.is_over() or not _send(round_, wisher):
            break
    return {what: count for what, count in round_.counts.items() if count}


def _fair(
    session: Session, waiting: list[Wisher], *, now: datetime, holidays_of: HolidaysOf, weekend_of: WeekendOf
) -> Iterator[Wisher]:
    """Those who may be written to at this hour, by their own calendar and their own wishes."""
    ids = [wisher.person_id for wisher in waiting]
    known = people.load(session, person_ids=ids)
    wishes = preferences.load(session, person_ids=ids)
    calendars = work_calendars.load(
        session,
        people=known,
        first=now.date() - timedelta(days=1),
        last=now.date() + timedelta(days=1),
        holidays_of=holidays_of,
        weekend_of=weekend_of,
    )
    for wisher in waiting:
        calendar = calendars.get(wisher.person_id)
        silent = wishes_silence(wishes[wisher.person_id], now)
        if calendar is not None and is_fair(calendar, now) and not silent:
            yield wisher


def _send(round_: _Round, wisher: Wisher) -> bool:
    """One summary, as far as it goes; False when this run had better end."""
    with round_.store.read() as session:
        own = _own_summary(session, round_, wisher)
    if own is None:  # then Slack is not asked at all
        round_.counts["nothing"] += 1
        return True
    if not round_.wait_for_slot():
        return False
    try:
        channel = round_.slack.open_dm(wisher.slack_user_id)
    except (SlackBusy, SlackUnclear) as error:  # nothing was said to anybody yet
        return _later(round_, error)
    except SlackRefused as error:
        return _refused(round_, wisher, error, is_claimed=False)
    message = _claimed(round_, wisher)
    return True if message is None else _post(round_, wisher, channel, message)


def _post(round_: _Round, wisher: Wisher, channel: str, message: Message) -> bool:
    try:
        round_.slack.post(channel, text=message.text, blocks=message.blocks)
    except SlackUnclear:
        _settle(round_, wisher, Outcome.UNCLEAR)
        return True
    except SlackBusy as error:
        with round_.store.begin() as session:
            digests.let_go(session, person_id=wisher.person_id, week=round_.week)
        return _later(round_, error)
    except SlackRefused as error:
        return _refused(round_, wisher, error, is_claimed=True)
    _settle(round_, wisher, Outcome.SENT)
    return True


def _claimed(round_: _Round, wisher: Wisher) -> Message | None:
    """What to say, once it is ours to say and written down; None when the team, the wish or the claim is not theirs."""
    with round_.store.begin() as session:
        own = _own_summary(session, round_, wisher)
        wishes = preferences.load(session, person_ids=[wisher.person_id])[wisher.person_id]
        if own is None or wishes_silence(wishes, round_.now):  # also what they said while this run was at others
            return None
        if not digests.claim(session, person_id=wisher.person_id, week=round_.week, now=round_.now):
            return None
        summary = (own.group_key, round_.week)
        audit.note(session, role=Role.MANAGER, act=Act.SUMMARY_SENT, now=round_.now, summary=summary)
        return _worded(session, round_, wisher, own)


def _own_summary(session: Session, round_: _Round, wisher: Wisher) -> Snapshot | None:
    """The manager's own group of today as it was published; None when nothing of it is shown, or nothing is sent."""
    if campaigns.is_halted(session):
        return None
    group_key = roles.own_group(session, slack_user_id=wisher.slack_user_id, day=round_.now.date())
    found = published.find(session, group_key=group_key, week=round_.week) if group_key else None
    return found if found is not None and summarize(found.cells, ()).says_something else None


def _worded(session: Session, round_: _Round, wisher: Wisher, own: Snapshot) -> Message:
    past = published.past(session, group_key=own.group_key, before=own.week)
    every = published.below(session, group_key=own.group_key, week=own.week)
    below = [one for one in every if summarize(one.cells, ()).says_something]
    keys, today = [one.group_key for one in below], round_.now.date()
    openable = roles.openable(session, slack_user_id=wisher.slack_user_id, group_keys=keys, day=today)
    return team.message(
        summarize(own.cells, [earlier.cells for earlier in past]),
        group_key=own.group_key,
        name=team.OWN,
        days=(own.first_day, own.last_day),
        today=today,
        below=team.numbered([(one.group_key, one.label) for one in below if one.group_key in openable]),
        is_sent=True,
    )


def _later(round_: _Round, error: SlackBusy | SlackUnclear) -> bool:
    round_.counts["later"] += 1
    if isinstance(error, SlackBusy) and is_rate_limit(error):
        with round_.store.begin() as session:
            send_slots.hold(session, name=_SLOT, wait_s=error.retry_after_s)
    return False


def _refused(round_: _Round, wisher: Wisher, error: SlackRefused, *, is_claimed: bool) -> bool:
    """Slack said no: to everything we say, or to this one person."""
    if is_installation_wide(error):
        if is_claimed:
            with round_.store.begin() as session:
                digests.let_go(session, person_id=wisher.person_id, week=round_.week)
        _log.error("digest.installation_refused", reason=error.reason)
        raise error
    if not is_claimed:
        with round_.store.begin() as session:
            digests.claim(session, person_id=wisher.person_id, week=round_.week, now=round_.now)
    _settle(round_, wisher, Outcome.REFUSED)
    return True


def _settle(round_: _Round, wisher: Wisher, outcome: Outcome) -> None:
    with round_.store.begin() as session:
        digests.settle(session, person_id=wisher.person_id, week=round_.week, outcome=outcome)
    round_.counts[outcome.value] += 1
