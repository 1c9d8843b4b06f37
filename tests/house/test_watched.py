"""P1 over the whole test run: no test lets the product speak in a Slack whose journal nobody reads."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from bot.playground.cast import ADA, BEN, DANA, Member
from tests.watched import both_said_yes, nobody_sees_anybody_else, playground

TESTS = Path(__file__).parents[1]
SPEAK_FOR_THEMSELVES = {"watched.py", "test_slack.py", "test_watched.py"}


def test_every_slack_is_watched() -> None:
    """Where the product speaks, its Slack is opened by `tests.watched` alone."""
    unwatched = [
        path.relative_to(TESTS).as_posix()
        for path in TESTS.rglob("*.py")
        if path.name not in SPEAK_FOR_THEMSELVES
        and path.parent.name != "playground"
        and "Playground(" in path.read_text(encoding="utf-8")
    ]

    assert [] == unwatched


def test_the_watch_sees() -> None:
    """A message to Ada that names Ben, his address or his id is caught."""
    for slip in ("Ben Castell used more", "ask ben.castell@lantern.example", "see <@U0BEN>"):
        with pytest.raises(AssertionError, match="names"), playground() as slack:
            slack.journal.write(
                at=slack.workspace.now(), to="U0ADA", surface="dm", method="chat.postMessage", text=slip, blocks=[]
            )
    with playground() as slack:
        nobody_sees_anybody_else(slack)


@pytest.mark.parametrize(
    ("when", "surface", "to", "slip"),
    [
        ("before", "dm", ADA, "<@U0BEN> said yes"),
        ("after", "ephemeral", ADA, "<@U0BEN> said yes"),
        ("after", "dm", DANA, "<@U0BEN> said yes"),
        ("after", "dm", ADA, "<@U0DANA> said yes"),
        ("after", "dm", ADA, "U0BEN said yes"),
        ("after", "dm", ADA, "Ben Castell <@U0BEN> said yes"),
        ("after", "dm", ADA, None),
    ],
)
def test_two_who_both_said_yes_are_named_to_each_other_alone(
    when: str, surface: str, to: Member, slip: str | None
) -> None:
    """Not before it, not anywhere but in a message of their own, not to or of a third, and by the account alone."""
    with contextlib.ExitStack() as stack:
        if slip is not None:
            stack.enter_context(pytest.raises(AssertionError, match="names"))
        slack = stack.enter_context(playground())
        if when == "after":
            both_said_yes(slack, ADA, BEN)
        slack.journal.write(
            at=slack.workspace.now(),
            to=to.slack_id,
            surface=surface,
            method="chat.postMessage",
            text=slip or "<@U0BEN> said yes",
            blocks=[],
        )
        if when == "before":
            both_said_yes(slack, ADA, BEN)
