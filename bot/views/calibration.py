"""The calibration report in lines, for whoever runs Kindling: `kindling calibrate`.

Next: `bot/views/rules.py`, which says the same rules to the person they are about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from bot.domain.calibration import LEAST_IN_ALL, Report, RuleReport
from bot.views import rules

_NOTE = (
    "Shares of all people judged, never a name: nothing below five people, in steps of 5 % and of five people at least."
)
_TOO_FEW = f"Too few people to say: it takes {LEAST_IN_ALL} before anything can be told that singles nobody out."


def lines(report: Report) -> Iterator[str]:
    """The whole report, one paragraph a rule."""
    if report.about_people is None:
        yield _TOO_FEW
    else:
        yield f"About {report.about_people} people, on the 28 days up to {report.last_day.isoformat()}. {_NOTE}"
    for rule in report.rules:
        yield from _rule(rule)


def as_json(report: Report) -> dict[str, Any]:
    """The same for a machine."""
    return asdict(report) | {"last_day": report.last_day.isoformat()}


def _rule(rule: RuleReport) -> Iterator[str]:
    yield f"\n{rule.detector}  {rules.pattern(rule.detector).name}  (rule {rule.rule_version})"
    if rule.looked_at is not None:
        yield f"  looked at    {rule.looked_at}"
        yield f"  would find   {rule.found}"
        yield f"  not judged   {rule.not_judged}"
    for reason, told in rule.why_not.items():
        yield f"    {told}: {_in_words(reason)}"
    numbers = (f"{name.replace('_', ' ')} {value:,.10g}" for name, value in rule.thresholds.items())
    yield f"  thresholds   {'; '.join(numbers)}"


def _in_words(reason: str) -> str:
    """A reason as it is told to the one it is about, turned to somebody else."""
    return re.sub(r"\byou\b", "them", rules.in_words(reason))
