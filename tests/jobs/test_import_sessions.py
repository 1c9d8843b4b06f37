"""Importing session files: usage days and session facts of one person, or of machine users, and never a zero."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot.domain.people import IdentitySource
from bot.domain.usage import ANY_MODEL
from bot.errors import InputError
from bot.store import identities
from bot.store.database import Store
from jobs.import_report import Kind
from jobs.import_sessions import SessionsReport, import_sessions
from tests.files import NOW, FlatPrice, bring_in, everything, rows, write
from tests.sources.session_files.written import (
    OPUS,
    SECRET,
    answer,
    command,
    meta,
    prompt,
    result,
    tokens,
    tool_use,
    turn,
)
from tests.sources.session_files.written import write as write_lines

ADA = "ada@lantern.example"
MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)


def test_sessions_become_usage_days_and_facts_of_their_person(store: Store, tmp_path: Path) -> None:
    """Requests, tokens and list price stand by model, sessions and prompts on the row for all models, once each."""
    person = listed(store, tmp_path)
    report = take(store, files(tmp_path / "home"))
    assert (2, 2, 4, 0) == (report.files, report.sessions, report.added, report.unmapped)
    days = rows(store, "usage_day", "source", "person_id", "tool", "model", "requests", "cost_microusd", "sessions")
    assert [
        ("sessions", person, "claude_code", ANY_MODEL, None, None, 1),
        ("sessions", person, "claude_code", OPUS, 2, 6, None),
        ("sessions", person, "codex", ANY_MODEL, None, None, 1),
        ("sessions", person, "codex", "gpt-5.3-codex", 1, 750, None),
    ] == days
    assert [(1, 1)] == [told for told in rows(store, "session_facts", "tool_calls", "failed_tool_calls") if told[1]]
    assert {MONDAY} == {day for (day,) in rows(store, "session_facts", "day")}


def test_imported_twice_nothing_changes(store: Store, tmp_path: Path) -> None:
    """The same folder again says the same; one that has grown replaces the days it names again."""
    listed(store, tmp_path)
    folder = files(tmp_path / "home")
    take(store, folder)
    before = everything(store)
    again = take(store, folder)
    assert (0, 0, 4) == (again.added, again.changed, again.unchanged)
    assert before == everything(store)
    write_lines(folder / ".claude" / "projects" / "p" / "session-2.jsonl", [answer(9, 9, session="session-2")])
    grown = take(store, folder)
    assert (3, 0, 2, 2) == (grown.sessions, grown.added, grown.changed, grown.unchanged)


def test_another_machine_adds_to_the_days_and_deleted_files_take_nothing_away(store: Store, tmp_path: Path) -> None:
    """What an earlier import brought stays in its days, and a session that goes on counts on its first day only."""
    listed(store, tmp_path)
    take(store, files(tmp_path / "laptop"))
    elsewhere = [answer(9, 9, session="session-2"), answer(1440, 10, session="session-2")]
    write_lines(tmp_path / "desktop" / ".claude" / "projects" / "p" / "session-2.jsonl", elsewhere)
    for _once_and_again in range(2):
        take(store, tmp_path / "desktop")
        days = rows(store, "usage_day", "day", "tool", "model", "requests", "cost_microusd", "sessions")
        assert [
            (MONDAY, "claude_code", ANY_MODEL, None, None, 2),
            (MONDAY, "claude_code", OPUS, 3, 9, None),
            (MONDAY, "codex", ANY_MODEL, None, None, 1),
            (MONDAY, "codex", "gpt-5.3-codex", 1, 750, None),
            (TUESDAY, "claude_code", OPUS, 1, 3, None),
        ] == days


def test_session_files_never_prove_a_zero(store: Store, tmp_path: Path) -> None:
    """Another machine may hold more, and old files are deleted: no day is called covered (P12)."""
    listed(store, tmp_path)
    take(store, files(tmp_path / "home"))
    assert [] == rows(store, "coverage", "source")


def test_nothing_but_counters_reaches_the_database(store: Store, tmp_path: Path) -> None:
    """No text, path, project, argument or id of the files stands in any table (P13)."""
    listed(store, tmp_path)
    take(store, files(tmp_path / "home"))
    kept = str(everything(store))
    assert not {word for word in (SECRET, "session-1", "msg_1", "toolu_1", "projects", str(tmp_path)) if word in kept}


def test_machine_users_keep_their_sessions_until_somebody_is_known(store: Store, tmp_path: Path) -> None:
    """Without an address each home folder is its machine user's, who may be nobody we know yet."""
    files(tmp_path / "homes" / "ada-laptop")
    report = take(store, tmp_path / "homes", email=None)
    assert (2, 1) == (report.sessions, report.unmapped)
    with store.read() as session:
        known = identities.owners(session, source=IdentitySource.MACHINE_USER, ids=["ada-laptop"])
    assert {"ada-laptop": None} == known
    assert {None} == {person for (person,) in rows(store, "usage_day", "person_id")}


def test_a_folder_that_says_nothing_is_refused(sqlite_store: Store, tmp_path: Path) -> None:
    """No files, or nobody whose they are, is one sentence, and nothing is written."""
    with pytest.raises(InputError, match="no session files"):
        take(sqlite_store, tmp_path)
    with pytest.raises(InputError, match="say whose they are with --email"):
        take(sqlite_store, tmp_path, email=None)
    with pytest.raises(InputError, match="no e-mail address"):
        take(sqlite_store, files(tmp_path), email="ada")
    assert [] == rows(sqlite_store, "usage_day", "source")


def test_the_report_says_what_was_left_out(sqlite_store: Store, tmp_path: Path) -> None:
    """Broken lines are told as a count, beside what was kept, in sentences and as JSON."""
    write_lines(tmp_path / "s.jsonl", [answer(0, 1), "{broken"])
    report = take(sqlite_store, tmp_path)
    assert "Sessions: 1, from 1 files. Usage days: 2 (2 new" in report.sentences()
    assert "left out: 1." in report.sentences()
    assert 1 == report.as_json()["broken_lines"]


def files(home: Path) -> Path:
    """One session of each agent under one home folder."""
    asked = [prompt(0), answer(1, 1, uses=[tool_use("Bash", 1)]), result(2, 1, failed=True), answer(3, 2)]
    write_lines(home / ".claude" / "projects" / SECRET / "session-1.jsonl", asked)
    told = [meta(), turn(0), *command(1, 1, "Exit code: 0"), tokens(2, (1000, 250, 125), (1000, 250, 125))]
    write_lines(home / ".codex" / "sessions" / "2026" / "03" / "02" / "rollout-1.jsonl", told)
    return home


def listed(store: Store, folder: Path) -> int:
    bring_in(store, Kind.PEOPLE, write(folder, f"email\n{ADA}\n", "people.csv"))
    [(person,)] = rows(store, "person", "person_id")
    return int(person)


def take(store: Store, folder: Path, *, email: str | None = ADA) -> SessionsReport:
    return import_sessions(store, folder=folder, email=email, now=NOW, prices=FlatPrice())
