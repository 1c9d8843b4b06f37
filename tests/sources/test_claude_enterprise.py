"""Claude Enterprise's activity report against the strict stand-in: what counts as use, and which day is there yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.roster import Member
from bot.domain.usage import ANY_MODEL, Counters, CoverageStatus, UsageRow
from bot.errors import SourceError
from bot.settings import SourceConfig
from bot.sources.claude_enterprise import CONNECTOR, PATH
from bot.sources.shape import Proof, SourceDay
from bot.sources.standins.anthropic import ADMIN_KEY, ENTERPRISE_KEY, Fault, user, user_id
from bot.sources.standins.claude_enterprise import ClaudeEnterpriseStandIn, entry
from bot.sources.standins.server import Trouble
from tests.sources.reading import PASSING_ON_PAGES, read_day, read_members, total

DAY = date(2026, 2, 25)
END_OF_DAY = datetime(2026, 2, 26, tzinfo=UTC)
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
LATEST = date(2026, 3, 1)
NOT_READY = SourceDay(DAY, (), CoverageStatus.PENDING, "the source does not have the day yet")


@pytest.fixture(scope="module")
def running() -> Iterator[ClaudeEnterpriseStandIn]:
    with ClaudeEnterpriseStandIn(latest_day=LATEST) as server:
        yield server


@pytest.fixture
def stand_in(running: ClaudeEnterpriseStandIn) -> ClaudeEnterpriseStandIn:
    """The stand-in with ten people on DAY, of whom number 0 did nothing."""
    running.requests.clear()
    running.users.clear()
    running.latest_day = LATEST
    running.hold(DAY, [busy(number) for number in range(10)])
    return running


def busy(number: int) -> dict[str, Any]:
    """What person `number` did: everything as many times as the number says."""
    names = (
        "messages",
        "code_sessions",
        "lines",
        "accepted",
        "rejected",
        "cowork_sessions",
        "cowork_messages",
        "excel",
    )
    return entry(user_id(number), f"p{number}@lantern.example", **dict.fromkeys((*names, "word"), number))


def idle(**counts: int) -> dict[str, Any]:
    """Ada's day with nothing but `counts`."""
    return entry(user_id(1), "ada.moreau@lantern.example", **counts)


def read(
    stand_in: ClaudeEnterpriseStandIn,
    *,
    now: datetime = NOW,
    waits: list[float] | None = None,
    key: str = ENTERPRISE_KEY,
) -> SourceDay:
    """DAY as the product reads it: with the client that the settings make."""
    return read_day(SourceConfig("claude_enterprise", "enterprise", stand_in.base_url, key), DAY, now=now, waits=waits)


def members(stand_in: ClaudeEnterpriseStandIn) -> list[Member]:
    return read_members(SourceConfig("claude_enterprise", "enterprise", stand_in.base_url, ENTERPRISE_KEY), now=NOW)


def done_with(tool: str, rows: Iterable[UsageRow]) -> Counters:
    return total(row for row in rows if row.tool == tool)


def test_all_pages_add_up_to_what_the_server_holds(stand_in: ClaudeEnterpriseStandIn) -> None:
    """Ten people over three pages and more: each session, message, line and decision once, under its own tool."""
    found = read(stand_in)

    assert len(stand_in.requests) >= 3
    assert (CoverageStatus.COVERED, None) == (found.status, found.reason)
    assert Counters(prompts=45) == done_with("claude_chat", found.rows)
    assert Counters(sessions=45, lines_added=45, accepted=45, rejected=45) == done_with("claude_code", found.rows)
    assert Counters(sessions=45, prompts=45) == done_with("claude_cowork", found.rows)
    assert Counters(sessions=90, prompts=180) == done_with("claude_office", found.rows)
    assert 9 * 4 == len(found.rows)


def test_row_has_no_model_no_tokens_and_no_money(stand_in: ClaudeEnterpriseStandIn) -> None:
    """What the report does not say stays unknown, and is never priced."""
    stand_in.hold(DAY, [idle(code_sessions=3, lines=320, accepted=22, rejected=3)])
    counters = Counters(sessions=3, lines_added=320, accepted=22, rejected=3)
    expected = UsageRow(f"anthropic:{user_id(1)}", DAY, "claude_code", ANY_MODEL, counters, active=True)
    assert (expected,) == read(stand_in).rows


def test_block_of_zeros_is_no_row(stand_in: ClaudeEnterpriseStandIn) -> None:
    """The vendor fills every block with zeros: they are not read as a day of use, nor as rows."""
    stand_in.hold(DAY, [idle()])
    assert SourceDay(DAY, (), CoverageStatus.COVERED) == read(stand_in)


