"""A stand-in for GitHub: one organisation's pull requests, main lines and deployments, over REST and GraphQL.

It refuses what GitHub refuses: missing headers, unknown parameters and fields, foreign cursors. A search counts all and
gives 1000. Used by the tests. Next: `bot/sources/github.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha1
from typing import Any

from bot.sources.standins.cursors import cursor, page_size, read_cursor
from bot.sources.standins.server import Answer, RefusedError, Request, StandIn, json_answer

TOKEN = "ghp_standin"  # noqa: S105 - opens nothing but the stand-in
ORGANISATION = "acme"
MOST_RESULTS = 1000

_HEADERS = {"accept": (415, "application/vnd.github+json"), "x-github-api-version": (400, "2022-11-28")}
_SEARCH = re.compile(
    rf"org:{ORGANISATION} is:pr is:(?P<state>merged|unmerged)(?: -repo:(?P<without>\S+))?"
    r" (?P<field>merged|closed):(?P<first>\S+Z)\.\.(?P<last>\S+Z)"
)
_KNOWN_FIELDS = frozenset(
    re.findall(
        r"\w+",
        """query search type ISSUE first after q since oid owner name pageInfo hasNextPage endCursor nodes on
        PullRequest Commit number title body mergedAt closedAt additions deletions author __typename login mergeCommit
        message repository nameWithOwner labels commits commit defaultBranchRef target history committedDate user
        associatedPullRequests object String GitTimestamp GitObjectID""",
    )
)


@dataclass(frozen=True)
class Commit:
    """One commit of a main line."""

    oid: str
    at: str
    parent: str | None
    fields: dict[str, Any]


@dataclass
class Repository:
    """What one repository holds; commits in the order in which they came."""

    commits: dict[str, Commit] = field(default_factory=dict)
    deployments: list[dict[str, Any]] = field(default_factory=list)
    statuses: dict[int, list[dict[str, Any]]] = field(default_factory=dict)

    def head(self) -> str | None:
        return next(reversed(self.commits), None)


class GitHubStandIn(StandIn):
    """The server, as a context manager. What it holds grows by `merge`, `close`, `commit` and `deploy`."""

    def __init__(self) -> None:
        super().__init__()
        self.repositories: dict[str, Repository] = {}
        self.pull_requests: list[dict[str, Any]] = []
        self.incomplete_searches = 0
        """So many of the next searches say that they did not look everywhere."""
        self.hidden = 0
        """So many pull requests are counted by a search, and not given."""
        self.instead: list[Answer] = []
        """What the next requests get, whatever they ask."""

    def forget(self) -> None:
        """Hold nothing."""
        with self.server.lock:
            self.repositories.clear()
            self.pull_requests.clear()
            self.requests.clear()
            self.incomplete_searches = self.hidden = 0

    def commit(
        self, repository: str, at: str, message: str, *, login: str | None = None, number: int | None = None
    ) -> str:
        """A commit on the main line; `number` is the pull request that brings it. Returns its hash."""
        held = self.repositories.setdefault(repository, Repository())
        oid = sha1(f"{repository} {len(held.commits)} {at} {message}".encode()).hexdigest()  # noqa: S324 - as git does
        fields = {
            "oid": oid,
            "message": message,
            "committedDate": at,
            "additions": 1,
            "deletions": 1,
            "author": {"user": None if login is None else _account(login)},
            "associatedPullRequests": {"nodes": [] if number is None else [{"number": number}]},
        }
        held.commits[oid] = Commit(oid, at, held.head(), fields)
        return oid

    def merge(
        self, repository: str, number: int, at: str, *, login: str | None, message: str = "Merge", **fields: Any
    ) -> str:
        """A merged pull request; `fields` are further ones of its node. Returns the hash of its merge."""
        oid = self.commit(repository, at, message, login=login, number=number)
        ended = {"mergedAt": at, "closedAt": at, "mergeCommit": {"oid": oid, "message": message}}
        self.pull_requests.append({**_pull_request(repository, number, login), **ended, **fields})
        return oid

    def close(self, repository: str, number: int, at: str, *, login: str | None, **fields: Any) -> None:
        """A pull request that was closed and not merged."""
        self.repositories.setdefault(repository, Repository())
        ended = {"mergedAt": None, "closedAt": at, "mergeCommit": None}
        self.pull_requests.append({**_pull_request(repository, number, login), **ended, **fields})

    def deploy(self, repository: str, oid: str, at: str, *states: str, environment: str = "production") -> None:
        """A deployment with its statuses, the newest first."""
        held = self.repositories[repository]
        number = len(held.deployments) + 1
        deployment = {"id": number, "sha": oid, "ref": "main", "task": "deploy", "environment": environment}
        held.deployments.insert(0, {**deployment, "created_at": at, "updated_at": at, "creator": None})
        held.statuses[number] = [{"id": n, "state": state, "created_at": at} for n, state in enumerate(states)]

    def _error(self, status: int, words: str) -> object:
        return {"message": words, "documentation_url": "https://docs.github.com/rest", "status": str(status)}

    def _has_cursor(self, request: Request) -> bool:
        return request.path == "/graphql" and bool(request.json()["variables"].get("after"))

    def _answer(self, request: Request) -> Answer:
        _check_headers(request)
        if self.instead:
            return self.instead.pop(0)
        if request.path == "/graphql" and request.method == "POST":
            return self._graphql(request)
        return self._rest(request)

    def _rest(self, request: Request) -> Answer:
        deployments = re.fullmatch(r"/repos/([^/]+/[^/]+)/deployments(?:/(\d+)/statuses)?", request.path)
        if request.method != "GET" or (deployments is None and request.path != "/search/issues"):
            raise RefusedError(404, "Not Found")
        if deployments is None:
            return self._search_count(_checked_query(request, {"q", "per_page", "page"})["q"])
        repository = self.repositories.get(deployments.group(1))
        if repository is None:
            raise RefusedError(404, "Not Found")
        if deployments.group(2):
            asked = _checked_query(request, {"per_page", "page"})
            return _numbered(repository.statuses.get(int(deployments.group(2)), []), asked, request)
        asked = _checked_query(request, {"environment", "per_page", "page"})
        wanted = [one for one in repository.deployments if one["environment"] == asked.get("environment", "production")]
        return _numbered(wanted, asked, request)

    def _search_count(self, q: str) -> Answer:
        found = len(self._found(q)) + self.hidden
        incomplete = self.incomplete_searches > 0
        self.incomplete_searches -= incomplete
        body = {"total_count": found // 2 if incomplete else found, "incomplete_results": incomplete, "items": []}
        return json_answer(200, body)

    def _found(self, q: str) -> list[dict[str, Any]]:
        asked = _SEARCH.fullmatch(q)
        if asked is None:
            raise RefusedError(422, "Validation Failed")
        name = "mergedAt" if asked["field"] == "merged" else "closedAt"
        first, last = _moment(asked["first"]), _moment(asked["last"])
        return [
            node
            for node in self.pull_requests
            if (node["mergedAt"] is not None) == (asked["state"] == "merged")
            and node["repository"]["nameWithOwner"] != asked["without"]
            and first <= _moment(node[name]) <= last
        ]

    def _graphql(self, request: Request) -> Answer:
        asked = request.json()
        query, variables = str(asked["query"]), dict(asked["variables"])
        words = set(re.findall(r"[A-Za-z_]+", query))
        unknown = sorted(words - _KNOWN_FIELDS) + sorted(set(variables) ^ set(re.findall(r"\$(\w+):", query)))
        if set(asked) != {"query", "variables"} or unknown:
            return json_answer(200, {"errors": [{"type": "undefinedField", "message": f"no field {unknown}"}]})
        after = variables.pop("after")
        try:
            data = self._data(variables, after, in_search="search(" in query, main_line="defaultBranchRef" in query)
        except KeyError:
            return json_answer(200, {"data": None, "errors": [{"type": "NOT_FOUND", "message": "Could not resolve"}]})
        return json_answer(200, {"data": _only(data, words), "extensions": {}})

    def _data(self, asked: dict[str, Any], after: str | None, *, in_search: bool, main_line: bool) -> dict[str, Any]:
        if in_search:
            return {"search": _connection(self._found(asked["q"])[:MOST_RESULTS], str(asked), after, most=50)}
        repository = self.repositories[f"{asked['owner']}/{asked['name']}"]
        start = repository.head() if main_line else asked["oid"]
        history = None
        if start in repository.commits:
            commits = _ancestors(repository, start, _moment(asked["since"]))
            history = {"history": _connection([one.fields for one in commits], str(asked), after, most=100)}
        part = {"defaultBranchRef": history and {"target": history}} if main_line else {"object": history}
        return {"repository": part}


def _ancestors(repository: Repository, oid: str | None, since: datetime) -> list[Commit]:
    found = []
    while oid is not None and _moment(repository.commits[oid].at) >= since:
        found.append(repository.commits[oid])
        oid = repository.commits[oid].parent
    return found


def _pull_request(repository: str, number: int, login: str | None) -> dict[str, Any]:
    return {
        "number": number,
        "title": f"feat: {number}",
        "body": "Adds something.",
        "additions": 120,
        "deletions": 30,
        "author": None if login is None else _account(login),
        "repository": {"nameWithOwner": repository},
        "labels": {"nodes": []},
        "commits": {"nodes": [{"commit": {"message": "wip"}}, {"commit": {"message": "done"}}]},
    }


def _account(login: str) -> dict[str, str]:
    """As GraphQL writes it: a machine's login comes without "[bot]"."""
    return {"__typename": "Bot" if login.endswith("[bot]") else "User", "login": login.removesuffix("[bot]")}


