"""The Copilot connector against two strict stand-ins: a day in two steps, seats, bills and single sign-on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.roster import Member
from bot.domain.usage import ANY_MODEL, Counters, CoverageStatus, UsageRow
from bot.errors import InputError, SourceError
from bot.settings import SourceConfig
from bot.sources.shape import SourceDay
from bot.sources.standins.copilot import TOKEN, Absence, CopilotStandIn, Format, identity, person, seat, terminal
from bot.sources.standins.server import Trouble
from tests.sources.reading import PASSING, PASSING_ON_PAGES, opened, read_day, read_members, total
from tests.story.open_data import FOLDER

DAY = date(2026, 11, 18)
LATER = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
REPORT = "/orgs/acme/copilot/metrics/reports/users-1-day"
SEATS = "/orgs/acme/copilot/billing/seats"
BILL = "/organizations/acme/settings/billing/ai_credit/usage"
PAYLOADS = FOLDER / "payloads" / "github-copilot"
CLI_PART = {"user_initiated_interaction_count": 6, "code_generation_activity_count": 11}


@pytest.fixture
def stand_in() -> Iterator[CopilotStandIn]:
    with CopilotStandIn() as server:
        yield server


def source(stand_in: CopilotStandIn, *, account: str | None = "orgs/acme", key: str = TOKEN) -> SourceConfig:
    return SourceConfig("copilot", "copilot", stand_in.base_url, key, account=account)


def read(
    stand_in: CopilotStandIn, *, now: datetime = LATER, waits: list[float] | None = None, **named: Any
) -> SourceDay:
    return read_day(source(stand_in, **named), DAY, now=now, waits=waits)


def members(stand_in: CopilotStandIn, **named: Any) -> list[Member]:
    return read_members(source(stand_in, **named), now=LATER)


def jane(**more: Any) -> dict[str, Any]:
    return person(DAY, 1001, "jpark-acme", prompts=18, offered=61, accepted=22, lines_added=410, **more)


# ---------------------------------------------------------------- the report


@pytest.mark.parametrize("written", Format)
def test_all_files_add_up_however_they_are_written(stand_in: CopilotStandIn, written: Format) -> None:
    """Lines with a blank last one, a list, or an object with day_totals: three files, nobody lost, nobody doubled."""
    stand_in.format = written
    people = [person(DAY, n, f"p{n}", prompts=n, offered=10, accepted=3, lines_added=7) for n in range(1, 8)]
    stand_in.hold(DAY, people[:3], people[3:4], people[4:])
    found = read(stand_in)

    assert (CoverageStatus.COVERED, None, None) == (found.status, found.reason, found.billed_microusd)
    assert Counters(prompts=28, offered=70, accepted=21, lines_added=49) == total(found.rows)
    assert {f"github:p{n}" for n in range(1, 8)} == {row.subject for row in found.rows}
    assert (1, 3) == (len([r for r in stand_in.requests if r.path == REPORT]), len(stand_in.file_host.requests))


def test_files_are_fetched_without_the_key(stand_in: CopilotStandIn) -> None:
    """The other host sees the signature as it was given, a name of ours, and no key."""
    stand_in.hold(DAY, [jane()])
    read(stand_in)
    [request] = stand_in.file_host.requests
    assert "authorization" not in request.headers
    assert not [value for value in request.headers.values() if TOKEN in value]
    assert request.headers["user-agent"].startswith("Kindling/")
    assert {"sig": "ab+c/0=", "se": "2026-11-22T02:00:00Z"} == request.fields


@pytest.mark.parametrize(
    "host",
    [
        "http://files.acme.example",
        "ftp://127.0.0.1",
        "https://who:secret@files.acme.example",
        "file:///etc",
        "//x",
        "http://[::1",
    ],
)
def test_unsafe_link_is_not_followed(stand_in: CopilotStandIn, host: str) -> None:
    """Only https is, or this machine; the link stands in no error."""
    stand_in.host_of_links = host
    stand_in.hold(DAY, [jane()])
    with pytest.raises(SourceError, match="a link") as raised:
        read(stand_in)
    assert (False, []) == ("sig" in str(raised.value), stand_in.file_host.requests)


def test_person_in_two_files_counts_once(stand_in: CopilotStandIn) -> None:
    """The fuller of two rows of one person is taken, in whichever order they come; they are not added up."""
    part = person(DAY, 1001, "JPark-Acme", prompts=9, offered=30, accepted=22, lines_added=400)
    for files in ([[part], [jane()]], [[jane()], [part]], [[jane(), part], [jane()]]):
        stand_in.hold(DAY, *files)
        assert Counters(prompts=18, offered=61, accepted=22, lines_added=410) == total(read(stand_in).rows)


def test_row_without_a_prompt_is_active(stand_in: CopilotStandIn) -> None:
    """Being named is being active: completions and reviews need no prompt."""
    stand_in.hold(DAY, [person(DAY, 1002, "samo")])
    [row] = read(stand_in).rows
    assert (
        UsageRow(
            "github:samo",
            DAY,
            "copilot",
            ANY_MODEL,
            Counters(prompts=0, offered=0, accepted=0, lines_added=0),
            active=True,
        )
        == row
    )


def test_terminal_is_taken_out_of_the_whole(stand_in: CopilotStandIn) -> None:
    """The terminal's prompts have a row of their own, and both rows together are what the report says."""
    told = terminal(sessions=2, requests=44, prompts=6, output=18_400, feature={**CLI_PART, "loc_added_sum": 110})
    stand_in.hold(DAY, [jane(**told)])
    copilot, in_terminal = read(stand_in).rows
    assert ("copilot", Counters(prompts=12, offered=50, accepted=22, lines_added=300)) == (
        copilot.tool,
        copilot.counters,
    )
    assert (
        UsageRow(
            "github:jpark-acme",
            DAY,
            "copilot_cli",
            ANY_MODEL,
            Counters(sessions=2, requests=44, output_tokens=18_400, prompts=6, offered=11, lines_added=110),
            active=True,
        )
        == in_terminal
    )


