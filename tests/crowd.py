"""A crowd of whom everybody may be written to: a seat that was never used, and every day of the year covered.

Used by the chaos (tests/chaos.py) and by the benchmarks of delivery, where the real rules are to say yes until somebody
stops, an hour turns unfair or a cap is reached. Nobody here is real.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from sqlalchemy import insert, select

from bot.domain.nudging import LIVES_FOR, RULE_VERSION
from bot.domain.people import IdentitySource
from bot.domain.roster import PersonRecord, SeatRecord
from bot.domain.usage import CoverageStatus
from bot.store import coverage, people
from bot.store.batches import chunks
from bot.store.database import Store
from bot.store.tables import IdentityRow, NudgeRow

SEATS_FROM = date(2026, 1, 5)
YEAR = tuple(SEATS_FROM + timedelta(days=day) for day in range(355))
TOOL = "claude_code"
TIP_ID = "z03-what-stands-in-the-way"
TRIGGER = "never_used"
FACTS = {
    "tools": [TOOL],
    "seat_since": "2026-01-05",
    "seen_by": "the one source I can see",
    "first_day": "2026-02-02",
    "last_day": "2026-03-01",
}


def slack_id(number: int) -> str:
    """The Slack account of the person with this number in the crowd."""
    return f"U{number}"


def hire(store: Store, zones: Sequence[str]) -> list[int]:
    """As many people as there are `zones`, the first one in the first; returns their person numbers, in order."""
    now = datetime(2026, 1, 5, tzinfo=UTC)
    with store.begin() as session:
        coverage.mark(
            session, source="file", tool=TOOL, days=YEAR, status=CoverageStatus.COVERED, reason=None, as_of=now
        )
    for some in chunks(enumerate(zones), 5_000):
        addresses = [f"{number}@lantern.example" for number, _ in some]
        records = [
            PersonRecord(email=address, timezone=zone, slack_user_id=slack_id(number))
            for address, (number, zone) in zip(addresses, some, strict=True)
        ]
        with store.begin() as session:
            people.save_people(session, records=records, now=now)
            people.save_seats(session, seats=[SeatRecord(address, TOOL, SEATS_FROM) for address in addresses])
    with store.begin() as session:
        accounts = select(IdentityRow.external_id, IdentityRow.person_id).where(
            IdentityRow.source == IdentitySource.SLACK
        )
        person_of = {row.external_id: row.person_id for row in session.execute(accounts)}
        person_ids = [person_of[slack_id(number)] for number in range(len(zones))]
        for ids in chunks(person_ids, 5_000):
            coverage.cover_people(
                session, source="file", tool=TOOL, person_ids=ids, first_day=SEATS_FROM, last_day=None
            )
    return person_ids


def write_members(path: Path, count: int) -> Path:
    """The crowd as the members of a stand-in for Slack."""
    members = [
        {"slack_id": slack_id(number), "email": f"{number}@lantern.example", "name": f"Person {number}"}
        for number in range(count)
    ]
    path.write_text(json.dumps(members))
    return path


def plan(store: Store, due: Iterable[tuple[int, datetime]]) -> int:
    """A nudge for each of these people, due at whatever moment, fair or not; how many that were.

    As `decide` would have written them, but for the hour: it is the fence that has to heed it.
    """
    count = 0
    for some in chunks(due, 5_000):
        rows = [_row(person_id, due_at) for person_id, due_at in some]
        with store.begin() as session:
            session.execute(insert(NudgeRow), rows)
        count += len(rows)
    return count


def _row(person_id: int, due_at: datetime) -> dict[str, object]:
    return {
        "nudge_key": uuid4().hex,
        "person_id": person_id,
        "tip_id": TIP_ID,
        "topic": "what-stands-in-the-way",
        "trigger": TRIGGER,
        "rule_version": RULE_VERSION,
        "facts": FACTS,
        "planned_at": due_at - timedelta(hours=1),
        "due_at": due_at,
        "expires_at": due_at + LIVES_FOR,
        "state": "planned",
    }
