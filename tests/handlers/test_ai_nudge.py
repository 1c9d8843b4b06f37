"""`/ai-nudge`: leads plan, look at, start, approve, pause and stop; everybody else reads one sentence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.domain.campaigns import Audience, CampaignState, Kind, Plan, Step, print_of
from bot.domain.roster import PersonRecord
from bot.playground.cast import ADA, CHIDI, HANA, ROBIN, Member
from bot.playground.journal import Shown
from bot.store import audiences, campaigns, people
from bot.store.tables import AuditRow, CampaignRow, IdentityRow, StateRow
from bot.views import campaign_home, campaign_page
from bot.views.ids import Action, Payload
from handlers import ai_nudge
from handlers.who import Asked
from tests import postgres, summaries
from tests.conftest import MONDAY_MORNING
from tests.handlers import office
from tests.handlers.office import Office

TODAY = MONDAY_MORNING.date()
NOTHING = campaign_home.nothing(stats_command="/ai-stats").text
LARGE, SMALL, FEW = "never_used", "lapsed", "at_risk"
"""What sixty, twenty-four and four people are; from about forty on a second lead is needed."""
CROWD = {LARGE: 60, SMALL: 24, FEW: 4}
WHO = {"name": "Ten minutes", "trigger": LARGE, "kind": "one_off", "role": None, "tool": None}


@pytest.fixture(scope="module", params=["socket-sqlite", "http-postgresql"])
def leads(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office with two leads and a crowd that was judged last night, once on each transport and each database."""
    transport, kind = request.param.split("-")
    told = {"KINDLING_LEADS": f"{ROBIN.email},{HANA.email}", "KINDLING_APPROVAL_FROM": "40"}
    folder = tmp_path_factory.mktemp("leads")
    if kind == "sqlite":
        with office.opened(folder, transport, told=told) as opened:
            judge_a_crowd(opened)
            yield opened
        return
    template = request.getfixturevalue("migrated_pg").rsplit("/", 1)[1]
    with (
        postgres.database(request.getfixturevalue("pg_server"), template=template) as url,
        office.opened(folder, transport, told={**told, "KINDLING_DATABASE_URL": url}) as opened,
    ):
        judge_a_crowd(opened)
        yield opened


def judge_a_crowd(opened: Office) -> None:
    """As if last night had judged them; none of them is in the cast, so nobody can be mistaken for one who asks."""
    stands = {"first_day": TODAY - timedelta(days=9), "last_day": TODAY - timedelta(days=1), "reason": "r"}
    with opened.desk.store.begin() as session:
        for state, size in CROWD.items():
            crowd = [f"{state}{number}@lantern.example" for number in range(size)]
            records = [
                PersonRecord(one, timezone="UTC", role="dev", slack_user_id=f"UX{one[:-16].upper()}") for one in crowd
            ]
            people.save_people(session, records=records, now=MONDAY_MORNING)
            for one in crowd:
                person_id = people.person_by_email(session, email=one)
                session.add(StateRow(person_id=person_id, state=state, rule_version="v", evidence={}, **stands))


@pytest.fixture(autouse=True)
def _quiet(leads: Office) -> Iterator[None]:
    """Each test begins without open modals and campaigns, and with everything switched on."""
    yield
    leads.slack.workspace.modals.clear()
    with leads.desk.store.begin() as session:
        campaigns.resume_all(session, now=MONDAY_MORNING)
        for row in session.scalars(select(CampaignRow)):
            session.delete(row)


def ask(leads: Office, member: Member, text: str = "") -> Shown:
    seen = len(leads.slack.journal.entries())
    reply = leads.slack.command(member.slack_id, leads.desk.settings.nudge_command, text)
    assert "" == reply.problem
    return leads.next_for(member, seen)


def submit(leads: Office, member: Member, **typed: Any) -> Shown:
    """Send the form that is open, and return what came in its place."""
    seen = len(leads.slack.journal.entries())
    reply = leads.slack.submit(member.slack_id, **typed)
    assert ("", None) == (reply.problem, reply.body.get("errors"))
    return leads.next_for(member, seen)


