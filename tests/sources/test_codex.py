"""Codex analytics against the strict stand-in: much may be missing, and nothing of it is made up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.usage import ANY_MODEL, Counters, CoverageStatus, UsageRow
from bot.errors import InputError, SourceError
from bot.settings import SourceConfig
from bot.sources import catalogue
from bot.sources.shape import SourceDay
from bot.sources.standins.codex import ANALYTICS_KEY, PLAIN_KEY, WORKSPACE, CodexStandIn, entry, figures
from bot.sources.standins.server import Trouble
from tests.sources.reading import PASSING_ON_PAGES, read_day, total

DAY = date(2026, 11, 18)
LATER = datetime(2026, 11, 30, 10, 0, tzinfo=UTC)
JANE, SAM = "jane.park@acme.example", "user-SamOrtizOpenAI"
PATH = "/v1/analytics/codex/workspaces/ws-lantern%2F1/usage"


@pytest.fixture(scope="module")
def running() -> Iterator[CodexStandIn]:
    with CodexStandIn(most_per_page=4) as server:
        yield server


@pytest.fixture
def stand_in(running: CodexStandIn) -> CodexStandIn:
    """The stand-in with ten people on DAY, each with two models, and the days around it busy as well."""
    running.requests.clear()
    running.forget_troubles()
    for day in (DAY - timedelta(days=1), DAY, DAY + timedelta(days=1)):
        running.hold(day, [busy(number, day) for number in range(10)])
    return running


def busy(number: int, day: date = DAY) -> dict[str, Any]:
    return entry(
        day,
        user=f"user-{number}",
        email=f"p{number}@lantern.example",
        totals=figures(300 + number, 61_000, 7_400, threads=4, turns=19),
        models={"gpt-6.1-sol": figures(200 + number, 60_000, 7_000), "gpt-6-luna": figures(100, 1_000, 400)},
        lines=120,
    )


def read(
    stand_in: CodexStandIn,
    *,
    now: datetime = LATER,
    key: str = ANALYTICS_KEY,
    account: str = WORKSPACE,
    waits: list[float] | None = None,
) -> SourceDay:
    """DAY as the product reads it: through the way that the settings open."""
    return read_day(
        SourceConfig("codex", "codex", stand_in.base_url, key, account=account),
        DAY,
        now=now,
        waits=waits,
    )


def test_all_pages_add_up_to_what_the_server_holds(stand_in: CodexStandIn) -> None:
    """Ten people over at least three pages, one of them short: every thread, turn, line and token once."""
    found = read(stand_in)

    assert len(stand_in.requests) >= 3
    assert Counters(
        sessions=40,
        prompts=190,
        lines_added=1_200,
        input_tokens=3_000 + sum(range(10)),
        cache_read_tokens=610_000,
        output_tokens=74_000,
    ) == total(found.rows)
    assert (CoverageStatus.COVERED, None, None) == (found.status, found.reason, found.billed_microusd)


def test_tokens_stand_with_the_model_and_the_rest_with_the_person(stand_in: CodexStandIn) -> None:
    """No measure on both; credits are no money, so that no cost is reported."""
    stand_in.hold(DAY, [busy(7)])
    whose = "p7@lantern.example"
    sol = Counters(input_tokens=207, cache_read_tokens=60_000, output_tokens=7_000)
    luna = Counters(input_tokens=100, cache_read_tokens=1_000, output_tokens=400)
    assert (
        UsageRow(whose, DAY, "codex", "gpt-6.1-sol", sol),
        UsageRow(whose, DAY, "codex", "gpt-6-luna", luna),
        UsageRow(whose, DAY, "codex", ANY_MODEL, Counters(sessions=4, prompts=19, lines_added=120)),
    ) == read(stand_in).rows


def test_missing_parts_are_unknown_not_zero(stand_in: CodexStandIn) -> None:
    """Null tokens, models, lines and e-mail: threads and turns are kept, under the id that the vendor gives."""
    odd = entry(DAY, user=SAM, totals=figures(None, None, None, threads=1, turns=2), models=None)
    stand_in.hold(DAY, [odd])
    assert (UsageRow(f"openai:{SAM}", DAY, "codex", ANY_MODEL, Counters(sessions=1, prompts=2)),) == read(stand_in).rows


def test_row_that_says_nothing_is_no_row(stand_in: CodexStandIn) -> None:
    """A person without a single figure leaves no trace."""
    stand_in.hold(DAY, [entry(DAY, user=SAM)])
    assert () == read(stand_in).rows


@pytest.mark.parametrize(
    "models",
    [
        None,
        {},
        {"gpt-6.1-sol": figures(None, None, None)},
        {"gpt-6.1-sol": figures(100, 1_000, 40)},
        {"gpt-6.1-sol": figures(300, None, 74)},
    ],
)
def test_models_that_are_not_the_whole_leave_it_unsplit(
    stand_in: CodexStandIn, models: dict[str, dict[str, Any]] | None
) -> None:
    """Where the models miss some of the day's tokens, the whole stands with no model: nothing lost, nothing twice."""
    stand_in.hold(DAY, [entry(DAY, user=SAM, totals=figures(300, 2_000, 74, threads=1), models=models)])
    expected = Counters(sessions=1, input_tokens=300, cache_read_tokens=2_000, output_tokens=74)
    assert (UsageRow(f"openai:{SAM}", DAY, "codex", ANY_MODEL, expected),) == read(stand_in).rows


