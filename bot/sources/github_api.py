"""How to ask GitHub: searches in slices that it answers whole, histories, deployments to production.

A search gives no more than 1000 results and may stop early, so REST counts a slice first and GraphQL must then bring
as many. Called by `bot/sources/github.py`. Next: `bot/sources/http.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx

from bot.errors import SourceError
from bot.sources.fields import count, moment, record, records, text, unreadable
from bot.sources.http import JsonObject, Query, cursor_pages, get_json, json_list, post_json, send, whole
from bot.sources.shape import Access

MOST_RESULTS = 1000
PRODUCTION = "production"

SEARCH = """
query($q: String!, $after: String) { search(query: $q, type: ISSUE, first: 50, after: $after) {
  pageInfo { hasNextPage endCursor }
  nodes { ... on PullRequest {
    number title body mergedAt closedAt additions deletions
    author { __typename login }
    mergeCommit { oid message }
    repository { nameWithOwner }
    labels(first: 20) { nodes { name } }
    commits(first: 30) { nodes { commit { message } } }
  } }
} }
"""
DEFAULT_BRANCH = """
query($owner: String!, $name: String!, $since: GitTimestamp!, $after: String) {
  repository(owner: $owner, name: $name) { defaultBranchRef { target { ... on Commit {
    history(first: 100, since: $since, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes {
        oid message committedDate additions deletions
        author { user { __typename login } }
        associatedPullRequests(first: 1) { nodes { number } }
      }
    }
  } } } }
}
"""
HISTORY = """
query($owner: String!, $name: String!, $oid: GitObjectID!, $since: GitTimestamp!, $after: String) {
  repository(owner: $owner, name: $name) { object(oid: $oid) { ... on Commit {
    history(first: 100, since: $since, after: $after) { pageInfo { hasNextPage endCursor } nodes { oid } }
  } } }
}
"""

_PAGE = 100
_MOST_PAGES = 200
_REFUSED = frozenset({"FORBIDDEN", "INSUFFICIENT_SCOPES", "NOT_FOUND"})
_SECOND = timedelta(seconds=1)


def pull_requests(access: Access, asked: str, field: str, first: datetime, last: datetime) -> Iterator[JsonObject]:
    """All pull requests that `asked` finds whose `field` is from `first` to `last`, both included to the second."""
    question = f"{asked} {field}:{_stamp(first)}..{_stamp(last)}"
    found = _whole_count(access, question)
    if found is not None:
        yield from _all_of(access, question, found)
    elif first >= last:
        raise unreadable("the search is not complete, not even for one second")
    else:
        middle = (first + (last - first) / 2).replace(microsecond=0)
        yield from pull_requests(access, asked, field, first, middle)
        yield from pull_requests(access, asked, field, middle + _SECOND, last)


def default_branch(access: Access, repository: str, since: datetime) -> tuple[JsonObject, ...]:
    """What was committed to the main line since then."""
    return _history(access, repository, DEFAULT_BRANCH, {"since": _stamp(since)}, _main_line)


def deployed(access: Access, repository: str, since: datetime) -> frozenset[str] | None:
    """The commits since then that a successful deployment to production holds; None when there was none.

    What a later deployment holds need not be looked up in an earlier one, so that mostly one history is read.
    """
    held: set[str] = set()
    for deployment in sorted(_deployments(access, repository, since), key=_created, reverse=True):
        commit = str(deployment.get("sha"))
        if commit not in held and _succeeded(access, repository, deployment):
            asked = {"oid": commit, "since": _stamp(since)}
            held |= {commit, *(str(one.get("oid")) for one in _history(access, repository, HISTORY, asked, _object))}
    return frozenset(held) or None


def _whole_count(access: Access, question: str) -> int | None:
    """How many the search finds; None when that is more than it would give, or it did not look everywhere."""
    params = {"q": question, "per_page": "1"}
    found = get_json(access.client, "/search/issues", params=params, wait=access.wait)
    total = count(found, "total_count")
    if total is None:
        raise unreadable("a search without total_count")
    return None if found.get("incomplete_results") or total > MOST_RESULTS else total


def _all_of(access: Access, question: str, expected: int) -> Iterator[JsonObject]:
    def ask(cursor: str | None) -> JsonObject:
        return record(_graphql(access, SEARCH, {"q": question, "after": cursor}), "search")

    found = whole(lambda: (node for page in cursor_pages(ask, next_cursor) for node in records(page, "nodes")))
    if len(found) < expected:
        # Some that were counted did not come: they must not pass for work that was not done (P12).
        raise unreadable("fewer pull requests than the search counts")
    yield from found


def _history(
    access: Access,
    repository: str,
    query: str,
    asked: dict[str, Any],
    part: Callable[[JsonObject], JsonObject],
) -> tuple[JsonObject, ...]:
    owner, _, name = repository.partition("/")

    def ask(cursor: str | None) -> JsonObject:
        variables = {"owner": owner, "name": name, **asked, "after": cursor}
        return record(part(record(_graphql(access, query, variables), "repository")), "history")

    def read() -> Iterator[JsonObject]:
        for page in cursor_pages(ask, next_cursor):
            yield from records(page, "nodes", optional=not page)  # an empty repository, a commit that is gone

    return whole(read)


def _main_line(repository: JsonObject) -> JsonObject:
    return record(record(repository, "defaultBranchRef"), "target")


def _object(repository: JsonObject) -> JsonObject:
    return record(repository, "object")


def _deployments(access: Access, repository: str, since: datetime) -> Iterator[JsonObject]:
    """The newest first, and no more pages once all of one is older: what is older holds nothing that is asked about."""
    path = f"/repos/{repository}/deployments"
    for page in _numbered_pages(access, path, {"environment": PRODUCTION}):
        recent = [deployment for deployment in page if _created(deployment) >= since]
        yield from recent
        if page and not recent:
            return


def _succeeded(access: Access, repository: str, deployment: JsonObject) -> bool:
    """Whether any of its statuses is a success: "inactive" says later that another deployment took its place."""
    path = f"/repos/{repository}/deployments/{count(deployment, 'id')}/statuses"
    return any(one.get("state") == "success" for page in _numbered_pages(access, path, {}) for one in page)


def _created(deployment: JsonObject) -> datetime:
    created = moment(deployment, "created_at")
    if created is None:
        raise unreadable("a deployment without created_at")
    return created


def _numbered_pages(access: Access, path: str, asked: dict[str, str]) -> Iterator[list[JsonObject]]:
    for number in range(1, _MOST_PAGES + 1):
        params: Query = {**asked, "per_page": str(_PAGE), "page": str(number)}
        answer = send(access.client, "GET", path, params=params, wait=access.wait)
        yield json_list(answer, "GET deployments")
        if "next" not in answer.links:
            return
    raise SourceError(f"The source gave more than {_MOST_PAGES} pages.", permanent=False)


def _graphql(access: Access, query: str, variables: dict[str, Any]) -> JsonObject:
    """The answer's data. Errors come with status 200, and even half an answer with them is none."""
    address = graphql_address(access.client.base_url)
    answer = post_json(access.client, address, body={"query": query, "variables": variables}, wait=access.wait)
    kinds = {text(error, "type") for error in records(answer, "errors", optional=True)}
    if "RATE_LIMITED" in kinds:
        raise SourceError("POST graphql: the rate limit is reached.", permanent=False, http_status=200)
    if kinds:
        raise SourceError("POST graphql answered with errors.", permanent=bool(kinds & _REFUSED), http_status=200)
    return record(answer, "data")


def graphql_address(base_url: httpx.URL) -> str:
    """Beside the REST interface: /graphql, and on a server of one's own /api/graphql beside /api/v3."""
    return str(base_url.copy_with(path=base_url.path.rstrip("/").removesuffix("/v3") + "/graphql"))


def next_cursor(page: JsonObject) -> str | None:
    """Where GraphQL's next page begins; None on the last one."""
    info = record(page, "pageInfo")
    if not info.get("hasNextPage"):
        return None
    cursor = text(info, "endCursor")
    if cursor is None:
        raise unreadable("hasNextPage without endCursor")
    return cursor


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
