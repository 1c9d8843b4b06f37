"""Delivery against the playground: what is due is said once, at Slack's pace, and whatever happens has a reason."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.clock import HandClock
from bot.domain.nudging import Moved, Silence
from bot.domain.tips import Tip
from bot.errors import SlackRefused
from bot.playground.cast import Member
from bot.playground.faults import Kind
from bot.playground.server import BOT_TOKEN, Playground
from bot.playground.web_api import ALL_SCOPES
from bot.slack import Slack
from bot.store import send_slots
from bot.store.database import Store
from bot.store.delivery import HeldNudge
from bot.store.own_tips import library
from bot.store.tables import NudgeRow, NudgeStepRow, PersonRow, PreferenceRow
from bot.views.message import Message
from jobs.deliver import deliver, words_of
from jobs.rounds import Pace, Recheck, Render
from tests import watched
from tests.nudge_queue import NOW, TIP, always_right, let_time_pass, nudge_row, plan, states, walk, words

FAST = Pace(rate_per_s=1000, look_up_rate_per_s=1000)


@pytest.fixture
def playground() -> Iterator[Playground]:
    with watched.playground(HandClock(NOW)) as opened:
        yield opened


def run(
    store: Store,
    playground: Playground,
    *,
    recheck: Recheck = always_right,
    render: Render = words,
    now: datetime = NOW,
    **given: Any,
) -> dict[str, int]:
    """One run of delivery in which waiting is cut short."""
    settings: dict[str, Any] = {"tips": library([TIP]), "owner": "a", "pace": FAST, "sleep": lambda _s: None}
    slack = Slack(BOT_TOKEN, playground.api_url)
    return deliver(store, slack=slack, now=now, recheck=recheck, render=render, **{**settings, **given})


def planned(store: Store, slack_id: str | None = "U0ADA", **given: Any) -> int:
    """One planned nudge."""
    with store.begin() as session:
        return plan(session, slack_id=slack_id, **given)


def seen(playground: Playground, slack_id: str = "U0ADA") -> list[str]:
    """The texts that this member was sent."""
    return [shown.text for shown in playground.journal.messages(slack_id)]


def test_due_nudge_is_said_once(store: Store, playground: Playground) -> None:
    """It arrives with its key, the row keeps channel, time and `ts`, and a second run says nothing more."""
    nudge_id = planned(store)

    assert {"sent": 1} == run(store, playground)
    assert {} == run(store, playground)

    (shown,) = playground.journal.messages()
    row = nudge_row(store, nudge_id)
    assert ("U0ADA", "key-U0ADA") == (shown.to, (shown.metadata or {})["event_payload"]["id"])
    assert ("sent", NOW, "D0ADA", shown.ts) == (row.state, row.sent_at, row.channel_id, row.slack_ts)
    assert ["planned", "claimed", "sending", "sent"] == walk(store, nudge_id)


def test_only_the_first_message_introduces_itself(store: Store, playground: Playground) -> None:
    """The first message a person ever gets opens with who we are; the next one does not."""
    nudge_id = planned(store)
    run(store, playground)
    with store.begin() as session:
        session.execute(update(NudgeRow).values(person_id=NudgeRow.person_id, state="planned", nudge_key="key-2"))
    run(store, playground)

    first, second = seen(playground)
    assert first.endswith("Hello.")
    assert not second.endswith("Hello.")
    with store.read() as session:
        assert NOW == session.scalar(select(PreferenceRow.introduced_at))
    assert "sent" == nudge_row(store, nudge_id).state


def test_what_is_due_later_stays(sqlite_store: Store, playground: Playground) -> None:
    """A nudge that is due in a minute is not said now."""
    nudge_id = planned(sqlite_store, due_at=NOW + timedelta(minutes=1))
    assert {} == run(sqlite_store, playground)
    assert "planned" == nudge_row(sqlite_store, nudge_id).state


@pytest.mark.parametrize("ask_until", [1, 2])
def test_silence_at_the_last_moment_wins(sqlite_store: Store, playground: Playground, ask_until: int) -> None:
    """Asked again before anything is used up for it and once more at the fence: a stop in between is heeded."""
    nudge_id = planned(sqlite_store)
    asked: list[int] = []

    def stopped_meanwhile(_session: Session, nudge: HeldNudge, _now: datetime) -> Silence | None:
        asked.append(nudge.nudge_id)
        return Silence.STOPPED if len(asked) == ask_until else None

    assert {"skipped": 1} == run(sqlite_store, playground, recheck=stopped_meanwhile)

    row = nudge_row(sqlite_store, nudge_id)
    assert ("skipped", "stopped") == (row.state, row.reason)
    assert [] == seen(playground)


def test_unfair_hour_moves_it(sqlite_store: Store, playground: Playground) -> None:
    """It is due again at the next fair time, and is said then."""
    nudge_id = planned(sqlite_store)
    tomorrow = NOW + timedelta(days=1)

    assert {"moved": 1} == run(sqlite_store, playground, recheck=lambda _s, _n, _now: Moved(tomorrow))
    assert ("planned", tomorrow) == (nudge_row(sqlite_store, nudge_id).state, nudge_row(sqlite_store, nudge_id).due_at)
    assert {} == run(sqlite_store, playground)
    assert {"sent": 1} == run(sqlite_store, playground, now=tomorrow)


def test_time_goes_by_within_a_run(sqlite_store: Store, playground: Playground) -> None:
    """Who is reached late in a run is judged by the hour it is then, not by the one at which the run began."""
    for slack_id in ("U0ADA", "U0BEN"):
        planned(sqlite_store, slack_id)
    judged_at: list[datetime] = []

    def note_the_hour(_session: Session, _nudge: HeldNudge, now: datetime) -> None:
        judged_at.append(now)

    pace = Pace(rate_per_s=0.9, look_up_rate_per_s=1000)
    assert {"sent": 2} == run(sqlite_store, playground, recheck=note_the_hour, pace=pace, sleep=time.sleep)

    assert [NOW, NOW] == judged_at[:2]
    assert all(now > NOW for now in judged_at[2:])


@pytest.mark.parametrize(
    ("slack_id", "now", "tips", "reason"),
    [
        ("U0ADA", NOW + timedelta(days=7), [TIP], "expired"),
        (None, NOW, [TIP], "no_slack_account"),
        ("U0ADA", NOW, [], "no_tip_left"),
    ],
)
def test_what_cannot_be_said_ends_with_its_reason(
    sqlite_store: Store, playground: Playground, *, slack_id: str | None, now: datetime, tips: list[Tip], reason: str
) -> None:
    """Expired, without an account or without its tip: skipped, and the row says why."""
    nudge_id = planned(sqlite_store, slack_id)
    assert {"skipped": 1} == run(sqlite_store, playground, now=now, tips=library(tips))
    assert reason == nudge_row(sqlite_store, nudge_id).reason


@pytest.mark.parametrize(
    ("slack_id", "reason"), [("U0GONE", "user_disabled"), ("U0BOT", "cannot_dm_bot"), ("U0NOBODY", "user_not_found")]
)
def test_person_who_cannot_be_reached_fails_for_good(
    sqlite_store: Store, playground: Playground, slack_id: str, reason: str
) -> None:
    """Slack's refusal of one person is kept as the reason, is never tried again, and stops nobody else."""
    refused, fine = planned(sqlite_store, slack_id), planned(sqlite_store, "U0BEN")

    assert {"failed": 1, "sent": 1} == run(sqlite_store, playground)
    let_time_pass(sqlite_store, seconds=1000)
    assert {} == run(sqlite_store, playground)

    assert ("failed", reason) == (nudge_row(sqlite_store, refused).state, nudge_row(sqlite_store, refused).reason)
    assert "sent" == nudge_row(sqlite_store, fine).state


