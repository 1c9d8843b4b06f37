"""The GitHub connector against the strict stand-in: all that was finished, nothing twice, reverts and deployments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.outcomes import OutcomeKind, OutcomeRecord
from bot.errors import InputError, SourceError
from bot.settings import SourceConfig
from bot.sources import catalogue, github, github_api
from bot.sources.standins.github import ORGANISATION, TOKEN, GitHubStandIn
from bot.sources.standins.server import Trouble, json_answer
from tests.sources.reading import PASSING_ON_PAGES, opened

FIRST, LAST = date(2026, 11, 16), date(2026, 11, 18)
NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
SHOP = "acme/shop"


@pytest.fixture(scope="module")
def running() -> Iterator[GitHubStandIn]:
    with GitHubStandIn() as server:
        yield server


@pytest.fixture
def stand_in(running: GitHubStandIn) -> GitHubStandIn:
    running.forget()
    return running


def read(
    stand_in: GitHubStandIn,
    *,
    token: str = TOKEN,
    query: str | None = None,
    waits: list[float] | None = None,
    last: date = LAST,
) -> list[OutcomeRecord]:
    """What was finished from FIRST to `last`, as the product reads it."""
    source = SourceConfig("github", "github", stand_in.base_url, token, account=ORGANISATION, query=query)
    with opened(source, now=NOW, waits=waits) as access:
        return list(github.CONNECTOR.fetch_outcomes(access, first=FIRST, last=last))


def by_ref(stand_in: GitHubStandIn) -> dict[str, OutcomeRecord]:
    found = read(stand_in)
    assert len({record.ref for record in found}) == len(found)
    return {record.ref: record for record in found}


def test_merged_and_closed_requests_are_read(stand_in: GitHubStandIn) -> None:
    """Who, when, which, how many lines, and whether it was merged; help by an AI is proved or unknown."""
    stand_in.merge(SHOP, 412, "2026-11-18T14:12:03Z", login="jpark-acme")
    stand_in.close(SHOP, 414, "2026-11-16T00:00:00Z", login="samo", additions=7, deletions=0)

    merged = OutcomeRecord(
        "github:jpark-acme",
        datetime(2026, 11, 18, 14, 12, 3, tzinfo=UTC),
        OutcomeKind.PR_MERGED,
        "acme/shop#412",
        lines_added=120,
        lines_removed=30,
        repository=SHOP,
        reverted=False,
    )
    closed = OutcomeRecord(
        "github:samo",
        datetime(2026, 11, 16, tzinfo=UTC),
        OutcomeKind.PR_CLOSED,
        "acme/shop#414",
        lines_added=7,
        lines_removed=0,
        repository=SHOP,
    )
    assert [merged, closed] == read(stand_in)


def test_only_the_days_asked_for_count(stand_in: GitHubStandIn) -> None:
    """The first and the last second of the window are in, the seconds beside them are not."""
    moments = ["2026-11-15T23:59:59Z", "2026-11-16T00:00:00Z", "2026-11-18T23:59:59Z", "2026-11-19T00:00:00Z"]
    for number, at in enumerate(moments):
        stand_in.merge(SHOP, number, at, login="samo")
        stand_in.close(SHOP, 10 + number, at, login="samo")

    assert {f"acme/shop#{number}" for number in (1, 2, 11, 12)} == set(by_ref(stand_in))


@given(merged=st.lists(st.integers(0, 3 * 86_400 - 1), max_size=30), closed=st.lists(st.integers(0, 900), max_size=8))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_all_pages_add_up(running: GitHubStandIn, merged: list[int], closed: list[int]) -> None:
    """Whatever the organisation holds comes once, over several pages of which one is short."""
    running.forget()
    start = datetime(2026, 11, 16, tzinfo=UTC)
    for number, second in enumerate([*merged, *closed]):
        finish = running.merge if number < len(merged) else running.close
        finish(SHOP, number, (start + timedelta(seconds=second)).isoformat(), login=f"p{number % 4}", additions=number)

    found = read(running)
    held = range(len(merged) + len(closed))

    assert {f"acme/shop#{number}" for number in held} == {record.ref for record in found}
    assert (len(held), sum(held)) == (len(found), sum(record.lines_added or 0 for record in found))
    assert len(merged) == sum(record.kind is OutcomeKind.PR_MERGED for record in found)


def test_pages_are_followed_to_the_end(stand_in: GitHubStandIn) -> None:
    """Ten requests lie on four pages and their histories on as many; each page is asked for once."""
    for number in range(10):
        stand_in.merge(SHOP, number, "2026-11-17T12:00:00Z", login="samo")
    stand_in.deploy(SHOP, stand_in.repositories[SHOP].head() or "", "2026-11-17T13:00:00Z", "success")

    assert [True] * 10 == [record.reached_production for record in read(stand_in)]
    asked = [request.body for request in stand_in.requests if request.path == "/graphql"]
    assert (13, 13) == (len(asked), len(set(asked)))


def test_more_results_than_a_search_gives(stand_in: GitHubStandIn) -> None:
    """1,050 requests in the window, 1,020 of them on one day: the window is split until each part is given whole."""
    for number in range(1_050):
        at = datetime(2026, 11, 17 if number < 1_020 else 16, tzinfo=UTC) + timedelta(seconds=number)
        stand_in.merge(SHOP, number, at.isoformat(), login="samo")

    assert 1_050 == len({record.ref for record in read(stand_in)})


def test_a_search_that_did_not_look_everywhere_is_split(stand_in: GitHubStandIn) -> None:
    """`incomplete_results` is not believed: the parts are asked for, and nothing is lost or doubled."""
    for number in range(6):
        stand_in.merge(SHOP, number, f"2026-11-1{6 + number % 3}T12:00:00Z", login="samo")
    stand_in.incomplete_searches = 3

    assert 6 == len(by_ref(stand_in))
    stand_in.incomplete_searches = 10_000
    with pytest.raises(SourceError, match="not complete") as raised:
        read(stand_in)
    assert not raised.value.permanent


def test_requests_that_are_counted_and_not_given(stand_in: GitHubStandIn) -> None:
    """A search that gives fewer than it counts is an error, for work that was done must not be missing quietly."""
    stand_in.merge(SHOP, 1, "2026-11-17T12:00:00Z", login="samo")
    stand_in.hidden = 1

    with pytest.raises(SourceError, match="fewer pull requests"):
        read(stand_in)


def test_machines_and_deleted_accounts_are_nobody(stand_in: GitHubStandIn) -> None:
    """Applications, GitHub's coding agent and deleted accounts get no outcome; a person's name is free."""
    for number, login in enumerate(["acme-ci[bot]", "Copilot", None, "claude-monet"]):
        stand_in.merge(SHOP, number, "2026-11-17T12:00:00Z", login=login)

    assert ["github:claude-monet"] == [record.subject for record in read(stand_in)]


def test_marks_of_ai_help(stand_in: GitHubStandIn) -> None:
    """A label, the description, the merge's message and a commit of the branch can prove help; nothing disproves it."""
    at, commit = "2026-11-17T12:00:00Z", "x\n\nCo-authored-by: Cursor <cursoragent@cursor.com>"
    stand_in.merge(SHOP, 1, at, login="samo", labels={"nodes": [{"name": "claude-code-assisted"}]})
    stand_in.merge(SHOP, 2, at, login="samo", body="x\r\n\r\n🤖 Generated with [Claude Code](https://claude.com)")
    stand_in.merge(SHOP, 3, at, login="samo", message="x (#3)\n\nCo-authored-by: Codex <noreply@openai.com>")
    stand_in.merge(SHOP, 4, at, login="samo", commits={"nodes": [{"commit": {"message": commit}}]})
    stand_in.merge(SHOP, 5, at, login="samo", body=None, title="docs: Claude and Copilot")

    evidence = ["claude_code label", "claude_code line", "codex co-author", "cursor co-author", None]
    assert evidence == [record.ai_evidence for record in read(stand_in)]
    assert [True, True, True, True, None] == [record.ai_assisted for record in read(stand_in)]