def test_terminal_beside_the_whole_keeps_its_own_prompts(stand_in: CopilotStandIn) -> None:
    """Where the report does not name the terminal as a feature, nothing is taken out of the whole."""
    stand_in.hold(DAY, [jane(**terminal(sessions=1, requests=3, prompts=4, output=5))])
    assert {"copilot": 18, "copilot_cli": 4} == {row.tool: row.counters.prompts for row in read(stand_in).rows}


def test_input_of_the_terminal_is_unknown(stand_in: CopilotStandIn) -> None:
    """How much of its input came from the cache is not told: no kind of input is claimed, not even zero."""
    stand_in.hold(DAY, [jane(**terminal(sessions=1, requests=3, prompts=4, output=5))])
    summed = total(read(stand_in).rows)
    assert (None, None, None, 5) == (
        summed.input_tokens,
        summed.cache_read_tokens,
        summed.cache_write_tokens,
        summed.output_tokens,
    )


@pytest.mark.parametrize("mark", ["used_copilot_coding_agent", "used_copilot_cloud_agent"])
def test_coding_agent_is_a_tool_of_its_own(stand_in: CopilotStandIn, mark: str) -> None:
    """The report says that the agent was used, and no figure of it."""
    stand_in.hold(DAY, [jane(**{mark: True})])
    [_, agent] = read(stand_in).rows
    assert UsageRow("github:jpark-acme", DAY, "copilot_agent", ANY_MODEL, Counters(), active=True) == agent


def test_missing_fields_are_unknown(stand_in: CopilotStandIn) -> None:
    """A row with nothing but an id is active, nobody's, and without any figure."""
    stand_in.hold(DAY, [{"user_id": 7}])
    assert (UsageRow("other:github id 7", DAY, "copilot", ANY_MODEL, Counters(), active=True),) == read(stand_in).rows


@pytest.mark.parametrize("absence", Absence)
def test_no_report_is_pending_and_no_zero(stand_in: CopilotStandIn, absence: Absence) -> None:
    """204, 404 and an empty text say the same: there is nothing to judge by, however old the day is."""
    stand_in.absent[DAY] = absence
    found = read(stand_in)
    assert SourceDay(DAY, (), CoverageStatus.PENDING, "the source has no report of this day") == found


def test_report_with_nobody_in_it_is_no_zero_either(stand_in: CopilotStandIn) -> None:
    """No links, or files without a line: GitHub leaves small numbers out, so that nobody is proven idle."""
    for count in (0, 1, 2):
        stand_in.hold(DAY, *([] for _ in range(count)))
        assert CoverageStatus.PENDING is read(stand_in).status


