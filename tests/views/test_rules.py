"""The rules in words say what the rules do, for everybody of whom they are said."""

from __future__ import annotations

from datetime import date

from bot.domain import adoption
from bot.domain.adoption import Standing, State
from bot.domain.people import Seat
from bot.views import rules
from tests.by_hand import UTC_WEEK, covered, days_before, on, window_of

SEAT = Seat("claude_code", date(2025, 3, 1), None, None)


def judged(*ages: int) -> Standing:
    rows = on(days_before(*ages))
    return adoption.judge(window=window_of(rows), coverage=covered("claude_code"), seats=(SEAT,), calendar=UTC_WEEK)


def test_an_early_habit_that_paused_is_not_told_of_nine_weeks() -> None:
    """Whoever began five weeks before the pause never had nine weeks, and the rule names what they had."""
    early = judged(*range(16, 50, 2))

    assert (State.AT_RISK, 5) == (early.state, early.evidence["active_weeks_of_12"])
    assert (
        "in at least 9 of 12 weeks, or, when you had begun within them, in each of 4 weeks"
        in rules.STATES[State.AT_RISK]
    )


def test_unknown_names_each_of_its_reasons() -> None:
    """Days not visible, too few days, and earlier days that could change what is said."""
    said = rules.STATES[State.UNKNOWN]

    assert [] == [
        reason
        for reason in ("was not visible to me", "too few of them", "use on earlier days that I could not see")
        if reason not in said
    ]
