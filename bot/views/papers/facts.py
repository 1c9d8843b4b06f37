"""What the papers say of an installation, as plain values; their hash; and in words what has changed since.

Made by `bot/papers.py` from the settings and the code's own constants. Next: `bot/views/papers/words.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any


@dataclass(frozen=True)
class SourceFacts:
    """One kind of source that is connected: how many accounts of it, what it brings, and the fields that are read."""

    kind: str
    accounts: int
    brings: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class TableFacts:
    """One table: what a row of it is, which fields it has, and for how long it is kept."""

    name: str
    holds: str
    fields: tuple[str, ...]
    kept: str


@dataclass(frozen=True)
class Facts:
    """Everything that the papers say and that a change of the configuration, or of Kindling, can change.

    No name, address, key or secret: the papers are handed around.
    """

    sources: tuple[SourceFacts, ...]
    files: tuple[str, ...]
    pushed: bool
    slack_rights: tuple[str, ...]
    personal: tuple[TableFacts, ...]
    others: tuple[TableFacts, ...]
    database: str
    retention_days: int
    left_days: int
    floor: int
    floor_of_details: int
    rhythm_weeks: int
    followed_days: int
    states: tuple[str, ...]
    patterns: tuple[str, ...]
    commands: tuple[str, ...]
    leads: bool
    operators: bool
    nudges_on: bool
    week_days: int
    most_in_four_weeks: int

    @property
    def hash(self) -> str:
        """The same for the same facts, whichever version wrote them."""
        return sha256(json.dumps(self.as_json(), sort_keys=True).encode()).hexdigest()

    @property
    def short_hash(self) -> str:
        return self.hash[:12]

    def as_json(self) -> dict[str, Any]:
        """As it is kept beside the hash, to tell later what has changed."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return plain


def changes(before: Mapping[str, Any], after: Facts) -> list[str]:
    """What is no longer so, in a few words each; `before` is the `as_json` of the papers that were written last."""
    now = after.as_json()
    if now == dict(before):
        return []
    told = [*_sources(before, now), *_numbers(before, now), *_lists(before, now)]
    return told or ["how long some rows are kept changed"]


_NUMBERS = {
    "retention_days": "the days that data are kept",
    "left_days": "the days after which leavers are erased",
    "floor": "the smallest group",
    "floor_of_details": "the smallest group of which details are told",
    "rhythm_weeks": "the weeks between figures of groups",
    "followed_days": "the days that a running session is followed",
    "week_days": "the days between messages",
    "most_in_four_weeks": "the messages in four weeks",
}
_OTHERS = {
    "files": "the kinds of files",
    "pushed": "whether tools push telemetry",
    "slack_rights": "the rights in Slack",
    "personal": "what is held about a person",
    "others": "what is held about nobody",
    "database": "the database",
    "states": "the rules",
    "patterns": "the rules",
    "commands": "the commands",
    "leads": "the roles",
    "operators": "the roles",
    "nudges_on": "whether messages are sent",
}


def _sources(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    then = {one["kind"]: one for one in before.get("sources", [])}
    today = {one["kind"]: one for one in now["sources"]}
    yield from (f"a source was added ({kind})" for kind in today if kind not in then)
    yield from (f"a source was removed ({kind})" for kind in then if kind not in today)
    changed = [kind for kind, one in today.items() if kind in then and one != then[kind]]
    yield from (f"a source was changed ({kind})" for kind in changed)


def _numbers(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for name, what in _NUMBERS.items():
        if before.get(name) != now[name]:
            yield f"{what} changed from {before.get(name, 'nothing')} to {now[name]}"


def _lists(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    changed = [what for name, what in _OTHERS.items() if _without_times(before.get(name)) != _without_times(now[name])]
    yield from (f"{what} changed" for what in dict.fromkeys(changed))


def _without_times(value: Any) -> Any:
    """Tables without how long they are kept: one number changes that for nearly all of them."""
    if not isinstance(value, list):
        return value
    return [{**one, "kept": ""} if isinstance(one, dict) else one for one in value]
