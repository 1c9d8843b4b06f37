"""Telemetry that was pushed is kept: by whom it was used, each thing once, on the day on which it happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from bot.domain.people import IdentitySource
from bot.domain.roster import IdentityRecord, PersonRecord
from bot.domain.usage import ANY_MODEL, Counters
from bot.sources.otlp.answers import Signal
from bot.sources.prices import GenaiPrices
from bot.sources.standins import otlp_client as client
from bot.sources.standins.otlp_client import claude_code_event, codex_event
from bot.store import identities, people
from bot.store.database import Store
from bot.store.pseudonyms import subject_key
from bot.store.tables import (
    Base,
    CoverageRow,
    CoveredPersonRow,
    IdentityRow,
    OpenSessionRow,
    PushedPointRow,
    PushedSeriesRow,
    SessionFactsRow,
    UsageDayRow,
)
from jobs.receive import Receipt, receive
from jobs.tidy import tidy

NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
DAY = NOW.date()
START, AT = NOW - timedelta(hours=2), NOW - timedelta(hours=1)
ANA, JANE = "ana.silva@acme.example", "jane.park@acme.example"
SONNET = "claude-sonnet-5-5"
FEW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

_fresh = count()


def push(store: Store, signal: Signal, document: client.Document, now: datetime = NOW) -> Receipt:
    body = client.encoded(signal.value, document, as_json=False)
    return receive(store, signal=signal, body=body, as_json=False, now=now, prices=GenaiPrices())


def tokens(
    value: int,
    at: datetime = AT,
    *,
    email: str | None = ANA,
    started: datetime = START,
    kind: str = "input",
    told: Mapping[str, str] | None = None,
) -> client.Document:
    who = {"user.email": email} if email else {}
    attributes = {"session.id": "6b2e", "type": kind, "model": SONNET, **who, **(told or {})}
    return client.point(value, at, started=started, attributes=attributes)


def token_request(*points: client.Document, temporality: int = client.DELTA) -> client.Document:
    return client.metrics(
        "claude-code", [("claude_code.token.usage", client.counter(*points, temporality=temporality))]
    )


def push_tokens(
    store: Store, *points: client.Document, now: datetime = NOW, temporality: int = client.DELTA
) -> Receipt:
    return push(store, Signal.METRICS, token_request(*points, temporality=temporality), now)


def push_events(store: Store, *records: client.Document, now: datetime = NOW) -> Receipt:
    return push(store, Signal.LOGS, client.logs("claude-code", records), now)


def hire(store: Store, *emails: str) -> dict[str, int]:
    with store.begin() as session:
        people.save_people(session, records=[PersonRecord(email=email) for email in emails], now=NOW)
        return identities.resolve(session, source=IdentitySource.EMAIL, ids=emails)


def days(store: Store, email: str) -> list[UsageDayRow]:
    """All usage days that are kept under an address, the earliest first."""
    with store.read() as session:
        key = subject_key(session, IdentitySource.EMAIL, email)
        found = select(UsageDayRow).where(UsageDayRow.subject == key).order_by(UsageDayRow.day, UsageDayRow.model)
        return list(session.scalars(found))


def total(store: Store, email: str, name: str = "input_tokens") -> int | None:
    figures = [getattr(row, name) for row in days(store, email)]
    known = [figure for figure in figures if figure is not None]
    return sum(known) if known else None


def rows_of(store: Store, model: type[Base]) -> int:
    with store.read() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def somebody() -> str:
    """An address that no other example has."""
    return f"p{next(_fresh)}@acme.example"


# ---------------------------------------------------------------- days


def test_a_day_of_claude_code(store: Store) -> None:
    """Metrics of two minutes and the logs beside them make one row of the model and one without, each figure once."""
    whose = hire(store, ANA)
    who = {"user.email": ANA, "session.id": "6b2e"}
    for minute in (0, 1):
        at = AT + timedelta(minutes=minute)
        kinds = {"input": 1250, "output": 310, "cacheRead": 48_200, "cacheCreation": 5}
        cost = client.point(0.01042, at, started=START, attributes={**who, "model": SONNET})
        session = client.point(1.0, at, started=START, attributes={**who, "start_type": "fresh"})
        document = client.metrics(
            "claude-code",
            [
                ("claude_code.token.usage", client.counter(*[tokens(n, at, kind=kind) for kind, n in kinds.items()])),
                ("claude_code.cost.usage", client.counter(cost)),
                ("claude_code.session.count", client.counter(session)),
            ],
        )
        assert Receipt(counted=6) == push(store, Signal.METRICS, document)
    request = {"model": SONNET, "input_tokens": 1250, "output_tokens": 310, "cost_usd": 0.01042}
    push_events(store, claude_code_event("api_request", AT, session__id="6b2e", user__email=ANA, **request))
    push_events(store, claude_code_event("user_prompt", AT, session__id="6b2e", user__email=ANA))

    by_nothing, by_model = days(store, ANA)
    assert (ANY_MODEL, 2, 1, None, None) == (
        by_nothing.model,
        by_nothing.sessions,
        by_nothing.prompts,
        by_nothing.requests,
        by_nothing.input_tokens,
    )
    assert (SONNET, 2500, 620, 96_400, 10) == (
        by_model.model,
        by_model.input_tokens,
        by_model.output_tokens,
        by_model.cache_read_tokens,
        by_model.cache_write_tokens,
    )
    assert (20_840, "reported", 1, None) == (
        by_model.cost_microusd,
        by_model.priced,
        by_model.requests,
        by_model.sessions,
    )
    assert {(whose[ANA], "otlp", "claude_code", DAY, True)} == {
        (row.person_id, row.source, row.tool, row.day, row.active) for row in (by_nothing, by_model)
    }


def test_only_logs_leave_tokens_unknown(sqlite_store: Store) -> None:
    """Where no metrics arrive the requests count, and the day's tokens and money stay unknown, not zero."""
    hire(sqlite_store, ANA)
    told = {"model": SONNET, "input_tokens": 1250, "output_tokens": 310, "cost_usd": 0.01042, "session__id": "6b2e"}
    push_events(sqlite_store, claude_code_event("api_request", AT, user__email=ANA, **told))

    (row,) = days(sqlite_store, ANA)
    assert (1, None, None, None, True) == (row.requests, row.input_tokens, row.cost_microusd, row.priced, row.active)


