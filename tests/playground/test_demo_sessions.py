"""The demo with one's own session files: a card of them for one person, invented figures for all others."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot import app
from bot.domain import scorecard
from bot.domain.usage import SessionCounters
from bot.playground import cast, colleagues, demo
from bot.sources.session_files.reading import Reading
from bot.store import scorecard as stored
from handlers.desk import Desk
from tests.files import rows
from tests.sources.session_files import written

NOW = written.START + timedelta(hours=9)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder; nothing of the machine's own sessions can be seen."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "home"


@pytest.fixture
def mine(home: Path) -> Reading:
    path = home / ".claude" / "projects" / "p" / "session-1.jsonl"
    lines = [written.prompt(-3000), written.answer(-2999, 1, uses=[written.tool_use("Bash", 1)])]
    written.write(path, [*lines, written.result(-2998, 1, failed=True), written.answer(-1500, 2)])
    os.utime(path, (NOW.timestamp(), NOW.timestamp()))
    found = demo.sessions_on_this_machine(NOW)
    assert found is not None
    return found


@pytest.fixture
def desk(mine: Reading, tmp_path: Path) -> Iterator[Desk]:
    """The demo's own Kindling after everything was brought in."""
    folder = tmp_path / "demo"
    folder.mkdir()
    with (
        demo.world_of(folder, demo.begins_on(NOW), mine) as world,
        app.running(demo.settings_of(world), clock=world.clock) as running,
    ):
        demo.bring_in(running, world)
        yield running


def test_the_card_shows_ones_own_sessions(desk: Desk) -> None:
    """The one person who is not invented has a card with the days and tokens of the files on this machine."""
    me = [person for person, kind in rows(desk.store, "identity", "person_id", "external_id") if kind == cast.YOU.email]
    with desk.store.read() as session:
        numbers = stored.numbers(
            session,
            person_id=me[0],
            yesterday=demo.begins_on(NOW).date() - timedelta(days=1),
            holidays_of=lambda *_: frozenset(),
            weekend_of=lambda _: frozenset({5, 6}),
        )
    assert numbers is not None
    card = scorecard.build(numbers)
    assert (("claude_code",), 2 * 162) == (card.tools, card.efficiency.tokens)
    assert 2 == card.habit.now.used_days + card.habit.now.days_off_used


def test_nobody_else_has_any_of_it(desk: Desk) -> None:
    """Sessions are one person's alone, and what is invented stays invented: before the first night there is none."""
    kept = rows(desk.store, "usage_day", "source", "person_id")
    assert 1 == len({person for _source, person in kept})
    assert {"sessions"} == {source for source, _person in kept}
    assert len(cast.EMPLOYEES) + colleagues.COLLEAGUES + 1 == len(rows(desk.store, "person", "person_id"))


def test_nothing_of_the_files_but_counters_is_in_the_demo(mine: Reading) -> None:
    """What the demo holds in memory between reading and keeping is counters as well (P13)."""
    assert written.SECRET not in str(mine)
    assert [(1, 1)] == [
        (row.happened.tool_calls, row.happened.failed_tool_calls)
        for row in mine.facts
        if row.happened != SessionCounters()
    ]


def test_without_files_one_sentence_says_where_it_looked(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No files: the demo goes on with its invented people and says in which folders there was nothing."""
    assert None is demo.sessions_on_this_machine(NOW)
    said = capsys.readouterr().out
    assert "everybody here is invented" in said
    assert str(home / ".claude" / "projects") in said
    assert str(home / ".codex" / "sessions") in said


def test_files_older_than_a_card_are_left_alone(home: Path) -> None:
    """Years of files are not read for a card of weeks."""
    path = written.write(home / ".codex" / "sessions" / "old.jsonl", [written.meta(), written.turn(0)])
    os.utime(path, (1, 1))
    assert None is demo.sessions_on_this_machine(NOW)


@pytest.mark.parametrize(
    ("today", "begins"),
    [(date(2026, 3, 4), date(2026, 3, 4)), (date(2026, 3, 7), date(2026, 3, 9)), (date(2026, 3, 8), date(2026, 3, 9))],
)
def test_the_clock_starts_on_the_real_day(today: date, begins: date) -> None:
    """On a working day the demo's day is today; at a weekend it is the Monday that comes, so that tips can go out."""
    assert begins == demo.begins_on(datetime(today.year, today.month, today.day, 22, 5, tzinfo=UTC)).date()
