"""The calibration report in lines, for whoever runs Kindling: `kindling calibrate`.

Next: `bot/views/rules.py`, which says the same rules to the person they are about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.domain.calibration import LEAST_IN_ALL, LEAST_PEOPLE, STEPS_PERCENT, Report, RuleReport
from bot.views import rules

_NOTE = (
    f"Shares of all people judged, never a name: nothing below {LEAST_PEOPLE} people, in steps of {STEPS_PERCENT[0]} % "
    f"and of {LEAST_PEOPLE} people at least. A week has one report, and this one stays until the next."
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
