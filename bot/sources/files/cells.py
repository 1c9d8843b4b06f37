"""One row of a file, and what its cells may say: each reader returns a value, None for a blank, or refuses.

Used by the modules of this folder, one for each kind of file. Next: `bot/sources/files/usage.py`.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from zoneinfo import available_timezones

from bot.errors import InputError

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,9})?)?")
_OFFSET = re.compile(r"(Z|z|[+-][0-9]{2}(:?[0-9]{2})?)$")
_AMOUNT = re.compile(r"[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]{1,3})?")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_SLACK_ID = re.compile(r"[UW][A-Z0-9]+")
_COUNTRY = re.compile(r"[A-Za-z]{2}")
_YES = frozenset({"true", "1", "yes"})
_NO = frozenset({"false", "0", "no"})
_LARGEST_COUNT = 10**15
_LARGEST_DOLLARS = 10**9
_MICRO = 10**6
_YEARS = range(1900, 2101)
_SHOWN = 40


@dataclass(frozen=True)
class Row:
    """The trimmed cells of one row by column; a column that the file does not have reads as blank."""

    file: str
    line: int
    cells: dict[str, str]
    unit: str = "line"
    """What `line` counts: the lines of a text, or the rows of a file that has no lines."""

    @property
    def where(self) -> str:
        """This row's place, as every sentence about it begins."""
        return f"{self.file}, {self.unit} {self.line}"

    def text(self, column: str) -> str | None:
        """What stands there, as it stands."""
        return self.cells.get(column) or None

    def needed_text(self, column: str) -> str:
        """What stands there; a blank is refused."""
        text = self.text(column)
        if text is None:
            raise InputError(f"{self.where}, column {column}: it is blank, and every row needs one.")
        return text

    def email(self, column: str) -> str | None:
        """An e-mail address, case-folded."""
        text = self.text(column)
        if text is not None and not _EMAIL.fullmatch(text):
            raise self.refuse(column, "an e-mail address", "ada.moreau@lantern.example")
        return None if text is None else text.casefold()

    def needed_email(self, column: str) -> str:
        """An e-mail address, case-folded; a blank is refused."""
        self.needed_text(column)
        email = self.email(column)
        assert email is not None
        return email

    def day(self, column: str) -> date | None:
        """A day in ISO form: the only one that means the same everywhere."""
        text = self.text(column)
        if text is None:
            return None
        if not _DAY.fullmatch(text):
            raise self.refuse(column, "a day written year-month-day", "2026-03-02")
        try:
            day = date.fromisoformat(text)
        except ValueError:
            raise self.refuse(column, "a day of the calendar", "2026-03-02") from None
        return self._believable(column, day)

    def needed_day(self, column: str) -> date:
        """A day in ISO form; a blank is refused."""
        self.needed_text(column)
        day = self.day(column)
        assert day is not None
        return day

    def needed_moment(self, column: str) -> datetime:
        """A moment with its offset, as aware UTC; without an offset it could be any of 26 hours."""
        text = self.needed_text(column)
        offset = _OFFSET.search(text)
        if not _MOMENT.fullmatch(text[: offset.start()] if offset else text):
            raise self.refuse(column, "a moment", "2026-03-02T10:00:00Z")
        if offset is None:
            raise self.refuse(column, "a moment with a time zone", "2026-03-02T10:00:00Z or 2026-03-02T11:00:00+01:00")
        try:
            moment = datetime.fromisoformat(text.upper())
        except ValueError:
            raise self.refuse(column, "a moment of the calendar", "2026-03-02T10:00:00Z") from None
        self._believable(column, moment.date())
        return moment.astimezone(UTC)

    def count(self, column: str) -> int | None:
        """A whole number, zero or more, without separators."""
        text = self.text(column)
        if text is None:
            return None
        if text.startswith("-"):
            raise self.refuse(column, "zero or more", "0")
        if not (text.isascii() and text.isdigit()):
            raise self.refuse(column, "a whole number without separators", "12500")
        if len(text) > 18 or int(text) > _LARGEST_COUNT:
            raise self.refuse(column, "a count that can be true", "12500")
        return int(text)

    def dollars(self, column: str) -> int | None:
        """An amount in dollars, zero or more, with a decimal point; returned in micro-dollars."""
        text = self.text(column)
        if text is None:
            return None
        if text.startswith("-"):
            raise self.refuse(column, "zero or more", "1.25")
        if not _AMOUNT.fullmatch(text):
            raise self.refuse(column, "an amount in dollars", "1.25")
        amount = Decimal(text)
        if amount > _LARGEST_DOLLARS:
            raise self.refuse(column, "an amount that can be true", "1.25")
        return int((amount * _MICRO).to_integral_value(rounding=ROUND_HALF_UP))

    def flag(self, column: str) -> bool | None:
        """Yes or no."""
        text = (self.text(column) or "").lower()
        if text and text not in _YES | _NO:
            raise self.refuse(column, "a yes or a no", "true or false")
        return text in _YES if text else None

    def time_zone(self, column: str) -> str | None:
        """A name of the time zone database."""
        text = self.text(column)
        if text is not None and text not in _zones():
            raise self.refuse(column, "a time zone", "Europe/Paris")
        return text

    def country(self, column: str) -> str | None:
        """A country as two letters, in capitals."""
        text = self.text(column)
        if text is not None and not _COUNTRY.fullmatch(text):
            raise self.refuse(column, "a country in two letters", "FR")
        return None if text is None else text.upper()

    def slack_id(self, column: str) -> str | None:
        """A member's id, as it stands in their Slack profile."""
        text = self.text(column)
        if text is not None and not _SLACK_ID.fullmatch(text):
            raise self.refuse(column, "a Slack member id", "U024BE7LH")
        return text

    def needed_choice(self, column: str, choices: Collection[str]) -> str:
        """One of `choices`."""
        text = self.needed_text(column).lower()
        if text not in choices:
            *most, last = choices
            raise self.refuse(column, "one that we know", f"{', '.join(most)} or {last}")
        return text

    def refuse(self, column: str, expected: str, example: str) -> InputError:
        """The sentence for a cell that will not do."""
        shown = self.cells.get(column, "")
        shown = shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"
        shown = " ".join(shown.split())
        return InputError(f"{self.where}, column {column}: '{shown}' is not {expected}; write for example {example}.")

    def _believable(self, column: str, day: date) -> date:
        if day.year not in _YEARS:
            raise self.refuse(column, f"a day between {_YEARS[0]} and {_YEARS[-1]}", "2026-03-02")
        return day


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
