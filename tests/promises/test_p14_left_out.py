"""P14: whoever must not be measured is not: nothing of them is kept, whoever names them, and the list names nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from bot.domain.increments import Increment, Whose
from bot.domain.outcomes import OutcomeKind, OutcomeRecord
from bot.domain.people import IdentitySource, subject
from bot.domain.roster import IdentityRecord, Member, PersonRecord, SeatRecord
from bot.domain.usage import Counters, SessionFacts, UsageRow
from bot.store import directory, exclusions, identities, members, outcomes, people, pushed, rights, usage
from bot.store.batches import table_of
from bot.store.database import Session, Store
from bot.store.pushed import Owned
from bot.store.tables import Base, ExclusionRow, IdentityRow, OutcomeRow, PersonRow, SessionFactsRow, UsageDayRow
from jobs.tidy import tidy
from tests.promises.test_p14_yours_to_undo import everything

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
DAY = date(2026, 2, 27)
ANA, BOB = "ana.ruiz@lantern.example", "bob.lund@lantern.example"
ANAS_LOGIN, ANAS_ACCOUNT = subject(IdentitySource.GITHUB, "ana-ruiz"), subject(IdentitySource.CURSOR, "user_ana")
ROSTER = (
    PersonRecord(ANA, team="Press", github_login="ana-ruiz", aliases=("ana@oldname.example",), scim_id="7"),
    PersonRecord(BOB, team="Press", github_login="bob-lund"),
)
ANAS_NAMES = ("ana.ruiz", "ana-ruiz", "ana@oldname", "user_ana")


def arrive(store: Store) -> None:
    """A night in which a roster, a directory, a list of members, tools and a code host name Ana, and Bob as well."""
    with store.begin() as session:
        people.save_people(session, records=ROSTER, now=NOW)
        directory.save(session, source_name="scim", records=ROSTER, columns={"team"}, now=NOW)
        listed = [Member(ANAS_ACCOUNT, email=ANA, seat_since=DAY), Member(BOB, email=BOB, seat_since=DAY)]
        members.save(session, source_name="cursor", tool="cursor", members=listed, now=NOW, today=NOW.date())
        for whose in (ANA, "ana@oldname.example", ANAS_ACCOUNT, ANAS_LOGIN, subject(IdentitySource.LITELLM, ANA), BOB):
            row = UsageRow(whose, DAY, "cursor", "m", Counters(requests=3))
            usage.merge_rows(session, source="cursor", rows=[row], now=NOW)
            facts = SessionFacts(f"s-{len(whose)}", whose, DAY, "cursor", "m", Counters(requests=3))
            usage.save_sessions(session, source="cursor", sessions=[facts], now=NOW)
        done = [OutcomeRecord(whose, NOW, OutcomeKind.PR_MERGED, whose) for whose in (ANAS_LOGIN, BOB)]
        outcomes.save(session, source="code", outcomes=done, now=NOW)
        people.save_seats(session, seats=[SeatRecord(ANA, "copilot", DAY)])


@pytest.mark.parametrize("known_before", [True, False])
def test_nothing_of_somebody_left_out_is_kept(store: Store, known_before: bool) -> None:
    """However she is named, and whether or not she was known before: no row is about her, and no column names her."""
    if known_before:
        arrive(store)
    with store.begin() as session:
        rights.leave_out_address(session, email=f" {ANA.upper()} ")
    arrive(store)
    arrive(store)

    with store.read() as session:
        rows = everything(session)
        owners = {row["person_id"] for name in ("usage_day", "session_facts", "outcome", "seat") for row in rows[name]}
    assert (1, 1, 1, 1) == tuple(len(rows[name]) for name in ("person", "usage_day", "session_facts", "outcome"))
    assert {rows["person"][0]["person_id"]} == owners
    assert not [name for name in ANAS_NAMES if name in str(rows).casefold()]


def test_without_leaving_her_out_she_is_there(store: Store) -> None:
    """The same night keeps a person, use under five names and finished work of hers: the test before can fail."""
    arrive(store)

    with store.read() as session:
        rows = everything(session)
    assert (2, 6, 2) == tuple(len(rows[name]) for name in ("person", "usage_day", "outcome"))


def test_what_tools_push_is_dropped_as_well(store: Store) -> None:
    """Telemetry of somebody left out leaves neither a day nor a session, nor that a point was counted."""
    with store.begin() as session:
        people.save_people(session, records=ROSTER, now=NOW)
        rights.leave_out_address(session, email=ANA)
        owned = [Owned(whose, _increment(whose)) for whose in (ANA, BOB)]
        pushed.keep(session, pushed=owned, shown={"claude_code": ()}, now=NOW)

    with store.read() as session:
        rows = everything(session)
    assert (1, 1) == (len(rows["usage_day"]), len(rows["pushed_point"]))


def test_an_id_that_is_told_later_is_left_out_with_the_rest(store: Store) -> None:
    """A file of identities that gives her another account, and a directory that renames her, make nobody of her."""
    with store.begin() as session:
        directory.save(session, source_name="scim", records=ROSTER, columns=set(), now=NOW)
        rights.leave_out_address(session, email=ANA)
        said = [IdentityRecord(ANA, subject(IdentitySource.OPENAI, "user-ana-9"))]
        identities.save_records(session, records=said, now=NOW)
        renamed = PersonRecord("ana.new@lantern.example", scim_id="7")
        directory.save(session, source_name="scim", records=[renamed], columns=set(), now=NOW)
        for whose in (subject(IdentitySource.OPENAI, "user-ana-9"), "ana.new@lantern.example"):
            row = UsageRow(whose, DAY, "codex", "m", Counters(requests=3))
            usage.merge_rows(session, source="codex", rows=[row], now=NOW)

    with store.read() as session:
        rows = everything(session)
    assert ([], 1) == (rows["usage_day"], len(rows["person"]))
    assert "ana" not in str(rows["identity"])


@pytest.mark.parametrize("by", ["a roster", "a file of identities", "a list of members"])
def test_an_id_that_changes_hands_is_left_out_no_longer(store: Store, by: str) -> None:
    """Her account becomes Bob's by whoever may say so: his use under it counts; dropped, it would be a zero (P12)."""
    arrive(store)
    with store.begin() as session:
        rights.leave_out_address(session, email=ANA)
        if by == "a roster":
            people.save_people(session, records=[PersonRecord(BOB, cursor_user_id="user_ana")], now=NOW)
        elif by == "a file of identities":
            identities.save_records(session, records=[IdentityRecord(BOB, ANAS_ACCOUNT)], now=NOW)
        else:
            listed = [Member(ANAS_ACCOUNT, email=BOB)]
            members.save(session, source_name="cursor", tool="cursor", members=listed, now=NOW, today=NOW.date())
        row = UsageRow(ANAS_ACCOUNT, DAY, "cursor", "m", Counters(requests=3))
        usage.merge_rows(session, source="cursor", rows=[row], now=NOW)
        bob = people.person_by_email(session, email=BOB)
        owners = session.scalars(select(UsageDayRow.person_id)).all()

    assert [bob, bob] == owners


