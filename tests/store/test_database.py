"""The store itself: transactions, moments, and two upgrades at once."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from bot.store.database import Store, wall_now
from bot.store.tables import PersonRow

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def test_moment_keeps_its_zone(store: Store) -> None:
    """A moment comes back as the same instant, aware and in UTC."""
    with store.begin() as session:
        session.add(PersonRow(created_at=NOON))

    with store.read() as session:
        assert NOON == session.scalars(select(PersonRow.created_at)).one()


def test_raised_error_undoes_everything(store: Store) -> None:
    """What a failing transaction wrote is not there afterwards."""
    with pytest.raises(ZeroDivisionError), store.begin() as session:
        session.add(PersonRow(created_at=NOON))
        session.flush()
        raise ZeroDivisionError

    with store.read() as session:
        assert 0 == session.scalar(select(func.count()).select_from(PersonRow))


def upgrade(url: str) -> None:
    """What a starting process does first."""
    opened = Store(url)
    opened.upgrade()
    opened.close()


def test_upgrading_twice_at_once_is_safe(database_url: str) -> None:
    """Two processes that start together both find the tables."""
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        list(pool.map(upgrade, [database_url] * 2))

    store = Store(database_url)
    with store.read() as session:
        assert 0 == session.scalar(select(func.count()).select_from(PersonRow))
    store.close()


def test_database_clock_is_ours(store: Store) -> None:
    """The database's clock and this machine's agree within a minute."""
    with store.read() as session:
        assert abs(wall_now(session) - datetime.now(UTC)) < timedelta(minutes=1)
