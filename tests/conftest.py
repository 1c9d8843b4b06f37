"""What every test can ask for: a migrated store on SQLite and on PostgreSQL, and a clock that stands still."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.clock import HandClock
from bot.store.database import Store
from bot.store.tables import PseudonymKeyRow
from tests import postgres

MONDAY_MORNING = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting, token or proxy of the machine reaches a test."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "KINDLING_CONFIG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def pg_server() -> Iterator[str]:
    with postgres.server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database; a test that asks for it runs once on each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'kindling.db'}"
        return
    with postgres.database(request.getfixturevalue("pg_server")) as url:
        yield url


@pytest.fixture(scope="session")
def migrated_pg(pg_server: str) -> Iterator[str]:
    """A database that the migrations made once; each test gets a copy of it, which takes a tenth of the time."""
    with postgres.database(pg_server) as url:
        made = Store(url)
        _prepare(made)
        yield url


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as a file."""
    path = tmp_path_factory.mktemp("migrated") / "kindling.db"
    made = Store(f"sqlite:///{path}")
    _prepare(made)
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty, migrated store, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        yield from _opened(_copied(request.getfixturevalue("migrated_sqlite"), tmp_path))
        return
    template = request.getfixturevalue("migrated_pg").rsplit("/", 1)[1]
    with postgres.database(request.getfixturevalue("pg_server"), template=template) as url:
        yield from _opened(url)


@pytest.fixture
def sqlite_store(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Store]:
    """An empty, migrated store on SQLite alone, for tests in which the database does not matter."""
    yield from _opened(_copied(migrated_sqlite, tmp_path))


@pytest.fixture
def clock() -> HandClock:
    """Monday, 2 March 2026, 10:00 UTC, until it is moved."""
    return HandClock(MONDAY_MORNING)


@pytest.fixture
def own_logging() -> Iterator[None]:
    """For a test that calls the command line in this process: its logging ends with the test."""
    logger = logging.getLogger("kindling")
    before = list(logger.handlers), logger.level, logger.propagate
    yield
    logger.handlers[:], logger.propagate = before[0], before[2]
    logger.setLevel(before[1])


def _prepare(made: Store) -> None:
    """All tables, and the same secret in each, so that what two test databases hold can be compared."""
    made.upgrade()
    with made.begin() as session:
        session.execute(update(PseudonymKeyRow).values(secret="5e" * 32))
    made.close()


def _copied(migrated: Path, folder: Path) -> str:
    shutil.copy(migrated, folder / "kindling.db")
    return f"sqlite:///{folder / 'kindling.db'}"


def _opened(url: str) -> Iterator[Store]:
    opened = Store(url)
    yield opened
    opened.close()
