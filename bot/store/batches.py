"""Writing many rows at once, the same way on SQLite and on PostgreSQL. Called by the other modules of this room.

Next: `bot/store/people.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any, TypeVar, cast

from sqlalchemy import Table, tuple_
from sqlalchemy import select as sql_select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.store.tables import Base

BATCH_ROWS = 2_000
"""Rows of one statement. A key has at most 6 columns: 12,000 variables, under SQLite's limit of 32,766."""

Item = TypeVar("Item")
Values = Mapping[str, Any]


@dataclass(frozen=True)
class Saved:
    """What a save did. `unmapped` holds the ids that belong to nobody we know: reported, never guessed."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    unmapped: tuple[str, ...] = ()

    def plus(self, other: Saved) -> Saved:
        return Saved(
            added=self.added + other.added,
            changed=self.changed + other.changed,
            unchanged=self.unchanged + other.unchanged,
            unmapped=self.unmapped + other.unmapped,
        )


def chunks(items: Iterable[Item], size: int = BATCH_ROWS) -> Iterator[list[Item]]:
    """`items` in lists of at most `size`; nothing is held longer than its list."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def merge(
    session: Session, model: type[Base], rows: Iterable[Values], *, ignore: frozenset[str] = frozenset()
) -> Saved:
    """Insert what is new, overwrite what differs, leave alone what is the same.

    `rows` hold the same columns each, the whole primary key among them, and no key twice. Columns in `ignore` do not
    make a difference by themselves (the time of reading, for one), so that saving the same again writes nothing.
    """
    saved = Saved()
    for batch in chunks(rows):
        known = _existing(session, model, batch)
        added, changed = [], []
        for row in batch:
            old = known.get(_key(model, row))
            if old is None:
                added.append(row)
            elif any(old[name] != value for name, value in row.items() if name not in ignore):
                changed.append(row)
        upsert(session, model, added + changed)
        saved = saved.plus(Saved(len(added), len(changed), len(batch) - len(added) - len(changed)))
    return saved


def upsert(session: Session, model: type[Base], rows: Sequence[Values]) -> None:
    """Insert `rows`; where the primary key exists, overwrite the other columns given."""
    keys = _key_names(model)
    if not rows or not rows[0].keys() - set(keys):
        insert_new(session, model, rows)
        return
    statement = insert_into(session, model)
    rest = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    statement = statement.on_conflict_do_update(index_elements=list(keys), set_=rest)
    session.connection().execute(statement, [dict(row) for row in rows])


def insert_new(session: Session, model: type[Base], rows: Sequence[Values]) -> None:
    """Insert `rows`; where the primary key exists, leave what is there."""
    if rows:
        statement = insert_into(session, model).on_conflict_do_nothing(index_elements=list(_key_names(model)))
        session.connection().execute(statement, [dict(row) for row in rows])


def drop_same(session: Session, model: type[Base], rows: Iterable[Values], *, ignore: frozenset[str]) -> int:
    """Delete those of `rows` that are kept exactly as given, apart from the columns in `ignore`; returns how many."""
    dropped = 0
    for batch in chunks(rows):
        known = _existing(session, model, batch)
        same = [
            key
            for key, row in ((_key(model, row), row) for row in batch)
            if key in known and all(known[key][name] == value for name, value in row.items() if name not in ignore)
        ]
        if same:
            table = table_of(model)
            columns = [table.c[name] for name in _key_names(model)]
            session.connection().execute(table.delete().where(tuple_(*columns).in_(same)))
        dropped += len(same)
    return dropped


def table_of(model: type[Base]) -> Table:
    return cast("Table", model.__table__)


def insert_into(session: Session, model: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that can say what to do on a conflict, in the words of the database at hand."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    return sqlite.insert(table_of(model)) if is_sqlite else postgresql.insert(table_of(model))


def _existing(session: Session, model: type[Base], batch: Sequence[Values]) -> dict[tuple[Any, ...], Values]:
    table = table_of(model)
    key_columns = [table.c[name] for name in _key_names(model)]
    columns = [table.c[name] for name in batch[0]]
    keys = [_key(model, row) for row in batch]
    found = session.execute(sql_select(*columns).where(tuple_(*key_columns).in_(keys))).mappings()
    return {_key(model, row): row for row in cast("Iterable[Values]", found)}


def _key(model: type[Base], row: Values) -> tuple[Any, ...]:
    return tuple(row[name] for name in _key_names(model))


@cache
def _key_names(model: type[Base]) -> tuple[str, ...]:
    return tuple(column.name for column in table_of(model).primary_key.columns)
