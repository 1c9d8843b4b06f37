"""The address for telemetry over real HTTP: what it takes, what it refuses in which words, and what it never keeps."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from sqlalchemy import func, select

from bot import app
from bot.clock import HandClock
from bot.errors import InputError
from bot.log import start_logging
from bot.settings import load
from bot.sources.otlp import tools
from bot.sources.otlp.answers import Signal
from bot.sources.standins import otlp_client as client
from bot.sources.standins.otlp_client import JSON, PROTOBUF, OtlpClient, claude_code_event, codex_event, gemini_event
from bot.store import database
from bot.store.database import Store
from bot.store.tables import Base, UsageDayRow
from bot.transports import otlp
from bot.transports.otlp import Limits
from jobs.receive import Receipt
from tests import watched
from tests.handlers import office

NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
START, AT = NOW - timedelta(hours=2), NOW - timedelta(hours=1)
TOKEN = "ingest-7f3a"
SECRET = "rewrite the merger memo as a poem"
ANA = "ana.silva@acme.example"
PLENTY_S = 10


@contextmanager
def listening(store: Store) -> Iterator[str]:
    """The whole way as `kindling run` opens it: settings, composition root, server; gives its address."""
    settings = load(
        {"KINDLING_DATABASE_URL": store.url, "KINDLING_OTLP_ADDR": "127.0.0.1:0", "KINDLING_OTLP_TOKEN": TOKEN}
    )
    with app.running(settings, clock=HandClock(NOW)) as desk, app.telemetry_listening(desk) as port:
        yield f"http://127.0.0.1:{port}"


@contextmanager
def answering(receive: otlp.Receive, limits: Limits | None = None) -> Iterator[str]:
    """The server alone, before a receiver of the test's own."""
    with otlp.listening(otlp.application(receive, token=TOKEN, limits=limits), host="127.0.0.1", port=0) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def quiet() -> Iterator[str]:
    """A server whose receiver reads nothing: for what is decided before."""
    with answering(lambda _signal, _body, _as_json: Receipt()) as url:
        yield url


def tokens(*values: float, at: datetime = AT) -> client.Document:
    attributes = {"session.id": "6b2e", "user.email": ANA, "type": "input", "model": "claude-sonnet-5-5"}
    points = [
        client.point(value, at + timedelta(seconds=n), started=START, attributes=attributes)
        for n, value in enumerate(values)
    ]
    return client.metrics("claude-code", [("claude_code.token.usage", client.counter(*points))])


def input_tokens(store: Store) -> int | None:
    with store.read() as session:
        return session.scalar(select(func.sum(UsageDayRow.input_tokens)))


# ---------------------------------------------------------------- what is taken


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("as_json", [False, True])
def test_every_way_to_send_is_taken(sqlite_store: Store, as_json: bool, packed: bool, chunked: bool) -> None:
    """Protobuf or JSON, packed or not, with a length or in chunks: 200, the empty answer, and the tokens are kept."""
    with (
        listening(sqlite_store) as url,
        OtlpClient(url, TOKEN, as_json=as_json, packed=packed, chunked=chunked) as tool,
    ):
        answers = [tool.push("metrics", tokens(*range(100))) for _ in range(2)]

    assert [(200, b"{}" if as_json else b"", JSON if as_json else PROTOBUF)] * 2 == [
        (answer.status_code, answer.content, answer.headers["content-type"]) for answer in answers
    ]
    assert sum(range(100)) == input_tokens(sqlite_store)


def test_both_databases_keep_what_three_tools_send(store: Store) -> None:
    """Over HTTP into SQLite and PostgreSQL: one day of each tool, sent twice."""
    who = {"user__email": ANA, "session__id": "s", "conversation__id": "c"}
    codex = {"event__kind": "response.completed", "input_token_count": "50", "output_token_count": "5"}
    with listening(store) as url, OtlpClient(url, TOKEN) as tool, OtlpClient(url, TOKEN, as_json=True) as gemini:
        for _ in range(2):
            tool.push("metrics", tokens(40, 2))
            tool.push("logs", client.logs("claude-code", [claude_code_event("user_prompt", AT, **who)]))
            tool.push("logs", client.logs("codex_cli_rs", [codex_event("sse_event", AT, **codex, **who)]))
            response = gemini_event("api_response", AT, input_token_count=70, output_token_count=7, **who)
            gemini.push("logs", client.logs("gemini-cli", [response]))

    with store.read() as session:
        found = session.execute(select(UsageDayRow.tool, func.sum(UsageDayRow.input_tokens)).group_by(UsageDayRow.tool))
        assert {"claude_code": 42, "codex": 50, "gemini_cli": 70} == {row[0]: row[1] for row in found}


