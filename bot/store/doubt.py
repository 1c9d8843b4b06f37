"""Days on which a source named somebody whom we do not know: that may be anybody whom it never named (P12).

An old address, a new one, a second account: whose use it is cannot be told, so of those days nothing can be said about
people whom the source has never called by a name we know, or calls so no longer since the id turned up. It ends when
the operator says whose the id is, or that it is nobody's (docs/how-to/who-is-who.md). Called by
`bot/store/coverage.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from bot.domain.people import NAMES_OF_PEOPLE, IdentitySource
from bot.store.batches import chunks
from bot.store.identities import UNMAPPED
from bot.store.pseudonyms import subject_key
from bot.store.tables import IdentityRow, SourceRow, UsageDayRow

Doubt = dict[tuple[str, str], dict[date, date]]
"""Doubtful days by source and tool, each with the day on which the newest of the ids seen on it was first seen."""
Named = dict[tuple[int, str], date]
"""On which day a person was last named by a source."""


def doubtful_days(session: Session, *, first: date, last: date) -> Doubt:
    """Days from `first` to `last` on which a source saw use by an id of nobody we know. Sources that list their members
    are left out: whom they list has an id there.
    """
    days: dict[tuple[str, str], dict[date, date]] = defaultdict(dict)
    for keys in chunks(sorted(_keys_of_nobody(session))):
        for source, tool, day, first_seen in session.execute(_seen(keys, first, last)):
            known = days[source, tool].get(day, first_seen)
            days[source, tool][day] = max(known, first_seen)
    return dict(days)


def named(session: Session, *, person_ids: Collection[int], sources: Collection[str]) -> Named:
    """When each of `sources` last named these people, in use or as idle; whom it never named is not in the answer."""
    found: Named = {}
    for batch in chunks(sorted(person_ids)):
        rows = (
            select(UsageDayRow.person_id, UsageDayRow.source, func.max(UsageDayRow.day))
            .where(UsageDayRow.person_id.in_(batch), UsageDayRow.source.in_(sources))
            .group_by(UsageDayRow.person_id, UsageDayRow.source)
        )
        found.update({(owner, source): day for owner, source, day in session.execute(rows) if owner is not None})
    return found


def may_be(last_named: date | None, *, day: date, first_seen: date) -> bool:
    """Whether an id of nobody that was seen on `day`, and first on `first_seen`, may be a person who was last named on
    that day. Who goes on being named beside the new id is somebody else; who no longer is may have a new address.
    """
    return last_named is None or (last_named < day and last_named <= first_seen)


def _seen(keys: Collection[str], first: date, last: date) -> Select[str, str, date, date]:
    """Source, tool and day of use by these ids of nobody, and when the newest of them was first seen."""
    row = UsageDayRow
    listing = select(SourceRow.name).where(SourceRow.lists_members)
    nobodys = (row.person_id.is_(None), row.active, row.subject.in_(keys), row.source.not_in(listing))
    begin = func.min(row.day).label("first_seen")
    firsts = select(row.source, row.subject, begin).where(*nobodys).group_by(row.source, row.subject).subquery()
    same = and_(row.source == firsts.c.source, row.subject == firsts.c.subject)
    return (
        select(row.source, row.tool, row.day, func.max(firsts.c.first_seen))
        .join(firsts, same)
        .where(*nobodys, row.day.between(first, last))
        .group_by(row.source, row.tool, row.day)
    )


def _keys_of_nobody(session: Session) -> set[str]:
    rows = select(IdentityRow.source, IdentityRow.external_id).where(
        IdentityRow.person_id.is_(None),
        IdentityRow.method == UNMAPPED,
        IdentityRow.source.in_([source.value for source in NAMES_OF_PEOPLE]),
    )
    return {subject_key(session, IdentitySource(source), external_id) for source, external_id in session.execute(rows)}
