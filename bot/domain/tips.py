"""A tip: one thing to try, written by people who do not program, as a Markdown file in `tips/`.

`parse` reads such a file and refuses it with one sentence; `fill` puts the person's own facts into the text.
Next: `jobs/decide.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bot.domain.adoption import State
from bot.domain.tools import tool_name
from bot.domain.waste import DETECTORS, NEVER_SENT
from bot.errors import InputError

LONGEST_TEXT = 350
"""Characters of text and suggestion together, facts filled in: what is read at a glance."""

ROLES = frozenset({"dev", "biz", "ops", "lead"})
EVERY_ROLE = "all"
ENABLEMENT_TRIGGERS = frozenset(
    state.value for state in (State.NEVER_USED, State.LAPSED, State.AT_RISK, State.FIRST_STEPS, State.BUILDING)
)
WASTE_TRIGGERS = frozenset(DETECTORS) - NEVER_SENT
TRIGGERS = ENABLEMENT_TRIGGERS | WASTE_TRIGGERS

Fact = str | int | float | list[str] | None
Facts = Mapping[str, Fact]


class LinkKind(StrEnum):
    """What a tip leads to: a vendor's page, an own page, a button in Slack, a human."""

    DOC = "doc"
    INTERNAL = "internal"
    ACTION = "action"
    HUMAN = "human"


@dataclass(frozen=True)
class Tip:
    """One tip. `triggers` are states ("never_used") or detectors ("W15"); `roles` empty means every role.

    `text` may contain `{placeholders}` for the person's own facts; `try_this` is the one thing to try.
    `expires_on` is the day after which the tip is not sent any more, because tools change weekly.
    """

    tip_id: str
    topic: str
    triggers: frozenset[str]
    roles: frozenset[str]
    owner: str
    expires_on: date
    link_kind: LinkKind
    link: str | None
    text: str
    try_this: str
    how_to: str


@dataclass(frozen=True)
class Placeholder:
    """One of the person's own facts that a text may name, and what it looks like."""

    meaning: str
    sample: Fact


PLACEHOLDERS = {
    "tools": Placeholder("the tools this is about", ["claude_code", "copilot"]),
    "first_day": Placeholder("the first day looked at", "2026-02-02"),
    "last_day": Placeholder("the last day looked at", "2026-03-01"),
    "seen_by": Placeholder("how many sources were looked at", "the 2 sources I can see"),
    "seat_since": Placeholder("since when the seat is held", "2026-01-13"),
    "days_used": Placeholder("on how many of these days there was any use", "5 days"),
    "days_empty": Placeholder("on how many of these days only requests that brought nothing", "5 days"),
    "last_used": Placeholder("the last day with any use", "2026-01-19"),
    "dollars": Placeholder("the estimate of a finding, as a range", "roughly $11 to $16"),
    "occurrences": Placeholder("how often a pattern was seen", 9),
    "innocent_reason": Placeholder("why a pattern may be quite right", "The job may have been meant to."),
}
"""Every `{placeholder}` that a tip may use; the fact of the same name fills it."""

SAMPLE_FACTS: Facts = {name: placeholder.sample for name, placeholder in PLACEHOLDERS.items()}

_REQUIRED = ("id", "topic", "triggers", "roles", "owner", "expires_on", "link_kind")
_OPTIONAL = ("link",)
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_HOLE = re.compile(r"\{([^{}]*)\}")
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_BANNED = re.compile(
    r"\b(leverag\w*|unlock\w*|journey\w*|supercharg\w*|empower\w*|rockstar\w*|only your|your team|most people)\b",
    re.IGNORECASE,
)


def parse(name: str, text: str) -> Tip:
    """The tip in the file `name` with the content `text`. Raises InputError: file, line, reason, how to mend it.

    The file opens with flat `key: value` lines between two `---` lines. Then come the text, `## Try` with the one thing
    to try, and `## How` with the longer how-to.
    """
    return _TipFile(name, text).tip()


def fill(tip_text: str, facts: Facts) -> str:
    """`tip_text` with every `{placeholder}` replaced by the person's own fact. Raises KeyError for a missing fact."""
    return _HOLE.sub(lambda hole: _say(facts[hole[1]], facts.get("last_day")), tip_text)


def can_fill(tip: Tip, facts: Facts) -> bool:
    """Whether `facts` hold everything that the tip wants to say."""
    return all(facts.get(hole) is not None for hole in _HOLE.findall(f"{tip.text} {tip.try_this} {tip.how_to}"))


def dollars_in_words(low_microusd: int | None, high_microusd: int | None) -> str:
    """An estimate as a range of whole dollars, or a plain word when the price is not known."""
    if low_microusd is None or high_microusd is None:
        return "not known to me"
    low, high = (max(1, round(amount / 1_000_000)) for amount in sorted((low_microusd, high_microusd)))
    return f"roughly ${low:,}" if low == high else f"roughly ${low:,} to ${high:,}"


def _say(fact: Fact, beside: Fact) -> str:
    """One fact in words; a day carries its year when that is not the year of the day `beside`."""
    if isinstance(fact, list):
        names = [tool_name(tool) for tool in fact]
        return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    if not isinstance(fact, str) or not _ISO_DAY.fullmatch(fact):
        return str(fact)
    day = date.fromisoformat(fact)
    words = f"{day.day} {_MONTHS[day.month - 1]}"
    return words if isinstance(beside, str) and beside.startswith(f"{day.year}-") else f"{words} {day.year}"


