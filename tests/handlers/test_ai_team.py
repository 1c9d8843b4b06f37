"""`/ai-team`: managers read of groups in which nobody can be singled out, and everybody else reads one sentence."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from bot.domain.disclosure import Cell, Why
from bot.domain.roles import Role
from bot.domain.team_summary import RULE_VERSION
from bot.playground.cast import ADA, BEN, CHIDI, DANA, EMI, FINN, HANA, ROBIN, Member
from bot.playground.faults import Kind
from bot.playground.journal import Shown
from bot.settings import Settings
from bot.store import audit, published
from bot.store.tables import AuditRow, DigestWishRow, SnapshotMemberRow, SnapshotRow, TeamGroupRow, TeamPersonRow
from bot.views import team
from bot.views.ids import Action, Payload
from handlers import ai_team, roles
from handlers.user_groups import REMEMBERED_FOR, STANDS_FOR, UserGroups
from handlers.who import Asked
from tests import summaries
from tests.handlers.office import Office

NOTHING = team.nothing().text
GUEST = Member("U0GUEST", "ivo.guest@partner.example", "Ivo Guest")


@pytest.fixture(autouse=True)
def _published(at_work: Office) -> None:
    """Hana's group is told of, Ada's is too small; who reports to whom is as in the cast."""
    store = at_work.desk.store
    summaries.tree(store)
    summaries.lead(store, HANA, ADA)
    summaries.publish(store, {"company": summaries.TOLD, "below-hana": summaries.TOLD, "below-ada": {}})


def ask(at_work: Office, member: Member, text: str = "") -> Shown:
    seen = len(at_work.slack.journal.entries())
    reply = at_work.slack.command(member.slack_id, at_work.desk.settings.team_command, text)
    assert "" == reply.problem
    return at_work.next_for(member, seen)


def as_lead(at_work: Office, member: Member, text: str, **settings: object) -> str:
    """What this member reads when the settings say so, in their own messages, for no command led here."""
    asked = with_settings(at_work, member, text, **settings)
    seen = len(at_work.slack.journal.entries())
    ai_team.answer(asked)
    return at_work.next_for(member, seen).text


def with_settings(at_work: Office, member: Member, text: str = "", **settings: object) -> Asked:
    told: Settings = replace(at_work.desk.settings, **settings)  # type: ignore[arg-type]
    return Asked(replace(at_work.desk, settings=told, groups=UserGroups()), member.slack_id, text=text)


def entries(at_work: Office) -> list[tuple[str, str, str | None]]:
    with at_work.desk.store.read() as session:
        return [(row.role, row.act, row.group_key) for row in session.query(AuditRow).order_by(AuditRow.audit_id)]


def test_manager_reads_own_team(at_work: Office) -> None:
    """A manager reads bands, the four together, what came out and the period; they alone, and it is written down."""
    before = len(entries(at_work))

    shown = ask(at_work, HANA)

    assert "ephemeral" == shown.surface
    assert shown.text.startswith(team.FIRST_LINE)
    for words in (
        "Your team",
        "2 February to 1 March",
        "About 45 % use AI in most weeks",
        "$1,200 in all",
        "120 million",
    ):
        assert words in shown.text
    assert [("manager", "summary_opened", "below-hana")] == entries(at_work)[before:]


def test_whatever_is_not_shown_is_one_sentence(at_work: Office) -> None:
    """Too small, no team, no such team, somebody else's, the company, the audit, a guest: the same words for all."""
    before = len(entries(at_work))
    asked = [
        (ADA, ""),
        (BEN, ""),
        (HANA, "glass"),
        (HANA, "no such team"),
        (ADA, "lanterns"),
        (BEN, "glass"),
        (HANA, "everybody"),
        (HANA, "audit"),
        (GUEST, ""),
    ]

    answers = {(member.name, text): ask(at_work, member, text) for member, text in asked}

    assert dict.fromkeys(answers, NOTHING) == {key: shown.text for key, shown in answers.items()}
    assert {"section"} == {block["type"] for shown in answers.values() for block in shown.blocks}
    assert 1 == len({str(block["text"]) for shown in answers.values() for block in shown.blocks})
    assert before == len(entries(at_work))
    assert not any(why.value in NOTHING or why.value.replace("_", " ") in NOTHING for why in Why)


