"""A LiteLLM proxy, new or old, against the strict stand-in: what it says is kept, what it cuts short is no day."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.roster import Member
from bot.domain.usage import ANY_MODEL, Counters, CoverageStatus, UsageRow
from bot.domain.usage_sums import add_up
from bot.errors import InputError, SourceError
from bot.settings import SourceConfig
from bot.sources import catalogue
from bot.sources.litellm import ACTIVITY_PATH, EXPORT_PATH, USERS_PATH, fetch_day
from bot.sources.litellm_log import LOG_PATH
from bot.sources.shape import SourceDay
from bot.sources.standins.litellm import ADMIN_KEY, USER_KEY, LiteLLMStandIn, Logged, Traffic, metrics, user
from bot.sources.standins.server import Trouble
from tests.sources.reading import PASSING, read_day, read_members, total

DAY = date(2026, 11, 18)
LATER = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
OPUS, GPT = "claude-opus-5-5", "gpt-6.1-sol"
CLAUDE_CODE = "claude-cli/2.1.240"


@pytest.fixture(scope="module")
def running() -> Iterator[LiteLLMStandIn]:
    with LiteLLMStandIn(most_per_page=4, log_cap=30) as server:
        yield server


@pytest.fixture
def stand_in(running: LiteLLMStandIn) -> LiteLLMStandIn:
    """A new proxy with ten people on DAY, each with two keys and two models, and the days around it busy as well."""
    running.requests.clear()
    running.be_new_and_well()
    running.hold_users([])
    for day in (DAY - timedelta(days=1), DAY, DAY + timedelta(days=1)):
        running.hold(day, [row for number in range(10) for row in busy(number)])
    return running


def busy(number: int) -> list[Traffic]:
    mine = metrics(1_000 + number, 10, read=600, written=300, requests=7, failed=2, spend=0.25)
    return [Traffic(f"u-{number}", model, mine) for model in (OPUS, GPT, OPUS)]


def read(
    stand_in: LiteLLMStandIn, *, now: datetime = LATER, key: str = ADMIN_KEY, waits: list[float] | None = None
) -> SourceDay:
    """DAY as the product reads it: through the way that the settings open."""
    return read_day(
        SourceConfig(kind="litellm", name="gateway", base_url=stand_in.base_url, api_key=key), DAY, now=now, waits=waits
    )


def members(stand_in: LiteLLMStandIn) -> list[Member]:
    return read_members(
        SourceConfig(kind="litellm", name="gateway", base_url=stand_in.base_url, api_key=ADMIN_KEY), now=LATER
    )


def summed(day: SourceDay) -> list[UsageRow]:
    """The day with the several rows of one person added up, in order."""
    return sorted(add_up(day.rows), key=lambda row: (row.subject, row.tool, row.model))


EVERYTHING = Counters(
    requests=210,
    failed_requests=60,
    input_tokens=3 * (1_000 + sum(range(10))),
    cache_read_tokens=18_000,
    cache_write_tokens=9_000,
    output_tokens=300,
    cost_microusd=7_500_000,
)


@pytest.mark.parametrize("has_export", [True, False])
def test_all_of_a_day_adds_up_to_what_the_proxy_holds(stand_in: LiteLLMStandIn, has_export: bool) -> None:
    """New proxy or old: every request, token of the four kinds and cent once, in the same rows."""
    stand_in.has_export = has_export
    found = read(stand_in)

    assert EVERYTHING == total(found.rows)
    assert {"reported"} == {row.priced for row in found.rows}
    assert {("other:litellm", OPUS), ("other:litellm", GPT)} == {(row.tool, row.model) for row in found.rows}
    assert {f"litellm:u-{number}" for number in range(10)} == {row.subject for row in found.rows}
    assert (CoverageStatus.COVERED, None) == (found.status, found.reason)


def test_old_proxy_is_asked_user_by_user_over_all_pages(stand_in: LiteLLMStandIn) -> None:
    """One date split over pages, a short one in the middle, is added up; only who was active is asked for."""
    stand_in.hold_users([user("u-idle", None)])
    stand_in.has_export = False
    read(stand_in)
    asked = [request.fields for request in stand_in.requests if request.path == ACTIVITY_PATH]
    assert 3 <= len([fields for fields in asked if "user_id" not in fields])
    assert 10 == len({fields["user_id"] for fields in asked if "user_id" in fields})


COUNTS = st.integers(0, 10**6)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from([None, "u-jane", "u-sam@acme.example"]),
            st.sampled_from([OPUS, GPT]),
            st.tuples(COUNTS, COUNTS, COUNTS, COUNTS),
            st.tuples(st.integers(0, 50), st.integers(1, 50), COUNTS),
        ),
        max_size=9,
    )
)
def test_old_and_new_proxies_say_the_same(
    stand_in: LiteLLMStandIn,
    held: list[tuple[str | None, str, tuple[int, int, int, int], tuple[int, int, int]]],
) -> None:
    """The export and the activity of one day agree in every row, and the four kinds are disjoint."""
    traffic = [
        Traffic(
            who,
            model,
            metrics(fresh + read_ + written, out, read=read_, written=written, requests=sum(rest[:2]), failed=rest[0],
                    spend=rest[2] / 1_000_000),
        )
        for who, model, (fresh, read_, written, out), rest in held
    ]  # fmt: skip
    stand_in.be_new_and_well()
    stand_in.hold(DAY, traffic)
    new = read(stand_in)
    stand_in.has_export = False

    assert summed(new) == summed(read(stand_in))
    assert sum(fresh for _, _, (fresh, *_), _ in held) == (total(new.rows).input_tokens or 0)
    assert sum(spent for *_, (_, _, spent) in held) == (total(new.rows).cost_microusd or 0)


def test_requests_of_nobody_are_kept_and_nobodys(stand_in: LiteLLMStandIn) -> None:
    """A key without a user, and the master key, are counted under ids that no person has."""
    stand_in.hold(DAY, [Traffic(None, OPUS, metrics(5, 1)), Traffic("default_user_id", OPUS, metrics(7, 1))])
    stand_in.hold_users([user("default_user_id", "admin@acme.example", user_role="proxy_admin")])
    for has_export in (True, False):
        stand_in.has_export = has_export
        told = {row.subject: row.counters.input_tokens for row in read(stand_in).rows}
        assert {"other:litellm_without_user": 5, "litellm:default_user_id": 7} == told
    assert [] == members(stand_in)


def test_activity_without_names_is_asked_for_by_the_user_list(stand_in: LiteLLMStandIn) -> None:
    """A proxy that is older still does not say whose a day was: everybody on its list is asked for."""
    stand_in.has_export = stand_in.names_users = False
    stand_in.hold_users([user(f"u-{number}", None) for number in range(12)])
    found = read(stand_in)
    assert EVERYTHING == total(found.rows)
    assert {f"litellm:u-{number}" for number in range(10)} == {row.subject for row in found.rows}


def test_old_proxy_may_count_on_while_it_is_asked(stand_in: LiteLLMStandIn) -> None:
    """Users who used more since the whole was asked for leave nothing over, and nothing below zero."""
    stand_in.hold(DAY, [Traffic("u-jane", OPUS, metrics(50, 9)), Traffic(None, OPUS, metrics(20, 1))])
    stand_in.has_export = False
    stand_in.spoil_next(lambda body: body, lambda body: body, more_output)
    told = {row.subject: row.counters.output_tokens for row in read(stand_in).rows}
    assert {"litellm:u-jane": 1_000, "other:litellm_without_user": 0} == told


def more_output(body: dict[str, Any]) -> dict[str, Any]:
    body["results"][0]["breakdown"]["models"][OPUS]["metrics"]["completion_tokens"] = 1_000
    return body


def test_activity_without_models_is_kept_whole(stand_in: LiteLLMStandIn) -> None:
    """Where nothing is split by model, the day stands with no model."""
    stand_in.hold(DAY, [Traffic("u-jane", OPUS, metrics(5, 1))])
    stand_in.has_export = False

    def without_models(body: dict[str, Any]) -> dict[str, Any]:
        for result in body["results"]:
            del result["breakdown"]["models"]
        return body

    stand_in.spoil_next(without_models, without_models)
    assert [("litellm:u-jane", ANY_MODEL, 5)] == [
        (row.subject, row.model, row.counters.input_tokens) for row in read(stand_in).rows
    ]


def test_missing_figures_are_unknown_not_zero(stand_in: LiteLLMStandIn) -> None:
    """Without cache parts, failures or spend these are None, and the uncached input is never below zero."""
    stand_in.hold(
        DAY,
        [
            Traffic("u-old", OPUS, metrics(5, 1, failed=None, spend=None)),
            Traffic("u-odd", OPUS, metrics(5, 1, read=9)),
        ],
    )
    old, odd = read(stand_in).rows
    assert (
        UsageRow("litellm:u-old", DAY, "other:litellm", OPUS, Counters(requests=1, input_tokens=5, output_tokens=1))
        == old
    )
    assert (0, 9, "reported") == (odd.counters.input_tokens, odd.counters.cache_read_tokens, odd.priced)


# ---------------------------------------------------------------- which tool


def requests_of(agent: str | None, number: int, *, tags: tuple[str, ...] = ()) -> list[Logged]:
    return [Logged("u-jane", OPUS, agent, f"{hour:02}:00:00", tags) for hour in range(number)]


@pytest.mark.parametrize(
    ("log", "tool"),
    [
        (requests_of(CLAUDE_CODE, 4), "claude_code"),
        (requests_of("codex_cli_rs/0.40 (Mac OS)", 4), "codex"),
        (requests_of("GeminiCLI/1.2 (linux)", 4), "gemini_cli"),
        (requests_of(None, 4, tags=("blue", f"User-Agent: {CLAUDE_CODE}")), "claude_code"),
        (requests_of("python-httpx/0.27", 4), "other:litellm"),
        (requests_of(None, 4), "other:litellm"),
        (requests_of(CLAUDE_CODE, 3), "other:litellm"),
        (requests_of(CLAUDE_CODE, 3) + requests_of(None, 1), "other:litellm"),
        (requests_of(CLAUDE_CODE, 3) + requests_of("codex_cli_rs/0.40", 1), "other:litellm"),
        ([Logged("u-sam", OPUS, CLAUDE_CODE), Logged("u-jane", GPT, CLAUDE_CODE)], "other:litellm"),
        ([], "other:litellm"),
    ],
)
def test_tool_is_named_only_without_doubt(stand_in: LiteLLMStandIn, log: list[Logged], tool: str) -> None:
    """Every request of the person and model must be in the log and be that tool's; else the tool stays open."""
    stand_in.hold(DAY, [Traffic("u-jane", OPUS, metrics(50, 1, requests=4))], log)
    assert [tool] == [row.tool for row in read(stand_in).rows]


