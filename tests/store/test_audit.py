"""What was shown and done is written down once, cannot be changed, and tells nothing about anybody."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from bot import cli
from bot.store import audit, retention
from bot.store.audit import Act, Done, Opened
from bot.store.database import DatabaseError, Store
from bot.store.tables import AuditRow
from jobs.tidy import tidy

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 3, 9, 10, 0, tzinfo=UTC)
WEEK = date(2026, 3, 8)


def note(store: Store, act: Act, *, role: str = "manager", now: datetime = NOW, group: str | None = "g1") -> None:
    with store.begin() as session:
        audit.note(session, role=role, act=act, now=now, summary=None if group is None else (group, WEEK))


def test_openings_are_counted_by_summary_and_role(store: Store) -> None:
    """A receipt says how often a summary was seen in which role; other summaries and other acts are not in it."""
    note(store, Act.SUMMARY_OPENED)
    note(store, Act.SUMMARY_SENT)
    note(store, Act.SUMMARY_EXPLAINED)
    note(store, Act.SUMMARY_OPENED, role="lead")
    note(store, Act.SUMMARY_OPENED, group="g2")
    note(store, Act.FILE_IMPORTED, role="operator", group=None)

    with store.read() as session:
        found = audit.opened(session, summaries=[("g1", WEEK), ("g3", WEEK)])

    assert [Opened("g1", WEEK, "lead", 1), Opened("g1", WEEK, "manager", 2)] == found


def test_acts_are_told_by_day_without_groups(store: Store) -> None:
    """Whoever reads the audit sees days, roles, acts and how often, and no group."""
    note(store, Act.SUMMARY_OPENED)
    note(store, Act.SUMMARY_OPENED, group="g2", now=NOW + timedelta(hours=1))
    note(store, Act.PERSON_FORGOTTEN, role="operator", group=None, now=NOW + timedelta(days=1))
    note(store, Act.FILE_IMPORTED, role="operator", group=None, now=NOW - timedelta(days=30))

    with store.read() as session:
        found = audit.done(session, since=NOW - timedelta(days=7))

    assert [
        Done(date(2026, 3, 10), "operator", Act.PERSON_FORGOTTEN, 1),
        Done(date(2026, 3, 9), "manager", Act.SUMMARY_OPENED, 2),
    ] == found


def test_what_is_written_down_cannot_be_changed(store: Store) -> None:
    """The database itself refuses to change an entry, whoever asks."""
    note(store, Act.SUMMARY_OPENED)

    with pytest.raises(DatabaseError), store.begin() as session:
        session.execute(text("UPDATE audit SET act = 'nothing_happened'"))

    with store.read() as session:
        assert ["summary_opened"] == [entry.act for entry in session.query(AuditRow)]


def test_only_age_takes_an_entry_away() -> None:
    """No code but the retention of old rows deletes from the audit, and none changes it."""
    rooms = [path for room in ("bot", "handlers", "jobs") for path in (ROOT / room).rglob("*.py")]
    touching = {
        path.relative_to(ROOT).as_posix()
        for path in rooms
        if "versions" not in path.parts and re.search(r"AuditRow", path.read_text(encoding="utf-8"))
    }
    changing = re.compile(r"(update|delete)\(\s*(table_of\()?AuditRow|(UPDATE|DELETE FROM) audit\b")

    assert {
        "bot/store/audit.py",
        "bot/store/retention.py",
        "bot/store/tables/__init__.py",
        "bot/store/tables/audit.py",
    } == touching
    assert [] == [path.name for path in rooms if changing.search(path.read_text(encoding="utf-8"))]
    assert AuditRow in {aged.model for aged in retention.AGED}


def test_old_entries_go_with_the_rest(store: Store) -> None:
    """What is older than the retention time is deleted, and what is younger stays."""
    note(store, Act.SUMMARY_OPENED, now=NOW - timedelta(days=401))
    note(store, Act.SUMMARY_OPENED)

    assert 1 == tidy(store, now=NOW, retention_days=400)["audit"]

    with store.read() as session:
        assert [NOW] == [entry.at for entry in session.query(AuditRow)]


def test_audit_has_no_place_for_a_person_or_a_figure(store: Store) -> None:
    """An entry is a moment, a role, an act, a group and a week: no column could hold a person or a figure."""
    columns = {column["name"] for column in inspect(store.engine).get_columns("audit")}

    assert {"audit_id", "at", "role", "act", "group_key", "week"} == columns


def test_what_operators_do_is_written_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An import, a list of ids, an exclusion and its end, an erasure and papers each leave an entry, without a name."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "people.csv").write_text("email\nada@lantern.example\n", encoding="utf-8")
    said = ["import people people.csv", "doctor --unmapped", "exclude ben@lantern.example"]
    said += ["include ben@lantern.example", "forget ada@lantern.example", "papers"]

    assert [0] * len(said) == [cli.main([*words.split(), "--now", NOW.isoformat()]) for words in said]

    store = Store(f"sqlite:///{tmp_path / 'kindling.db'}")
    with store.read() as session:
        entries = [(row.role, row.act, row.group_key) for row in session.query(AuditRow).order_by(AuditRow.audit_id)]
    store.close()
    acts = ["file_imported", "ids_listed", "person_excluded", "person_included", "person_forgotten", "papers_written"]
    assert [("operator", act, None) for act in acts] == entries
