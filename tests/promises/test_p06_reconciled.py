"""P6, every dollar once: what is in rows and the gap that is shown add up to the bill, and several sources that saw the
same requests count once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot import source_checks
from bot.domain.people import IdentitySource
from bot.domain.roster import PersonRecord
from bot.settings import SourceConfig
from bot.sources.otlp.answers import Signal
from bot.sources.prices import GenaiPrices
from bot.sources.standins import (
    anthropic,
    anthropic_analytics,
    anthropic_messages,
    claude_code,
    copilot,
    litellm,
    openai_api,
    otlp_client,
)
from bot.store import billing, identities, people, rights, windows
from bot.store.database import Store
from bot.store.tables import UsageDayRow
from jobs.collect import collect
from jobs.import_report import Kind
from jobs.receive import receive
from tests import files
from tests.sources.contract import NOW, TODAY

DAY = timedelta(days=1)
DAYS = [TODAY - age * DAY for age in (3, 4, 5)]
"""Lately, for telemetry that is older than a week is not taken."""
PRICES = GenaiPrices()
REAL, UNKNOWN = "claude-sonnet-4-5", "lantern-1"
"""A model with a list price, and one without."""
MICROUSD = 1_000_000

Billing = Callable[[int], AbstractContextManager[tuple[SourceConfig, int]]]


def address(number: int) -> str:
    return f"p{number}@lantern.example"


def hire(store: Store, count: int) -> dict[str, int]:
    emails = [address(number) for number in range(count)]
    with store.begin() as session:
        people.save_people(session, records=[PersonRecord(email) for email in emails], now=NOW - 300 * DAY)
        return identities.resolve(session, source=IdentitySource.EMAIL, ids=emails)


def read(store: Store, *sources: SourceConfig) -> None:
    found = collect(
        store,
        sources=sources,
        slack_members=None,
        now=NOW,
        prices=PRICES,
        wait=lambda _seconds: None,
        span=(DAYS[-1], DAYS[0]),
    )
    assert 0 == found["sources_failed"]


# ---------------------------------------------------------------- bills
# Each source is told what `count` people cost on each day, and bills some more that is nobody's. It yields what it
# bills in all, reckoned here.


@contextmanager
def analytics(count: int) -> Iterator[tuple[SourceConfig, int]]:
    """Anthropic's analytics: the cost report without groups is the bill; a key's part of it has no person."""
    with anthropic_analytics.AnthropicAnalyticsStandIn() as server:
        server.refreshed_at = NOW.isoformat()
        server.users += [anthropic.user(number, address(number)) for number in range(count)]
        actors = [anthropic_analytics.by_user(anthropic.user_id(n), address(n)) for n in range(count)]
        key = {"type": "api_actor", "api_key_id": "apikey_1"}
        uses = [anthropic_analytics.Use(actor=one, uncached=9, cents="123.456789") for one in [*actors, key]]
        for day in DAYS:
            server.hold(day, uses)
        billed = round(len(uses) * Decimal("123.456789") * 10_000) * len(DAYS)  # rounded once; each row is, by itself
        yield SourceConfig("anthropic", "source", server.base_url, anthropic.ADMIN_KEY), billed


@contextmanager
def messages(count: int) -> Iterator[tuple[SourceConfig, int]]:
    """The messages report names no price for a person: rows are estimates, and the bill has a credit in it."""
    with anthropic_messages.AnthropicMessagesStandIn() as server:
        server.users += [anthropic.user(number, address(number)) for number in range(count)]
        ids = [anthropic.user_id(number) for number in range(count)]
        for day in DAYS:
            results = [anthropic_messages.result(account=one, model=REAL, uncached=10**6, output=10**5) for one in ids]
            server.hold(day, results, [anthropic_messages.cost("3000.25"), anthropic_messages.cost("-200.25")])
        yield SourceConfig("anthropic_messages", "source", server.base_url, anthropic.ADMIN_KEY), 28 * MICROUSD * 3


@contextmanager
def copilot_bill(count: int) -> Iterator[tuple[SourceConfig, int]]:
    """GitHub bills people who stand in no report as well: their part is in no row."""
    with copilot.CopilotStandIn() as server:
        server.hold_seats([copilot.seat(f"p{n}", n + 1) for n in range(count)])
        server.hold_addresses([copilot.identity(address(n), f"p{n}") for n in range(count)])
        for day in DAYS:
            server.hold(day, [copilot.person(day, n + 1, f"p{n}", prompts=2) for n in range(count)])
            server.hold_bill(day, {**{f"p{n}": "1.25" for n in range(count)}, "nobody-here": "4.75"})
        billed = len(DAYS) * (count * 1_250_000 + 4_750_000)
        yield SourceConfig("copilot", "source", server.base_url, copilot.TOKEN, account="orgs/acme"), billed


@contextmanager
def openai_bill(count: int) -> Iterator[tuple[SourceConfig, int]]:
    """OpenAI's costs come as a whole, in dollars, now as a number and now as a text."""
    with openai_api.OpenAIStandIn() as server:
        server.hold_users([openai_api.user(f"user-{n}", address(n)) for n in range(count)])
        for day in DAYS:
            used = [openai_api.usage(f"user-{n}", "gpt-5", input=10**6, output=10**5) for n in range(count)]
            server.hold_usage(day, used)
            server.hold_costs(day, 12.5, "7.250001")
        yield SourceConfig("openai", "source", server.base_url, openai_api.ADMIN_KEY), len(DAYS) * 19_750_001


