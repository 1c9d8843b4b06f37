"""The GitLab connector against the strict stand-in: each request on the day it was merged, every page, every revert."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.outcomes import OutcomeKind, OutcomeRecord
from bot.errors import InputError, SourceError
from bot.settings import SourceConfig
from bot.sources import catalogue, gitlab
from bot.sources.standins.gitlab import GROUP, TOKEN, GitLabStandIn
from bot.sources.standins.server import Trouble
from tests.sources.reading import PASSING, opened

FIRST, LAST = date(2026, 11, 16), date(2026, 11, 18)
NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
P7 = "acme/platform/p7"


@pytest.fixture(scope="module")
def running() -> Iterator[GitLabStandIn]:
    with GitLabStandIn() as server:
        yield server


@pytest.fixture
def stand_in(running: GitLabStandIn) -> GitLabStandIn:
    running.forget()
    return running


def read(stand_in: GitLabStandIn, *, token: str = TOKEN, waits: list[float] | None = None) -> list[OutcomeRecord]:
    """What was finished from FIRST to LAST, as the product reads it."""
    source = SourceConfig("gitlab", "gitlab", stand_in.base_url, token, account=GROUP)
    with opened(source, now=NOW, waits=waits) as access:
        return list(gitlab.CONNECTOR.fetch_outcomes(access, first=FIRST, last=LAST))


def by_ref(stand_in: GitLabStandIn) -> dict[str, OutcomeRecord]:
    found = read(stand_in)
    assert len({record.ref for record in found}) == len(found)
    return {record.ref: record for record in found}


def test_merged_and_closed_requests_are_read(stand_in: GitLabStandIn) -> None:
    """Who, when, which, and whether it was merged; lines are not told here, and stay unknown."""
    stand_in.merge(7, 12, "2026-11-18T13:00:00.000Z", username="jpark")
    stand_in.close(7, 13, "2026-11-16T00:00:00.000+01:00", username="samo")
    stand_in.close(7, 14, "2026-11-16T01:00:00.000+01:00", username="samo")

    merged = OutcomeRecord(
        "gitlab:jpark",
        datetime(2026, 11, 18, 13, tzinfo=UTC),
        OutcomeKind.PR_MERGED,
        f"{P7}!12",
        repository=P7,
        reverted=False,
    )
    closed = OutcomeRecord(
        "gitlab:samo", datetime(2026, 11, 16, tzinfo=UTC), OutcomeKind.PR_CLOSED, f"{P7}!14", repository=P7
    )
    assert [merged, closed] == read(stand_in)


def test_merged_long_ago_and_updated_today(stand_in: GitLabStandIn) -> None:
    """A comment on an old request puts it on the list, and on no day of the window; nor does one that says no day."""
    stand_in.merge(7, 1, "2026-06-01T12:00:00Z", username="jpark", updated_at="2026-11-17T12:00:00Z")
    stand_in.close(7, 2, "2026-06-01T12:00:00Z", username="jpark", updated_at="2026-11-17T12:00:00Z")
    stand_in.merge(7, 3, "2026-11-17T12:00:00Z", username="jpark", merged_at=None)
    stand_in.merge(7, 4, "2026-11-17T12:00:00Z", username="jpark", updated_at="2026-11-22T12:00:00Z")

    assert [f"{P7}!4"] == list(by_ref(stand_in))


@given(merged=st.lists(st.integers(0, 3 * 86_400 - 1), max_size=12), closed=st.lists(st.integers(0, 900), max_size=5))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_all_pages_add_up(running: GitLabStandIn, merged: list[int], closed: list[int]) -> None:
    """Whatever the group holds comes once, over several pages of which one is short."""
    running.forget()
    start = datetime(2026, 11, 16, tzinfo=UTC)
    for number, second in enumerate([*merged, *closed]):
        at = (start + timedelta(seconds=second)).isoformat()
        (running.merge if number < len(merged) else running.close)(number % 3, number, at, username="samo")

    found = read(running)

    assert sorted(f"acme/platform/p{n % 3}!{n}" for n in range(len(merged) + len(closed))) == sorted(
        record.ref for record in found
    )
    assert len(merged) == sum(record.kind is OutcomeKind.PR_MERGED for record in found)


def test_a_page_that_does_not_say_whether_more_comes(stand_in: GitLabStandIn) -> None:
    """Without X-Next-Page a list may be cut off: that is an error and no day with less work."""
    stand_in.next_page_header = False

    with pytest.raises(SourceError, match="X-Next-Page"):
        read(stand_in)


def test_machines_and_deleted_accounts_are_nobody(stand_in: GitLabStandIn) -> None:
    """Access tokens of projects and groups, applications, and what deleted accounts left behind get no outcome."""
    for number, username in enumerate(["project_7_bot_0a1b", "group_31_bot", "renovate[bot]", "ghost", "claude-monet"]):
        stand_in.merge(7, number, "2026-11-17T12:00:00Z", username=username)

    assert ["gitlab:claude-monet"] == [record.subject for record in read(stand_in)]


def test_marks_of_ai_help(stand_in: GitLabStandIn) -> None:
    """A label, the description and a commit can prove help; nothing disproves it."""
    at, commit = "2026-11-17T12:00:00Z", "x\n\nCo-authored-by: Cursor <cursoragent@cursor.com>"
    stand_in.merge(7, 1, at, username="samo", labels=["claude-code-assisted"])
    stand_in.merge(7, 2, at, username="samo", description="🤖 Generated with [Claude Code](https://claude.com)")
    stand_in.merge(7, 3, at, username="samo", commits=("a", "b", "c", commit))
    stand_in.merge(7, 4, at, username="samo", description=None, title="docs: Claude")

    evidence = ["claude_code label", "claude_code line", "cursor co-author", None]
    assert evidence == [record.ai_evidence for record in read(stand_in)]
    assert [True, True, True, None] == [record.ai_assisted for record in read(stand_in)]


def test_reverts_and_reverts_of_reverts(stand_in: GitLabStandIn) -> None:
    """A revert names what it takes back, by number or by hash; taken back itself, after the window too, it restores."""
    stand_in.merge(7, 1, "2026-11-16T12:00:00Z", username="jpark")
    two = stand_in.merge(7, 2, "2026-11-16T12:00:00Z", username="jpark")
    stand_in.merge(7, 3, "2026-11-17T12:00:00Z", username="samo", description="This reverts merge request !1")
    revert = f'Revert "feat: 2"\n\nThis reverts commit {two}.'
    stand_in.merge(7, 4, "2026-11-17T12:00:00Z", username="samo", commits=(revert,), message=revert)

    found = by_ref(stand_in)
    assert {f"{P7}!3": f"{P7}!1", f"{P7}!4": f"{P7}!2"} == {
        ref: record.reverts_ref for ref, record in found.items() if record.kind is OutcomeKind.PR_REVERTED
    }
    assert [f"{P7}!1", f"{P7}!2"] == [ref for ref, record in found.items() if record.reverted]

    stand_in.merge(7, 5, "2026-11-20T12:00:00Z", username="jpark", description=f"This reverts merge request {P7}!3")
    found = by_ref(stand_in)
    assert [f"{P7}!2", f"{P7}!3"] == [ref for ref, record in found.items() if record.reverted]


def test_a_revert_that_was_pushed(stand_in: GitLabStandIn) -> None:
    """A commit on the main line takes back without a request, and its address says whose it is; one of a request does
    not count twice.
    """
    one = stand_in.merge(7, 1, "2026-11-16T12:00:00Z", username="jpark")
    message = f"Revert x\n\nThis reverts commit {one}."
    pushed = stand_in.commit(7, "2026-11-17T12:00:00Z", message, email="Sam.Ortiz@acme.example")
    stand_in.commit(7, "2026-11-17T13:00:00Z", message, email="sam.ortiz@acme.example", number=9)

    found = by_ref(stand_in)
    assert {f"{P7}!1", pushed} == set(found)
    assert found[f"{P7}!1"].reverted is True
    assert ("sam.ortiz@acme.example", f"{P7}!1") == (found[pushed].subject, found[pushed].reverts_ref)


def test_what_reached_production(stand_in: GitLabStandIn) -> None:
    """A successful deployment reaches all that lies before it; without one it is unknown, not no."""
    stand_in.merge(7, 1, "2026-11-16T12:00:00Z", username="samo")
    held = stand_in.merge(7, 2, "2026-11-16T13:00:00Z", username="samo")
    failed = stand_in.merge(7, 3, "2026-11-17T12:00:00Z", username="samo")
    for minute in range(4):
        stand_in.deploy(7, held, f"2026-11-16T14:0{minute}:00Z")
    stand_in.deploy(7, failed, "2026-11-17T14:00:00Z", status="failed")
    stand_in.deploy(7, failed, "2026-11-17T14:00:00Z", environment="staging")
    stand_in.merge(8, 1, "2026-11-17T12:00:00Z", username="samo")

    reached = {ref: record.reached_production for ref, record in by_ref(stand_in).items()}
    assert {f"{P7}!1": True, f"{P7}!2": True, f"{P7}!3": False, "acme/platform/p8!1": None} == reached


def test_deployments_that_are_not_shown(stand_in: GitLabStandIn) -> None:
    """Without the feature it is unknown; of a deployed commit that is gone only itself is known to be out."""
    stand_in.merge(7, 1, "2026-11-17T12:00:00Z", username="samo")
    stand_in.projects_without_deployments.add(7)
    stand_in.merge(8, 1, "2026-11-17T12:00:00Z", username="samo")
    stand_in.deploy(8, "c" * 40, "2026-11-17T14:00:00Z")
    stand_in.merge(9, 1, "2026-11-17T12:00:00Z", username="samo", squash_commit_sha="d" * 40)
    stand_in.deploy(9, "d" * 40, "2026-11-17T14:00:00Z")

    assert [None, False, True] == [record.reached_production for record in read(stand_in)]


def test_a_comment_while_the_pages_are_turned(stand_in: GitLabStandIn) -> None:
    """A request that moves up among the last updated ones meanwhile pushes no other off the pages."""
    for number in range(6):
        stand_in.merge(7, number, f"2026-11-17T12:00:0{number}Z", username="samo")
    stand_in.touch_on_page_two = stand_in.merge_requests[0]

    assert {f"{P7}!{number}" for number in range(6)} == set(by_ref(stand_in))


def test_a_request_without_references(stand_in: GitLabStandIn) -> None:
    """An older server does not say the project's path: its number stands for it, and reverts are found all the same."""
    stand_in.merge(7, 1, "2026-11-16T12:00:00Z", username="jpark", references=None)
    body = "This reverts merge request !1"
    stand_in.merge(7, 2, "2026-11-17T12:00:00Z", username="samo", references=None, description=body)

    assert {"7!1": True, "7!2": False} == {ref: record.reverted for ref, record in by_ref(stand_in).items()}


@pytest.mark.parametrize("trouble", PASSING)
def test_what_passes_by_itself_is_survived(stand_in: GitLabStandIn, trouble: Trouble) -> None:
    """After the usual troubles of the net everything is there once."""
    for number in range(5):
        stand_in.merge(7, number, "2026-11-17T12:00:00Z", username="samo")
    stand_in.break_next(Trouble.NONE, trouble)

    assert 5 == len(by_ref(stand_in))


def test_a_wrong_key_and_a_missing_account(stand_in: GitLabStandIn) -> None:
    """Both are said at once; the key is in no address and no error."""
    with pytest.raises(SourceError, match="answered 401") as raised:
        read(stand_in, token="glpat-wrong")
    assert raised.value.permanent
    assert "glpat" not in str(raised.value) + "".join(str(request.query) for request in stand_in.requests)
    with pytest.raises(InputError, match="account is missing"):
        catalogue.connector_of(SourceConfig("gitlab", "gitlab", api_key=TOKEN))
