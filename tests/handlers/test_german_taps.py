"""Somebody whose Slack is in German taps: what follows a message is in German, what they ask for by word in English."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import update

from bot.domain.nudging import Plan
from bot.domain.occasions import CHECK_IN, QUESTION
from bot.domain.roster import PersonRecord
from bot.domain.tips import SAMPLE_FACTS
from bot.playground.cast import FINN, GUS, Member
from bot.store import nudges, people
from bot.store.tables import NudgeRow
from bot.views import check_in as check_in_views
from bot.views import tip as tip_views
from bot.views.ids import Action, Payload
from tests.handlers import office
from tests.handlers.office import Office

TIP = "w15-keep-one-conversation-warm"


@pytest.fixture(scope="module")
def german(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office in which two have Slack in German."""
    with office.opened(tmp_path_factory.mktemp("german"), "socket") as opened:
        records = [PersonRecord(one.email, locale="de-DE", slack_user_id=one.slack_id) for one in (FINN, GUS)]
        with opened.desk.store.begin() as session:
            people.save_people(session, records=records, now=opened.desk.clock.now())
        yield opened


def send(at: Office, member: Member, trigger: str) -> str:
    """A tip, or the question, as delivery would have said it in German; returns its key."""
    desk, person_id = at.desk, at.person(member)
    assert person_id is not None
    with desk.store.begin() as session:
        tip = next((tip for tip in desk.tips(session) if tip.tip_id == TIP and trigger != CHECK_IN), QUESTION)
        plan = Plan(tip, trigger, dict(SAMPLE_FACTS), due_at=desk.clock.now(), expires_at=desk.clock.now())
        nudge_id = nudges.plan(session, person_id=person_id, plan=plan, rule_version="v", now=desk.clock.now())
        session.execute(update(NudgeRow).where(NudgeRow.nudge_id == nudge_id).values(state="sent"))
        key = session.get_one(NudgeRow, nudge_id).nudge_key
    if trigger == CHECK_IN:
        message = check_in_views.message(nudge_key=key, introduce_by=None, locale="de-DE")
    else:
        message = tip_views.message(
            nudge_key=key, tip=tip, trigger=trigger, facts=SAMPLE_FACTS, introduce_by=None, locale="de-DE"
        )
    channel = desk.slack.open_dm(member.slack_id)
    desk.slack.post(channel, text=message.text, blocks=message.blocks, nudge_key=key)
    return key


def test_tip_is_answered_in_german(german: Office) -> None:
    """Steps, thanks, taking back, a snooze and a stop: each in the language of the message."""
    key = send(german, FINN, "W15")

    assert "So geht es, in kleinen Schritten:" in german.press(FINN, Action.SHOW_ME).text
    assert (
        "Keine Nachrichten bis zum 30. März." in german.press(FINN, Action.SNOOZE, choose=Payload(key, 4).dump()).text
    )
    assert "Keine Nachrichten mehr. Auch eine schon geplante" in german.press(FINN, Action.STOP).text
    again = send(german, FINN, "W15")
    meant = german.press(FINN, Action.WAS_MEANT, value=Payload(again).dump()).text
    back = german.press(FINN, Action.TAKE_BACK).text

    assert "Notiert: Das war so gewollt." in meant
    assert "Zurücknehmen" in meant
    assert back.startswith("Eine private Nachricht von Kindling.")
    assert "Das war so gewollt" in back


def test_question_is_answered_in_german(german: Office) -> None:
    """What was said, what may be said besides, and "do not ask me this again"."""
    key = send(german, GUS, CHECK_IN)

    said = german.press(GUS, Action.HELPED_CLEARLY).text
    more = german.press(GUS, Action.SAVING, choose=Payload(key, choice="up_to_an_hour").dump()).text
    send(german, GUS, CHECK_IN)

    assert "Du hast gesagt: „Ja, deutlich“." in said
    assert "„30 bis 60 Minuten“ nach deinem Gefühl" in more
    assert "Notiert: Ich frage dich das nicht mehr." in german.press(GUS, Action.NO_QUESTIONS).text


def test_command_stays_english(german: Office) -> None:
    """The card and the commands are in English for everybody, and so are their confirmations."""
    assert "No messages until 16 March." in german.ask(FINN, "snooze 2w").text
    assert german.ask(FINN).text.startswith("Your card from Kindling.")
