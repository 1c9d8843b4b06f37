"""The SCIM connector against the strict stand-in: every page, every vendor's manner, every way to name a manager."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.roster import PersonRecord
from bot.errors import InputError, SourceError
from bot.settings import SourceConfig
from bot.sources import catalogue
from bot.sources.scim import CONNECTOR
from bot.sources.standins.scim import ENTERPRISE, PATH, TOKEN, Manner, ScimStandIn, user
from bot.sources.standins.server import Trouble
from tests.sources.reading import opened

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
BY_ID = {"value": "scim-1", "$ref": "../Users/scim-1", "displayName": "Number 1"}


@pytest.fixture(scope="module")
def running() -> Iterator[ScimStandIn]:
    with ScimStandIn() as server:
        yield server


@pytest.fixture
def stand_in(running: ScimStandIn) -> ScimStandIn:
    """The directory with ten people, all managed by the first."""
    running.hold(user(1), *(user(number, manager=BY_ID) for number in range(2, 11)))
    return running


def read(
    stand_in: ScimStandIn, *, key: str | None = TOKEN, query: str | None = None, waits: list[float] | None = None
) -> dict[str, PersonRecord]:
    """Everybody by address, as the product reads them; nobody twice."""
    source = SourceConfig("scim", "okta", stand_in.base_url, key, query=query)
    with opened(source, now=NOW, waits=waits) as access:
        people = tuple(CONNECTOR.fetch_people(access))
    assert len({record.email for record in people}) == len(people)
    return {record.email: record for record in people}


def test_one_user_as_a_directory_lists_them(stand_in: ScimStandIn) -> None:
    """Address, team, manager, clock; a name is not even read."""
    found = read(stand_in)
    expected = PersonRecord(
        email="p2@lantern.example",
        team="Platform",
        manager_email="p1@lantern.example",
        timezone="Europe/Berlin",
        scim_id="scim-2",
    )
    assert expected == found["p2@lantern.example"]
    assert found["p1@lantern.example"].manager_email is None


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=st.integers(0, 23), most=st.integers(1, 9), by_cursor=st.booleans())
def test_all_pages_add_up_to_everybody(stand_in: ScimStandIn, people: int, most: int, by_cursor: bool) -> None:
    """However few a page holds, with a short one in the middle, and by number or by cursor: each user once."""
    stand_in.hold(*(user(n) for n in range(people)), manner=Manner(most_rows=most, by_cursor=by_cursor))
    assert {f"p{n}@lantern.example" for n in range(people)} == read(stand_in).keys()


def test_pages_begin_with_one_and_with_what_comes_next(stand_in: ScimStandIn) -> None:
    """Fewer than asked for come each time; the next page begins behind them."""
    read(stand_in)
    starts = [int(request.fields["startIndex"]) for request in stand_in.requests]
    assert 1 == starts[0]
    assert [1, 5, 6, 10] == starts
    assert {PATH} == {request.path for request in stand_in.requests}


def test_a_server_that_ignores_where_to_begin_is_asked_twice_and_not_for_ever(stand_in: ScimStandIn) -> None:
    """The second page says nothing new, so it is the last."""
    stand_in.hold(*(user(n) for n in range(10)), manner=Manner(most_rows=4, ignores_start=True))
    assert 4 == len(read(stand_in))
    assert 2 == len(stand_in.requests)


def test_an_empty_directory_may_leave_its_list_out(stand_in: ScimStandIn) -> None:
    """`totalResults` alone says that there is nobody."""
    stand_in.hold()
    assert {} == read(stand_in)


def test_an_answer_without_a_list_and_without_a_total_is_no_empty_directory(stand_in: ScimStandIn) -> None:
    """Nothing said is not nobody (P12)."""
    stand_in.hold(user(1), manner=Manner(no_list=True))
    with pytest.raises(SourceError, match="neither totalResults nor Resources"):
        read(stand_in)


@pytest.mark.parametrize(
    "manager",
    [
        BY_ID,
        {"$ref": "https://directory.example/scim/v2/Users/scim-1"},
        {"managerId": "scim-1"},
        "scim-1",
        {"value": "P1@Lantern.example"},
        {"value": "1001"},
        {"value": 1001},
    ],
)
def test_a_manager_is_found_however_the_vendor_names_them(stand_in: ScimStandIn, manager: object) -> None:
    """By id, by address, by employee number."""
    stand_in.hold(user(1), user(2, manager=manager))
    assert "p1@lantern.example" == read(stand_in)["p2@lantern.example"].manager_email


@pytest.mark.parametrize(
    ("managers", "left"),
    [
        ({1: "scim-1"}, {}),
        ({1: "scim-2", 2: "scim-3", 3: "scim-1"}, {}),
        ({1: "scim-2", 2: "scim-1", 3: "scim-1"}, {3: 1}),
        ({2: "nobody", 3: "scim-1"}, {3: 1}),
    ],
)
def test_managers_in_a_circle_or_unknown_are_left_out(
    stand_in: ScimStandIn, managers: dict[int, str], left: dict[int, int]
) -> None:
    """Nobody is in the end their own manager; whoever reports into a circle keeps their manager."""
    stand_in.hold(*(user(n, manager=managers.get(n)) for n in (1, 2, 3)))
    found = {email: record.manager_email for email, record in read(stand_in).items() if record.manager_email}
    assert {f"p{n}@lantern.example": f"p{manager}@lantern.example" for n, manager in left.items()} == found


def test_an_employee_number_that_two_have_points_to_nobody(stand_in: ScimStandIn) -> None:
    """A manager is not guessed."""
    twin = user(2)
    twin[ENTERPRISE]["employeeNumber"] = "1001"
    stand_in.hold(user(1), twin, user(3, manager={"value": "1001"}))
    assert read(stand_in)["p3@lantern.example"].manager_email is None


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"active": False}, {"ended_on": date(2026, 3, 2)}),
        ({"active": "False"}, {"ended_on": date(2026, 3, 2)}),
        ({"active": None}, {}),
        ({"timezone": "Mars/Olympus"}, {"timezone": None}),
        ({"timezone": None, "locale": "de_DE"}, {"timezone": None, "locale": "de-DE"}),
        ({ENTERPRISE: None}, {"team": None}),
        ({"emails": None}, {}),
        (
            {"emails": [{"value": "x@home.example", "type": "home"}, {"value": "P2@Lantern.example", "type": "work"}]},
            {},
        ),
    ],
)
def test_what_a_user_may_leave_out_or_say_otherwise(
    stand_in: ScimStandIn, fields: dict[str, Any], expected: dict[str, Any]
) -> None:
    """A switched-off account has left today; a blank stays a blank; the user name stands in for a missing address."""
    stand_in.hold(user(2, **fields))
    usual = PersonRecord("p2@lantern.example", team="Platform", timezone="Europe/Berlin", scim_id="scim-2")
    assert {"p2@lantern.example": replace(usual, **expected)} == read(stand_in)


def test_an_account_without_an_address_is_nobody(stand_in: ScimStandIn) -> None:
    """A robot or a printer: left out, and its name becomes no person."""
    stand_in.hold(user(1), user(2, userName="printer", emails=[]))
    assert {"p1@lantern.example"} == read(stand_in).keys()


def test_a_filter_narrows_what_is_asked(stand_in: ScimStandIn) -> None:
    """The settings' `query` goes along with every page."""
    stand_in.hold(*(user(n, active=n % 2 == 0) for n in range(6)))
    assert 3 == len(read(stand_in, query="active eq true"))
    assert {"active eq true"} == {request.fields["filter"] for request in stand_in.requests}


