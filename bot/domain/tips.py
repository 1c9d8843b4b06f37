"""A tip: one thing to try, written by people who do not program, in English and perhaps in other languages.

It stands in a Markdown file (`bot/domain/tip_file.py`) or was typed into the editor; both go through the same checks
(`bot/domain/tip_fields.py`). `fill` puts the person's own facts into a text, `in_language_of` chooses the language.
Next: `jobs/decide.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from bot.domain.languages import ENGLISH, Fact, Facts, Language, of_locale
from bot.domain.tools import tool_name
from bot.domain.triggers import ENABLEMENT_TRIGGERS, TRIGGERS, WASTE_TRIGGERS

__all__ = ["ENABLEMENT_TRIGGERS", "TRIGGERS", "WASTE_TRIGGERS", "Fact", "Facts"]

ROLES = frozenset({"dev", "biz", "ops", "lead"})
EVERY_ROLE = "all"


class LinkKind(StrEnum):
    """What a tip leads to: a vendor's page, an own page, a button in Slack, a human."""

    DOC = "doc"
    INTERNAL = "internal"
    ACTION = "action"
    HUMAN = "human"


@dataclass(frozen=True)
class TipWords:
    """What a tip says in one language. `link` is a page in that language; None when there is none of its own."""

    text: str
    try_this: str
    how_to: str
    link: str | None = None


@dataclass(frozen=True)
class Tip:
    """One tip. `triggers` are states ("never_used") or detectors ("W15"); `roles` empty means every role.

    `text` may contain `{placeholders}` for the person's own facts; `try_this` is the one thing to try.
    `expires_on` is the day after which the tip is not sent any more, because tools change weekly. `elsewhere` has the
    same words in other languages, by their code.
    """

    tip_id: str
    topic: str
    triggers: frozenset[str]
    roles: frozenset[str]
    owner: str
    expires_on: date
    link_kind: LinkKind
    link: str | None
    text: str
    try_this: str
    how_to: str
    elsewhere: Mapping[str, TipWords] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Placeholder:
    """One of the person's own facts that a text may name, and what it looks like."""

    meaning: str
    sample: Fact


PLACEHOLDERS = {
    "tools": Placeholder("the tools this is about", ["claude_code", "copilot"]),
    "first_day": Placeholder("the first day looked at", "2026-02-02"),
    "last_day": Placeholder("the last day looked at", "2026-03-01"),
    "seen_by": Placeholder("how many sources were looked at", "the 2 sources I can see"),
    "seat_since": Placeholder("since when the seat is held", "2026-01-13"),
    "days_used": Placeholder("on how many of these days there was any use", "5 days"),
    "days_empty": Placeholder("on how many of these days only requests that brought nothing", "5 days"),
    "last_used": Placeholder("the last day with any use", "2026-01-19"),
    "dollars": Placeholder("the estimate of a finding, as a range", "roughly $11 to $16"),
    "occurrences": Placeholder("how many times a pattern was seen", 9),
    "how_often": Placeholder("the same in words", "9 times"),
    "innocent_reason": Placeholder("why a pattern may be quite right", "The job may have been meant to."),
}
"""Every `{placeholder}` that a tip may use; the fact of the same name fills it."""

SAMPLE_FACTS: Facts = {
    **{name: placeholder.sample for name, placeholder in PLACEHOLDERS.items()},
    "sources": ["claude_code", "copilot"],
    "active_days": 5,
    "empty_days": 5,
    "low_microusd": 11_000_000,
    "high_microusd": 16_000_000,
}
"""Facts of nobody, as a nudge carries them: with the numbers behind the words, from which other languages say them."""

_HOLE = re.compile(r"\{([^{}]*)\}")


def holes(text: str) -> list[str]:
    """The names of all placeholders in `text`."""
    return _HOLE.findall(text)


def fill(tip_text: str, facts: Facts, language: Language = ENGLISH) -> str:
    """`tip_text` with every `{placeholder}` replaced by the person's own fact. Raises KeyError for a missing fact."""

    def said(hole: re.Match[str]) -> str:
        fact = language.fact(hole[1], facts)
        if fact is None:
            raise KeyError(hole[1])
        if isinstance(fact, list):
            fact = [tool_name(tool) for tool in fact]
        return language.say(fact, facts.get("last_day"))

    return _HOLE.sub(said, tip_text)


def can_fill(tip: Tip, facts: Facts, language: Language = ENGLISH) -> bool:
    """Whether `facts` hold everything that the tip wants to say, in words of this language."""
    wanted = holes(f"{tip.text} {tip.try_this} {tip.how_to}")
    return all(language.fact(hole, facts) is not None for hole in wanted)


def in_language_of(locale: str | None, tip: Tip, facts: Facts) -> tuple[Tip, Language]:
    """The tip in the words of somebody's language; in English when it was not translated or a fact cannot be said."""
    language = of_locale(locale)
    words = tip.elsewhere.get(language.code)
    if words is None:
        return tip, ENGLISH
    translated = replace(
        tip, text=words.text, try_this=words.try_this, how_to=words.how_to, link=words.link or tip.link
    )
    return (translated, language) if can_fill(translated, facts, language) else (tip, ENGLISH)


def dollars_in_words(low_microusd: int | None, high_microusd: int | None) -> str:
    """An estimate as a range of whole dollars, or a plain word when the price is not known."""
    if low_microusd is None or high_microusd is None:
        return "not known to me"
    low, high = (max(1, round(amount / 1_000_000)) for amount in sorted((low_microusd, high_microusd)))
    return f"roughly ${low:,}" if low == high else f"roughly ${low:,} to ${high:,}"