def test_an_unknown_address_frees_no_id(store: Store) -> None:
    """A list that calls her account by an address that nobody knows may mean her new one: she stays left out."""
    arrive(store)
    with store.begin() as session:
        rights.leave_out_address(session, email=ANA)
        listed = [Member(ANAS_ACCOUNT, email="ana.new@lantern.example"), Member(BOB, email=BOB)]
        members.save(session, source_name="cursor", tool="cursor", members=listed, now=NOW, today=NOW.date())
        row = UsageRow(ANAS_ACCOUNT, DAY, "cursor", "m", Counters(requests=3))
        usage.merge_rows(session, source="cursor", rows=[row], now=NOW)
        rows = everything(session)

    assert 1 == len(rows["usage_day"])
    assert "ana.new" not in str(rows["identity"])


def test_the_list_names_nobody_and_wears_off_only_when_taken_back(store: Store) -> None:
    """The list holds keys alone; taken back by any of her addresses, the next night begins a new, empty record."""
    arrive(store)
    with store.begin() as session:
        rights.leave_out_address(session, email=ANA)
        listed = session.scalars(select(ExclusionRow.id_key)).all()
        many = exclusions.how_many(session)
        taken_back = [exclusions.remove(session, email=email) for email in ("ana@oldname.example", ANA)]
    arrive(store)

    assert (True, 1, [True, False]) == (all(len(key) == 32 and "@" not in key for key in listed), many, taken_back)
    with store.read() as session:
        assert 2 == len(session.scalars(select(PersonRow)).all())