def test_lost_team_is_lost_at_once(at_work: Office) -> None:
    """A manager whose team went to somebody else gets nothing of it, by command or by a button that still stands."""
    assert NOTHING != ask(at_work, HANA).text
    summaries.tree(at_work.desk.store, dict.fromkeys(summaries.MANAGER_OF, ADA) | {ADA: None})
    try:
        assert NOTHING == ask(at_work, HANA).text
        assert NOTHING == at_work.press(HANA, Action.TEAM_WHY).text
        assert NOTHING == at_work.press(HANA, Action.TEAM_EACH_WEEK).text
    finally:
        summaries.tree(at_work.desk.store)


def test_another_team_is_not_taken_for_the_one_before(at_work: Office) -> None:
    """A manager who leads others now gets nothing of the team before, by command, by button, or for later."""
    ask(at_work, HANA)
    summaries.tree(at_work.desk.store, {**dict.fromkeys(summaries.MANAGER_OF), FINN: HANA, ROBIN: HANA})
    try:
        assert NOTHING == ask(at_work, HANA).text
        assert NOTHING == at_work.press(HANA, Action.TEAM_WHY).text
    finally:
        summaries.tree(at_work.desk.store, {**summaries.MANAGER_OF, ROBIN: None})


def test_team_below_is_chosen_by_name(at_work: Office) -> None:
    """The list under a summary holds the teams right below that say something; its choice opens one of them."""
    tell(at_work, "below-ada", summaries.TOLD)
    choice = choices(ask(at_work, HANA))[0]
    opened = at_work.press(HANA, Action.TEAM_OPEN, choose=choice["value"])
    tell(at_work, "below-ada", {})

    assert "glass" == choice["text"]["text"]
    assert "About 45 % use AI in most weeks" in opened.text


def test_team_that_says_nothing_is_no_choice(at_work: Office) -> None:
    """Too small, or of mostly other people by now: what is not told of is not in the list, whatever the reason."""
    assert [] == choices(ask(at_work, HANA))
    tell(at_work, "below-ada", summaries.TOLD)
    summaries.tree(at_work.desk.store, {**summaries.MANAGER_OF, CHIDI: HANA, DANA: HANA})
    of_others = choices(ask(at_work, HANA))
    summaries.tree(at_work.desk.store)
    tell(at_work, "below-ada", {})

    assert [] == of_others


def choices(summary: Shown) -> list[dict[str, Any]]:
    every = (each for block in summary.blocks for each in block.get("elements", ()))
    return [option for each in every if each.get("action_id") == Action.TEAM_OPEN for option in each["options"]]


def tell(at_work: Office, group_key: str, cells: Mapping[str, Cell]) -> None:
    """Publish this of the group instead of what was."""
    with at_work.desk.store.begin() as session:
        session.delete(session.get_one(SnapshotRow, (summaries.WEEK, group_key)))
    summaries.publish(at_work.desk.store, {group_key: cells})


def test_name_of_two_teams_is_asked_about(at_work: Office) -> None:
    """Two teams below that are called alike are both offered, each with a number; neither is opened for the other."""
    emi, store = at_work.person(EMI), at_work.desk.store
    summaries.tree(store, {**summaries.MANAGER_OF, FINN: EMI})
    group = {"week": summaries.WEEK, "group_key": "below-emi"}
    with at_work.desk.store.begin() as session:
        session.add(TeamGroupRow(person_id=emi, group_key="below-emi"))
        session.add(TeamPersonRow(person_id=at_work.person(FINN), group_key="below-emi"))
        session.add(
            SnapshotRow(**group, parent_key="below-hana", label="Glass", alike_since=summaries.WEEK, rule_version="t")
        )

    shown = ask(at_work, HANA, "glass")

    with at_work.desk.store.begin() as session:
        session.delete(session.get(SnapshotRow, tuple(group.values())))
        session.delete(session.get(TeamGroupRow, emi))
    summaries.tree(store)
    assert "More than one team below you goes by that name" in shown.text
    assert "A team below (glass (1), glass (2))" in shown.text