def test_requests_of_other_days_name_no_tool(stand_in: LiteLLMStandIn) -> None:
    """The first moment of the next day does not belong to this one, though the window's end touches it."""
    stand_in.hold(DAY, [Traffic("u-jane", OPUS, metrics(50, 1))])
    stand_in.hold(DAY + timedelta(days=1), [], [Logged("u-jane", OPUS, CLAUDE_CODE, "00:00:00")])
    assert ["other:litellm"] == [row.tool for row in read(stand_in).rows]


def test_capped_log_is_read_in_smaller_windows(stand_in: LiteLLMStandIn) -> None:
    """More requests than the log counts at once are read to the last one."""
    log = [
        Logged("u-jane", OPUS, CLAUDE_CODE, f"{hour:02}:{minute:02}:07")
        for hour in range(9, 17)
        for minute in range(50)
    ]
    stand_in.hold(DAY, [Traffic("u-jane", OPUS, metrics(50, 1, requests=400))], log)
    assert ["claude_code"] == [row.tool for row in read(stand_in).rows]


def test_log_that_stays_capped_is_no_day(stand_in: LiteLLMStandIn) -> None:
    """More requests within a minute than the log counts: half a log is an error, not a guess."""
    stand_in.hold(
        DAY, [Traffic("u-jane", OPUS, metrics(50, 1, requests=31))], [Logged("u-jane", OPUS, CLAUDE_CODE)] * 31
    )
    with pytest.raises(SourceError, match="more of one minute"):
        read(stand_in)


