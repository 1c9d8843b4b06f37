"""Campaigns under the one policy: who goes before whom, what waits, and that nothing of P9 changes for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.adoption import State
from bot.domain.campaigns import Arm, Audience, Campaign, CampaignState, Kind, Plan, Step
from bot.domain.fair_hours import is_fair
from bot.domain.nudging import Moved, Silence
from bot.domain.nudging import Plan as Message
from bot.domain.turns import Part, Waits
from tests.domain.test_nudging import CALENDAR, DAY, NOW, TIPS, ask, ask_again, finding, past, planned, standing, tip

TODAY = NOW.date()
OWN = tip("own", "never_used")
LIBRARY = (*TIPS, OWN, tip("own-cache", "W15"))


def part(
    arm: Arm = Arm.TREATED, *, campaign_id: int = 1, sent: dict[int, datetime] | None = None, **changes: Any
) -> Part:
    """Somebody's part in a campaign that runs, drawn yesterday."""
    state = changes.pop("state", CampaignState.RUNNING)
    enrolled_on = changes.pop("enrolled_on", TODAY - DAY)
    plan: dict[str, Any] = {
        "name": "One",
        "kind": Kind.ONE_OFF,
        "audience": Audience("never_used"),
        "steps": (Step("own", None),),
        "first_day": TODAY - DAY,
        "last_day": TODAY + 40 * DAY,
    }
    campaign = Campaign(
        campaign_id, f"key-{campaign_id}", Plan(**plan | changes), state, "U1", None, False, NOW, NOW, TODAY, None
    )
    return Part(campaign, arm, enrolled_on, sent or {})


def test_a_campaign_speaks_before_the_usual_tip_about_the_same() -> None:
    """Its own tip is chosen, and the message says whose it is."""
    plan = planned(parts=[part()], tips=LIBRARY)

    assert ("own", 1, 0) == (plan.tip.tip_id, plan.campaign_id, plan.campaign_step)


def test_the_order_of_what_there_is_to_say_stays() -> None:
    """A campaign about a cost does not go before a state, which comes first for everybody."""
    about_cost = part(audience=Audience("W15"), steps=(Step("own-cache", None),))
    plan = planned(parts=[about_cost], tips=LIBRARY, findings=[finding()])

    assert ("never_used", None) == (plan.trigger, plan.campaign_id)


def test_a_campaign_about_a_pattern_speaks_of_the_tool_it_means() -> None:
    """Of a pattern found in two tools it speaks where its audience's tool is, and the usual tip of the other."""
    about_one = part(audience=Audience("W15", tool="copilot"), steps=(Step("own-cache", None),))
    habit = {"standing": standing(State.HABITUAL), "tips": LIBRARY, "parts": [about_one]}
    small, large = replace(finding(), tool="copilot"), finding(counted=90_000_000)

    assert 1 == planned(**habit, findings=[small]).campaign_id
    assert ("claude_code", None) == _tool_and_campaign(planned(**habit, findings=[small, large]))
    assert None is planned(**habit, findings=[large]).campaign_id


def test_whoever_is_held_out_hears_of_something_else_or_nothing() -> None:
    """Not about the state for four weeks, neither from the campaign nor otherwise; a cost may still be spoken of."""
    held = part(Arm.HELD_OUT)

    assert Silence.HELD_OUT is ask(parts=[held], tips=LIBRARY)
    assert "W15" == planned(parts=[held], tips=LIBRARY, findings=[finding()]).trigger
    assert None is planned(parts=[replace(held, enrolled_on=TODAY - 28 * DAY)], tips=LIBRARY).campaign_id
    stopped = replace(held, campaign=replace(held.campaign, state=CampaignState.STOPPED))
    assert Silence.HELD_OUT is ask(parts=[stopped], tips=LIBRARY)


def test_between_two_messages_of_a_sequence_nothing_else_is_said_about_it() -> None:
    """The second comes when its gap is over; until then the usual tip waits as well."""
    steps = (Step("own", None), Step(None, "about-zero", 14))
    waiting = part(kind=Kind.SEQUENCE, steps=steps, sent={0: NOW - 13 * DAY})
    due = replace(waiting, sent={0: NOW - 14 * DAY})
    history = [past(14, "own")]

    assert Silence.NOTHING_TO_SAY is ask(parts=[waiting], tips=LIBRARY, history=history)
    plan = planned(parts=[due], tips=LIBRARY, history=history)
    assert ("zero", 1, 1) == (plan.tip.tip_id, plan.campaign_id, plan.campaign_step)
    done = replace(waiting, sent={0: NOW - 30 * DAY, 1: NOW - 10 * DAY})
    assert None is planned(parts=[done], tips=LIBRARY, history=[past(30, "own"), past(10, "else")]).campaign_id


