"""What a person told us about themselves, said back to them, with what follows and the way to take it back.

Stands on the card, in its explanation and on App Home; the tips' buttons carry the same words.
Next: `bot/views/check_in.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from bot.domain.told import HOLDS_FOR, NOT_RELEVANT_FOR, Answer, Pattern, Preferences
from bot.views import pieces, rules
from bot.views.ids import Action, Payload
from bot.views.pieces import Block
from bot.views.words import ENGLISH, Frame

LABELS: dict[Answer, str] = {
    answer: ENGLISH.labels[answer]
    for answer in (
        Answer.NO_ACCESS,
        Answer.OTHER_TOOL,
        Answer.NOT_MY_WORK,
        Answer.NOT_ALLOWED,
        Answer.NO_TRUST,
        Answer.NO_TIME,
        Answer.ON_LEAVE,
        Answer.WAS_MEANT,
        Answer.NO_QUESTIONS,
    )
}
"""What can be told with one tap, in the words of the buttons."""

ANSWERS: dict[Action, Answer] = {
    Action.SHOW_ME: Answer.SHOW_ME,
    Action.NO_ACCESS: Answer.NO_ACCESS,
    Action.OTHER_TOOL: Answer.OTHER_TOOL,
    Action.NOT_MY_WORK: Answer.NOT_MY_WORK,
    Action.HELPFUL: Answer.HELPFUL,
    Action.NOT_HELPFUL: Answer.NOT_HELPFUL,
    Action.NOT_ALLOWED: Answer.NOT_ALLOWED,
    Action.ON_LEAVE: Answer.ON_LEAVE,
    Action.WAS_MEANT: Answer.WAS_MEANT,
}
"""The buttons that are an answer to a tip."""

CHECK_IN_ANSWERS: dict[Action, Answer] = {
    Action.HELPED_CLEARLY: Answer.CLEARLY,
    Action.HELPED_SOMEWHAT: Answer.SOMEWHAT,
    Action.HELPED_NOT_REALLY: Answer.NOT_REALLY,
    Action.NO_QUESTIONS: Answer.NO_QUESTIONS,
}
"""The buttons that are an answer to a check-in."""

_MOST_PATTERNS = 5


def words(told: Mapping[Answer, date], meant: Mapping[Pattern, date], today: date) -> str:
    """Everything told that still holds, one line each; empty when there is nothing."""
    lines = [_explained(answer, day, today) for answer, day in told.items()]
    patterns = sorted(meant.items())
    lines += [_meant(pattern, day, today) for pattern, day in patterns[:_MOST_PATTERNS]]
    if len(patterns) > _MOST_PATTERNS:
        lines.append(f"and {len(patterns) - _MOST_PATTERNS} more that were meant.")
    return "\n".join(lines)


def on_the_card(told: Mapping[Answer, date], meant: Mapping[Pattern, date], today: date) -> list[Block]:
    """A small line below the card: the days without use are read in the light of it."""
    said = words(told, meant, today)
    return [pieces.small_print(f"*You told me*\n{said}")] if said else []


def settings(preferences: Preferences, *, now: datetime, today: date) -> list[Block]:
    """What was told, with one choice to take each of it back; nothing when nothing was."""
    meant = {pattern: preferences.meant[pattern].date() for pattern in preferences.meant_at(now)}
    lines = [words(preferences.holding(now), meant, today)]
    if preferences.no_questions_at is not None:
        said = pieces.day(preferences.no_questions_at.date(), today)
        lines.append(f"“{LABELS[Answer.NO_QUESTIONS]}” ({said}): no check-ins.")
    said = "\n".join(line for line in lines if line)
    return [pieces.section(said, "What you told me"), pieces.row(_take_back(preferences, now))] if said else []


def take_back_button(nudge_key: str, choice: str, frame: Frame = ENGLISH) -> Block:
    """Under the message where it was told."""
    return pieces.row(pieces.button(frame.take_back, Action.TAKE_BACK, Payload(nudge_key, choice=choice)))


def _explained(answer: Answer, day: date, today: date) -> str:
    until = pieces.day(day + HOLDS_FOR[answer], today)
    said = f"“{LABELS[answer]}” ({pieces.day(day, today)})"
    if answer is Answer.ON_LEAVE:
        return f"{said}: days without use say nothing, and no tip about them comes before {until}."
    seat = " or before I see a new seat of yours" if answer is Answer.NO_ACCESS else ""
    return f"{said}: that explains days without use, and no tip about them comes before {until}{seat}."


def _meant(pattern: Pattern, day: date, today: date) -> str:
    detector, tool = pattern
    until = pieces.day(day + NOT_RELEVANT_FOR, today)
    return (
        f"“{rules.pattern(detector).name}” with {pieces.tool_name(tool)} was meant ({pieces.day(day, today)}): it "
        f"counts as simply used, and no tip about it comes before {until}."
    )


def _take_back(preferences: Preferences, now: datetime) -> Block:
    held = [*preferences.holding(now)]
    held += [Answer.WAS_MEANT] if preferences.meant_at(now) else []
    held += [Answer.NO_QUESTIONS] if preferences.no_questions_at is not None else []
    choices = [(f"Take back: {LABELS[answer]}", Payload(choice=answer.value)) for answer in held]
    return pieces.select("Take something back", Action.TAKE_BACK, choices)
