"""P12, the false zeros that real sources invite: each through collecting, judging and planning, and beside it a zero
that is true and is said, so that silence about everybody would not pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.domain.adoption import ZERO_STATES, State
from bot.domain.people import SATURDAY_AND_SUNDAY, IdentitySource
from bot.domain.roster import IdentityRecord, PersonRecord, SeatRecord
from bot.settings import SourceConfig
from bot.sources import catalogue
from bot.sources.otlp.answers import Signal
from bot.sources.prices import GenaiPrices
from bot.sources.shape import Proof, UsageConnector
from bot.sources.standins import (
    anthropic,
    anthropic_analytics,
    claude_code,
    claude_enterprise,
    codex,
    copilot,
    cursor,
    litellm,
    openai_api,
    otlp_client,
)
from bot.sources.standins.server import Trouble
from bot.sources.tip_library import load_tips
from bot.store import identities, people, states
from bot.store.database import Store
from bot.store.tables import NudgeRow, OutcomeRow, UsageDayRow
from jobs.collect import collect
from jobs.decide import decide
from jobs.detect import detect
from jobs.import_report import Kind
from jobs.import_sessions import import_sessions
from jobs.receive import receive
from tests import files
from tests.sources.contract import NOW, PEOPLE, STRANGER, TODAY, Company, address, login
from tests.sources.contract_usage import COMPANIES
from tests.sources.contract_work import repository
from tests.sources.session_files import written

ANA, BEN = "ana.silva@lantern.example", "ben.castell@lantern.example"
TEAM = tuple(f"c{number}@lantern.example" for number in range(5))
"""Colleagues who work with the tool every day."""
DAY = timedelta(days=1)
DAYS = [TODAY - age * DAY for age in range(40, -1, -1)]
WORKDAYS = [day for day in DAYS[:-1] if day.weekday() < 5]
PRICES = GenaiPrices()
TIPS = load_tips()
SILENT = (State.UNKNOWN, False)
A_TRUE_ZERO = (State.NEVER_USED, True)
"""State, and whether a message is planned."""


def staff(store: Store, *emails: str, tool: str | None = "claude_code", **ids: Any) -> None:
    """People whom Slack can reach, each with a seat of `tool` for half a year."""
    with store.begin() as session:
        records = [PersonRecord(email, timezone="Europe/Madrid", slack_user_id=f"U-{email}", **ids) for email in emails]
        people.save_people(session, records=records, now=NOW - 200 * DAY)
        seats = [SeatRecord(email, tool, TODAY - 180 * DAY) for email in emails] if tool else []
        people.save_seats(session, seats=seats)


def read(store: Store, *sources: SourceConfig, first: date = DAYS[0], last: date = TODAY, now: Any = NOW) -> int:
    """One reading of these days; returns how many sources failed."""
    return collect(
        store,
        sources=sources,
        slack_members=None,
        now=now,
        prices=PRICES,
        wait=lambda _seconds: None,
        span=(first, last),
    )["sources_failed"]


def verdicts(store: Store, *emails: str, now: Any = NOW) -> list[tuple[State, bool]]:
    """What the night says of these people, and whether it would write to them."""
    rules: dict[str, Any] = {"holidays_of": lambda *_: frozenset(), "weekend_of": lambda _: SATURDAY_AND_SUNDAY}
    detect(store, now=now, prices=PRICES, **rules)
    decide(store, now=now, tips=TIPS, switched_on=True, approval_from=30, **rules)
    with store.read() as session:
        ids = identities.resolve(session, source=IdentitySource.EMAIL, ids=emails)
        standings = states.current(session, person_ids=ids.values())
        planned = set(session.scalars(select(NudgeRow.person_id)))
    return [(standings[ids[email]].state, ids[email] in planned) for email in emails]


# ---------------------------------------------------------------- Anthropic


def used(day: date, email: str) -> dict[str, Any]:
    return claude_code.entry(day, email=email, models={"lantern-1": {"input": 10, "output": 1}})


@pytest.fixture
def console() -> Iterator[claude_code.ClaudeCodeStandIn]:
    """A Console report in which five colleagues show up every working day, and neither Ana nor Ben."""
    with claude_code.ClaudeCodeStandIn() as server:
        for day in WORKDAYS:
            server.hold(day, [used(day, email) for email in TEAM])
        yield server


def console_of(server: claude_code.ClaudeCodeStandIn, *covers: str) -> SourceConfig:
    return SourceConfig("claude_code", "console", server.base_url, claude_code.ADMIN_KEY, covers)


def test_subscription_login(store: Store, console: claude_code.ClaudeCodeStandIn) -> None:
    """Ana logs in with a subscription, which the Console report leaves out. Ben is declared to use the Console only."""
    staff(store, ANA, BEN, *TEAM)
    assert 0 == read(store, console_of(console, BEN))
    assert [SILENT, A_TRUE_ZERO] == verdicts(store, ANA, BEN)


def test_old_address_that_nobody_mapped(store: Store, console: claude_code.ClaudeCodeStandIn) -> None:
    """The report names an address we do not know: it may be Ana's old one, or Ben's. Once it is hers, Ben's zero is
    said, and hers is none.
    """
    old = "ana.before@elsewhere.example"
    staff(store, ANA, BEN, *TEAM)
    console.hold(WORKDAYS[-3], [used(WORKDAYS[-3], email) for email in (*TEAM, old)])
    assert 0 == read(store, console_of(console, "*@lantern.example"))
    assert [SILENT, SILENT] == verdicts(store, ANA, BEN)

    with store.begin() as session:
        identities.save_records(session, records=[IdentityRecord(ANA, old)], now=NOW)
    (hers, _), bens = verdicts(store, ANA, BEN)
    assert A_TRUE_ZERO == bens
    assert hers not in {*ZERO_STATES, State.UNKNOWN}


def test_day_that_is_empty_for_everybody(store: Store, console: claude_code.ClaudeCodeStandIn) -> None:
    """A working day on which the report names nobody at all is not believed; when it is there, Ben's zero is said. It
    is a failure of the source as long as it may still be mended, and later perhaps a holiday.
    """
    staff(store, BEN, *TEAM)
    lately, long_ago = WORKDAYS[-2], WORKDAYS[-12]
    for lost, failed in ((lately, 1), (long_ago, 0)):
        console.hold(lost, [])
        assert failed == read(store, console_of(console, "*@lantern.example"), first=lost - 8 * DAY, last=lost)
    assert 1 == read(store, console_of(console, "*@lantern.example"))
    assert [SILENT] == verdicts(store, BEN)

    for lost in (lately, long_ago):
        console.hold(lost, [used(lost, email) for email in TEAM])
        assert [SILENT] == verdicts(store, BEN)
        assert 0 == read(store, console_of(console, "*@lantern.example"))
    assert [A_TRUE_ZERO] == verdicts(store, BEN)


@pytest.mark.parametrize("machine_goes_on", [False, True])
def test_report_that_names_nobody_for_weeks(
    sqlite_store: Store, console: claude_code.ClaudeCodeStandIn, machine_goes_on: bool
) -> None:
    """However long a report names nobody any more, or a nightly job alone, and whichever day is read first: it is
    broken, and nobody idle.
    """
    later = [TODAY + number * DAY for number in range(42)]
    if machine_goes_on:
        tokens = {"lantern-1": {"input": 10, "output": 1}}
        for day in later:
            console.hold(day, [claude_code.entry(day, api_key_name="nightly-build", models=tokens)])
    staff(sqlite_store, BEN, *TEAM)
    read(sqlite_store, console_of(console, "*@lantern.example"))
    for week in range(0, 42, 7):
        now = NOW + (week + 7) * DAY
        read(sqlite_store, console_of(console, "*@lantern.example"), first=later[week], last=later[week + 6], now=now)
    now = NOW + 42 * DAY
    assert [SILENT, SILENT] == verdicts(sqlite_store, BEN, TEAM[0], now=now)


@pytest.mark.parametrize("ana_is_listed", [True, False])
def test_second_organisation_without_a_key(store: Store, ana_is_listed: bool) -> None:
    """Ana works in an organisation whose key we do not have. Whether the connected one lists her or not: unless it is
    declared that she works nowhere else, its silence says nothing. Of Ben both is true.
    """
    staff(store, ANA, BEN)
    covers = (BEN,) if ana_is_listed else (ANA, BEN)
    with anthropic_analytics.AnthropicAnalyticsStandIn() as server:
        server.refreshed_at = NOW.isoformat()
        listed = enumerate((BEN, ANA) if ana_is_listed else (BEN,))
        server.users += [{**anthropic.user(n, email), "added_at": "2026-01-05T09:00:00Z"} for n, email in listed]
        hold_team(server)
        source = SourceConfig("anthropic", "anthropic", server.base_url, anthropic.ADMIN_KEY, covers)
        assert 0 == read(store, source)
    assert [SILENT, A_TRUE_ZERO] == verdicts(store, ANA, BEN)


def hold_team(server: anthropic_analytics.AnthropicAnalyticsStandIn) -> None:
    for day in WORKDAYS:
        actors = [anthropic_analytics.by_user(anthropic.user_id(10 + n), None) for n in range(2)]
        server.hold(day, [anthropic_analytics.Use(actor=actor, requests=3, uncached=5) for actor in actors])


def test_late_days_of_a_source_with_lag(store: Store) -> None:
    """The data reach no further than six days back: three days of the judged window are not there yet. A day later
    they are, and the zero is said of the window that ends before the days that may still change.
    """
    staff(store, BEN)
    with anthropic_analytics.AnthropicAnalyticsStandIn() as server:
        server.users.append({**anthropic.user(0, BEN), "added_at": "2026-01-05T09:00:00Z"})
        hold_team(server)
        source = SourceConfig("anthropic", "anthropic", server.base_url, anthropic.ADMIN_KEY, (BEN,))
        server.refreshed_at = (NOW - 6 * DAY).isoformat()
        assert 0 == read(store, source)
        assert [SILENT] == verdicts(store, BEN)

        server.refreshed_at = NOW.isoformat()
        assert 0 == read(store, source)
        assert [A_TRUE_ZERO] == verdicts(store, BEN)


def test_use_on_a_day_that_is_not_finished(store: Store) -> None:
    """Ana began on a day that the source may still revise, after the judged window: that is use, and no zero."""
    staff(store, ANA, BEN)
    with claude_enterprise.ClaudeEnterpriseStandIn(latest_day=TODAY - DAY) as server:
        users = enumerate((ANA, BEN))
        server.users += [{**anthropic.user(n, email), "added_at": "2026-01-05T09:00:00Z"} for n, email in users]
        server.hold(TODAY - 2 * DAY, [claude_enterprise.entry(anthropic.user_id(0), ANA, code_sessions=1)])
        covers = ("*@lantern.example",)
        source = SourceConfig("claude_enterprise", "claude", server.base_url, anthropic.ENTERPRISE_KEY, covers)
        assert 0 == read(store, source)
    assert [(State.FIRST_STEPS, False), A_TRUE_ZERO] == verdicts(store, ANA, BEN)


# ---------------------------------------------------------------- GitHub, Cursor, gateways


def copilot_days(server: copilot.CopilotStandIn) -> SourceConfig:
    for day in WORKDAYS:
        server.hold(day, [copilot.person(day, n, f"c{n}", prompts=3) for n in range(len(TEAM))])
    return SourceConfig("copilot", "copilot", server.base_url, copilot.TOKEN, account="orgs/acme")


def seat(login: str, number: int, **more: Any) -> dict[str, Any]:
    return copilot.seat(login, number, created_at="2026-01-05T09:00:00Z", **more)


def test_copilot_telemetry_off(store: Store) -> None:
    """Ana signed in last week and no activity of hers is known: her editor may tell nothing. Ben never signed in. Of a
    third the seat itself says that there was use. A report that GitHub does not have proves nothing about anybody.
    """
    eve = "eve.lind@lantern.example"
    staff(store, ANA, BEN, eve, tool=None)
    lately = (NOW - 6 * DAY).isoformat()
    with copilot.CopilotStandIn() as server:
        source = copilot_days(server)
        ana, ben = seat("ana", 1, last_authenticated_at=lately), seat("ben", 2)
        server.hold_seats([ana, ben, seat("eve", 3, last_activity_at=lately)])
        server.hold_addresses([copilot.identity(email, email.partition(".")[0]) for email in (ANA, BEN, eve)])
        for day in set(DAYS) - set(WORKDAYS):
            server.absent[day] = copilot.Absence.NO_CONTENT
        missing = WORKDAYS[-8]
        server.absent[missing] = copilot.Absence.EMPTY_TEXT
        assert 0 == read(store, source)
        assert [SILENT, SILENT, SILENT] == verdicts(store, ANA, BEN, eve)

        del server.absent[missing]
        assert 0 == read(store, source)
    assert [SILENT, A_TRUE_ZERO, SILENT] == verdicts(store, ANA, BEN, eve)


@pytest.mark.parametrize("is_back", [False, True])
def test_list_of_members_that_cannot_be_read(store: Store, is_back: bool) -> None:
    """Nobody had signed in when the seats could be read for the last time. Who has since, cannot be known: the reports
    alone prove nothing, until there is a list again. Ben's zero is said then, and Ana's is not.
    """
    staff(store, ANA, BEN, tool=None)
    with copilot.CopilotStandIn() as server:
        source = copilot_days(server)
        server.hold_addresses([copilot.identity(email, email.partition(".")[0]) for email in (ANA, BEN)])
        for day in set(DAYS) - set(WORKDAYS):
            server.absent[day] = copilot.Absence.NO_CONTENT
        server.hold_seats([seat("ana", 1), seat("ben", 2)])
        assert 0 == read(store, source, last=DAYS[1], now=NOW - 39 * DAY)
        server.hold_seats([{"assignee": {"login": 1}}])
        assert 1 == read(store, source)
        if is_back:
            lately = (NOW - 6 * DAY).isoformat()
            server.hold_seats([seat("ana", 1, last_authenticated_at=lately), seat("ben", 2)])
            assert 0 == read(store, source)
    assert [SILENT, A_TRUE_ZERO if is_back else SILENT] == verdicts(store, ANA, BEN)


@pytest.mark.parametrize(("kind", "said"), [("ROBOT", A_TRUE_ZERO), ("ACCOUNT_USER", SILENT)])
def test_person_without_a_name_in_the_report(store: Store, kind: str, said: tuple[State, bool]) -> None:
    """On one day Codex reports a person whom it does not name: it may be Ben. Of a machine it cannot be he."""
    staff(store, BEN, tool="codex")
    with codex.CodexStandIn() as server:
        for day in WORKDAYS:
            named = codex.entry(day, user="user-c", email=TEAM[0], totals=codex.figures(1, 1, 1, turns=1))
            nameless = {**named, "actor": {"type": kind}, "user_id": None}
            server.hold(day, [named, nameless] if day == WORKDAYS[-9] else [named])
        staff(store, TEAM[0], tool=None)
        covers = ("*@lantern.example",)
        source = SourceConfig("codex", "codex", server.base_url, codex.ANALYTICS_KEY, covers, codex.WORKSPACE)
        assert 0 == read(store, source)
    assert [said] == verdicts(store, BEN)


def test_login_that_nobody_mapped(store: Store) -> None:
    """GitHub knows Ana by a login that single sign-on ties to no address: her seat stands in a file, her use under the
    login. Once the login is hers, so is the use.
    """
    staff(store, ANA, BEN, tool="copilot")
    with copilot.CopilotStandIn() as server:
        source = copilot_days(server)
        server.hold_seats([seat("anas-dev", 1), seat("ben", 2)])
        server.hold_addresses([copilot.identity(BEN, "ben")])
        late = WORKDAYS[-9]
        server.hold(late, [copilot.person(late, n, login, prompts=2) for n, login in enumerate(("anas-dev", "c1"))])
        assert 0 == read(store, source)
    assert [SILENT, A_TRUE_ZERO] == verdicts(store, ANA, BEN)
    with store.begin() as session:
        identities.save_records(session, records=[IdentityRecord(ANA, "github:anas-dev")], now=NOW)
    [(hers, _)] = verdicts(store, ANA)
    assert hers not in ZERO_STATES


def test_account_without_an_address(store: Store) -> None:
    """OpenAI lists Ana's account without an address and reports its id: declared or not, she is not known to be it."""
    staff(store, ANA, BEN, tool="openai_api")
    with openai_api.OpenAIStandIn() as server:
        server.hold_users([openai_api.user("user-a", None), openai_api.user("user-b", BEN)])
        for day in WORKDAYS:
            server.hold_usage(day, [openai_api.usage("user-a", "lantern-1", input=5, output=1)])
        key, covers = openai_api.ADMIN_KEY, ("*@lantern.example",)
        assert 0 == read(store, SourceConfig("openai", "openai", server.base_url, key, covers))
    assert [SILENT, A_TRUE_ZERO] == verdicts(store, ANA, BEN)