@pytest.mark.parametrize("method", ["conversations.open", "chat.postMessage"])
def test_refusal_of_the_installation_fails_nobody(sqlite_store: Store, playground: Playground, method: str) -> None:
    """A revoked token ends the run with an error; every nudge stays planned and goes out once it is mended."""
    for slack_id in ("U0ADA", "U0BEN", "U0CHIDI"):
        planned(sqlite_store, slack_id)
    playground.faults.inject(method, Kind.REFUSED, error="token_revoked")

    with pytest.raises(SlackRefused, match="token_revoked"):
        run(sqlite_store, playground)
    assert {"planned": 3} == states(sqlite_store)
    let_time_pass(sqlite_store, seconds=1000)

    assert {"sent": 3} == run(sqlite_store, playground)


def test_rate_limit_holds_the_whole_workspace(store: Store, playground: Playground) -> None:
    """After a 429 nothing leaves until Retry-After is over, whoever asks; then everything does, once."""
    for slack_id in ("U0ADA", "U0BEN", "U0CHIDI"):
        planned(store, slack_id)
    playground.faults.inject("chat.postMessage", Kind.RATE_LIMITED, retry_after_s=60)

    run(store, playground)
    run(store, playground, owner="b")
    assert [] == playground.journal.messages()
    assert {"planned": 3} == states(store)

    let_time_pass(store, seconds=61)
    assert {"sent": 3} == run(store, playground)


