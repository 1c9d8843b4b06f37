"""Helpers for tests of imported files: write one, import it, and look at every table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bot.domain.prices import Rates
from bot.domain.usage import Counters
from bot.store.database import Store
from bot.store.tables import Base
from jobs.import_files import import_file
from jobs.import_report import ImportReport, Kind

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@dataclass(frozen=True)
class FlatPrice:
    """Every model but "mystery" costs one micro-dollar for each uncached input token."""

    def rates(self, model: str, day: date) -> Rates | None:
        return None

    def cost_microusd(self, model: str, day: date, counters: Counters) -> int | None:
        return None if model == "mystery" else counters.input_tokens

    def cheaper_sibling(self, model: str, day: date) -> tuple[str, Rates] | None:
        return None


def write(folder: Path, text: str, name: str = "file.csv") -> Path:
    """Put `text` into a file as it is."""
    path = folder / name
    path.write_bytes(text.encode())
    return path


def bring_in(store: Store, kind: Kind, path: Path, *, complete_through: date | None = None) -> ImportReport:
    """Import `path` on the story's Monday."""
    return import_file(store, kind=kind, path=path, now=NOW, complete_through=complete_through, prices=FlatPrice())


def everything(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, in an order of its own."""
    with store.read() as session:
        return {
            table.name: sorted(
                (tuple(row) for row in session.execute(select(table))), key=lambda row: [str(value) for value in row]
            )
            for table in Base.metadata.sorted_tables
        }


def rows(store: Store, table: str, *columns: str) -> list[tuple[Any, ...]]:
    """Some columns of one table, in an order of their own."""
    chosen = Base.metadata.tables[table]
    with store.read() as session:
        found = session.execute(select(*(chosen.c[name] for name in columns)))
        return sorted((tuple(row) for row in found), key=lambda row: [str(value) for value in row])