@pytest.mark.parametrize(
    ("age", "status"),
    [
        (timedelta(days=3), CoverageStatus.COVERED),
        (timedelta(days=3, seconds=-1), CoverageStatus.PENDING),
        (timedelta(hours=3), CoverageStatus.PENDING),
    ],
)
def test_day_is_final_after_three_full_days(stand_in: CopilotStandIn, age: timedelta, status: CoverageStatus) -> None:
    """Until then the day is pending and its rows are kept."""
    stand_in.hold(DAY, [jane()])
    found = read(stand_in, now=datetime(2026, 11, 19, tzinfo=UTC) + age)
    assert (status, 1) == (found.status, len(found.rows))
    assert (found.reason is None) == (status is CoverageStatus.COVERED)


def test_row_of_another_day_is_refused(stand_in: CopilotStandIn) -> None:
    """A report that names another day is not believed about this one."""
    stand_in.hold(DAY, [{**jane(), "day": "2026-11-17"}])
    with pytest.raises(SourceError, match="another day"):
        read(stand_in)


def test_late_rows_are_there_when_the_day_is_read_again(stand_in: CopilotStandIn) -> None:
    """A revised report replaces what was read before."""
    stand_in.hold(DAY, [jane()])
    read(stand_in)
    stand_in.hold(DAY, [jane()], [person(DAY, 1002, "samo", prompts=2)])
    assert 20 == total(read(stand_in).rows).prompts


@pytest.mark.parametrize("trouble", PASSING)
def test_passing_trouble_with_the_answer_changes_nothing(stand_in: CopilotStandIn, trouble: Trouble) -> None:
    """After a trouble that passes, the day is the same as without it."""
    stand_in.hold(DAY, [jane()], [person(DAY, 1002, "samo")])
    expected = read(stand_in)
    stand_in.break_next(trouble)
    assert expected == read(stand_in)


@pytest.mark.parametrize("trouble", PASSING)
def test_passing_trouble_with_a_file_asks_for_new_links(stand_in: CopilotStandIn, trouble: Trouble) -> None:
    """A link dies with its first use: after trouble the whole day is begun anew, and is the same."""
    stand_in.hold(DAY, [jane()], [person(DAY, 1002, "samo")])
    expected = read(stand_in)
    stand_in.requests.clear()
    stand_in.file_host.break_next(Trouble.NONE, trouble)
    assert expected == read(stand_in)
    assert 2 == len([request for request in stand_in.requests if request.path == REPORT])


def test_files_that_stay_away_are_an_error_that_tells_no_link(stand_in: CopilotStandIn) -> None:
    """Links that die twice are reported, to be tried again another time."""
    stand_in.hold(DAY, [jane()])
    stand_in.file_host.break_next(Trouble.DROPPED, Trouble.NONE, Trouble.DROPPED)
    with pytest.raises(SourceError, match="was not given: 403") as raised:
        read(stand_in)
    assert (False, False) == (raised.value.permanent, "sig" in str(raised.value))


def test_file_that_is_no_report_is_refused(stand_in: CopilotStandIn) -> None:
    """HTML in place of a file is an error, and nothing of it is repeated."""
    stand_in.hold(DAY, [jane()])
    stand_in.file_host.break_next(Trouble.NO_JSON)
    with pytest.raises(SourceError, match="is not JSON") as raised:
        read(stand_in)
    assert "sign in" not in str(raised.value)


def test_wrong_key_is_permanent_and_not_told(stand_in: CopilotStandIn) -> None:
    """A wrong key is asked once, and stands in no error."""
    with pytest.raises(SourceError, match="answered 401") as raised:
        read(stand_in, key="github_pat_wrong")
    assert (True, 1) == (raised.value.permanent, len(stand_in.requests))
    assert "github_pat" not in str(raised.value)


@pytest.mark.parametrize("account", ["acme", "orgs/", "orgs/a/b", "teams/acme", "orgs/../user"])
def test_account_of_another_form_is_refused_before_anything_is_asked(stand_in: CopilotStandIn, account: str) -> None:
    """It must be an organisation or an enterprise by name."""
    with pytest.raises(SourceError, match="account must be") as raised:
        read(stand_in, account=account)
    assert (True, []) == (raised.value.permanent, stand_in.requests)


def test_account_is_needed(stand_in: CopilotStandIn) -> None:
    """Without an account in the settings there is no such source."""
    with pytest.raises(InputError, match="account is missing"):
        read(stand_in, account=None)


def test_enterprise_has_the_same_reports() -> None:
    """An enterprise is asked under its own paths; single sign-on is then not asked for."""
    with CopilotStandIn(account="enterprises/acme-inc") as server:
        server.hold(DAY, [jane()])
        server.hold_bill(DAY, {"jpark-acme": "0.5"})
        server.hold_seats([seat("jpark-acme", 1001)])
        found = read(server, account="enterprises/acme-inc")
        assert (18, 500_000) == (total(found.rows).prompts, found.billed_microusd)
        assert ["github:jpark-acme"] == [member.subject for member in members(server, account="enterprises/acme-inc")]
        assert [] == [request for request in server.requests if request.path == "/graphql"]


