"""The Claude Code connector against the strict stand-in: every documented fault survived or reported."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.usage import ANY_MODEL, Counters, CoverageStatus, UsageRow
from bot.domain.usage_sums import add_up
from bot.errors import InputError, SourceError
from bot.settings import SourceConfig
from bot.sources import catalogue
from bot.sources.claude_code import PATH
from bot.sources.shape import SourceDay
from bot.sources.standins.claude_code import ADMIN_KEY, ClaudeCodeStandIn, Fault, entry
from bot.sources.standins.server import Trouble
from tests.sources.reading import LOST_CURSORS, PASSING_ON_PAGES, opened, read_day, total

DAY = date(2026, 2, 25)
LATER = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
ADA, BEN = "ada.moreau@lantern.example", "ben.castell@lantern.example"


@pytest.fixture(scope="module")
def running() -> Iterator[ClaudeCodeStandIn]:
    with ClaudeCodeStandIn() as server:
        yield server


@pytest.fixture
def stand_in(running: ClaudeCodeStandIn) -> ClaudeCodeStandIn:
    """The stand-in with ten people on DAY, each with two models."""
    running.requests.clear()
    running.missing_days.clear()
    running.hold(DAY, [busy(number) for number in range(10)])
    return running


def busy(number: int) -> dict[str, Any]:
    """One row of person `number`."""
    figures = {"input": 100 + number, "output": 10, "cache_read": 1000, "cache_creation": number, "cents": 12.5}
    return entry(
        DAY,
        email=f"p{number}@lantern.example",
        models={"claude-opus-5-5": figures, "claude-haiku-5-5": {**figures, "cents": "0.5"}},
        sessions=number,
        accepted=3,
        rejected=1,
    )


def read(stand_in: ClaudeCodeStandIn, *, now: datetime = LATER, waits: list[float] | None = None) -> SourceDay:
    """DAY as the product reads it: with the client that the settings make."""
    return read_day(SourceConfig("claude_code", "claude_code", stand_in.base_url, ADMIN_KEY), DAY, now=now, waits=waits)


def person_days(stand_in: ClaudeCodeStandIn) -> list[UsageRow]:
    """DAY with the several rows of one person added up, in order."""
    return sorted(add_up(read(stand_in).rows), key=lambda row: (row.subject, row.model))


def test_all_pages_add_up_to_what_the_server_holds(stand_in: ClaudeCodeStandIn) -> None:
    """Ten people over at least three pages, one of them short: not one token, cent or session is lost or doubled."""
    found = read(stand_in)

    assert len(stand_in.requests) >= 3
    assert (CoverageStatus.COVERED, None) == (found.status, found.reason)
    assert Counters(
        sessions=sum(range(10)),
        input_tokens=2 * (1000 + sum(range(10))),
        cache_read_tokens=20_000,
        cache_write_tokens=2 * sum(range(10)),
        output_tokens=200,
        cost_microusd=10 * 130_000,
        accepted=30,
        rejected=10,
    ) == total(found.rows)


def test_row_of_a_model_and_row_of_the_person(stand_in: ClaudeCodeStandIn) -> None:
    """Tokens and money stand with the model; sessions and edits, which the report does not split, with ANY_MODEL."""
    stand_in.hold(DAY, [busy(7)])
    model = Counters(
        input_tokens=107, cache_read_tokens=1000, cache_write_tokens=7, output_tokens=10, cost_microusd=125_000
    )
    subject = "p7@lantern.example"
    assert [
        UsageRow(subject, DAY, "claude_code", ANY_MODEL, Counters(sessions=7, accepted=3, rejected=1)),
        UsageRow(subject, DAY, "claude_code", "claude-haiku-5-5", replace(model, cost_microusd=5_000), "reported"),
        UsageRow(subject, DAY, "claude_code", "claude-opus-5-5", model, "reported"),
    ] == person_days(stand_in)


def test_several_rows_of_one_person_are_summed(stand_in: ClaudeCodeStandIn) -> None:
    """Local and remote use, and another spelling of the address, are one person's day."""
    figures = {"claude-opus-5-5": {"input": 5, "output": 1, "cents": 100}}
    stand_in.hold(
        DAY,
        [
            entry(DAY, email=ADA, models=figures, sessions=2, accepted=1),
            entry(DAY, email=" Ada.Moreau@Lantern.Example", models=figures, sessions=3, is_remote=True),
        ],
    )
    rows = tuple(person_days(stand_in))
    assert [(ADA, ANY_MODEL), (ADA, "claude-opus-5-5")] == [(row.subject, row.model) for row in rows]
    assert Counters(
        sessions=5, input_tokens=10, output_tokens=2, cost_microusd=2_000_000, accepted=1, rejected=0
    ) == total(rows)


