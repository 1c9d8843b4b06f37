"""Who works here, what they hold, when they are away, which team they belong to; who must not be measured.

Next: `bot/store/tables/usage.py`.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, or_
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.tables.base import Base, BigKey


class PersonRow(Base):
    """Somebody who works here. No name and no address: those are identities."""

    __tablename__ = "person"
    person_id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=True)
    team: Mapped[str | None]
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("person.person_id", ondelete="SET NULL"), index=True)
    timezone: Mapped[str | None]
    locale: Mapped[str | None]
    country: Mapped[str | None]
    role: Mapped[str | None]
    started_on: Mapped[date | None]
    ended_on: Mapped[date | None]
    # Which of these a directory filled in, by its name as a source: only those may it change again.
    filled_by: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]
    # A forgotten person's number is never used again.
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy wants plain dicts


def works_here(person: type[PersonRow], day: date) -> ColumnElement[bool]:
    """Who works here on that day: nobody said that they began later or left before it."""
    return or_(person.ended_on.is_(None), person.ended_on >= day) & or_(
        person.started_on.is_(None), person.started_on <= day
    )


class IdentityRow(Base):
    """What a source calls somebody. `person_id` is NULL when the id could not be mapped: reported, never guessed."""

    __tablename__ = "identity"
    source: Mapped[str] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.person_id", ondelete="CASCADE"), index=True)
    method: Mapped[str]
    confidence: Mapped[str]
    first_seen_at: Mapped[datetime]


class SeatRow(Base):
    """A paid licence of one tool. `source` lists it, until it lists it no longer; NULL: a file, or somebody by hand."""

    __tablename__ = "seat"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.person_id", ondelete="CASCADE"), primary_key=True)
    tool: Mapped[str] = mapped_column(primary_key=True)
    assigned_on: Mapped[date] = mapped_column(primary_key=True)
    released_on: Mapped[date | None]
    monthly_cost_microusd: Mapped[int | None]
    source: Mapped[str | None]


class CalendarDayRow(Base):
    """A day on which this person does not work for a reason of their own. Weekends and holidays are computed.

    `source` is the calendar that says so, until it says so no longer; NULL: a file.
    """

    __tablename__ = "calendar_day"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.person_id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    reason: Mapped[str]
    source: Mapped[str | None]


class TeamStayRow(Base):
    """Who belonged to which team, and reported to whom, from when to when, both included; no last day: still so."""

    __tablename__ = "team_stay"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.person_id", ondelete="CASCADE"), primary_key=True)
    first_day: Mapped[date] = mapped_column(primary_key=True)
    last_day: Mapped[date | None]
    team: Mapped[str | None]
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("person.person_id", ondelete="SET NULL"), index=True)


class PseudonymKeyRow(Base):
    """The one secret of this installation with which ids are turned into keys; without it no key leads to an id.

    It stands in a table of its own, beside `identity`: whoever is given facts is given neither.
    """

    __tablename__ = "pseudonym_key"
    pseudonym_key_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    secret: Mapped[str]


class ExclusionRow(Base):
    """An id of somebody who must not be measured, as a key that names nobody: what comes under it is not kept.

    `address_key` is the key of the address that was excluded, the same for all ids of one person.
    """

    __tablename__ = "exclusion"
    id_key: Mapped[str] = mapped_column(primary_key=True)
    address_key: Mapped[str] = mapped_column(index=True)
