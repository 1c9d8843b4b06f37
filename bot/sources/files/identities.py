"""Reads a file of identities: which ids of which sources belong to whom. All three columns are needed; a blank address
says that the id is nobody's who works here.

For what a roster has no column for: a second account, an API key, an old address. Called by `jobs/import_files.py`;
kept by `bot/store/identities.py`.
"""

from __future__ import annotations

from pathlib import Path

from bot.domain.people import IdentitySource, identity_of, subject
from bot.domain.roster import IdentityRecord, spelled
from bot.sources.files.cells import Row
from bot.sources.files.table import Columns, Parsed, parse, refuse_twice

EXTERNAL_ID = "external_id"
COLUMNS = Columns(required=("email", "source", EXTERNAL_ID), optional=())
_NOT_BY_HAND = frozenset({IdentitySource.OTHER, IdentitySource.SCIM})
"""Ids that only we or a directory give."""
_SOURCES = tuple(source.value for source in IdentitySource if source not in _NOT_BY_HAND)


def read_identities(path: Path) -> Parsed[IdentityRecord]:
    """The ids of a file, each line once. InputError at the first line that will not do, or when two lines disagree."""
    parsed = parse(path, COLUMNS, _record)
    kept: dict[str, tuple[int, IdentityRecord]] = {}
    slack_of: dict[str, tuple[int, IdentityRecord]] = {}
    for line, record in parsed.records:
        first_line, first = kept.setdefault(record.subject, (line, record))
        if first.email != record.email:
            raise refuse_twice(parsed.file, EXTERNAL_ID, first_line, line, "gives the same one to another person")
        if record.email is not None and identity_of(record.subject)[0] is IdentitySource.SLACK:
            first_line, first = slack_of.setdefault(record.email, (line, record))
            if first.subject != record.subject:
                told = "gives the same person another Slack account"
                raise refuse_twice(parsed.file, EXTERNAL_ID, first_line, line, told)
    return Parsed(parsed.file, parsed.columns, parsed.unknown_columns, parsed.row_count, tuple(kept.values()))


def _record(row: Row) -> IdentityRecord:
    source = IdentitySource(row.needed_choice("source", _SOURCES))
    external_id = row.needed_text(EXTERNAL_ID)
    if source is IdentitySource.EMAIL:
        external_id = row.needed_email(EXTERNAL_ID)
    elif source is IdentitySource.SLACK:
        external_id = row.slack_id(EXTERNAL_ID) or external_id
    return IdentityRecord(row.email("email"), subject(source, spelled(source, external_id)))
