"""A stand-in for a shared calendar: one address that answers with an iCalendar, lines ending as the standard has it.

Called by the tests. Next: `bot/sources/ical.py`.
"""

from __future__ import annotations

from bot.sources.standins.server import Answer, Request, StandIn

PATH = "/calendars/private-7f3a/leave.ics"
"""As with most vendors, knowing the address is all it takes: part of it is a secret."""


class CalendarStandIn(StandIn):
    """The server, as a context manager. `content` is what it gives; `key` what it asks for, None for nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.content = calendar()
        self.key: str | None = None

    @property
    def base_url(self) -> str:
        return f"{self.server.base_url}{PATH}"

    def hold(self, *events: str, key: str | None = None, head: str = "") -> None:
        """Hold these events and no other, and forget all requests."""
        with self.server.lock:
            self.content = calendar(*events, head=head)
            self.key = key
            self.requests.clear()
            self.forget_troubles()

    def _error(self, _status: int, words: str) -> object:
        return {"error": words}

    def _answer(self, request: Request) -> Answer:
        if request.path != PATH or request.query:
            return Answer(404, b"Not found", content_type="text/plain")
        wanted = None if self.key is None else f"Bearer {self.key}"
        if request.headers.get("authorization") != wanted:
            return Answer(401, b"Unauthorized", content_type="text/plain")
        if "text/calendar" not in request.headers.get("accept", ""):
            return Answer(406, b"Not acceptable", content_type="text/plain")
        return Answer(200, self.content, content_type="text/calendar; charset=utf-8")


def calendar(*events: str, head: str = "") -> bytes:
    """An iCalendar with these events, each as lines without its BEGIN and END; `head` are lines of the calendar."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Lantern//Leave//EN", *head.split()]
    for number, event in enumerate(events, start=1):
        lines += ["BEGIN:VEVENT", f"UID:leave-{number}@lantern.example", *event.strip().splitlines(), "END:VEVENT"]
    return "".join(f"{line.strip()}\r\n" for line in [*lines, "END:VCALENDAR"]).encode()