def errors(leads: Office, member: Member, **typed: Any) -> dict[str, str]:
    """Send the form that is open, and return what is wrong, by field."""
    found: dict[str, str] = leads.slack.submit(member.slack_id, **typed).body["errors"]
    return found


def a_draft(leads: Office, member: Member = ROBIN, **other: Any) -> str:
    """A draft as the forms would have kept it; returns its key."""
    plan = Plan(
        name=other.get("name", "Ten minutes"),
        kind=Kind.ONE_OFF,
        audience=Audience(other.get("trigger", LARGE), role=other.get("role")),
        steps=other.get("steps", (Step(None, _topic(leads, other.get("trigger", LARGE))),)),
        first_day=TODAY + timedelta(days=1),
        last_day=other.get("last_day", TODAY + timedelta(days=28)),
    )
    with leads.desk.store.begin() as session:
        return campaigns.create(session, plan=plan, author_slack_id=member.slack_id, now=leads.desk.clock.now())


def _topic(leads: Office, trigger: str) -> str:
    with leads.desk.store.read() as session:
        return next(tip.topic for tip in leads.desk.tips(session) if trigger in tip.triggers)


def opened(leads: Office, member: Member, key: str) -> Shown:
    """The page of a campaign, from the list."""
    ask(leads, member)
    return leads.press(member, Action.NUDGE_OPEN, value=Payload(campaign_key=key).dump())


def seen_plan(leads: Office, key: str) -> str:
    """What the button of a page carries that shows the plan as it is."""
    with leads.desk.store.read() as session:
        found, tips = campaigns.find(session, campaign_key=key), leads.desk.tips(session)
    assert found is not None
    return Payload(campaign_key=key, choice=print_of(found.plan, tips)).dump()


def state(leads: Office, key: str) -> CampaignState:
    with leads.desk.store.read() as session:
        found = campaigns.find(session, campaign_key=key)
    assert found is not None
    return found.state


def size(leads: Office, trigger: str = LARGE) -> int | None:
    """What is said of how many."""
    with leads.desk.store.begin() as session:
        return audiences.counted(session, audience=Audience(trigger), now=MONDAY_MORNING)


def words(shown: Shown) -> str:
    """All that can be read in it."""
    return "\n".join(line for line in shown.words().splitlines() if not line.startswith("{"))


def acts(leads: Office) -> dict[str, int]:
    with leads.desk.store.read() as session:
        return Counter(session.scalars(select(AuditRow.act)))


# ---------------------------------------------------------------- who may


@pytest.mark.parametrize("text", ["", "help", "tips", "anything else"])
def test_others_read_one_sentence(leads: Office, text: str) -> None:
    """Whoever is no lead reads the same, whatever they type, and nothing is written down of it."""
    a_draft(leads)
    before = acts(leads)

    assert NOTHING == ask(leads, ADA, text).text
    assert before == acts(leads)


@pytest.mark.parametrize("action", ai_nudge.TAPS)
def test_a_tap_of_somebody_else_does_nothing(leads: Office, action: Action) -> None:
    """Whoever is no lead any more reads the same sentence under every button that still stands, and nothing changes."""
    key = a_draft(leads)
    before = acts(leads)
    seen = len(leads.slack.journal.entries())

    ai_nudge.TAPS[action](Asked(leads.desk, CHIDI.slack_id, value=Payload(campaign_key=key).dump()))

    assert NOTHING == leads.next_for(CHIDI, seen).text
    assert (before, CampaignState.DRAFT) == (acts(leads), state(leads, key))


