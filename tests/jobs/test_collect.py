"""One night of collecting, and the next ones, on both databases against the strict stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select, text

from bot.domain.roster import PersonRecord
from bot.domain.usage import Counters, CoverageStatus
from bot.errors import InputError
from bot.settings import SourceConfig
from bot.sources.prices import GenaiPrices
from bot.sources.standins.claude_code import ADMIN_KEY, ClaudeCodeStandIn, Fault, entry
from bot.store import people
from bot.store.database import Store
from bot.store.tables import CoverageRow, IdentityRow, SourceRunRow, UsageDayRow
from jobs.collect import collect
from tests.jobs.nights import (
    ADA,
    BEN,
    MODEL,
    NOW,
    TODAY,
    YESTERDAY,
    hire,
    listening,
    night,
    ranges,
    source_at,
    statuses,
    used,
)


@pytest.fixture
def stand_in() -> Iterator[ClaudeCodeStandIn]:
    with ClaudeCodeStandIn() as server:
        yield server


def tokens_on(store: Store, day: date) -> dict[int | None, int]:
    """Input tokens kept of `day`, by person."""
    with store.read() as session:
        rows = select(UsageDayRow.person_id, UsageDayRow.input_tokens).where(
            UsageDayRow.day == day, UsageDayRow.model == MODEL
        )
        return {person_id: tokens or 0 for person_id, tokens in session.execute(rows)}


def days_asked(stand_in: ClaudeCodeStandIn) -> list[date]:
    return [date.fromisoformat(dict(request.query)["starting_at"]) for request in stand_in.requests]


def test_first_night_reads_the_whole_look_back(store: Store, stand_in: ClaudeCodeStandIn) -> None:
    """Today and the 84 days before are asked for once each; all but today are finished, and sums agree."""
    ids = hire(store, ADA, BEN)
    for back in (0, 1, 40, 84):
        stand_in.hold(TODAY - timedelta(days=back), [used(TODAY - timedelta(days=back), ADA)])

    counts = night(store, source_at(stand_in))

    assert sorted(TODAY - timedelta(days=back) for back in range(85)) == sorted(days_asked(stand_in))
    found = statuses(store)
    assert CoverageStatus.PENDING == found.pop(TODAY)
    assert {CoverageStatus.COVERED} == set(found.values())
    assert {ids[ADA]: 100} == tokens_on(store, YESTERDAY)
    expected = {"sources": 1, "sources_failed": 0, "days_covered": 84, "days_pending": 1, "days_failed": 0}
    assert expected == {name: counts[name] for name in expected}
    with store.read() as session:
        run = session.scalars(select(SourceRunRow)).one()
        assert ("console", "done", 8, None) == (run.source, run.status, run.row_count, run.message)


def test_next_night_reads_three_days_and_today_again(store: Store, stand_in: ClaudeCodeStandIn) -> None:
    """What is finished and older than three days is not asked for again."""
    night(store, source_at(stand_in))
    stand_in.requests.clear()
    night(store, source_at(stand_in), now=NOW + timedelta(days=1))
    assert [TODAY + timedelta(days=1 - back) for back in range(4)] == days_asked(stand_in)


def test_revised_day_replaces_what_was_kept(store: Store, stand_in: ClaudeCodeStandIn) -> None:
    """A day read again keeps the new figures, and loses the rows that the source no longer has."""
    ids = hire(store, ADA, BEN)
    stand_in.hold(YESTERDAY, [used(YESTERDAY, ADA, 100), used(YESTERDAY, BEN, 50)])
    night(store, source_at(stand_in))
    assert {ids[ADA]: 100, ids[BEN]: 50} == tokens_on(store, YESTERDAY)

    stand_in.hold(YESTERDAY, [used(YESTERDAY, ADA, 130)])
    night(store, source_at(stand_in), now=NOW + timedelta(days=1))
    assert {ids[ADA]: 130} == tokens_on(store, YESTERDAY)


def test_same_night_twice_changes_nothing(store: Store, stand_in: ClaudeCodeStandIn) -> None:
    """Collecting again at the same instant leaves every row as it was."""
    hire(store, ADA, BEN)
    stand_in.hold(YESTERDAY, [used(YESTERDAY, ADA), used(YESTERDAY, "kim.unknown@lantern.example")])

    def everything() -> list[Any]:
        with store.read() as session:
            tables = ("person", "identity", "usage_day", "coverage", "covered_person")
            return [sorted(map(str, session.execute(text(f"SELECT * FROM {table}")))) for table in tables]

    first = night(store, source_at(stand_in, BEN)), everything()
    second = night(store, source_at(stand_in, BEN)), everything()
    assert first[1] == second[1]
    assert 4 == second[0]["days_covered"] + second[0]["days_pending"]


def test_missing_day_is_failed_and_asked_for_until_it_is_there(store: Store, stand_in: ClaudeCodeStandIn) -> None:
    """One day in the middle that the source does not have is failed alone, and finished the night it appears."""
    gap = TODAY - timedelta(days=40)
    stand_in.missing_days.add(gap)
    counts = night(store, source_at(stand_in))
    found = statuses(store)
    assert [gap] == [day for day, status in found.items() if status == CoverageStatus.FAILED]
    assert (1, 1, 83) == (counts["sources_failed"], counts["days_failed"], counts["days_covered"])

    stand_in.missing_days.clear()
    stand_in.requests.clear()
    night(store, source_at(stand_in), now=NOW + timedelta(days=1))
    assert gap in days_asked(stand_in)
    assert CoverageStatus.COVERED == statuses(store)[gap]


def test_failed_second_reading_leaves_a_finished_day_alone(store: Store, stand_in: ClaudeCodeStandIn) -> None:
    """A day that was read whole stays finished, with its rows, when reading it again fails."""
    ids = hire(store, ADA)
    stand_in.hold(YESTERDAY, [used(YESTERDAY, ADA)])
    night(store, source_at(stand_in))
    stand_in.missing_days.add(YESTERDAY)
    counts = night(store, source_at(stand_in), now=NOW + timedelta(hours=12))
    assert (1, CoverageStatus.COVERED) == (counts["days_failed"], statuses(store)[YESTERDAY])
    assert {ids[ADA]: 100} == tokens_on(store, YESTERDAY)


def test_clock_turned_back_does_not_unfinish_a_day(store: Store, stand_in: ClaudeCodeStandIn) -> None:
    """A day that was final does not become pending because somebody gives an earlier --now."""
    night(store, source_at(stand_in))
    night(store, source_at(stand_in), now=NOW - timedelta(hours=12))
    assert CoverageStatus.COVERED == statuses(store)[YESTERDAY]


def test_broken_source_is_given_up_and_the_others_are_read(store: Store, stand_in: ClaudeCodeStandIn) -> None:
    """Two days in a row that fail for good are enough; all its days are failed, the other source's are not."""
    with ClaudeCodeStandIn() as broken:
        broken.break_next(*[Fault.SERVER_ERROR] * 500)
        with listening() as said:
            counts = night(store, source_at(broken, name="broken"), source_at(stand_in))
        assert len(set(days_asked(broken))) == 2
    assert {CoverageStatus.FAILED} == set(statuses(store, "broken").values())
    assert CoverageStatus.COVERED == statuses(store)[YESTERDAY]
    assert (2, 1, 85, 84) == tuple(counts[n] for n in ("sources", "sources_failed", "days_failed", "days_covered"))
    assert ["collect.source_down"] == said