TOKENS = st.one_of(st.none(), st.integers(0, 10**9))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.tuples(TOKENS, TOKENS, TOKENS),
            st.one_of(
                st.none(),
                st.dictionaries(
                    st.sampled_from(["m1", "m2"]), st.tuples(*[st.integers(0, 10**9)] * 3), min_size=1, max_size=2
                ),
            ),
        ),
        max_size=9,
    )
)
def test_totals_are_kept_whatever_the_models_say(
    stand_in: CodexStandIn,
    held: list[tuple[tuple[int | None, int | None, int | None], dict[str, tuple[int, int, int]] | None]],
) -> None:
    """Over all pages, each of the three kinds of tokens sums to what the totals say wherever they say it."""
    entries = [
        entry(
            DAY,
            user=f"user-{number}",
            totals=figures(*totals),
            models=None if models is None else {name: figures(*part) for name, part in models.items()},
        )
        for number, (totals, models) in enumerate(held)
    ]
    stand_in.hold(DAY, entries)
    rows = read(stand_in).rows
    for number, (totals, _) in enumerate(held):
        counted = total(row for row in rows if row.subject == f"openai:user-{number}")
        kept = (counted.input_tokens, counted.cache_read_tokens, counted.output_tokens)
        assert [said for said in totals if said is not None] == [
            value for said, value in zip(totals, kept, strict=True) if said is not None
        ]


@pytest.mark.parametrize(
    ("changed", "subject"),
    [
        ({"actor": {"type": "ACCOUNT_USER", "email": " Jane.Park@Acme.example"}}, JANE),
        ({"actor": {"email": JANE}}, JANE),
        ({"actor": None}, "openai:user-1"),
        ({"actor": {"type": "SERVICE_ACCOUNT", "user_id": "user-svc", "email": JANE}}, "openai:user-svc"),
        ({"actor": {"type": "ROBOT"}, "user_id": None}, "other:codex_actor ROBOT"),
        ({"actor": {}, "user_id": None}, "other:codex_actor unknown"),
    ],
)
def test_whose_use_it_is(stand_in: CodexStandIn, changed: dict[str, Any], subject: str) -> None:
    """A person by their address, else by their id; another kind of actor is nobody, whatever address it carries."""
    stand_in.hold(DAY, [{**entry(DAY, user="user-1", totals=figures(1, 2, 3)), **changed}])
    assert [subject] == [row.subject for row in read(stand_in).rows]


@pytest.mark.parametrize(
    ("age", "status"),
    [
        (timedelta(days=3), CoverageStatus.COVERED),
        (timedelta(days=3, seconds=-1), CoverageStatus.PENDING),
        (timedelta(hours=-10), CoverageStatus.PENDING),
    ],
)
def test_day_is_final_three_days_after_its_end(stand_in: CodexStandIn, age: timedelta, status: CoverageStatus) -> None:
    """Before that the day is pending with a reason, and its rows are kept."""
    found = read(stand_in, now=datetime(2026, 11, 19, tzinfo=UTC) + age)
    assert (status, 30) == (found.status, len(found.rows))
    assert (status is CoverageStatus.PENDING) == (found.reason is not None)


def test_late_day_is_right_on_reading_again(stand_in: CodexStandIn) -> None:
    """Rows that come days later, and rows that are taken back, are what the second reading says."""
    stand_in.hold(DAY, [busy(1), busy(2)])
    read(stand_in)
    stand_in.hold(DAY, [busy(2), busy(3)])
    assert {"p2@lantern.example", "p3@lantern.example"} == {row.subject for row in read(stand_in).rows}


def test_empty_day_is_an_empty_day(stand_in: CodexStandIn) -> None:
    """A day that the server answers with no rows is covered."""
    stand_in.hold(DAY, [])
    assert SourceDay(DAY, (), CoverageStatus.COVERED) == read(stand_in)


@pytest.mark.parametrize("trouble", PASSING_ON_PAGES)
def test_passing_trouble_changes_nothing(stand_in: CodexStandIn, trouble: Trouble) -> None:
    """After trouble that passes, the day is the same as without it: no row twice, none missing."""
    expected = read(stand_in)
    stand_in.break_next(trouble)
    assert expected == read(stand_in)


