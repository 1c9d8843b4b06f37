"""How often each rule about waste would find something here, told so that nobody can be singled out.

For whoever runs Kindling, in its first two weeks and later: do the rules fit this place? Everything is a share of all
people who were judged: none below ten people, none that leaves fewer than ten out, in steps that stand for at least
ten people and 5 %. Nothing is said of fewer than forty people. Whose tools and dollars they are is never counted.
A week has one report, the first that was asked for: two of them, with somebody come or gone in between, would tell what
that person has.
`jobs/calibrate.py` fills a `Tally`; `bot/views/calibration.py` says the `Report`. Next: `jobs/calibrate.py`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import Any

from bot.domain.adoption import Standing, State
from bot.domain.waste import DETECTORS, SILENT_STATES, Looked
from bot.domain.waste.thresholds import thresholds_of, version_of

LEAST_PEOPLE = 10
"""The floor for figures about kinds of waste (P10)."""
LEAST_IN_ALL = 40
STEPS_PERCENT = (5, 10, 20, 25)
"""The finest that stands for at least ten people; each divides 100, so that the last step is no smaller."""

FEW = f"fewer than {LEAST_PEOPLE} people"
NEARLY_ALL = f"all, or all but fewer than {LEAST_PEOPLE} people"
WHY_SILENT = {
    State.UNKNOWN: "too little is visible of them",
    State.NOT_PROVISIONED: "they hold no seat and use nothing",
    State.GRACE: "their seat, or their start, is too new",
}
"""Said instead of a person's own reason, which holds figures of theirs."""


@dataclass
class Tally:
    """Counts of people, as they come in; not to be shown."""

    people: int = 0
    found: Counter[str] = field(default_factory=Counter)
    not_judged: Counter[str] = field(default_factory=Counter)
    why_not: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, standing: Standing, looked: Looked) -> None:
        """Count one person, once for each rule."""
        self.people += 1
        found = {one.detector for one in looked.findings}
        self.found.update(found)
        silent = standing.state in SILENT_STATES
        reasons = {
            (one.detector, WHY_SILENT[standing.state] if silent else one.reason)
            for one in looked.not_judged
            if one.detector not in found
        }
        self.not_judged.update({detector for detector, _ in reasons})
        self.why_not.update(reasons)


@dataclass(frozen=True)
class RuleReport:
    """One rule: the shares of people, protected, and what it measures against. Shares are None for too few people."""

    detector: str
    rule_version: str
    thresholds: dict[str, float]
    looked_at: str | None
    found: str | None
    not_judged: str | None
    why_not: dict[str, str]


@dataclass(frozen=True)
class Report:
    """All rules. `about_people` is rounded down to tens, None when there are too few to say anything."""

    last_day: date
    about_people: int | None
    rules: tuple[RuleReport, ...]

    def to_json(self) -> dict[str, Any]:
        """The same as plain JSON."""
        rules = [asdict(rule) for rule in self.rules]
        return {"last_day": self.last_day.isoformat(), "about_people": self.about_people, "rules": rules}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Report:
        """What `to_json` wrote."""
        rules = tuple(RuleReport(**rule) for rule in document["rules"])
        return cls(date.fromisoformat(document["last_day"]), document["about_people"], rules)


def week_of(day: date) -> date:
    """The Monday of the week in which `day` lies."""
    return day - timedelta(days=day.weekday())


def report(tally: Tally, *, last_day: date) -> Report:
    """What may be told of these counts."""
    enough = tally.people >= LEAST_IN_ALL
    about = tally.people // LEAST_PEOPLE * LEAST_PEOPLE
    return Report(last_day, about if enough else None, tuple(_of_rule(tally, one, enough=enough) for one in DETECTORS))


def share(count: int, people: int) -> str:
    """`count` of `people` as a share that hides who: see the head of this file."""
    if count < LEAST_PEOPLE:
        return FEW
    if people - count < LEAST_PEOPLE:
        return NEARLY_ALL
    step = next(step for step in STEPS_PERCENT if step * people >= 100 * LEAST_PEOPLE)
    percent = (200 * count + step * people) // (2 * step * people) * step
    if percent <= step:
        return f"about {step} % or less"
    return f"about {100 - step} % or more" if percent >= 100 - step else f"about {percent} %"


def _of_rule(tally: Tally, detector: str, *, enough: bool) -> RuleReport:
    def told(count: int) -> str | None:
        return share(count, tally.people) if enough else None

    reasons = {reason: count for (whose, reason), count in sorted(tally.why_not.items()) if whose == detector}
    return RuleReport(
        detector,
        version_of(detector),
        thresholds_of(detector),
        looked_at=told(tally.people - tally.not_judged[detector]),
        found=told(tally.found[detector]),
        not_judged=told(tally.not_judged[detector]),
        # What only a few lack is not told apart from what others lack: their tools might tell who they are.
        why_not={
            reason: share(count, tally.people) for reason, count in reasons.items() if enough and count >= LEAST_PEOPLE
        },
    )