def test_outage_leaves_everything_planned(sqlite_store: Store) -> None:
    """Where nobody listens, a run gives up after five tries, and all is delivered once somebody does."""
    with watched.playground(HandClock(NOW)) as closed:
        port = int(closed.api_url.split(":")[2].split("/")[0])
    for number in range(20):
        planned(sqlite_store, f"U{number}", due_at=NOW - timedelta(minutes=number))
    run(sqlite_store, closed)
    with sqlite_store.read() as session:
        tried = session.scalars(select(NudgeStepRow.reason).where(NudgeStepRow.reason == "not_reached")).all()

    assert {"planned": 20} == states(sqlite_store)
    assert 5 == len(tried)

    let_time_pass(sqlite_store, seconds=1000)
    with watched.playground(HandClock(NOW), port=port, members=()) as back:
        assert {"failed": 20} == run(sqlite_store, back)


def test_broken_slack_is_not_hammered(sqlite_store: Store, playground: Playground) -> None:
    """Five unclear answers in a row end the run; the look-ups of the next one end it as well, before any post."""
    for number in range(12):
        planned(sqlite_store, f"U{number}")
    playground.faults.inject("*", Kind.SERVER_ERROR_BEFORE, status=503, times=50)

    run(sqlite_store, playground)

    asked_for_quiet = 1
    assert 45 - asked_for_quiet == len(playground.faults.waiting()["*"])
    assert [] == playground.journal.messages()


def test_lost_reply_is_found_and_not_repeated(store: Store, playground: Playground) -> None:
    """A message whose reply was lost is found in the next run: sent, introduced, and seen once."""
    nudge_id = planned(store)
    playground.faults.inject("chat.postMessage", Kind.DROP_AFTER)

    assert {"ambiguous": 1} == run(store, playground)
    assert {"found": 1} == run(store, playground)

    assert 1 == len(seen(playground))
    assert ["planned", "claimed", "sending", "ambiguous", "sent"] == walk(store, nudge_id)
    with store.read() as session:
        assert NOW == session.scalar(select(PreferenceRow.introduced_at))


def test_lost_message_is_repeated_only_after_the_settle_time(store: Store, playground: Playground) -> None:
    """A message that is not there waits until it would have shown, and is then sent again."""
    planned(store)
    playground.faults.inject("chat.postMessage", Kind.DROP_BEFORE)

    assert {"ambiguous": 1} == run(store, playground)
    assert {} == run(store, playground)
    let_time_pass(store, seconds=41)

    assert {"absent": 1, "sent": 1} == run(store, playground)
    assert 1 == len(seen(playground))


@pytest.mark.parametrize("moved", [timedelta(days=-200), timedelta(0), timedelta(days=200)])
def test_look_up_survives_a_moved_clock(sqlite_store: Store, moved: timedelta) -> None:
    """In a playground whose time was moved, messages bear its time, and are found all the same."""
    with watched.playground(HandClock(NOW + moved)) as playground:
        planned(sqlite_store, due_at=NOW + moved)
        playground.faults.inject("chat.postMessage", Kind.DROP_AFTER)
        run(sqlite_store, playground, now=NOW + moved)
        assert {"found": 1} == run(sqlite_store, playground, now=NOW + moved)


def test_tip_that_breaks_stops_nobody_else(sqlite_store: Store, playground: Playground) -> None:
    """A nudge that cannot be worded is set aside for an hour and counted as an error; the next one is said."""
    broken, fine = planned(sqlite_store, "U0ADA"), planned(sqlite_store, "U0BEN")

    def picky(nudge: HeldNudge, tip: Tip) -> Message:
        if nudge.nudge_id == broken:
            raise KeyError(nudge.slack_user_id)
        return words(nudge, tip)

    assert {"errors": 1, "later": 1, "sent": 1} == run(sqlite_store, playground, render=picky)
    assert ["planned", "sent"] == [nudge_row(sqlite_store, number).state for number in (broken, fine)]


