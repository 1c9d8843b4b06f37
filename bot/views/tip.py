"""One tip, as the person reads it: their own fact, one thing to try, the way out.

`jobs/deliver.py` sends `message`; `handlers/buttons.py` answers taps with the rest. Facts are the person's own figures
as they were stored with the nudge.
Next: `bot/slack.py`.
"""

from __future__ import annotations

from datetime import date

from bot.domain.adoption import ZERO_STATES, State
from bot.domain.tips import ENABLEMENT_TRIGGERS, Fact, Facts, Tip, fill
from bot.domain.told import Answer
from bot.domain.waste import idle_seat
from bot.views import pieces, rules, told
from bot.views.ids import Action, Payload
from bot.views.message import Message, compose
from bot.views.pieces import Block

FIRST_LINE = "A private note from Kindling. Nothing needs an answer."
FIRST_CONTACT = "Hello from Kindling: a private note, and who is writing."

_LONGEST_FACT = 200
_NOT_A_BILL = (
    "An estimate about a habit, not a bill. Your card shows it beside what it all cost, what bought nothing "
    "and what was finished. After two or four weeks I look again, and your card tells you whether it changed."
)

_QUIET = "I will not bring it up again for half a year."
_THANKS: dict[Answer, str] = {
    Answer.HELPFUL: "Thank you. This tip will not come again for at least 90 days.",
    Answer.NOT_HELPFUL: "Thank you for saying so. This tip will not come again for at least 90 days.",
    Answer.SHOW_ME: "Here is how, in small steps:",
    Answer.NO_ACCESS: "Noted: you have no access. Whoever hands out seats here can give it; I have told nobody. "
    + _QUIET,
    Answer.OTHER_TOOL: "Noted: you use something else, which I may not be able to see. I have told nobody. " + _QUIET,
    Answer.NOT_MY_WORK: "Noted: not for your work. That is a good answer, and I have told nobody. " + _QUIET,
    Answer.NOT_ALLOWED: "Noted: not allowed with your data. That is reason enough, and I have told nobody. " + _QUIET,
    Answer.ON_LEAVE: "Noted: you were away. Then days without use say nothing, and I leave the subject for four weeks. "
    "I have told nobody.",
    Answer.WAS_MEANT: "Noted: that was meant. On your card it counts as simply used from now on. I have told nobody. "
    + _QUIET,
}
_LABELS = {Answer.SHOW_ME: "Show me how", Answer.HELPFUL: "Helpful", Answer.NOT_HELPFUL: "Not helpful"}
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


def message(*, nudge_key: str, tip: Tip, trigger: str, facts: Facts, introduce_by: str | None) -> Message:
    """The message as it is sent.

    `trigger` is the state or detector that led here. `introduce_by` names who set Kindling up when this is the first
    message the person ever gets, and is None afterwards.
    """
    opening = introduction(introduce_by) if introduce_by is not None else []
    beside = [] if trigger in ENABLEMENT_TRIGGERS else [pieces.small_print(_NOT_A_BILL)]
    blocks = [*opening, *_body(tip, facts), *beside, *_answers(nudge_key, tip, trigger), way_out(nudge_key)]
    return compose(FIRST_CONTACT if opening else FIRST_LINE, blocks)


def answered(*, nudge_key: str, tip: Tip, facts: Facts, answer: Answer) -> Message:
    """The same message after a tap: a short thanks in place of the answers; the way out stays."""
    thanks = [pieces.section(_THANKS[answer])]
    if answer is Answer.SHOW_ME:
        thanks += _steps(tip, facts)
    if answer in told.LABELS:
        thanks.append(told.take_back_button(nudge_key, answer.value))
    return compose(FIRST_LINE, [*_body(tip, facts), *thanks, way_out(nudge_key)])


def how_to(*, tip: Tip, facts: Facts) -> Message:
    """The steps of a tip on their own."""
    return compose(FIRST_LINE, [pieces.section(_THANKS[Answer.SHOW_ME]), *_steps(tip, facts)])


def on_the_card(*, tip: Tip, facts: Facts) -> Message:
    """The same words as an answer to somebody who asked for them: no answers to give, nothing to stop."""
    return compose(FIRST_LINE, [*_body(tip, facts), *_steps(tip, facts)])


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


def introduction(introduced_by: str) -> list[Block]:
    """Who is writing, above the first message that a person ever gets."""
    return [
        pieces.section(
            f"Hello, I am Kindling. {pieces.quiet(introduced_by, 120)} set me up to help people get something out of "
            "the AI tools that are paid for here."
        ),
        pieces.section(
            "*What I see:* counts from the tools (requests, tokens, cost, accepted edits) and finished work. "
            "Never prompts, answers or code.\n"
            "*Who sees yours:* you. No message or screen of mine shows it to anybody else.\n"
            "*How often:* at most one message in seven days and three in four weeks. The buttons at the end stop them."
        ),
        pieces.row(
            pieces.button("Show my card", Action.SHOW_CARD),
            pieces.button("What do you hold about me?", Action.WHAT_IS_HELD),
        ),
        pieces.divider(),
    ]


def _body(tip: Tip, facts: Facts) -> list[Block]:
    return [pieces.section(_filled(part, facts)) for part in (tip.text, tip.try_this)]


def _answers(nudge_key: str, tip: Tip, trigger: str) -> list[Block]:
    """Whether it was of use, and below it what may explain what was seen; under a zero the second says it all."""
    asked = [] if trigger in ZERO_STATES else [Answer.HELPFUL, Answer.NOT_HELPFUL]
    if tip.how_to:
        asked.insert(0, Answer.SHOW_ME)
    contexts = _CONTEXTS.get(trigger, (Answer.WAS_MEANT,))
    rows = [[*asked, *contexts]] if trigger in ZERO_STATES or len(contexts) == 1 else [asked, [*contexts]]
    return [pieces.row(*(_button(answer, nudge_key) for answer in row)) for row in rows]


def _button(answer: Answer, nudge_key: str) -> Block:
    label = {**told.LABELS, **_LABELS}[answer]
    return pieces.button(label, _ACTIONS[answer], Payload(nudge_key))


def way_out(nudge_key: str, *others: Block) -> Block:
    """Why, snooze, stop: below every message (P9); `others` end something smaller."""
    return pieces.row(
        pieces.button("Why this?", Action.WHY_TIP, Payload(nudge_key)),
        pieces.snooze(nudge_key),
        *others,
        pieces.button("Stop these messages", Action.STOP, Payload(nudge_key)),
    )


def _steps(tip: Tip, facts: Facts) -> list[Block]:
    steps = [pieces.section(_filled(tip.how_to or tip.try_this, facts))]
    if tip.link and tip.link.startswith("https://"):
        steps.append(pieces.row(pieces.link("Read more", tip.link)))
    return steps


def _filled(text: str, facts: Facts) -> str:
    """`text` with the person's own facts, none of which can mark up, mention or link."""
    return fill(text, {name: _quiet(fact) for name, fact in facts.items()})


def _quiet(fact: Fact) -> Fact:
    if isinstance(fact, list):
        return [pieces.tool_name(entry) for entry in fact]
    return pieces.quiet(fact, _LONGEST_FACT) if isinstance(fact, str) else fact
