"""Public holidays and weekends."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sources.public_holidays import holidays_of, weekend_of

REPENTANCE_DAY = date(2026, 11, 18)


def test_part_of_a_country_has_its_own_holidays() -> None:
    """18 November 2026 is a holiday in Saxony and a working day in the rest of Germany."""
    assert frozenset({REPENTANCE_DAY}) == holidays_of("DE-SN", REPENTANCE_DAY, REPENTANCE_DAY)
    assert frozenset() == holidays_of("DE", REPENTANCE_DAY, REPENTANCE_DAY)


def test_both_ends_are_included_and_years_are_crossed() -> None:
    """From Christmas to New Year in Sweden: 25 and 26 December, 1 January."""
    expected = frozenset({date(2025, 12, 25), date(2025, 12, 26), date(2026, 1, 1)})
    assert expected == holidays_of("SE", date(2025, 12, 25), date(2026, 1, 1))


def test_unknown_part_falls_back_to_the_country() -> None:
    """DE-XX is not a part of Germany: what holds in all of Germany holds there, too."""
    christmas = date(2026, 12, 25)
    assert frozenset({christmas}) == holidays_of("DE-XX", christmas, christmas)


@pytest.mark.parametrize("country", [None, "", "XX", "Lantern Islands", "-"])
def test_unknown_country_has_no_known_holidays(country: str | None) -> None:
    """No error, no holiday, Saturday and Sunday."""
    assert frozenset() == holidays_of(country, date(2026, 1, 1), date(2026, 12, 31))
    assert frozenset({5, 6}) == weekend_of(country)


@pytest.mark.parametrize(("country", "weekend"), [("FR", {5, 6}), ("IL", {4, 5}), ("eg", {4, 5}), ("IR", {4})])
def test_weekends_differ(country: str, weekend: set[int]) -> None:
    """The weekend is the country's own, whatever the case of its code."""
    assert frozenset(weekend) == weekend_of(country)


@settings(max_examples=50)
@given(st.text(max_size=8), st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 400))
def test_any_country_gets_an_answer(country: str, first: date, days: int) -> None:
    """Whatever stands in a roster, the answer lies inside the asked days."""
    last = date.fromordinal(first.toordinal() + days)
    assert all(first <= day <= last for day in holidays_of(country, first, last))
