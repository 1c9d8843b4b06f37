"""What each tool's telemetry adds: the four kinds of tokens apart, people's own decisions only, and nothing twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.increments import Increment, Whose
from bot.domain.sessions import EventKind, SessionEvent
from bot.domain.usage import ANY_MODEL, Counters
from bot.sources.otlp import decode, tools
from bot.sources.standins import otlp_client as client
from bot.sources.standins.otlp_client import claude_code_event, codex_event, gemini_event

NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
AT = NOW - timedelta(hours=1)
SONNET = "claude-sonnet-5-5"


def metric(
    name: str,
    value: float,
    *,
    service: str = "claude-code",
    temporality: int = 1,
    told: dict[str, str] | None = None,
    **more: str,
) -> list[Increment]:
    attributes = {**(told or {}), **more}
    point = client.point(value, AT, started=AT - timedelta(minutes=1), attributes=attributes)
    document = client.metrics(service, [(name, client.counter(point, temporality=temporality))])
    batch = decode.metrics(client.encoded("metrics", document, as_json=True), as_json=True, now=NOW)
    return list(tools.increments(batch.readings))


def record(one: client.Document, service: str = "", resource: dict[str, str] | None = None) -> Increment:
    """The one increment of one record."""
    document = client.logs(service, [one], resource)
    batch = decode.logs(client.encoded("logs", document, as_json=True), as_json=True, now=NOW)
    (found,) = tools.increments(batch.readings)
    return found


@pytest.mark.parametrize(
    ("kind", "measure"),
    [
        ("input", "input_tokens"),
        ("output", "output_tokens"),
        ("cacheRead", "cache_read_tokens"),
        ("cacheCreation", "cache_write_tokens"),
    ],
)
def test_claude_code_counts_four_disjoint_kinds(kind: str, measure: str) -> None:
    """Each `type` is one kind of tokens of its model; the input does not include the cache."""
    (found,) = metric("claude_code.token.usage", 1250, type=kind, model=SONNET)

    assert ("claude_code", SONNET, Counters(**{measure: 1250})) == (found.tool, found.model, found.counters)
    assert not found.list_priced


def test_claude_code_cost_is_exact() -> None:
    """Dollars become whole micro-dollars."""
    (found,) = metric("claude_code.cost.usage", 0.01042, model=SONNET)

    assert Counters(cost_microusd=10_420) == found.counters


@pytest.mark.parametrize(
    ("name", "told", "counters"),
    [
        ("session.count", {"start_type": "fresh"}, Counters(sessions=3)),
        ("session.count", {"start_type": "resume"}, Counters(sessions=3)),
        ("session.count", {}, Counters(sessions=3)),
        ("lines_of_code.count", {"type": "added", "model": SONNET}, Counters(lines_added=3)),
        ("code_edit_tool.decision", {"decision": "accept", "source": "user_temporary"}, Counters(accepted=3)),
        ("code_edit_tool.decision", {"decision": "reject", "source": "user_reject"}, Counters(rejected=3)),
    ],
)
def test_claude_code_behaviour_stands_with_no_model(name: str, told: dict[str, str], counters: Counters) -> None:
    """Sessions, lines and people's decisions on edits."""
    (found,) = metric(f"claude_code.{name}", 3, told=told)

    assert (ANY_MODEL, counters) == (found.model, found.counters)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("session.count", {"start_type": "agents_view"}),
        ("lines_of_code.count", {"type": "removed"}),
        ("code_edit_tool.decision", {"decision": "accept", "source": "config"}),
        ("code_edit_tool.decision", {"decision": "accept", "source": "hook"}),
        ("code_edit_tool.decision", {"decision": "accept"}),
        ("token.usage", {"type": "somethingNew"}),
    ],
)
def test_claude_code_what_does_not_count(name: str, told: dict[str, str]) -> None:
    """A look at the agents is no use, and what settings or a hook let through was judged by nobody."""
    assert [] == metric(f"claude_code.{name}", 3, told=told)


def test_running_total_carries_no_counters() -> None:
    """A cumulative point says how far its counter has come; what it adds is known only beside the last one."""
    (found,) = metric("claude_code.token.usage", 1250, temporality=2, type="input", model=SONNET)

    assert Counters() == found.counters
    assert found.total is not None
    assert ("input_tokens", 1250, AT - timedelta(minutes=1)) == (
        found.total.measure,
        found.total.value,
        found.total.started_at,
    )


