"""Read every source, each for itself: who works here, who is away, what was used, what came out of it.

A source that fails disturbs no other: it is recorded, said once, and asked again the next time. Called by
`jobs/calendar.py` and `kindling collect`. Next: `jobs/collect_usage.py`, the one that matters most.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.prices import PriceBook
from bot.errors import InputError
from bot.settings import SourceConfig
from bot.sources import catalogue
from bot.sources.http import Wait, bounded
from bot.sources.shape import Access, Connector, LeaveConnector, OutcomeConnector, RosterConnector
from bot.store.database import Store
from jobs.collect_leave import collect_leave
from jobs.collect_outcomes import collect_outcomes
from jobs.collect_people import SLACK_ROSTER, SlackMembers, collect_roster, collect_slack_roster
from jobs.collect_usage import OnDay, Span, collect_usage

__all__ = ["SLACK_ROSTER", "OnDay", "Span", "collect", "only"]

_MOST_WAITING_S = 1800.0  # for one source in one night; what is left is asked for in the next
_COUNTED = ("sources", "sources_failed", "days_covered", "days_pending", "days_failed")


def collect(
    store: Store,
    *,
    sources: Sequence[SourceConfig],
    slack_members: SlackMembers | None,
    now: datetime,
    prices: PriceBook,
    wait: Wait = time.sleep,
    on_day: OnDay | None = None,
    span: Span | None = None,
) -> dict[str, int]:
    """Bring all sources and the roster up to `now`; returns how many days, rows, people and failures there were.

    `slack_members` gives what `users.list` gives, None leaves the roster alone. `span` asks for those days only, and
    again only for what is not finished of them. `sources_failed` counts the sources of which something could not be
    read: it is recorded, and the others are read all the same. Raises InputError before anything is asked when a source
    of the settings cannot be reached at all (no such kind, no key).
    """
    known = [(source, catalogue.connector_of(source)) for source in sources]
    people = [(source, connector) for source, connector in known if isinstance(connector, RosterConnector)]
    rest = [(source, connector) for source, connector in known if not isinstance(connector, RosterConnector)]
    counts = Counter(dict.fromkeys(_COUNTED, 0))
    how = _How(store, prices, on_day, span)

    def read(source: SourceConfig, connector: Connector) -> None:
        with catalogue.open_access(source, now=now, wait=bounded(wait, most_s=_MOST_WAITING_S)) as access:
            counts.update(_collect_one(how, access, connector))

    for source, roster in people:
        read(source, roster)
    if slack_members is not None:
        counts.update(collect_slack_roster(store, slack_members, now))
    for source, connector in rest:
        read(source, connector)
    return dict(counts)


def only(sources: Sequence[SourceConfig], name: str) -> tuple[SourceConfig, ...]:
    """The one source of the settings that is called `name`, or InputError."""
    found = tuple(source for source in sources if source.name == name)
    if not found:
        known = ", ".join(source.name for source in sources) or "none"
        raise InputError(f"There is no source called {name!r}; the settings know {known}.")
    return found


@dataclass(frozen=True)
class _How:
    """What every source of one call is read with."""

    store: Store
    prices: PriceBook
    on_day: OnDay | None
    span: Span | None


def _collect_one(how: _How, access: Access, connector: Connector) -> Mapping[str, int]:
    if isinstance(connector, RosterConnector):
        return collect_roster(how.store, access, connector)
    if isinstance(connector, LeaveConnector):
        return collect_leave(how.store, access, connector)
    if isinstance(connector, OutcomeConnector):
        return collect_outcomes(how.store, access, connector, on_day=how.on_day, span=how.span)
    return collect_usage(how.store, access, connector, prices=how.prices, on_day=how.on_day, span=how.span)
