"""The Cursor connector against the strict stand-in: two lists, four ways of paging, and no measure taken twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.roster import Member
from bot.domain.usage import ANY_MODEL, Counters, CoverageStatus, UsageRow
from bot.domain.usage_sums import add_up
from bot.errors import SourceError
from bot.settings import SourceConfig
from bot.sources.cursor import DAILY, EVENTS, MEMBERS
from bot.sources.shape import SourceDay
from bot.sources.standins.cursor import KEY, CursorStandIn, event, member_day, midnight_ms, tokens
from bot.sources.standins.server import Trouble
from tests.sources.reading import PASSING_ON_PAGES, read_day, read_members, total

DAY = date(2026, 11, 18)
START = midnight_ms(DAY)
LATER = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
JANE, LEE, RUNNER = "jane.park@acme.example", "lee.wong@acme.example", "agent-runner@acme.example"
SONNET = "claude-5.5-sonnet"


@pytest.fixture(scope="module")
def running() -> Iterator[CursorStandIn]:
    with CursorStandIn() as server:
        yield server


@pytest.fixture
def stand_in(running: CursorStandIn) -> CursorStandIn:
    """The stand-in with nothing in it."""
    running.requests.clear()
    running.forget_troubles()
    running.says_whether_more, running.leaves_out, running.lost_events = True, set(), 0
    running.hold()
    running.hold_members([])
    return running


def read(
    stand_in: CursorStandIn,
    *,
    day: date = DAY,
    now: datetime = LATER,
    waits: list[float] | None = None,
    key: str = KEY,
) -> SourceDay:
    return read_day(SourceConfig("cursor", "cursor", stand_in.base_url, key), day, now=now, waits=waits)


def members(stand_in: CursorStandIn) -> list[Member]:
    return read_members(SourceConfig("cursor", "cursor", stand_in.base_url, KEY), now=LATER)


def busy(number: int) -> dict[str, Any]:
    """The line of member `number`."""
    return member_day(
        DAY,
        number,
        f"p{number}@acme.example",
        totalTabsShown=120,
        totalTabsAccepted=48,
        totalApplies=30,
        totalAccepts=24,
        totalRejects=6,
        composerRequests=3,
        chatRequests=5,
        agentRequests=14,
        cmdkUsages=number,
        totalLinesAdded=640,
        acceptedLinesAdded=410,
    )


def test_all_pages_of_both_lists_add_up(stand_in: CursorStandIn) -> None:
    """Ten members and thirty events over pages with a short one between: nothing is lost and nothing is doubled."""
    spent = {"tokenUsage": tokens(1260, 4500, 6112, 119_640), "chargedCents": 10.6036, "maxMode": True}
    events = [event(START + n, f"p{n % 10}@acme.example", SONNET, conversationId=f"c{n}", **spent) for n in range(30)]
    stand_in.hold(daily=[busy(number) for number in range(10)], events=events)
    found = read(stand_in)

    assert (CoverageStatus.COVERED, None) == (found.status, found.reason)
    assert Counters(
        requests=30,
        sessions=30,
        input_tokens=30 * 1260,
        cache_read_tokens=30 * 119_640,
        cache_write_tokens=30 * 6112,
        output_tokens=30 * 4500,
        cost_microusd=30 * 106_036,
        accepted=10 * 72,
        rejected=60,
        prompts=10 * 22 + sum(range(10)),
        offered=10 * 150,
        lines_added=4100,
        long_context_requests=30,
        headless_requests=0,
    ) == total(found.rows)
    assert {DAILY: 4, EVENTS: 4} == {
        path: len([r for r in stand_in.requests if r.path == path]) for path in (DAILY, EVENTS)
    }


def test_no_measure_stands_in_both_kinds_of_rows(stand_in: CursorStandIn) -> None:
    """What people did and their sessions stand with ANY_MODEL; requests, tokens and money with the model alone."""
    stand_in.hold(
        daily=[busy(1)],
        events=[event(START, "p1@acme.example", SONNET, conversationId="c", tokenUsage=tokens(1, 2, 3, 4))],
    )
    told = {
        row.model: {field.name for field in fields(Counters) if getattr(row.counters, field.name) is not None}
        for row in read(stand_in).rows
    }
    assert {ANY_MODEL, SONNET} == set(told)
    assert {"prompts", "offered", "accepted", "rejected", "lines_added", "sessions"} == told[ANY_MODEL]
    assert set() == told[ANY_MODEL] & told[SONNET]


def test_member_who_did_nothing_has_a_row_that_says_so(stand_in: CursorStandIn) -> None:
    """`isActive: false` is an explicit zero: a row that is not active, with the zeros as they were told."""
    stand_in.hold(daily=[member_day(DAY, 12347, LEE, active=False)])
    [row] = read(stand_in).rows
    expected = Counters(accepted=0, rejected=0, prompts=0, offered=0, lines_added=0)
    assert UsageRow(LEE, DAY, "cursor", ANY_MODEL, expected, active=False) == row
    assert not row.is_active


def test_every_member_is_asked_for_in_a_closed_window(stand_in: CursorStandIn) -> None:
    """Each question carries page and pageSize, without which Cursor hides the idle, and ends a millisecond early."""
    stand_in.hold(daily=[member_day(DAY, n, f"p{n}@acme.example", active=n % 2 == 0) for n in range(6)])
    assert 6 == len({row.subject for row in read(stand_in).rows})
    asked = [request.json() for request in stand_in.requests]
    assert {(START, START + 86_400_000 - 1)} == {(one["startDate"], one["endDate"]) for one in asked}
    assert all({"page", "pageSize"} <= set(one) for one in asked)
    assert [()] == list({request.query for request in stand_in.requests})


def test_event_at_midnight_counts_once(stand_in: CursorStandIn) -> None:
    """An event on the stroke of the next midnight belongs to the next day, and to no other."""
    midnight = START + 86_400_000
    stand_in.hold(events=[event(midnight - 1, JANE), event(midnight, JANE), event(midnight + 1, JANE)])
    both = [total(read(stand_in, day=DAY + timedelta(days=n)).rows).requests for n in (0, 1)]
    assert [1, 2] == both


def test_row_of_another_day_is_refused(stand_in: CursorStandIn) -> None:
    """A server that answers with another day is not believed about this one."""
    stand_in.hold(daily=[{**busy(1), "day": "2026-11-17"}])
    with pytest.raises(SourceError, match="another day"):
        read(stand_in)


def test_fractions_of_a_cent_are_added_before_they_are_rounded(stand_in: CursorStandIn) -> None:
    """Four times 0.00004 cents are 1.6 micro-dollars: two, and not four times nothing."""
    stand_in.hold(events=[event(START + n, JANE, SONNET, chargedCents="0.00004") for n in range(4)])
    assert [2] == [row.counters.cost_microusd for row in read(stand_in).rows if row.model == SONNET]


def test_cost_that_is_not_told_is_unknown_and_stays_apart(stand_in: CursorStandIn) -> None:
    """A charged event and one without a charge are two rows: only the second is priced later."""
    silent = event(START, JANE, SONNET, tokenUsage=tokens(5, 1))
    del silent["chargedCents"]
    stand_in.hold(events=[silent, event(START, JANE, SONNET, chargedCents=1.5, tokenUsage=tokens(7, 1))])
    rows = {row.priced: row.counters for row in read(stand_in).rows if row.model == SONNET}
    assert {None: (5, None), "reported": (7, 15_000)} == {
        priced: (counters.input_tokens, counters.cost_microusd) for priced, counters in rows.items()
    }


def test_model_behind_auto_stays_unknown(stand_in: CursorStandIn) -> None:
    """`auto` is kept as Cursor says it; tokens that are not told are unknown, and included use costs nothing more."""
    stand_in.hold(events=[event(START, JANE, "auto")])
    expected = Counters(requests=1, cost_microusd=0, long_context_requests=0, headless_requests=0)
    [row] = [row for row in read(stand_in).rows if row.model != ANY_MODEL]
    assert UsageRow(JANE, DAY, "cursor", "auto", expected, "reported") == row


def test_service_account_is_a_machine(stand_in: CursorStandIn) -> None:
    """A service account is no person though an address stands beside it; its requests are headless."""
    stand_in.hold(events=[event(START, RUNNER, serviceAccountId="sa_nightly", cloudAgentId="bc_01")])
    [row] = [row for row in read(stand_in).rows if row.model != ANY_MODEL]
    assert ("cursor:sa_nightly", 1) == (row.subject, row.counters.headless_requests)


def test_sessions_are_conversations(stand_in: CursorStandIn) -> None:
    """Requests of one conversation are one session, whichever models answered; without a name they are none."""
    named = [event(START + n, JANE, model, conversationId="c1") for n, model in enumerate((SONNET, "auto", SONNET))]
    stand_in.hold(events=[*named, event(START, JANE, conversationId="c2"), event(START, LEE)])
    sessions = {row.subject: row.counters.sessions for row in read(stand_in).rows if row.model == ANY_MODEL}
    assert {JANE: 2} == sessions


def test_same_member_twice_and_two_accounts_of_one_address(stand_in: CursorStandIn) -> None:
    """A line that a shifted page repeats counts once; a second account of the same address is added."""
    one = member_day(DAY, 1, JANE, chatRequests=5)
    stand_in.hold(daily=[one, one, member_day(DAY, 2, " Jane.Park@Acme.Example", active=False, chatRequests=2)])
    [row] = read(stand_in).rows
    assert (JANE, 7, True) == (row.subject, row.counters.prompts, row.active)


def test_missing_optional_fields_are_unknown(stand_in: CursorStandIn) -> None:
    """A line with nothing but a name: no figure and no word on activity; an e-mail that is missing is an id."""
    stand_in.hold(daily=[{"userId": 12345, "date": START}])
    assert (UsageRow("cursor:12345", DAY, "cursor", ANY_MODEL, Counters()),) == read(stand_in).rows


def test_sum_without_one_of_its_parts_is_unknown(stand_in: CursorStandIn) -> None:
    """Prompts of which one kind is not told would be too few: they are unknown."""
    line = busy(1)
    del line["cmdkUsages"]
    stand_in.hold(daily=[line])
    assert (None, 72) == (total(read(stand_in).rows).prompts, total(read(stand_in).rows).accepted)


@pytest.mark.parametrize(
    ("age", "status"),
    [
        (timedelta(hours=2), CoverageStatus.COVERED),
        (timedelta(hours=2, seconds=-1), CoverageStatus.PENDING),
        (timedelta(hours=-10), CoverageStatus.PENDING),
    ],
)
def test_day_is_final_two_hours_after_its_end(stand_in: CursorStandIn, age: timedelta, status: CoverageStatus) -> None:
    """Cursor adds up hourly: until two hours have passed the day is pending, and its rows are kept."""
    stand_in.hold(daily=[busy(1)])
    found = read(stand_in, now=datetime(2026, 11, 19, tzinfo=UTC) + age)
    assert (status, 1) == (found.status, len(found.rows))
    assert (found.reason is None) == (status is CoverageStatus.COVERED)


def test_revised_day_is_what_it_says_now(stand_in: CursorStandIn) -> None:
    """A day read again holds what Cursor says now, also when that is less."""
    stand_in.hold(daily=[busy(1), busy(2)], events=[event(START, JANE)])
    read(stand_in)
    stand_in.hold(daily=[busy(2)])
    assert ["p2@acme.example"] == [row.subject for row in read(stand_in).rows]


@pytest.mark.parametrize("trouble", PASSING_ON_PAGES)
def test_passing_trouble_changes_nothing(stand_in: CursorStandIn, trouble: Trouble) -> None:
    """After a trouble that passes, the day is the same as without it: no row twice, none missing."""
    stand_in.hold(daily=[busy(n) for n in range(5)], events=[event(START + n, JANE) for n in range(5)])
    expected = read(stand_in)
    stand_in.break_next(Trouble.NONE, trouble)
    assert expected == read(stand_in)


@pytest.mark.parametrize(("key", "says"), [("crsr_wrong", "answered 401"), ("crsr_" + "x" * 40, "answered 401")])
def test_wrong_key_is_permanent_and_not_told(stand_in: CursorStandIn, key: str, says: str) -> None:
    """A wrong key is asked once, and stands in no error."""
    waits: list[float] = []
    with pytest.raises(SourceError, match=says) as raised:
        read(stand_in, key=key, waits=waits)
    assert (True, [], False) == (raised.value.permanent, waits, key in str(raised.value))


def test_plan_without_the_api_is_a_permanent_error() -> None:
    """A team that is not Enterprise has no such API: that is said, not read as nobody using Cursor."""
    with CursorStandIn(is_enterprise=False) as server, pytest.raises(SourceError, match="answered 403") as raised:
        read(server)
    assert raised.value.permanent


@pytest.mark.parametrize("missing", ["data", "usageEvents", "pagination"])
def test_page_without_its_list_or_its_end_is_no_empty_page(stand_in: CursorStandIn, missing: str) -> None:
    """A page that leaves out its list, or whether more follows, is refused: half a day is no day."""
    stand_in.hold(daily=[busy(1)], events=[event(START, JANE)])
    stand_in.leaves_out = {missing}
    with pytest.raises(SourceError, match="cannot be read"):
        read(stand_in)


def test_sign_in_page_is_no_answer(stand_in: CursorStandIn) -> None:
    """A proxy's page of HTML is an error, and nothing of it is repeated."""
    stand_in.break_next(Trouble.NO_JSON)
    with pytest.raises(SourceError, match="without a JSON object") as raised:
        read(stand_in)
    assert "sign in" not in str(raised.value)


