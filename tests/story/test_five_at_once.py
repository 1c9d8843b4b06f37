"""Five processes tick at the same instant, on one database: the same thing happens as with one, once."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.playground.cast import BEN, CAST
from bot.playground.server import APP_TOKEN, BOT_TOKEN, Playground
from bot.store.database import Store
from bot.store.tables import NudgeRow, NudgeStepRow, RunRow, StateRow
from tests import watched

ROOT = Path(__file__).parents[2]
MONDAY = date(2026, 3, 2)
PROCESSES = 5


def environment(database_url: str, slack: Playground) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "KINDLING_DATABASE_URL": database_url,
        "KINDLING_SLACK_API_URL": slack.api_url,
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_APP_TOKEN": APP_TOKEN,
    }


def at_once(folder: Path, env: dict[str, str], commands: list[list[str]]) -> None:
    """Start them all, then wait for all; each must end well."""
    programs = [
        subprocess.Popen(
            [sys.executable, "-m", "bot", *command],
            cwd=folder,
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for command in commands
    ]
    for program in programs:
        said = program.communicate(timeout=120)[1]
        assert 0 == program.returncode, said


@pytest.mark.prove
def test_five_processes_change_nothing(database_url: str, tmp_path: Path) -> None:
    """Five ticks at each of three instants: every run once, one state, one message, along each arrow once."""
    files = {
        "people": f"email,timezone\n{BEN.email},Europe/Madrid\n",
        "seats": f"email,tool,assigned_on\n{BEN.email},claude_code,2026-01-12\n",
        "usage": f"email,day,tool,requests\n{BEN.email},2026-01-12,claude_code,0\n",
    }
    with watched.playground(members=CAST) as slack:
        env = environment(database_url, slack)
        for kind, text in files.items():
            (tmp_path / f"{kind}.csv").write_text(text, encoding="utf-8")
            through = ["--complete-through", str(MONDAY - timedelta(days=1))] if kind == "usage" else []
            at_once(tmp_path, env, [["import", kind, f"{kind}.csv", *through, "--now", f"{MONDAY}T01:00:00Z"]])
        for hour in ("04:00", "14:58", "14:58"):
            at_once(tmp_path, env, [["tick", "--now", f"{MONDAY}T{hour}:00Z"]] * PROCESSES)

        assert [BEN.slack_id] == [shown.to for shown in slack.journal.messages()]
    store = Store(database_url)
    with store.read() as session:
        runs = session.execute(select(RunRow.job, RunRow.state, RunRow.attempts)).all()
        states = session.scalars(select(StateRow.state)).all()
        nudges = session.scalars(select(NudgeRow.state)).all()
        steps = session.scalars(select(NudgeStepRow.to_state).order_by(NudgeStepRow.nudge_step_id)).all()
    store.close()

    nightly = ["collect", "decide", "detect", "measure", "tidy"]
    assert sorted([*nightly, *["deliver", "digest", "snapshot"] * 2]) == sorted(run.job for run in runs)
    assert {("done", 1)} == {(run.state, run.attempts) for run in runs}
    assert ["never_used"] == list(states)
    assert ["sent"] == list(nudges)
    assert ["planned", "claimed", "sending", "sent"] == list(steps)
