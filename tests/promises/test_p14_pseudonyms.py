"""P14: who somebody is stands apart from what is known of them; without the secret no key leads back to a name."""

from __future__ import annotations

from datetime import UTC, date, datetime
from hashlib import sha256

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import select, text

from bot.domain.people import IdentitySource
from bot.domain.roster import PersonRecord
from bot.domain.usage import Counters, SessionFacts, UsageRow
from bot.errors import KindlingError
from bot.store import identities, people, rights, usage
from bot.store.database import MIGRATIONS, Store
from bot.store.pseudonyms import subject_key
from bot.store.tables import Base, IdentityRow, PseudonymKeyRow, UsageDayRow

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
DAY = date(2026, 2, 27)
EVERYBODY = [f"person{number}@lantern.example" for number in range(40)]
APART = {"identity", "pseudonym_key"}
"""The tables that are not facts. Whoever is given the others is given nobody's name."""


def work(store: Store) -> None:
    """Everybody is known and has used something; one more address is nobody's."""
    with store.begin() as session:
        people.save_people(session, records=[PersonRecord(email) for email in EVERYBODY], now=NOW)
        rows = [UsageRow(email, DAY, "t", "m", Counters(requests=1)) for email in [*EVERYBODY, "x@lantern.example"]]
        usage.merge_rows(session, source="api", rows=rows, now=NOW)
        facts = [SessionFacts(f"s{n}", email, DAY, "t", "m", Counters(requests=1)) for n, email in enumerate(EVERYBODY)]
        usage.save_sessions(session, source="api", sessions=facts, now=NOW)


def facts_of(store: Store) -> str:
    """Every row of every table of facts, as text."""
    with store.read() as session:
        tables = [table for name, table in Base.metadata.tables.items() if name not in APART]
        return str([[str(tuple(row)) for row in session.execute(select(table))] for table in tables])


def guesses(email: str) -> set[str]:
    """What somebody with a list of all addresses, and with this source code, can work out without the secret."""
    named = f"{IdentitySource.EMAIL.value}:{email}".encode()
    return {email, *(sha256(word).hexdigest()[:32] for word in (named, email.encode()))}


def test_facts_and_a_list_of_addresses_lead_to_nobody(store: Store) -> None:
    """Of forty people whose addresses an attacker knows, none is found in the facts; with the secret all are."""
    work(store)
    facts = facts_of(store)
    with store.read() as session:
        keys = [subject_key(session, IdentitySource.EMAIL, email) for email in EVERYBODY]

    assert [] == [email for email in EVERYBODY if any(guess in facts for guess in guesses(email))]
    assert len(EVERYBODY) == sum(key in facts for key in keys)


def test_erasing_the_secret_unlinks(store: Store) -> None:
    """Without its row nothing can be filed, looked up or made anew: what was filed as nobody's stays nobody's."""
    work(store)
    with store.begin() as session:
        session.execute(text("DELETE FROM pseudonym_key"))
    with store.begin() as session, pytest.raises(KindlingError, match="gone"):
        people.save_people(session, records=[PersonRecord("x@lantern.example")], now=NOW)

    with store.read() as session:
        homeless = session.scalars(select(UsageDayRow.subject).where(UsageDayRow.person_id.is_(None))).all()
        assert 1 == len(homeless)
        assert not session.scalars(select(PseudonymKeyRow)).all()


def test_without_the_secret_people_are_still_erased(store: Store) -> None:
    """Who is known can still see how much is held and have it erased, and an unlisted address too; others stay."""
    work(store)
    with store.begin() as session:
        session.execute(text("DELETE FROM pseudonym_key"))
    with store.begin() as session:
        first = people.person_by_email(session, email=EVERYBODY[0])
        assert first is not None
        assert 1 == rights.held(session, person_id=first)["usage_day"]
        gone = rights.forget(session, person_id=first)
        unlisted = rights.forget_unlisted(session, email="x@lantern.example")

    assert (1, 1, 1, 1) == tuple(gone[name] for name in ("usage_day", "session_facts", "identity", "person"))
    assert {"identity": 1} == unlisted
    with store.read() as session:
        assert None is people.person_by_email(session, email=EVERYBODY[0])
        assert {first}.isdisjoint(session.scalars(select(UsageDayRow.person_id)))
        assert len(EVERYBODY) - 1 == len(set(session.scalars(select(IdentityRow.external_id))))


