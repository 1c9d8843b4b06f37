"""`kindling doctor`: one line for each thing that must be right, with what to do about it, and nobody's name.

Called by `bot/cli.py`. Next: `bot/source_checks.py`, `bot/job_checks.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from bot import job_checks, papers, source_checks
from bot.errors import InputError, SlackError
from bot.settings import Settings
from bot.slack import Slack
from bot.source_checks import Check
from bot.sources import tip_library
from bot.store import health, opening
from bot.store.database import Store

NEEDED_SCOPES = frozenset(papers.SLACK_NEEDED)
_HISTORY = "im:history"
_QUIET = "dnd:read"
_GROUPS = "usergroups:read"


def examine(settings: Settings, *, now: datetime) -> list[Check]:
    """Look at everything that can be looked at without changing anything."""
    return [
        *_slack(settings),
        *_database(settings, now),
        *source_checks.of_settings(settings.sources, now),
        *_tips(now),
    ]


def _slack(settings: Settings) -> Iterator[Check]:
    needed = {"SLACK_BOT_TOKEN": settings.slack_bot_token}
    if settings.transport == "socket":
        needed["SLACK_APP_TOKEN"] = settings.slack_app_token
    else:
        needed["SLACK_SIGNING_SECRET"] = settings.slack_signing_secret
    for name, value in needed.items():
        yield Check(name, bool(value), "set" if value else "not set")
    if not settings.slack_bot_token:
        return
    slack = Slack(settings.slack_bot_token, settings.slack_api_url)
    try:
        scopes = slack.scopes()
    except SlackError as error:
        yield Check("Slack", False, f"auth.test did not succeed ({error.reason}): look at SLACK_BOT_TOKEN")
        return
    yield Check("Slack", True, "auth.test accepted the bot token")
    missing = sorted(NEEDED_SCOPES - scopes)
    found = f"missing {', '.join(missing)}: install the app again from manifest.yml" if missing else "all there"
    yield Check("scopes", not missing, found)
    without = "there" if _HISTORY in scopes else "not granted: a message whose reply is lost is not sent again"
    yield Check("scope im:history (optional)", True, without)
    without = "there" if _QUIET in scopes else "not granted: a message does not wait for the end of a do-not-disturb"
    yield Check("scope dnd:read (optional)", True, without)
    if settings.lead_group or settings.operator_group:
        without = "there" if _GROUPS in scopes else "not granted, so nobody has a role by a user group: add it in Slack"
        yield Check("scope usergroups:read (for roles)", _GROUPS in scopes, without)


def _database(settings: Settings, now: datetime) -> Iterator[Check]:
    try:
        store = opening.connect(settings.database_url)
    except InputError as error:
        yield Check("database", False, str(error))
        return
    try:
        found = opening.fit(store)
        if found is not opening.Fit.CURRENT:
            yield Check("database", False, f"the tables are {found.value}: run `kindling db upgrade`")
            return
        yield Check("database", True, f"{store.address}, tables up to date")
        yield from _data(store, settings, now)
    except InputError as error:
        yield Check("database", False, str(error))
    finally:
        store.close()


def _data(store: Store, settings: Settings, now: datetime) -> Iterator[Check]:
    with store.read() as session:
        everybody, reachable = health.people_counts(session)
    yield Check("people", everybody > 0, f"{everybody} known, {reachable} with a Slack account")
    yield from source_checks.of_data(store, now)
    yield _papers(store, settings)
    yield from job_checks.of_jobs(store, now)


def _papers(store: Store, settings: Settings) -> Check:
    try:
        outdated = papers.outdated(store, papers.collect(settings))
    except InputError as error:
        return Check("papers", False, str(error))
    never = "none were written yet; `kindling papers` writes what people must be told before the start"
    return Check("papers", outdated is None, outdated or ("they fit" if papers.written_before(store) else never))


def _tips(now: datetime) -> Iterator[Check]:
    try:
        tips = tip_library.load_tips()
    except InputError as error:
        yield Check("tips", False, str(error))
        return
    old = sorted(tip.tip_id for tip in tips if tip.expires_on < now.astimezone(UTC).date())
    found = f"{len(old)} of {len(tips)} are out of date and not sent: {', '.join(old)}" if old else f"{len(tips)} valid"
    yield Check("tips", not old, found)
