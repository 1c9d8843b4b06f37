"""A stand-in for OpenAI's organisation reports: completions usage, costs, users, projects and their API keys.

It groups as it is asked to, cuts one day over several pages with an empty one among them, and refuses what the vendor
refuses in the vendor's own words. Used by the tests and the demo. Next: `bot/sources/standins/codex.py`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from bot.sources.standins.cursors import cursor, page_size, read_cursor
from bot.sources.standins.server import Answer, RefusedError, Request, StandIn, json_answer

ADMIN_KEY = "sk-admin-stand-in"
PROJECT_KEY = "sk-proj-stand-in"
"""A key that may use models and read no report."""

_ROOT = "/v1/organization/"
_MOST_BUCKETS = {"1d": 31, "1h": 168, "1m": 1440}
_USAGE_GROUPS = frozenset({"project_id", "user_id", "api_key_id", "model", "batch", "service_tier", "api_source"})
_COST_GROUPS = frozenset({"project_id", "line_item", "api_key_id"})
_TIMES = frozenset({"start_time", "end_time", "bucket_width", "group_by", "limit", "page"})
_TOO_LATE = 10_000_000_000
"""No second of this millennium: milliseconds."""
_DAY_S = 86_400
_EMPTY_PAGE = 2


class OpenAIStandIn(StandIn):
    """The server, as a context manager. `hold_...` gives it what it reports, `server.break_next` makes it fail."""

    def __init__(self, *, key: str = ADMIN_KEY, most_per_page: int = 100) -> None:
        super().__init__()
        self._key = key
        self._most_per_page = most_per_page
        self._usage: dict[int, list[dict[str, Any]]] = defaultdict(list)
        self._costs: dict[int, list[dict[str, Any]]] = defaultdict(list)
        self._users: list[dict[str, Any]] = []
        self._keys: dict[str, list[dict[str, Any]]] = {}

    def hold_usage(self, day: date, results: Iterable[dict[str, Any]]) -> None:
        """From now on, `results` (see `usage`) are all that was used on `day`."""
        with self.server.lock:
            self._usage[seconds(day)] = list(results)

    def hold_costs(self, day: date, *amounts: object, currency: str = "usd") -> None:
        """From now on, `day` cost these amounts, each in a result of its own, written as they are given."""
        with self.server.lock:
            self._costs[seconds(day)] = [_cost(amount, currency) for amount in amounts]

    def hold_users(self, users: Iterable[dict[str, Any]]) -> None:
        with self.server.lock:
            self._users = list(users)

    def hold_keys(self, keys: Mapping[str, Sequence[dict[str, Any]]]) -> None:
        """All projects, and the API keys of each."""
        with self.server.lock:
            self._keys = {project: list(held) for project, held in keys.items()}

    # ------------------------------------------------------------ answering

    def _error(self, status: int, words: str) -> object:
        return error_body(status, words)

    def _has_cursor(self, request: Request) -> bool:
        return not {"page", "after"}.isdisjoint(request.fields)

    def _answer(self, request: Request) -> Answer:
        check_caller(request, self._key, {PROJECT_KEY: "api.usage.read"})
        return json_answer(200, {**self._body(request), "added_later": {"nested": [1, "two", None]}})

    def _body(self, request: Request) -> dict[str, Any]:
        parts = request.path.removeprefix(_ROOT).split("/")
        if request.path == f"{_ROOT}usage/completions":
            extra = {"project_ids", "user_ids", "api_key_ids", "models", "batch"}
            return self._report(request, self._usage, _MOST_BUCKETS, _USAGE_GROUPS, extra)
        if request.path == f"{_ROOT}costs":
            return self._report(request, self._costs, {"1d": 180}, _COST_GROUPS, {"project_ids", "api_key_ids"})
        if request.path == f"{_ROOT}users":
            return self._list(request, self._users, {"emails"})
        if request.path == f"{_ROOT}projects":
            projects = [{"object": "organization.project", "id": name, "status": "active"} for name in self._keys]
            return self._list(request, projects, {"include_archived"})
        if len(parts) == 3 and parts[0] == "projects" and parts[2] == "api_keys" and parts[1] in self._keys:
            keys = self._keys[parts[1]]
            if request.fields.get("owner_project_access") != "any":
                keys = [key for key in keys if key["owner_project_access"] == "active"]
            return self._list(request, keys, {"owner_project_access"})
        raise RefusedError(404, f"Invalid URL ({request.method} {request.path})")

    def _report(
        self,
        request: Request,
        held: Mapping[int, list[dict[str, Any]]],
        most_buckets: Mapping[str, int],
        groups: frozenset[str],
        filters: set[str],
    ) -> dict[str, Any]:
        fields = checked_fields(request, _TIMES | filters, repeated={"group_by", *filters})
        first, after = time_span(fields)
        width = fields.get("bucket_width", "1d")
        if width not in most_buckets:
            raise RefusedError(400, "bucket_width: not supported")
        most = whole_number(fields, "limit", default="7", most=most_buckets[width])
        asked = request.all_of("group_by") + request.all_of("group_by[]")
        for group in asked:
            if group not in groups:
                raise RefusedError(400, f"group_by: {group} is not supported for this organization")
        days = range(first - first % _DAY_S, after, _DAY_S)
        items = [(day, result) for day in days for result in [*_grouped(held.get(day, []), asked), None]]
        return self._buckets(request, items, most)

    def _buckets(
        self, request: Request, items: Sequence[tuple[int, dict[str, Any] | None]], most_buckets: int
    ) -> dict[str, Any]:
        """A bucket's results and the end of it (None), cut into pages; the third page is an empty one."""
        question = asked_of(request, "page")
        number, start = continued(request, "page", question)
        size = 0 if number == _EMPTY_PAGE else page_size(number, len(items), self._most_per_page)
        shown = items[start : start + size]
        days = list(dict.fromkeys(day for day, _ in shown))[:most_buckets]
        shown = [item for item in shown if item[0] in days]
        end = start + len(shown)
        has_more = end < len(items)
        buckets = [
            {
                "object": "bucket",
                "start_time": day,
                "end_time": day + _DAY_S,
                "results": [result for its_day, result in shown if its_day == day and result is not None],
            }
            for day in days
        ]
        following = cursor(question, number + 1, end) if has_more else None
        return {"object": "page", "data": buckets, "has_more": has_more, "next_page": following}

    def _list(self, request: Request, entries: Sequence[dict[str, Any]], extra: set[str]) -> dict[str, Any]:
        fields = checked_fields(request, {"limit", "after", *extra}, repeated={"emails"})
        most = whole_number(fields, "limit", default="20", most=100)
        ids = [entry["id"] for entry in entries]
        if "after" in fields and fields["after"] not in ids:
            raise RefusedError(400, "after: no such id")
        start = ids.index(fields["after"]) + 1 if "after" in fields else 0
        size = page_size(1 if 0 < start < len(ids) - 1 else 0, len(ids), min(most, self._most_per_page))
        shown = entries[start : start + size]
        ends = {"first_id": shown[0]["id"], "last_id": shown[-1]["id"]} if shown else {}
        return {"object": "list", "data": list(shown), **ends, "has_more": start + size < len(ids)}


