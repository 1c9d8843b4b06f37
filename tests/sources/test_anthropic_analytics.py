"""Anthropic's usage and cost analytics against the strict stand-in: sums, money, faults, and when a day is final."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.roster import Member
from bot.domain.usage import Counters, CoverageStatus, UsageRow
from bot.errors import SourceError
from bot.settings import SourceConfig
from bot.sources.anthropic_analytics import COST_PATH, USAGE_PATH
from bot.sources.shape import SourceDay
from bot.sources.standins.anthropic import ADMIN_KEY, ENTERPRISE_KEY, USERS_PATH, Fault, user, user_id
from bot.sources.standins.anthropic_analytics import AnthropicAnalyticsStandIn, Use, by_user
from bot.sources.standins.server import Trouble
from tests.sources.reading import LOST_CURSORS, PASSING_ON_PAGES, read_day, read_members, total

DAY = date(2026, 2, 25)
END_OF_DAY = datetime(2026, 2, 26, tzinfo=UTC)
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
ADA = by_user(user_id(1), "ada.moreau@lantern.example")
ADA_SUBJECT = f"anthropic:{user_id(1)}"


@pytest.fixture(scope="module")
def running() -> Iterator[AnthropicAnalyticsStandIn]:
    with AnthropicAnalyticsStandIn() as server:
        yield server


@pytest.fixture
def stand_in(running: AnthropicAnalyticsStandIn) -> AnthropicAnalyticsStandIn:
    """The stand-in with ten people on DAY, each with two models."""
    running.requests.clear()
    running.users.clear()
    running.refreshed_at = "2026-03-02T08:00:00Z"
    running.hold(DAY, [use for number in range(10) for use in busy(number)])
    return running


def busy(number: int) -> list[Use]:
    """What person `number` used."""
    whose = by_user(user_id(number), f"p{number}@lantern.example")
    big = Use(
        whose,
        requests=10 + number,
        uncached=100 + number,
        cache_read=1000,
        written_5m=number,
        written_1h=5,
        output=10,
        cents="12.5",
    )
    return [big, replace(big, model="claude-haiku-5-5", product="chat", cents="0.500000")]


def read(
    stand_in: AnthropicAnalyticsStandIn, *, now: datetime = NOW, waits: list[float] | None = None, key: str = ADMIN_KEY
) -> SourceDay:
    """DAY as the product reads it: with the client that the settings make."""
    return read_day(SourceConfig("anthropic", "anthropic", stand_in.base_url, key), DAY, now=now, waits=waits)


def members(stand_in: AnthropicAnalyticsStandIn) -> list[Member]:
    return read_members(SourceConfig("anthropic", "anthropic", stand_in.base_url, ENTERPRISE_KEY), now=NOW)


def only_row(stand_in: AnthropicAnalyticsStandIn, use: Use) -> UsageRow:
    """What becomes of a day with nothing but `use`."""
    stand_in.hold(DAY, [use])
    [row] = read(stand_in).rows
    return row


@pytest.mark.parametrize("key", [ADMIN_KEY, ENTERPRISE_KEY])
def test_all_pages_add_up_to_what_the_server_holds(stand_in: AnthropicAnalyticsStandIn, key: str) -> None:
    """Ten people over three pages and more of each report, with either key: no token, request or cent is lost."""
    found = read(stand_in, key=key)

    pages_of = {path: sum(path == request.path for request in stand_in.requests) for path in (USAGE_PATH, COST_PATH)}
    assert pages_of[USAGE_PATH] >= 3
    assert pages_of[COST_PATH] >= 4
    assert (CoverageStatus.COVERED, None) == (found.status, found.reason)
    assert Counters(
        requests=2 * (100 + 45),
        input_tokens=2 * (1000 + 45),
        cache_read_tokens=20_000,
        cache_write_tokens=2 * (45 + 50),
        output_tokens=200,
        cost_microusd=10 * 130_000,
        fast_requests=0,
        long_context_requests=0,
    ) == total(found.rows)
    assert 1_300_000 == found.billed_microusd


def test_cost_stands_with_the_tokens_it_paid_for(stand_in: AnthropicAnalyticsStandIn) -> None:
    """Two answers become one row: were the cost apart, the tokens would be priced a second time."""
    use = Use(ADA, requests=214, uncached=182_400, cache_read=4_210_000, written_5m=310_000, output=61_200)
    expected = UsageRow(
        ADA_SUBJECT,
        DAY,
        "claude_code",
        "claude-opus-5-5",
        Counters(
            requests=214,
            input_tokens=182_400,
            cache_read_tokens=4_210_000,
            cache_write_tokens=310_000,
            output_tokens=61_200,
            cost_microusd=4_345_600,
            fast_requests=0,
            long_context_requests=0,
        ),
        "reported",
    )
    assert expected == only_row(stand_in, replace(use, cents="434.560000"))


def test_speeds_and_windows_are_one_row_with_their_parts_counted(stand_in: AnthropicAnalyticsStandIn) -> None:
    """Fast and long-context use adds up with the rest, and is counted as a part of the requests."""
    slow = Use(ADA, requests=100, output=1, cents="100")
    stand_in.hold(
        DAY,
        [
            slow,
            replace(slow, speed="fast", requests=7),
            replace(slow, context_window="200k-1M", requests=5),
            replace(slow, speed="fast", context_window="1M-4M", requests=2, cents=None),
        ],
    )
    found = read(stand_in)
    parts = Counters(
        requests=114,
        output_tokens=4,
        cost_microusd=3_000_000,
        fast_requests=9,
        long_context_requests=7,
    )
    assert [parts] == [row.counters for row in found.rows]
    assert 3_000_000 == found.billed_microusd


def test_what_is_not_said_is_unknown_not_zero(stand_in: AnthropicAnalyticsStandIn) -> None:
    """Without requests, cost, cache figures, speed or window these are None, and the row has no price."""
    bare = Use(ADA, speed=None, context_window=None, uncached=5, output=0)
    row = only_row(stand_in, bare)
    assert (Counters(input_tokens=5, output_tokens=0), None) == (row.counters, row.priced)
    assert Counters(requests=3) == only_row(stand_in, replace(bare, uncached=None, output=None, requests=3)).counters
    fast_but_uncounted = replace(bare, speed="fast", context_window="200k-1M")
    assert Counters(input_tokens=5, output_tokens=0) == only_row(stand_in, fast_but_uncounted).counters


def test_charge_of_nothing_is_not_a_missing_charge(stand_in: AnthropicAnalyticsStandIn) -> None:
    """A seat's included use costs 0 because the report says 0; a day without a cost row is billed nobody knows what."""
    free = only_row(stand_in, Use(ADA, requests=1, cents="0.000000"))
    assert (0, "reported") == (free.counters.cost_microusd, free.priced)
    assert 0 == read(stand_in).billed_microusd
    stand_in.hold(DAY, [Use(ADA, requests=1)])
    assert read(stand_in).billed_microusd is None


