"""Who of a workspace's members is an employee."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.people import SlackMember
from bot.sources.slack_roster import employees


def member(**fields: Any) -> dict[str, Any]:
    """Ada as `users.list` gives her, with `fields` changed."""
    return {
        "id": "U0ADA",
        "team_id": "T0LANTERN",
        "deleted": False,
        "is_bot": False,
        "is_app_user": False,
        "tz": "Europe/Paris",
        "locale": "fr-FR",
        "profile": {"real_name": "Ada Moreau", "email": "Ada.Moreau@Lantern.Example", "status_text": "away"},
        **fields,
    }


def test_employee_keeps_four_fields_and_no_name() -> None:
    """Of an employee we take the id, the case-folded address, the time zone and the locale."""
    assert [SlackMember("U0ADA", "ada.moreau@lantern.example", "Europe/Paris", "fr-FR")] == employees([member()])


@pytest.mark.parametrize(
    "flag",
    [
        "deleted",
        "is_bot",
        "is_workflow_bot",
        "is_connector_bot",
        "is_restricted",
        "is_ultra_restricted",
        "is_stranger",
        "is_invited_user",
    ],
)
def test_everybody_else_is_left_out(flag: str) -> None:
    """Bots, guests, strangers, deactivated and invited people are never contacted."""
    assert [] == employees([member(**{flag: True})])


def test_slackbot_is_left_out() -> None:
    """Slackbot is not flagged as a bot, and is one."""
    assert [] == employees([member(id="USLACKBOT")])


def test_person_who_authorised_the_app_stays() -> None:
    """`is_app_user` is said of a person, not of a robot."""
    assert 1 == len(employees([member(is_app_user=True)]))


def test_missing_fields_are_unknown() -> None:
    """Without the e-mail scope, with no time zone, or with one that nobody knows, the field is None."""
    assert [SlackMember("U0ADA", None, None, None)] == employees([{"id": "U0ADA", "tz": "Mars/Olympus"}])


def test_member_without_an_id_is_left_out() -> None:
    """What has no id cannot be addressed."""
    assert [] == employees([{"profile": None}])


@settings(max_examples=100)
@given(st.lists(st.sampled_from(["deleted", "is_bot", "is_restricted", "is_stranger", ""]), max_size=30))
def test_sweep_keeps_exactly_the_unflagged(flags: list[str]) -> None:
    """In any mixture, the employees are the members without a flag, in their order."""
    listed = [member(id=f"U{number}", **({flag: True} if flag else {})) for number, flag in enumerate(flags)]
    kept = [f"U{number}" for number, flag in enumerate(flags) if not flag]
    assert kept == [one.slack_user_id for one in employees(listed)]
