"""Whom a source covers, and who has a Slack account: what a night of collecting learns about people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.errors import SlackRefused
from bot.sources.prices import GenaiPrices
from bot.sources.standins.claude_code import ClaudeCodeStandIn
from bot.store import coverage, people
from bot.store.database import Store
from bot.store.tables import SourceRunRow
from jobs.collect import SLACK_ROSTER, collect
from tests.jobs.nights import ADA, BEN, EMI, NOW, TODAY, hire, listening, night, ranges, source_at


@pytest.fixture
def stand_in() -> Iterator[ClaudeCodeStandIn]:
    with ClaudeCodeStandIn() as server:
        yield server


def test_only_declared_people_are_covered(store: Store, stand_in: ClaudeCodeStandIn) -> None:
    """Those whom the settings name are covered, from the first day of the look-back on, and nobody else."""
    ids = hire(store, ADA, BEN, EMI)
    night(store, source_at(stand_in, name="silent"))
    assert set() == ranges(store)

    night(store, source_at(stand_in, BEN))
    first = TODAY - timedelta(days=84)
    assert {(ids[BEN], first, None)} == ranges(store)
    with store.read() as session:
        found = coverage.load(session, person_ids=list(ids.values()), first=first, last=TODAY)
    assert (84, 0) == (len(found[ids[BEN]].covered["claude_code"]), len(found[ids[ADA]].covered))


def test_newly_hired_are_covered_from_their_first_day_and_newly_declared_from_today(
    store: Store, stand_in: ClaudeCodeStandIn
) -> None:
    """Who was known and not declared may have signed in another way until now; a new colleague has not."""
    ids = hire(store, ADA)
    night(store, source_at(stand_in, BEN))
    later = NOW + timedelta(days=7)
    began = TODAY - timedelta(days=10)
    ids |= hire(store, BEN, now=later, started_on=began)
    night(store, source_at(stand_in, BEN, ADA), now=later)
    assert {(ids[BEN], began, None), (ids[ADA], later.date(), None)} == ranges(store)


def test_roster_may_come_after_the_first_reading(store: Store, stand_in: ClaudeCodeStandIn) -> None:
    """Where nobody was known yet nobody can have changed their address: all are covered as at a first reading."""
    night(store, source_at(stand_in, "*@lantern.example"))
    later = NOW + timedelta(days=7)
    ids = hire(store, ADA, now=later)
    night(store, source_at(stand_in, "*@lantern.example"), now=later)
    assert {(ids[ADA], later.date() - timedelta(days=84), None)} == ranges(store)


@pytest.mark.parametrize("started_on", [None, TODAY - timedelta(days=900)])
def test_new_address_of_an_old_hand_proves_nothing_about_the_past(
    store: Store, stand_in: ClaudeCodeStandIn, started_on: date | None
) -> None:
    """Somebody who changed their address looks new; their use until today stands under the old one."""
    hire(store, ADA)
    night(store, source_at(stand_in, "*@lantern.example"))
    later = NOW + timedelta(days=7)
    ids = hire(store, EMI, now=later, started_on=started_on)
    night(store, source_at(stand_in, "*@lantern.example"), now=later)
    assert (ids[EMI], later.date(), None) in ranges(store)


def test_who_is_no_longer_declared_is_no_longer_covered(store: Store, stand_in: ClaudeCodeStandIn) -> None:
    """Taken off the list: covered up to four days ago. Put back: covered again from that day on, not before."""
    ids = hire(store, BEN)
    night(store, source_at(stand_in, BEN))
    first = TODAY - timedelta(days=84)

    night(store, source_at(stand_in), now=NOW + timedelta(days=7))
    ended = TODAY + timedelta(days=3)
    assert {(ids[BEN], first, ended)} == ranges(store)

    night(store, source_at(stand_in, BEN), now=NOW + timedelta(days=20))
    back = TODAY + timedelta(days=20)
    assert {(ids[BEN], first, ended), (ids[BEN], back, None)} == ranges(store)


def slack_member(user_id: str, email: str, **more: Any) -> dict[str, Any]:
    return {"id": user_id, "tz": "Europe/Paris", "locale": "fr-FR", "profile": {"email": email}, **more}


def test_roster_links_employees_alone(store: Store) -> None:
    """People get their Slack account and time zone; bots, guests and unknown members become nobody."""
    ids = hire(store, ADA, BEN)
    members = [
        slack_member("U0ADA", "Ada.Moreau@lantern.example"),
        slack_member("U0BEN", BEN, deleted=True),
        slack_member("U0GUEST", "guest@elsewhere.example", is_restricted=True),
        slack_member("U0KIM", "kim.unknown@lantern.example"),
    ]
    counts = night(store, members=lambda: members)
    assert (1, 0, 2, 1) == tuple(
        counts[name] for name in ("sources", "sources_failed", "slack_members", "slack_unmapped")
    )
    with store.read() as session:
        found = people.load(session, person_ids=ids.values())
        assert ("U0ADA", "Europe/Paris") == (found[ids[ADA]].slack_user_id, found[ids[ADA]].timezone)
        assert found[ids[BEN]].slack_user_id is None


def test_broken_roster_is_said_once_and_changes_nothing(store: Store) -> None:
    """When Slack refuses half-way through the list, nobody loses their account."""
    ids = hire(store, ADA, BEN)
    both = [slack_member("U0ADA", ADA), slack_member("U0BEN", BEN)]
    night(store, members=lambda: both)

    def half() -> Iterator[dict[str, Any]]:
        yield both[0]
        raise SlackRefused("missing_scope")

    with listening() as said:
        for _ in range(2):
            counts = collect(store, sources=[], slack_members=half, now=NOW, prices=GenaiPrices())
            assert (1, 1) == (counts["sources"], counts["sources_failed"])
        night(store, members=lambda: both)
    assert ["collect.source_down", "collect.source_back"] == said
    with store.read() as session:
        assert "U0BEN" == people.load(session, person_ids=[ids[BEN]])[ids[BEN]].slack_user_id
        runs = (
            select(SourceRunRow.status).where(SourceRunRow.source == SLACK_ROSTER).order_by(SourceRunRow.source_run_id)
        )
        assert ["done", "failed", "failed", "done"] == list(session.scalars(runs))
