"""Who reports to whom: finding circles, in which somebody would in the end be their own manager.

Called by `bot/store/people.py`, `bot/store/directory.py` and `bot/sources/scim.py`. Next: `bot/store/team_stays.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

Key = TypeVar("Key", int, str)


def circles(manager_of: Mapping[Key, Key]) -> list[tuple[Key, ...]]:
    """Every circle of managers, each once; somebody who is their own manager is a circle of one."""
    found: list[tuple[Key, ...]] = []
    done: set[Key] = set()
    for start in manager_of:
        path: dict[Key, None] = {}
        here: Key | None = start
        while here is not None and here not in done and here not in path:
            path[here] = None
            here = manager_of.get(here)
        if here is not None and here in path:
            walked = list(path)
            found.append(tuple(walked[walked.index(here) :]))
        done.update(path)
    return found


def without_circles(settled: Mapping[Key, Key], proposed: Mapping[Key, Key]) -> dict[Key, Key]:
    """Those of `proposed` that do not lie on a circle, once they are put over what is `settled`.

    None of the managers on a circle can be believed more than another, so all that were proposed there go.
    """
    suspects = {member for circle in circles({**settled, **proposed}) for member in circle}
    return {person: manager for person, manager in proposed.items() if person not in suspects}
