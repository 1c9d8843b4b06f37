"""OTLP requests become plain readings: in both encodings, within bounds, and with nothing that nobody asked for."""

from __future__ import annotations

import gzip
import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.sources.otlp import decode
from bot.sources.otlp.decode import Batch, TooLargeError, UnreadableError
from bot.sources.standins import otlp_client as client

NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
START, AT = NOW - timedelta(hours=2), NOW - timedelta(hours=1)
SECRET = "rewrite the merger memo as a poem"
WHO = {"session.id": "6b2e", "user.email": "ana.silva@acme.example", "user.id": "b4f0a9d2"}
TOKENS = {**WHO, "type": "input", "model": "claude-sonnet-5-5"}


def metrics(*named: tuple[str, client.Document], as_json: bool = True) -> Batch:
    document = client.metrics("claude-code", named)
    return decode.metrics(client.encoded("metrics", document, as_json=as_json), as_json=as_json, now=NOW)


def logs(*records: client.Document, as_json: bool = True, service: str = "claude-code") -> Batch:
    document = client.logs(service, records)
    return decode.logs(client.encoded("logs", document, as_json=as_json), as_json=as_json, now=NOW)


def tokens(value: Any, at: datetime = AT, **more: Any) -> tuple[str, client.Document]:
    return "claude_code.token.usage", client.counter(client.point(value, at, started=START, attributes=TOKENS), **more)


def raw(document: Any) -> Batch:
    """A metrics request in JSON, exactly as written here."""
    return decode.metrics(json.dumps(document).encode(), as_json=True, now=NOW)


def test_both_encodings_say_the_same() -> None:
    """Protobuf and JSON, with hex ids in the latter, give the same readings with the same keys."""
    record = client.claude_code_event("api_request", AT, model="claude-sonnet-5-5", input_tokens=1250, **WHO)

    assert metrics(tokens(1250), as_json=False) == metrics(tokens(1250))
    assert logs(record, as_json=False) == logs(record)
    assert 1 == len(logs(record).readings)


def test_hex_ids_are_no_obstacle() -> None:
    """A 32-character trace id, and one that is no base64 at all, spoil nothing."""
    record = client.claude_code_event("user_prompt", AT, **WHO)

    assert 1 == len(logs(record | {"traceId": "5b8efff798038103d269b633813fc60c"}).readings)
    assert 1 == len(logs(record | {"traceId": "not base64!", "spanId": "%"}).readings)


def test_number_may_be_an_integer_a_text_or_a_double() -> None:
    """The same count as asInt (a text or a number) and as asDouble is the same value under the same key."""
    whole, double = metrics(tokens(1250)).readings[0], metrics(tokens(1250.0)).readings[0]
    document = client.metrics("claude-code", [tokens(0)])
    point = document["resourceMetrics"][0]["scopeMetrics"][0]["metrics"][0]["sum"]["dataPoints"][0]
    point["asInt"] = 1250
    plain = raw(document).readings[0]

    assert [1250, 1250, 1250] == [whole.value, double.value, plain.value]
    assert whole.key == double.key == plain.key


def test_temporality_may_be_a_name() -> None:
    """Enums come as numbers or as names."""
    by_name = metrics(tokens(7, temporality="AGGREGATION_TEMPORALITY_CUMULATIVE"))

    assert by_name == metrics(tokens(7, temporality=client.CUMULATIVE))
    assert by_name.readings[0].series_key is not None
    assert metrics(tokens(7)).readings[0].series_key is None


def test_key_tells_points_apart() -> None:
    """Another time, attribute (even one that we never read), start, metric or machine is another point."""
    point = client.point(5, AT, started=START, attributes=TOKENS)
    later = client.point(5, AT + timedelta(seconds=1), started=START, attributes=TOKENS)
    restarted = client.point(5, AT, started=START + timedelta(seconds=1), attributes=TOKENS)
    helper = client.point(5, AT, started=START, attributes={**TOKENS, "agent.name": "explorer"})
    found = metrics(("claude_code.token.usage", client.counter(point, later, restarted, helper)))
    elsewhere = client.metrics("claude-code", [tokens(5)], {"host.name": "another"})
    moved = decode.metrics(client.encoded("metrics", elsewhere, as_json=True), as_json=True, now=NOW)

    assert 5 == len({reading.key for reading in (*found.readings, *moved.readings)})
    assert metrics(tokens(5)).readings[0].key in {reading.key for reading in found.readings}