@pytest.mark.parametrize("as_json", [False, True])
def test_part_of_a_request_may_be_refused(sqlite_store: Store, as_json: bool) -> None:
    """What cannot be right is refused in a 200 that says how many and why; the rest is kept."""
    with listening(sqlite_store) as url, OtlpClient(url, TOKEN, as_json=as_json) as tool:
        answer = tool.push("metrics", tokens(5, -1, float("nan")))

    if as_json:
        told = answer.json()["partialSuccess"]
        refused: tuple[Any, str] = told["rejectedDataPoints"], told["errorMessage"]
    else:
        partial = ExportMetricsServiceResponse.FromString(answer.content).partial_success
        refused = str(partial.rejected_data_points), partial.error_message
    assert (200, ("2", "2 not a number from 0 up")) == (answer.status_code, refused)
    assert 5 == input_tokens(sqlite_store)


def test_refused_log_records_are_told_by_their_own_name(sqlite_store: Store) -> None:
    """For logs the field is another one."""
    ahead = claude_code_event("user_prompt", NOW + timedelta(days=3))
    with listening(sqlite_store) as url, OtlpClient(url, TOKEN, as_json=True) as tool:
        answer = tool.push("logs", client.logs("claude-code", [ahead]))

    assert {"rejectedLogRecords": "1", "errorMessage": "1 dated more than a day ahead"} == answer.json()[
        "partialSuccess"
    ]


@pytest.mark.parametrize(("kind", "body", "answer"), [(JSON, b"{}", b"{}"), (JSON, b"", b"{}"), (PROTOBUF, b"", b"")])
def test_empty_request_is_taken(sqlite_store: Store, kind: str, body: bytes, answer: bytes) -> None:
    """Nothing to say is said with 200."""
    with listening(sqlite_store) as url, OtlpClient(url, TOKEN) as tool:
        answers = [tool.send("POST", f"/v1/{signal}", body, {"content-type": kind}) for signal in Signal]

    assert [(200, answer)] * 3 == [(one.status_code, one.content) for one in answers]


def test_traces_are_taken_and_dropped_unread(sqlite_store: Store) -> None:
    """A tool that also sends traces is not made to fail or to try again; not one byte of them is looked at."""
    with listening(sqlite_store) as url, OtlpClient(url, TOKEN) as tool:
        answer = tool.send("POST", "/v1/traces", b"\xff" + SECRET.encode(), {"content-type": PROTOBUF})

    assert (200, b"") == (answer.status_code, answer.content)


# ---------------------------------------------------------------- what is refused


WRONG: tuple[tuple[str, str, dict[str, str], int, int], ...] = (
    ("GET", "/v1/metrics", {}, 405, 12),
    ("PUT", "/v1/logs", {}, 405, 12),
    ("POST", "/v1/profiles", {}, 404, 5),
    ("POST", "/", {}, 404, 5),
    ("POST", "/v1/metrics", {"authorization": "Bearer wrong"}, 401, 16),
    ("POST", "/v1/metrics", {"authorization": "Bearer"}, 401, 16),
    ("POST", "/v1/metrics", {"authorization": f"Basic {TOKEN}"}, 401, 16),
    ("POST", "/v1/traces", {"authorization": f"Bearer {TOKEN}x"}, 401, 16),
    ("POST", "/v1/metrics", {"content-type": "text/plain"}, 415, 3),
    ("POST", "/v1/metrics", {"content-encoding": "br"}, 415, 3),
    ("POST", "/v1/metrics", {"content-encoding": "gzip"}, 400, 3),
)


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("kind", [JSON, PROTOBUF])
def test_wrong_request_is_refused_in_its_own_encoding(
    quiet: str, kind: str, wrong: tuple[str, str, dict[str, str], int, int]
) -> None:
    """Each fault has its status, and its body is a `google.rpc.Status` in the encoding of the request."""
    method, path, headers, status, code = wrong
    with OtlpClient(quiet, TOKEN) as tool:
        answer = tool.send(method, path, b"no gzip", {"content-type": kind, **headers})

    is_json = kind == JSON or "content-type" in headers
    told = (answer.json()["code"], answer.json()["message"]) if is_json else _status(answer.content)
    assert (status, JSON if is_json else PROTOBUF) == (answer.status_code, answer.headers["content-type"])
    assert (code, True) == (told[0], told[1].isprintable())


