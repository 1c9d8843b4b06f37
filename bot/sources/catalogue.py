"""Which kinds of sources there are, and how to reach one that the settings name.

Called by `jobs/collect.py` and by the check of the settings. Next: `bot/sources/shape.py`.
"""

from __future__ import annotations

from collections.abc import Callable

import httpx

from bot import __version__
from bot.errors import InputError
from bot.settings import SourceConfig
from bot.sources import claude_code
from bot.sources.shape import Connector

CONNECTORS = {connector.kind: connector for connector in (claude_code.CONNECTOR,)}

_TIMEOUT_S = 30.0
_THIS_MACHINE = frozenset({"127.0.0.1", "localhost", "::1"})


def connector_of(source: SourceConfig) -> Connector:
    """The connector for a source of the settings. Raises InputError when there is no such kind, or no key for it."""
    connector = CONNECTORS.get(source.kind)
    if connector is None:
        raise InputError(f"Source {source.name}: there is no kind {source.kind!r}; known are {', '.join(CONNECTORS)}.")
    if not source.api_key:
        raise InputError(f"Source {source.name}: no key; name the variable that holds it with api_key_env.")
    return connector


def open_client(source: SourceConfig) -> httpx.Client:
    """A client that sends this source's key with each request, and only to its own address: it follows no redirect."""
    connector = connector_of(source)
    assert source.api_key is not None
    base_url = httpx.URL(source.base_url or connector.base_url)
    return httpx.Client(
        base_url=base_url,
        headers={
            "user-agent": f"Kindling/{__version__} (kindling-bot)",
            "accept": "application/json",
            **connector.headers(source.api_key),
        },
        timeout=_TIMEOUT_S,
        follow_redirects=False,
        trust_env=base_url.host not in _THIS_MACHINE,  # a company's proxy cannot reach a stand-in on this machine
    )


def declared(source: SourceConfig) -> Callable[[str], bool]:
    """Tells of an e-mail address whether the settings declare its owner to be visible to this source.

    `console_login_only` holds whole addresses, or "*@domain" for everybody of a domain.
    """
    listed = frozenset(entry.strip().casefold() for entry in source.console_login_only)

    def is_declared(email: str) -> bool:
        address = email.strip().casefold()
        return address in listed or f"*@{address.rpartition('@')[2]}" in listed

    return is_declared
