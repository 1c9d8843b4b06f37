"""From the bytes of an OTLP request to plain readings: protobuf or JSON, packed or not, bounded on the way.

What no tool asks for by name is dropped here, before anything else sees it (P13). A point that is no number, or dated
where no clock can be right, is counted as refused and the rest is read. Histograms, gauges and sums that can fall are
no counters and are passed over. Next: `bot/sources/otlp/reading.py`.
"""

from __future__ import annotations

import json
import math
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, TypeVar

from google.protobuf import json_format  # type: ignore[import-untyped,unused-ignore]
from google.protobuf.message import DecodeError  # type: ignore[import-untyped,unused-ignore]
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality, DataPointFlags, Metric, NumberDataPoint

from bot.errors import KindlingError
from bot.sources.otlp import tools
from bot.sources.otlp.reading import LARGEST_COUNT, Plain, Reading, Tool

MOST_BYTES = 64 * 1024 * 1024
"""Of one request, unpacked: what the specification recommends."""
LATEST = timedelta(days=1)
"""How far ahead of ours a client's clock may be."""
OLDEST = timedelta(days=7)
"""What is older is refused: for longer we do not remember what has been counted already (`store/retention.py`)."""

_GZIP = 16 + zlib.MAX_WBITS
_NS_A_MICROSECOND = 1_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_TEXT = 200
_SERVICE = "service.name"
_EVENT = "event.name"
_IDS = ("traceId", "spanId", "trace_id", "span_id", "exemplars")

Request = TypeVar("Request", ExportMetricsServiceRequest, ExportLogsServiceRequest)


class UnreadableError(KindlingError):
    """The request is not what OTLP describes; sending it again is useless. The message quotes nothing."""


class TooLargeError(KindlingError):
    """The request is larger than we take, packed or unpacked."""


@dataclass
class Batch:
    """What a request holds for us, and how many points were refused for which reason."""

    readings: list[Reading] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)


def unpacked(body: bytes, *, packed: bool, most_bytes: int = MOST_BYTES) -> bytes:
    """The body, out of its gzip if it is `packed`. Never holds more than `most_bytes`, whatever a bomb promises."""
    if len(body) > most_bytes:
        raise TooLargeError("the request is too large")
    if not packed:
        return body
    parts: list[bytes] = []
    room = most_bytes
    while body:
        member = zlib.decompressobj(_GZIP)
        try:
            part = member.decompress(body, room + 1)
        except zlib.error:
            raise UnreadableError("the body is not gzip") from None
        room -= len(part)
        if room < 0:
            raise TooLargeError("the request is too large when it is unpacked")
        if not member.eof:
            raise UnreadableError("the body ends in the middle of its gzip")
        parts.append(part)
        body = member.unused_data
    return b"".join(parts)


def metrics(body: bytes, *, as_json: bool, now: datetime) -> Batch:
    """The points of all counters that a tool of ours is known to send. Raises UnreadableError."""
    batch = Batch()
    for resource in _request(ExportMetricsServiceRequest, body, as_json).resource_metrics:
        origin = _Origin.of(resource.resource.attributes)
        for metric in (metric for scope in resource.scope_metrics for metric in scope.metrics):
            tool = tools.of_metric(metric.name)
            if tool is not None and metric.WhichOneof("data") == "sum" and metric.sum.is_monotonic:
                _read_sum(batch, origin, metric, tool, now)
    return batch


def logs(body: bytes, *, as_json: bool, now: datetime) -> Batch:
    """The records of all events that a tool of ours is known to send. Raises UnreadableError."""
    batch = Batch()
    for resource in _request(ExportLogsServiceRequest, body, as_json).resource_logs:
        origin = _Origin.of(resource.resource.attributes)
        for record in (record for scope in resource.scope_logs for record in scope.log_records):
            _read_record(batch, origin, record, now)
    return batch


def _request(kind: type[Request], body: bytes, as_json: bool) -> Request:
    """Zero bytes are an empty request in either encoding."""
    request = kind()
    try:
        if not as_json:
            request.ParseFromString(body)
            return request
        # The hook drops hex ids, which the JSON of protobuf would take for base64, and exemplars, which nobody reads.
        document = json.loads(body or b"{}", object_hook=_without_ids, parse_constant=str)
        if not isinstance(document, dict):
            raise TypeError("not an object")
        json_format.ParseDict(document, request, ignore_unknown_fields=True)
        return request
    except (DecodeError, json_format.ParseError, ValueError, RecursionError, AttributeError, TypeError):
        # The parser's own words quote the body.
        raise UnreadableError("the body is not an OTLP request in the encoding that its type says") from None


def _without_ids(fields: dict[str, Any]) -> dict[str, Any]:
    for name in _IDS:
        fields.pop(name, None)
    return fields


