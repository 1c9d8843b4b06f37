"""Answers under a tip: kept, thanked for, and followed by a next step of their own where they say what is in the way.

Registered through `handlers/buttons.py`. Nobody is told of any of it. Next: `bot/views/barriers.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain import barriers
from bot.domain.plans import REMINDER
from bot.domain.tips import Tip
from bot.domain.told import Answer
from bot.errors import InputError
from bot.settings import Settings
from bot.store import nudges, people, preferences
from bot.store.database import Session
from bot.store.nudges import StoredNudge
from bot.views import plan as plan_views
from bot.views import tip as tip_views
from bot.views.barriers import Way
from bot.views.message import Message
from handlers.cards import today_of
from handlers.themselves import ForPerson
from handlers.who import Asked

_OFFERED = {cause.value for cause in (*barriers.CAUSES, *barriers.OTHER_REASONS)}


def chosen(asked: Asked, person_id: int) -> None:
    """One cause out of the menu. Who sees no use is offered something first; every other one is kept at once."""
    choice = asked.choice()
    if choice not in _OFFERED:
        raise InputError("a cause that is not offered")
    if choice == Answer.NOT_MY_WORK.value:
        _offer_recipes(asked, person_id)
    else:
        answered(Answer(choice))(asked, person_id)


def answered(answer: Answer) -> ForPerson:
    """Keep the answer, and put a short thanks and the next step in its place."""

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
            tips, role = desk.tips(session), _role(session, person_id)
        tip = tip_of(tips, nudge.tip_id) if kept and nudge else None
        if nudge is None or tip is None:
            asked.say(tip_views.unavailable())
            return
        trust = barriers.to_trust(tips, role=role, day=today_of(desk.clock.now()))
        asked.replace(_thanks(desk.settings, nudge, tip, answer, trust))

    return keep


def tip_of(tips: Sequence[Tip], tip_id: str) -> Tip | None:
    """The tip of this name, if there still is one."""
    return next((tip for tip in tips if tip.tip_id == tip_id), None)


def _thanks(settings: Settings, nudge: StoredNudge, tip: Tip, answer: Answer, trust: Tip | None) -> Message:
    key, facts, locale = nudge.nudge_key, nudge.facts, nudge.locale
    if nudge.trigger == REMINDER:
        return plan_views.reminder(nudge_key=key, tip=tip, facts=facts, locale=locale, with_steps=True)
    way = Way(access_link=settings.access_link, data_rules_link=settings.data_rules_link, trust=trust)
    return tip_views.answered(nudge_key=key, tip=tip, facts=facts, answer=answer, way=way, locale=locale)


def _offer_recipes(asked: Asked, person_id: int) -> None:
    """Nothing is noted but that the person was there; "Not for my work" below the recipes is the answer."""
    desk, key, now = asked.desk, asked.nudge_key(), asked.desk.clock.now()
    with desk.store.begin() as session:
        nudge = nudges.find(session, nudge_key=key, person_id=person_id)
        if nudge is not None:
            preferences.heard_from(session, person_id=person_id, now=now)
        tips, role = desk.tips(session), _role(session, person_id)
    tip = tip_of(tips, nudge.tip_id) if nudge else None
    if nudge is None or tip is None:
        asked.say(tip_views.unavailable())
        return
    others = [one for one in tips if one.tip_id != tip.tip_id]
    small = barriers.recipes(others, role=role, day=today_of(now))
    asked.replace(tip_views.no_use(nudge_key=key, tip=tip, facts=nudge.facts, recipes=small, locale=nudge.locale))


def _role(session: Session, person_id: int) -> str | None:
    person = people.load(session, person_ids=[person_id]).get(person_id)
    return person.role if person else None
