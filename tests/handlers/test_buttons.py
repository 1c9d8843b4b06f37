"""Buttons: under a tip, on the card, in App Home, and the ones that nobody made."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.domain.nudging import Plan
from bot.domain.roster import PersonRecord
from bot.domain.tips import Fact
from bot.domain.told import Answer
from bot.playground.cast import ADA, BEN, CHIDI, DANA, EMI, FINN, GUS, HANA, Member
from bot.playground.journal import Shown
from bot.store import nudges, people, preferences
from bot.store.tables import NudgeRow
from bot.views import tip as tip_views
from bot.views.ids import Action, Payload
from tests.handlers import office
from tests.handlers.office import Office


@pytest.fixture(scope="module", params=["socket", "http"])
def with_tips(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office in which some members have got a tip already."""
    with office.opened(tmp_path_factory.mktemp("tips"), request.param) as opened:
        for member in (ADA, BEN, CHIDI, DANA, EMI):
            send_tip(opened, member)
        yield opened


def send_tip(office: Office, member: Member) -> str:
    """Plan a tip for this member and say it, as delivery would; returns its key."""
    key = plan_tip(office, member)
    desk = office.desk
    person_id = office.person(member)
    assert person_id is not None
    with desk.store.begin() as session:
        nudge = nudges.find(session, nudge_key=key, person_id=person_id)
        assert nudge is not None
        row = session.scalars(select(NudgeRow).where(NudgeRow.nudge_key == key)).one()
        row.state, row.sent_at = "sent", desk.clock.now()
        tip = next(tip for tip in desk.tips(session) if tip.tip_id == nudge.tip_id)
    message = tip_views.message(
        nudge_key=key, tip=tip, trigger="never_used", facts=nudge.facts, introduce_by=desk.settings.set_up_by
    )
    channel = desk.slack.open_dm(member.slack_id)
    desk.slack.post(channel, text=message.text, blocks=message.blocks, nudge_key=key)
    return key


def plan_tip(office: Office, member: Member) -> str:
    desk, now = office.desk, office.desk.clock.now()
    with desk.store.read() as session:
        tip = next(tip for tip in desk.tips(session) if "never_used" in tip.triggers)
    facts: dict[str, Fact] = {
        "tools": ["claude_code"],
        "seat_since": "2026-01-05",
        "seen_by": "the one source I can see",
        "first_day": "2026-02-02",
        "last_day": "2026-03-01",
        "state": "never_used",
    }
    plan = Plan(tip, "never_used", facts, due_at=now, expires_at=now + timedelta(days=7))
    person_id = office.person(member)
    assert person_id is not None
    with desk.store.begin() as session:
        nudge_id = nudges.plan(session, person_id=person_id, plan=plan, rule_version="nudges-1", now=now)
        return session.scalars(select(NudgeRow.nudge_key).where(NudgeRow.nudge_id == nudge_id)).one()


def stored(office: Office, member: Member) -> nudges.StoredNudge:
    person_id = office.person(member)
    assert person_id is not None
    with office.desk.store.read() as session:
        newest = select(NudgeRow.nudge_key).where(NudgeRow.person_id == person_id).order_by(NudgeRow.nudge_id.desc())
        nudge = nudges.find(session, nudge_key=session.scalars(newest).first() or "", person_id=person_id)
    assert nudge is not None
    return nudge


def test_answer_is_kept_and_thanked_for_in_place(with_tips: Office) -> None:
    """The tapped message turns into the same one with a short thanks, and the answer is kept."""
    choose = Payload(stored(with_tips, ADA).nudge_key, choice=Answer.OTHER_TOOL.value).dump()

    shown = with_tips.press(ADA, Action.BARRIER, choose=choose)

    assert "update" == shown.surface
    assert "Noted: you use something else" in shown.text
    assert Answer.OTHER_TOOL is stored(with_tips, ADA).answer


def test_why_explains_from_what_was_stored(with_tips: Office) -> None:
    """Why this? answers with the rule and the inputs, privately."""
    shown = with_tips.press(BEN, Action.WHY_TIP)

    assert "ephemeral" == shown.surface
    assert "Why you got this" in shown.text


def test_snooze_under_a_tip(with_tips: Office) -> None:
    """Choosing four weeks under the tip is confirmed with the day on which they end."""
    choose = '{"n":"' + stored(with_tips, CHIDI).nudge_key + '","w":4}'

    shown = with_tips.press(CHIDI, Action.SNOOZE, choose=choose)

    assert "30 March" in shown.text


