"""A stand-in for GitLab: one group's merge requests, and its projects' commits and deployments.

It refuses what GitLab refuses: a wrong token, a group whose path is not encoded, unknown parameters. Pages end with an
empty X-Next-Page, and no list says how many there are. Used by the tests. Next: `bot/sources/gitlab.py`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import datetime
from hashlib import sha1
from typing import Any

from bot.sources.standins.server import Answer, RefusedError, Request, StandIn, json_answer

TOKEN = "glpat-standin"  # noqa: S105 - opens nothing but the stand-in
GROUP = "acme/platform"

_REQUESTS = f"/api/v4/groups/{GROUP.replace('/', '%2F')}/merge_requests"
_OF_PROJECT = re.compile(r"/api/v4/projects/(\d+)/(.+)")
_OWN_COMMITS = re.compile(r"merge_requests/(\d+)/commits")
_OWN_REQUESTS = re.compile(r"repository/commits/([0-9a-f]{40})/merge_requests")
_PAGED = {"per_page", "page"}
_LISTED = {"scope", "state", "updated_after", "order_by", "sort"}


class GitLabStandIn(StandIn):
    """The server, as a context manager. What it holds grows by `merge`, `close`, `commit` and `deploy`."""

    def __init__(self) -> None:
        super().__init__()
        self.merge_requests: list[dict[str, Any]] = []
        self.own_commits: dict[tuple[int, int], list[str]] = {}
        """The messages of a merge request's commits, by project and number."""
        self.commits: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
        """The main line of a project, the oldest first."""
        self.deployments: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
        self.next_page_header = True
        self.projects_without_deployments: set[int] = set()
        """Projects that have the feature switched off."""
        self.touch_on_page_two: dict[str, Any] | None = None
        """A merge request that gets a comment just before somebody asks for page 2."""

    def forget(self) -> None:
        """Hold nothing."""
        with self.server.lock:
            for held in (self.merge_requests, self.own_commits, self.commits, self.deployments, self.requests):
                held.clear()
            self.next_page_header = True
            self.projects_without_deployments.clear()
            self.touch_on_page_two = None

    def commit(self, project: int, at: str, message: str, *, email: str = "", number: int | None = None) -> str:
        """A commit on the main line; `number` is the merge request that brings it. Returns its hash."""
        line = self.commits[project]
        oid = sha1(f"{project} {len(line)} {at} {message}".encode()).hexdigest()  # noqa: S324 - as git does
        author = {
            "author_name": email.partition("@")[0],
            "author_email": email,
            "authored_date": "2020-01-01T00:00:00Z",
        }
        line.append({"id": oid, "message": message, "committed_date": at, "request": number, **author})
        return oid

    def merge(
        self,
        project: int,
        number: int,
        at: str,
        *,
        username: str,
        commits: tuple[str, ...] = ("a", "b"),
        message: str = "Merge branch",
        **fields: Any,
    ) -> str:
        """A merged request; `commits` are the messages of its commits, `message` that of its merge, which itself is not
        said to come from a request; `fields` are further ones. Returns the hash of the merge.
        """
        oid = self.commit(project, at, message, email=f"{username}@acme.example")
        ended = {"state": "merged", "merged_at": at, "closed_at": None, "updated_at": at, "merge_commit_sha": oid}
        self.merge_requests.append({**_merge_request(project, number, username), **ended, **fields})
        self.own_commits[project, number] = list(commits)
        return oid

    def close(self, project: int, number: int, at: str, *, username: str, **fields: Any) -> None:
        """A request that was closed and not merged."""
        ended = {"state": "closed", "merged_at": None, "closed_at": at, "updated_at": at, "merge_commit_sha": None}
        self.merge_requests.append({**_merge_request(project, number, username), **ended, **fields})

    def deploy(
        self, project: int, oid: str, at: str, *, status: str = "success", environment: str = "production"
    ) -> None:
        """A deployment of a commit."""
        number = len(self.deployments[project]) + 1
        place = {"id": number, "environment": {"name": environment}, "sha": oid, "status": status}
        self.deployments[project].append({**place, "created_at": at, "updated_at": at})

    def _error(self, _status: int, words: str) -> object:
        return {"message": words}

    def _answer(self, request: Request) -> Answer:
        if request.headers.get("private-token") != TOKEN:
            raise RefusedError(401, "401 Unauthorized")
        if request.method != "GET":
            raise RefusedError(405, "405 Method Not Allowed")
        return self._page(self._rows(request), request)

    def _rows(self, request: Request) -> list[dict[str, Any]]:
        if request.path == _REQUESTS:
            if self.touch_on_page_two is not None and request.fields.get("page") == "2":
                self.touch_on_page_two["updated_at"] = "2026-11-22T05:59:59Z"
            return self._listed(_checked(request, _LISTED))
        of_project = _OF_PROJECT.fullmatch(request.path)
        if of_project is None:
            raise RefusedError(404, "404 Not Found")
        project, rest = int(of_project[1]), of_project[2]
        if rest == "repository/commits":
            return self._history(project, _checked(request, {"ref_name", "since"}))
        if rest == "deployments":
            if project in self.projects_without_deployments:
                raise RefusedError(403, "403 Forbidden")
            return self._deployed(
                project, _checked(request, {"environment", "status", "updated_after", "order_by", "sort"})
            )
        _checked(request, set())
        if own := _OWN_COMMITS.fullmatch(rest):
            messages = self.own_commits.get((project, int(own[1])))
            if messages is not None:
                return [{"id": f"{number:040x}", "message": message} for number, message in enumerate(messages)]
        if own := _OWN_REQUESTS.fullmatch(rest):
            [commit] = [one for one in self.commits[project] if one["id"] == own[1]]
            return [] if commit["request"] is None else [{"iid": commit["request"]}]
        raise RefusedError(404, "404 Not Found")

    def _listed(self, asked: dict[str, str]) -> list[dict[str, Any]]:
        if asked.get("scope") != "all":
            return []  # GitLab's default: only what the token's owner opened
        order, since = asked.get("order_by", "created_at"), datetime.fromisoformat(asked["updated_after"])
        rows = [
            one
            for one in self.merge_requests
            if one["state"] == asked["state"] and datetime.fromisoformat(one["updated_at"]) > since
        ]
        return sorted(rows, key=lambda one: str(one[order]), reverse=asked.get("sort", "desc") == "desc")

    def _history(self, project: int, asked: dict[str, str]) -> list[dict[str, Any]]:
        line = self.commits[project]
        if "ref_name" in asked:
            places = [place for place, one in enumerate(line, start=1) if one["id"] == asked["ref_name"]]
            if not places:
                raise RefusedError(404, "404 Tree Not Found")
            line = line[: places[0]]
        since = datetime.fromisoformat(asked["since"])
        return [one for one in reversed(line) if datetime.fromisoformat(one["committed_date"]) >= since]

    def _deployed(self, project: int, asked: dict[str, str]) -> list[dict[str, Any]]:
        if "updated_after" in asked and asked.get("order_by") != "updated_at":
            raise RefusedError(400, "400 Bad request - `updated_at` filter requires `updated_at` sort")
        since = datetime.fromisoformat(asked["updated_after"])
        rows = [
            one
            for one in self.deployments[project]
            if one["environment"]["name"] == asked["environment"]
            and one["status"] == asked["status"]
            and datetime.fromisoformat(one["updated_at"]) > since
        ]
        return sorted(rows, key=lambda one: str(one["updated_at"]), reverse=asked.get("sort") == "desc")

    def _page(self, rows: list[dict[str, Any]], request: Request) -> Answer:
        """Pages of two, the second with a single row."""
        number, ends = int(request.fields.get("page", "1")), [0, 2, *range(3, len(rows) + 2, 2)]
        start = ends[number - 1] if number <= len(ends) else len(rows)
        end = ends[number] if number < len(ends) else len(rows)
        following = str(number + 1) if end < len(rows) else ""
        headers = [("x-page", str(number)), *([("x-next-page", following)] if self.next_page_header else [])]
        return json_answer(200, [{**row, "added_later": {}} for row in rows[start:end]], *headers)


def _merge_request(project: int, number: int, username: str) -> dict[str, Any]:
    return {
        "id": 1000 * project + number,
        "iid": number,
        "project_id": project,
        "title": f"feat: {number}",
        "description": "Adds something.",
        "author": {"id": 1, "username": username, "state": "active"},
        "created_at": f"2026-11-01T00:00:00.{number:03d}Z",
        "labels": [],
        "sha": sha1(f"{project} {number}".encode()).hexdigest(),  # noqa: S324 - as git does
        "squash_commit_sha": None,
        "references": {"full": f"acme/platform/p{project}!{number}"},
    }


def _checked(request: Request, known: set[str]) -> dict[str, str]:
    unknown = sorted(set(request.fields) - known - _PAGED)
    if unknown:
        raise RefusedError(400, f"{unknown[0]} is invalid")
    if not 1 <= int(request.fields.get("per_page", "20")) <= 100:
        raise RefusedError(400, "per_page does not have a valid value")
    return request.fields
