"""How the facts in a tip are said in each language, and which words a tip does not use in it.

A new language is one file here, one of the same name in `bot/views/words/` for the words around a tip, a line each in
`LANGUAGES` and `bot/views/words/__init__.py`, and a folder of tips. Next: `bot/domain/languages/de.py`.
"""

from __future__ import annotations

from bot.domain.languages.de import GERMAN
from bot.domain.languages.en import ENGLISH
from bot.domain.languages.language import Fact, Facts, Language

__all__ = ["ENGLISH", "LANGUAGES", "Fact", "Facts", "Language", "of_locale"]

LANGUAGES = {language.code: language for language in (ENGLISH, GERMAN)}
"""Every language that a tip may be written in, the one in which all are first."""


def of_locale(locale: str | None) -> Language:
    """The language for somebody's locale as Slack or the roster has it ("de-AT", "de_CH"); English for every other."""
    code = (locale or "").replace("_", "-").partition("-")[0].casefold()
    return LANGUAGES.get(code, ENGLISH)