@pytest.mark.parametrize(
    ("counts", "tool"),
    [
        ({"projects": 1}, "claude_chat"),
        ({"commits": 1}, "claude_code"),
        ({"design": 1}, "other:claude_design"),
        ({"science": 1}, "other:claude_science"),
    ],
)
def test_anything_counted_is_use(stand_in: ClaudeEnterpriseStandIn, counts: dict[str, int], tool: str) -> None:
    """One counter above zero makes an active row, even one that we do not keep: that person must not seem idle."""
    stand_in.hold(DAY, [idle(**counts)])
    assert [(tool, True)] == [(row.tool, row.is_active) for row in read(stand_in).rows]


def test_missing_blocks_are_unknown_not_zero(stand_in: ClaudeEnterpriseStandIn) -> None:
    """Without its edits a session still counts, and the decisions are None; a new office program counts as well."""
    odd = idle(code_sessions=2)
    del odd["claude_code_metrics"]["tool_actions"], odd["claude_code_metrics"]["core_metrics"]["lines_of_code"]
    del odd["chat_metrics"], odd["cowork_metrics"]
    odd["office_metrics"] = {"notebook": {"distinct_session_count": 1, "message_count": None}}
    stand_in.hold(DAY, [odd])
    assert {"claude_code": Counters(sessions=2), "claude_office": Counters(sessions=1)} == {
        row.tool: row.counters for row in read(stand_in).rows
    }


@pytest.mark.parametrize(
    ("whose", "subject"),
    [
        ({"id": user_id(1), "email_address": "x@lantern.example"}, f"anthropic:{user_id(1)}"),
        ({"email_address": "Ada.Moreau@lantern.example"}, "ada.moreau@lantern.example"),
        ({"email": "ada.moreau@lantern.example"}, "ada.moreau@lantern.example"),
        ({}, "other:no user"),
    ],
)
def test_whose_day_it_is(stand_in: ClaudeEnterpriseStandIn, whose: dict[str, str], subject: str) -> None:
    """The id that the directory knows, else the address in either spelling, else nobody's."""
    stand_in.hold(DAY, [{**idle(messages=1), "user": whose}])
    assert [subject] == [row.subject for row in read(stand_in).rows]


@pytest.mark.parametrize(
    ("age", "status"),
    [(timedelta(days=3), CoverageStatus.COVERED), (timedelta(days=3, seconds=-1), CoverageStatus.PENDING)],
)
def test_day_is_final_three_days_after_its_end(
    stand_in: ClaudeEnterpriseStandIn, age: timedelta, status: CoverageStatus
) -> None:
    """Until then a few per cent may still be added; the rows are kept."""
    found = read(stand_in, now=END_OF_DAY + age)
    assert (status, 36) == (found.status, len(found.rows))


def test_day_that_is_not_there_yet_is_waited_for(stand_in: ClaudeEnterpriseStandIn) -> None:
    """The refusal that names the latest day is no failure: the day is pending, and is asked for once."""
    stand_in.latest_day = DAY - timedelta(days=1)
    assert NOT_READY == read(stand_in, now=END_OF_DAY + timedelta(days=3, seconds=-1))
    assert 1 == len(stand_in.requests)


def test_day_that_is_still_not_there_is_a_failure(stand_in: ClaudeEnterpriseStandIn) -> None:
    """After three days a refusal is an error, which tells nothing of the body; it is never an empty day."""
    stand_in.latest_day = DAY - timedelta(days=1)
    with pytest.raises(SourceError) as caught:
        read(stand_in, now=END_OF_DAY + timedelta(days=3))
    assert 400 == caught.value.http_status
    assert "2026" not in str(caught.value)


def test_cursor_lost_twice_is_not_a_day_that_is_not_there(stand_in: ClaudeEnterpriseStandIn) -> None:
    """A refused cursor is refused with 400 as well; half a fresh day is an error, not one to wait for."""
    stand_in.break_next(Trouble.WRONG_CURSOR, Trouble.WRONG_CURSOR)
    with pytest.raises(SourceError) as caught:
        read(stand_in, now=END_OF_DAY + timedelta(days=1))
    assert (400, 4) == (caught.value.http_status, len(stand_in.requests))


def test_revised_day_is_read_as_it_is_now(stand_in: ClaudeEnterpriseStandIn) -> None:
    """A later reading has what came late and has not what was taken back."""
    read(stand_in)
    stand_in.hold(DAY, [idle(messages=14)])
    assert [Counters(prompts=14)] == [row.counters for row in read(stand_in).rows]


@pytest.mark.parametrize("trouble", PASSING_ON_PAGES)
def test_passing_trouble_changes_nothing(stand_in: ClaudeEnterpriseStandIn, trouble: Trouble) -> None:
    """After a trouble that passes, the day is the same as without it: no row twice, none missing."""
    expected = read(stand_in)
    stand_in.break_next(Trouble.NONE, trouble)
    assert expected == read(stand_in)