def test_codex_is_priced_from_the_list(sqlite_store: Store) -> None:
    """It tells tokens and no money: the list price of each request, marked as an estimate."""
    hire(sqlite_store, JANE)
    told = {"event__kind": "response.completed", "input_token_count": "52000", "cached_token_count": 48_000}
    for second in (0, 1):
        at = AT + timedelta(seconds=second)
        who = {"user__email": JANE, "conversation__id": "0199", "model": "gpt-5"}
        document = client.logs("codex_cli_rs", [codex_event("sse_event", at, output_token_count="900", **told, **who)])
        push(sqlite_store, Signal.LOGS, document)

    (row,) = days(sqlite_store, JANE)
    one = GenaiPrices().cost_microusd(
        "gpt-5", DAY, Counters(input_tokens=4000, cache_read_tokens=48_000, output_tokens=900)
    )
    assert one is not None
    assert (8000, 96_000, 1800, 2) == (row.input_tokens, row.cache_read_tokens, row.output_tokens, row.requests)
    assert (2 * one, "estimated", "codex") == (row.cost_microusd, row.priced, row.tool)


def test_a_point_counts_on_its_own_utc_day(sqlite_store: Store) -> None:
    """What arrives after midnight for the evening before stands on the evening's day."""
    midnight = datetime(2026, 11, 18, tzinfo=UTC)
    push_tokens(sqlite_store, tokens(5, midnight - timedelta(seconds=1)), tokens(7, midnight))

    assert {date(2026, 11, 17): 5, date(2026, 11, 18): 7} == {
        row.day: row.input_tokens for row in days(sqlite_store, ANA)
    }


def test_it_never_proves_a_zero(sqlite_store: Store) -> None:
    """Pushed telemetry covers nobody and finishes no day: silence of a machine says nothing (P12)."""
    hire(sqlite_store, ANA)
    push_tokens(sqlite_store, tokens(5))

    assert (0, 0) == (rows_of(sqlite_store, CoverageRow), rows_of(sqlite_store, CoveredPersonRow))


def test_refused_points_are_told_and_the_rest_is_kept(sqlite_store: Store) -> None:
    """The receipt says how many were refused, and why."""
    receipt = push_tokens(
        sqlite_store, tokens(5), tokens(6, NOW + timedelta(days=2)), tokens(7, NOW - timedelta(days=30))
    )

    assert Receipt(1, 2, "1 dated more than a day ahead; 1 older than 7 days") == receipt
    assert 5 == total(sqlite_store, ANA)


