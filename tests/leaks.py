"""A strict reader that finds whatever joins a person with a figure of theirs, in anything that others can reach (P1).

`Leaks(people).in_text(text)` gives the lines that do. A line that names somebody may hold no number beyond dates,
moments and line numbers, and no word for a state; and nowhere in a whole text may somebody's name stand beside a figure
that only they have. Used by tests/promises/test_p01_everything_reachable.py, which shows that it finds what is planted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.domain.adoption import State

_HARMLESS = re.compile(
    r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)?"  # a moment
    r"|\d{4}-\d\d-\d\d"  # a day
    r"|\blines? \d+"  # where in a file
)
_NUMBERED = re.compile(r'"?\b(?:person|person_id|manager_id|subject)"?\s*[:=]\s*(\d+)\b')
_NUMBER = re.compile(r"\d[\d,_.]*\d|\d")
_STATES = re.compile("|".join(sorted({f"{one.value}|{one.value.replace('_', ' ')}" for one in State})), re.IGNORECASE)


@dataclass(frozen=True)
class Known:
    """What leads to one person, and the figures that are theirs, as plain numbers."""

    number: int
    names: frozenset[str]
    figures: frozenset[int]


class Leaks:
    """Knows everybody's names, and the figures that nobody shares."""

    def __init__(self, people: Iterable[Known]) -> None:
        self.people = list(people)
        shared = Counter(figure for one in self.people for figure in one.figures)
        self._owner_of = {
            figure: one.number
            for one in self.people
            for figure in one.figures
            if shared[figure] == 1 and figure >= 1000
        }
        names = sorted({name for one in self.people for name in one.names}, key=len, reverse=True)
        self._names = re.compile(r"(?<![\w@.-])(?:" + "|".join(map(re.escape, names)) + r")(?!\w)", re.IGNORECASE)
        self._number_of = {name.casefold(): one.number for one in self.people for name in one.names}

    def own_figures(self, number: int) -> list[int]:
        """The figures by which this person alone can be told."""
        return sorted(figure for figure, owner in self._owner_of.items() if owner == number)

    def in_text(self, text: str) -> list[str]:
        """Every line that joins somebody with a figure, and every figure that stands in a text that names its owner."""
        lines = [line for line in text.splitlines() if self._tells(line)]
        named = self._named(text)
        figures = {self._owner_of[figure] for figure in self._figures(text) if figure in self._owner_of}
        return lines + [f"a figure of person {number}, who is named" for number in sorted(named & figures)]

    def in_rows(self, rows: Iterable[Mapping[str, object]]) -> list[str]:
        """The same for rows of a table, each as one line."""
        return [found for row in rows for found in self.in_text(" ".join(f"{k}={v!r}" for k, v in row.items()))]

    def _tells(self, line: str) -> bool:
        if not self._named(line):
            return False
        rest = _HARMLESS.sub(" ", self._names.sub(" ", _NUMBERED.sub(" ", line)))
        return bool(_NUMBER.search(rest) or _STATES.search(rest))

    def _named(self, text: str) -> set[int]:
        by_name = {self._number_of[found.casefold()] for found in self._names.findall(text)}
        known = {one.number for one in self.people}
        return by_name | {int(number) for number in _NUMBERED.findall(text) if int(number) in known}

    @staticmethod
    def _figures(text: str) -> set[int]:
        """Numbers as they are, without separators, and dollars as the micro-dollars they stand for."""
        found = set()
        for written in _NUMBER.findall(_HARMLESS.sub(" ", text)):
            plain = written.replace(",", "").replace("_", "")
            if plain.count(".") > 1:
                continue
            found.add(round(float(plain) * 1_000_000) if "." in plain else int(plain))
        return found