def test_api_key_is_no_person_even_when_it_looks_like_one(stand_in: ClaudeCodeStandIn) -> None:
    """A key that somebody named after Ada's address stays a key."""
    stand_in.hold(DAY, [entry(DAY, api_key_name=ADA), entry(DAY, api_key_name="nightly-ci")])
    assert {f"api_key_name:{ADA}", "api_key_name:nightly-ci"} == {row.subject for row in read(stand_in).rows}


def test_unknown_kind_of_actor_is_kept_and_belongs_to_nobody(stand_in: ClaudeCodeStandIn) -> None:
    """A kind of actor invented later is counted, so that sums agree, under no address."""
    odd = {**entry(DAY, email=ADA), "actor": {"type": "robot_actor"}}
    stand_in.hold(DAY, [odd])
    assert {"other:actor_type robot_actor"} == {row.subject for row in read(stand_in).rows}


def test_missing_optional_parts_are_unknown_not_zero(stand_in: ClaudeCodeStandIn) -> None:
    """Without cache figures, cost, edits or sessions these are None."""
    bare = {
        "actor": {"type": "user_actor", "email_address": ADA},
        "model_breakdown": [{"model": "claude-opus-5-5", "tokens": {"input": 5, "output": 0}}],
    }
    stand_in.hold(DAY, [bare])
    expected = UsageRow(ADA, DAY, "claude_code", "claude-opus-5-5", Counters(input_tokens=5, output_tokens=0))
    assert (expected,) == read(stand_in).rows


def test_foreign_money_is_not_taken_for_dollars(stand_in: ClaudeCodeStandIn) -> None:
    """A cost in another currency is unknown; tokens stay."""
    odd = entry(DAY, email=ADA, models={"claude-opus-5-5": {"input": 5, "cents": 100}})
    odd["model_breakdown"][0]["estimated_cost"]["currency"] = "EUR"
    stand_in.hold(DAY, [odd])
    assert Counters(sessions=1, input_tokens=5, accepted=0, rejected=0) == total(read(stand_in).rows)


@pytest.mark.parametrize(
    ("age", "status"),
    [
        (timedelta(hours=1), CoverageStatus.COVERED),
        (timedelta(minutes=59, seconds=59), CoverageStatus.PENDING),
        (timedelta(hours=-10), CoverageStatus.PENDING),
    ],
)
def test_day_is_final_an_hour_after_its_end(
    stand_in: ClaudeCodeStandIn, age: timedelta, status: CoverageStatus
) -> None:
    """The server withholds the last hour: before that has passed, the day is pending and its rows are kept."""
    end_of_day = datetime(2026, 2, 26, tzinfo=UTC)
    found = read(stand_in, now=end_of_day + age)
    assert (status, 30) == (found.status, len(found.rows))


def test_empty_day_is_an_empty_day(stand_in: ClaudeCodeStandIn) -> None:
    """A day that the server answers with no rows is covered."""
    stand_in.hold(DAY, [])
    assert SourceDay(DAY, (), CoverageStatus.COVERED) == read(stand_in)


@pytest.mark.parametrize("fault", PASSING_ON_PAGES)
def test_passing_fault_changes_nothing(stand_in: ClaudeCodeStandIn, fault: Trouble) -> None:
    """After a fault that passes, the day is the same as without it: no row twice, none missing."""
    expected = read(stand_in)
    stand_in.break_next(fault)
    assert expected == read(stand_in)


def test_waits_as_long_as_the_server_asks(stand_in: ClaudeCodeStandIn) -> None:
    """One second where it says one second, about seven where it names a moment seven seconds away."""
    waits: list[float] = []
    stand_in.break_next(Fault.RATE_SECONDS, Fault.RATE_DATE)
    read(stand_in, waits=waits)
    assert 1.0 == waits[0]
    assert 5.0 <= waits[1] <= 7.0