def test_events_that_are_announced_and_not_given_are_missed(stand_in: CursorStandIn) -> None:
    """One event less than Cursor counted is an error: the day is read again rather than kept too small."""
    stand_in.hold(events=[event(START, JANE)])
    stand_in.lost_events = 1
    with pytest.raises(SourceError, match="fewer"):
        read(stand_in)


def test_pages_that_are_only_counted_are_read_to_their_end(stand_in: CursorStandIn) -> None:
    """Where `hasNextPage` is missing, totalPages and numPages say the same."""
    stand_in.says_whether_more = False
    stand_in.hold(daily=[busy(n) for n in range(7)], events=[event(START + n, JANE) for n in range(7)])
    found = read(stand_in)
    assert (7 * 410, 7) == (total(found.rows).lines_added, total(found.rows).requests)


def test_members_are_covered_and_who_was_removed_is_not_listed(stand_in: CursorStandIn) -> None:
    """Ids are numbers or texts; who is listed with an address is covered, who left is not there."""
    stand_in.hold_members(
        [
            {
                "id": "user_JanePark00000000000000001",
                "email": "Jane.Park@acme.example",
                "role": "member",
                "isRemoved": False,
            },
            {"id": 12347, "email": LEE, "role": "free-owner"},
            {"id": "user_Gone", "email": "old@acme.example", "role": "member", "isRemoved": True},
            {"id": "user_NoMail", "role": "member"},
        ]
    )
    assert [
        Member(JANE, JANE, covered=True),
        Member(LEE, LEE, covered=True),
        Member("cursor:user_NoMail", None, covered=False),
    ] == members(stand_in)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", DAILY, None, 405),
        ("POST", DAILY, {"startDate": START // 1000, "endDate": START}, 400),
        ("POST", DAILY, {"startDate": START, "endDate": START + 31 * 86_400_000}, 400),
        ("POST", EVENTS, {"startDate": START, "endDate": START, "pageSize": 1001}, 400),
        ("POST", EVENTS, {"startDate": START, "endDate": START, "colour": "red"}, 400),
        ("GET", MEMBERS + "/", None, 404),
    ],
)
def test_stand_in_is_strict(
    stand_in: CursorStandIn, method: str, path: str, body: dict[str, int] | None, status: int
) -> None:
    """What Cursor refuses, the stand-in refuses; a password behind the key is refused as well."""
    url = stand_in.base_url + path
    assert status == httpx.request(method, url, json=body, auth=(KEY, "")).status_code
    assert 401 == httpx.request(method, url, json=body, auth=(KEY, "secret")).status_code


