"""The delivery queue: each arrow touches one row or none, and nobody acts on what it no longer holds."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot.store import delivery, send_slots
from bot.store.database import Store, wall_now
from bot.store.delivery import HeldNudge
from bot.store.tables import NudgeRow, NudgeStepRow, PreferenceRow, SendSlotRow
from bot.store.types import wall_clock
from tests.nudge_queue import NOW, let_leases_run_out, let_time_pass, nudge_row, plan, states, walk


def claim(store: Store, owner: str = "a", *, batch: int = 10) -> list[HeldNudge]:
    """Claim what is due, as this owner."""
    with store.begin() as session:
        return delivery.claim(session, owner=owner, batch=batch, lease_s=30, now=NOW)


def take(store: Store, owner: str = "a") -> list[HeldNudge]:
    """Take what is in doubt, as this owner."""
    with store.begin() as session:
        return delivery.take_ambiguous(session, owner=owner, batch=10, lease_s=30, settle_s=40)


def to_sending(session: Session, nudge: HeldNudge) -> bool:
    """The fence, with the usual lease."""
    return delivery.to_sending(session, nudge, lease_s=30, http_timeout_s=10, now=NOW)


def planned(store: Store, **given: object) -> int:
    """One planned nudge for Ada."""
    with store.begin() as session:
        return plan(session, slack_id="U0ADA", **given)  # type: ignore[arg-type]  # passed on


def at(store: Store, state: str) -> HeldNudge:
    """Ada's nudge in this state, as its owner holds it."""
    planned(store)
    (held,) = claim(store)
    if state == "claimed":
        return held
    with store.begin() as session:
        assert delivery.keep_channel(session, held, channel_id="D0ADA")
        assert to_sending(session, held)
    if state == "sending":
        return held
    with store.begin() as session:
        assert delivery.ambiguous(session, held, reason="timed_out", now=NOW)
    let_time_pass(store, seconds=60)
    (held,) = take(store)
    return held


Arrow = Callable[[Session, HeldNudge], bool]

ARROWS: dict[str, tuple[set[str], str, Arrow]] = {
    "to_sending": ({"claimed"}, "sending", to_sending),
    "sent": ({"sending"}, "sent", lambda s, n: delivery.sent(s, n, ts="1.2", now=NOW)),
    "found": ({"ambiguous"}, "sent", lambda s, n: delivery.found(s, n, ts="1.2", now=NOW)),
    "in_doubt": ({"sending"}, "ambiguous", lambda s, n: delivery.ambiguous(s, n, reason="timed_out", now=NOW)),
    "let_go": ({"claimed"}, "planned", lambda s, n: delivery.let_go(s, n, reason="held", wait_s=0, now=NOW)),
    "back": (
        {"claimed", "sending"},
        "planned",
        lambda s, n: delivery.back_to_planned(s, n, reason="ratelimited", wait_s=3, now=NOW),
    ),
    "absent": ({"ambiguous"}, "planned", lambda s, n: delivery.absent(s, n, wait_s=0, now=NOW)),
    "unknown": ({"ambiguous"}, "unknown", lambda s, n: delivery.unknown(s, n, reason="missing_scope", now=NOW)),
    "failed": ({"claimed", "sending"}, "failed", lambda s, n: delivery.failed(s, n, reason="user_disabled", now=NOW)),
    "skipped": ({"claimed"}, "skipped", lambda s, n: delivery.skipped(s, n, reason="stopped", now=NOW)),
    "moved": ({"claimed"}, "planned", lambda s, n: delivery.moved(s, n, due_at=NOW + timedelta(days=1), now=NOW)),
}


@pytest.mark.parametrize("state", ["claimed", "sending", "ambiguous"])
@pytest.mark.parametrize("name", ARROWS)
def test_arrow_leads_only_from_its_states(sqlite_store: Store, name: str, state: str) -> None:
    """Each arrow leads from the states it begins in, writes one step, and from any other state touches nothing."""
    sources, target, arrow = ARROWS[name]
    held = at(sqlite_store, state)
    before = walk(sqlite_store, held.nudge_id)

    with sqlite_store.begin() as session:
        went = arrow(session, held)

    expected = target if state in sources else state
    assert (state in sources) == went
    assert expected == nudge_row(sqlite_store, held.nudge_id).state
    assert ([*before, target] if went else before) == walk(sqlite_store, held.nudge_id)


@pytest.mark.parametrize("name", ARROWS)
def test_arrow_is_gone_with_the_claim(store: Store, name: str) -> None:
    """Once somebody else holds a nudge, no arrow of its first owner touches it: not even in the same state."""
    sources, _, arrow = ARROWS[name]
    state = min(sources)
    first = at(store, state)
    with store.begin() as session:
        session.execute(update(NudgeRow).values(owner="b", attempts=first.attempt + 1))

    with store.begin() as session:
        assert not arrow(session, first)

    assert state == nudge_row(store, first.nudge_id).state


