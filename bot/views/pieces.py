"""Small parts that every message is made of: safe text, blocks, money, dates, tool names.

Two kinds of string exist. Ours (and the tips') may use Slack's `*bold*` and `code` marks; somebody else's (a tool, a
team, a name from a file) goes through `quiet` first and can then neither mark up, mention nor link. Both are escaped
where a block is built, once. Next: `bot/views/message.py`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from typing import Any

from bot.domain import tools
from bot.views.ids import SNOOZE_WEEKS, Action, Payload

Block = dict[str, Any]

_MICROUSD = 1_000_000
_LONGEST_SECTION = 3000
_LONGEST_NAME = 60
_FAR_DAYS = 330
_MARKS = re.compile(r"[*_~`]+")
_HIDDEN_KINDS = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905 - reads as the calendar it is
)


# ---------------------------------------------------------------- text


def clean(text: str) -> str:
    """`text` without control characters and the invisible ones that turn or hide what follows; newlines stay."""
    return "".join(c for c in text if c == "\n" or unicodedata.category(c) not in _HIDDEN_KINDS)


def quiet(text: str, longest: int = _LONGEST_NAME) -> str:
    """Somebody else's string as one short line of plain words: no marks, no line breaks, cut at `longest`."""
    one_line = " ".join(_MARKS.sub(" ", clean(" ".join(text.split()))).split())
    return shorten(one_line, longest)


def escape(text: str) -> str:
    """The three characters that Slack wants escaped, and no other: this takes the power from <!channel> and <@U1>."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def shorten(text: str, longest: int) -> str:
    """`text`, cut with an ellipsis when it is longer than `longest` characters."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def mrkdwn(text: str) -> Block:
    """A text object with marks. `verbatim` keeps Slack from turning bare words into links and mentions."""
    return {"type": "mrkdwn", "text": fit(escape(clean(text)), _LONGEST_SECTION), "verbatim": True}


def plain(text: str, longest: int = _LONGEST_SECTION) -> Block:
    """A text object in which nothing is interpreted, not even `:smile:`."""
    return {"type": "plain_text", "text": shorten(clean(text), longest), "emoji": False}


def fit(escaped: str, longest: int) -> str:
    """Cut escaped text without leaving half an entity behind."""
    if len(escaped) <= longest:
        return escaped
    return re.sub(r"&[a-z]*$", "", escaped[: longest - 1]).rstrip() + "…"


# ---------------------------------------------------------------- blocks


def section(text: str, title: str | None = None) -> Block:
    """A paragraph, under a bold title if there is one."""
    return {"type": "section", "text": mrkdwn(f"*{title}*\n{text}" if title else text)}


def words(text: str) -> Block:
    """A paragraph in which nothing is interpreted, for lines that quote stored evidence."""
    return {"type": "section", "text": plain(text)}


def header(text: str) -> Block:
    return {"type": "header", "text": plain(text, 150)}


def small_print(text: str) -> Block:
    return {"type": "context", "elements": [mrkdwn(text)]}


def divider() -> Block:
    return {"type": "divider"}


def row(*elements: Block) -> Block:
    """Buttons and selects side by side."""
    return {"type": "actions", "elements": list(elements)}


def button(label: str, action: Action, payload: Payload | None = None, *, danger: bool = False) -> Block:
    """A button that says what happens. `danger` only for what cannot be undone."""
    made: Block = {"type": "button", "action_id": action.value, "text": plain(label, 75)}
    if payload is not None:
        made["value"] = payload.dump()
    if danger:
        made["style"] = "danger"
    return made


def sure(element: Block, *, title: str, text: str, confirm: str) -> Block:
    """The same button, which asks before it does anything; "Leave it" does nothing."""
    asks: Block = {
        "title": plain(title, 100),
        "text": plain(text, 300),
        "confirm": plain(confirm, 30),
        "deny": plain("Leave it", 30),
    }
    return {**element, "confirm": {**asks, "style": element["style"]} if "style" in element else asks}


def link(label: str, url: str) -> Block:
    """A button that opens `url`. Slack still tells us of the tap; nothing is kept of it."""
    return {"type": "button", "action_id": Action.OPEN_LINK.value, "text": plain(label, 75), "url": url}


