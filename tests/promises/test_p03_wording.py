"""P3: more tokens, requests, sessions or spend never improve a word, colour, icon or number with a verdict."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import scorecard
from bot.domain.usage import Counters
from tests.views import samples

FIGURE = re.compile(r"(?:about |up to |less than )?\$?\d[\d,.]*(?: to \$\d[\d,.]*)?(?: [mb]illion)?", re.IGNORECASE)


def masked(text: str) -> str:
    """`text` with every figure as "#": what is left is the wording."""
    return FIGURE.sub("#", text)


@given(scale=st.integers(min_value=2, max_value=100_000))
@settings(max_examples=40, deadline=None)
def test_multiplying_everything_changes_no_word(scale: int) -> None:
    """The card, the explanation and App Home say the same of k times the volume, figures apart."""
    little, much = samples.numbers(), samples.numbers(scale=scale)

    for (name, before), (_, after) in zip(
        samples.every_message(little).items(), samples.every_message(much).items(), strict=True
    ):
        assert masked(before.text) == masked(after.text), name
        assert looks(before.blocks) == looks(after.blocks), name


@given(
    requests=st.integers(1, 10**6),
    sessions=st.integers(1, 10**5),
    tokens=st.integers(1, 10**11),
    accepted=st.integers(1, 10**6),
)
@settings(max_examples=40, deadline=None)
def test_volume_does_not_touch_habit_outcome_or_value(requests: int, sessions: int, tokens: int, accepted: int) -> None:
    """Habit counts days, outcome counts work, value counts what was said: volume changes not one character of them."""
    little = scorecard.build(samples.numbers(counters=Counters(requests=1, input_tokens=1, cost_microusd=5)))
    much = scorecard.build(
        samples.numbers(
            counters=Counters(
                requests=requests, sessions=sessions, input_tokens=tokens, accepted=accepted, cost_microusd=5
            )
        )
    )

    assert (little.habit, little.outcome, little.value) == (much.habit, much.outcome, much.value)
    assert (little.unknowns, little.weeks) == (much.unknowns, much.weeks)


@given(scale=st.integers(min_value=2, max_value=1000))
@settings(max_examples=20, deadline=None)
def test_spending_more_makes_no_change_cheaper(scale: int) -> None:
    """With the same work done, the cost of a merged change grows with the spend and never falls."""
    little, much = (scorecard.build(samples.numbers(scale=k)).results for k in (1, scale))
    assert little is not None
    assert much is not None
    assert little.cost is not None
    assert much.cost is not None

    assert little.cost.microusd < much.cost.microusd


def looks(blocks: list[dict[str, Any]]) -> list[Any]:
    """Block types, styles and buttons: everything that is seen besides words."""
    return [
        (
            block["type"],
            [(part.get("type"), part.get("style"), part.get("action_id")) for part in block.get("elements", ())],
        )
        for block in blocks
    ]
