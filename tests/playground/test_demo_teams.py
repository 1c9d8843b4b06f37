"""The demo's teams: when it opens there is a past to compare with, one team large enough to be told of and one not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from bot import app
from bot.domain.team_summary import summarize
from bot.playground import cast, demo
from bot.playground.cast import Member
from bot.store import people, published
from bot.store.published import Snapshot
from handlers.desk import Desk


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The demo's own Kindling when the story begins."""
    folder = tmp_path_factory.mktemp("demo")
    with (
        demo.world_of(folder, demo.STORY_BEGINS, None) as world,
        app.running(demo.settings_of(world), clock=world.clock) as running,
    ):
        demo.bring_in(running, world)
        demo.publish_the_past(running, world)
        yield running


def snapshots_of(desk: Desk, who: Member) -> list[Snapshot]:
    """What was published of the group of everybody below, newest first."""
    with desk.store.read() as session:
        person_id = people.person_by_email(session, email=who.email)
        assert person_id is not None
        key = published.led_by(session, person_id=person_id)
        assert key is not None
        return list(published.past(session, group_key=key, before=demo.STORY_BEGINS.date()))


def test_two_mondays_were_published_before(desk: Desk) -> None:
    """The trend of the first summary has something to compare with."""
    assert [date(2026, 2, 2), date(2026, 1, 5)] == [one.week for one in snapshots_of(desk, cast.EMI)]


@pytest.mark.parametrize(("who", "label", "told"), [(cast.EMI, "assembly", True), (cast.ADA, "lanterns", False)])
def test_a_large_team_is_told_of_and_a_small_one_is_not(desk: Desk, who: Member, label: str, told: bool) -> None:
    """Fifty people have a summary; three have none, every time."""
    found = snapshots_of(desk, who)

    assert {label} == {one.label for one in found}
    assert {told} == {summarize(one.cells, []).says_something for one in found}
