"""The doctor: each thing that must be right has its line, and no line names a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot import doctor
from bot.domain.roster import PersonRecord
from bot.domain.usage import CoverageStatus
from bot.playground.cast import ADA, BEN
from bot.playground.server import Playground
from bot.playground.web_api import ALL_SCOPES
from bot.settings import Settings, SourceConfig, load
from bot.source_checks import Check
from bot.store import coverage, people
from bot.store.opening import open_store
from tests import watched

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def slack() -> Iterator[Playground]:
    with watched.playground(scopes=ALL_SCOPES - {"files:write", "im:history"}) as opened:
        yield opened


@pytest.fixture
def settings(slack: Playground, tmp_path: Path) -> Settings:
    return load(
        {
            "KINDLING_DATABASE_URL": f"sqlite:///{tmp_path / 'kindling.db'}",
            "KINDLING_SLACK_API_URL": slack.api_url,
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
        }
    )


def checks(settings: Settings, now: datetime = NOW) -> dict[str, Check]:
    return {check.name: check for check in doctor.examine(settings, now=now)}


def fill(settings: Settings, *, finished_up_to: date) -> None:
    """Two people, and a file that finished ten days."""
    store = open_store(settings.database_url)
    days = [finished_up_to - timedelta(days=back) for back in range(10)]
    with store.begin() as session:
        records = [PersonRecord(email=ADA.email, slack_user_id=ADA.slack_id), PersonRecord(email=BEN.email)]
        people.save_people(session, records=records, now=NOW)
        coverage.mark(
            session,
            source="file",
            tool="claude_code",
            days=days,
            status=CoverageStatus.COVERED,
            reason=None,
            as_of=NOW,
        )
    store.close()


def test_permissions_are_compared_with_what_is_needed(settings: Settings) -> None:
    """A missing permission is named; a missing optional one is no fault, and its price is said."""
    found = checks(settings)

    assert (False, True) == (found["scopes"].ok, found["scope im:history (optional)"].ok)
    assert "files:write" in found["scopes"].finding
    assert "not sent again" in found["scope im:history (optional)"].finding


def test_roles_by_a_user_group_need_their_permission(settings: Settings) -> None:
    """Where the settings name a user group, the doctor looks for the permission to read it, and else not."""
    name = "scope usergroups:read (for roles)"

    assert name not in checks(settings)
    assert checks(replace(settings, lead_group="S0LEADS"))[name].ok


def test_needed_permissions_are_those_of_the_manifest() -> None:
    """The doctor asks for the same permissions as the manifest."""
    import yaml

    manifest = yaml.safe_load((Path(__file__).parents[1] / "manifest.yml").read_text(encoding="utf-8"))

    assert set(manifest["oauth_config"]["scopes"]["bot"]) == doctor.NEEDED_SCOPES


def test_wrong_token_is_one_line(settings: Settings) -> None:
    """A refused token is a finding with Slack's reason, not an end of the examination."""
    found = checks(replace(settings, slack_bot_token="xoxb-wrong"))

    assert not found["Slack"].ok
    assert "invalid_auth" in found["Slack"].finding
    assert "tips" in found


def test_counts_and_freshness_name_nobody(settings: Settings) -> None:
    """People are counted and days are dated; no address, id or name occurs."""
    fill(settings, finished_up_to=date(2026, 3, 1))

    found = checks(settings)

    assert "2 known, 1 with a Slack account" == found["people"].finding
    assert found["coverage file claude_code"].ok
    said = " ".join(check.finding for check in found.values())
    assert not [word for word in ("ada.moreau", "ben.castell", ADA.slack_id, "Moreau") if word in said]


def test_stale_source_is_found(settings: Settings) -> None:
    """A source that has finished no day for a week makes people unknown, and the doctor says which."""
    fill(settings, finished_up_to=date(2026, 2, 22))

    found = checks(settings)["coverage file claude_code"]

    assert not found.ok
    assert "finished up to 2026-02-22" in found.finding


def test_database_without_tables_is_not_touched(settings: Settings) -> None:
    """The doctor looks and does not treat: an empty database stays empty, and the way on is named."""
    found = [checks(settings)["database"] for _ in range(2)]

    assert [False, False] == [check.ok for check in found]
    assert "kindling db upgrade" in found[0].finding


def test_sources_are_examined(settings: Settings) -> None:
    """A source of no kind, and one that can prove no zero, are told apart."""
    sources = (
        SourceConfig("tarot", "cards", api_key="k"),
        SourceConfig("claude_code", "claude_code", api_key="k"),
    )

    found = checks(replace(settings, sources=sources))

    assert (False, True) == (found["source cards set up"].ok, found["source claude_code set up"].ok)
    assert "proves use only" in found["source claude_code set up"].finding


def test_old_tips_are_listed(settings: Settings) -> None:
    """Years later the tips are out of date and named by their ids."""
    found = checks(settings, now=datetime(2036, 1, 1, tzinfo=UTC))["tips"]

    assert not found.ok
    assert "are out of date" in found.finding
