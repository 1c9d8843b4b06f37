"""The tables of the engine that hands jobs to other processes, in a schema of their own beside ours, on PostgreSQL.

The engine brings its own statements; they are carried out here, so that its rows are written in a transaction of ours:
a run and its job are both there, or neither is. Called by `jobs/workers.py`. Next: `jobs/workers.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, LiteralString

from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.store.database import Store

SCHEMA = "procrastinate"
_LOCK = 7_301_955_269  # any fixed number: two processes that make the tables at once take turns

Steps = Sequence[tuple[str, str]]
"""The engine's own changes of its tables, by name, in order."""


def make(store: Store, *, whole: LiteralString, steps: Steps) -> None:
    """Make the engine's tables (`whole`), or bring them up to date; safe from several processes at once.

    The name of the last step stands in the comment on the schema.
    """
    newest = steps[-1][0]
    if _made_by(store) == newest:
        return
    with store.begin() as session:
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        made_by = session.scalar(_COMMENT, {"schema": SCHEMA})
        missing = [whole] if made_by is None else [step for name, step in steps if name > made_by]
        session.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
        session.execute(text(f"SET LOCAL search_path TO {SCHEMA}"))
        for statements in missing:
            _driver(session).execute(statements)
        session.execute(text(f"COMMENT ON SCHEMA {SCHEMA} IS '{newest}'"))


def connection(session: Session) -> Any:
    """The driver's connection of this transaction, on which the engine's own statements find its tables."""
    session.execute(
        text("SELECT set_config('search_path', current_setting('search_path') || ', ' || :schema, true)"),
        {"schema": SCHEMA},
    )
    return _driver(session)


def address(store: Store) -> str:
    """The database's address as its driver takes it, with the password: for a connection, never for eyes."""
    return store.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)


_COMMENT = text("SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = :schema")


def _driver(session: Session) -> Any:
    return session.connection().connection.driver_connection


def _made_by(store: Store) -> str | None:
    with store.read() as session:
        made_by: str | None = session.scalar(_COMMENT, {"schema": SCHEMA})
    return made_by
