"""Which tools' telemetry is understood, and whose a metric or an event is.

Called by `jobs/receive.py`. Next: `bot/sources/otlp/decode.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.domain.increments import Increment
from bot.sources.otlp import claude_code, codex, gemini
from bot.sources.otlp.reading import Reading, Tool

TOOLS: tuple[Tool, ...] = (claude_code.TOOL, codex.TOOL, gemini.TOOL)
SHOWN = {tool.name: tool.shown for tool in TOOLS}
"""The kinds of session events that each tool can tell of."""

_OF_METRIC = {name: tool for tool in TOOLS for name in tool.metrics}
_OF_EVENT = {name: tool for tool in TOOLS for name in tool.events}


def of_metric(name: str) -> Tool | None:
    """The tool that counts under this name; None: nothing that we read."""
    return _OF_METRIC.get(name)


def of_event(names: Iterable[str], service: str) -> tuple[str, Tool] | None:
    """The full name of an event, and its tool. `names` are all that a record may call it: its body, a field, an
    attribute; a short one belongs to the tool that the service is.
    """
    for name in names:
        if name in _OF_EVENT:
            return name, _OF_EVENT[name]
        for tool in TOOLS:
            full = f"{tool.name}.{name}"
            if service.startswith(tool.service) and full in tool.events:
                return full, tool
    return None


def increments(readings: Iterable[Reading]) -> Iterator[Increment]:
    """What the readings add, each as its own tool tells it."""
    for reading in readings:
        tool = _OF_METRIC.get(reading.name) or _OF_EVENT[reading.name]
        increment = tool.read(reading)
        if increment is not None:
            yield increment
