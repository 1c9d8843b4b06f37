"""The Jira connector against the strict stand-in: each resolved ticket once, on its UTC day, with whoever had it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.outcomes import OutcomeKind, OutcomeRecord
from bot.errors import InputError, SourceError
from bot.settings import SourceConfig
from bot.sources import catalogue, jira
from bot.sources.standins.jira import KEY, JiraStandIn
from bot.sources.standins.server import Trouble, json_answer
from tests.sources.reading import PASSING_ON_PAGES, opened

FIRST, LAST = date(2026, 11, 16), date(2026, 11, 18)
NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
JANE = {"accountId": "5b10ac8d82e05b22cc7d4ef5", "displayName": "Jane Park", "accountType": "atlassian"}


@pytest.fixture(scope="module")
def running() -> Iterator[JiraStandIn]:
    with JiraStandIn() as server:
        yield server


@pytest.fixture
def stand_in(running: JiraStandIn) -> JiraStandIn:
    running.forget()
    return running


def read(
    stand_in: JiraStandIn, *, key: str = KEY, query: str | None = None, waits: list[float] | None = None
) -> list[OutcomeRecord]:
    """What was finished from FIRST to LAST, as the product reads it."""
    source = SourceConfig("jira", "jira", stand_in.base_url, key, query=query)
    with opened(source, now=NOW, waits=waits) as access:
        return list(jira.CONNECTOR.fetch_outcomes(access, first=FIRST, last=LAST))


def test_a_resolved_ticket_is_read(stand_in: JiraStandIn) -> None:
    """Who had it and when it was done, in UTC; by the number of the ticket, and without a word of its text."""
    stand_in.resolve(10001, "2026-11-18T15:20:31.000+0100", JANE)

    expected = OutcomeRecord(
        "jira:5b10ac8d82e05b22cc7d4ef5",
        datetime(2026, 11, 18, 14, 20, 31, tzinfo=UTC),
        OutcomeKind.TICKET_DONE,
        "10001",
    )
    assert [expected] == read(stand_in)
    assert [["assignee", "resolutiondate"]] == [request.json()["fields"] for request in stand_in.requests]


def test_whose_a_ticket_is(stand_in: JiraStandIn) -> None:
    """The address where it is shown, else the account; a ticket of nobody or of an app is left out."""
    people: list[dict[str, Any] | None] = [
        JANE,
        {**JANE, "emailAddress": " Jane.Park@acme.example"},
        {**JANE, "emailAddress": ""},
        {**JANE, "accountType": "app"},
        {"displayName": "Former user"},
        None,
    ]
    for number, assignee in enumerate(people):
        stand_in.resolve(number, f"2026-11-17T12:0{number}:00.000+0000", assignee)

    account = "jira:5b10ac8d82e05b22cc7d4ef5"
    assert [account, "jane.park@acme.example", account] == [record.subject for record in read(stand_in)]


@pytest.mark.parametrize("offset_h", [-11, 0, 14])
def test_the_days_are_ours(stand_in: JiraStandIn, offset_h: int) -> None:
    """Whatever the time zone of the token's owner: the UTC days of the window and no other second of another day."""
    stand_in.owners_offset_h = offset_h
    moments = ["15T23:59:59.999", "16T00:00:00.000", "18T23:59:59.999", "19T00:00:00.000"]
    for number, at in enumerate(moments):
        stand_in.resolve(number, f"2026-11-{at}+0000", JANE)
    stand_in.resolve(4, "2026-11-19T00:30:00.000+0100", JANE)
    stand_in.resolve(5, "2026-11-18T23:30:00.000-0100", JANE)

    assert ["1", "4", "2"] == [record.ref for record in read(stand_in)]


@given(seconds=st.lists(st.integers(0, 3 * 86_400 - 1), max_size=25), offset_h=st.integers(-11, 14))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_all_pages_add_up(running: JiraStandIn, seconds: list[int], offset_h: int) -> None:
    """Whatever Jira holds comes once, over several pages of which the second is empty, in whatever offset."""
    running.forget()
    start = datetime(2026, 11, 16, tzinfo=UTC)
    for number, second in enumerate(seconds):
        at = (start + timedelta(seconds=second)).astimezone(timezone(timedelta(hours=offset_h)))
        running.resolve(number, at.strftime("%Y-%m-%dT%H:%M:%S.000%z"), JANE)

    found = read(running)

    assert sorted(start + timedelta(seconds=second) for second in seconds) == sorted(record.at for record in found)
    assert {str(number) for number in range(len(seconds))} == {record.ref for record in found}


