"""Gemini CLI's telemetry: tokens and behaviour from its logs, sessions and lines from its metrics.

The tokens are taken from the logs because only there a request's cached part stands beside its whole input, of which
it is a part; the metric counts both for themselves. Thoughts are output. It tells no money, so a request is priced from
the list. It sends prompt text unless told not to: none of it gets this far. Called through `bot/sources/otlp/tools.py`.
Next: `bot/sources/otlp/tools.py`.
"""

from __future__ import annotations

from bot.domain.increments import Increment
from bot.domain.sessions import EventKind, SessionEvent
from bot.domain.usage import ANY_MODEL, Counters
from bot.sources.otlp.reading import WHO, Reading, Tool, count, counted, happened, is_true, model, word

NAME = "gemini_cli"

_JUDGED = {"accept": True, "modify": True, "reject": False}  # not auto_accept: nobody judged it


def read(reading: Reading) -> Increment | None:
    """What a point or record adds; None for what does not count."""
    return _from_event(reading) if reading.value is None else _from_metric(reading)


def _from_metric(reading: Reading) -> Increment | None:
    measure = "sessions"
    if reading.name == "gemini_cli.lines.changed":
        if word(reading, "type") != "added":
            return None
        measure = "lines_added"
    value = round(reading.value or 0)
    return counted(reading, tool=NAME, model_name=ANY_MODEL, measure=measure, value=value, accounts=None)


def _from_event(reading: Reading) -> Increment | None:
    match reading.name.removeprefix("gemini_cli."):
        case "api_response":
            return _response(reading)
        case "api_error":
            event = SessionEvent(reading.at, EventKind.REQUEST, model(reading), failed=True)
            return _happened(reading, model(reading), Counters(requests=1, failed_requests=1), event)
        case "user_prompt":
            return _happened(reading, ANY_MODEL, Counters(prompts=1), SessionEvent(reading.at, EventKind.PROMPT))
        case "tool_call":
            return _tool_call(reading)
    return None


def _response(reading: Reading) -> Increment:
    whole, cached = count(reading, "input_token_count"), count(reading, "cached_content_token_count")
    output, thoughts = count(reading, "output_token_count"), count(reading, "thoughts_token_count")
    tokens = Counters(
        input_tokens=None if whole is None else max(0, whole - (cached or 0)),
        cache_read_tokens=cached,
        output_tokens=None if output is None and thoughts is None else (output or 0) + (thoughts or 0),
    )
    event = SessionEvent(reading.at, EventKind.REQUEST, model(reading), tokens)
    return _happened(reading, model(reading), tokens.plus(Counters(requests=1, failed_requests=0)), event)


def _tool_call(reading: Reading) -> Increment:
    accepted = _JUDGED.get(word(reading, "decision"))
    counters = Counters() if accepted is None else Counters(accepted=int(accepted), rejected=int(not accepted))
    events = [SessionEvent(reading.at, EventKind.DECISION, accepted=accepted, automatic=accepted is None)]
    succeeded = is_true(reading, "success")
    if accepted is not False and succeeded is not None:
        events.append(SessionEvent(reading.at, EventKind.TOOL_RESULT, failed=not succeeded))
    return _happened(reading, ANY_MODEL, counters, *events)


def _happened(reading: Reading, model_name: str, counters: Counters, *events: SessionEvent) -> Increment:
    return happened(
        reading,
        tool=NAME,
        model_name=model_name,
        counters=counters,
        events=events,
        session="session.id",
        accounts=None,
        list_priced=True,
    )


TOOL = Tool(
    name=NAME,
    service="gemini-cli",
    metrics=frozenset({"gemini_cli.session.count", "gemini_cli.lines.changed"}),
    events=frozenset(f"gemini_cli.{name}" for name in ("api_response", "api_error", "user_prompt", "tool_call")),
    attributes=WHO
    | {"session.id", "model", "type", "decision", "success"}
    | {"input_token_count", "cached_content_token_count", "output_token_count", "thoughts_token_count"},
    shown=frozenset({EventKind.REQUEST, EventKind.PROMPT, EventKind.TOOL_RESULT, EventKind.DECISION}),
    read=read,
)
