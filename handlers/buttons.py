"""Every button and every choice under a message, on the card and in App Home.

Registered by `handlers/__init__.py`. What a button carries is looked up again for the one who tapped, so a forwarded or
invented key leads nowhere. Next: `handlers/ai_stats.py`.
"""

from __future__ import annotations

from bot.domain.occasions import CHECK_IN
from bot.domain.tips import Tip
from bot.domain.told import Answer
from bot.errors import InputError
from bot.store import nudges, preferences
from bot.views import check_in as check_in_views
from bot.views import ids, settings, told, trouble
from bot.views import tip as tip_views
from bot.views.ids import Action
from handlers import check_ins, take_back, wishes, yours
from handlers.desk import Desk
from handlers.themselves import ForPerson, for_person
from handlers.trouble import Work
from handlers.who import Asked


def why_tip(asked: Asked, person_id: int) -> None:
    """What led to the tip under which the button stands."""
    with asked.desk.store.read() as session:
        nudge = nudges.find(session, nudge_key=asked.nudge_key(), person_id=person_id)
    if nudge is None:
        asked.say(tip_views.unavailable())
        return
    today = asked.desk.clock.now().date()
    if nudge.trigger == CHECK_IN:
        asked.say(check_in_views.why(facts=nudge.facts, rule_version=nudge.rule_version, today=today))
    else:
        asked.say(tip_views.why(trigger=nudge.trigger, facts=nudge.facts, rule_version=nudge.rule_version, today=today))


def snooze(asked: Asked, person_id: int) -> None:
    """Quiet for as many weeks as were chosen."""
    weeks = ids.parse(asked.value).weeks
    if weeks is None:
        raise InputError("a snooze without weeks")
    wishes.snooze(asked, person_id, weeks=weeks)


def open_link(_asked: Asked) -> None:
    """The browser has opened the link by itself; nothing is kept of it."""


def unknown(asked: Asked) -> None:
    """A button of an older version, or of nobody's."""
    asked.say(trouble.not_ours())


def answered(answer: Answer) -> ForPerson:
    """Keep the answer and put a short thanks in its place."""

    def keep(asked: Asked, person_id: int) -> None:
        desk, key = asked.desk, asked.nudge_key()
        with desk.store.begin() as session:
            kept = nudges.answer(session, nudge_key=key, person_id=person_id, answer=answer, now=desk.clock.now())
            if kept:
                preferences.said(session, person_id=person_id, answer=answer, now=desk.clock.now())
            nudge = nudges.find(session, nudge_key=key, person_id=person_id)
            if kept and nudge and answer is Answer.WAS_MEANT:
                pattern = (nudge.trigger, str(nudge.facts.get("tool", "")))
                preferences.meant(session, person_id=person_id, pattern=pattern, now=desk.clock.now())
        tip = _tip(desk, nudge.tip_id) if kept and nudge else None
        if nudge is None or tip is None:
            asked.say(tip_views.unavailable())
        else:
            asked.replace(tip_views.answered(nudge_key=key, tip=tip, facts=nudge.facts, answer=answer))

    return keep


_FOR_PERSON: dict[Action, ForPerson] = {
    **{action: answered(answer) for action, answer in told.ANSWERS.items()},
    **{action: check_ins.answered(answer) for action, answer in told.CHECK_IN_ANSWERS.items()},
    Action.SAVING: check_ins.said_more(Action.SAVING),
    Action.WENT_TO: check_ins.said_more(Action.WENT_TO),
    Action.TAKE_BACK: take_back.take_back,
    Action.WHY_TIP: why_tip,
    Action.SNOOZE: snooze,
    Action.STOP: wishes.stop,
    Action.PAUSE: wishes.pause,
    Action.RESUME: wishes.resume,
    Action.SHOW_CARD: yours.card,
    Action.WHY_CARD: yours.why,
    Action.WEEKS: yours.weeks,
    Action.ONE_THING: yours.one_thing,
    Action.EXPORT: yours.export,
    Action.FORGET: yours.ask_before_forgetting,
    Action.FORGET_NOW: yours.forget,
    Action.LEAVE_OUT: yours.leave_out,
}

_FOR_ANYBODY: dict[Action, Work] = {
    Action.WHAT_IS_HELD: yours.privacy,
    Action.KEEP: lambda asked: asked.replace(settings.kept()),
    Action.OPEN_LINK: open_link,
}


def work_of(action: Action) -> Work:
    """What is done when this button is tapped. A payload that we did not write is answered, not followed."""

    def work(asked: Asked) -> None:
        try:
            if action in _FOR_ANYBODY:
                _FOR_ANYBODY[action](asked)
            else:
                for_person(asked, _FOR_PERSON[action])
        except InputError:
            unknown(asked)

    return work


def _tip(desk: Desk, tip_id: str) -> Tip | None:
    return next((tip for tip in desk.tips if tip.tip_id == tip_id), None)
