"""The arrows of a request on both databases: each is walked once, and what ends one side ends what was not yet said."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.domain.nudging import Silence
from bot.domain.pairs import ASK, MADE, NOBODY_FREE, State
from bot.domain.plans import Cue, IfThen, remind_on
from bot.store import nudges, pair_turns, pairs, plans, preferences, rights
from bot.store.database import Store
from bot.store.tables import NudgeRow, PersonRow
from tests.jobs.test_decide import add_person

NOW = datetime(2026, 3, 3, 13, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def asked(store: Store, *volunteers: int, by: int, now: datetime = NOW) -> None:
    """These offer, `by` asks, and the first is asked."""
    with store.begin() as session:
        for volunteer in volunteers:
            pairs.offer(session, person_id=volunteer, now=now)
        assert pairs.make(session, person_id=by, now=now)
    go_on(store, by, now)


def go_on(store: Store, by: int, now: datetime, *, switched_on: bool = True) -> None:
    with store.begin() as session:
        pair_turns.go_on(session, person_id=by, now=now, switched_on=switched_on)


def messages(store: Store, *triggers: str) -> list[tuple[int, str, str | None]]:
    """Whose, in which state, and why."""
    with store.read() as session:
        rows = session.scalars(select(NudgeRow).where(NudgeRow.trigger.in_(triggers)).order_by(NudgeRow.nudge_id))
        return [(row.person_id, row.state, row.reason) for row in rows]


def arrive(store: Store, now: datetime = NOW) -> None:
    with store.begin() as session:
        for row in session.scalars(select(NudgeRow).where(NudgeRow.state == "planned")):
            row.state, row.sent_at = "sent", now


def key_of(store: Store, person_id: int, trigger: str = ASK) -> str:
    with store.read() as session:
        mine = select(NudgeRow.nudge_key).where(NudgeRow.person_id == person_id, NudgeRow.trigger == trigger)
        return session.scalars(mine.order_by(NudgeRow.nudge_id.desc())).first() or ""


def state(store: Store, person_id: int) -> State | None:
    with store.read() as session:
        request = pairs.find(session, person_id=person_id)
    return request.state if request else None


def answer(store: Store, volunteer: int, *, yes: bool, now: datetime = NOW) -> bool:
    key = key_of(store, volunteer)
    with store.begin() as session:
        arrow = pairs.agree if yes else pairs.decline
        return arrow(session, nudge_key=key, person_id=volunteer, now=now)


def test_yes_is_said_once_and_tells_both_once(store: Store) -> None:
    """Two taps at once: one of them is in time; a night later nobody hears it again."""
    ada, ben = add_person(store, "U0ADA"), add_person(store, "U0BEN")
    asked(store, ben, by=ada)
    arrive(store)

    with ThreadPoolExecutor(2) as pool:
        in_time = list(pool.map(lambda _: answer(store, ben, yes=True), range(2)))
    arrive(store)
    for number in range(1, 4):
        go_on(store, ada, NOW + number * DAY)

    assert [False, True] == sorted(in_time)
    assert [(ada, "sent", None), (ben, "sent", None)] == sorted(messages(store, MADE))
    assert not answer(store, ben, yes=False)
    with store.begin() as session:
        assert not pairs.take_back(session, person_id=ada, now=NOW)
    assert State.AGREED is state(store, ada)


def test_yes_and_taking_back_at_once(store: Store) -> None:
    """Whichever is second finds what the first left: a yes after it is settled, a taking back calls the names off."""
    for number in range(4):
        ada, ben = add_person(store, f"U0ADA{number}"), add_person(store, f"U0BEN{number}")
        asked(store, ben, by=ada)
        arrive(store)

        def take_back(_: object, by: int = ada) -> bool:
            with store.begin() as session:
                return pairs.take_back(session, person_id=by, now=NOW)

        with ThreadPoolExecutor(2) as pool:
            back = pool.submit(take_back, None)
            pool.submit(answer, store, ben, yes=True).result()

        assert back.result()
        assert State.WITHDRAWN is state(store, ada)
        assert {("skipped", "no_longer_true")} >= {(how, why) for _, how, why in messages(store, MADE)}
        with store.begin() as session:
            pairs.offer_no_more(session, person_id=ben, now=NOW)


def test_three_are_asked_and_no_more(store: Store) -> None:
    """A week without an answer passes it on; after the third the one who asked hears once that nobody is free."""
    ada, *others = (add_person(store, f"U0{number}") for number in range(6))
    asked(store, *others, by=ada)
    for week in range(6):
        arrive(store, NOW + week * 7 * DAY)
        for day in (1, 6, 7):
            go_on(store, ada, NOW + (week * 7 + day) * DAY)

    who = [person_id for person_id, _, _ in messages(store, ASK)]
    assert (3, 3) == (len(who), len(set(who) & set(others)))
    assert [(ada, "sent", None)] == messages(store, NOBODY_FREE)
    assert State.NOBODY is state(store, ada)


def test_who_was_asked_rests_for_four_weeks(sqlite_store: Store) -> None:
    """Neither the next night nor another request asks the same person again; after 28 days it may."""
    ada, emi, ben = (add_person(sqlite_store, f"U0{number}") for number in range(3))
    asked(sqlite_store, ben, by=ada)
    arrive(sqlite_store)
    assert answer(sqlite_store, ben, yes=False)
    with sqlite_store.begin() as session:
        preferences.heard_from(session, person_id=ben, now=NOW)
    go_on(sqlite_store, ada, NOW + DAY)
    asked(sqlite_store, by=emi, now=NOW + 22 * DAY)
    assert 1 == len(messages(sqlite_store, ASK))
    go_on(sqlite_store, emi, NOW + 28 * DAY)

    assert [ben, ben] == [person_id for person_id, _, _ in messages(sqlite_store, ASK)]


def test_somebody_near_comes_before_somebody_far(sqlite_store: Store) -> None:
    """Of twelve far away and one near it is the one near; with nobody near, one of those far away."""
    ada = add_person(sqlite_store, "U0ADA")
    far = [add_person(sqlite_store, f"U0FAR{number}", timezone="Asia/Tokyo") for number in range(12)]
    near = add_person(sqlite_store, "U0NEAR", timezone="Europe/London")
    asked(sqlite_store, *far, near, by=ada)
    emi = add_person(sqlite_store, "U0EMI")
    asked(sqlite_store, by=emi)

    first, second = (person_id for person_id, _, _ in messages(sqlite_store, ASK))
    assert (near, True) == (first, second in far)


def test_who_has_a_message_on_its_way_is_not_drawn_and_hears_an_answer_later(sqlite_store: Store) -> None:
    """One open message a person: an ask goes elsewhere, and the two names wait for the slot, and are not lost."""
    ada, ben = add_person(sqlite_store, "U0ADA"), add_person(sqlite_store, "U0BEN")
    with sqlite_store.begin() as session:
        busy = pairs.plan(session, person_id=ben, trigger="check_in", side=None, now=NOW)
    asked(sqlite_store, ben, by=ada)
    assert (State.WAITING, []) == (state(sqlite_store, ada), messages(sqlite_store, ASK))

    with sqlite_store.begin() as session:
        nudges.cancel_open(session, person_id=ben, reason=Silence.EXPIRED, now=NOW)
        assert busy is not None
    go_on(sqlite_store, ada, NOW)
    arrive(sqlite_store)
    with sqlite_store.begin() as session:
        pairs.plan(session, person_id=ada, trigger="check_in", side=None, now=NOW)
    assert answer(sqlite_store, ben, yes=True)
    assert [ben] == [person_id for person_id, _, _ in messages(sqlite_store, MADE)]
    arrive(sqlite_store)
    go_on(sqlite_store, ada, NOW + DAY)

    assert [ben, ada] == [person_id for person_id, _, _ in messages(sqlite_store, MADE)]


def test_who_waits_for_a_reminder_is_not_asked(sqlite_store: Store) -> None:
    """From a plan to its one reminder nothing else is sent, to somebody who offered neither."""
    ada, ben = add_person(sqlite_store, "U0ADA"), add_person(sqlite_store, "U0BEN")
    with sqlite_store.begin() as session:
        plans.make(session, person_id=ben, plan=IfThen("any", Cue.STUCK, NOW, remind_on(Cue.STUCK, made_on=NOW.date())))
    asked(sqlite_store, ben, by=ada)
    assert [] == messages(sqlite_store, ASK)
    with sqlite_store.begin() as session:
        plans.forget(session, person_id=ben, now=NOW)
    go_on(sqlite_store, ada, NOW)

    assert [(ben, "planned", None)] == messages(sqlite_store, ASK)


def test_switched_off_nobody_is_asked(sqlite_store: Store) -> None:
    """With messages switched off a request waits, and goes on when they are on again."""
    ada, ben = add_person(sqlite_store, "U0ADA"), add_person(sqlite_store, "U0BEN")
    with sqlite_store.begin() as session:
        pairs.offer(session, person_id=ben, now=NOW)
        pairs.make(session, person_id=ada, now=NOW)
    go_on(sqlite_store, ada, NOW + 8 * DAY, switched_on=False)
    assert [] == messages(sqlite_store, ASK, NOBODY_FREE)
    go_on(sqlite_store, ada, NOW + 8 * DAY)

    assert [(ben, "planned", None)] == messages(sqlite_store, ASK)


@pytest.mark.parametrize("is_agreed", [False, True], ids=["asked", "agreed"])
def test_erasing_either_ends_it(store: Store, is_agreed: bool) -> None:
    """Without the one who asked no request is left; without the one who was asked the next one is."""
    ada, ben, dana, emi = (add_person(store, f"U0{number}") for number in range(4))
    for by, volunteer in ((ada, ben), (emi, dana)):
        asked(store, volunteer, by=by)
        arrive(store)
        if is_agreed:
            assert answer(store, volunteer, yes=True)
    with store.begin() as session:
        rights.forget(session, person_id=ada)
        rights.forget(session, person_id=dana)
    left: list[Any] = [behind(store, ben), behind(store, emi)]
    go_on(store, emi, NOW + DAY)

    assert [None, None] == left
    assert (None, State.WAITING) == (state(store, ada), state(store, emi))
    assert {"skipped"} >= {how for who, how, _ in messages(store, MADE) if who == emi}
    with store.read() as session:
        assert {ben, emi} == set(session.scalars(select(PersonRow.person_id)))


def behind(store: Store, person_id: int) -> object:
    """What the message with the names speaks of, as the last look before sending sees it."""
    with store.read() as session:
        return pairs.behind(session, nudge_key=key_of(store, person_id, MADE))
