"""The engine, its transactions and its own clock: the same on SQLite and on PostgreSQL.

Next: the modules of this folder, one a noun; each function takes a session first.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, func, literal_column, select
from sqlalchemy.exc import SQLAlchemyError as DatabaseError
from sqlalchemy.orm import Session

__all__ = [
    "DatabaseError",
    "Session",
    "Store",
    "wall_now",
]  # jobs and handlers name the session they pass on, and say no SQL

_BUSY_TIMEOUT_S = 30
MIGRATIONS = Path(__file__).parent / "migrations"


class Store:
    """One database. `begin()` writes and commits at the end, `read()` only reads."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = _engine(url)

    @property
    def address(self) -> str:
        """The URL for people to read, without a password."""
        return self.engine.url.render_as_string(hide_password=True)

    def upgrade(self) -> None:
        """Bring the tables to the newest migration; safe to call from several processes at once."""
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        with self.engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """A session that writes: committed at the end, rolled back when anything is raised.

        On SQLite it takes the write lock at once (BEGIN IMMEDIATE): a reader that turns writer half-way would fail with
        "database is locked" instead of waiting.
        """
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that only reads; nothing it does is kept."""
        engine = self.engine.execution_options(kindling_read_only=True)
        with Session(engine, expire_on_commit=False) as session:
            yield session

    def wipe_deleted(self) -> bool:
        """Let nothing that was erased stand in a file of ours any longer; False: somebody reads, the next time does it.

        On SQLite erased bytes are overwritten in the database; the log that is written ahead of it is emptied here. On
        PostgreSQL they go with the server's own vacuum (SECURITY.md).
        """
        if self.engine.dialect.name != "sqlite":
            return True
        with closing(self.engine.raw_connection()) as connection:  # outside of a transaction, in which it cannot be
            [busy, *_pages] = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    def close(self) -> None:
        self.engine.dispose()


def wall_now(session: Session) -> datetime:
    """The database's own time, for leases and pacing: the one clock that all processes share."""
    if session.get_bind().dialect.name == "sqlite":
        stamp = session.scalar(select(func.strftime("%Y-%m-%dT%H:%M:%f", "now")))
        return datetime.fromisoformat(str(stamp)).replace(tzinfo=UTC)
    moment = session.scalar(select(literal_column("clock_timestamp()")))
    assert isinstance(moment, datetime)
    return moment.astimezone(UTC)


def _engine(url: str) -> Engine:
    # hide_parameters: an error that is printed or logged must not quote anybody's row (P1).
    if not url.startswith("sqlite"):
        return create_engine(url, hide_parameters=True, pool_pre_ping=True, pool_size=10, max_overflow=30)
    engine = create_engine(
        url, hide_parameters=True, connect_args={"timeout": _BUSY_TIMEOUT_S, "check_same_thread": False}
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's own transaction handling is switched off; `_begin_sqlite` says BEGIN (SQLAlchemy, pysqlite dialect).
    connection.isolation_level = None
    waiting = f"busy_timeout={_BUSY_TIMEOUT_S * 1000}"
    # secure_delete: what a person has erased must not be read from the file either (P14).
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON", waiting):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    read_only = connection.get_execution_options().get("kindling_read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
