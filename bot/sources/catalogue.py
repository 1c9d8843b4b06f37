"""Which kinds of sources there are, and how to reach one that the settings name.

Called by `jobs/collect.py`, and by `kindling doctor`. Next: `bot/sources/shape.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import httpx

from bot import __version__
from bot.domain.precedence import NO_CONNECTOR
from bot.errors import InputError, SourceError
from bot.settings import SourceConfig
from bot.sources import (
    anthropic_analytics,
    anthropic_messages,
    bamboohr,
    claude_code,
    claude_enterprise,
    codex,
    copilot,
    cursor,
    git_history,
    github,
    gitlab,
    ical,
    jira,
    litellm,
    openai_api,
    scim,
)
from bot.sources.http import Wait, trusted
from bot.sources.shape import Access, Connector

CONNECTORS: dict[str, Connector] = {
    connector.kind: connector
    for connector in (
        anthropic_analytics.CONNECTOR,
        anthropic_messages.CONNECTOR,
        bamboohr.CONNECTOR,
        claude_code.CONNECTOR,
        claude_enterprise.CONNECTOR,
        codex.CONNECTOR,
        copilot.CONNECTOR,
        cursor.CONNECTOR,
        git_history.CONNECTOR,
        github.CONNECTOR,
        gitlab.CONNECTOR,
        jira.CONNECTOR,
        ical.CONNECTOR,
        litellm.CONNECTOR,
        openai_api.CONNECTOR,
        scim.CONNECTOR,
    )
}

_TIMEOUT_S = 30.0
_THIS_MACHINE = frozenset({"127.0.0.1", "localhost", "::1"})
_KEY = "api_key_env"


def connector_of(source: SourceConfig) -> Connector:
    """The connector for a source of the settings. Raises InputError when there is no such kind, or a key is missing."""
    connector = CONNECTORS.get(source.kind)
    if connector is None:
        raise InputError(f"Source {source.name}: there is no kind {source.kind!r}; known are {', '.join(CONNECTORS)}.")
    if source.name in NO_CONNECTOR:
        told = "that is what Kindling calls what comes without a connector; give it another name"
        raise InputError(f"Source {source.name}: {told}.")
    if not source.api_key and connector.needs_key:
        raise InputError(f"Source {source.name}: no key; name the variable that holds it with {_KEY}.")
    for name in connector.needs:
        if getattr(source, name) is None:
            raise InputError(f"Source {source.name}: {name} is missing; a source of kind {source.kind} needs it.")
    return connector


@contextmanager
def open_access(source: SourceConfig, *, now: datetime, wait: Wait) -> Iterator[Access]:
    """A way to this source whose client sends its key with each request, and only to its own address: it follows no
    redirect.
    """
    connector = connector_of(source)
    base_url = httpx.URL(source.base_url or connector.base_url or "")
    # A company's proxy cannot reach a stand-in on this machine.
    trust_env = base_url.host not in _THIS_MACHINE
    with httpx.Client(
        base_url=base_url,
        headers={
            "user-agent": f"Kindling/{__version__} (kindling-bot)",
            "accept": "application/json",
            **connector.headers(source.api_key or ""),
        },
        timeout=_TIMEOUT_S,
        follow_redirects=False,
        trust_env=trust_env,
        verify=trusted(trust_env=trust_env),
    ) as client:
        yield Access(client, source, now, wait)


@dataclass(frozen=True)
class FirstAnswer:
    """The status of a source's first answer, and the time that its clock shows ("" when it does not say)."""

    status: int
    date: str


def first_answer(source: SourceConfig, ask: Callable[[Access], object], *, now: datetime) -> FirstAnswer | None:
    """What the source answers to the first request of `ask`; no other is made. None: it makes no request at all.

    Raises SourceError when there is no answer, and whatever `ask` raises before its first request.
    """

    def stop(response: httpx.Response) -> None:
        raise _EnoughError(FirstAnswer(response.status_code, response.headers.get("date", "")))

    def refuse(seconds: float) -> None:
        raise SourceError(f"It was not reached, and would be asked again in {seconds:.0f} s.", permanent=False)

    with open_access(source, now=now, wait=refuse) as access:
        access.client.event_hooks = {"response": [stop]}
        try:
            ask(access)
        except _EnoughError as enough:
            return enough.answer
    return None


class _EnoughError(Exception):
    """The first answer is there."""

    def __init__(self, answer: FirstAnswer) -> None:
        super().__init__()
        self.answer = answer


def declared(source: SourceConfig) -> Callable[[str], bool]:
    """Tells of an e-mail address whether the settings declare that this source sees all that its owner does.

    `covers` holds whole addresses, or "*@domain" for everybody of a domain.
    """
    listed = frozenset(entry.strip().casefold() for entry in source.covers)

    def is_declared(email: str) -> bool:
        address = email.strip().casefold()
        return address in listed or f"*@{address.rpartition('@')[2]}" in listed

    return is_declared