@dataclass(frozen=True)
class _Origin:
    """The resource that a batch comes from: its attributes, its service's name and a digest of it."""

    attributes: Mapping[str, AnyValue]
    service: str
    digest: bytes

    @classmethod
    def of(cls, attributes: Iterable[KeyValue]) -> _Origin:
        values = {pair.key: pair.value for pair in attributes}
        service = values[_SERVICE].string_value if _SERVICE in values else ""
        return cls(values, service, _digest(_told(values)))


def _read_sum(batch: Batch, origin: _Origin, metric: Metric, tool: Tool, now: datetime) -> None:
    temporality = metric.sum.aggregation_temporality
    is_total = temporality == AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
    if not is_total and temporality != AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA:
        batch.refused["neither a delta nor a running total"] += len(metric.sum.data_points)
        return
    for point in metric.sum.data_points:
        if point.flags & DataPointFlags.DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK:
            continue
        value, at = _value(point), _moment(point.time_unix_nano)
        fault = _fault_of_time(at, now) or ("not a number from 0 up" if value is None else None)
        if fault or at is None or value is None:
            batch.refused[fault or ""] += 1
            continue
        own = {pair.key: pair.value for pair in point.attributes}
        series = (origin.digest, metric.name.encode(), *_told(own), b"%d" % point.start_time_unix_nano)
        batch.readings.append(
            Reading(
                name=metric.name,
                key=_digest((*series, b"%d" % point.time_unix_nano)).hex(),
                at=at,
                attributes=_wanted(tool, origin.attributes, own),
                value=value,
                series_key=_digest((b"total", *series)).hex() if is_total else None,
                started_at=_moment(point.start_time_unix_nano),
            )
        )


def _read_record(batch: Batch, origin: _Origin, record: LogRecord, now: datetime) -> None:
    own = {pair.key: pair.value for pair in record.attributes}
    short_name = own[_EVENT].string_value if _EVENT in own else ""
    found = tools.of_event((record.body.string_value, record.event_name, short_name), origin.service)
    if found is None:
        return
    name, tool = found
    stamp = record.time_unix_nano or record.observed_time_unix_nano
    at = _moment(stamp)
    fault = _fault_of_time(at, now)
    if fault or at is None:
        batch.refused[fault or ""] += 1
        return
    whole = (origin.digest, name.encode(), *_told(own), record.body.SerializeToString(deterministic=True))
    batch.readings.append(
        Reading(
            name=name,
            key=_digest((b"record", *whole, b"%d" % stamp)).hex(),
            at=at,
            attributes=_wanted(tool, origin.attributes, own),
        )
    )


def _wanted(tool: Tool, *levels: Mapping[str, AnyValue]) -> dict[str, Plain]:
    """What the tool asks for by name, as plain short values; the last level wins. Nothing else leaves this file."""
    found: dict[str, Plain] = {}
    for values in levels:
        for name in tool.attributes & values.keys():
            plain = _plain(values[name])
            if plain is not None:
                found[name] = plain
    return found


def _plain(value: AnyValue) -> Plain | None:
    match value.WhichOneof("value"):
        case "string_value":
            return value.string_value if len(value.string_value) <= _LONGEST_TEXT else None
        case "int_value":
            return value.int_value
        case "double_value":
            return value.double_value if math.isfinite(value.double_value) else None
        case "bool_value":
            return value.bool_value
    return None


def _value(point: NumberDataPoint) -> int | float | None:
    """A counter may arrive as either kind of number."""
    kind = point.WhichOneof("value")
    value = point.as_int if kind == "as_int" else point.as_double if kind == "as_double" else math.nan
    return value if math.isfinite(value) and 0 <= value <= LARGEST_COUNT else None


def _moment(stamp_ns: int) -> datetime | None:
    return _EPOCH + timedelta(microseconds=stamp_ns // _NS_A_MICROSECOND) if stamp_ns else None


def _fault_of_time(at: datetime | None, now: datetime) -> str | None:
    if at is None:
        return "without a time"
    if at > now + LATEST:
        return "dated more than a day ahead"
    return "older than 7 days" if at < now - OLDEST else None


def _told(values: Mapping[str, AnyValue]) -> Iterator[bytes]:
    """All attributes in one order, whether we read them or not: they tell one series from another. Only their digest
    is ever kept.
    """
    for name in sorted(values):
        yield name.encode()
        yield values[name].SerializeToString(deterministic=True)


def _digest(parts: Iterable[bytes]) -> bytes:
    digest = blake2b(digest_size=16)
    for part in parts:
        digest.update(b"%d:" % len(part))
        digest.update(part)
    return digest.digest()
