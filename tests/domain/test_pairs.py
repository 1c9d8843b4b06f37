"""Whose turn it is to be asked, who may be asked, and when such a message may leave."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from bot.domain.nudging import Moved, Silence
from bot.domain.pairs import (
    ASK,
    ENDS_AFTER,
    MADE,
    NOBODY_FREE,
    Request,
    State,
    Volunteer,
    are_near,
    in_turn,
    is_at_its_end,
    may_be_asked,
    still_right,
)
from bot.domain.people import Person, WorkCalendar
from bot.domain.told import PastNudge, Preferences

NOW = datetime(2026, 3, 3, 13, 0, tzinfo=UTC)
DAY = timedelta(days=1)
BEN = Person(2, "Europe/Madrid", "ES", None, "dev", None, None, None, "U0BEN")
REQUEST = Request(1, None, None, State.WAITING, 0, NOW, NOW)
MADRID = WorkCalendar("Europe/Madrid")


def got(days_ago: int) -> tuple[PastNudge, ...]:
    return (PastNudge("any-tip", "any", NOW - days_ago * DAY, None, None),)


right = partial(
    still_right,
    stands=True,
    preferences=Preferences(),
    history=(),
    calendar=MADRID,
    person=BEN,
    now=NOW,
    expires_at=NOW + 7 * DAY,
    quiet_until=None,
    switched_on=True,
)
"""What is answered right before sending."""
VOLUNTEER = Volunteer(BEN, Preferences(), (), is_taken=False)


def test_turn_is_the_same_for_one_request_and_another_for_the_next() -> None:
    """Everybody who offered is in it, but for the one who asks; who comes first differs between requests."""
    offered = range(1, 30)
    firsts = {in_turn(offered, replace(REQUEST, made_at=NOW + n * DAY))[0] for n in range(30)}

    assert in_turn(reversed(offered), REQUEST) == in_turn(offered, REQUEST)
    assert [*range(2, 30)] == sorted(in_turn(offered, REQUEST))
    assert 8 < len(firsts)


@pytest.mark.parametrize(
    "volunteer",
    [
        replace(VOLUNTEER, is_taken=True),
        replace(VOLUNTEER, preferences=Preferences(stopped_at=NOW)),
        replace(VOLUNTEER, preferences=Preferences(paused_at=NOW)),
        replace(VOLUNTEER, preferences=Preferences(snoozed_until=NOW + DAY)),
        replace(VOLUNTEER, history=got(6)),
        replace(VOLUNTEER, person=replace(BEN, slack_user_id=None)),
        replace(VOLUNTEER, person=replace(BEN, timezone=None)),
        replace(VOLUNTEER, person=replace(BEN, ended_on=(NOW - 2 * DAY).date())),
        replace(VOLUNTEER, person=replace(BEN, started_on=(NOW + 2 * DAY).date())),
    ],
    ids=["taken", "stopped", "paused", "snoozed", "this week", "no account", "no clock", "left", "not here yet"],
)
def test_who_is_not_asked(volunteer: Volunteer) -> None:
    """Each of these alone; without any of them the volunteer may be asked, and with the switch off nobody."""
    assert may_be_asked(replace(VOLUNTEER, history=got(14)), NOW, switched_on=True)
    assert not may_be_asked(volunteer, NOW, switched_on=True)
    assert not may_be_asked(VOLUNTEER, NOW, switched_on=False)


@pytest.mark.parametrize(
    ("zone", "near"),
    [
        ("Europe/London", True),
        ("Asia/Dubai", True),
        ("Asia/Karachi", False),
        ("America/New_York", False),
        (None, False),
    ],
)
def test_near_is_three_hours(zone: str | None, near: bool) -> None:
    """Madrid and London are near, Madrid and New York are not, and of an unknown clock nobody can say so."""
    assert near is are_near(BEN, replace(BEN, timezone=zone), NOW)


def test_end_is_three_asked_or_a_week_without_anybody() -> None:
    """After three nobody else is asked; with nobody to ask it is over after a week."""
    assert not is_at_its_end(replace(REQUEST, asks=2), NOW + 6 * DAY)
    assert is_at_its_end(replace(REQUEST, asks=3), NOW)
    assert is_at_its_end(REQUEST, NOW + 7 * DAY)
    assert NOW + ENDS_AFTER == REQUEST.again_from


@pytest.mark.parametrize("trigger", [ASK, MADE, NOBODY_FREE])
def test_what_stops_any_of_them(trigger: str) -> None:
    """A wish for silence, the switch, a request that is over and too late a moment stop each; a bad hour moves it."""
    assert right(trigger=trigger) is None
    assert Silence.STOPPED == right(trigger=trigger, preferences=Preferences(stopped_at=NOW))
    assert Silence.SNOOZED == right(trigger=trigger, preferences=Preferences(snoozed_until=NOW + DAY))
    assert Silence.KILL_SWITCH == right(trigger=trigger, switched_on=False)
    assert Silence.NO_LONGER_TRUE == right(trigger=trigger, stands=False)
    assert Silence.EXPIRED == right(trigger=trigger, expires_at=NOW)
    assert Silence.NO_TIME_ZONE == right(trigger=trigger, calendar=None)
    assert Silence.NO_FAIR_HOUR == right(trigger=trigger, now=NOW + DAY / 4, expires_at=NOW + DAY / 3)
    assert isinstance(right(trigger=trigger, now=NOW + DAY / 4), Moved)
    assert isinstance(right(trigger=trigger, quiet_until=NOW + DAY / 24), Moved)


def test_only_the_ask_waits_for_the_caps() -> None:
    """An ask within a week of another message is not said; an answer to a request is."""
    said = [right(trigger=trigger, history=got(2)) for trigger in (ASK, MADE, NOBODY_FREE)]

    assert [Silence.WEEKLY_CAP, None, None] == said
