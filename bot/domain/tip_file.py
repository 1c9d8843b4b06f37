"""A tip as a Markdown file: in English in `tips/`, its translations beside it, in `tips/de/` and the like.

`parse` and `parse_translation` read such a file and refuse it with one sentence: file, line, what is wrong and how to
mend it. Called by `bot/sources/tip_library.py`. Next: `bot/domain/tip_fields.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.languages import ENGLISH, Language
from bot.domain.tip_fields import HEAD, LINK, TEXTS, problems, text_problem, tip_of, words_of, words_problem
from bot.domain.tips import Tip, TipWords
from bot.errors import InputError

_HEADINGS = {"": "text", "## Try": "try", "## How": "how"}


def parse(name: str, text: str) -> Tip:
    """The tip in the file `name` with the content `text`. Raises InputError: file, line, reason, how to mend it.

    The file opens with flat `key: value` lines between two `---` lines. Then come the text, `## Try` with the one thing
    to try, and `## How` with the longer how-to.
    """
    return tip_of(_TipFile(name, text, ENGLISH, required=HEAD).fields())


def parse_translation(name: str, text: str, language: Language) -> tuple[str, TipWords]:
    """The id of a tip and its words in another language. Only `id` stands between the dashes, and perhaps a `link`."""
    fields = _TipFile(name, text, language, required=("id",)).fields()
    return fields["id"], words_of(fields)


class _TipFile:
    """One file on its way to a tip: knows its name and its lines, so that every complaint can point at one."""

    def __init__(self, name: str, text: str, language: Language, *, required: tuple[str, ...]) -> None:
        self._name = name
        self._language = language
        self._required = required
        self._lines = text.splitlines()
        self._end = self._end_of_head()
        self._head = dict(self._keys())
        for key in required:
            if key not in self._head:
                raise self._wrong(self._end + 1, f'the key "{key}" is missing; add a line "{key}: ..." above this one')

    def fields(self) -> dict[str, str]:
        """Every field as it stands in the file, without a mistake in any."""
        body = dict(self._body())
        fields = {key: value for key, (_, value) in self._head.items()} | body
        for name, reason in problems(fields, self._language).items():
            line = self._head[name][0] if name in self._head else self._end + 2
            raise self._wrong(line, reason)
        return fields

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
        known = (*self._required, LINK)
        for number, line in enumerate(self._lines[1 : self._end], start=2):
            key, colon, value = (part.strip() for part in line.partition(":"))
            if not line.strip():
                continue
            if not colon or not value:
                raise self._wrong(number, f'"{line.strip()}" is not of the form "key: value"; write both on one line')
            if key not in known:
                raise self._wrong(number, f'unknown key "{key}"; use {", ".join(known)}')
            if key in seen:
                raise self._wrong(number, f'the key "{key}" stands twice; keep one')
            seen.add(key)
            yield key, (number, value)

    def _body(self) -> Iterator[tuple[str, str]]:
        parts: dict[str, list[str]] = {name: [] for name in TEXTS}
        part = "text"
        for number, line in enumerate(self._lines[self._end + 1 :], start=self._end + 2):
            reason = words_problem(line, self._language)
            if reason is not None:
                raise self._wrong(number, reason)
            if line.startswith("#"):
                if line.strip() not in _HEADINGS:
                    raise self._wrong(number, f'unknown heading "{line.strip()}"; a tip has "## Try" and then "## How"')
                part = _HEADINGS[line.strip()]
            else:
                parts[part].append(line.rstrip())
        for name, lines in parts.items():
            text = "\n".join(lines).strip()
            reason = text_problem(name, text, self._language)
            if reason is not None:
                raise self._wrong(len(self._lines), reason)
            yield name, text