class _TipFile:
    """One file on its way to a Tip: knows its name and its lines, so that every complaint can point at one."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._lines = text.splitlines()
        self._end = self._end_of_head()
        self._head = dict(self._keys())
        self._missing()

    def tip(self) -> Tip:
        text, try_this, how_to = self._body()
        tip = Tip(
            tip_id=self._slug("id"),
            topic=self._slug("topic"),
            triggers=self._words("triggers", TRIGGERS),
            roles=self._words("roles", ROLES | {EVERY_ROLE}) - {EVERY_ROLE},
            owner=self._value("owner"),
            expires_on=self._date("expires_on"),
            link_kind=self._kind(),
            link=self._link(),
            text=text,
            try_this=try_this,
            how_to=how_to,
        )
        self._check_length(tip)
        return tip

    def _wrong(self, line: int, reason: str) -> InputError:
        return InputError(f"{self._name}, line {line}: {reason}.")

    def _end_of_head(self) -> int:
        if not self._lines or self._lines[0].strip() != "---":
            raise self._wrong(1, "a tip opens with a line of three dashes and its keys; put --- on the first line")
        for number, line in enumerate(self._lines[1:], start=1):
            if line.strip() == "---":
                return number
        raise self._wrong(len(self._lines), "the keys never end; put a second --- line below them")

    def _keys(self) -> Iterator[tuple[str, tuple[int, str]]]:
        seen: set[str] = set()
        for number, line in enumerate(self._lines[1 : self._end], start=2):
            key, colon, value = (part.strip() for part in line.partition(":"))
            if not line.strip():
                continue
            if not colon or not value:
                raise self._wrong(number, f'"{line.strip()}" is not of the form "key: value"; write both on one line')
            if key not in _REQUIRED + _OPTIONAL:
                raise self._wrong(number, f'unknown key "{key}"; use {", ".join(_REQUIRED + _OPTIONAL)}')
            if key in seen:
                raise self._wrong(number, f'the key "{key}" stands twice; keep one')
            seen.add(key)
            yield key, (number, value)

    def _missing(self) -> None:
        for key in _REQUIRED:
            if key not in self._head:
                raise self._wrong(self._end + 1, f'the key "{key}" is missing; add a line "{key}: ..." above this one')

    def _value(self, key: str) -> str:
        return self._head[key][1]

    def _slug(self, key: str) -> str:
        number, value = self._head[key]
        if not _SLUG.fullmatch(value) or len(value) > 64:
            raise self._wrong(number, f'"{value}" is no {key}; use up to 64 small letters, digits and single dashes')
        return value

    def _words(self, key: str, known: frozenset[str]) -> frozenset[str]:
        number, value = self._head[key]
        words = frozenset(word.strip() for word in value.split(","))
        for word in sorted(words - known):
            one = key.removesuffix("s")
            raise self._wrong(number, f'unknown {one} "{word}"; use {", ".join(sorted(known))}, split by commas')
        return words

    def _date(self, key: str) -> date:
        number, value = self._head[key]
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise self._wrong(number, f'"{value}" is not a date; write it like 2027-03-31') from None

    def _kind(self) -> LinkKind:
        number, value = self._head["link_kind"]
        if value not in set(LinkKind):
            raise self._wrong(number, f'unknown link_kind "{value}"; use {", ".join(LinkKind)}')
        return LinkKind(value)

    def _link(self) -> str | None:
        if "link" not in self._head:
            if self._value("link_kind") == LinkKind.DOC:
                number = self._head["link_kind"][0]
                raise self._wrong(number, 'the link_kind "doc" needs a link; add a line "link: https://..."')
            return None
        number, value = self._head["link"]
        if not re.fullmatch(r"https://[^\s<>|]+", value):
            raise self._wrong(number, f'"{value}" is no web address; write it in full, from https:// on')
        return value

    def _body(self) -> tuple[str, str, str]:
        parts: dict[str, list[str]] = {"": [], "## Try": [], "## How": []}
        part = ""
        for number, line in enumerate(self._lines[self._end + 1 :], start=self._end + 2):
            self._check_words(number, line)
            if line.startswith("#"):
                part = line.strip()
                if part not in parts:
                    raise self._wrong(number, f'unknown heading "{part}"; a tip has "## Try" and then "## How"')
                continue
            parts[part].append(line.rstrip())
        texts = {heading: "\n".join(lines).strip() for heading, lines in parts.items()}
        for heading, text in texts.items():
            if not text:
                missing = f'nothing stands below "{heading}"' if heading else "there is no text"
                raise self._wrong(len(self._lines), f"{missing}; add a few words there")
        return _one_line(texts[""]), _one_line(texts["## Try"]), texts["## How"]

    def _check_words(self, number: int, line: str) -> None:
        for hole in _HOLE.findall(line):
            if hole not in PLACEHOLDERS:
                raise self._wrong(number, f"unknown placeholder {{{hole}}}; use {', '.join(PLACEHOLDERS)}")
        if "!" in line:
            raise self._wrong(number, "a tip has no exclamation mark; end the sentence with a full stop")
        banned = _BANNED.search(line)
        if banned:
            raise self._wrong(number, f'"{banned.group()}" is not how we speak; say it with a plainer word')

    def _check_length(self, tip: Tip) -> None:
        length = len(fill(tip.text, SAMPLE_FACTS)) + len(fill(tip.try_this, SAMPLE_FACTS))
        if length > LONGEST_TEXT:
            reason = f"text and suggestion have {length} characters with sample facts; cut them to {LONGEST_TEXT}"
            raise self._wrong(self._end + 2, reason)


def _one_line(text: str) -> str:
    """Lines joined by spaces, paragraphs kept apart: line breaks of the file are not line breaks of the message."""
    return "\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))
