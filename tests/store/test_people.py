"""The people we keep: the Slack sweep, reading them in batches, and days away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import event

from bot.domain.people import IdentitySource, Person, Seat, SlackMember
from bot.domain.roster import AbsenceRecord, PersonRecord, SeatRecord
from bot.store import identities, people
from bot.store.database import Store
from bot.store.tables import PersonRow
from tests.files import rows

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
ADA = PersonRecord("ada.moreau@lantern.example", timezone="Europe/Paris", country="FR", slack_user_id="U0ADA")
BEN = PersonRecord("ben.castell@lantern.example", role="dev", team="workshop", github_login="benc")


def test_a_saved_person_is_loaded_as_the_rules_see_one(store: Store) -> None:
    """No name and no address; the Slack id comes along."""
    ada, ben = _save(store, ADA, BEN)
    with store.read() as session:
        loaded = people.load(session, person_ids=[ada, ben, 999])
    assert {
        ada: Person(ada, "Europe/Paris", "FR", None, None, None, None, None, "U0ADA"),
        ben: Person(ben, None, None, None, "dev", "workshop", None, None, None),
    } == loaded


def test_ids_are_found_in_any_spelling_and_given_back_as_asked(store: Store) -> None:
    """Addresses and logins ignore case and blanks around them; Slack ids do not."""
    ada, ben = _save(store, ADA, BEN)
    with store.read() as session:
        emails = [" Ada.Moreau@LANTERN.example", "nobody@lantern.example"]
        assert {emails[0]: ada} == identities.resolve(session, source=IdentitySource.EMAIL, ids=emails)
        assert {"BenC": ben} == identities.resolve(session, source=IdentitySource.GITHUB, ids=["BenC"])
        assert (ada, None) == (
            people.person_by_slack(session, slack_user_id="U0ADA"),
            people.person_by_slack(session, slack_user_id="u0ada"),
        )
        assert ben == people.person_by_email(session, email="Ben.Castell@lantern.example")


def test_the_sweep_links_by_address_fills_in_the_clock_and_unlinks_who_is_gone(store: Store) -> None:
    """A member with Ben's address is Ben; Ada, whom the workspace lists no longer, loses her Slack id."""
    ada, ben = _save(store, ADA, BEN)
    member = SlackMember("U0BEN", "ben.castell@lantern.example", "Europe/Madrid", "es-ES")
    with store.begin() as session:
        saved = people.save_slack_members(session, members=[member], now=NOW)
        assert (0, 2, 0, ()) == (saved.added, saved.changed, saved.unchanged, saved.unmapped)
        again = people.save_slack_members(session, members=[member], now=NOW)
        assert (0, 0, 1) == (again.added, again.changed, again.unchanged)
    with store.read() as session:
        loaded = people.load(session, person_ids=[ada, ben])
    assert (None, "U0BEN") == (loaded[ada].slack_user_id, loaded[ben].slack_user_id)
    assert ("Europe/Madrid", "es-ES") == (loaded[ben].timezone, loaded[ben].locale)
    assert "Europe/Paris" == loaded[ada].timezone


def test_a_blank_time_zone_in_a_roster_does_not_unlearn_what_slack_said(store: Store) -> None:
    """Otherwise each import of the same roster would take the clock away again."""
    _ada, ben = _save(store, ADA, BEN)
    member = SlackMember("U0BEN", "ben.castell@lantern.example", "Europe/Madrid", None)
    with store.begin() as session:
        people.save_slack_members(session, members=[member], now=NOW)
        saved = people.save_people(session, records=[BEN], now=NOW)
        assert (0, 0, 1) == (saved.added, saved.changed, saved.unchanged)
        assert {ben: "Europe/Madrid"} == people.time_zones(session, person_ids=[ben])


def test_a_member_whom_nobody_knows_is_reported_and_not_kept(store: Store) -> None:
    """The workspace may hold people whom the roster does not."""
    stranger = SlackMember("U0NEW", "new@lantern.example", None, None)
    nameless = SlackMember("U0NONE", None, None, None)
    with store.begin() as session:
        saved = people.save_slack_members(session, members=[stranger, nameless], now=NOW)
        assert (0, ("U0NEW", "U0NONE")) == (saved.added, saved.unmapped)
    assert [] == rows(store, "identity", "external_id")


def test_an_account_without_an_address_stays_with_the_person_a_roster_gave_it_to(store: Store) -> None:
    """A workspace app without the e-mail scope still knows whose ids the roster listed."""
    ada, _ben = _save(store, ADA, BEN)
    with store.begin() as session:
        people.save_slack_members(session, members=[SlackMember("U0ADA", None, "Asia/Tokyo", None)], now=NOW)
        assert {ada: "Asia/Tokyo"} == people.time_zones(session, person_ids=[ada])
        assert ada == people.person_by_slack(session, slack_user_id="U0ADA")


