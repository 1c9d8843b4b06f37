"""A directory's word, below a file's: what it fills in, what it may change again, and whom it means."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from bot.domain.people import IdentitySource, SlackMember
from bot.domain.roster import PersonRecord
from bot.store import directory, identities, people
from bot.store.database import Store
from bot.store.directory import SavedDirectory
from tests.files import rows

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
TODAY = date(2026, 3, 2)
COLUMNS = frozenset({"team", "manager_email", "timezone", "locale", "ended_on"})
ADA = PersonRecord("ada@lantern.example", team="Platform", timezone="Europe/Paris", scim_id="1")
BEN = PersonRecord("ben@lantern.example", team="Platform", manager_email=ADA.email, scim_id="2")
GONE = PersonRecord("gone@lantern.example", ended_on=TODAY, scim_id="3")


def listed(store: Store, *records: PersonRecord, source_name: str = "okta", now: datetime = NOW) -> SavedDirectory:
    """Keep what a directory lists."""
    with store.begin() as session:
        return directory.save(session, source_name=source_name, records=records, columns=COLUMNS, now=now)


def roster(store: Store, *records: PersonRecord, columns: frozenset[str] = people.ROSTER_COLUMNS) -> None:
    """Keep a roster file."""
    with store.begin() as session:
        people.save_people(session, records=records, now=NOW, columns=columns)


def facts(store: Store, *names: str) -> dict[str, tuple[object, ...]]:
    """These facts of everybody, by main address."""
    known = {person_id: row for person_id, *row in rows(store, "person", "person_id", *names)}
    with store.read() as session:
        mains = identities.main_addresses(session, person_ids=known)
    return {mains[person_id].partition("@")[0]: tuple(row) for person_id, row in known.items()}


def test_a_directory_makes_the_people_it_lists_and_saying_it_again_changes_nothing(store: Store) -> None:
    """With team and manager; somebody who left before we knew them is not made."""
    first = listed(store, ADA, BEN, GONE).people
    again = listed(store, ADA, BEN, GONE).people
    assert ((2, 0, 0), (0, 0, 2)) == (
        (first.added, first.changed, first.unchanged),
        (again.added, again.changed, again.unchanged),
    )
    managers = facts(store, "team", "manager_id", "timezone")
    assert {"ada": ("Platform", None, "Europe/Paris"), "ben": ("Platform", 1, None)} == managers


def test_a_file_overrides_a_directory_field_by_field(store: Store) -> None:
    """The team that the file gave stays; the manager, of whom the file says nothing, follows the directory."""
    roster(store, PersonRecord(BEN.email, team="Workshop"))
    listed(store, ADA, BEN)
    assert ("Workshop", 2) == facts(store, "team", "manager_id")["ben"]
    listed(store, replace(ADA, team="Core"), replace(BEN, manager_email=None))
    assert {"ada": ("Core", None), "ben": ("Workshop", None)} == facts(store, "team", "manager_id")

    roster(store, PersonRecord(ADA.email, team="Studio"))
    listed(store, ADA)
    assert ("Studio",) == facts(store, "team")["ada"]


def test_a_blank_in_a_file_does_not_unlearn_what_a_directory_said(sqlite_store: Store) -> None:
    """Else team and manager would come and go with every import."""
    listed(sqlite_store, ADA, BEN)
    before = rows(sqlite_store, "team_stay", "person_id", "first_day", "last_day", "team", "manager_id")
    roster(sqlite_store, PersonRecord(ADA.email), PersonRecord(BEN.email, country="FR"))
    assert ("Platform", 1, "FR") == facts(sqlite_store, "team", "manager_id", "country")["ben"]
    assert before == rows(sqlite_store, "team_stay", "person_id", "first_day", "last_day", "team", "manager_id")


def test_one_directory_does_not_change_what_another_filled_in(sqlite_store: Store) -> None:
    """Each changes its own."""
    listed(sqlite_store, ADA)
    listed(sqlite_store, replace(ADA, team="Other"), source_name="entra")
    assert ("Platform",) == facts(sqlite_store, "team")["ada"]
    listed(sqlite_store, replace(ADA, team="Core"))
    assert ("Core",) == facts(sqlite_store, "team")["ada"]


def test_slack_knows_the_clock_better(sqlite_store: Store) -> None:
    """A time zone is filled in only where nobody knows one."""
    listed(sqlite_store, ADA)
    with sqlite_store.begin() as session:
        people.save_slack_members(session, members=[SlackMember("U0ADA", ADA.email, "Asia/Tokyo")], now=NOW)
    listed(sqlite_store, ADA)
    assert ("Asia/Tokyo",) == facts(sqlite_store, "timezone")["ada"]


def test_a_switched_off_account_ends_on_the_day_it_is_first_seen_off(sqlite_store: Store) -> None:
    """Once: the later nights do not move the day. Switched on again, the end is taken back; a file's end never is."""
    listed(sqlite_store, ADA, BEN)
    roster(sqlite_store, PersonRecord(BEN.email, ended_on=date(2026, 2, 1)), columns=frozenset({"ended_on"}))
    for nights in range(3):
        today = TODAY + timedelta(days=nights)
        off = [replace(record, ended_on=today) for record in (ADA, BEN)]
        listed(sqlite_store, *off, now=NOW + timedelta(days=nights))
    assert {"ada": (TODAY,), "ben": (date(2026, 2, 1),)} == facts(sqlite_store, "ended_on")
    listed(sqlite_store, ADA, BEN)
    assert {"ada": (None,), "ben": (date(2026, 2, 1),)} == facts(sqlite_store, "ended_on")