BILLING = (analytics, messages, copilot_bill, openai_bill)


@pytest.mark.parametrize("source", BILLING)
def test_rows_and_gap_are_the_bill(store: Store, source: Billing) -> None:
    """To the micro-dollar, whatever a source says apart from its rows."""
    hire(store, 5)
    with source(5) as (config, billed):
        read(store, config)
    with store.read() as session:
        in_rows = int(session.scalar(select(func.sum(UsageDayRow.cost_microusd))) or 0)
        [found] = billing.reconcile(session, first=DAYS[-1], last=DAYS[0])
    assert billed == found.billed_microusd
    assert in_rows == found.in_rows_microusd > 0
    assert billed == in_rows + found.gap_microusd
    assert (len(DAYS), 5) == (found.days, found.people)


@pytest.mark.parametrize(("count", "lines"), [(5, 1), (4, 0)])
def test_doctor_shows_the_gap_of_a_crowd_only(store: Store, count: int, lines: int) -> None:
    """The line names the source and the gap; of fewer than five people there is none, not even as a sum (P10)."""
    hire(store, count)
    with copilot_bill(count) as (config, billed):
        read(store, config)
    said = [check for check in source_checks.of_data(store, NOW) if check.name.startswith("bill of")]
    assert lines == len(said)
    for check in said:
        percent = 100 * len(DAYS) * 4_750_000 / billed
        assert not check.ok
        assert f"{percent:+.1f} % (+14 dollars)" in check.finding
        assert "lantern.example" not in check.finding


def test_doctor_does_not_tell_what_somebody_left_out_costs(store: Store) -> None:
    """The part of the bill that is in no row would be theirs: as long as anybody is left out there is no comparison."""
    hire(store, 6)
    with store.begin() as session:
        rights.leave_out_address(session, email="left.out@lantern.example")
    with copilot_bill(6) as (config, _billed):
        read(store, config)
    said = [check.finding for check in source_checks.of_data(store, NOW) if check.name.startswith("bill")]

    assert ["not compared with the rows, for somebody is left out of these"] == said


# ---------------------------------------------------------------- the same requests, seen several times


def console_day(server: claude_code.ClaudeCodeStandIn, day: date, tokens: dict[str, int], cents: float = 100) -> None:
    server.hold(
        day,
        [
            claude_code.entry(day, email=email, models={UNKNOWN: {"input": count, "output": 0, "cents": cents}})
            for email, count in tokens.items()
        ],
    )


