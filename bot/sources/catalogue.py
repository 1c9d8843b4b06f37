"""Which kinds of sources there are, and how to reach one that the settings name.

Called by `jobs/collect.py`, and by `kindling doctor`. Next: `bot/sources/shape.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import httpx

from bot import __version__
from bot.errors import InputError
from bot.settings import SourceConfig
from bot.sources import claude_code, codex, copilot, cursor, litellm, openai_api
from bot.sources.http import Wait
from bot.sources.shape import Access, Connector

CONNECTORS: dict[str, Connector] = {
    connector.kind: connector
    for connector in (
        claude_code.CONNECTOR,
        codex.CONNECTOR,
        litellm.CONNECTOR,
        openai_api.CONNECTOR,
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
    with httpx.Client(
        base_url=base_url,
        headers={
            "user-agent": f"Kindling/{__version__} (kindling-bot)",
            "accept": "application/json",
            **connector.headers(source.api_key or ""),
        },
        timeout=_TIMEOUT_S,
        follow_redirects=False,
        trust_env=base_url.host not in _THIS_MACHINE,  # a company's proxy cannot reach a stand-in on this machine
    ) as client:
        yield Access(client, source, now, wait)


def declared(source: SourceConfig) -> Callable[[str], bool]:
    """Tells of an e-mail address whether the settings declare that this source sees all that its owner does.

    `covers` holds whole addresses, or "*@domain" for everybody of a domain.
    """
    listed = frozenset(entry.strip().casefold() for entry in source.covers)

    def is_declared(email: str) -> bool:
        address = email.strip().casefold()
        return address in listed or f"*@{address.rpartition('@')[2]}" in listed

    return is_declared
