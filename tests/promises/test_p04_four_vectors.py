"""P4: tokens or dollars never stand without output, optimizable and wasted beside them; there is no single score."""

from __future__ import annotations

import json
import re
from dataclasses import fields

import pytest

from bot.domain.results import Outcome, Results
from bot.domain.scorecard import Efficiency, Ledgers, Scorecard
from tests.views import samples

FIGURE = re.compile(r"\$\d|\d[\d,.]*(?: [mb]illion)? tokens")
FINISHED = re.compile(r"outcome\W.*(merged|tickets? done|document|finished work)", re.DOTALL)
MINE = ("card", "why")
MANY = samples.many_numbers()


def assert_together(said: str) -> None:
    """If there is a figure of volume, the other three are named as well."""
    words = said.casefold()
    if FIGURE.search(words):
        assert "could have been less" in words
        assert "bought nothing" in words
        assert FINISHED.search(words)


@pytest.mark.parametrize("who", MANY)
def test_messages_show_the_four_together(who: str) -> None:
    """On the card and in its explanation, whatever is known of somebody."""
    messages = samples.every_message(MANY[who])

    for name in MINE:
        assert_together(messages[name].text)


@pytest.mark.parametrize("who", MANY)
def test_home_shows_the_four_together(who: str) -> None:
    """On App Home too."""
    for view in samples.every_view(MANY[who]).values():
        if view["type"] == "home":
            assert_together(json.dumps(view))


def test_a_tip_with_money_leads_to_the_whole() -> None:
    """A tip speaks of one habit; where it names money it says what the card shows beside it."""
    said = samples.every_message()["waste"].text

    assert FIGURE.search(said)
    assert "what it all cost, what bought nothing and what was finished" in said


def test_other_messages_hold_no_figure_of_volume() -> None:
    """Nothing else has tokens or dollars in it."""
    messages = samples.every_message()
    others = [name for name in messages if name not in MINE and name != "waste" and not name.startswith("why ")]

    assert [] == [name for name in others if FIGURE.search(messages[name].text)]


def test_there_is_no_composite_score() -> None:
    """No field of the card joins the vectors into one number."""
    names = {field.name for kind in (Scorecard, Efficiency, Outcome, Results, Ledgers) for field in fields(kind)}

    assert not [name for name in names if re.search("score|index|rating|total_value|efficiency_", name)]


@pytest.mark.parametrize("who", MANY)
def test_no_picture_shows_one_vector_alone(who: str) -> None:
    """The twelve weeks show days, work and reports, in every form; a figure of volume is never drawn."""
    messages = samples.every_message(MANY[who])
    pictures = {name: message for name, message in messages.items() if name.startswith("weeks as ")}

    assert 4 == len(pictures)
    assert [] == [name for name, message in pictures.items() if FIGURE.search(message.text + str(message.blocks))]