def test_why_tells_rules_and_no_reason(at_work: Office) -> None:
    """The explanation names days, rule and version, what is told and what is left out, and never why it is."""
    ask(at_work, HANA)

    shown = at_work.press(HANA, Action.TEAM_WHY)

    assert "2 February to 1 March" in shown.text
    assert f"Rule {RULE_VERSION}" in shown.text
    assert "Told: use in most weeks, getting started, no use lately and not visible." in shown.text
    assert not [why for why in Why if why.value in str(shown.blocks)]


@pytest.mark.parametrize("value", ["", '{"g":"below-hana","x":1}', '{"g":"<@U0ADA>"}', '{"g":7}', "{"])
def test_payload_that_is_not_ours_is_answered(at_work: Office, value: str) -> None:
    """A button's value that Kindling never wrote is answered kindly and leads nowhere."""
    seen = len(at_work.slack.journal.entries())

    ai_team.TAPS[Action.TEAM_OPEN](Asked(at_work.desk, HANA.slack_id, value=value))

    assert "I do not know that button" in at_work.next_for(HANA, seen).text


def test_key_of_another_team_leads_nowhere(at_work: Office) -> None:
    """Whoever knows the key of a group that is not theirs gets the same sentence for it as for any."""
    seen = len(at_work.slack.journal.entries())
    value = Payload(group_key="below-hana").dump()

    ai_team.TAPS[Action.TEAM_WHY](Asked(at_work.desk, ADA.slack_id, value=value))

    assert NOTHING == at_work.next_for(ADA, seen).text


def test_lead_by_address_reads_of_the_whole_company(at_work: Office) -> None:
    """An enablement lead whom the settings name reads of everybody together, and of no team."""
    named = {"leads": (ROBIN.email,)}

    assert team.EVERYBODY in as_lead(at_work, ROBIN, "everybody", **named)
    assert team.EVERYBODY in as_lead(at_work, ROBIN, "", **named)
    assert NOTHING == as_lead(at_work, ROBIN, "lanterns", **named)
    assert NOTHING == as_lead(at_work, EMI, "everybody", **named)


def test_lead_by_user_group(at_work: Office) -> None:
    """A member of the user group that the settings name is a lead until the group, asked again, has them no more."""
    at_work.slack.workspace.groups["S0LEADS"] = frozenset({FINN.slack_id})
    asked = with_settings(at_work, FINN, lead_group="S0LEADS")
    now = at_work.desk.clock.now()

    assert {Role.EMPLOYEE, Role.LEAD} == roles.roles_of(asked)
    at_work.slack.workspace.groups["S0LEADS"] = frozenset()
    assert FINN.slack_id in asked.desk.groups.members(asked.desk.slack, "S0LEADS", now=now)
    assert frozenset() == asked.desk.groups.members(asked.desk.slack, "S0LEADS", now=now + REMEMBERED_FOR)
    assert {Role.EMPLOYEE} == roles.roles_of(asked)


def test_group_that_slack_does_not_tell_gives_no_role(at_work: Office, caplog: pytest.LogCaptureFixture) -> None:
    """Where Slack refuses the group nobody has the role by it; the log says why, and no id."""
    caplog.set_level(logging.WARNING, logger="kindling")

    assert {Role.EMPLOYEE} == roles.roles_of(with_settings(at_work, FINN, lead_group="S0NOSUCH"))

    assert "roles.group_not_told" in caplog.text
    assert "S0NOSUCH" not in caplog.text
    assert FINN.slack_id not in caplog.text


