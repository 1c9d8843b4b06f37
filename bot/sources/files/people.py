"""Reads a roster: who works here. Only `email` is required; a `name` is accepted and not kept.

Called by `jobs/import_files.py`; kept by `bot/store/people.py`.
"""

from __future__ import annotations

from pathlib import Path

from bot.domain.roster import PersonRecord
from bot.errors import InputError
from bot.sources.files.cells import Row
from bot.sources.files.table import Columns, Parsed, parse, refuse_twice

NAME = "name"
COLUMNS = Columns(
    required=("email",),
    optional=(
        NAME,
        "team",
        "manager_email",
        "timezone",
        "locale",
        "country",
        "role",
        "started_on",
        "ended_on",
        "github_login",
        "slack_user_id",
    ),
)
_ONE_PERSON_EACH = ("email", "github_login", "slack_user_id")


def read_people(path: Path) -> Parsed[PersonRecord]:
    """The people of a roster. InputError at the first line that will not do, or when two lines claim one id."""
    parsed = parse(path, COLUMNS, _record)
    for column in _ONE_PERSON_EACH:
        claimed: dict[str, int] = {}
        for line, record in parsed.records:
            value = getattr(record, column)
            if value is None:
                continue
            if value in claimed:
                raise refuse_twice(parsed.file, column, claimed[value], line, "has the same one")
            claimed[value] = line
    return parsed


def _record(row: Row) -> PersonRecord:
    login = row.text("github_login")
    record = PersonRecord(
        email=row.needed_email("email"),
        team=row.text("team"),
        manager_email=row.email("manager_email"),
        timezone=row.time_zone("timezone"),
        locale=row.text("locale"),
        country=row.country("country"),
        role=row.text("role"),
        started_on=row.day("started_on"),
        ended_on=row.day("ended_on"),
        github_login=None if login is None else login.casefold(),
        slack_user_id=row.slack_id("slack_user_id"),
    )
    where = f"{row.file}, line {row.line}, column"
    if record.manager_email == record.email:
        raise InputError(f"{where} manager_email: nobody is their own manager; name another person or leave it blank.")
    if record.started_on and record.ended_on and record.ended_on < record.started_on:
        raise InputError(f"{where} ended_on: it lies before started_on; correct one of the two days.")
    return record