def test_a_new_address_under_the_same_id_is_the_same_person(sqlite_store: Store) -> None:
    """Ada has married; another directory that gives her number to somebody else does not change who anybody is."""
    listed(sqlite_store, ADA)
    married = replace(ADA, email="ada.b@lantern.example")
    assert 0 == listed(sqlite_store, married).people.added
    assert ["ada.b"] == list(facts(sqlite_store))
    with sqlite_store.read() as session:
        assert 1 == people.person_by_email(session, email=ADA.email)

    assert 1 == listed(sqlite_store, replace(BEN, scim_id="1", manager_email=None), source_name="entra").people.added
    assert {"ada.b", "ben"} == facts(sqlite_store).keys()


def test_an_id_that_passes_to_somebody_else_while_its_owner_is_still_listed_renames_nobody(sqlite_store: Store) -> None:
    """Both are listed, so they are two."""
    listed(sqlite_store, ADA)
    listed(sqlite_store, replace(ADA, scim_id="9"), replace(BEN, scim_id="1"))
    assert {"ada", "ben"} == facts(sqlite_store).keys()


def test_of_two_accounts_of_one_person_the_one_counts_that_is_on(sqlite_store: Store) -> None:
    """An admin account that was switched off, under an alias, does not end anybody's employment."""
    roster(sqlite_store, PersonRecord(ADA.email, aliases=("ada-admin@lantern.example",)))
    admin = PersonRecord("ada-admin@lantern.example", team="Admins", ended_on=TODAY, scim_id="9")
    assert 1 == listed(sqlite_store, admin, ADA).doubled
    assert {"ada": ("Platform", None)} == facts(sqlite_store, "team", "ended_on")


def test_managers_who_would_close_a_circle_with_a_files_are_left_out(sqlite_store: Store) -> None:
    """The file says that Ada reports to Ben; the directory says the other way round, and is not believed."""
    roster(sqlite_store, PersonRecord(ADA.email, manager_email=BEN.email), PersonRecord(BEN.email))
    saved = listed(sqlite_store, ADA, BEN)
    assert 1 == saved.circles
    assert {"ada": (2,), "ben": (None,)} == facts(sqlite_store, "manager_id")


def test_a_file_may_turn_round_what_a_directory_said(sqlite_store: Store) -> None:
    """The circle that would come of it is the directory's to give up, and its stay ends with it."""
    listed(sqlite_store, ADA, BEN)
    roster(sqlite_store, PersonRecord(ADA.email, manager_email=BEN.email))
    assert {"ada": (2,), "ben": (None,)} == facts(sqlite_store, "manager_id")
    assert [(1, 2), (2, None)] == rows(sqlite_store, "team_stay", "person_id", "manager_id")
    listed(sqlite_store, ADA, BEN)
    assert {"ada": (2,), "ben": (None,)} == facts(sqlite_store, "manager_id")


def test_managers_can_swap_places(sqlite_store: Store) -> None:
    """What the directory said before does not stand in the way of what it says now."""
    listed(sqlite_store, ADA, BEN)
    assert 0 == listed(sqlite_store, replace(ADA, manager_email=BEN.email), replace(BEN, manager_email=None)).circles
    assert {"ada": (2,), "ben": (None,)} == facts(sqlite_store, "manager_id")


def test_a_manager_whom_nobody_knows_is_named_to_the_operator(sqlite_store: Store) -> None:
    """And is not made a person."""
    saved = listed(sqlite_store, replace(BEN, manager_email="who@lantern.example"))
    assert ("who@lantern.example",) == saved.people.unmapped
    assert {"ben": (None,)} == facts(sqlite_store, "manager_id")


def test_use_that_came_before_its_person_is_theirs(sqlite_store: Store) -> None:
    """An address of nobody that the directory lists is somebody's from now on."""
    with sqlite_store.begin() as session:
        identities.note_unmapped(session, source=IdentitySource.EMAIL, ids=[ADA.email], now=NOW)
    listed(sqlite_store, ADA)
    with sqlite_store.read() as session:
        assert [] == identities.unmapped_ids(session, most=9)
