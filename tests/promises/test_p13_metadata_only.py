"""P13: no prompt, answer, code or file content is stored or logged, even when a source offers it."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.log import start_logging
from bot.sources.prices import GenaiPrices
from bot.sources.standins.claude_code import ClaudeCodeStandIn
from bot.store.database import Store
from bot.store.tables import Base
from jobs.import_files import import_file
from jobs.import_report import Kind
from tests.jobs.nights import ADA, NOW, YESTERDAY, hire, night, source_at, used

SECRET = "refactor the merger talks into a haiku"


@pytest.fixture(autouse=True)
def _logging_as_in_production(capsys: pytest.CaptureFixture[str]) -> object:
    logger = logging.getLogger("kindling")
    before = (list(logger.handlers), logger.level, logger.propagate)
    start_logging(logging.DEBUG)
    yield
    logger.handlers[:], logger.propagate = before[0], before[2]
    logger.setLevel(before[1])


def everything_in(store: Store) -> str:
    """Every row of every table, as text."""
    with store.read() as session:
        tables = Base.metadata.sorted_tables
        return json.dumps([[list(map(str, row)) for row in session.execute(select(table))] for table in tables])


def test_connector_leaves_content_where_it_is(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """A report that suddenly carries prompts, answers and file names leaves only its counts here."""
    hire(store, ADA)
    row = used(YESTERDAY, ADA) | {"prompt": SECRET, "conversation": {"answer": SECRET, "files": [f"{SECRET}.py"]}}
    row["model_breakdown"][0]["last_message"] = SECRET
    with ClaudeCodeStandIn() as report:
        report.hold(YESTERDAY, [row])
        counts = night(store, source_at(report, ADA))

    said = capsys.readouterr()
    assert counts["rows"] > 0
    assert SECRET not in everything_in(store)
    assert SECRET not in said.out + said.err


def test_file_leaves_content_where_it_is(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A column of prompts in a usage file is not imported, and the report names the column, not the content."""
    hire(store, ADA)
    path = tmp_path / "usage.csv"
    path.write_text(f"email,day,tool,requests,prompt\n{ADA},2026-02-27,claude_code,3,{SECRET}\n", encoding="utf-8")
    report = import_file(store, kind=Kind.USAGE, path=path, now=NOW, complete_through=None, prices=GenaiPrices())

    said = capsys.readouterr()
    assert ("prompt",) == report.unknown_columns
    assert SECRET not in everything_in(store) + json.dumps(report.as_json()) + " ".join(report.sentences())
    assert SECRET not in said.out + said.err


def test_refused_row_is_not_quoted_at_length(store: Store, tmp_path: Path) -> None:
    """A cell that is refused appears in the sentence cut short: a pasted document cannot end in a terminal log."""
    hire(store, ADA)
    path = tmp_path / "usage.csv"
    long_text = " ".join([SECRET] * 50)
    path.write_text(f"email,day,tool,requests\n{ADA},2026-02-27,claude_code,{long_text}\n", encoding="utf-8")
    with pytest.raises(Exception, match="requests") as refused:
        import_file(
            store,
            kind=Kind.USAGE,
            path=path,
            now=datetime(2026, 3, 2, tzinfo=UTC),
            complete_through=None,
            prices=GenaiPrices(),
        )

    assert len(str(refused.value)) < 300
