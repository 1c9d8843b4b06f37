"""A stand-in for Claude Enterprise's activity report: one day in, one entry for each person, in the order of addresses.

A day that is not there yet is refused with 400 and the name of the latest day. Used by the tests.
Next: `bot/sources/claude_enterprise.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from bot.sources.standins.anthropic import ENTERPRISE_KEY, AnthropicOrganisation, Endpoint
from bot.sources.standins.server import Answer, RefusedError, Request

PATH = "/v1/organizations/analytics/users"

_PARAMETERS = frozenset(
    {"date", "starting_date", "ending_date", "limit", "page", "order", "order_by", "filter[]", "group_by[]"}
)
_PROGRAMS = ("excel", "outlook", "powerpoint", "word")


def entry(user_id: str, email: str, **counts: Any) -> dict[str, Any]:
    """One person's day as the vendor writes it, every block there. `counts` fills in what is not zero: messages,
    projects, code_sessions, commits, lines, accepted, rejected, cowork_sessions, cowork_messages, excel, word, design,
    science.
    """
    said = counts.get
    return {
        "user": {"id": user_id, "email_address": email, "type": "user"},
        "chat_metrics": {
            "message_count": said("messages", 0),
            "distinct_conversation_count": said("messages", 0),
            "distinct_projects_used_count": said("projects", 0),
        },
        "claude_code_metrics": {
            "core_metrics": {
                "distinct_session_count": said("code_sessions", 0),
                "commit_count": said("commits", 0),
                "pull_request_count": 0,
                "lines_of_code": {"added_count": said("lines", 0), "removed_count": 0},
            },
            "tool_actions": {
                "edit_tool": {"accepted_count": said("accepted", 0), "rejected_count": said("rejected", 0)},
                "write_tool": {"accepted_count": 0, "rejected_count": 0},
            },
        },
        "cowork_metrics": {**_block(said("cowork_sessions", 0), said("cowork_messages", 0)), "file_edit_count": None},
        "design_metrics": _block(said("design", 0), said("design", 0)),
        "office_metrics": {program: _block(said(program, 0), 2 * said(program, 0)) for program in _PROGRAMS},
        "science_metrics": _block(said("science", 0), 0),
        "web_search_count": 2 * said("messages", 0),
        "last_activity_date": None,
        "distinct_user_count": None,
    }


class ClaudeEnterpriseStandIn(AnthropicOrganisation):
    """The server, as a context manager. `hold` gives it entries (see `entry`)."""

    def __init__(self, *, latest_day: date) -> None:
        super().__init__(Endpoint(PATH, frozenset({ENTERPRISE_KEY}), _PARAMETERS, self._activity))
        self.latest_day = latest_day
        """The last day that the report has."""
        self._entries: dict[date, list[dict[str, Any]]] = {}

    def hold(self, day: date, entries: Iterable[dict[str, Any]]) -> None:
        """From now on, `entries` are all that the report says of `day`."""
        with self.server.lock:
            self._entries[day] = list(entries)

    def _activity(self, request: Request) -> Answer:
        day = self._asked_day(request)
        rows = sorted(self._entries.get(day, []), key=lambda one: str(one.get("user", {}).get("email_address")))
        return self.page(request, [{**row, "added_later": [1]} for row in rows], says_has_more=False)

    def _asked_day(self, request: Request) -> date:
        if "date" not in request.fields or "starting_date" in request.fields:
            raise RefusedError(400, "date: exactly one of date and starting_date is required")
        try:
            day = date.fromisoformat(request.fields["date"])
        except ValueError:
            raise RefusedError(400, "date: must be YYYY-MM-DD") from None
        if day > self.latest_day:
            latest = self.latest_day.isoformat()
            raise RefusedError(400, f"date {day} is not available yet; the most recent available day is {latest}")
        return day


def _block(sessions: int, messages: int) -> dict[str, Any]:
    return {"distinct_session_count": sessions, "message_count": messages, "skills_used_count": 0}
