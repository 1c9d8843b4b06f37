"""The command line as a person meets it: a process of its own, an exit code, one sentence when something is wrong."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.sources.standins.claude_code import ADMIN_KEY, ClaudeCodeStandIn
from tests import watched

ROOT = Path(__file__).parents[1]
STORY = "2026-03-02T10:00:00Z"


@dataclass(frozen=True)
class Wrong:
    """Arguments, environment and files that cannot work, and a word that the sentence must contain."""

    arguments: Sequence[str]
    named: str
    environ: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


WRONG = {
    "no command": Wrong([], "COMMAND"),
    "a command that is none": Wrong(["tock"], "tock"),
    "a moment without a zone": Wrong(["tick", "--now", "2026-03-02T10:00:00"], "no time zone"),
    "a moment that is none": Wrong(["detect", "--now", "monday"], "monday"),
    "a day that is none": Wrong(["import", "usage", "u.csv", "--complete-through", "soon"], "soon"),
    "a kind that is none": Wrong(["import", "cats", "cats.csv"], "cats"),
    "a file that is missing": Wrong(["import", "people", "nobody.csv"], "nobody.csv"),
    "session files of nobody": Wrong(["import", "sessions", "."], "--email"),
    "an argument too many": Wrong(["tidy", "everything"], "everything"),
    "a demo of no length": Wrong(["demo", "--seconds", "-3"], "-3"),
    "complete-through for people": Wrong(
        ["import", "people", "p.csv", "--complete-through", "2026-03-01"],
        "--complete-through",
        files={"p.csv": "email\nada.moreau@lantern.example\n"},
    ),
    "whose, for people": Wrong(
        ["import", "people", "p.csv", "--email", "ada.moreau@lantern.example"],
        "--email",
        files={"p.csv": "email\nada.moreau@lantern.example\n"},
    ),
    "a broken row": Wrong(
        ["import", "people", "p.csv"], "line 3", files={"p.csv": "email\nada.moreau@lantern.example\nnobody\n"}
    ),
    "a worker that would work alone": Wrong(["worker"], "PostgreSQL"),
    "somebody nobody knows": Wrong(["forget", "nobody@lantern.example"], "nothing was erased"),
    "a settings file that is missing": Wrong(["doctor"], "gone.toml", {"KINDLING_CONFIG": "gone.toml"}),
    "a key that is none": Wrong(["tick"], "nugdes", files={"kindling.toml": "nugdes = 1\n"}),
    "a value of the wrong type": Wrong(["tick"], "nudges.on", files={"kindling.toml": '[nudges]\non = "perhaps"\n'}),
    "a variable misspelt": Wrong(["tick"], "KINDLING_DATABASE_URL", {"KINDLING_DATABSE_URL": "sqlite:///x.db"}),
    "a secret given twice": Wrong(
        ["run"], "SLACK_BOT_TOKEN_FILE", {"SLACK_BOT_TOKEN": "a", "SLACK_BOT_TOKEN_FILE": "b"}
    ),
    "a database in no folder": Wrong(["detect"], "cannot be opened", {"KINDLING_DATABASE_URL": "sqlite:///no/k.db"}),
    "a source of no kind": Wrong(
        ["collect"], "tarot", {"K": "x"}, {"kindling.toml": '[[source]]\nkind = "tarot"\napi_key_env = "K"\n'}
    ),
    "a source without its key": Wrong(
        ["collect"], "NO_KEY", files={"kindling.toml": '[[source]]\nkind = "claude_code"\napi_key_env = "NO_KEY"\n'}
    ),
    "delivery without a token": Wrong(["deliver", "--now", STORY], "SLACK_BOT_TOKEN"),
    "a tick without a token": Wrong(["tick", "--now", STORY], "SLACK_BOT_TOKEN"),
    "a daemon without a token": Wrong(["run"], "SLACK_APP_TOKEN"),
    "http without a signing secret": Wrong(["run"], "SLACK_SIGNING_SECRET", {"KINDLING_TRANSPORT": "http"}),
}


def kindling(
    folder: Path, *arguments: str, environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `python -m bot` in `folder` with nothing of this machine's settings."""
    clean = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(folder), **(environ or {})}
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=folder,
        env=clean,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture(scope="module")
def refusals(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, tuple[Path, subprocess.CompletedProcess[str]]]]:
    """Every wrong call, each in a folder of its own, two at a time."""

    def attempt(name: str) -> tuple[Path, subprocess.CompletedProcess[str]]:
        wrong = WRONG[name]
        folder = tmp_path_factory.mktemp("wrong")
        for file, content in wrong.files.items():
            (folder / file).write_text(content, encoding="utf-8")
        return folder, kindling(folder, *wrong.arguments, environ=wrong.environ)

    with ThreadPoolExecutor(2) as pool:
        yield dict(zip(WRONG, pool.map(attempt, WRONG), strict=True))


