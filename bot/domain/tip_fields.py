"""What may stand in each field of a tip, whether it comes from a file or was typed into the editor.

`problems` names for every field what is wrong and how to mend it; only fields without problems become a tip. The fields
are called as the keys of a file; its three texts are `text`, `try` and `how`. Next: `bot/domain/tip_file.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from hashlib import sha256

from bot.domain.languages import ENGLISH, Language
from bot.domain.tips import (
    EVERY_ROLE,
    PLACEHOLDERS,
    ROLES,
    SAMPLE_FACTS,
    TRIGGERS,
    LinkKind,
    Tip,
    TipWords,
    fill,
    holes,
)

LONGEST_TEXT = 350
"""Characters of text and suggestion together, facts filled in: what is read at a glance."""
LONGEST_HOW_TO = 1500
LONGEST_LINK = 300
LONGEST_OWNER = 64

HEAD = ("id", "topic", "triggers", "roles", "owner", "expires_on", "link_kind")
TEXTS = ("text", "try", "how")
LINK = "link"

Fields = Mapping[str, str]
"""A tip as it was written, field by field."""

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_MISSING = {
    "text": "there is no text; add a few words there",
    "try": 'nothing stands below "## Try"; add a few words there',
    "how": 'nothing stands below "## How"; add a few words there',
}


def problems(fields: Fields, language: Language = ENGLISH) -> dict[str, str]:
    """What is wrong with each field, the first mistake of each, in the order of the fields."""
    checks: dict[str, Callable[[str], str | None]] = {} if language is not ENGLISH else _HEAD_CHECKS
    found = {name: said for name, check in checks.items() if (said := check(fields.get(name, "")))}
    said = _link(fields.get(LINK, ""), fields.get("link_kind", "") if language is ENGLISH else "")
    if said is not None:
        found[LINK if fields.get(LINK) else "link_kind"] = said
    for name in TEXTS:
        said = text_problem(name, fields.get(name, ""), language)
        if said is not None:
            found[name] = said
    return found or _lengths(fields, language)


def text_problem(name: str, text: str, language: Language = ENGLISH) -> str | None:
    """What is wrong with one of the three texts."""
    return _MISSING[name] if not text.strip() else words_problem(text, language)


def words_problem(text: str, language: Language = ENGLISH) -> str | None:
    """What is wrong with the words of a text: placeholders, exclamation marks, and how we do not speak."""
    known = [name for name in PLACEHOLDERS if language.fact(name, SAMPLE_FACTS) is not None]
    for hole in holes(text):
        if hole not in PLACEHOLDERS:
            return f"unknown placeholder {{{hole}}}; use {', '.join(known)}"
        if hole not in known:
            return f"{{{hole}}} cannot be said in {language.name}; leave it out or use {', '.join(known)}"
    if "!" in text:
        return "a tip has no exclamation mark; end the sentence with a full stop"
    banned = language.not_our_words.search(text)
    return f'"{banned.group()}" is not how we speak; say it with a plainer word' if banned else None


def tip_of(fields: Fields) -> Tip:
    """The tip of fields in which `problems` found nothing."""
    words = words_of(fields)
    return Tip(
        tip_id=fields["id"],
        topic=fields["topic"],
        triggers=_split(fields["triggers"]),
        roles=_split(fields["roles"]) - {EVERY_ROLE},
        owner=fields["owner"],
        expires_on=date.fromisoformat(fields["expires_on"]),
        link_kind=LinkKind(fields["link_kind"]),
        link=words.link,
        text=words.text,
        try_this=words.try_this,
        how_to=words.how_to,
    )


def words_of(fields: Fields) -> TipWords:
    """The words alone, in whatever language."""
    return TipWords(one_line(fields["text"]), one_line(fields["try"]), fields["how"].strip(), fields.get(LINK) or None)


def fields_of(tip: Tip) -> dict[str, str]:
    """A tip as it would be written: what `tip_of` reads."""
    head = {
        "id": tip.tip_id,
        "topic": tip.topic,
        "triggers": ", ".join(sorted(tip.triggers)),
        "roles": ", ".join(sorted(tip.roles)) or EVERY_ROLE,
        "owner": tip.owner,
        "expires_on": tip.expires_on.isoformat(),
        "link_kind": tip.link_kind.value,
    }
    return {**head, **fields_of_words(TipWords(tip.text, tip.try_this, tip.how_to, tip.link))}


def fields_of_words(words: TipWords) -> dict[str, str]:
    """The same for the words alone."""
    return {LINK: words.link or "", "text": words.text, "try": words.try_this, "how": words.how_to}


def print_of(tip: Tip) -> str:
    """A short print of all that it says in any language: whoever looked at other words carries another one."""
    elsewhere = {code: fields_of_words(words) for code, words in sorted(tip.elsewhere.items())}
    return sha256(repr((fields_of(tip), elsewhere)).encode()).hexdigest()[:16]


def one_line(text: str) -> str:
    """Lines joined by spaces, paragraphs kept apart: line breaks as typed are not line breaks of the message."""
    return "\n".join(" ".join(paragraph.split()) for paragraph in text.strip().split("\n\n"))


def _lengths(fields: Fields, language: Language) -> dict[str, str]:
    text, try_this, how = (fill(fields[name], SAMPLE_FACTS, language) for name in TEXTS)
    length = len(one_line(text)) + len(one_line(try_this))
    if length > LONGEST_TEXT:
        return {"text": f"text and suggestion have {length} characters with sample facts; cut them to {LONGEST_TEXT}"}
    if len(how) > LONGEST_HOW_TO:
        return {"how": f"the steps have {len(how)} characters with sample facts; cut them to {LONGEST_HOW_TO}"}
    return {}


def _slug(key: str) -> Callable[[str], str | None]:
    def check(value: str) -> str | None:
        if _SLUG.fullmatch(value) and len(value) <= 64:
            return None
        return f'"{value}" is no {key}; use up to 64 small letters, digits and single dashes'

    return check


def _among(key: str, known: frozenset[str]) -> Callable[[str], str | None]:
    def check(value: str) -> str | None:
        for word in sorted(_split(value) - known):
            one = key.removesuffix("s")
            return f'unknown {one} "{word}"; use {", ".join(sorted(known))}, split by commas'
        return None

    return check


def _owner(value: str) -> str | None:
    return (
        None
        if 0 < len(value) <= LONGEST_OWNER
        else f"an owner has 1 to {LONGEST_OWNER} characters; name who keeps it true"
    )


def _date(value: str) -> str | None:
    try:
        date.fromisoformat(value)
    except ValueError:
        return f'"{value}" is not a date; write it like 2027-03-31'
    return None


def _kind(value: str) -> str | None:
    return None if value in set(LinkKind) else f'unknown link_kind "{value}"; use {", ".join(LinkKind)}'


def _link(value: str, kind: str) -> str | None:
    if not value:
        needs = 'the link_kind "doc" needs a link; give one that begins with https://'
        return needs if kind == LinkKind.DOC else None
    if not re.fullmatch(r"https://[^\s<>|]+", value):
        return f'"{value}" is no web address; write it in full, from https:// on'
    return (
        None if len(value) <= LONGEST_LINK else f"the link is longer than {LONGEST_LINK} characters; use a shorter one"
    )


def _split(value: str) -> frozenset[str]:
    return frozenset(word.strip() for word in value.split(","))


_HEAD_CHECKS: dict[str, Callable[[str], str | None]] = {
    "id": _slug("id"),
    "topic": _slug("topic"),
    "triggers": _among("triggers", TRIGGERS),
    "roles": _among("roles", ROLES | {EVERY_ROLE}),
    "owner": _owner,
    "expires_on": _date,
    "link_kind": _kind,
}