def test_cost_without_tokens_is_kept(stand_in: AnthropicAnalyticsStandIn) -> None:
    """A charge that belongs to no model (a search, a container) stays, so that the sum agrees with the bill."""
    stand_in.hold(DAY, [Use(ADA, model=None, cents="1")])
    found = read(stand_in)
    assert ["unknown"] == [row.model for row in found.rows]
    assert 10_000 == found.billed_microusd == total(found.rows).cost_microusd


def test_foreign_money_is_not_taken_for_dollars(stand_in: AnthropicAnalyticsStandIn) -> None:
    """A cost in another currency is unknown, and so is the day's total; tokens stay."""
    stand_in.hold(DAY, [Use(ADA, output=5, cents="100", currency="EUR"), Use(ADA, product="chat", cents="100")])
    found = read(stand_in)
    assert {"claude_code": None, "claude_chat": 1_000_000} == {
        row.tool: row.counters.cost_microusd for row in found.rows
    }
    assert found.billed_microusd is None


@pytest.mark.parametrize(
    ("product", "tool"),
    [
        ("claude_code", "claude_code"),
        ("chat", "claude_chat"),
        ("chat_cowork_unified", "claude_chat"),
        ("cowork", "claude_cowork"),
        ("office_agent", "claude_office"),
        ("messages_api", "anthropic_api"),
        ("message_batches_api", "anthropic_api"),
        ("claude_in_chrome", "other:claude_in_chrome"),
        ("invented_next_year", "other:invented_next_year"),
        (None, "other:unknown"),
    ],
)
def test_product_is_a_tool(stand_in: AnthropicAnalyticsStandIn, product: str | None, tool: str) -> None:
    """Known products have our names; one that appears later is kept under its own."""
    assert tool == only_row(stand_in, Use(ADA, product=product, output=1)).tool


