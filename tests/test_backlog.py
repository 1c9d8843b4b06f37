"""What waits, as the operator sees it: totals, holds, runs, pieces, and runs that no worker works on; nobody's name."""

from __future__ import annotations

import json
from datetime import timedelta

from sqlalchemy import update

from bot.backlog import look
from bot.job_checks import of_jobs
from bot.source_checks import Check
from bot.store import runs, send_slots, shared_runs
from bot.store.database import Store
from bot.store.shared_runs import PieceKey
from bot.store.tables import NudgeRow, RunRow
from bot.store.types import wall_clock
from tests.nudge_queue import NOW, plan

TWO_PIECES = [(0, {"people": [1, 500]}), (0, {"people": [501, 1000]})]


def begin(store: Store, job: str = "detect") -> PieceKey:
    """A run that was handed over, begun and cut in two."""
    due = NOW - timedelta(hours=1)
    with store.begin() as session:
        run_id = shared_runs.hand_over(session, job=job, scheduled_for=due, most_attempts=3)
        claim = runs.claim(session, job=job, scheduled_for=due, owner="w", lease_s=60, most_attempts=3, now=NOW)
        shared_runs.cut(session, run_id=claim.run_id, attempt=claim.attempt, pieces=TWO_PIECES)
    assert run_id == claim.run_id
    return PieceKey(claim.run_id, 0, claim.attempt)


def workers_line(store: Store) -> Check | None:
    return next((check for check in of_jobs(store, NOW) if check.name == "workers"), None)


def test_nothing_waits_at_first(store: Store) -> None:
    """A fresh installation has no message on its way and no job that was begun."""
    assert ["messages: none on its way", "jobs: none was begun yet"] == list(look(store, now=NOW).lines())


def test_messages_are_counted_over_everybody(store: Store) -> None:
    """How many are on their way by state, how many are due and since when; none by tip, person or reason."""
    with store.begin() as session:
        for minutes in (-90, -5, 600):
            plan(session, slack_id=f"U{minutes}", due_at=NOW + timedelta(minutes=minutes))
        sent = plan(session, slack_id="U0", due_at=NOW - timedelta(days=1))
        session.execute(update(NudgeRow).where(NudgeRow.nudge_id == sent).values(state="sent"))

    found = look(store, now=NOW)

    assert "messages: 3 on their way (planned 3); 2 due, the oldest for 90 min" == next(iter(found.lines()))
    assert {"open": 3, "planned": 3, "due": 2, "oldest_due_for_s": 5400} == found.to_json()["messages"]
    assert not {"person", "tip", "z01", "first-try"} & set(json.dumps(found.to_json()).split('"'))


def test_hold_of_the_workspace_is_seen(store: Store) -> None:
    """While Slack asked everybody to wait, the queue says for how much longer."""
    with store.begin() as session:
        send_slots.hold(session, name="slack", wait_s=300)

    [_, held, *_] = look(store, now=NOW).lines()

    assert held.startswith("hold slack: nothing leaves for ")
    assert 290 <= look(store, now=NOW).to_json()["holds_s"]["slack"] <= 300


def test_open_run_shows_its_pieces(store: Store) -> None:
    """One piece is worked on, one waits; once the run has ended, none is left to show."""
    key = begin(store)
    with store.begin() as session:
        piece = shared_runs.open_piece(session, key, most_tries=3, lease_s=60, now=NOW)
    assert isinstance(piece, shared_runs.OpenPiece)
    [_, at_work] = look(store, now=NOW).lines()
    with store.begin() as session:
        shared_runs.finish(session, key, result={"people": 1000}, now=NOW)
    [_, done] = look(store, now=NOW).lines()

    assert "job detect: running for 2026-03-02 13:00 UTC, attempt 1; pieces: running 1, waiting 1" == at_work
    assert "job detect: done for 2026-03-02 13:00 UTC, attempt 1" == done


def test_failed_run_says_why_and_today_is_counted(store: Store) -> None:
    """The newest run stands with its attempts and its error, and the day's runs of a job are counted by state."""
    for minutes in range(3):
        due = NOW + timedelta(minutes=minutes)
        with store.begin() as session:
            run = runs.claim(session, job="deliver", scheduled_for=due, owner="w", lease_s=9, most_attempts=3, now=due)
            if minutes == 2:
                runs.fail(session, run, error="SlackRefused: invalid_auth", now=due)
            else:
                runs.finish(session, run, result={}, now=due)

    [_, deliver] = look(store, now=NOW).lines()

    assert deliver.endswith("attempt 1; SlackRefused: invalid_auth; today: done 2, failed 1")


def test_runs_that_no_worker_works_on_are_seen(store: Store) -> None:
    """The doctor speaks up when what was handed over lies about, and is quiet where nothing ever was."""
    nothing_handed = workers_line(store)
    begin(store)
    at_work = workers_line(store)
    with store.begin() as session:
        session.execute(update(RunRow).values(lease_until=wall_clock(-1)))
    left = workers_line(store)

    assert nothing_handed is None
    assert at_work == Check("workers", True, "nothing waits for one")
    assert left is not None
    assert (False, True) == (left.ok, left.finding.startswith("runs that were handed over and that nobody works on: 1"))
