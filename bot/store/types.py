"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import DateTime, Dialect, Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import TypeDecorator


def start_of_day(day: date) -> datetime:
    """The moment at which a UTC day begins."""
    return datetime.combine(day, time.min, UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, kept in UTC. SQLite has no time zones, so the zone is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone is ambiguous")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class days_between(GenericFunction[int]):  # noqa: N801 - named as it reads in SQL
    """`days_between(later, earlier)`: whole days from `earlier` to `later`, two dates, as an integer."""

    type = Integer()
    inherit_cache = True


@compiles(days_between, "postgresql")
def _postgresql_days(element: days_between, compiler: SQLCompiler, **kw: Any) -> str:
    later, earlier = element.clauses
    return f"({compiler.process(later, **kw)} - {compiler.process(earlier, **kw)})"


@compiles(days_between, "sqlite")
def _sqlite_days(element: days_between, compiler: SQLCompiler, **kw: Any) -> str:
    later, earlier = element.clauses
    return f"CAST(julianday({compiler.process(later, **kw)}) - julianday({compiler.process(earlier, **kw)}) AS INTEGER)"


class wall_clock(GenericFunction[datetime]):  # noqa: N801 - named as it reads in SQL
    """`wall_clock(plus_s)`: the database's own time plus some seconds, read while the statement runs.

    Leases and pacing must not be computed from a moment fetched earlier: the process may have been frozen since.
    """

    type = UtcDateTime()
    inherit_cache = True


@compiles(wall_clock, "postgresql")
def _postgresql_wall_clock(element: wall_clock, compiler: SQLCompiler, **kw: Any) -> str:
    (plus_s,) = element.clauses
    return f"(clock_timestamp() + make_interval(secs => CAST({compiler.process(plus_s, **kw)} AS DOUBLE PRECISION)))"


@compiles(wall_clock, "sqlite")
def _sqlite_wall_clock(element: wall_clock, compiler: SQLCompiler, **kw: Any) -> str:
    # The same text as a stored moment (microseconds), so that the two can be compared.
    (plus_s,) = element.clauses
    return f"(strftime('%Y-%m-%d %H:%M:%f', 'now', {compiler.process(plus_s, **kw)} || ' seconds') || '000')"
