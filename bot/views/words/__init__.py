"""The words around a tip, one file a language; the language itself is in `bot/domain/languages/`.

Asked by `bot/views/tip.py` and `bot/views/check_in.py`. Next: `bot/views/words/frame.py`.
"""

from __future__ import annotations

from bot.domain.languages import Language, of_locale
from bot.views.words.de import GERMAN
from bot.views.words.en import ENGLISH
from bot.views.words.frame import Frame

__all__ = ["ENGLISH", "FRAMES", "Frame", "frame_for", "frame_in"]

FRAMES = {"en": ENGLISH, "de": GERMAN}
"""By the code of the language."""


def frame_in(language: Language) -> Frame:
    """The words around a tip in this language."""
    return FRAMES[language.code]


def frame_for(locale: str | None) -> Frame:
    """The words for somebody with this locale, where no tip has to be there in their language."""
    return frame_in(of_locale(locale))
