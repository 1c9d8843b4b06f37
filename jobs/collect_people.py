"""Read who works here: a directory over SCIM, and Slack's list of members.

Called by `jobs/collect.py`, before anything that names people. Next: `bot/store/directory.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from bot.errors import SlackError, SourceError
from bot.sources import slack_roster
from bot.sources.shape import Access, RosterConnector
from bot.store import directory, people
from bot.store.database import Store
from jobs import attempts

SLACK_ROSTER = "slack_roster"
"""The name under which the roster sweep stands among the sources."""

SlackMembers = Callable[[], Iterable[Mapping[str, Any]]]


def collect_roster(store: Store, access: Access, connector: RosterConnector) -> Counter[str]:
    """Keep what a directory says of its people; returns counts. All of it, or nothing."""
    attempt = attempts.begin(store, access.source.name, None, access.now)
    try:
        records = tuple(connector.fetch_people(access))
    except SourceError as error:
        return _failed(store, attempt, error, access.now)
    with store.begin() as session:
        saved = directory.save(
            session, source_name=access.source.name, records=records, columns=connector.columns, now=access.now
        )
    attempts.finish(store, attempt, rows=len(records), error=None, now=access.now)
    return Counter(
        sources=1,
        sources_failed=0,
        people=len(records),
        people_changed=saved.people.added + saved.people.changed,
        people_unmapped=len(saved.people.unmapped),
        people_unclear=saved.doubled + saved.circles,
    )


def collect_slack_roster(store: Store, slack_members: SlackMembers, now: datetime) -> Counter[str]:
    """Link people to their Slack accounts, and take their time zone from there."""
    attempt = attempts.begin(store, SLACK_ROSTER, None, now)
    try:
        members = slack_roster.employees(slack_members())
    except SlackError as error:
        broken = SourceError(f"Slack's list of members could not be read: {error.reason}.", permanent=False)
        return _failed(store, attempt, broken, now)
    with store.begin() as session:
        saved = people.save_slack_members(session, members=members, now=now)
    attempts.finish(store, attempt, rows=len(members), error=None, now=now)
    return Counter(
        sources=1,
        sources_failed=0,
        slack_members=len(members),
        slack_changed=saved.changed,
        slack_unmapped=len(saved.unmapped),
    )


def _failed(store: Store, attempt: attempts.Attempt, error: SourceError, now: datetime) -> Counter[str]:
    attempts.finish(store, attempt, rows=None, error=error, now=now)
    return Counter(sources=1, sources_failed=1)
