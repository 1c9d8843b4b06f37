"""The groups of one day, fixed by who reports to whom: nobody can choose a cut, and every day has one tree of them.

A manager's group is everybody below them, at any distance, and not the manager. Groups lie within one another or apart,
never across. Called by `jobs/snapshot.py`. Next: `bot/domain/team_summary.py`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.hierarchy import circles

COMPANY = "company"
"""The key of the group of everybody."""


@dataclass(frozen=True)
class Stand:
    """Where somebody stands on that day. None: nobody said."""

    team: str | None = None
    manager_id: int | None = None


@dataclass(frozen=True)
class Team:
    """One group: its opaque key, the group right above it, a name that is nobody's, and who is counted in it."""

    key: str
    parent: str | None
    label: str | None
    members: frozenset[int]
    direct: frozenset[int]
    """Those who are in no smaller group: who reports to the manager; in the company's, who reports to nobody here."""


def leaders(stands: Mapping[int, Stand]) -> frozenset[int]:
    """Everybody to whom somebody reports."""
    return frozenset(_managers(stands).values())


def teams(stands: Mapping[int, Stand], *, keys: Mapping[int, str]) -> tuple[Team, ...]:
    """All groups of the people who work here on that day, the company's first, then by key.

    `keys` names the group of each of the `leaders`. Who reports to somebody who is not here stands right below the
    company, and so does whoever would be on a circle of managers.
    """
    manager_of = _managers(stands)
    below: dict[int, set[int]] = defaultdict(set)
    direct: dict[int | None, set[int]] = defaultdict(set)
    for person in stands:
        direct[manager_of.get(person)].add(person)
        leader = manager_of.get(person)
        while leader is not None:
            below[leader].add(person)
            leader = manager_of.get(leader)
    groups = [
        Team(
            key=keys[leader],
            parent=keys[manager_of[leader]] if leader in manager_of else COMPANY,
            label=_label(direct[leader], stands),
            members=frozenset(members),
            direct=frozenset(direct[leader]),
        )
        for leader, members in below.items()
    ]
    company = Team(COMPANY, None, None, frozenset(stands), frozenset(direct[None]))
    return (company, *sorted(groups, key=lambda team: team.key))


def _managers(stands: Mapping[int, Stand]) -> dict[int, int]:
    """Who reports to whom, as far as both are here."""
    told = {
        person: stand.manager_id
        for person, stand in stands.items()
        if stand.manager_id is not None and stand.manager_id in stands
    }
    turning = {person for circle in circles(told) for person in circle}
    return {person: manager for person, manager in told.items() if person not in turning}


def _label(people: set[int], stands: Mapping[int, Stand]) -> str | None:
    """The name of the team to which more than half of these people belong."""
    names = Counter(team for person in people if (team := stands[person].team) is not None)
    for name, count in names.most_common(1):
        if 2 * count > len(people):
            return name
    return None
