"""The whole of it as it is deployed: `kindling run` and two `kindling worker` on PostgreSQL, with a Slack."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.store.database import Store
from bot.store.tables import RunRow
from jobs.calendar import CALENDAR
from tests import postgres, watched
from tests.jobs.workshop import wait_until

ROOT = Path(__file__).parents[2]
PLENTY_S = 120


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_run_and_workers_share_a_night_and_end_when_told(pg_server: str, tmp_path: Path) -> None:
    """Every job of the calendar is caught up once between three processes, `kindling queue` says so, and each process
    ends with code 0 on SIGTERM.
    """
    with watched.playground() as slack, postgres.database(pg_server) as url, ExitStack() as crew:
        environ = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "KINDLING_DATABASE_URL": url,
            "KINDLING_SLACK_API_URL": slack.api_url,
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
        }

        def kindling(command: str) -> subprocess.Popen[str]:
            arguments = [sys.executable, "-m", "bot", command]
            return crew.enter_context(
                subprocess.Popen(
                    arguments, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
                )
            )

        store = crew.enter_context(closing(Store(url)))
        store.upgrade()
        team = [kindling(command) for command in ("run", "worker", "worker")]
        try:
            assert slack.wait_for_bot(PLENTY_S)
            assert wait_until(lambda: set() == {a.job for a in CALENDAR} - set(done(store)), within_s=PLENTY_S)
            listed, _ = kindling("queue").communicate(timeout=PLENTY_S)
        finally:
            for process in team:
                process.send_signal(signal.SIGTERM)
            said = [process.communicate(timeout=PLENTY_S)[1] for process in team]
        nightly = [job for job in done(store) if job not in ("deliver", "digest")]

    assert sorted(nightly) == sorted({a.job for a in CALENDAR} - {"deliver", "digest"})
    assert "job collect: done for " in listed
    assert ([0, 0, 0], True) == ([process.returncode for process in team], "Traceback" not in "".join(said))


def done(store: Store) -> list[str]:
    """The job of each run that is done."""
    with store.read() as session:
        return list(session.scalars(select(RunRow.job).where(RunRow.state == "done")))
