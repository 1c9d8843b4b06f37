"""The version and the thresholds of each detector, read from the rules themselves so that the two never differ.

Called by `bot/domain/calibration.py`. Next: `bot/domain/waste/__init__.py`.
"""

from __future__ import annotations

import sys
from fractions import Fraction

from bot.domain.waste import DETECTORS

_NUMBERS = (int, float, Fraction)


def version_of(detector: str) -> str:
    """The version that is stored with this detector's findings."""
    rules = vars(sys.modules[DETECTORS[detector].__module__])
    return str(rules["RULE"].version if "RULE" in rules else rules["RULE_VERSION"])


def thresholds_of(detector: str) -> dict[str, float]:
    """The named numbers of the rule, units last in their names: {"min_working_days": 15}."""
    rules = vars(sys.modules[DETECTORS[detector].__module__])
    return {
        name.lower(): float(value)
        for name, value in sorted(rules.items())
        if name.isupper() and not name.startswith("_") and isinstance(value, _NUMBERS)
    }