@pytest.mark.parametrize(
    "trouble", [Trouble.RATE_SECONDS, Trouble.RATE_BARE, Trouble.UNAVAILABLE, Trouble.DROPPED, Trouble.SERVER_ERROR]
)
def test_what_passes_by_itself_is_asked_again(stand_in: ScimStandIn, trouble: Trouble) -> None:
    """After one wait everybody is there, once."""
    waits: list[float] = []
    stand_in.break_next(Trouble.NONE, trouble)
    assert 10 == len(read(stand_in, waits=waits))
    assert 1 == len(waits)


def test_a_wrong_key_is_said_without_the_key(stand_in: ScimStandIn) -> None:
    """Asking again would be useless, and the words of the answer are not repeated."""
    with pytest.raises(SourceError) as refused:
        read(stand_in, key="wrong-key")
    assert (True, 401) == (refused.value.permanent, refused.value.http_status)
    assert "GET /Users answered 401." == str(refused.value)
    assert 1 == len(stand_in.requests)


def test_an_error_that_comes_with_a_200_is_an_error(stand_in: ScimStandIn) -> None:
    """Its status is a text, as the standard has it."""
    stand_in.hold(user(1), manner=Manner(error_with_200=True))
    with pytest.raises(SourceError) as refused:
        read(stand_in)
    assert (True, 401) == (refused.value.permanent, refused.value.http_status)


@pytest.mark.parametrize("field", [{"id": None}, {"emails": "p1@lantern.example"}, {"userName": 7, "emails": None}])
def test_an_answer_of_another_shape_is_refused(stand_in: ScimStandIn, field: dict[str, Any]) -> None:
    """Better no roster today than one that was half understood."""
    stand_in.hold(user(1, **field))
    with pytest.raises(SourceError, match="cannot be read"):
        read(stand_in)


def test_the_address_of_the_directory_must_be_set() -> None:
    """There is no directory that would be everybody's."""
    with pytest.raises(InputError, match="base_url is missing"):
        catalogue.connector_of(SourceConfig("scim", "okta", None, TOKEN))
