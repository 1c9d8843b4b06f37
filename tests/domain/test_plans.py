"""If-then plans: when the one reminder is due, what it waits for, and when it is not needed any more."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bot.domain import languages
from bot.domain.adoption import State
from bot.domain.fair_hours import is_fair
from bot.domain.nudging import Moved, Silence
from bot.domain.plans import AFTER, LIVES_FOR, REMINDER, WEEKDAYS, Cue, IfThen, remind_on, then_of
from bot.domain.told import Answer, Preferences
from bot.domain.turns import Waits
from bot.sources.tip_library import load_tips
from bot.views.plan import sentence
from tests.domain.test_nudging import CALENDAR, DAY, NOW, TIPS, ask, finding, past, planned, standing
from tests.domain.test_nudging import ask_again as still

MADE = NOW - AFTER
PLAN = IfThen("zero", Cue.STUCK, MADE, NOW.date())
"""Made eight days ago, so that its reminder is due today."""


def again(**changes: Any) -> Moved | Silence | Waits | None:
    """What is said of the reminder of that plan in the moment of sending."""
    facts = {"cue": "stuck", "planned_on": MADE.date().isoformat()}
    return still(**{"trigger": REMINDER, "facts": facts, "now": NOW + timedelta(hours=12)} | changes)


@pytest.mark.parametrize("cue", Cue)
@pytest.mark.parametrize("made_on", [date(2026, 2, 23) + n * DAY for n in range(7)])
def test_day_of_the_reminder(cue: Cue, made_on: date) -> None:
    """About a week later: from the eighth day on, on the chosen weekday, within a fortnight."""
    day = remind_on(cue, made_on=made_on)

    assert AFTER <= day - made_on < AFTER + timedelta(days=7)
    assert WEEKDAYS.get(cue, day.weekday()) == day.weekday()


def test_until_the_reminder_nothing_else_is_said() -> None:
    """Whatever else there would be to say waits, and the reason is kept."""
    early = replace(PLAN, remind_on=NOW.date() + timedelta(days=2))

    assert Silence.PLAN_FIRST == ask(if_then=early)
    assert Silence.PLAN_FIRST == ask(if_then=early, standing=standing(State.FIRST_STEPS), findings=(finding(),))


def test_reminder_is_planned_for_a_fair_hour_of_its_day() -> None:
    """In the night before its day it is planned, with the tip it was made for and its own facts; void a week later."""
    plan = planned(if_then=PLAN)

    assert (REMINDER, "zero", NOW.date()) == (plan.trigger, plan.tip.tip_id, plan.due_at.date())
    assert is_fair(CALENDAR, plan.due_at)
    assert {"cue": "stuck", "planned_on": MADE.date().isoformat()}.items() <= plan.facts.items()
    assert LIVES_FOR == plan.expires_at - datetime(2026, 3, 1, 23, tzinfo=UTC)  # midnight in Madrid


def test_a_holiday_moves_it_and_a_week_of_leave_ends_it() -> None:
    """It comes on the next working day; where a week holds none, not at all, and then the rest goes on."""
    today_off = replace(CALENDAR, leave=frozenset({NOW.date()}))
    week_off = replace(CALENDAR, leave=frozenset(NOW.date() + n * DAY for n in range(8)))

    assert NOW.date() + DAY == planned(if_then=PLAN, calendar=today_off).due_at.date()
    assert Silence.PLAN_FIRST == ask(if_then=PLAN, calendar=week_off)
    assert "never_used" == planned(if_then=PLAN, now=NOW + LIVES_FOR, **judged_on(NOW + LIVES_FOR)).trigger


@pytest.mark.parametrize(
    "changes",
    [
        {"if_then": replace(PLAN, reminded_at=NOW - DAY)},
        {"if_then": PLAN, "standing": standing(State.LAPSED, last_active_on=(MADE + DAY).date().isoformat())},
    ],
    ids=["reminded before", "used meanwhile"],
)
def test_a_plan_that_is_done_with_is_in_nobodys_way(changes: dict[str, Any]) -> None:
    """Reminded once, or used on a later day: no reminder, and tips go on as if there had been no plan."""
    assert REMINDER != planned(**changes).trigger


def test_use_on_the_day_it_was_made_or_before_keeps_the_reminder() -> None:
    """What was used before the plan was made says nothing about it."""
    used = standing(State.FIRST_STEPS, last_active_on=MADE.date().isoformat())

    assert REMINDER == planned(if_then=PLAN, standing=used).trigger
    assert None is again(standing=used)


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        (Silence.KILL_SWITCH, {"switched_on": False}),
        (Silence.STOPPED, {"preferences": Preferences(stopped_at=NOW)}),
        (Silence.PAUSED, {"preferences": Preferences(paused_at=NOW)}),
        (Silence.SNOOZED, {"preferences": Preferences(snoozed_until=NOW + 2 * DAY)}),
        (Silence.UNKNOWN, {"standing": standing(State.UNKNOWN)}),
        (Silence.WEEKLY_CAP, {"history": (past(6),)}),
        (Silence.FOUR_WEEK_CAP, {"history": (past(26), past(17), past(8.5))}),
    ],
)
def test_a_reminder_is_inside_every_limit(reason: Silence, changes: dict[str, Any]) -> None:
    """Asked for or not, it counts as a message: at planning and at sending each limit holds for it."""
    assert reason == ask(if_then=PLAN, **changes)
    assert reason == again(**changes)


def test_a_reminder_waits_for_a_fair_hour_when_sent() -> None:
    """At night it is moved to the next fair hour."""
    assert isinstance(again(now=NOW), Moved)


def test_used_meanwhile_is_seen_at_the_moment_of_sending() -> None:
    """Planned in the night, used since: it is not said any more."""
    used = standing(State.FIRST_STEPS, last_active_on=(MADE + DAY).date().isoformat())

    assert Silence.NO_LONGER_TRUE == again(standing=used)


def test_no_time_does_not_silence_the_reminder_that_was_planned_for_it() -> None:
    """ "I have no time" quiets tips about use; the plan made right after it is still reminded of."""
    busy = Preferences(no_time_at=MADE)

    assert Silence.SAID_NOT_RELEVANT == ask(preferences=busy)
    assert REMINDER == planned(if_then=PLAN, preferences=busy).trigger
    assert None is again(preferences=busy)


def test_a_tip_that_is_gone_is_not_reminded_of() -> None:
    """Without its tip there is nothing to remind of."""
    assert Silence.NO_TIP_LEFT == ask(if_then=PLAN, tips=TIPS[1:])


@pytest.mark.parametrize("tip", load_tips(), ids=lambda tip: tip.tip_id)
def test_every_tip_makes_a_sentence(tip: Any) -> None:
    """In if-then form with each tip that ships, in English: one sentence, no hole, one full stop at its end."""
    for cue in Cue:
        said = sentence(cue, tip, languages.ENGLISH)
        assert ("*", True, False) == (said[0], said.endswith("."), said.endswith(".."))
        assert "{" not in said
    then = then_of(tip)
    assert then is None or then[0].lower() == then[0]


@pytest.mark.parametrize("answer", [Answer.NO_ACCESS, Answer.NO_TRUST])
def test_no_access_ends_with_a_new_seat_alone(answer: Answer) -> None:
    """A seat given after the tap opens the subject again from its first day on; no other explanation ends with it."""
    at = NOW - 30 * DAY
    given = Preferences(no_access_at=at) if answer is Answer.NO_ACCESS else Preferences(no_trust_at=at)
    for seat_on, open_again in (
        (None, False),
        ((NOW - 30 * DAY).date(), False),
        ((NOW - 29 * DAY).date(), answer is Answer.NO_ACCESS),
        ((NOW + DAY).date(), False),
    ):
        told = replace(given, newest_seat_on=seat_on)
        asked = ask(preferences=told, history=(past(30, "zero2", answer=answer),))
        assert open_again == (asked is not Silence.SAID_NOT_RELEVANT)


def judged_on(now: datetime) -> dict[str, Any]:
    return {"standing": replace(standing(State.NEVER_USED), last_day=(now - DAY).date())}
