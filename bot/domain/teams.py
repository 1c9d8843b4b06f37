"""The groups of one day, fixed by who reports to whom: nobody can choose a cut, and every day has one tree of them.

A manager's group is everybody below them, at any distance, and not the manager. Groups lie within one another or apart,
never across. A group stays the same while its people mostly do, whoever leads them.
Called by `jobs/snapshot.py`. Next: `bot/domain/team_summary.py`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Set
from dataclasses import dataclass

from bot.domain.hierarchy import circles

COMPANY = "company"
"""The key of the group of everybody."""
ALIKE = 3, 4
"""Of the people of each of two groups, the share that must be in both, for the two to be the same group."""


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


def below(stands: Mapping[int, Stand]) -> dict[int, frozenset[int]]:
    """For everybody to whom somebody reports: all those below them, at any distance."""
    manager_of = _managers(stands)
    found: dict[int, set[int]] = defaultdict(set)
    for person in manager_of:
        leader = manager_of.get(person)
        while leader is not None:
            found[leader].add(person)
            leader = manager_of.get(leader)
    return {leader: frozenset(people) for leader, people in found.items()}


def is_alike(one: Set[int], other: Set[int]) -> bool:
    """Whether these are mostly the same people: three quarters at least of either are in both."""
    return len(one & other) * ALIKE[1] >= max(len(one), len(other), 1) * ALIKE[0]


def continued(
    groups: Mapping[int, Set[int]], *, before: Mapping[str, Set[int]], led: Mapping[int, str]
) -> dict[int, str]:
    """Which key of before each leader's group goes on with; who is not in the answer leads a new one.

    `groups` are the people below each leader, `before` those of each key when it was last published, and `led` is which
    key was whose. A key goes to where its people are now, most of them first; one that finds them nowhere stays with
    whoever had it, for the people who are new to it.
    """
    keys_of: dict[int, list[str]] = defaultdict(list)
    for key, people in before.items():
        for person in people:
            keys_of[person].append(key)
    fits = []
    for leader, people in groups.items():
        shared = Counter(key for person in people for key in keys_of[person])
        for key, both in shared.items():
            if is_alike(people, before[key]):
                overlap = both / (len(people) + len(before[key]) - both)
                fits.append((-overlap, led.get(leader) != key, key, leader))
    found: dict[int, str] = {}
    taken: set[str] = set()
    for _, _, key, leader in sorted(fits):
        if leader not in found and key not in taken:
            found[leader] = key
            taken.add(key)
    return {leader: key for leader, key in led.items() if leader in groups and key not in taken} | found


def teams(stands: Mapping[int, Stand], *, keys: Mapping[int, str]) -> tuple[Team, ...]:
    """All groups of the people who work here on that day, the company's first, then by key.

    `keys` names the group of each leader. Who reports to somebody who is not here stands right below the
    company, and so does whoever would be on a circle of managers.
    """
    manager_of = _managers(stands)
    direct: dict[int | None, set[int]] = defaultdict(set)
    for person in stands:
        direct[manager_of.get(person)].add(person)
    groups = [
        Team(
            key=keys[leader],
            parent=keys[manager_of[leader]] if leader in manager_of else COMPANY,
            label=_label(direct[leader], stands),
            members=members,
            direct=frozenset(direct[leader]),
        )
        for leader, members in below(stands).items()
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
