"""P1 over the whole test run: no test lets the product speak in a Slack whose journal nobody reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.watched import nobody_sees_anybody_else, playground

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