# ---------------------------------------------------------------- money


def test_bill_of_the_day_and_of_each_person(stand_in: CopilotStandIn) -> None:
    """What Copilot cost beyond the allowance, for all and for each; another product's bill is left out."""
    stand_in.hold(DAY, [jane(), person(DAY, 1002, "samo"), person(DAY, 1003, "leew")])
    stand_in.hold_bill(DAY, {"jpark-acme": "0.125", "samo": "1.000001", "outsider": "3"})
    found = read(stand_in)
    assert 4_125_001 == found.billed_microusd
    assert {
        "github:jpark-acme": (125_000, "reported"),
        "github:samo": (1_000_001, "reported"),
        "github:leew": (None, None),
    } == {row.subject: (row.counters.cost_microusd, row.priced) for row in found.rows}


def test_day_within_the_allowance_cost_nobody_anything(stand_in: CopilotStandIn) -> None:
    """Where nothing was charged at all, each person's cost is zero, and nobody is asked for."""
    stand_in.hold(DAY, [jane(), person(DAY, 1002, "samo")])
    stand_in.hold_bill(DAY, {"jpark-acme": "0", "samo": "0"})
    found = read(stand_in)
    assert (0, [0, 0]) == (found.billed_microusd, [row.counters.cost_microusd for row in found.rows])
    assert 1 == len([request for request in stand_in.requests if request.path == BILL])


def test_key_without_the_right_to_see_bills_still_reads_the_report(stand_in: CopilotStandIn) -> None:
    """Money is then unknown, not zero; the report is whole."""
    stand_in.may_see_bills = False
    stand_in.hold(DAY, [jane()])
    stand_in.hold_bill(DAY, {"jpark-acme": "0.125"})
    found = read(stand_in)
    assert (CoverageStatus.COVERED, None, None) == (
        found.status,
        found.billed_microusd,
        found.rows[0].counters.cost_microusd,
    )


# ---------------------------------------------------------------- seats

RECENT, LONG_AGO = "2026-11-18T15:10:00Z", "2026-09-30T12:00:00-06:00"


@pytest.mark.parametrize(
    ("used", "signed_in", "covered"),
    [
        (LONG_AGO, RECENT, True),
        (LONG_AGO, None, True),
        (None, None, True),
        (None, LONG_AGO, True),
        (None, RECENT, False),
        (RECENT, RECENT, False),
        (RECENT, LONG_AGO, False),
        ("2026-10-21T10:00:01Z", None, False),
        ("2026-10-21T09:59:59Z", None, True),
    ],
)
def test_whose_silence_counts(stand_in: CopilotStandIn, used: str | None, signed_in: str | None, covered: bool) -> None:
    """Who was seen before the judged window, or did not sign in since; never who signed in and was not seen."""
    stand_in.hold_seats([seat("leew", 1003, last_activity_at=used, last_authenticated_at=signed_in)])
    [member] = members(stand_in)
    assert covered is member.covered


def test_seat_that_does_not_tell_of_signing_in_proves_nothing(stand_in: CopilotStandIn) -> None:
    """A field that is missing is not said, which is not the same as never."""
    silent = seat("leew", 1003)
    del silent["last_authenticated_at"]
    stand_in.hold_seats([silent])
    assert [False] == [member.covered for member in members(stand_in)]


def test_every_page_of_seats_is_read_and_every_holder_is_there_once(stand_in: CopilotStandIn) -> None:
    """Two hundred and fifty seats over pages with a short one between, one of a person twice, one of nobody."""
    seats = [seat(f"p{number}", number) for number in range(250)]
    stand_in.hold_seats(
        [*seats, seat(None), seat("P7", 7), seat("robot", 9, assignee={"login": "robot", "type": "Bot"})]
    )
    listed = members(stand_in)
    assert {f"github:p{number}" for number in range(250)} == {member.subject for member in listed}
    assert 250 == len(listed)
    pages = [request.fields for request in stand_in.requests if request.path == SEATS]
    assert [None, "2", "3", "4"] == [page.get("page") for page in pages]
    assert {"100"} == {page["per_page"] for page in pages}


