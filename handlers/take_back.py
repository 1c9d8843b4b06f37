"""Taking back what was told: no access, away, meant and the like, or the answer to a check-in. It counts at once.

Registered through `handlers/buttons.py`. Under a message the message comes back as it was; from App Home the page shows
it. Next: `bot/store/preferences.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.occasions import CHECK_IN
from bot.domain.plans import REMINDER
from bot.domain.tips import Tip
from bot.domain.told import Answer
from bot.errors import InputError
from bot.store import check_ins, nudges, preferences
from bot.store.nudges import StoredNudge
from bot.views import check_in, settings, told
from bot.views import plan as plan_views
from bot.views import tip as tip_views
from bot.views.ids import parse
from bot.views.message import Message
from handlers import home
from handlers.who import Asked


def take_back(asked: Asked, person_id: int) -> None:
    """Forget what the tapped choice names, and show what stands now."""
    key, choice = parse(asked.value).nudge_key, asked.choice()
    if choice == CHECK_IN:
        _answer_to_a_question(asked, person_id)
    elif choice in {answer.value for answer in told.LABELS}:
        _something_told(asked, person_id, Answer(choice))
    else:
        raise InputError("nothing that could be taken back")
    if key is None:
        confirm(asked, person_id, settings.taken_back())
    else:
        show_again(asked, person_id, key)


def _answer_to_a_question(asked: Asked, person_id: int) -> None:
    key, now = asked.nudge_key(), asked.desk.clock.now()
    with asked.desk.store.begin() as session:
        check_ins.take_back(session, nudge_key=key, person_id=person_id)
        nudges.unanswer_one(session, nudge_key=key, person_id=person_id)
        preferences.heard_from(session, person_id=person_id, now=now)


def _something_told(asked: Asked, person_id: int, answer: Answer) -> None:
    with asked.desk.store.begin() as session:
        preferences.take_back(session, person_id=person_id, answer=answer, now=asked.desk.clock.now())


def show_again(asked: Asked, person_id: int, key: str) -> None:
    """Put the message back as it came."""
    with asked.desk.store.read() as session:
        nudge = nudges.find(session, nudge_key=key, person_id=person_id)
        tips = asked.desk.tips(session)
    asked.replace(_as_it_was(tips, nudge) or tip_views.unavailable())


def _as_it_was(tips: Sequence[Tip], nudge: StoredNudge | None) -> Message | None:
    """The message as it came, without the introduction; None when it, or its tip, is gone."""
    if nudge is not None and nudge.trigger == CHECK_IN:
        return check_in.message(nudge_key=nudge.nudge_key, introduce_by=None, locale=nudge.locale)
    tip = next((tip for tip in tips if nudge is not None and tip.tip_id == nudge.tip_id), None)
    if nudge is None or tip is None:
        return None
    if nudge.trigger == REMINDER:
        return plan_views.reminder(nudge_key=nudge.nudge_key, tip=tip, facts=nudge.facts, locale=nudge.locale)
    return tip_views.message(
        nudge_key=nudge.nudge_key,
        tip=tip,
        trigger=nudge.trigger,
        facts=nudge.facts,
        introduce_by=None,
        locale=nudge.locale,
    )


def confirm(asked: Asked, person_id: int, message: Message) -> None:
    """App Home shows by itself what changed; anywhere else a sentence says it."""
    if asked.view is None or not asked.view.is_home:
        asked.say(message)
    if asked.view is not None:
        home.publish(asked, person_id)
