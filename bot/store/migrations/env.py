"""Alembic's entry. `Store.upgrade` hands in the connection; by hand, KINDLING_DATABASE_URL names the database."""

from __future__ import annotations

import os

from alembic import context
from sqlalchemy import Connection, text

from bot.store.database import Store
from bot.store.tables import Base

_MIGRATION_LOCK = 7_301_955_268  # any fixed number: two processes that upgrade at once take turns


def run(connection: Connection) -> None:
    """Run what `alembic` was asked for on one connection, alone."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        transactional_ddl=True,
    )
    context.run_migrations()


handed_in = context.config.attributes.get("connection")
if handed_in is not None:
    run(handed_in)
else:
    with Store(os.environ.get("KINDLING_DATABASE_URL", "sqlite:///kindling.db")).engine.begin() as own:
        run(own)
