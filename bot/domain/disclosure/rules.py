"""The rules, as switches. The product never passes any: they exist so that the tests can take one away and watch the
attacker succeed. Called by `publish.py` and tests/attacker.py.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rules:
    """All on."""

    enough_people: bool = True
    """A block holds enough people; off: two are enough."""
    from_blocks: bool = True
    """A group's figure is made of what its blocks say; off: groups of groups are counted from their people."""
    frozen: bool = True
    """A block keeps its people; off: everybody is put into blocks anew each time."""
    keep_leavers: bool = True
    """Who leaves, or is unknown this time, keeps counting with the last known figure; off: drops out."""
    rest: bool = True
    """The people of a closed block rest for half a year; off: they go into the next block at once."""
    broad_ends: bool = True
    """The lowest and the highest step of a share cover at least four counts; off: 0 % and 100 % are told."""
    families: bool = True
    """Shares that exclude each other are judged together; off: one by one."""
    dominance: bool = True
    """A sum that one person (50 %) or two (75 %) carry is not told; off: it is."""
    outside_two: bool = True
    """Dominance is judged after any two people are taken out as well; off: on the whole block alone."""
    differ: bool = True
    """A sum is told if all parts are small or the others differ; off: whenever it is not dominated."""
    rounding: bool = True
    """Shares in steps of 5 %, sums to two significant digits; off: as they are."""
    four_weeks: bool = True
    """New figures every four weeks, on windows that do not overlap; off: every week."""


ALL = Rules()
