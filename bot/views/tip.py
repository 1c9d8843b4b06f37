"""One tip, as the person reads it: their own fact, one thing to try, the way out.

`jobs/deliver.py` sends `message`; `handlers/buttons.py` answers taps with the rest. Facts are the person's own figures
as they were stored with the nudge. A message is in one language: that of the person's `locale`, when the tip has words
in it, else English. The words around a tip stand in `bot/views/words/`. Next: `bot/slack.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bot.domain import languages
from bot.domain.adoption import ZERO_STATES, State
from bot.domain.languages import Language
from bot.domain.pairs import PAIR_UP
from bot.domain.tips import ENABLEMENT_TRIGGERS, Fact, Facts, Tip, fill, in_language_of
from bot.domain.told import Answer
from bot.domain.waste import idle_seat
from bot.views import barriers, pair_offer, pieces, rules, told
from bot.views.barriers import Way
from bot.views.ids import Action, Payload
from bot.views.message import Message, compose
from bot.views.pieces import Block
from bot.views.words import ENGLISH, Frame, frame_in

FIRST_LINE = ENGLISH.first_line

_LONGEST_FACT = 200
_CONTEXTS: dict[str, tuple[Answer, ...]] = {
    State.AT_RISK: (Answer.ON_LEAVE, Answer.OTHER_TOOL, Answer.NO_ACCESS),
    State.FIRST_STEPS: (Answer.OTHER_TOOL, Answer.NOT_MY_WORK, Answer.NOT_ALLOWED),
    State.BUILDING: (Answer.OTHER_TOOL, Answer.NOT_MY_WORK, Answer.NOT_ALLOWED),
    idle_seat.DETECTOR: (Answer.NO_ACCESS, Answer.OTHER_TOOL, Answer.ON_LEAVE, Answer.WAS_MEANT),
}
"""What may be told with one tap under a tip; under any other pattern of cost, that it was meant. Under a zero there is
the menu of causes instead.
"""
_MAY_BE_PLANNED = ZERO_STATES | {State.FIRST_STEPS}
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
    answers = _answers(nudge_key, tip, trigger, language)
    blocks = [*opening, *_body(tip, facts, language), *beside, *answers, way_out(nudge_key, frame=frame)]
    return compose(frame.first_contact if opening else frame.first_line, blocks, choices=frame.choices)


def answered(
    *, nudge_key: str, tip: Tip, facts: Facts, answer: Answer, way: Way | None = None, locale: str | None = None
) -> Message:
    """The same message after a tap: a short thanks in place of the answers, with the next step where the answer is one
    of the causes; the way out stays.
    """
    tip, language = in_language_of(locale, tip, facts)
    frame = frame_in(language)
    thanks = [pieces.section(frame.thanks[answer])]
    if answer is Answer.SHOW_ME:
        thanks += _steps(tip, facts, language)
    thanks += barriers.next_step(answer, nudge_key=nudge_key, way=way or Way(), language=language)
    if answer in told.LABELS:
        thanks.append(told.take_back_button(nudge_key, answer.value, frame))
    blocks = [*_body(tip, facts, language), *thanks, way_out(nudge_key, frame=frame)]
    return compose(frame.first_line, blocks, choices=frame.choices)


def no_use(*, nudge_key: str, tip: Tip, facts: Facts, recipes: Sequence[Tip], locale: str | None = None) -> Message:
    """The same message for who sees no use in it: a few recipes, and the tap that ends the subject."""
    tip, language = in_language_of(locale, tip, facts)
    frame = frame_in(language)
    small = barriers.recipes(nudge_key, recipes, language)
    blocks = [*_body(tip, facts, language), *small, way_out(nudge_key, frame=frame)]
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


def why(*, trigger: str, facts: Facts, rule_version: str, today: date, of_campaign: bool = False) -> Message:
    """What led to a tip: the rule in words, its version, every stored input, and whether somebody had it planned."""
    inputs = "\n".join(rules.evidence_lines(facts, today))
    blocks = [
        pieces.section(rules.rule_of(trigger), "Why you got this"),
        *([pieces.words(f"What it was judged from\n{inputs}")] if inputs else []),
        *([pieces.words(_PLANNED)] if of_campaign else []),
        pieces.small_print(
            f"Rule {pieces.quiet(rule_version)}. Only counts and dates were looked at, never what you wrote. "
            "Nobody else was told that you got this."
        ),
    ]
    return compose(FIRST_LINE, blocks)


_PLANNED = (
    "Your enablement team planned that this tip goes to people to whom this rule applies. They know about how many "
    "that are, and not that you are one of them."
)


def unavailable() -> Message:
    """For a button under a message whose nudge is gone, for instance after everything was erased."""
    return compose(
        FIRST_LINE, [pieces.section("I hold nothing about that message any more, so there is no more to say.")]
    )


def introduction(introduced_by: str, frame: Frame) -> list[Block]:
    """Who is writing, above the first message that a person ever gets."""
    who = frame.usual_team if introduced_by == ENGLISH.usual_team else introduced_by
    return [
        pieces.section(frame.hello.format(introduced_by=pieces.quiet(who, 120))),
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


def _answers(nudge_key: str, tip: Tip, trigger: str, language: Language) -> list[Block]:
    """Whether it was of use, and below it what may explain what was seen; under a zero what stands in the way."""
    frame = frame_in(language)
    asked = [] if trigger in ZERO_STATES else [Answer.HELPFUL, Answer.NOT_HELPFUL]
    if tip.how_to:
        asked.insert(0, Answer.SHOW_ME)
    first = [_button(answer, nudge_key, frame) for answer in asked]
    plan = [barriers.moments(nudge_key, language)] if trigger in _MAY_BE_PLANNED else []
    if trigger in ZERO_STATES:
        together = pair_offer.offer(nudge_key, language) if tip.topic == PAIR_UP else []
        return [*together, pieces.row(*first, *plan, barriers.menu(nudge_key, language))]
    contexts = [_button(answer, nudge_key, frame) for answer in _CONTEXTS.get(trigger, (Answer.WAS_MEANT,))]
    if len(contexts) == 1:
        return [pieces.row(*first, *contexts)]
    return [pieces.row(*first, *plan), pieces.row(*contexts)]


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