def _connection(rows: list[dict[str, Any]], question: str, after: str | None, *, most: int) -> dict[str, Any]:
    place = (0, 0) if after is None else read_cursor(after, question)
    if place is None:
        raise KeyError("a foreign cursor")
    number, start = place
    end = start + page_size(number, len(rows), most)
    info = {"hasNextPage": end < len(rows), "endCursor": cursor(question, number + 1, end)}
    return {"pageInfo": info, "nodes": rows[start:end]}


def _only(data: Any, words: set[str]) -> Any:
    """`data` with the fields that were asked for, and no other."""
    if isinstance(data, list):
        return [_only(one, words) for one in data]
    if isinstance(data, dict):
        return {name: _only(value, words) for name, value in data.items() if name in words}
    return data


def _numbered(rows: list[dict[str, Any]], asked: dict[str, str], request: Request) -> Answer:
    """Pages of two, the second with a single row; the address of the next one in the header Link."""
    number, ends = int(asked.get("page", "1")), [0, 2, *range(3, len(rows) + 2, 2)]
    start = ends[number - 1] if number <= len(ends) else len(rows)
    end = ends[number] if number < len(ends) else len(rows)
    link = f'<http://elsewhere.example{request.path}?page={number + 1}>; rel="next"'
    return json_answer(200, rows[start:end], *([("link", link)] if end < len(rows) else []))


def _checked_query(request: Request, known: set[str]) -> dict[str, str]:
    unknown = sorted(set(request.fields) - known)
    if unknown:
        raise RefusedError(400, f"unknown parameter {unknown[0]}")
    if not 1 <= int(request.fields.get("per_page", "30")) <= 100:
        raise RefusedError(422, "per_page is not within 1 to 100")
    return request.fields


def _check_headers(request: Request) -> None:
    if request.headers.get("authorization") != f"Bearer {TOKEN}":
        raise RefusedError(401, "Bad credentials")
    if not request.headers.get("user-agent"):
        raise RefusedError(403, "Request forbidden by administrative rules. Please make sure you have a User-Agent")
    for name, (status, value) in _HEADERS.items():
        if request.headers.get(name) != value:
            raise RefusedError(status, f"{name} must be {value}")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
