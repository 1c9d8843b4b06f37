"""P12, files: unknown is not zero, from the cell to the covered day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.people import IdentitySource
from bot.domain.usage import Coverage
from bot.store import coverage, identities, people
from bot.store.database import Store
from bot.store.tables import Base
from jobs.import_files import import_file
from jobs.import_report import Kind
from tests.files import FlatPrice, bring_in, everything, rows, write

ADA = "ada.moreau@lantern.example"
BEN = "ben.castell@lantern.example"
COUNTS = (
    "requests",
    "failed_requests",
    "sessions",
    "input_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "output_tokens",
    "accepted",
    "rejected",
    "prompts",
    "offered",
    "lines_added",
)
HEAD = "email,day,tool,model,cost_usd," + ",".join(COUNTS) + "\n"
cells = st.one_of(st.none(), st.just(0), st.integers(0, 10**9))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(cells, min_size=len(COUNTS), max_size=len(COUNTS)), st.sampled_from([None, 0, 250_000]))
def test_a_blank_cell_is_unknown_and_a_zero_is_a_zero(
    sqlite_store: Store, tmp_path: Path, counts: list[int | None], cost: int | None
) -> None:
    """Whatever stands in a row stands in the table: blank as NULL, 0 as 0, a number as the number."""
    numbers = ",".join("" if count is None else str(count) for count in counts)
    dollars = "" if cost is None else f"{cost / 1e6}"
    bring_in(sqlite_store, Kind.USAGE, write(tmp_path, f"{HEAD}{ADA},2026-02-10,t,mystery,{dollars},{numbers}\n"))
    assert [(*counts, cost)] == rows(sqlite_store, "usage_day", *COUNTS, "cost_microusd")


def test_columns_that_a_file_does_not_have_are_unknown(store: Store, tmp_path: Path) -> None:
    """Nothing is filled up with zeros, neither in usage days nor in seats, outcomes or people."""
    bring_in(store, Kind.PEOPLE, write(tmp_path, f"email\n{ADA}\n"))
    bring_in(store, Kind.USAGE, write(tmp_path, f"email,day,tool\n{ADA},2026-02-10,t\n"))
    bring_in(store, Kind.SEATS, write(tmp_path, f"email,tool,assigned_on\n{ADA},t,2026-01-01\n"))
    bring_in(store, Kind.OUTCOMES, write(tmp_path, f"email,at,kind,ref\n{ADA},2026-02-10T09:00Z,deployed,d\n"))
    assert [(None,) * len(COUNTS)] == rows(store, "usage_day", *COUNTS)
    assert [(None, None)] == rows(store, "usage_day", "cost_microusd", "priced")
    assert [(None, None)] == rows(store, "seat", "released_on", "monthly_cost_microusd")
    assert [(None, None, None)] == rows(store, "outcome", "lines_added", "lines_removed", "ai_assisted")
    assert [(None, None, None)] == rows(store, "person", "timezone", "country", "started_on")


def test_a_file_alone_proves_activity_and_covers_nothing(store: Store, tmp_path: Path) -> None:
    """Without --complete-through no day is covered for anybody, however many rows there are."""
    _import(store, tmp_path, complete_through=None)
    kept = everything(store)
    assert ([], []) == (kept["coverage"], kept["covered_person"])
    assert {1: Coverage(), 2: Coverage()} == _coverage(store)


def test_complete_through_covers_the_named_pairs_from_the_first_day_and_no_other(store: Store, tmp_path: Path) -> None:
    """Ada is in it with t and Ben with u: neither is covered for the other's tool, nor a day before or after."""
    _import(store, tmp_path, complete_through=date(2026, 2, 20))
    days = frozenset(date(2026, 2, 10) + timedelta(days=n) for n in range(11))
    assert {
        1: Coverage({"t": days}, {"t": ("file",)}),
        2: Coverage({"u": days}, {"u": ("file",)}),
    } == _coverage(store)


def test_somebody_the_file_does_not_name_is_not_covered_by_it(store: Store, tmp_path: Path) -> None:
    """Listed in the roster, with a seat, and not in the file: no word about them."""
    bring_in(store, Kind.PEOPLE, write(tmp_path, f"email\n{ADA}\n{BEN}\n"))
    text = f"email,day,tool,requests\n{ADA},2026-02-10,t,1\n"
    bring_in(store, Kind.USAGE, write(tmp_path, text), complete_through=date(2026, 2, 20))
    with store.read() as session:
        ben = people.person_by_email(session, email=BEN)
        assert ben is not None
        known = coverage.load(session, person_ids=[ben], first=date(2026, 1, 1), last=date(2026, 3, 1))
    assert {ben: Coverage()} == known


