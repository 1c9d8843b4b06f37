"""What a person told us about messages and about themselves, and what follows from it for a while.

Nothing here leaves the person: it decides what is still said to them, and stands on their own pages. Each thing told
can be taken back. Called by `bot/domain/nudging.py`. Next: `bot/store/preferences.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from bot.domain.adoption import Standing, State
from bot.domain.occasions import QUESTION
from bot.domain.waste import idle_seat
from bot.domain.waste.ledger import CountedFinding

NOT_RELEVANT_FOR = timedelta(days=182)
AWAY_FOR = timedelta(days=28)
"""Who was away is not spoken to about days without use until the days looked at are others."""
BUSY_FOR = timedelta(days=28)
"""Who had no time may have some when a month is over."""
QUESTION_AGAIN_AFTER = timedelta(days=14)


class Answer(StrEnum):
    """What a person tapped under a nudge."""

    HELPFUL = "helpful"
    NOT_HELPFUL = "not_helpful"
    SHOW_ME = "show_me"
    NO_ACCESS = "no_access"
    OTHER_TOOL = "other_tool"
    NOT_MY_WORK = "not_my_work"
    NOT_ALLOWED = "not_allowed"
    NO_TRUST = "no_trust"
    NO_TIME = "no_time"
    ON_LEAVE = "on_leave"
    WAS_MEANT = "was_meant"
    NO_QUESTIONS = "no_questions"
    CLEARLY = "clearly"
    SOMEWHAT = "somewhat"
    NOT_REALLY = "not_really"


HOLDS_FOR: dict[Answer, timedelta] = {
    Answer.NO_ACCESS: NOT_RELEVANT_FOR,
    Answer.OTHER_TOOL: NOT_RELEVANT_FOR,
    Answer.NOT_MY_WORK: NOT_RELEVANT_FOR,
    Answer.NOT_ALLOWED: NOT_RELEVANT_FOR,
    Answer.NO_TRUST: NOT_RELEVANT_FOR,
    Answer.NO_TIME: BUSY_FOR,
    Answer.ON_LEAVE: AWAY_FOR,
}
"""Answers that explain why there is little use, and for how long each ends tips about use. "No access" ends as soon as
a seat is given (`Preferences.newest_seat_on`)."""

Pattern = tuple[str, str]
"""A waste pattern and the tool in which it was seen."""


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
    not_allowed_at: datetime | None = None
    no_trust_at: datetime | None = None
    no_time_at: datetime | None = None
    on_leave_at: datetime | None = None
    no_questions_at: datetime | None = None
    heard_from_at: datetime | None = None
    meant: Mapping[Pattern, datetime] = field(default_factory=dict)
    """When the person said of a pattern that it was meant."""
    newest_seat_on: date | None = None
    """When the newest seat of this person began: who had no access before that may have it now."""

    def told(self) -> dict[Answer, datetime | None]:
        """When each explanation of little use was given."""
        return {
            Answer.NO_ACCESS: self.no_access_at,
            Answer.OTHER_TOOL: self.other_tool_at,
            Answer.NOT_MY_WORK: self.not_my_work_at,
            Answer.NOT_ALLOWED: self.not_allowed_at,
            Answer.NO_TRUST: self.no_trust_at,
            Answer.NO_TIME: self.no_time_at,
            Answer.ON_LEAVE: self.on_leave_at,
        }

    def holding(self, now: datetime) -> dict[Answer, date]:
        """The explanations of little use that still hold at `now`, and the day on which each was given."""
        given = self.told().items()
        return {answer: at.date() for answer, at in given if at is not None and self.explains(answer, at, now)}

    def explains(self, answer: Answer, at: datetime, now: datetime) -> bool:
        """Whether this answer, given `at`, still explains at `now` that there is little use."""
        if answer not in HOLDS_FOR or now - at >= HOLDS_FOR[answer]:
            return False
        seat = self.newest_seat_on
        return not (answer is Answer.NO_ACCESS and seat is not None and at.date() < seat <= now.date())

    def meant_at(self, now: datetime) -> frozenset[Pattern]:
        """The patterns that are not brought up at `now`, because the person said that they were meant."""
        return frozenset(pattern for pattern, at in self.meant.items() if now - at < NOT_RELEVANT_FOR)


@dataclass(frozen=True)
class PastNudge:
    """One message that reached this person, or may have (`unknown` counts as sent for every cap)."""

    tip_id: str
    topic: str
    sent_at: datetime
    answer: Answer | None
    answered_at: datetime | None


def unexplained(
    findings: Sequence[CountedFinding], preferences: Preferences, history: Sequence[PastNudge], now: datetime
) -> tuple[CountedFinding, ...]:
    """The findings without those that were meant, and without idle seats where little use is explained."""
    quiet = preferences.meant_at(now)
    seats_too = declined(preferences, history, now)
    return tuple(
        found
        for found in findings
        if (found.detector, found.tool) not in quiet and not (seats_too and found.detector == idle_seat.DETECTOR)
    )


def declined(preferences: Preferences, history: Sequence[PastNudge], now: datetime) -> bool:
    told = [*preferences.told().items(), *((nudge.answer, nudge.answered_at) for nudge in history)]
    return any(preferences.explains(answer, at, now) for answer, at in told if answer is not None and at is not None)


def may_ask(standing: Standing | None, preferences: Preferences, history: Sequence[PastNudge], now: datetime) -> bool:
    """Whether the check-in may be asked: in a habit only, two weeks after the last one, and not when told not to."""
    if standing is None or standing.state is not State.HABITUAL or preferences.no_questions_at is not None:
        return False
    if any(nudge.answer is Answer.NO_QUESTIONS for nudge in history):
        return False
    return all(now - nudge.sent_at >= QUESTION_AGAIN_AFTER for nudge in history if nudge.tip_id == QUESTION.tip_id)


def last_was_a_tip(history: Sequence[PastNudge]) -> bool:
    latest = max(history, key=lambda nudge: nudge.sent_at, default=None)
    return latest is not None and latest.tip_id != QUESTION.tip_id
