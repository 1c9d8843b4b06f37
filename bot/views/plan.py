"""An if-then plan as the person reads it: confirmed, in its one reminder, and on App Home.

`handlers/plans.py` shows the plan; `jobs/deliver.py` sends the reminder. Next: `handlers/plans.py`.
"""

from __future__ import annotations

from datetime import date

from bot.domain import plans
from bot.domain.languages import ENGLISH, Facts, Language, of_locale
from bot.domain.plans import Cue, IfThen
from bot.domain.tips import Tip
from bot.domain.told import Answer
from bot.views import barriers, pieces, rules
from bot.views import tip as tip_views
from bot.views.ids import Action, Payload
from bot.views.message import Message, compose
from bot.views.pieces import Block
from bot.views.words import frame_in
from bot.views.words.steps import STEPS


def made(*, nudge_key: str, tip: Tip, plan: IfThen, silent: bool = False, locale: str | None = None) -> Message:
    """The plan in place of the message under which it was made; `silent` for somebody who wants no messages now."""
    tip, language = _in_language(locale, tip)
    words, frame = STEPS[language.code], frame_in(language)
    day = language.say(plan.remind_on.isoformat(), plan.made_on.isoformat())
    blocks = [
        pieces.section(sentence(plan.cue, tip, language)),
        pieces.section(words.planned_silent if silent else words.planned.format(day=day)),
        pieces.row(_forget(language, nudge_key)),
        tip_views.way_out(nudge_key, frame=frame),
    ]
    return compose(frame.first_line, blocks, choices=frame.choices)


def reminder(
    *,
    nudge_key: str,
    tip: Tip,
    facts: Facts,
    introduce_by: str | None = None,
    locale: str | None = None,
    with_steps: bool = False,
) -> Message:
    """The one reminder; `with_steps` is what "Show me how" puts in its place."""
    tip, language = _in_language(locale, tip)
    words, frame = STEPS[language.code], frame_in(language)
    opening = tip_views.introduction(introduce_by, frame) if introduce_by is not None else []
    day = language.say(str(facts["planned_on"]), facts.get("last_day"))
    show = pieces.button(frame.labels[Answer.SHOW_ME], Action.SHOW_ME, Payload(nudge_key))
    has_steps = bool(tip.how_to) and "{" not in tip.how_to
    blocks = [
        *opening,
        pieces.section(words.reminder.format(day=day)),
        pieces.section(sentence(Cue(str(facts["cue"])), tip, language)),
        *([pieces.section(tip.how_to)] if has_steps and with_steps else []),
        pieces.small_print(words.reminder_small),
        pieces.row(*([show] if has_steps and not with_steps else []), _forget(language, nudge_key)),
        tip_views.way_out(nudge_key, frame=frame),
    ]
    return compose(frame.first_contact if opening else frame.first_line, blocks, choices=frame.choices)


def why(*, facts: Facts, rule_version: str, today: date) -> Message:
    """What led to the reminder."""
    inputs = "\n".join(rules.evidence_lines(facts, today))
    blocks = [
        pieces.section(
            f"You made this plan and I remind you of it once: not before {plans.AFTER.days} days are over, within the "
            "same few messages as tips, and only if I saw no use of a tool on any day after that on which you made it.",
            "Why you got this",
        ),
        pieces.words(f"What it was judged from\n{inputs}"),
        pieces.small_print(f"Rule {pieces.quiet(rule_version)}. Nobody else was told that you got this."),
    ]
    return compose(tip_views.FIRST_LINE, blocks)


def forgotten() -> Message:
    """Said where there is no message to put anything in place of."""
    return compose(tip_views.FIRST_LINE, [pieces.section("Forgotten. No reminder of it comes.")])


def on_home(plan: IfThen, tip: Tip | None, *, today: date) -> list[Block]:
    """What was planned, and the way to forget it."""
    then = sentence(plan.cue, tip, ENGLISH)
    day = pieces.day(plan.remind_on, today)
    when = "The reminder was planned; no other comes." if plan.reminded_at else f"One reminder, on {day} or soon after."
    return [pieces.section(f"{then}\n{when}", "What you planned"), pieces.row(_forget(ENGLISH))]


def sentence(cue: Cue, tip: Tip | None, language: Language) -> str:
    """The plan in if-then form."""
    words = STEPS[language.code]
    then = plans.then_of(tip) if tip is not None else None
    return words.sentence.format(when=words.cues[cue], then=then or words.small_piece)


def _forget(language: Language, nudge_key: str | None = None) -> Block:
    return pieces.button(STEPS[language.code].forget_plan, Action.PLAN_FORGET, Payload(nudge_key))


def _in_language(locale: str | None, tip: Tip) -> tuple[Tip, Language]:
    """The tip in the person's language, or both in English where it was not translated."""
    language = of_locale(locale)
    if language.code not in tip.elsewhere:
        return tip, ENGLISH
    return barriers.said_in(tip, language), language
