"""Migrations and tables say the same."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from bot.store.database import Store
from bot.store.tables import Base


def test_tables_are_what_the_migrations_make(store: Store) -> None:
    """A migrated database differs in nothing from the tables that the code declares."""
    with store.engine.connect() as connection:
        assert [] == compare_metadata(MigrationContext.configure(connection), Base.metadata)
