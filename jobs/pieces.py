"""How a run is cut into pieces that many processes can share, and how their counts are put together again.

People are judged by ranges of their numbers; sources are read one by one, once everybody who works here is known; two
drains empty the queue side by side. Everything else is one piece. Called by `bot/app.py`
and `jobs/sharing.py`. Next: `jobs/sharing.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from bot.settings import SourceConfig
from bot.sources import catalogue
from bot.sources.shape import RosterConnector
from bot.store import people
from bot.store.database import Session, Store
from jobs.collect import only
from jobs.detect import SHARD_SIZE

What = dict[str, Any]
Piece = tuple[int, What]
"""The phase in which it may begin, and what it is about."""

_DRAINS = 2
_BY_PEOPLE = ("detect", "decide")


def cut(session: Session, *, job: str, sources: Sequence[SourceConfig], size: int = SHARD_SIZE) -> list[Piece]:
    """The pieces of a run of this job, at least one. Raises InputError when a source is of no known kind."""
    if job in _BY_PEOPLE:
        ranges = [[shard[0], shard[-1]] for shard in people.shards(session, size=size)]
        return [(0, {"people": ends}) for ends in ranges or [[0, 0]]]
    if job == "collect":
        rosters = [source.name for source in sources if _is_roster(source)]
        rest = [(1, {"sources": [source.name]}) for source in sources if source.name not in rosters]
        return [(0, {"sources": rosters, "members": True}), *rest]
    if job == "deliver":
        return [(0, {"drain": number}) for number in range(_DRAINS)]
    return [(0, {})]


def people_of(store: Store, what: Mapping[str, Any]) -> list[int] | None:
    """Who a piece is about; None when it is not about some people in particular."""
    if "people" not in what:
        return None
    first, last = what["people"]
    with store.read() as session:
        return people.between(session, first=first, last=last)


def sources_of(sources: Sequence[SourceConfig], what: Mapping[str, Any]) -> list[SourceConfig] | None:
    """Which sources a piece reads. Raises InputError when the settings of this process do not know one of them."""
    if "sources" not in what:
        return None
    return [source for name in what["sources"] for source in only(sources, name)]


def together(results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The counts of all pieces as one."""
    if len(results) == 1:
        return dict(results[0])
    counts: Counter[str] = Counter()
    for result in results:
        counts.update({name: count for name, count in result.items() if isinstance(count, int)})
    return dict(counts)


def _is_roster(source: SourceConfig) -> bool:
    return isinstance(catalogue.connector_of(source), RosterConnector)
