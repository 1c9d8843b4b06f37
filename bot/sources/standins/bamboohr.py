"""A stand-in for BambooHR: a directory and who is out, in JSON for those who ask for it and in XML for the others.

Called by the tests. Next: `bot/sources/bamboohr.py`.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from datetime import date
from typing import Any

from bot.sources.standins.server import Answer, Request, StandIn, json_answer

COMPANY = "lantern"
KEY = "bamboo-stand-in"
DIRECTORY = f"/{COMPANY}/v1/employees/directory"
WHOS_OUT = f"/{COMPANY}/v1/time_off/whos_out"


class BambooHrStandIn(StandIn):
    """The server, as a context manager. `hold` gives it people and their time off."""

    def __init__(self) -> None:
        super().__init__()
        self._employees: list[dict[str, Any]] = []
        self._out: list[dict[str, Any]] = []

    def hold(self, employees: Iterable[dict[str, Any]], out: Iterable[dict[str, Any]] = ()) -> None:
        """Hold these people and these entries, and no other; forget all requests."""
        with self.server.lock:
            self._employees, self._out = list(employees), list(out)
            self.requests.clear()
            self.forget_troubles()

    def _error(self, _status: int, words: str) -> object:
        return {"message": words}

    def _answer(self, request: Request) -> Answer:
        if request.path not in (DIRECTORY, WHOS_OUT):
            return json_answer(404, {"message": "not found"})
        if request.method != "GET":
            return json_answer(405, {"message": "method not allowed"})
        right = "Basic " + base64.b64encode(f"{KEY}:x".encode()).decode()
        if request.headers.get("authorization") != right:
            return json_answer(401, {"message": "unauthorized"})
        if "application/json" not in request.headers.get("accept", ""):
            return Answer(200, b"<?xml version='1.0'?><calendar/>", content_type="text/xml")
        return self._directory(request) if request.path == DIRECTORY else self._whos_out(request)

    def _directory(self, request: Request) -> Answer:
        if request.query:
            return json_answer(400, {"message": "unknown parameter"})
        return json_answer(200, {"fields": [{"id": "workEmail"}], "employees": self._employees})

    def _whos_out(self, request: Request) -> Answer:
        if set(request.fields) - {"start", "end"}:
            return json_answer(400, {"message": "unknown parameter"})
        try:
            first, last = (date.fromisoformat(request.fields[name]) for name in ("start", "end"))
        except (KeyError, ValueError):
            return json_answer(400, {"message": "start and end: days as YYYY-MM-DD"})
        inside = [one for one in self._out if one["start"] <= last.isoformat() and first.isoformat() <= one["end"]]
        return json_answer(200, inside)


def employee(number: int, email: str | None) -> dict[str, Any]:
    """One person of the directory; here the id is a text."""
    return {"id": str(number), "displayName": f"Somebody {number}", "workEmail": email, "added_later": [1, None]}


def time_off(number: int, start: str, end: str) -> dict[str, Any]:
    """One absence, both days included; here the id of the person is a number."""
    return {
        "id": 7000 + number,
        "type": "timeOff",
        "employeeId": number,
        "name": "Somebody",
        "start": start,
        "end": end,
    }


def company_day(day: str) -> dict[str, Any]:
    """A holiday of the company: it is nobody's absence."""
    return {"id": 1, "type": "holiday", "name": "Company day", "start": day, "end": day}