def test_somebody_unknown_is_not_covered_even_after_they_are_mapped(store: Store, tmp_path: Path) -> None:
    """Their usage waits for them; the claim about their zeros does not, until the file is imported again."""
    text = f"email,day,tool,requests\n{ADA},2026-02-10,t,1\n"
    bring_in(store, Kind.USAGE, write(tmp_path, text), complete_through=date(2026, 2, 20))
    bring_in(store, Kind.PEOPLE, write(tmp_path, f"email\n{ADA}\n"))
    assert [] == everything(store)["covered_person"]
    bring_in(store, Kind.USAGE, write(tmp_path, text), complete_through=date(2026, 2, 20))
    assert [("t", date(2026, 2, 10), date(2026, 2, 20))] == rows(
        store, "covered_person", "tool", "first_day", "last_day"
    )


def test_a_day_that_is_not_over_is_not_covered(store: Store, tmp_path: Path) -> None:
    """Complete through today reaches through yesterday, and the report says which day it is."""
    text = f"email,day,tool,requests\n{ADA},2026-02-28,t,1\n"
    bring_in(store, Kind.PEOPLE, write(tmp_path, f"email\n{ADA}\n"))
    report = bring_in(store, Kind.USAGE, write(tmp_path, text), complete_through=date(2026, 3, 2))
    assert date(2026, 3, 1) == report.covered_through
    assert date(2026, 3, 1) == max(day for (day,) in rows(store, "coverage", "day"))


def test_a_day_that_is_not_over_where_a_person_is_does_not_count_for_them(store: Store, tmp_path: Path) -> None:
    """At 02:00 UTC yesterday still goes on in Los Angeles: Ada is covered through the day before, Ben through it."""
    roster = f"email,timezone\n{ADA},America/Los_Angeles\n{BEN},Europe/Madrid\n"
    bring_in(store, Kind.PEOPLE, write(tmp_path, roster))
    text = f"email,day,tool,requests\n{ADA},2026-02-27,t,1\n{BEN},2026-02-27,t,1\n"
    path = write(tmp_path, text)

    def through(hour: int) -> tuple[int, set[date]]:
        report = import_file(
            store,
            kind=Kind.USAGE,
            path=path,
            now=datetime(2026, 3, 2, hour, tzinfo=UTC),
            complete_through=date(2026, 3, 1),
            prices=FlatPrice(),
        )
        assert date(2026, 3, 1) == report.covered_through
        assert ("For 1 people that day is not over yet" in report.sentences()) == bool(report.covered_less)
        return report.covered_less, {last_day for (last_day,) in rows(store, "covered_person", "last_day")}

    assert (1, {date(2026, 2, 28), date(2026, 3, 1)}) == through(2)
    assert (0, {date(2026, 3, 1)}) == through(9)


def test_two_files_that_follow_each_other_make_one_range(store: Store, tmp_path: Path) -> None:
    """Weekly exports join; a week that is missing between two of them stays a hole."""
    bring_in(store, Kind.PEOPLE, write(tmp_path, f"email\n{ADA}\n"))
    for first, last in ((2, 8), (9, 15), (20, 22)):
        text = f"email,day,tool,requests\n{ADA},2026-02-{first:02},t,0\n"
        bring_in(store, Kind.USAGE, write(tmp_path, text), complete_through=date(2026, 2, last))
    assert [(date(2026, 2, 2), date(2026, 2, 15)), (date(2026, 2, 20), date(2026, 2, 22))] == rows(
        store, "covered_person", "first_day", "last_day"
    )


def test_no_counter_has_a_default_in_the_database() -> None:
    """A column of counts that somebody forgets to fill stays NULL: the tables have no zero of their own."""
    for name in ("usage_day", "session_facts", "outcome", "seat"):
        for column in Base.metadata.tables[name].columns:
            assert (None, None) == (column.server_default, column.default), f"{name}.{column.name}"


def _import(store: Store, folder: Path, *, complete_through: date | None) -> None:
    bring_in(store, Kind.PEOPLE, write(folder, f"email\n{ADA}\n{BEN}\n"))
    text = f"email,day,tool,requests\n{ADA},2026-02-12,t,1\n{BEN},2026-02-10,u,0\n"
    bring_in(store, Kind.USAGE, write(folder, text), complete_through=complete_through)


def _coverage(store: Store) -> dict[int, Coverage]:
    """By person: 1 is Ada and 2 is Ben."""
    with store.read() as session:
        ids = identities.resolve(session, source=IdentitySource.EMAIL, ids=[ADA, BEN])
        known = coverage.load(session, person_ids=ids.values(), first=date(2026, 1, 1), last=date(2026, 3, 1))
    return {1: known[ids[ADA]], 2: known[ids[BEN]]}
