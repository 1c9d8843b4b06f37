"""App Home: the same card as the command gives, and the settings.

Registered by `handlers/__init__.py`. Next: `bot/views/home.py`.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.pairs import Own
from bot.domain.plans import IfThen
from bot.domain.tips import Tip
from bot.domain.told import Preferences
from bot.store import pairs, plans, preferences
from bot.views import home
from handlers import cards
from handlers.themselves import number_of
from handlers.who import Asked


def opened(asked: Asked) -> None:
    """Publish the page when its tab is opened; the Messages tab needs nothing from us."""
    if asked.text != "home":
        return
    person_id = number_of(asked)
    if person_id is None:
        clear(asked)
    else:
        publish(asked, person_id)


def publish(asked: Asked, person_id: int) -> None:
    """Put this person's card and settings on their own App Home. Looking at it counts as being heard from."""
    desk = asked.desk
    now = desk.clock.now()
    card = cards.load(desk, person_id=person_id)
    with desk.store.read() as session:
        wishes = preferences.load(session, person_ids=[person_id])[person_id]
        made = plans.load(session, person_ids=[person_id]).get(person_id)
        tip = next((tip for tip in desk.tips(session) if made is not None and tip.tip_id == made.tip_id), None)
        pair = pairs.own(session, person_id=person_id)
    _show(asked, card, wishes, now, planned=(made, tip) if made else None, pair=pair)
    if card is not None:
        with desk.store.begin() as session:
            preferences.heard_from(session, person_id=person_id, now=now)


def clear(asked: Asked) -> None:
    """Put the page of somebody about whom nothing is held."""
    _show(asked, None, Preferences(), asked.desk.clock.now())


def _show(
    asked: Asked,
    card: cards.Card | None,
    wishes: Preferences,
    now: datetime,
    *,
    planned: tuple[IfThen, Tip | None] | None = None,
    pair: Own | None = None,
) -> None:
    view = home.view(
        card=card.scorecard if card else None,
        preferences=wishes,
        has_tip=card is not None and card.choice is not None,
        introduced_by=asked.desk.settings.set_up_by,
        now=now,
        today=cards.today_of(now),
        if_then=planned[0] if planned else None,
        planned_tip=planned[1] if planned else None,
        pairs=pair,
    )
    asked.desk.slack.publish_home(asked.slack_user_id, view)
