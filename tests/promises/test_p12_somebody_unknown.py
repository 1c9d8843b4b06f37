"""P12: use by somebody whom nobody can name may be anybody's, so nobody is called idle because of it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from bot.domain.adoption import State
from bot.domain.people import IdentitySource, Seat, subject
from bot.domain.roster import IdentityRecord, PersonRecord
from bot.domain.usage import Counters, CoverageStatus, UsageRow
from bot.sources.prices import GenaiPrices
from bot.store import coverage, identities, people, source_runs, states, usage
from bot.store.database import Store
from bot.store.tables import SeatRow
from jobs.detect import detect
from tests.by_hand import FIRST_DAY, LAST_DAY, NOW

TOOL, SOURCE = "claude_code", "console"
ADA, BEN = "ada.moreau@lantern.example", "ben.castell@lantern.example"
OLD_ADDRESS = "b.castell@old-lantern.example"
SEAT = Seat(TOOL, FIRST_DAY - timedelta(days=60), None, None)


def office(store: Store, *, lists_members: bool = False) -> dict[str, int]:
    """Ada uses the tool every day, Ben never under an address that we know; every day of both is covered."""
    days = [FIRST_DAY + timedelta(days=offset) for offset in range((LAST_DAY - FIRST_DAY).days + 1)]
    with store.begin() as session:
        records = [PersonRecord(email=email, timezone="UTC") for email in (ADA, BEN)]
        people.save_people(session, records=records, now=NOW - timedelta(days=300))
        ids = identities.resolve(session, source=IdentitySource.EMAIL, ids=[ADA, BEN])
        session.add_all(
            SeatRow(person_id=person_id, tool=TOOL, assigned_on=SEAT.assigned_on) for person_id in ids.values()
        )
        source_runs.note_source(session, name=SOURCE, kind=TOOL, lag_days=0, lists_members=lists_members)
        coverage.mark(
            session, source=SOURCE, tool=TOOL, days=days, status=CoverageStatus.COVERED, reason=None, as_of=NOW
        )
        everybody = list(ids.values())
        coverage.cover_people(
            session, source=SOURCE, tool=TOOL, person_ids=everybody, first_day=FIRST_DAY, last_day=None
        )
        for day in days:
            usage.replace_day(session, source=SOURCE, day=day, rows=[used(ADA, day)], now=NOW)
    return ids


def used(whose: str, day: date) -> UsageRow:
    return UsageRow(whose, day, TOOL, "m", Counters(requests=1))


def use_by(store: Store, whose: str, *ages: int) -> None:
    """Use of these days by `whose`, beside Ada's."""
    with store.begin() as session:
        for age in ages:
            day = LAST_DAY - timedelta(days=age)
            usage.replace_day(session, source=SOURCE, day=day, rows=[used(ADA, day), used(whose, day)], now=NOW)


def judged(store: Store, person_id: int) -> tuple[State, str]:
    detect(
        store,
        now=NOW,
        prices=GenaiPrices(),
        holidays_of=lambda _country, _first, _last: frozenset(),
        weekend_of=lambda _country: frozenset({5, 6}),
    )
    with store.read() as session:
        standing = states.current(session, person_ids=[person_id])[person_id]
    return standing.state, standing.reason


def test_whose_use_is_known_says_nothing_against_a_zero(store: Store) -> None:
    """Where everybody who was seen has a name, Ben's silence is a zero."""
    ids = office(store)
    assert State.NEVER_USED is judged(store, ids[BEN])[0]


@pytest.mark.parametrize("whose", [OLD_ADDRESS, subject(IdentitySource.ANTHROPIC, "user_01NOBODY")])
def test_use_of_somebody_unknown_leaves_the_silent_unknown(store: Store, whose: str) -> None:
    """An address or an account of nobody was in use on one day: that may have been Ben, and cannot have been Ada."""
    ids = office(store)
    use_by(store, whose, 3)

    state, reason = judged(store, ids[BEN])
    assert State.UNKNOWN is state
    assert "nobody could name" in reason
    assert State.UNKNOWN is not judged(store, ids[ADA])[0]


@pytest.mark.parametrize("whose", [subject(IdentitySource.API_KEY_NAME, "nightly"), subject(IdentitySource.OTHER, "x")])
def test_machines_are_nobody_whom_we_miss(store: Store, whose: str) -> None:
    """An API key that nobody owns is not somebody without a name."""
    ids = office(store)
    use_by(store, whose, 3)
    assert State.NEVER_USED is judged(store, ids[BEN])[0]


def test_an_idle_row_of_somebody_unknown_hides_nobody(store: Store) -> None:
    """Who did nothing cannot have been Ben at work."""
    ids = office(store)
    day = LAST_DAY
    with store.begin() as session:
        idle = UsageRow(OLD_ADDRESS, day, TOOL, "m", Counters(requests=0))
        usage.replace_day(session, source=SOURCE, day=day, rows=[used(ADA, day), idle], now=NOW)
    assert State.NEVER_USED is judged(store, ids[BEN])[0]


def test_a_source_that_lists_its_members_knows_their_ids(store: Store) -> None:
    """Whom it lists has an id there, so that somebody else's use is somebody else's."""
    ids = office(store, lists_members=True)
    use_by(store, OLD_ADDRESS, 3)
    assert State.NEVER_USED is judged(store, ids[BEN])[0]


@pytest.mark.parametrize(
    ("last_own", "ages", "state"),
    [
        (20, (20, 19, 3), State.UNKNOWN),  # the new address took over on the last day of the old one
        (20, (12, 3), State.UNKNOWN),
        (2, (12, 3), None),  # both were in use for days: two people
    ],
)
def test_a_new_address_may_be_anybody_who_is_named_no_longer(
    store: Store, last_own: int, ages: tuple[int, ...], state: State | None
) -> None:
    """Ben was known to the source and fell silent; an unknown address began then. Whoever is still named is not it."""
    ids = office(store)
    for age in {last_own, *ages}:
        day = LAST_DAY - timedelta(days=age)
        rows = [used(ADA, day)]
        rows += [used(BEN, day)] if age == last_own else []
        rows += [used("ben.new@lantern.example", day)] if age in ages else []
        with store.begin() as session:
            usage.replace_day(session, source=SOURCE, day=day, rows=rows, now=NOW)
    assert (state is State.UNKNOWN) == (judged(store, ids[BEN])[0] is State.UNKNOWN)
    assert State.UNKNOWN is not judged(store, ids[ADA])[0]


def test_doubt_ends_when_the_id_gets_its_owner(store: Store) -> None:
    """It was Ben's old address: his use is his at once, and no zero is left."""
    ids = office(store)
    use_by(store, OLD_ADDRESS, 3, 4, 5)
    with store.begin() as session:
        identities.save_records(session, records=[IdentityRecord(BEN, OLD_ADDRESS)], now=NOW)
    assert State.BUILDING is judged(store, ids[BEN])[0] or State.FIRST_STEPS is judged(store, ids[BEN])[0]


def test_doubt_ends_when_the_id_is_said_to_be_nobodys(store: Store) -> None:
    """A shared mailbox of a partner firm: the operator says so, and Ben's silence is a zero again."""
    ids = office(store)
    use_by(store, OLD_ADDRESS, 3)
    with store.begin() as session:
        identities.save_records(session, records=[IdentityRecord(None, OLD_ADDRESS)], now=NOW)
    assert State.NEVER_USED is judged(store, ids[BEN])[0]
    with store.read() as session:
        assert [] == identities.unmapped_ids(session, most=10)
