"""The page on what each source can prove says what the connectors do, for every kind there is."""

from __future__ import annotations

import re
from pathlib import Path

from bot.domain.usage import MOST_LAG_DAYS
from bot.sources.catalogue import CONNECTORS
from bot.sources.shape import Proof, UsageConnector

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "why" / "unknown.md").read_text(encoding="utf-8")
WORDS = {
    Proof.NOBODY: "nobody",
    Proof.DECLARED: "declared",
    Proof.LISTED: "listed",
    Proof.DECLARED_AND_LISTED: "listed and declared",
}
ROWS = {
    kind: (page, whom, days_late.strip())
    for kind, page, whom, days_late in re.findall(
        r"^\| \[`(\w+)`\]\(([^)]*)\) \| ([^|]*) \|[^|]*\|([^|]*)\|$", PAGE, re.MULTILINE
    )
}


def test_every_kind_has_its_row_and_its_page() -> None:
    """Each kind of the catalogue stands in the table, and its row leads to its own page."""
    assert set() == set(CONNECTORS) - set(ROWS)
    assert {kind: f"../sources/{kind}.md" for kind in ROWS} == {kind: page for kind, (page, _, _) in ROWS.items()}
    assert [] == [kind for kind in CONNECTORS if not (ROOT / "docs" / "sources" / f"{kind}.md").is_file()]


def test_rows_say_for_whom_and_how_late() -> None:
    """For whom a kind proves a zero, and how many days late it is, are those of its connector."""
    for kind, connector in CONNECTORS.items():
        _, whom, days_late = ROWS[kind]
        usage = connector if isinstance(connector, UsageConnector) else None
        proof = usage.proof if usage else Proof.NOBODY
        assert [proof] == [one for one, words in WORDS.items() if re.match(rf"{words}\b(?! and)", whom)], kind
        assert (str(usage.lag_days) if usage else "") == days_late, kind


def test_no_kind_is_later_than_judging_looks_back() -> None:
    """A window is moved back by no more days than are loaded for it."""
    assert MOST_LAG_DAYS >= max(one.lag_days for one in CONNECTORS.values() if isinstance(one, UsageConnector))
