"""Days on which a source named somebody whom we do not know: that may be anybody whom it never named (P12).

An old address, a second account, a login without a roster entry: whose use it is cannot be told, so of those days
nothing can be said about people whom the source has never called by a name we know. It ends when the operator says
whose the id is, or that it is nobody's (docs/how-to/who-is-who.md). Called by `bot/store/coverage.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.domain.people import IdentitySource
from bot.store.batches import chunks
from bot.store.identities import UNMAPPED, subject_key
from bot.store.tables import IdentityRow, SourceRow, UsageDayRow

_OF_PEOPLE = (
    IdentitySource.EMAIL,
    IdentitySource.GITHUB,
    IdentitySource.ANTHROPIC,
    IdentitySource.OPENAI,
    IdentitySource.CURSOR,
    IdentitySource.LITELLM,
)
"""Namings of people. An API key or a machine that nobody owns is not somebody whom we miss."""

Doubt = dict[tuple[str, str], frozenset[date]]
"""Doubtful days by source and tool."""


def doubtful_days(session: Session, *, first: date, last: date) -> Doubt:
    """Days from `first` to `last` on which a source saw use by an id of nobody we know. Sources that list their members
    are left out: whom they list has an id there.
    """
    listing = select(SourceRow.name).where(SourceRow.lists_members)
    days: dict[tuple[str, str], set[date]] = defaultdict(set)
    for keys in chunks(sorted(_keys_of_nobody(session))):
        seen = select(UsageDayRow.source, UsageDayRow.tool, UsageDayRow.day).where(
            UsageDayRow.person_id.is_(None),
            UsageDayRow.day.between(first, last),
            UsageDayRow.active,
            UsageDayRow.subject.in_(keys),
            UsageDayRow.source.not_in(listing),
        )
        for source, tool, day in session.execute(seen.distinct()):
            days[source, tool].add(day)
    return {key: frozenset(found) for key, found in days.items()}


def named(session: Session, *, person_ids: Collection[int], sources: Collection[str]) -> frozenset[tuple[int, str]]:
    """Which of these people each of `sources` has ever named, in use or as idle."""
    found: set[tuple[int, str]] = set()
    for batch in chunks(sorted(person_ids)):
        rows = select(UsageDayRow.person_id, UsageDayRow.source).where(
            UsageDayRow.person_id.in_(batch), UsageDayRow.source.in_(sources)
        )
        found.update((owner, source) for owner, source in session.execute(rows.distinct()) if owner is not None)
    return frozenset(found)


def _keys_of_nobody(session: Session) -> set[str]:
    rows = select(IdentityRow.source, IdentityRow.external_id).where(
        IdentityRow.person_id.is_(None),
        IdentityRow.method == UNMAPPED,
        IdentityRow.source.in_([source.value for source in _OF_PEOPLE]),
    )
    return {subject_key(IdentitySource(source), external_id) for source, external_id in session.execute(rows)}
