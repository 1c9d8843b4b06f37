"""What a message says of AI help and of reverts: known marks only, and parity along the chain."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.attribution import (
    ai_evidence,
    is_machine,
    reverted_commit,
    reverted_pull_request,
    standing_reverted,
)
from tests.story import open_data

SHA = "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678"


@pytest.mark.parametrize(
    ("message", "evidence"),
    [
        ("feat: cart\n\nCo-Authored-By: Claude Opus 5.5 <noreply@anthropic.com>", "claude_code co-author"),
        ("feat: cart\n\nCo-authored-by: Whatever We Call It <NoReply@Anthropic.com>\n", "claude_code co-author"),
        ("x\n\nco-authored-by: Copilot <223556219+Copilot@users.noreply.github.com>", "copilot co-author"),
        ("x\n\nCo-authored-by: c <198982749+copilot-swe-agent@users.noreply.github.com>", "copilot co-author"),
        ("x\n\nCo-authored-by: Copilot <175728472+Copilot@users.noreply.github.com>", "copilot co-author"),
        (
            "x\n\nCo-authored-by: g[bot] <176961590+gemini-code-assist[bot]@users.noreply.github.com>",
            "gemini co-author",
        ),
        ("x\n\nCo-authored-by: Cursor <cursoragent@cursor.com>", "cursor co-author"),
        ("x\n\nCo-authored-by: Codex <noreply@openai.com>", "codex co-author"),
        ("x\n\nCo-authored-by: opencode <noreply@opencode.ai>", "opencode co-author"),
        ("x\n\nCo-authored-by: Amp <amp@ampcode.com>", "amp co-author"),
        ("Adds totals.\r\n\r\n🤖 Generated with [Claude Code](https://claude.com/claude-code)", "claude_code line"),
        ("x\n\nCopilot-Session: 0b2c", "copilot session"),
        ("* one\n\nCo-authored-by: Cursor <cursoragent@cursor.com>\n\n* two (#7)\n\nmore text", "cursor co-author"),
        (
            "x\n\nCo-authored-by: Ada <ada@lantern.example>\nCo-authored-by: Amp <amp@ampcode.com>",
            "amp co-author",
        ),
    ],
)
def test_known_marks_are_evidence(message: str, evidence: str) -> None:
    """Each mark of the tools we know is found wherever it stands, in any case, after another co-author as well."""
    assert evidence == ai_evidence(message)


@pytest.mark.parametrize(
    "message",
    [
        "",
        "feat: ask Claude, Copilot and Codex",
        "x\n\nCo-authored-by: Damien Grisonnet <damien@lantern.example>",
        "x\n\nCo-authored-by: Claude Monet <claude@giverny.example>",
        "x\n\nCo-authored-by: Ada <1234+copilot-fan@users.noreply.github.com>",
        "x\n\nCo-authored-by: Ada <noreply@anthropic.com.lantern.example>",
        "docs: say that `Co-authored-by: Claude <noreply@anthropic.com>` is a trailer",
        "chore: drop the line Generated with [Claude Code](https://claude.com/claude-code)",
        "> Copilot-Session: quoted from elsewhere",
    ],
)
def test_names_and_quotations_are_no_evidence(message: str) -> None:
    """People whose names look like a model's, their addresses, and talk about trailers prove nothing."""
    assert ai_evidence(message, ("claude", "sonnet", "ai")) is None


def test_a_label_is_evidence() -> None:
    """The label of Anthropic's contribution metrics counts in any case; a stronger mark in the text comes first."""
    assert "claude_code label" == ai_evidence("feat: cart", ("backend", " Claude-Code-Assisted"))
    assert "amp co-author" == ai_evidence("x\n\nCo-authored-by: Amp <amp@ampcode.com>", ("claude-code-assisted",))


@pytest.mark.parametrize(
    ("message", "commit"),
    [
        (f'Revert "feat: cart"\n\nThis reverts commit {SHA}.', SHA),
        (f'Reapply "feat: cart"\n\nThis reverts commit {SHA}.\r\n', SHA),
        (f'Revert "Revert "feat: cart""\n\nBecause.\n\nThis reverts commit {SHA}, reversing\nchanges made to b.', SHA),
        (f"revert: feat: cart\n\nThis reverts commit {SHA}.", SHA),
        (f"Revert two\n\nThis reverts commit {SHA}.\nThis reverts commit {SHA[::-1]}.", SHA),
        (f"Revert x\n\nThis reverts commit {SHA}{SHA[:24]}.", SHA + SHA[:24]),
        ('Revert "feat: cart"', None),
        (f"feat: more\n\n* Revert something\n\nThis reverts commit {SHA}.", None),
        (f"Revert x\n\nThis reverts some of the changes from commit {SHA}.", None),
        (f"Revert x\n\nThis reverts commit {SHA[:12]}.", None),
        (f"Reverting is hard\n\nThis reverts commit {SHA}.", None),
    ],
)
def test_a_reverting_commit_names_what_it_takes_back(message: str, commit: str | None) -> None:
    """Subject and git's own line together; quoted reverts of a squashed branch and partial ones take nothing back."""
    assert commit == reverted_commit(message)


