"""The stand-ins for Anthropic's reports refuse what the originals refuse: else the connectors' tests prove nothing.

Next: `tests/sources/test_anthropic_analytics.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import httpx
import pytest

from bot.sources.standins.anthropic import ADMIN_KEY, ENTERPRISE_KEY, USERS_PATH, user
from bot.sources.standins.anthropic_analytics import BETA, COST_PATH, AnthropicAnalyticsStandIn, Use, by_user
from bot.sources.standins.anthropic_analytics import USAGE_PATH as ANALYTICS_PATH
from bot.sources.standins.anthropic_messages import COST_PATH as LEGACY_COST_PATH
from bot.sources.standins.anthropic_messages import USAGE_PATH as MESSAGES_PATH
from bot.sources.standins.anthropic_messages import AnthropicMessagesStandIn, result
from bot.sources.standins.claude_enterprise import PATH as ACTIVITY_PATH
from bot.sources.standins.claude_enterprise import ClaudeEnterpriseStandIn, entry

DAY = date(2026, 2, 25)
WINDOW = {"starting_at": "2026-02-25T00:00:00Z", "ending_at": "2026-02-26T00:00:00Z"}
HEAD = {"x-api-key": ADMIN_KEY, "anthropic-version": "2023-06-01", "anthropic-beta": BETA}
Query = list[tuple[str, str | int | float | bool | None]]


@pytest.fixture(scope="module")
def analytics() -> Iterator[httpx.Client]:
    with AnthropicAnalyticsStandIn() as own:
        own.hold(DAY, [Use(by_user(f"user_{n}", None), requests=n, output=1, cents="1") for n in range(9)])
        own.users.extend(user(number, f"p{number}@lantern.example") for number in range(9))
        with httpx.Client(base_url=own.base_url, headers=HEAD, trust_env=False) as client:
            yield client


@pytest.fixture(scope="module")
def messages() -> Iterator[httpx.Client]:
    with AnthropicMessagesStandIn() as own:
        own.hold(DAY, [result(key=f"apikey_{n}", uncached=1) for n in range(9)])
        with httpx.Client(base_url=own.base_url, headers=HEAD, trust_env=False) as client:
            yield client


@pytest.fixture(scope="module")
def enterprise() -> Iterator[httpx.Client]:
    with ClaudeEnterpriseStandIn(latest_day=DAY) as own:
        own.hold(DAY, [entry(f"user_{n}", f"p{n}@lantern.example", messages=1) for n in range(9)])
        head = {**HEAD, "x-api-key": ENTERPRISE_KEY}
        with httpx.Client(base_url=own.base_url, headers=head, trust_env=False) as client:
            yield client


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """The status and the vendor's word for it, from a body that has the vendor's shape."""
    body = answer.json()
    assert ("error", "req_stand_in") == (body["type"], body["request_id"])
    return answer.status_code, body["error"]["type"]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ({"x-api-key": ""}, (401, "authentication_error")),
        ({"x-api-key": "sk-ant-admin01-wrong"}, (401, "authentication_error")),
        ({"x-api-key": ENTERPRISE_KEY}, (403, "permission_error")),
    ],
)
def test_key_is_checked(messages: httpx.Client, head: dict[str, str], expected: tuple[int, str]) -> None:
    """No key, a wrong key, and the other organisation's key have an answer each."""
    assert expected == refusal(messages.get(MESSAGES_PATH, params=WINDOW, headers=head))


def test_console_key_does_not_open_the_enterprise_report(enterprise: httpx.Client) -> None:
    """And the other way round, too."""
    answer = enterprise.get(ACTIVITY_PATH, params={"date": "2026-02-25"}, headers={"x-api-key": ADMIN_KEY})
    assert (403, "permission_error") == refusal(answer)


