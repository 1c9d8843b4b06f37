"""Opening a database at start: is it there, is it ours, and do its tables fit this version.

Called by `bot/app.py` and `bot/doctor.py`. Next: `bot/store/database.py`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NoReturn

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from bot.errors import InputError
from bot.store.database import MIGRATIONS, Store

_MEND = "check KINDLING_DATABASE_URL"


class Fit(StrEnum):
    """How the tables of a database fit this version of Kindling."""

    EMPTY = "empty"
    FOREIGN = "foreign"
    OLDER = "older"
    CURRENT = "current"
    NEWER = "newer"


def open_store(url: str) -> Store:
    """A store that is ready for work; an empty database gets its tables first.

    Raises InputError when the database cannot be reached, holds other tables, or was made by another version.
    """
    store = connect(url)
    try:
        found = fit(store)
        if found is Fit.EMPTY:
            store.upgrade()
        elif found is not Fit.CURRENT:
            refuse(store, found)
    except BaseException:
        store.close()
        raise
    return store


def refuse(store: Store, found: Fit) -> NoReturn:
    """Say in one sentence why this database cannot be worked with as it is."""
    raise InputError(f"The database {store.address} {_WHY_NOT[found]}.")


def connect(url: str) -> Store:
    """A store whose tables nobody has looked at yet. Raises InputError for an address that makes no sense."""
    try:
        return Store(url)
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise InputError(f"The address of the database is not one: {_MEND}.") from None


def fit(store: Store) -> Fit:
    """Compare the database with the migrations that ship. Raises InputError when it cannot be reached."""
    try:
        with store.engine.connect() as connection:
            return _fit(connection)
    except DBAPIError as error:
        reason = str(error.orig).strip().splitlines() or [type(error.orig).__name__]
        raise InputError(f"The database {store.address} cannot be opened ({reason[0]}): {_MEND}.") from error


def _fit(connection: Connection) -> Fit:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is None:
        return Fit.FOREIGN if set(inspect(connection).get_table_names()) - {"alembic_version"} else Fit.EMPTY
    if revision == scripts.get_current_head():
        return Fit.CURRENT
    known = {script.revision for script in scripts.walk_revisions()}
    return Fit.OLDER if revision in known else Fit.NEWER


_WHY_NOT = {
    Fit.FOREIGN: "holds tables that are not Kindling's: give Kindling a database of its own in KINDLING_DATABASE_URL",
    Fit.OLDER: "was made by an older Kindling: make a backup and run `kindling db upgrade`",
    Fit.NEWER: "was made by a newer Kindling: install that version or a later one",
}
