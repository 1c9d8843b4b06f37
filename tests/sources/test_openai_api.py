"""OpenAI's usage, costs and directory against the strict stand-in: every documented fault survived or reported."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.roster import Member
from bot.domain.usage import Counters, CoverageStatus, UsageRow
from bot.domain.usage_sums import add_up
from bot.errors import SourceError
from bot.settings import SourceConfig
from bot.sources import catalogue
from bot.sources.openai_api import COSTS_PATH, USAGE_PATH
from bot.sources.shape import Proof, SourceDay
from bot.sources.standins.openai_api import ADMIN_KEY, PROJECT_KEY, OpenAIStandIn, api_key, usage, user
from bot.sources.standins.server import Trouble
from tests.sources.reading import PASSING_ON_PAGES, read_day, read_members, total

DAY = date(2026, 11, 18)
LATER = datetime(2026, 11, 30, 10, 0, tzinfo=UTC)
ADDED = date(2026, 1, 1)
JANE, SAM = "user-JaneParkOpenAI", "user-SamOrtizOpenAI"
SPLIT = {"input": 90_000, "input_uncached": 40_000, "input_cached": 40_000, "input_cache_write": 10_000}


@pytest.fixture(scope="module")
def running() -> Iterator[OpenAIStandIn]:
    with OpenAIStandIn(most_per_page=4) as server:
        yield server


@pytest.fixture
def stand_in(running: OpenAIStandIn) -> OpenAIStandIn:
    """The stand-in with ten people on DAY, the day before and the day after busy as well, and a bill."""
    running.requests.clear()
    running.forget_troubles()
    running.hold_users([])
    running.hold_keys({})
    for day in (DAY - timedelta(days=1), DAY, DAY + timedelta(days=1)):
        running.hold_usage(day, [busy(number) for number in range(10)])
        running.hold_costs(day, "12.5")
    return running


def busy(number: int) -> dict[str, Any]:
    return usage(f"user-{number}", "gpt-6.1-sol", key=f"key_{number}", requests=number, **SPLIT, output=12_000)


def read(
    stand_in: OpenAIStandIn, *, now: datetime = LATER, key: str = ADMIN_KEY, waits: list[float] | None = None
) -> SourceDay:
    """DAY as the product reads it: through the way that the settings open."""
    return read_day(
        SourceConfig(kind="openai", name="openai", base_url=stand_in.base_url, api_key=key), DAY, now=now, waits=waits
    )


def members(stand_in: OpenAIStandIn) -> list[Member]:
    return read_members(
        SourceConfig(kind="openai", name="openai", base_url=stand_in.base_url, api_key=ADMIN_KEY), now=LATER
    )


def test_all_pages_add_up_to_what_the_server_holds(stand_in: OpenAIStandIn) -> None:
    """Ten people over at least three pages, one short and one empty: not one token or request is lost or doubled."""
    found = read(stand_in)

    assert 3 <= len([request for request in stand_in.requests if request.path == USAGE_PATH])
    assert Counters(
        requests=sum(range(10)),
        input_tokens=400_000,
        cache_read_tokens=400_000,
        cache_write_tokens=100_000,
        output_tokens=120_000,
    ) == total(found.rows)
    assert (CoverageStatus.COVERED, None, 12_500_000) == (found.status, found.reason, found.billed_microusd)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from([None, JANE, SAM]),
            st.sampled_from([None, "key_one", "key_two"]),
            st.sampled_from([None, "gpt-6.1-sol", "gpt-6-luna"]),
            st.tuples(*[st.integers(0, 10**12)] * 4),
        ),
        max_size=12,
    )
)
def test_the_four_kinds_are_disjoint(
    stand_in: OpenAIStandIn, held: list[tuple[str | None, str | None, str | None, tuple[int, int, int, int]]]
) -> None:
    """Whatever is held, uncached, read and written add up to the vendor's whole input, for every user apart."""
    results = [
        usage(who, model, key=key, input=sum(parts[:3]), input_cached=parts[1], input_cache_write=parts[2], output=out)
        for who, key, model, parts in held
        for out in parts[3:]
    ]
    stand_in.hold_usage(DAY, results)
    found = read(stand_in).rows

    counted = total(found)
    parts = (counted.input_tokens, counted.cache_read_tokens, counted.cache_write_tokens)
    assert sum(result["input_tokens"] for result in results) == sum(part or 0 for part in parts)
    assert sum(result["output_tokens"] for result in results) == (counted.output_tokens or 0)
    janes = total(row for row in found if row.subject == f"openai:{JANE}")
    assert sum(result["output_tokens"] for result in results if result["user_id"] == JANE) == (janes.output_tokens or 0)


