"""If-then plans: a moment that a person chose, the suggestion of a tip, and one reminder, which they asked for.

The reminder is a message like any other: it waits for the caps, comes at a fair hour, and is dropped when it is not
needed any more (P9). Nothing but a choice is kept, no words. Called by `bot/domain/nudging.py`.
Next: `bot/store/plans.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.domain.adoption import Standing
from bot.domain.fair_hours import fair_time
from bot.domain.people import WorkCalendar
from bot.domain.tips import Fact, Tip

REMINDER = "if_then_plan"
"""What leads to the one reminder of a plan."""
RULE_VERSION = "plans-1"

AFTER = timedelta(days=8)
"""About a week, and a day more, so that the message under which it was planned is out of the weekly cap by then."""
LIVES_FOR = timedelta(days=7)
"""A reminder that found no fair hour within a week of its day is not said any more."""
EVE = timedelta(days=1)
"""It is planned in a night before its day, wherever on the globe that day begins."""

WITHOUT_SUGGESTION = frozenset({"a-plan", "shall-i-stop", "what-stands-in-the-way"})
"""Topics whose one thing to try is to answer or to plan; what is planned under them is one small piece of work."""

_LEAD = re.compile(r"^(?:If|When|Wenn|Falls) [^:]{1,80}: ")


class Cue(StrEnum):
    """The moments to choose from."""

    FIRST_PULL_REQUEST = "first_pull_request"
    WEEKLY_REPORT = "weekly_report"
    STUCK = "stuck"
    LONG_THREAD = "long_thread"
    MONDAY = "after_lunch_on_monday"
    TUESDAY = "after_lunch_on_tuesday"
    WEDNESDAY = "after_lunch_on_wednesday"
    THURSDAY = "after_lunch_on_thursday"
    FRIDAY = "after_lunch_on_friday"


WEEKDAYS = {Cue.MONDAY: 0, Cue.TUESDAY: 1, Cue.WEDNESDAY: 2, Cue.THURSDAY: 3, Cue.FRIDAY: 4}
"""The moments that have a day of the week; their reminder comes on it."""


@dataclass(frozen=True)
class IfThen:
    """One plan. `remind_on` is the first day of the reminder; `reminded_at` is when that was planned, None before."""

    tip_id: str
    cue: Cue
    made_at: datetime
    remind_on: date
    reminded_at: datetime | None = None

    @property
    def made_on(self) -> date:
        return self.made_at.astimezone(UTC).date()

    def may_wait(self, now: datetime) -> bool:
        """Whether its reminder may still come, whatever was used meanwhile."""
        return self.reminded_at is None and now.astimezone(UTC).date() < self.remind_on + LIVES_FOR


def remind_on(cue: Cue, *, made_on: date) -> date:
    """The day of the reminder: about a week later, or the first such weekday from then on."""
    day = made_on + AFTER
    weekday = WEEKDAYS.get(cue)
    return day if weekday is None else day + timedelta(days=(weekday - day.weekday()) % 7)


def waits(plan: IfThen, standing: Standing, now: datetime) -> bool:
    """Whether this plan still has its reminder before it: not reminded, not too late, and not used meanwhile."""
    return plan.may_wait(now) and not used_since(plan.made_on, standing)


def reminder_at(plan: IfThen, calendar: WorkCalendar, *, person_id: int, now: datetime) -> datetime | None:
    """The fair moment for the reminder; None while its day is not near, and when a week holds no fair hour."""
    opens = _begins(plan.remind_on, calendar)
    if now < opens - EVE:
        return None
    return fair_time(calendar, not_before=max(now, opens), until=ends(plan, calendar), person_id=person_id)


def ends(plan: IfThen, calendar: WorkCalendar) -> datetime:
    """From when on the reminder is not said any more."""
    return _begins(plan.remind_on, calendar) + LIVES_FOR


def used_since(made_on: date, standing: Standing) -> bool:
    """Whether a tool was used on a day after this one: then the plan needs no reminder."""
    last = standing.evidence.get("last_active_on")
    return isinstance(last, str) and date.fromisoformat(last) > made_on


def facts_of(plan: IfThen, standing: Standing) -> dict[str, Fact]:
    """What the reminder says and was judged from, as plain JSON."""
    return {
        "cue": plan.cue.value,
        "planned_on": plan.made_on.isoformat(),
        "plan_rule": RULE_VERSION,
        "last_day": standing.last_day.isoformat(),
    }


def made_on(facts: Mapping[str, object]) -> date:
    """The day on which the plan behind a reminder was made."""
    return date.fromisoformat(str(facts["planned_on"]))


def then_of(tip: Tip) -> str | None:
    """The tip's suggestion as the second half of a plan; None when it has none that could be planned."""
    suggestion = _LEAD.sub("", tip.try_this).strip().removesuffix(".")
    if tip.topic in WITHOUT_SUGGESTION or not suggestion or "{" in suggestion:
        return None
    return suggestion[0].lower() + suggestion[1:]


def _begins(day: date, calendar: WorkCalendar) -> datetime:
    return datetime.combine(day, time(), tzinfo=ZoneInfo(calendar.timezone)).astimezone(UTC)
