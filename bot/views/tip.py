"""One tip, as the person reads it: their own fact, one thing to try, the way out.

`jobs/deliver.py` sends `message`; `handlers/buttons.py` answers taps with the rest. Facts are the person's own figures
as they were stored with the nudge. A message is in one language: that of the person's `locale`, when the tip has words
in it, else English. The words around a tip stand in `bot/views/words/`. Next: `bot/slack.py`.
"""

from __future__ import annotations

from datetime import date

from bot.domain import languages
from bot.domain.adoption import ZERO_STATES, State
from bot.domain.languages import Language
from bot.domain.tips import ENABLEMENT_TRIGGERS, Fact, Facts, Tip, fill, in_language_of
from bot.domain.told import Answer
from bot.domain.waste import idle_seat
from bot.views import pieces, rules, told
from bot.views.ids import Action, Payload
from bot.views.message import Message, compose
from bot.views.pieces import Block
from bot.views.words import ENGLISH, Frame, frame_in

FIRST_LINE = ENGLISH.first_line

_LONGEST_FACT = 200
_WHY_SO_LITTLE = (Answer.NO_ACCESS, Answer.OTHER_TOOL, Answer.NOT_MY_WORK, Answer.NOT_ALLOWED, Answer.ON_LEAVE)
_CONTEXTS: dict[str, tuple[Answer, ...]] = {
    State.NEVER_USED: _WHY_SO_LITTLE,
    State.LAPSED: _WHY_SO_LITTLE,
    State.AT_RISK: (Answer.ON_LEAVE, Answer.OTHER_TOOL, Answer.NO_ACCESS),
    State.FIRST_STEPS: (Answer.OTHER_TOOL, Answer.NOT_MY_WORK, Answer.NOT_ALLOWED),
    State.BUILDING: (Answer.OTHER_TOOL, Answer.NOT_MY_WORK, Answer.NOT_ALLOWED),
    idle_seat.DETECTOR: (Answer.NO_ACCESS, Answer.OTHER_TOOL, Answer.ON_LEAVE, Answer.WAS_MEANT),
}
"""What may be told with one tap under a tip; under any other pattern of cost, that it was meant."""
_ACTIONS = {answer: action for action, answer in told.ANSWERS.items()}


def message(
    *, nudge_key: str, tip: Tip, trigger: str, facts: Facts, introduce_by: str | None, locale: str | None = None
) -> Message:
    """The message as it is sent.

    `trigger` is the state or detector that led here. `introduce_by` names who set Kindling up when this is the first
    message the person ever gets, and is None afterwards.
    """
    tip, language = in_language_of(locale, tip, facts)
    frame = frame_in(language)
    opening = introduction(introduce_by, frame) if introduce_by is not None else []
    beside = [] if trigger in ENABLEMENT_TRIGGERS else [pieces.small_print(frame.not_a_bill)]
    answers = _answers(nudge_key, tip, trigger, frame)
    blocks = [*opening, *_body(tip, facts, language), *beside, *answers, way_out(nudge_key, frame=frame)]
    return compose(frame.first_contact if opening else frame.first_line, blocks, choices=frame.choices)


def answered(*, nudge_key: str, tip: Tip, facts: Facts, answer: Answer, locale: str | None = None) -> Message:
    """The same message after a tap: a short thanks in place of the answers; the way out stays."""
    tip, language = in_language_of(locale, tip, facts)
    frame = frame_in(language)
    thanks = [pieces.section(frame.thanks[answer])]
    if answer is Answer.SHOW_ME:
        thanks += _steps(tip, facts, language)
    if answer in told.LABELS:
        thanks.append(told.take_back_button(nudge_key, answer.value, frame))
    blocks = [*_body(tip, facts, language), *thanks, way_out(nudge_key, frame=frame)]
    return compose(frame.first_line, blocks, choices=frame.choices)


def how_to(*, tip: Tip, facts: Facts, locale: str | None = None) -> Message:
    """The steps of a tip on their own."""
    tip, language = in_language_of(locale, tip, facts)
    frame = frame_in(language)
    blocks = [pieces.section(frame.thanks[Answer.SHOW_ME]), *_steps(tip, facts, language)]
    return compose(frame.first_line, blocks, choices=frame.choices)


