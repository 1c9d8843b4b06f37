"""A manager's wish to be sent each new summary of their team, and its end, which counts at once.

Registered by `handlers/__init__.py`. Next: `jobs/digest.py`.
"""

from __future__ import annotations

from bot.store import digests, published
from bot.views import team
from bot.views.ids import Action
from handlers.roles import is_manager
from handlers.themselves import for_person
from handlers.trouble import Work
from handlers.who import Asked


def each_new_one(asked: Asked) -> None:
    """Keep the wish of somebody to whom somebody reports today."""
    if is_manager(asked):
        for_person(asked, _want)
    else:
        asked.say(team.nothing())


def no_more(asked: Asked) -> None:
    """End it, also for somebody who is no manager any more."""
    for_person(asked, _stop)


def _want(asked: Asked, person_id: int) -> None:
    with asked.desk.store.begin() as session:
        week = published.newest_week(session)
        digests.want(session, person_id=person_id, now=asked.desk.clock.now(), seen=week)
    asked.say(team.each_new_one())


def _stop(asked: Asked, person_id: int) -> None:
    with asked.desk.store.begin() as session:
        digests.stop(session, person_id=person_id)
    asked.say(team.no_more())


TAPS: dict[Action, Work] = {Action.TEAM_EACH_WEEK: each_new_one, Action.TEAM_NO_MORE: no_more}
"""What is done when one of the two buttons is tapped."""