def snooze(nudge_key: str | None = None, *, label: str = "Snooze", weeks_label: str = "Snooze {weeks} weeks") -> Block:
    """The choice of 2, 4 or 12 weeks of quiet."""
    options = [
        {"text": plain(weeks_label.format(weeks=weeks)), "value": Payload(nudge_key, weeks).dump()}
        for weeks in SNOOZE_WEEKS
    ]
    return {
        "type": "static_select",
        "action_id": Action.SNOOZE.value,
        "placeholder": plain(label),
        "options": options,
    }


def select(
    placeholder: str, action: Action, choices: Sequence[tuple[str, Payload]], chosen: str | None = None
) -> Block:
    """One choice out of a few; `chosen` is the label of the one that stands there already."""
    options = [{"text": plain(label, 75), "value": payload.dump()} for label, payload in choices]
    made: Block = {
        "type": "static_select",
        "action_id": action.value,
        "placeholder": plain(placeholder, 150),
        "options": options,
    }
    initial = next((option for option, (label, _) in zip(options, choices, strict=True) if label == chosen), None)
    return made if initial is None else {**made, "initial_option": initial}


# ---------------------------------------------------------------- words for values


def tool_name(tool: str) -> str:
    """A tool as people call it: "claude_code" is "Claude Code". A tool we do not know keeps its own name, quietened."""
    return quiet(tools.tool_name(clean(tool))) or "a tool without a name"


def source_name(source: str) -> str:
    """Where counts come from, as people call it."""
    return "imported files" if source == "file" else tool_name(source)


def listing(names: Sequence[str], last: str = "and") -> str:
    """ "A", "A and B", "A, B and C"."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {last} {names[-1]}"


def count(number: int, one: str, many: str | None = None) -> str:
    """ "1 working day", "3 working days"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def dollars(microusd: int) -> str:
    """Money as precisely as an estimate deserves: whole dollars, tens from $100, two leading digits from $1,000."""
    if microusd <= 0:
        return "$0"
    amount = microusd / _MICROUSD
    if amount < 1:
        return "less than $1"
    step = 1
    if amount >= 100:
        step = 10 ** max(1, len(str(int(amount))) - 2)
    return f"${int(amount / step + 0.5) * step:,}"


def about(microusd: int) -> str:
    """An estimate in running text: "about $12", and "$0" when there is none."""
    said = dollars(microusd)
    return said if microusd < _MICROUSD else f"about {said}"


def big_number(number: int) -> str:
    """A meter reading in two leading digits: "about 3.4 billion", "about 12 million", "about 340,000", "87"."""
    if number < 100:
        return str(number)
    step = 10 ** (len(str(number)) - 2)
    rounded = (number + step // 2) // step * step
    if rounded >= 1_000_000_000:
        return f"about {rounded / 1_000_000_000:,.10g} billion"
    if rounded >= 1_000_000:
        return f"about {rounded / 1_000_000:,.10g} million"
    return f"about {rounded:,}"


def dollar_range(low_microusd: int, high_microusd: int) -> str:
    """ "$11 to $16"; "about $11" when both ends round to the same; "up to $5" when the low end is under a dollar."""
    low, high = dollars(low_microusd), dollars(high_microusd)
    if high_microusd < _MICROUSD:
        return high
    if low == high:
        return f"about {high}"
    return f"up to {high}" if low_microusd < _MICROUSD else f"{low} to {high}"


def day(moment: date, today: date) -> str:
    """ "3 February"; the year only when it is nearly a year away from `today`."""
    said = f"{moment.day} {_MONTHS[moment.month - 1]}"
    return said if abs((moment - today).days) <= _FAR_DAYS else f"{said} {moment.year}"


def short_day(moment: date) -> str:
    """ "3 Feb", where there is little room."""
    return f"{moment.day} {_MONTHS[moment.month - 1][:3]}"


def days(first: date, last: date, today: date) -> str:
    """ "2 to 27 March", "23 February to 2 March"."""
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {day(last, today)}"
    return f"{day(first, today)} to {day(last, today)}"
