"""A stand-in for Jira Cloud's search: bounded questions, only the fields that are asked for, pages by token.

The second page is empty and has a token all the same. Days are read in the time zone of the token's owner. Used by the
tests. Next: `bot/sources/jira.py`.
"""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from bot.sources.standins.cursors import cursor, read_cursor
from bot.sources.standins.server import Answer, RefusedError, Request, StandIn, json_answer

KEY = "kindling@acme.example:ATATT-standin"
PATH = "/rest/api/3/search/jql"

_WITHDRAWN = "/rest/api/3/search"
_KNOWN = frozenset({"jql", "fields", "maxResults", "nextPageToken", "expand", "fieldsByKeys", "properties"})
_JQL = re.compile(
    r"(?:\(project in \((?P<projects>[A-Z, ]+)\)\) AND )?statusCategory = Done"
    r' AND resolved >= "(?P<first>[\d-]+)" AND resolved < "(?P<end>[\d-]+)" ORDER BY resolved ASC'
)


class JiraStandIn(StandIn):
    """The server, as a context manager. `resolve` gives it tickets."""

    def __init__(self) -> None:
        super().__init__()
        self.owners_offset_h = 0
        """The offset of the time zone in the profile of the token's owner."""
        self.instead: list[Answer] = []
        """What the next requests get, whatever they ask."""
        self._issues: list[dict[str, Any]] = []

    def forget(self) -> None:
        """Hold nothing."""
        with self.server.lock:
            self._issues.clear()
            self.requests.clear()
            self.owners_offset_h = 0

    def resolve(self, number: int, at: str, assignee: dict[str, Any] | None, *, project: str = "SHOP") -> None:
        """A ticket that was resolved, with the offset written as Jira writes it (+0100)."""
        fields: dict[str, Any] = {
            "summary": "Cart totals wrong",
            "assignee": assignee,
            "resolutiondate": at,
            "labels": [],
        }
        self._issues.append({"id": str(number), "key": f"{project}-{number}", "fields": fields})

    def _error(self, _status: int, words: str) -> object:
        return {"errorMessages": [words], "errors": {}}

    def _has_cursor(self, request: Request) -> bool:
        return request.path == PATH and "nextPageToken" in request.json()

    def _answer(self, request: Request) -> Answer:
        _check(request)
        return self.instead.pop(0) if self.instead else json_answer(200, self._page(request.json()))

    def _page(self, asked: dict[str, Any]) -> dict[str, Any]:
        question = str({name: value for name, value in asked.items() if name != "nextPageToken"})
        place = read_cursor(asked["nextPageToken"], question) if "nextPageToken" in asked else (0, 0)
        if place is None:
            raise RefusedError(400, "The provided next page token is invalid or expired.")
        found, (number, start) = self._found(asked["jql"]), place
        size = 0 if number == 1 else max(1, min(asked.get("maxResults", 50), -(-len(found) // 3)))
        end = start + size
        fields = set(asked.get("fields", ["id"]))
        issues = [_with_fields(issue, fields) for issue in found[start:end]]
        if end < len(found):
            return {"issues": issues, "nextPageToken": cursor(question, number + 1, end)}
        return {"issues": issues, "isLast": True}

    def _found(self, jql: str) -> list[dict[str, Any]]:
        asked = _JQL.fullmatch(jql)
        if asked is None:
            raise RefusedError(400, "Unbounded JQL queries are not allowed here. Please add a search restriction.")
        zone = timezone(timedelta(hours=self.owners_offset_h))
        first, end = (datetime.fromisoformat(asked[name]).replace(tzinfo=zone) for name in ("first", "end"))
        projects = asked["projects"] and {name.strip() for name in asked["projects"].split(",")}
        found = [
            issue
            for issue in self._issues
            if first <= _resolved(issue) < end and (not projects or issue["key"].partition("-")[0] in projects)
        ]
        return sorted(found, key=_resolved)


def _with_fields(issue: dict[str, Any], asked: set[str]) -> dict[str, Any]:
    """Without `fields` in the question only the id is told."""
    fields = {name: value for name, value in issue["fields"].items() if name in asked}
    return {"id": issue["id"], "added_later": 1, **({"key": issue["key"], "fields": fields} if fields else {})}


def _resolved(issue: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(issue["fields"]["resolutiondate"]).astimezone(UTC)


def _check(request: Request) -> None:
    if request.headers.get("authorization") != f"Basic {base64.b64encode(KEY.encode()).decode()}":
        raise RefusedError(401, "Client must be authenticated to access this resource.")
    if request.path == _WITHDRAWN:
        raise RefusedError(410, "The requested API has been removed. Please migrate to /rest/api/3/search/jql.")
    if request.path != PATH:
        raise RefusedError(404, "Not Found")
    if request.method != "POST":
        raise RefusedError(405, "Method Not Allowed")
    asked = request.json()
    unknown = sorted(set(asked) - _KNOWN)
    if unknown or request.query:
        raise RefusedError(400, f"Unrecognized field {unknown}")
    if not isinstance(asked.get("nextPageToken", ""), str) or not 1 <= asked.get("maxResults", 50) <= 5000:
        raise RefusedError(400, "Invalid request payload.")
