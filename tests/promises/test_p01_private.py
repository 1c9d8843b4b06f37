"""P1: one person's figures reach that person only; what is said to one holds nothing of another."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest

from bot.domain.people import Person
from bot.domain.scorecard import Scorecard
from bot.store import nudges, rights
from bot.store.database import Store
from tests.store.test_scorecard import ADA, BEN, NOW, filled, load
from tests.views import samples

__all__ = ["filled"]
MARKS_OF_BEN = ("ben", "6_000_000", "8000", "8,000")
"""Words that stand in Ben's rows and in nobody else's."""


def test_everything_said_to_ada_holds_nothing_of_ben(filled: Store) -> None:
    """Card, explanation, App Home and every other message for Ada, from a database that holds both."""
    with filled.read() as session:
        mine = load(session, person_id=ADA)
    assert mine is not None

    said = {name: message.text + str(message.blocks) for name, message in samples.every_message(mine).items()}
    said |= {name: json.dumps(view) for name, view in samples.every_view(mine).items()}
    for name, text in said.items():
        assert not [mark for mark in MARKS_OF_BEN if mark in text.casefold()], name
    assert "ada tool" in said["card"]


def test_ben_would_have_been_noticed(filled: Store) -> None:
    """The marks above do stand in what Ben reads, so that the test before can fail."""
    with filled.read() as session:
        his = load(session, person_id=BEN)
    assert his is not None

    card = samples.every_message(his)["card"].text
    assert "ben tool" in card
    assert "8,000" in card


def test_export_of_ada_holds_nothing_of_ben(filled: Store) -> None:
    """The file too."""
    with filled.read() as session:
        document = json.dumps(rights.export(session, person_id=ADA, now=NOW))

    assert "ben" not in document
    assert "ada-1" in document


def test_a_button_opens_only_ones_own_message(filled: Store) -> None:
    """Ben's key in Ada's hands finds nothing."""
    with filled.read() as session:
        assert None is nudges.find(session, nudge_key="ben-key", person_id=ADA)
        assert nudges.find(session, nudge_key="ben-key", person_id=BEN) is not None


def test_no_message_names_the_reader() -> None:
    """A card carries no name, address or number of a person, so that a forwarded picture of it names nobody."""
    mine = samples.numbers()
    for message in samples.every_message(mine).values():
        said = message.text + str(message.blocks)
        assert mine.person.slack_user_id is not None
        assert mine.person.slack_user_id not in said
        assert "@lantern" not in said


@pytest.mark.parametrize("kind", [Scorecard, Person])
def test_no_name_in_what_views_are_given(kind: type) -> None:
    """What the views and rules get has no field for a name or an address."""
    assert not {"name", "email", "display_name", "manager_email"} & {field.name for field in fields(kind)}
