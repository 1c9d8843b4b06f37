"""One invented company for every kind of source: what its people did, told to a stand-in in the vendor's own words.

Six people and one stranger whom no roster knows. A day is told in a version: in the second one somebody's part is gone,
everybody else's is different, and somebody is new. `expected` is reckoned here from the story and not from any answer,
so that a connector that loses, doubles or misreads something cannot agree by accident.
Next: `tests/sources/contract_usage.py`.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Protocol

from sqlalchemy import select

from bot.domain.people import IdentitySource
from bot.domain.roster import PersonRecord
from bot.domain.usage import Counters
from bot.settings import SourceConfig
from bot.store import identities, people
from bot.store.database import Session, Store
from bot.store.tables import CalendarDayRow, IdentityRow, OutcomeRow, PersonRow, UsageDayRow

NOW = datetime(2026, 11, 18, 3, 30, tzinfo=UTC)
TODAY = NOW.date()
MODEL = "lantern-1"
"""On no price list, so that a cost is there only where a source tells it."""
STRANGER = 9
NAMES = ("requests", "sessions", "input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens",
         "cost_microusd", "accepted", "rejected", "prompts", "offered", "lines_added")  # fmt: skip

World = Mapping[date, int]
"""Which days are told, each in which version."""
Kept = Mapping[Any, Any]


def address(number: int) -> str:
    return "kim@elsewhere.example" if number == STRANGER else f"p{number}@lantern.example"


def login(number: int) -> str:
    return f"p{number}-lantern"


PEOPLE = tuple(range(6))
EMAILS = tuple(address(number) for number in PEOPLE)


def there(version: int) -> Sequence[int]:
    """Who did something on a day that is told in this version."""
    return (0, 1, 2, 3, 4, STRANGER) if version == 1 else (1, 2, 3, 4, 5, STRANGER)


def did(day: date, number: int, version: int) -> dict[str, int]:
    """All that somebody did on a day, counter by counter: no two days, people or versions are alike."""
    own = (day.toordinal() % 89) * 1000 + number * 10 + version
    return {name: (1_000_000 if name.endswith("_tokens") else 0) + 100_000 * place + own
            for place, name in enumerate(NAMES, start=1)}  # fmt: skip


@dataclass(frozen=True)
class Company:
    """A running stand-in. `tell` makes it hold a world and nothing else, `expected` is what must be kept of one.

    `asked` says about which day a request asks; None: about none. `final_age`: a day is finished from that age on, at
    half past three in the night.
    """

    source: SourceConfig
    requests: Callable[[], Sequence[Asked]]
    tell: Callable[[World], None]
    break_next: Callable[..., None]
    forget_troubles: Callable[[], None]
    kept: Callable[[Store, str], Kept]
    expected: Callable[[World], Kept]
    asked: Callable[[Any], date | None] = lambda _request: None
    final_age: int = 1
    empty_is_final: bool = True
    """Whether a day without anybody is finished as well."""
    passes: bool = True
    """Whether a trouble passes while the night is still asking."""
    secrets: Sequence[str] = ()
    """What must stand in no question and no log besides the key."""
    set_now: Callable[[datetime], None] = lambda _now: None
    """Tells the stand-in how late it is."""

    @property
    def all_secrets(self) -> set[str]:
        return {part for part in (self.source.api_key, *self.secrets) if part}


class Asked(Protocol):
    """A request as both kinds of stand-in servers keep it."""

    @property
    def path(self) -> str: ...
    @property
    def query(self) -> tuple[tuple[str, str], ...]: ...
    @property
    def headers(self) -> Mapping[str, str]: ...


Opened = Callable[[], AbstractContextManager[Company]]


def hire(store: Store, *, now: datetime = NOW - timedelta(days=300)) -> dict[str, int]:
    """Everybody but the stranger, by address, with the logins that no source tells."""
    records = [
        PersonRecord(email=address(n), github_login=login(n), gitlab_username=login(n), timezone="UTC") for n in PEOPLE
    ]
    with store.begin() as session:
        people.save_people(session, records=records, now=now)
        return identities.resolve(session, source=IdentitySource.EMAIL, ids=EMAILS)


# ---------------------------------------------------------------- what must be kept, and what is


def usage_expected(world: World, told: frozenset[str], fixed: Mapping[str, int]) -> Kept:
    """By day and address (None: nobody's), the counters that this kind tells; `fixed` are the same for everybody."""
    return {
        (day, None if number == STRANGER else address(number)): Counters(
            **{name: value for name, value in did(day, number, version).items() if name in told}, **fixed
        )
        for day, version in world.items()
        for number in there(version)
    }


def usage_kept(store: Store, source: str) -> Kept:
    """What the database adds up to, by day and address. A row without a figure shows activity only, and counts too."""
    sums: dict[tuple[date, str | None], Counters] = defaultdict(Counters)
    with store.read() as session:
        emails = _emails(session)
        for row in session.scalars(select(UsageDayRow).where(UsageDayRow.source == source)):
            key = (row.day, emails.get(row.person_id or -1))
            sums[key] = sums[key].plus(Counters(**{name: getattr(row, name) for name in Counters.__dataclass_fields__}))
    return dict(sums)


def outcomes_expected(world: World, ref: Callable[[date, int], str]) -> Kept:
    return {
        ref(day, number): (address(number), finished_at(day, version))
        for day, version in world.items()
        for number in there(version)
        if number != STRANGER
    }


def finished_at(day: date, version: int) -> datetime:
    return datetime.combine(day, time(hour=1 + version), UTC)


def outcomes_kept(store: Store, source: str) -> Kept:
    with store.read() as session:
        emails = _emails(session)
        rows = session.scalars(select(OutcomeRow).where(OutcomeRow.source == source))
        return {row.ref: (emails[row.person_id], row.at) for row in rows}


def people_kept(store: Store, _source: str) -> Kept:
    """Team and last day of everybody, by address."""
    with store.read() as session:
        emails = _emails(session)
        return {emails[row.person_id]: (row.team, row.ended_on) for row in session.scalars(select(PersonRow))}


def leave_kept(store: Store, source: str) -> Kept:
    with store.read() as session:
        emails = _emails(session)
        rows = session.scalars(select(CalendarDayRow).where(CalendarDayRow.source == source))
        return {(emails[row.person_id], row.day): row.reason for row in rows}


def _emails(session: Session) -> dict[int, str]:
    rows = select(IdentityRow.person_id, IdentityRow.external_id).where(
        IdentityRow.source == IdentitySource.EMAIL.value, IdentityRow.person_id.is_not(None)
    )
    return {row.person_id: row.external_id for row in session.execute(rows)}


# ---------------------------------------------------------------- what is said


@contextmanager
def everything_said() -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """Every event of every room with its fields, also those that nobody would print."""
    said: list[tuple[str, dict[str, Any]]] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append((record.getMessage(), dict(getattr(record, "kindling_fields", {}))))

    listener, logger = Listener(), logging.getLogger("kindling")
    level = logger.level
    logger.setLevel(logging.DEBUG)
    logger.addHandler(listener)
    try:
        yield said
    finally:
        logger.removeHandler(listener)
        logger.setLevel(level)
