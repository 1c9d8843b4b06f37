"""Public holidays and weekends of a country, offline, from the `holidays` package.

A country that the package does not know has no known holidays and a Saturday and Sunday weekend: less is known about
that person's week, which is no reason to stop. Called by `jobs/` to build work calendars. Next: `bot/domain/people.py`.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import holidays

from bot.domain.people import SATURDAY_AND_SUNDAY


def holidays_of(country: str | None, first: date, last: date) -> frozenset[date]:
    """Public holidays from `first` to `last`, both included, of a country ("SE") or one of its parts ("DE-SN").

    Of a part that is not known, the holidays of the whole country. Empty for an unknown country or None.
    """
    years = range(first.year, last.year + 1)
    return frozenset(day for year in years for day in _holidays_in(_tidy(country), year) if first <= day <= last)


def weekend_of(country: str | None) -> frozenset[int]:
    """The days of the week (Monday is 0) that are the country's weekend today; Saturday and Sunday when unknown."""
    calendar = _calendar(_tidy(country), None)
    return SATURDAY_AND_SUNDAY if calendar is None else frozenset(calendar.weekend)


def _tidy(country: str | None) -> str:
    return (country or "").strip().upper()


@lru_cache(maxsize=4096)
def _holidays_in(country: str, year: int) -> frozenset[date]:
    calendar = _calendar(country, year)
    return frozenset() if calendar is None else frozenset(calendar.keys())


@lru_cache(maxsize=4096)
def _calendar(country: str, year: int | None) -> holidays.HolidayBase | None:
    name, _, part = country.partition("-")
    for subdivision in (part or None, None):
        try:
            return holidays.country_holidays(name, subdiv=subdivision, years=year)
        except NotImplementedError:
            continue
    return None
