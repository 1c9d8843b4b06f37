"""What was reported lately against what was reported at first, beside the days of use: as reported, and no sum."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.check_in import CheckIn, Helped
from bot.domain.sight import DaysOfUse
from bot.domain.value import Direction, Reported, Trend, trend
from tests.views.samples import LAST_DAY

ANSWERS = {"-": Helped.NOT_REALLY, "o": Helped.SOMEWHAT, "+": Helped.CLEARLY}


def reported(answers: str, used: tuple[int, ...] | None = None, unseen: int = 0) -> list[Reported]:
    """One report for each sign, two weeks apart, with so many days of use before each."""
    days = used or (6,) * len(answers)
    return [
        Reported(
            CheckIn(LAST_DAY - timedelta(days=14 * (len(answers) - place)), ANSWERS[sign]),
            DaysOfUse(10, days[place], unseen, 0),
        )
        for place, sign in enumerate(answers)
    ]


@pytest.mark.parametrize("answers", ["", "+", "-+"])
def test_two_reports_are_no_direction(answers: str) -> None:
    """It takes three check-ins to say anything about a direction."""
    assert None is trend(reported(answers))


@pytest.mark.parametrize(
    ("answers", "direction"),
    [
        ("-o+", Direction.MORE),
        ("o-o", Direction.SAME),
        ("+-o", Direction.LESS),
        ("--++", Direction.MORE),
        ("-++-", Direction.SAME),
        ("o+o-", Direction.LESS),
        ("oooo+o", Direction.MORE),
    ],
)
def test_the_latest_answers_against_the_first(answers: str, direction: Direction) -> None:
    """One by one; an answer in the middle of an odd number belongs to neither side."""
    found = trend(reported(answers))

    assert found is not None
    assert direction is found.reported
    assert len(answers) // 2 == len(found.first) == len(found.latest)


@pytest.mark.parametrize(
    ("used", "direction"),
    [
        ((6, 6, 6), Direction.SAME),
        ((6, 0, 7), Direction.SAME),
        ((6, 6, 8), Direction.MORE),
        ((6, 6, 4), Direction.LESS),
        ((6, 6, 7, 7), Direction.SAME),
    ],
)
def test_days_of_use_beneath(used: tuple[int, ...], direction: Direction) -> None:
    """A day more or fewer in two weeks is about the same use."""
    found = trend(reported("-o+-"[: len(used)], used))

    assert found is not None
    assert direction is found.used


def test_days_that_were_not_seen_leave_the_use_open() -> None:
    """With a working day unseen the use is not known, and what was reported stays (P12)."""
    found = trend(reported("-o+", unseen=1))

    assert found is not None
    assert (Direction.MORE, None) == (found.reported, found.used)


def test_a_trend_has_no_room_for_an_amount() -> None:
    """Answers, days and two directions: no money, no minutes, no score."""
    assert ["first", "latest", "reported", "used", "rule_version"] == [field.name for field in fields(Trend)]


@given(st.lists(st.tuples(st.sampled_from("-o+"), st.integers(0, 10)), min_size=3, max_size=6))
def test_more_days_of_use_change_no_word_about_the_value(drawn: list[tuple[str, int]]) -> None:
    """What was reported is compared by itself: more use never makes it look like more (P3)."""
    answers, used = "".join(sign for sign, _ in drawn), tuple(days for _, days in drawn)
    few, many = trend(reported(answers, used)), trend(reported(answers, (10,) * len(used)))

    assert few is not None
    assert many is not None
    assert few.reported is many.reported