@pytest.mark.parametrize("as_json", [False, True])
def test_nonsense_is_refused_for_good(sqlite_store: Store, as_json: bool) -> None:
    """A body that is not what its type says gets 400, whose words quote none of it."""
    with listening(sqlite_store) as url, OtlpClient(url, TOKEN) as tool:
        kind = {"content-type": JSON if as_json else PROTOBUF}
        answer = tool.send("POST", "/v1/metrics", b'{"resourceMetrics": "' + SECRET.encode(), kind)

    assert 400 == answer.status_code
    assert SECRET.encode() not in answer.content
    assert 3 == (answer.json()["code"] if as_json else _status(answer.content)[0])


def test_bomb_is_too_large(sqlite_store: Store) -> None:
    """A hundred kilobytes that promise a hundred megabytes are refused, and the next request is taken."""
    with listening(sqlite_store) as url, OtlpClient(url, TOKEN) as tool:
        answer = tool.send(
            "POST", "/v1/logs", client.bomb(100_000_000), {"content-type": PROTOBUF, "content-encoding": "gzip"}
        )
        after = tool.push("metrics", tokens(5))

    assert (413, 8) == (answer.status_code, _status(answer.content)[0])
    assert (200, 5) == (after.status_code, input_tokens(sqlite_store))


@pytest.mark.parametrize("chunked", [False, True])
def test_large_body_is_too_large(chunked: bool) -> None:
    """One byte too many, announced or not; the last that fits is taken."""
    sizes: list[int] = []

    def receive(_signal: Signal, body: bytes, _as_json: bool) -> Receipt:
        sizes.append(len(body))
        return Receipt()

    with answering(receive, Limits(most_bytes=5000)) as url, OtlpClient(url, TOKEN, chunked=chunked) as tool:
        answers = [tool.send("POST", "/v1/logs", b" " * size, {"content-type": JSON}) for size in (5000, 5001)]

    assert [200, 413] == [answer.status_code for answer in answers]
    assert [5000] == sizes


# ---------------------------------------------------------------- later


@pytest.mark.parametrize("as_json", [False, True])
def test_busy_database_is_no_fault_of_the_client(
    migrated_sqlite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, as_json: bool
) -> None:
    """While somebody holds the database the answer is 503 with Retry-After, never 400; sent again, it counts once."""
    monkeypatch.setattr(database, "_BUSY_TIMEOUT_S", 0.1)
    (tmp_path / "kindling.db").write_bytes(migrated_sqlite.read_bytes())
    store = Store(f"sqlite:///{tmp_path / 'kindling.db'}")
    with listening(store) as url, OtlpClient(url, TOKEN, as_json=as_json) as tool:
        with store.begin() as holding:
            holding.execute(select(1))
            busy = tool.push("metrics", tokens(5))
        after = tool.push("metrics", tokens(5))

    assert (503, "15") == (busy.status_code, busy.headers["retry-after"])
    assert 14 == (busy.json()["code"] if as_json else _status(busy.content)[0])
    assert (200, 5) == (after.status_code, input_tokens(store))
    store.close()