def test_cursor_member_who_joined_yesterday(store: Store) -> None:
    """Ben stood on Cursor's list for forty days, Ana since yesterday: what she did before, Cursor could not see."""
    staff(store, ANA, BEN, tool="cursor")
    with cursor.CursorStandIn() as server:
        source = SourceConfig("cursor", "cursor", server.base_url, cursor.KEY)
        bens = [cursor.member_day(day, 2, BEN, active=False) for day in DAYS]
        server.hold(daily=bens)
        server.hold_members([{"id": 2, "email": BEN}])
        assert 0 == read(store, source, last=DAYS[0], now=NOW - 40 * DAY)

        server.hold(daily=[*bens, *(cursor.member_day(day, 1, ANA, active=False) for day in DAYS[-2:])])
        server.hold_members([{"id": 2, "email": BEN}, {"id": 1, "email": ANA}])
        assert 0 == read(store, source)
    assert [SILENT, A_TRUE_ZERO] == verdicts(store, ANA, BEN)


def test_gateway_bypass(store: Store) -> None:
    """Ana may reach the models past the gateway, so nobody declared that all her use goes through it. Ben's does. And
    a seat of another tool is never judged by the gateway, declared or not.
    """
    eve = "eve.lind@lantern.example"
    staff(store, ANA, BEN, tool="other:litellm")
    staff(store, eve, tool="claude_code")
    with litellm.LiteLLMStandIn() as server:
        server.hold_users([litellm.user(f"u-{email}", email) for email in (ANA, BEN, eve)])
        source = SourceConfig("litellm", "gateway", server.base_url, litellm.ADMIN_KEY, (BEN, eve))
        assert 0 == read(store, source)
    assert [SILENT, A_TRUE_ZERO, SILENT] == verdicts(store, ANA, BEN, eve)