def test_headers_of_the_contract_are_needed(analytics: httpx.Client) -> None:
    """Without a version 400; without the beta's name the report is not there, while the directory is."""
    with httpx.Client(base_url=analytics.base_url, headers={"x-api-key": ADMIN_KEY}, trust_env=False) as bare:
        assert (400, "invalid_request_error") == refusal(bare.get(USERS_PATH))
        version = {"anthropic-version": "2023-06-01"}
        assert (404, "not_found_error") == refusal(bare.get(ANALYTICS_PATH, params=WINDOW, headers=version))
        assert 200 == bare.get(USERS_PATH, headers=version).status_code


def test_only_known_questions_are_answered(analytics: httpx.Client) -> None:
    """Another path is not found, another method not allowed."""
    assert (404, "not_found_error") == refusal(analytics.get("/v1/organizations/invites"))
    assert (405, "invalid_request_error") == refusal(analytics.post(USERS_PATH))


@pytest.mark.parametrize(
    "wrong",
    [
        [("group_by", "actor")],
        [("group_by[]", "astrological_sign")],
        [("group_by[]", one) for one in ("actor", "model", "product", "speed", "context_window", "api_key_id")],
        [("group_by[]", "actor"), ("group_by[]", "actor")],
        [("bucket_width", "1d")],
        [("time_bucket_width", "1w")],
        [("limit", "1001")],
        [("limit", "0")],
        [("limit", "ten")],
        [("order_by", "amount")],
        [("order", "up")],
        [("order", "asc"), ("order", "asc")],
        [("page", "page+/AAAA==")],
        [("ending_at", "2026-03-29T00:00:00Z")],
        [("ending_at", "2026-02-25T00:00:00Z")],
        [("ending_at", "2026-02-26T00:00:00")],
        [("ending_at", "tomorrow")],
        [("starting_at", "2025-12-31T00:00:00Z"), ("ending_at", "2026-01-02T00:00:00Z")],
    ],
)
def test_wrong_question_is_refused(analytics: httpx.Client, wrong: Query) -> None:
    """Unknown names, lists without [], unknown values, too many groups, too long a range, foreign cursors."""
    asked = dict(wrong)
    query: Query = [*((name, value) for name, value in WINDOW.items() if name not in asked), *wrong]
    assert (400, "invalid_request_error") == refusal(analytics.get(ANALYTICS_PATH, params=httpx.QueryParams(query)))


def test_cost_has_an_order_of_its_own(analytics: httpx.Client) -> None:
    """The two reports share their groups, not their orders."""
    answers = [
        analytics.get(COST_PATH, params={**WINDOW, "order_by": order}).status_code
        for order in ("amount", "total_tokens")
    ]
    assert [200, 400] == answers


def test_what_is_not_grouped_by_is_null(analytics: httpx.Client) -> None:
    """Without a group there is one row for all; with the actor there is one for each."""
    [everything] = analytics.get(COST_PATH, params=WINDOW).json()["data"]
    assert (None, "9.000000") == (everything["group"]["actor"], everything["cost"]["amount"])
    rows = follow(analytics, ANALYTICS_PATH, {**WINDOW, "group_by[]": "actor"})
    assert [f"user_{n}" for n in range(9)] == [row["group"]["actor"]["user_id"] for page in rows for row in page]
    assert {None} == {row["group"]["model"] for page in rows for row in page}


def follow(client: httpx.Client, path: str, query: dict[str, str]) -> list[list[dict[str, Any]]]:
    """The rows of each page, as a patient reader gets them."""
    pages: list[list[dict[str, Any]]] = []
    cursor: str | None = None
    while cursor is not None or not pages:
        body = client.get(path, params={**query, **({"page": cursor} if cursor else {})}).json()
        pages.append(body["data"])
        cursor = body["next_page"]
    return pages


