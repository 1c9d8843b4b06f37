"""One contract for every kind of source, through the night's own job, on both databases.

Each kind's stand-in holds the same invented company (`tests/sources/contract.py`); a kind without one fails the first
test here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from bot.domain.usage import LOOKBACK_DAYS, CoverageStatus
from bot.sources import catalogue
from bot.sources.prices import GenaiPrices
from bot.sources.shape import OutcomeConnector, UsageConnector
from bot.sources.standins.server import Trouble
from bot.store import coverage
from bot.store.database import Store
from bot.store.tables import CoverageRow, SourceRunRow
from jobs.collect import Span, collect
from jobs.collect_outcomes import OUTCOMES
from tests.sources import contract_usage, contract_work
from tests.sources.contract import EMAILS, NOW, TODAY, Company, World, everything_said, hire

COMPANIES = contract_usage.COMPANIES | contract_work.COMPANIES
TABLES = ("person", "identity", "seat", "calendar_day", "team_stay", "usage_day", "coverage", "covered_person",
          "outcome", "billed_day", "source")  # fmt: skip
DAY = timedelta(days=1)
YESTERDAY = TODAY - DAY
PRICES = GenaiPrices()
SEVERAL_DIGITS = re.compile(r"\d{6,}")
"""Every figure of the story has at least six digits; no date or status has."""


@pytest.fixture(params=sorted(COMPANIES))
def company(request: pytest.FixtureRequest) -> Iterator[Company]:
    with COMPANIES[request.param]() as opened:
        yield opened


def night(store: Store, *companies: Company, now: datetime = NOW, span: Span | None = None) -> dict[str, int]:
    """One collecting that waits for nothing."""
    for one in companies:
        one.set_now(now)
    return collect(
        store,
        sources=[one.source for one in companies],
        slack_members=None,
        now=now,
        prices=PRICES,
        wait=lambda _seconds: None,
        span=span,
    )


def kept(store: Store, company: Company) -> Any:
    return company.kept(store, company.source.name)


def finish_old_days(store: Store, company: Company, *, but: World) -> None:
    """What of the look-back no night reads again was finished before the story begins, the days of `but` excepted."""
    connector = catalogue.CONNECTORS[company.source.kind]
    if not isinstance(connector, UsageConnector | OutcomeConnector):
        return
    ages = range(connector.repull_days + 1, LOOKBACK_DAYS + 1)
    with store.begin() as session:
        for tool in connector.tools if isinstance(connector, UsageConnector) else (OUTCOMES,):
            coverage.mark(
                session,
                source=company.source.name,
                tool=tool,
                days={TODAY - age * DAY for age in ages} - but.keys(),
                status=CoverageStatus.COVERED,
                reason=None,
                as_of=NOW - DAY,
            )


def check_days(company: Company, requests: Sequence[Any], today: date, *, unfinished: World) -> None:
    """Asked are the last days, which may still change, and those that nobody finished; of outcomes in stretches."""
    connector = catalogue.CONNECTORS[company.source.kind]
    asked = {day for request in requests if (day := company.asked(request)) is not None}
    if isinstance(connector, UsageConnector):
        last = {today - age * DAY for age in range(connector.repull_days + 1)}
        assert last | unfinished.keys() == asked
    elif isinstance(connector, OutcomeConnector) and requests:
        again = today - connector.repull_days * DAY
        assert again in asked
        assert [] == [day for day in unfinished if day < min(asked)]
        assert unfinished or again == min(asked)


def gap_of(company: Company) -> date:
    """A day that nobody finished, older than what each night reads again."""
    is_usage = isinstance(catalogue.CONNECTORS[company.source.kind], UsageConnector)
    return TODAY - timedelta(days=10 if is_usage else 40)


def statuses(store: Store, company: Company, today: date) -> dict[int, set[str]]:
    """What is said of each day, by its age, up to five days ago, over all tools."""
    with store.read() as session:
        rows = select(CoverageRow.day, CoverageRow.status).where(
            CoverageRow.source == company.source.name, CoverageRow.day >= today - 5 * DAY
        )
        found: dict[int, set[str]] = {}
        for day, status in session.execute(rows):
            found.setdefault((today - day).days, set()).add(status)
        return found


def rightly(company: Company, world: World, today: date) -> dict[int, set[str]]:
    """The same as sources.md has it: how many days after its end each kind finishes a day."""
    connector = catalogue.CONNECTORS[company.source.kind]
    if isinstance(connector, OutcomeConnector):
        return {age: {"covered"} for age in range(1, 6)}
    if not isinstance(connector, UsageConnector):
        return {}
    final = [age >= company.final_age and (company.empty_is_final or today - age * DAY in world) for age in range(6)]
    return {age: {"covered" if is_final else "pending"} for age, is_final in enumerate(final)}


def everything(store: Store) -> dict[str, list[str]]:
    with store.read() as session:
        return {table: sorted(map(str, session.execute(text(f"SELECT * FROM {table}")))) for table in TABLES}


def check_questions(company: Company) -> None:
    """Who asks says so, and no secret or address stands where a proxy would write it down."""
    for request in company.requests():
        assert request.headers["user-agent"].startswith("Kindling/")
        said = " ".join((request.path if "ical" not in company.source.kind else "", *map(" ".join, request.query)))
        assert [] == [secret for secret in {*company.all_secrets, *EMAILS} if secret in said]


def check_words(store: Store, company: Company, said: list[tuple[str, dict[str, Any]]]) -> None:
    """No key, no address and no figure in what is logged and in what is kept of a failure."""
    with store.read() as session:
        words = [*session.scalars(select(SourceRunRow.message)), *session.scalars(select(CoverageRow.reason))]
    spoken = json.dumps([words, said], default=str)
    assert [] == [secret for secret in {*company.all_secrets, *EMAILS} if secret in spoken]
    assert [] == SEVERAL_DIGITS.findall(spoken)


def test_every_kind_has_a_company() -> None:
    """A new kind of source is held to this contract from its first day."""
    assert set(catalogue.CONNECTORS) == set(COMPANIES)
    assert [] == [name for name, opened in COMPANIES.items() if name != _kind(opened)]


def _kind(opened: Any) -> str:
    with opened() as company:
        return str(company.source.kind)


def test_nights(store: Store, company: Company) -> None:
    """First night, same night again, next night: exact sums, only the last days asked again, revised and late days
    right, each day finished when its kind finishes it, nothing told that should not be.
    """
    hire(store)
    world = {YESTERDAY: 1, TODAY - 3 * DAY: 1, TODAY - 5 * DAY: 1, gap_of(company): 1}
    finish_old_days(store, company, but=world)
    company.tell(world)
    with everything_said() as said:
        assert 0 == night(store, company)["sources_failed"]
        check_days(company, company.requests(), TODAY, unfinished=world)
        check_kept(store, company, world, TODAY)

        before = everything(store)
        night(store, company)
        assert before == everything(store)
        asked_before = len(company.requests())

        world |= {YESTERDAY: 2, TODAY: 1}  # yesterday is revised, and today came late
        company.tell(world)
        assert 0 == night(store, company, now=NOW + DAY)["sources_failed"]
    # Some stand-ins forget with what they hold what they were asked.
    requests = company.requests()[asked_before:] or company.requests()
    check_days(company, requests, TODAY + DAY, unfinished={})
    check_kept(store, company, world, TODAY + DAY)
    check_words(store, company, said)


def check_kept(store: Store, company: Company, world: World, today: date) -> None:
    assert company.expected(world) == kept(store, company)
    assert rightly(company, world, today) == statuses(store, company, today)
    check_questions(company)


def test_troubles(sqlite_store: Store, company: Company) -> None:
    """What passes by itself is survived, at the first question of a night and at a later one. What does not, and be it
    the night's last question alone, keeps nothing of the day and is recorded; the next night has all of it.
    """
    hire(sqlite_store)
    world: dict[date, int] = {TODAY - 30 * DAY: 1}
    company.tell(world)
    with everything_said() as said:
        night(sqlite_store, company, span=(TODAY - 30 * DAY, TODAY - 30 * DAY))
        for age, troubles in enumerate(strikes(max(1, len(company.requests()))), start=8):
            before = company.expected(world)
            day = TODAY - age * DAY
            world[day] = 1
            company.tell(world)
            company.break_next(*troubles)
            failed = night(sqlite_store, company, span=(day, day))["sources_failed"]
            company.forget_troubles()
            assert int(Trouble.NO_JSON in troubles or not company.passes) == failed
            if failed:
                assert before == kept(sqlite_store, company)
                assert 0 == night(sqlite_store, company, span=(day, day))["sources_failed"]
            assert company.expected(world) == kept(sqlite_store, company)
    check_words(sqlite_store, company, said)


def strikes(questions: int) -> Iterator[list[Trouble]]:
    """Troubles in the order in which they strike a night of so many questions."""
    pause = [Trouble.NONE] * (questions - 1)
    yield [Trouble.RATE_SECONDS, Trouble.RATE_DATE, Trouble.RATE_BARE, *pause, Trouble.RATE_BARE]
    yield [Trouble.SERVER_ERROR, Trouble.BAD_GATEWAY, Trouble.UNAVAILABLE, Trouble.OVERLOADED]
    yield [*pause, Trouble.DROPPED, Trouble.CUT_SHORT]
    yield [Trouble.GONE_CURSOR]
    yield [Trouble.WRONG_CURSOR]
    yield [*pause, Trouble.NO_JSON]
    yield [Trouble.NO_JSON] * 200


def test_one_failing_source_disturbs_no_other(store: Store, company: Company) -> None:
    """Down for two nights and back: the other source has every night what it should, and each turn is said once."""
    hire(store)
    with COMPANIES["claude_code"]() as opened, everything_said() as said:
        witness = replace(opened, source=replace(opened.source, name="witness"))
        world: dict[date, int] = {}
        for age in (9, 8, 7):
            day = TODAY - age * DAY
            world[day] = 1
            witness.tell(world)
            company.tell(world)
            if age > 7:
                company.break_next(*[Trouble.SERVER_ERROR] * 200)
            counts = night(store, company, witness, span=(TODAY - 9 * DAY, day))
            company.forget_troubles()
            assert (2, int(age > 7)) == (counts["sources"], counts["sources_failed"])
            assert witness.expected(world) == kept(store, witness)
    assert company.expected(world) == kept(store, company)
    turns = [(event, fields.get("source")) for event, fields in said if event.startswith("collect.")]
    assert [("collect.source_down", company.source.name), ("collect.source_back", company.source.name)] == turns
    check_words(store, company, said)


def test_all_kinds_in_one_night(store: Store) -> None:
    """All sources in one night, every second of them down: the others are exact, and so are all a night later."""
    hire(store)
    world = {YESTERDAY: 1, TODAY - 5 * DAY: 1}
    with ExitStack() as stack:
        # Two calendars say the same days away, and a day is kept once: one of them is enough.
        all_of_them = [stack.enter_context(COMPANIES[kind]()) for kind in sorted(set(COMPANIES) - {"ical"})]
        for company in all_of_them:
            company.tell(world)
        down = [company for company in all_of_them[::2] if company.source.kind != "scim"]
        for company in down:
            company.break_next(*[Trouble.UNAVAILABLE] * 200)
        counts = night(store, *all_of_them, span=(TODAY - 5 * DAY, TODAY))
        assert (len(all_of_them), len(down)) == (counts["sources"], counts["sources_failed"])
        right = {one.source.name: one.expected(world) for one in all_of_them}
        well = {one.source.name: kept(store, one) for one in all_of_them if one not in down}
        assert {name: found for name, found in right.items() if name in well} == well

        for company in down:
            company.forget_troubles()
        assert 0 == night(store, *all_of_them, span=(TODAY - 5 * DAY, TODAY))["sources_failed"]
        assert right == {one.source.name: kept(store, one) for one in all_of_them}
