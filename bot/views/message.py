"""A message as Slack takes it: the whole of it as text for those who listen, and as blocks for those who look.

Next: `bot/views/tip.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.views.pieces import Block, clean, escape, fit

LONGEST_TEXT = 12_000
"""Far below the 40,000 at which Slack cuts; what is posted as a message stays below 4,000."""

_TITLE = re.compile(r"^\*([^*\n]+)\*$", re.MULTILINE)
_BOLD = re.compile(r"\*([^*\n]+)\*")


@dataclass(frozen=True)
class Message:
    """`text` is escaped and complete; `blocks` are plain Block Kit dicts within Slack's limits."""

    text: str
    blocks: list[Block]


def compose(first_line: str, blocks: Sequence[Block], *, choices: str = "Choices") -> Message:
    """Put a message together, reading its text off the blocks so that the two never differ.

    `first_line` is what a locked screen may show to anybody who walks by: no figure, no tool, no verdict. `choices` is
    said before the names of buttons.
    """
    spoken = [escape(clean(first_line)), *(line for block in blocks for line in _spoken(block, choices))]
    return Message(text=fit("\n\n".join(spoken), LONGEST_TEXT), blocks=list(blocks))


def _spoken(block: Block, choices: str) -> Iterator[str]:
    """What a reader hears of one block: its words, then the names of its buttons."""
    if block["type"] == "actions":
        yield f"{choices}: " + " · ".join(_label(element) for element in block["elements"])
        return
    for part in (block.get("text"), *block.get("fields", ()), *block.get("elements", ())):
        if part is not None:
            yield _BOLD.sub(r"\1", _TITLE.sub(r"\1:", _text(part)))
    if "accessory" in block:
        yield f"{choices}: {_label(block['accessory'])}"


def _label(element: Block) -> str:
    options = element.get("options")
    if options:
        offered = ", ".join(_text(option["text"]) for option in options)
        return f"{_text(element['placeholder'])} ({offered})" if "placeholder" in element else offered
    return _text(element["text"])


def _text(part: Block) -> str:
    text: str = part["text"]
    return escape(text) if part["type"] == "plain_text" else text
