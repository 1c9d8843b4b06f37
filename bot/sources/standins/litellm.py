"""A stand-in for a LiteLLM proxy: its export, its daily activity, its request log and its users.

It can be an old one, without the export or the log. One day's activity is cut over pages in the middle of a user and a
model, as the proxy cuts it: by database rows. Used by the tests and the demo. Next: `bot/sources/litellm.py`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from bot.sources.standins.server import Answer, RefusedError, Request, StandIn, json_answer

ADMIN_KEY = "sk-admin-viewer"
USER_KEY = "sk-of-somebody"

_EXPORT, _ACTIVITY = "/user/daily/activity/export", "/user/daily/activity"
_USERS, _LOG = "/user/list", "/spend/logs/v2"
_METRICS = (
    "spend",
    "prompt_tokens",
    "completion_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "api_requests",
    "successful_requests",
    "failed_requests",
)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}( \d{2}:\d{2}:\d{2})?")


@dataclass(frozen=True)
class Traffic:
    """One database row: what a user sent to a model on a day with one key."""

    user: str | None
    model: str
    metrics: Mapping[str, Any]


@dataclass(frozen=True)
class Logged:
    """One request of the log, at a moment of the day it is held for ("10:01:02")."""

    user: str
    model: str
    agent: str | None = None
    at: str = "10:01:02"
    tags: tuple[str, ...] = ()


class LiteLLMStandIn(StandIn):
    """The server, as a context manager. `hold...` gives it traffic, `server.break_next` makes it fail."""

    def __init__(self, *, key: str = ADMIN_KEY, most_per_page: int = 1000, log_cap: int = 10_000) -> None:
        super().__init__()
        self.has_export = True
        self.has_log = True
        self.names_users = True
        """Whether the activity says whose it is, which a proxy that is older still does not."""
        self._key = key
        self._most_per_page = most_per_page
        self._log_cap = log_cap
        self._traffic: dict[str, list[Traffic]] = defaultdict(list)
        self._log: dict[str, list[Logged]] = defaultdict(list)
        self._users: list[dict[str, Any]] = []

    def hold(self, day: date, traffic: Iterable[Traffic], log: Iterable[Logged] = ()) -> None:
        """From now on, these are all database rows and all requests of `day`."""
        with self.server.lock:
            self._traffic[day.isoformat()] = list(traffic)
            self._log[day.isoformat()] = list(log)

    def hold_users(self, users: Iterable[dict[str, Any]]) -> None:
        with self.server.lock:
            self._users = list(users)

    def be_new_and_well(self) -> None:
        """Have every way to be asked, and none of the troubles that are left over."""
        with self.server.lock:
            self.has_export = self.has_log = self.names_users = True
            self.forget_troubles()

    # ------------------------------------------------------------ answering

    def _error(self, status: int, words: str) -> object:
        kind = "auth_error" if status in (401, 403) else "internal_server_error"
        return {"error": {"message": words, "type": kind, "param": "None", "code": str(status)}}

    def _answer(self, request: Request) -> Answer:
        ways: dict[str, Callable[[Request], Any]] = {_ACTIVITY: self._activity, _USERS: self._user_list}
        ways |= {_EXPORT: self._export} if self.has_export else {}
        ways |= {_LOG: self._log_page} if self.has_log else {}
        if request.path not in ways:
            raise RefusedError(404, body={"detail": "Not Found"})
        if request.method != "GET":
            raise RefusedError(405, body={"detail": "Method Not Allowed"})
        said = request.headers.get("authorization", "")
        if said == f"Bearer {USER_KEY}":
            raise RefusedError(403, body={"detail": {"error": "Only proxy admins may see everybody's activity"}})
        if said != f"Bearer {self._key}":
            raise RefusedError(401, "Authentication Error, Invalid proxy server token passed")
        return json_answer(200, ways[request.path](request))

    def _export(self, request: Request) -> list[dict[str, Any]]:
        """One row for each user and model."""
        fields = _checked(request, {"start_date", "end_date", "export_type", "format"})
        if (fields.get("export_type"), fields.get("format")) != ("daily_with_models", "json"):
            raise RefusedError(400, body={"detail": "this stand-in exports daily_with_models as json"})
        sums: dict[tuple[str, str | None, str], Traffic] = {}
        for day in self._days(fields):
            for row in self._traffic[day]:
                key = (day, row.user, row.model)
                before = sums.get(key)
                sums[key] = row if before is None else replace(row, metrics=_sum([before.metrics, row.metrics]))
        empty = {"entity_alias": None, "api_key": None, "key_alias": None, "user_id": None, "user_email": None}
        return [
            {"date": day, "entity_id": row.user, "model": row.model, **empty, **row.metrics, "flat_cost": 0.0}
            for (day, _, _), row in sums.items()
        ]

    def _activity(self, request: Request) -> dict[str, Any]:
        """Pages run over database rows: the same day is on each of them."""
        fields = _checked(request, {"start_date", "end_date", "user_id", "page", "page_size"})
        rows = [
            (day, row)
            for day in reversed(self._days(fields))
            for row in self._traffic[day]
            if fields.get("user_id", row.user) == row.user
        ]
        number, start, end, last = self._place(fields, len(rows), default=50, most=1000)
        days = list(dict.fromkeys(day for day, _ in rows[start:end]))
        results = [self._result(day, [row for its_day, row in rows[start:end] if its_day == day]) for day in days]
        whole = _sum([row.metrics for _, row in rows])
        metadata = {f"total_{name}": value for name, value in whole.items()}
        metadata |= {"page": number, "total_pages": last, "has_more": number < last}
        return {"results": results, "metadata": metadata, "added_later": {"nested": [1, "two", None]}}

    def _result(self, day: str, rows: Sequence[Traffic]) -> dict[str, Any]:
        def split(name: Callable[[Traffic], str | None]) -> dict[str, Any]:
            names = dict.fromkeys(found for row in rows if (found := name(row)) is not None)
            return {
                one: {"metrics": _sum([row.metrics for row in rows if name(row) == one]), "metadata": {}}
                for one in names
            }

        entities = split(lambda row: row.user) if self.names_users else {}
        breakdown = {"models": split(lambda row: row.model), "entities": entities, "providers": {}, "api_keys": {}}
        return {"date": day, "metrics": _sum([row.metrics for row in rows]), "breakdown": breakdown}

    def _user_list(self, request: Request) -> dict[str, Any]:
        fields = _checked(request, {"page", "page_size"})
        number, start, end, last = self._place(fields, len(self._users), default=25, most=100)
        shown = {"users": self._users[start:end], "total": len(self._users), "page_size": end - start}
        return {**shown, "page": number, "total_pages": last}

    def _log_page(self, request: Request) -> dict[str, Any]:
        """The total counts no further than the cap, and nothing behind it can be had."""
        fields = _checked(request, {"start_date", "end_date", "page", "page_size"})
        first, after = (fields.get(name, "") for name in ("start_date", "end_date"))
        if not (_MOMENT.fullmatch(first) and _MOMENT.fullmatch(after)):
            raise RefusedError(400, "start_date and end_date are required")
        held = [
            (f"{day} {entry.at}", entry)
            for day, entries in self._log.items()
            for entry in entries
            if first <= f"{day} {entry.at}" <= after
        ]
        within = held[: self._log_cap]
        number, start, end, last = self._place(fields, len(within), default=50, most=1000)
        return {
            "data": [
                _log_entry(moment, entry, start + index) for index, (moment, entry) in enumerate(within[start:end])
            ],
            "total": len(within),
            "page": number,
            "page_size": end - start,
            "total_pages": last,
            "total_is_capped": len(held) > self._log_cap,
        }

    def _place(self, fields: Mapping[str, str], total: int, *, default: int, most: int) -> tuple[int, int, int, int]:
        """Page number, first and last row, how many pages there are: three at least for three rows, one short."""
        said = (fields.get("page", "1"), fields.get("page_size", str(default)))
        if not all(one.isascii() and one.isdigit() and int(one) > 0 for one in said) or int(said[1]) > most:
            raise RefusedError(422, body={"detail": [{"loc": ["query", "page_size"], "type": "less_than_equal"}]})
        number, size = int(said[0]), max(1, min(int(said[1]), self._most_per_page, -(-total // 3)))
        ends = [min(size, total)]
        while ends[-1] < total:
            ends.append(min(total, ends[-1] + (1 if len(ends) == 1 else size)))
        start = ends[number - 2] if 1 < number <= len(ends) else (0 if number == 1 else total)
        return number, start, ends[number - 1] if number <= len(ends) else total, len(ends)

    def _days(self, fields: Mapping[str, str]) -> list[str]:
        first, last = (fields.get(name, "") for name in ("start_date", "end_date"))
        if not (_DAY.fullmatch(first) and _DAY.fullmatch(last)):
            raise RefusedError(400, body={"detail": {"error": "Please provide start_date and end_date"}})
        return sorted(day for day in self._traffic if first <= day <= last)


def metrics(
    prompt: int | None,
    completion: int | None,
    *,
    read: int | None = None,
    written: int | None = None,
    requests: int | None = 1,
    failed: int | None = 0,
    spend: object = 0.0,
) -> dict[str, Any]:
    """The figures of a database row as the proxy names them; what is None is left out."""
    good = None if requests is None or failed is None else requests - failed
    values = (spend, prompt, completion, read, written, requests, good, failed)
    return {name: value for name, value in zip(_METRICS, values, strict=True) if value is not None}


def user(user_id: str, email: str | None, **more: object) -> dict[str, Any]:
    """One entry of the user list."""
    return {"user_id": user_id, "user_email": email, "user_role": "internal_user", "teams": [], "key_count": 2, **more}


def _log_entry(moment: str, entry: Logged, number: int) -> dict[str, Any]:
    agent = {} if entry.agent is None else {"user_agent": entry.agent}
    return {
        "request_id": f"chatcmpl-{number:04}",
        "startTime": f"{moment.replace(' ', 'T')}.100000Z",
        "model": entry.model,
        "user": entry.user,
        "status": "success",
        "request_tags": list(entry.tags),
        "messages": [{"role": "user", "content": "the secret plan"}],
        "metadata": {"user_api_key_alias": "laptop", **agent},
    }


def _sum(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    names = [name for name in _METRICS if any(name in part for part in parts)]
    return {name: sum(part.get(name, 0) for part in parts) for name in names}


def _checked(request: Request, known: set[str]) -> dict[str, str]:
    fields = request.fields
    for name in fields:
        if name not in known:
            raise RefusedError(400, body={"detail": f"{name}: unknown parameter"})
    if len(fields) < len(request.query):
        raise RefusedError(400, body={"detail": "a parameter is given twice"})
    return fields
