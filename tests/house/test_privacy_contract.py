"""P1: the import contract that keeps managers away from one person's rows, broken on purpose."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
NAME = "Nothing a manager or a lead can open reaches one person's rows"
TABLES = "Who answers people asks the store, and no table"
SENT = "What is sent of a team reaches nobody's figures"
FOR_OTHERS = ("ai_team", "ai_nudge", "tip_editor")
"""The handlers whose answers are about other people than the one who asks."""
HARMLESS = '"""A handler that reaches nobody\'s rows."""\n'
BREACHES = {
    "directly": ("from bot.store import windows", NAME),
    "through the card": ("from bot.store import scorecard", NAME),
    "through another handler": ("from handlers import ai_stats", NAME),
    "inside a function": ("def f() -> None:\n    from bot.store import findings  # noqa: F401", NAME),
    "through the rights": ("import bot.store.rights", NAME),
    "through who was counted": ("from bot.store import snapshots", NAME),
    "through the person who asked": ("from handlers import themselves", NAME),
    "past the store": ("from bot.store.tables import UsageDayRow", TABLES),
}
BREACHES_OF_SENT = {
    "handlers/team_digest.py": "from handlers import ai_stats",
    "jobs/digest.py": "from bot.store import check_ins",
}
WHO_THEY_ARE = (
    "domain.people domain.usage store.arrivals store.delivery store.digests store.exclusions store.facts "
    "store.identities store.nudges store.pairs store.people store.plans store.preferences store.pseudonyms"
)
"""What has to be known to send somebody what they wished for: who and where they are, when they work, what they said.
"""
NOBODYS = (
    "__init__ audiences audit backlog batches billing campaigns database engine_tables health installation opening "
    "own_tips papers published retention roles runs send_slots shared_runs source_runs staging tables team_stays types"
)
"""Modules of the store that yield nobody's rows."""


def contracts() -> list[dict[str, Any]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = settings["tool"]["importlinter"]["contracts"]
    return found


def contract(name: str = NAME) -> dict[str, Any]:
    return next(one for one in contracts() if one["name"] == name)


@pytest.fixture(scope="module")
def copy_of_the_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tmp_path = tmp_path_factory.mktemp("house")
    for room in ("bot", "handlers", "jobs"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    nudge = tmp_path / "handlers" / "ai_nudge.py"
    if not nudge.exists():
        nudge.write_text(HARMLESS, encoding="utf-8")
    (tmp_path / "contract.importlinter").write_text(as_ini(), encoding="utf-8")
    return tmp_path


def as_ini() -> str:
    """The contracts that are about this, as they stand in pyproject.toml, the first over both handlers."""
    lines = ["[importlinter]", "root_packages =", "    bot", "    handlers", "    jobs"]
    for number, one in enumerate([contract(), contract(TABLES), contract(SENT)]):
        said = {**one, "source_modules": [f"handlers.{name}" for name in FOR_OTHERS]} if number == 0 else one
        lines.append(f"[importlinter:contract:{number}]")
        for key, value in said.items():
            lines += (
                [f"{key} =", *(f"    {item}" for item in value)] if isinstance(value, list) else [f"{key} = {value}"]
            )
    return "\n".join(lines) + "\n"


def lint(house: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).parent / "lint-imports"
    environment = {"PYTHONPATH": str(house), "PATH": "/usr/bin:/bin"}
    command = [str(program), "--no-cache", "--config", str(house / "contract.importlinter")]
    return subprocess.run(command, cwd=house, env=environment, capture_output=True, text=True, check=False)


def test_contract_is_about_every_such_handler() -> None:
    """Each handler that answers about others is under the contract as soon as it exists, and no other is."""
    there = [f"handlers.{name}" for name in FOR_OTHERS if (ROOT / "handlers" / f"{name}.py").exists()]

    assert "handlers.ai_team" in there
    assert there == contract()["source_modules"]


def test_rows_of_a_person_have_no_new_module() -> None:
    """Every module of the store is either named by the contract or known to yield nobody's rows."""
    modules = {path.stem for path in (ROOT / "bot" / "store").glob("*.py")} - set(NOBODYS.split())

    assert set() == {module for module in modules if f"bot.store.{module}" not in contract()["forbidden_modules"]}


def test_what_is_left_out_holds_nobodys_rows() -> None:
    """What the contract overlooks leads to the domain and the views, which by their layer reach no store, and it is
    these imports and no other: words of tips and of rules, and list prices.
    """
    overlooked = [one.split(" -> ") for one in contract()["ignore_imports"]]
    by = {importer: {to for who, to in overlooked if who == importer} for importer, _ in overlooked}

    assert [] == [to for _, to in overlooked if not to.startswith(("bot.domain.", "bot.views."))]
    assert {
        "bot.views.campaign_preview": {"bot.views.tip"},
        "handlers.campaign_looks": {"bot.views.campaign_why"},
        "handlers.desk": {"bot.domain.prices"},
    } == by


def test_no_handler_speaks_to_the_database_itself() -> None:
    """A handler that asked the database by itself would go past every contract about imports; none does."""
    asks = re.compile(r"\.(execute|scalars?|query|exec_driver_sql|connection|engine)\b")
    handlers = (ROOT / "handlers").glob("*.py")

    assert [] == [path.name for path in handlers if asks.search(path.read_text(encoding="utf-8"))]


def test_what_is_sent_knows_of_nobody_but_the_one_it_is_sent_to() -> None:
    """Whatever summaries may not reach is out of reach for their sending as well, but for who wants them, and when."""
    allowed = {f"bot.{name}" for name in WHO_THEY_ARE.split()}
    assert set(contract()["forbidden_modules"]) == {*contract(SENT)["forbidden_modules"]} | allowed
    assert ["handlers.team_digest", "jobs.digest"] == contract(SENT)["source_modules"]


@pytest.mark.parametrize(("file", "breach"), BREACHES_OF_SENT.items())
def test_breach_of_what_is_sent_is_caught(copy_of_the_house: Path, file: str, breach: str) -> None:
    """Sending that can reach somebody's figures fails the build."""
    path = copy_of_the_house / file
    clean = path.read_text(encoding="utf-8")
    path.write_text(f"{clean}\n{breach}\n", encoding="utf-8")
    try:
        result = lint(copy_of_the_house)
    finally:
        path.write_text(clean, encoding="utf-8")

    assert 1 == result.returncode
    assert f"{SENT} BROKEN" in result.stdout


def test_contract_holds(copy_of_the_house: Path) -> None:
    """With the handlers as they are, and a harmless one where one is still to come, the contract is kept."""
    result = lint(copy_of_the_house)

    assert 0 == result.returncode, result.stdout


@pytest.mark.parametrize(
    ("handler", "breach", "broken"),
    [("ai_team", *breach) for breach in BREACHES.values()] + [("ai_nudge", *BREACHES["directly"])],
    ids=[*BREACHES, "by the lead's handler"],
)
def test_breach_is_caught(copy_of_the_house: Path, handler: str, breach: str, broken: str) -> None:
    """A handler for others that can reach one person's rows, at any distance, fails the build."""
    file = copy_of_the_house / "handlers" / f"{handler}.py"
    clean = file.read_text(encoding="utf-8")
    file.write_text(f"{clean}\n{breach}\n", encoding="utf-8")
    try:
        result = lint(copy_of_the_house)
    finally:
        file.write_text(clean, encoding="utf-8")

    assert 1 == result.returncode
    assert f"{broken} BROKEN" in result.stdout