def test_too_many_at_once_are_told_to_come_again() -> None:
    """With one at work and one waiting the third hears 429 at once; the two are answered, and after them the next."""
    let_go, somebody_answered = threading.Event(), threading.Event()

    def slow(_signal: Signal, _body: bytes, _as_json: bool) -> Receipt:
        assert let_go.wait(PLENTY_S)
        return Receipt()

    def one(url: str) -> tuple[int, str | None]:
        with OtlpClient(url, TOKEN, as_json=True) as tool:
            answer = tool.push("metrics", tokens(5))
        somebody_answered.set()
        return answer.status_code, answer.headers.get("retry-after")

    with answering(slow, Limits(at_once=1, waiting=1)) as url, ThreadPoolExecutor(3) as clients:
        three = [clients.submit(one, url) for _ in range(3)]
        assert somebody_answered.wait(PLENTY_S)
        answered_before = [asked.result() for asked in three if asked.done()]
        let_go.set()
        answers = sorted((asked.result() for asked in three), key=str)
        after = one(url)

    assert [] == [status for status, _ in answered_before if status != 429]
    assert [(200, None), (200, None), (429, "15")] == answers
    assert (200, None) == after


def test_what_goes_wrong_here_is_not_told_to_the_client(capsys: pytest.CaptureFixture[str]) -> None:
    """A fault of ours is a 500 without its text, neither in the answer nor in the log: it might quote the request."""

    def broken(_signal: Signal, _body: bytes, _as_json: bool) -> Receipt:
        raise RuntimeError(SECRET)

    with answering(broken) as url, OtlpClient(url, TOKEN, as_json=True) as tool:
        answer = tool.push("metrics", tokens(5))

    said = capsys.readouterr()
    assert (500, {"code": 13, "message": "this went wrong here"}) == (answer.status_code, answer.json())
    assert SECRET not in said.out + said.err


# ---------------------------------------------------------------- at start


def test_address_without_token_is_refused(tmp_path: Path, clock: HandClock) -> None:
    """`kindling run` with an address for telemetry and no token says so in one sentence, before anything listens."""
    settings = load({"KINDLING_DATABASE_URL": f"sqlite:///{tmp_path / 'k.db'}", "KINDLING_OTLP_ADDR": "127.0.0.1:0"})

    with (
        app.running(settings, clock=clock) as desk,
        pytest.raises(InputError, match=r"^KINDLING_OTLP_TOKEN is not set: "),
    ):
        app.serve(desk, threading.Event())


def test_running_kindling_takes_telemetry(tmp_path: Path) -> None:
    """The whole app, clock and Slack and all, listens for telemetry meanwhile, and no longer when it has ended."""
    stop, port = threading.Event(), office.free_port()
    clock = HandClock(NOW)
    with watched.playground(clock) as slack:
        settings = office.settings_for(slack, tmp_path, transport="socket", http_addr=f"127.0.0.1:{office.free_port()}")
        settings = replace(settings, otlp_addr=f"127.0.0.1:{port}", otlp_token=TOKEN)
        with app.running(settings, clock=clock) as desk:
            serving = threading.Thread(target=app.serve, args=(desk, stop))
            serving.start()
            assert slack.wait_for_bot()
            with OtlpClient(f"http://127.0.0.1:{port}", TOKEN) as tool:
                status = tool.push("metrics", tokens(5)).status_code
            kept = input_tokens(desk.store)
            stop.set()
            serving.join(PLENTY_S)

    assert (200, 5) == (status, kept)
    assert not serving.is_alive()
    with OtlpClient(f"http://127.0.0.1:{port}", TOKEN) as tool, pytest.raises(httpx.ConnectError):
        tool.push("metrics", tokens(5))


def test_without_an_address_nothing_listens(tmp_path: Path, clock: HandClock) -> None:
    """The default is off."""
    settings = load({"KINDLING_DATABASE_URL": f"sqlite:///{tmp_path / 'k.db'}", "KINDLING_OTLP_TOKEN": TOKEN})

    with app.running(settings, clock=clock) as desk, app.telemetry_listening(desk) as port:
        assert port is None


def test_taken_address_is_a_sentence(quiet: str) -> None:
    """An address that somebody else listens on is refused with the name of the setting."""
    port = int(quiet.rsplit(":", 1)[1])
    answer = otlp.application(lambda _signal, _body, _as_json: Receipt(), token=TOKEN)

    with pytest.raises(InputError, match="KINDLING_OTLP_ADDR"), otlp.listening(answer, host="127.0.0.1", port=port):
        pass


# ---------------------------------------------------------------- P13


