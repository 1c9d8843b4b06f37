"""If-then plans: made with one tap under a message about a first use, forgotten with another.

Registered through `handlers/buttons.py`. Next: `bot/store/plans.py`.
"""

from __future__ import annotations

from bot.domain import nudging
from bot.domain.adoption import ZERO_STATES, State
from bot.domain.plans import REMINDER, Cue, IfThen, remind_on
from bot.errors import InputError
from bot.store import nudges, plans, preferences
from bot.views import plan as plan_views
from bot.views import tip as tip_views
from bot.views.ids import parse
from handlers import take_back
from handlers.barriers import tip_of
from handlers.cards import today_of
from handlers.who import Asked

_PLANNED_UNDER = frozenset(state.value for state in (*ZERO_STATES, State.FIRST_STEPS))


def make(asked: Asked, person_id: int) -> None:
    """Keep the plan for the chosen moment, and put it in if-then form in place of the message."""
    desk, key, now = asked.desk, asked.nudge_key(), asked.desk.clock.now()
    try:
        cue = Cue(asked.choice())
    except ValueError:
        raise InputError("a moment that is not offered") from None
    with desk.store.begin() as session:
        nudge = nudges.find(session, nudge_key=key, person_id=person_id)
        tip = tip_of(desk.tips(session), nudge.tip_id) if nudge and nudge.trigger in _PLANNED_UNDER else None
        wishes = preferences.load(session, person_ids=[person_id])[person_id]
        plan = IfThen(tip.tip_id, cue, now, remind_on(cue, made_on=today_of(now))) if tip else None
        if plan is not None:
            plans.make(session, person_id=person_id, plan=plan)
            preferences.heard_from(session, person_id=person_id, now=now)
    if nudge is None or tip is None or plan is None:
        asked.say(tip_views.unavailable())
        return
    silent = nudging.wishes_silence(wishes, now)
    asked.replace(plan_views.made(nudge_key=key, tip=tip, plan=plan, silent=silent, locale=nudge.locale))


def forget(asked: Asked, person_id: int) -> None:
    """Forget the plan and its reminder, and show what stood there before."""
    desk, key, now = asked.desk, parse(asked.value).nudge_key, asked.desk.clock.now()
    with desk.store.begin() as session:
        plans.forget(session, person_id=person_id, now=now)
        preferences.heard_from(session, person_id=person_id, now=now)
        nudge = nudges.find(session, nudge_key=key, person_id=person_id) if key else None
    if key is None:
        take_back.confirm(asked, person_id, plan_views.forgotten())
    elif nudge is None or nudge.trigger == REMINDER:
        asked.replace(plan_views.forgotten())
    else:
        take_back.show_again(asked, person_id, key)