@pytest.mark.parametrize("state", sorted(set(CampaignState) - {CampaignState.RUNNING}))
def test_a_campaign_that_does_not_run_says_nothing(state: CampaignState) -> None:
    """The usual tip is chosen, as if there were no campaign."""
    assert None is planned(parts=[part(state=state)], tips=LIBRARY).campaign_id


def test_a_full_campaign_says_nothing_more() -> None:
    """With all its messages planned, the usual tip is chosen."""
    assert None is planned(parts=[part(campaign_id=5)], tips=LIBRARY, full={5}).campaign_id


def test_two_campaigns_take_turns_by_lot() -> None:
    """Between two that may speak of the same, who is first is drawn anew each week."""
    both = [part(campaign_id=number, last_day=TODAY + 300 * DAY) for number in (1, 2)]
    first = [planned(parts=both, tips=LIBRARY, now=NOW + 7 * week * DAY, standing=_judged(week)) for week in range(30)]

    assert {1, 2} == {plan.campaign_id for plan in first}
    again = planned(parts=both[::-1], tips=LIBRARY)
    assert first[0].campaign_id == again.campaign_id


def test_its_hours_and_its_last_day_narrow_what_is_fair() -> None:
    """It is due between its own hours, and void when its last day is over on the person's clock."""
    plan = planned(parts=[part(hours=(14, 15), last_day=TODAY + DAY)], tips=LIBRARY)

    assert 14 == CALENDAR.local(plan.due_at).hour
    assert date(2026, 3, 4) == CALENDAR.local(plan.expires_at).date()
    assert (0, 0) == (CALENDAR.local(plan.expires_at).hour, CALENDAR.local(plan.expires_at).minute)
    assert Silence.NO_FAIR_HOUR is ask(parts=[part(hours=(10, 12), last_day=TODAY)], tips=LIBRARY)


@given(
    st.lists(st.sampled_from([Arm.TREATED, Arm.HELD_OUT]), min_size=1, max_size=3),
    st.tuples(st.integers(10, 15), st.integers(1, 6)).map(lambda span: (span[0], min(16, span[0] + span[1]))),
    st.sampled_from([(), (past(3),), (past(8, answer=None),), (past(20), past(13), past(8))]),
    st.integers(0, 27),
)
def test_the_policy_is_that_of_everybody(arms: list[Arm], hours: tuple[int, int], history: Any, drawn_ago: int) -> None:
    """What keeps somebody silent without campaigns does so with them; what is planned lies in fair hours of both."""
    drawn_on = TODAY - drawn_ago * DAY
    parts = [part(arm, campaign_id=number, hours=hours, enrolled_on=drawn_on) for number, arm in enumerate(arms)]
    usual, said = (ask(history=history, tips=LIBRARY, parts=given) for given in ((), parts))

    if isinstance(usual, Silence):
        assert usual is said
    elif Arm.HELD_OUT in arms:
        assert Silence.HELD_OUT is said
    elif isinstance(said, Message):
        assert is_fair(CALENDAR, said.due_at)
        assert is_fair(CALENDAR, said.due_at, hours if said.campaign_id is not None else (10, 16))
    else:
        assert Silence.NO_FAIR_HOUR is said


def test_before_sending_the_same_is_asked_again() -> None:
    """Stopped or over: skipped. Held out: skipped. Paused: back into the queue. Not its hours: later."""
    ended = [
        ask_again(parts=[part(state=state)], campaign_id=1) for state in (CampaignState.STOPPED, CampaignState.DONE)
    ]
    assert [Silence.CAMPAIGN_STOPPED] * 2 == ended
    assert Silence.CAMPAIGN_STOPPED is ask_again(parts=[], campaign_id=1)
    assert Silence.HELD_OUT is ask_again(parts=[part(Arm.HELD_OUT)])
    assert Waits.CAMPAIGN_PAUSED is ask_again(parts=[part(state=CampaignState.PAUSED)], campaign_id=1)
    assert None is ask_again(parts=[part()], campaign_id=1)
    assert None is ask_again(parts=[part(state=CampaignState.PAUSED)])  # a tip that goes out by itself
    assert isinstance(ask_again(parts=[part(hours=(14, 15))], campaign_id=1), Moved)


def _tool_and_campaign(plan: Message) -> tuple[Any, int | None]:
    return plan.facts["tool"], plan.campaign_id


def _judged(week: int) -> Any:
    return replace(standing(State.NEVER_USED), last_day=date(2026, 3, 1) + timedelta(weeks=week))
