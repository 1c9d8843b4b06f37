"""Whoever asked, as the person about whom something is held: for what is theirs alone (P1).

Called by the handlers that answer about the one who asked. Those for managers and leads do not know this file; an
import contract holds that. Next: `handlers/ai_stats.py`.
"""

from __future__ import annotations

from bot.store import people
from handlers.who import Asked


def number_of(asked: Asked) -> int | None:
    """Our number for the one who asked; None when the roster does not list them (a guest, a newcomer, a bot)."""
    with asked.desk.store.read() as session:
        return people.person_by_slack(session, slack_user_id=asked.slack_user_id)
