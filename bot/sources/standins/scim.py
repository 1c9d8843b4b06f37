"""A stand-in for a SCIM 2.0 directory: users in pages that begin with 1, as RFC 7644 has it and as vendors break it.

It refuses a wrong token, another `Accept` and unknown parameters, with an error whose status is a text. Told to, it
ignores where a page shall begin, gives fewer than asked for, pages by cursor, or leaves an empty list out. Used by the
tests. Next: `bot/sources/scim.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.sources.standins.cursors import cursor, page_size, read_cursor
from bot.sources.standins.server import Answer, RefusedError, Request, StandIn, json_answer

TOKEN = "scim-standin"  # noqa: S105 - opens nothing but the stand-in
PATH = "/scim/v2/Users"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

_KNOWN = {"startIndex", "count", "filter", "cursor"}
_MOST_ROWS = 100


@dataclass
class Manner:
    """How this directory differs from the standard; a new one does not."""

    most_rows: int = _MOST_ROWS
    ignores_start: bool = False
    by_cursor: bool = False
    error_with_200: bool = False
    no_list: bool = False


class ScimStandIn(StandIn):
    """The server, as a context manager. `users` is what it holds; `manner` how it speaks."""

    def __init__(self) -> None:
        super().__init__()
        self.users: list[dict[str, Any]] = []
        self.manner = Manner()

    @property
    def base_url(self) -> str:
        return f"{self.server.base_url}/scim/v2/"

    def hold(self, *users: dict[str, Any], manner: Manner | None = None) -> None:
        """Hold these users and no other, and forget all requests."""
        with self.server.lock:
            self.users = list(users)
            self.manner = manner or Manner()
            self.requests.clear()
            self.forget_troubles()

    def _error(self, status: int, words: str) -> object:
        return {"schemas": [ERROR], "status": str(status), "detail": words}

    def _has_cursor(self, request: Request) -> bool:
        return "cursor" in request.fields

    def _answer(self, request: Request) -> Answer:
        _check(request)
        if self.manner.error_with_200:
            return json_answer(200, self._error(401, "Authorization failure"))
        if self.manner.no_list:
            return json_answer(200, {"schemas": [LIST]})
        held = [user for user in self.users if _fits(user, request.fields.get("filter"))]
        if self.manner.by_cursor:
            return self._page_by_cursor(request, held)
        start = 1 if self.manner.ignores_start else int(request.fields["startIndex"])
        number = sum(1 for earlier in self.requests[:-1] if earlier.path == PATH)
        size = min(int(request.fields["count"]), page_size(number, len(held), self.manner.most_rows))
        if self.manner.ignores_start:
            size = self.manner.most_rows
        return json_answer(200, _list(held[start - 1 : start - 1 + size], len(held), start))

    def _page_by_cursor(self, request: Request, held: list[dict[str, Any]]) -> Answer:
        question = request.fields.get("filter", "")
        place = (0, 0)
        if "cursor" in request.fields:
            read = read_cursor(request.fields["cursor"], question)
            if read is None:
                raise RefusedError(400, "invalidCursor")
            place = read
        number, start = place
        end = start + page_size(number, len(held), self.manner.most_rows)
        page = _list(held[start:end], len(held), start + 1)
        if end < len(held):
            page["nextCursor"] = cursor(question, number + 1, end)
        return json_answer(200, page)


def user(number: int, *, manager: object = None, department: str | None = "Platform", **more: Any) -> dict[str, Any]:
    """A user as a directory lists them; `more` replaces whole fields, None leaves one out."""
    enterprise = {"employeeNumber": f"{1000 + number}", "department": department, "manager": manager}
    fields = {
        "schemas": [USER, ENTERPRISE],
        "id": f"scim-{number}",
        "externalId": f"emp-{1000 + number}",
        "userName": f"p{number}@lantern.example",
        "name": {"givenName": "Person", "familyName": f"Number {number}"},
        "active": True,
        "emails": [{"value": f"p{number}@lantern.example", "type": "work", "primary": True}],
        "timezone": "Europe/Berlin",
        "x-vendor": {"unknown": ["keys", 1]},
        ENTERPRISE: {name: value for name, value in enterprise.items() if value is not None},
        **more,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _check(request: Request) -> None:
    fields = request.fields
    numbers = [fields.get("count", ""), fields.get("startIndex", "1")]
    rules = (
        (request.headers.get("authorization") == f"Bearer {TOKEN}", 401, "Authorization failure"),
        (request.path == PATH, 404, "Resource not found"),
        (request.method == "GET", 405, "Method not allowed"),
        (request.headers.get("accept") == "application/scim+json", 406, "Not acceptable"),
        (fields.keys() <= _KNOWN, 400, "Unknown parameter"),
        (all(number.isdigit() and int(number) >= 1 for number in numbers), 400, "invalidValue"),
        (("startIndex" in fields) != ("cursor" in fields), 400, "startIndex or cursor, one of the two"),
    )
    for keeps, status, words in rules:
        if not keeps:
            raise RefusedError(status, words)


def _fits(held: dict[str, Any], filter_: str | None) -> bool:
    return filter_ is None or (filter_ == "active eq true" and held.get("active") is True)


def _list(users: list[dict[str, Any]], total: int, start: int) -> dict[str, Any]:
    page = {"schemas": [LIST], "totalResults": total, "itemsPerPage": len(users), "startIndex": start}
    return {**page, "Resources": users} if users else page