def test_total_at_the_cap_counts_as_capped(stand_in: LiteLLMStandIn) -> None:
    """A proxy that does not say that its total is capped is not believed at ten thousand."""
    log = requests_of(CLAUDE_CODE, 4)
    stand_in.hold(DAY, [Traffic("u-jane", OPUS, metrics(50, 1, requests=4))], log)
    stand_in.spoil_next(lambda body: body, lambda body: {"data": body["data"], "total": 10_000, "total_pages": 10})
    assert ["claude_code"] == [row.tool for row in read(stand_in).rows]
    assert 2 <= len({request.fields["end_date"] for request in stand_in.requests if request.path == LOG_PATH})


def test_proxy_without_a_log_leaves_the_tool_open(stand_in: LiteLLMStandIn) -> None:
    """An old proxy that does not know the log still gives its day."""
    stand_in.has_log = stand_in.has_export = False
    assert (EVERYTHING, {"other:litellm"}) == (total(read(stand_in).rows), {row.tool for row in read(stand_in).rows})


def test_no_text_of_a_request_is_kept(stand_in: LiteLLMStandIn, caplog: pytest.LogCaptureFixture) -> None:
    """The log's messages reach neither a row nor a line of ours (P13)."""
    caplog.set_level("DEBUG")
    stand_in.hold(DAY, [Traffic("u-jane", OPUS, metrics(50, 1, requests=4))], requests_of(CLAUDE_CODE, 4))
    found = read(stand_in)
    assert "secret plan" not in repr(found) + caplog.text
    assert ADMIN_KEY not in caplog.text