@pytest.mark.parametrize(
    ("actor", "subject"),
    [
        (ADA, ADA_SUBJECT),
        (by_user(user_id(1), "ada.moreau@lantern.example", old_spelling=True), ADA_SUBJECT),
        (by_user(user_id(1), None, deleted=True), ADA_SUBJECT),
        ({"type": "api_actor", "api_key_id": "apikey_01CI"}, "api_key_id:apikey_01CI"),
        ({"type": "service_account_actor", "service_account_id": "svac_1"}, "other:svac_1"),
        ({"type": "federated_actor", "provider": "github", "subject": "repo:secret"}, "other:federated github"),
        ({"type": "robot_actor"}, "other:actor_type robot_actor"),
        (None, "other:actor_type unknown"),
    ],
)
def test_only_a_user_can_lead_to_a_person(
    stand_in: AnthropicAnalyticsStandIn, actor: dict[str, Any] | None, subject: str
) -> None:
    """Keys, machines and kinds of actors that we do not know are kept under names that are nobody's."""
    assert subject == only_row(stand_in, Use(actor, output=1)).subject


def test_service_account_is_headless(stand_in: AnthropicAnalyticsStandIn) -> None:
    """What a service account asks, no hand asked; of people the report does not say."""
    machine = {"type": "service_account_actor", "service_account_id": "svac_1"}
    assert 9 == only_row(stand_in, Use(machine, requests=9)).counters.headless_requests
    assert only_row(stand_in, Use(ADA, requests=9)).counters.headless_requests is None


@pytest.mark.parametrize(
    ("now", "refreshed_at", "status"),
    [
        (END_OF_DAY + timedelta(days=2), "2026-02-26T00:00:01Z", CoverageStatus.COVERED),
        (END_OF_DAY + timedelta(days=2), "2026-02-26T01:00:01+01:00", CoverageStatus.COVERED),
        (END_OF_DAY + timedelta(days=2), "2026-02-26T00:00:00Z", CoverageStatus.PENDING),
        (END_OF_DAY + timedelta(days=2, seconds=-1), "2026-02-27T20:00:00Z", CoverageStatus.PENDING),
        (END_OF_DAY + timedelta(days=20), "2026-02-25T23:00:00Z", CoverageStatus.PENDING),
        (END_OF_DAY + timedelta(days=20), None, CoverageStatus.PENDING),
    ],
)
def test_day_is_final_two_days_on_and_when_its_data_are_there(
    stand_in: AnthropicAnalyticsStandIn, now: datetime, refreshed_at: str | None, status: CoverageStatus
) -> None:
    """Both must hold; data that reach nobody knows how far finish no day. The rows are kept either way."""
    stand_in.refreshed_at = refreshed_at
    found = read(stand_in, now=now)
    assert (status, 20) == (found.status, len(found.rows))
    assert (status is CoverageStatus.COVERED) == (found.reason is None)


def test_revised_day_is_read_as_it_is_now(stand_in: AnthropicAnalyticsStandIn) -> None:
    """A later reading has what was added and has not what was taken back; an empty day is an empty day."""
    read(stand_in)
    stand_in.hold(DAY, busy(3)[:1])
    found = read(stand_in)
    assert [f"anthropic:{user_id(3)}"] == [row.subject for row in found.rows]
    assert 125_000 == found.billed_microusd
    stand_in.hold(DAY, [])
    assert SourceDay(DAY, (), CoverageStatus.COVERED) == read(stand_in)


@pytest.mark.parametrize("trouble", PASSING_ON_PAGES)
def test_passing_trouble_changes_nothing(stand_in: AnthropicAnalyticsStandIn, trouble: Trouble) -> None:
    """After a trouble that passes, the day is the same as without it: no row twice, none missing."""
    expected = read(stand_in)
    stand_in.break_next(Trouble.NONE, trouble)
    assert expected == read(stand_in)


