"""Anthropic's messages and cost reports against the strict stand-in: sums, credits, whose key it is, faults."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.roster import Member
from bot.domain.usage import Counters, CoverageStatus, UsageRow
from bot.errors import SourceError
from bot.settings import SourceConfig
from bot.sources.anthropic_messages import CONNECTOR, COST_PATH, USAGE_PATH
from bot.sources.shape import Proof, SourceDay
from bot.sources.standins.anthropic import ADMIN_KEY, ENTERPRISE_KEY, Fault, user, user_id
from bot.sources.standins.anthropic_messages import AnthropicMessagesStandIn, api_key, cost, result
from bot.sources.standins.server import Trouble
from tests.sources.reading import PASSING_ON_PAGES, read_day, read_members, total

DAY = date(2026, 2, 25)
END_OF_DAY = datetime(2026, 2, 26, tzinfo=UTC)
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def running() -> Iterator[AnthropicMessagesStandIn]:
    with AnthropicMessagesStandIn() as server:
        yield server


@pytest.fixture
def stand_in(running: AnthropicMessagesStandIn) -> AnthropicMessagesStandIn:
    """The stand-in with ten accounts on DAY, and what the day cost."""
    running.requests.clear()
    running.users.clear()
    running.keys.clear()
    running.leave_out_buckets = False
    running.hold(DAY, [busy(number) for number in range(10)], [cost("1543.2100"), cost("0.79"), cost("-44")])
    return running


def busy(number: int) -> dict[str, Any]:
    """What account `number` used."""
    return result(
        account=user_id(number), uncached=100 + number, cache_read=1000, written_5m=number, written_1h=5, output=10
    )


def read(
    stand_in: AnthropicMessagesStandIn, *, now: datetime = NOW, waits: list[float] | None = None, key: str = ADMIN_KEY
) -> SourceDay:
    """DAY as the product reads it: with the client that the settings make."""
    return read_day(SourceConfig("anthropic_messages", "messages", stand_in.base_url, key), DAY, now=now, waits=waits)


def members(stand_in: AnthropicMessagesStandIn) -> list[Member]:
    return read_members(SourceConfig("anthropic_messages", "messages", stand_in.base_url, ADMIN_KEY), now=NOW)


def test_all_pages_add_up_to_what_the_server_holds(stand_in: AnthropicMessagesStandIn) -> None:
    """Ten accounts over three pages and more: no token lost or doubled, and no cost or request made up."""
    found = read(stand_in)

    assert sum(USAGE_PATH == request.path for request in stand_in.requests) >= 3
    assert (CoverageStatus.COVERED, None) == (found.status, found.reason)
    assert Counters(
        input_tokens=1000 + 45,
        cache_read_tokens=10_000,
        cache_write_tokens=45 + 50,
        output_tokens=100,
    ) == total(found.rows)
    assert {("anthropic_api", "claude-sonnet-5-5", None)} == {(row.tool, row.model, row.priced) for row in found.rows}


def test_bill_of_the_day_has_its_credits_taken_off(stand_in: AnthropicMessagesStandIn) -> None:
    """Fractional cents add up to micro-dollars; an amount below zero is a credit; a bill may be below zero."""
    assert 15_000_000 == read(stand_in).billed_microusd
    stand_in.hold(DAY, [], [cost("-100.5")])
    assert -1_005_000 == read(stand_in).billed_microusd


def test_bill_that_is_not_known_is_not_zero(stand_in: AnthropicMessagesStandIn) -> None:
    """An empty bucket of costs says 0; money that is not in dollars, or no amount, makes the bill unknown."""
    stand_in.hold(DAY, [], [])
    assert SourceDay(DAY, (), CoverageStatus.COVERED, None, 0) == read(stand_in)
    for odd in (cost("5", currency="EUR"), {"currency": "USD"}):
        stand_in.hold(DAY, [], [cost("5"), odd])
        assert read(stand_in).billed_microusd is None


@pytest.mark.parametrize(
    ("whose", "subject"),
    [
        ({"account": user_id(1)}, f"anthropic:{user_id(1)}"),
        ({"account": user_id(1), "key": "apikey_1"}, f"anthropic:{user_id(1)}"),
        ({"key": "apikey_1"}, "api_key_id:apikey_1"),
        ({"service_account": "svac_1"}, "other:svac_1"),
        ({}, "other:no key"),
    ],
)
def test_account_key_or_nobody(stand_in: AnthropicMessagesStandIn, whose: dict[str, str], subject: str) -> None:
    """Who logged in is named first, then the key; the Console's playground has neither and is kept."""
    stand_in.hold(DAY, [result(**whose, uncached=1)])  # type: ignore[arg-type]
    assert [subject] == [row.subject for row in read(stand_in).rows]


