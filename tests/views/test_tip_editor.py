"""The leads' views of tips: within Slack's limits for every tip that ships and for very many, and drafts that fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bot.domain.languages import LANGUAGES
from bot.domain.tip_fields import LONGEST_HOW_TO, LONGEST_LINK, problems
from bot.domain.tips import Tip
from bot.errors import InputError
from bot.sources.tip_library import load_tips
from bot.views import limits, tip_editor
from tests.views import tip_samples

SHIPPED = load_tips()
TODAY = date(2026, 3, 2)


@pytest.mark.parametrize("tip", SHIPPED, ids=lambda tip: tip.tip_id)
def test_every_view_of_every_tip_keeps_slacks_limits(tip: Tip) -> None:
    """Its page, its preview, both forms and the look at a draft in each language."""
    for view in tip_samples.views_of(tip, TODAY):
        assert [] == limits.check_view(view)
        assert len(view.get("private_metadata", "")) <= tip_editor.LONGEST_METADATA


def test_very_many_tips_are_listed() -> None:
    """Three hundred tips in a hundred and fifty families: the list fits, and each can be opened."""
    many = [replace(SHIPPED[0], tip_id=f"n{number}-tip", topic=f"family-{number // 2}") for number in range(300)]
    view = tip_editor.listing(many, TODAY)
    few = tip_editor.listing(many[:180], TODAY)

    assert [] == limits.check_view(view)
    assert 180 == len(list(options(few)))
    assert 200 == len(list(options(view)))  # a hundred groups is what Slack takes


def options(view: dict[str, Any]) -> Iterator[str]:
    opener = view["blocks"][1]["elements"][0]
    return (option["value"] for group in opener["option_groups"] for option in group["options"])


def test_longest_tip_fits_into_its_draft() -> None:
    """A tip as long as the checks allow can be looked at before it is saved: a view carries 3,000 characters."""
    longest = replace(
        SHIPPED[0],
        text="x" * 340,
        try_this="y" * 10,
        how_to="z" * LONGEST_HOW_TO,
        link="https://" + "a" * (LONGEST_LINK - 8),
        triggers=frozenset().union(*(tip.triggers for tip in SHIPPED)),
    )
    draft = tip_editor.drafted(longest, LANGUAGES["en"])

    assert {} == problems(draft.fields)
    assert len(draft.dump()) <= tip_editor.LONGEST_METADATA
    assert draft == tip_editor.read_draft(draft.dump())


@pytest.mark.parametrize("junk", ["", "[]", "null", '{"t":1}', '{"t":"a","l":"en","n":false,"f":{"boss":"x"}}'])
def test_junk_is_no_draft(junk: str) -> None:
    """What we did not write is refused as a whole."""
    with pytest.raises(InputError):
        tip_editor.read_draft(junk)
