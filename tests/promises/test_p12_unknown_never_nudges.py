"""P12, unknown is not zero: whatever else is true, nobody whose state is unknown gets a message, planned or sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.adoption import State
from bot.domain.nudging import OLDEST_STANDING_DAYS, Plan, Silence, decide, still_right
from bot.domain.occasions import CHECK_IN
from bot.domain.tips import TRIGGERS
from bot.domain.told import Preferences
from tests.promises.situations import NOW, SEATS, TIPS, situations

UNKNOWN = situations(st.just(State.UNKNOWN))
ANY_STATE = situations(st.sampled_from(State))


@given(UNKNOWN)
@settings(max_examples=200, deadline=None)
def test_unknown_is_never_planned(situation: dict[str, Any]) -> None:
    """The reason is always `unknown`: neither findings nor history nor preferences come before it."""
    assert Silence.UNKNOWN == decide(**situation, has_open_nudge=False, tips=TIPS, seats=SEATS)


@given(UNKNOWN, st.sampled_from(sorted(TRIGGERS)))
@settings(max_examples=200, deadline=None)
def test_what_became_unknown_is_not_sent(situation: dict[str, Any], trigger: str) -> None:
    """A message planned while all was known is skipped when a source-day has gone missing since."""
    facts = {"tool": "claude_code"}

    assert Silence.UNKNOWN == still_right(**situation, trigger=trigger, facts=facts, expires_at=NOW + timedelta(days=3))


@given(ANY_STATE, st.integers(min_value=4, max_value=400), st.sampled_from(sorted(TRIGGERS)))
@settings(max_examples=200, deadline=None)
def test_an_old_judgement_is_unknown(situation: dict[str, Any], days: int, trigger: str) -> None:
    """A state that nobody has judged for days proves nothing about now; neither does no state at all."""
    old = replace(situation["standing"], last_day=NOW.date() - timedelta(days=days))
    for standing in (old, None):
        asked = situation | {"standing": standing}
        assert Silence.UNKNOWN == decide(**asked, has_open_nudge=False, tips=TIPS, seats=SEATS)
        verdict = still_right(
            **asked, trigger=trigger, facts={"tool": "claude_code"}, expires_at=NOW + timedelta(days=3)
        )
        assert Silence.UNKNOWN == verdict


@given(ANY_STATE)
@settings(max_examples=300, deadline=None)
def test_what_is_planned_is_right_to_send(situation: dict[str, Any]) -> None:
    """Planning and sending agree: with nothing changed, what was planned may go at its hour, and says a true state."""
    plan = decide(**situation, has_open_nudge=False, tips=TIPS, seats=SEATS)

    if isinstance(plan, Plan):
        verdict = still_right(
            **situation | {"now": plan.due_at}, trigger=plan.trigger, facts=plan.facts, expires_at=plan.expires_at
        )
        assert verdict is None
        assert plan.facts["state"] == situation["standing"].state.value
        asks = {CHECK_IN} if situation["standing"].state is State.HABITUAL else set()
        assert plan.trigger in {plan.facts["state"], plan.facts.get("detector"), *asks}


@given(UNKNOWN, st.integers(0, 3), st.integers(0, 8))
@settings(max_examples=50, deadline=None)
def test_a_window_that_had_to_end_early_is_no_old_judgement(
    situation: dict[str, Any], lag_days: int, days: int
) -> None:
    """Where a source is days late by nature the window ends so many days earlier; only what is older still is old."""
    evidence = {**situation["standing"].evidence, "lag_days": lag_days}
    standing = replace(
        situation["standing"],
        state=State.NEVER_USED,
        last_day=NOW.date() - timedelta(days=days + lag_days),
        evidence=evidence,
    )
    situation = situation | {"standing": standing, "findings": [], "history": [], "preferences": Preferences()}
    plan = decide(**situation, has_open_nudge=False, tips=TIPS, seats=SEATS)
    assert (days > OLDEST_STANDING_DAYS) == (plan is Silence.UNKNOWN)