def test_stand_in_hides_the_idle_without_a_page(stand_in: CursorStandIn) -> None:
    """Asked without page and pageSize, it leaves out who was not active, as Cursor does."""
    stand_in.hold(daily=[busy(1), member_day(DAY, 2, LEE, active=False)])
    body = {"startDate": START, "endDate": START + 1}
    answer = httpx.post(stand_in.base_url + DAILY, json=body, auth=(KEY, ""))
    assert [1] == [row["userId"] for row in answer.json()["data"]]


charges = st.decimals(0, 10**5, places=4)
drawn_events = st.lists(
    st.tuples(st.sampled_from([JANE, LEE]), st.sampled_from([SONNET, "auto"]), charges, st.integers(0, 10**9)),
    max_size=9,
)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(drawn_events, st.sampled_from([Trouble.NONE, Trouble.DROPPED, Trouble.SERVER_ERROR, Trouble.GONE_CURSOR]))
def test_any_events_add_up_to_the_last_fraction(
    stand_in: CursorStandIn, drawn: list[tuple[str, str, Decimal, int]], trouble: Trouble
) -> None:
    """Whatever events there are, over however many pages, through a trouble: tokens and money are the server's own."""
    stand_in.forget_troubles()
    stand_in.hold(
        events=[
            event(START + n, who, model, chargedCents=str(cents), tokenUsage=tokens(uncached, n, uncached, 3))
            for n, (who, model, cents, uncached) in enumerate(drawn)
        ]
    )
    stand_in.break_next(trouble)
    found = read(stand_in)
    summed = total(found.rows)

    assert int(sum(cents for *_, cents, _ in drawn) * 10_000) == (summed.cost_microusd or 0)
    assert sum(uncached for *_, uncached in drawn) == (summed.input_tokens or 0) == (summed.cache_write_tokens or 0)
    assert (len(drawn), 3 * len(drawn)) == (summed.requests or 0, summed.cache_read_tokens or 0)
    assert len(add_up(found.rows)) == len(found.rows)
