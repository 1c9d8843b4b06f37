"""The one reminder of a plan on both databases: planned once by any number of deciders, gone with whatever ends it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from bot.domain.adoption import State
from bot.domain.plans import REMINDER, Cue, IfThen, remind_on
from bot.domain.told import Answer
from bot.store import delivery, plans, preferences
from bot.store.database import Session, Store
from bot.store.tables import IfThenRow, NudgeRow
from tests.jobs.test_decide import DAY, NIGHT, TIPS, add_person, judged, run

CUE = Cue.WEEKLY_REPORT
EVE = NIGHT + 8 * DAY
"""The night in which the reminder of a plan made at `NIGHT` is planned."""


def planned_by(store: Store, made_at: datetime = NIGHT, slack: str = "U0BEN") -> int:
    """Somebody who never used the tool and made a plan."""
    person_id = add_person(store, slack)
    plan = IfThen(TIPS[0].tip_id, CUE, made_at, remind_on(CUE, made_on=made_at.date()))
    with store.begin() as session:
        plans.make(session, person_id=person_id, plan=plan)
    return person_id


def night(store: Store, now: datetime, *person_ids: int, state: State = State.NEVER_USED) -> dict[str, int]:
    """Judged up to the day before, then decided."""
    for person_id in person_ids:
        judged(store, person_id, state, last_day=(now - DAY).date())
    return run(store, now=now)


def reminders(store: Store) -> list[tuple[str, str | None]]:
    """State and reason of every reminder."""
    with store.read() as session:
        rows = session.execute(select(NudgeRow.state, NudgeRow.reason).where(NudgeRow.trigger == REMINDER))
        return [(state, reason) for state, reason in rows]


def arrive(store: Store, now: datetime) -> None:
    with store.begin() as session:
        for row in session.scalars(select(NudgeRow).where(NudgeRow.state == "planned")):
            row.state, row.sent_at = "sent", now


def test_one_reminder_a_plan_however_often_it_is_decided(store: Store) -> None:
    """Silent nights with their reason, one reminder, and never another of the same plan; tips go on after it."""
    ben = planned_by(store)

    silent = [night(store, NIGHT + number * DAY, ben).get("silent.plan_first", 0) for number in (0, 3, 6, 7)]

    assert [1, 1, 1, 0] == silent
    assert [("planned", None)] == reminders(store)
    assert 1 == night(store, EVE, ben)["silent.already_planned"]
    arrive(store, EVE)
    for number in (9, 15, 16, 22, 23):
        night(store, NIGHT + number * DAY, ben)

    assert [("sent", None)] == reminders(store)
    with store.read() as session:
        assert ["never_used"] == list(session.scalars(select(NudgeRow.trigger).where(NudgeRow.trigger != REMINDER)))


def test_a_new_plan_has_its_own_reminder(store: Store) -> None:
    """A plan made anew takes the place of the old one, and of its reminder where that has not left."""
    ben = planned_by(store)
    night(store, EVE, ben)
    again = IfThen(TIPS[1].tip_id, Cue.STUCK, EVE, remind_on(Cue.STUCK, made_on=EVE.date()))
    with store.begin() as session:
        plans.make(session, person_id=ben, plan=again)

    assert [("skipped", "no_longer_true")] == reminders(store)
    with store.read() as session:
        assert {ben: again} == plans.load(session, person_ids=[ben])
    night(store, EVE + 8 * DAY, ben)
    assert [("planned", None), ("skipped", "no_longer_true")] == sorted(reminders(store))


ENDS: dict[str, tuple[str, Callable[[Session, int], object]]] = {
    "stop": ("stopped", lambda session, who: preferences.stop(session, person_id=who, now=EVE)),
    "pause": ("paused", lambda session, who: preferences.pause(session, person_id=who, now=EVE)),
    "snooze": ("snoozed", lambda session, who: preferences.snooze(session, person_id=who, weeks=2, now=EVE)),
    "forget": ("no_longer_true", lambda session, who: plans.forget(session, person_id=who, now=EVE)),
    "no access": (
        "no_longer_true",
        lambda session, who: preferences.said(session, person_id=who, answer=Answer.NO_ACCESS, now=EVE),
    ),
}


@pytest.mark.parametrize("is_planned", [True, False], ids=["planned", "not yet planned"])
def test_what_ends_a_plan_ends_its_reminder_for_good(store: Store, is_planned: bool) -> None:
    """A wish for silence, a cause told, or forgetting it: the reminder does not come, not even after resuming."""
    people = {name: planned_by(store, slack=f"U0{name.upper()}") for name in ENDS}
    if is_planned:
        night(store, EVE, *people.values())
    with store.begin() as session:
        for name, (_, end) in ENDS.items():
            end(session, people[name])
            preferences.resume(session, person_id=people[name], now=EVE)
        assert {} == plans.load(session, person_ids=[*people.values()])
    for number in range(1, 4):
        night(store, EVE + number * DAY, *people.values())

    expected = sorted(("skipped", reason) for reason, _ in ENDS.values())
    assert (expected if is_planned else []) == sorted(reminders(store))


def test_a_plan_forgotten_while_its_reminder_is_held_is_not_said(store: Store) -> None:
    """Forgotten between the claim and the step right before sending: the step is refused, to whoever holds it."""
    ben = planned_by(store)
    night(store, EVE, ben)
    later = EVE + 2 * DAY
    with store.begin() as session:
        [held] = delivery.claim(session, owner="me", batch=8, lease_s=30.0, now=later)
    with store.begin() as session:
        plans.forget(session, person_id=ben, now=later)

    with store.begin() as session:
        assert not delivery.to_sending(session, held, lease_s=30.0, http_timeout_s=10.0, now=later)
    assert [("skipped", "no_longer_true")] == reminders(store)


def test_no_time_and_a_helpful_tap_leave_the_plan_alone(sqlite_store: Store) -> None:
    """Only what says that the tool is not for now ends a plan."""
    ben = planned_by(sqlite_store)
    with sqlite_store.begin() as session:
        for answer in (Answer.NO_TIME, Answer.SHOW_ME, Answer.HELPFUL):
            preferences.said(session, person_id=ben, answer=answer, now=NIGHT)

    assert 1 == night(sqlite_store, EVE, ben)["planned"]


def test_one_persons_plan_is_nobody_elses(sqlite_store: Store) -> None:
    """Forgetting one leaves the other, and its reminder."""
    ben, dana = planned_by(sqlite_store), planned_by(sqlite_store, slack="U0DANA")
    night(sqlite_store, EVE, ben, dana)
    with sqlite_store.begin() as session:
        assert plans.forget(session, person_id=ben, now=EVE)
        assert not plans.forget(session, person_id=ben, now=EVE)

    assert [("planned", None), ("skipped", "no_longer_true")] == sorted(reminders(sqlite_store))
    with sqlite_store.read() as session:
        assert [dana] == list(session.scalars(select(IfThenRow.person_id)))


def test_a_late_night_still_reminds_and_a_very_late_one_does_not(sqlite_store: Store) -> None:
    """An outage of days delays the reminder; after a week it is let go, and the rest goes on."""
    ben, dana = planned_by(sqlite_store), planned_by(sqlite_store, NIGHT - 12 * DAY, "U0DANA")

    night(sqlite_store, EVE + timedelta(days=2), ben, dana)

    with sqlite_store.read() as session:
        found = {row.person_id: row.trigger for row in session.scalars(select(NudgeRow))}
    assert {ben: REMINDER, dana: "never_used"} == found
