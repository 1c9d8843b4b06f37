"""Fifteen minutes with a colleague: every night the next one is asked, and right before sending it is looked at again.

A step of `jobs/decide.py`, the fence of `jobs/recheck.py`, and the one place where a name is put into a message, by
`jobs/deliver.py`. Next: `bot/store/pair_turns.py`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain import pairs as rules
from bot.domain.nudging import Moved, Silence
from bot.domain.pairs import MADE, Side
from bot.domain.people import Person, WorkCalendar
from bot.store import nudges, pair_turns, pairs, people, preferences
from bot.store.database import Session, Store
from bot.store.delivery import HeldNudge


def go_on(store: Store, *, now: datetime, switched_on: bool) -> None:
    """Take every request one step further, each in a transaction of its own. Nothing is counted or logged of it."""
    with store.read() as session:
        waiting = pairs.unfinished(session)
    for person_id in waiting:
        with store.begin() as session:
            pair_turns.go_on(session, person_id=person_id, now=now, switched_on=switched_on)


def still_right(
    session: Session, nudge: HeldNudge, person: Person, calendar: WorkCalendar, now: datetime, *, switched_on: bool
) -> Silence | Moved | None:
    """Whether such a message may leave now. The request is held: nobody takes it back before the step that follows."""
    request = pairs.behind(session, nudge_key=nudge.nudge_key, hold=True)
    stands = request is not None and (nudge.trigger != MADE or _other(session, nudge) is not None)
    return rules.still_right(
        trigger=nudge.trigger,
        stands=stands,
        preferences=preferences.load(session, person_ids=[nudge.person_id])[nudge.person_id],
        history=nudges.history(session, person_ids=[nudge.person_id])[nudge.person_id],
        calendar=calendar if person.timezone else None,
        person=person,
        now=now,
        expires_at=nudge.expires_at,
        quiet_until=nudge.quiet_until,
        switched_on=switched_on,
    )


def with_the_other(session: Session, nudge: HeldNudge) -> HeldNudge:
    """A message to one of two who both said yes, with the Slack account of the other; it is written down nowhere."""
    if nudge.trigger != MADE:
        return nudge
    return replace(nudge, facts={**nudge.facts, "other": _other(session, nudge)})


def _other(session: Session, nudge: HeldNudge) -> str | None:
    """Whom this message brings together with the one who gets it, as Slack calls them."""
    request = pairs.behind(session, nudge_key=nudge.nudge_key)
    if request is None or request.volunteer_id is None:
        return None
    other = request.person_id if nudge.facts.get("side") == Side.SHOWS else request.volunteer_id
    found = people.load(session, person_ids=[other]).get(other)
    return found.slack_user_id if found else None