def test_an_empty_page_is_not_the_last(stand_in: JiraStandIn) -> None:
    """A page without issues that has a token is followed by the rest; the last page has no token."""
    for number in range(6):
        stand_in.resolve(number, "2026-11-17T12:00:00.000+0000", JANE)

    assert 6 == len(read(stand_in))
    assert [False, True, True, True] == ["nextPageToken" in request.json() for request in stand_in.requests]


def test_the_question_can_be_narrowed(stand_in: JiraStandIn) -> None:
    """What the settings' `query` says is asked for together with the rest."""
    stand_in.resolve(1, "2026-11-17T12:00:00.000+0000", JANE)
    stand_in.resolve(2, "2026-11-17T12:00:00.000+0000", JANE, project="WEB")

    assert ["2"] == [record.ref for record in read(stand_in, query="project in (WEB, DOCS)")]


def test_a_ticket_that_was_opened_again(stand_in: JiraStandIn) -> None:
    """Read again it is there no more, or on its new day."""
    stand_in.resolve(1, "2026-11-17T12:00:00.000+0000", JANE)
    assert 1 == len(read(stand_in))

    stand_in.forget()
    stand_in.resolve(1, "2026-11-18T12:00:00.000+0000", JANE)
    assert [date(2026, 11, 18)] == [record.at.date() for record in read(stand_in)]


@pytest.mark.parametrize("trouble", PASSING_ON_PAGES)
def test_what_passes_by_itself_is_survived(stand_in: JiraStandIn, trouble: Trouble) -> None:
    """After the usual troubles of the net, and a token that ran out on the way, everything is there once."""
    for number in range(5):
        stand_in.resolve(number, "2026-11-17T12:00:00.000+0000", JANE)
    stand_in.break_next(Trouble.NONE, trouble)

    assert [str(number) for number in range(5)] == [record.ref for record in read(stand_in)]


@pytest.mark.parametrize("trouble", [Trouble.NO_JSON, Trouble.WRONG_CURSOR])
def test_half_a_list_is_none(stand_in: JiraStandIn, trouble: Trouble) -> None:
    """A page that cannot be had, again and again, is an error: there is no shorter list."""
    for number in range(5):
        stand_in.resolve(number, "2026-11-17T12:00:00.000+0000", JANE)
    stand_in.break_next(Trouble.NONE, *[trouble] * 12)

    with pytest.raises(SourceError):
        read(stand_in)
    stand_in.forget_troubles()


def test_a_wrong_question_and_a_wrong_key(stand_in: JiraStandIn) -> None:
    """A refused JQL and a wrong key are final; a key without its address is said in words; none is quoted."""
    with pytest.raises(SourceError, match="answered 400") as raised:
        read(stand_in, query="project =")
    assert raised.value.permanent
    with pytest.raises(SourceError, match="answered 401") as raised:
        read(stand_in, key="samo@acme.example:wrong")
    assert raised.value.permanent
    assert "wrong" not in str(raised.value) + "".join(request.path for request in stand_in.requests)
    with pytest.raises(InputError, match="address:token") as refused:
        read(stand_in, key="only-a-token")
    assert "only-a-token" not in str(refused.value)
    with pytest.raises(InputError, match="base_url is missing"):
        catalogue.connector_of(SourceConfig("jira", "jira", api_key=KEY))


def test_a_ticket_without_its_moment_is_an_error(stand_in: JiraStandIn) -> None:
    """An answer that does not say when, or in which offset, is not read as less work."""
    for said in ({}, {"resolutiondate": None}, {"resolutiondate": "2026-11-17T12:00:00.000"}, {"resolutiondate": "?"}):
        page = {"issues": [{"id": "1", "fields": {"assignee": JANE, **said}}], "isLast": True}
        stand_in.instead.append(json_answer(200, page))
        with pytest.raises(SourceError, match="resolutiondate"):
            read(stand_in)
