"""The check-in: one question, three taps, and what may be said besides.

`jobs/deliver.py` sends `message`; `handlers/check_ins.py` answers taps with the rest. What somebody reports is said
back as reported and never as a measurement; time appears here only as the person's own account of it (P5).
Next: `bot/views/scorecard.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TypeVar

from bot.domain import nudging
from bot.domain.adoption import State
from bot.domain.check_in import CheckIn, Helped, Saving, WentTo
from bot.domain.occasions import CHECK_IN, QUESTION
from bot.domain.tips import Facts
from bot.domain.told import QUESTION_AGAIN_AFTER, Answer
from bot.views import pieces, rules, tip, told
from bot.views.ids import Action, Payload
from bot.views.message import Message, compose
from bot.views.pieces import Block

HELPED: dict[Helped, str] = {
    Helped.CLEARLY: "Yes, clearly",
    Helped.SOMEWHAT: "Somewhat",
    Helped.NOT_REALLY: "Not really",
}
SAVING: dict[Saving, str] = {
    Saving.COST_TIME: "It cost me time",
    Saving.NONE: "It saved no time",
    Saving.UNDER_HALF_AN_HOUR: "Under 30 minutes",
    Saving.UP_TO_AN_HOUR: "30 to 60 minutes",
    Saving.UP_TO_THREE_HOURS: "1 to 3 hours",
    Saving.OVER_THREE_HOURS: "Over 3 hours",
    Saving.NOT_SAID: "Rather not say",
}
WENT_TO: dict[WentTo, str] = {
    WentTo.SAME_WORK: "More of the same work",
    WentTo.OTHER_WORK: "Other work",
    WentTo.CHECKING: "Checking what it wrote",
    WentTo.LEARNING: "Learning",
    WentTo.OTHERS: "Helping others",
    WentTo.OFF_WORK: "A break, or an earlier evening",
    WentTo.CANNOT_TELL: "I cannot tell",
    WentTo.NOT_SAID: "Rather not say",
}
CAVEAT = "What is felt and what is counted often differ; neither becomes the other, or money."

_Choice = TypeVar("_Choice", Saving, WentTo)
_ANSWERS = {
    Helped.CLEARLY: Action.HELPED_CLEARLY,
    Helped.SOMEWHAT: Action.HELPED_SOMEWHAT,
    Helped.NOT_REALLY: Action.HELPED_NOT_REALLY,
}


def message(*, nudge_key: str, introduce_by: str | None) -> Message:
    """The question as it is sent. `introduce_by` is as for a tip."""
    opening = tip.introduction(introduce_by) if introduce_by is not None else []
    answers = [pieces.button(HELPED[helped], action, Payload(nudge_key)) for helped, action in _ANSWERS.items()]
    no_more = pieces.button(told.LABELS[Answer.NO_QUESTIONS], Action.NO_QUESTIONS, Payload(nudge_key))
    blocks = [*opening, *_question(), pieces.row(*answers), tip.way_out(nudge_key, no_more)]
    return compose(tip.FIRST_CONTACT if opening else tip.FIRST_LINE, blocks)


def answered(*, nudge_key: str, check_in: CheckIn) -> Message:
    """The same message after a tap: what was said, two things that may be said besides, and the way out."""
    blocks = [
        pieces.section(QUESTION.text),
        pieces.section(f"You said {said(check_in)}. It stands on your card, for you alone, as your own report."),
        pieces.small_print(f"If you like, say more; choices only, and you need not. {CAVEAT}"),
        pieces.row(
            _choice("How much time, as I felt it", Action.SAVING, nudge_key, SAVING, check_in.saving),
            _choice("Where it went", Action.WENT_TO, nudge_key, WENT_TO, check_in.went_to),
            pieces.button("Take it back", Action.TAKE_BACK, Payload(nudge_key, choice=CHECK_IN)),
        ),
        tip.way_out(nudge_key),
    ]
    return compose(tip.FIRST_LINE, blocks)


def no_more(*, nudge_key: str) -> Message:
    """After "do not ask me this again": no question any more; tips go on."""
    blocks = [
        pieces.section("Noted: I will not ask you this again. Tips may still come; Stop ends those as well."),
        told.take_back_button(nudge_key, Answer.NO_QUESTIONS.value),
        tip.way_out(nudge_key),
    ]
    return compose(tip.FIRST_LINE, blocks)


def why(*, facts: Facts, rule_version: str, today: date) -> Message:
    """What led to the question, and what becomes of the answer."""
    inputs = "\n".join(rules.evidence_lines(facts, today))
    blocks = [
        pieces.section(
            f"{rules.STATES[State.HABITUAL]} Only then do I ask, at most once in {QUESTION_AGAIN_AFTER.days} days, and "
            f"within the same {nudging.MOST_IN_FOUR_WEEKS} messages in four weeks as tips.",
            "Why you got this",
        ),
        pieces.section(
            "Counts cannot tell whether something was of use; you can. Your answer is kept as you gave it and shown to "
            f"nobody else. {CAVEAT} A trial found experienced people feeling a fifth faster while they were a fifth "
            "slower, so both stand side by side.",
            "What becomes of the answer",
        ),
        pieces.words(f"What it was judged from\n{inputs}"),
        pieces.small_print(f"Rule {pieces.quiet(rule_version)}. Nobody else was told that you got this."),
    ]
    return compose(tip.FIRST_LINE, blocks)


def said(check_in: CheckIn) -> str:
    """One answer in running text, as the person's own report."""
    parts = [f"“{_small(HELPED[check_in.helped])}”"]
    if check_in.saving not in (None, Saving.NOT_SAID):
        parts.append(f"“{_small(SAVING[check_in.saving])}” as you felt it")
    if check_in.went_to not in (None, WentTo.NOT_SAID):
        parts.append(f"gone into “{_small(WENT_TO[check_in.went_to])}”")
    return ", ".join(parts)


def _question() -> list[Block]:
    return [pieces.section(QUESTION.text), pieces.small_print(QUESTION.try_this)]


def _choice(
    placeholder: str,
    action: Action,
    nudge_key: str,
    labels: Mapping[_Choice, str],
    chosen: _Choice | None,
) -> Block:
    choices = [(label, Payload(nudge_key, choice=value.value)) for value, label in labels.items()]
    return pieces.select(placeholder, action, choices, None if chosen is None else labels[chosen])


def _small(label: str) -> str:
    """A label within a sentence; "I" stays what it is."""
    return label if label.startswith("I ") else f"{label[0].lower()}{label[1:]}"
