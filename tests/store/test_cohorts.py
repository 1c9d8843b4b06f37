"""Who is in a campaign: frozen arms inside strata, sums of what came of them, and locks that hold at the fence."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select, update

from bot.domain.campaign_outcomes import Outcome
from bot.domain.campaigns import Arm, Audience, CampaignState, Kind
from bot.domain.experiment.waves import Wave
from bot.sources.public_holidays import holidays_of, weekend_of
from bot.store import audit, campaign_outcomes, campaigns, cohorts
from bot.store.database import Session, Store
from bot.store.tables import (
    CampaignMemberRow,
    CampaignResultRow,
    CampaignRow,
    NudgeRow,
    PersonRow,
    PreferenceRow,
    TeamPersonRow,
)
from jobs import follow_campaigns
from tests.store.test_campaigns import ADA, PLAN, people_who

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
TODAY = NOW.date()
DAY = timedelta(days=1)


def running(session: Session, **plan: object) -> tuple[str, int]:
    """A campaign that runs: its key and its number."""
    values = {"first_day": TODAY, "last_day": TODAY + 60 * DAY, "holdout_percent": 20} | plan
    key = campaigns.create(session, plan=PLAN, author_slack_id=ADA, now=NOW)
    session.execute(
        update(CampaignRow)
        .where(CampaignRow.campaign_key == key)
        .values({"state": CampaignState.RUNNING.value} | values)
    )
    found = campaigns.find(session, campaign_key=key)
    assert found is not None
    return key, found.campaign_id


def test_arms_are_drawn_inside_teams(store: Store) -> None:
    """Of each team, as of those in none, a fifth is held out; the nearest team is the smallest group."""
    with store.begin() as session:
        people_who(session, "never_used", 100)
        people = list(session.scalars(select(PersonRow.person_id).order_by(PersonRow.person_id)))
        for person_id in people[:60]:
            session.add(TeamPersonRow(group_key="everybody", person_id=person_id))
        for person_id in people[:20]:
            session.add(TeamPersonRow(group_key="small", person_id=person_id))
        session.flush()
        _, campaign_id = running(session)

        assert 100 == cohorts.take_in(session, campaign_id=campaign_id, day=TODAY)
        assert cohorts.take_in(session, campaign_id=campaign_id, day=TODAY) is None
        drawn: dict[str, Counter[str]] = defaultdict(Counter)
        for member in session.scalars(select(CampaignMemberRow)):
            drawn[member.stratum][member.arm] += 1

    assert {
        "everybody never_used": Counter(treated=32, held_out=8),
        "none never_used": Counter(treated=32, held_out=8),
        "small never_used": Counter(treated=16, held_out=4),
    } == drawn


def test_the_same_people_are_drawn_again_only_with_the_secret(store: Store) -> None:
    """Two campaigns of the same words draw other people: their keys are drawn, and told to nobody."""
    held: list[set[int]] = []
    for _ in range(2):
        with store.begin() as session:
            if not held:
                people_who(session, "never_used", 60)
            session.query(CampaignMemberRow).delete()
            session.query(CampaignRow).update({"state": CampaignState.STOPPED.value})
            _, campaign_id = running(session)
            cohorts.take_in(session, campaign_id=campaign_id, day=TODAY)
            arm = CampaignMemberRow.arm == Arm.HELD_OUT.value
            held.append(set(session.scalars(select(CampaignMemberRow.person_id).where(arm))))

    assert [12, 12] == [len(one) for one in held]
    assert held[0] != held[1]


def test_waves_count_what_came_of_everybody(store: Store) -> None:
    """Each day of drawing by itself; outcomes once all of them are known; answers at once, and the treated's only."""
    with store.begin() as session:
        people_who(session, "never_used", 10)
        people = list(session.scalars(select(PersonRow.person_id).order_by(PersonRow.person_id)))
        _, campaign_id = running(session)
        first, second = TODAY, TODAY + 7 * DAY
        for number, person_id in enumerate(people):
            arm = Arm.HELD_OUT if number % 5 == 0 else Arm.TREATED
            _member(session, campaign_id, person_id, arm, first if number < 5 else second)
        for person_id in people[:5]:
            _resolve(session, person_id, Outcome.YES if person_id != people[4] else Outcome.UNKNOWN)
        _resolve(session, people[6], Outcome.YES)
        _sent(session, campaign_id, people[1], answer="not_helpful")
        _sent(session, campaign_id, people[2])
        session.add(PreferenceRow(person_id=people[2], stopped_at=NOW + DAY))
        session.add(PreferenceRow(person_id=people[3], stopped_at=NOW + DAY))  # was never written to
        _sent(session, campaign_id, people[4])
        session.add(PreferenceRow(person_id=people[4], paused_at=NOW - DAY, stopped_at=NOW + 29 * DAY))  # not for this
        session.flush()
        found = campaign_outcomes.waves(session, campaign_id=campaign_id)

    assert (
        Wave(first, 4, 1, 3, 3, 1, 1, unknown=1, reached=3, stopped=1, not_helpful=1),
        Wave(second, 4, 1),
    ) == found


