"""What can drift is tested against what it describes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from bot.settings import SETTINGS
from bot.sources.files import absences, identities, outcomes, people, seats, usage
from handlers import ai_nudge, ai_stats, ai_team
from jobs import calendar

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def test_every_setting_is_described() -> None:
    """The settings page has a line for each setting with its variable, its key and its help, and no other line."""
    text = page("reference/settings.md")
    described = re.findall(r"^\| `([A-Z_]+)` \| (?:`([a-z_.]+)`|–) \| .* \| (.*) \|$", text, re.MULTILINE)

    assert [(s.env, s.key or "", s.help) for s in SETTINGS] == described


def test_tree_names_every_file() -> None:
    """The README's tree names each folder and each module of the three rooms, and nothing that is not there."""
    tree = README.split("## How it is laid out")[1].split("```\n")[1]
    named = set(re.findall(r"[a-z_0-9]+(?:\.py|/)", tree))
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    modules = [
        Path(name) for name in tracked if name.startswith(("bot/", "handlers/", "jobs/")) and name.endswith(".py")
    ]
    expected = {path.name for path in modules if path.name != "__init__.py" and "versions" not in path.parts}

    assert set() == expected - named
    assert set() == {name for name in named if name.endswith(".py")} - expected - {"test_one_row.py"}


def test_every_command_and_job_is_described() -> None:
    """The commands page names each subcommand, each word of the Slack command, and each job with its hour."""
    text = page("reference/commands.md")
    asked = subprocess.run(
        [sys.executable, "-m", "bot", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    commands = set(re.findall(r"^    ([a-z]+)  ", asked.stdout, re.MULTILINE))
    often = {"deliver": "every minute", "digest": "10 past every hour"}
    hours = {
        appointment.job: often.get(appointment.job)
        or f"{_field(appointment, 'minute')} {_field(appointment, 'hour')} {_field(appointment, 'day_of_week')}"
        for appointment in calendar.CALENDAR
    }

    assert {"demo", "run", "tick", "import", "doctor", "forget"} <= commands
    assert set() == {
        command for command in commands if f"`kindling {command}" not in text and f"`{command}`" not in text
    }
    assert set() == {word for word in ai_stats.WORDS if f"{word}" not in text}
    assert set() == {word for word in ai_team.WORDS if f"`/ai-team {word}`" not in text}
    assert set() == {word for word in ai_nudge.WORDS if f"`/ai-nudge {word}`" not in text}
    assert hours == dict(re.findall(r"^\| `([a-z]+)` \| ([^|`]+) \|$", text, re.MULTILINE))


def _field(appointment: calendar.Appointment, name: str) -> str:
    [found] = [str(field) for field in appointment.trigger.fields if field.name == name]
    return "daily" if found == "*" else found


def test_every_column_of_a_file_is_described() -> None:
    """The page on bringing data in names each file's columns in order, the needed ones in bold, and no other."""
    rows = re.findall(r"^\| ([a-z, ]+) \| (\*\*email.*) \|$", page("how-to/bring-data-in.md"), re.MULTILINE)
    described = {name: re.sub(r" \([^)]*\)", "", columns).split(", ") for name, columns in rows}
    kinds = {
        "people": people.COLUMNS,
        "identities": identities.COLUMNS,
        "seats": seats.COLUMNS,
        "absences": absences.COLUMNS,
        "usage, daily": usage.DAILY,
        "usage, events": usage.EVENTS,
        "outcomes": outcomes.COLUMNS,
    }

    expected = {name: [*(f"**{one}**" for one in kind.required), *kind.optional] for name, kind in kinds.items()}
    assert expected == described


def test_links_lead_somewhere() -> None:
    """Every relative link of every page names a file or folder that exists."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").glob("*.md")]
    broken = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in pages
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
        if not (path.parent / target).exists()
    ]

    assert [] == broken


def test_the_row_walk_is_a_chain() -> None:
    """Each file of the README's walk names the one after it as "Next"; a folder ends with its ledger."""
    walk = re.findall(r"\[`([^`]+)`\]", README.split("## Follow one usage row")[1].split("## More")[0])
    last_of = {"bot/domain/waste/": "bot/domain/waste/ledger.py"}
    docstrings = [(ROOT / last_of.get(name, name)).read_text(encoding="utf-8").split('"""')[1] for name in walk]
    pointers = [docstring.partition("Next: ")[2] for docstring in docstrings]

    assert [] == [
        f"{here} -> {there}"
        for here, pointer, there in zip(walk, pointers, walk[1:], strict=False)
        if f"`{there}`" not in pointer
    ]


def test_modules_point_to_what_exists() -> None:
    """Every module and page that a module names by its path is there."""
    modules = [path for room in ("bot", "handlers", "jobs") for path in (ROOT / room).rglob("*.py")]
    named = re.compile(r"`((?:bot|handlers|jobs|docs|tests)/[\w./-]+\.(?:py|md))`")

    assert [] == [
        f"{path.relative_to(ROOT)}: {name}"
        for path in modules
        for name in named.findall(path.read_text(encoding="utf-8"))
        if not (ROOT / name).exists()
    ]


def test_every_promise_has_its_page_and_its_tests() -> None:
    """Each promise of the page has at least one test file with its number."""
    numbers = [int(number) for number in re.findall(r"^\| P(\d+) ", page("promises.md"), re.MULTILINE)]
    tested = {int(path.name[6:8]) for path in (ROOT / "tests" / "promises").glob("test_p*.py")}

    assert list(range(1, 15)) == numbers
    assert set(range(1, 15)) == tested


def test_nothing_of_this_machine_is_committed() -> None:
    """No tracked text names the folder it was written in, and the locks pin by hash without any address."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    texts = [
        ROOT / name for name in tracked if Path(name).suffix in {".py", ".md", ".toml", ".yml", ".lock", ".js", ""}
    ]
    guilty = [path.name for path in texts if f"{ROOT}/" in path.read_text(encoding="utf-8")]
    locks = {path.name: path.read_text(encoding="utf-8") for path in ROOT.glob("*.lock")}

    assert [] == guilty
    assert {"requirements.lock", "requirements-dev.lock"} == set(locks)
    assert [] == [name for name, text in locks.items() if "://" in text or "--hash=sha256:" not in text]
