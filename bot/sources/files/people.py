"""Reads a roster: who works here. Only `email` is required; a `name` is accepted and not kept.

Called by `jobs/import_files.py`; kept by `bot/store/people.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bot.domain.people import IdentitySource
from bot.domain.roster import ID_COLUMNS, PersonRecord, spelled
from bot.errors import InputError
from bot.sources.files.cells import Row
from bot.sources.files.table import Columns, Parsed, parse, refuse_twice

NAME = "name"
ALIASES = "aliases"
COLUMNS = Columns(
    required=("email",),
    optional=(
        NAME,
        ALIASES,
        "team",
        "manager_email",
        "timezone",
        "locale",
        "country",
        "role",
        "started_on",
        "ended_on",
        *ID_COLUMNS,
    ),
)
_BETWEEN_ALIASES = ";"


def read_people(path: Path) -> Parsed[PersonRecord]:
    """The people of a roster. InputError at the first line that will not do, or when two lines claim one id."""
    parsed = parse(path, COLUMNS, _record)
    claimed: dict[tuple[IdentitySource, str], int] = {}
    for line, record in parsed.records:
        for column, source, external_id in claimed_ids(record):
            first = claimed.setdefault((source, spelled(source, external_id)), line)
            if first != line:
                raise refuse_twice(parsed.file, column, first, line, "has the same one")
    return parsed


def claimed_ids(record: PersonRecord) -> Iterator[tuple[str, IdentitySource, str]]:
    """All that a line claims for its person, each with its column."""
    yield "email", IdentitySource.EMAIL, record.email
    for alias in record.aliases:
        yield ALIASES, IdentitySource.EMAIL, alias
    for column, source in ID_COLUMNS.items():
        external_id = getattr(record, column)
        if external_id is not None:
            yield column, source, external_id


def _record(row: Row) -> PersonRecord:
    ids = {column: row.text(column) for column in ID_COLUMNS}
    login, username = ids["github_login"], ids["gitlab_username"]
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
        aliases=_aliases(row),
        **ids
        | {
            "github_login": None if login is None else login.casefold(),
            "gitlab_username": None if username is None else username.casefold(),
            "slack_user_id": row.slack_id("slack_user_id"),
        },
    )
    where = f"{row.file}, line {row.line}, column"
    if record.manager_email == record.email:
        raise InputError(f"{where} manager_email: nobody is their own manager; name another person or leave it blank.")
    if record.started_on and record.ended_on and record.ended_on < record.started_on:
        raise InputError(f"{where} ended_on: it lies before started_on; correct one of the two days.")
    return record


def _aliases(row: Row) -> tuple[str, ...]:
    """Other addresses of the same person, each once; their main one among them says nothing."""
    parts = (part.strip() for part in (row.text(ALIASES) or "").split(_BETWEEN_ALIASES))
    found = (replace(row, cells={ALIASES: part}).needed_email(ALIASES) for part in parts if part)
    return tuple(dict.fromkeys(alias for alias in found if alias != row.email("email")))
