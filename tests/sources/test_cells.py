"""Cells: what each kind accepts, and what it means."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InputError
from bot.sources.files.cells import Row


def _row(text: str) -> Row:
    return Row("file.csv", 2, {"cell": text})


@given(st.integers(0, 10**15))
def test_dollars_come_back_to_the_micro_dollar(microusd: int) -> None:
    """No amount goes through a binary fraction."""
    assert microusd == _row(f"{microusd // 10**6}.{microusd % 10**6:06}").dollars("cell")


@pytest.mark.parametrize(
    ("text", "microusd"),
    [("0", 0), ("", None), ("1.", 1_000_000), ("1e-05", 10), ("0.0000005", 1), ("0.0000004", 0), ("00.5", 500_000)],
)
def test_dollars_are_rounded_to_the_nearest_micro_dollar(text: str, microusd: int | None) -> None:
    """Smaller parts are rounded; the small powers of ten that spreadsheets write are read."""
    assert microusd == _row(text).dollars("cell")


@pytest.mark.parametrize(
    "text", ["2026-03-02T10:00:00Z", "2026-03-02 11:00+01:00", "2026-03-02T05:00:00.000-0500", "2026-03-02T10:00z"]
)
def test_a_moment_is_the_same_in_every_time_zone(text: str) -> None:
    """Any offset is read, and kept as UTC."""
    moment = _row(text).needed_moment("cell")
    assert (datetime(2026, 3, 2, 10, tzinfo=UTC), UTC) == (moment, moment.tzinfo)


@pytest.mark.parametrize(
    ("text", "flag"), [("true", True), ("NO", False), ("1", True), ("0", False), ("Yes", True), ("", None)]
)
def test_a_flag_is_yes_no_or_unknown(text: str, flag: bool | None) -> None:
    """A blank is neither."""
    assert flag is _row(text).flag("cell")


def test_the_other_cells_say_what_they_should() -> None:
    """Addresses lose their case, countries gain it, and a column that is not there is blank."""
    assert "ada.moreau@lantern.example" == _row("Ada.Moreau@Lantern.example").email("cell")
    assert "FR" == _row("fr").country("cell")
    assert "Africa/Lagos" == _row("Africa/Lagos").time_zone("cell")
    assert date(2024, 2, 29) == _row("2024-02-29").day("cell")
    assert (0, 12_500, None) == (_row("0").count("cell"), _row("12500").count("cell"), _row("").count("cell"))
    assert (None, None) == (_row("x").text("other"), _row("x").count("other"))


@given(st.text(max_size=60))
def test_whatever_stands_in_a_cell_it_is_read_or_refused_in_one_line(text: str) -> None:
    """No text makes a reader fail in another way, and none is repeated at length."""
    row = _row(text.strip())
    readers = (row.email, row.day, row.count, row.dollars, row.flag, row.time_zone, row.country, row.slack_id)
    for reader in (*readers, row.needed_email, row.needed_day, row.needed_moment):
        try:
            reader("cell")
        except InputError as refused:
            assert "\n" not in str(refused)
            assert len(str(refused)) < 200