def test_claim_takes_what_is_due_and_nothing_else(store: Store) -> None:
    """Not what is due later, not what waits after a refusal, not what somebody else holds; oldest first."""
    with store.begin() as session:
        later = plan(session, slack_id="U0ADA", due_at=NOW + timedelta(seconds=1))
        waiting = plan(session, slack_id="U0BEN")
        second = plan(session, slack_id="U0CHIDI")
        first = plan(session, slack_id="U0DANA", due_at=NOW - timedelta(hours=2))
        session.execute(update(NudgeRow).where(NudgeRow.nudge_id == waiting).values(next_try_at=wall_clock(60)))

    held = claim(store)

    assert [first, second] == [nudge.nudge_id for nudge in held]
    assert ["U0DANA", "U0CHIDI"] == [nudge.slack_user_id for nudge in held]
    assert [] == claim(store, "b")
    assert ["planned", "planned"] == [nudge_row(store, number).state for number in (later, waiting)]


def test_claims_at_once_never_share_a_nudge(store: Store) -> None:
    """Eight owners that claim together get each nudge once."""
    with store.begin() as session:
        for number in range(40):
            plan(session, slack_id=f"U{number}")

    with ThreadPoolExecutor(8) as pool:
        batches = list(pool.map(lambda owner: claim(store, str(owner), batch=7), range(8)))

    claimed = [nudge.nudge_id for batch in batches for nudge in batch]
    assert len(set(claimed)) == len(claimed)
    assert all(len(batch) <= 7 for batch in batches)
    assert len(claimed) == states(store)["claimed"]


def test_fence_stays_shut_when_the_lease_is_nearly_out(store: Store) -> None:
    """Nothing may be sent when less than the time-out of a send is left of the lease."""
    planned(store)
    (held,) = claim(store)
    with store.begin() as session:
        session.execute(update(NudgeRow).values(lease_until=wall_clock(9)))

    with store.begin() as session:
        assert not to_sending(session, held)
        assert delivery.let_go(session, held, reason="lease_too_short", wait_s=0, now=NOW)


def test_expired_claim_is_free_again(store: Store) -> None:
    """What a dead process had only claimed was not sent: it is planned again, and its owner is too late."""
    held = at(store, "claimed")
    let_leases_run_out(store)

    with store.begin() as session:
        assert {"lease_out": 1, "ambiguous": 0} == delivery.recover(session, now=NOW)
        assert not to_sending(session, held)

    (again,) = claim(store, "b")
    assert held.attempt + 1 == again.attempt


def test_expired_send_is_a_question(store: Store) -> None:
    """What a dead process may have sent is looked up, not sent again; its owner's late answer touches nothing."""
    held = at(store, "sending")
    let_leases_run_out(store)

    with store.begin() as session:
        assert {"lease_out": 0, "ambiguous": 1} == delivery.recover(session, now=NOW)
        assert not delivery.sent(session, held, ts="1.2", now=NOW)

    assert [] == claim(store, "b")
    assert 1 == len(take(store, "b"))


def test_live_leases_are_left_alone(store: Store) -> None:
    """Recovery does not touch what its owner still holds."""
    at(store, "sending")
    with store.begin() as session:
        assert {"lease_out": 0, "ambiguous": 0} == delivery.recover(session, now=NOW)


def test_absence_counts_only_after_the_settle_time(store: Store) -> None:
    """A message that is not there yet may still appear: only a look-up begun after the settle time can free it."""
    held = at(store, "sending")
    with store.begin() as session:
        delivery.ambiguous(session, held, reason="timed_out", now=NOW)
    (early,) = take(store)
    with store.begin() as session:
        assert not delivery.absent(session, early, wait_s=0, now=NOW)
        assert delivery.look_again(session, early, wait_s=40)
    assert [] == take(store)
    let_time_pass(store, seconds=41)

    (late,) = take(store)

    with store.begin() as session:
        assert delivery.absent(session, late, wait_s=0, now=NOW)
    assert ["planned", "claimed", "sending", "ambiguous", "planned"] == walk(store, held.nudge_id)


def test_old_look_up_cannot_free_a_newer_send(store: Store) -> None:
    """A look-up that was frozen since the first attempt does not answer for the second."""
    stale = at(store, "ambiguous")
    with store.begin() as session:
        assert delivery.absent(session, stale, wait_s=0, now=NOW)
    (again,) = claim(store, stale.owner)
    with store.begin() as session:
        assert to_sending(session, again)
        assert delivery.ambiguous(session, again, reason="timed_out", now=NOW)
    let_time_pass(store, seconds=60)
    take(store, stale.owner)

    with store.begin() as session:
        assert not delivery.absent(session, stale, wait_s=0, now=NOW)
        assert not delivery.unknown(session, stale, reason="missing_scope", now=NOW)


def test_two_look_ups_never_share_a_nudge(store: Store) -> None:
    """What one process looks up, another one leaves alone until the lease is out."""
    held = at(store, "ambiguous")
    assert [] == take(store, "b")
    let_leases_run_out(store)
    assert [held.nudge_id] == [nudge.nudge_id for nudge in take(store, "b")]