@pytest.mark.parametrize(
    ("body", "request_ref"),
    [
        ("Reverts acme/shop#412", "acme/shop#412"),
        ("Too slow.\r\n\r\nReverts acme/shop.js#412\r\n", "acme/shop.js#412"),
        ("Reverts #412.", "#412"),
        ("This reverts merge request !12", "!12"),
        ("This reverts merge request acme/web/search!12", "acme/web/search!12"),
        ("Reverts acme/shop#412 in part", None),
        ("See what Reverts acme/shop#412", None),
        ("> Reverts acme/shop#412", None),
        ("Reverts the cart", None),
        ("", None),
    ],
)
def test_a_reverting_request_names_what_it_takes_back(body: str, request_ref: str | None) -> None:
    """GitHub's and GitLab's own lines count where they stand alone."""
    assert request_ref == reverted_pull_request(body)


@pytest.mark.parametrize(
    ("name", "email", "machine"),
    [
        ("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com", True),
        ("acme-ci[bot]", "", True),
        ("Renovate", "29139614+renovate[bot]@users.noreply.github.com", True),
        ("Copilot", "", True),
        ("Claude", "noreply@anthropic.com", True),
        ("Copilot", "223556219+Copilot@users.noreply.github.com", True),
        ("GitHub", "noreply@github.com", True),
        ("Nightly", "project_7_bot_0a1b@noreply.gitlab.example", True),
        ("group_31_bot", "", True),
        ("robot_project_7", "robot_project_7@lantern.example", False),
        ("Damien Grisonnet", "damien@lantern.example", False),
        ("Claude Monet", "claude@giverny.example", False),
        ("Bob Botha", "botha@lantern.example", False),
        ("Ada", "1234+ada@users.noreply.github.com", False),
        ("", "", False),
    ],
)
def test_machines_are_known_by_account_and_address(name: str, email: str, machine: bool) -> None:
    """Applications, AI co-authors and GitHub itself are machines; a person is not, whatever the name reminds of."""
    assert machine == is_machine(name, email)


def test_a_revert_of_a_revert_restores() -> None:
    """The chain that the open data and GitHub's own button make: undone, restored, undone again."""
    assert frozenset() == standing_reverted({})
    assert {"work"} == standing_reverted({"first": "work"})
    assert {"first"} == standing_reverted({"first": "work", "second": "first"})
    assert {"second", "work"} == standing_reverted({"first": "work", "second": "first", "third": "second"})


def test_one_of_two_reverts_is_enough() -> None:
    """Taken back, restored, and taken back anew by a revert of the work itself: it stands undone."""
    reverts = {"first": "work", "restore": "first", "anew": "work"}

    assert {"first", "work"} == standing_reverted(reverts)


def test_a_circle_is_not_believed() -> None:
    """Refs that take each other back, which no history can hold, end the walk without an answer about them."""
    assert frozenset() == standing_reverted({"a": "b", "b": "a", "c": "c"})
    assert {"a", "work"} == standing_reverted({"a": "b", "b": "a", "honest": "a", "plain": "work"})


@given(length=st.integers(0, 60), order=st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_parity_along_a_chain(length: int, order: random.Random) -> None:
    """In a chain of reverts the last one stands and every second before it is undone, in whatever order they come."""
    pairs = [(f"r{number}", f"r{number - 1}") for number in range(1, length + 1)]
    order.shuffle(pairs)

    assert {f"r{n}" for n in range(length) if (length - n) % 2 == 1} == standing_reverted(dict(pairs))


@given(targets=st.lists(st.integers(0, 10_000), max_size=40))
@settings(max_examples=50, deadline=None)
def test_any_history_is_settled_by_the_rule(targets: list[int]) -> None:
    """Where each revert takes back something older, undone means exactly: one of its reverts is not undone itself."""
    reverts = {str(number): str(target % number) for number, target in enumerate(targets, start=1)}
    everything = {str(number) for number in range(len(targets) + 1)}

    assert {ref for ref in everything if undone(ref, reverts)} == standing_reverted(reverts)


def undone(ref: str, reverts: Mapping[str, str]) -> bool:
    """The rule as one says it."""
    return any(not undone(revert, reverts) for revert, target in reverts.items() if target == ref)


def test_a_long_chain_is_walked() -> None:
    """Ten thousand reverts in a row are no recursion."""
    chain = {str(number): str(number - 1) for number in range(1, 10_001)}

    assert 5_000 == len(standing_reverted(chain))


@pytest.mark.skipif(not open_data.PRESENT, reason="THE OPEN DATA ARE NOT HERE: no real commit message was read")
def test_marks_of_a_real_history() -> None:
    """In a real team's commits those with an assistant's own address, and no others, have evidence."""
    lines = (open_data.FOLDER / "entire-cli" / "commits.jsonl").read_text(encoding="utf-8").splitlines()
    messages = [json.loads(line)["message"] for line in lines]
    addresses = {"claude_code co-author": "<noreply@anthropic.com>", "copilot co-author": "+copilot@users.noreply"}
    expected = Counter(
        next((mark for mark, address in addresses.items() if address in message.casefold()), None)
        for message in messages
    )

    assert expected == Counter(ai_evidence(message) for message in messages)
    assert expected.total() - expected[None] > 250
    assert 1 == sum(reverted_commit(message) is not None for message in messages)