def test_rows_of_one_person_and_model_are_one_row(stand_in: OpenAIStandIn) -> None:
    """Two keys of Jane's are one day of hers; nothing is said of cost, for list prices to say."""
    stand_in.hold_usage(
        DAY,
        [
            usage(JANE, "gpt-6.1-sol", key="key_one", requests=3, **SPLIT, output=5),
            usage(JANE, "gpt-6.1-sol", key="key_two", requests=4, **SPLIT, output=6),
        ],
    )
    counters = Counters(
        requests=7, input_tokens=80_000, cache_read_tokens=80_000, cache_write_tokens=20_000, output_tokens=11
    )
    expected = UsageRow(f"openai:{JANE}", DAY, "openai_api", "gpt-6.1-sol", counters)
    assert [expected] == add_up(read(stand_in).rows)


def test_older_answers_leave_uncached_to_be_worked_out(stand_in: OpenAIStandIn) -> None:
    """Without the uncached part it is what the cache left over, and never below zero; parts not said stay unknown."""
    stand_in.hold_usage(
        DAY,
        [
            usage("a", "m", input=800, input_cached=300, output=90),
            usage("b", "m", input=800, input_cached=None, input_uncached=None, output=90),
            usage("c", "m", input=5, input_cached=9, output=0),
        ],
    )
    told = {
        row.subject: (row.counters.input_tokens, row.counters.cache_read_tokens, row.counters.cache_write_tokens)
        for row in read(stand_in).rows
    }
    assert {"openai:a": (500, 300, None), "openai:b": (800, None, None), "openai:c": (0, 9, None)} == told


@pytest.mark.parametrize(
    ("who", "key", "subject"),
    [
        (JANE, "key_one", f"openai:{JANE}"),
        (None, "key_one", "api_key_id:key_one"),
        (None, None, "other:openai_without_user_or_key"),
    ],
)
def test_whose_use_it_is(stand_in: OpenAIStandIn, who: str | None, key: str | None, subject: str) -> None:
    """A user by their id; without a user the key; with neither it is kept and nobody's."""
    stand_in.hold_usage(DAY, [usage(who, None, key=key, input=5, output=1)])
    assert [(subject, "unknown")] == [(row.subject, row.model) for row in read(stand_in).rows]


@pytest.mark.parametrize(
    ("amounts", "billed"),
    [
        (["0.3125"], 312_500),
        ([0.3125, "0.06"], 372_500),
        ([0.1, 0.2], 300_000),
        ([0], 0),
        (["1e-6"], 1),
        ([], None),
        ([None], None),
    ],
)
def test_bill_is_exact_in_either_spelling(stand_in: OpenAIStandIn, amounts: list[object], billed: int | None) -> None:
    """Numbers and texts become whole micro-dollars; a day of which nothing is said costs nobody knows what."""
    stand_in.hold_costs(DAY, *amounts)
    assert billed == read(stand_in).billed_microusd


def test_foreign_money_is_not_taken_for_dollars(stand_in: OpenAIStandIn) -> None:
    """A bill in another currency is unknown, and the use stays."""
    stand_in.hold_costs(DAY, "12.5", currency="eur")
    found = read(stand_in)
    assert (None, 10) == (found.billed_microusd, len(found.rows))


@pytest.mark.parametrize(
    ("age", "status"),
    [
        (timedelta(days=3), CoverageStatus.COVERED),
        (timedelta(days=3, seconds=-1), CoverageStatus.PENDING),
        (timedelta(hours=-10), CoverageStatus.PENDING),
    ],
)
def test_day_is_final_three_days_after_its_end(stand_in: OpenAIStandIn, age: timedelta, status: CoverageStatus) -> None:
    """Before that the day is pending with a reason, and its rows are kept."""
    found = read(stand_in, now=datetime(2026, 11, 19, tzinfo=UTC) + age)
    assert (status, 10) == (found.status, len(found.rows))
    assert (status is CoverageStatus.PENDING) == (found.reason is not None)


def test_revised_day_is_right_on_reading_again(stand_in: OpenAIStandIn) -> None:
    """What the vendor adds and takes back later is what the second reading says."""
    read(stand_in)
    stand_in.hold_usage(DAY, [busy(3)])
    stand_in.hold_costs(DAY, "0.5")
    again = read(stand_in)
    assert ([f"openai:user-{3}"], 500_000) == ([row.subject for row in again.rows], again.billed_microusd)


