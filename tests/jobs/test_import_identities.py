"""Whose ids are whose, from files: columns of a roster, a file of identities, and days away from a calendar."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import cli
from bot.errors import InputError
from bot.sources.standins.ical import calendar
from bot.store.database import Store
from jobs.import_report import Kind
from tests.files import bring_in, everything, rows, write

ADA, BEN, CLEO = "ada.moreau@lantern.example", "ben.castell@lantern.example", "cleo.marchetti@lantern.example"
OLD = "ada@oldname.example"
IDS = "github_login,slack_user_id,gitlab_username,jira_account_id,anthropic_user_id,openai_user_id,cursor_user_id"
ALL = f"email,aliases,{IDS},litellm_user_id,machine_user\n"
ROSTER = (
    f"{ALL}{ADA}, {OLD} ;Ada@Second.example;{ADA},Ada-M,U0ADA,Ada.M,5b10ac,user_01A,user-A,user_A,u-ada,ada\n"
    f"{BEN},,,,,,,,,,\n"
)
HEADER = "email,source,external_id\n"


def test_a_roster_says_all_the_names_of_a_person_and_saying_it_again_changes_nothing(
    store: Store, tmp_path: Path
) -> None:
    """Each under its source, spelled as that source compares it, with how we know; one address is the main one."""
    file = write(tmp_path, ROSTER)
    report = bring_in(store, Kind.PEOPLE, file)
    before = everything(store)
    again = bring_in(store, Kind.PEOPLE, file)

    assert (2, 0, 0) == (report.added, report.changed, report.unchanged)
    assert (0, 0, 2) == (again.added, again.changed, again.unchanged)
    assert before == everything(store)
    assert () == report.unknown_columns
    assert {
        ("anthropic", "user_01A", 1, "roster", "certain"),
        ("cursor", "user_A", 1, "roster", "certain"),
        ("email", ADA, 1, "email", "certain"),
        ("email", BEN, 2, "email", "certain"),
        ("email", OLD, 1, "alias", "certain"),
        ("email", "ada@second.example", 1, "alias", "certain"),
        ("github", "ada-m", 1, "roster", "certain"),
        ("gitlab", "ada.m", 1, "roster", "certain"),
        ("jira", "5b10ac", 1, "roster", "certain"),
        ("litellm", "u-ada", 1, "roster", "certain"),
        ("machine_user", "ada", 1, "roster", "certain"),
        ("openai", "user-A", 1, "roster", "certain"),
        ("slack", "U0ADA", 1, "roster", "certain"),
    } == set(rows(store, "identity", "source", "external_id", "person_id", "method", "confidence"))


def test_use_under_an_old_address_is_theirs_when_the_roster_names_it(store: Store, tmp_path: Path) -> None:
    """A report that knows somebody only by their old address: kept aside, and theirs as soon as it is named."""
    bring_in(store, Kind.PEOPLE, write(tmp_path, f"email\n{ADA}\n{BEN}\n"))
    usage = write(tmp_path, f"email,day,tool,requests\n{OLD},2026-02-10,claude_code,3\n", "usage.csv")
    assert (1, (2,)) == ((report := bring_in(store, Kind.USAGE, usage)).unmapped, report.unmapped_lines)
    assert [(None, 3)] == rows(store, "usage_day", "person_id", "requests")

    bring_in(store, Kind.PEOPLE, write(tmp_path, f"email,aliases\n{ADA},{OLD}\n{BEN},\n"))

    assert [(1, 3)] == rows(store, "usage_day", "person_id", "requests")
    assert 0 == bring_in(store, Kind.USAGE, usage).unmapped


def test_a_file_of_identities_gives_ids_to_people_we_know(store: Store, tmp_path: Path) -> None:
    """A line about nobody we know is reported by its number; a line twice counts once; again changes nothing."""
    bring_in(store, Kind.PEOPLE, write(tmp_path, f"email\n{ADA}\n"))
    text = f"{HEADER}{ADA},email,{OLD.upper()}\n{ADA},api_key_id,apikey_01\n{CLEO},cursor,user_C\n{ADA},GitHub,Ada-2\n"
    file = write(tmp_path, text + f"{ADA},github,ada-2\n")
    report = bring_in(store, Kind.IDENTITIES, file)
    assert (5, 3, 0, 0, 1, (4,), 1) == (
        report.rows,
        report.added,
        report.changed,
        report.unchanged,
        report.unmapped,
        report.unmapped_lines,
        report.duplicates,
    )
    kept = [("api_key_id", "apikey_01", "by hand"), ("email", OLD, "alias"), ("github", "ada-2", "by hand")]
    assert kept == [row for row in rows(store, "identity", "source", "external_id", "method") if row[1] != ADA]
    before = everything(store)
    assert 3 == bring_in(store, Kind.IDENTITIES, file).unchanged
    assert before == everything(store)


BROKEN = [
    (Kind.PEOPLE, f"email,aliases\n{ADA},{OLD}\n{BEN},{OLD.upper()}\n", 3, "aliases", "line 2 has the same one"),
    (Kind.PEOPLE, f"email,aliases\n{ADA},{BEN}\n{BEN},\n", 3, "email", "line 2 has the same one"),
    (Kind.PEOPLE, f"email,aliases\n{BEN},\n{ADA},{OLD};{BEN}\n", 3, "aliases", "line 2 has the same one"),
    (Kind.PEOPLE, f"email,aliases\n{ADA},nobody\n", 2, "aliases", "'nobody' is not an e-mail address"),
    (Kind.PEOPLE, f"email,cursor_user_id\n{ADA},user_A\n{BEN},user_A\n", 3, "cursor_user_id", "line 2"),
    (Kind.PEOPLE, f"email,gitlab_username\n{ADA},ada\n{BEN},ADA\n", 3, "gitlab_username", "line 2"),
    (Kind.PEOPLE, f"email,machine_user\n{ADA},admin\n{BEN},admin\n", 3, "machine_user", "line 2"),
    (Kind.PEOPLE, f"email,aliases\n{BEN},\n{ADA},{CLEO}\n", 3, "aliases", "another person's address"),
    (Kind.PEOPLE, f"email,litellm_user_id\n{BEN},u-cleo\n", 2, "litellm_user_id", "not in this file"),
    (Kind.PEOPLE, "email\nc1@lantern.example\nc2@lantern.example\n", 3, "email", "list the main address"),
    (Kind.IDENTITIES, f"{HEADER}{ADA},cursor,\n", 2, "external_id", "blank"),
    (Kind.IDENTITIES, f"{HEADER}{ADA},tarot,x\n", 2, "source", "'tarot'"),
    (Kind.IDENTITIES, f"{HEADER}{ADA},other,x\n", 2, "source", "'other'"),
    (Kind.IDENTITIES, f"{HEADER}{ADA},email,x\n", 2, "external_id", "an e-mail address"),
    (Kind.IDENTITIES, f"{HEADER}{ADA},slack,ada\n", 2, "external_id", "a Slack member id"),
    (Kind.IDENTITIES, f"{HEADER}{ADA},github,x\n{BEN},github,X\n", 3, "external_id", "line 2"),
    (Kind.IDENTITIES, f"{HEADER}{ADA},slack,U0A\n{ADA},slack,U0B\n", 3, "external_id", "line 2"),
    (Kind.IDENTITIES, f"{HEADER}{ADA},litellm,u-cleo\n", 2, "external_id", "a roster gives it to another person"),
    (Kind.IDENTITIES, f"{HEADER}{ADA},email,{CLEO}\n", 2, "external_id", "another person"),
]


@pytest.mark.parametrize("broken", BROKEN)
def test_a_claim_that_cannot_stand_is_refused_in_one_sentence_and_changes_nothing(
    sqlite_store: Store, tmp_path: Path, broken: tuple[Kind, str, int, str, str]
) -> None:
    """With the line, the column and, of two lines, both."""
    kind, text, line, column, said = broken
    known = f"email,litellm_user_id,aliases\n{CLEO},u-cleo,c1@lantern.example;c2@lantern.example\n{ADA},,\n"
    bring_in(sqlite_store, Kind.PEOPLE, write(tmp_path, known, "known.csv"))
    before = everything(sqlite_store)
    with pytest.raises(InputError) as refused:
        bring_in(sqlite_store, kind, write(tmp_path, text))
    assert str(refused.value).startswith(f"file.csv, line {line}, column {column}: ")
    assert said in str(refused.value)
    assert (1, True) == (str(refused.value).count(". ") + 1, str(refused.value).endswith("."))
    assert before == everything(sqlite_store)


def test_days_away_come_from_a_calendar_as_from_a_table(store: Store, tmp_path: Path) -> None:
    """Whole days, with the line of an event about nobody we know, and the count of those that name nobody."""
    bring_in(store, Kind.PEOPLE, write(tmp_path, f"email\n{ADA}\n"))
    three = "DTSTART;VALUE=DATE:20260218\nDTEND;VALUE=DATE:20260221"
    events = (f"{three}\nATTENDEE:mailto:{ADA}", f"{three}\nATTENDEE:mailto:{CLEO}", f"{three}\nSUMMARY:Ada - PTO")
    file = tmp_path / "leave.ICS"
    file.write_bytes(calendar(*events))
    report = bring_in(store, Kind.ABSENCES, file)
    assert (2, 3, 1, (10,), 1) == (report.rows, report.added, report.unmapped, report.unmapped_lines, report.left_out)
    assert "1 events name nobody" in report.sentences()
    assert [("2026-02-18",), ("2026-02-19",), ("2026-02-20",)] == [
        (str(d),) for (d,) in rows(store, "calendar_day", "day")
    ]
    assert 3 == bring_in(store, Kind.ABSENCES, file).unchanged


def test_a_file_that_only_calls_itself_a_calendar_is_refused(sqlite_store: Store, tmp_path: Path) -> None:
    """A saved sign-in page is not an empty calendar."""
    with pytest.raises(InputError, match=r"leave\.ics is not an iCalendar"):
        bring_in(sqlite_store, Kind.ABSENCES, write(tmp_path, "<html>", "leave.ics"))


def test_the_operator_sees_the_ids_of_nobody_and_no_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the beginning of a file of identities; filled in, it can be imported, and none is left."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KINDLING_DATABASE_URL", f"sqlite:///{tmp_path / 'k.db'}")
    assert 0 == cli.main(["db", "upgrade"])
    assert 0 == cli.main(["import", "people", str(write(tmp_path, f"email\n{ADA}\n", "people.csv"))])
    used = write(tmp_path, f"email,day,tool,requests\n{OLD},2026-02-10,claude_code,31415\n", "usage.csv")
    assert 0 == cli.main(["import", "usage", str(used)])
    capsys.readouterr()

    assert 0 == cli.main(["doctor", "--unmapped", "--now", "2026-03-02T10:00:00Z"])
    listed = capsys.readouterr().out
    assert ["email,source,external_id,first_seen", f",email,{OLD}"] == [
        line if number == 0 else line.rpartition(",")[0] for number, line in enumerate(listed.splitlines())
    ]
    assert "31415" not in listed

    filled_in = write(tmp_path, listed.replace("\n,email,", f"\n{ADA},email,"))
    assert 0 == cli.main(["import", "identities", str(filled_in)])
    capsys.readouterr()
    assert 0 == cli.main(["doctor", "--unmapped"])
    assert ["email,source,external_id,first_seen"] == capsys.readouterr().out.splitlines()
