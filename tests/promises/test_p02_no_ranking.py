"""P2: no order, percentile, badge, tier, streak, level or comparison between people, in any message or tip."""

from __future__ import annotations

import json
import re
from dataclasses import fields

import pytest

from bot.domain import scorecard
from bot.domain.tips import Tip
from bot.sources.tip_library import load_tips
from tests.views import samples

BANNED = re.compile(
    r"\b(rank\w*|percentiles?|quartiles?|top \d+|top[- ]?(user|performer|spender)s?|badges?|levels?|tiers?|streaks?"
    r"|leaderboards?|league|medals?|champions?|winners?|points|score|grade|achievements?|most people|your team|the team"
    r"|your peers|colleagues|average"
    r"|(better|worse|more|less|faster|slower) than (others|most|your team|the others|anyone)"
    r"|others (use|do|have)|everyone else|power users?|heavy users?|well done|congratulations|great job|keep it up"
    r"|good work|impressive|unlock\w*|leverage\w*|journey)\b|!",
    re.IGNORECASE,
)
PICTURES = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b50-\u2b55]|:[a-z_]+:")
MESSAGES = samples.all_messages()


@pytest.mark.parametrize("name", MESSAGES)
def test_no_message_compares_or_awards(name: str) -> None:
    """No message about anybody holds a word or picture of comparison, praise for volume, or award."""
    said = MESSAGES[name].text

    assert None is BANNED.search(said)
    assert None is PICTURES.search(said)


def test_no_page_compares_or_awards() -> None:
    """The same holds for App Home."""
    for view in samples.every_view().values():
        said = json.dumps(view, ensure_ascii=False)
        assert None is BANNED.search(said)
        assert None is PICTURES.search(said)


@pytest.mark.parametrize("tip", load_tips(), ids=lambda tip: tip.tip_id)
def test_no_tip_compares_or_awards(tip: Tip) -> None:
    """The same holds for every tip that ships."""
    said = "\n".join((tip.text, tip.try_this, tip.how_to))

    assert None is BANNED.search(said)
    assert None is PICTURES.search(said)


def test_no_state_is_shown_as_a_level() -> None:
    """The words of the states are ours; a person reads what was seen, not what they are."""
    for message in MESSAGES.values():
        for state in ("habitual", "at_risk", "at risk", "lapsed", "first_steps", "never_used", "building"):
            assert state not in message.text.casefold()


def test_a_card_has_room_for_one_person_only() -> None:
    """Nothing in the input or the result of a card could hold a group, an order or a single score."""
    names = {field.name for kind in (scorecard.Numbers, scorecard.Scorecard) for field in fields(kind)}

    assert not [name for name in names if re.search("team|group|rank|score|peer|average|people", name)]
