"""Each new summary reaches a manager who wished for it once at most, in their own hours, and only while both hold."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, cast

import pytest

from bot import app
from bot.clock import HandClock
from bot.domain.people import SATURDAY_AND_SUNDAY
from bot.domain.prices import PriceBook
from bot.errors import SlackRefused
from bot.playground.cast import ADA, FINN, HANA, ROBIN
from bot.playground.faults import Kind
from bot.playground.server import BOT_TOKEN, Playground
from bot.settings import load
from bot.slack import Slack
from bot.store import campaigns, digests, people, preferences, rights
from bot.store.database import Store
from bot.store.own_tips import library
from bot.store.tables import AuditRow, DigestRow
from bot.views import team
from handlers.desk import Desk
from jobs.digest import digest
from jobs.rounds import Pace
from tests import summaries, watched

NOW = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)
"""Monday, two in the afternoon where Hana is."""
KEYS = ("below-hana", "below-ada")
FAST = Pace(rate_per_s=1000)


@pytest.fixture
def slack() -> Iterator[Playground]:
    with watched.playground(HandClock(NOW)) as opened:
        yield opened


@pytest.fixture
def wished(store: Store) -> Store:
    """Hana's group was published, Ada's is too small, and both of them wished for each new summary."""
    prepare(store)
    return store


@pytest.fixture
def wished_on_sqlite(sqlite_store: Store) -> Store:
    prepare(sqlite_store)
    return sqlite_store


def prepare(store: Store) -> None:
    summaries.tree(store)
    summaries.lead(store, HANA, ADA)
    for member in (HANA, ADA):
        with store.begin() as session:
            digests.want(session, person_id=person(store, member.email), now=NOW, seen=None)
    summaries.publish(store, {"below-hana": summaries.TOLD, "below-ada": {}})


def person(store: Store, email: str = HANA.email) -> int:
    with store.read() as session:
        found = people.person_by_email(session, email=email)
    assert found is not None
    return found


def run(store: Store, slack: Playground, *, now: datetime = NOW, **given: Any) -> dict[str, int]:
    return digest(
        store,
        slack=Slack(BOT_TOKEN, slack.api_url),
        now=now,
        holidays_of=lambda *_: frozenset(),
        weekend_of=lambda _: SATURDAY_AND_SUNDAY,
        pace=FAST,
        sleep=lambda _: None,
        **given,
    )


def sent(slack: Playground) -> list[str]:
    return [shown.to for shown in slack.journal.messages()]


def test_nothing_goes_out_while_everything_is_switched_off(wished: Store, slack: Playground) -> None:
    """A summary that waits is not sent while a lead has switched off all sending, and is sent afterwards."""
    with wished.begin() as session:
        assert campaigns.halt_all(session, now=NOW)
    run(wished, slack)
    assert [] == sent(slack)

    with wished.begin() as session:
        assert campaigns.resume_all(session, now=NOW)
    run(wished, slack)
    assert [HANA.slack_id] == sent(slack)


def outcomes(store: Store) -> dict[str, str]:
    names = {person(store, member.email): member.name for member in (HANA, ADA)}
    with store.read() as session:
        return {names[row.person_id]: row.outcome for row in session.query(DigestRow)}


def test_new_summary_is_sent_once(wished: Store, slack: Playground) -> None:
    """It comes once, with a button that ends it, and is written down; of a group that is too small nothing comes."""
    assert {"sent": 1, "nothing": 1} == run(wished, slack)
    assert {"nothing": 1} == run(wished, slack, now=NOW + timedelta(hours=1))

    (shown,) = slack.journal.messages()
    assert (HANA.slack_id, "dm") == (shown.to, shown.surface)
    assert shown.text.startswith(team.FIRST_LINE)
    for words in ("About 45 % use AI in most weeks", "$1,200 in all", "Stop sending it"):
        assert words in shown.text
    assert {HANA.name: "sent"} == outcomes(wished)
    with wished.read() as session:
        assert [("manager", "summary_sent", "below-hana")] == [
            (row.role, row.act, row.group_key) for row in session.query(AuditRow)
        ]


def test_next_one_comes_when_it_is_new(wished_on_sqlite: Store, slack: Playground) -> None:
    """The next published summary is sent as well, and one that is older than four weeks no more."""
    run(wished_on_sqlite, slack)
    later = NOW + timedelta(weeks=4)
    summaries.publish(wished_on_sqlite, {"below-hana": summaries.TOLD}, week=later.date())

    assert {} == run(wished_on_sqlite, slack, now=later + timedelta(weeks=5))
    assert {"sent": 1, "nothing": 1} == run(wished_on_sqlite, slack, now=later)


def test_the_one_switch_stops_summaries_as_well(wished_on_sqlite: Store, slack: Playground) -> None:
    """With messages switched off none is sent and none is used up; switched on again, it comes."""
    prices = cast("PriceBook", None)
    said = []
    for on in (False, True):
        settings = replace(load({}), nudges_on=on, slack_bot_token=BOT_TOKEN)
        desk = Desk(wished_on_sqlite, Slack(BOT_TOKEN, slack.api_url), HandClock(NOW), settings, library(()), prices)
        app.work(desk, pace=FAST)["digest"](NOW)
        said.append((sent(slack), outcomes(wished_on_sqlite)))

    assert [([], {}), ([HANA.slack_id], {HANA.name: "sent"})] == said


def test_only_in_fair_hours(wished_on_sqlite: Store, slack: Playground) -> None:
    """On a Monday morning, in the evening or on a Saturday nothing comes; it waits for the manager's own hours."""
    for hour in ((2, 9), (2, 18), (7, 13)):
        now = datetime(2026, 3, *hour, tzinfo=UTC)
        assert {"not_now": 2} == run(wished_on_sqlite, slack, now=now)

    assert [] == sent(slack)