def test_endless_waiting_ends(store: Store, stand_in: ClaudeCodeStandIn) -> None:
    """A source that puts us off for half an hour in all is left for the next night; what it gave by then is kept."""
    stand_in.break_next(*([Fault.RATE_DATE] * 5 + [Fault.NONE]) * 85)
    slept: list[float] = []
    collect(store, sources=[source_at(stand_in)], slack_members=None, now=NOW, prices=GenaiPrices(), wait=slept.append)
    assert sum(slept) <= 1800
    found = statuses(store)
    assert CoverageStatus.COVERED == found[YESTERDAY]
    assert CoverageStatus.FAILED == found[min(found)]


@pytest.mark.parametrize("fault", [None, Fault.SPEND_LIMIT])
def test_no_right_is_asked_once(store: Store, stand_in: ClaudeCodeStandIn, fault: Fault | None) -> None:
    """A wrong key or a spending cap is no matter of the day: one request, and every day is failed."""
    if fault:
        stand_in.break_next(fault)
    night(store, source_at(stand_in, key=ADMIN_KEY if fault else "sk-ant-admin01-wrong"))
    assert 1 == len(stand_in.requests)
    assert {CoverageStatus.FAILED} == set(statuses(store).values())


def test_break_and_return_are_said_once(store: Store, stand_in: ClaudeCodeStandIn) -> None:
    """Broken for two nights and well for two: one word when it breaks, one when it is back."""
    key = "sk-ant-admin01-wrong"
    with listening() as said:
        for days, used_key in enumerate([ADMIN_KEY, key, key, ADMIN_KEY, ADMIN_KEY]):
            night(store, source_at(stand_in, key=used_key), now=NOW + timedelta(days=days))
    assert ["collect.source_down", "collect.source_back"] == said