def test_word_that_is_taken_back(sqlite_store: Store) -> None:
    """Ana is declared no longer, in a night in which the gateway does not give its list of users: it is heard at once,
    for the list says nothing about whose silence counts.
    """
    staff(sqlite_store, ANA, BEN, tool="other:litellm")
    with litellm.LiteLLMStandIn() as server:
        server.hold_users([litellm.user("u-ben", BEN)])
        source = SourceConfig("litellm", "gateway", server.base_url, litellm.ADMIN_KEY, (ANA, BEN))
        assert 0 == read(sqlite_store, source)
        server.hold_users([{"user_email": ANA}])
        assert 1 == read(sqlite_store, replace(source, covers=(BEN,)))
    assert [SILENT, A_TRUE_ZERO] == verdicts(sqlite_store, ANA, BEN)


def test_what_people_run_themselves_proves_nothing(
    store: Store, console: claude_code.ClaudeCodeStandIn, tmp_path: Path
) -> None:
    """Telemetry, session files, ccusage and git tell of colleagues and are silent about Ana: she may not have set them
    up. The Console, which says that it sees all of Ben, proves his zero beside them.
    """
    staff(store, ANA, BEN, *TEAM)
    push_telemetry(store, TEAM[0])
    minutes = (NOW - 5 * DAY - written.START) / timedelta(minutes=1)
    lines = [written.entry(minutes, "user", message={"content": "x"}), written.answer(minutes + 1, 1)]
    written.write(tmp_path / "home" / ".claude" / "projects" / "p" / "one.jsonl", lines)
    import_sessions(store, folder=tmp_path / "home", email=TEAM[1], now=NOW, prices=PRICES)
    import_ccusage(store, tmp_path, TEAM[2])
    staff(store, address(1), tool=None)
    with repository() as git:
        git.tell(dict.fromkeys(WORKDAYS[-3:], 1))
        assert 0 == read(store, git.source, console_of(console, BEN))
    assert [SILENT, A_TRUE_ZERO] == verdicts(store, ANA, BEN)
    with store.read() as session:
        assert {"otlp", "sessions", "file", "console"} == set(session.scalars(select(UsageDayRow.source).distinct()))
        assert list(session.scalars(select(OutcomeRow.ref)))