def test_cursor_that_died_half_way_begins_its_report_anew(stand_in: AnthropicAnalyticsStandIn) -> None:
    """A refresh kills the cursor of the third page: the first is asked again, and nothing counts twice."""
    expected = read(stand_in)
    stand_in.requests.clear()
    stand_in.break_next(Trouble.NONE, Trouble.NONE, Trouble.GONE_CURSOR)
    assert expected == read(stand_in)
    without_cursor = [request for request in stand_in.requests if "page" not in request.fields]
    assert [USAGE_PATH, USAGE_PATH, COST_PATH, COST_PATH] == [request.path for request in without_cursor]


@pytest.mark.parametrize(
    ("fault", "permanent"),
    [
        (Fault.SPEND_LIMIT, True),
        (Fault.NO_DATA, False),
        (Fault.NO_END, False),
        (Fault.LOST_NEXT_PAGE, False),
        (Fault.SAME_CURSOR, False),
    ],
)
@pytest.mark.parametrize("good_answers", [0, 2])
def test_half_a_day_is_never_a_day(fault: Fault, permanent: bool, good_answers: int) -> None:
    """In the usage report or in the cost report behind it: what is not whole raises, and is not asked for for ever."""
    with AnthropicAnalyticsStandIn() as own:
        own.hold(DAY, busy(1))
        own.break_next(*[Fault.NONE] * good_answers, fault)
        waits: list[float] = []
        with pytest.raises(SourceError) as caught:
            read(own, waits=waits)
        assert (permanent, []) == (caught.value.permanent, waits)
        assert len(own.requests) <= 6


def test_other_key_is_refused_for_good(stand_in: AnthropicAnalyticsStandIn) -> None:
    """A wrong key is asked once, and the error tells neither it nor the body."""
    with pytest.raises(SourceError) as caught:
        read(stand_in, key="sk-ant-wrong")
    assert (True, 401, 1) == (caught.value.permanent, caught.value.http_status, len(stand_in.requests))
    assert "sk-ant" not in str(caught.value)


@pytest.mark.parametrize(
    "broken",
    [
        {"starting_at": "2026-02-24T00:00:00Z"},
        {"starting_at": None},
        {"usage": {"uncached_input_tokens": "many"}},
        {"usage": {"output_tokens": -1}},
        {"usage": {"requests": 1.5}},
        {"usage": ["ada.moreau@lantern.example"]},
        {"cost": {"amount": "-5", "currency": "USD"}},
        {"cost": {"amount": "lots", "currency": "USD"}},
        {"group": {"actor": "ada.moreau@lantern.example"}},
        {"group": {"actor": {"type": "user_actor", "email_address": "ada.moreau@lantern.example"}}},
        {"group": {"actor": ADA, "model": 5}},
    ],
)
def test_garbled_row_spoils_the_day(broken: dict[str, Any]) -> None:
    """A row that cannot be read raises without its content: guessing would make numbers up."""
    with AnthropicAnalyticsStandIn() as own:
        own.hold(DAY, busy(1))
        own.odd = broken
        with pytest.raises(SourceError) as caught:
            read(own)
    assert "cannot be read" in str(caught.value)
    assert "lantern" not in str(caught.value)


@pytest.mark.parametrize("refreshed_at", ["yesterday", "2026-13-01T00:00:00Z"])
def test_unreadable_reach_spoils_the_day(stand_in: AnthropicAnalyticsStandIn, refreshed_at: str) -> None:
    """How far the data reach decides whether a day is final: it is not guessed."""
    stand_in.refreshed_at = refreshed_at
    with pytest.raises(SourceError, match="data_refreshed_at"):
        read(stand_in)


def test_members_are_listed_by_the_id_of_their_rows(stand_in: AnthropicAnalyticsStandIn) -> None:
    """Everybody in the directory over all its pages, by the id that rows use; of them silence can prove something."""
    stand_in.users.extend(user(number, f"P{number}@Lantern.example") for number in range(10))
    found = members(stand_in)
    assert [
        Member(f"anthropic:{user_id(n)}", f"p{n}@lantern.example", covered=True, since=date(2026, 2, 3))
        for n in range(10)
    ] == found
    assert len(stand_in.requests) >= 3


