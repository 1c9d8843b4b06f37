"""What came of the work, on the card and explained: quality of code, or the cost of a piece for other work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain import scorecard
from bot.domain.finished_work import WorkDone
from bot.domain.outcomes import OutcomeKind
from bot.views import scorecard as card_views
from bot.views import why
from tests.views.samples import LAST_DAY, STANDING, TODAY, numbers


def done(days_ago: int, kind: OutcomeKind = OutcomeKind.PR_MERGED, source: str = "github", **more: Any) -> WorkDone:
    return WorkDone(source, kind, LAST_DAY - timedelta(days=days_ago), **more)


CODE = [
    *(done(days, ai_assisted=days < 20, lines_added=100, lines_survived_14d=90) for days in (2, 16, 17, 20)),
    *(done(days, lines_added=100, lines_survived_14d=60, lines_survived_30d=40, reverted=False) for days in (42, 50)),
]
TICKETS = [done(days, OutcomeKind.TICKET_DONE, "jira") for days in (1, 2, 9, 30, 31, 32)]


def shown(work: Sequence[WorkDone]) -> tuple[str, str]:
    """The card and its explanation for the sample person with this work."""
    known = numbers()
    card = scorecard.build(replace(known, beside=replace(known.beside, work=tuple(work))))
    told = why.message(card, standing=STANDING, findings=known.findings, not_judged=(), today=TODAY)
    return card_views.message(card, today=TODAY, has_tip=False).text, told.text


def test_code_is_followed_by_its_lines() -> None:
    """The card tells what is still there after 14 and 30 days beside one's own four weeks before; never a grade."""
    card, _ = shown(CODE)

    assert "Of the lines added by 3 changes, 90 % were still there after 14 days (60 % the four weeks before)." in card
    assert "Of the lines added by 2 changes, 40 % were still there after 30 days." in card
    assert "a ticket" not in card


def test_work_without_code_is_told_by_what_it_is() -> None:
    """Whose work is tickets sees what a ticket cost beside what it cost before, and nothing of lines or changes."""
    card, told = shown(TICKETS)

    assert "About $26 a ticket (about $26 before)." in card
    assert "Of the lines" not in card
    assert "you finish tickets most" in told
    assert "Told by jira. Rule results-3." in told


def test_why_tells_window_inputs_and_how_sure() -> None:
    """The explanation names the days, the number of pieces, the marks, the confidence, the source and the rule."""
    _, told = shown(CODE)

    assert "The money of 28 days is set beside the 4 merged changes of the same days (2 before)." in told
    assert "3 of them say themselves that an AI helped, so I am 70 % sure that money and work belong together." in told
    assert "300 lines added by 3 changes that a source followed for 14 days; 270 of them were still there." in told
    assert "Told by github. Rule results-3." in told


@pytest.mark.parametrize("work", [[], [done(3, OutcomeKind.PR_CLOSED)], [done(3, OutcomeKind.DEPLOYED)]])
def test_nothing_that_applies_is_not_judged(work: list[WorkDone]) -> None:
    """Without a kind of work that can be counted, nothing is said of results at all."""
    card, told = shown(work)

    for words in ("lines added", "a ticket", "stand beside the money"):
        assert words not in card + told