def test_seat_of_two_teams_lasts_from_the_first_to_the_last(stand_in: CopilotStandIn) -> None:
    """A seat ends when all its rows do; its days are UTC days, also where the time was written with an offset."""
    leaving = {"pending_cancellation_date": "2026-12-01"}
    late = {"created_at": "2026-01-31T20:00:00-06:00", **leaving}
    stand_in.hold_seats(
        [
            seat("jpark-acme", 1, **leaving),
            seat("Jpark-acme", 1, created_at="2026-05-11T08:30:00Z"),
            seat("old-contractor", 2, **late),
            seat("old-contractor", 2, created_at="2026-03-01T00:00:00Z", pending_cancellation_date="2026-12-31"),
        ]
    )
    assert [
        ("github:jpark-acme", date(2026, 2, 1), None),
        ("github:old-contractor", date(2026, 2, 1), date(2026, 12, 31)),
    ] == [(member.subject, member.seat_since, member.seat_until) for member in members(stand_in)]


def test_use_through_one_of_two_seats_counts(stand_in: CopilotStandIn) -> None:
    """Somebody seen in use through either seat is not proven idle by the other."""
    stand_in.hold_seats([seat("leew", 3, last_activity_at=LONG_AGO), seat("leew", 3, last_activity_at=RECENT)])
    assert [False] == [member.covered for member in members(stand_in)]


@pytest.mark.parametrize("trouble", PASSING_ON_PAGES)
def test_passing_trouble_changes_no_seat(stand_in: CopilotStandIn, trouble: Trouble) -> None:
    """After a trouble that passes, the same people hold seats."""
    stand_in.hold_seats([seat(f"p{number}", number) for number in range(7)])
    expected = members(stand_in)
    stand_in.break_next(Trouble.NONE, trouble)
    assert expected == members(stand_in)


# ---------------------------------------------------------------- whose a login is


def test_single_sign_on_tells_addresses(stand_in: CopilotStandIn) -> None:
    """The address of a linked identity, or its name where that is one; others stay without."""
    stand_in.hold_seats([seat(login, n) for n, login in enumerate(["jpark-acme", "samo", "leew", "anas-dev"])])
    stand_in.hold_addresses(
        [
            identity("u-1", "JPark-acme", "Jane.Park@acme.example", "second@acme.example"),
            identity("Sam.Ortiz@acme.example", "samo"),
            identity("new.hire@acme.example", None),
            identity("employee-1003", "leew"),
        ]
    )
    assert {
        "github:jpark-acme": "jane.park@acme.example",
        "github:samo": "sam.ortiz@acme.example",
        "github:leew": None,
        "github:anas-dev": None,
    } == {member.subject: member.email for member in members(stand_in)}


@pytest.mark.parametrize("refusal", ["FORBIDDEN", "INSUFFICIENT_SCOPES", "NOT_FOUND"])
def test_refused_addresses_are_no_failure(stand_in: CopilotStandIn, refusal: str) -> None:
    """A key that may not see single sign-on still lists the seats, without addresses."""
    stand_in.hold_seats([seat("samo", 2)])
    stand_in.hold_addresses([identity("sam.ortiz@acme.example", "samo")])
    stand_in.refuses_addresses = refusal
    assert [("github:samo", None)] == [(member.subject, member.email) for member in members(stand_in)]


def test_other_errors_of_single_sign_on_are_failures(stand_in: CopilotStandIn) -> None:
    """An error that is no refusal says nothing about addresses: it is reported, and its text is not repeated."""
    stand_in.hold_seats([seat("samo", 2)])
    stand_in.refuses_addresses = "RATE_LIMITED"
    with pytest.raises(SourceError, match="graphql answered with an error") as raised:
        members(stand_in)
    assert ("accessible" in str(raised.value), False) == (False, raised.value.permanent)


# ---------------------------------------------------------------- the stand-in, and any day


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        (REPORT, {}, 400),
        (REPORT, {"day": "18.11.2026"}, 400),
        (REPORT, {"day": "2026-11-18", "colour": "red"}, 400),
        (REPORT, {"day": "2026-11-18"}, 404),
        ("/orgs/acme/copilot/metrics", {}, 404),
        (SEATS, {"per_page": "101"}, 400),
        (BILL, {"year": "2026"}, 400),
    ],
)
def test_stand_in_is_strict(stand_in: CopilotStandIn, path: str, query: dict[str, str], status: int) -> None:
    """What GitHub refuses, the stand-in refuses; it wants the key, its own media type and a version."""
    needed = {"accept": "application/vnd.github+json", "x-github-api-version": "2026-03-10"}
    with httpx.Client(base_url=stand_in.base_url, params=query) as client:
        assert 401 == client.get(path, headers=needed).status_code
        with_key = {**needed, "authorization": f"Bearer {TOKEN}"}
        assert status == client.get(path, headers=with_key).status_code
        if path == SEATS:
            assert 400 == httpx.get(stand_in.base_url + path, headers={**with_key, "accept": "*/*"}).status_code


