"""Opening a database: filled when empty, used when it fits, refused with a reason otherwise."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from bot.errors import InputError
from bot.store.database import Store
from bot.store.opening import Fit, connect, fit, open_store


def test_empty_database_gets_its_tables(database_url: str) -> None:
    """The first opening creates the tables, the second finds them."""
    empty = connect(database_url)
    before = fit(empty)
    empty.close()
    for _ in range(2):
        store = open_store(database_url)
        assert Fit.CURRENT is fit(store)
        store.close()

    assert Fit.EMPTY is before


@pytest.mark.parametrize(
    ("revision", "found", "named"),
    [("9999", Fit.NEWER, "newer Kindling"), (None, Fit.FOREIGN, "not Kindling's")],
)
def test_other_tables_are_refused(store: Store, revision: str | None, found: Fit, named: str) -> None:
    """Tables of a later version, or of somebody else, are left alone and named."""
    with store.begin() as session:
        session.execute(text("DELETE FROM alembic_version"))
        if revision:
            session.execute(text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": revision})

    assert found is fit(store)
    with pytest.raises(InputError, match=named):
        open_store(store.url)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////nowhere/at/all/kindling.db",
        "postgresql+psycopg://me:pa55word@127.0.0.1:1/none",
        "postgresql+psycopg://me@127.0.0.1:port/none",
    ],
)
def test_unreachable_database_is_one_sentence(url: str) -> None:
    """A wrong address or a silent server is one sentence that names the setting and no password."""
    with pytest.raises(InputError, match="KINDLING_DATABASE_URL") as refused:
        open_store(url)

    assert 1 == len(str(refused.value).splitlines())
    assert "pa55word" not in str(refused.value)


def test_errors_of_the_database_quote_no_row(store: Store) -> None:
    """What a failed statement says does not carry the values that it was given."""
    with pytest.raises(Exception, match="no_such_table") as failed, store.begin() as session:
        session.execute(text("INSERT INTO no_such_table VALUES (:email)"), {"email": "ada.moreau@lantern.example"})

    assert "ada.moreau" not in str(failed.value)