def test_lead_by_user_group_while_slack_cannot_be_asked(at_work: Office) -> None:
    """What Slack said within the hour stands: whoever has to stop everything does not wait for it; then no role."""
    at_work.slack.workspace.groups["S0LEADS"] = frozenset({FINN.slack_id})
    asked, now = with_settings(at_work, FINN, lead_group="S0LEADS"), at_work.desk.clock.now()
    groups, slack = asked.desk.groups, asked.desk.slack
    assert {FINN.slack_id} == groups.members(slack, "S0LEADS", now=now)
    found = []
    for later in (REMEMBERED_FOR, STANDS_FOR - REMEMBERED_FOR, STANDS_FOR):
        at_work.slack.faults.inject("usergroups.users.list", Kind.RATE_LIMITED, retry_after_s=1)
        found.append(groups.members(slack, "S0LEADS", now=now + later))

    assert [{FINN.slack_id}, {FINN.slack_id}, frozenset()] == found


def test_operator_reads_what_was_done(at_work: Office) -> None:
    """An operator reads days, roles and acts, without a name, a team or a figure; and that is written down too."""
    ask(at_work, HANA)

    said = as_lead(at_work, CHIDI, "audit", operators=(CHIDI.email,))

    assert "(manager)" in said
    assert "opened" in said
    assert not [word for word in ("lanterns", "glass", "below-", "45 %", "$") if word in said]
    assert ("operator", "audit_read", None) == entries(at_work)[-1]


def test_wish_for_each_new_one_is_kept_and_ended(at_work: Office) -> None:
    """A manager asks to be sent each new summary, and stops it; an employee cannot ask."""
    ask(at_work, HANA)

    at_work.press(HANA, Action.TEAM_EACH_WEEK)
    wished = wishes(at_work)
    at_work.press(HANA, Action.TEAM_NO_MORE)

    assert {at_work.person(HANA)} == wished
    assert set() == wishes(at_work)


def wishes(at_work: Office) -> set[int]:
    with at_work.desk.store.read() as session:
        return {row.person_id for row in session.query(DigestWishRow)}


def test_help_names_the_command(at_work: Office) -> None:
    """The usage stands under the command's own name, for everybody."""
    assert "/ai-team NAME" in ask(at_work, DANA, "help").text


def test_what_was_shown_is_what_was_published(at_work: Office) -> None:
    """What is written down as opened is the summary that shows something, and not the one that does not."""
    before = times_opened(at_work)
    ask(at_work, HANA)
    ask(at_work, HANA, "glass")

    more = {key: times - before.get(key, 0) for key, times in times_opened(at_work).items()}
    assert {"below-hana": 1} == {key: times for key, times in more.items() if times}
    with at_work.desk.store.read() as session:
        assert published.find(session, group_key="below-hana", week=summaries.WEEK) is not None


def times_opened(at_work: Office) -> dict[str, int]:
    groups = [("below-hana", summaries.WEEK), ("below-ada", summaries.WEEK)]
    with at_work.desk.store.read() as session:
        return {one.group_key: one.times for one in audit.opened(session, summaries=groups)}


def test_receipt_tells_who_by_role_opened_what_counted_me(at_work: Office) -> None:
    """Somebody who was counted reads which summary it was, of what group, and how often which role opened it."""
    emi = at_work.person(EMI)
    with at_work.desk.store.begin() as session:
        if not session.get(SnapshotMemberRow, (summaries.WEEK, "below-hana", emi)):
            session.add(SnapshotMemberRow(week=summaries.WEEK, group_key="below-hana", person_id=emi))
    before = opened_by_a_manager(at_work)

    ask(at_work, HANA)
    ask(at_work, HANA)

    assert before + 2 == opened_by_a_manager(at_work)
    assert "None so far." in at_work.ask(DANA, "privacy").text


def opened_by_a_manager(at_work: Office) -> int:
    """How often, by Emi's receipt."""
    said = at_work.ask(EMI, "privacy").text
    found = re.search(
        r"2 March, of “lanterns”: (?:not seen by anybody|seen by a manager (once|twice|(\d+) times))", said
    )
    assert found
    return {None: 0, "once": 1, "twice": 2}.get(found[1], int(found[2] or 0))
