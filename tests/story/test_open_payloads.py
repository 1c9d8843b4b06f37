"""Samples that vendors wrote, read by the connectors as they are; skipped, and said so, where they are not present.

What is compared are sums: the samples hold placeholders and no people of ours.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.domain.usage import Counters
from bot.settings import SourceConfig
from bot.sources import catalogue, slack_roster
from bot.sources.openai_api import CONNECTOR as OPENAI
from bot.sources.standins.server import Answer, Request, StandInServer, json_answer
from tests.story.open_data import FOLDER

PAYLOADS = FOLDER / "payloads"
DAY = date(2024, 11, 1)
"""The day of the samples."""

pytestmark = pytest.mark.skipif(not PAYLOADS.is_dir(), reason=f"SKIPPED: no open payloads in {PAYLOADS}")


def sample(name: str) -> Any:
    return json.loads((PAYLOADS / name).read_text(encoding="utf-8"))


def as_published(request: Request) -> Answer:
    """The sample of each list as it is published, its promise of more pages taken back."""
    names = {
        "/organization/usage/completions": "organization_usage_completions.get.json",
        "/organization/costs": "organization_costs.get.json",
        "/organization/users": "organization_users.get.json",
        "/organization/projects": "organization_projects.get.json",
    }
    name = next((name for path, name in names.items() if request.path.endswith(path)), None)
    if name is None:
        return json_answer(200, {"object": "list", "data": [], "has_more": False, "first_id": None, "last_id": None})
    return json_answer(200, {**sample(f"openai/{name}"), "has_more": False, "next_page": None})


def test_openai_samples_are_read_whole() -> None:
    """Tokens in four disjoint kinds, the bill to the micro-dollar, and everybody whom the list names."""
    now = datetime.combine(DAY + timedelta(days=10), datetime.min.time(), UTC)
    with StandInServer(as_published, error=lambda _status, words: {"error": {"message": words}}) as server:
        source = SourceConfig("openai", "openai", f"{server.base_url}/v1/", "sk-admin-sample")
        with catalogue.open_access(source, now=now, wait=lambda _seconds: None) as access:
            found = OPENAI.fetch_day(access, day=DAY)
            assert OPENAI.fetch_members is not None
            members = list(OPENAI.fetch_members(access))
    (said,) = sample("openai/organization_usage_completions.get.json")["data"][0]["results"]
    (row,) = found.rows

    assert said["input_tokens"] == sum(
        (row.counters.input_tokens or 0, row.counters.cache_read_tokens or 0, row.counters.cache_write_tokens or 0)
    )
    assert (
        Counters(
            requests=said["num_model_requests"],
            input_tokens=said["input_uncached_tokens"],
            cache_read_tokens=said["input_cached_tokens"],
            cache_write_tokens=said["input_cache_write_tokens"],
            output_tokens=said["output_tokens"],
        )
        == row.counters
    )
    assert 60_000 == found.billed_microusd
    assert [user["email"] for user in sample("openai/organization_users.get.json")["data"]] == [
        m.email for m in members
    ]


@pytest.mark.parametrize(
    "path", sorted((PAYLOADS / "slack").rglob("users.list*.json")), ids=lambda path: Path(path).name
)
def test_slack_lists_of_members_are_read(path: Path) -> None:
    """Slack's own samples of `users.list`: bots, guests and deleted accounts are left out, and nothing breaks."""
    said = json.loads(path.read_text(encoding="utf-8"))
    listed = [member for member in said.get("members", []) if isinstance(member, dict) and member.get("id")]
    found = slack_roster.employees(listed)

    humans = [one for one in listed if not one.get("is_bot") and not one.get("deleted") and one["id"] != "USLACKBOT"]
    assert {member.slack_user_id for member in found} <= {one["id"] for one in humans}