@pytest.mark.parametrize("name", WRONG)
def test_wrong_input_is_one_sentence_and_code_2(
    refusals: dict[str, tuple[Path, subprocess.CompletedProcess[str]]], name: str
) -> None:
    """Each kind of wrong call: exit code 2, one sentence on stderr that names it, nothing on stdout, nothing kept."""
    folder, result = refusals[name]

    assert 2 == result.returncode, result.stderr
    said = [line for line in result.stderr.splitlines() if not line.startswith("{")]
    assert 1 == len(said), result.stderr
    assert said[0].startswith("kindling: ")
    assert WRONG[name].named in said[0]
    assert "" == result.stdout
    assert 0 == rows_in(folder / "kindling.db")


def rows_in(database: Path) -> int:
    """How many rows all tables hold, but for the tables' version, the secret and what operators did; no file: none."""
    if not database.exists():
        return 0
    with closing(sqlite3.connect(database)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        own = [name for name in names if not name.startswith(("alembic", "sqlite", "pseudonym_key", "audit"))]
        return sum(connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in own)


def test_import_and_judge_without_slack(tmp_path: Path) -> None:
    """People and seats come in from files and are judged: no token is needed for it, and --json ends the output."""
    (tmp_path / "people.csv").write_text("email,timezone,country\nben.castell@lantern.example,Europe/Madrid,ES\n")
    (tmp_path / "seats.csv").write_text("email,tool,assigned_on\nben.castell@lantern.example,claude_code,2026-01-05\n")

    imported = kindling(tmp_path, "import", "people", "people.csv", "--now", STORY, "--json")
    seats = kindling(tmp_path, "import", "seats", "seats.csv", "--now", STORY)
    detected = kindling(tmp_path, "detect", "--now", STORY, "--json")

    assert (0, 0, 0) == (imported.returncode, seats.returncode, detected.returncode), detected.stderr
    assert 1 == json.loads(imported.stdout.splitlines()[-1])["added"]
    assert ({"people": 1}, ["unknown"]) == (json.loads(detected.stdout.splitlines()[-1]), states_in(tmp_path))


def states_in(folder: Path) -> list[str]:
    """The state of everybody, in order: no command tells it."""
    with closing(sqlite3.connect(folder / "kindling.db")) as connection:
        return [state for (state,) in connection.execute("SELECT state FROM state ORDER BY state")]


def test_same_file_again_changes_nothing(tmp_path: Path) -> None:
    """Importing what was imported adds and changes nothing."""
    (tmp_path / "people.csv").write_text("email\nben.castell@lantern.example\n")
    kindling(tmp_path, "import", "people", "people.csv", "--now", STORY)

    again = kindling(tmp_path, "import", "people", "people.csv", "--now", STORY, "--json")

    counts = json.loads(again.stdout.splitlines()[-1])
    assert (0, 0, 1) == (counts["added"], counts["changed"], counts["unchanged"])


def test_somebodys_own_ccusage_file_is_imported(tmp_path: Path) -> None:
    """It names nobody, so `--email` says whose it is."""
    (tmp_path / "people.csv").write_text("email\nada.moreau@lantern.example\n")
    used = {"date": "2026-02-10", "inputTokens": 1250, "outputTokens": 310, "cacheCreationTokens": 0}
    used |= {"cacheReadTokens": 0, "totalTokens": 1560, "totalCost": 0.02, "modelsUsed": ["claude-sonnet-5-5"]}
    (tmp_path / "ccusage.json").write_text(json.dumps({"daily": [used]}))
    kindling(tmp_path, "import", "people", "people.csv", "--now", STORY)

    done = kindling(
        tmp_path, "import", "usage", "ccusage.json", "--email", "ada.moreau@lantern.example", "--now", STORY
    )

    assert 0 == done.returncode, done.stderr
    with closing(sqlite3.connect(tmp_path / "kindling.db")) as connection:
        assert [(1250,)] == connection.execute("SELECT input_tokens FROM usage_day").fetchall()


def test_forget_erases_and_names_nobody(tmp_path: Path) -> None:
    """An operator can erase somebody by address; the answer does not tell how much was held, and names backups."""
    (tmp_path / "people.csv").write_text("email\nben.castell@lantern.example\n")
    kindling(tmp_path, "import", "people", "people.csv", "--now", STORY)

    result = kindling(tmp_path, "forget", "Ben.Castell@lantern.example", "--json")

    assert 0 == result.returncode, result.stderr
    assert {"people": 1} == json.loads(result.stdout.splitlines()[-1])
    assert "Backups" in result.stdout
    assert "castell" not in (result.stdout + result.stderr).lower()
    assert 0 == rows_in(tmp_path / "kindling.db")


def test_who_is_left_out_stays_out_until_taken_back(tmp_path: Path) -> None:
    """Excluded, a person is not in the next roster; taken back, they are; whom nobody excluded cannot be taken back."""
    (tmp_path / "people.csv").write_text("email\nben.castell@lantern.example\nada.moreau@lantern.example\n")
    before = kindling(tmp_path, "exclude", "Ben.Castell@lantern.example", "--json")
    added = kindling(tmp_path, "import", "people", "people.csv", "--now", STORY, "--json")
    back = kindling(tmp_path, "include", "ben.castell@lantern.example")
    again = kindling(tmp_path, "import", "people", "people.csv", "--now", STORY, "--json")
    nobody = kindling(tmp_path, "include", "ben.castell@lantern.example")

    assert (0, 0, 0, 2) == (before.returncode, added.returncode, back.returncode, nobody.returncode), before.stderr
    assert (1, 1) == tuple(json.loads(run.stdout.splitlines()[-1])["added"] for run in (added, again))
    assert "castell" not in "".join(run.stdout + run.stderr for run in (before, added, back, again, nobody)).lower()


def test_trouble_with_the_database_is_one_sentence_without_a_row(tmp_path: Path) -> None:
    """What a database says of a row it refuses may hold an address: only the kind of trouble is told."""
    people = tmp_path / "people.csv"
    people.write_text("email\nben.castell@lantern.example\n")
    kindling(tmp_path, "import", "people", "people.csv", "--now", STORY)
    with sqlite3.connect(tmp_path / "kindling.db") as broken:
        broken.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON identity"
            " BEGIN SELECT RAISE(ABORT, 'Key (email)=(emi.tanaka@lantern.example)'); END"
        )
    people.write_text("email\nemi.tanaka@lantern.example\n")

    result = kindling(tmp_path, "import", "people", "people.csv", "--now", STORY)

    said = [line for line in result.stderr.splitlines() if line.startswith("kindling:")]
    assert (1, 1) == (result.returncode, len(said))
    assert "IntegrityError" in said[0]
    assert "emi.tanaka" not in result.stdout + result.stderr


