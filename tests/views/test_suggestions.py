"""A suggestion is told with its range, never as a part of the sums; a tip may speak of it after what counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.domain import occasions, scorecard
from bot.domain.adoption import Standing, State
from bot.domain.waste.finding import Ledger
from bot.views import why
from tests.by_hand import LAST_DAY, WASTE
from tests.views import samples

SUGGESTION = replace(WASTE, rule_version="W15-3", counted_microusd=0, high_microusd=90_000_000)
COUNTED = replace(WASTE, detector="W13", rule_version="W13-2")
STANDING = Standing(State.HABITUAL, LAST_DAY, "there is use")


def test_why_says_that_a_suggestion_is_in_no_sum() -> None:
    """The range, and that it is in none of the sums; what counts says nothing of the kind."""
    texts = []
    for found in (SUGGESTION, COUNTED):
        card = scorecard.build(samples.numbers())
        told = why.message(card, standing=STANDING, findings=[found], not_judged=[], today=LAST_DAY + timedelta(days=1))
        texts.append(told.text)

    assert "$9 to $90 could have been less, as a suggestion: it is in none of the sums above" in texts[0]
    assert "in none of the sums above" not in texts[1]


def test_a_tip_may_speak_of_a_suggestion_after_what_counts() -> None:
    """Whatever its range; one that is exploration is no reason to speak (P7)."""
    small = replace(SUGGESTION, detector="W10", ledger=Ledger.EXPLORATION)
    said = occasions.occasions(STANDING, [SUGGESTION, small, COUNTED], exploring=False, welcome=True)

    assert ["W13", "W15"] == [one.trigger for one in said]
    assert () == occasions.occasions(STANDING, [SUGGESTION], exploring=True, welcome=True)


def test_the_card_adds_no_suggestion_up() -> None:
    """With a suggestion alone nothing could have been less."""
    numbers = samples.numbers()
    alone, both = (
        scorecard.build(replace(numbers, findings=found)).efficiency.ledgers
        for found in ((COUNTED,), (COUNTED, SUGGESTION))
    )

    assert alone == both
