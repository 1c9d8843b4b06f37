"""What `kindling queue` says: messages on their way, holds, runs and pieces. Totals and no name (P1).

Called by `bot/cli.py`. Next: `bot/store/backlog.py`; how to look deeper is in `docs/how-to/workers.md`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.store import backlog
from bot.store.backlog import JobStands, Messages
from bot.store.database import Store
from bot.store.types import start_of_day
from jobs.calendar import CALENDAR


@dataclass(frozen=True)
class Backlog:
    """How everything stands that is to be done."""

    messages: Messages
    holds: Mapping[str, float]
    jobs: tuple[JobStands, ...]

    def lines(self) -> Iterator[str]:
        """For people."""
        yield _said(self.messages)
        for name, wait_s in self.holds.items():
            yield f"hold {name}: nothing leaves for {wait_s:.0f} s, as Slack asked"
        for job in self.jobs:
            yield _said_of_job(job)
        if not self.jobs:
            yield "jobs: none was begun yet"

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        oldest = self.messages.oldest_due_for
        return {
            "messages": {
                "open": sum(self.messages.by_state.values()),
                **self.messages.by_state,
                "due": self.messages.due,
                "oldest_due_for_s": None if oldest is None else int(oldest.total_seconds()),
            },
            "holds_s": {name: round(wait_s) for name, wait_s in self.holds.items()},
            "jobs": {
                job.job: {
                    "scheduled_for": job.scheduled_for.isoformat(),
                    "state": job.state,
                    "attempts": job.attempts,
                    "error": job.error,
                    "today": job.since,
                    "pieces": job.pieces,
                }
                for job in self.jobs
            },
        }


def look(store: Store, *, now: datetime) -> Backlog:
    """How everything stands at `now`; today is the day in UTC."""
    with store.read() as session:
        stands = backlog.jobs(session, since=start_of_day(now.astimezone(UTC).date()), now=now)
        return Backlog(
            backlog.messages(session, now=now),
            backlog.holds(session),
            tuple(stands[appointment.job] for appointment in CALENDAR if appointment.job in stands),
        )


def _said(messages: Messages) -> str:
    total = sum(messages.by_state.values())
    if not total:
        return "messages: none on its way"
    oldest = messages.oldest_due_for
    since = "" if oldest is None else f", the oldest for {oldest.total_seconds() // 60:.0f} min"
    return f"messages: {total} on their way ({_listed(messages.by_state)}); {messages.due} due{since}"


def _said_of_job(job: JobStands) -> str:
    parts = [f"job {job.job}: {job.state} for {job.scheduled_for:%Y-%m-%d %H:%M} UTC, attempt {job.attempts}"]
    if job.error:
        parts.append(job.error)
    if job.pieces:
        parts.append(f"pieces: {_listed(job.pieces)}")
    if sum(job.since.values()) > 1:
        parts.append(f"today: {_listed(job.since)}")
    return "; ".join(parts)


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())
