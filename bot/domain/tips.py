"""A tip: one thing to try, written by people who do not program, as a Markdown file in `tips/`.

The parser `parse` stands below its vocabulary. Next: `jobs/decide.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class LinkKind(StrEnum):
    """What a tip leads to (field.md 5)."""

    DOC = "doc"
    INTERNAL = "internal"
    ACTION = "action"
    HUMAN = "human"


@dataclass(frozen=True)
class Tip:
    """One tip. `triggers` are states ("never_used") or detectors ("W15"); `roles` empty means every role.

    `text` may contain `{placeholders}` for the person's own facts; `try_this` is the one thing to try.
    `expires_on` is the day after which the tip is not sent any more, because tools change weekly.
    """

    tip_id: str
    topic: str
    triggers: frozenset[str]
    roles: frozenset[str]
    owner: str
    expires_on: date
    link_kind: LinkKind
    link: str | None
    text: str
    try_this: str
    how_to: str
