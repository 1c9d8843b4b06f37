"""Campaigns from the plan to the result, with the real jobs: who hears what, who never does, what stops it at once."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import select, update

from bot import app
from bot.domain.campaigns import Arm, Audience, CampaignState, Kind, Step
from bot.domain.nudging import Moved, Silence
from bot.domain.turns import Waits
from bot.slack import Slack
from bot.sources.prices import GenaiPrices
from bot.sources.public_holidays import holidays_of, weekend_of
from bot.store import campaigns, silences
from bot.store import nudges as nudges_store
from bot.store.database import Session, Store
from bot.store.delivery import HeldNudge
from bot.store.tables import CampaignMemberRow, CampaignResultRow, CampaignRow
from bot.views import tip
from handlers.desk import Desk
from jobs import deliver, recheck
from tests.jobs.campaigners import (
    FAST,
    MONDAY,
    OTHER_TIP,
    TIP,
    a_plan,
    afternoon,
    arms,
    at,
    become,
    company,
    draw,
    night,
    nudges,
    people_of,
    started,
    states,
    uses,
)

NIGHT = at(MONDAY, 4)
DAYS = timedelta(days=1)


class Act(Protocol):
    """What a lead does, in a transaction."""

    def __call__(self, session: Session, *, now: datetime) -> bool: ...


def test_from_the_plan_to_the_result(store: Store) -> None:
    """Only the treated hear anything about it for four weeks; then both arms are counted, and a range is published."""
    with company(store, 48) as (desk, slack):
        key = started(desk, a_plan(holdout_percent=50), NIGHT)
        night(desk, MONDAY)
        drawn = arms(desk, key)
        treated = sorted(person_id for person_id, arm in drawn.items() if arm is Arm.TREATED)
        held_out = sorted(person_id for person_id, arm in drawn.items() if arm is Arm.HELD_OUT)
        assert (24, 24) == (len(treated), len(held_out))

        afternoon(desk, MONDAY)
        sent = nudges(desk)
        assert treated == sorted(row.person_id for row in sent)
        assert {(TIP, "sent", 0)} == {(row.tip_id, row.state, row.campaign_step) for row in sent}
        assert 24 == len(slack.journal.messages())
        with desk.store.read() as session:
            asked_about = nudges_store.find(session, nudge_key=sent[0].nudge_key, person_id=sent[0].person_id)
        assert asked_about is not None
        assert asked_about.of_campaign

        night(desk, MONDAY + 8 * DAYS)
        afternoon(desk, MONDAY + 8 * DAYS)
        assert set() == {row.person_id for row in nudges(desk)} & set(held_out)
        with desk.store.read() as session:
            told = silences.current(session, person_ids=held_out)
        assert {Silence.HELD_OUT} == {stretch.reason for stretch in told.values()}

        uses(desk, treated[:18] + held_out[:6], MONDAY + 3 * DAYS)
        night(desk, MONDAY + 28 * DAYS)
        with desk.store.read() as session:
            outcomes = Counter(session.scalars(select(CampaignMemberRow.outcome)))
            [result] = session.scalars(select(CampaignResultRow)).all()
        assert Counter(yes=24, no=24) == outcomes
        assert 40 == result.result["about_people"]
        assert result.result["low_points"] <= 50 <= result.result["high_points"]
        assert {"about_people", "low_points", "high_points", "verdict"} == set(result.result)
        assert set() != {row.person_id for row in nudges(desk)} & set(held_out[6:])  # who waited may hear it now


def test_whoever_asks_why_is_told_that_it_was_planned() -> None:
    """The answer to "Why this?" names the rule as ever, and that leads planned it without knowing who gets it."""
    said = {
        planned: json.dumps(
            tip.why(trigger="never_used", facts={}, rule_version="nudges-2", today=MONDAY, of_campaign=planned).blocks
        )
        for planned in (True, False)
    }

    assert "not that you are one of them" in said[True]
    assert "not that you are one of them" not in said[False]


def test_pause_stop_and_the_switch_hold_at_the_fence(store: Store) -> None:
    """A claimed message goes back when its campaign is paused or all is switched off, and ends when it was stopped."""
    with company(store, 20) as (desk, slack):
        key = started(desk, a_plan(), NIGHT)
        night(desk, MONDAY)
        for act, back in ((campaigns.halt_all, campaigns.resume_all), (_paused(key), _resumed(key))):
            _deliver_while(desk, act)
            assert {"planned"} == {row.state for row in nudges(desk)}
            assert [] == slack.journal.messages()
            afternoon(desk, MONDAY)  # nothing is even claimed now
            assert [] == slack.journal.messages()
            with desk.store.begin() as session:
                assert back(session, now=NIGHT)
        _deliver_while(desk, _stopped(key))

        assert Counter({("skipped", "campaign_stopped"): 20}) == states(desk)
        assert [] == slack.journal.messages()


def test_a_sequence_keeps_its_gap_and_its_cap(sqlite_store: Store) -> None:
    """The second message comes after its gap and never beyond the cap; no tip of its own fills the time between."""
    with company(sqlite_store, 20) as (desk, _):
        plan = a_plan(
            kind=Kind.SEQUENCE, steps=(Step(TIP, None), Step(None, "pair-up", 14)), most_messages=25, hours=(14, 16)
        )
        key = started(desk, plan, NIGHT)
        for day in (0, 8, 15, 16):
            night(desk, MONDAY + day * DAYS)
            afternoon(desk, MONDAY + day * DAYS)
            if day == 8:
                assert 20 == len(nudges(desk))  # nothing of its own kind filled the gap
        assert Counter({(TIP, 0): 20, (OTHER_TIP, 1): 5}) == _steps(desk)
        assert {14} == {row.due_at.hour for row in nudges(desk) if row.campaign_step is not None}

        night(desk, MONDAY + 22 * DAYS)
        with desk.store.read() as session:
            found = campaigns.find(session, campaign_key=key)
        assert found is not None
        assert (CampaignState.RUNNING, None) == (found.state, found.why_ended)  # or leads could count by caps
        assert 25 == sum(row.campaign_id is not None for row in nudges(desk))


def test_whoever_no_longer_matches_hears_nothing_of_it(sqlite_store: Store) -> None:
    """Somebody who began to use their seat after the draw stays in their arm and gets no message of the campaign."""
    with company(sqlite_store, 20) as (desk, _):
        key = started(desk, a_plan(), NIGHT)
        night(desk, MONDAY)
        began = sorted(arms(desk, key))[:5]
        uses(desk, began, MONDAY - DAYS)
        afternoon(desk, MONDAY)

        ended = {row.person_id: (row.state, row.reason) for row in nudges(desk)}
        assert {("skipped", "no_longer_true")} == {ended[person_id] for person_id in began}
        assert Counter(sent=15, skipped=5) == Counter(state for state, _ in ended.values())
        assert {Arm.TREATED} == set(arms(desk, key).values())


def test_who_is_held_out_after_the_plan_hears_nothing_either(sqlite_store: Store) -> None:
    """A tip that was planned before somebody was drawn to be compared with does not leave."""
    with company(sqlite_store, 20) as (desk, slack):
        night(desk, MONDAY)
        assert {"planned"} == {row.state for row in nudges(desk)}
        key = started(desk, a_plan(holdout_percent=50), at(MONDAY, 5))
        draw(desk, at(MONDAY, 6))
        afternoon(desk, MONDAY)

        held_out = {person_id for person_id, arm in arms(desk, key).items() if arm is Arm.HELD_OUT}
        skipped = {row.person_id for row in nudges(desk) if (row.state, row.reason) == ("skipped", "held_out")}
        assert 10 == len(held_out)
        assert held_out == skipped
        assert 10 == len(slack.journal.messages())


def test_a_wave_is_drawn_once_whoever_draws(store: Store) -> None:
    """Many processes at once, two campaigns about the same: everybody is in one of them, drawn once."""
    with company(store, 40) as (desk, _):
        keys = [started(desk, a_plan(name=name, holdout_percent=20), NIGHT) for name in ("One", "Two")]
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda _: draw(desk, NIGHT), range(6)))

        first, second = (arms(desk, key) for key in keys)
        assert 40 == len(first) + len(second)
        assert set() == first.keys() & second.keys()
        before = {**first, **second}
        draw(desk, NIGHT + DAYS)
        assert before == {**arms(desk, keys[0]), **arms(desk, keys[1])}


def test_nobody_is_drawn_while_everything_is_switched_off(sqlite_store: Store) -> None:
    """The four weeks of those who are left out begin when the others can be written to, and not before."""
    with company(sqlite_store, 20) as (desk, _):
        key = started(desk, a_plan(), NIGHT)
        with desk.store.begin() as session:
            assert campaigns.halt_all(session, now=NIGHT)
        assert 0 == draw(desk, NIGHT)
        assert 0 == draw(desk, NIGHT, switched_on=False)
        assert {} == arms(desk, key)
        with desk.store.begin() as session:
            assert campaigns.resume_all(session, now=NIGHT)
        assert 0 == draw(desk, NIGHT, switched_on=False)

        assert 1 == draw(desk, NIGHT + DAYS)
        assert 20 == len(arms(desk, key))


def test_what_one_lead_started_draws_no_crowd(store: Store) -> None:
    """It was for a few when it was started, and the night finds many: nobody is drawn before a second lead agreed."""
    with company(store, 60) as (desk, _):
        key = started(desk, a_plan(), NIGHT)
        with desk.store.begin() as session:
            session.execute(update(CampaignRow).values(needs_approval=False, approver_slack_id=None))
        assert 0 == draw(desk, NIGHT)
        assert {} == arms(desk, key)
        with desk.store.begin() as session:
            assert campaigns.ask_for_approval(session, campaign_key=key, by_slack_id="U0ONE", now=NIGHT)
            assert campaigns.approve(session, campaign_key=key, approver_slack_id="U0TWO", now=NIGHT)

        assert 1 == draw(desk, NIGHT)
        assert 60 == len(arms(desk, key))


def test_a_cap_holds_whoever_plans(store: Store) -> None:
    """Four who plan for different people at once plan together as many messages as the campaign may send."""
    with company(store, 40) as (desk, _):
        started(desk, a_plan(most_messages=9), NIGHT)
        draw(desk, NIGHT)
        quarters = [people_of(desk)[number::4] for number in range(4)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda some: app.decide_now(desk, now=NIGHT, person_ids=some), quarters))

        assert 40 == len(nudges(desk))
        assert 9 == sum(row.campaign_id is not None for row in nudges(desk))


def test_a_recurring_one_takes_in_newcomers_each_week(sqlite_store: Store) -> None:
    """Whoever newly matches is drawn with the next wave, a week after the last, and nobody twice."""
    with company(sqlite_store, 28) as (desk, _):
        everybody = people_of(desk)
        become(desk, everybody[:22], role="dev")
        key = started(desk, a_plan(kind=Kind.RECURRING, audience=Audience("never_used", role="dev")), NIGHT)
        draw(desk, NIGHT)
        first = arms(desk, key)
        become(desk, everybody[22:], role="dev")
        draw(desk, NIGHT + 3 * DAYS)
        assert everybody[:22] == sorted(first)
        assert first == arms(desk, key)

        draw(desk, NIGHT + 7 * DAYS)
        second = arms(desk, key)
        assert everybody == sorted(second)
        assert first == {person_id: second[person_id] for person_id in first}


def test_a_pause_keeps_nobody_silent_for_longer_than_a_message_lives(sqlite_store: Store) -> None:
    """What waits for a paused campaign ends when it is void, and its person may hear something else."""
    with company(sqlite_store, 20) as (desk, _):
        key = started(desk, a_plan(), NIGHT)
        night(desk, MONDAY)
        with desk.store.begin() as session:
            assert campaigns.pause(session, campaign_key=key, now=NIGHT)
        afternoon(desk, MONDAY + 7 * DAYS)
        assert Counter({("skipped", "expired"): 20}) == states(desk)

        night(desk, MONDAY + 8 * DAYS)
        assert 20 == sum(row.state == "planned" and row.campaign_id is None for row in nudges(desk))


def test_nothing_of_it_comes_after_its_last_day(sqlite_store: Store) -> None:
    """A message that is still in the queue when the last day is over is skipped, and the campaign is done."""
    with company(sqlite_store, 20) as (desk, slack):
        key = started(desk, a_plan(last_day=MONDAY), NIGHT)
        night(desk, MONDAY)
        assert 20 == sum(row.campaign_id is not None for row in nudges(desk))
        afternoon(desk, MONDAY + DAYS)
        assert Counter({("skipped", "expired"): 20}) == states(desk)
        draw(desk, NIGHT + 2 * DAYS)
        with desk.store.read() as session:
            found = campaigns.find(session, campaign_key=key)
        assert found is not None
        assert (CampaignState.DONE, "last_day") == (found.state, found.why_ended)
        assert [] == slack.journal.messages()


def _deliver_while(desk: Desk, act: Act) -> None:
    """One run of delivery in which a lead acts after a message was found right, and before it passes the fence."""
    by_the_rules = recheck.by_the_rules(
        prices=GenaiPrices(), holidays_of=holidays_of, weekend_of=weekend_of, switched_on=True
    )
    asked: list[int] = []

    def then_they_act(session: Session, nudge: HeldNudge, now: datetime) -> Silence | Moved | Waits | None:
        asked.append(nudge.nudge_id)
        if len(asked) == 2:  # the first message stands before the fence
            act(session, now=now)
        return by_the_rules(session, nudge, now)

    deliver.deliver(
        desk.store,
        slack=Slack(desk.settings.slack_bot_token or "", desk.settings.slack_api_url),
        tips=desk.tips,
        now=at(MONDAY, 15),
        recheck=then_they_act,
        render=deliver.words_of("Your team"),
        owner="one",
        pace=FAST,
    )


def _paused(key: str) -> Act:
    return lambda session, *, now: campaigns.pause(session, campaign_key=key, now=now)


def _resumed(key: str) -> Act:
    return lambda session, *, now: campaigns.resume(session, campaign_key=key, now=now)


def _stopped(key: str) -> Act:
    return lambda session, *, now: campaigns.stop(session, campaign_key=key, now=now)


def _steps(desk: Desk) -> Counter[tuple[str, int | None]]:
    """The messages of campaigns that were sent, by tip and step."""
    sent = (row for row in nudges(desk) if row.state == "sent" and row.campaign_step is not None)
    return Counter((row.tip_id, row.campaign_step) for row in sent)
