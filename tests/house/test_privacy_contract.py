"""P1: the import contract that keeps managers away from one person's rows, broken on purpose."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRACT = Path(__file__).parent / "managers.importlinter"
HARMLESS = '"""A handler that reaches nobody\'s rows."""\n'
BREACHES = {
    "directly": "from bot.store import windows",
    "through the card": "from bot.store import scorecard",
    "through another handler": "from handlers import ai_stats",
    "inside a function": "def f() -> None:\n    from bot.store import findings  # noqa: F401",
    "through the rights": "import bot.store.rights",
}


@pytest.fixture
def copy_of_the_house(tmp_path: Path) -> Path:
    for room in ("bot", "handlers", "jobs"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    for handler in ("ai_team", "ai_nudge"):
        (tmp_path / "handlers" / f"{handler}.py").write_text(HARMLESS, encoding="utf-8")
    return tmp_path


def lint(house: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).parent / "lint-imports"
    environment = {"PYTHONPATH": str(house), "PATH": "/usr/bin:/bin"}
    command = [str(program), "--no-cache", "--config", str(CONTRACT)]
    return subprocess.run(command, cwd=house, env=environment, capture_output=True, text=True, check=False)


def test_contract_moves_in_with_the_first_such_handler() -> None:
    """As soon as one of the two handlers exists, the contract is part of every check."""
    exists = any((ROOT / "handlers" / f"{name}.py").exists() for name in ("ai_team", "ai_nudge"))

    assert exists is ("handlers.ai_team" in (ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_rows_of_a_person_have_no_new_module() -> None:
    """Every module of the store is either named by the contract or known to yield nobody's rows."""
    nobodys = {"__init__", "batches", "billing", "database", "health", "installation", "opening", "retention", "runs"}
    nobodys |= {"send_slots", "source_runs", "staging", "team_stays"}
    modules = {path.stem for path in (ROOT / "bot" / "store").glob("*.py")} - nobodys - {"tables", "types"}
    contract = CONTRACT.read_text(encoding="utf-8")

    assert set() == {module for module in modules if f"bot.store.{module}\n" not in contract}


def test_contract_holds_for_handlers_that_reach_nobody(copy_of_the_house: Path) -> None:
    """With two harmless handlers in place the contract is kept."""
    result = lint(copy_of_the_house)

    assert 0 == result.returncode, result.stdout


@pytest.mark.parametrize("breach", BREACHES.values(), ids=BREACHES)
def test_breach_is_caught(copy_of_the_house: Path, breach: str) -> None:
    """A manager's handler that can reach one person's rows, at any distance, fails the build."""
    (copy_of_the_house / "handlers" / "ai_team.py").write_text(f"{HARMLESS}\n{breach}\n", encoding="utf-8")

    result = lint(copy_of_the_house)

    assert 1 == result.returncode
    assert "Nothing a manager or a lead can open reaches one person's rows BROKEN" in result.stdout
