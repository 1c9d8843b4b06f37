"""The words of disclosure control: a group, a measure, a cell that is Shown or Suppressed, and what was published.

A reason can itself reveal something: it is stored, and every viewer hears the same sentence. Next: `publish.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


@dataclass(frozen=True)
class Group:
    """A node of one week's tree. `members` are all people below it, without the manager whose group it is."""

    key: str
    parent: str | None
    members: frozenset[int]


class Kind(StrEnum):
    """What is added up: 0 or 1 a person, told as a share of the people, or an amount a person, told as a sum."""

    SHARE = "share"
    SUM = "sum"


@dataclass(frozen=True)
class Measure:
    """One figure. `floor_people`: 10 for distributions, waste categories, barriers and text.

    `family` joins measures that together say more than each alone; they are known for a person all or none. Of shares
    at most one is true of a person, the most important comes first. Of sums the first is the whole, the others are
    parts of it that do not overlap. People are not put into a block for sums that could not tell every one that is
    `needed`: they are counted in the group above instead. `most`: what nobody can exceed, as everybody knows, such as
    the working days of four weeks.
    """

    name: str
    kind: Kind
    floor_people: int = 5
    family: str = ""
    needed: bool = True
    most: int | None = None


class Why(StrEnum):
    """Why a cell is not shown: for the record, never for a viewer."""

    TOO_SMALL = "too_small"
    RESTING = "resting"
    DOMINANT = "dominant"
    UNKNOWN = "unknown"
    TOO_COARSE = "too_coarse"
    VOLUME_WITHOUT_VALUE = "volume_without_value"
    FOUR_TOGETHER = "four_together"


class At(StrEnum):
    """How a shown value is to be read."""

    ABOUT = "about"
    AT_MOST = "at_most"
    AT_LEAST = "at_least"


@dataclass(frozen=True)
class Shown:
    """Percent in steps of five, or two significant digits. `people`: how many are counted in it."""

    value: int
    at: At = At.ABOUT
    people: int = 0


@dataclass(frozen=True)
class Suppressed:
    """Not shown."""

    why: Why


Cell = Shown | Suppressed


@dataclass(frozen=True)
class Published:
    """What a group may hear in one week. `members` are those who are counted in anything shown."""

    week: date
    group: str
    members: frozenset[int]
    cells: Mapping[str, Cell]