@pytest.fixture
def _logging_as_in_production() -> Iterator[None]:
    logger = logging.getLogger("kindling")
    before = (list(logger.handlers), logger.level, logger.propagate)
    start_logging(logging.DEBUG)
    yield
    logger.handlers[:], logger.propagate = before[0], before[2]
    logger.setLevel(before[1])


@pytest.mark.usefixtures("_logging_as_in_production")
@pytest.mark.parametrize("as_json", [False, True])
def test_prompt_text_is_nowhere(store: Store, capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    """Prompt text in every attribute that we read and in many that we do not, in bodies, names, units and resources,
    leaves no trace: not in any table, not in the bytes of the database, not in an answer, not in the log.
    """
    with listening(store) as url, OtlpClient(url, TOKEN, as_json=as_json) as tool:
        answers = [tool.push("logs", document) for document in _secretive_logs()]
        answers += [tool.push("metrics", document) for document in _secretive_metrics()]

    said = capsys.readouterr()
    kept = _everything_in(store)
    assert {200} == {answer.status_code for answer in answers}
    assert "claude_code" in kept
    for words in (SECRET, SECRET.replace(" ", "-"), SECRET.split()[2]):
        assert words not in kept + said.out + said.err
        assert not [answer for answer in answers if words in answer.text]
    assert not [path for path in _files_of(store) if SECRET.encode() in path.read_bytes()]


def _secretive_logs() -> Iterator[client.Document]:
    content = (
        "prompt",
        "request_text",
        "response_text",
        "tool_parameters",
        "bash_command",
        "file_path",
        "error",
        SECRET,
    )
    makers = (("claude-code", claude_code_event), ("codex_cli_rs", codex_event), ("gemini-cli", gemini_event))
    for (service, make), tool in zip(makers, tools.TOOLS, strict=True):
        everywhere = dict.fromkeys([*tool.attributes, *content], SECRET)
        who = {"user.email": ANA, "session.id": "s", "conversation.id": "s", "event.kind": "response.completed"}
        who |= {"query_source": "main", "input_tokens": "5", "input_token_count": "5"}
        for n, event in enumerate(sorted(tool.events)):
            at = AT + timedelta(seconds=n)
            name = event.split(".", 1)[1]
            records = [make(name, at, **everywhere), make(name, at, **{**everywhere, **who})]
            loud = records[1] | {"severityText": SECRET, "body": {"stringValue": f"{event}"}}
            nested = make(name, at - timedelta(minutes=1), **{**who, "deep": {"prompt": [SECRET]}})
            yield client.logs(service, [*records, loud, nested], {"process.command_args": SECRET, SECRET: SECRET})
    yield client.logs(SECRET, [claude_code_event(SECRET, AT, prompt=SECRET) | {"eventName": SECRET}])


def _secretive_metrics() -> Iterator[client.Document]:
    for tool in tools.TOOLS:
        for name in sorted(tool.metrics):
            loud = client.point(3, AT, started=START, attributes=dict.fromkeys(tool.attributes, SECRET))
            told = {
                "user.email": ANA,
                "type": "input",
                "decision": "accept",
                "source": "user_temporary",
                "prompt": SECRET,
            }
            quiet = client.point(4, AT, started=START, attributes=told)
            counters = (name, {**client.counter(loud, quiet), "description": SECRET})
            yield client.metrics(tool.service, [counters, (SECRET, client.counter(loud))], {"host.name": SECRET})


def _everything_in(store: Store) -> str:
    with store.read() as session:
        rows = [
            [list(map(str, row)) for row in session.execute(select(table))] for table in Base.metadata.sorted_tables
        ]
    return json.dumps(rows)


def _files_of(store: Store) -> list[Path]:
    """The files of an SQLite database; PostgreSQL's are swept through its tables alone."""
    if not store.url.startswith("sqlite"):
        return []
    path = Path(store.url.removeprefix("sqlite:///"))
    return [found for found in path.parent.iterdir() if found.is_file()]


# ---------------------------------------------------------------- reading answers


def _status(body: bytes) -> tuple[int, str]:
    """Code and message of a `google.rpc.Status`: a number in field 1, a text in field 2."""
    assert (0x08, 0x12) == (body[0], body[2])
    assert body[3] == len(body) - 4
    return body[1], body[4:].decode()