def test_an_address_moves_an_account_to_its_person(store: Store) -> None:
    """When Slack and an old roster disagree, the address in Slack decides."""
    ada, ben = _save(store, ADA, BEN)
    with store.begin() as session:
        people.save_slack_members(
            session, members=[SlackMember("U0ADA", "ben.castell@lantern.example", None, None)], now=NOW
        )
    with store.read() as session:
        loaded = people.load(session, person_ids=[ada, ben])
    assert (None, "U0ADA") == (loaded[ada].slack_user_id, loaded[ben].slack_user_id)


def test_of_two_accounts_of_one_person_the_one_under_their_main_address_is_written_to(sqlite_store: Store) -> None:
    """Whichever of them the workspace lists first."""
    with sqlite_store.begin() as session:
        people.save_people(session, records=[PersonRecord(BEN.email, aliases=("ben@old.example",))], now=NOW)
        members = [SlackMember("U0OLD", "ben@old.example"), SlackMember("U0BEN", BEN.email)]
        assert ("U0OLD",) == people.save_slack_members(session, members=members, now=NOW).unmapped
        assert 1 == people.person_by_slack(session, slack_user_id="U0BEN")


def test_an_empty_list_of_members_changes_nothing(store: Store) -> None:
    """A sweep that found nobody is an accident; nobody loses their account over it."""
    ada, _ben = _save(store, ADA, BEN)
    with store.begin() as session:
        people.save_slack_members(session, members=[], now=NOW)
        assert ada == people.person_by_slack(session, slack_user_id="U0ADA")


def test_seats_and_days_away_are_read_for_everybody_asked(store: Store) -> None:
    """Whoever has none is there with none; days outside the window are not."""
    ada, ben = _save(store, ADA, BEN)
    with store.begin() as session:
        people.save_seats(session, seats=[SeatRecord(BEN.email, "copilot", date(2026, 1, 5), None, 19_000_000)])
        people.save_absences(session, absences=[AbsenceRecord(ADA.email, date(2026, 1, 30), date(2026, 2, 2))])
    with store.read() as session:
        assert {ada: (), ben: (Seat("copilot", date(2026, 1, 5), None, 19_000_000),)} == people.seats(
            session, person_ids=[ada, ben]
        )
        assert {ada: frozenset({date(2026, 2, 1), date(2026, 2, 2)}), ben: frozenset()} == people.leave_days(
            session, person_ids=[ada, ben], first=date(2026, 2, 1), last=date(2026, 2, 28)
        )


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_shards_hold_everybody_once(sqlite_store: Store, size: int) -> None:
    """Whatever their size, the pages together are all people in order."""
    _save(sqlite_store, *(PersonRecord(f"p{n}@lantern.example") for n in range(5)))
    with sqlite_store.read() as session:
        pages = list(people.shards(session, size=size))
    assert [1, 2, 3, 4, 5] == [person_id for page in pages for person_id in page]
    assert size >= max(len(page) for page in pages)


def test_reading_does_not_ask_person_by_person(store: Store) -> None:
    """One statement for each question, for 3 people as for 300; more than SQLite's variables fit in as well."""
    ids = _save(store, *(PersonRecord(f"p{n}@lantern.example") for n in range(300)))
    with store.read() as session, _statements(store) as told:
        people.load(session, person_ids=ids)
        people.seats(session, person_ids=ids)
        people.leave_days(session, person_ids=ids, first=date(2026, 1, 1), last=date(2026, 3, 1))
        assert 3 == len(told)
        assert 300 == len(people.seats(session, person_ids=[*ids, *range(10_000, 50_000)])) - 40_000


def test_a_number_is_never_used_again(store: Store) -> None:
    """A forgotten person's number means nobody for ever (P14)."""
    [first] = _save(store, ADA)
    with store.begin() as session:
        row = session.get(PersonRow, first)
        session.delete(row)
    assert [first] != _save(store, ADA)


def _save(store: Store, *records: PersonRecord) -> list[int]:
    with store.begin() as session:
        people.save_people(session, records=records, now=NOW)
        ids = identities.resolve(session, source=IdentitySource.EMAIL, ids=[record.email for record in records])
    return [ids[record.email] for record in records]


@contextmanager
def _statements(store: Store) -> Iterator[list[str]]:
    """What is asked of the database meanwhile."""
    told: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("SELECT"):
            told.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        yield told
    finally:
        event.remove(store.engine, "before_cursor_execute", note)