def test_a_campaign_that_does_harm_is_stopped(store: Store) -> None:
    """When far too many end their messages because of it, it stops by itself the same night, and that is noted."""
    with store.begin() as session:
        people_who(session, "never_used", 60)
        people = list(session.scalars(select(PersonRow.person_id).order_by(PersonRow.person_id)))
        (harmful, one), (harmless, _) = running(session), running(session, trigger="lapsed")
        for person_id in people:
            _member(session, one, person_id, Arm.TREATED, TODAY)
            _sent(session, one, person_id)
        for person_id in people[:20]:
            session.add(PreferenceRow(person_id=person_id, stopped_at=NOW + DAY))
    for _ in range(2):
        follow_campaigns.follow(store, now=NOW + 2 * DAY, holidays_of=holidays_of, weekend_of=weekend_of)

    with store.read() as session:
        found = {key: campaigns.find(session, campaign_key=key) for key in (harmful, harmless)}
        ended = {key: (one.state, one.why_ended) for key, one in found.items() if one}
        noted = [(one.role, one.times) for one in audit.done(session, since=NOW) if one.act == "campaign_stopped"]
    assert {harmful: (CampaignState.STOPPED, "harm"), harmless: (CampaignState.RUNNING, None)} == ended
    assert [("operator", 1)] == noted


def test_what_may_not_be_told_is_not_kept(store: Store) -> None:
    """Of too few people nothing is published but that; the first word of a week stands."""
    with store.begin() as session:
        people_who(session, "never_used", 10)
        _, campaign_id = running(session)
        for number, person_id in enumerate(session.scalars(select(PersonRow.person_id)).all()):
            _member(session, campaign_id, person_id, Arm.HELD_OUT if number % 2 else Arm.TREATED, TODAY)
            _resolve(session, person_id, Outcome.YES)
    later = datetime(2026, 3, 30, 3, 0, tzinfo=UTC)
    for _ in range(2):
        follow_campaigns.follow(store, now=later, holidays_of=holidays_of, weekend_of=weekend_of)

    with store.read() as session:
        [row] = session.scalars(select(CampaignResultRow)).all()
    assert (date(2026, 3, 30), {"verdict": "too_few"}) == (row.week, row.result)


def test_a_week_in_which_nothing_ran_swallows_no_result(store: Store) -> None:
    """What was learnt is told on the next Monday on which anything runs, once, and then again only with news."""
    with store.begin() as session:
        people_who(session, "never_used", 2)
        one, other = session.scalars(select(PersonRow.person_id)).all()
        _, campaign_id = running(session)
        _member(session, campaign_id, one, Arm.TREATED, TODAY)
        _resolve(session, one, Outcome.YES)  # on 30 March
    told = []
    for day in (date(2026, 4, 20), date(2026, 4, 20), date(2026, 4, 27)):
        late = datetime(day.year, day.month, day.day, 3, tzinfo=UTC)
        counts = follow_campaigns.follow(store, now=late, holidays_of=holidays_of, weekend_of=weekend_of)
        told.append(counts["published"])
    with store.begin() as session:
        _member(session, campaign_id, other, Arm.HELD_OUT, TODAY)
        session.execute(
            update(CampaignMemberRow)
            .where(CampaignMemberRow.person_id == other)
            .values(outcome=Outcome.NO.value, resolved_on=date(2026, 4, 27))
        )
        assert [campaign_id] == campaign_outcomes.to_publish(session, week=date(2026, 5, 4))

    assert [1, 0, 0] == told


def test_all_campaigns_together_are_told_of_once_two_may_be(store: Store) -> None:
    """The estimate over all stands beside each result of the week, the same in all; one campaign alone makes none."""
    monday = datetime(2026, 3, 30, 3, tzinfo=UTC)
    with store.begin() as session:
        people_who(session, "never_used", 40)
        people = session.scalars(select(PersonRow.person_id).order_by(PersonRow.person_id)).all()
        numbers = [running(session, trigger=trigger)[1] for trigger in ("never_used", "lapsed", "building")]
        for campaign_id, size in zip(numbers, (40, 40, 3), strict=True):
            for place, person_id in enumerate(people[:size]):
                _member(session, campaign_id, person_id, Arm.HELD_OUT if place % 2 else Arm.TREATED, TODAY)
        for place, person_id in enumerate(people):
            _resolve(session, person_id, Outcome.YES if place % 4 < 2 else Outcome.NO)
        assert campaigns.open_all_together(session, now=monday) is None
    follow_campaigns.follow(store, now=monday, holidays_of=holidays_of, weekend_of=weekend_of)

    with store.begin() as session:
        beside = [row.result["all_together"] for row in session.scalars(select(CampaignResultRow))]
        opened = campaigns.open_all_together(session, now=monday)
        noted = [one.times for one in audit.done(session, since=NOW) if one.act == "result_opened"]
    assert opened is not None
    assert {"campaigns", "points", "low_points", "high_points"} == opened.keys()
    assert 2 == opened["campaigns"]
    assert opened["low_points"] < opened["points"] < opened["high_points"]
    assert [opened] * 3 == beside
    assert [1] == noted


