"""Every view that leads have of tips. Used by the tests of the views, and of all action ids."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from bot.domain.languages import LANGUAGES
from bot.domain.tips import Tip
from bot.sources.tip_library import load_tips
from bot.views import tip_editor
from bot.views.tip_editor import Draft

View = dict[str, Any]


def every_view() -> list[View]:
    """The list, and all views of one tip."""
    shipped, today = load_tips(), date(2026, 3, 2)
    return [tip_editor.listing(shipped, today), tip_editor.gone(), *views_of(shipped[0], today)]


def views_of(tip: Tip, today: date) -> Iterator[View]:
    """Everything that can be seen of one tip."""
    english, german = LANGUAGES["en"], LANGUAGES["de"]
    yield tip_editor.page(tip, today)
    yield tip_editor.page(tip, date(2030, 1, 1), tip_editor.ENDED)
    yield tip_editor.page(Tip(**{**vars(tip), "elsewhere": {}}), today, tip_editor.SAVED)
    yield tip_editor.preview(tip)
    for language in (english, german):
        yield tip_editor.looked_at(tip, tip_editor.drafted(tip, language))
    yield tip_editor.edit(tip_editor.drafted(tip, english), "Something is wrong.")
    yield tip_editor.edit(Draft("", english, {}, is_new=True))
    yield tip_editor.translate(tip, tip_editor.drafted(tip, german))
    yield tip_editor.translate(tip, Draft(tip.tip_id, german, {}), "Something is wrong.")