def test_run_stops_when_it_is_told(sqlite_store: Store, playground: Playground) -> None:
    """After a stop nothing new is begun, and what was claimed is free for others at once."""
    for slack_id in ("U0ADA", "U0BEN", "U0CHIDI"):
        planned(sqlite_store, slack_id)
    stop = threading.Event()

    def stop_after_the_first(nudge: HeldNudge, tip: Tip) -> Message:
        stop.set()
        return words(nudge, tip)

    run(sqlite_store, playground, render=stop_after_the_first, stop=stop)

    assert {"sent": 1, "planned": 2} == states(sqlite_store)


def test_person_erased_meanwhile_breaks_nothing(store: Store, playground: Playground) -> None:
    """Erasing a person while their message is on its way leaves no row and no error."""
    planned(store)

    def erased(nudge: HeldNudge, tip: Tip) -> Message:
        with store.begin() as session:
            session.delete(session.get_one(PersonRow, nudge.person_id))
        return words(nudge, tip)

    assert {} == run(store, playground, render=erased)
    assert {} == states(store)
    assert [] == playground.journal.messages()


def test_pace_is_kept_by_all_workers_together(store: Store, playground: Playground) -> None:
    """Four workers share the slots: ten messages at 20 a second take at least 0.45 s, and each is said once."""
    for number in range(10):
        planned(store, f"U{number}")
        playground.add_member(Member(f"U{number}", f"{number}@lantern.example", "Somebody"))

    def work(number: int) -> dict[str, int]:
        pace = Pace(rate_per_s=20, batch=3)
        return run(store, playground, owner=f"worker {number}", pace=pace, sleep=time.sleep)

    began = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(work, range(4)))

    assert time.monotonic() - began > 0.45
    assert 10 == sum(count.get("sent", 0) for count in counts)
    assert {f"U{number}" for number in range(10)} == {shown.to for shown in playground.journal.messages()}
    assert 10 == len(playground.journal.messages())


def test_hold_that_comes_while_waiting_for_a_slot_is_kept(store: Store, playground: Playground) -> None:
    """Another courier was refused meanwhile: a slot that was reserved before that lets nobody through."""
    planned(store)

    def another_is_refused(_seconds: float) -> None:
        with store.begin() as session:
            send_slots.hold(session, name="slack", wait_s=60)

    with store.begin() as session:
        send_slots.reserve(session, name="slack", rate_per_s=0.5, patience_s=1)

    assert {} == run(store, playground, pace=Pace(rate_per_s=0.5), sleep=another_is_refused)
    assert [] == playground.journal.messages()


def test_many_workers_at_a_slow_pace_lose_no_slot(store: Store, playground: Playground) -> None:
    """Six share a pace at which a batch of theirs would outlast its lease: a message takes one slot and one claim."""
    nudges = [planned(store, f"U{number}") for number in range(12)]
    for number in range(12):
        playground.add_member(Member(f"U{number}", f"{number}@lantern.example", "Somebody"))

    def work(number: int) -> None:
        pace = Pace(rate_per_s=4, batch=8, lease_s=2.0, http_timeout_s=0.5)
        run(store, playground, owner=f"worker {number}", pace=pace, sleep=time.sleep)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))

    assert [["planned", "claimed", "sending", "sent"]] * 12 == [walk(store, nudge_id) for nudge_id in nudges]


def test_real_words_carry_the_tip_and_the_way_out(sqlite_store: Store, playground: Playground) -> None:
    """With the real wording, the first message names who set this up and how to stop."""
    planned(sqlite_store)

    assert {"sent": 1} == run(sqlite_store, playground, render=words_of("Robin Osei"))

    (text,) = seen(playground)
    assert "Robin Osei" in text
    assert TIP.try_this in text
    assert "Stop" in text


def test_without_the_right_to_ask_for_quiet_it_is_said(sqlite_store: Store) -> None:
    """A workspace may leave out dnd:read: Slack is asked once a run, and the messages leave all the same."""
    for slack_id in ("U0ADA", "U0BEN"):
        planned(sqlite_store, slack_id)
    with watched.playground(HandClock(NOW), scopes=ALL_SCOPES - {"dnd:read"}) as playground:
        assert {"sent": 2} == run(sqlite_store, playground)
