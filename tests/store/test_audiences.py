"""Counting an audience in the database: who is meant, why others would hear nothing, and that an answer stands."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import product

from sqlalchemy import func, select

from bot.domain.audience import LEAST_LEFT_OUT, week_of
from bot.domain.campaigns import Arm, Audience, CampaignState
from bot.domain.nudging import Silence
from bot.domain.occasions import is_speakable
from bot.domain.waste import DETECTORS
from bot.domain.waste.finding import Ledger
from bot.domain.waste.ledger import CountedFinding
from bot.store import audiences, audit, campaigns, findings
from bot.store.database import Session, Store
from bot.store.tables import (
    AudienceCountRow,
    CampaignMemberRow,
    CampaignRow,
    IdentityRow,
    PersonRow,
    PreferenceRow,
    SeatRow,
    SilenceRow,
    StateRow,
    TeamPersonRow,
    UsageDayRow,
)
from tests.store.test_campaigns import ADA, PLAN

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
TODAY = NOW.date()
YESTERDAY = TODAY - timedelta(days=1)


def somebody(session: Session, state: str = "never_used", *, judged: date = YESTERDAY, **person: object) -> int:
    """A person in a state."""
    row = PersonRow(created_at=NOW, **person)
    session.add(row)
    session.flush()
    said = {"reason": "r", "rule_version": "v", "evidence": {}}
    session.add(StateRow(person_id=row.person_id, first_day=judged, last_day=judged, state=state, **said))
    session.flush()
    return row.person_id


def meant(session: Session, audience: Audience) -> set[int]:
    """Who is meant, as only a test may ask."""
    return {row.person_id for row in session.execute(audiences.meant(audience, day=TODAY))}


def test_each_word_narrows(store: Store) -> None:
    """State, role, tool held or used, and published group; not who left, nor whose state is old or of another time."""
    with store.begin() as session:
        dev = somebody(session, role="dev")
        biz = somebody(session, role="biz")
        somebody(session, "habitual")
        somebody(session, ended_on=YESTERDAY)
        somebody(session, judged=TODAY - timedelta(days=15))
        changed = somebody(session, judged=TODAY - timedelta(days=5))
        said = {"reason": "r", "rule_version": "v", "evidence": {}}
        session.add(StateRow(person_id=changed, first_day=YESTERDAY, last_day=YESTERDAY, state="building", **said))
        session.add(SeatRow(person_id=dev, tool="copilot", assigned_on=YESTERDAY))
        session.add(SeatRow(person_id=biz, tool="codex", assigned_on=date(2026, 1, 1), released_on=YESTERDAY))
        use = {"source": "s", "day": YESTERDAY, "subject": "x", "model": "m", "active": True, "fetched_at": NOW}
        session.add(UsageDayRow(person_id=biz, tool="cursor", **use))
        session.add(TeamPersonRow(group_key="g", person_id=biz))
        session.flush()

        assert {dev, biz} == meant(session, Audience("never_used"))
        assert {dev} == meant(session, Audience("never_used", role="dev"))
        assert {dev} == meant(session, Audience("never_used", tool="copilot"))
        assert {biz} == meant(session, Audience("never_used", tool="cursor"))
        assert set() == meant(session, Audience("never_used", tool="codex"))
        assert {biz} == meant(session, Audience("never_used", group_key="g"))
        assert {changed} == meant(session, Audience("building"))


def test_a_pattern_counts_when_something_may_be_said_of_it(store: Store) -> None:
    """Over every ledger, price and detector the database answers as the policy does."""
    with store.begin() as session:
        people = {}
        for detector, ledger, counted, low in product(("W01", "W15"), Ledger, (None, 0, 5), (None, 0, 7)):
            person_id = somebody(session, "habitual")
            found = CountedFinding(detector, "1", "t", ledger, counted, 0, low, low, 0.5, 1, "", {})
            findings.replace(session, window_last_day=YESTERDAY, counted={person_id: [found]})
            people[person_id] = found
        for detector in ("W01", "W15"):
            speakable = {who for who, found in people.items() if found.detector == detector and is_speakable(found)}
            assert speakable
            assert speakable == meant(session, Audience(detector))
            assert speakable == meant(session, Audience(detector, tool="t"))
            assert set() == meant(session, Audience(detector, tool="other"))
    assert {"W01", "W15"} <= set(DETECTORS)


def test_the_first_answer_of_a_week_stands(store: Store) -> None:
    """Later in the week the same is said, whoever came or left; next week it is counted anew. Each asking is noted."""
    with store.begin() as session:
        people = [somebody(session) for _ in range(60)]
        first = audiences.count(session, audience=Audience("never_used"), now=NOW)
        for person_id in people[:50]:
            session.get_one(PersonRow, person_id).ended_on = YESTERDAY
        session.flush()
        again = audiences.count(session, audience=Audience("never_used"), now=NOW + timedelta(days=4))
        next_week = audiences.count(session, audience=Audience("never_used"), now=NOW + timedelta(days=7))
        noted = audit.done(session, since=NOW - timedelta(days=1))

    assert first in (50, 60, 70)
    assert first == again
    assert next_week is None
    assert week_of(TODAY) == TODAY
    assert 3 == sum(one.times for one in noted if one.act is audit.Act.AUDIENCE_COUNTED)


def test_cuts_of_nearly_the_same_people_get_one_answer(store: Store) -> None:
    """A role, a team and a tool that nearly everybody has give no further draws; one that leaves out ten is a cut."""
    with store.begin() as session:
        for number in range(80):
            who = somebody(session, role="dev" if number > 8 else "biz")
            if number < 75:
                session.add(TeamPersonRow(group_key="g", person_id=who))
                session.add(SeatRow(person_id=who, tool="copilot", assigned_on=YESTERDAY))
            session.add_all([TeamPersonRow(group_key="h", person_id=who)] if number < 70 else [])
        session.flush()
        same = [{}, {"role": "dev"}, {"group_key": "g"}, {"tool": "copilot"}, {"group_key": "g", "tool": "copilot"}]
        said = [audiences.counted(session, audience=Audience("never_used", **cut), now=NOW) for cut in same]
        dry = [audiences.dry_run(session, audience=Audience("never_used", **cut), now=NOW) for cut in same]
        drawn = [
            audiences._told_as(session, Audience("never_used", group_key=key, role="dev"), TODAY) for key in ("g", "h")
        ]

    assert [said[0]] * len(same) == said
    assert [dry[0]] * len(same) == dry
    assert [Audience("never_used"), Audience("never_used", group_key="h")] == drawn


def test_nobody_reads_that_a_whole_team_is_meant(store: Store) -> None:
    """A team of 39 that all match is told like one in which five do not: never as more than 34 people, moved by six."""
    with store.begin() as session:
        people = [somebody(session) for _ in range(39)]
        session.add_all(TeamPersonRow(group_key="g", person_id=person_id) for person_id in people)
        said = audiences.count(session, audience=Audience("never_used", group_key="g"), now=NOW)

    assert said in (30, 40)


def test_a_dry_run_says_why_others_would_hear_nothing(store: Store) -> None:
    """Each reason that holds for enough people is told, blurred; a reason of a few is not told from none."""
    groups = ("stopped", "paused", "snoozed", "weekly_cap", "held_out", "in_another_campaign", "no_slack_account")
    with store.begin() as session:
        key = campaigns.create(session, plan=PLAN, author_slack_id=ADA, now=NOW)
        campaign_id = session.scalar(select(CampaignRow.campaign_id).where(CampaignRow.campaign_key == key))
        session.query(CampaignRow).update({"state": CampaignState.RUNNING.value})
        for name in (*groups, "nothing_to_say", "hearing"):
            for number in range(40):
                person_id = somebody(session)
                if name != "no_slack_account":
                    _has_account(session, person_id, f"U{name}{number}")
                session.add_all(_because(name, person_id, campaign_id or 0))
        for number in range(5):
            person_id = somebody(session)
            _has_account(session, person_id, f"Ufew{number}")
            session.add_all(_because("four_week_cap", person_id, 0))
        session.flush()
        found = audiences.dry_run(session, audience=Audience("never_used"), now=NOW)
        assert found == audiences.dry_run(session, audience=Audience("never_used"), now=NOW + timedelta(days=1))

    assert set(groups) == set(found.silences)
    assert all(one in (30, 40, 50) for one in found.silences.values())
    assert found.hearing in (70, 80, 90)
    assert found.people in (350, 360, 370, 380)


def test_reasons_are_those_of_the_policy() -> None:
    """What is read from last night's silences is spelled as the policy spells it."""
    assert set(audiences.HOLDING) <= {reason.value for reason in Silence}
    assert audiences.HELD_OUT == Silence.HELD_OUT


