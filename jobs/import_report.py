"""What an import tells: counts and line numbers, for a terminal and for a program.

Made by `jobs/import_files.py`, printed by `bot/cli.py`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any

LINES_SHOWN = 5


class Kind(StrEnum):
    """What a file can hold."""

    PEOPLE = "people"
    IDENTITIES = "identities"
    SEATS = "seats"
    ABSENCES = "absences"
    USAGE = "usage"
    OUTCOMES = "outcomes"


_THINGS = {
    Kind.PEOPLE: "people",
    Kind.IDENTITIES: "ids",
    Kind.SEATS: "seats",
    Kind.ABSENCES: "days away",
    Kind.USAGE: "usage days",
    Kind.OUTCOMES: "outcomes",
}


@dataclass(frozen=True)
class ImportReport:
    """What an import did, in counts and line numbers: no name and no address.

    `added`, `changed` and `unchanged` count what is kept (people, ids, seats, days away, usage days, outcomes). A usage
    day that an earlier file had put there is replaced, and counted as changed. `unmapped` counts the rows about people
    whom the roster does not list (for a roster: rows that name such a manager). `duplicates` are rows that said again
    what another row of the file had said. `utc_rows` are events put on the UTC day, because no time zone is known.
    `covered_less` are the people for whom `covered_through` is not over yet where they are, and who are covered through
    the day before it. `left_out` are events of a calendar that name nobody, or cannot be true.
    """

    kind: Kind
    file: str
    rows: int
    added: int
    changed: int
    unchanged: int
    unknown_columns: tuple[str, ...] = ()
    unmapped: int = 0
    unmapped_lines: tuple[int, ...] = ()
    duplicates: int = 0
    utc_rows: int = 0
    covered_through: date | None = None
    covered_less: int = 0
    left_out: int = 0

    def as_json(self) -> dict[str, Any]:
        """Plain JSON, for `--json`."""
        plain = asdict(self) | {"kind": self.kind.value}
        day = self.covered_through
        return plain | {
            "unknown_columns": list(self.unknown_columns),
            "unmapped_lines": list(self.unmapped_lines),
            "covered_through": None if day is None else day.isoformat(),
        }

    def sentences(self) -> str:
        """What a person reads in the terminal: what was kept, then what they should know."""
        counts = f"{self.added} added, {self.changed} changed, {self.unchanged} as they were"
        said = [f"{self.file}: {self.rows} rows read, {_THINGS[self.kind]}: {counts}."]
        if self.unknown_columns:
            said.append(f"Columns that mean nothing here and were left out: {', '.join(self.unknown_columns)}.")
        if self.unmapped:
            lines = ", ".join(str(line) for line in self.unmapped_lines)
            more = " and others" if self.unmapped > len(self.unmapped_lines) else ""
            said.append(f"{_unmapped_words(self.kind, self.unmapped)} (lines {lines}{more}).")
        if self.duplicates:
            said.append(f"{self.duplicates} rows repeated another one and were counted once.")
        if self.left_out:
            said.append(
                f"{self.left_out} events name nobody by an e-mail address, or cannot be true; they were left out."
            )
        if self.utc_rows:
            said.append(f"{self.utc_rows} events lie on UTC days, because no time zone is known for their people.")
        if self.covered_through is not None:
            said.append(
                f"No use up to {self.covered_through.isoformat()} now counts as none, for who and what it names."
            )
        if self.covered_less:
            said.append(f"For {self.covered_less} people that day is not over yet; the day before is their last one.")
        return " ".join(said)


def _unmapped_words(kind: Kind, count: int) -> str:
    if kind is Kind.PEOPLE:
        return f"{count} rows name a manager whom the roster does not list; they were kept without one"
    if kind is Kind.USAGE:
        return f"{count} rows are about people whom the roster does not list; they wait until it does"
    return f"{count} rows are about people whom the roster does not list; they were left out"
