"""`/ai-nudge tips`: leads write, change, end and translate tips; nothing wrong is saved, and nobody else may."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from bot.domain.campaigns import Audience, Campaign, CampaignState, Kind, Plan, Step
from bot.domain.languages import ENGLISH
from bot.domain.roster import PersonRecord
from bot.domain.tips import Tip
from bot.playground.cast import ADA, GUS, HANA, ROBIN, Member
from bot.playground.journal import Shown
from bot.playground.workspace import View
from bot.sources.tip_library import load_tips
from bot.store import campaigns, own_tips, people
from bot.store.tables import AuditRow, CampaignRow, OwnTipRow
from bot.views import campaign_home, campaign_page, tip_editor
from bot.views.ids import Action, Callback, Payload
from tests import postgres
from tests.conftest import MONDAY_MORNING
from tests.handlers import office
from tests.handlers.office import Office

TODAY = MONDAY_MORNING.date()
NOTHING = campaign_home.nothing(stats_command="/ai-stats").blocks
SHIPPED = "p03-before-the-break"
KEY = Payload(tip_id=SHIPPED).dump()
GOOD: dict[str, Any] = {
    "id": "n01-our-own-page",
    "topic": "our-page",
    "triggers": ["building", "first_steps"],
    "roles": ["dev"],
    "owner": "Robin's team",
    "expires_on": "2026-12-31",
    "link_kind": "internal",
    "link": "https://wiki.lantern.example/ai",
    "text": "Between {first_day} and {last_day} I saw use on {days_used}.\nThere is a page of our own.",
    "try": "Read its first part.",
    "how": "1. Open it.\n2. Read.",
}
WRONG: list[tuple[str, Any, str]] = [
    ("id", "Our Page", "small letters"),
    ("id", SHIPPED, "is there already"),
    ("topic", "our page", "small letters"),
    ("expires_on", "2026-03-01", "choose today or a later one"),
    ("link", "wiki", "no web address"),
    ("text", "You used it on {days}.", "Unknown placeholder {days}"),
    ("text", "word " * 80, "cut them to 350"),
    ("try", "Do it now!", "no exclamation mark"),
    ("try", "Unlock it.", "not how we speak"),
    ("how", "step " * 400, "cut them to 1500"),
]


@pytest.fixture(scope="module", params=["socket-sqlite", "http-postgresql"])
def leads(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office with three leads, once on each transport and each database."""
    transport, kind = request.param.split("-")
    told = {"KINDLING_LEADS": f"{ROBIN.email},{HANA.email},{GUS.email}"}
    folder = tmp_path_factory.mktemp("tips")
    if kind == "sqlite":
        with office.opened(folder, transport, told=told) as opened:
            yield opened
        return
    template = request.getfixturevalue("migrated_pg").rsplit("/", 1)[1]
    with (
        postgres.database(request.getfixturevalue("pg_server"), template=template) as url,
        office.opened(folder, transport, told={**told, "KINDLING_DATABASE_URL": url}) as opened,
    ):
        yield opened


@pytest.fixture(autouse=True)
def _as_shipped(leads: Office) -> Iterator[None]:
    """Each test begins without open modals, own tips and written-down acts."""
    yield
    leads.slack.workspace.modals.clear()
    with leads.desk.store.begin() as session:
        session.execute(delete(OwnTipRow))
        session.execute(delete(AuditRow))
        session.execute(delete(CampaignRow))


def ask(leads: Office, member: Member, text: str = "tips") -> Shown:
    seen = len(leads.slack.journal.entries())
    reply = leads.slack.command(member.slack_id, leads.desk.settings.nudge_command, text)
    assert "" == reply.problem
    return leads.next_for(member, seen)


def opened(leads: Office, *actions: Action, lead: Member = ROBIN) -> Shown:
    """The page of the shipped tip, and what these buttons on it lead to."""
    ask(leads, lead)
    shown = leads.press(lead, Action.TIP_OPEN, choose=KEY)
    for action in actions:
        shown = leads.press(lead, action)
    return shown


def sent(leads: Office, typed: Mapping[str, Any] | None = None, *, lead: Member = ROBIN) -> Shown:
    """What comes in place of the open form when it is sent like this."""
    seen = len(leads.slack.journal.entries())
    reply = leads.slack.submit(lead.slack_id, **(typed or {}))
    assert ("", None) == (reply.problem, reply.body.get("errors"))
    return leads.next_for(lead, seen)