# ---------------------------------------------------------------- days, faults, keys


@pytest.mark.parametrize(
    ("age", "status"),
    [
        (timedelta(hours=1), CoverageStatus.COVERED),
        (timedelta(minutes=59), CoverageStatus.PENDING),
        (timedelta(hours=-10), CoverageStatus.PENDING),
    ],
)
def test_day_is_final_an_hour_after_its_end(stand_in: LiteLLMStandIn, age: timedelta, status: CoverageStatus) -> None:
    """Before the last sums are written the day is pending with a reason, and its rows are kept."""
    found = read(stand_in, now=datetime(2026, 11, 19, tzinfo=UTC) + age)
    assert (status, 20) == (found.status, len(found.rows))
    assert (status is CoverageStatus.PENDING) == (found.reason is not None)


def test_grown_day_is_right_on_reading_again(stand_in: LiteLLMStandIn) -> None:
    """The proxy adds to a day; the second reading is the whole of it."""
    stand_in.hold(DAY, [Traffic("u-jane", OPUS, metrics(50, 1))])
    read(stand_in)
    stand_in.hold(DAY, [Traffic("u-jane", OPUS, metrics(80, 2, requests=3)), *busy(1)])
    assert {("litellm:u-jane", 80), ("litellm:u-1", 202)} == {
        (row.subject, row.counters.input_tokens) for row in read(stand_in).rows if row.model == OPUS
    }


@pytest.mark.parametrize("has_export", [True, False])
def test_empty_day_is_an_empty_day(stand_in: LiteLLMStandIn, has_export: bool) -> None:
    """A day without traffic is covered."""
    stand_in.hold(DAY, [])
    stand_in.has_export = has_export
    assert SourceDay(DAY, (), CoverageStatus.COVERED) == read(stand_in)


@pytest.mark.parametrize("has_export", [True, False])
@pytest.mark.parametrize("trouble", PASSING)
def test_passing_trouble_changes_nothing(stand_in: LiteLLMStandIn, trouble: Trouble, has_export: bool) -> None:
    """After trouble that passes, the day is the same as without it, on the first question and on a later one."""
    stand_in.hold(DAY, busy(1), requests_of(CLAUDE_CODE, 4))
    stand_in.has_export = has_export
    expected = read(stand_in)
    stand_in.break_next(trouble, Trouble.NONE, trouble)
    assert expected == read(stand_in)