def test_stop_ends_what_was_planned(with_tips: Office) -> None:
    """Stop takes effect at once: the tip that was already planned is skipped, with the reason."""
    key = plan_tip(with_tips, DANA)

    with_tips.press(DANA, Action.STOP)

    person_id = with_tips.person(DANA)
    assert person_id is not None
    with with_tips.desk.store.read() as session:
        nudge = nudges.find(session, nudge_key=key, person_id=person_id)
        assert preferences.load(session, person_ids=[person_id])[person_id].stopped_at is not None
    assert nudge is not None
    assert ("skipped", "stopped") == (nudge.state, nudge.reason)


def test_somebody_elses_key_leads_nowhere(with_tips: Office) -> None:
    """A button with the key of another person's message changes nothing and shows nothing of theirs."""
    theirs = stored(with_tips, EMI)
    desk = with_tips.desk
    block = {
        "type": "actions",
        "elements": [
            {
                "type": "button",
                "action_id": Action.HELPFUL.value,
                "text": {"type": "plain_text", "text": "Helpful"},
                "value": '{"n":"' + theirs.nudge_key + '"}',
            }
        ],
    }
    desk.slack.post(desk.slack.open_dm(FINN.slack_id), text="forwarded", blocks=[block])

    shown = with_tips.press(FINN, Action.HELPFUL)

    assert "I hold nothing about that message" in shown.text
    assert stored(with_tips, EMI).answer is None


@pytest.mark.parametrize(
    ("action", "value"),
    [
        ("invented", None),
        (Action.HELPFUL.value, "not json"),
        (Action.HELPFUL.value, '{"n":"x","p":1}'),
        ("stop_", "{}"),
    ],
)
def test_button_that_nobody_made_is_answered(with_tips: Office, action: str, value: str | None) -> None:
    """An unknown id, or a payload that we would not have written, gets a sentence and changes nothing."""
    element = {"type": "button", "action_id": action, "text": {"type": "plain_text", "text": "?"}}
    block = {"type": "actions", "elements": [element | ({"value": value} if value else {})]}
    desk = with_tips.desk
    desk.slack.post(desk.slack.open_dm(HANA.slack_id), text="strange", blocks=[block])

    shown = with_tips.press(HANA, action, value=value)

    assert "I do not know that button" in shown.text


@pytest.mark.parametrize("action", [Action.WHY_CARD, Action.WHAT_IS_HELD])
def test_ways_on_from_the_card(with_tips: Office, action: Action) -> None:
    """The buttons under the card answer privately."""
    with_tips.ask(HANA)

    shown = with_tips.press(HANA, action)

    assert "ephemeral" == shown.surface


def test_keeping_is_answered_and_erases_nothing(with_tips: Office) -> None:
    """Keep it: said in place of the question."""
    with_tips.ask(HANA, "forget")

    shown = with_tips.press(HANA, Action.KEEP)

    assert "Nothing was erased" in shown.text
    assert with_tips.person(HANA) is not None


def test_home_shows_the_card_and_follows_every_wish(with_tips: Office) -> None:
    """App Home carries the card; a pause there shows on the page itself, and a question opens a dialog."""
    opened = with_tips.open_home(ADA)
    paused = with_tips.press(ADA, Action.PAUSE)
    asked = with_tips.press(ADA, Action.WHY_CARD)

    assert ["home", "home", "modal"] == [shown.surface for shown in (opened, paused, asked)]
    assert "Habit" in opened.words()
    assert "Paused until you resume" in paused.words()
    assert "Habit" in asked.words()


def test_erasing_from_home_clears_the_page(with_tips: Office) -> None:
    """After erasing, App Home says that nothing is held."""
    with_tips.open_home(BEN)
    with_tips.press(BEN, Action.FORGET_NOW)

    def pages() -> list[Shown]:
        return [
            s
            for s in with_tips.slack.journal.to(BEN.slack_id)
            if s.surface == "home" and "I do not find you" in s.words()
        ]

    assert with_tips.wait_for(pages)
    assert with_tips.person(BEN) is None


def test_whoever_objects_is_left_out(with_tips: Office) -> None:
    """The button under the question before erasing does it at once; the next roster makes nobody of them."""
    with_tips.ask(GUS, "forget")
    told = with_tips.press(GUS, Action.LEAVE_OUT)
    with with_tips.desk.store.begin() as session:
        people.save_people(session, records=[PersonRecord(GUS.email)], now=with_tips.desk.clock.now())

    assert "nothing about you is kept" in told.words()
    assert with_tips.person(GUS) is None
    assert "I do not find you" in with_tips.ask(GUS).words()


def test_nobody_was_shown_anything_in_public(with_tips: Office, tmp_path: Path) -> None:
    """Over all of the above not one message went to a channel."""
    assert not [shown for shown in with_tips.slack.journal.entries() if shown.surface == "in_channel"]
