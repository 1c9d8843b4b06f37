"""Who may hear what, now, or why not: one pure policy for planning and for the moment of sending (P9).

The policy functions `decide` and `still_right` stand below their vocabulary. Next: `jobs/deliver.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Silence(StrEnum):
    """Why a person hears nothing. Every silence is stored with its reason (P11)."""

    KILL_SWITCH = "nudges_switched_off"
    STOPPED = "stopped"
    PAUSED = "paused"
    SNOOZED = "snoozed"
    NO_SLACK_ACCOUNT = "no_slack_account"
    NOT_EMPLOYED = "not_employed"
    NO_TIME_ZONE = "no_time_zone"
    UNKNOWN = "unknown"
    NOT_PROVISIONED = "not_provisioned"
    GRACE = "grace"
    SAID_NOT_RELEVANT = "said_not_relevant"
    EXPLORING = "exploring"
    NOTHING_TO_SAY = "nothing_to_say"
    ALREADY_PLANNED = "already_planned"
    WEEKLY_CAP = "weekly_cap"
    FOUR_WEEK_CAP = "four_week_cap"
    BACKING_OFF = "backing_off"
    THREE_IGNORED = "three_ignored"
    NO_TIP_LEFT = "no_tip_left"
    NO_FAIR_HOUR = "no_fair_hour"
    NO_LONGER_TRUE = "no_longer_true"
    EXPIRED = "expired"


class Answer(StrEnum):
    """What a person tapped under a nudge."""

    HELPFUL = "helpful"
    NOT_HELPFUL = "not_helpful"
    SHOW_ME = "show_me"
    NO_ACCESS = "no_access"
    OTHER_TOOL = "other_tool"
    NOT_MY_WORK = "not_my_work"


@dataclass(frozen=True)
class Preferences:
    """What a person told us about messages. All None: nothing was ever said, messages are welcome.

    `paused_at` holds until the person resumes; `snoozed_until` ends by itself; `stopped_at` ends messages for good,
    until the person resumes. `introduced_at` is when the first-contact message was delivered.
    `heard_from_at` is when the person last did something with us: opened the card, pressed a button, resumed. It ends a
    row of ignored messages.
    """

    paused_at: datetime | None = None
    stopped_at: datetime | None = None
    snoozed_until: datetime | None = None
    introduced_at: datetime | None = None
    not_my_work_at: datetime | None = None
    no_access_at: datetime | None = None
    other_tool_at: datetime | None = None
    heard_from_at: datetime | None = None


@dataclass(frozen=True)
class PastNudge:
    """One message that reached this person, or may have (`unknown` counts as sent for every cap)."""

    tip_id: str
    topic: str
    sent_at: datetime
    answer: Answer | None
    answered_at: datetime | None
