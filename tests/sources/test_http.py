"""The careful GET: what is asked again, how long it waits, and what its errors keep to themselves."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import SourceError
from bot.sources import fields, http
from bot.sources.http import JsonObject, Patience, bounded, cursor_pages, get_json

SECRET = "sk-ant-admin01-lantern"
OK = httpx.Response(200, json={"data": []})
SERVER_NOON = "Mon, 02 Mar 2026 12:00:00 GMT"


def ask(
    *answers: httpx.Response | Exception, waits: list[float], patience: Patience | None = None
) -> tuple[JsonObject, int]:
    """Ask a server that gives `answers` one after the other; returns the object and the number of requests."""
    asked: list[httpx.Request] = []

    def give(request: httpx.Request) -> httpx.Response:
        answer = answers[min(len(asked), len(answers) - 1)]
        asked.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    with httpx.Client(
        base_url="https://usage.example", transport=httpx.MockTransport(give), headers={"x-api-key": SECRET}
    ) as client:
        body = get_json(
            client, "/v1/report", params={"page": "a+/=="}, wait=waits.append, patience=patience or Patience()
        )
    return body, len(asked)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 529])
def test_passing_trouble_is_asked_again(status: int) -> None:
    """Statuses that pass by themselves cost one wait and no data."""
    waits: list[float] = []
    assert ({"data": []}, 2) == ask(httpx.Response(status), OK, waits=waits)
    assert 1 == len(waits)


@pytest.mark.parametrize(
    "error",
    [httpx.ConnectError("no"), httpx.ReadTimeout("late"), httpx.RemoteProtocolError("cut"), httpx.ReadError("reset")],
)
def test_network_trouble_is_asked_again(error: Exception) -> None:
    """A dropped, late or cut connection is tried again."""
    waits: list[float] = []
    assert ({"data": []}, 2) == ask(error, OK, waits=waits)


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 410, 422, 501])
def test_refusals_are_never_asked_again(status: int) -> None:
    """A refused question is asked once: the error is permanent, and nothing was waited for."""
    waits: list[float] = []
    with pytest.raises(SourceError) as caught:
        ask(httpx.Response(status, headers={"location": "https://elsewhere.example"}), OK, waits=waits)
    assert (True, status, []) == (caught.value.permanent, caught.value.http_status, waits)


@pytest.mark.parametrize(
    ("headers", "pause_s"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "Mon, 02 Mar 2026 12:00:30 GMT", "date": SERVER_NOON}, 30.0),
        ({"retry-after": "Mon, 02 Mar 2026 11:59:00 GMT", "date": SERVER_NOON}, 0.0),
    ],
)
def test_retry_after_is_obeyed_in_both_forms(headers: dict[str, str], pause_s: float) -> None:
    """Seconds are waited as they stand; a date is measured against the server's own clock, never below 0."""
    waits: list[float] = []
    ask(httpx.Response(429, headers=headers), OK, waits=waits)
    assert [pause_s] == waits


def test_retry_after_date_without_the_servers_clock() -> None:
    """Where the server does not say its time, ours is taken."""
    waits: list[float] = []
    soon = format_datetime(datetime.now(UTC).replace(microsecond=0), usegmt=True)
    ask(httpx.Response(429, headers={"retry-after": soon}), OK, waits=waits)
    assert waits == [0.0]


