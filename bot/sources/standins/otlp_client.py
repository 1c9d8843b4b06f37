"""Sends telemetry as the AI tools do: the tests' Claude Code, Codex CLI and Gemini CLI. Here we are the server.

A request is built once, in the JSON of OTLP; protobuf is made from that, so that both say the same. Ids are hex in
JSON, as the specification wants. Next: `bot/sources/otlp/decode.py`.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
from google.protobuf import json_format  # type: ignore[import-untyped,unused-ignore]
from google.protobuf.message import Message  # type: ignore[import-untyped,unused-ignore]
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

DELTA, CUMULATIVE = 1, 2
JSON, PROTOBUF = "application/json", "application/x-protobuf"

_CHUNK_BYTES = 1000
_KINDS: dict[str, type[Message]] = {"metrics": ExportMetricsServiceRequest, "logs": ExportLogsServiceRequest}

Document = dict[str, Any]


class OtlpClient:
    """One tool's exporter. `packed` sends gzip, `chunked` sends no length, as some versions of Claude Code did."""

    def __init__(
        self, base_url: str, token: str, *, as_json: bool = False, packed: bool = False, chunked: bool = False
    ) -> None:
        self.as_json = as_json
        self.packed = packed
        self.chunked = chunked
        self._client = httpx.Client(
            base_url=base_url, headers={"authorization": f"Bearer {token}"}, timeout=30, trust_env=False
        )

    def __enter__(self) -> OtlpClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def push(self, signal: str, document: Document) -> httpx.Response:
        """Send one request; send the same again to be a client that lost the reply."""
        body = encoded(signal, document, as_json=self.as_json)
        headers = {"content-type": JSON if self.as_json else PROTOBUF}
        if self.packed:
            body, headers["content-encoding"] = gzip.compress(body), "gzip"
        return self.send("POST", f"/v1/{signal}", body, headers)

    def send(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Send anything at all, right or wrong."""
        content = _pieces(body) if self.chunked else body
        return self._client.request(method, path, content=content, headers=dict(headers or {}))


def encoded(signal: str, document: Document, *, as_json: bool) -> bytes:
    """The request as it goes over the wire."""
    written = json.dumps(document)
    if as_json:
        return written.encode()
    plain = json.loads(written, parse_constant=str)  # NaN and infinity are words in the JSON of protobuf
    message = json_format.ParseDict(_without_ids(plain), _KINDS[signal]())
    return bytes(message.SerializeToString())


def bomb(unpacked_bytes: int) -> bytes:
    """A small gzip that promises to become this large."""
    return gzip.compress(bytes(unpacked_bytes))


# ---------------------------------------------------------------- requests


def metrics(service: str, named: Sequence[tuple[str, Document]], resource: Mapping[str, Any] | None = None) -> Document:
    """A request of counters: each a metric's name and its `sum`, `gauge` or `histogram`."""
    listed = [{"name": name, "unit": "1", **data} for name, data in named]
    scope = {"scope": {"name": "a.meter"}, "metrics": listed}
    return {"resourceMetrics": [{"resource": _resource(service, resource), "scopeMetrics": [scope]}]}


def logs(service: str, records: Sequence[Document], resource: Mapping[str, Any] | None = None) -> Document:
    """A request of log records."""
    scope = {"scope": {"name": "a.logger"}, "logRecords": list(records)}
    return {"resourceLogs": [{"resource": _resource(service, resource), "scopeLogs": [scope]}]}


def counter(*points: Document, temporality: int | str = DELTA, monotonic: bool = True) -> Document:
    """A sum and its points."""
    return {"sum": {"aggregationTemporality": temporality, "isMonotonic": monotonic, "dataPoints": list(points)}}


def point(
    value: float | str, at: datetime, *, started: datetime | None = None, attributes: Mapping[str, Any] | None = None
) -> Document:
    """A number, as `asInt` where it is whole (a text, as 64 bits are) and as `asDouble` where it is not."""
    said: Document = {"asInt": str(value)} if isinstance(value, int) else {"asDouble": value}
    begun = {"startTimeUnixNano": nanoseconds(started)} if started else {}
    return {"attributes": _pairs(attributes or {}), **begun, "timeUnixNano": nanoseconds(at), **said}


def claude_code_event(name: str, at: datetime, **attributes: Any) -> Document:
    """One of Claude Code's log records; `__` in a name stands for a dot."""
    told = {"event.name": name, "event.timestamp": at.isoformat(), **_dotted(attributes)}
    return _record(at, told, body=f"claude_code.{name}")


def codex_event(name: str, at: datetime, **attributes: Any) -> Document:
    """One of Codex's: without a body, token counts as texts."""
    return _record(at, {"event.name": f"codex.{name}", "auth_mode": "Chatgpt", **_dotted(attributes)})


def gemini_event(name: str, at: datetime, **attributes: Any) -> Document:
    """One of Gemini's, whose body is a sentence."""
    told = {"event.name": f"gemini_cli.{name}", "installation.id": "a-machine", **_dotted(attributes)}
    return _record(at, told, body=f"Something happened: {name}.")


def nanoseconds(at: datetime) -> str:
    """A moment as OTLP's JSON writes it: a text."""
    since = at.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return str(((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1_000)


def _record(at: datetime, attributes: Mapping[str, Any], body: str | None = None) -> Document:
    said = {} if body is None else {"body": {"stringValue": body}}
    return {
        "timeUnixNano": nanoseconds(at),
        "observedTimeUnixNano": nanoseconds(at),
        "severityNumber": 9,
        **said,
        "attributes": _pairs(attributes),
        "traceId": "5b8efff798038103d269b633813fc60c",
        "spanId": "eee19b7ec3c1b174",
    }


def _resource(service: str, attributes: Mapping[str, Any] | None) -> Document:
    return {"attributes": _pairs({"service.name": service, "os.type": "linux", **(attributes or {})})}


def _dotted(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {name.replace("__", "."): value for name, value in attributes.items()}


def _pairs(attributes: Mapping[str, Any]) -> list[Document]:
    return [{"key": key, "value": _value(value)} for key, value in attributes.items()]


def _value(value: Any) -> Document:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list):
        return {"arrayValue": {"values": [_value(one) for one in value]}}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": _pairs(value)}}
    return {} if value is None else {"stringValue": str(value)}


def _without_ids(found: Any) -> Any:
    """The same without hex ids, which the JSON of protobuf would take for base64."""
    if isinstance(found, list):
        return [_without_ids(one) for one in found]
    if isinstance(found, dict):
        return {name: _without_ids(one) for name, one in found.items() if name not in ("traceId", "spanId")}
    return found


def _pieces(body: bytes) -> Iterator[bytes]:
    yield from (body[start : start + _CHUNK_BYTES] for start in range(0, len(body), _CHUNK_BYTES))
