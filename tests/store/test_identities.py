"""Whose an id is: aliases, several ids of one source, what the operator says, and what nobody may guess."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.domain.people import IdentitySource, identity_of, subject
from bot.domain.roster import IdentityRecord, Member, PersonRecord
from bot.domain.usage import Counters, SessionFacts, UsageRow
from bot.store import identities, members, people, usage
from bot.store.database import Session, Store
from bot.store.identities import IdentityTakenError
from bot.store.pseudonyms import subject_key
from bot.store.tables import OpenSessionRow, PushedSeriesRow
from tests.files import rows

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
DAY = date(2026, 2, 9)
ADA, BEN, NEW = "ada.moreau@lantern.example", "ben.castell@lantern.example", "new@lantern.example"
OLD = "ada@oldname.example"
KEY = subject(IdentitySource.API_KEY_ID, "apikey_01")
FILED = ("usage_day", "session_facts", "open_session", "pushed_series")


def roster(store: Store, *records: PersonRecord) -> dict[str, int]:
    """Keep a roster; returns the numbers of those it lists."""
    with store.begin() as session:
        people.save_people(session, records=records, now=NOW)
        return identities.resolve(session, source=IdentitySource.EMAIL, ids=[record.email for record in records])


def by_hand(store: Store, *said: tuple[str, str]) -> tuple[int, int, int, tuple[str, ...]]:
    """Keep what the operator says whose ids are."""
    with store.begin() as session:
        saved = identities.save_records(session, records=[IdentityRecord(*one) for one in said], now=NOW)
    return saved.added, saved.changed, saved.unchanged, saved.unmapped


def use(store: Store, *subjects: str) -> None:
    """One row of each kind that is filed under an id, for each of them."""
    with store.begin() as session:
        for whose in subjects:
            once = Counters(requests=1)
            usage.merge_rows(session, source="api", rows=[UsageRow(whose, DAY, "t", "m", once)], now=NOW)
            facts = SessionFacts(f"s-{whose}", whose, DAY, "t", "m", once)
            usage.save_sessions(session, source="api", sessions=[facts], now=NOW)
            owner = identities.owners_of(session, subjects=[whose], now=NOW)[whose]
            filed = {
                "source": "otel",
                "subject": subject_key(session, *identity_of(whose)),
                "person_id": owner,
                "day": DAY,
            }
            session.add(OpenSessionRow(**filed, session_key=whose, progress={}))
            session.add(PushedSeriesRow(**filed, series_key=whose, at=NOW, value=1.0))


def whose(store: Store, source: IdentitySource, external_id: str) -> int | None:
    with store.read() as session:
        return identities.resolve(session, source=source, ids=[external_id]).get(external_id)


def filed(store: Store) -> set[int | None]:
    """Whose the rows of all four tables are."""
    return {person_id for table in FILED for (person_id,) in rows(store, table, "person_id")}


@pytest.mark.parametrize(
    ("named", "tell"),
    [
        (OLD, lambda store: roster(store, PersonRecord(ADA, aliases=(OLD,)))),
        (OLD, lambda store: by_hand(store, (ADA, OLD))),
        (KEY, lambda store: by_hand(store, (ADA, KEY))),
        ("cursor:user_A", lambda store: roster(store, PersonRecord(ADA, cursor_user_id="user_A"))),
        ("machine_user:ada", lambda store: roster(store, PersonRecord(ADA, machine_user="ada"))),
    ],
)
def test_use_that_names_only_an_unknown_id_is_theirs_as_soon_as_somebody_says_so(
    sqlite_store: Store, named: str, tell: Callable[[Store], object]
) -> None:
    """Until then it is nobody's and waits: their silence was never a zero, and now their use is whole (P12)."""
    ada = roster(sqlite_store, PersonRecord(ADA), PersonRecord(BEN))[ADA]
    use(sqlite_store, named)
    assert {None} == filed(sqlite_store)
    with sqlite_store.read() as session:
        assert [named] == [subject(source, name) for source, name, _seen in identities.unmapped_ids(session, most=9)]

    tell(sqlite_store)

    assert {ada} == filed(sqlite_store)
    with sqlite_store.read() as session:
        assert [] == identities.unmapped_ids(session, most=9)
    use(sqlite_store, "litellm:u-somebody")
    tell(sqlite_store)
    assert {ada, None} == filed(sqlite_store)


def test_the_main_address_stays_the_one_a_person_is_listed_by(sqlite_store: Store) -> None:
    """An alias finds the same person and is not the address by which settings declare them."""
    ada = roster(sqlite_store, PersonRecord(ADA, aliases=(OLD, "Ada@Second.example ")))[ADA]
    again = roster(sqlite_store, PersonRecord(ADA))
    assert {ADA: ada} == again
    assert {ada} == {whose(sqlite_store, IdentitySource.EMAIL, address) for address in (ADA, OLD, "ada@second.example")}
    with sqlite_store.read() as session:
        assert [(ADA, ada)] == [(address, person_id) for address, person_id, *_ in identities.addresses(session)]
        assert ada == people.person_by_email(session, email=OLD)