def test_traces_are_dropped_unread(sqlite_store: Store) -> None:
    """Whatever a trace holds, nothing of it is read or kept."""
    given_up = receive(sqlite_store, signal=Signal.TRACES, body=b"\xff", as_json=False, now=NOW, prices=GenaiPrices())

    assert Receipt() == given_up
    assert 0 == rows_of(sqlite_store, UsageDayRow)


# ---------------------------------------------------------------- whose


def subjects(store: Store) -> set[tuple[str, str, bool]]:
    """Every kept id that is not an address of the roster: its source, the id, and whether it is somebody's."""
    with store.read() as session:
        rows = session.execute(select(IdentityRow.source, IdentityRow.external_id, IdentityRow.person_id))
        return {(source, external_id, person is not None) for source, external_id, person in rows}


def test_address_comes_first(sqlite_store: Store) -> None:
    """Who signed in counts, not what the machine is declared as."""
    whose = hire(sqlite_store, ANA, JANE)
    push_tokens(sqlite_store, tokens(5, email=ANA.upper(), told={"enduser.id": JANE}))

    assert ([whose[ANA]], []) == ([row.person_id for row in days(sqlite_store, ANA)], days(sqlite_store, JANE))


def test_account_counts_where_a_directory_knows_it(sqlite_store: Store) -> None:
    """Without an address the vendor's id decides, before what the machine is declared as."""
    whose = hire(sqlite_store, ANA, JANE)
    with sqlite_store.begin() as session:
        identities.save_records(session, records=[IdentityRecord(ANA, "anthropic:user_01ANA")], now=NOW)
    push_tokens(sqlite_store, tokens(5, email=None, told={"user.account_id": "user_01ANA", "enduser.id": JANE}))
    push_tokens(sqlite_store, tokens(6, email=None, told={"user.account_id": "user_unlisted", "enduser.id": JANE}))

    with sqlite_store.read() as session:
        found = session.execute(select(UsageDayRow.person_id, UsageDayRow.input_tokens)).all()
    assert {(whose[ANA], 5), (whose[JANE], 6)} == {tuple(row) for row in found}


def test_account_is_found_again_once_it_is_listed(store: Store) -> None:
    """An account that nobody has listed yet keeps its rows, and hands them over with the list."""
    whose = hire(store, ANA)
    push_tokens(store, tokens(5, email=None, told={"user.account_id": "user_01ANA"}))
    event = claude_code_event("user_prompt", AT, session__id="s", user__account_id="user_01ANA")
    push_events(store, event)
    with store.begin() as session:
        identities.save_records(session, records=[IdentityRecord(ANA, "anthropic:user_01ANA")], now=NOW)

    with store.read() as session:
        for model in (UsageDayRow, OpenSessionRow, SessionFactsRow):
            assert {whose[ANA]} == set(session.scalars(select(model.person_id)))


def test_nobody_is_guessed(sqlite_store: Store) -> None:
    """With an installation's id alone the use is kept in one heap that is nobody's, and no session is followed."""
    hire(sqlite_store, ANA)
    push_tokens(
        sqlite_store,
        tokens(5, email=None, told={"user.id": "b4f0a9d2"}),
        tokens(6, email=None, told={"user.id": "77aa"}),
    )
    push_events(sqlite_store, claude_code_event("user_prompt", AT, session__id="s", user__id="b4f0a9d2"))

    assert {("email", ANA, True), ("other", "claude_code not attributed", False)} == subjects(sqlite_store)
    with sqlite_store.read() as session:
        found = session.execute(select(UsageDayRow.person_id, UsageDayRow.input_tokens, UsageDayRow.prompts)).all()
    assert {(None, 11, None), (None, None, 1)} == {tuple(row) for row in found}
    assert (0, 0) == (rows_of(sqlite_store, OpenSessionRow), rows_of(sqlite_store, SessionFactsRow))


def test_roster_that_comes_later_takes_over(sqlite_store: Store) -> None:
    """What an address pushed before anybody knew it becomes its owner's, and goes on being so."""
    push_tokens(sqlite_store, tokens(5))
    whose = hire(sqlite_store, ANA)
    push_tokens(sqlite_store, tokens(6, AT + timedelta(minutes=1)))

    assert [(whose[ANA], 11)] == [(row.person_id, row.input_tokens) for row in days(sqlite_store, ANA)]


# ---------------------------------------------------------------- once


