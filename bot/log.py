"""Structured events on stderr, one JSON object a line: a static name and a few plain fields.

No person appears, not even by our own number: a log is kept by others, and what somebody erases must not stand in one.
Values are numbers, booleans, dates and short words; anything longer is cut, so that no body, key or text of a message
can slip through.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, date, datetime

Plain = str | int | float | bool | date | None

_LONGEST_VALUE = 120


class EventLog:
    """Says what happened in one room: `log.info("collect.source_down", source="claude_code")`."""

    def __init__(self, room: str) -> None:
        self._logger = logging.getLogger(f"kindling.{room}")

    def info(self, event: str, **fields: Plain) -> None:
        self._say(logging.INFO, event, fields)

    def warning(self, event: str, **fields: Plain) -> None:
        self._say(logging.WARNING, event, fields)

    def error(self, event: str, **fields: Plain) -> None:
        self._say(logging.ERROR, event, fields)

    def _say(self, level: int, event: str, fields: dict[str, Plain]) -> None:
        plain = {name: _short(value) for name, value in fields.items()}
        self._logger.log(level, event, extra={"kindling_fields": plain})


def start_logging(level: int = logging.INFO) -> None:
    """Send every event to stderr as JSON lines, and quiet the libraries that log request bodies."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines())
    root = logging.getLogger("kindling")
    root.handlers[:] = [handler]
    root.setLevel(level)
    root.propagate = False
    # slack_bolt logs whole bodies when a signature does not match, httpx whole addresses: some are signed.
    logging.getLogger("slack_bolt.RequestVerification").setLevel(logging.CRITICAL)
    logging.getLogger("httpx").setLevel(logging.WARNING)


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "kindling_fields", {}),
        }
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
        return json.dumps(line)


def _short(value: Plain) -> str | int | float | bool | None:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = str(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"
