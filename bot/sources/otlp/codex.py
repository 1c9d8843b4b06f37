"""Codex CLI's telemetry, from its logs alone: its metrics name no person.

Tokens stand in the event of a completed response; `input_token_count` includes what came from the cache. It tells no
money, so a request is priced from the list. Called through `bot/sources/otlp/tools.py`.
Next: `bot/sources/otlp/gemini.py`.
"""

from __future__ import annotations

from bot.domain.increments import Increment
from bot.domain.people import IdentitySource
from bot.domain.sessions import EventKind, SessionEvent
from bot.domain.usage import ANY_MODEL, Counters
from bot.sources.otlp.reading import WHO, Reading, Tool, count, happened, is_true, model, word

NAME = "codex"

_FIRST_FAILURE = 400  # HTTP status


def read(reading: Reading) -> Increment | None:
    """What a record adds; None for what does not count."""
    match reading.name.removeprefix("codex."):
        case "sse_event" if word(reading, "event.kind") == "response.completed":
            return _completed(reading)
        case "api_request" if (count(reading, "http.response.status_code") or 0) >= _FIRST_FAILURE:
            event = SessionEvent(reading.at, EventKind.REQUEST, model(reading), failed=True)
            return _happened(reading, model(reading), Counters(requests=1, failed_requests=1), event)
        case "conversation_starts":
            return _happened(reading, ANY_MODEL, Counters(sessions=1))
        case "user_prompt":
            return _happened(reading, ANY_MODEL, Counters(prompts=1), SessionEvent(reading.at, EventKind.PROMPT))
        case "tool_result":
            event = SessionEvent(reading.at, EventKind.TOOL_RESULT, failed=is_true(reading, "success") is False)
            return _happened(reading, ANY_MODEL, Counters(), event)
    return _decision(reading) if reading.name == "codex.tool_decision" else None


def _completed(reading: Reading) -> Increment:
    whole, cached = count(reading, "input_token_count"), count(reading, "cached_token_count")
    tokens = Counters(
        input_tokens=None if whole is None else max(0, whole - (cached or 0)),
        cache_read_tokens=cached,
        output_tokens=count(reading, "output_token_count"),
    )
    event = SessionEvent(reading.at, EventKind.REQUEST, model(reading), tokens)
    return _happened(reading, model(reading), tokens.plus(Counters(requests=1, failed_requests=0)), event)


def _decision(reading: Reading) -> Increment:
    """An approval that the configuration gave was judged by nobody, and does not count."""
    said, by_person = word(reading, "decision"), word(reading, "source").lower() == "user"
    accepted = True if said.startswith("approved") else False if said in ("denied", "abort") else None
    counters = Counters()
    if by_person and accepted is not None:
        counters = Counters(accepted=int(accepted), rejected=int(not accepted))
    event = SessionEvent(reading.at, EventKind.DECISION, automatic=not by_person, accepted=accepted)
    return _happened(reading, ANY_MODEL, counters, event)


def _happened(reading: Reading, model_name: str, counters: Counters, *events: SessionEvent) -> Increment:
    return happened(
        reading,
        tool=NAME,
        model_name=model_name,
        counters=counters,
        events=events,
        session="conversation.id",
        accounts=IdentitySource.OPENAI,
        list_priced=True,
    )


TOOL = Tool(
    name=NAME,
    service="codex",
    metrics=frozenset(),
    events=frozenset(
        f"codex.{name}"
        for name in ("sse_event", "api_request", "conversation_starts", "user_prompt", "tool_result", "tool_decision")
    ),
    attributes=WHO
    | {"conversation.id", "event.kind", "model", "http.response.status_code", "success", "decision", "source"}
    | {"input_token_count", "cached_token_count", "output_token_count"},
    shown=frozenset({EventKind.REQUEST, EventKind.PROMPT, EventKind.TOOL_RESULT, EventKind.DECISION}),
    read=read,
)