@pytest.mark.parametrize(
    ("fault", "permanent"),
    [(Fault.SPEND_LIMIT, True), (Fault.NO_DATA, False), (Fault.NO_END, False), (Fault.SAME_CURSOR, False)],
)
def test_half_a_day_is_never_a_day(fault: Fault, permanent: bool) -> None:
    """What is not whole raises, on a fresh day too, and is not asked for for ever."""
    with ClaudeEnterpriseStandIn(latest_day=LATEST) as own:
        own.hold(DAY, [busy(1)])
        own.break_next(fault)
        waits: list[float] = []
        with pytest.raises(SourceError) as caught:
            read(own, waits=waits, now=END_OF_DAY)
        assert (permanent, []) == (caught.value.permanent, waits)
        assert len(own.requests) <= 3


@pytest.mark.parametrize("key", [ADMIN_KEY, "sk-ant-api01-wrong"])
def test_other_key_is_refused_for_good(stand_in: ClaudeEnterpriseStandIn, key: str) -> None:
    """The key of a Console organisation, or a wrong one: one question, one error."""
    with pytest.raises(SourceError) as caught:
        read(stand_in, key=key)
    assert (True, 1) == (caught.value.permanent, len(stand_in.requests))


@pytest.mark.parametrize(
    "broken",
    [
        {"user": {"id": 5, "email_address": "ada.moreau@lantern.example"}},
        {"chat_metrics": {"message_count": "many"}},
        {"chat_metrics": {"distinct_skills_used_count": -1}},
        {"claude_code_metrics": {"tool_actions": {"edit_tool": 4}}},
        {"office_metrics": {"excel": 4}},
        {"cowork_metrics": ["ada.moreau@lantern.example"]},
    ],
)
def test_garbled_entry_spoils_the_day(stand_in: ClaudeEnterpriseStandIn, broken: dict[str, Any]) -> None:
    """An entry that cannot be read raises without its content: guessing would make numbers up."""
    stand_in.hold(DAY, [busy(2), {**idle(messages=1), **broken}])
    with pytest.raises(SourceError) as caught:
        read(stand_in)
    assert "cannot be read" in str(caught.value)
    assert "lantern" not in str(caught.value)


def test_members_are_listed_by_the_id_of_their_rows(stand_in: ClaudeEnterpriseStandIn) -> None:
    """Everybody in the directory is covered where the settings agree; nobody is made a holder of four seats."""
    stand_in.users.extend(user(number, f"p{number}@lantern.example") for number in range(7))
    assert [
        Member(f"anthropic:{user_id(n)}", f"p{n}@lantern.example", covered=True, since=date(2026, 2, 3))
        for n in range(7)
    ] == members(stand_in)
    assert Proof.DECLARED_AND_LISTED is CONNECTOR.proof


def test_key_is_in_the_header_alone(stand_in: ClaudeEnterpriseStandIn, caplog: pytest.LogCaptureFixture) -> None:
    """No query and no log line holds the key; one day is asked for, in the largest pages."""
    caplog.set_level("DEBUG")
    read(stand_in)
    for request in stand_in.requests:
        assert (PATH, ENTERPRISE_KEY) == (request.path, request.headers["x-api-key"])
        query = {name: value for name, value in request.query if name != "page"}
        assert {"date": "2026-02-25", "limit": "1000"} == query
    assert ENTERPRISE_KEY not in caplog.text
    assert "lantern.example" not in caplog.text


names = ("messages", "projects", "code_sessions", "accepted", "cowork_messages", "excel", "design")
people = st.lists(st.dictionaries(st.sampled_from(names), st.integers(0, 500)), max_size=9)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(people)
def test_any_day_adds_up(stand_in: ClaudeEnterpriseStandIn, held: list[dict[str, int]]) -> None:
    """Whatever was done: each message and session once, and an active row for whoever did anything, for nobody else."""
    stand_in.hold(DAY, [entry(user_id(n), f"p{n}@lantern.example", **counts) for n, counts in enumerate(held)])
    rows = read(stand_in).rows

    assert sum(counts.get("messages", 0) for counts in held) == (done_with("claude_chat", rows).prompts or 0)
    assert sum(counts.get("code_sessions", 0) for counts in held) == (done_with("claude_code", rows).sessions or 0)
    assert sum(counts.get("excel", 0) for counts in held) == (done_with("claude_office", rows).sessions or 0)
    active = {f"anthropic:{user_id(n)}" for n, counts in enumerate(held) if any(counts.values())}
    assert active == {row.subject for row in rows if row.is_active} == {row.subject for row in rows}
