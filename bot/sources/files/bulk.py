"""Reads a large usage file fast: DuckDB checks every cell and adds up, in bounded memory, and Python sees only days.

Called by `bot/sources/files/usage.py`. It gives exactly what the careful reader would give, or declines, and never says
what is wrong with a file. Local days and prices are Python's, not SQL's, so both readers agree on them too.
Next: `bot/store/usage.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path

from bot.domain.prices import PriceBook
from bot.domain.usage import ANY_MODEL, Counters, SessionFacts, UsageRow
from bot.domain.usage_sums import add_up_priced
from bot.log import EventLog
from bot.sources.files.bulk_cells import typed
from bot.sources.files.bulk_lanes import DOUBTS, Cells, Declined, lay_cells, line_column
from bot.sources.files.bulk_zones import offsets
from bot.sources.files.duck import Duck, column, literal, open_duck
from bot.sources.files.usage_columns import COUNTERS, EVENTS, UsageFile
from bot.sources.files.usage_rows import facts_of, is_telling, with_sessions

PART_ROWS = 50_000
_log = EventLog("import")


def read_in_bulk(stack: ExitStack, path: Path) -> UsageFile | None:
    """The file as usage days to come, open until `stack` ends; None when the careful reader had better read it."""
    with ExitStack() as trial:
        try:
            duck = trial.enter_context(open_duck())
            file = _file(duck, lay_cells(duck, path))
        except (Declined, *DOUBTS) as why:
            _log.info("import.read_with_care", why=type(why).__name__)
            return None
        stack.push(trial.pop_all())
        return file


def _file(duck: Duck, cells: Cells) -> UsageFile:
    repeated = _find_repeated(duck, cells) if cells.columns is EVENTS else 0
    rows = cells.row_count - repeated
    part_count = max(1, -(-rows // PART_ROWS))
    counters = _lay_values(duck, cells, part_count)
    reader = _Reader(duck, counters, cells.columns is EVENTS, cells.has("session_id"))

    def parts() -> Iterator[_BulkPart]:
        for number in range(part_count if rows else 0):
            yield reader.part(number, repeated if number == 0 else 0)

    return UsageFile(cells.file, cells.unknown_columns, cells.row_count, cells.columns is EVENTS, parts)


def _find_repeated(duck: Duck, cells: Cells) -> int:
    """Note every row but the first of those that are the same cell by cell; a hash finds the few that may be."""
    names = ", ".join(column(name) for name in cells.header)
    duck.run(f"CREATE TABLE twins AS SELECT hash({names}) AS twin FROM cells GROUP BY ALL HAVING count(*) > 1")
    duck.run(
        f"CREATE TABLE repeated AS SELECT {line_column()} AS line FROM cells WHERE hash({names}) IN (FROM twins) "
        f"QUALIFY row_number() OVER (PARTITION BY {names} ORDER BY {line_column()}) > 1"
    )
    return int(duck.value("SELECT count(*) FROM repeated"))


def _lay_values(duck: Duck, cells: Cells, part_count: int) -> tuple[str, ...]:
    """Fill the table `laid` with one typed row for each row that counts; returns the counters that it has."""
    values = typed(duck, cells)
    is_events = cells.columns is EVENTS
    named = {
        "line": f"cells.{line_column()}",
        "subject": values.pop("email"),
        "tool": values.pop("tool"),
        "model": f"coalesce(cells.model, {literal(ANY_MODEL)})" if cells.has("model") else literal(ANY_MODEL),
        "session_key": "substr(sha256(cells.session_id), 1, 32)" if cells.has("session_id") else "NULL",
        "utc": values.pop("at") if is_events else values.pop("day"),
        "cost_microusd": values.pop("cost_usd", "CAST(NULL AS BIGINT)"),
    }
    if is_events:
        named["requests"] = "1"
        if "failed" in values:
            named["failed_requests"] = f"CAST({values.pop('failed')} AS BIGINT)"
    named |= values
    select = ", ".join(f"{sql} AS {name}" for name, sql in named.items())
    kept = f" WHERE cells.{line_column()} NOT IN (SELECT line FROM repeated)" if is_events else ""
    bucket = f"CAST(hash(subject) % {part_count} AS INTEGER) AS bucket"
    duck.run(f"CREATE TABLE laid AS SELECT *, {bucket} FROM (SELECT {select} FROM cells{kept}) ORDER BY bucket")
    duck.run("DROP TABLE cells")
    counters = ("requests", "failed_requests", "cost_microusd", *values)
    return tuple(dict.fromkeys(name for name in counters if name in named))


@dataclass
class _Reader:
    """Hands out the table `laid`, one part after the other; only one of them is in the table `part` at a time."""

    duck: Duck
    counters: tuple[str, ...]
    is_events: bool
    has_sessions: bool
    placed: set[str] = field(default_factory=set)
    current: int | None = None
    clocks: Mapping[str, str] | None = None

    @cached_property
    def places(self) -> tuple[int, ...]:
        """Where each of the counters stands among all that there are."""
        return tuple(COUNTERS.index(name) for name in self.counters)

    def part(self, number: int, duplicates: int) -> _BulkPart:
        self.duck.run(f"CREATE OR REPLACE TEMP TABLE part AS SELECT * FROM laid WHERE bucket = {number}")
        self.current, self.clocks = number, None
        return _BulkPart(self, number, duplicates)

    def rows(self, sql: str, number: int) -> list[tuple[object, ...]]:
        assert self.current == number, "a part is read before the next one is asked for"
        return self.duck.rows(sql)

    def place(self, zones: Mapping[str, str]) -> None:
        """Fill the table `placed`: the part's rows with the day that the person's clock showed."""
        if self.clocks == zones:
            return
        self.clocks = dict(zones)
        if not self.is_events:
            self.duck.run("CREATE OR REPLACE TEMP VIEW placed AS SELECT *, utc AS day, utc AS utc_day FROM part")
            return
        self._know(zones)
        pairs = "unnest(?::VARCHAR[]) AS subject, unnest(?::VARCHAR[]) AS zone"
        self.duck.run(f"CREATE OR REPLACE TEMP TABLE clock AS SELECT {pairs}", [[*zones], [*zones.values()]])
        self.duck.run(
            "CREATE OR REPLACE TEMP TABLE placed AS SELECT part.*, CAST(utc AS DATE) AS utc_day, "
            "CAST(utc + to_seconds(coalesce(ahead_s, 0)) AS DATE) AS day FROM part "
            "LEFT JOIN clock ON clock.subject = part.subject "
            "LEFT JOIN ahead ON ahead.zone = clock.zone AND utc >= from_at AND utc < until_at"
        )

    def _know(self, zones: Mapping[str, str]) -> None:
        """Make sure that the offsets of these zones stand in the table `ahead`, for all moments of the file."""
        new = sorted(set(zones.values()) - self.placed)
        if not self.placed:
            self.duck.run(
                "CREATE TABLE IF NOT EXISTS ahead (zone VARCHAR, from_at TIMESTAMP, until_at TIMESTAMP, ahead_s BIGINT)"
            )
        first, last = self.duck.rows("SELECT min(utc), max(utc) FROM laid")[0] if new else (None, None)
        for zone in new if first is not None else ():
            spans = list(offsets(zone, first.replace(tzinfo=UTC), last.replace(tzinfo=UTC)))
            columns: list[object] = [zone, [_naive(span[0]) for span in spans], [_naive(span[1]) for span in spans]]
            self.duck.run(
                "INSERT INTO ahead SELECT ?, unnest(?::TIMESTAMP[]), unnest(?::TIMESTAMP[]), unnest(?::BIGINT[])",
                [*columns, [span[2] for span in spans]],
            )
        self.placed |= set(new)


@dataclass(frozen=True)
class _BulkPart:
    """Some of the people of a file, in DuckDB."""

    reader: _Reader
    number: int
    duplicates: int

    def subjects(self) -> frozenset[str]:
        return frozenset(str(row[0]) for row in self.reader.rows("SELECT DISTINCT subject FROM part", self.number))

    def lines_of(self, subjects: Collection[str], *, most: int) -> tuple[int, list[int]]:
        if not subjects:
            return 0, []
        whom = [sorted(subjects)]
        asked = "FROM part WHERE subject IN (SELECT unnest(?::VARCHAR[]))"
        count = int(self.reader.duck.value(f"SELECT count(*) {asked}", whom))
        lines = self.reader.duck.rows(f"SELECT line {asked} ORDER BY line LIMIT {most}", whom)
        return count, [int(line) for (line,) in lines]

    def usage_days(self, zones: Mapping[str, str], prices: PriceBook) -> list[UsageRow]:
        self.reader.place(zones)
        return self._days("day", "true", prices)

    def session_facts(self, zones: Mapping[str, str], prices: PriceBook) -> list[SessionFacts]:
        if not self.reader.has_sessions:
            return []
        self.reader.place(zones)
        return self._facts("day", "true", prices)

    def left_days(self, zones: Mapping[str, str], prices: PriceBook) -> tuple[list[UsageRow], list[SessionFacts]]:
        if not self.reader.is_events:
            return [], []
        self.reader.place(zones)
        days = self._days("utc_day", self._gone(("subject",)), prices)
        facts = (
            self._facts("utc_day", self._gone(("session_key", "subject")), prices) if self.reader.has_sessions else []
        )
        return [day for day in days if is_telling(day.counters)], facts

    def _gone(self, key: tuple[str, ...]) -> str:
        """The condition of rows whose UTC day holds nothing any more, now that each lies on its local day."""
        before, now = (", ".join((*key, day, "tool", "model")) for day in ("utc_day", "day"))
        return f"({before}) IN (SELECT ({before}) FROM placed EXCEPT SELECT ({now}) FROM placed)"

    def _days(self, day: str, which: str, prices: PriceBook) -> list[UsageRow]:
        days = add_up_priced((row for _key, row in self._sums(day, which, "''")), prices)
        if not self.reader.has_sessions:
            return days
        counted = self.reader.rows(
            f"SELECT subject, {day}, tool, model, count(DISTINCT session_key) AS sessions FROM placed "
            f"WHERE session_key IS NOT NULL AND {which} GROUP BY ALL",
            self.number,
        )
        sessions = {tuple(key): _whole(count) for *key, count in counted}
        return [with_sessions(each, sessions) for each in days]

    def _facts(self, day: str, which: str, prices: PriceBook) -> list[SessionFacts]:
        by_session: dict[str, list[UsageRow]] = defaultdict(list)
        for key, row in self._sums(day, f"session_key IS NOT NULL AND {which}", "session_key"):
            by_session[key].append(row)
        return facts_of(by_session, prices)

    def _sums(self, day: str, which: str, key: str) -> Iterator[tuple[str, UsageRow]]:
        """Sums by subject, day, tool and model; rows with a cost apart from those that are still to be priced."""
        sums = ", ".join(f"sum({name})" for name in self.reader.counters)
        found = self.reader.rows(
            f"SELECT {key}, subject, {day}, tool, model, {sums} FROM placed WHERE {which} "
            f"GROUP BY {key}, subject, {day}, tool, model, cost_microusd IS NULL",
            self.number,
        )
        for name, subject, on, tool, model, *figures in found:
            assert isinstance(on, date)
            yield str(name), UsageRow(str(subject), on, str(tool), str(model), self._counters(figures))

    def _counters(self, figures: Sequence[object]) -> Counters:
        values: list[int | None] = [None] * len(COUNTERS)
        for place, count in zip(self.reader.places, figures, strict=True):
            values[place] = None if count is None else _whole(count)
        return Counters(*values)


def _whole(count: object) -> int:
    assert isinstance(count, int)
    return count


def _naive(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)
