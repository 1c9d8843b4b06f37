"""The stand-in for the Claude Code report is as strict as the contract it stands in for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import httpx
import pytest

from bot.sources.standins.anthropic import ENTERPRISE_KEY
from bot.sources.standins.claude_code import ADMIN_KEY, PATH, ClaudeCodeStandIn, entry

DAY = date(2026, 2, 25)


@pytest.fixture
def stand_in() -> Iterator[ClaudeCodeStandIn]:
    with ClaudeCodeStandIn() as server:
        server.hold(DAY, [entry(DAY, email=f"p{number}@lantern.example") for number in range(10)])
        yield server


@pytest.mark.parametrize(
    ("question", "headers", "refusal"),
    [
        (("GET", PATH, {"starting_at": "2026-02-25", "colour": "red"}), {}, (400, "colour")),
        (("GET", PATH, {"starting_at": "2026-02-25T00:00:00Z"}), {}, (400, "starting_at")),
        (("GET", PATH, {}), {}, (400, "starting_at")),
        (("GET", PATH, {"starting_at": "2026-02-25", "limit": "1001"}), {}, (400, "limit")),
        (("GET", PATH, {"starting_at": "2026-02-25", "page": "page+/bm8=="}), {}, (400, "cursor")),
        (("GET", PATH, {"starting_at": "2026-02-25"}), {"x-api-key": ""}, (401, "x-api-key")),
        (("GET", PATH, {"starting_at": "2026-02-25"}), {"x-api-key": ENTERPRISE_KEY}, (403, "scope")),
        (("POST", PATH, {"starting_at": "2026-02-25"}), {}, (405, "method")),
        (("GET", PATH + "/", {"starting_at": "2026-02-25"}), {}, (404, "not found")),
    ],
)
def test_stand_in_is_strict(
    stand_in: ClaudeCodeStandIn,
    question: tuple[str, str, dict[str, str]],
    headers: dict[str, str],
    refusal: tuple[int, str],
) -> None:
    """What the vendor refuses, the stand-in refuses, and says why."""
    method, path, params = question
    sent = {"x-api-key": ADMIN_KEY, "anthropic-version": "2023-06-01", **headers}
    answer = httpx.request(method, stand_in.base_url + path, params=params, headers=sent)
    assert refusal[0] == answer.status_code
    assert refusal[1] in answer.json()["error"]["message"]


def test_stand_in_wants_the_version_and_its_own_cursors(stand_in: ClaudeCodeStandIn) -> None:
    """Without anthropic-version: 400. A cursor with another day or limit: 400."""
    key = {"x-api-key": ADMIN_KEY}
    query = {"starting_at": "2026-02-25", "limit": "4"}
    assert 400 == httpx.get(stand_in.base_url + PATH, params=query, headers=key).status_code

    versioned = {**key, "anthropic-version": "2023-06-01"}
    cursor = httpx.get(stand_in.base_url + PATH, params=query, headers=versioned).json()["next_page"]
    for changed in ({"limit": "5"}, {"starting_at": "2026-02-24"}):
        moved = {**query, **changed, "page": cursor}
        assert 400 == httpx.get(stand_in.base_url + PATH, params=moved, headers=versioned).status_code
    assert 200 == httpx.get(stand_in.base_url + PATH, params={**query, "page": cursor}, headers=versioned).status_code


def test_pages_are_three_at_least_and_one_of_them_is_short(stand_in: ClaudeCodeStandIn) -> None:
    """Ten rows come as 4, 1, 4 and 1, though a thousand a page were allowed; unknown keys are among them."""
    query, sizes = {"starting_at": "2026-02-25", "limit": "1000"}, []
    headers = {"x-api-key": ADMIN_KEY, "anthropic-version": "2023-06-01"}
    cursor: str | None = ""
    while cursor is not None:
        params = {**query, "page": cursor} if cursor else query
        page = httpx.get(stand_in.base_url + PATH, params=params, headers=headers).json()
        sizes.append(len(page["data"]))
        assert "added_later" in page["data"][0]
        cursor = page["next_page"]
    assert [4, 1, 4, 1] == sizes