@pytest.mark.parametrize("table", ["usage_day", "coverage"])
def test_rows_and_coverage_come_together_or_not_at_all(store: Store, stand_in: ClaudeCodeStandIn, table: str) -> None:
    """Whatever breaks while a day is written, neither its rows nor its coverage are there; the next night has both."""
    ids = hire(store, ADA)
    stand_in.hold(YESTERDAY, [used(YESTERDAY, ADA)])

    def pull_the_plug(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        pulled.extend([statement] if statement.startswith(f"INSERT INTO {table} ") else [])
        if len(pulled) == count:
            raise ZeroDivisionError

    # Today has no rows, so the first row written is yesterday's; the second coverage is yesterday's.
    pulled: list[str] = []
    count = 1 if table == "usage_day" else 2
    event.listen(store.engine, "before_cursor_execute", pull_the_plug)
    with pytest.raises(ZeroDivisionError):
        night(store, source_at(stand_in))
    event.remove(store.engine, "before_cursor_execute", pull_the_plug)
    assert {TODAY: CoverageStatus.PENDING} == statuses(store)
    assert {} == tokens_on(store, YESTERDAY)

    night(store, source_at(stand_in))
    assert CoverageStatus.COVERED == statuses(store)[YESTERDAY]
    assert {ids[ADA]: 100} == tokens_on(store, YESTERDAY)


def test_strangers_and_keys_are_kept_as_nobodys(store: Store, stand_in: ClaudeCodeStandIn) -> None:
    """An unknown address, one written like Ada's login, and API keys, one of them named like Ada, are nobody's; Ada's
    own use is hers.
    """
    ids = hire(store, ADA)
    with store.begin() as session:
        people.save_people(session, records=[PersonRecord(ADA, github_login="ada-m")], now=NOW)
    model = {MODEL: {"input": 7, "cents": 1}}
    entries = [
        used(YESTERDAY, ADA),
        used(YESTERDAY, "kim.unknown@lantern.example", 50),
        used(YESTERDAY, "github:ada-m", 3),
        entry(YESTERDAY, api_key_name=ADA, models=model),
        entry(YESTERDAY, api_key_name="nightly-ci", models=model),
    ]
    stand_in.hold(YESTERDAY, entries)
    counts = night(store, source_at(stand_in, "*@lantern.example"))

    with store.read() as session:
        rows = select(UsageDayRow.person_id, func.sum(UsageDayRow.input_tokens)).group_by(UsageDayRow.person_id)
        assert {ids[ADA]: 100, None: 67} == {who: int(total or 0) for who, total in session.execute(rows)}
        nobody = select(IdentityRow.source).where(IdentityRow.person_id.is_(None)).order_by(IdentityRow.source)
        assert ["api_key_name", "api_key_name", "email", "email"] == list(session.scalars(nobody))
    assert 4 == counts["unmapped"]
    assert {ids[ADA]} == {person_id for person_id, _, _ in ranges(store)}


def test_missing_cost_is_priced_and_marked(store: Store, stand_in: ClaudeCodeStandIn) -> None:
    """A reported cost stays; a missing one is estimated; an unknown model has none."""
    hire(store, ADA)
    tokens = {"input": 1_000_000, "output": 0}
    models = {MODEL: {**tokens, "cents": 7}, "claude-haiku-4-5": tokens, "lantern-7b": tokens}
    stand_in.hold(YESTERDAY, [entry(YESTERDAY, email=ADA, models=models)])
    night(store, source_at(stand_in))
    with store.read() as session:
        rows = select(UsageDayRow.model, UsageDayRow.cost_microusd, UsageDayRow.priced).where(UsageDayRow.model != "*")
        assert {
            (MODEL, 70_000, "reported"),
            ("claude-haiku-4-5", 1_000_000, "estimated"),
            ("lantern-7b", None, None),
        } == {(model, cost, priced) for model, cost, priced in session.execute(rows)}


def test_source_that_cannot_exist_stops_everything_before_it_begins(store: Store, stand_in: ClaudeCodeStandIn) -> None:
    """An unknown kind is a mistake in the settings: one sentence, nothing asked, nothing written."""
    with pytest.raises(InputError, match="abacus"):
        night(store, source_at(stand_in), SourceConfig("abacus", "beads", None, "key"))
    assert [] == stand_in.requests
    assert {} == statuses(store)


@pytest.mark.parametrize("name", ["otlp", "sessions", "file"])
def test_source_cannot_be_called_like_what_comes_otherwise(
    sqlite_store: Store, stand_in: ClaudeCodeStandIn, name: str
) -> None:
    """Reading it would replace the days that were pushed or imported under that name."""
    with pytest.raises(InputError, match=name):
        night(sqlite_store, source_at(stand_in, name=name))
    assert [] == stand_in.requests


def test_impossible_figure_fails_its_day_alone(sqlite_store: Store, stand_in: ClaudeCodeStandIn) -> None:
    """A count that no database can hold is an error of that day; the days beside it and other sources are read."""
    hire(sqlite_store, ADA)
    stand_in.hold(YESTERDAY, [used(YESTERDAY, ADA, 10**20)])
    counts = night(sqlite_store, source_at(stand_in), source_at(stand_in, name="other"))
    assert (2, 2) == (counts["sources_failed"], counts["days_failed"])
    found = statuses(sqlite_store)
    assert (CoverageStatus.FAILED, CoverageStatus.PENDING) == (found.pop(YESTERDAY), found.pop(TODAY))
    assert {CoverageStatus.COVERED} == set(found.values())


def test_nothing_to_read_is_nothing_done(store: Store) -> None:
    """No sources and no Slack: all counts are 0."""
    assert {0} == set(night(store).values())


def test_no_key_and_no_address_is_kept_of_a_failure(store: Store, stand_in: ClaudeCodeStandIn) -> None:
    """The record of a failed attempt holds the path and the status, not the key, the host or a person."""
    night(store, source_at(stand_in, key="sk-ant-admin01-wrong"))
    with store.read() as session:
        message, status = session.execute(select(SourceRunRow.message, SourceRunRow.http_status)).one()
        reasons = list(session.scalars(select(CoverageRow.reason).distinct()))
    assert 401 == status
    assert ["GET /v1/organizations/usage_report/claude_code answered 401."] == reasons == [message]


def test_sums_survive_the_whole_way(store: Store, stand_in: ClaudeCodeStandIn) -> None:
    """Thirty people with two rows each, over several pages: the database holds exactly what the report holds."""
    emails = [f"person{number}@lantern.example" for number in range(30)]
    hire(store, *emails)
    held = [
        used(YESTERDAY, email, 10 + number, sessions=number, accepted=2, is_remote=is_remote)
        for number, email in enumerate(emails)
        for is_remote in (True, False)
    ]
    stand_in.hold(YESTERDAY, held)
    night(store, source_at(stand_in))
    with store.read() as session:
        columns = (UsageDayRow.input_tokens, UsageDayRow.sessions, UsageDayRow.accepted, UsageDayRow.cost_microusd)
        sums = session.execute(select(*(func.sum(column) for column in columns))).one()
    expected = Counters(input_tokens=1470, sessions=870, accepted=120, cost_microusd=3_000_000)
    assert (expected.input_tokens, expected.sessions, expected.accepted, expected.cost_microusd) == tuple(
        map(int, sums)
    )
