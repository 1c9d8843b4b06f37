"""What delivery says: in the person's language, with the words of the moment, and nothing of a tip that was ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.clock import HandClock
from bot.domain.campaigns import Audience, Kind, Plan, Step
from bot.domain.tips import SAMPLE_FACTS, TipWords
from bot.playground.cast import ADA, BEN
from bot.playground.server import BOT_TOKEN, Playground
from bot.settings import load
from bot.slack import Slack
from bot.store import campaigns, own_tips
from bot.store.database import Store
from bot.store.delivery import HeldNudge
from bot.store.tables import CampaignRow, NudgeRow, PersonRow
from jobs.deliver import deliver, words_of
from jobs.rounds import Pace, Recheck
from tests import watched
from tests.nudge_queue import NOW, TIP, always_right, nudge_row, plan

TIP_IN_GERMAN = replace(
    TIP,
    text="You have had a seat for {tools} since {seat_since}.",
    elsewhere={
        "de": TipWords("Du hast seit dem {seat_since} eine Lizenz für {tools}.", "Gib ihm zehn Minuten.", "Tu es.")
    },
)


@pytest.fixture
def slack() -> Iterator[Playground]:
    with watched.playground(HandClock(NOW)) as opened:
        yield opened


def run(
    store: Store,
    slack: Playground,
    *,
    tips: own_tips.Tips,
    recheck: Recheck = always_right,
    set_up_by: str = "The enablement team",
) -> dict[str, int]:
    return deliver(
        store,
        slack=Slack(BOT_TOKEN, slack.api_url),
        tips=tips,
        now=NOW,
        recheck=recheck,
        render=words_of(set_up_by),
        owner="a",
        pace=Pace(rate_per_s=1000),
        sleep=lambda _s: None,
    )


def planned(store: Store, slack_id: str, locale: str | None, **values: Any) -> int:
    """A nudge with facts, for somebody with this locale."""
    with store.begin() as session:
        nudge_id = plan(session, slack_id=slack_id)
        row = session.get_one(NudgeRow, nudge_id)
        row.facts = dict(SAMPLE_FACTS)
        for name, value in values.items():
            setattr(row, name, value)
        session.execute(update(PersonRow).where(PersonRow.person_id == row.person_id).values(locale=locale))
    return nudge_id


def said(slack: Playground, slack_id: str) -> list[str]:
    return [shown.text for shown in slack.journal.messages(slack_id)]


def test_everybody_is_written_to_in_their_language(store: Store, slack: Playground) -> None:
    """Two get the same tip: German where Slack is in German, English where it is in Spanish."""
    planned(store, ADA.slack_id, "de-DE")
    planned(store, BEN.slack_id, "es-ES")

    assert {"sent": 2} == run(store, slack, tips=own_tips.library([TIP_IN_GERMAN]))
    [german], [english] = said(slack, ADA.slack_id), said(slack, BEN.slack_id)
    assert "Du hast seit dem 13. Januar eine Lizenz für Claude Code und GitHub Copilot." in german
    assert german.startswith("Hallo von Kindling: eine private Nachricht")
    assert "You have had a seat for Claude Code and GitHub Copilot since 13 January." in english
    assert english.startswith("Hello from Kindling: a private note")


def test_who_set_this_up_is_said_in_german(sqlite_store: Store, slack: Playground) -> None:
    """Also where nobody said who it was: the default of the setting is not English among German words."""
    usual = load({}).set_up_by
    planned(sqlite_store, ADA.slack_id, "de-DE")
    planned(sqlite_store, BEN.slack_id, "en-GB")

    run(sqlite_store, slack, tips=own_tips.library([TIP_IN_GERMAN]), set_up_by=usual)

    assert "Das Enablement-Team hier hat mich eingerichtet" in said(slack, ADA.slack_id)[0]
    assert f"{usual} set me up" in said(slack, BEN.slack_id)[0]


def test_check_in_is_asked_in_german(sqlite_store: Store, slack: Playground) -> None:
    """The one question as well."""
    planned(sqlite_store, ADA.slack_id, "de-CH", trigger="check_in", tip_id="check-in", topic="check-in")

    run(sqlite_store, slack, tips=own_tips.library([TIP]))

    assert "Haben dir die KI-Werkzeuge in den letzten zwei Wochen" in said(slack, ADA.slack_id)[0]


def test_words_are_those_of_the_moment(store: Store, slack: Playground) -> None:
    """A tip that was changed after it was planned is said as it is now."""
    planned(store, ADA.slack_id, None)
    with store.begin() as session:
        own_tips.save(session, tip=replace(TIP, try_this="Give it five minutes."), now=NOW)

    run(store, slack, tips=own_tips.library([TIP]))

    assert "Give it five minutes." in said(slack, ADA.slack_id)[0]


def end(session: Session) -> None:
    own_tips.save(session, tip=replace(TIP, expires_on=NOW.date() - timedelta(days=1)), now=NOW)


def test_ended_tip_is_not_said(store: Store, slack: Playground) -> None:
    """It was planned, and ended before it left: it is skipped, with its reason."""
    nudge_id = planned(store, ADA.slack_id, None)
    with store.begin() as session:
        end(session)

    assert {"skipped": 1} == run(store, slack, tips=own_tips.library([TIP]))
    assert (("skipped", "no_tip_left"), []) == (stands(store, nudge_id), said(slack, ADA.slack_id))


@pytest.mark.parametrize("trigger", ["lapsed", "W13"])
def test_tip_that_speaks_of_something_else_now_is_not_said(store: Store, slack: Playground, trigger: str) -> None:
    """A lead made it one for others: what was planned of it would be untrue of whoever read it."""
    nudge_id = planned(store, ADA.slack_id, None)
    with store.begin() as session:
        own_tips.save(session, tip=replace(TIP, triggers=frozenset({trigger})), now=NOW)

    assert {"skipped": 1} == run(store, slack, tips=own_tips.library([TIP]))
    assert (("skipped", "no_tip_left"), []) == (stands(store, nudge_id), said(slack, ADA.slack_id))


@pytest.mark.parametrize("topic", [TIP.topic, "another-family"])
def test_tip_moved_out_of_a_campaign_is_not_said_by_it(store: Store, slack: Playground, topic: str) -> None:
    """What was approved is the family as it stands; a tip that left it would go out with words nobody approved."""
    plan_ = Plan("F", Kind.ONE_OFF, Audience(min(TIP.triggers)), (Step(None, TIP.topic),), NOW.date(), NOW.date())
    with store.begin() as session:
        campaigns.create(session, plan=plan_, author_slack_id="U0LEAD", now=NOW)
        number = session.scalars(select(CampaignRow.campaign_id)).one()
        own_tips.save(session, tip=replace(TIP, topic=topic), now=NOW)
    nudge_id = planned(store, ADA.slack_id, None, campaign_id=number, campaign_step=1)

    run(store, slack, tips=own_tips.library([TIP]))

    assert ("sent" if topic == TIP.topic else "skipped") == stands(store, nudge_id)[0]


def test_tip_that_ends_at_the_last_moment_is_not_said(store: Store, slack: Playground) -> None:
    """A lead ends it after the message was worded and before it leaves: the last look still sees it."""
    nudge_id = planned(store, ADA.slack_id, None)
    looks = []

    def ends_meanwhile(session: Session, _nudge: HeldNudge, _now: datetime) -> None:
        looks.append(1)
        end(session)

    assert {"skipped": 1} == run(store, slack, tips=own_tips.library([TIP]), recheck=ends_meanwhile)
    assert (1, ("skipped", "no_tip_left"), []) == (len(looks), stands(store, nudge_id), said(slack, ADA.slack_id))


def stands(store: Store, nudge_id: int) -> tuple[str, str | None]:
    row = nudge_row(store, nudge_id)
    return row.state, row.reason
