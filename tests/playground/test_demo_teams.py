"""What the demo shows when it opens: a past to compare with, a team large enough to be told of and one not, money, and
people for a campaign.

Few of its people have a pattern that comes to dollars, and the others have none: that must stay so, whatever the rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from bot import app
from bot.domain.campaigns import Audience
from bot.domain.disclosure import Shown
from bot.domain.team_summary import VOLUME_AND_MONEY, summarize
from bot.playground import cast, colleagues, demo
from bot.playground.cast import Member
from bot.store import audiences, people, published
from bot.store.published import Snapshot
from handlers.desk import Desk
from jobs.rounds import Pace
from tests.files import rows

OPENS = demo.STORY_BEGINS.date()
LAST_DAY = OPENS - timedelta(days=1)


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


@pytest.fixture(scope="module")
def opened(desk: Desk) -> Desk:
    """The same after the story's first night."""
    night = demo.STORY_BEGINS.replace(hour=5)
    work = app.work(desk, pace=Pace(rate_per_s=50))
    for job in ("collect", "detect", "snapshot"):
        work[job](night)
    return desk


def snapshots_of(desk: Desk, who: Member, *, before: date = OPENS) -> list[Snapshot]:
    """What was published of the group of everybody below, newest first."""
    with desk.store.read() as session:
        person_id = people.person_by_email(session, email=who.email)
        assert person_id is not None
        key = published.led_by(session, person_id=person_id)
        assert key is not None
        return list(published.past(session, group_key=key, before=before))


def test_a_monday_was_published_before(desk: Desk) -> None:
    """The trend of the first summary has something to compare with."""
    assert [date(2026, 2, 2)] == [one.week for one in snapshots_of(desk, cast.EMI)]


@pytest.mark.parametrize(("who", "label", "told"), [(cast.EMI, "assembly", True), (cast.ADA, "lanterns", False)])
def test_a_large_team_is_told_of_and_a_small_one_is_not(desk: Desk, who: Member, label: str, told: bool) -> None:
    """Fifty people have a summary; three have none, every time."""
    found = snapshots_of(desk, who)

    assert {label} == {one.label for one in found}
    assert {told} == {summarize(one.cells, []).says_something for one in found}


def test_the_large_team_hears_of_its_money(opened: Desk) -> None:
    """Tokens, spend, what could have been less and what bought nothing stand in the first summary, each above zero."""
    newest = snapshots_of(opened, cast.EMI, before=OPENS + timedelta(days=1))[0]
    cells = [newest.cells[name] for name in VOLUME_AND_MONEY]

    assert OPENS == newest.week
    assert [True] * 4 == [isinstance(cell, Shown) and cell.value > 0 for cell in cells]


def findings_of(desk: Desk, who: Member) -> dict[str, tuple[str, int, int]]:
    """Of the newest window by detector: ledger, and the range in whole dollars."""
    with desk.store.read() as session:
        person_id = people.person_by_email(session, email=who.email)
    columns = ("window_last_day", "detector", "ledger", "low_microusd", "high_microusd")
    kept = [row[1:] for row in rows(desk.store, "finding", "person_id", *columns) if row[0] == person_id]
    return {
        detector: (ledger, low // 1_000_000, high // 1_000_000)
        for day, detector, ledger, low, high in kept
        if day == LAST_DAY
    }


def test_chidi_takes_up_cold_conversations(opened: Desk) -> None:
    """What stands in dollars on his card is W13, a range of tens of dollars, and all else found is exploration."""
    found = findings_of(opened, cast.CHIDI)
    ledger, low, high = found.pop("W13")

    assert "optimizable" == ledger
    assert 10 <= low < high < 60
    assert {"exploration"} == {ledger for ledger, _, _ in found.values()}


def test_an_agent_of_finn_failed_all_night(opened: Desk) -> None:
    """What bought nothing on his card is W04, tens of dollars."""
    ledger, low, high = findings_of(opened, cast.FINN)["W04"]

    assert "wasted" == ledger
    assert 10 <= low < high < 80


def test_most_people_show_nothing(opened: Desk) -> None:
    """Nothing is found with Ada, whose sessions are told; in all, fewer than a quarter have dollars that are not a
    seat's price.
    """
    columns = ("person_id", "window_last_day", "detector", "counted_microusd", "ledger")
    told = {
        person_id
        for person_id, day, detector, counted, ledger in rows(opened.store, "finding", *columns)
        if day == LAST_DAY and detector != "W01" and counted and ledger in ("wasted", "optimizable")
    }

    assert {} == findings_of(opened, cast.ADA)
    assert 10 <= len(told) < (len(cast.EMPLOYEES) + colleagues.COLLEAGUES) / 4


def test_leads_have_a_campaign_to_plan(opened: Desk) -> None:
    """So many have not begun that they may be counted, and so many that the second of two leads has to agree."""
    night = demo.STORY_BEGINS.replace(hour=5)
    with opened.store.begin() as session:
        size = audiences.counted(session, audience=Audience("never_used"), now=night)

    assert {cast.ROBIN.email, cast.HANA.email} == set(opened.settings.leads)
    assert size is not None
    assert opened.settings.approval_from <= size


def test_not_everybodys_machine_tells(opened: Desk) -> None:
    """Robin is known by sums of days alone, so that what goes on inside sessions is not visible; Ada's sessions are."""
    with opened.store.read() as session:
        robin, ada = (people.person_by_email(session, email=who.email) for who in (cast.ROBIN, cast.ADA))
    told = {person_id for (person_id,) in rows(opened.store, "session_facts", "person_id")}

    assert (False, True) == (robin in told, ada in told)
