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
from bot.domain.occasions import CHECK_IN
from bot.domain.tips import Facts
from bot.domain.told import QUESTION_AGAIN_AFTER, Answer
from bot.views import pieces, rules, tip, told
from bot.views.ids import Action, Payload
from bot.views.message import Message, compose
from bot.views.pieces import Block
from bot.views.words import ENGLISH, Frame, frame_for

HELPED = ENGLISH.helped
SAVING = ENGLISH.saving
WENT_TO = ENGLISH.went_to
CAVEAT = ENGLISH.caveat

_Choice = TypeVar("_Choice", Saving, WentTo)
_ANSWERS = {
    Helped.CLEARLY: Action.HELPED_CLEARLY,
    Helped.SOMEWHAT: Action.HELPED_SOMEWHAT,
    Helped.NOT_REALLY: Action.HELPED_NOT_REALLY,
}


def message(*, nudge_key: str, introduce_by: str | None, locale: str | None = None) -> Message:
    """The question as it is sent. `introduce_by` and `locale` are as for a tip."""
    frame = frame_for(locale)
    opening = tip.introduction(introduce_by, frame) if introduce_by is not None else []
    answers = [pieces.button(frame.helped[helped], action, Payload(nudge_key)) for helped, action in _ANSWERS.items()]
    no_more = pieces.button(frame.labels[Answer.NO_QUESTIONS], Action.NO_QUESTIONS, Payload(nudge_key))
    question = [pieces.section(frame.question), pieces.small_print(frame.question_small)]
    blocks = [*opening, *question, pieces.row(*answers), tip.way_out(nudge_key, no_more, frame=frame)]
    return compose(frame.first_contact if opening else frame.first_line, blocks, choices=frame.choices)


def answered(*, nudge_key: str, check_in: CheckIn, locale: str | None = None) -> Message:
    """The same message after a tap: what was said, two things that may be said besides, and the way out."""
    frame = frame_for(locale)
    blocks = [
        pieces.section(frame.question),
        pieces.section(frame.you_said.format(said=said(check_in, frame))),
        pieces.small_print(frame.say_more),
        pieces.row(
            _choice(frame.how_much_time, Action.SAVING, nudge_key, frame.saving, check_in.saving),
            _choice(frame.where_it_went, Action.WENT_TO, nudge_key, frame.went_to, check_in.went_to),
            pieces.button(frame.take_back, Action.TAKE_BACK, Payload(nudge_key, choice=CHECK_IN)),
        ),
        tip.way_out(nudge_key, frame=frame),
    ]
    return compose(frame.first_line, blocks, choices=frame.choices)


def no_more(*, nudge_key: str, locale: str | None = None) -> Message:
    """After "do not ask me this again": no question any more; tips go on."""
    frame = frame_for(locale)
    blocks = [
        pieces.section(frame.no_more_questions),
        told.take_back_button(nudge_key, Answer.NO_QUESTIONS.value, frame),
        tip.way_out(nudge_key, frame=frame),
    ]
    return compose(frame.first_line, blocks, choices=frame.choices)


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
    return compose(ENGLISH.first_line, blocks)


def said(check_in: CheckIn, frame: Frame = ENGLISH) -> str:
    """One answer in running text, as the person's own report."""
    parts = [frame.said_helped.format(said=_small(frame.helped[check_in.helped], frame))]
    if check_in.saving not in (None, Saving.NOT_SAID):
        parts.append(frame.said_saving.format(said=_small(frame.saving[check_in.saving], frame)))
    if check_in.went_to not in (None, WentTo.NOT_SAID):
        parts.append(frame.said_went_to.format(said=_small(frame.went_to[check_in.went_to], frame)))
    return ", ".join(parts)


def _choice(
    placeholder: str,
    action: Action,
    nudge_key: str,
    labels: Mapping[_Choice, str],
    chosen: _Choice | None,
) -> Block:
    choices = [(label, Payload(nudge_key, choice=value.value)) for value, label in labels.items()]
    return pieces.select(placeholder, action, choices, None if chosen is None else labels[chosen])


def _small(label: str, frame: Frame) -> str:
    """A label within an English sentence; "I" stays what it is. Other languages have capitals of their own."""
    return label if frame is not ENGLISH or label.startswith("I ") else f"{label[0].lower()}{label[1:]}"