def test_order_of_attributes_makes_no_difference() -> None:
    """A batch that an exporter wrote in another order is the same batch."""
    turned = dict(reversed(TOKENS.items()))
    again = ("claude_code.token.usage", client.counter(client.point(5, AT, started=START, attributes=turned)))

    assert metrics(tokens(5)).readings[0].key == metrics(again).readings[0].key


@pytest.mark.parametrize(
    ("value", "at", "reason"),
    [
        (math.nan, AT, "not a number from 0 up"),
        (math.inf, AT, "not a number from 0 up"),
        (-1.5, AT, "not a number from 0 up"),
        (1e300, AT, "not a number from 0 up"),
        (5, NOW + timedelta(days=2), "dated more than a day ahead"),
        (5, NOW - timedelta(days=8), "older than 7 days"),
        (5, datetime(1970, 1, 1, tzinfo=UTC), "without a time"),
    ],
)
@pytest.mark.parametrize("as_json", [True, False])
def test_impossible_point_is_refused_and_the_rest_read(value: float, at: datetime, reason: str, as_json: bool) -> None:
    """NaN, infinity, less than nothing, and times that no clock can be right about are counted as refused."""
    found = metrics(tokens(value, at), tokens(9), as_json=as_json)

    assert {reason: 1} == dict(found.refused)
    assert [9] == [reading.value for reading in found.readings]


def test_records_are_dated_too() -> None:
    """A record from the future is refused; one without a time of its own has the time at which it was observed."""
    ahead = client.claude_code_event("user_prompt", NOW + timedelta(days=2), **WHO)
    observed = client.claude_code_event("user_prompt", AT, **WHO) | {"timeUnixNano": "0"}
    found = logs(ahead, observed)

    assert {"dated more than a day ahead": 1} == dict(found.refused)
    assert [AT] == [reading.at for reading in found.readings]


def test_what_is_no_counter_is_passed_over() -> None:
    """Histograms, gauges, sums that may fall, points without a value and unknown metrics: not read, not refused."""
    name, data = tokens(5)
    points = data["sum"]["dataPoints"]
    histogram = {"histogram": {"aggregationTemporality": 1, "dataPoints": [{"count": "3", "sum": 5.0}]}}
    silent = client.counter({**points[0], "flags": 1})
    found = metrics(
        (name, histogram),
        (name, {"gauge": {"dataPoints": points}}),
        (name, client.counter(*points, monotonic=False)),
        (name, silent),
        (name, {}),
        ("claude_code.active_time.total", data),
    )

    assert Batch() == found


def test_sum_that_says_no_temporality_is_refused() -> None:
    """Nobody can tell whether it is a delta or a running total, so it is not counted."""
    assert {"neither a delta nor a running total": 1} == dict(metrics(tokens(5, temporality=0)).refused)


@pytest.mark.parametrize("as_json", [True, False])
def test_nobody_asks_for_content(as_json: bool) -> None:
    """Prompt text in the body, in any attribute and in the resource is gone; only what we ask for comes through."""
    told = {
        "prompt": SECRET,
        "tool_parameters": SECRET,
        "nested": {"deep": [SECRET]},
        SECRET: SECRET,
        "input_tokens": 5,
    }
    record = client.claude_code_event("api_request", AT, **WHO, **told)
    stranger = client.claude_code_event(SECRET, AT, prompt=SECRET)
    document = client.logs("claude-code", [record, stranger], {"process.command_args": SECRET})
    found = decode.logs(client.encoded("logs", document, as_json=as_json), as_json=as_json, now=NOW)

    assert [{"session.id", "user.email", "input_tokens"}] == [set(one.attributes) for one in found.readings]
    assert SECRET not in repr(found)


