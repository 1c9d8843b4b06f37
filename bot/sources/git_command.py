"""Asks git about a repository on this machine: it only reads, and nothing that the repository names is run.

A repository can name programs (hooks, drivers for differences, a file system monitor, a transport) and change how git
prints; both are switched off, so that any repository answers in the same form. What git says of a failure may quote a
path, so our own sentences stand in its place (P13). Called by `bot/sources/git_history.py`.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path

from bot.errors import SourceError

DIFFERENCES = (
    "--find-renames", "-l1000", "--diff-algorithm=default", "--indent-heuristic", "--inter-hunk-context=0",
    "--ignore-submodules=all", "--no-relative", "--no-color", "--no-ext-diff", "--no-textconv",
)  # fmt: skip
"""How two trees are compared, whatever the repository's settings say. A file that was renamed is one file; a
submodule has no lines of its own.
"""

_GIT = (
    "git",
    "--no-pager",
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.quotePath=true"),  # names of files in one line of plain letters, whatever is in them
    *("-c", "core.bigFileThreshold=50m"),  # larger files have no lines, and are not held in memory
    *("-c", "log.showSignature=false"),  # would run a program
    *("-c", "log.showRoot=true"),
    *("-c", "i18n.logOutputEncoding=UTF-8"),
)
_OPERATORS_OWN = "GIT_CONFIG_"
"""Settings of whoever runs Kindling, such as safe.directory. Other GIT_… variables may point to another repository."""
_CHUNK_CHARACTERS = 1 << 16
_OWNED_BY_ANOTHER = ("dubious ownership", "owned by someone else")
"""What git says from 2.38 on, and said before."""


def repository_at(path: str | None) -> Path:
    """The repository at this path, with its whole history, or SourceError with what to do about it."""
    if not path or not os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises where a folder may not be looked into
        raise _useless("There is no folder at the path of this source: clone the repository there")
    folder = Path(path).resolve()
    asked = _ask(folder, "rev-parse", "--is-shallow-repository")
    if any(words in asked.stderr for words in _OWNED_BY_ANOTHER):
        raise _useless(
            "git does not read this repository, because another user owns it: run Kindling as its owner, or trust it "
            "with: git config --system --add safe.directory, followed by its path"
        )
    if asked.returncode != 0:
        raise _useless("There is no git repository at the path of this source that can be read")
    if asked.stdout.strip() == "true":
        raise _useless("The clone is shallow, so that its history lacks commits: run git fetch --unshallow in it")
    return folder


def head_of(repository: Path) -> str | None:
    """The newest commit of the main line; None: nothing was ever committed."""
    found = _ask(repository, "rev-parse", "--quiet", "--verify", "HEAD^{commit}")
    if found.returncode == 0:
        return found.stdout.strip()
    if _ask(repository, "for-each-ref", "--count=1").stdout:
        raise _useless("HEAD of this repository names a branch that is not there: set it with git symbolic-ref HEAD")
    return None


def lines(repository: Path, *arguments: str) -> Iterator[str]:
    """What git says, line by line, read as UTF-8. SourceError when it does not come to its end."""
    with _output(repository, arguments) as said:
        yield from said


def fields(repository: Path, *arguments: str) -> Iterator[str]:
    """What git says, cut at the zero bytes, which no message, name or path can hold. The last piece comes as well."""
    rest: list[str] = []
    with _output(repository, arguments) as said:
        while chunk := said.read(_CHUNK_CHARACTERS):
            first, *more = chunk.split("\0")
            rest.append(first)
            if more:
                yield "".join(rest)
                yield from more[:-1]
                rest = [more[-1]]
    yield "".join(rest)


@contextmanager
def _output(repository: Path, arguments: tuple[str, ...]) -> Iterator[TextIOWrapper]:
    running = subprocess.Popen(  # noqa: S603 - our own arguments, no shell
        _command(repository, arguments),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_surroundings(repository),
    )
    assert running.stdout is not None
    with running, TextIOWrapper(running.stdout, "utf-8", errors="replace", newline="\n") as said:
        yield said
    if running.returncode != 0:
        raise SourceError(f"git {arguments[0]} ended with {running.returncode}.", permanent=False)


def _ask(repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A question with a short answer; git's "no" is an answer too."""
    try:
        return subprocess.run(  # noqa: S603 - our own arguments, no shell
            _command(repository, arguments),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            encoding="utf-8",
            errors="replace",
            env=_surroundings(repository),
        )
    except FileNotFoundError:
        raise _useless("git is not installed here: install it, or leave this source out") from None


def _command(repository: Path, arguments: tuple[str, ...]) -> list[str]:
    return [*_GIT, "-C", str(repository), *arguments]


def _surroundings(repository: Path) -> Mapping[str, str]:
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name.startswith(_OPERATORS_OWN)
    }
    return {
        **inherited,
        "GIT_CEILING_DIRECTORIES": str(repository.parent),  # a folder inside a repository is not that repository
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "none",  # what a partial clone lacks is not fetched in passing
        "LC_ALL": "C",
    }


def _useless(told: str) -> SourceError:
    return SourceError(f"{told}.", permanent=True)
