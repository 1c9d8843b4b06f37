"""Claude Code's telemetry: tokens, money, edits and sessions from its metrics, requests and behaviour from its logs.

Metrics and `api_request` logs carry the same tokens: a day's tokens and money come from the metrics alone. Logs give
what metrics do not have, and the counters of a session, which are kept apart from days. Where only logs arrive, a day's
tokens stay unknown. Called through `bot/sources/otlp/tools.py`. Next: `bot/sources/otlp/codex.py`.
"""

from __future__ import annotations

from bot.domain.increments import Increment
from bot.domain.people import IdentitySource
from bot.domain.sessions import EventKind, SessionEvent
from bot.domain.usage import ANY_MODEL, Counters
from bot.sources.otlp.reading import WHO, Reading, Tool, count, counted, dollars, happened, is_true, level, model, word

NAME = "claude_code"
RETRIES_USED_UP = 11
"""Claude Code gives up after ten retries, unless it is told otherwise."""

_TOKENS = {
    "input": "input_tokens",
    "output": "output_tokens",
    "cacheRead": "cache_read_tokens",
    "cacheCreation": "cache_write_tokens",
}
_SESSION_STARTS = frozenset({"fresh", "resume", "continue", ""})  # not agents_view: looking at agents is no use
_JUDGED = {"accept": "accepted", "reject": "rejected"}
_MAIN = frozenset({"main", ""})


def read(reading: Reading) -> Increment | None:
    """What a point or record adds; None for what does not count."""
    return _from_event(reading) if reading.value is None else _from_metric(reading)


def _from_metric(reading: Reading) -> Increment | None:
    """What belongs to a model stands with it; what is not split by model in all versions stands with ANY_MODEL."""
    value = round(reading.value or 0)
    match reading.name:
        case "claude_code.token.usage":
            measure, by_model = _TOKENS.get(word(reading, "type")), True
        case "claude_code.cost.usage":
            measure, by_model, value = "cost_microusd", True, dollars(reading.value) or 0
        case "claude_code.session.count":
            measure, by_model = "sessions" if word(reading, "start_type") in _SESSION_STARTS else None, False
        case "claude_code.lines_of_code.count":
            measure, by_model = "lines_added" if word(reading, "type") == "added" else None, False
        case _:
            measure, by_model = _judged(reading), False
    if measure is None:
        return None
    name = model(reading) if by_model else ANY_MODEL
    return counted(reading, tool=NAME, model_name=name, measure=measure, value=value, accounts=IdentitySource.ANTHROPIC)


def _judged(reading: Reading) -> str | None:
    """Only what a person decided: an edit that settings or a hook let through was judged by nobody."""
    return _JUDGED.get(word(reading, "decision")) if word(reading, "source").startswith("user_") else None


def _from_event(reading: Reading) -> Increment:
    match reading.name.removeprefix("claude_code."):
        case "api_request":
            fast = int(word(reading, "speed") == "fast")
            counters = Counters(requests=1, failed_requests=0, fast_requests=fast)
            return _happened(reading, model(reading), counters, _request(reading))
        case "api_error":
            counters = Counters(requests=1, failed_requests=1, fast_requests=int(word(reading, "speed") == "fast"))
            return _happened(reading, model(reading), counters, *_error(reading))
        case "user_prompt":
            return _happened(reading, ANY_MODEL, Counters(prompts=1), SessionEvent(reading.at, EventKind.PROMPT))
        case "tool_result":
            event = SessionEvent(reading.at, EventKind.TOOL_RESULT, failed=is_true(reading, "success") is False)
        case "compaction":
            event = SessionEvent(
                reading.at,
                EventKind.COMPACTION,
                automatic=word(reading, "trigger") == "auto",
                before_tokens=count(reading, "pre_tokens"),
                after_tokens=count(reading, "post_tokens"),
            )
        case _:
            event = _decision(reading)
    return _happened(reading, ANY_MODEL, Counters(), event)


def _request(reading: Reading) -> SessionEvent:
    """One request of a session, with its tokens: they go into the session's counters, not into the day's."""
    told = count(reading, "cost_usd_micros")
    return SessionEvent(
        reading.at,
        EventKind.REQUEST,
        model(reading),
        Counters(
            input_tokens=count(reading, "input_tokens"),
            cache_read_tokens=count(reading, "cache_read_tokens"),
            cache_write_tokens=count(reading, "cache_creation_tokens"),
            output_tokens=count(reading, "output_tokens"),
            cost_microusd=dollars(reading.attributes.get("cost_usd")) if told is None else told,
        ),
        setting=" ".join((model(reading), level(reading, "effort"), level(reading, "speed"))),
        effort=level(reading, "effort") or None,
        aside=word(reading, "query_source") not in _MAIN,
    )


def _error(reading: Reading) -> tuple[SessionEvent, ...]:
    failed = SessionEvent(reading.at, EventKind.REQUEST, model(reading), failed=True)
    if (count(reading, "attempt") or 0) < RETRIES_USED_UP:
        return (failed,)
    return failed, SessionEvent(reading.at, EventKind.RETRIES_EXHAUSTED, model(reading))


def _decision(reading: Reading) -> SessionEvent:
    """A decision of the session. The day's come from the metric, which counts edits alone."""
    accepted = {"accept": True, "reject": False}.get(word(reading, "decision"))
    by_person = word(reading, "source").startswith("user_")
    return SessionEvent(reading.at, EventKind.DECISION, automatic=not by_person, accepted=accepted)


def _happened(reading: Reading, model_name: str, counters: Counters, *events: SessionEvent) -> Increment:
    return happened(
        reading,
        tool=NAME,
        model_name=model_name,
        counters=counters,
        events=events,
        session="session.id",
        accounts=IdentitySource.ANTHROPIC,
    )


TOOL = Tool(
    name=NAME,
    service="claude-code",
    metrics=frozenset(
        f"claude_code.{name}"
        for name in ("token.usage", "cost.usage", "session.count", "lines_of_code.count", "code_edit_tool.decision")
    ),
    events=frozenset(
        f"claude_code.{name}"
        for name in ("api_request", "api_error", "user_prompt", "tool_result", "tool_decision", "compaction")
    ),
    attributes=WHO
    | {"session.id", "type", "model", "start_type", "decision", "source", "query_source", "speed", "effort", "attempt"}
    | {"input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens", "cost_usd", "cost_usd_micros"}
    | {"success", "trigger", "pre_tokens", "post_tokens"},
    shown=frozenset(EventKind),
    read=read,
)