def test_a_form_of_somebody_else_saves_nothing(leads: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever lost the right while a form was open finds the sentence in its place, and no draft is kept."""
    ask(leads, ROBIN)
    leads.press(ROBIN, Action.NUDGE_NEW)
    with leads.desk.store.begin() as session:
        [robin] = session.scalars(select(IdentityRow).where(IdentityRow.external_id == ROBIN.email))
        robin.external_id = "somebody@else.example"
    try:
        assert "never for one by name" in words(submit(leads, ROBIN, **WHO))
    finally:
        with leads.desk.store.begin() as session:
            [robin] = session.scalars(select(IdentityRow).where(IdentityRow.external_id == "somebody@else.example"))
            robin.external_id = ROBIN.email
    with leads.desk.store.read() as session:
        assert () == campaigns.listed(session)


# ---------------------------------------------------------------- writing down


def test_from_a_new_form_to_a_draft(leads: Office) -> None:
    """Two forms make a draft, which says in words what was chosen; it stands in the list of every lead."""
    assert "No campaign yet" in ask(leads, ROBIN).text
    leads.press(ROBIN, Action.NUDGE_NEW)
    second = submit(leads, ROBIN, **WHO)
    page = submit(leads, ROBIN, hour_from="11", hours="14", most_messages="40", holdout_percent="30")

    assert "What they get" == second.text
    for said in (
        "Ten minutes",
        "A seat, and no use yet: everybody.",
        f"about {size(leads)} people match",
        "from 11:00 to 14:00",
    ):
        assert said in words(page)
    assert "At most 40 messages." in words(page)
    assert "30 of 100 people are drawn by lot" in words(page)
    assert "*Drafts*" in words(ask(leads, HANA))


def test_what_is_wrong_stands_beside_its_field(leads: Office) -> None:
    """A wrong form keeps what was typed, says beside each field what is wrong, and saves nothing."""
    ask(leads, ROBIN)
    leads.press(ROBIN, Action.NUDGE_NEW)
    assert {"trigger", "name"} == set(errors(leads, ROBIN, **{**WHO, "trigger": None, "name": ""}))
    submit(leads, ROBIN, **WHO)
    wrong = {
        "first_day": "2026-02-27",
        "last_day": "2026-02-26",
        "hour_from": "15",
        "hours": "11",
        "most_messages": "x",
    }

    found = errors(leads, ROBIN, **wrong)

    assert {"first_day", "last_day", "hours", "most_messages"} == set(found)
    assert "Begin today or later." == found["first_day"]
    with leads.desk.store.read() as session:
        [kept] = campaigns.listed(session)
    assert (TODAY + timedelta(days=1), None) == (kept.plan.first_day, kept.plan.most_messages)


def test_a_sequence_keeps_its_steps_and_gaps(leads: Office) -> None:
    """Later messages follow after the days that were chosen; a draft opened again brings all of it back."""
    ask(leads, ROBIN)
    leads.press(ROBIN, Action.NUDGE_NEW)
    submit(leads, ROBIN, **{**WHO, "kind": "sequence"})
    page = submit(leads, ROBIN, message_2="tip:z08-fifteen-minutes-together", gap_2=10)
    leads.press(ROBIN, Action.NUDGE_EDIT)
    again = words(submit(leads, ROBIN))

    assert "2. “Fifteen minutes together”, 10 days after the one before." in words(page)
    assert "Second message" in again
    with leads.desk.store.read() as session:
        [kept] = campaigns.listed(session)
    assert (10, "z08-fifteen-minutes-together") == (kept.plan.steps[1].gap_days, kept.plan.steps[1].tip_id)


def test_only_teams_of_which_something_is_told_can_be_chosen(leads: Office) -> None:
    """A team can be chosen when its summary says something; it is named on the page, and its few are no number."""
    store = leads.desk.store
    summaries.tree(store)
    summaries.lead(store, HANA, ADA)
    summaries.publish(store, {"company": summaries.TOLD, "below-hana": summaries.TOLD, "below-ada": {}})
    ask(leads, ROBIN)
    form = leads.press(ROBIN, Action.NUDGE_NEW)
    [team] = [block["element"] for block in form.blocks if block.get("block_id") == "group_key"]
    submit(leads, ROBIN, **WHO, group_key="below-hana")
    page = words(submit(leads, ROBIN))

    assert ["lanterns"] == [option["text"]["text"] for option in team["options"]]
    assert "A seat, and no use yet: in the team lanterns." in page
    assert "Too few people match just now to say how many." in page


def test_about_what_no_tip_says_anything(leads: Office) -> None:
    """A campaign cannot be about something of which no tip speaks: it is said where it was chosen."""
    with leads.desk.store.read() as session:
        silent = {"W01"} - {trigger for tip in leads.desk.tips(session) for trigger in tip.triggers}
    assert set() == silent
    ask(leads, ROBIN)
    leads.press(ROBIN, Action.NUDGE_NEW)
    view = leads.slack.workspace.modals[ROBIN.slack_id][-1]
    about = next(block["element"] for block in view.content["blocks"] if block.get("block_id") == "trigger")
    about["option_groups"][0]["options"].append({"text": {"type": "plain_text", "text": "x"}, "value": "weather"})

    assert "Write one first" in errors(leads, ROBIN, **{**WHO, "trigger": "weather"})["trigger"]


# ---------------------------------------------------------------- looking


def test_dry_run_tells_of_people_and_of_what_can_be_seen(leads: Office) -> None:
    """About how many, who not, by when, and what it could show; only rounded numbers."""
    key = a_draft(leads)
    opened(leads, ROBIN, key)
    said = words(leads.press(ROBIN, Action.NUDGE_DRY_RUN))

    assert f"About {size(leads)} people match." in said
    assert "45 messages leave in a minute" in said
    assert re.search(r"a difference of about \d+ points|no difference could be seen", said)
    assert "cannot tell yet" in said
    assert "audience_counted" in acts(leads)


def test_too_few_people_are_no_number_and_no_campaign(leads: Office) -> None:
    """Of four people no number is said anywhere, and nothing can be started for them."""
    key = a_draft(leads, trigger=FEW)
    page = words(opened(leads, ROBIN, key))
    dry_run = words(leads.press(ROBIN, Action.NUDGE_DRY_RUN))
    leads.press(ROBIN, Action.NUDGE_OPEN)

    assert "Too few people match just now to say how many." in page
    assert "So few people match" in dry_run
    assert not re.search(r"\b4\b", dry_run)
    assert "Start" not in page
    ai_nudge.TAPS[Action.NUDGE_START](Asked(leads.desk, ROBIN.slack_id, value=seen_plan(leads, key)))
    assert CampaignState.DRAFT is state(leads, key)


def test_preview_is_the_message_and_its_buttons_do_nothing(leads: Office) -> None:
    """A lead sees what a person would get, with invented facts; a tap there changes nothing of the lead's own."""
    key = a_draft(leads, steps=(Step("z01-the-bug-you-postpone", None),))
    opened(leads, ROBIN, key)
    shown = leads.press(ROBIN, Action.NUDGE_PREVIEW)
    seen = len(leads.slack.journal.entries())
    samples = [(block["block_id"], one) for block in shown.blocks for one in block.get("elements", ())]
    samples = [(where, one) for where, one in samples if "action_id" in one][:-1]

    assert "This is a sample" in words(shown)
    assert "Claude Code and GitHub Copilot" in words(shown)
    assert {True} == {one["action_id"].startswith("sample_") for _, one in samples}
    for where, one in samples:
        choice = one["options"][0]["value"] if "options" in one else None
        assert "" == leads.slack.press(ROBIN.slack_id, one["action_id"], choose=choice, block_id=where).problem
    assert [] == leads.slack.journal.entries()[seen:]


def test_result_is_cannot_tell_yet(leads: Office) -> None:
    """Before anything is known the answer is the normal one; what a look cost is written down."""
    key = a_draft(leads)
    with leads.desk.store.begin() as session:
        campaigns.ask_for_approval(session, campaign_key=key, by_slack_id=ROBIN.slack_id, now=MONDAY_MORNING)
        campaigns.approve(session, campaign_key=key, approver_slack_id=HANA.slack_id, now=MONDAY_MORNING)
    opened(leads, ROBIN, key)

    said = words(leads.press(ROBIN, Action.NUDGE_RESULTS))
    why = words(leads.press(ROBIN, Action.NUDGE_OPEN)), words(leads.press(ROBIN, Action.NUDGE_WHY))

    assert "I cannot tell yet." in said
    assert "There is no winner here" in said
    assert "a tool was used on at least one day" in why[1]
    assert 1 <= acts(leads)["result_opened"]


# ---------------------------------------------------------------- steps


def test_small_one_starts_at_once(leads: Office) -> None:
    """For fewer than about forty one lead is enough: start, pause, go on, stop, each said and each written down."""
    key = a_draft(leads, trigger=SMALL)
    opened(leads, ROBIN, key)
    before = acts(leads)
    steps = (Action.NUDGE_START, Action.NUDGE_PAUSE, Action.NUDGE_GO_ON, Action.NUDGE_STOP)
    said = [words(leads.press(ROBIN, step)) for step in steps]

    expected = [campaign_page.STARTED, campaign_page.PAUSED, campaign_page.RESUMED, campaign_page.STOPPED]
    assert [] == [sentence for sentence, text in zip(expected, said, strict=True) if sentence not in text]
    assert CampaignState.STOPPED is state(leads, key)
    grown = {act for act, number in acts(leads).items() if number > before.get(act, 0)}
    assert {"campaign_started", "campaign_paused", "campaign_resumed", "campaign_stopped"} <= grown


def test_large_one_waits_for_a_second_lead(leads: Office) -> None:
    """From about forty on: the author cannot be the second, another lead can, who finds it first in their list."""
    key = a_draft(leads)
    waiting = words(opened(leads, ROBIN, key)), words(leads.press(ROBIN, Action.NUDGE_START))
    payload = Payload(campaign_key=key).dump()
    seen = len(leads.slack.journal.entries())
    ai_nudge.TAPS[Action.NUDGE_APPROVE](Asked(leads.desk, ROBIN.slack_id, value=seen_plan(leads, key)))
    refused = leads.next_for(ROBIN, seen)

    assert "Ask a second lead" in waiting[0]
    assert campaign_page.ASKED in waiting[1]
    assert "Approve and start" not in waiting[1]
    assert campaign_page.OWN_WORDS in refused.text
    assert "*Wait for a second lead*" in words(ask(leads, HANA))
    assert "Approve and start" in words(leads.press(HANA, Action.NUDGE_OPEN, value=payload))
    assert campaign_page.APPROVED in words(leads.press(HANA, Action.NUDGE_APPROVE))
    assert CampaignState.RUNNING is state(leads, key)


def test_who_comes_second_is_told_so(leads: Office) -> None:
    """Pages stand open: a second approval, a pause of a stopped one, a change of a running one do nothing."""
    key = a_draft(leads)
    opened(leads, ROBIN, key)
    leads.press(ROBIN, Action.NUDGE_EDIT)
    with leads.desk.store.begin() as session:
        campaigns.ask_for_approval(session, campaign_key=key, by_slack_id=ROBIN.slack_id, now=MONDAY_MORNING)
    opened(leads, HANA, key)
    with leads.desk.store.begin() as session:
        campaigns.approve(session, campaign_key=key, approver_slack_id="UTHIRD", now=MONDAY_MORNING)

    assert campaign_page.OVERTAKEN in words(leads.press(HANA, Action.NUDGE_APPROVE))
    assert campaign_page.OVERTAKEN in words(submit(leads, ROBIN))
    with leads.desk.store.begin() as session:
        campaigns.stop(session, campaign_key=key, now=MONDAY_MORNING)
    assert campaign_page.OVERTAKEN in words(leads.press(HANA, Action.NUDGE_PAUSE))
    assert (CampaignState.STOPPED, "UTHIRD") == (state(leads, key), approver(leads, key))


@pytest.mark.parametrize("trigger", [LARGE, SMALL])
def test_nobody_starts_what_they_did_not_see(leads: Office, trigger: str) -> None:
    """A page that stands open while the plan is rewritten starts and approves nothing, and shows the new words."""
    key, now = a_draft(leads, trigger=trigger), MONDAY_MORNING
    if trigger == LARGE:
        with leads.desk.store.begin() as session:
            campaigns.ask_for_approval(session, campaign_key=key, by_slack_id=ROBIN.slack_id, now=now)
    opened(leads, HANA, key)
    with leads.desk.store.begin() as session:
        campaigns.take_back(session, campaign_key=key, now=now)
        found = campaigns.find(session, campaign_key=key)
        assert found is not None
        other = replace(found.plan, name="Twenty minutes")
        campaigns.change(session, campaign_key=key, plan=other, author_slack_id=ROBIN.slack_id, now=now)
        if trigger == LARGE:
            campaigns.ask_for_approval(session, campaign_key=key, by_slack_id=ROBIN.slack_id, now=now)
    before, go = state(leads, key), Action.NUDGE_APPROVE if trigger == LARGE else Action.NUDGE_START

    shown = words(leads.press(HANA, go))
    assert campaign_page.REWRITTEN in shown
    assert "Twenty minutes" in shown
    assert before is state(leads, key)
    leads.press(HANA, go)
    assert CampaignState.RUNNING is state(leads, key)


def approver(leads: Office, key: str) -> str | None:
    with leads.desk.store.read() as session:
        found = campaigns.find(session, campaign_key=key)
    return found.approver_slack_id if found else None


def test_back_to_a_draft_and_changed_by_somebody_else(leads: Office) -> None:
    """Whoever wrote last is the author: then the first author may be the second lead."""
    key = a_draft(leads)
    opened(leads, ROBIN, key)
    leads.press(ROBIN, Action.NUDGE_START)
    opened(leads, HANA, key)
    assert campaign_page.BACK in words(leads.press(HANA, Action.NUDGE_TO_DRAFT))
    leads.press(HANA, Action.NUDGE_EDIT)
    submit(leads, HANA)
    assert campaign_page.SAVED in words(submit(leads, HANA))
    leads.press(HANA, Action.NUDGE_START)

    assert "Approve and start" in words(opened(leads, ROBIN, key))


@pytest.mark.parametrize("last_day", [TODAY - timedelta(days=1)], ids=["over"])
def test_what_ran_out_cannot_be_started(leads: Office, last_day: date) -> None:
    """A draft whose days are over says so, and stays a draft."""
    key = a_draft(leads, trigger=SMALL, last_day=last_day)
    opened(leads, ROBIN, key)

    assert "cannot be started" in words(leads.press(ROBIN, Action.NUDGE_START))
    assert CampaignState.DRAFT is state(leads, key)


def test_switch_for_everything(leads: Office) -> None:
    """One tap switches everything off for all, says so in every list and on every page, and one switches it on."""
    key = a_draft(leads)
    ask(leads, ROBIN)
    off = leads.press(ROBIN, Action.NUDGE_ALL_OFF)
    page = opened(leads, HANA, key)
    on = leads.press(ROBIN, Action.NUDGE_ALL_ON)

    assert "Everything is switched off." in words(off)
    assert "Everything is switched off just now" in words(page)
    assert "Everything is switched on again." in words(on)
    assert {"all_halted", "all_resumed"} <= set(acts(leads))


@pytest.mark.parametrize("value", ["", '{"k":"no-such-campaign"}', '{"k":"<@U1>"}', "{"])
def test_a_button_of_nobodys_is_answered(leads: Office, value: str) -> None:
    """An unknown key, a payload that is not ours, a tap that comes too late: one friendly sentence and no error."""
    for action in ai_nudge.TAPS:
        seen = len(leads.slack.journal.entries())
        ai_nudge.TAPS[action](Asked(leads.desk, ROBIN.slack_id, value=value, trigger_id="1.2.late"))
        assert "went wrong" not in leads.next_for(ROBIN, seen).text


# ---------------------------------------------------------------- what may be seen


def test_no_exact_number_of_people_on_any_screen(leads: Office) -> None:
    """Whatever a lead opens, every number of people on it is one that was blurred, or none."""
    for trigger in CROWD:
        a_draft(leads, trigger=trigger, role="dev")
    with leads.desk.store.begin() as session:
        dry = [audiences.dry_run(session, audience=Audience(one, role="dev"), now=MONDAY_MORNING) for one in CROWD]
        told = {number for one in dry for number in (one.people, one.hearing, *one.silences.values())}
        keys = [one.campaign_key for one in campaigns.listed(session)]
    seen = len(leads.slack.journal.entries())
    for key in keys:
        opened(leads, ROBIN, key)
        for look in (Action.NUDGE_PREVIEW, Action.NUDGE_DRY_RUN, Action.NUDGE_WHY):
            leads.press(ROBIN, look)
            leads.press(ROBIN, Action.NUDGE_OPEN)
    shown = "\n".join(words(one) for one in leads.slack.journal.entries()[seen:])
    numbers = {int(found.replace(",", "")) for found in re.findall(r"bout ([\d,]+) (?:people|of them)", shown)}

    assert numbers
    assert numbers <= told
    assert set() == {number for number in numbers if number % 10}
