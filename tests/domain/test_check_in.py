"""The check-in among tips, and what a person told us: who is asked, when, and what is no longer said."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.adoption import State
from bot.domain.nudging import Plan, Silence
from bot.domain.occasions import CHECK_IN, QUESTION
from bot.domain.told import HOLDS_FOR, Answer, PastNudge, Preferences
from tests.domain.test_nudging import DAY, NOW, ask, ask_again, finding, past, planned, standing, tip

HABIT = {"standing": standing(State.HABITUAL)}


def asked(days_ago: float, answer: Answer | None = Answer.SOMEWHAT) -> PastNudge:
    """A check-in of so long ago."""
    return past(days_ago, QUESTION.tip_id, answer)


@pytest.mark.parametrize("state", State)
def test_only_a_habit_is_asked(state: State) -> None:
    """Whatever else may be said, the question comes in one state only, also in the moment of sending."""
    verdict = ask(standing=standing(state), tips=())
    again = ask_again(trigger=CHECK_IN, standing=standing(state))

    assert (state is State.HABITUAL) == (isinstance(verdict, Plan) and verdict.trigger == CHECK_IN)
    assert (state is State.HABITUAL) == (again is None)


def test_question_has_its_facts() -> None:
    """The plan of a question answers why as every plan does."""
    plan = planned(**HABIT)

    assert ("check-in", "check-in", CHECK_IN) == (plan.tip.tip_id, plan.tip.topic, plan.trigger)
    assert {"first_day", "last_day", "state", "state_reason", "state_rule", "nudge_rule"} <= set(plan.facts)


@pytest.mark.parametrize(("days", "comes"), [(13.9, False), (14, True), (80, True)])
def test_two_weeks_between_questions(days: float, comes: bool) -> None:
    """Never more often than every two weeks; unlike a tip it may come again before 90 days are over."""
    verdict = ask(**HABIT, history=(asked(days),))

    assert comes == isinstance(verdict, Plan)


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ((), "W15"),
        ((asked(20),), "W15"),
        ((asked(30), past(20)), CHECK_IN),
        ((asked(13), past(8)), "W15"),
        ((past(20),), CHECK_IN),
    ],
)
def test_questions_and_tips_take_turns(history: tuple[PastNudge, ...], expected: str) -> None:
    """After a tip a question, after a question a tip, and nobody is asked first who could hear something useful."""
    assert expected == planned(**HABIT, findings=(finding(),), history=history).trigger


def test_question_when_no_tip_is_left() -> None:
    """A pattern for which no tip is left does not keep the question away."""
    assert CHECK_IN == planned(**HABIT, findings=(finding(),), tips=(tip("zero", "never_used"),)).trigger


@pytest.mark.parametrize(
    ("reason", "history"),
    [
        (Silence.WEEKLY_CAP, (past(6.9),)),
        (Silence.FOUR_WEEK_CAP, (past(27), past(18), past(8))),
        (Silence.BACKING_OFF, (past(13.9, answer=None),)),
        (Silence.THREE_IGNORED, (asked(90, None), past(70, answer=None), asked(40, None))),
    ],
)
def test_question_is_inside_the_same_budget(reason: Silence, history: tuple[PastNudge, ...]) -> None:
    """The caps and the doubling gap count tips and questions together."""
    assert reason == ask(**HABIT, history=history)


@pytest.mark.parametrize(
    "changes",
    [
        {"preferences": Preferences(no_questions_at=NOW - 1000 * DAY)},
        {"history": (asked(300, Answer.NO_QUESTIONS),)},
    ],
)
def test_no_more_questions_means_none(changes: dict[str, Any]) -> None:
    """Whoever said "do not ask me this again" is not asked again, and still hears tips."""
    assert Silence.NOTHING_TO_SAY == ask(**HABIT, **changes)
    assert Silence.NO_LONGER_TRUE == ask_again(trigger=CHECK_IN, **HABIT, **changes)
    assert "W15" == planned(**HABIT, findings=(finding(),), **changes).trigger


def preferring(answer: Answer, days_ago: float) -> Preferences:
    """What was told so long ago."""
    at = NOW - days_ago * DAY
    return {
        Answer.NO_ACCESS: Preferences(no_access_at=at),
        Answer.OTHER_TOOL: Preferences(other_tool_at=at),
        Answer.NOT_MY_WORK: Preferences(not_my_work_at=at),
        Answer.NOT_ALLOWED: Preferences(not_allowed_at=at),
        Answer.NO_TRUST: Preferences(no_trust_at=at),
        Answer.NO_TIME: Preferences(no_time_at=at),
        Answer.ON_LEAVE: Preferences(on_leave_at=at),
    }[answer]


@pytest.mark.parametrize("answer", HOLDS_FOR)
@pytest.mark.parametrize("state", [State.NEVER_USED, State.LAPSED, State.AT_RISK, State.BUILDING])
def test_an_explanation_holds_and_ends(answer: Answer, state: State) -> None:
    """From the moment it is told until its time is over no tip about use is planned or sent; then it may come."""
    days = HOLDS_FOR[answer].days
    held, over = preferring(answer, days - 0.1), preferring(answer, days)
    tips = (tip("any", "never_used", "lapsed", "at_risk", "building"),)

    assert Silence.SAID_NOT_RELEVANT == ask(standing=standing(state), preferences=held, tips=tips)
    assert state.value == planned(standing=standing(state), preferences=over, tips=tips).trigger
    told_just_now = preferring(answer, 0)
    again = ask_again(trigger=state.value, standing=standing(state), preferences=told_just_now)
    assert Silence.SAID_NOT_RELEVANT == again


def test_away_and_busy_are_shorter_than_the_others() -> None:
    """Four weeks after an absence, or a busy time, the days looked at are others; the rest holds for half a year."""
    assert {Answer.ON_LEAVE: timedelta(days=28), Answer.NO_TIME: timedelta(days=28)} == {
        answer: span for answer, span in HOLDS_FOR.items() if span < timedelta(days=180)
    }


def test_what_was_meant_is_not_brought_up() -> None:
    """The pattern in that tool is quiet for half a year, at planning and at sending; another tool's is not."""
    meant = Preferences(meant={("W15", "claude_code"): NOW - DAY}, no_questions_at=NOW)
    long_ago = Preferences(meant={("W15", "claude_code"): NOW - 182 * DAY}, no_questions_at=NOW)
    elsewhere = Preferences(meant={("W15", "cursor"): NOW - DAY}, no_questions_at=NOW)
    waste = {"trigger": "W15", "facts": {"tool": "claude_code"}, "findings": (finding(),), **HABIT}

    assert Silence.NOTHING_TO_SAY == ask(**HABIT, findings=(finding(),), preferences=meant)
    assert Silence.NO_LONGER_TRUE == ask_again(**waste, preferences=meant)
    assert "W15" == planned(**HABIT, findings=(finding(),), preferences=long_ago).trigger
    assert "W15" == planned(**HABIT, findings=(finding(),), preferences=elsewhere).trigger


@pytest.mark.parametrize("answer", HOLDS_FOR)
def test_an_explanation_covers_the_idle_seat_in_every_state(answer: Answer) -> None:
    """Who uses one tool and explained why not the other hears nothing of its seat, and still of other patterns."""
    told = replace(preferring(answer, 1), no_questions_at=NOW)
    seat = finding("W01")

    assert Silence.NOTHING_TO_SAY == ask(**HABIT, findings=(seat,), preferences=told)
    assert "W15" == planned(**HABIT, findings=(seat, finding()), preferences=told).trigger
    waste = {"trigger": "W01", "facts": {"tool": "claude_code"}, "findings": (seat,), **HABIT}
    assert Silence.NO_LONGER_TRUE == ask_again(**waste, preferences=told)


def test_what_holds_is_told_with_its_day() -> None:
    """What still holds is listed with the day on which it was told, and nothing that is over."""
    preferences = Preferences(no_access_at=NOW - 10 * DAY, on_leave_at=NOW - 30 * DAY, other_tool_at=NOW - 200 * DAY)

    assert {Answer.NO_ACCESS: (NOW - 10 * DAY).date()} == preferences.holding(NOW)