def push_telemetry(store: Store, email: str) -> None:
    for day in (NOW - 5 * DAY, NOW - 4 * DAY):
        told = {"session.id": "s", "type": "input", "model": "lantern-1", "user.email": email}
        point = otlp_client.point(7, day, started=day - timedelta(minutes=5), attributes=told)
        document = otlp_client.metrics("claude-code", [("claude_code.token.usage", otlp_client.counter(point))])
        body = otlp_client.encoded("metrics", document, as_json=False)
        receive(store, signal=Signal.METRICS, body=body, as_json=False, now=NOW, prices=PRICES)


def import_ccusage(store: Store, folder: Path, email: str) -> None:
    rows = "".join(f"{email},{day},claude_code,lantern-1,5\n" for day in WORKDAYS[-6:])
    files.bring_in(store, Kind.USAGE, files.write(folder, f"email,day,tool,model,input_tokens\n{rows}"))


# ---------------------------------------------------------------- every kind that can prove a zero


PROVING = ("anthropic", "claude_code", "claude_enterprise", "codex", "copilot", "cursor", "litellm", "openai")
IDLE = address(5)
"""Listed and declared everywhere, and on no day of the story's first version."""


@pytest.mark.parametrize("kind", PROVING)
def test_half_a_day_is_no_day(sqlite_store: Store, kind: str) -> None:
    """One day of the judged window breaks off at its last question: nobody is idle. The next night brings it, and the
    zero of who was never there is said.
    """
    with COMPANIES[kind]() as company:
        staff_of(sqlite_store, company)
        company.tell(dict.fromkeys(WORKDAYS[-26:], 1))
        begin, broken, other = WORKDAYS[-26] - DAY, WORKDAYS[-12], WORKDAYS[-13]
        read(sqlite_store, company.source, first=begin, last=begin, now=NOW - 40 * DAY)  # since when people are listed
        asked_before = len(company.requests())
        assert 0 == read(sqlite_store, company.source, first=other, last=other)
        questions = len(company.requests()) - asked_before
        assert 0 == read(sqlite_store, company.source, first=begin, last=other)
        assert 0 == read(sqlite_store, company.source, first=broken + DAY)

        company.break_next(*[Trouble.NONE] * (questions - 1), Trouble.NO_JSON)
        assert 1 == read(sqlite_store, company.source, first=broken, last=broken)
        assert [SILENT] == verdicts(sqlite_store, IDLE)
        assert 0 == read(sqlite_store, company.source, first=broken, last=broken)
        assert [A_TRUE_ZERO] == verdicts(sqlite_store, IDLE)


def staff_of(store: Store, company: Company) -> None:
    """Everybody whom the story knows, the stranger too, with a seat of the tool that this kind tells about."""
    connector = catalogue.CONNECTORS[company.source.kind]
    assert isinstance(connector, UsageConnector)
    assert connector.proof is not Proof.NOBODY
    tool = connector.tools[0]
    for number in (*PEOPLE, STRANGER):
        ids = {} if number == STRANGER else {"github_login": login(number)}
        staff(store, address(number), tool=tool, litellm_user_id=f"u-{number}", **ids)


def test_every_kind_that_proves_a_zero_is_tried() -> None:
    """The list above is all of them."""
    usage = [one for one in catalogue.CONNECTORS.values() if isinstance(one, UsageConnector)]
    assert set(PROVING) == {one.kind for one in usage if one.proof is not Proof.NOBODY}