@pytest.mark.parametrize("reset", ["9" * 12, "9" * 30])
def test_allowance_that_never_comes_back_is_a_back_off(reset: str) -> None:
    """A moment that no calendar has is no moment."""
    waits: list[float] = []
    ask(httpx.Response(429, headers={"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}), OK, waits=waits)
    assert 1.0 >= max(waits)


@pytest.mark.parametrize("amount", [10**16, Decimal("1e400"), "1e999999999", "-1e30", "NaN", "Infinity"])
def test_figure_that_no_database_can_hold_is_refused(amount: object) -> None:
    """A source that says something impossible is an error of that source, as a count and as an amount."""
    for read in (fields.count, lambda told, name: fields.microusd(told, name, per_unit=1, below_zero=True)):
        with pytest.raises(SourceError, match="tokens is not"):
            read({"tokens": amount}, "tokens")


def test_moment_outside_of_the_calendar_is_refused() -> None:
    """The first hours of the year 1 lie before it in UTC."""
    with pytest.raises(SourceError, match="at is not a moment"):
        fields.moment({"at": "0001-01-01T00:00:00+14:00"}, "at")


@pytest.mark.parametrize("nonsense", ["soon", "-5", "1.5.2", "٣", ""])
def test_retry_after_that_means_nothing_is_a_back_off(nonsense: str) -> None:
    """What cannot be understood counts as not said."""
    waits: list[float] = []
    ask(httpx.Response(503, headers={b"retry-after": nonsense.encode()}), OK, waits=waits)
    assert 0.5 <= waits[0] <= 1.0


def test_back_off_doubles_to_its_cap() -> None:
    """Without a hint the waits double up to the longest, each between half and the whole of it; then it gives up."""
    waits: list[float] = []
    with pytest.raises(SourceError) as caught:
        ask(httpx.Response(500), waits=waits, patience=Patience(tries=6, longest_wait_s=8.0))
    assert (False, 500) == (caught.value.permanent, caught.value.http_status)
    for waited, longest in zip(waits, (1, 2, 4, 8, 8), strict=True):
        assert longest / 2 <= waited <= longest


def test_whole_waiting_is_bounded() -> None:
    """A server that asks for more than the whole budget is not waited for at all."""
    waits: list[float] = []
    with pytest.raises(SourceError):
        ask(httpx.Response(429, headers={"retry-after": "86400"}), waits=waits)
    assert [] == waits


@settings(max_examples=100)
@given(st.integers(1, 8), st.floats(0.1, 100), st.lists(st.integers(0, 200), min_size=1, max_size=8))
def test_never_more_tries_nor_waiting_than_allowed(tries: int, total_wait_s: float, asked_s: list[int]) -> None:
    """Whatever a broken server asks for, tries and waiting stay within their bounds."""
    waits: list[float] = []
    answers = [httpx.Response(429, headers={"retry-after": str(seconds)}) for seconds in asked_s]
    with pytest.raises(SourceError):
        ask(*answers, waits=waits, patience=Patience(tries=tries, total_wait_s=total_wait_s))
    assert len(waits) < tries
    assert sum(waits) <= total_wait_s


def test_spending_limit_is_permanent() -> None:
    """The 429 of a monthly cap is not looped on, and not confused with an ordinary 429."""
    body = {"type": "error", "error": {"type": "x", "details": {"error_code": "enforced_spend_limit_reached"}}}
    waits: list[float] = []
    with pytest.raises(SourceError) as caught:
        ask(httpx.Response(429, json=body), OK, waits=waits)
    assert (True, 429, []) == (caught.value.permanent, caught.value.http_status, waits)

    ask(httpx.Response(429, json=body, headers={"retry-after": "1"}), OK, waits=waits)
    assert [1.0] == waits


@pytest.mark.parametrize("content", [b"<html>Please sign in</html>", b"", b"[1, 2]", b'"text"', b"\xff\xfe"])
def test_success_without_an_object_is_an_error(content: bytes) -> None:
    """A sign-in page with status 200 is no data, and certainly no empty day."""
    with pytest.raises(SourceError) as caught:
        ask(httpx.Response(200, content=content), waits=[])
    assert not caught.value.permanent


def test_bomb_is_left_after_what_is_bearable(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that unpacks to far more than it weighs is an error, and is never held whole."""
    monkeypatch.setattr(http, "MOST_BYTES", 1_000_000)
    packed = gzip.compress(b"[" + b" " * 30_000_000 + b"]")

    class InPieces(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            yield from (packed[place : place + 512] for place in range(0, len(packed), 512))

    bomb = httpx.Response(200, headers={"content-encoding": "gzip"}, stream=InPieces())
    with pytest.raises(SourceError, match="too large"):
        ask(bomb, waits=[])


def test_fractions_are_exact() -> None:
    """Money arrives as Decimal, not as a float."""
    body, _ = ask(httpx.Response(200, content=b'{"amount": 0.1}'), waits=[])
    assert Decimal("0.1") == body["amount"]


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(401, json={"error": {"message": f"the key {SECRET} of ada.moreau@lantern.example is wrong"}}),
        httpx.Response(200, content=b"ada.moreau@lantern.example"),
        httpx.ConnectError(f"https://usage.example/?key={SECRET}"),
    ],
)
def test_errors_tell_no_key_query_or_body(answer: httpx.Response | Exception) -> None:
    """An error names the path and the status, and nothing that came in or went out."""
    with pytest.raises(SourceError) as caught:
        ask(answer, waits=[])
    assert "GET /v1/report" in str(caught.value)
    for hidden in (SECRET, "a+/==", "page", "ada.moreau", "usage.example"):
        assert hidden not in str(caught.value)


def test_waiting_of_many_questions_is_bounded_together() -> None:
    """A wait within the budget is slept; the one that would exceed it is an error, and not slept."""
    slept: list[float] = []
    wait = bounded(slept.append, most_s=100)
    wait(60)
    with pytest.raises(SourceError) as caught:
        wait(41)
    wait(40)
    assert ([60, 40], False) == (slept, caught.value.permanent)


def server_of(cursors: dict[str | None, str | None]) -> Callable[[str | None], JsonObject]:
    """A server in which each cursor leads to the next."""
    return lambda cursor: {"at": cursor, "next": cursors[cursor]}


def test_pages_end_where_the_server_says() -> None:
    """Every page is read once, in order, up to the one without a next."""
    pages = cursor_pages(server_of({None: "a", "a": "b", "b": None}), lambda page: page["next"])
    assert [None, "a", "b"] == [page["at"] for page in pages]


@pytest.mark.parametrize("circle", [{None: "a", "a": "a"}, {None: "a", "a": "b", "b": "a"}])
def test_circle_of_pages_is_an_error(circle: dict[str | None, str | None]) -> None:
    """A cursor that comes again would read for ever; it raises instead."""
    with pytest.raises(SourceError):
        list(cursor_pages(server_of(circle), lambda page: page["next"]))


def test_endless_pages_are_an_error() -> None:
    """Even with new cursors each time, there is an end to patience."""
    with pytest.raises(SourceError):
        list(cursor_pages(lambda c: {"next": f"{c}x"}, lambda page: page["next"], most_pages=10))
