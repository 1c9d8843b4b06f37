"""What a language has to bring along so that facts can be said in it. Next: `bot/domain/languages/en.py`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

Fact = str | int | float | list[str] | None
Facts = Mapping[str, Fact]


@dataclass(frozen=True)
class Language:
    """`code` is the folder of its tips and the beginning of a locale; `day` is how the day of a month is written.

    `said` has for a placeholder how the raw facts say it in this language, or None when they cannot; what is not in it
    is said as it is stored: the facts of a nudge are kept in English words, and as the numbers behind them.
    """

    code: str
    name: str
    months: tuple[str, ...]
    day: str
    conjunction: str
    said: Mapping[str, Callable[[Facts], str | None]]
    not_our_words: re.Pattern[str]

    def fact(self, name: str, facts: Facts) -> Fact:
        """The fact that fills the placeholder `name`, to be put into words by `say`; None when there is none."""
        return self.said[name](facts) if name in self.said else facts.get(name)

    def say(self, fact: Fact, beside: Fact) -> str:
        """A fact in words; a day carries its year when that is not the year of the day `beside`."""
        if isinstance(fact, list):
            return f" {self.conjunction} ".join([", ".join(fact[:-1]), fact[-1]] if len(fact) > 1 else fact)
        day = _day(fact)
        if day is None:
            return str(fact)
        words = self.day.format(day=day.day, month=self.months[day.month - 1])
        return words if isinstance(beside, str) and beside.startswith(f"{day.year}-") else f"{words} {day.year}"


def _day(fact: Fact) -> date | None:
    if not isinstance(fact, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", fact):
        return None
    return date.fromisoformat(fact)
