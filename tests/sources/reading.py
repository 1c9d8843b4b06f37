"""What the tests of single sources share: asking a stand-in as the product does, and which troubles pass by themselves.

Next: `tests/sources/test_claude_code.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime

from bot.domain.roster import Member
from bot.domain.usage import Counters, UsageRow
from bot.settings import SourceConfig
from bot.sources import catalogue
from bot.sources.shape import Access, SourceDay, UsageConnector
from bot.sources.standins.server import Trouble

LOST_CURSORS = (Trouble.GONE_CURSOR, Trouble.WRONG_CURSOR)
PASSING = tuple(trouble for trouble in Trouble if trouble not in (Trouble.NONE, Trouble.NO_JSON, *LOST_CURSORS))
"""After each of these a source is asked once more, and answers."""
PASSING_ON_PAGES = (*PASSING, *LOST_CURSORS)
"""The same for a source that gives cursors: one that is lost once makes the list begin anew."""


@contextmanager
def opened(source: SourceConfig, *, now: datetime, waits: list[float] | None = None) -> Iterator[Access]:
    """A way to the source with the client that the settings make; `waits` keeps how long it would have waited."""
    with catalogue.open_access(source, now=now, wait=(waits if waits is not None else []).append) as access:
        yield access


def read_day(source: SourceConfig, day: date, *, now: datetime, waits: list[float] | None = None) -> SourceDay:
    """A day as the product reads it."""
    with opened(source, now=now, waits=waits) as access:
        return _usage_connector(source).fetch_day(access, day=day)


def read_members(source: SourceConfig, *, now: datetime) -> list[Member]:
    """Whom the source lists, as the product reads them."""
    connector = _usage_connector(source)
    assert connector.fetch_members is not None
    with opened(source, now=now) as access:
        return list(connector.fetch_members(access))


def _usage_connector(source: SourceConfig) -> UsageConnector:
    connector = catalogue.connector_of(source)
    assert isinstance(connector, UsageConnector)
    return connector


def total(rows: Iterable[UsageRow]) -> Counters:
    """What all rows add up to."""
    summed = Counters()
    for row in rows:
        summed = summed.plus(row.counters)
    return summed
