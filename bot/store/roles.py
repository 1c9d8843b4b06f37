"""What somebody in Slack is here, and which groups they may open, by the roster as it stands at this moment.

Answers yes or no, and with keys of groups; never with a person, nor with anything about one. Asked again for every
command and every tap, so that whoever lost a team gets nothing of it from that moment on: a group may be opened only
while those below its manager are mostly the people whom it was last published of. Called by `handlers/roles.py`
and `handlers/ai_team.py`. Next: `bot/store/published.py`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sqlalchemy import ScalarSelect, and_, exists, func, select
from sqlalchemy.orm import Session, aliased

from bot.domain.teams import ALIKE
from bot.store.batches import chunks
from bot.store.tables import IdentityRow, PersonRow, SnapshotRow, TeamGroupRow, TeamPersonRow
from bot.store.tables.people import works_here

SLACK, EMAIL = "slack", "email"
"""How `identity` calls these two sources; the list of all of them stands beside people, where this may not look."""


def is_one_of(session: Session, *, slack_user_id: str, emails: Collection[str], day: date) -> bool:
    """Whether this Slack account belongs to somebody with one of these addresses (small letters) who is here then."""
    if not emails:
        return False
    found = exists().where(
        IdentityRow.person_id == _asker(slack_user_id, day),
        IdentityRow.source == EMAIL,
        IdentityRow.external_id.in_(emails),
    )
    return bool(session.scalar(select(found)))


def has_left(session: Session, *, slack_user_id: str, day: date) -> bool:
    """Whether this Slack account belongs to somebody who is known not to work here on that day, or not any more."""
    theirs = select(PersonRow.person_id).join(IdentityRow, IdentityRow.person_id == PersonRow.person_id)
    gone = theirs.where(
        IdentityRow.source == SLACK, IdentityRow.external_id == slack_user_id, ~works_here(PersonRow, day)
    )
    return session.scalar(gone) is not None


def own_group(session: Session, *, slack_user_id: str, day: date) -> str | None:
    """The group of everybody below whoever has this Slack account; None when nobody reports to them on that day.

    None too for a team that is too new to have been looked at, and for one that is mostly not what it was then.
    """
    own = select(TeamGroupRow.group_key).where(TeamGroupRow.person_id == _asker(slack_user_id, day))
    group_key = session.scalar(own)
    return group_key if group_key is not None and _standing(session, [group_key], day) else None


def leads_somebody(session: Session, *, slack_user_id: str, day: date) -> bool:
    """Whether somebody who works here on that day reports to whoever has this Slack account."""
    reports = exists().where(PersonRow.manager_id == _asker(slack_user_id, day), works_here(PersonRow, day))
    return bool(session.scalar(select(reports)))


def openable(session: Session, *, slack_user_id: str, group_keys: Collection[str], day: date) -> frozenset[str]:
    """Those of these groups that are the asker's own or lie below it, by who reports to whom on that day."""
    found: set[str] = set()
    for batch in chunks(sorted(set(group_keys))):
        theirs = _below(session, slack_user_id, batch, day)
        found |= _standing(session, theirs, day) if theirs else set()
    return frozenset(found)


def called(session: Session, *, slack_user_id: str, name: str, week: date, day: date) -> tuple[str, ...]:
    """The groups of that week that go by this name, of those that the asker may open; in the order of their keys."""
    labels = select(SnapshotRow.group_key, SnapshotRow.label).where(
        SnapshotRow.week == week, SnapshotRow.label.is_not(None)
    )
    named = {key for key, label in session.execute(labels) if label and _alike(label) == _alike(name)}
    return tuple(sorted(openable(session, slack_user_id=slack_user_id, group_keys=named, day=day)))


def _below(session: Session, slack_user_id: str, group_keys: Collection[str], day: date) -> set[str]:
    """Each group's chain of managers is walked upwards, as far as they are here, until it meets the asker."""
    start = select(TeamGroupRow.group_key, TeamGroupRow.person_id).where(TeamGroupRow.group_key.in_(group_keys))
    chain = start.cte("chain", recursive=True)
    step = (
        select(chain.c.group_key, PersonRow.manager_id)
        .join(chain, PersonRow.person_id == chain.c.person_id)
        .where(PersonRow.manager_id.is_not(None), works_here(PersonRow, day))
    )
    walked = chain.union(step)  # not union_all: on a circle there is nothing new to add, and it ends
    met = select(walked.c.group_key).where(walked.c.person_id == _asker(slack_user_id, day))
    return set(session.scalars(met))


def _standing(session: Session, group_keys: Collection[str], day: date) -> set[str]:
    """Those of these groups of which three quarters at least are below their manager now, and the other way round.

    People are walked down to from the manager and counted in the database; nobody's number is read.
    """
    report = aliased(PersonRow)
    start = (
        select(TeamGroupRow.group_key, report.person_id)
        .join(report, report.manager_id == TeamGroupRow.person_id)
        .where(TeamGroupRow.group_key.in_(group_keys), works_here(report, day))
    )
    walk = start.cte("down", recursive=True)
    step = (
        select(walk.c.group_key, PersonRow.person_id)
        .join(walk, PersonRow.manager_id == walk.c.person_id)
        .where(works_here(PersonRow, day))
    )
    down = walk.union(step)
    same = and_(TeamPersonRow.group_key == down.c.group_key, TeamPersonRow.person_id == down.c.person_id)
    now, both = func.count(), func.count(TeamPersonRow.person_id)
    before = aliased(TeamPersonRow)
    then = (
        select(func.count()).select_from(before).where(before.group_key == down.c.group_key).correlate(down)
    ).scalar_subquery()
    part, whole = ALIKE
    alike = (
        select(down.c.group_key)
        .outerjoin(TeamPersonRow, same)
        .group_by(down.c.group_key)
        .having(and_(both * whole >= now * part, both * whole >= then * part))
    )
    return set(session.scalars(alike))


def _asker(slack_user_id: str, day: date) -> ScalarSelect[int]:
    return (
        select(PersonRow.person_id)
        .join(IdentityRow, IdentityRow.person_id == PersonRow.person_id)
        .where(IdentityRow.source == SLACK, IdentityRow.external_id == slack_user_id, works_here(PersonRow, day))
        .scalar_subquery()
    )


def _alike(name: str) -> str:
    return " ".join(name.split()).casefold()
