"""The whole product on real input: a real team's four weeks, and a public roster of 1,276 people.

By the command line, with a stand-in Slack. Only counts are compared and written down (docs/evidence/real-data.md): no
name and no row of the data enters the repository. Skipped, loudly, where the data are not there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot import app
from bot.clock import HandClock
from bot.playground.cast import Member
from bot.playground.server import APP_TOKEN, BOT_TOKEN, Playground
from bot.settings import load
from bot.store.database import Store
from bot.store.tables import FindingRow, NudgeRow, SilenceRow, StateRow, UsageDayRow
from jobs.rounds import Pace
from tests import watched
from tests.story import open_data

pytestmark = pytest.mark.skipif(
    not open_data.PRESENT, reason=f"THE OPEN DATA ARE NOT HERE ({open_data.FOLDER}): nothing ran on real input"
)


CACHE_READ, OUTPUT = 1_384_589_789, 888_451
"""Tokens of the main agents in the real team's sessions, as the reference facts beside the data give them."""


DECLARED_TEAM = {
    "state": {"building": 2, "first_steps": 3, "habitual": 3, "unknown": 7},
    "finding": {"W10 exploration": 4, "W25 exploration": 2},
    "nudge": {"planned first_steps": 2, "sent building": 2, "sent check_in": 3, "sent first_steps": 1},
    "silence": {"unknown": 7},
}
THOUSAND_STATES = {"building": 32, "first_steps": 11, "never_used": 1233}
"""Figures of docs/evidence/real-data.md."""


