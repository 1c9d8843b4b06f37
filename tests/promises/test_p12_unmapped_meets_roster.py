"""P12: use that is read in the very moment in which its person is listed is theirs, and not an absence."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from bot.domain.people import IdentitySource
from bot.domain.roster import PersonRecord
from bot.domain.usage import Counters, UsageRow
from bot.store import identities, people, usage
from bot.store.database import Session, Store
from tests import postgres
from tests.files import rows

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
ADA = "ada@lantern.example"
USED = UsageRow(ADA, date(2026, 2, 9), "t", "m", Counters(requests=1))


@pytest.fixture
def two_writers(pg_server: str) -> Iterator[Store]:
    """A store in which two transactions write at once; on SQLite one waits for the other."""
    with postgres.database(pg_server) as url:
        store = Store(url)
        store.upgrade()
        yield store
        store.close()


def test_an_id_that_has_an_owner_is_never_noted_as_nobodys(store: Store) -> None:
    """Noting what is unmapped takes nothing away from anybody."""
    with store.begin() as session:
        people.save_people(session, records=[PersonRecord(ADA)], now=NOW)
        identities.note_unmapped(session, source=IdentitySource.EMAIL, ids=[ADA], now=NOW)
    assert [(ADA, 1, "certain")] == rows(store, "identity", "external_id", "person_id", "confidence")


def test_listed_while_their_use_is_being_read(two_writers: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The roster comes in between the question whose an address is and the answer being kept."""
    note = identities.note_unmapped

    def roster_is_quicker(session: Session, **noted: Any) -> None:
        with two_writers.begin() as another:
            people.save_people(another, records=[PersonRecord(ADA)], now=NOW)
        note(session, **noted)

    monkeypatch.setattr(identities, "note_unmapped", roster_is_quicker)
    with two_writers.begin() as session:
        usage.merge_rows(session, source="api", rows=[USED], now=NOW)

    assert [(ADA, 1)] == rows(two_writers, "identity", "external_id", "person_id")
    assert [(1,)] == rows(two_writers, "usage_day", "person_id")


def test_read_while_they_are_being_listed(two_writers: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their use is kept as nobody's in between the question whether they are known and the answer being kept."""
    owners = identities.owners

    def reading_is_quicker(session: Session, *, source: IdentitySource, ids: Collection[str]) -> dict[str, int | None]:
        found = owners(session, source=source, ids=ids)
        monkeypatch.undo()
        with two_writers.begin() as another:
            usage.merge_rows(another, source="api", rows=[USED], now=NOW)
        return found

    monkeypatch.setattr(identities, "owners", reading_is_quicker)
    with two_writers.begin() as session:
        people.save_people(session, records=[PersonRecord(ADA)], now=NOW)

    assert [(ADA, 1)] == rows(two_writers, "identity", "external_id", "person_id")
    assert [(1,)] == rows(two_writers, "usage_day", "person_id")