@pytest.mark.parametrize(
    ("fault", "permanent"),
    [
        (Fault.SPEND_LIMIT, True),
        (Fault.NO_JSON, False),
        (Fault.NO_DATA, False),
        (Fault.NO_END, False),
        (Fault.LOST_NEXT_PAGE, False),
    ],
)
def test_half_a_day_is_never_a_day(stand_in: ClaudeCodeStandIn, fault: Fault, permanent: bool) -> None:
    """An answer without its list, its end, its next page, or without JSON raises: it is not an empty day."""
    stand_in.break_next(fault)
    with pytest.raises(SourceError) as caught:
        read(stand_in)
    assert permanent == caught.value.permanent


def test_spending_limit_is_not_looped_on(stand_in: ClaudeCodeStandIn) -> None:
    """It is asked once and not waited for."""
    waits: list[float] = []
    stand_in.break_next(Fault.SPEND_LIMIT)
    with pytest.raises(SourceError):
        read(stand_in, waits=waits)
    assert (1, []) == (len(stand_in.requests), waits)


def test_server_that_goes_in_circles_is_stopped(stand_in: ClaudeCodeStandIn) -> None:
    """The same cursor for ever ends in an error after a few requests."""
    with ClaudeCodeStandIn() as own:
        own.hold(DAY, [busy(1)])
        own.break_next(Fault.SAME_CURSOR)
        with pytest.raises(SourceError):
            read(own)
        assert len(own.requests) < 5


@pytest.mark.parametrize("fault", [Fault.GONE_CURSOR, Fault.WRONG_CURSOR])
def test_cursor_lost_twice_is_an_error(stand_in: ClaudeCodeStandIn, fault: Fault) -> None:
    """A day is begun anew once, not for ever."""
    stand_in.break_next(fault, fault)
    with pytest.raises(SourceError) as caught:
        read(stand_in)
    assert caught.value.permanent
    assert 4 == len(stand_in.requests)


def test_missing_day_is_an_error(stand_in: ClaudeCodeStandIn) -> None:
    """A day that the server does not have is not a day without use."""
    stand_in.missing_days.add(DAY)
    with pytest.raises(SourceError) as caught:
        read(stand_in)
    assert 404 == caught.value.http_status


@pytest.mark.parametrize(
    "broken",
    [
        {"date": "2026-02-24T00:00:00Z"},
        {"actor": "ada"},
        {"model_breakdown": {"model": "x"}},
        {"model_breakdown": ["x"]},
        {"model_breakdown": [{"model": "x", "tokens": {"input": "many"}}]},
        {"model_breakdown": [{"model": "x", "tokens": {"input": -1}}]},
        {"model_breakdown": [{"model": "x", "tokens": {"input": 1.5}}]},
        {"model_breakdown": [{"model": "x", "estimated_cost": {"amount": "lots"}}]},
        {"core_metrics": {"num_sessions": True}},
        {"tool_actions": {"edit_tool": 4}},
    ],
)
def test_garbled_row_spoils_the_day(stand_in: ClaudeCodeStandIn, broken: dict[str, Any]) -> None:
    """A row that cannot be read raises without its content: guessing would make numbers up."""
    stand_in.hold(DAY, [busy(1), {**entry(DAY, email=ADA), **broken}])
    with pytest.raises(SourceError) as caught:
        read(stand_in)
    assert "cannot be read" in str(caught.value)
    assert "lantern" not in str(caught.value)


def test_key_is_in_the_header_alone(stand_in: ClaudeCodeStandIn, caplog: pytest.LogCaptureFixture) -> None:
    """No query and no log line holds the key; every request names the product and the version of the contract."""
    caplog.set_level("DEBUG")
    read(stand_in)
    for request in stand_in.requests:
        assert (PATH, ADMIN_KEY) == (request.path, request.headers["x-api-key"])
        assert ADMIN_KEY not in str(request.query)
        assert "2023-06-01" == request.headers["anthropic-version"]
        assert request.headers["user-agent"].startswith("Kindling/")
    assert ADMIN_KEY not in caplog.text
    assert "lantern.example" not in caplog.text