@dataclass
class Town:
    """One database and one stand-in Slack, reached as an operator reaches them."""

    folder: Path
    slack: Playground
    said: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"sqlite:///{self.folder / 'kindling.db'}"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "KINDLING_DATABASE_URL": self.url,
            "KINDLING_SLACK_API_URL": self.slack.api_url,
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
        }

    def kindling(self, *arguments: str) -> dict[str, object]:
        """Run one command; return its JSON line."""
        environment = {**self.environment, "PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2])}
        command = [sys.executable, "-m", "bot", *arguments, "--json"]
        ended = subprocess.run(
            command, env=environment, cwd=self.folder, capture_output=True, text=True, timeout=280, check=False
        )
        assert 0 == ended.returncode, ended.stderr[-2000:]
        self.said += [ended.stdout, ended.stderr]
        answer: dict[str, object] = json.loads(ended.stdout.splitlines()[-1])
        return answer

    def bring_in(self, files: open_data.OpenSet, *, complete: bool) -> None:
        through = ["--complete-through", files.complete_through.isoformat()] if complete else []
        now = ["--now", f"{files.complete_through.isoformat()}T23:59:00Z"]
        self.kindling("import", "people", str(files.people), *now)
        self.kindling("import", "seats", str(files.seats), *now)
        if files.outcomes:
            self.kindling("import", "outcomes", str(files.outcomes), *now)
        self.kindling("import", "usage", str(files.usage), *through, *now)

    def figures(self) -> dict[str, dict[str, int]]:
        store = Store(self.url)
        with store.read() as session:
            newest = select(func.max(StateRow.last_day)).scalar_subquery()
            found = {
                "state": session.execute(
                    select(StateRow.state, func.count()).where(StateRow.last_day == newest).group_by(StateRow.state)
                ),
                "finding": session.execute(
                    select(FindingRow.detector + " " + FindingRow.ledger, func.count()).group_by(
                        FindingRow.detector, FindingRow.ledger
                    )
                ),
                "nudge": session.execute(
                    select(NudgeRow.state + " " + NudgeRow.trigger, func.count()).group_by(
                        NudgeRow.state, NudgeRow.trigger
                    )
                ),
                "silence": session.execute(select(SilenceRow.reason, func.count()).group_by(SilenceRow.reason)),
            }
            figures = {what: {str(name): int(count) for name, count in rows} for what, rows in found.items()}
        store.close()
        return figures


@contextmanager
def town(folder: Path, members: tuple[open_data.Member, ...]) -> Iterator[Town]:
    accounts = [Member(m.slack_user_id, m.email, f"Member {n}", m.timezone) for n, m in enumerate(members)]
    with watched.playground(members=accounts) as slack:
        yield Town(folder, slack)


def nobody_else_in(town_: Town, files: open_data.OpenSet) -> None:
    """P1: no message names another member, and no line of output or log names anybody."""
    for shown in town_.slack.journal.entries():
        said = shown.text + json.dumps(shown.blocks)
        assert not [m for m in files.members if m.email in said or m.slack_user_id in said]
    output = "\n".join(town_.said)
    assert not [m for m in files.members if m.email in output or m.slack_user_id in output]


@pytest.mark.prove
def test_real_team_undeclared(tmp_path: Path) -> None:
    """Every token of the real team arrives; but nobody said that the files are complete, so nobody is called idle."""
    files = open_data.real_team(tmp_path)
    with town(tmp_path, files.members) as team:
        team.bring_in(files, complete=False)
        counts = _through_monday(team, date(2026, 2, 16))
        store = Store(team.url)
        with store.read() as session:
            sums = select(func.sum(UsageDayRow.cache_read_tokens), func.sum(UsageDayRow.output_tokens))
            read, output = session.execute(sums).one()
        store.close()

        assert (CACHE_READ + _of_subagents("cache_read_tokens"), OUTPUT + _of_subagents("output_tokens")) == (
            read,
            output,
        )
        assert {"state": {"unknown": 15}, "finding": {}, "nudge": {}, "silence": {"unknown": 15}} == counts
        nobody_else_in(team, files)


def test_real_team_declared(tmp_path: Path) -> None:
    """Declared complete, the same files give states, findings and messages; each person is told at most once."""
    files = open_data.real_team(tmp_path)
    with town(tmp_path, files.members) as team:
        team.bring_in(files, complete=True)
        counts = _through_monday(team, date(2026, 2, 16))

        assert DECLARED_TEAM == counts
        assert Counter(shown.to for shown in team.slack.journal.messages()).most_common(1)[0][1] == 1
        nobody_else_in(team, files)


def test_thousand_people(tmp_path: Path) -> None:
    """1,233 people with a seat and no use, 43 with use: each has one message planned."""
    files = open_data.thousand_people(tmp_path)
    with town(tmp_path, files.members) as roster:
        roster.bring_in(files, complete=True)
        roster.kindling("tick", "--now", "2026-02-02T03:40:00Z")
        planned = roster.figures()

        assert THOUSAND_STATES == planned["state"]
        assert {f"planned {state}": count for state, count in THOUSAND_STATES.items()} == planned["nudge"]
        nobody_else_in(roster, files)


@pytest.mark.prove
def test_thousand_people_are_told(tmp_path: Path) -> None:
    """The same, each told once, in one afternoon, and nobody twice."""
    files = open_data.thousand_people(tmp_path)
    with town(tmp_path, files.members) as roster:
        roster.bring_in(files, complete=True)
        roster.kindling("tick", "--now", "2026-02-02T03:40:00Z")
        for minute in (0, 40, 58):  # in parts: time goes by within a run, and at 16:00 the fair hours end
            _send_quickly(roster, datetime(2026, 2, 2, 15, minute, tzinfo=UTC))

        sent = Counter(shown.to for shown in roster.slack.journal.messages())
        assert (1276, 1) == (len(sent), max(sent.values()))
        nobody_else_in(roster, files)


def _send_quickly(town_: Town, now: datetime) -> None:
    """Deliver at the speed of the stand-in: at Slack's own pace 1,276 messages take 24 minutes."""
    settings = load({**town_.environment, "KINDLING_CONFIG": ""})
    with app.running(settings, clock=HandClock(now)) as desk:
        app.work(desk, pace=Pace(rate_per_s=1000))["deliver"](now)


def _through_monday(town_: Town, day: date) -> dict[str, dict[str, int]]:
    """The night's jobs, then the last minutes of the fair hours of each zone the team works in."""
    for hour in ("03:40", "04:58", "14:58", "23:30"):
        town_.kindling("tick", "--now", f"{day.isoformat()}T{hour}:00Z")
    return town_.figures()


def _of_subagents(column: str) -> int:
    """The reference facts count calls of the main agents; those of sub-agents stand beside them in the file."""
    return sum(
        int(row[column]) for row in open_data.read_csv("entire-cli/usage_events.csv") if row["is_subagent"] == "1"
    )
