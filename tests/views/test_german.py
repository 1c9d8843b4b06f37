"""Messages in German: all of them, within Slack's limits, whole in their text, and with no English left over."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields

import pytest

from bot.domain.check_in import CheckIn, Helped, Saving, WentTo
from bot.domain.languages import LANGUAGES
from bot.domain.tips import SAMPLE_FACTS, Tip
from bot.domain.told import Answer
from bot.sources.tip_library import load_tips
from bot.views import check_in, limits, tip
from bot.views.message import Message
from bot.views.told import ANSWERS
from bot.views.words import FRAMES
from bot.views.words.frame import Frame
from bot.views.words.steps import STEPS, Steps
from tests.views import samples

SHIPPED = load_tips()
SET_UP_BY = "Das Team von Robin Osei"


def every_form(shipped: Tip, locale: str | None) -> dict[str, Message]:
    """Each message that a tip can become, for each of its triggers and each answer."""
    key, facts = samples.KEY, SAMPLE_FACTS
    made = {
        f"{trigger}, {first}": tip.message(
            nudge_key=key, tip=shipped, trigger=trigger, facts=facts, introduce_by=first, locale=locale
        )
        for trigger in sorted(shipped.triggers)
        for first in (None, SET_UP_BY)
    }
    made["how to"] = tip.how_to(tip=shipped, facts=facts, locale=locale)
    for answer in ANSWERS.values():
        made[answer] = tip.answered(nudge_key=key, tip=shipped, facts=facts, answer=answer, locale=locale)
    return made


def every_check_in(locale: str | None) -> dict[str, Message]:
    key, today = samples.KEY, samples.TODAY
    said = [CheckIn(today, helped, saving, went) for helped in Helped for saving in Saving for went in WentTo]
    answers = {str(one): check_in.answered(nudge_key=key, check_in=one, locale=locale) for one in said}
    return {
        **answers,
        "asked": check_in.message(nudge_key=key, introduce_by=None, locale=locale),
        "asked first": check_in.message(nudge_key=key, introduce_by=SET_UP_BY, locale=locale),
        "no more": check_in.no_more(nudge_key=key, locale=locale),
    }


def strings(value: object) -> Iterator[str]:
    """Every string in the words of a language."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from strings(inner)


def phrases(words: Frame | Steps) -> set[str]:
    return {found for field in fields(words) for found in strings(getattr(words, field.name))}


def keys(words: Frame | Steps) -> dict[str, object]:
    """What a language has words for: every place, and in each choice every entry; and which names are filled in."""
    found: dict[str, object] = {}
    for field in fields(words):
        value = getattr(words, field.name)
        if isinstance(value, Mapping):
            found[field.name] = {key: sorted(re.findall(r"{\w+}", said)) for key, said in value.items()}
        else:
            found[field.name] = sorted(re.findall(r"{\w+}", value))
    return found


ENGLISH_PHRASES = {
    said
    for said in phrases(FRAMES["en"]) | phrases(STEPS["en"])
    if said not in phrases(FRAMES["de"]) | phrases(STEPS["de"]) and not re.search(r"{\w+}", said)
}


@pytest.mark.parametrize("table", [FRAMES, STEPS], ids=["frame", "steps"])
def test_every_language_has_words_for_the_same(table: Mapping[str, Frame] | Mapping[str, Steps]) -> None:
    """No language lacks a word that another has, fills in other names, or is known in one place and not in another."""
    assert set(LANGUAGES) == set(table)
    assert [keys(table["en"])] * len(table) == [keys(words) for words in table.values()]


def test_labels_are_short_enough_for_buttons_and_menus() -> None:
    """Slack cuts at 75 characters; a label that is cut does not say what happens."""
    for code in LANGUAGES:
        frame = FRAMES[code]
        for label in (*frame.labels.values(), *frame.helped.values(), *frame.saving.values(), *frame.went_to.values()):
            assert len(label) <= 40, label


@pytest.mark.parametrize("locale", ["en-GB", "de-DE"])
@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda shipped: shipped.tip_id)
def test_every_form_of_every_tip(shipped: Tip, locale: str) -> None:
    """For every trigger and every answer: Slack would take it, its text is whole, and no placeholder is left."""
    for message in every_form(shipped, locale).values():
        assert [] == limits.check(message.blocks)
        assert len(message.text) < 4000
        assert not re.search(r"[{}]", message.text)


@pytest.mark.parametrize("locale", ["en-GB", "de-DE"])
def test_every_form_of_the_check_in(locale: str) -> None:
    """The same for the one question and all that may be said to it."""
    for message in every_check_in(locale).values():
        assert [] == limits.check(message.blocks)
        assert len(message.text) < 4000
        assert not re.search(r"[{}]", message.text)


@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda shipped: shipped.tip_id)
def test_no_english_is_left_in_a_german_tip(shipped: Tip) -> None:
    """Of all our English words around a tip none stands in a German one, nor a common English word of its own."""
    for name, message in every_form(shipped, "de-AT").items():
        found = [said for said in ENGLISH_PHRASES if re.search(rf"(?<!\w){re.escape(said)}(?!\w)", message.text)]
        assert [] == found, name
        assert not re.search(r"\b(the|and|you|with|your|roughly|sources)\b", message.text), name


def test_no_english_is_left_in_a_german_check_in() -> None:
    """The same for the question."""
    for name, message in every_check_in("de-DE").items():
        found = [said for said in ENGLISH_PHRASES if re.search(rf"(?<!\w){re.escape(said)}(?!\w)", message.text)]
        assert [] == found, name
        assert not re.search(r"\b(the|and|you|with|your)\b", message.text), name


def test_english_would_be_found() -> None:
    """The two tests above can fail: an English message holds many of these phrases."""
    said = every_form(SHIPPED[0], "en-GB")["how to"].text + every_check_in(None)["asked"].text

    assert 5 < len([phrase for phrase in ENGLISH_PHRASES if phrase in said])


def test_tip_without_german_words_comes_in_english_as_a_whole() -> None:
    """A tip that nobody translated is not put into a German frame."""
    shipped = Tip(**{**vars(SHIPPED[0]), "elsewhere": {}})

    assert every_form(shipped, "en-GB") == every_form(shipped, "de-DE")


@pytest.mark.parametrize("code", LANGUAGES)
def test_tips_name_buttons_by_their_labels(code: str) -> None:
    """Where a tip quotes one of our buttons it says what stands on it, in either language."""
    mark = {"en": r'"([^"]+)"', "de": r"„([^“]+)“"}[code]
    named = {"l04-shall-i-stop", "z03-what-stands-in-the-way", "z11-nothing-comes-back", "p15-a-spare-seat"}
    there = phrases(FRAMES[code]) | phrases(STEPS[code])
    for shipped in (shipped for shipped in SHIPPED if shipped.tip_id in named):
        words = shipped if code == "en" else shipped.elsewhere[code]
        quoted = re.findall(mark, f"{words.try_this} {words.how_to}")

        assert quoted
        assert [] == [label for label in quoted if label not in there]


def test_thanks_and_labels_cover_every_answer() -> None:
    """Whatever can be tapped under a tip has a label and a thanks in every language."""
    for frame in FRAMES.values():
        assert set(ANSWERS.values()) <= set(frame.thanks)
        assert {*ANSWERS.values(), Answer.NO_QUESTIONS} <= set(frame.labels)
