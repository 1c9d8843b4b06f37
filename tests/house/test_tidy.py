"""The house keeps its measure: short functions, short files, a pure domain, plain logs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("bot", "handlers", "jobs")
LONGEST_FUNCTION = 70
LONGEST_SHALLOW_FUNCTION = 40
LONGEST_FILE = 400
CLOCKS = {"now", "today", "utcnow", "time", "monotonic", "random", "randint", "choice", "uuid4"}


def sources(*rooms: str) -> list[Path]:
    found = [path for room in rooms for path in sorted((ROOT / room).rglob("*.py"))]
    return [path for path in found if "migrations/versions" not in path.as_posix()]


def too_long(tree: ast.AST, limit: int) -> list[str]:
    """Functions of more than `limit` lines."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [f.name for f in functions if (f.end_lineno or f.lineno) - f.lineno + 1 > limit]


def asks_the_clock(tree: ast.AST) -> list[str]:
    """Calls such as `datetime.now()` or `random.random()`, which a pure function must not make."""
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [call.attr for call in calls if isinstance(call, ast.Attribute) and call.attr in CLOCKS and _module(call)]


def wordy_logs(tree: ast.AST) -> list[int]:
    """Lines on which a log event is not a literal name, so that data could stand in it."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "log"
        and not (node.args and isinstance(node.args[0], ast.Constant))
    ]


def _module(call: ast.Attribute) -> bool:
    return isinstance(call.value, ast.Name) and call.value.id in {"datetime", "date", "time", "random", "uuid", "clock"}


def parsed(*rooms: str) -> Iterator[tuple[str, ast.Module, str]]:
    for path in sources(*rooms):
        text = path.read_text(encoding="utf-8")
        yield path.relative_to(ROOT).as_posix(), ast.parse(text), text


def test_functions_stay_short() -> None:
    """No function over 70 lines; in handlers and jobs, which only load, ask, store and answer, none over 40."""
    long_ones = {name: found for name, tree, _ in parsed(*ROOMS) if (found := too_long(tree, LONGEST_FUNCTION))}
    deep_ones = {
        name: found
        for name, tree, _ in parsed("handlers", "jobs")
        if (found := too_long(tree, LONGEST_SHALLOW_FUNCTION))
    }

    assert {} == long_ones
    assert {} == deep_ones


def test_files_stay_short() -> None:
    """No file over 400 lines; what grows longer holds two ideas."""
    assert {} == {name: n for name, _, text in parsed(*ROOMS) if (n := text.count("\n")) > LONGEST_FILE}


def test_domain_does_not_ask_the_clock() -> None:
    """Time and chance come into the domain as arguments."""
    assert {} == {name: found for name, tree, _ in parsed("bot/domain") if (found := asks_the_clock(tree))}


def test_log_events_have_static_names() -> None:
    """The first argument of a log call is a literal: data goes into named fields, where it is cut and counted."""
    assert {} == {name: found for name, tree, _ in parsed(*ROOMS) if (found := wordy_logs(tree))}


def test_every_file_says_what_it_is() -> None:
    """Each module opens with a docstring; none is called utils, helpers or common."""
    silent = [name for name, tree, _ in parsed(*ROOMS, "tests") if not ast.get_docstring(tree)]
    vague = [path for path in sources(*ROOMS) if path.stem in {"utils", "helpers", "common", "misc"}]

    assert ([], []) == (silent, vague)


def test_every_test_says_its_claim() -> None:
    """Each test function opens with the sentence that must be true."""
    mute = [
        f"{name}: {node.name}"
        for name, tree, _ in parsed("tests")
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and not ast.get_docstring(node)
    ]

    assert [] == mute


@pytest.mark.parametrize(
    ("measure", "snippet"),
    [
        (lambda tree: too_long(tree, 2), "def f():\n    a = 1\n    return a\n"),
        (asks_the_clock, "from datetime import datetime\nmoment = datetime.now()\n"),
        (wordy_logs, "log.info(f'{name} used {tokens}')\n"),
    ],
)
def test_measures_can_fail(measure: object, snippet: str) -> None:
    """Each measure above finds the fault that it is there for."""
    assert callable(measure)
    assert measure(ast.parse(snippet))