def test_pages_are_short_in_the_middle_and_cursors_unpleasant(
    analytics: httpx.Client, messages: httpx.Client, enterprise: httpx.Client
) -> None:
    """Three pages at least, the second with one row; a cursor holds +, / and =; the activity report has no has_more."""
    asked: list[tuple[httpx.Client, str, dict[str, str]]] = [
        (analytics, ANALYTICS_PATH, {**WINDOW, "group_by[]": "actor"}),
        (messages, MESSAGES_PATH, {**WINDOW, "group_by[]": "api_key_id"}),
        (enterprise, ACTIVITY_PATH, {"date": "2026-02-25"}),
    ]
    for client, path, query in asked:
        sizes = [len(page) for page in follow(client, path, query)]
        assert (9, 1) == (sum(sizes), sizes[1])
        first = client.get(path, params=query).json()
        assert {"+", "/", "="} <= set(first["next_page"])
        assert (path != ACTIVITY_PATH) == ("has_more" in first)


def test_cursor_is_tied_to_its_question(messages: httpx.Client) -> None:
    """The same cursor with another parameter is refused."""
    query = {**WINDOW, "group_by[]": "api_key_id"}
    cursor = messages.get(MESSAGES_PATH, params=query).json()["next_page"]
    assert 200 == messages.get(MESSAGES_PATH, params={**query, "page": cursor}).status_code
    changed = {**query, "group_by[]": "model", "page": cursor}
    assert (400, "invalid_request_error") == refusal(messages.get(MESSAGES_PATH, params=changed))


def test_lists_continue_behind_an_id(analytics: httpx.Client) -> None:
    """A known id, and not together with the other direction."""
    first = analytics.get(USERS_PATH, params={"limit": "1000"}).json()
    second = analytics.get(USERS_PATH, params={"limit": "1000", "after_id": first["last_id"]}).json()
    assert (3, 1) == (len(first["data"]), len(second["data"]))
    both = {"after_id": first["last_id"], "before_id": first["last_id"]}
    for wrong in (both, {"after_id": "user_99"}, {"limit": "1001"}):
        assert (400, "invalid_request_error") == refusal(analytics.get(USERS_PATH, params=wrong))


@pytest.mark.parametrize(
    "wrong",
    [
        {"bucket_width": "1w"},
        {"limit": "32"},
        {"time_bucket_width": "1d"},
        {"group_by[]": "actor"},
        {"starting_at": "2026-02-25"},
    ],
)
def test_older_reports_have_their_own_names(messages: httpx.Client, wrong: dict[str, str]) -> None:
    """What the newer report takes, the older one refuses; its limit counts buckets."""
    for path in (MESSAGES_PATH, LEGACY_COST_PATH):
        assert (400, "invalid_request_error") == refusal(messages.get(path, params={**WINDOW, **wrong}))


def test_cost_report_knows_no_people(messages: httpx.Client) -> None:
    """Grouping the older cost report by a person's id is refused."""
    answer = messages.get(LEGACY_COST_PATH, params={**WINDOW, "group_by[]": "account_id"})
    assert (400, "invalid_request_error") == refusal(answer)


def test_empty_days_have_buckets(messages: httpx.Client) -> None:
    """Oldest first, one for each day asked for."""
    week = {"starting_at": "2026-02-22T00:00:00Z", "ending_at": "2026-02-25T00:00:00Z"}
    pages = follow(messages, MESSAGES_PATH, week)
    assert [(f"2026-02-{day}T00:00:00Z", []) for day in (22, 23, 24)] == [
        (bucket["starting_at"], bucket["results"]) for page in pages for bucket in page
    ]


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"date": "2026-02-25T00:00:00Z"},
        {"date": "2026-02-25", "starting_date": "2026-02-25"},
        {"date": "2026-02-26"},
        {"date": "2026-02-25", "day": "2026-02-25"},
    ],
)
def test_activity_needs_one_day_that_is_there(enterprise: httpx.Client, query: dict[str, str]) -> None:
    """No day, a moment, two ways at once, a day that is not there yet, or an unknown name."""
    assert (400, "invalid_request_error") == refusal(enterprise.get(ACTIVITY_PATH, params=query))


def test_day_too_early_names_the_latest(enterprise: httpx.Client) -> None:
    """The refusal says which day is the last."""
    message = enterprise.get(ACTIVITY_PATH, params={"date": "2026-02-26"}).json()["error"]["message"]
    assert "2026-02-25" in message
