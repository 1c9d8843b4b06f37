"""The slash command: one's own card, and everything a person can ask of Kindling about themselves.

Registered by `handlers/__init__.py`. Every answer is ephemeral. Next: `handlers/yours.py`.
"""

from __future__ import annotations

import re

from bot.views import help as help_views
from bot.views.ids import SNOOZE_WEEKS
from handlers import wishes, yours
from handlers.themselves import ForPerson, for_person
from handlers.who import Asked

_FOR_PERSON: dict[str, ForPerson] = {
    "why": yours.why,
    "pause": wishes.pause,
    "resume": wishes.resume,
    "stop": wishes.stop,
    "export": yours.export,
    "forget": yours.ask_before_forgetting,
}
WORDS = ("help", "privacy", "snooze", *_FOR_PERSON)
"""The words that may follow the command."""


def answer(asked: Asked) -> None:
    """Do what the words after the command say; the card when there are none, the usage when they make no sense."""
    typed = asked.text.strip().casefold()
    weeks = _snooze_weeks(typed)
    if not typed:
        for_person(asked, yours.card)
    elif typed == "privacy":
        yours.privacy(asked)
    elif weeks is not None:
        for_person(asked, lambda asker, person_id: wishes.snooze(asker, person_id, weeks=weeks))
    elif typed in _FOR_PERSON:
        for_person(asked, _FOR_PERSON[typed])
    else:
        help_(asked, understood=typed == "help")


def help_(asked: Asked, *, understood: bool = True) -> None:
    """The usage."""
    settings = asked.desk.settings
    asked.say(
        help_views.message(
            command=settings.stats_command,
            team_command=settings.team_command,
            nudge_command=settings.nudge_command,
            understood=understood,
        )
    )


def _snooze_weeks(typed: str) -> int | None:
    """ "snooze 2w", "snooze 2", "snooze 2 weeks"; "snooze" alone is the shortest."""
    found = re.fullmatch(r"snooze(?:\s+(\d{1,2})\s*(?:w|week|weeks)?)?", typed)
    if found is None:
        return None
    weeks = int(found[1] or SNOOZE_WEEKS[0])
    return weeks if weeks in SNOOZE_WEEKS else None
