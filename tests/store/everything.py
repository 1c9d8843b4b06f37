"""Rows for two people in every personal table, made from the tables themselves: a new table or column is filled too."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Column, Date, Float, Integer, insert
from sqlalchemy.orm import Session

from bot.domain.people import IdentitySource
from bot.store import rights
from bot.store.batches import table_of
from bot.store.pseudonyms import subject_key
from bot.store.tables import Base, IdentityRow, NudgeRow, NudgeStepRow, PersonRow
from bot.store.types import UtcDateTime

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ADA = 48_611
BEN = 90_227
"""Numbers that stand nowhere else, so that a search for them finds only these two."""
ADA_NAMES = {"email": "ada.moreau@lantern.example", "slack": "U0ADA", "github": "ada-moreau"}
BEN_NAMES = {"email": "ben.castell@lantern.example", "slack": "U0BEN", "github": "ben-castell"}

_SIGNED = {"author_slack_id": ADA_NAMES["slack"], "approver_slack_id": BEN_NAMES["slack"]}


def fill(session: Session) -> None:
    """Ada manages Ben; each has a row in every personal table, and the other tables have one of nobody's."""
    for table in Base.metadata.sorted_tables:
        if table.name in rights.NOT_PERSONAL:
            signed = _SIGNED if table.name == "campaign" else {}
            session.execute(insert(table).values(**{c.name: _value(c, "x") for c in table.columns} | signed))
    for model in reversed(rights.PERSONAL):
        for person_id, names in ((ADA, ADA_NAMES), (BEN, BEN_NAMES)):
            for row in _rows(session, model, person_id, names):
                session.execute(insert(table_of(model)).values(**row))


def _rows(session: Session, model: type[Base], person_id: int, names: dict[str, str]) -> list[dict[str, Any]]:
    columns = table_of(model).columns
    row = {c.name: _value(c, f"x{person_id}") for c in columns}
    row |= {name: person_id for name in ("person_id", "nudge_id", "nudge_step_id", "finding_id") if name in row}
    if "manager_id" in row:
        row["manager_id"] = None if person_id == ADA else ADA
    if "volunteer_id" in row:
        row["volunteer_id"] = BEN if person_id == ADA else ADA
    if model is PersonRow:
        return [row]
    if model is IdentityRow:
        own = [row | {"source": source, "external_id": name} for source, name in names.items()]
        return [*own, row | {"source": "api_key_name", "external_id": names["email"].upper(), "person_id": None}]
    if model is NudgeRow:
        return [row | {"state": "sent"}]
    if model is NudgeStepRow or "subject" not in row:
        return [row]
    row |= {"subject": subject_key(session, IdentitySource.EMAIL, names["email"])}
    return [row, row | {"person_id": None, "source": "never_mapped"}]


def _value(column: Column[Any], word: str) -> Any:
    kind = column.type
    for types, value in (
        (UtcDateTime, NOON),
        (Date, date(2026, 2, 27)),
        (JSON, {"working_days": 20, "tools": ["claude_code"], "day": "2026-02-27"}),
        (Boolean, True),
        (Float, 0.5),
        ((BigInteger, Integer), 7),
    ):
        if isinstance(kind, types):
            return value
    return word