def test_only_documented_parameters_are_sent(stand_in: ClaudeCodeStandIn) -> None:
    """One day without a time, the largest page, and the cursor exactly as it was given."""
    read(stand_in)
    first, *rest = [dict(request.query) for request in stand_in.requests]
    assert {"starting_at": "2026-02-25", "limit": "1000"} == first
    for query in rest:
        assert first == {name: value for name, value in query.items() if name != "page"}
        assert {"+", "/", "="} <= set(query["page"])


def test_proxy_is_not_asked_for_this_machine(stand_in: ClaudeCodeStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a company's proxy, a stand-in on this machine is still reached, and the vendor still through the proxy."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert CoverageStatus.COVERED == read(stand_in).status
    source = SourceConfig("claude_code", "claude_code", None, ADMIN_KEY)
    with opened(source, now=LATER) as access:
        assert access.client.trust_env


def test_redirect_is_not_followed() -> None:
    """The key goes to the configured address and nowhere else."""
    source = SourceConfig("claude_code", "claude_code", None, ADMIN_KEY)
    with opened(source, now=LATER) as access:
        assert not access.client.follow_redirects
        assert "https://api.anthropic.com" == str(access.client.base_url).rstrip("/")


@pytest.mark.parametrize(
    ("source", "word"),
    [(SourceConfig("abacus", "a", None, "key"), "abacus"), (SourceConfig("claude_code", "cc"), "api_key_env")],
)
def test_source_that_cannot_be_reached_is_refused(source: SourceConfig, word: str) -> None:
    """An unknown kind or a missing key is one clear sentence."""
    with pytest.raises(InputError, match=word):
        catalogue.connector_of(source)


def test_whom_a_source_covers_is_declared() -> None:
    """Whole addresses and whole domains, in any case; nobody when nothing is declared."""
    is_declared = catalogue.declared(
        SourceConfig("claude_code", "cc", None, "key", ("Ben.Castell@lantern.example", "*@workshop.example"))
    )
    assert is_declared(BEN)
    assert is_declared("Anybody@Workshop.Example")
    assert not is_declared(ADA)
    assert not is_declared("x@sub.workshop.example")
    assert not catalogue.declared(SourceConfig("claude_code", "cc", None, "key"))(BEN)


figures = st.fixed_dictionaries(
    {}, optional={kind: st.integers(0, 10**9) for kind in ("input", "output", "cache_read", "cache_creation", "cents")}
)
people_rows = st.lists(
    st.tuples(
        st.sampled_from([ADA, BEN, "finn.oconnell@lantern.example"]),
        st.dictionaries(st.sampled_from(["claude-opus-5-5", "claude-haiku-5-5"]), figures),
        st.integers(0, 50),
        st.booleans(),
    ),
    max_size=12,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(people_rows, st.lists(st.sampled_from(PASSING_ON_PAGES), max_size=2, unique=True))
def test_any_day_adds_up_through_any_passing_faults(
    stand_in: ClaudeCodeStandIn, held: list[tuple[str, dict[str, dict[str, int]], int, bool]], faults: list[Trouble]
) -> None:
    """Whatever rows a day has, over however many pages, with faults in between: the sums are the server's own."""
    entries = [entry(DAY, email=who, models=m, sessions=n, is_remote=remote) for who, m, n, remote in held]
    stand_in.hold(DAY, entries)
    cursor_faults = [fault for fault in faults if fault in LOST_CURSORS]
    pages = 1 if len(entries) < 2 else 2
    stand_in.break_next(*([f for f in faults if f not in cursor_faults] + (cursor_faults[:1] if pages > 1 else [])))
    rows = person_days(stand_in)

    parts = [part for _, models, _, _ in held for part in models.values()]
    for name, kind in (
        ("input_tokens", "input"),
        ("cache_write_tokens", "cache_creation"),
        ("output_tokens", "output"),
    ):
        assert sum(part.get(kind, 0) for part in parts) == sum(getattr(row.counters, name) or 0 for row in rows)
    assert sum(part.get("cents", 0) for part in parts) * 10_000 == sum(r.counters.cost_microusd or 0 for r in rows)
    assert sum(sessions for _, _, sessions, _ in held) == sum(row.counters.sessions or 0 for row in rows)
    assert len(rows) == len({(row.subject, row.model) for row in rows})
