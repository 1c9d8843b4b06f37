"""A playground whose journal is read to the end: nothing shown to one member may contain anything of another (P1).

Every test in which the product speaks opens its Slack with `playground`, so the check runs over all that was shown in
the whole test run. `tests/house/test_watched.py` sees to it that no test goes round it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

from bot.clock import Clock
from bot.playground.cast import Member
from bot.playground.server import Playground

_ID = re.compile(r"\bU[A-Z0-9]{3,}\b")
_ADDRESS = re.compile(r"[\w.+-]+@[\w.-]*\w")
_NAME = re.compile(r"(?=\b([A-Z][\w']+ [A-Z][\w']+)\b)")
_WHO_SET_THIS_UP = re.compile(r"[A-Z]\w+ [A-Z]\w+(?='s enablement team| set me up)")


_MET: WeakKeyDictionary[Playground, list[tuple[int, frozenset[str]]]] = WeakKeyDictionary()
"""Of each playground: two who both said yes to fifteen minutes together, and how long the journal was before that."""


def both_said_yes(slack: Playground, *pair: Member) -> None:
    """From now on a message that comes by itself may mention these two to each other: as accounts, and in no other way.

    To be said right before the tap of the second yes; what was shown earlier is still read as strictly as ever.
    """
    two = frozenset(member.slack_id for member in pair)
    _MET.setdefault(slack, []).append((len(slack.journal.entries()), two))


@contextmanager
def playground(clock: Clock | None = None, **options: Any) -> Iterator[Playground]:
    """`Playground(clock, **options)`, swept when the test is done with it."""
    with Playground(clock, **options) as slack:
        yield slack
        nobody_sees_anybody_else(slack)


def nobody_sees_anybody_else(slack: Playground) -> None:
    """Whatever was shown to somebody names nobody else: no address, no id, no name, not even in a button's value."""
    owner_of = {
        word: member.slack_id
        for member in slack.workspace.members.values()
        for word in (member.slack_id, member.email.casefold(), member.name)
    }
    for number, shown in enumerate(slack.journal.entries()):
        said = _WHO_SET_THIS_UP.sub("", shown.text + json.dumps([shown.blocks, shown.metadata], ensure_ascii=False))
        for since, two in _MET.get(slack, []):
            if number >= since and shown.to in two and shown.surface == "dm":
                [other] = two - {shown.to}
                said = said.replace(f"<@{other}>", "")
        words = {*_ID.findall(said), *_ADDRESS.findall(said.casefold()), *_NAME.findall(said)}
        named = sorted(word for word in words if owner_of.get(word, shown.to) != shown.to)
        assert [] == named, f"{shown.surface} to {shown.to} names {named}: {said[:400]}"
        assert "in_channel" != shown.surface