def on_the_card(*, tip: Tip, facts: Facts) -> Message:
    """The same words as an answer to somebody who asked for them: no answers to give, nothing to stop.

    In English, as the card is.
    """
    return compose(FIRST_LINE, [*_body(tip, facts, languages.ENGLISH), *_steps(tip, facts, languages.ENGLISH)])


def why(*, trigger: str, facts: Facts, rule_version: str, today: date) -> Message:
    """What led to a tip: the rule in words, its version, and every stored input."""
    inputs = "\n".join(rules.evidence_lines(facts, today))
    blocks = [
        pieces.section(rules.rule_of(trigger), "Why you got this"),
        *([pieces.words(f"What it was judged from\n{inputs}")] if inputs else []),
        pieces.small_print(
            f"Rule {pieces.quiet(rule_version)}. Only counts and dates were looked at, never what you wrote. "
            "Nobody else was told that you got this."
        ),
    ]
    return compose(FIRST_LINE, blocks)


def unavailable() -> Message:
    """For a button under a message whose nudge is gone, for instance after everything was erased."""
    return compose(
        FIRST_LINE, [pieces.section("I hold nothing about that message any more, so there is no more to say.")]
    )


def introduction(introduced_by: str, frame: Frame) -> list[Block]:
    """Who is writing, above the first message that a person ever gets."""
    return [
        pieces.section(frame.hello.format(introduced_by=pieces.quiet(introduced_by, 120))),
        pieces.section(frame.what_i_see),
        pieces.row(
            pieces.button(frame.show_card, Action.SHOW_CARD),
            pieces.button(frame.what_is_held, Action.WHAT_IS_HELD),
        ),
        pieces.divider(),
    ]


def way_out(nudge_key: str, *others: Block, frame: Frame = ENGLISH) -> Block:
    """Why, snooze, stop: below every message (P9); `others` end something smaller."""
    return pieces.row(
        pieces.button(frame.why_this, Action.WHY_TIP, Payload(nudge_key)),
        pieces.snooze(nudge_key, label=frame.snooze, weeks_label=frame.snooze_weeks),
        *others,
        pieces.button(frame.stop, Action.STOP, Payload(nudge_key)),
    )


def _body(tip: Tip, facts: Facts, language: Language) -> list[Block]:
    return [pieces.section(_filled(part, facts, language)) for part in (tip.text, tip.try_this)]


def _answers(nudge_key: str, tip: Tip, trigger: str, frame: Frame) -> list[Block]:
    """Whether it was of use, and below it what may explain what was seen; under a zero the second says it all."""
    asked = [] if trigger in ZERO_STATES else [Answer.HELPFUL, Answer.NOT_HELPFUL]
    if tip.how_to:
        asked.insert(0, Answer.SHOW_ME)
    contexts = _CONTEXTS.get(trigger, (Answer.WAS_MEANT,))
    rows = [[*asked, *contexts]] if trigger in ZERO_STATES or len(contexts) == 1 else [asked, [*contexts]]
    return [pieces.row(*(_button(answer, nudge_key, frame) for answer in row)) for row in rows]


def _button(answer: Answer, nudge_key: str, frame: Frame) -> Block:
    return pieces.button(frame.labels[answer], _ACTIONS[answer], Payload(nudge_key))


def _steps(tip: Tip, facts: Facts, language: Language) -> list[Block]:
    steps = [pieces.section(_filled(tip.how_to or tip.try_this, facts, language))]
    if tip.link and tip.link.startswith("https://"):
        steps.append(pieces.row(pieces.link(frame_in(language).read_more, tip.link)))
    return steps


def _filled(text: str, facts: Facts, language: Language) -> str:
    """`text` with the person's own facts, none of which can mark up, mention or link."""
    return fill(text, {name: _quiet(fact) for name, fact in facts.items()}, language)


def _quiet(fact: Fact) -> Fact:
    if isinstance(fact, list):
        return [pieces.tool_name(entry) for entry in fact]
    return pieces.quiet(fact, _LONGEST_FACT) if isinstance(fact, str) else fact