def test_erasing_the_identities_unlinks(store: Store) -> None:
    """With the rows of `identity` gone, no table of facts tells whose a number is."""
    work(store)
    with store.begin() as session:
        session.execute(text("DELETE FROM identity"))

    with store.read() as session:
        assert [None] * 40 == [people.person_by_email(session, email=email) for email in EVERYBODY]
        assert not session.scalars(select(IdentityRow)).all()
    assert "lantern.example" not in facts_of(store)


def test_two_installations_have_nothing_in_common() -> None:
    """Each migrated database draws a secret of its own, so that facts of two companies cannot be joined by a key."""
    secrets = set()
    for _ in range(2):
        store = Store("sqlite://")
        to(store, "head")
        with store.read() as session:
            secrets.add(session.scalars(select(PseudonymKeyRow.secret)).one())
        store.close()

    assert 2 == len(secrets)
    assert {64} == {len(secret) for secret in secrets}


def test_what_was_kept_before_is_keyed_and_still_found(database_url: str) -> None:
    """Keys of earlier versions were plain hashes: they are keyed by the upgrade, and lead to the same people."""
    store = Store(database_url)
    to(store, "0006")
    known, unknown = EVERYBODY[:2]
    old = {email: sha256(f"email:{email}".encode()).hexdigest()[:32] for email in (known, unknown)}
    with store.begin() as session:
        session.execute(
            text("INSERT INTO person (person_id, created_at) VALUES (7, :now)"), {"now": "2026-03-02 10:00"}
        )
        session.execute(
            text(
                "INSERT INTO identity (source, external_id, person_id, method, confidence, first_seen_at)"
                " VALUES ('email', :email, 7, 'email', 'certain', :now)"
            ),
            {"email": known, "now": "2026-03-02 10:00"},
        )
        for email in (known, unknown):
            session.execute(
                text(
                    "INSERT INTO usage_day (source, day, subject, tool, model, active, fetched_at)"
                    " VALUES ('api', '2026-02-27', :subject, 't', 'm', true, :now)"
                ),
                {"subject": old[email], "now": "2026-03-02 10:00"},
            )
    store.upgrade()

    assert not [key for key in old.values() if key in facts_of(store)]
    with store.begin() as session:
        identities.adopt(session, owned=[(IdentitySource.EMAIL, known, 7)])
        people.save_people(session, records=[PersonRecord(unknown)], now=NOW)
        newcomer = people.person_by_email(session, email=unknown)
        assert newcomer is not None
        assert (1, 1) == tuple(rights.held(session, person_id=who)["usage_day"] for who in (7, newcomer))
    store.close()


def test_what_earlier_versions_counted_in_a_run_goes(database_url: str) -> None:
    """Counts of people by state, which stood in the rows of runs, are gone after the upgrade; the runs are not."""
    store = Store(database_url)
    to(store, "0006")
    with store.begin() as session:
        session.execute(
            text(
                "INSERT INTO run (job, scheduled_for, state, attempts, result)"
                " VALUES ('detect', '2026-03-02 02:30', 'done', 1, '{\"state.grace\": 11}')"
            )
        )
    store.upgrade()

    with store.read() as session:
        assert [("detect", True)] == session.execute(text("SELECT job, result IS NULL FROM run")).all()
    store.close()


def to(store: Store, revision: str) -> None:
    """Migrate up to `revision` and no further."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with store.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
