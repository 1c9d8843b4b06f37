"""A source's own list of members: whose its ids are, and who holds a paid seat."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from bot.domain.people import IdentitySource, subject
from bot.domain.roster import IdentityRecord, Member, PersonRecord, SeatRecord
from bot.domain.usage import Counters, UsageRow
from bot.store import identities, members, people, usage
from bot.store.database import Store
from bot.store.members import SavedMembers
from tests.files import rows

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
TODAY = date(2026, 3, 2)
SINCE = date(2026, 1, 5)
ADA, BEN = "ada.moreau@lantern.example", "ben.castell@lantern.example"
ADAS, BENS = subject(IdentitySource.CURSOR, "user_A"), subject(IdentitySource.CURSOR, "user_B")
SEAT = ("person_id", "tool", "assigned_on", "released_on", "monthly_cost_microusd", "source")


def _known(store: Store) -> tuple[int, int]:
    with store.begin() as session:
        people.save_people(session, records=[PersonRecord(ADA), PersonRecord(BEN)], now=NOW)
        ids = identities.resolve(session, source=IdentitySource.EMAIL, ids=[ADA, BEN])
    return ids[ADA], ids[BEN]


def _listed(store: Store, *listed: Member, today: date = TODAY, source: str = "cursor") -> SavedMembers:
    with store.begin() as session:
        return members.save(session, source_name=source, tool="cursor", members=listed, now=NOW, today=today)


def _whose(store: Store, source: IdentitySource, ids: Sequence[str]) -> dict[str, int | None]:
    with store.read() as session:
        return identities.owners(session, source=source, ids=ids)


def test_a_member_is_whoever_has_their_address(store: Store) -> None:
    """What was filed under the id as nobody's goes to them at once, and so does what comes later."""
    ada, _ben = _known(store)
    used = UsageRow(ADAS, date(2026, 2, 9), "cursor", "m", Counters(requests=1))
    with store.begin() as session:
        usage.merge_rows(session, source="cursor", rows=[used], now=NOW)
    assert [(None,)] == rows(store, "usage_day", "person_id")

    saved = _listed(store, Member(ADAS, ADA, covered=True), Member(BENS, BEN))

    assert (frozenset({ada}), 2, 0, 0) == (frozenset(saved.covered), len(saved.listed), saved.unmapped, saved.conflicts)
    assert [(ada,)] == rows(store, "usage_day", "person_id")
    assert ("cursor", "user_A", ada, "directory", "certain") in rows(
        store, "identity", "source", "external_id", "person_id", "method", "confidence"
    )


def test_a_member_whom_nobody_knows_is_noted_and_never_becomes_a_person(store: Store) -> None:
    """With an unknown address, and with none at all: both ids wait for the operator."""
    _known(store)
    saved = _listed(store, Member(ADAS, "new@lantern.example", covered=True, seat_since=SINCE), Member(BENS))

    assert (frozenset(), 2, 0) == (frozenset(saved.covered), saved.unmapped, saved.conflicts)
    assert 2 == len(rows(store, "person", "person_id"))
    assert [] == rows(store, "seat", *SEAT)
    with store.read() as session:
        waiting = {(source.value, external_id) for source, external_id, _ in identities.unmapped_ids(session, most=9)}
    assert {("email", "new@lantern.example"), ("cursor", "user_A"), ("cursor", "user_B")} == waiting


def test_what_the_operator_said_stands_against_a_list(store: Store) -> None:
    """The list gives to Ben what a file gave to Ada: neither gets a seat or is covered by it, and the id stays hers."""
    ada, _ben = _known(store)
    with store.begin() as session:
        identities.save_records(session, records=[IdentityRecord(ADA, ADAS)], now=NOW)

    saved = _listed(store, Member(ADAS, BEN, covered=True, seat_since=SINCE))

    assert (1, 0, frozenset()) == (saved.conflicts, saved.unmapped, saved.listed)
    assert {"user_A": ada} == _whose(store, IdentitySource.CURSOR, ["user_A"])
    assert [] == rows(store, "seat", *SEAT)


def test_an_account_that_passes_to_somebody_else_takes_no_past_along(store: Store) -> None:
    """The vendor's list names another address under the same id: what was used until then stays whose it was."""
    ada, ben = _known(store)
    _listed(store, Member(ADAS, ADA))
    used = UsageRow(ADAS, date(2026, 2, 9), "cursor", "m", Counters(requests=1))
    with store.begin() as session:
        usage.merge_rows(session, source="cursor", rows=[used], now=NOW)

    saved = _listed(store, Member(ADAS, BEN))

    assert (0, frozenset({ben})) == (saved.conflicts, saved.listed)
    assert [(ada,)] == rows(store, "usage_day", "person_id")


