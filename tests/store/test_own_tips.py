"""A company's own tips over those that ship: read anew each time, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from bot.domain.tips import Tip, TipWords
from bot.sources.tip_library import load_tips
from bot.store import own_tips
from bot.store.database import Store

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SHIPPED = load_tips()
FIRST = SHIPPED[0]
WORDS = TipWords("Vom {first_day} bis zum {last_day}.", "Eine Sache.", "1. Schritt.", "https://example.com/de")


def tips(store: Store) -> dict[str, Tip]:
    """As a process sees them that began before anything was changed."""
    with store.read() as session:
        return {tip.tip_id: tip for tip in own_tips.library(SHIPPED)(session)}


def test_without_own_tips_there_are_those_that_ship(store: Store) -> None:
    """An empty table changes nothing."""
    assert list(SHIPPED) == list(tips(store).values())


def test_changed_tip_goes_before_its_file(store: Store) -> None:
    """All of it comes back as it was saved, twice over, and its translations stay."""
    changed = replace(FIRST, text="Other {last_day}.", expires_on=date(2026, 4, 1), roles=frozenset(), link=None)
    with store.begin() as session:
        own_tips.save(session, tip=replace(FIRST, text="Something {last_day}."), now=NOW)
        own_tips.save(session, tip=changed, now=NOW)

    assert changed == tips(store)[FIRST.tip_id]
    assert len(SHIPPED) == len(tips(store))


def test_new_tip_is_one_more(store: Store) -> None:
    """It stands among the others in the order of the ids."""
    own = replace(FIRST, tip_id="a00-first", elsewhere={})
    with store.begin() as session:
        own_tips.save(session, tip=own, now=NOW)

    assert [own, *SHIPPED] == list(tips(store).values())


def test_translation_changes_one_language(store: Store) -> None:
    """The German words are new; the English ones, and when it comes, are those of the file."""
    with store.begin() as session:
        own_tips.save_words(session, tip_id=FIRST.tip_id, code="de", words=WORDS, now=NOW)

    assert replace(FIRST, elsewhere={"de": WORDS}) == tips(store)[FIRST.tip_id]


def test_translation_of_a_tip_that_is_gone_is_silent(store: Store) -> None:
    """A file that a newer version ships no more takes its own translation with it, and breaks nothing."""
    with store.begin() as session:
        own_tips.save_words(session, tip_id="no-such-tip", code="de", words=WORDS, now=NOW)

    assert list(SHIPPED) == list(tips(store).values())