def test_upgrade_is_explicit_and_repeatable(tmp_path: Path) -> None:
    """`db upgrade` fills an empty database and leaves a current one alone."""
    first, second = kindling(tmp_path, "db", "upgrade", "--json"), kindling(tmp_path, "db", "upgrade", "--json")

    assert {"before": "empty", "after": "current"} == json.loads(first.stdout.splitlines()[-1])
    assert {"before": "current", "after": "current"} == json.loads(second.stdout.splitlines()[-1])


def test_database_of_somebody_else_is_refused(tmp_path: Path) -> None:
    """A database with other tables is not touched."""
    with closing(sqlite3.connect(tmp_path / "kindling.db")) as connection:
        connection.execute("CREATE TABLE invoices (id INTEGER)")
        connection.commit()

    results = [kindling(tmp_path, *arguments) for arguments in (["detect"], ["db", "upgrade"])]

    assert [2, 2] == [result.returncode for result in results]
    assert all("not Kindling's" in result.stderr for result in results)


def test_database_of_a_newer_kindling_is_refused(tmp_path: Path) -> None:
    """Tables of a version that does not exist yet are left alone."""
    kindling(tmp_path, "db", "upgrade")
    with closing(sqlite3.connect(tmp_path / "kindling.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()

    result = kindling(tmp_path, "detect")

    assert 2 == result.returncode
    assert "newer Kindling" in result.stderr


def test_doctor_says_what_is_missing(tmp_path: Path) -> None:
    """Without tokens and people the doctor finds both, line by line, and ends with code 1."""
    kindling(tmp_path, "db", "upgrade")

    result = kindling(tmp_path, "doctor", "--json")

    assert 1 == result.returncode, result.stderr
    checks = json.loads(result.stdout.splitlines()[-1])
    assert not checks["SLACK_BOT_TOKEN"]["ok"]
    assert not checks["people"]["ok"]
    assert checks["database"]["ok"]
    assert checks["tips"]["ok"]


PEOPLE = """email,timezone,country
ben.castell@lantern.example,Europe/Madrid,ES
emi.tanaka@lantern.example,Asia/Tokyo,JP
"""
COMPLETE = ["--complete-through", "2026-03-01"]
SEATS = """email,tool,assigned_on
ben.castell@lantern.example,claude_code,2026-01-05
emi.tanaka@lantern.example,claude_code,2026-01-05
"""


def usage_without_use(*emails: str) -> str:
    """A usage file with a row of zeros for each day of eight weeks: the report ran, and nobody did anything."""
    days = [date(2026, 1, 5) + timedelta(days=day) for day in range(56)]
    rows = [f"{email},{day.isoformat()},claude_code,,0" for email in emails for day in days]
    return "\n".join(["email,day,tool,model,requests", *rows, ""])


def bring_in(folder: Path) -> None:
    """Ben and Emi with a seat each, and a file that proves Ben's zero."""
    (folder / "people.csv").write_text(PEOPLE)
    (folder / "seats.csv").write_text(SEATS)
    (folder / "usage.csv").write_text(usage_without_use("ben.castell@lantern.example"))
    for arguments in (["people", "people.csv"], ["seats", "seats.csv"], ["usage", "usage.csv", *COMPLETE]):
        result = kindling(folder, "import", *arguments)
        assert 0 == result.returncode, result.stderr
        assert "ben.castell" not in result.stderr


def test_from_files_to_one_private_tip(tmp_path: Path) -> None:
    """Files in, tick, one tip out: to the one whose zero is proven and not to the one whose days are not covered.

    The tip waits for Monday afternoon in Madrid, comes once however often the tick runs, and opens with who is writing.
    """
    bring_in(tmp_path)
    with watched.playground() as slack:
        environ = {"KINDLING_SLACK_API_URL": slack.api_url, "SLACK_BOT_TOKEN": slack.bot_token}

        def done(*arguments: str) -> str:
            result = kindling(tmp_path, *arguments, environ=environ)
            assert 0 == result.returncode, result.stderr
            assert "ben.castell" not in result.stderr
            return result.stdout

        morning = done("tick", "--now", STORY, "--json")
        before_noon = slack.journal.messages()
        done("tick", "--now", "2026-03-02T14:30:00Z")
        again = done("tick", "--now", "2026-03-02T14:30:00Z")
        told = slack.journal.messages()

    assert {"people": 2} == json.loads(morning.splitlines()[-1])["detect"]
    assert ["never_used", "unknown"] == states_in(tmp_path)
    assert [] == before_noon
    assert "tick: nothing to do\n" == again
    assert ["U0BEN"] == [shown.to for shown in told]
    assert "Hello, I am Kindling" in told[0].text
    assert "Claude Code" in told[0].text


def test_message_that_failed_is_code_1(tmp_path: Path) -> None:
    """A tick whose delivery was refused for good says so in its counts, and in its exit code."""
    bring_in(tmp_path)
    with watched.playground() as slack:
        environ = {"KINDLING_SLACK_API_URL": slack.api_url, "SLACK_BOT_TOKEN": slack.bot_token}
        planned = kindling(tmp_path, "tick", "--now", STORY, environ=environ)
        slack.faults.inject("chat.postMessage", "refused", error="messages_tab_disabled")
        refused = kindling(tmp_path, "tick", "--now", "2026-03-02T14:30:00Z", "--json", environ=environ)

    assert (0, 1) == (planned.returncode, refused.returncode), refused.stderr
    assert 1 == json.loads(refused.stdout.splitlines()[-1])["deliver"]["failed"]


@pytest.mark.parametrize(("key", "code", "failed"), [(ADMIN_KEY, 0, 0), ("not-the-key", 1, 1)])
def test_source_that_failed_is_code_1(tmp_path: Path, key: str, code: int, failed: int) -> None:
    """Collecting from a source that refuses us is recorded and ends with code 1; no Slack token is needed for it."""
    with ClaudeCodeStandIn() as report:
        source_at(tmp_path, report)
        result = kindling(tmp_path, "collect", "--now", STORY, "--json", environ={"REPORT_KEY": key})

    assert code == result.returncode, result.stderr
    assert failed == json.loads(result.stdout.splitlines()[-1])["sources_failed"]
    assert "day 1 of" not in result.stderr


def test_progress_is_shown_on_a_terminal(tmp_path: Path) -> None:
    """With a terminal at stderr, collecting counts the days up to the last one."""
    ours, theirs = os.openpty()
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "REPORT_KEY": ADMIN_KEY}
    command = [sys.executable, "-m", "bot", "collect", "--now", STORY]
    with ClaudeCodeStandIn() as report:
        source_at(tmp_path, report)
        result = subprocess.run(
            command, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, stderr=theirs, check=False, timeout=60
        )
    shown = os.read(ours, 100_000).decode()
    os.close(ours)
    os.close(theirs)

    assert 0 == result.returncode
    assert "claude_code: day 1 of 85" in shown
    assert "claude_code: day 85 of 85" in shown


def source_at(folder: Path, report: ClaudeCodeStandIn) -> None:
    """Settings with this report as the only source."""
    lines = ["[[source]]", 'kind = "claude_code"', f'base_url = "{report.base_url}"', 'api_key_env = "REPORT_KEY"']
    (folder / "kindling.toml").write_text("\n".join([*lines, ""]))


def test_version_is_said() -> None:
    """`--version` prints the version and nothing else."""
    import bot

    result = kindling(ROOT, "--version")

    assert (0, f"kindling {bot.__version__}\n") == (result.returncode, result.stdout)