def test_a_list_that_gives_one_id_to_two_people_gives_it_to_nobody(store: Store) -> None:
    """It contradicts itself, so nothing follows from it."""
    _known(store)
    saved = _listed(store, Member(ADAS, ADA, covered=True), Member(ADAS, BEN, covered=True))

    assert (1, frozenset()) == (saved.conflicts, frozenset(saved.covered))
    assert {"user_A": None} == _whose(store, IdentitySource.CURSOR, ["user_A"])


def test_two_accounts_of_one_person_are_both_theirs(store: Store) -> None:
    """They have one seat, and are covered only if each of their accounts is seen whole."""
    ada, _ben = _known(store)
    first = Member(ADAS, ADA, covered=True, seat_since=SINCE, monthly_cost_microusd=20_000_000)
    second = Member(BENS, ADA, covered=False, seat_since=date(2026, 2, 1), seat_until=date(2026, 2, 20))
    saved = _listed(store, first, second)

    assert (frozenset({ada}), frozenset()) == (saved.listed, frozenset(saved.covered))
    assert {"user_A": ada, "user_B": ada} == _whose(store, IdentitySource.CURSOR, ["user_A", "user_B"])
    assert [(ada, "cursor", SINCE, None, 20_000_000, "cursor")] == rows(store, "seat", *SEAT)


def test_a_seat_that_is_listed_no_longer_ends_today_and_comes_back(store: Store) -> None:
    """The same list again changes nothing; an empty list is an accident and ends nothing; a returning seat is open."""
    ada, ben = _known(store)
    both = (Member(ADAS, ADA, seat_since=SINCE), Member(BENS, BEN, seat_since=SINCE))
    assert 2 == _listed(store, *both).seats.added
    again = _listed(store, *both)
    assert (0, 0, 2, 0) == (again.seats.added, again.seats.changed, again.seats.unchanged, again.released)
    assert SavedMembers() == _listed(store)

    assert 1 == _listed(store, both[0]).released
    bens = (ben, "cursor", SINCE, TODAY, None, "cursor")
    assert [(ada, "cursor", SINCE, None, None, "cursor"), bens] == rows(store, "seat", *SEAT)

    _listed(store, *both)
    assert [None, None] == [row[3] for row in rows(store, "seat", *SEAT)]


def test_a_first_day_that_a_source_corrects_replaces_the_old_one(store: Store) -> None:
    """One seat stays one seat."""
    ada, _ben = _known(store)
    _listed(store, Member(ADAS, ADA, seat_since=SINCE))
    _listed(store, Member(ADAS, ADA, seat_since=date(2026, 1, 1)))
    assert [(ada, "cursor", date(2026, 1, 1), None, None, "cursor")] == rows(store, "seat", *SEAT)


def test_a_seat_that_a_file_gave_stays_as_the_file_gave_it(store: Store) -> None:
    """A list neither doubles it nor ends it, and another source's list does not end what this one lists."""
    ada, ben = _known(store)
    with store.begin() as session:
        people.save_seats(session, seats=[SeatRecord(ADA, "cursor", SINCE, None, 30_000_000)])
    _listed(store, Member(ADAS, ADA, seat_since=date(2026, 2, 1)), Member(BENS, BEN, seat_since=SINCE))
    adas = (ada, "cursor", SINCE, None, 30_000_000, None)
    assert [adas, (ben, "cursor", SINCE, None, None, "cursor")] == rows(store, "seat", *SEAT)

    _listed(store, Member(ADAS, ADA), source="other")
    _listed(store, Member(BENS, BEN))
    assert [adas, (ben, "cursor", SINCE, TODAY, None, "cursor")] == rows(store, "seat", *SEAT)


def test_a_file_takes_a_seat_over_that_a_list_had_given(store: Store) -> None:
    """What the operator writes is theirs from then on: the list ends it no longer."""
    ada, _ben = _known(store)
    _listed(store, Member(ADAS, ADA, seat_since=SINCE))
    with store.begin() as session:
        people.save_seats(session, seats=[SeatRecord(ADA, "cursor", SINCE, None, 30_000_000)])
    _listed(store, Member(BENS, BEN))
    assert [(ada, "cursor", SINCE, None, 30_000_000, None)] == rows(store, "seat", *SEAT)