def test_stand_in_signs_for_one_use_and_no_key(stand_in: CopilotStandIn) -> None:
    """A link with a key is refused, and a link that was used is dead."""
    stand_in.hold(DAY, [jane()])
    with opened(source(stand_in), now=LATER) as access:
        [link] = access.client.get(REPORT, params={"day": DAY.isoformat()}).json()["download_links"]
    with_key = {"authorization": f"Bearer {TOKEN}"}
    assert [400, 200, 403] == [httpx.get(link, headers=sent).status_code for sent in (with_key, {}, {})]


drawn_people = st.dictionaries(
    st.integers(1, 30), st.tuples(*[st.integers(0, 10**6)] * 4, st.integers(0, 2)), min_size=1, max_size=8
)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(drawn_people, st.sampled_from(Format), st.booleans())
def test_any_day_adds_up(
    stand_in: CopilotStandIn, drawn: dict[int, tuple[int, int, int, int, int]], written: Format, twice: bool
) -> None:
    """Whoever is in whichever file, terminal or not, once or twice: the sums are what the report says."""
    files: list[list[dict[str, Any]]] = [[], [], []]
    for number, (prompts, offered, accepted, lines, file) in drawn.items():
        feature = {"user_initiated_interaction_count": prompts // 3, "loc_added_sum": lines // 2}
        told = terminal(sessions=1, requests=1, prompts=0, output=0, feature=feature) if number % 2 else {}
        row = person(
            DAY, number, f"p{number}", prompts=prompts, offered=offered, accepted=accepted, lines_added=lines, **told
        )
        files[file].append(row)
        if twice:
            files[(file + 1) % 3].append(row)
    stand_in.format = written
    stand_in.hold(DAY, *files)
    summed = total(read(stand_in).rows)

    names = ("prompts", "offered", "accepted", "lines_added")
    assert {name: sum(told[at] for told in drawn.values()) for at, name in enumerate(names)} == {
        name: getattr(summed, name) for name in names
    }


# ---------------------------------------------------------------- payloads of the real shape


@pytest.mark.skipif(not PAYLOADS.is_dir(), reason=f"SKIPPED: no open payloads in {PAYLOADS}")
def test_report_of_the_real_shape_is_read_whole(stand_in: CopilotStandIn) -> None:
    """A report as GitHub's own sample writes it: its sums come out as they stand in it."""
    raw = httpx.Response(200, content=(PAYLOADS / "new-api" / "organization-users-1-day-report.json").read_bytes())
    rows = [{**row, "day": DAY.isoformat()} for row in raw.json()["day_totals"]]
    stand_in.format = Format.OBJECT
    stand_in.hold(DAY, rows)
    found = read(stand_in)
    summed = total(found.rows)

    named = {"prompts": "user_initiated_interaction_count", "accepted": "code_acceptance_activity_count"}
    agree = [sum(row[theirs] for row in rows) == getattr(summed, ours) for ours, theirs in named.items()]
    assert [True, True] == agree
    assert {"copilot", "copilot_cli"} <= {row.tool for row in found.rows}
    assert set() == {f.name for f in fields(Counters) if getattr(summed, f.name) is not None} & {"input_tokens"}


@pytest.mark.skipif(not PAYLOADS.is_dir(), reason=f"SKIPPED: no open payloads in {PAYLOADS}")
def test_seats_of_the_real_shape_are_read_whole(stand_in: CopilotStandIn) -> None:
    """Seats as the sample writes them: each holder is there once, and without the field on signing in nobody new to
    Copilot is covered.
    """
    raw = httpx.Response(200, content=(PAYLOADS / "organization_seats_response_sample.json").read_bytes()).json()
    stand_in.hold_seats(raw["seats"])
    listed = members(stand_in)
    assert len({one["assignee"]["id"] for one in raw["seats"]}) == len(listed)
    assert all(member.seat_since is not None for member in listed)
    never_seen = {f"github:{s['assignee']['login'].casefold()}" for s in raw["seats"] if s["last_activity_at"] is None}
    assert set() == {member.subject for member in listed if member.covered} & never_seen
