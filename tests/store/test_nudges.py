"""Planning, remembering and answering nudges: one open at a time, and answers only from the right person."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from bot.domain.nudging import Plan, Silence
from bot.domain.told import Answer, PastNudge
from bot.store import nudges
from bot.store.database import Store
from bot.store.tables import NudgeRow, NudgeStepRow, PersonRow
from tests.nudge_queue import TIP

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def a_plan(tip_id: str = "zero") -> Plan:
    """A message due at noon."""
    tip = replace(TIP, tip_id=tip_id)
    facts: dict[str, Any] = {"last_day": "2026-03-01", "tools": ["claude_code"]}
    due_at = NOW + 10 * HOUR
    return Plan(tip, "never_used", facts, due_at=due_at, expires_at=due_at + timedelta(days=7))


def add_person(store: Store) -> int:
    with store.begin() as session:
        row = PersonRow(created_at=NOW)
        session.add(row)
        session.flush()
        return row.person_id


def plan_for(store: Store, person_id: int, *, tip_id: str = "zero", state: str = "planned", **columns: Any) -> int:
    """A planned nudge, put into `state` by hand."""
    with store.begin() as session:
        nudge_id = nudges.plan(session, person_id=person_id, plan=a_plan(tip_id), rule_version="nudges-1", now=NOW)
        assert nudge_id is not None
        session.execute(update(NudgeRow).where(NudgeRow.nudge_id == nudge_id).values(state=state, **columns))
        return nudge_id


def key_of(store: Store, nudge_id: int) -> str:
    with store.read() as session:
        return session.scalars(select(NudgeRow.nudge_key).where(NudgeRow.nudge_id == nudge_id)).one()


def test_second_plan_is_none_and_the_transaction_goes_on(store: Store) -> None:
    """While one nudge is open a second cannot be planned, and what else the transaction wrote is kept."""
    person_id = add_person(store)
    with store.begin() as session:
        first = nudges.plan(session, person_id=person_id, plan=a_plan(), rule_version="nudges-1", now=NOW)
        second = nudges.plan(session, person_id=person_id, plan=a_plan("other"), rule_version="nudges-1", now=NOW)
        session.add(PersonRow(created_at=NOW))

    assert first is not None
    assert second is None
    with store.read() as session:
        assert 2 == session.scalar(select(func.count()).select_from(PersonRow))
        assert ["zero"] == list(session.scalars(select(NudgeRow.tip_id)))
        steps = session.execute(select(NudgeStepRow.from_state, NudgeStepRow.to_state, NudgeStepRow.at)).all()
        assert [(None, "planned", NOW)] == [tuple(step) for step in steps]


def test_open_until_the_end(store: Store) -> None:
    """In each state before an end the person counts as having an open nudge and gets no other; an end makes room."""
    is_open = dict.fromkeys(("planned", "claimed", "sending", "ambiguous"), True)
    for state, expected in (is_open | dict.fromkeys(("sent", "skipped", "failed", "unknown"), False)).items():
        person_id = add_person(store)
        plan_for(store, person_id, state=state)
        with store.begin() as session:
            assert expected == (person_id in nudges.open_people(session, person_ids=[person_id])), state
            again = nudges.plan(session, person_id=person_id, plan=a_plan(), rule_version="nudges-1", now=NOW)
            assert expected == (again is None), state


def plan_once(arguments: tuple[str, int]) -> bool:
    """What each of several deciders does."""
    url, person_id = arguments
    store = Store(url)
    with store.begin() as session:
        planned = nudges.plan(session, person_id=person_id, plan=a_plan(), rule_version="nudges-1", now=NOW)
    store.close()
    return planned is not None


def test_of_many_deciders_one_plans(database_url: str) -> None:
    """Four processes plan for the same person at once; one of them does, and none fails."""
    store = Store(database_url)
    store.upgrade()
    person_id = add_person(store)
    store.close()
    with ProcessPoolExecutor(4, mp_context=multiprocessing.get_context("spawn")) as pool:
        planned = list(pool.map(plan_once, [(database_url, person_id)] * 8))

    assert 1 == planned.count(True)


def test_history_is_what_was_or_may_have_been_sent(store: Store) -> None:
    """Sent and unknown nudges are history, dated by when they left; skipped, failed and open ones are not."""
    ben, dana = add_person(store), add_person(store)
    plan_for(store, ben, tip_id="a", state="sent", sent_at=NOW + HOUR, answer="helpful", answered_at=NOW + 2 * HOUR)
    unknown = plan_for(store, ben, tip_id="b", state="unknown")
    with store.begin() as session:
        session.add(NudgeStepRow(nudge_id=unknown, at=NOW + 30 * HOUR, from_state="claimed", to_state="sending"))
        session.add(NudgeStepRow(nudge_id=unknown, at=NOW + 40 * HOUR, from_state="sending", to_state="ambiguous"))
    plan_for(store, ben, tip_id="c", state="skipped")
    plan_for(store, ben, tip_id="d", state="failed")
    plan_for(store, ben, tip_id="e")

    with store.read() as session:
        past = nudges.history(session, person_ids=[ben, dana])
    topic = TIP.topic
    assert (
        PastNudge("a", topic, NOW + HOUR, Answer.HELPFUL, NOW + 2 * HOUR),
        PastNudge("b", topic, NOW + 30 * HOUR, None, None),
    ) == past[ben]
    assert () == past[dana]


def test_only_the_one_it_went_to_may_answer(store: Store) -> None:
    """Somebody else's tap, or a tap on nothing, changes nothing; the right person's last tap stands."""
    ben, dana = add_person(store), add_person(store)
    key = key_of(store, plan_for(store, ben, state="sent", sent_at=NOW))

    def answer(person_id: int, nudge_key: str, tapped: Answer) -> bool:
        with store.begin() as session:
            return nudges.answer(session, nudge_key=nudge_key, person_id=person_id, answer=tapped, now=NOW + HOUR)

    assert not answer(dana, key, Answer.HELPFUL)
    assert not answer(ben, "no-such-key", Answer.HELPFUL)
    with store.read() as session:
        assert session.scalar(select(NudgeRow.answer)) is None
        assert nudges.find(session, nudge_key=key, person_id=dana) is None
    assert answer(ben, key, Answer.SHOW_ME)
    assert answer(ben, key, Answer.NOT_MY_WORK)
    with store.read() as session:
        found = nudges.find(session, nudge_key=key, person_id=ben)
    assert found is not None
    assert (Answer.NOT_MY_WORK, NOW + HOUR) == (found.answer, found.answered_at)
    assert {"last_day": "2026-03-01", "tools": ["claude_code"]} == found.facts


@pytest.mark.parametrize(
    ("state", "may"), [("ambiguous", True), ("unknown", True), ("planned", False), ("skipped", False)]
)
def test_a_tap_proves_arrival(sqlite_store: Store, state: str, may: bool) -> None:
    """A message that nobody was sure of can be answered; one that never left cannot."""
    person_id = add_person(sqlite_store)
    key = key_of(sqlite_store, plan_for(sqlite_store, person_id, state=state))

    with sqlite_store.begin() as session:
        assert may == nudges.answer(session, nudge_key=key, person_id=person_id, answer=Answer.HELPFUL, now=NOW + HOUR)


def test_cancelling_leaves_a_step(store: Store) -> None:
    """A cancelled nudge can say what happened to it; cancelling again finds nothing."""
    person_id = add_person(store)
    plan_for(store, person_id, state="claimed", owner="worker")
    with store.begin() as session:
        assert 1 == nudges.cancel_open(session, person_id=person_id, reason=Silence.STOPPED, now=NOW + HOUR)
        assert 0 == nudges.cancel_open(session, person_id=person_id, reason=Silence.STOPPED, now=NOW + HOUR)

    with store.read() as session:
        assert session.scalar(select(NudgeRow.owner)) is None
        steps = session.execute(
            select(NudgeStepRow.from_state, NudgeStepRow.to_state, NudgeStepRow.reason).order_by(
                NudgeStepRow.nudge_step_id
            )
        ).all()
        assert [(None, "planned", None), ("claimed", "skipped", "stopped")] == [tuple(step) for step in steps]
