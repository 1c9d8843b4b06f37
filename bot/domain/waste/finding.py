"""What a detector is given and what it may say: a finding, nothing, or why it cannot judge.

Next: the detectors beside this file, then `ledger.py`, which counts every dollar once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from bot.domain.finished_work import WorkDone
from bot.domain.people import Seat, WorkCalendar
from bot.domain.prices import PriceBook
from bot.domain.session_sums import SessionSums
from bot.domain.usage import UsageWindow

WINDOW_WEEKS = 4
MIN_WINDOW_MICROUSD = 8_000_000
"""$2 a week over the four weeks of a window: below that a pattern is not worth anybody's attention."""
MIN_OCCURRENCES = 3
MIN_SINGLE_EVENT_MICROUSD = 10_000_000
SEAT_MODEL = "seat"


class Ledger(StrEnum):
    """Where a dollar of a finding stands.

    Wasted: produced nothing anybody could use. Optimizable: the same result was probably to be had for less.
    Exploration: learning, never called waste. Friction: costs time and no money.
    """

    WASTED = "wasted"
    OPTIMIZABLE = "optimizable"
    EXPLORATION = "exploration"
    FRICTION = "friction"


Evidence = dict[str, str | int | float | None]


@dataclass(frozen=True)
class Cell:
    """A part of a person's spend: one tool and model over the window, or on one day of it.

    Tools and models are disjoint; a day's cell lies within its tool and model, and `ledger.settle` takes it out of
    there. The model of a seat's price is "seat".
    """

    tool: str
    model: str
    day: date | None = None

    def pool(self) -> Cell:
        """The tool and model that this cell's dollars belong to."""
        return Cell(self.tool, self.model)


@dataclass(frozen=True)
class Case:
    """What a detector may look at.

    `sessions` are the sums of the sessions of the 28 days, `work` is what was finished in the 12 weeks.
    """

    window: UsageWindow
    seats: Sequence[Seat]
    calendar: WorkCalendar
    prices: PriceBook
    sessions: Sequence[SessionSums] = ()
    work: Sequence[WorkDone] = ()

    @property
    def outcome_days(self) -> frozenset[date] | None:
        """The days with finished work, None when no source of it knows this person."""
        return frozenset(one.day for one in self.work) if self.work else None


@dataclass(frozen=True)
class Finding:
    """One waste pattern in one window, for one person.

    `claims` maps each cell to the micro-dollars claimed from it. `confidence` is 0 to 1. `low_microusd` and
    `high_microusd` are the range that is shown: formula times confidence up to the formula, for OPTIMIZABLE and for
    what was WASTED but had to be estimated; a WASTED amount that is known has two equal ends.
    `evidence` holds inputs and thresholds, enough to compute the amount again; never content.
    `is_suggestion`: the range may be told, and counts in no sum (`Rule`).
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
    is_suggestion: bool = False


@dataclass(frozen=True)
class Rule:
    """What all findings of one detector have in common. `is_known` says that the amount is a price, no estimate.

    `is_suggestion` stands on every rule about shares of a day's sums (how much of all tokens, or requests, was of a
    kind). Use that nobody needs changes such a share, and so could take the amount away; it is told, and counts in no
    sum, so that no sum gets smaller by more use (P3; why it must be so: docs/reference/rules.md).
    """

    detector: str
    version: str
    ledger: Ledger
    confidence: float
    innocent_reason: str
    is_known: bool = False
    is_suggestion: bool = False

    def finding(
        self, case: Case, *, tool: str, claims: dict[Cell, int] | None, occurrences: int, evidence: Evidence
    ) -> Finding:
        """A finding with this rule's range; `claims` is None where no dollars are spoken of."""
        high = None if claims is None else sum(claims.values())
        is_range = self.ledger in (Ledger.WASTED, Ledger.OPTIMIZABLE) and not self.is_known
        window = {
            "window_first_day": case.window.first_day().isoformat(),
            "window_last_day": case.window.last_day.isoformat(),
        }
        return Finding(
            detector=self.detector,
            rule_version=self.version,
            tool=tool,
            ledger=self.ledger,
            confidence=self.confidence,
            claims=claims or {},
            low_microusd=int(high * self.confidence) if high is not None and is_range else high,
            high_microusd=high,
            occurrences=occurrences,
            evidence={**window, **evidence},
            innocent_reason=self.innocent_reason,
            is_suggestion=self.is_suggestion,
        )


@dataclass(frozen=True)
class NotJudged:
    """A detector lacks its inputs and says which, instead of guessing."""

    detector: str
    reason: str


def is_worth_saying(*, total_microusd: int, occurrences: int, largest_microusd: int) -> bool:
    """Whether a pattern is large and frequent enough to report: $8 a window seen three times, or once $10."""
    often = total_microusd >= MIN_WINDOW_MICROUSD and occurrences >= MIN_OCCURRENCES
    return often or largest_microusd >= MIN_SINGLE_EVENT_MICROUSD