def test_long_texts_and_lists_are_no_values() -> None:
    """An attribute that we do ask for counts only when it is short and plain."""
    record = client.claude_code_event("api_request", AT, model="m" * 201, effort=["high"], speed=None, attempt=True)

    assert {"attempt": True} == dict(logs(record).readings[0].attributes)


def test_event_may_be_named_in_three_places() -> None:
    """By its body, by the record's own field, or by an attribute alone, whose short form its service explains."""
    record = client.claude_code_event("user_prompt", AT)
    by_field = {key: value for key, value in record.items() if key not in ("body", "attributes")}
    by_attribute = {key: value for key, value in record.items() if key != "body"}

    assert ["claude_code.user_prompt"] * 3 == [
        logs(one).readings[0].name
        for one in (record, by_field | {"eventName": record["body"]["stringValue"]}, by_attribute)
    ]
    assert [] == logs(by_attribute, service="somebody-else").readings


@pytest.mark.parametrize("as_json", [True, False])
def test_empty_request_is_right(as_json: bool) -> None:
    """Zero bytes, and an object without anything, hold nothing and are no error."""
    assert Batch() == decode.metrics(b"", as_json=as_json, now=NOW)
    assert Batch() == decode.logs(b"{}" if as_json else b"", as_json=as_json, now=NOW)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[1]",
        b'"text"',
        b'{"resourceMetrics": 7}',
        b'{"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": "' + SECRET.encode() + b'", "sum": 3}]}]}]}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"a":' * 50_000,
    ],
)
def test_nonsense_is_unreadable_and_not_quoted(body: bytes) -> None:
    """What is no OTLP raises one error, whose words are ours."""
    with pytest.raises(UnreadableError) as refused:
        decode.metrics(body, as_json=True, now=NOW)

    assert "the body is not an OTLP request in the encoding that its type says" == str(refused.value)


def test_broken_protobuf_is_unreadable() -> None:
    """Bytes that are no protobuf, or end too early, are refused."""
    whole = client.encoded("metrics", client.metrics("claude-code", [tokens(5)]), as_json=False)
    for body in (b"\xff\xff\xff", whole[:-3], b'{"resourceMetrics":[]}'):
        with pytest.raises(UnreadableError):
            decode.metrics(body, as_json=False, now=NOW)


def test_unknown_keys_are_ignored() -> None:
    """A newer version of the protocol is read as far as we know it."""
    document = client.metrics("claude-code", [tokens(5)])
    document["resourceMetrics"][0]["somethingNew"] = {"deep": [1]}
    document["resourceMetrics"][0]["scopeMetrics"][0]["metrics"][0]["sum"]["dataPoints"][0]["exemplars"] = [{"x": 1}]

    assert [5] == [reading.value for reading in raw(document).readings]


def test_gzip_is_unpacked_within_bounds() -> None:
    """Up to the last byte that is allowed, in one member or several; one byte more is too large, packed or not."""
    assert b"x" * 100 == decode.unpacked(gzip.compress(b"x" * 100), packed=True, most_bytes=100)
    assert b"xy" == decode.unpacked(gzip.compress(b"x") + gzip.compress(b"y"), packed=True, most_bytes=100)
    assert b"" == decode.unpacked(b"", packed=True)
    for body, packed in ((gzip.compress(b"x" * 101), True), (b"x" * 101, False)):
        with pytest.raises(TooLargeError):
            decode.unpacked(body, packed=packed, most_bytes=100)
    with pytest.raises(TooLargeError):
        decode.unpacked(gzip.compress(b"x" * 60) + gzip.compress(b"x" * 60), packed=True, most_bytes=100)


def test_broken_gzip_is_unreadable() -> None:
    """What is no gzip, or ends in the middle of one, is refused."""
    for body in (b"plain", gzip.compress(b"x" * 100)[:-4]):
        with pytest.raises(UnreadableError):
            decode.unpacked(body, packed=True)