def test_what_came_in_just_as_she_was_left_out_is_swept_away(store: Store) -> None:
    """A collection had read the list before she was on it, and kept use under all her names: the next tidying drops
    it, with the ids, and leaves alone what is anybody else's, or a stranger's."""
    arrive(store)
    stranger = "stranger@lantern.example"
    named = (ANA, "ana@oldname.example", ANAS_ACCOUNT, ANAS_LOGIN, subject(IdentitySource.LITELLM, ANA), stranger)
    with store.begin() as session:
        rights.leave_out_address(session, email=ANA)
    with store.begin() as session:
        session.info[exclusions._LIST] = frozenset()  # as it was when the collection began
        rows = [UsageRow(whose, DAY, "codex", "m", Counters(requests=3)) for whose in named]
        usage.merge_rows(session, source="codex", rows=rows, now=NOW)
        facts = [SessionFacts(f"late-{n}", whose, DAY, "t", "m", Counters(requests=3)) for n, whose in enumerate(named)]
        usage.save_sessions(session, source="codex", sessions=facts, now=NOW)
        points = [replace(_increment(whose), point_key=f"late-{n}") for n, whose in enumerate((ANA, stranger))]
        owned = [Owned(whose, point) for whose, point in zip((ANA, stranger), points, strict=True)]
        pushed.keep(session, pushed=owned, shown={"claude_code": ()}, now=NOW)
        before = everything(session)
    gone = [tidy(store, now=NOW, retention_days=400)["left_out"] for _ in range(2)]

    with store.read() as session:
        after = everything(session)
    assert any(name in str(before["identity"]) for name in ANAS_NAMES)
    assert [True, False] == [count > 0 for count in gone]
    assert not [name for name in ANAS_NAMES if name in str(after).casefold()]
    assert (1 + len(named) + 2, 1 + 1 + 1) == (len(before["usage_day"]), len(after["usage_day"]))
    assert (1 + len(named), 1 + 1) == (len(before["session_facts"]), len(after["session_facts"]))


def test_every_table_that_knows_keys_is_swept() -> None:
    """What is filed under an id and may be nobody's is the same for erasing and for the list."""
    assert {*exclusions.FILED_BY_KEY, IdentityRow} == set(rights._FILED_UNDER)


def test_others_keep_what_they_had(store: Store) -> None:
    """Leaving Ana out changes no row of Bob's."""
    arrive(store)
    with store.read() as session:
        bob = people.person_by_email(session, email=BOB)
        assert bob is not None
        before = {model: _of(session, model, bob) for model in (IdentityRow, UsageDayRow, SessionFactsRow, OutcomeRow)}
    with store.begin() as session:
        rights.leave_out_address(session, email=ANA)
        after = {model: _of(session, model, bob) for model in before}

    assert all(before.values())
    assert before == after


def _increment(whose: str) -> Increment:
    return Increment(whose, NOW, Whose(email=whose), "claude_code", "m", Counters(requests=1))


def _of(session: Session, model: type[Base], person_id: int) -> list[dict[str, object]]:
    table = table_of(model)
    return [dict(row) for row in session.execute(select(table).where(table.c.person_id == person_id)).mappings()]
