"""The composition root: from settings and a clock to one running Kindling.

Called by `bot/cli.py`, the playground's demo and the tests. Next: `handlers/__init__.py` for what people ask,
`jobs/calendar.py` for what the clock asks.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from typing import Any, cast
from uuid import uuid4

from slack_bolt import App, BoltContext, BoltResponse
from slack_bolt.authorization import AuthorizeResult

import handlers
from bot.clock import Clock
from bot.domain.tips import Tip
from bot.errors import InputError, SlackRefused
from bot.log import EventLog
from bot.settings import Settings, SourceConfig
from bot.slack import Slack
from bot.sources import catalogue, tip_library
from bot.sources.otlp.answers import Signal
from bot.sources.prices import GenaiPrices
from bot.sources.public_holidays import holidays_of, weekend_of
from bot.store import own_tips
from bot.store.opening import open_store
from bot.transports import http, otlp, socket_mode
from handlers.desk import Desk
from jobs import (
    calendar,
    collect,
    decide,
    deliver,
    detect,
    digest,
    measure,
    pieces,
    receive,
    recheck,
    snapshot,
    tidy,
    workers,
)
from jobs.rounds import Pace
from jobs.sharing import Sharing, Timing

Counts = calendar.Counts

LISTENER_THREADS = 200
"""Those who asked for their card wait in one for their turn (`handlers/cards.py`). Bolt's own pool of 5 answers the
last of 50 commands at once after 3.8 s; Slack waits 3 s."""

_STRANGER = "I only serve the people of the workspace in which I was installed."

Authorize = Callable[..., AuthorizeResult | None]
Listen = Callable[[threading.Event], None]

_log = EventLog("app")


def build(settings: Settings, *, clock: Clock) -> Desk:
    """Open the database, load tips and prices, make the door to Slack. Slack is not called.

    Raises InputError when the database does not fit, a source is of no known kind, or a tip cannot be read.
    """
    for source in settings.sources:
        catalogue.connector_of(source)
    return Desk(
        store=open_store(settings.database_url),
        slack=Slack(settings.slack_bot_token or "", settings.slack_api_url),
        clock=clock,
        settings=settings,
        tips=own_tips.library(tip_library.load_tips()),
        prices=GenaiPrices(),
    )


def require_bot_token(settings: Settings) -> None:
    """Raise InputError when there is no bot token, before anything is begun that needs one."""
    if not settings.slack_bot_token:
        raise InputError("SLACK_BOT_TOKEN is not set: copy the bot token (xoxb-) from OAuth & Permissions of the app.")


@contextmanager
def running(settings: Settings, *, clock: Clock) -> Iterator[Desk]:
    """`build`, and close the database at the end."""
    desk = build(settings, clock=clock)
    try:
        yield desk
    finally:
        desk.store.close()


def work(
    desk: Desk,
    *,
    pace: Pace | None = None,
    stop: threading.Event | None = None,
    on_day: collect.OnDay | None = None,
) -> calendar.Work:
    """The jobs by name, each a function of the moment: what `jobs/calendar.py` and the command line carry out.

    `pace` is Slack's own by default; delivery ends early when `stop` is set; `on_day` hears how far collecting is.
    Without a bot token collecting leaves Slack's list of members alone, and delivering raises InputError.
    """
    store, settings = desk.store, desk.settings
    words = deliver.words_of(settings.set_up_by)

    still_right = recheck.by_the_rules(
        prices=desk.prices, holidays_of=holidays_of, weekend_of=weekend_of, switched_on=settings.nudges_on
    )

    def deliver_(now: datetime) -> Counts:
        return deliver.deliver(
            store,
            slack=_with_token(desk),
            tips=desk.tips,
            now=now,
            recheck=still_right,
            render=words,
            owner=f"{os.getpid()}-{uuid4().hex[:8]}",
            pace=pace,
            stop=stop,
        )

    def digest_(now: datetime) -> Counts:
        if not settings.nudges_on:  # the one switch for everything that Kindling sends by itself
            return {}
        return digest.digest(
            store,
            slack=_with_token(desk),
            now=now,
            holidays_of=holidays_of,
            weekend_of=weekend_of,
            pace=pace,
            stop=stop,
        )

    return {
        "collect": lambda now: collect_now(desk, now=now, on_day=on_day),
        "detect": lambda now: detect_now(desk, now=now),
        "measure": lambda now: measure.measure(
            store, now=now, prices=desk.prices, holidays_of=holidays_of, weekend_of=weekend_of
        ),
        "decide": lambda now: decide_now(desk, now=now),
        "snapshot": lambda now: snapshot.snapshot(store, now=now),
        "deliver": deliver_,
        "digest": digest_,
        "tidy": lambda now: tidy.tidy(store, now=now, retention_days=settings.retention_days),
    }


def detect_now(desk: Desk, *, now: datetime, person_ids: Sequence[int] | None = None) -> Counts:
    """Judge everybody, or only these people."""
    return detect.detect(
        desk.store,
        now=now,
        prices=desk.prices,
        holidays_of=holidays_of,
        weekend_of=weekend_of,
        person_ids=person_ids,
    )


def decide_now(desk: Desk, *, now: datetime, person_ids: Sequence[int] | None = None) -> Counts:
    """Decide for everybody, or only for these people, who hears what next."""
    return decide.decide(
        desk.store,
        now=now,
        tips=_tips(desk),
        holidays_of=holidays_of,
        weekend_of=weekend_of,
        switched_on=desk.settings.nudges_on,
        person_ids=person_ids,
        approval_from=desk.settings.approval_from,
    )


def collect_now(
    desk: Desk,
    *,
    now: datetime,
    sources: Sequence[SourceConfig] | None = None,
    members: bool = False,
    span: collect.Span | None = None,
    on_day: collect.OnDay | None = None,
) -> Counts:
    """Read every source of the settings and the roster; or only `sources`, of which `span` names the days.

    Slack's list of members is read with all sources, or where `members` asks for it beside some of them.
    """
    wanted = members or sources is None
    slack_members = desk.slack.members if desk.settings.slack_bot_token and wanted else None
    return collect.collect(
        desk.store,
        sources=desk.settings.sources if sources is None else sources,
        slack_members=slack_members,
        now=now,
        prices=desk.prices,
        on_day=on_day,
        span=span,
    )


def serve(desk: Desk, stop: threading.Event) -> None:
    """The clock and Slack in one process, until `stop` is set; what was begun is finished first.

    Raises InputError, before the clock starts, when a token is missing or Slack refuses it. What the AI tools push is
    taken in meanwhile, where the settings name an address for it.
    """
    telemetry = telemetry_listening(desk)
    listener = _listener(desk)
    with telemetry, _clock(desk, stop):
        listener(stop)


def toil(desk: Desk, stop: threading.Event) -> None:
    """Work on what clocks hand over, beside any number of other processes, until `stop` is set."""
    workers.prepare(desk.store)
    _worker(desk, stop).run()


@contextmanager
def _clock(desk: Desk, stop: threading.Event) -> Iterator[None]:
    """On SQLite the clock does the work itself; on PostgreSQL it hands it over, also to a worker in this process."""
    workers.prepare(desk.store)
    is_shared = workers.are_possible(desk.store.url)
    hand_over = workers.handing_over(desk.store) if is_shared else None
    beside = _worker(desk, stop) if is_shared else nullcontext()
    with (
        beside,
        calendar.Daemon(desk.store, work=work(desk, stop=stop), clock=desk.clock, stop=stop, hand_over=hand_over),
    ):
        yield


def _worker(desk: Desk, stop: threading.Event) -> workers.Worker:
    whole, sources = work(desk, stop=stop), desk.settings.sources
    by_people = {"detect": detect_now, "decide": decide_now}

    def carry_out(job: str, what: Mapping[str, Any], now: datetime) -> Counts:
        person_ids = pieces.people_of(desk.store, what)
        if person_ids is not None:
            return by_people[job](desk, now=now, person_ids=person_ids)
        chosen = pieces.sources_of(sources, what)
        if chosen is not None:
            return collect_now(desk, now=now, sources=chosen, members="members" in what)
        return whole[job](now)

    sharing = Sharing(
        desk.store,
        cut=lambda session, job: pieces.cut(session, job=job, sources=sources),
        carry_out=carry_out,
        clock=desk.clock,
        defer=workers.defer,
        timing=Timing(),
    )
    return workers.Worker(sharing, stop=stop)


def telemetry_listening(desk: Desk) -> AbstractContextManager[int | None]:
    """The address for telemetry, listened on while the context lasts; it gives the port, None when none is wanted.

    Raises InputError when there is an address and no token.
    """
    listen_on, token = desk.settings.otlp_listen, desk.settings.otlp_token
    if listen_on is None:
        return nullcontext()
    if not token:
        raise InputError(
            "KINDLING_OTLP_TOKEN is not set: without it anybody could push telemetry to KINDLING_OTLP_ADDR."
        )

    def receive_now(signal: Signal, body: bytes, as_json: bool) -> receive.Receipt:
        return receive.receive(
            desk.store, signal=signal, body=body, as_json=as_json, now=desk.clock.now(), prices=desk.prices
        )

    host, port = listen_on
    return otlp.listening(otlp.application(receive_now, token=token), host=host, port=port)


def listen(desk: Desk, stop: threading.Event) -> None:
    """Slack without the clock, until `stop` is set: for the demo and the tests, which own the time."""
    _listener(desk)(stop)


def bolt(desk: Desk) -> App:
    """The Bolt app with every listener, for either transport. Asks Slack once who we are.

    Raises InputError when Slack refuses the bot token, SlackBusy or SlackUnclear when it cannot be asked.
    """
    silent = logging.getLogger("slack_bolt.kindling")
    silent.setLevel(logging.CRITICAL + 1)  # Bolt logs bodies of requests; what matters is logged by the handlers
    app = App(
        name="kindling",
        logger=silent,
        client=desk.slack.client,
        signing_secret=desk.settings.slack_signing_secret or "",
        # Given here, so that client id and secret in the environment do not switch Bolt to its OAuth mode.
        authorize=cast("Callable[..., AuthorizeResult]", _authorize(desk)),
        user_facing_authorize_error_message=_STRANGER,
        token_verification_enabled=False,
        process_before_response=False,
        listener_executor=ThreadPoolExecutor(LISTENER_THREADS, thread_name_prefix="listener"),
    )
    app.middleware(_only_members)
    handlers.register(app, desk)
    return app


def _listener(desk: Desk) -> Listen:
    return _http(desk) if desk.settings.transport == "http" else _socket(desk)


def _socket(desk: Desk) -> Listen:
    token = desk.settings.slack_app_token
    if not token:
        raise InputError("SLACK_APP_TOKEN is not set: Socket Mode needs the app-level token (xapp-) of the app.")
    app = bolt(desk)
    return lambda stop: socket_mode.serve(app, app_token=token, web_client=desk.slack.client, stop=stop)


def _http(desk: Desk) -> Listen:
    secret = desk.settings.slack_signing_secret
    if not secret:
        raise InputError("SLACK_SIGNING_SECRET is not set: without it no request over HTTP can be trusted.")
    app, host, port = bolt(desk), desk.settings.http_host, desk.settings.http_port
    return lambda stop: http.serve(app, signing_secret=secret, host=host, port=port, stop=stop)


def _authorize(desk: Desk) -> Authorize:
    """Who we are, asked once; Bolt would ask again for every request, inside the three seconds."""
    ours = _who_we_are(desk)

    def authorize(context: BoltContext, enterprise_id: str | None, team_id: str | None) -> AuthorizeResult | None:
        homes = (team_id, enterprise_id), (context.get("actor_team_id"), context.get("actor_enterprise_id"))
        if all(_is_ours(ours, team, enterprise) for team, enterprise in homes):
            return ours
        _log.warning("app.stranger")
        return None

    return authorize


def _only_members(body: dict[str, Any], context: BoltContext, next: Callable[[], BoltResponse]) -> BoltResponse:  # noqa: A002 - Bolt finds its arguments by name
    """A person of another company, in a channel that both share, can tap what they see there; it reaches no handler."""
    user, ours = body.get("user"), context.authorize_result
    team_id = user.get("team_id") if isinstance(user, dict) else None
    if ours is None or not _is_ours(ours, team_id, context.enterprise_id):
        _log.warning("app.stranger")
        return BoltResponse(status=200, body=_STRANGER)
    return next()


def _is_ours(ours: AuthorizeResult, team_id: str | None, enterprise_id: str | None) -> bool:
    if team_id is None or team_id == ours.team_id:
        return True
    return ours.enterprise_id is not None and enterprise_id == ours.enterprise_id


def _tips(desk: Desk) -> tuple[Tip, ...]:
    with desk.store.read() as session:
        return desk.tips(session)


def _with_token(desk: Desk) -> Slack:
    require_bot_token(desk.settings)
    return desk.slack


def _who_we_are(desk: Desk) -> AuthorizeResult:
    try:
        said = _with_token(desk).auth()
    except SlackRefused as refused:
        raise InputError(
            f"Slack refused SLACK_BOT_TOKEN ({refused.reason}): copy the bot token (xoxb-) from OAuth & Permissions."
        ) from None
    return AuthorizeResult(
        enterprise_id=said.get("enterprise_id"),
        team_id=said.get("team_id"),
        bot_user_id=said.get("user_id"),
        bot_id=said.get("bot_id"),
        bot_token=desk.settings.slack_bot_token,
    )