def gateway_day(server: litellm.LiteLLMStandIn, day: date, tokens: dict[str, int], spend: float = 2.0) -> None:
    """Traffic whose log says that all of it was Claude Code's."""
    rows = [litellm.Traffic(who, UNKNOWN, litellm.metrics(n, 0, requests=1, spend=spend)) for who, n in tokens.items()]
    server.hold(day, rows, [litellm.Logged(who, UNKNOWN, "claude-cli/2.0 (external)") for who in tokens])


def push(store: Store, day: date, email: str, tokens: int) -> None:
    at = datetime.combine(day, time(12), NOW.tzinfo)
    told = {"session.id": f"s-{day}", "type": "input", "model": UNKNOWN, "user.email": email}
    point = otlp_client.point(tokens, at, started=at - timedelta(minutes=5), attributes=told)
    document = otlp_client.metrics("claude-code", [("claude_code.token.usage", otlp_client.counter(point))])
    body = otlp_client.encoded("metrics", document, as_json=False)
    receive(store, signal=Signal.METRICS, body=body, as_json=False, now=NOW, prices=PRICES)


@contextmanager
def console_and_gateway(people_count: int) -> Iterator[tuple[claude_code.ClaudeCodeStandIn, litellm.LiteLLMStandIn]]:
    with claude_code.ClaudeCodeStandIn() as console, litellm.LiteLLMStandIn() as gateway:
        gateway.hold_users([litellm.user(f"u-{n}", address(n)) for n in range(people_count)])
        yield console, gateway


def sources_of(console: claude_code.ClaudeCodeStandIn, gateway: litellm.LiteLLMStandIn) -> list[SourceConfig]:
    return [
        SourceConfig("claude_code", "console", console.base_url, claude_code.ADMIN_KEY),
        SourceConfig("litellm", "gateway", gateway.base_url, litellm.ADMIN_KEY),
    ]


def test_seen_four_times_and_counted_once(store: Store, tmp_path: Path) -> None:
    """The vendor's report speaks first, then the gateway, the machine, the file; each day tells by its figure which of
    them did. Activity counts from all.
    """
    [person] = hire(store, 1).values()
    four_days = [*DAYS, DAYS[-1] - DAY]
    with console_and_gateway(1) as (console, gateway):
        console_day(console, four_days[0], {address(0): 1_000})
        for day in four_days[:2]:
            gateway_day(gateway, day, {"u-0": 2_000})
        read(store, *sources_of(console, gateway))
    for day in four_days[:3]:
        push(store, day, address(0), 4_000)
    lines = "".join(f"{address(0)},{day},claude_code,{UNKNOWN},8000,8\n" for day in four_days)
    path = files.write(tmp_path, f"email,day,tool,model,input_tokens,cost_usd\n{lines}")
    files.bring_in(store, Kind.USAGE, path)

    with store.read() as session:
        assert 4 == session.scalar(select(func.count(UsageDayRow.source.distinct())))
        window = windows.load(session, person_ids=[person], last_day=TODAY - DAY)[person]
    assert 1_000 + 2_000 + 4_000 + 8_000 == sum(week.counters.input_tokens or 0 for week in window.weeks)
    # What a machine tells of a model without a list price costs nobody knows what.
    assert (1 + 2 + 8) * MICROUSD == sum(week.counters.cost_microusd or 0 for week in window.weeks)
    assert set(four_days) == window.active_days("claude_code")


@pytest.mark.parametrize(("count", "share", "lines"), [(5, 70, 1), (5, 80, 0), (4, 10, 0)])
def test_sources_that_disagree_are_found(store: Store, count: int, share: int, lines: int) -> None:
    """More than 25 % apart on the same days of the same five people is said, with nobody's name or figure."""
    hire(store, count)
    with console_and_gateway(count) as (console, gateway):
        for day in DAYS:
            console_day(console, day, {address(n): 100_000 for n in range(count)})
            gateway_day(gateway, day, {f"u-{n}": 1_000 * share for n in range(count)})
        read(store, *sources_of(console, gateway))
    said = [check for check in source_checks.of_data(store, NOW) if check.name == "console and gateway, claude_code"]
    assert lines == len(said)
    for check in said:
        assert (False, "30 % apart") == (check.ok, check.finding[:10])
        assert "console is the one that counts" in check.finding
