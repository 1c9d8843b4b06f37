"""What may be said of a group, so that nobody in it can be singled out (P10). Called once in four weeks for all groups.

In five lines: people are put once into frozen *blocks* that never overlap; a group's figure is made of what its blocks
may say, never of people; shares are told in steps with broad ends; sums that one or two people carry are not told; who
leaves keeps counting, who joins waits. Why so strict: docs/why/teams.md. Who tries to break it: tests/attacker.py.
Next: `publish.py`.
"""

from bot.domain.disclosure.blocks import Block, Memory, forget
from bot.domain.disclosure.cells import At, Cell, Group, Kind, Measure, Published, Shown, Suppressed, Why
from bot.domain.disclosure.publish import Issue, due, publish

__all__ = [
    "At",
    "Block",
    "Cell",
    "Group",
    "Issue",
    "Kind",
    "Measure",
    "Memory",
    "Published",
    "Shown",
    "Suppressed",
    "Why",
    "due",
    "forget",
    "publish",
]
