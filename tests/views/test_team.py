"""What is said of groups: within Slack's limits, harmless, the four together or none, and never why one is missing."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.disclosure import Shown, Suppressed, Why
from bot.domain.team_summary import (
    MERGED,
    OPTIMIZABLE,
    SPEND,
    STILL_THERE,
    TOKENS,
    USES_REGULARLY,
    WASTED,
    settle_volume,
    summarize,
)
from bot.views import limits, team, team_why
from tests.summaries import EARLIER, TOLD
from tests.views.team_samples import DAYS, TODAY, cells, every_message, message
from tests.views.test_messages import HOSTILE, assert_harmless


@pytest.mark.parametrize("word", HOSTILE, ids=range(len(HOSTILE)))
def test_name_of_a_team_is_only_words(word: str) -> None:
    """A team's name from a file mentions, links, marks up and hides nothing, and Slack takes every message."""
    for name, said in every_message(word).items():
        assert [] == limits.check(said.blocks), name
        assert_harmless(said)


def test_text_is_whole() -> None:
    """Whoever listens hears every section, the small print and the choices."""
    said = every_message()["whole"].text

    for words in (
        "Where people stand:",
        "Cost, and what came of it:",
        "One thing to try:",
        "How to read it",
        "Choices: ",
    ):
        assert words in said


def test_no_praise_and_no_order() -> None:
    """No message praises, ranks, compares groups or shows a picture."""
    banned = re.compile(
        r"\b(rank\w*|best|worst|top|ahead|well done|score|medal\w*|unlock\w*|leverage\w*|journey)\b|!|:\w+:",
        re.IGNORECASE,
    )

    assert {} == {name: found[0] for name, said in every_message().items() if (found := banned.search(said.text))}


@pytest.mark.parametrize("missing", [TOKENS, SPEND, OPTIMIZABLE, WASTED, MERGED, STILL_THERE])
def test_four_vectors_together_or_none(missing: str) -> None:
    """P4: without any one of them neither tokens nor a dollar is said, whether the job settled it or not."""
    told = cells({**TOLD, missing: Suppressed(Why.DOMINANT)})

    for settled in (told, settle_volume(told, ())):
        said = message(summarize(settled, [])).text
        assert not re.search(r"\$\d|\d tokens|[mb]illion tokens", said)
        assert "Tokens and cost are left out here" in said


def test_more_volume_changes_two_figures_and_no_word() -> None:
    """P3: ten times the tokens and the cost, everything else equal: the same words with other numbers."""
    more = {name: Shown(TOLD[name].value * 10) for name in (TOKENS, SPEND)}  # type: ignore[union-attr]
    before, after = (message(summarize(cells(told), [cells()])).text for told in (TOLD, {**TOLD, **more}))

    assert before != after
    assert re.sub(r"[\d,.]+( [mb]illion)?", "#", before) == re.sub(r"[\d,.]+( [mb]illion)?", "#", after)


def test_how_many_are_counted_is_not_said() -> None:
    """P10: the exact number would tell when all of a group are visible; no word of the summary hangs on it."""
    read = set()
    for people in (12, 13, 7_913):
        told = {name: replace(cell, people=people) if isinstance(cell, Shown) else cell for name, cell in TOLD.items()}
        summary = summarize(cells(told), [cells(EARLIER)])
        why = team_why.message(summary, days=DAYS, rule_version="r", today=TODAY)
        read.add((message(summary).text, why.text))

    assert 1 == len(read)


def test_reason_is_never_told() -> None:
    """P10: whatever withheld a figure, the summary and its explanation read the same."""
    few = {USES_REGULARLY: TOLD[USES_REGULARLY]}
    read = {
        (message(summary).text, team_why.message(summary, days=DAYS, rule_version="r", today=TODAY).text)
        for why in Why
        if why is not Why.VOLUME_WITHOUT_VALUE
        for summary in [summarize(cells(few, why), [])]
    }

    assert 1 == len(read)


def test_trend_is_against_the_own_past() -> None:
    """P2: a figure that was told before is set beside itself, and beside nothing else."""
    said = message(summarize(cells(), [cells(EARLIER)])).text

    assert "About 45 % use AI in most weeks (less than before)." in said
    assert "changes merged (as before)." in said
    assert "before)" not in message(summarize(cells(), [])).text


def test_names_alike_get_numbers_in_the_alphabets_order() -> None:
    """Teams below stand by name; of two that are called alike each has a number, and a key says nothing."""
    named = team.numbered([("z", "Wicks"), ("b", "glass"), ("a", "Wicks"), ("c", None)])

    assert ["A team without a name", "glass", "Wicks (1)", "Wicks (2)"] == list(named.values())


def test_more_teams_than_slack_lists_are_cut() -> None:
    """A manager of many teams gets a list that Slack takes; the others are opened by name."""
    below = {f"k{number}": f"team {number}" for number in range(250)}

    assert [] == limits.check(message(summarize(cells(), []), below=below).blocks)


def test_period_is_told_in_days() -> None:
    """The 28 days stand in the small print, with the year where it is far away."""
    assert "2 February to 1 March, everybody below" in every_message()["whole"].text
    assert "2 February 2026 to 1 March 2026" in message(summarize(cells(), []), today=TODAY + timedelta(days=500)).text
