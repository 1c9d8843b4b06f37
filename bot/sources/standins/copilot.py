"""A stand-in for GitHub Copilot's reports, seats, bills and single sign-on: as strict as the documented contracts.

There are two servers, as in real life: one answers with the key, the other hands out the signed files, once each, and
refuses whoever shows it a key. Used by the tests and the demo. Next: `bot/sources/copilot.py`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlencode

from bot.sources.standins.cursors import cursor, page_size, read_cursor
from bot.sources.standins.server import Answer, RefusedError, Request, StandIn, StandInServer, json_answer

TOKEN = "github_pat_stand-in"  # noqa: S105 - opens nothing
VERSIONS = frozenset({"2026-03-10", "2022-11-28"})
ADDED_LATER = {"added_later": {"nested": [1, "two", None]}}

_QUERIES = {"report": {"day"}, "seats": {"page", "per_page"}, "bill": {"year", "month", "day", "user"}}


class Absence(StrEnum):
    """How GitHub says that there is no report."""

    NO_CONTENT = "204"
    NOT_FOUND = "404"
    EMPTY_TEXT = "200 with an empty text"


class Format(StrEnum):
    """How a file is written. LINES ends with a blank line."""

    LINES = "one object a line"
    LIST = "a list"
    OBJECT = "one object with day_totals"


class CopilotStandIn(StandIn):
    """Both servers, as a context manager. The `hold` methods say what is there, `absent` which days have no report."""

    def __init__(self, *, token: str = TOKEN, account: str = "orgs/acme") -> None:
        super().__init__()
        kind, _, name = account.partition("/")
        self.absent: dict[date, Absence] = {}
        self.may_see_bills = True
        self.refuses_addresses: str | None = None
        """The type of the error that single sign-on is answered with, such as FORBIDDEN."""
        self.host_of_links: str | None = None
        """Where the links lead instead of the second server."""
        self.format = Format.LINES
        self.file_host = StandInServer(self._file, error=lambda status, text: {"status": status, "text": text})
        self._token, self._organisation = token, name if kind == "orgs" else None
        self._bill_path = f"/{'organizations' if kind == 'orgs' else kind}/{name}/settings/billing/ai_credit/usage"
        self._kinds = {
            f"/{account}/copilot/metrics/reports/users-1-day": "report",
            f"/{account}/copilot/billing/seats": "seats",
            self._bill_path: "bill",
        }
        self._files: dict[date, list[list[dict[str, Any]]]] = {}
        self._links: dict[str, str] = {}
        self._seats: list[dict[str, Any]] = []
        self._addresses: list[dict[str, Any]] = []
        self._bills: dict[date, dict[str | None, list[dict[str, Any]]]] = defaultdict(dict)

    def __enter__(self) -> Self:
        self.file_host.__enter__()
        return super().__enter__()

    def __exit__(self, *raised: type[BaseException] | BaseException | TracebackType | None) -> None:
        super().__exit__(*raised)
        self.file_host.__exit__(*raised)

    def hold(self, day: date, *files: Iterable[dict[str, Any]]) -> None:
        """From now on, the report of `day` is these files, with a row for each person."""
        with self.server.lock:
            self._files[day] = [list(file) for file in files]

    def hold_seats(self, seats: Iterable[dict[str, Any]]) -> None:
        with self.server.lock:
            self._seats = list(seats)

    def hold_addresses(self, identities: Iterable[dict[str, Any]]) -> None:
        """What single sign-on knows, see `identity`."""
        with self.server.lock:
            self._addresses = list(identities)

    def hold_bill(self, day: date, net_usd: Mapping[str, str]) -> None:
        """What each login's use of `day` cost after the allowance."""
        with self.server.lock:
            self._bills[day] = {login: [_bill_item(amount)] for login, amount in net_usd.items()}
            self._bills[day][None] = [_bill_item(amount) for amount in net_usd.values()]

    def _error(self, status: int, words: str) -> object:
        return {"message": words, "documentation_url": "https://docs.github.com/rest", "status": str(status)}

    def _has_cursor(self, request: Request) -> bool:
        if request.path == "/graphql":
            return request.json().get("variables", {}).get("after") is not None
        return "page" in request.fields

    def _answer(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Bearer {self._token}":
            raise RefusedError(401, "Bad credentials")
        if not request.headers.get("user-agent"):
            raise RefusedError(403, "Request forbidden by administrative rules")
        if request.path == "/graphql" and request.method == "POST":
            return self._graphql(request)
        kind = self._kinds.get(request.path)
        if kind is None or request.method != "GET":
            raise RefusedError(404, "Not Found")
        objection = _objection(request, kind)
        if objection is not None:
            raise RefusedError(400, objection)
        answers = {"report": self._report, "seats": self._seat_page, "bill": self._bill}
        return answers[kind](request)

    # ------------------------------------------------------------ the report and its files

    def _report(self, request: Request) -> Answer:
        day = date.fromisoformat(request.fields["day"])
        absence = self.absent.get(day, None if day in self._files else Absence.NOT_FOUND)
        if absence is not None:
            return {
                Absence.NO_CONTENT: Answer(204),
                Absence.NOT_FOUND: json_answer(404, self._error(404, "Not Found")),
                Absence.EMPTY_TEXT: json_answer(200, ""),
            }[absence]
        links = [self._sign(day, number, file) for number, file in enumerate(self._files[day], start=1)]
        return json_answer(200, {"download_links": links, "report_day": day.isoformat(), **ADDED_LATER})

    def _sign(self, day: date, number: int, rows: Sequence[dict[str, Any]]) -> str:
        signature = f"ab+c/{len(self._links)}="
        self._links[signature] = self._written(day, rows)
        host = self.host_of_links or self.file_host.base_url
        return f"{host}/r/users-1-day-{number:04}.ndjson?" + urlencode({"sig": signature, "se": "2026-11-22T02:00:00Z"})

    def _written(self, day: date, rows: Sequence[dict[str, Any]]) -> str:
        if self.format is Format.LINES:
            return "".join(json.dumps(row) + "\n" for row in rows) + "\n"
        if self.format is Format.LIST:
            return json.dumps(rows)
        said = day.isoformat()
        return json.dumps({"report_start_day": said, "report_end_day": said, "day_totals": rows}, indent=1)

    def _file(self, request: Request) -> Answer:
        """A link dies with its first use, whatever comes of it."""
        if "authorization" in request.headers or "cookie" in request.headers:
            return json_answer(400, {"text": "only one way to sign a request"})
        if request.method != "GET" or set(request.fields) != {"sig", "se"}:
            return json_answer(400, {"text": "not as it was signed"})
        content = self._links.pop(request.fields["sig"], None)
        if content is None:
            return json_answer(403, {"text": "signature not valid"})
        return Answer(200, content.encode(), content_type="application/octet-stream")

    # ------------------------------------------------------------ seats, bills, addresses

    def _seat_page(self, request: Request) -> Answer:
        number, most = int(request.fields.get("page", "1")), int(request.fields.get("per_page", "50"))
        sizes = [page_size(at, len(self._seats), most) for at in range(number)]
        start = sum(sizes[:-1])
        rows = [{**seat, **ADDED_LATER} for seat in self._seats[start : start + sizes[-1]]]
        links = []
        if start + sizes[-1] < len(self._seats):
            # The address is another one than ours, as behind a proxy: only its query may be used.
            target = f"https://api.github.example{request.path}?" + urlencode({"per_page": most, "page": number + 1})
            links = [("link", f'<{target}>; rel="next", <{target}>; rel="first"')]
        return json_answer(200, {"total_seats": len(self._seats), "seats": rows}, *links)

    def _bill(self, request: Request) -> Answer:
        if not self.may_see_bills:
            raise RefusedError(403, "Resource not accessible by personal access token")
        asked = {name: int(request.fields[name]) for name in ("year", "month", "day")}
        login = request.fields.get("user")
        items = self._bills[date(asked["year"], asked["month"], asked["day"])].get(login, [])
        return json_answer(200, {"timePeriod": asked, "usageItems": [*items, _other_item()] if items else []})

    def _graphql(self, request: Request) -> Answer:
        asked = request.json()
        variables = asked.get("variables", {})
        if set(asked) != {"query", "variables"} or set(variables) != {"login", "after"}:
            return json_answer(200, {"errors": [{"type": "UNPROCESSABLE", "message": "a variable is wrong"}]})
        if self.refuses_addresses is not None:
            refusal = {"type": self.refuses_addresses, "message": "Resource not accessible by personal access token"}
            return json_answer(200, {"data": {"organization": None}, "errors": [refusal]})
        if variables["login"] != self._organisation:
            return json_answer(200, {"data": None, "errors": [{"type": "NOT_FOUND", "message": "no such login"}]})
        if not self._addresses:
            return json_answer(200, {"data": {"organization": {"samlIdentityProvider": None}}})
        after = variables["after"]
        place = (0, 0) if after is None else read_cursor(after, self._organisation or "")
        if place is None:
            return json_answer(200, {"errors": [{"type": "INVALID_CURSOR_ARGUMENTS", "message": "not a cursor"}]})
        number, start = place
        end = start + page_size(number, len(self._addresses), 100)
        info = {
            "hasNextPage": end < len(self._addresses),
            "endCursor": cursor(self._organisation or "", number + 1, end),
        }
        edges = [{"node": node} for node in self._addresses[start:end]]
        identities = {"pageInfo": info, "edges": edges}
        return json_answer(
            200, {"data": {"organization": {"samlIdentityProvider": {"externalIdentities": identities}}}}
        )


def person(
    day: date,
    number: int,
    login: str,
    *,
    prompts: int = 0,
    offered: int = 0,
    accepted: int = 0,
    lines_added: int = 0,
    **more: Any,
) -> dict[str, Any]:
    """One line of a report. `more` are further fields as GitHub names them."""
    return {
        "report_start_day": day.isoformat(),
        "report_end_day": day.isoformat(),
        "day": day.isoformat(),
        "user_id": number,
        "user_login": login,
        "user_initiated_interaction_count": prompts,
        "code_generation_activity_count": offered,
        "code_acceptance_activity_count": accepted,
        "loc_added_sum": lines_added,
        "ai_credits_used": 12.5,
        "totals_by_ide": [{"ide": "vscode", "user_initiated_interaction_count": prompts}],
        **ADDED_LATER,
        **more,
    }


def terminal(
    *, sessions: int, requests: int, prompts: int, output: int, feature: Mapping[str, int] | None = None
) -> dict[str, Any]:
    """The fields of a line that tell of the terminal; `feature` is the terminal's part of the whole."""
    told = {
        "session_count": sessions,
        "request_count": requests,
        "prompt_count": prompts,
        "token_usage": {
            "prompt_tokens_sum": 2_100_000,
            "output_tokens_sum": output,
            "avg_tokens_per_request": 48145.5,
        },
    }
    features = [] if feature is None else [{"feature": "copilot_cli", **feature}]
    return {"used_cli": True, "totals_by_cli": told, "totals_by_feature": features}


def seat(login: str | None, number: int = 0, **more: Any) -> dict[str, Any]:
    """One seat, never signed in to. `more` are its fields as GitHub names them."""
    assignee = None if login is None else {"login": login, "id": number, "type": "User", "site_admin": False}
    return {
        "created_at": "2026-02-01T09:00:00Z",
        "pending_cancellation_date": None,
        "last_activity_at": None,
        "last_activity_editor": None,
        "last_authenticated_at": None,
        "plan_type": "business",
        "assignee": assignee,
        "assigning_team": None,
        **more,
    }


def identity(name_id: str, login: str | None, *addresses: str) -> dict[str, Any]:
    """One identity of single sign-on; without a login nobody linked it yet."""
    emails = {"emails": [{"value": address} for address in addresses]} if addresses else {}
    return {"samlIdentity": {"nameId": name_id, **emails}, "user": None if login is None else {"login": login}}


def _bill_item(net_usd: str) -> dict[str, Any]:
    amount = float(net_usd)
    item = {"product": "Copilot", "sku": "Copilot AI Credits", "model": "Claude Sonnet 5.5", "unitType": "credits"}
    return {**item, "pricePerUnit": 0.01, "grossAmount": amount + 1.25, "discountAmount": 1.25, "netAmount": amount}


def _other_item() -> dict[str, Any]:
    return {"product": "Spark", "sku": "Spark", "grossAmount": 7.0, "discountAmount": 0, "netAmount": 7.0}


def _objection(request: Request, kind: str) -> str | None:
    fields = request.fields
    numbers = {"page", "per_page", "year", "month"} & set(fields)
    objections = {
        "accept: application/vnd.github+json": request.headers.get("accept") != "application/vnd.github+json",
        "x-github-api-version: not supported": request.headers.get("x-github-api-version") not in VERSIONS,
        "a parameter is given twice": len(fields) < len(request.query),
        "day: is required as YYYY-MM-DD": kind == "report" and not _is_day(fields.get("day", "")),
        "year, month, day: are required": kind == "bill" and not {"year", "month", "day"} <= set(fields),
        "a number is expected": any(not fields[name].isdigit() for name in numbers),
    }
    unknown = [f"{quote(name)}: unknown parameter" for name in fields if name not in _QUERIES[kind]]
    for text in (*unknown, *(text for text, holds in objections.items() if holds)):
        return text
    if kind == "seats" and not 1 <= int(fields.get("per_page", "50")) <= 100:
        return "per_page: from 1 to 100"
    return None


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
