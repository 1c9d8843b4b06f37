"""What may lead to a message, by name: five states and the detectors of cost that are told without being asked.

Names only, so that whatever leads open can say them without reaching anything about a person; tests/domain/test_tips.py
holds them to the states and detectors themselves. Next: `bot/domain/tips.py`.
"""

from __future__ import annotations

ENABLEMENT_TRIGGERS = frozenset({"never_used", "lapsed", "at_risk", "first_steps", "building"})
WASTE_TRIGGERS = frozenset(
    f"W{number:02}" for number in (1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 21)
)
TRIGGERS = ENABLEMENT_TRIGGERS | WASTE_TRIGGERS