# ---------------------------------------------------------------- what is common to OpenAI's hosts


def error_body(status: int, message: str, code: str | None = None) -> dict[str, Any]:
    """An error as OpenAI words it."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def _refused(status: int, message: str, code: str) -> RefusedError:
    return RefusedError(status, body=error_body(status, message, code))


def check_caller(request: Request, key: str, weak_keys: Mapping[str, str]) -> None:
    """Refuse everybody who does not send `key`; a weak key is known, and lacks the scope that stands behind it."""
    if request.method != "GET":
        raise RefusedError(405, "Method not allowed")
    scheme, _, said = request.headers.get("authorization", "").partition(" ")
    if scheme == "Bearer" and said in weak_keys:
        message = f"You have insufficient permissions for this operation. Missing scopes: {weak_keys[said]}."
        raise _refused(403, message, "insufficient_permissions")
    if scheme != "Bearer" or said != key:
        raise _refused(401, "Incorrect API key provided", "invalid_api_key")


def checked_fields(request: Request, known: Iterable[str], *, repeated: Iterable[str] = ()) -> dict[str, str]:
    """The query; both spellings of a list are taken, anything unknown or given twice is refused."""
    lists = {*repeated, *(f"{name}[]" for name in repeated)}
    names = [name for name, _ in request.query]
    for name in names:
        if name not in {*known, *lists}:
            raise _refused(400, f"Unknown parameter: '{name}'.", "unknown_parameter")
        if names.count(name) > 1 and name not in lists:
            raise RefusedError(400, f"{name}: given twice")
    return request.fields


def time_span(fields: Mapping[str, str]) -> tuple[int, int]:
    """`start_time` and `end_time`, in whole seconds."""
    first, after = (fields.get(name, "") for name in ("start_time", "end_time"))
    for said in (first, after):
        if not (said.isascii() and said.isdigit() and int(said) < _TOO_LATE):
            raise RefusedError(400, "start_time, end_time: Unix seconds are required")
    if int(first) >= int(after):
        raise RefusedError(400, "end_time must be after start_time")
    return int(first), int(after)


def whole_number(fields: Mapping[str, str], name: str, *, default: str, most: int) -> int:
    said = fields.get(name, default)
    if not (said.isascii() and said.isdigit() and 1 <= int(said) <= most):
        raise RefusedError(400, f"{name}: from 1 to {most}")
    return int(said)


def asked_of(request: Request, cursor_name: str) -> str:
    """The question that a cursor belongs to."""
    return json.dumps([request.path, sorted(pair for pair in request.query if pair[0] != cursor_name)])


def continued(request: Request, cursor_name: str, question: str) -> tuple[int, int]:
    """The page's number and its first row, from 0."""
    if cursor_name not in request.fields:
        return 0, 0
    place = read_cursor(request.fields[cursor_name], question)
    if place is None:
        raise RefusedError(400, f"{cursor_name}: this cursor belongs to another question")
    return place


