"""Where a person stands in adoption: eight states and `unknown`, judged from days, never from volume (P3).

The judging function `judge` stands below its vocabulary. Next: `bot/domain/waste/`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

RULE_VERSION = "states-1"


class State(StrEnum):
    """First match wins, in this order (design, section 3)."""

    UNKNOWN = "unknown"
    NOT_PROVISIONED = "not_provisioned"
    GRACE = "grace"
    NEVER_USED = "never_used"
    LAPSED = "lapsed"
    AT_RISK = "at_risk"
    FIRST_STEPS = "first_steps"
    BUILDING = "building"
    HABITUAL = "habitual"


ZERO_STATES = frozenset({State.NEVER_USED, State.LAPSED})
"""States that say "no use": reachable only through the coverage gate (P12)."""


@dataclass(frozen=True)
class Standing:
    """A state with what it was judged from. `evidence` is plain JSON: dates as ISO text, counts, tool names."""

    state: State
    last_day: date
    reason: str
    rule_version: str = RULE_VERSION
    evidence: dict[str, str | int | list[str] | None] = field(default_factory=dict)
