"""Every button and every choice under a message, on the card and in App Home.

Registered by `handlers/__init__.py`. What a button carries is looked up again for the one who tapped, so a forwarded or
invented key leads nowhere. Next: `handlers/ai_stats.py`.
"""

from __future__ import annotations

from bot.domain.occasions import CHECK_IN
from bot.domain.pairs import TRIGGERS as OF_PAIRS
from bot.domain.plans import REMINDER
from bot.errors import InputError
from bot.store import nudges
from bot.views import check_in as check_in_views
from bot.views import ids, settings, told, trouble
from bot.views import pair as pair_views
from bot.views import plan as plan_views
from bot.views import tip as tip_views
from bot.views.ids import Action
from handlers import barriers, check_ins, pairs, plans, take_back, wishes, yours
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
    elif nudge.trigger in OF_PAIRS:
        asked.say(pair_views.why(nudge.trigger))
    elif nudge.trigger == REMINDER:
        asked.say(plan_views.why(facts=nudge.facts, rule_version=nudge.rule_version, today=today))
    else:
        asked.say(
            tip_views.why(
                trigger=nudge.trigger,
                facts=nudge.facts,
                rule_version=nudge.rule_version,
                today=today,
                of_campaign=nudge.of_campaign,
            )
        )


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


_FOR_PERSON: dict[Action, ForPerson] = {
    **{action: barriers.answered(answer) for action, answer in told.ANSWERS.items()},
    Action.BARRIER: barriers.chosen,
    Action.PLAN_WHEN: plans.make,
    Action.PLAN_FORGET: plans.forget,
    Action.PAIR_REQUEST: pairs.request,
    Action.PAIR_TAKE_BACK: pairs.take_back,
    Action.PAIR_YES: pairs.yes,
    Action.PAIR_NO: pairs.no,
    Action.PAIR_OFFER: pairs.offer,
    Action.PAIR_OFFER_NO_MORE: pairs.offer_no_more,
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