def test_a_line_under_an_alias_is_about_the_same_person(sqlite_store: Store) -> None:
    """A roster that still knows the old address makes nobody new."""
    ada = roster(sqlite_store, PersonRecord(ADA, aliases=(OLD,)))[ADA]
    assert {OLD: ada} == roster(sqlite_store, PersonRecord(OLD, team="workshop"))
    assert [("workshop",)] == rows(sqlite_store, "person", "team")


def test_somebody_who_changed_their_address_stays_who_they_are(store: Store) -> None:
    """The new address with the old one as alias: one person, known by the new one from now on."""
    ada = roster(store, PersonRecord(ADA, team="workshop"))[ADA]
    use(store, ADA, NEW)
    renamed = PersonRecord(NEW, team="workshop", aliases=(ADA,))
    assert {NEW: ada} == roster(store, renamed)
    assert {NEW: ada} == roster(store, renamed)
    with store.read() as session:
        assert {ada: NEW} == identities.main_addresses(session, person_ids=[ada])
    assert {ada} == filed(store)


def test_two_known_people_are_not_made_one(store: Store) -> None:
    """Ben's main address as Ada's alias is refused, from a roster and from a file of identities, and nothing moves."""
    known = roster(store, PersonRecord(ADA), PersonRecord(BEN))
    for tell in (
        lambda: roster(store, PersonRecord(ADA, aliases=(BEN,))),
        lambda: by_hand(store, (ADA, BEN)),
    ):
        with pytest.raises(IdentityTakenError) as taken:
            tell()
        assert (IdentitySource.EMAIL, BEN) == (taken.value.source, taken.value.external_id)
    assert known[BEN] == whose(store, IdentitySource.EMAIL, BEN)


def test_an_alias_with_a_line_of_its_own_is_a_person_of_their_own(sqlite_store: Store) -> None:
    """Both stand in the roster, so they are two, and what was filed under the address goes along."""
    ada = roster(sqlite_store, PersonRecord(ADA, aliases=(NEW,)))[ADA]
    use(sqlite_store, NEW)
    assert {ada} == filed(sqlite_store)

    known = roster(sqlite_store, PersonRecord(ADA), PersonRecord(NEW))

    assert ada == known[ADA] != known[NEW]
    assert {known[NEW]} == filed(sqlite_store)


def test_which_of_two_aliases_a_person_is_is_not_guessed(sqlite_store: Store) -> None:
    """Two lines under aliases of one person, whose main address is not listed."""
    roster(sqlite_store, PersonRecord(ADA, aliases=(OLD, NEW)))
    with pytest.raises(IdentityTakenError):
        roster(sqlite_store, PersonRecord(OLD), PersonRecord(NEW))


def test_what_the_operator_corrects_moves_with_all_that_is_filed_under_it(store: Store) -> None:
    """An alias and a key that were Ada's by mistake are Ben's, and so is what they used."""
    known = roster(store, PersonRecord(ADA, aliases=(OLD,)), PersonRecord(BEN))
    by_hand(store, (ADA, KEY))
    use(store, OLD, KEY)
    assert {known[ADA]} == filed(store)

    assert (0, 2, 0, ()) == by_hand(store, (BEN, OLD), (BEN, KEY))
    assert (0, 0, 2, ()) == by_hand(store, (BEN, OLD), (BEN, KEY))

    assert {known[BEN]} == filed(store)


def test_a_file_of_identities_does_not_take_away_what_a_roster_gave(sqlite_store: Store) -> None:
    """They contradict each other: one of the two must be put right."""
    known = roster(sqlite_store, PersonRecord(ADA, cursor_user_id="user_A"), PersonRecord(BEN))
    with pytest.raises(IdentityTakenError):
        by_hand(sqlite_store, (BEN, "cursor:user_A"))
    assert known[ADA] == whose(sqlite_store, IdentitySource.CURSOR, "user_A")


def test_what_a_roster_says_anew_replaces_what_it_had_said_and_nothing_else(sqlite_store: Store) -> None:
    """Another login is another login; a second account that was given by hand stays."""
    ada = roster(sqlite_store, PersonRecord(ADA, github_login="ada-old", slack_user_id="U0OLD"))[ADA]
    by_hand(sqlite_store, (ADA, "github:ada-second"))
    roster(sqlite_store, PersonRecord(ADA, github_login="ada-new", slack_user_id="U0NEW"))
    logins = {
        login: whose(sqlite_store, IdentitySource.GITHUB, login) for login in ("ada-old", "ada-second", "ada-new")
    }
    assert {"ada-old": None, "ada-second": ada, "ada-new": ada} == logins
    assert [("U0NEW",)] == [
        (i,) for source, i in rows(sqlite_store, "identity", "source", "external_id") if source == "slack"
    ]


