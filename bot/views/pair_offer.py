"""The offer of fifteen minutes with a colleague, under a zero: what is read before a request, and its button.

Called by `bot/views/tip.py` and `bot/views/barriers.py`. Next: `bot/views/pair.py`.
"""

from __future__ import annotations

from bot.domain.languages import Language
from bot.views import pieces
from bot.views.ids import Action, Payload
from bot.views.pieces import Block
from bot.views.words.pairs import PAIRS


def offer(nudge_key: str, language: Language) -> list[Block]:
    """What is read before a request, and the button that makes it."""
    words = PAIRS[language.code]
    return [
        pieces.section(words.before),
        pieces.row(pieces.button(words.request, Action.PAIR_REQUEST, Payload(nudge_key))),
    ]