def without(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda body: {key: value for key, value in body.items() if key != name}


def other_date(body: Any) -> Any:
    rows = [{**row, "date": "2026-11-17"} for row in (body if isinstance(body, list) else body["results"])]
    return rows if isinstance(body, list) else {**body, "results": rows}


@pytest.mark.parametrize(
    ("has_export", "change"),
    [
        (True, lambda _: {"detail": "no list"}),
        (True, lambda _: ["u-jane"]),
        (True, other_date),
        (True, lambda body: [without("date")(row) for row in body]),
        (True, lambda body: [{**row, "prompt_tokens": "many"} for row in body]),
        (True, lambda body: [{**row, "spend": "NaN"} for row in body]),
        (False, other_date),
        (False, without("results")),
        (False, without("metadata")),
        (False, lambda body: {**body, "metadata": {"page": 1}}),
        (False, lambda body: {**body, "metadata": {"page": 0, "has_more": True}}),
    ],
)
def test_half_a_day_is_never_a_day(stand_in: LiteLLMStandIn, has_export: bool, change: Callable[[Any], Any]) -> None:
    """An answer without its list, its day, its end or its types raises, and quotes nothing."""
    stand_in.has_export = has_export
    stand_in.spoil_next(*[change] * 3)
    with pytest.raises(SourceError) as caught:
        read(stand_in)
    assert "u-" not in str(caught.value)
    assert "many" not in str(caught.value)


@pytest.mark.parametrize("change", [without("data"), without("total_pages")])
def test_half_a_log_is_never_a_log(stand_in: LiteLLMStandIn, change: Callable[[Any], Any]) -> None:
    """The request log is held to the same."""
    stand_in.spoil_next(lambda body: body, change)
    with pytest.raises(SourceError):
        read(stand_in)


@pytest.mark.parametrize(("key", "status"), [("sk-wrong", 401), (USER_KEY, 403)])
def test_wrong_key_is_told_at_once(stand_in: LiteLLMStandIn, key: str, status: int) -> None:
    """A key that is unknown, or sees only its owner, is asked once; the proxy's words are not repeated."""
    waits: list[float] = []
    with pytest.raises(SourceError) as caught:
        read(stand_in, key=key, waits=waits)
    assert (True, status, 1, []) == (caught.value.permanent, caught.value.http_status, len(stand_in.requests), waits)
    assert key not in str(caught.value)


def test_wrong_address_is_no_old_proxy(stand_in: LiteLLMStandIn) -> None:
    """Where nothing is found under any path, nobody's day is empty: it is an error."""
    source = SourceConfig(kind="litellm", name="gateway", base_url=f"{stand_in.base_url}/elsewhere", api_key=ADMIN_KEY)
    waits: list[float] = []
    with catalogue.open_access(source, now=LATER, wait=waits.append) as access, pytest.raises(SourceError) as caught:
        fetch_day(access, day=DAY)
    assert 404 == caught.value.http_status


def test_address_is_needed() -> None:
    """A proxy has no address of a vendor's: without one the settings are refused."""
    with pytest.raises(InputError, match="base_url"):
        catalogue.connector_of(SourceConfig(kind="litellm", name="gateway", api_key="x"))


def test_only_documented_parameters_are_sent(stand_in: LiteLLMStandIn) -> None:
    """Days as YYYY-MM-DD, pages no larger than allowed, the key in the header alone."""
    read(stand_in)
    first, *_ = stand_in.requests
    one_day = {"start_date": "2026-11-18", "end_date": "2026-11-18"}
    assert (EXPORT_PATH, {**one_day, "export_type": "daily_with_models", "format": "json"}) == (
        first.path,
        first.fields,
    )
    for request in stand_in.requests:
        assert f"Bearer {ADMIN_KEY}" == request.headers["authorization"]
        assert request.headers["user-agent"].startswith("Kindling/")
        assert ADMIN_KEY not in str(request.query)


# ---------------------------------------------------------------- who is known


def test_everybody_is_listed_over_all_pages(stand_in: LiteLLMStandIn) -> None:
    """By the id that rows use; an id that is an address is one; nobody is covered by being listed."""
    stand_in.hold_users(
        [
            *[user(f"u-{number}", f"P{number}@Lantern.example") for number in range(10)],
            user("default_user_id", None, user_role="proxy_admin"),
            user("Sam@Acme.example", None),
            user("u-ci", None),
        ]
    )
    expected = [Member(f"litellm:u-{number}", f"p{number}@lantern.example") for number in range(10)]
    expected += [Member("litellm:Sam@Acme.example", "sam@acme.example"), Member("litellm:u-ci")]

    assert expected == members(stand_in)
    assert 3 <= len([request for request in stand_in.requests if request.path == USERS_PATH])


@pytest.mark.parametrize("change", [without("users"), without("total_pages"), lambda body: {**body, "page": 1}])
def test_half_a_list_is_never_a_list(stand_in: LiteLLMStandIn, change: Callable[[Any], Any]) -> None:
    """A list without its end, or one that goes in circles, raises."""
    stand_in.hold_users([user(f"u-{number}", None) for number in range(10)])
    stand_in.spoil_next(*[change] * 5)
    with pytest.raises(SourceError):
        members(stand_in)


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        (ACTIVITY_PATH, {"start_date": "2026-11-18T00:00:00", "end_date": "2026-11-18"}, 400),
        (ACTIVITY_PATH, {"start_date": "2026-11-18"}, 400),
        (ACTIVITY_PATH, {"start_date": "2026-11-18", "end_date": "2026-11-18", "page_size": "1001"}, 422),
        (ACTIVITY_PATH, {"start_date": "2026-11-18", "end_date": "2026-11-18", "colour": "red"}, 400),
        (USERS_PATH, {"page_size": "101"}, 422),
        (LOG_PATH, {"page": "1"}, 400),
        ("/team/list", {}, 404),
    ],
)
def test_stand_in_refuses_what_the_proxy_refuses(
    stand_in: LiteLLMStandIn, path: str, query: dict[str, str], status: int
) -> None:
    """Times where days belong, too large pages, missing windows, unknown names and paths."""
    headers = {"authorization": f"Bearer {ADMIN_KEY}"}
    assert status == httpx.get(stand_in.base_url + path, params=query, headers=headers, trust_env=False).status_code
