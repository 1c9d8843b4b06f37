"""Every word around a tip and around the check-in that a language has to bring along. Next: `bot/views/words/en.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.check_in import Helped, Saving, WentTo
from bot.domain.told import Answer


@dataclass(frozen=True)
class Frame:
    """The words, by the place where they stand. Names in braces are filled in by the views."""

    first_line: str
    first_contact: str
    usual_team: str
    """Who set this up, where nobody says it (the default of `nudges.set_up_by`)."""
    hello: str
    what_i_see: str
    show_card: str
    what_is_held: str
    not_a_bill: str
    choices: str
    """What a reader hears before the names of the buttons."""
    why_this: str
    snooze: str
    snooze_weeks: str
    stop: str
    read_more: str
    take_back: str
    noted: str
    snoozed: str
    stopped: str
    resume: str
    labels: Mapping[Answer, str]
    thanks: Mapping[Answer, str]

    question: str
    question_small: str
    helped: Mapping[Helped, str]
    saving: Mapping[Saving, str]
    went_to: Mapping[WentTo, str]
    how_much_time: str
    where_it_went: str
    you_said: str
    say_more: str
    caveat: str
    no_more_questions: str
    said_helped: str
    said_saving: str
    said_went_to: str
