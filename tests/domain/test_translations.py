"""Tips in other languages: what is refused and how, how facts are said, and that every shipped tip is in German too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.domain.languages import ENGLISH, LANGUAGES, of_locale
from bot.domain.tip_fields import LONGEST_TEXT, fields_of, problems, tip_of
from bot.domain.tip_file import parse, parse_translation
from bot.domain.tips import PLACEHOLDERS, SAMPLE_FACTS, Facts, Tip, can_fill, fill, holes, in_language_of
from bot.domain.waste import runaway
from bot.errors import InputError
from bot.sources.tip_library import load_tips
from tests.domain.test_tips import GOOD

GERMAN = LANGUAGES["de"]
SHIPPED = load_tips()
GOOD_GERMAN = """---
id: a-small-tip
---
Vom {first_day} bis zum {last_day} sehe
ich nichts von {tools}.

## Try

Eine kleine Sache.

## How

1. Schritt eins.
"""
BROKEN = [
    (GOOD_GERMAN.replace("---\nVom", "topic: x\n---\nVom"), 3, 'unknown key "topic"; use id, link'),
    (GOOD_GERMAN.replace("id: a-small-tip\n", ""), 2, 'the key "id" is missing'),
    (GOOD_GERMAN.replace("{tools}", "{schnitt}"), 5, "unknown placeholder {schnitt}"),
    (GOOD_GERMAN.replace("{tools}", "{innocent_reason}"), 5, "{innocent_reason} cannot be said in German"),
    (GOOD_GERMAN.replace("kleine Sache.", "kleine Sache!"), 9, "exclamation mark"),
    (GOOD_GERMAN.replace("Eine kleine", "Dein Team kennt eine kleine"), 9, '"Dein Team" is not how we speak'),
    (GOOD_GERMAN.replace("Eine kleine Sache.", "Wort " * 80), 4, f"cut them to {LONGEST_TEXT}"),
    (GOOD_GERMAN.replace("1. Schritt eins.\n", ""), 12, 'nothing stands below "## How"'),
]


@pytest.mark.parametrize(("text", "line", "reason"), BROKEN, ids=[reason for _, _, reason in BROKEN])
def test_mistake_in_a_translation_is_one_sentence(text: str, line: int, reason: str) -> None:
    """Each names file and line, says what is wrong, and how to mend it."""
    with pytest.raises(InputError) as caught:
        parse_translation("de/a.md", text, GERMAN)

    said = str(caught.value)
    assert said.startswith(f"de/a.md, line {line}: ")
    assert reason in said
    assert said.endswith(".")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("b.md", GOOD_GERMAN.replace("a-small", "no-such"), 'de/b.md: there is no tip "no-such-tip" in English; give'),
        ("b.md", GOOD_GERMAN, "de/b.md: it translates a.md; give it the same file name"),
    ],
)
def test_translation_of_nothing_is_refused(tmp_path: Path, name: str, text: str, said: str) -> None:
    """A translation belongs to one English file, by its id and by its name."""
    (tmp_path / "a.md").write_text(GOOD, encoding="utf-8")
    (tmp_path / "de").mkdir()
    (tmp_path / "de" / name).write_text(text, encoding="utf-8")

    with pytest.raises(InputError, match=re.escape(said)):
        load_tips(tmp_path)


def test_only_the_words_are_another() -> None:
    """A translation changes what is said; when, to whom and until when stands in the English file alone."""
    english = parse("a.md", GOOD)
    _, words = parse_translation("de/a.md", GOOD_GERMAN, GERMAN)
    both = Tip(**{**vars(english), "elsewhere": {"de": words}})

    said, language = in_language_of("de-DE", both, SAMPLE_FACTS)

    assert ("Eine kleine Sache.", GERMAN) == (said.try_this, language)
    assert (english.triggers, english.expires_on, english.link) == (said.triggers, said.expires_on, said.link)


@pytest.mark.parametrize(
    ("locale", "code"),
    [("de-DE", "de"), ("de-AT", "de"), ("de_CH", "de"), ("DE", "de"), ("den-CA", "en"), ("fr-FR", "en"), (None, "en")],
)
def test_locale_chooses_the_language(locale: str | None, code: str) -> None:
    """German for every kind of German, English for everybody else."""
    assert code == of_locale(locale).code


def test_facts_are_said_in_german() -> None:
    """Days, tools, money, counts and sources come from the raw facts, not from their English words."""
    facts: Facts = {**SAMPLE_FACTS, "seat_since": "2025-12-24", "high_microusd": 1_234_000_000, "active_days": 1}

    assert "2. Februar bis 1. März" == fill("{first_day} bis {last_day}", facts, GERMAN)
    assert "24. Dezember 2025" == fill("{seat_since}", facts, GERMAN)
    assert "Claude Code und GitHub Copilot" == fill("{tools}", facts, GERMAN)
    assert "etwa 11 bis 1.234 $" == fill("{dollars}", facts, GERMAN)
    assert ("einem Tag", "5 Tagen") == (fill("{days_used}", facts, GERMAN), fill("{days_empty}", facts, GERMAN))
    assert "den 2 Quellen, die ich sehe" == fill("{seen_by}", facts, GERMAN)
    assert "der einen Quelle, die ich sehe" == fill("{seen_by}", {**facts, "sources": ["file"]}, GERMAN)


def test_unknown_price_is_said_to_be_unknown_in_german() -> None:
    """A seat without a price: not zero, and no English in the middle of a German sentence."""
    facts: Facts = {"dollars": "not known to me", "last_day": "2026-03-01"}

    assert "mir nicht bekannt" == fill("{dollars}", facts, GERMAN)


def test_facts_without_their_numbers_are_left_in_english() -> None:
    """A message from before the raw facts were kept stays readable: all of it in English, and not half of it."""
    old: Facts = {name: fact for name, fact in SAMPLE_FACTS.items() if not name.endswith("_microusd")}
    tip = next(tip for tip in SHIPPED if "W15" in tip.triggers)

    said, language = in_language_of("de-DE", tip, old)

    assert not can_fill(Tip(**{**vars(tip), "text": tip.elsewhere["de"].text}), old, GERMAN)
    assert (tip, ENGLISH) == (said, language)


@pytest.mark.parametrize("tip", SHIPPED, ids=lambda tip: tip.tip_id)
def test_shipped_tip_keeps_the_voice_in_german(tip: Tip) -> None:
    """The same facts, one thing to try, as short, to "du", without praise, comparison or words for machines."""
    said, language = in_language_of("de-DE", tip, SAMPLE_FACTS)
    words = f"{fill(said.text, SAMPLE_FACTS, language)} {fill(said.try_this, SAMPLE_FACTS, language)}"

    assert GERMAN is language
    assert len(words) <= LONGEST_TEXT + 1
    assert sorted(holes(tip.text)) == sorted(holes(said.text))
    assert not re.search(r"\b(Team|Kolleg\w*|Durchschnitt|alle anderen|jede[rn]? andere|Tokens?|Sie|Ihnen)\b", words)
    assert not re.search(r"[<>&\"!]", f"{said.text}{said.try_this}{said.how_to}")
    assert not re.search(r"\b(the|and|you|with|your)\b", f"{said.text} {said.try_this} {said.how_to}")


def test_a_limit_is_said_as_it_is_counted() -> None:
    """The German words for a day of very many requests name the number that the detector uses."""
    many = f"{runaway.MAX_REQUESTS_A_DAY:,}".replace(",", ".")

    for tip in (tip for tip in SHIPPED if "W06" in tip.triggers):
        assert f"mehr als {many} Anfragen" in tip.elsewhere["de"].text


def test_page_for_translators_is_complete() -> None:
    """The how-to shows every placeholder as German says it, names those that it cannot say, and its example parses."""
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "tips.md").read_text(encoding="utf-8")
    sayable = {name for name in PLACEHOLDERS if GERMAN.fact(name, SAMPLE_FACTS) is not None}
    example, _ = parse_translation("page", page.split("```markdown\n")[1].split("```")[0], GERMAN)

    assert "z01-the-bug-you-postpone" == example
    assert {"innocent_reason"} == set(PLACEHOLDERS) - sayable
    for name in sorted(PLACEHOLDERS):
        assert f"`{{{name}}}`" in page
    for name in sorted(sayable):
        assert fill(f"{{{name}}}", SAMPLE_FACTS, GERMAN) in page


@pytest.mark.parametrize("tip", SHIPPED[:5], ids=lambda tip: tip.tip_id)
def test_fields_and_tip_are_the_same(tip: Tip) -> None:
    """What the editor shows of a tip becomes the same tip again, and has no mistake."""
    fields = fields_of(tip)

    assert {} == problems(fields)
    assert Tip(**{**vars(tip), "elsewhere": {}}) == tip_of(fields)
