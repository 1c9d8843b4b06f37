"""What people wish for their messages: pause, resume, snooze, stop. Each takes effect at once, planned ones included.

Called by `handlers/ai_stats.py` and `handlers/buttons.py`. Next: `handlers/yours.py`.
"""

from __future__ import annotations

from bot.store import nudges, preferences
from bot.views import ids, settings
from bot.views.message import Message
from handlers import home
from handlers.who import Asked


def pause(asked: Asked, person_id: int) -> None:
    with asked.desk.store.begin() as session:
        preferences.pause(session, person_id=person_id, now=asked.desk.clock.now())
    _confirm(asked, person_id, settings.paused())


def resume(asked: Asked, person_id: int) -> None:
    with asked.desk.store.begin() as session:
        preferences.resume(session, person_id=person_id, now=asked.desk.clock.now())
    _confirm(asked, person_id, settings.resumed())


def stop(asked: Asked, person_id: int) -> None:
    with asked.desk.store.begin() as session:
        preferences.stop(session, person_id=person_id, now=asked.desk.clock.now())
    _confirm(asked, person_id, settings.stopped(locale=_locale(asked, person_id)))


def snooze(asked: Asked, person_id: int, *, weeks: int) -> None:
    now = asked.desk.clock.now()
    with asked.desk.store.begin() as session:
        until = preferences.snooze(session, person_id=person_id, weeks=weeks, now=now)
    _confirm(asked, person_id, settings.snoozed(until=until.date(), today=now.date(), locale=_locale(asked, person_id)))


def _locale(asked: Asked, person_id: int) -> str | None:
    """The person's own under a message, which is answered in its language; commands and App Home are in English."""
    key = ids.parse(asked.value).nudge_key
    if key is None:
        return None
    with asked.desk.store.read() as session:
        nudge = nudges.find(session, nudge_key=key, person_id=person_id)
    return nudge.locale if nudge else None


def _confirm(asked: Asked, person_id: int, message: Message) -> None:
    """App Home shows by itself what changed; anywhere else a sentence says it."""
    if asked.view is None or not asked.view.is_home:
        asked.say(message)
    if asked.view is not None:
        home.publish(asked, person_id)