def test_same_batch_again_counts_once(store: Store) -> None:
    """A client that lost our reply sends the same metrics and logs again."""
    event = claude_code_event("api_request", AT, model=SONNET, user__email=ANA, session__id="s", input_tokens=9)
    first = [push_tokens(store, tokens(5), tokens(7, kind="output")), push_events(store, event)]
    again = [push_tokens(store, tokens(5), tokens(7, kind="output")), push_events(store, event)]

    assert [2, 1] == [receipt.counted for receipt in first]
    assert [Receipt(), Receipt()] == again
    assert (5, 7, 1) == tuple(total(store, ANA, name) for name in ("input_tokens", "output_tokens", "requests"))


def test_same_point_twice_in_one_request_counts_once(store: Store) -> None:
    """A collector that joined a batch and its repetition changes nothing."""
    assert Receipt(counted=1) == push_tokens(store, tokens(5), tokens(5))
    assert 5 == total(store, ANA)


def test_running_total_counts_by_its_growth(store: Store) -> None:
    """5, 8, 8 is 8; a restart begins anew; a value that falls without one was reset."""
    values = [(5, 0, START), (8, 1, START), (8, 2, START), (3, 3, AT), (1, 4, AT), (2, 5, AT)]
    for value, minute, started in values:
        point = tokens(value, AT + timedelta(minutes=minute), started=started)
        push_tokens(store, point, temporality=client.CUMULATIVE)

    assert 8 + 3 + 2 == total(store, ANA)


def test_late_point_of_a_running_total_counts_nothing(store: Store) -> None:
    """A point older than the last one was counted with it."""
    later, earlier = tokens(8, AT + timedelta(minutes=1)), tokens(5, AT)
    for point in (later, earlier, later):
        push_tokens(store, point, temporality=client.CUMULATIVE)

    assert 8 == total(store, ANA)


def test_forgotten_total_is_not_counted_again(sqlite_store: Store) -> None:
    """A process that comes back after we forgot its total: only what it adds from then on counts."""
    push_tokens(sqlite_store, tokens(1000), temporality=client.CUMULATIVE)
    later = NOW + timedelta(days=6)
    tidy(sqlite_store, now=later, retention_days=400)
    for value, minute in ((1000, 0), (1010, 1)):
        push_tokens(
            sqlite_store, tokens(value, later + timedelta(minutes=minute)), temporality=client.CUMULATIVE, now=later
        )

    assert 1010 == total(sqlite_store, ANA)


@given(
    counts=st.lists(st.integers(0, 10_000), min_size=1, max_size=8),
    order=st.lists(st.integers(0, 7), min_size=8, max_size=24),
)
@FEW
def test_deltas_in_any_order_and_repetition(sqlite_store: Store, counts: list[int], order: list[int]) -> None:
    """However a minute's deltas are cut into requests, repeated and mixed, their sum is what was used."""
    email = somebody()
    points = [tokens(value, AT + timedelta(minutes=n), email=email) for n, value in enumerate(counts)]
    repeated = [points[pick % len(points)] for pick in order] + points
    for first, second in zip(repeated, [*repeated[1:], repeated[0]], strict=True):
        push_tokens(sqlite_store, first, second)

    assert sum(counts) == (total(sqlite_store, email) or 0)


@given(
    processes=st.lists(st.lists(st.integers(0, 1000), min_size=1, max_size=5), min_size=1, max_size=3),
    shuffle=st.randoms(use_true_random=False),
)
@FEW
def test_totals_in_any_order_and_repetition(sqlite_store: Store, processes: list[list[int]], shuffle: Any) -> None:
    """Whatever comes late, twice or mixed with other processes: each process counts with the last of its totals."""
    email = somebody()
    points = []
    for process, steps in enumerate(processes):
        started = START + timedelta(minutes=process)
        reached = [sum(steps[: n + 1]) for n in range(len(steps))]
        points += [
            tokens(value, AT + timedelta(minutes=n, seconds=process), email=email, started=started)
            for n, value in enumerate(reached)
        ]
    sent = points + points
    shuffle.shuffle(sent)
    for start in range(0, len(sent), 3):
        push_tokens(sqlite_store, *sent[start : start + 3], temporality=client.CUMULATIVE)

    assert sum(map(sum, processes)) == (total(sqlite_store, email) or 0)


def test_many_at_once_lose_and_double_nothing(store: Store) -> None:
    """Six clients push their own and the same deltas, totals and events at once, into the same rows: sums are exact."""
    hire(store, ANA)

    def one_client(number: int) -> None:
        for turn in range(6):
            at = AT + timedelta(seconds=(number + turn) % 6)
            push_tokens(store, tokens(10, at), tokens(1, at, told={"agent.name": str(number)}))
            push_tokens(store, tokens(at.second, at, kind="output"), temporality=client.CUMULATIVE)
            who = {"session__id": "6b2e", "user__email": ANA, "client": number}
            push_events(store, claude_code_event("tool_result", at, success="true", **who))

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(one_client, range(6)))

    assert (6 * 10 + 6 * 6, 5) == (total(store, ANA), total(store, ANA, "output_tokens"))
    assert [36] == [facts.tool_calls for facts in sessions(store)]