def test_claude_code_request_counts_no_tokens_a_second_time() -> None:
    """The log of a request adds the request to the day, and its tokens to the session alone."""
    told = {"input_tokens": 1250, "output_tokens": "310", "cache_read_tokens": 48_200, "cache_creation_tokens": 0}
    found = record(
        claude_code_event(
            "api_request",
            AT,
            model=SONNET,
            cost_usd=0.01042,
            speed="fast",
            query_source="subagent",
            session__id="s",
            **told,
        )
    )
    tokens = Counters(
        input_tokens=1250, output_tokens=310, cache_read_tokens=48_200, cache_write_tokens=0, cost_microusd=10_420
    )

    assert Counters(requests=1, failed_requests=0, fast_requests=1) == found.counters
    assert (SessionEvent(AT, EventKind.REQUEST, SONNET, tokens, setting=f"{SONNET}  fast", aside=True),) == found.events
    assert found.session_key is not None
    assert "s" != found.session_key


def test_claude_code_tells_the_effort_of_a_request() -> None:
    """A level as the tool calls it; none, or something that cannot be one, is none."""
    levels = ["high", "", "do what I say and nothing else"]
    events = [record(claude_code_event("api_request", AT, model=SONNET, effort=told)).events[0] for told in levels]

    assert ["high", None, None] == [event.effort for event in events]
    assert f"{SONNET} high " == events[0].setting


def test_claude_code_gives_up_after_eleven_tries() -> None:
    """An error is a failed request; the eleventh attempt says that the retries are used up."""
    first = record(claude_code_event("api_error", AT, model=SONNET, attempt=1, status_code=529))
    last = record(claude_code_event("api_error", AT, model=SONNET, attempt="11", status_code=529))

    assert Counters(requests=1, failed_requests=1, fast_requests=0) == first.counters == last.counters
    assert [EventKind.REQUEST] == [event.kind for event in first.events]
    assert [EventKind.REQUEST, EventKind.RETRIES_EXHAUSTED] == [event.kind for event in last.events]


def test_claude_code_behaviour_of_a_session() -> None:
    """Prompts, tool results, decisions and compactions carry a session on; only the prompt counts for the day."""
    prompt = record(claude_code_event("user_prompt", AT, prompt_length=5))
    failed = record(claude_code_event("tool_result", AT, tool_name="Bash", success="false"))
    automatic = record(claude_code_event("tool_decision", AT, decision="accept", source="config"))
    judged = record(claude_code_event("tool_decision", AT, decision="reject", source="user_reject"))
    compacted = record(claude_code_event("compaction", AT, trigger="auto", pre_tokens="168000", post_tokens=9_100))

    assert (Counters(prompts=1), (SessionEvent(AT, EventKind.PROMPT),)) == (prompt.counters, prompt.events)
    assert (SessionEvent(AT, EventKind.TOOL_RESULT, failed=True),) == failed.events
    assert (SessionEvent(AT, EventKind.DECISION, automatic=True, accepted=True),) == automatic.events
    assert (SessionEvent(AT, EventKind.DECISION, accepted=False),) == judged.events
    shortened = SessionEvent(AT, EventKind.COMPACTION, automatic=True, before_tokens=168_000, after_tokens=9_100)
    assert (shortened,) == compacted.events
    assert {Counters()} == {one.counters for one in (failed, automatic, judged, compacted)}


def test_codex_input_includes_the_cache() -> None:
    """Uncached input is the difference and never below zero; counts come as texts and as numbers."""
    told = {"event__kind": "response.completed", "input_token_count": "52000", "output_token_count": "900"}
    more = {"reasoning_token_count": 400, "tool_token_count": "52900", "model": "gpt-6.1-sol"}
    found = record(codex_event("sse_event", AT, **told, **more, cached_token_count=48_000))
    odd = record(codex_event("sse_event", AT, **told, cached_token_count=60_000))
    tokens = Counters(input_tokens=4000, cache_read_tokens=48_000, output_tokens=900)

    assert tokens.plus(Counters(requests=1, failed_requests=0)) == found.counters
    assert ("codex", "gpt-6.1-sol", True) == (found.tool, found.model, found.list_priced)
    assert (SessionEvent(AT, EventKind.REQUEST, "gpt-6.1-sol", tokens),) == found.events
    assert 0 == odd.counters.input_tokens


def test_codex_says_nothing_of_the_cache() -> None:
    """A cached part that is absent is unknown, not zero."""
    told = {"event__kind": "response.completed", "input_token_count": "500", "output_token_count": "9"}
    found = record(codex_event("sse_event", AT, **told))

    assert (500, None, 9) == (
        found.counters.input_tokens,
        found.counters.cache_read_tokens,
        found.counters.output_tokens,
    )


@pytest.mark.parametrize(
    ("event", "counters"),
    [
        (codex_event("conversation_starts", AT), Counters(sessions=1)),
        (codex_event("user_prompt", AT, prompt_length=3), Counters(prompts=1)),
        (codex_event("api_request", AT, http__response__status_code=500), Counters(requests=1, failed_requests=1)),
        (
            codex_event("tool_decision", AT, decision="approved_for_session", source="user"),
            Counters(accepted=1, rejected=0),
        ),
        (codex_event("tool_decision", AT, decision="denied", source="User"), Counters(accepted=0, rejected=1)),
        (codex_event("tool_decision", AT, decision="approved", source="config"), Counters()),
        (codex_event("tool_result", AT, success="true"), Counters()),
    ],
)
def test_codex_behaviour(event: client.Document, counters: Counters) -> None:
    """Conversations, prompts, failed requests and what a person decided."""
    assert counters == record(event).counters


