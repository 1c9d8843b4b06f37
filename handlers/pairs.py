"""Fifteen minutes with a colleague: offered, asked for, taken back, and answered with a tap each.

Registered through `handlers/buttons.py`. Nothing of it is logged. Next: `bot/store/pair_turns.py`.
"""

from __future__ import annotations

from bot.domain import nudging
from bot.domain.pairs import ASK
from bot.store import nudges, pair_turns, pairs, preferences
from bot.store.database import Session
from bot.views import pair as pair_views
from bot.views import tip as tip_views
from bot.views.ids import parse
from handlers import home
from handlers import take_back as back
from handlers.who import Asked


def request(asked: Asked, person_id: int) -> None:
    """Make the request, and ask the first colleague, in one transaction."""
    desk, now = asked.desk, asked.desk.clock.now()
    with desk.store.begin() as session:
        locale = _locale(session, asked, person_id)
        wishes = preferences.load(session, person_ids=[person_id])[person_id]
        is_silent = nudging.wishes_silence(wishes, now)
        made = not is_silent and pairs.make(session, person_id=person_id, now=now)
        if made:
            pair_turns.go_on(session, person_id=person_id, now=now, switched_on=desk.settings.nudges_on)
        before = None if is_silent else pairs.find(session, person_id=person_id)
        preferences.heard_from(session, person_id=person_id, now=now)
    if made:
        back.confirm(asked, person_id, pair_views.requested(locale=locale))
    else:
        asked.say(pair_views.not_now(before, locale=locale))


def take_back(asked: Asked, person_id: int) -> None:
    """Take the request back, wherever it stands, as long as neither was told of the other."""
    now = asked.desk.clock.now()
    with asked.desk.store.begin() as session:
        was_open = pairs.take_back(session, person_id=person_id, now=now)
        preferences.heard_from(session, person_id=person_id, now=now)
    said = pair_views.taken_back(was_open)
    if asked.view is None:
        asked.replace(said)
    elif was_open:
        back.confirm(asked, person_id, said)
    else:
        asked.say(said)


def yes(asked: Asked, person_id: int) -> None:
    """Whoever was asked said yes."""
    _answered(asked, person_id, yes=True)


def no(asked: Asked, person_id: int) -> None:
    """Whoever was asked said no, which is told to nobody."""
    _answered(asked, person_id, yes=False)


def offer(asked: Asked, person_id: int) -> None:
    """One more who would show somebody."""
    now = asked.desk.clock.now()
    with asked.desk.store.begin() as session:
        pairs.offer(session, person_id=person_id, now=now)
    home.publish(asked, person_id)


def offer_no_more(asked: Asked, person_id: int) -> None:
    """One fewer; who waits for their answer is passed on."""
    now = asked.desk.clock.now()
    with asked.desk.store.begin() as session:
        pairs.offer_no_more(session, person_id=person_id, now=now)
    home.publish(asked, person_id)


def _answered(asked: Asked, person_id: int, *, yes: bool) -> None:
    key, now = asked.nudge_key(), asked.desk.clock.now()
    with asked.desk.store.begin() as session:
        nudge = nudges.find(session, nudge_key=key, person_id=person_id)
        arrow = pairs.agree if yes else pairs.decline
        in_time = nudge is not None and arrow(session, nudge_key=key, person_id=person_id, now=now)
        preferences.heard_from(session, person_id=person_id, now=now)
    if nudge is None or nudge.trigger != ASK:
        asked.say(tip_views.unavailable())
        return
    asked.replace(pair_views.answered(yes=yes, in_time=in_time, locale=nudge.locale))


def _locale(session: Session, asked: Asked, person_id: int) -> str | None:
    """The language of the message under which the button stands; App Home is in English."""
    key = parse(asked.value).nudge_key
    nudge = nudges.find(session, nudge_key=key, person_id=person_id) if key else None
    return nudge.locale if nudge else None
