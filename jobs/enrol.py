"""Every night, before anything is decided: campaigns that begin, or begin again each week, draw who is in them.

The first step of `jobs/decide.py`. Each wave is frozen in one transaction: running it again, in any
number of processes, draws nobody twice. Next: `bot/store/cohorts.py`, then `jobs/decide.py`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from bot.log import EventLog
from bot.store import campaigns, cohorts
from bot.store.database import Store

_log = EventLog("enrol")


def enrol(store: Store, *, now: datetime, switched_on: bool, approval_from: int) -> dict[str, int]:
    """End what is over, and draw the waves that are due. Counts: `campaigns_ended` and `waves`; never people.

    While nothing is sent (`nudges.on`, or a lead's switch) nobody is drawn: some would be left out of nothing. What one
    lead started and meets `approval_from` people by now waits for a second.
    """
    day = now.astimezone(UTC).date()
    with store.begin() as session:
        ended = cohorts.finish(session, now=now)
    with store.read() as session:
        is_off = not switched_on or campaigns.halted_at(session) is not None
        due = [] if is_off else cohorts.due(session, day=day)
    waves = 0
    for campaign_id in due:
        with store.begin() as session:  # of its own: `take_in` holds rivals in their order, and this one first of all
            has_grown = campaigns.grew(session, campaign_id=campaign_id, approval_from=approval_from, now=now)
        with store.begin() as session:
            waves += not has_grown and cohorts.take_in(session, campaign_id=campaign_id, day=day) is not None
    _log.info("enrol.done", campaigns_ended=ended, waves=waves)
    return {"campaigns_ended": ended, "waves": waves}
