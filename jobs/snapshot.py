"""Once in four weeks: what may be told of every group, worked out once and never changed again.

Due every Monday, after everybody was judged; in the weeks between nothing new is told, so that windows do not overlap.
`bot/domain/disclosure/__init__.py` decides what may be said. Next: `bot/domain/teams.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from bot.domain import disclosure, team_summary, team_values, teams
from bot.domain.disclosure import Group, Issue, Shown
from bot.domain.teams import Team
from bot.store import installation, published, snapshots, team_figures
from bot.store.database import Session, Store
from bot.store.snapshots import Keyed

PERIOD = timedelta(days=published.PERIOD_DAYS)
_NOTHING = dict.fromkeys(("groups", "shown", "withheld"), 0)
_DAY, _WEEK = timedelta(days=1), timedelta(weeks=1)


@dataclass(frozen=True)
class _Told:
    """What one run worked out, before it is kept."""

    groups: Sequence[Team]
    keyed: Keyed
    issue: Issue


def snapshot(store: Store, *, now: datetime) -> dict[str, int]:
    """Publish what is due and was not published yet; returns counts of groups and of cells, and no names.

    A second run on the same Monday, or in the weeks that follow, changes nothing. Nothing is published about weeks in
    which this Kindling was not yet looking, nor, as "not_judged" says, about days up to which nobody was judged yet,
    nor, as "newer_stands" says, before what was published already: a wrong clock does not write what cannot be undone.
    """
    week = newest_due(now)
    with store.read() as session:
        held_up = _held_up(session, week)
        told = _told(session, week) if held_up is None else None
    if told is None:
        return _NOTHING | ({held_up: 1} if held_up else {})
    kept = {one.group: one for one in told.issue.published}
    with store.begin() as session:
        is_ours = _held_up(session, week) is None and snapshots.save(
            session,
            week=week,
            groups=told.groups,
            keyed=told.keyed,
            published=kept,
            rule_version=team_summary.RULE_VERSION,
        )
        if is_ours:
            snapshots.remember(session, memory=told.issue.memory)
    shown = [isinstance(cell, Shown) for one in kept.values() for cell in one.cells.values()]
    counts = {"groups": len(told.groups), "shown": sum(shown), "withheld": len(shown) - sum(shown)}
    return counts if is_ours else _NOTHING


def newest_due(now: datetime) -> date:
    """The newest Monday on which figures were due."""
    today = now.astimezone(UTC).date()
    monday = today - timedelta(days=today.weekday())
    while not disclosure.due(monday):
        monday -= _WEEK
    return monday


def _held_up(session: Session, week: date) -> str | None:
    """Why nothing is published, in a word that may be counted or in none; None: nothing is in the way."""
    looking_since, newest = installation.first_judged_on(session), published.newest_week(session)
    if looking_since is None or looking_since > week or newest == week:
        return ""
    if newest is not None and newest > week:
        return "newer_stands"
    return None if team_figures.is_judged(session, last_day=week - _DAY) else "not_judged"


def _told(session: Session, week: date) -> _Told:
    stands = team_figures.stands(session, on=week - _DAY)
    keyed = snapshots.keyed(session, people=frozenset(stands), below=teams.below(stands))
    groups = teams.teams(stands, keys=keyed.keys)
    return _Told(groups, keyed, _settled(session, week, keyed, _issue(session, week, groups)))


def _issue(session: Session, week: date, groups: Sequence[Team]) -> Issue:
    """What may be told of these groups, from everybody's figures of the four weeks before."""
    everybody = next(team.members for team in groups if team.key == teams.COMPANY)
    figures = team_figures.load(session, person_ids=everybody, last_day=week - _DAY)
    return disclosure.publish(
        week=week,
        groups=[Group(team.key, team.parent, team.members) for team in groups],
        measures=team_summary.MEASURES,
        values=team_values.values(figures),
        memory=snapshots.memory(session),
    )


def _settled(session: Session, week: date, keyed: Keyed, issue: Issue) -> Issue:
    """The same after the brake on volume, which looks at what was published of each group of mostly these people."""
    oldest = week - published.MOST_PAST * PERIOD
    cells = published.cells(session, first=oldest, last=week - _DAY, measures=team_summary.BRAKE)
    past = {
        key: [told for earlier, told in of.items() if earlier >= keyed.alike_since.get(key, week)]
        for key, of in cells.items()
    }
    settled = [
        replace(one, cells=team_summary.settle_volume(one.cells, past.get(one.group, ()))) for one in issue.published
    ]
    return replace(issue, published=tuple(settled))
