"""The fields of a form in a modal. A field's name is its `block_id` and its `action_id`, so errors find their place.

Called by the views of every form; what comes back is read by `handlers/forms.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from bot.views import pieces
from bot.views.ids import Callback
from bot.views.pieces import Block

LONGEST_TYPED = 3000
"""What Slack takes in one field."""

Choices = Sequence[tuple[str, str]]
"""Label and value of each option."""


def form(
    title: str, blocks: Sequence[Block], *, sent_to: Callback, submit: str, metadata: str = "", close: str = "Close"
) -> dict[str, Any]:
    """A modal that can be sent. `metadata` comes back with it, from the person's own machine."""
    return {
        "type": "modal",
        "callback_id": sent_to.value,
        "title": pieces.plain(title, 24),
        "submit": pieces.plain(submit, 24),
        "close": pieces.plain(close, 24),
        "private_metadata": metadata,
        "blocks": list(blocks),
    }


def typed(
    name: str,
    label: str,
    value: str = "",
    *,
    hint: str = "",
    long: bool = False,
    longest: int = LONGEST_TYPED,
    optional: bool = False,
) -> Block:
    """Words, on one line or several."""
    element: Block = {"type": "plain_text_input", "multiline": long, "max_length": longest}
    return _field(name, label, {**element, **({"initial_value": value} if value else {})}, hint, optional)


def number(
    name: str,
    label: str,
    value: int | None = None,
    *,
    lowest: int,
    highest: int,
    hint: str = "",
    optional: bool = False,
) -> Block:
    """A whole number; it comes back as it was typed, so the handler checks it."""
    element: Block = {
        "type": "number_input",
        "is_decimal_allowed": False,
        "min_value": str(lowest),
        "max_value": str(highest),
    }
    return _field(name, label, {**element, **({} if value is None else {"initial_value": str(value)})}, hint, optional)


def day(name: str, label: str, value: date | None = None, *, hint: str = "", optional: bool = False) -> Block:
    """A day of the calendar; comes back as 2027-03-31."""
    initial = {} if value is None else {"initial_date": value.isoformat()}
    return _field(name, label, {"type": "datepicker", **initial}, hint, optional)


def one_of(
    name: str, label: str, choices: Choices, value: str | None = None, *, hint: str = "", optional: bool = False
) -> Block:
    """One choice out of at most a hundred."""
    options = [_option(choice) for choice in choices]
    initial = [option for option in options if option["value"] == value]
    element: Block = {"type": "static_select", "options": options}
    return _field(name, label, {**element, **({"initial_option": initial[0]} if initial else {})}, hint, optional)


def one_of_groups(
    name: str, label: str, groups: Mapping[str, Choices], value: str | None = None, *, hint: str = ""
) -> Block:
    """One choice out of several lists under a heading each; a list without a choice is left out."""
    options = {heading: [_option(choice) for choice in choices] for heading, choices in groups.items() if choices}
    initial = [option for group in options.values() for option in group if option["value"] == value]
    groups_of = [{"label": pieces.plain(heading, 75), "options": those} for heading, those in options.items()]
    element: Block = {"type": "static_select", "option_groups": groups_of}
    return _field(name, label, {**element, **({"initial_option": initial[0]} if initial else {})}, hint, False)


def one_of_few(name: str, label: str, choices: Choices, value: str | None = None, *, hint: str = "") -> Block:
    """One choice out of at most ten, all of them seen at once."""
    options = [_option(choice) for choice in choices]
    initial = [option for option in options if option["value"] == value]
    element: Block = {"type": "radio_buttons", "options": options}
    return _field(name, label, {**element, **({"initial_option": initial[0]} if initial else {})}, hint, False)


def some_of(
    name: str, label: str, choices: Choices, values: Sequence[str] = (), *, hint: str = "", optional: bool = False
) -> Block:
    """Several choices out of at most a hundred."""
    options = [_option(choice) for choice in choices]
    initial = [option for option in options if option["value"] in values]
    element: Block = {"type": "multi_static_select", "options": options}
    return _field(name, label, {**element, **({"initial_options": initial} if initial else {})}, hint, optional)


def _field(name: str, label: str, element: Block, hint: str, optional: bool) -> Block:
    made: Block = {
        "type": "input",
        "block_id": name,
        "label": pieces.plain(label, 2000),
        "element": {**element, "action_id": name},
        "optional": optional,
    }
    return {**made, "hint": pieces.plain(hint, 2000)} if hint else made


def _option(choice: tuple[str, str]) -> Block:
    label, value = choice
    return {"text": pieces.plain(label, 75), "value": value}