def test_what_is_not_said_is_unknown_not_zero(stand_in: AnthropicMessagesStandIn) -> None:
    """Without cache figures these are None; without a model it is unknown; without any figure there is no row."""
    stand_in.hold(DAY, [result(key="apikey_1", model=None, uncached=5, output=0), result(key="apikey_2")])
    expected = UsageRow(
        "api_key_id:apikey_1", DAY, "anthropic_api", "unknown", Counters(input_tokens=5, output_tokens=0)
    )
    assert (expected,) == read(stand_in).rows


@pytest.mark.parametrize(
    ("age", "status"),
    [(timedelta(days=3), CoverageStatus.COVERED), (timedelta(days=3, seconds=-1), CoverageStatus.PENDING)],
)
def test_day_is_final_three_days_after_its_end(
    stand_in: AnthropicMessagesStandIn, age: timedelta, status: CoverageStatus
) -> None:
    """Until then it may be revised; its rows are kept, and it is read once more when it is final."""
    found = read(stand_in, now=END_OF_DAY + age)
    assert (status, 10) == (found.status, len(found.rows))
    assert CONNECTOR.repull_days > CONNECTOR.lag_days


def test_silence_of_an_api_proves_nothing() -> None:
    """Few people are meant to call an API: nobody is called idle for not doing so."""
    assert Proof.NOBODY is CONNECTOR.proof


def test_missing_bucket_is_not_an_empty_one(stand_in: AnthropicMessagesStandIn) -> None:
    """A day without use has an empty bucket; an answer without the day's bucket raises."""
    stand_in.leave_out_buckets = True
    with pytest.raises(SourceError, match="the day is missing"):
        read(stand_in)


def test_revised_day_is_read_as_it_is_now(stand_in: AnthropicMessagesStandIn) -> None:
    """A later reading has what came late and has not what was taken back."""
    read(stand_in)
    stand_in.hold(DAY, [busy(3)], [cost("1")])
    found = read(stand_in)
    assert [f"anthropic:{user_id(3)}"] == [row.subject for row in found.rows]
    assert 10_000 == found.billed_microusd


@pytest.mark.parametrize("trouble", PASSING_ON_PAGES)
def test_passing_trouble_changes_nothing(stand_in: AnthropicMessagesStandIn, trouble: Trouble) -> None:
    """After a trouble that passes, the day is the same as without it: no row twice, none missing."""
    expected = read(stand_in)
    stand_in.break_next(Trouble.NONE, trouble)
    assert expected == read(stand_in)


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
@pytest.mark.parametrize(("good_answers", "path"), [(0, USAGE_PATH), (1, COST_PATH)])
def test_half_a_day_is_never_a_day(fault: Fault, permanent: bool, good_answers: int, path: str) -> None:
    """In the usage or the cost report: what is not whole raises, and is not asked for for ever."""
    with AnthropicMessagesStandIn() as own:
        own.hold(DAY, [busy(1)], [cost("5")])
        own.break_next(*[Fault.NONE] * good_answers, fault)
        waits: list[float] = []
        with pytest.raises(SourceError) as caught:
            read(own, waits=waits)
        assert (permanent, []) == (caught.value.permanent, waits)
        assert path == own.requests[-1].path
        assert len(own.requests) <= 4


def test_enterprise_key_is_refused_for_good(stand_in: AnthropicMessagesStandIn) -> None:
    """The key of the other organisation does not open this report: one question, one error."""
    with pytest.raises(SourceError) as caught:
        read(stand_in, key=ENTERPRISE_KEY)
    assert (True, 403, 1) == (caught.value.permanent, caught.value.http_status, len(stand_in.requests))


