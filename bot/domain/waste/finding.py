"""What a detector may say: a finding, nothing, or why it cannot judge. Ledgers and arithmetic: `ledger.py`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Ledger(StrEnum):
    """Where a dollar of a finding stands (field.md 4)."""

    WASTED = "wasted"
    OPTIMIZABLE = "optimizable"
    EXPLORATION = "exploration"
    FRICTION = "friction"


Evidence = dict[str, str | int | float | None]


@dataclass(frozen=True)
class Cell:
    """A disjoint part of a person's spend: one tool and model, on one day or on the rest of the window.

    `day` is None for the rest. The model of a seat's price is "seat". A cell feeds at most one finding (P6).
    """

    tool: str
    model: str
    day: date | None = None


@dataclass(frozen=True)
class Finding:
    """One waste pattern in one window, for one person.

    `claims` maps each cell to the micro-dollars claimed from it. `confidence` is 0 to 1. `low_microusd` and
    `high_microusd` are the range that is shown: for OPTIMIZABLE, formula times confidence up to the formula.
    `evidence` holds inputs and thresholds, enough to compute the amount again; never content.
    """

    detector: str
    rule_version: str
    tool: str
    ledger: Ledger
    confidence: float
    claims: dict[Cell, int]
    low_microusd: int | None
    high_microusd: int | None
    occurrences: int
    evidence: Evidence = field(default_factory=dict)
    innocent_reason: str = ""


@dataclass(frozen=True)
class NotJudged:
    """A detector lacks its inputs and says which, instead of guessing."""

    detector: str
    reason: str
