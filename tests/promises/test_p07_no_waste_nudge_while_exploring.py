"""P7, explore first: in the first 60 days of use nobody hears a word about waste, planned or sent."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.adoption import State
from bot.domain.nudging import Plan, Silence, decide, still_right
from bot.domain.tips import WASTE_TRIGGERS
from bot.domain.waste.ledger import is_exploring
from tests.promises.situations import NOW, SEATS, TIPS, situations

ANY_STATE = situations(st.sampled_from(State))


@given(ANY_STATE)
@settings(max_examples=300, deadline=None)
def test_no_waste_is_planned_while_exploring(situation: dict[str, Any]) -> None:
    """Whatever was found, a plan made while exploring is about use and never about money."""
    situation |= {"exploring": True}

    plan = decide(**situation, has_open_nudge=False, tips=TIPS, seats=SEATS)

    if isinstance(plan, Plan):
        assert plan.trigger not in WASTE_TRIGGERS
        assert not plan.tip.triggers & WASTE_TRIGGERS
        assert "dollars" not in plan.facts


@given(ANY_STATE, st.sampled_from(sorted(WASTE_TRIGGERS)))
@settings(max_examples=200, deadline=None)
def test_no_waste_is_sent_while_exploring(situation: dict[str, Any], trigger: str) -> None:
    """A message about waste that was planned by mistake, or before new data moved the first use, is not sent."""
    situation |= {"exploring": True}
    facts = {"tool": "claude_code"}

    verdict = still_right(**situation, trigger=trigger, facts=facts, expires_at=NOW + timedelta(days=3))

    assert isinstance(verdict, Silence)


@given(ANY_STATE)
@settings(max_examples=200, deadline=None)
def test_exploration_is_never_spoken_of(situation: dict[str, Any]) -> None:
    """After the 60 days, too: a plan about waste rests on a finding in a ledger that counts, with dollars left: of a
    suggestion, those of its range.
    """
    plan = decide(**situation | {"exploring": False}, has_open_nudge=False, tips=TIPS, seats=SEATS)

    if isinstance(plan, Plan) and plan.trigger in WASTE_TRIGGERS:
        counted = [
            (found.counted_microusd, found.low_microusd)
            for found in situation["findings"]
            if (found.detector, found.tool) == (plan.trigger, plan.facts["tool"])
            and found.ledger in ("wasted", "optimizable")
        ]
        assert any(
            amount or (amount == 0 and low) or (amount is None and plan.trigger == "W01") for amount, low in counted
        )


def test_sixty_days_end_on_the_sixtieth() -> None:
    """First use on 1 January: exploring through 1 March, and not on 2 March. Who never began is not exploring."""
    assert is_exploring(date(2026, 1, 1), date(2026, 3, 1))
    assert not is_exploring(date(2026, 1, 1), date(2026, 3, 2))
    assert not is_exploring(None, date(2026, 3, 2))
