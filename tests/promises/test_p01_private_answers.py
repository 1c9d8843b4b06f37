"""P1: what a person asks is answered to that person alone, over both transports, and nobody's figures reach another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from bot.domain.usage import Counters, UsageRow
from bot.playground.cast import ADA, BEN, CHIDI, DANA, EMPLOYEES, OTHERS, Member
from bot.playground.journal import Shown
from bot.store import usage
from bot.views.ids import Action
from handlers.ai_stats import WORDS
from handlers.desk import Desk
from tests.handlers import office
from tests.handlers.office import Office

PRIVATE = frozenset({"ephemeral", "dm", "home", "modal", "file", "update", "delete", "banner"})
# Each of the four has a model of their own name, so that a leak would be a word that cannot come from anywhere else.
MARKED = {ADA: "adamark", BEN: "benmark", CHIDI: "chidimark", DANA: "danamark"}
COSTS = {ADA: 41_000_000, BEN: 53_000_000, CHIDI: 67_000_000, DANA: 79_000_000}


@pytest.fixture(scope="module", params=["socket", "http"])
def busy_office(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office where four people have used a tool of their own, and everybody has asked for everything."""
    with office.opened(tmp_path_factory.mktemp("private"), request.param, connected=use_marked_tools) as opened:
        for member in (*MARKED, *OTHERS[1:2]):
            for words in ("", *WORDS):
                opened.ask(member, words)
            opened.open_home(member)
        for member in MARKED:
            opened.ask(member)
            for action in (Action.WHY_CARD, Action.WHAT_IS_HELD, Action.STOP):
                opened.press(member, action)
        yield opened


def use_marked_tools(desk: Desk) -> None:
    rows = [
        UsageRow(
            member.email,
            date(2026, 2, 2) + timedelta(days=day),
            tool=mark,
            model=f"{mark}-model",
            counters=Counters(requests=10, input_tokens=1000, cost_microusd=COSTS[member]),
            priced="reported",
        )
        for member, mark in MARKED.items()
        for day in range(20)
    ]
    with desk.store.begin() as session:
        usage.merge_rows(session, source="file", rows=rows, now=desk.clock.now())


def told(busy_office: Office, member: Member) -> list[Shown]:
    return busy_office.slack.journal.to(member.slack_id)


def test_nothing_is_said_in_a_channel(busy_office: Office) -> None:
    """Every answer is ephemeral, in the app's own messages, in Home or in a dialog: never `in_channel`."""
    assert PRIVATE >= {shown.surface for shown in busy_office.slack.journal.entries()}


def test_own_messages_go_to_their_owner(busy_office: Office) -> None:
    """What is posted to a channel of direct messages is seen by the member whose channel that is."""
    posted = [shown for shown in busy_office.slack.journal.entries() if shown.surface in ("dm", "file")]

    assert posted
    assert all(shown.channel == f"D{shown.to[1:]}" for shown in posted)


@pytest.mark.parametrize("member", MARKED, ids=lambda member: member.slack_id)
def test_each_is_told_of_the_own_figures_and_of_no_other(busy_office: Office, member: Member) -> None:
    """The same command gives each their own card; no word, name or address of another occurs in it."""
    words = "\n".join(shown.words() for shown in told(busy_office, member))

    assert MARKED[member] in words
    assert not [other for other in MARKED if other is not member and MARKED[other] in words]
    others = [other for other in EMPLOYEES if other is not member]
    assert not [other for other in others if re.search(rf"{re.escape(other.email)}|{other.slack_id}\b", words)]


def test_guest_learns_nothing_of_anybody(busy_office: Office) -> None:
    """Who is not on the roster is answered, with nothing of anybody's in it."""
    words = "\n".join(shown.words() for shown in told(busy_office, OTHERS[1]))

    assert words
    assert not [mark for mark in MARKED.values() if mark in words]
    assert "$" not in words


def test_somebody_elses_id_in_the_text_is_no_request(busy_office: Office) -> None:
    """Naming a colleague after the command gives the usage, not their card."""
    shown = busy_office.ask(BEN, f"<@{ADA.slack_id}|ada>")

    assert "I did not understand" in shown.text
    assert "Habit" not in shown.text
    assert ADA.slack_id not in shown.words()
    assert MARKED[ADA] not in shown.words()