def test_first_message_notes_the_introduction(store: Store) -> None:
    """With the first message that arrives, the person counts as introduced, and keeps what they told us before."""
    held = at(store, "sending")
    with store.begin() as session:
        session.add(PreferenceRow(person_id=held.person_id, snoozed_until=NOW))
    assert not held.introduced

    with store.begin() as session:
        assert delivery.sent(session, held, ts="1.2", now=NOW)

    with store.read() as session:
        kept = session.execute(select(PreferenceRow.introduced_at, PreferenceRow.snoozed_until)).one()
    assert (NOW, NOW) == tuple(kept)
    row = nudge_row(store, held.nudge_id)
    assert ("sent", "1.2", NOW, None, None) == (row.state, row.slack_ts, row.sent_at, row.owner, row.lease_until)


def test_message_that_is_not_ours_any_more_introduces_nobody(store: Store) -> None:
    """An arrow that touches nothing leaves the preferences alone as well."""
    held = at(store, "claimed")
    with store.begin() as session:
        assert not delivery.sent(session, held, ts="1.2", now=NOW)
    with store.read() as session:
        assert 0 == session.scalar(select(func.count()).select_from(PreferenceRow))


def test_every_step_is_kept(store: Store) -> None:
    """The steps of a nudge tell its whole way, each beginning where the one before ended, at calendar time."""
    held = at(store, "ambiguous")
    with store.begin() as session:
        delivery.found(session, held, ts="1.2", now=NOW)

    assert ["planned", "claimed", "sending", "ambiguous", "sent"] == walk(store, held.nudge_id)
    with store.read() as session:
        assert {NOW} == set(session.scalars(select(NudgeStepRow.at)))


def test_database_clock_speaks_in_statements(store: Store) -> None:
    """`wall_clock` is the database's time of the moment plus the seconds asked for, within a second."""
    with store.read() as session:
        told = session.scalar(select(wall_clock(90)))
        assert told is not None
        assert abs(told - wall_now(session) - timedelta(seconds=90)) < timedelta(seconds=1)


def test_slots_are_evenly_apart_for_everybody(store: Store) -> None:
    """Ten reservations of many threads at 2 a second are half a second apart, and the last is 4.5 s away."""

    def reserve(_number: int) -> float | None:
        with store.begin() as session:
            return send_slots.reserve(session, name="slack", rate_per_s=2, patience_s=60)

    with store.begin() as session:
        start = wall_now(session)
    with ThreadPoolExecutor(5) as pool:
        waits = list(pool.map(reserve, range(10)))

    assert None not in waits
    with store.read() as session:
        next_at = session.scalar(select(SendSlotRow.next_at))
    assert next_at is not None
    assert timedelta(seconds=5) <= next_at - start < timedelta(seconds=6)


def test_late_comer_loses_no_slot(store: Store) -> None:
    """Late by less than a slot, and the next stays where it was; after a rest nobody may say two at once."""

    def reserved_after(late: timedelta) -> tuple[float | None, timedelta]:
        with store.begin() as session:
            session.execute(update(SendSlotRow).values(next_at=wall_now(session) - late))
            before = session.scalars(select(SendSlotRow.next_at)).one()
            wait_s = send_slots.reserve(session, name="slack", rate_per_s=0.1, patience_s=60)
            session.flush()
            return wait_s, session.scalars(select(SendSlotRow.next_at)).one() - before

    with store.begin() as session:
        send_slots.reserve(session, name="slack", rate_per_s=0.1, patience_s=60)
    late, rested = reserved_after(timedelta(seconds=7)), reserved_after(timedelta(hours=1))

    assert (0, timedelta(seconds=10)) == late
    assert (0, True) == (rested[0], rested[1] >= timedelta(hours=1, seconds=10))


def test_slot_beyond_patience_is_not_reserved(store: Store) -> None:
    """Who would have to wait too long reserves nothing and takes nobody's place."""
    with store.begin() as session:
        assert 0 == send_slots.reserve(session, name="slack", rate_per_s=0.1, patience_s=1)
        assert send_slots.reserve(session, name="slack", rate_per_s=0.1, patience_s=1) is None
        wait_s = send_slots.reserve(session, name="slack", rate_per_s=0.1, patience_s=60)
    assert wait_s is not None
    assert 8 < wait_s <= 10


def test_hold_stops_every_slot_of_the_workspace(store: Store) -> None:
    """After a refusal nobody gets a slot before it is over, and a shorter hold does not shorten a longer one."""
    with store.begin() as session:
        send_slots.hold(session, name="slack", wait_s=30)
        send_slots.hold(session, name="slack", wait_s=1)
        wait_s = send_slots.reserve(session, name="slack", rate_per_s=1, patience_s=60)
        elsewhere = send_slots.reserve(session, name="slack:look_up", rate_per_s=1, patience_s=60)
    assert wait_s is not None
    assert 29 < wait_s <= 30
    assert 0 == elsewhere