@pytest.mark.parametrize(
    "broken",
    [
        {"uncached_input_tokens": "many"},
        {"output_tokens": -1},
        {"cache_creation": {"ephemeral_5m_input_tokens": True}},
        {"account_id": 7},
    ],
)
def test_garbled_result_spoils_the_day(broken: dict[str, Any]) -> None:
    """A result that cannot be read raises without its content."""
    with AnthropicMessagesStandIn() as own:
        own.hold(DAY, [busy(1)])
        own.odd = broken
        with pytest.raises(SourceError, match="cannot be read"):
            read(own)


def test_garbled_amount_spoils_the_day(stand_in: AnthropicMessagesStandIn) -> None:
    """Money that is no number is not left out of a sum."""
    stand_in.hold(DAY, [], [cost("5"), cost("lots")])
    with pytest.raises(SourceError, match="amount"):
        read(stand_in)


def test_key_belongs_to_its_principal_not_to_its_maker(stand_in: AnthropicMessagesStandIn) -> None:
    """Both spellings of a principal tie a key to a person; who made it, or a machine, ties it to nobody."""
    stand_in.users.append(user(1, "Ada.Moreau@lantern.example"))
    stand_in.keys.extend(
        [
            api_key(1, principal={"type": "user", "id": user_id(1)}),
            api_key(2, principal={"type": "user_actor", "user_id": user_id(1)}),
            api_key(3, principal=None, created_by={"type": "user", "id": user_id(1)}),
            api_key(4, principal={"type": "service_account", "id": "svac_1"}),
            api_key(5, principal={"type": "user", "id": user_id(99)}),
        ]
    )
    address = "ada.moreau@lantern.example"
    assert [
        Member(f"anthropic:{user_id(1)}", address, since=date(2026, 2, 3)),
        Member("api_key_id:apikey_01STANDIN1", address),
        Member("api_key_id:apikey_01STANDIN2", address),
        Member("api_key_id:apikey_01STANDIN5", None),
    ] == members(stand_in)


def test_key_is_in_the_header_alone(stand_in: AnthropicMessagesStandIn, caplog: pytest.LogCaptureFixture) -> None:
    """No query and no log line holds the key; one bucket of one day is asked for, lists with []."""
    caplog.set_level("DEBUG")
    read(stand_in)
    for request in stand_in.requests:
        assert ADMIN_KEY == request.headers["x-api-key"]
        assert ADMIN_KEY not in str(request.query)
    day = {"starting_at": "2026-02-25T00:00:00Z", "ending_at": "2026-02-26T00:00:00Z"}
    first, last = stand_in.requests[0], next(one for one in stand_in.requests if one.path == COST_PATH)
    assert {**day, "bucket_width": "1d", "limit": "1", "group_by[]": "model"} == first.fields
    assert ["account_id", "api_key_id", "service_account_id", "model"] == first.all_of("group_by[]")
    assert {**day, "bucket_width": "1d", "limit": "1"} == last.fields
    assert ADMIN_KEY not in caplog.text


tokens = st.fixed_dictionaries(
    {}, optional={kind: st.integers(0, 10**9) for kind in ("uncached", "cache_read", "written_5m", "output")}
)
held_results = st.lists(
    st.tuples(st.sampled_from([None, user_id(1), user_id(2)]), st.sampled_from(["apikey_1", None]), tokens),
    max_size=10,
)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(held_results, st.lists(st.integers(-(10**9), 10**9), max_size=5))
def test_any_day_adds_up(
    stand_in: AnthropicMessagesStandIn,
    held: list[tuple[str | None, str | None, dict[str, int]]],
    millicents: list[int],
) -> None:
    """Whatever was used and charged: each token once, and the bill to the micro-dollar."""
    results = [result(account=account, key=key, **counts) for account, key, counts in held]  # type: ignore[arg-type]
    stand_in.hold(DAY, results, [cost(f"{amount / 1000:.3f}") for amount in millicents])
    found = read(stand_in)
    summed = total(found.rows)

    assert sum(counts.get("uncached", 0) for *_, counts in held) == (summed.input_tokens or 0)
    assert sum(counts.get("cache_read", 0) for *_, counts in held) == (summed.cache_read_tokens or 0)
    assert sum(counts.get("written_5m", 0) for *_, counts in held) == (summed.cache_write_tokens or 0)
    assert sum(counts.get("output", 0) for *_, counts in held) == (summed.output_tokens or 0)
    assert 10 * sum(millicents) == found.billed_microusd
