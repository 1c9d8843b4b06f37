"""The last question before a message leaves: is it still right? Everything is judged afresh, in the same transaction.

`jobs/deliver.py` asks it at the fence; what was right when planned may not be now (P8, P9, P12).
Next: `bot/domain/nudging.py`, which answers.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain import nudging, pairs
from bot.domain.nudging import Moved, Silence
from bot.domain.people import Person
from bot.domain.prices import PriceBook
from bot.domain.turns import Waits
from bot.domain.waste import ledger
from bot.store import campaigns, cohorts, installation, nudges, people, preferences
from bot.store.database import Session
from bot.store.delivery import HeldNudge
from jobs import detect, pairing
from jobs.rounds import Recheck
from jobs.work_calendars import HolidaysOf, WeekendOf


def by_the_rules(*, prices: PriceBook, holidays_of: HolidaysOf, weekend_of: WeekendOf, switched_on: bool) -> Recheck:
    """A recheck that loads and judges the one person anew, by the same rules that planned the message."""

    def recheck(session: Session, nudge: HeldNudge, now: datetime) -> Silence | Moved | Waits | None:
        if campaigns.is_halted(session):
            return Waits.ALL_HALTED
        judged = detect.judge_people(
            session,
            person_ids=[nudge.person_id],
            now=now,
            prices=prices,
            holidays_of=holidays_of,
            weekend_of=weekend_of,
        ).get(nudge.person_id)
        if judged is None:
            return Silence.NOT_EMPLOYED
        if _account_moved(session, nudge, judged.person):
            return Moved(now)
        if nudge.trigger in pairs.TRIGGERS:
            return pairing.still_right(session, nudge, judged.person, judged.calendar, now, switched_on=switched_on)
        return nudging.still_right(
            trigger=nudge.trigger,
            facts=nudge.facts,
            expires_at=nudge.expires_at,
            standing=judged.standing,
            findings=judged.settled.counted,
            exploring=ledger.is_exploring(judged.window.first_active_on, judged.window.last_day),
            preferences=preferences.load(session, person_ids=[nudge.person_id])[nudge.person_id],
            history=nudges.history(session, person_ids=[nudge.person_id])[nudge.person_id],
            calendar=judged.calendar if judged.person.timezone else None,
            person=judged.person,
            now=now,
            switched_on=switched_on,
            in_shadow=nudging.is_in_shadow(installation.first_judged_on(session), now),
            quiet_until=nudge.quiet_until,
            parts=cohorts.parts(session, person_ids=[nudge.person_id], day=now.date(), hold=True)[nudge.person_id],
            campaign_id=nudge.campaign_id,
        )

    return recheck


def _account_moved(session: Session, nudge: HeldNudge, person: Person) -> bool:
    """Whether the account it was claimed for is not this person's any more, but another one is: it is claimed anew."""
    if nudge.slack_user_id is None or person.slack_user_id is None:
        return False
    return people.person_by_slack(session, slack_user_id=nudge.slack_user_id) != nudge.person_id