def refused(leads: Office, **typed: Any) -> dict[str, str]:
    """What is wrong with the open form when it is sent like this, by field."""
    errors: dict[str, str] = leads.slack.submit(ROBIN.slack_id, **typed).body["errors"]
    return errors


def words(shown: Shown) -> str:
    return json.dumps(shown.blocks, ensure_ascii=False)


def elsewhere(leads: Office, tip_id: str = SHIPPED) -> Tip | None:
    """The tip as another process sees it, with files of its own and the same database."""
    with leads.desk.store.read() as session:
        return {tip.tip_id: tip for tip in own_tips.library(load_tips())(session)}.get(tip_id)


def acts(leads: Office) -> list[tuple[str, str]]:
    with leads.desk.store.read() as session:
        return [(row.role, row.act) for row in session.scalars(select(AuditRow))]


def test_all_tips_are_listed_with_words_alone(leads: Office) -> None:
    """Every tip by its family, when it comes, its languages and its end: and of how many or of whom not a word."""
    said = words(ask(leads, ROBIN))

    assert len(load_tips()) == said.count("• ")
    assert "Before the break: “Long conversations taken up cold”. In English and German, until 30 June 2027." in said
    assert [] == acts(leads)


def test_preview_is_what_people_get(leads: Office) -> None:
    """With invented facts, first in English and then in German, each with its own buttons, which do nothing."""
    said = words(opened(leads, Action.TIP_PREVIEW))

    assert "taken up again after a break, 9 times" in said
    assert "nach einer Pause wieder aufgenommen, 9-mal" in said
    assert "Stop these messages" in said
    assert "Keine Nachrichten mehr" in said
    assert Action.STOP.value not in said


def test_new_tip_acts_at_once_everywhere(leads: Office) -> None:
    """Written, looked at, saved: then every process has it, and one act of a lead is written down."""
    ask(leads, ROBIN)
    leads.press(ROBIN, Action.TIP_NEW)
    looked_at = sent(leads, GOOD)
    before = elsewhere(leads, GOOD["id"]), acts(leads)
    saved = sent(leads)

    assert (None, []) == before
    assert "Nothing is saved yet" in words(looked_at)
    assert "I saw use on 5 days. There is a page of our own." in words(looked_at)
    assert tip_editor.SAVED in words(saved)
    tip = elsewhere(leads, GOOD["id"])
    assert tip is not None
    assert (frozenset({"building", "first_steps"}), frozenset({"dev"})) == (tip.triggers, tip.roles)
    assert (date(2026, 12, 31), GOOD["link"], {}) == (tip.expires_on, tip.link, tip.elsewhere)
    assert [("lead", "tip_changed")] == acts(leads)


def test_mistake_stands_beside_its_field(leads: Office) -> None:
    """One sentence beside the field that is wrong; the form stays as it was typed, and nothing is kept."""
    ask(leads, ROBIN)
    leads.press(ROBIN, Action.TIP_NEW)

    for field, typed, reason in WRONG:
        found = refused(leads, **{**GOOD, field: typed})
        assert {field} == set(found), reason
        assert reason in found[field]
        assert (False, ".") == (found[field][0].islower(), found[field][-1])
        assert "A new tip" == leads.slack.workspace.modals[ROBIN.slack_id][-1].content["title"]["text"]
    assert (None, []) == (elsewhere(leads, GOOD["id"]), acts(leads))


def test_shipped_tip_can_be_changed(leads: Office) -> None:
    """What was typed goes before the file; the German words stay, and the lead is told to look at them."""
    opened(leads, Action.TIP_EDIT)
    sent(leads, {"try": "Ask for three lines, and start fresh from them.", "roles": []})
    saved = words(sent(leads))

    tip, file = elsewhere(leads), next(tip for tip in load_tips() if tip.tip_id == SHIPPED)
    assert tip is not None
    assert "Ask for three lines, and start fresh from them." == tip.try_this
    assert Tip(**{**vars(file), "try_this": tip.try_this}) == tip
    assert "Its words in other languages are those of before" in saved