def test_switching_off_waits_for_whoever_is_at_the_fence(store: Store) -> None:
    """A pause and the switch for everything come after the message that passes the fence, and before all others."""
    with store.begin() as session:
        people_who(session, "never_used", 1)
        [person_id] = session.scalars(select(PersonRow.person_id)).all()
        key, campaign_id = running(session)
        _member(session, campaign_id, person_id, Arm.TREATED, TODAY)
    order: list[str] = []

    def switch() -> None:
        with store.begin() as session:
            assert campaigns.pause(session, campaign_key=key, now=NOW)
            assert campaigns.halt_all(session, now=NOW)
        order.append("off")

    off = threading.Thread(target=switch)
    with store.begin() as session:
        assert not campaigns.is_halted(session)
        [part] = cohorts.parts(session, person_ids=[person_id], day=TODAY, hold=True)[person_id]
        assert CampaignState.RUNNING is part.campaign.state
        off.start()
        off.join(0.3)
        order.append("sent")
    off.join()

    assert ["sent", "off"] == order
    with store.begin() as session:
        assert campaigns.is_halted(session)


def test_a_cap_counts_what_is_on_its_way(store: Store) -> None:
    """Planned, sent and doubtful messages take a place; skipped and refused ones give it back; other campaigns none.

    A paused campaign has its cap as well: it may go on while others plan.
    """
    with store.begin() as session:
        people_who(session, "never_used", 6)
        people = list(session.scalars(select(PersonRow.person_id)))
        _, campaign_id = running(session, most_messages=10)
        _, other = running(session, most_messages=3, trigger="lapsed")
        _, paused = running(session, most_messages=2, trigger="building", state="paused")
        running(session)
        for person_id, state in zip(
            people, ("planned", "sent", "unknown", "ambiguous", "skipped", "failed"), strict=True
        ):
            _sent(session, campaign_id, person_id, state=state)

        assert {campaign_id: 6, other: 3, paused: 2} == cohorts.room(session)


def test_who_is_full_draws_nobody_and_says_nothing(store: Store) -> None:
    """A campaign whose cap is full takes no wave in, and runs to its last day: when it ends tells of nobody."""
    with store.begin() as session:
        people_who(session, "never_used", 3)
        one, *_ = session.scalars(select(PersonRow.person_id)).all()
        key, full = running(session, kind=Kind.RECURRING.value, most_messages=1, last_day=TODAY + 5 * DAY)
        _, still = running(session, kind=Kind.RECURRING.value, most_messages=2)
        for campaign_id in (full, still):
            _sent(session, campaign_id, one)

        assert [still] == cohorts.due(session, day=TODAY)
        ends: list[tuple[str, str | None]] = []
        for days in (0, 6, 7):
            cohorts.finish(session, now=NOW + days * DAY)
            found = campaigns.find(session, campaign_key=key)
            assert found is not None
            ends.append((found.state.value, found.why_ended))
    assert [("running", None), ("running", None), ("done", "last_day")] == ends


def test_audiences_are_asked_for_by_their_own_words(store: Store) -> None:
    """Whoever is in a campaign about the same is in no other one, until their 28 days are over."""
    with store.begin() as session:
        people_who(session, "never_used", 20)
        assert Audience("never_used") == PLAN.audience
        first_key, first = running(session)
        _, second = running(session)
        assert 20 == cohorts.take_in(session, campaign_id=first, day=TODAY)
        assert 0 == cohorts.take_in(session, campaign_id=second, day=TODAY)
        campaigns.stop(session, campaign_key=first_key, now=NOW)
        _, third = running(session)
        assert 0 == cohorts.take_in(session, campaign_id=third, day=TODAY + 13 * DAY)
        session.execute(update(CampaignMemberRow).values(enrolled_on=TODAY - 28 * DAY))
        _, fourth = running(session)
        assert 20 == cohorts.take_in(session, campaign_id=fourth, day=TODAY)


def _member(session: Session, campaign_id: int, person_id: int, arm: Arm, day: date) -> None:
    drawn = {"stratum": "none never_used", "arm": arm.value, "enrolled_on": day}
    session.add(CampaignMemberRow(campaign_id=campaign_id, person_id=person_id, **drawn))
    session.flush()


def _resolve(session: Session, person_id: int, outcome: Outcome) -> None:
    whose = CampaignMemberRow.person_id == person_id
    session.execute(update(CampaignMemberRow).where(whose).values(outcome=outcome.value, resolved_on=date(2026, 3, 30)))


def _sent(
    session: Session, campaign_id: int, person_id: int, *, answer: str | None = None, state: str = "sent"
) -> None:
    session.add(
        NudgeRow(
            nudge_key=f"{campaign_id}-{person_id}",
            person_id=person_id,
            tip_id="t",
            topic="t",
            trigger="never_used",
            rule_version="1",
            facts={},
            planned_at=NOW,
            due_at=NOW,
            expires_at=NOW + 7 * DAY,
            state=state,
            sent_at=NOW if state == "sent" else None,
            answer=answer,
            campaign_id=campaign_id,
            campaign_step=0,
        )
    )
    session.flush()