def test_reverts_and_reverts_of_reverts(stand_in: GitHubStandIn) -> None:
    """A revert is an outcome of its own and names what it takes back; taken back itself, it restores."""
    stand_in.merge(SHOP, 412, "2026-11-16T12:00:00Z", login="jpark-acme")
    stand_in.merge(SHOP, 413, "2026-11-17T12:00:00Z", login="samo", body="Reverts acme/shop#412")

    found = by_ref(stand_in)
    assert (OutcomeKind.PR_REVERTED, "acme/shop#412", False) == (
        found["acme/shop#413"].kind,
        found["acme/shop#413"].reverts_ref,
        found["acme/shop#413"].reverted,
    )
    assert found["acme/shop#412"].reverted is True

    stand_in.merge(SHOP, 415, "2026-11-18T12:00:00Z", login="jpark-acme", body="Reverts acme/shop#413")
    restored = {ref: record.reverted for ref, record in by_ref(stand_in).items()}
    assert {"acme/shop#412": False, "acme/shop#413": True, "acme/shop#415": False} == restored


def test_a_revert_after_the_window(stand_in: GitHubStandIn) -> None:
    """What was taken back after the days asked for stands reverted, by a machine as well; the revert is not told."""
    stand_in.merge(SHOP, 412, "2026-11-16T12:00:00Z", login="jpark-acme")
    stand_in.merge(SHOP, 413, "2026-11-21T12:00:00Z", login="acme-ci[bot]", body="Reverts Acme/Shop#412")

    assert {"acme/shop#412": True} == {ref: record.reverted for ref, record in by_ref(stand_in).items()}