# ---------------------------------------------------------------- sessions


def sessions(store: Store) -> Sequence[SessionFactsRow]:
    with store.read() as session:
        return list(session.scalars(select(SessionFactsRow).order_by(SessionFactsRow.day, SessionFactsRow.model)))


def request_event(at: datetime, input_tokens: int, **told: Any) -> client.Document:
    who = {"session__id": "6b2e", "user__email": ANA, "model": SONNET, "query_source": "main"}
    return claude_code_event("api_request", at, input_tokens=input_tokens, cost_usd=0.5, **who, **told)


def test_session_is_added_up_over_requests(store: Store) -> None:
    """Events that come in several requests, some of them twice, make one session with each of them once."""
    whose = hire(store, ANA)
    first = request_event(AT, 1000, cache_creation_tokens=30_000, cache_read_tokens=0)
    cold = request_event(AT + timedelta(minutes=20), 500, cache_creation_tokens=40_000, cache_read_tokens=100)
    failed = claude_code_event(
        "tool_result", AT + timedelta(minutes=1), session__id="6b2e", user__email=ANA, success="false"
    )
    for batch in ([first], [first, failed], [failed, cold]):
        push_events(store, *batch)

    by_nothing, by_model = sessions(store)
    assert (ANY_MODEL, None) == (by_nothing.model, by_nothing.requests)
    assert (whose[ANA], 2, 1500, 1_000_000) == (
        by_model.person_id,
        by_model.requests,
        by_model.input_tokens,
        by_model.cost_microusd,
    )
    assert (1, 1, None, 1, 40_000) == (
        by_model.tool_calls,
        by_model.failed_tool_calls,
        by_model.repeated_failures,
        by_model.cold_restarts,
        by_model.cold_restart_tokens,
    )


def test_session_id_is_not_kept(sqlite_store: Store) -> None:
    """A session stands under a hash that leads to no id, and another one for each person."""
    push_events(sqlite_store, request_event(AT, 5))
    push_events(sqlite_store, claude_code_event("user_prompt", AT, session__id="6b2e", user__email=JANE))

    keys = {facts.session_key for facts in sessions(sqlite_store)}
    assert 2 == len(keys)
    assert not [key for key in keys if "6b2e" == key or len(key) != 32]


def test_session_is_followed_for_three_days(store: Store) -> None:
    """Three days after its last event nothing is left that holds a time of day; its counters stay."""
    push_events(store, request_event(AT, 5))
    push_tokens(store, tokens(5), temporality=client.CUMULATIVE)
    tidy(store, now=NOW + timedelta(days=3), retention_days=400)
    assert (1, 1) == (rows_of(store, OpenSessionRow), rows_of(store, PushedSeriesRow))
    tidy(store, now=NOW + timedelta(days=4), retention_days=400)

    assert (0, 0, 1) == tuple(rows_of(store, model) for model in (OpenSessionRow, PushedSeriesRow, SessionFactsRow))


def test_late_event_does_not_overwrite_a_session(sqlite_store: Store) -> None:
    """An event of a session that is no longer followed counts for its day, and leaves the session's counters alone."""
    push_events(sqlite_store, request_event(AT, 5), request_event(AT + timedelta(minutes=1), 6))
    later = NOW + timedelta(days=5)
    tidy(sqlite_store, now=later, retention_days=400)
    push_events(sqlite_store, request_event(AT + timedelta(minutes=2), 7), now=later)

    assert 3 == total(sqlite_store, ANA, "requests")
    assert [(2, 11)] == [(facts.requests, facts.input_tokens) for facts in sessions(sqlite_store)]


def test_point_is_remembered_as_long_as_it_is_taken(store: Store) -> None:
    """The oldest point that is taken is still known when it comes again; then it is refused, and forgotten."""
    push_tokens(store, tokens(5, NOW))
    for later in (NOW + timedelta(days=7), NOW + timedelta(days=7, hours=1), NOW + timedelta(days=9)):
        tidy(store, now=later, retention_days=400)
        push_tokens(store, tokens(5, NOW), now=later)

    assert 5 == total(store, ANA)
    assert 0 == rows_of(store, PushedPointRow)
