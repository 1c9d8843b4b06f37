"""What a usage file may say: its columns, and what an importer is given of it, whoever read it.

Two readers fill this: `usage_rows.py` reads every kind of file with care and words every error, `bulk.py` reads large
files fast and may only decline. Next: `bot/sources/files/usage_rows.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, fields
from hashlib import sha256
from typing import Protocol

from bot.domain.prices import PriceBook
from bot.domain.usage import Counters, SessionFacts, UsageRow
from bot.errors import InputError
from bot.sources.files.table import Columns, Table

TOKENS = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens")
_BEHAVIOUR = ("accepted", "rejected", "prompts", "offered", "lines_added")
DAILY = Columns(
    required=("email", "day", "tool"),
    optional=("model", "requests", "failed_requests", "sessions", *TOKENS, "cost_usd", *_BEHAVIOUR),
)
EVENTS = Columns(required=("email", "at", "tool"), optional=("model", *TOKENS, "cost_usd", "session_id", "failed"))
DAILY_COUNTS = ("requests", "failed_requests", "sessions", *TOKENS, *_BEHAVIOUR)
KNOWN = tuple(dict.fromkeys((*DAILY.known, *EVENTS.known)))
COUNTERS = tuple(counter.name for counter in fields(Counters))


class UsagePart(Protocol):
    """All rows of some of the people of a file; identical events only once, the others counted as `duplicates`."""

    @property
    def duplicates(self) -> int: ...

    def subjects(self) -> frozenset[str]:
        """Whom these rows are about."""
        ...

    def lines_of(self, subjects: Collection[str], *, most: int) -> tuple[int, list[int]]:
        """How many rows name one of `subjects`, and the first lines of them."""
        ...

    def usage_days(self, zones: Mapping[str, str], prices: PriceBook) -> list[UsageRow]:
        """The usage days of these rows, priced where no cost was reported.

        An event lies on the day that the person's clock showed (`zones` by subject), or in UTC where that is not known.
        """
        ...

    def session_facts(self, zones: Mapping[str, str], prices: PriceBook) -> list[SessionFacts]:
        """The counters of each session on each day: neither when it began nor how long it went on (P5)."""
        ...

    def left_days(self, zones: Mapping[str, str], prices: PriceBook) -> tuple[list[UsageRow], list[SessionFacts]]:
        """What the people in `zones` have on UTC days and no longer have, now that local days are known.

        An earlier import, made before the time zones were known, left the same events there.
        """
        ...


@dataclass(frozen=True)
class UsageFile:
    """A usage file of which every row has been checked. Each person's rows are all in one part."""

    file: str
    unknown_columns: tuple[str, ...]
    row_count: int
    is_events: bool
    parts: Callable[[], Iterator[UsagePart]]
    proves_silence: bool = True
    """Whether somebody could know that nothing is missing from it: not of what one machine tells of itself (P12)."""


def columns_of(table: Table) -> Columns:
    """Which of the two kinds this is, by its header."""
    where = f"{table.file}{table.header_place}"
    if table.has("day") and table.has("at"):
        raise InputError(f"{where}, column at: the file has `day` as well; usage is either days or events.")
    if not table.has("day") and not table.has("at") and table.has("email"):
        raise InputError(f"{where}, column day: it is missing; give usage days a `day` or events an `at`.")
    columns = EVENTS if table.has("at") else DAILY
    table.check_header(columns)
    return columns


def session_key(session_id: str) -> str:
    """The key under which a session is kept: the same for the same id, and not the id."""
    return sha256(session_id.encode()).hexdigest()[:32]