def test_a_revert_names_a_commit(stand_in: GitHubStandIn) -> None:
    """By hash in the description or in its only commit; a revert among other commits of a branch takes nothing back."""
    one, two, three = (stand_in.merge(SHOP, n, f"2026-11-16T1{n}:00:00Z", login="jpark-acme") for n in (1, 2, 3))
    message = 'Revert "feat: 2"\n\nThis reverts commit {}.'.format
    stand_in.merge(
        SHOP, 4, "2026-11-17T12:00:00Z", login="samo", title='Revert "feat: 1"', body=f"This reverts commit {one}."
    )
    stand_in.merge(
        SHOP, 5, "2026-11-17T12:00:00Z", login="samo", commits={"nodes": [{"commit": {"message": message(two)}}]}
    )
    several = [{"commit": {"message": "feat: more"}}, {"commit": {"message": message(three)}}]
    stand_in.merge(SHOP, 6, "2026-11-17T12:00:00Z", login="samo", commits={"nodes": several})

    found = by_ref(stand_in)
    assert {"acme/shop#4": "acme/shop#1", "acme/shop#5": "acme/shop#2"} == {
        ref: record.reverts_ref for ref, record in found.items() if record.reverts_ref
    }
    assert ["acme/shop#1", "acme/shop#2"] == [ref for ref, record in found.items() if record.reverted]


def test_a_revert_that_was_pushed(stand_in: GitHubStandIn) -> None:
    """A commit on the main line takes back without a pull request; one that a pull request brought is no second one."""
    one = stand_in.merge(SHOP, 1, "2026-11-16T12:00:00Z", login="jpark-acme")
    pushed = stand_in.commit(SHOP, "2026-11-17T12:00:00Z", f"Revert x\n\nThis reverts commit {one}.", login="samo")
    stand_in.commit(SHOP, "2026-11-17T13:00:00Z", f"Revert x\n\nThis reverts commit {one}.", login="samo", number=9)

    found = by_ref(stand_in)
    assert {"acme/shop#1", pushed} == set(found)
    assert found["acme/shop#1"].reverted is True
    assert (OutcomeKind.PR_REVERTED, "acme/shop#1", "github:samo") == (
        found[pushed].kind,
        found[pushed].reverts_ref,
        found[pushed].subject,
    )


def test_what_reached_production(stand_in: GitHubStandIn) -> None:
    """A successful deployment reaches all that lies before it, also when another one has replaced it since."""
    stand_in.merge(SHOP, 1, "2026-11-16T12:00:00Z", login="samo")
    held = stand_in.merge(SHOP, 2, "2026-11-16T13:00:00Z", login="samo")
    failed = stand_in.merge(SHOP, 3, "2026-11-17T12:00:00Z", login="samo")
    for minute in range(3):
        stand_in.deploy(SHOP, held, f"2026-11-16T14:0{minute}:00Z", "inactive", "inactive", "in_progress", "success")
    for minute in range(3):
        stand_in.deploy(SHOP, failed, f"2026-11-17T14:0{minute}:00Z", "failure", "pending")
    stand_in.deploy(SHOP, failed, "2026-11-17T15:00:00Z", "success", environment="staging")
    stand_in.merge("acme/tools", 1, "2026-11-17T12:00:00Z", login="samo")

    reached = {ref: record.reached_production for ref, record in by_ref(stand_in).items()}
    assert {"acme/shop#1": True, "acme/shop#2": True, "acme/shop#3": False, "acme/tools#1": None} == reached
    statuses = {request.path for request in stand_in.requests if request.path.endswith("/statuses")}
    assert 4 == len(statuses)  # three failures and one success: what it holds is known of the two before it


def test_commits_that_are_gone_or_not_told(stand_in: GitHubStandIn) -> None:
    """Of a deployed commit that is gone only itself is known to be out; a merge without a hash stays unknown."""
    gone: dict[str, Any] = {"mergeCommit": {"oid": "d" * 40, "message": "Merge"}}
    stand_in.merge(SHOP, 1, "2026-11-17T12:00:00Z", login="samo", **gone)
    stand_in.merge(SHOP, 2, "2026-11-17T12:00:00Z", login="samo")
    stand_in.merge(SHOP, 3, "2026-11-17T12:00:00Z", login="samo", mergeCommit=None)
    stand_in.deploy(SHOP, "d" * 40, "2026-11-17T14:00:00Z", "success")

    assert [True, False, None] == [record.reached_production for record in read(stand_in)]


