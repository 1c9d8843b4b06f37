"""How a run is cut: everybody once, people before their use, and counts that add up; and real jobs carried out so."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from bot import app
from bot.clock import HandClock
from bot.domain.roster import PersonRecord
from bot.errors import InputError
from bot.settings import SourceConfig, load
from bot.store import people
from bot.store.database import Store
from bot.store.tables import RunRow, SilenceRow, StateRow
from jobs import pieces, workers
from tests import postgres
from tests.jobs.workshop import all_ended, wait_until

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
SOURCES = (
    SourceConfig("github", "code", account="lantern", api_key="k"),
    SourceConfig("scim", "staff", base_url="https://staff.example/", api_key="k"),
    SourceConfig("claude_code", "claude", api_key="k"),
)


def hire(store: Store, count: int) -> list[int]:
    records = [PersonRecord(email=f"p{n}@lantern.example", timezone="Europe/Berlin") for n in range(count)]
    with store.begin() as session:
        people.save_people(session, records=records, now=NOW)
        return sorted(next(people.shards(session, size=count)))


def cut(store: Store, job: str) -> list[pieces.Piece]:
    with store.read() as session:
        return pieces.cut(session, job=job, sources=SOURCES, size=3)


@pytest.mark.parametrize("job", ["detect", "decide"])
def test_everybody_is_in_exactly_one_piece(store: Store, job: str) -> None:
    """Seven people in threes are three pieces, and together these are about everybody, each once."""
    everybody = hire(store, 7)

    found = [pieces.people_of(store, what) for _, what in cut(store, job)]

    assert [3, 3, 1] == [len(some or []) for some in found]
    assert everybody == [one for some in found for one in some or []]


def test_nobody_is_one_piece(sqlite_store: Store) -> None:
    """Without people there is still a piece, about no one, so that the run comes to its end."""
    [(_, what)] = cut(sqlite_store, "detect")

    assert [] == pieces.people_of(sqlite_store, what)


def test_people_are_read_before_their_use(sqlite_store: Store) -> None:
    """The lists of people and Slack's members are one piece; every other source is one in the phase after."""
    first, *rest = cut(sqlite_store, "collect")

    assert (0, {"sources": ["staff"], "members": True}) == first
    assert [(1, {"sources": ["code"]}), (1, {"sources": ["claude"]})] == rest
    assert [SOURCES[2]] == pieces.sources_of(SOURCES, rest[1][1])


def test_source_that_this_process_does_not_know_is_refused() -> None:
    """A worker with other settings than the one that cut says so, and reads nothing."""
    with pytest.raises(InputError, match="no source called 'staff'"):
        pieces.sources_of(SOURCES[:1], {"sources": ["staff"]})


def test_delivery_has_two_drains_and_the_rest_is_whole(sqlite_store: Store) -> None:
    """Two processes can empty the queue side by side; what cannot be shared is one piece."""
    assert 2 == len(cut(sqlite_store, "deliver"))
    assert [[(0, {})]] * 4 == [cut(sqlite_store, job) for job in ("measure", "snapshot", "digest", "tidy")]


def test_counts_add_up() -> None:
    """What the pieces counted stands together as one."""
    assert {"people": 7, "planned": 2} == pieces.together([{"people": 3}, {"people": 4, "planned": 2}])


@pytest.fixture
def pg_url(pg_server: str, migrated_pg: str) -> Iterator[str]:
    with postgres.database(pg_server, template=migrated_pg.rsplit("/", 1)[1]) as url:
        yield url


def test_real_jobs_are_carried_out_by_a_worker(pg_url: str) -> None:
    """Judging, measuring and deciding, handed over to a real worker, leave what a tick would: a state and a reason for
    everybody, and the counts that may be told.
    """
    settings = load({"KINDLING_DATABASE_URL": pg_url, "SLACK_BOT_TOKEN": "xoxb-never-used"})
    stop = threading.Event()
    with app.running(settings, clock=HandClock(NOW)) as desk:
        hire(desk.store, 7)
        workers.prepare(desk.store)
        for job in ("detect", "measure", "decide"):
            workers.handing_over(desk.store)(job, NOW)
        team = threading.Thread(target=app.toil, args=(desk, stop))
        team.start()
        try:
            assert wait_until(all_ended(desk.store, 3))
        finally:
            stop.set()
            team.join()
        with desk.store.read() as session:
            told = {row.job: row.result for row in session.execute(select(RunRow.job, RunRow.result))}
            states, silences = (len(session.scalars(select(row)).all()) for row in (StateRow, SilenceRow))

    assert {"detect": {"people": 7}, "measure": {}, "decide": {"people": 7, "planned": 0, "silent": 7}} == told
    assert (7, 7) == (states, silences)
