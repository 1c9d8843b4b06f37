"""Campaigns as leads steer them: arrows that only one can go along, a second lead's word, and the switch for all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select, update

from bot.domain import campaigns as words
from bot.domain.campaigns import ARROWS, Audience, CampaignState, Kind, Plan, Step
from bot.sources.tip_library import load_tips
from bot.store import audit, campaigns
from bot.store.database import Session, Store
from bot.store.tables import CampaignRow, PersonRow, StateRow

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
TODAY = NOW.date()
PLAN = Plan(
    name="First steps",
    kind=Kind.ONE_OFF,
    audience=Audience("never_used"),
    steps=(Step(None, "first-steps"),),
    first_day=TODAY,
    last_day=TODAY + timedelta(days=30),
)
ADA, BEA = "UADA", "UBEA"


def people_who(session: Session, state: str, count: int, *, day: date = TODAY) -> None:
    """So many people in one state."""
    for _ in range(count):
        person = PersonRow(created_at=NOW)
        session.add(person)
        session.flush()
        session.add(
            StateRow(
                person_id=person.person_id,
                first_day=day,
                last_day=day,
                state=state,
                reason="r",
                rule_version="v",
                evidence={},
            )
        )
    session.flush()


def test_a_plan_is_kept_as_written(store: Store) -> None:
    """What was planned is read back word for word, as a draft of whoever planned it."""
    plan = Plan(
        name="Three letters",
        kind=Kind.SEQUENCE,
        audience=Audience("W01", role="dev", tool="copilot", group_key="g1"),
        steps=(Step("tip-1", None), Step(None, "seats", 14)),
        first_day=TODAY,
        last_day=TODAY + timedelta(days=60),
        hours=(11, 14),
        most_messages=50,
        holdout_percent=30,
    )
    with store.begin() as session:
        key = campaigns.create(session, plan=plan, author_slack_id=ADA, now=NOW)
    with store.read() as session:
        found = campaigns.find(session, campaign_key=key)

    assert found is not None
    assert plan == found.plan
    assert (CampaignState.DRAFT, ADA, None) == (found.state, found.author_slack_id, found.approver_slack_id)


def test_what_runs_is_listed_however_many_came_later(store: Store) -> None:
    """Whatever waits, runs or is paused stands before drafts and what is over, so that it can always be stopped."""
    with store.begin() as session:
        keys = [campaigns.create(session, plan=PLAN, author_slack_id=ADA, now=NOW) for _ in range(4)]
        for key, state in zip(keys, ("paused", "running", "stopped"), strict=False):
            session.execute(update(CampaignRow).where(CampaignRow.campaign_key == key).values(state=state))
        paused, running, stopped, draft = keys

        assert [running, paused] == [one.campaign_key for one in campaigns.listed(session, most=2)]
        assert [running, paused, draft, stopped] == [one.campaign_key for one in campaigns.listed(session)]


def test_a_small_one_starts_at_once_and_a_large_one_needs_a_second_lead(store: Store) -> None:
    """Below the setting it starts at once; from it on only another lead than whoever wrote last lets it run."""
    with store.begin() as session:
        people_who(session, "never_used", 80)
        people_who(session, "lapsed", 25)
        small = campaigns.create(session, plan=_about("lapsed"), author_slack_id=ADA, now=NOW)
        large = campaigns.create(session, plan=PLAN, author_slack_id=ADA, now=NOW)

        assert not campaigns.start(session, campaign_key=large, approval_from=50, now=NOW)
        assert campaigns.start(session, campaign_key=small, approval_from=50, now=NOW)
        assert campaigns.ask_for_approval(session, campaign_key=large, by_slack_id=ADA, now=NOW)
        assert not campaigns.approve(session, campaign_key=large, approver_slack_id=ADA, now=NOW)
        assert campaigns.approve(session, campaign_key=large, approver_slack_id=BEA, now=NOW)
        assert not campaigns.approve(session, campaign_key=large, approver_slack_id=BEA, now=NOW)
        found = campaigns.find(session, campaign_key=large)

    assert found is not None
    assert (CampaignState.RUNNING, BEA) == (found.state, found.approver_slack_id)


def test_whoever_changed_a_plan_does_not_approve_it(store: Store) -> None:
    """The lead who wrote last counts as the author, also of a plan that somebody else began."""
    with store.begin() as session:
        people_who(session, "never_used", 80)
        key = campaigns.create(session, plan=PLAN, author_slack_id=ADA, now=NOW)
        assert campaigns.change(session, campaign_key=key, plan=PLAN, author_slack_id=BEA, now=NOW)
        assert campaigns.ask_for_approval(session, campaign_key=key, by_slack_id=BEA, now=NOW)
        assert not campaigns.change(session, campaign_key=key, plan=PLAN, author_slack_id=BEA, now=NOW)
        assert not campaigns.approve(session, campaign_key=key, approver_slack_id=BEA, now=NOW)
        assert campaigns.approve(session, campaign_key=key, approver_slack_id=ADA, now=NOW)


def test_nobody_approves_what_nobody_known_wrote(store: Store) -> None:
    """With the author erased the plan waits until somebody takes it back and writes it anew."""
    with store.begin() as session:
        people_who(session, "never_used", 80)
        key = campaigns.create(session, plan=PLAN, author_slack_id=ADA, now=NOW)
        assert campaigns.ask_for_approval(session, campaign_key=key, by_slack_id=ADA, now=NOW)
        session.query(CampaignRow).update({"author_slack_id": None})
        assert not campaigns.approve(session, campaign_key=key, approver_slack_id=BEA, now=NOW)
        assert campaigns.take_back(session, campaign_key=key, now=NOW)


def test_an_audience_too_small_to_be_told_cannot_be_written_to(store: Store) -> None:
    """Fourteen people are no audience: neither a start nor the word of a second lead is possible."""
    with store.begin() as session:
        people_who(session, "never_used", 14)
        key = campaigns.create(session, plan=PLAN, author_slack_id=ADA, now=NOW)

        assert not campaigns.start(session, campaign_key=key, approval_from=1000, now=NOW)
        assert not campaigns.ask_for_approval(session, campaign_key=key, by_slack_id=ADA, now=NOW)


def test_each_arrow_is_in_the_plan_of_arrows(store: Store) -> None:
    """From every state, what a lead can do leads where `ARROWS` says, and nothing else is possible."""
    with store.begin() as session:
        people_who(session, "never_used", 40)
    for source in CampaignState:
        reached = set()
        for arrow in (_start, _ask, _approve, _take_back, campaigns.pause, campaigns.resume, campaigns.stop):
            with store.begin() as session:
                key = campaigns.create(session, plan=PLAN, author_slack_id=ADA, now=NOW)
                session.query(CampaignRow).filter_by(campaign_key=key).update({"state": source.value})
                went = arrow(session, campaign_key=key, now=NOW)
                found = campaigns.find(session, campaign_key=key)
                assert found is not None
                assert went == (found.state is not source)
                if went:
                    assert words.may_go(source, found.state)
                    reached.add(found.state)
        assert ARROWS[source] - {CampaignState.DONE} == reached


def test_the_switch_for_everything_is_written_down(store: Store) -> None:
    """It goes off once and on once; both are in the audit with the role and nothing else."""
    with store.begin() as session:
        assert campaigns.halt_all(session, now=NOW)
        assert not campaigns.halt_all(session, now=NOW)
        assert campaigns.is_halted(session)
    with store.begin() as session:
        assert NOW == campaigns.halted_at(session)
        assert campaigns.resume_all(session, now=NOW)
        assert not campaigns.resume_all(session, now=NOW)
        assert not campaigns.is_halted(session)
        done = audit.done(session, since=NOW)

    assert {("lead", "all_halted", 1), ("lead", "all_resumed", 1)} == {(one.role, one.act, one.times) for one in done}


def test_changed_words_need_approval_again(store: Store) -> None:
    """What a second lead approved is paused and what waits is a draft again, where the tip is sent: by id or family."""
    tips = {tip.tip_id: tip for tip in load_tips()}
    tip = next(iter(tips.values()))
    by_topic, by_id = replace(PLAN, steps=(Step(None, tip.topic),)), replace(PLAN, steps=(Step(tip.tip_id, None),))
    other = replace(PLAN, steps=(Step(next(one for one in tips if tips[one].topic != tip.topic), None),))
    plans = {"family": by_topic, "id": by_id, "other": other, "small": by_id, "waiting": by_id, "erased": by_id}
    with store.begin() as session:
        keys = {}
        for name, plan in plans.items():
            keys[name] = campaigns.create(session, plan=plan, author_slack_id=ADA, now=NOW)
            row = session.query(CampaignRow).filter_by(campaign_key=keys[name]).one()
            row.state, row.needs_approval = "waiting" if name == "waiting" else "running", name != "small"
            row.approver_slack_id = BEA if name in ("family", "id", "other") else None
    with store.begin() as session:
        assert 3 == campaigns.reworded(session, tips=[tip], now=NOW)
        found = {name: campaigns.find(session, campaign_key=key) for name, key in keys.items()}

    assert {
        "family": ("paused", True),
        "id": ("paused", True),
        "other": ("running", False),
        "small": ("running", False),
        "waiting": ("draft", False),
        "erased": ("paused", True),
    } == {name: (one.state.value, one.waits_again) for name, one in found.items() if one}


def test_two_leads_look_at_what_is_approved_again(store: Store) -> None:
    """Nobody resumes it alone. Who asks is the author, whoever changed the words, and another lead approves."""
    with store.begin() as session:
        key = campaigns.create(session, plan=PLAN, author_slack_id=ADA, now=NOW)
        session.execute(update(CampaignRow).values(state="running", needs_approval=True, approver_slack_id=BEA))
        assert campaigns.hold_for_approval(session, campaign_key=key, now=NOW)

        assert not campaigns.resume(session, campaign_key=key, now=NOW)
        assert not campaigns.approve(session, campaign_key=key, approver_slack_id=BEA, now=NOW)
        assert campaigns.ask_for_approval(session, campaign_key=key, by_slack_id=BEA, now=NOW)
        assert not campaigns.approve(session, campaign_key=key, approver_slack_id=BEA, now=NOW)
        assert not campaigns.resume(session, campaign_key=key, now=NOW)
        assert campaigns.approve(session, campaign_key=key, approver_slack_id=ADA, now=NOW)
        assert campaigns.pause(session, campaign_key=key, now=NOW)
        assert campaigns.resume(session, campaign_key=key, now=NOW)


def test_who_asks_is_never_the_second(store: Store) -> None:
    """Also where somebody else wrote the plan: else whoever changed its tip could ask and approve alone."""
    with store.begin() as session:
        people_who(session, "never_used", 80)
        key = campaigns.create(session, plan=PLAN, author_slack_id=ADA, now=NOW)
        assert campaigns.ask_for_approval(session, campaign_key=key, by_slack_id=BEA, now=NOW)
        assert not campaigns.approve(session, campaign_key=key, approver_slack_id=BEA, now=NOW)
        assert campaigns.approve(session, campaign_key=key, approver_slack_id=ADA, now=NOW)


def test_what_grew_since_it_was_started_waits_for_a_second_lead(store: Store) -> None:
    """Told by the number of that moment and not by the week's first; what a second lead approved may grow."""
    with store.begin() as session:
        people_who(session, "never_used", 30)
        people_who(session, "lapsed", 30)
        key = campaigns.create(session, plan=PLAN, author_slack_id=ADA, now=NOW)
        assert campaigns.start(session, campaign_key=key, approval_from=50, now=NOW)
        number = session.scalars(select(CampaignRow.campaign_id)).one()
        assert not campaigns.grew(session, campaign_id=number, approval_from=50, now=NOW)
        people_who(session, "never_used", 60)
        assert campaigns.grew(session, campaign_id=number, approval_from=50, now=NOW)
        found = campaigns.find(session, campaign_key=key)
        assert found is not None
        assert found.waits_again
        session.execute(update(CampaignRow).values(state="running", approver_slack_id=BEA))
        assert not campaigns.grew(session, campaign_id=number, approval_from=50, now=NOW)


def _about(trigger: str) -> Plan:
    return Plan(PLAN.name, PLAN.kind, Audience(trigger), PLAN.steps, PLAN.first_day, PLAN.last_day)


def _start(session: Session, *, campaign_key: str, now: datetime) -> bool:
    return campaigns.start(session, campaign_key=campaign_key, approval_from=1000, now=now)


def _ask(session: Session, *, campaign_key: str, now: datetime) -> bool:
    return campaigns.ask_for_approval(session, campaign_key=campaign_key, by_slack_id=ADA, now=now)


def _approve(session: Session, *, campaign_key: str, now: datetime) -> bool:
    return campaigns.approve(session, campaign_key=campaign_key, approver_slack_id=BEA, now=now)


def _take_back(session: Session, *, campaign_key: str, now: datetime) -> bool:
    return campaigns.take_back(session, campaign_key=campaign_key, now=now)
