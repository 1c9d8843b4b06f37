"""Holds an address and answers it with a WSGI application, until it is told to end. Called by the two HTTP addresses
of this room: `http.py` (Slack) and `otlp.py` (the tools' telemetry).
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from waitress.server import create_server

from bot.errors import InputError

StartResponse = Callable[[str, list[tuple[str, str]]], Any]
Environ = dict[str, Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

_SHUTDOWN_S = 5.0


@contextmanager
def listening(
    application: Application, *, setting: str, host: str, port: int, threads: int, most_body_bytes: int
) -> Iterator[int]:
    """Listen until the end; gives the port. What was begun is answered before the connections are closed.

    Raises InputError, which names the `setting`, when the address cannot be taken.
    """
    server = create_server(
        application,
        sockets=[_socket(setting, host, port)],
        threads=threads,
        max_request_body_size=most_body_bytes,
        ident=None,
        clear_untrusted_proxy_headers=True,
    )
    worker = threading.Thread(target=server.run, name=f"listen-{port}", daemon=True)
    worker.start()
    try:
        yield server.effective_port
    finally:
        server.task_dispatcher.shutdown(cancel_pending=False, timeout=_SHUTDOWN_S)
        # Closed in the server's own thread, which this wakes: closed in ours, it would poll a socket that is gone.
        server.trigger.pull_trigger(partial(_close, server))
        worker.join(_SHUTDOWN_S)


def _close(server: Any) -> None:
    for channel in list(server.active_channels.values()):
        channel.close_when_flushed = True  # clients keep their connections open for hours
    server.close()


def _socket(setting: str, host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise InputError(
            f"{setting} {host}:{port} cannot be listened on ({error.strerror}): choose another address."
        ) from error
