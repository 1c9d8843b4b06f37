"""The tips as they stand in Markdown files: the folder `tips/` of the repository, or `bot/tips` once installed.

Called once at start. Next: `bot/domain/tips.py`.
"""

from __future__ import annotations

from pathlib import Path

from bot.domain.tips import Tip, parse
from bot.errors import InputError

_INSTALLED = Path(__file__).parents[1] / "tips"
_CHECKED_OUT = Path(__file__).parents[2] / "tips"


def load_tips(folder: Path | None = None) -> tuple[Tip, ...]:
    """Every tip in `folder`, by default the ones that ship, ordered by id. Raises InputError for the first mistake."""
    place = folder or (_INSTALLED if _INSTALLED.is_dir() else _CHECKED_OUT)
    files: dict[str, str] = {}
    tips: list[Tip] = []
    for file in sorted(place.glob("*.md")):
        tip = parse(file.name, _read(file))
        if tip.tip_id in files:
            raise InputError(f'{file.name}: the id "{tip.tip_id}" is taken by {files[tip.tip_id]}; give it its own.')
        files[tip.tip_id] = file.name
        tips.append(tip)
    if not tips:
        raise InputError(f"{place}: no tip was found there; put the Markdown files of the tips into it.")
    return tuple(sorted(tips, key=lambda tip: tip.tip_id))


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{file.name}: this is not UTF-8 text; save it as UTF-8.") from None
