"""The twelve weeks, tapped for under the card: the best form that this Slack takes, to the one who asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.playground.cast import ADA, BEN, Member
from bot.playground.journal import Shown
from handlers.refusals import REFUSED_FOR, Refusals
from tests.conftest import MONDAY_MORNING
from tests.handlers.office import Office

CHART, TABLE = "data_visualization", "table"


@pytest.fixture
def without(at_work: Office) -> Iterator[Office]:
    """The office in a workspace that takes everything again afterwards, and of which nothing is remembered."""
    yield at_work
    at_work.slack.workspace.refused_blocks = frozenset()
    for form in ("chart", "table"):
        at_work.desk.refusals.note(form, at_work.desk.clock.now() - REFUSED_FOR)


def tap(office: Office, member: Member = ADA) -> tuple[Shown, set[str]]:
    """Ask for the card, tap the button below it; what was shown, and the types of its blocks."""
    office.ask(member)
    shown = office.press(member, "card_weeks")
    return shown, {block["type"] for block in shown.blocks}


def test_the_picture_is_a_chart_for_the_one_who_asked(without: Office) -> None:
    """Where Slack takes charts there is one, ephemeral, with every number in its text."""
    shown, types = tap(without)

    assert "ephemeral" == shown.surface
    assert CHART in types
    assert "23 February to 1 March: not visible to me." in shown.text
    assert "12 weeks as a picture" in without.ask(ADA).text


@pytest.mark.parametrize(("refused", "shown_as"), [({CHART}, TABLE), ({CHART, TABLE}, "section")])
def test_what_is_refused_makes_room_for_the_next(without: Office, refused: set[str], shown_as: str) -> None:
    """Refused blocks are not lost words: the next form comes, to the same person, with the same text."""
    text = tap(without)[0].text
    without.slack.workspace.refused_blocks = frozenset(refused)
    shown, types = tap(without)

    assert (text, ADA.slack_id) == (shown.text, shown.to)
    assert shown_as in types
    assert not refused & types


def test_a_refusal_is_remembered_for_a_while(without: Office) -> None:
    """For everybody: the next one who asks does not run into it; some hours later it is offered again."""
    without.slack.workspace.refused_blocks = frozenset({CHART})
    tap(without, ADA)
    without.slack.workspace.refused_blocks = frozenset()

    assert TABLE in tap(without, BEN)[1]
    without.desk.refusals.note("chart", without.desk.clock.now() - REFUSED_FOR)
    assert CHART in tap(without, BEN)[1]


def test_memory_of_refusals() -> None:
    """A form that was refused is held back for half a day, and no other form with it."""
    refusals = Refusals()
    refusals.note("chart", MONDAY_MORNING)

    assert refusals.hold("chart", MONDAY_MORNING + REFUSED_FOR - timedelta(seconds=1))
    assert not refusals.hold("chart", MONDAY_MORNING + REFUSED_FOR)
    assert not refusals.hold("table", MONDAY_MORNING)