def test_a_deployment_before_the_window_says_nothing(stand_in: GitHubStandIn) -> None:
    """It cannot hold what was merged later: whether that reached production is unknown, and not no."""
    old = stand_in.commit(SHOP, "2026-11-01T12:00:00Z", "old")
    for day in range(1, 9):
        stand_in.deploy(SHOP, old, f"2026-11-0{day}T14:00:00Z", "success")
    stand_in.merge(SHOP, 1, "2026-11-17T12:00:00Z", login="samo")

    assert [None] == [record.reached_production for record in read(stand_in)]
    assert 1 == sum(request.path.endswith("/deployments") for request in stand_in.requests)


def test_the_question_can_be_narrowed(stand_in: GitHubStandIn) -> None:
    """What the settings' `query` adds is asked for with the rest."""
    stand_in.merge(SHOP, 1, "2026-11-17T12:00:00Z", login="samo")
    stand_in.merge("acme/website", 1, "2026-11-17T12:00:00Z", login="samo")

    assert ["acme/shop#1"] == [record.ref for record in read(stand_in, query="-repo:acme/website")]


@pytest.mark.parametrize("trouble", PASSING_ON_PAGES)
def test_what_passes_by_itself_is_survived(stand_in: GitHubStandIn, trouble: Trouble) -> None:
    """After the usual troubles of the net everything is there once."""
    for number in range(5):
        stand_in.merge(SHOP, number, "2026-11-17T12:00:00Z", login="samo")
    stand_in.break_next(Trouble.NONE, trouble)

    assert 5 == len(by_ref(stand_in))


def test_slow_down_and_not_allowed(stand_in: GitHubStandIn) -> None:
    """403 with Retry-After is waited for; without it a right is missing, and nothing of the answer is quoted."""
    stand_in.merge(SHOP, 1, "2026-11-17T12:00:00Z", login="samo")
    waits: list[float] = []
    stand_in.instead.append(json_answer(403, {"message": "secondary rate limit"}, ("retry-after", "60")))
    assert (1, [60.0]) == (len(read(stand_in, waits=waits)), waits)

    stand_in.instead.append(json_answer(403, {"message": "Resource not accessible by samo"}))
    with pytest.raises(SourceError, match="answered 403") as raised:
        read(stand_in)
    assert raised.value.permanent
    assert "samo" not in str(raised.value)


@pytest.mark.parametrize(("kind", "permanent"), [("RATE_LIMITED", False), ("FORBIDDEN", True), (None, False)])
def test_errors_behind_status_200(stand_in: GitHubStandIn, kind: str | None, permanent: bool) -> None:
    """GraphQL's errors are errors, with half an answer beside them as well."""
    error = {"message": "user samo", **({"type": kind} if kind else {})}
    half = {"data": {"search": {"nodes": [], "pageInfo": {"hasNextPage": False}}}, "errors": [error]}
    stand_in.instead += [json_answer(200, {"total_count": 0, "incomplete_results": False}), json_answer(200, half)]

    with pytest.raises(SourceError, match="graphql") as raised:
        read(stand_in)
    assert permanent == raised.value.permanent
    assert "samo" not in str(raised.value)


def test_a_wrong_key_and_a_missing_account(stand_in: GitHubStandIn) -> None:
    """Both are said at once; the key is in no address and no error."""
    with pytest.raises(SourceError, match="answered 401") as raised:
        read(stand_in, token="ghp_wrong")
    assert raised.value.permanent
    assert "ghp_" not in str(raised.value) + "".join(request.path + str(request.query) for request in stand_in.requests)
    with pytest.raises(InputError, match="account is missing"):
        catalogue.connector_of(SourceConfig("github", "github", api_key=TOKEN))


def test_a_server_of_ones_own() -> None:
    """GraphQL lies beside REST: under /api beside /api/v3, at the root of GitHub's own address."""
    for base_url, address in {
        "https://git.acme.example/api/v3": "https://git.acme.example/api/graphql",
        "https://api.github.com": "https://api.github.com/graphql",
    }.items():
        source = SourceConfig("github", "github", base_url, TOKEN, account="acme")
        with opened(source, now=NOW) as access:
            assert address == github_api.graphql_address(access.client.base_url)