@pytest.mark.parametrize("fault", [Fault.NO_DATA, Fault.NO_END, Fault.LOST_NEXT_PAGE, Fault.SAME_CURSOR])
def test_half_a_directory_is_none(fault: Fault) -> None:
    """Without its list or its end the directory raises: who is missing from it would be taken for gone."""
    with AnthropicAnalyticsStandIn() as own:
        own.users.extend(user(number, f"p{number}@lantern.example") for number in range(4))
        own.break_next(fault)
        with pytest.raises(SourceError):
            members(own)
        assert len(own.requests) <= 4


def test_key_is_in_the_header_alone(stand_in: AnthropicAnalyticsStandIn, caplog: pytest.LogCaptureFixture) -> None:
    """No query and no log line holds the key or an address; only documented parameters are sent, lists with []."""
    caplog.set_level("DEBUG")
    read(stand_in)
    for request in stand_in.requests:
        assert ADMIN_KEY == request.headers["x-api-key"]
        assert ADMIN_KEY not in str(request.query)
        assert request.headers["user-agent"].startswith("Kindling/")
    first = stand_in.requests[0]
    assert {
        "starting_at": "2026-02-25T00:00:00Z",
        "ending_at": "2026-02-26T00:00:00Z",
        "time_bucket_width": "1d",
        "group_by[]": "context_window",
        "order_by": "time",
        "order": "asc",
        "limit": "1000",
    } == first.fields
    assert ["actor", "model", "product", "speed", "context_window"] == first.all_of("group_by[]")
    assert ADMIN_KEY not in caplog.text
    assert "lantern.example" not in caplog.text


def test_directory_is_asked_in_the_largest_pages(stand_in: AnthropicAnalyticsStandIn) -> None:
    """An organisation of a hundred thousand is a hundred questions."""
    members(stand_in)
    assert [(USERS_PATH, {"limit": "1000"})] == [(request.path, request.fields) for request in stand_in.requests]


count = st.none() | st.integers(0, 10**9)
uses = st.lists(
    st.builds(
        Use,
        actor=st.sampled_from([ADA, by_user(user_id(2), None), {"type": "api_actor", "api_key_id": "apikey_1"}, None]),
        product=st.sampled_from(["claude_code", "chat", "new", None]),
        model=st.sampled_from(["claude-opus-5-5", "claude-haiku-5-5", None]),
        speed=st.sampled_from(["standard", "fast", None]),
        requests=count,
        uncached=count,
        written_5m=count,
        written_1h=count,
        output=count,
        cents=st.none() | st.decimals(0, 10**6, places=4).map(str),
    ),
    max_size=12,
)

passing = st.lists(st.sampled_from(PASSING_ON_PAGES), max_size=2, unique=True).filter(
    lambda troubles: not set(LOST_CURSORS) <= set(troubles)  # a report is begun anew once
)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(uses, passing)
def test_any_day_adds_up_through_any_passing_trouble(
    stand_in: AnthropicAnalyticsStandIn, held: list[Use], troubles: list[Trouble]
) -> None:
    """Whatever happened and whatever passes on the way: each token once, each micro-dollar once, each row once."""
    stand_in.hold(DAY, held)
    stand_in.break_next(*troubles)
    found = read(stand_in)
    stand_in.forget_troubles()
    summed = total(found.rows)

    assert sum(use.uncached or 0 for use in held) == (summed.input_tokens or 0)
    assert sum((use.written_5m or 0) + (use.written_1h or 0) for use in held) == (summed.cache_write_tokens or 0)
    assert sum(use.requests or 0 for use in held) == (summed.requests or 0)
    assert sum(use.requests or 0 for use in held if use.speed == "fast") == (summed.fast_requests or 0)
    microusd = sum((Decimal(use.cents or 0) for use in held), Decimal(0)) * 10_000
    assert microusd == (summed.cost_microusd or 0)
    assert microusd == (found.billed_microusd or 0)
    assert len(found.rows) == len({(row.subject, row.tool, row.model) for row in found.rows})
