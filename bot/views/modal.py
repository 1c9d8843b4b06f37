"""A message as a modal, where a tap had no message to answer into.

Called by `handlers/who.py`. Next: `bot/views/help.py`.
"""

from __future__ import annotations

from typing import Any

from bot.views import pieces
from bot.views.ids import Callback
from bot.views.message import Message


def modal(title: str, message: Message) -> dict[str, Any]:
    """A message as a modal, for answers to taps in App Home."""
    return {
        "type": "modal",
        "callback_id": Callback.ANSWER.value,
        "title": pieces.plain(title, 24),
        "close": pieces.plain("Close", 24),
        "blocks": message.blocks,
    }
