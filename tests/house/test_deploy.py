"""What is deployed says what Kindling understands: settings, commands and files that exist, and time enough to end."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.arguments import parser
from bot.settings import SETTINGS
from jobs.sharing import Timing

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))
KNOWN = {"KINDLING_CONFIG", *(name for setting in SETTINGS for name in (setting.env, f"{setting.env}_FILE"))}
GRACE_S = Timing().grace_s


def compose() -> dict[str, Any]:
    document = yaml.safe_load((DEPLOY / "compose.yml").read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


def ours() -> dict[str, dict[str, Any]]:
    return {name: service for name, service in compose()["services"].items() if service["image"] == "kindling"}


def dockerfile() -> list[str]:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def understood(command: list[str]) -> str:
    return str(parser().parse_args(command).command)


def test_compose_has_a_database_a_clock_and_two_workers() -> None:
    """Each service says a command that there is, and waits for the tables."""
    commands = {name: understood(service["command"]) for name, service in ours().items()}
    waits_for = {name: next(iter(service["depends_on"])) for name, service in ours().items()}

    assert {"upgrade": "db", "run": "run", "worker": "worker"} == commands
    assert {"upgrade": "postgres", "run": "upgrade", "worker": "upgrade"} == waits_for
    assert 2 == ours()["worker"]["deploy"]["replicas"]
    assert "pg_isready" in compose()["services"]["postgres"]["healthcheck"]["test"]


def test_compose_names_settings_that_there_are_and_secrets_as_files() -> None:
    """Nobody's key stands in the file: what is secret is named by a file, and each such file is declared."""
    document = compose()
    for service in ours().values():
        files = {name: value for name, value in service["environment"].items() if name.endswith("_FILE")}
        assert set() == set(service["environment"]) - KNOWN
        assert set(service["secrets"]) == {Path(path).name for path in files.values()}
        assert {"KINDLING_CONFIG"} == set(service["environment"]) - set(files)
    used = {secret for service in document["services"].values() for secret in service["secrets"]}
    assert used == set(document["secrets"])
    assert {Path("secrets")} == {Path(one["file"]).parent for one in document["secrets"].values()}


def test_containers_are_told_to_stop_in_time() -> None:
    """Whoever stops a service waits for longer than it takes to finish, or to hand back."""
    grace = {name: service.get("stop_grace_period") for name, service in ours().items() if name != "upgrade"}

    assert all(float(str(period).removesuffix("s")) > GRACE_S for period in grace.values())
    assert all(int(re.findall(r"^TimeoutStopSec=(\d+)$", text, re.MULTILINE)[0]) > GRACE_S for text in unit_texts())


def test_image_is_pinned_and_runs_as_nobody_special() -> None:
    """Every package is taken by its hash, the user is not root, and no registry's address stands in it."""
    lines = dockerfile()
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    bases = [line.split()[1] for line in lines if line.startswith("FROM ")]

    assert ["10001"] == users
    assert {"python:3.11-slim"} == set(bases)
    assert not [line for line in lines if "://" in line]
    installed = [line for line in lines if "pip install" in line]
    assert 2 == len(installed)
    assert all("--require-hashes" in line or "--no-deps" in line for line in installed)


def test_image_copies_what_exists_and_says_what_is_understood() -> None:
    """Each COPY names files of the repository that the ignore list lets through; health and default are commands."""
    lines = dockerfile()
    copied = {
        name for line in lines if line.startswith("COPY ") and "--from" not in line for name in line.split()[1:-1]
    }
    let_through = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    said = [re.findall(r'"([^"]+)"', line) for line in lines if line.startswith(("CMD", "HEALTHCHECK", "ENTRYPOINT"))]
    health, entry, default = said

    assert set() == {name for name in copied if not (DEPLOY.parent / name).exists()}
    assert {f"!{name}" for name in copied} == {line for line in let_through if line.startswith("!")}
    assert (["kindling"], "kindling") == (entry, health[0])
    assert ("queue", "run") == (understood(health[1:]), understood(default))


def unit_texts() -> list[str]:
    return [path.read_text(encoding="utf-8") for path in UNITS]


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_unit_says_commands_and_settings_that_there_are(path: Path) -> None:
    """A unit starts a command that there is, with settings that there are, and every secret that it loads is used."""
    text = path.read_text(encoding="utf-8")
    [command] = re.findall(r"^ExecStart=\S+/kindling (.+)$", text, re.MULTILINE)
    settings = dict(re.findall(r"^Environment=(\w+)=(.+)$", text, re.MULTILINE))
    loaded = set(re.findall(r"^LoadCredential=(\w+):", text, re.MULTILINE))

    assert {"kindling.service": "run", "kindling-worker@.service": "worker"}[path.name] == understood(command.split())
    assert set() == set(settings) - KNOWN
    assert loaded == {value.removeprefix("%d/") for value in settings.values() if value.startswith("%d/")}
