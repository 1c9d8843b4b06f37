"""Taps under a check-in: the answer, what may be said besides, and "do not ask me this again".

Registered through `handlers/buttons.py`. Next: `bot/store/check_ins.py`.
"""

from __future__ import annotations

from bot.domain.check_in import CheckIn, Helped, Saving, WentTo
from bot.domain.told import Answer
from bot.errors import InputError
from bot.store import check_ins, nudges, preferences
from bot.store.database import Session
from bot.views import check_in, tip
from bot.views.ids import Action
from handlers.themselves import ForPerson
from handlers.who import Asked


def answered(answer: Answer) -> ForPerson:
    """Keep the answer, and put it in place of the question."""

    def keep(asked: Asked, person_id: int) -> None:
        key, now = asked.nudge_key(), asked.desk.clock.now()
        with asked.desk.store.begin() as session:
            kept = nudges.answer(session, nudge_key=key, person_id=person_id, answer=answer, now=now)
            if kept:
                preferences.said(session, person_id=person_id, answer=answer, now=now)
                if answer is not Answer.NO_QUESTIONS:
                    helped = Helped(answer.value)
                    check_ins.answer(session, nudge_key=key, person_id=person_id, helped=helped, now=now)
            found = _find(session, key, person_id) if kept else None
            locale = _locale(session, key, person_id)
        if kept and answer is Answer.NO_QUESTIONS:
            asked.replace(check_in.no_more(nudge_key=key, locale=locale))
        else:
            _show(asked, key, found, locale)

    return keep


def said_more(action: Action) -> ForPerson:
    """Keep one of the two things that may be said besides."""

    def keep(asked: Asked, person_id: int) -> None:
        key, choice = asked.nudge_key(), asked.choice()
        try:
            saving = Saving(choice) if action is Action.SAVING else None
            went_to = WentTo(choice) if action is Action.WENT_TO else None
        except ValueError:
            raise InputError("a choice that is not offered") from None
        with asked.desk.store.begin() as session:
            check_ins.add(session, nudge_key=key, person_id=person_id, saving=saving, went_to=went_to)
            preferences.heard_from(session, person_id=person_id, now=asked.desk.clock.now())
            found = _find(session, key, person_id)
            locale = _locale(session, key, person_id)
        _show(asked, key, found, locale)

    return keep


def _find(session: Session, nudge_key: str, person_id: int) -> CheckIn | None:
    return check_ins.find(session, nudge_key=nudge_key, person_id=person_id)


def _locale(session: Session, nudge_key: str, person_id: int) -> str | None:
    nudge = nudges.find(session, nudge_key=nudge_key, person_id=person_id)
    return nudge.locale if nudge else None


def _show(asked: Asked, nudge_key: str, found: CheckIn | None, locale: str | None) -> None:
    if found is None:
        asked.say(tip.unavailable())
    else:
        asked.replace(check_in.answered(nudge_key=nudge_key, check_in=found, locale=locale))