def test_nothing_comes_any_more(wished_on_sqlite: Store, slack: Playground) -> None:
    """Whoever stopped it, wants no messages, leads nobody or others now, or was erased gets nothing from then on."""
    store, hana = wished_on_sqlite, person(wished_on_sqlite)
    for silence, undo in (
        (preferences.stop, preferences.resume),
        (preferences.pause, preferences.resume),
        (partial(preferences.snooze, weeks=2), preferences.resume),
        (lambda session, person_id, **_: digests.stop(session, person_id=person_id), partial(digests.want, seen=None)),
    ):
        with store.begin() as session:
            silence(session, person_id=hana, now=NOW)
        assert "sent" not in run(store, slack)
        with store.begin() as session:
            undo(session, person_id=hana, now=NOW)

    summaries.tree(store, dict.fromkeys(summaries.MANAGER_OF, ADA) | {ADA: None})
    assert {"nothing": 2} == run(store, slack)
    others = {**dict.fromkeys(summaries.MANAGER_OF), FINN: HANA, ROBIN: HANA}
    summaries.tree(store, others)
    assert {"nothing": 2} == run(store, slack)
    summaries.tree(store, {**summaries.MANAGER_OF, ROBIN: None})
    with store.begin() as session:
        rights.forget(session, person_id=hana)
    assert {"nothing": 1} == run(store, slack)

    assert [] == sent(slack)


def test_lost_reply_is_not_sent_again(wished: Store, slack: Playground) -> None:
    """When Slack took it and the reply was lost, it is left at that: a lost summary is cheaper than a double one."""
    slack.faults.inject("chat.postMessage", Kind.DROP_AFTER)

    assert {"unclear": 1, "nothing": 1} == run(wished, slack)
    assert {"nothing": 1} == run(wished, slack, now=NOW + timedelta(hours=1))

    assert [HANA.slack_id] == sent(slack)
    assert {HANA.name: "unclear"} == outcomes(wished)


@pytest.mark.parametrize(
    ("method", "kind"),
    [
        ("chat.postMessage", Kind.RATE_LIMITED),
        ("conversations.open", Kind.DROP_AFTER),
    ],
)
def test_what_slack_did_not_take_is_tried_again(
    wished_on_sqlite: Store, slack: Playground, method: str, kind: Kind
) -> None:
    """A refusal before anything was said gives the claim back, and a later run sends it."""
    slack.faults.inject(method, kind, retry_after_s=1)

    assert {"later": 1, "nothing": 1} == run(wished_on_sqlite, slack)
    assert {} == outcomes(wished_on_sqlite)
    threading.Event().wait(1.1 if kind is Kind.RATE_LIMITED else 0)
    assert 1 == run(wished_on_sqlite, slack)["sent"]
    assert [HANA.slack_id] == sent(slack)


def test_refusal_of_one_person_ends_it_for_this_one(wished_on_sqlite: Store, slack: Playground) -> None:
    """Somebody whom Slack does not let us write to is left alone, and the others go on."""
    slack.faults.inject("conversations.open", Kind.REFUSED, error="user_disabled")

    assert {"refused": 1, "nothing": 1} == run(wished_on_sqlite, slack)
    assert {HANA.name: "refused"} == outcomes(wished_on_sqlite)


@pytest.mark.parametrize("method", ["conversations.open", "chat.postMessage"])
def test_refusal_of_the_installation_leaves_it_waiting(wished_on_sqlite: Store, slack: Playground, method: str) -> None:
    """When Slack refuses all of us the run ends, and nobody's summary is lost for it."""
    slack.faults.inject(method, Kind.REFUSED, error="token_revoked")

    with pytest.raises(SlackRefused):
        run(wished_on_sqlite, slack)

    assert {} == outcomes(wished_on_sqlite)
    assert 1 == run(wished_on_sqlite, slack)["sent"]


def test_many_at_once_send_one(wished: Store, slack: Playground) -> None:
    """Eight processes that do this at once send one summary."""
    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(lambda _: run(wished, slack), range(8)))

    assert 1 == sum(one.get("sent", 0) for one in counts)
    assert [HANA.slack_id] == sent(slack)
