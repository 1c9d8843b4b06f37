"""manifest.yml is one that Slack accepts, and lists exactly what the code registers and calls: no more, no less."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import jsonschema
import pytest
import yaml
from slack_bolt import App

import handlers
from bot.clock import HandClock
from bot.domain.prices import PriceBook
from bot.settings import load
from bot.slack import Slack
from bot.store.database import Store
from bot.store.own_tips import library
from handlers.desk import Desk
from tests.house.manifest_limits import MANIFEST

ROOT = Path(__file__).parents[2]

SCOPES_OF: dict[str, set[str]] = {
    "auth_test": set(),
    "chat_postMessage": {"chat:write"},
    "conversations_history": {"im:history"},
    "conversations_open": {"im:write"},
    "dnd_info": {"dnd:read"},
    "files_upload_v2": {"files:write"},
    "usergroups_users_list": {"usergroups:read"},
    "users_list": {"users:read", "users:read.email"},
    "views_open": set(),
    "views_push": set(),
    "views_publish": set(),
    "views_update": set(),
}
"""The bot scopes behind each Web API call (docs.slack.dev, method pages). `users_list` needs its second for e-mail."""

DOES_WITHOUT = {"dnd:read", "im:history", "usergroups:read"}
"""Scopes whose absence is handled: without history, a message whose reply was lost is not sent again; without
do-not-disturb, Slack mutes what comes in it; without user groups, only the settings name leads and operators."""

SCOPES_OF_EVENTS: dict[str, set[str]] = {"app_home_opened": set()}

Registered = dict[str, list[str | re.Pattern[str]]]


class Recorder:
    """Takes the place of a Bolt app and writes down what the handlers register."""

    def __init__(self) -> None:
        self.registered: Registered = {"command": [], "event": [], "action": [], "view": []}

    def __getattr__(self, kind: str) -> Callable[[str | re.Pattern[str]], Callable[[object], object]]:
        def register(what: str | re.Pattern[str]) -> Callable[[object], object]:
            self.registered[kind].append(what)
            return lambda listener: listener

        return register


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    parsed = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))
    assert isinstance(parsed, dict)
    return parsed


@pytest.fixture
def registered(sqlite_store: Store, clock: HandClock) -> Registered:
    recorder = Recorder()
    desk = Desk(sqlite_store, Slack("xoxb-test"), clock, load({}), library(()), cast("PriceBook", None))
    handlers.register(cast("App", recorder), desk)
    return recorder.registered


def named(registered: Registered, kind: str) -> set[str]:
    return {what for what in registered[kind] if isinstance(what, str)}


def calls_in_the_code() -> set[str]:
    """Every Web API method that the door to Slack calls."""
    return set(re.findall(r"self\.client\.([a-z]\w+)[,)]", (ROOT / "bot" / "slack.py").read_text(encoding="utf-8")))


def test_slack_would_accept_it(manifest: dict[str, Any]) -> None:
    """The manifest keeps every published limit of Slack's and has no key that Slack does not know."""
    jsonschema.validate(manifest, MANIFEST)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda m: m["display_information"].update(long_description="short"),
        lambda m: m["features"]["slash_commands"][0].update(command="/AI Stats!"),
        lambda m: m["features"].update(shortcut=[]),
        lambda m: m["settings"]["interactivity"].clear(),
        lambda m: m["oauth_config"]["scopes"]["bot"].append("commands"),
    ],
    ids=["short long description", "bad command", "unknown key", "interactivity not said", "scope twice"],
)
def test_a_spoilt_manifest_is_caught(manifest: dict[str, Any], spoil: Callable[[dict[str, Any]], object]) -> None:
    """The check has teeth: each of these is refused."""
    copy = yaml.safe_load(yaml.safe_dump(manifest))
    spoil(copy)

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(copy, MANIFEST)


def test_commands_are_those_registered(manifest: dict[str, Any], registered: Registered) -> None:
    """Every command in the manifest has a listener, and every listener its command."""
    listed = {entry["command"] for entry in manifest["features"]["slash_commands"]}

    assert listed == named(registered, "command")


def test_usage_hint_names_what_the_command_understands(manifest: dict[str, Any]) -> None:
    """Each word of the hint is one that /ai-stats understands."""
    from handlers import ai_stats

    hint = manifest["features"]["slash_commands"][0]["usage_hint"].strip("[]")

    assert set(ai_stats.WORDS) == {word.split()[0] for word in hint.split(" | ")}


def test_hint_of_the_team_command_names_what_it_understands(manifest: dict[str, Any]) -> None:
    """The hint of /ai-team names a team and each word of its own, and nothing else."""
    from handlers import ai_team

    hint = manifest["features"]["slash_commands"][1]["usage_hint"].strip("[]")

    assert {"team", *ai_team.WORDS} == set(hint.split(" | "))


def test_hint_of_the_leads_command_names_what_it_understands(manifest: dict[str, Any]) -> None:
    """The hint of /ai-nudge names each word of its own, and nothing else."""
    from handlers import ai_nudge

    hint = manifest["features"]["slash_commands"][2]["usage_hint"].strip("[]")

    assert set(ai_nudge.WORDS) == set(hint.split(" | "))


def test_events_are_those_registered(manifest: dict[str, Any], registered: Registered) -> None:
    """Slack sends us only events that somebody listens to."""
    listed = set(manifest["settings"]["event_subscriptions"]["bot_events"])

    assert listed == named(registered, "event")
    assert listed <= set(SCOPES_OF_EVENTS)


def test_interactivity_is_on_when_buttons_have_listeners(manifest: dict[str, Any], registered: Registered) -> None:
    """Without interactivity no button would answer; with it, every action id has its listener and a catch-all."""
    assert manifest["settings"]["interactivity"]["is_enabled"] is bool(registered["action"])
    assert isinstance(registered["action"][-1], re.Pattern)


def test_scopes_are_those_needed(manifest: dict[str, Any]) -> None:
    """The bot asks for the permissions that its calls need and for no other."""
    called = calls_in_the_code()
    scopes = manifest["oauth_config"]["scopes"]
    needed = {"commands"}.union(*(SCOPES_OF[name] for name in called), *SCOPES_OF_EVENTS.values())

    assert called == set(SCOPES_OF)
    assert needed - DOES_WITHOUT == set(scopes["bot"])
    assert DOES_WITHOUT == set(scopes["bot_optional"])


def test_nothing_reads_channels_or_speaks_as_people(manifest: dict[str, Any]) -> None:
    """No user token, no channel, no group, no admin: the app sees its own messages and the member list."""
    scopes = manifest["oauth_config"]["scopes"]

    assert {"bot", "bot_optional"} == set(scopes)
    assert not [
        s for s in scopes["bot"] + scopes["bot_optional"] if s.startswith(("channels", "groups", "mpim", "admin"))
    ]


def test_direct_messages_are_open_and_read_only(manifest: dict[str, Any]) -> None:
    """Tips need the messages tab; nobody is invited to write to an app that does not listen."""
    home = manifest["features"]["app_home"]

    assert {"home_tab_enabled", "messages_tab_enabled", "messages_tab_read_only_enabled"} == {
        k for k in home if home[k]
    }