def test_draft_can_be_changed_again(leads: Office) -> None:
    """From the look at it back to the form: all that was typed is there, and still nothing is saved."""
    opened(leads, Action.TIP_EDIT)
    sent(leads, {"try": "Ask for three lines, and start fresh from them.", "topic": "three-lines"})
    leads.press(ROBIN, Action.TIP_CHANGE)
    again = sent(leads)

    assert "Ask for three lines, and start fresh from them." in words(again)
    assert "three-lines" in leads.slack.workspace.modals[ROBIN.slack_id][-1].content["private_metadata"]
    assert [] == acts(leads)


def test_translation_is_saved_beside_the_english(leads: Office) -> None:
    """The English words stand above the fields; German ones are checked as German, and only they change."""
    form = words(opened(leads, Action.TIP_TRANSLATE))
    wrong = refused(leads, text="Weil {innocent_reason}")
    sent(leads, {"try": "Bitte vor der Pause um drei Zeilen."})
    sent(leads)

    tip, file = elsewhere(leads), next(tip for tip in load_tips() if tip.tip_id == SHIPPED)
    assert tip is not None
    assert file.text in json.loads(form)[0]["text"]["text"]
    assert "cannot be said in German" in wrong["text"]
    assert "Bitte vor der Pause um drei Zeilen." == tip.elsewhere["de"].try_this
    assert Tip(**{**vars(file), "elsewhere": tip.elsewhere}) == tip
    assert [("lead", "tip_changed")] == acts(leads)


def test_end_acts_at_once(leads: Office) -> None:
    """The tip is over since yesterday, in every process; a later day in the form brings it back."""
    page = words(opened(leads, Action.TIP_END))
    ended = elsewhere(leads)
    leads.press(ROBIN, Action.TIP_EDIT)
    over = refused(leads)
    sent(leads, {"expires_on": "2026-09-30"})
    sent(leads)
    back = elsewhere(leads)

    assert ended is not None
    assert back is not None
    assert tip_editor.ENDED in page
    assert (TODAY - timedelta(days=1), date(2026, 9, 30)) == (ended.expires_on, back.expires_on)
    assert "expires_on" in over


def test_two_leads_at_one_tip(leads: Office) -> None:
    """Whoever saves second is told, with all that was typed, and replaces the other's words only by saving again."""
    opened(leads, Action.TIP_EDIT)
    sent(leads, {"try": "Robin's words."})
    opened(leads, Action.TIP_EDIT, lead=HANA)
    sent(leads, {"try": "Hana's words."}, lead=HANA)
    sent(leads, lead=HANA)
    told, kept = words(sent(leads)), elsewhere(leads)
    sent(leads)
    sent(leads)
    replaced = elsewhere(leads)

    assert tip_editor.CHANGED_MEANWHILE in told
    assert "Robin's words." in told
    assert kept is not None
    assert replaced is not None
    assert ("Hana's words.", "Robin's words.") == (kept.try_this, replaced.try_this)


def test_changed_words_of_an_approved_campaign_are_approved_anew(leads: Office) -> None:
    """They pause it. One lead looks and asks, and only another one lets it go on."""
    key = approved_campaign(leads)
    payload = Payload(campaign_key=key).dump()
    opened(leads, Action.TIP_EDIT)
    sent(leads, {"try": "Ask for three lines."})
    saved = words(sent(leads))
    ask(leads, ROBIN, "")
    before = words(leads.press(ROBIN, Action.NUDGE_OPEN, value=payload))
    asked_for = words(leads.press(ROBIN, Action.NUDGE_START))
    listed = words(ask(leads, HANA, ""))
    theirs = words(leads.press(HANA, Action.NUDGE_OPEN, value=payload))
    went_on = words(leads.press(HANA, Action.NUDGE_APPROVE))

    assert "One campaign that sends it is paused now" in saved
    assert campaign_page.TO_APPROVE_AGAIN in before
    assert ["Go on", "Approve"] == [label for label in ("Go on", "Approve") if label not in before + asked_for]
    assert campaign_page.ASKED in asked_for
    assert "*Wait for a second lead*" in listed
    assert "Approve and go on" in theirs
    assert campaign_page.APPROVED in went_on
    assert (CampaignState.RUNNING, HANA.slack_id) == (found(leads, key).state, found(leads, key).approver_slack_id)


