"""docs/evidence/cards.md is what the real rules and the real words make of ten invented people, and nothing else."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain.adoption import State
from bot.domain.scorecard import Scorecard
from bot.store import states
from bot.store.database import Store
from bot.views import scorecard as views
from tests import ten_cards
from tests.promises.test_p02_no_ranking import BANNED, PICTURES
from tests.promises.test_p03_wording import masked
from tests.ten_cards import TEN, TODAY

PAGE = Path(__file__).parents[2] / "docs" / "evidence" / "cards.md"


@pytest.fixture(scope="module")
def judged(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store of their own, in which the ten are judged once for all of these tests."""
    path = tmp_path_factory.mktemp("cards") / "cards.db"
    shutil.copy(migrated_sqlite, path)
    store = Store(f"sqlite:///{path}")
    yield store
    store.close()


@pytest.fixture(scope="module")
def made(judged: Store) -> list[Scorecard]:
    return [card for _, card in ten_cards.cards(judged)]


def test_the_page_is_what_is_said(made: list[Scorecard]) -> None:
    """Made again, word for word; `python -m tests.ten_cards` writes it anew."""
    assert ten_cards.page(zip(TEN, made, strict=True)) == PAGE.read_text(encoding="utf-8")


def test_the_ten_stand_in_different_places(made: list[Scorecard], judged: Store) -> None:
    """Habitual, tickets only, never used, lapsed, in grace, exploring, late, wasteful, and nothing visible."""
    with judged.read() as session:
        standings = states.current(session, person_ids=range(1, len(TEN) + 1))

    assert {
        State.HABITUAL,
        State.NEVER_USED,
        State.LAPSED,
        State.GRACE,
        State.BUILDING,
        State.UNKNOWN,
        State.NOT_PROVISIONED,
    } <= {standing.state for standing in standings.values()}
    assert any(card.efficiency.ledgers.wasted_microusd for card in made)
    assert any(card.efficiency.exploring_until for card in made)


def test_twenty_times_the_tokens_earn_no_other_word(made: list[Scorecard]) -> None:
    """The twin with the same days and the same work reads the same card, figures of money and tokens apart (P3)."""
    ada, twin = (views.message(card, today=TODAY, has_tip=False).text for card in made[:2])

    assert masked(ada) == masked(twin)
    assert ada != twin


def test_none_flatters_shames_or_compares() -> None:
    """No word of praise, rank or reproach stands on the page."""
    said = "\n".join(line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith(">"))

    assert None is BANNED.search(said)
    assert None is PICTURES.search(said)
    assert not re.search(
        r"\b(should|must|failed to|unfortunately|wasted|idle|lazy|still not)\b|\$0", said, re.IGNORECASE
    )


def test_work_that_two_sources_tell_stands_once(made: list[Scorecard]) -> None:
    """Ada's changes are told by GitHub and by the git history, and are counted once."""
    days = [day for day in ten_cards.days_back(28) if day.weekday() in (1, 3)]

    assert made[0].outcome is not None
    assert len(days) == made[0].outcome.merged
    assert ("git-works",) == made[0].again_by
