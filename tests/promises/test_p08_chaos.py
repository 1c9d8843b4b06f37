"""P8 and P9 in a season of trouble: whatever breaks, nothing is lost, doubled, unfair, too much or unwanted.

The real rules are asked, in real processes, on both databases; what is counted is what Slack's stand-in wrote down.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from bot.store.database import Store
from tests import chaos, crew, crowd, postgres
from tests.chaos import Chaos


@contextmanager
def a_chaos(folder: Path, store: Store, *, people: int, seed: int, **pace: float) -> Iterator[Chaos]:
    """A crowd with its campaigns, a Slack and a nursery, with nobody at work yet."""
    members = crowd.write_members(folder / "members.json", people)
    with crew.slack_process(folder, members=members, now=chaos.BEGIN) as slack:
        held = Chaos(store, slack, dice=Random(seed))
        held.hire(people)
        held.begin_campaigns()
        with crew.crew(folder, database_url=store.url, slack=slack, pace={**chaos.PACE, **pace}) as couriers:
            held.crew = couriers
            yield held


@contextmanager
def a_database(kind: str, folder: Path) -> Iterator[tuple[str, Callable[[bool], None] | None]]:
    """An empty database, and how to restart it (crashing or not) where it is a server."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'kindling.db'}", None
        return
    with postgres.own_server() as server, postgres.database(server.url) as url:
        yield url, lambda crash: server.restart(crash=crash)


def test_a_bad_week(sqlite_store: Store, tmp_path: Path) -> None:
    """A small draw: the clocks of one zone have just changed, couriers die, Slack loses replies, and some had one
    already this week.
    """
    with a_chaos(tmp_path, sqlite_store, people=72, seed=6, lease_s=3, http_timeout_s=1, settle_s=1) as held:
        held.kills_a_scene, held.wishes_a_kill, held.most_couriers = 1, 0.1, 3
        everywhere = chaos.season(held.people, dice=held.dice, edges=0)
        held.live([scene for scene in everywhere if scene.zone == "Asia/Beirut"][:2], [chaos.lost_replies])
        held.finish()
    counted = chaos.books(held)
    assert {} == counted.broken
    assert counted.ends["sent"] > 0


@pytest.mark.prove
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_bad_year(database: str, tmp_path: Path) -> None:
    """10,000 messages, hundreds of kills, restarts, outages, twelve zones and both changes of their clocks."""
    people = int(os.environ.get("KINDLING_PROVE_PEOPLE", "9000"))
    seed = int(os.environ.get("KINDLING_PROVE_SEED", "8"))
    edges = int(os.environ.get("KINDLING_PROVE_EDGES", "4"))
    first, last = map(int, os.environ.get("KINDLING_PROVE_SCENES", "0:1000").split(":"))
    with a_database(database, tmp_path) as (url, restart):
        store = Store(url)
        store.upgrade()
        with a_chaos(tmp_path, store, people=people, seed=seed) as held:
            held.restart = restart
            held.live(chaos.season(held.people, dice=held.dice, edges=edges)[first:last], chaos.ALL_TROUBLE)
            held.finish()
            counted = chaos.books(held)
        store.close()
    chaos.report(held, counted)
    assert {} == counted.broken
    assert counted.ends["sent"] > people / 10