def test_words_that_changed_meanwhile_are_not_approved(leads: Office) -> None:
    """A page that was open while somebody changed the tip approves nothing, and shows how it stands."""
    key = approved_campaign(leads)
    with leads.desk.store.begin() as session:
        session.execute(update(CampaignRow).values(state="waiting", approver_slack_id=None))  # Robin asks
    ask(leads, HANA, "")
    leads.press(HANA, Action.NUDGE_OPEN, value=Payload(campaign_key=key).dump())
    opened(leads, Action.TIP_EDIT, lead=GUS)
    sent(leads, {"try": "Ask for three lines."}, lead=GUS)
    sent(leads, lead=GUS)

    assert campaign_page.REWRITTEN in words(leads.press(HANA, Action.NUDGE_APPROVE))
    assert CampaignState.DRAFT is found(leads, key).state


def approved_campaign(leads: Office) -> str:
    """A running campaign with the shipped tip, which Robin wrote and Hana approved."""
    trigger = min(next(tip for tip in load_tips() if tip.tip_id == SHIPPED).triggers)
    steps, last_day = (Step(SHIPPED, None),), TODAY + timedelta(days=20)
    plan = Plan("Three lines", Kind.ONE_OFF, Audience(trigger), steps, TODAY, last_day)
    with leads.desk.store.begin() as session:
        key = campaigns.create(session, plan=plan, author_slack_id=ROBIN.slack_id, now=MONDAY_MORNING)
        session.execute(
            update(CampaignRow).values(state="running", needs_approval=True, approver_slack_id=HANA.slack_id)
        )
    return key


def found(leads: Office, key: str) -> Campaign:
    with leads.desk.store.read() as session:
        campaign = campaigns.find(session, campaign_key=key)
    assert campaign is not None
    return campaign


def test_others_find_nothing_there(leads: Office) -> None:
    """Neither by the word nor with a form that they got hold of: they read what all others do, and nothing changes."""
    typed = ask(leads, ADA).blocks
    opened(leads, Action.TIP_EDIT)
    form = leads.slack.workspace.modals[ROBIN.slack_id][-1].content
    leads.slack.workspace.modals[ADA.slack_id] = [View("VADA", "hash", form, ADA.slack_id)]
    tried = leads.slack.submit(ADA.slack_id).body["view"]["blocks"]
    tip = tip_editor.drafted(load_tips()[0], ENGLISH)
    forged = {**form, "callback_id": "own_tip_save", "private_metadata": tip.dump(), "blocks": []}
    leads.slack.workspace.modals[ADA.slack_id] = [View("VADA", "hash", forged, ADA.slack_id)]
    saved = leads.slack.submit(ADA.slack_id).body["view"]["blocks"]

    assert [plain(NOTHING)] * 3 == [plain(typed), plain(tried), plain(saved)]
    assert [] == acts(leads)


def plain(blocks: list[dict[str, Any]]) -> list[Any]:
    """Blocks without the ids that Slack adds."""
    return [block["text"] for block in blocks if "text" in block]


def test_role_is_asked_when_the_form_is_sent(leads: Office) -> None:
    """Whoever stopped being a lead while a form was open saves nothing with it."""
    opened(leads, Action.TIP_EDIT, lead=GUS)
    sent(leads, {"topic": "something-of-mine"}, lead=GUS)
    left = PersonRecord(email=GUS.email, ended_on=TODAY - timedelta(days=1), slack_user_id=GUS.slack_id)
    with leads.desk.store.begin() as session:
        people.save_people(session, records=[left], now=MONDAY_MORNING)
    leads.slack.submit(GUS.slack_id)

    tip = elsewhere(leads)
    assert tip is not None
    assert "something-of-mine" != tip.topic
    assert [] == acts(leads)


JUNK = ["", "{}", '{"t":"x","l":"xx","n":true,"f":{}}', '{"t":"a","l":"en","n":1,"w":"","f":{"id":"b"}}']


def test_form_that_we_did_not_make_changes_nothing(leads: Office) -> None:
    """What a view carried has been on somebody's machine: anything that we would not have written is refused."""
    opened(leads, Action.TIP_EDIT)
    view = leads.slack.workspace.modals[ROBIN.slack_id][-1]
    for callback in (Callback.TIP_FORM, Callback.TIP_SAVE):
        for metadata in JUNK:
            view.content = {**view.content, "callback_id": callback.value, "private_metadata": metadata}
            assert "was not saved" in json.dumps(leads.slack.submit(ROBIN.slack_id).body)

    assert [] == acts(leads)
