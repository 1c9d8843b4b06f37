"""A suggestion is told with its range, never as a part of the sums; a tip may speak of it after what counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.domain import occasions, scorecard
from bot.domain.adoption import Standing, State
from bot.domain.waste.finding import Ledger
from bot.views import scorecard as card_views
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


def test_why_says_that_something_was_meant() -> None:
    """What the person said was meant is simply used, there as on the card; nothing of it could have been less."""
    numbers = samples.numbers()
    meant = replace(numbers, beside=replace(numbers.beside, meant={("W13", "claude_code"): LAST_DAY}))
    before, after = (
        why.message(
            scorecard.build(known),
            standing=STANDING,
            findings=[COUNTED],
            not_judged=[],
            today=LAST_DAY + timedelta(days=1),
        ).text
        for known in (numbers, meant)
    )

    assert "Claude Code: about $9 could have been less (estimate: $9 to $18).\nIt may be quite right." in before
    assert "Claude Code: simply used, because you told me that this was meant.\n" in after
    assert "about $9 could have been less (estimate" not in after


def test_why_shows_no_dollar_a_second_time() -> None:
    """A finding of which nothing is left, because others speak of the same dollars, names none."""
    card = scorecard.build(samples.numbers())
    nothing_left = replace(SUGGESTION, low_microusd=0, high_microusd=0)
    said = why.message(card, standing=STANDING, findings=[nothing_left], not_judged=[], today=LAST_DAY).text

    assert "Claude Code: what this cost is spoken of under another pattern already." in said


def test_a_tip_may_speak_of_a_suggestion_after_what_counts() -> None:
    """Whatever its range; one that is exploration is no reason to speak (P7)."""
    small = replace(SUGGESTION, detector="W10", ledger=Ledger.EXPLORATION)
    said = occasions.occasions(STANDING, [SUGGESTION, small, COUNTED], exploring=False, welcome=True)

    assert ["W13", "W15"] == [one.trigger for one in said]
    assert () == occasions.occasions(STANDING, [SUGGESTION], exploring=True, welcome=True)


def test_the_card_does_not_deny_what_why_suggests() -> None:
    """With a suggestion alone the card does not say that nothing was found that could have been less: it says where to
    read of it; not in the first 60 days, nor of what the person said was meant.
    """
    numbers = replace(samples.numbers(), findings=(SUGGESTION,))
    meant = replace(numbers, beside=replace(numbers.beside, meant={("W15", "claude_code"): LAST_DAY}))
    early = scorecard.build(numbers).efficiency
    cards = [
        scorecard.build(numbers).efficiency,
        scorecard.build(meant).efficiency,
        replace(early, exploring_until=LAST_DAY),
        scorecard.build(replace(numbers, findings=(SUGGESTION, COUNTED))).efficiency,
    ]
    alone, used, exploring, beside = (card_views.efficiency_words(card, LAST_DAY) for card in cards)

    assert (
        "I looked for what bought nothing, and found nothing that I can check for. For what could have been less there "
        'is a suggestion under "Why?"; it is in no sum.'
    ) in alone
    assert "what could have been less or bought nothing, and found nothing that I can check for." in used
    assert (
        "all of it was exploring. So nothing in it counts as what could have been less or bought nothing." in exploring
    )
    assert ["suggestion" in said for said in (used, exploring, beside)] == [False, False, False]


def test_the_card_adds_no_suggestion_up() -> None:
    """With a suggestion alone nothing could have been less."""
    numbers = samples.numbers()
    alone, both = (
        scorecard.build(replace(numbers, findings=found)).efficiency.ledgers
        for found in ((COUNTED,), (COUNTED, SUGGESTION))
    )

    assert alone == both