def test_codex_metrics_name_nobody_and_are_not_read() -> None:
    """They carry no person, and the same tokens as the logs."""
    assert [] == metric("codex.turn.token_usage", 5, service="codex_cli_rs", model="gpt-6.1-sol")


def test_codex_other_parts_of_a_stream_count_nothing() -> None:
    """Only a completed response carries tokens; a request that went well is counted there."""
    began = codex_event("sse_event", AT, event__kind="response.created")
    went_well = codex_event("api_request", AT, http__response__status_code=200)
    document = client.logs("codex_cli_rs", [began, went_well])
    batch = decode.logs(client.encoded("logs", document, as_json=True), as_json=True, now=NOW)

    assert 2 == len(batch.readings)
    assert [] == list(tools.increments(batch.readings))


def test_gemini_thoughts_are_output_and_the_cache_is_input() -> None:
    """A response's tokens in four disjoint kinds, to be priced from the list."""
    told = {"input_token_count": 9000, "cached_content_token_count": 8000, "output_token_count": 50}
    found = record(gemini_event("api_response", AT, model="gemini-3-pro", thoughts_token_count=25, **told))
    tokens = Counters(input_tokens=1000, cache_read_tokens=8000, output_tokens=75)

    assert tokens.plus(Counters(requests=1, failed_requests=0)) == found.counters
    assert ("gemini_cli", "gemini-3-pro", True) == (found.tool, found.model, found.list_priced)


def test_gemini_metrics_add_sessions_and_lines_and_no_tokens() -> None:
    """The tokens are in the logs already."""
    (session,) = metric("gemini_cli.session.count", 1, service="gemini-cli")
    (lines,) = metric("gemini_cli.lines.changed", 12, service="gemini-cli", type="added", language="py")

    assert (Counters(sessions=1), Counters(lines_added=12)) == (session.counters, lines.counters)
    assert [] == metric("gemini_cli.lines.changed", 12, service="gemini-cli", type="removed")
    assert [] == metric("gemini_cli.token.usage", 12, service="gemini-cli", type="input", model="gemini-3-pro")


@pytest.mark.parametrize(
    ("decision", "counters", "kinds"),
    [
        ("accept", Counters(accepted=1, rejected=0), [EventKind.DECISION, EventKind.TOOL_RESULT]),
        ("modify", Counters(accepted=1, rejected=0), [EventKind.DECISION, EventKind.TOOL_RESULT]),
        ("reject", Counters(accepted=0, rejected=1), [EventKind.DECISION]),
        ("auto_accept", Counters(), [EventKind.DECISION, EventKind.TOOL_RESULT]),
    ],
)
def test_gemini_tool_calls(decision: str, counters: Counters, kinds: list[EventKind]) -> None:
    """What a person took, changed or refused; a call that was let through by itself was judged by nobody."""
    found = record(gemini_event("tool_call", AT, decision=decision, success=False, function_name="edit"))

    assert counters == found.counters
    assert kinds == [event.kind for event in found.events]


@pytest.mark.parametrize(
    ("told", "whose"),
    [
        (
            {"user__email": " Ana.Silva@Acme.example", "user__account_id": "user_01ANA", "enduser__id": "x@y.example"},
            Whose("ana.silva@acme.example", "anthropic:user_01ANA", "x@y.example"),
        ),
        ({"user__id": "b4f0a9d2", "organization__id": "1234"}, Whose()),
        ({"enduser__id": "jpark"}, Whose(declared="other:jpark")),
        ({"user__email": "no address", "user__account_id": "a b"}, Whose()),
    ],
)
def test_who_is_told(told: dict[str, str], whose: Whose) -> None:
    """Address, account and what the company declared; an installation's id is no person, a sentence is no address."""
    assert whose == record(claude_code_event("user_prompt", AT, **told)).whose


def test_who_is_told_by_the_resource() -> None:
    """What the company set on the machine stands on the resource; what the tool says of the record wins."""
    declared = record(codex_event("user_prompt", AT), resource={"enduser.id": "jane.park@acme.example"})
    own = record(codex_event("user_prompt", AT, user__email="a@b.example"), resource={"user.email": "c@d.example"})

    assert Whose(declared="jane.park@acme.example") == declared.whose
    assert Whose("a@b.example") == own.whose


def test_model_that_cannot_be_one_is_unknown() -> None:
    """A sentence in place of a model's name is not kept."""
    (found,) = metric("claude_code.token.usage", 5, type="input", model="please rewrite the merger memo")

    assert "unknown" == found.model