def _has_account(session: Session, person_id: int, slack_id: str) -> None:
    known = {"method": "m", "confidence": "c", "first_seen_at": NOW}
    session.add(IdentityRow(source="slack", external_id=slack_id, person_id=person_id, **known))


def _because(name: str, person_id: int, campaign_id: int) -> list[object]:
    wishes = {"stopped": {"stopped_at": NOW}, "paused": {"paused_at": NOW}}
    wishes["snoozed"] = {"snoozed_until": NOW + timedelta(days=9)}
    arms = {"held_out": Arm.HELD_OUT, "in_another_campaign": Arm.TREATED}
    if name in wishes:
        return [PreferenceRow(person_id=person_id, **wishes[name])]
    if name in arms:
        drawn = {"stratum": "s", "arm": arms[name].value, "enrolled_on": YESTERDAY}
        return [CampaignMemberRow(campaign_id=campaign_id, person_id=person_id, **drawn)]
    if name in ("weekly_cap", "four_week_cap", "nothing_to_say"):
        return [SilenceRow(person_id=person_id, first_day=YESTERDAY, last_day=TODAY, reason=name)]
    return []


def test_nothing_of_it_names_a_person(store: Store) -> None:
    """What is kept of an answer is a number or nothing, for a cut that is told by a hash."""
    with store.begin() as session:
        for _ in range(60):
            somebody(session, role="dev")
        for _ in range(LEAST_LEFT_OUT):
            somebody(session, role="biz")
        audiences.dry_run(session, audience=Audience("never_used", role="dev"), now=NOW)
        rows = session.execute(select(func.count(AudienceCountRow.cut))).scalar_one()
        kept = session.scalars(select(AudienceCountRow)).all()

    assert 20 == rows
    assert all(row.people is None or row.people % 10 == 0 for row in kept)
    assert not [row.cut for row in kept if "dev" in row.cut or "never" in row.cut]