def test_empty_day_is_an_empty_day(stand_in: OpenAIStandIn) -> None:
    """A bucket without results is a day without use, and no bill is known."""
    stand_in.hold_usage(DAY, [])
    stand_in.hold_costs(DAY)
    assert SourceDay(DAY, (), CoverageStatus.COVERED) == read(stand_in)


@pytest.mark.parametrize("trouble", PASSING_ON_PAGES)
def test_passing_trouble_changes_nothing(stand_in: OpenAIStandIn, trouble: Trouble) -> None:
    """After trouble that passes, the day is the same as without it: no row twice, none missing."""
    expected = read(stand_in)
    stand_in.break_next(trouble)
    assert expected == read(stand_in)


def lost_end(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "has_more": True, "next_page": None, "last_id": None}


def without_end(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in ("has_more", "next_page")}


def without_list(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != "data"}


def another_day(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "data": [{**bucket, "start_time": bucket["start_time"] + 86_400} for bucket in body["data"]]}


def garbled(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "data": [{**bucket, "results": [usage(JANE, "m", input=-1)]} for bucket in body["data"]]}


@pytest.mark.parametrize("change", [lost_end, without_end, without_list, another_day, garbled])
def test_half_a_day_is_never_a_day(stand_in: OpenAIStandIn, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """An answer without its list, its end, its next page or its own day raises, and quotes nothing."""
    stand_in.spoil_next(change)
    with pytest.raises(SourceError) as caught:
        read(stand_in)
    assert "cannot be read" in str(caught.value)
    assert JANE not in str(caught.value)


def test_unread_costs_are_no_day_without_costs(stand_in: OpenAIStandIn) -> None:
    """A sign-in page instead of the second report is an error, though the first was read."""
    usage_pages = len([request for request in _asked(stand_in) if request == USAGE_PATH])
    stand_in.break_next(*[Trouble.NONE] * usage_pages, Trouble.NO_JSON)
    with pytest.raises(SourceError) as caught:
        read(stand_in)
    assert COSTS_PATH in str(caught.value)


def _asked(stand_in: OpenAIStandIn) -> list[str]:
    read(stand_in)
    return [request.path for request in stand_in.requests]


def test_server_that_goes_in_circles_is_stopped(stand_in: OpenAIStandIn) -> None:
    """The same cursor for ever ends in an error after a few requests."""
    with OpenAIStandIn() as own:
        own.hold_users([user(f"user-{number}", None) for number in range(9)])
        own.spoil_next(*[lambda body: {**body, "has_more": True, "last_id": "user-0"}] * 5)
        with pytest.raises(SourceError):
            members(own)
        assert len(own.requests) < 5


@pytest.mark.parametrize(("key", "status"), [("sk-wrong", 401), (PROJECT_KEY, 403)])
def test_wrong_key_is_told_at_once(stand_in: OpenAIStandIn, key: str, status: int) -> None:
    """A key that is unknown or lacks the scope is asked once; the vendor's words are not repeated."""
    waits: list[float] = []
    with pytest.raises(SourceError) as caught:
        read(stand_in, key=key, waits=waits)
    assert (True, status, 1, []) == (caught.value.permanent, caught.value.http_status, len(stand_in.requests), waits)
    assert "scope" not in str(caught.value)
    assert key not in str(caught.value)


def test_only_documented_parameters_are_sent(stand_in: OpenAIStandIn) -> None:
    """One day in seconds, costs never by user, cursors as they were given, the key in the header alone."""
    read(stand_in)
    day = [("start_time", "1794960000"), ("end_time", "1795046400"), ("bucket_width", "1d"), ("limit", "1")]
    groups = [("group_by[]", "user_id"), ("group_by[]", "api_key_id"), ("group_by[]", "model")]
    for request in stand_in.requests:
        query = [pair for pair in request.query if pair[0] != "page"]
        assert day + (groups if request.path == USAGE_PATH else []) == query
        assert f"Bearer {ADMIN_KEY}" == request.headers["authorization"]
        assert request.headers["user-agent"].startswith("Kindling/")
        assert ADMIN_KEY not in str(request.query)
    assert any({"+", "/", "="} <= set(request.fields.get("page", "")) for request in stand_in.requests)


def test_everybody_is_listed_and_no_machine(stand_in: OpenAIStandIn) -> None:
    """All pages of people, by the id that rows use; a service account, address or not, is nobody."""
    stand_in.hold_users(
        [
            *[user(f"user-{number}", f"P{number}@Lantern.example") for number in range(10)],
            user("user-svc", "nightly@lantern.example", is_service_account=True),
            user("user-new", None, user={"id": "user-new", "email": "new@lantern.example"}),
            user("user-bare", None, added_at=None),
        ]
    )
    known = {f"user-{number}": f"p{number}@lantern.example" for number in range(10)}
    known |= {"user-new": "new@lantern.example"}
    expected = [Member(f"openai:{name}", email, covered=True, since=ADDED) for name, email in known.items()]
    expected.append(Member("openai:user-bare", None, covered=True))

    assert expected == members(stand_in)
    assert 3 <= len([request for request in stand_in.requests if request.path.endswith("/users")])


def test_key_of_somebody_is_theirs(stand_in: OpenAIStandIn) -> None:
    """Of every project, also the hidden keys; a service account's key stays nobody's.

    A key says of coverage what its owner's account says, which is nothing for somebody who is listed no more.
    """
    stand_in.hold_users([user(JANE, "Jane@lantern.example")])
    by_somebody = api_key("key_bot", email="maker@lantern.example")
    by_somebody["owner"]["type"] = "service_account"
    mine = [api_key(f"key_{number}", email="Old@lantern.example", holder=JANE) for number in range(4)]
    stand_in.hold_keys(
        {
            "proj_one": [*mine, api_key("key_ci", email=None), by_somebody],
            "proj_two": [],
            "proj_three": [api_key("key_left", email="Left@lantern.example", access="removed")],
        }
    )
    jane = "jane@lantern.example"
    expected = [Member(f"openai:{JANE}", jane, covered=True, since=ADDED)]
    expected += [Member(f"api_key_id:key_{number}", jane, covered=True, since=ADDED) for number in range(4)]
    assert [*expected, Member("api_key_id:key_left", "left@lantern.example")] == members(stand_in)


@pytest.mark.parametrize("change", [lost_end, without_list, lambda body: {**body, "has_more": None}])
def test_half_a_list_is_never_a_list(
    stand_in: OpenAIStandIn, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    """A list that does not say whether it goes on raises: whoever is missing from it would lose their coverage."""
    stand_in.spoil_next(change)
    with pytest.raises(SourceError):
        members(stand_in)


def test_silence_counts_only_where_it_is_declared() -> None:
    """Being listed proves nothing by itself: few employees are meant to call an API."""
    connector = catalogue.connector_of(SourceConfig(kind="openai", name="openai", api_key="x"))
    assert Proof.DECLARED_AND_LISTED is getattr(connector, "proof", None)


@pytest.mark.parametrize(
    "query",
    [
        {"start_time": "1794960000000", "end_time": "1795046400000"},
        {"start_time": "2026-11-18", "end_time": "2026-11-19"},
        {"start_time": "1795046400", "end_time": "1794960000"},
        {"start_time": "1794960000", "end_time": "1795046400", "limit": "32"},
        {"start_time": "1794960000", "end_time": "1795046400", "bucket_width": "1h", "limit": "169"},
        {"start_time": "1794960000", "end_time": "1795046400", "colour": "red"},
        {"start_time": "1794960000", "end_time": "1795046400", "page": "page+/AAAA=="},
    ],
)
def test_stand_in_refuses_what_the_vendor_refuses(stand_in: OpenAIStandIn, query: dict[str, str]) -> None:
    """Milliseconds, text, turned-round times, too many buckets, unknown names and foreign cursors are 400."""
    answer = _raw(stand_in, USAGE_PATH, query)
    assert (400, "invalid_request_error") == (answer.status_code, answer.json()["error"]["type"])


def test_stand_in_takes_both_spellings_of_a_list_and_no_costs_by_user(stand_in: OpenAIStandIn) -> None:
    """Grouping works with and without brackets; costs by user are refused."""
    day = {"start_time": "1794960000", "end_time": "1795046400"}
    for name in ("group_by", "group_by[]"):
        assert 200 == _raw(stand_in, USAGE_PATH, {**day, name: ["user_id", "model"]}).status_code
    assert 400 == _raw(stand_in, COSTS_PATH, {**day, "group_by[]": "user_id"}).status_code


def _raw(stand_in: OpenAIStandIn, path: str, query: dict[str, Any]) -> httpx.Response:
    headers = {"authorization": f"Bearer {ADMIN_KEY}"}
    return httpx.get(stand_in.base_url + path, params=query, headers=headers, trust_env=False)
