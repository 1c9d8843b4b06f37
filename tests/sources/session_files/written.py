"""Writes invented session files, shaped as the agents write them; every text in them says that it must not be kept."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

Json = dict[str, Any]

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECRET = "SECRET-TEXT-THAT-NOBODY-MAY-KEEP"
OPUS, HAIKU = "claude-opus-4-6", "claude-haiku-4-5-20251001"
GPT = "gpt-5.3-codex"


def write(path: Path, lines: Iterable[Json | str]) -> Path:
    """One JSON document a line; a text is written as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines), "utf-8")
    return path


def stamp(minute: float) -> str:
    """So many minutes after the start, as the files write a time."""
    return (START + timedelta(minutes=minute)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# ---------------------------------------------------------------- Claude Code


def entry(minute: float, kind: str, *, session: str = "session-1", uuid: str | None = None, **more: Any) -> Json:
    common = {"cwd": f"/home/{SECRET}", "gitBranch": SECRET, "sessionId": session, "isSidechain": False}
    return {**common, "type": kind, "uuid": uuid or f"{kind}-{minute}", "timestamp": stamp(minute), **more}


def answer(
    minute: float,
    number: int,
    *,
    model: str = OPUS,
    usage: tuple[int, int, int, int] = (3, 100, 50, 9),
    speed: str | None = None,
    uses: Iterable[Json] = (),
    **more: Any,
) -> Json:
    """One line of an answer; `usage` is uncached input, cache read, cache write and output."""
    return entry(
        minute,
        "assistant",
        uuid=f"a-{number}-{minute}",
        requestId=f"req_{number}",
        message=_message(number, model, usage, speed, uses),
        **more,
    )


def helper(minute: float, number: int, *, model: str = HAIKU, usage: tuple[int, int, int, int] = (5, 0, 7, 2)) -> Json:
    """A helper's answer, as it stands inside its session."""
    inner = {"type": "assistant", "timestamp": stamp(minute), "message": _message(number, model, usage, None, ())}
    return entry(minute, "progress", data={"type": "agent_progress", "message": inner, "prompt": SECRET})


def tool_use(name: str, number: int, argument: str = "same") -> Json:
    return {"type": "tool_use", "id": f"toolu_{number}", "name": name, "input": {"command": f"{SECRET} {argument}"}}


def result(minute: float, number: int, *, failed: bool = False, words: str = SECRET, **more: Any) -> Json:
    block = {"type": "tool_result", "tool_use_id": f"toolu_{number}", "content": words}
    return entry(
        minute,
        "user",
        uuid=f"r-{number}",
        message={"content": [{**block, **({"is_error": True} if failed else {})}]},
        **more,
    )


def prompt(minute: float, words: str = SECRET, **more: Any) -> Json:
    return entry(minute, "user", message={"role": "user", "content": words}, **more)


def _message(
    number: int, model: str, usage: tuple[int, int, int, int], speed: str | None, uses: Iterable[Json]
) -> Json:
    given, read, written, output = usage
    told = {
        "input_tokens": given,
        "cache_read_input_tokens": read,
        "cache_creation_input_tokens": written,
        "output_tokens": output,
        "service_tier": "standard",
        **({"speed": speed} if speed else {}),
    }
    return {"id": f"msg_{number}", "model": model, "usage": told, "content": [{"type": "text", "text": SECRET}, *uses]}


# ---------------------------------------------------------------- Codex


def rollout(minute: float, kind: str, **payload: Any) -> Json:
    return {"timestamp": stamp(minute), "type": kind, "payload": payload}


def meta(minute: float = 0, *, session: str = "codex-1", **more: Any) -> Json:
    return rollout(minute, "session_meta", id=session, cwd=f"/home/{SECRET}", instructions=SECRET, **more)


def turn(minute: float, *, model: str = GPT, effort: str | None = "medium") -> Json:
    return rollout(minute, "turn_context", cwd=f"/home/{SECRET}", model=model, effort=effort)


def tokens(minute: float, total: tuple[int, int, int] | None, last: tuple[int, int, int] | None) -> Json:
    """A token count: input with what is cached, what of it is cached, and output."""
    info = {"total_token_usage": _usage(total), "last_token_usage": _usage(last)}
    return rollout(minute, "event_msg", type="token_count", info={k: v for k, v in info.items() if v})


def _usage(told: tuple[int, int, int] | None) -> Json | None:
    if told is None:
        return None
    given, cached, output = told
    total = given + output
    names = ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_output_tokens", "total_tokens")
    return dict(zip(names, (given, cached, output, output // 2, total), strict=True))


def command(minute: float, number: int, output: str, argument: str = "same") -> list[Json]:
    name = f"call_{number}"
    arguments = json.dumps({"command": [SECRET, argument]})
    return [
        rollout(minute, "response_item", type="function_call", name="shell", arguments=arguments, call_id=name),
        rollout(minute, "response_item", type="function_call_output", call_id=name, output=output),
    ]
