"""Whoever asked, as the person about whom something is held: for what is theirs alone (P1).

Called by the handlers that answer about the one who asked. Those for managers and leads do not know this file; an
import contract holds that. Next: `handlers/ai_stats.py`.
"""

from __future__ import annotations

from collections.abc import Callable

from bot.store import people
from bot.views import trouble
from handlers.who import Asked

ForPerson = Callable[[Asked, int], None]


def number_of(asked: Asked) -> int | None:
    """Our number for the one who asked; None when the roster does not list them (a guest, a newcomer, a bot)."""
    with asked.desk.store.read() as session:
        return people.person_by_slack(session, slack_user_id=asked.slack_user_id)


def for_person(asked: Asked, work: ForPerson) -> None:
    """Do it for the one who asked, or say kindly that the roster does not list them."""
    person_id = number_of(asked)
    if person_id is None:
        asked.say(trouble.not_in_roster())
    else:
        work(asked, person_id)
