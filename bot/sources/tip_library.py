"""The tips as they stand in Markdown files: the folder `tips/` of the repository, or `bot/tips` once installed.

English ones lie in the folder itself, each other language in a folder of its own, under the same file name. Called once
at start; what leads changed since is laid over it by `bot/store/own_tips.py`. Next: `bot/domain/tip_file.py`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bot.domain.languages import ENGLISH, LANGUAGES, Language
from bot.domain.tip_file import parse, parse_translation
from bot.domain.tips import Tip, TipWords
from bot.errors import InputError

_INSTALLED = Path(__file__).parents[1] / "tips"
_CHECKED_OUT = Path(__file__).parents[2] / "tips"


def load_tips(folder: Path | None = None) -> tuple[Tip, ...]:
    """Every tip in `folder`, by default the ones that ship, ordered by id. Raises InputError for the first mistake."""
    place = folder or (_INSTALLED if _INSTALLED.is_dir() else _CHECKED_OUT)
    files: dict[str, str] = {}
    tips: dict[str, Tip] = {}
    for file in sorted(place.glob("*.md")):
        tip = parse(file.name, _read(file))
        if tip.tip_id in files:
            raise InputError(f'{file.name}: the id "{tip.tip_id}" is taken by {files[tip.tip_id]}; give it its own.')
        files[tip.tip_id], tips[tip.tip_id] = file.name, tip
    if not tips:
        raise InputError(f"{place}: no tip was found there; put the Markdown files of the tips into it.")
    for language in LANGUAGES.values():
        if language is not ENGLISH:
            for tip_id, words in _translations(place / language.code, language, files).items():
                elsewhere = {**tips[tip_id].elsewhere, language.code: words}
                tips[tip_id] = replace(tips[tip_id], elsewhere=elsewhere)
    return tuple(sorted(tips.values(), key=lambda tip: tip.tip_id))


def _translations(folder: Path, language: Language, files: dict[str, str]) -> dict[str, TipWords]:
    found: dict[str, TipWords] = {}
    for file in sorted(folder.glob("*.md")):
        name = f"{language.code}/{file.name}"
        tip_id, words = parse_translation(name, _read(file), language)
        if tip_id not in files:
            raise InputError(f'{name}: there is no tip "{tip_id}" in English; give it the id of the one it translates.')
        if files[tip_id] != file.name:
            raise InputError(f"{name}: it translates {files[tip_id]}; give it the same file name.")
        found[tip_id] = words
    return found


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{file.name}: this is not UTF-8 text; save it as UTF-8.") from None
