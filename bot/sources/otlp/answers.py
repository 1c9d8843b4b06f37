"""What an OTLP client is answered: in the encoding of its request, errors too.

Called by `bot/transports/otlp.py`. Next: `bot/transports/otlp.py`.
"""

from __future__ import annotations

import json
from enum import StrEnum

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsPartialSuccess, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsPartialSuccess,
    ExportMetricsServiceResponse,
)

_SEVEN_BITS = 0x7F
_MORE = 0x80


class Signal(StrEnum):
    """What a request carries. Traces are taken and dropped unread: they hold nothing that we count."""

    METRICS = "metrics"
    LOGS = "logs"
    TRACES = "traces"


_REJECTED = {Signal.METRICS: "rejectedDataPoints", Signal.LOGS: "rejectedLogRecords"}


def taken(signal: Signal, *, as_json: bool, refused: int = 0, reason: str = "") -> bytes:
    """The answer to a request that was read: empty, or how many of its points were refused and why."""
    if not refused:
        return b"{}" if as_json else b""
    if as_json:
        return json.dumps({"partialSuccess": {_REJECTED[signal]: str(refused), "errorMessage": reason}}).encode()
    if signal is Signal.METRICS:
        points = ExportMetricsPartialSuccess(rejected_data_points=refused, error_message=reason)
        return bytes(ExportMetricsServiceResponse(partial_success=points).SerializeToString())
    records = ExportLogsPartialSuccess(rejected_log_records=refused, error_message=reason)
    return bytes(ExportLogsServiceResponse(partial_success=records).SerializeToString())


def error(code: int, message: str, *, as_json: bool) -> bytes:
    """A `google.rpc.Status`: its two fields are written by hand, for the message does not come with protobuf itself."""
    if as_json:
        return json.dumps({"code": code, "message": message}).encode()
    text = message.encode()
    return b"\x08" + _varint(code) + b"\x12" + _varint(len(text)) + text


def _varint(number: int) -> bytes:
    parts = []
    while number > _SEVEN_BITS:
        parts.append(number & _SEVEN_BITS | _MORE)
        number >>= 7
    return bytes([*parts, number])
