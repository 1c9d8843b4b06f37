"""Once in four weeks: what may be told of every group, worked out once and never changed again.

Due every Monday, after everybody was judged; in the weeks between nothing new is told, so that windows do not overlap.
`bot/domain/disclosure/__init__.py` decides what may be said. Next: `bot/domain/teams.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from bot.domain import disclosure, team_summary, team_values, teams
from bot.domain.disclosure import Cell, Group, Issue, Published, Shown
from bot.domain.teams import Team
from bot.store import installation, published, snapshots, team_figures
from bot.store.database import Session, Store

PERIOD = timedelta(days=published.PERIOD_DAYS)
_DAY, _WEEK = timedelta(days=1), timedelta(weeks=1)


def snapshot(store: Store, *, now: datetime) -> dict[str, int]:
    """Publish what is due and was not published yet; returns counts of groups and of cells, and no names.

    A second run on the same Monday, or in the weeks that follow, changes nothing. Nothing is published about weeks in
    which this Kindling was not yet looking.
    """
    week = newest_due(now)
    with store.begin() as session:
        groups = _groups(session, week) if _is_wanted(session, week) else ()
    if not groups:
        return dict.fromkeys(("groups", "shown", "withheld"), 0)
    with store.read() as session:
        issue = _issue(session, week, groups)
        before = published.cells(session, week=week - PERIOD)
    kept = {one.group: _settled(one, before.get(one.group)) for one in issue.published}
    with store.begin() as session:
        if _is_wanted(session, week):
            snapshots.save(session, week=week, groups=groups, published=kept, rule_version=team_summary.RULE_VERSION)
            snapshots.remember(session, memory=issue.memory, week=week)
    shown = [isinstance(cell, Shown) for one in kept.values() for cell in one.cells.values()]
    return {"groups": len(groups), "shown": sum(shown), "withheld": len(shown) - sum(shown)}


def newest_due(now: datetime) -> date:
    """The newest Monday on which figures were due."""
    today = now.astimezone(UTC).date()
    monday = today - timedelta(days=today.weekday())
    while not disclosure.due(monday):
        monday -= _WEEK
    return monday


def _is_wanted(session: Session, week: date) -> bool:
    looking_since = installation.first_judged_on(session)
    return looking_since is not None and looking_since <= week and not snapshots.is_kept(session, week=week)


def _groups(session: Session, week: date) -> tuple[Team, ...]:
    stands = team_figures.stands(session, on=week - _DAY)
    return teams.teams(stands, keys=snapshots.keys_of(session, leaders=teams.leaders(stands)))


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


def _settled(one: Published, before: Mapping[str, Cell] | None) -> Published:
    return replace(one, cells=team_summary.settle_volume(one.cells, before))
