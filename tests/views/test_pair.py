"""The one text with another person in it, and that every word of fifteen minutes is there in every language."""

from __future__ import annotations

import string
from dataclasses import asdict

import pytest

from bot.domain.pairs import MADE, Side
from bot.views import limits, pair
from bot.views.ids import Action
from bot.views.words.pairs import PAIRS
from bot.views.words.steps import STEPS


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("locale", ["en-GB", "de-DE"])
def test_names_are_told_as_one_mention(side: Side, locale: str) -> None:
    """The account of the other once, in the text as in the blocks, and the way out below it."""
    facts = {"side": side.value, "other": "U0BEN"}
    message = pair.message(nudge_key="n-1", trigger=MADE, facts=facts, introduce_by="Robin Osei", locale=locale)

    assert [] == limits.check(message.blocks)
    assert (1, 1) == (message.text.count("<@U0BEN>"), str(message.blocks).count("<@U0BEN>"))
    assert Action.STOP.value in str(message.blocks[-1])
    assert "<@" not in message.text.splitlines()[0]


@pytest.mark.parametrize("other", ["!channel", "U0BEN> <!here", "", "u0ben", None])
def test_nothing_but_an_account_is_mentioned(other: str | None) -> None:
    """Whatever is no account of Slack's makes no message at all."""
    with pytest.raises(ValueError, match="not an account"):
        pair.message(nudge_key="n-1", trigger=MADE, facts={"side": "shows", "other": other})


def test_every_language_has_every_word() -> None:
    """The languages of the other next steps, with the same gaps in the same places."""
    gaps = {code: {place: gaps_in(said) for place, said in asdict(words).items()} for code, words in PAIRS.items()}

    assert STEPS.keys() == PAIRS.keys()
    assert gaps["en"] == gaps["de"]
    assert {"already", "wants_to_see", "shows"} == {place for place, found in gaps["en"].items() if found}


def gaps_in(said: str) -> list[str]:
    return [gap for _, gap, _, _ in string.Formatter().parse(said) if gap]