def test_an_address_of_nobody_in_a_file_of_identities_makes_nobody(sqlite_store: Store) -> None:
    """It comes back for the operator to look at."""
    roster(sqlite_store, PersonRecord(ADA))
    assert (1, 0, 0, (NEW,)) == by_hand(sqlite_store, (ADA, KEY), (NEW, "cursor:user_N"))
    assert 1 == len(rows(sqlite_store, "person", "person_id"))
    assert whose(sqlite_store, IdentitySource.CURSOR, "user_N") is None


def test_the_longest_waiting_ids_come_first_and_not_more_than_asked(sqlite_store: Store) -> None:
    """A list for the operator: kind and id, no figure."""
    for day, external_id in ((3, "c"), (2, "b"), (1, "a")):
        with sqlite_store.begin() as session:
            seen = datetime(2026, 3, day, tzinfo=UTC)
            identities.note_unmapped(session, source=IdentitySource.OTHER, ids=[external_id], now=seen)
    with sqlite_store.read() as session:
        listed = identities.unmapped_ids(session, most=2)
    assert [(IdentitySource.OTHER, "a"), (IdentitySource.OTHER, "b")] == [(source, i) for source, i, _ in listed]


_ADDRESSES = st.sampled_from([f"p{n}@lantern.example" for n in range(4)])
_IDS = st.sampled_from(["cursor:a", "cursor:b", "github:Login", "email", "slack:U0A", "slack:U0B"])
_STEPS = st.lists(
    st.tuples(st.sampled_from(["roster", "by hand", "directory"]), _ADDRESSES, _ADDRESSES, _IDS), max_size=8
)


_A, _NO_SLACK_BY_A_TOOL = "p0@lantern.example", "slack:U0A"


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(steps=[("roster", _A, _A, "slack:U0B"), ("directory", _A, _A, _NO_SLACK_BY_A_TOOL)])
@given(steps=_STEPS)
def test_no_id_is_ever_two_peoples_and_only_a_roster_makes_people(
    migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str, str, str]]
) -> None:
    """Whatever rosters, files and directories claim in whatever order: an id finds one person or nobody; everybody has
    one main address; and whoever is there was listed by a roster.
    """
    path = tmp_path_factory.mktemp("any") / f"{next(_NUMBERS)}.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    store = Store(f"sqlite:///{path}")
    listed: set[str] = set()
    for kind, email, other, external_id in steps:
        try:
            with store.begin() as session:
                _STEP[kind](session, email, other, other if external_id == "email" else external_id)
                listed |= {email} if kind == "roster" else set()
        except IdentityTakenError:
            continue
    kept = rows(store, "identity", "source", "external_id", "person_id", "method")
    mains = [person_id for source, _i, person_id, method in kept if source == "email" and method == "email"]
    store.close()

    assert len({(source, i.casefold()) for source, i, *_ in kept}) == len(kept)
    assert len(set(mains)) == len(mains) <= len(listed)
    assert {person_id for *_, person_id, _method in kept if person_id is not None} == set(mains)
    slack = [person_id for source, _i, person_id, _m in kept if source == "slack" and person_id is not None]
    assert len(set(slack)) == len(slack)


def _roster_step(session: Session, email: str, _other: str, named: str) -> None:
    source, external_id = identity_of(named)
    given = {
        IdentitySource.CURSOR: PersonRecord(email, cursor_user_id=external_id),
        IdentitySource.GITHUB: PersonRecord(email, github_login=external_id),
        IdentitySource.SLACK: PersonRecord(email, slack_user_id=external_id),
        IdentitySource.EMAIL: PersonRecord(email, aliases=(external_id,)),
    }
    people.save_people(session, records=[given[source]], now=NOW)


def _by_hand_step(session: Session, email: str, _other: str, named: str) -> None:
    identities.save_records(session, records=[IdentityRecord(email, named)], now=NOW)


def _directory_step(session: Session, email: str, other: str, named: str) -> None:
    listed = [Member(named, email), Member("cursor:c", other)]
    members.save(session, source_name="any", tool="t", members=listed, now=NOW, today=NOW.date())


_STEP = {"roster": _roster_step, "by hand": _by_hand_step, "directory": _directory_step}
_NUMBERS = count()


@given(
    source=st.sampled_from(IdentitySource),
    external_id=st.one_of(
        st.text(st.characters(codec="utf-8"), min_size=1),
        st.builds("{}:{}".format, st.sampled_from(IdentitySource), st.sampled_from([ADA, "ada-m"])),
    ),
)
def test_no_id_passes_for_one_of_another_source(source: IdentitySource, external_id: str) -> None:
    """What a subject is made of comes out of it again, however the id is written: an address like "github:ada-m" is no
    login. Only what is no address and has no source of its own is an id of a kind that we do not know.
    """
    found = identity_of(subject(source, external_id))
    no_address = source is IdentitySource.EMAIL and "@" not in external_id
    assert (source, external_id) == found or (no_address and (IdentitySource.OTHER, external_id) == found)