def seconds(day: date) -> int:
    """The first second of a UTC day."""
    return int(datetime.combine(day, time(), tzinfo=UTC).timestamp())


# ---------------------------------------------------------------- what it reports


def usage(
    user: str | None, model: str | None, *, key: str | None = None, requests: int | None = 1, **tokens: int | None
) -> dict[str, Any]:
    """One result of the usage report; `tokens` as the vendor names them, without "_tokens"."""
    return {
        "object": "organization.usage.completions.result",
        "user_id": user,
        "api_key_id": key,
        "model": model,
        "project_id": "proj_one",
        "batch": False,
        "service_tier": "default",
        "api_source": None,
        "num_model_requests": requests,
        **{f"{name}_tokens": value for name, value in tokens.items()},
        "input_audio_tokens": 0,
        "output_audio_tokens": 0,
    }


def user(user_id: str, email: str | None, **more: object) -> dict[str, Any]:
    """One entry of the user list; everybody was added on 2026-01-01."""
    named = {"object": "organization.user", "id": user_id, "name": "Somebody", "role": "reader", "added_at": 1767225600}
    return {**named, **({} if email is None else {"email": email}), **more}


def api_key(
    key_id: str, *, email: str | None, holder: str = "user-elsewhere", access: str = "active"
) -> dict[str, Any]:
    """One API key of a project: somebody's own, or with no `email` a service account's."""
    owner: dict[str, Any] = {"type": "service_account", "service_account": {"id": "user-svc", "name": "nightly"}}
    if email is not None:
        owner = {"type": "user", "user": {"id": holder, "email": email, "role": "member"}}
    return {
        "object": "organization.project.api_key",
        "id": key_id,
        "redacted_value": "sk-proj-abc...xyz",
        "owner_project_access": access,
        "owner": owner,
    }


def _cost(amount: object, currency: str) -> dict[str, Any]:
    return {
        "object": "organization.costs.result",
        "amount": {"value": amount, "currency": currency},
        "line_item": None,
        "project_id": None,
        "quantity": None,
    }


def _grouped(results: Sequence[dict[str, Any]], asked: Sequence[str]) -> list[dict[str, Any]]:
    """Results added up over all that was not asked for; what is not split is null. Costs are given as they stand."""
    if any("amount" in result for result in results):
        return list(results)
    sums: dict[tuple[object, ...], dict[str, Any]] = {}
    for result in results:
        kept = {name: value if name in asked or name not in _USAGE_GROUPS else None for name, value in result.items()}
        found = sums.setdefault(tuple(result[name] for name in asked), kept)
        if found is not kept:
            counted = [name for name in kept if name.endswith(("_tokens", "_requests"))]
            found.update({name: (found.get(name) or 0) + (kept[name] or 0) for name in counted})
    return list(sums.values())