def test_cursor_lost_twice_is_an_error(stand_in: CodexStandIn) -> None:
    """A day is begun anew once, not for ever."""
    stand_in.break_next(Trouble.GONE_CURSOR, Trouble.GONE_CURSOR)
    with pytest.raises(SourceError) as caught:
        read(stand_in)
    assert (410, 4) == (caught.value.http_status, len(stand_in.requests))


def without_list(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != "data"}


def without_end(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in ("has_more", "next_page")}


def lost_end(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "has_more": True, "next_page": None}


def changed_rows(**change: object) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda body: {**body, "data": [{**row, **change} for row in body["data"]]}


@pytest.mark.parametrize(
    "change",
    [
        without_list,
        lost_end,
        without_end,
        changed_rows(start_time=1_794_873_600),
        changed_rows(start_time="2026-11-17T00:00:00Z"),
        changed_rows(start_time="yesterday"),
        changed_rows(totals="many"),
        changed_rows(totals={"turns": -1}),
        changed_rows(models="gpt"),
    ],
)
def test_half_a_day_is_never_a_day(stand_in: CodexStandIn, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """An answer without its list, its end, its next page, its own day or its types raises, and quotes nothing."""
    stand_in.spoil_next(change)
    with pytest.raises(SourceError) as caught:
        read(stand_in)
    assert "cannot be read" in str(caught.value)
    assert "lantern" not in str(caught.value)


@pytest.mark.parametrize("start", ["2026-11-18T00:00:00Z", "2026-11-18T00:00:00", "2026-11-18", None])
def test_both_ways_to_write_a_moment_are_read(stand_in: CodexStandIn, start: str | None) -> None:
    """Seconds and ISO 8601 have both been seen; a row that says nothing is of the day that was asked for."""
    expected = read(stand_in).rows
    stand_in.spoil_next(*[changed_rows(start_time=start)] * 6)
    assert expected == read(stand_in).rows


@pytest.mark.parametrize(
    ("key", "account", "status"), [("sk-wrong", WORKSPACE, 401), (PLAIN_KEY, WORKSPACE, 403), (ANALYTICS_KEY, "x", 404)]
)
def test_wrong_key_or_workspace_is_told_at_once(stand_in: CodexStandIn, key: str, account: str, status: int) -> None:
    """It is asked once, and neither key nor the vendor's words are repeated."""
    waits: list[float] = []
    with pytest.raises(SourceError) as caught:
        read(stand_in, key=key, account=account, waits=waits)
    assert (True, status, 1, []) == (caught.value.permanent, caught.value.http_status, len(stand_in.requests), waits)
    assert "scope" not in str(caught.value)
    assert key not in str(caught.value)


def test_workspace_is_needed() -> None:
    """Without `account` in the settings nothing is asked, and the sentence says what is missing."""
    with pytest.raises(InputError, match="account"):
        catalogue.connector_of(SourceConfig(kind="codex", name="codex", api_key="x"))


def test_only_documented_parameters_are_sent(stand_in: CodexStandIn) -> None:
    """One day in seconds, the workspace in the path, cursors as they were given, the key in the header alone."""
    read(stand_in)
    for request in stand_in.requests:
        asked = {name: value for name, value in request.query if name != "page"}
        assert {"start_time": "1794960000", "end_time": "1795046400", "group_by": "day"} == asked
        assert (PATH, f"Bearer {ANALYTICS_KEY}") == (request.path, request.headers["authorization"])
        assert request.headers["user-agent"].startswith("Kindling/")
    assert {"+", "/", "="} <= set(stand_in.requests[-1].fields["page"])


@pytest.mark.parametrize(
    "query",
    [
        {"start_time": "1794960000000", "end_time": "1795046400000", "group_by": "day"},
        {"start_time": "1787097600", "end_time": "1795046400", "group_by": "day"},
        {"start_time": "1794960000", "end_time": "1795046400", "group_by": "month"},
        {"start_time": "1794960000", "end_time": "1795046400", "group_by": "day", "colour": "red"},
        {"start_time": "1794960000", "end_time": "1795046400", "group_by": "day", "page": "page+/AAAA=="},
    ],
)
def test_stand_in_refuses_what_the_vendor_refuses(stand_in: CodexStandIn, query: dict[str, str]) -> None:
    """Milliseconds, more than 90 days, another grouping, unknown names and foreign cursors are 400."""
    headers = {"authorization": f"Bearer {ANALYTICS_KEY}"}
    answer = httpx.get(stand_in.base_url + PATH, params=query, headers=headers, trust_env=False)
    assert (400, "invalid_request_error") == (answer.status_code, answer.json()["error"]["type"])
