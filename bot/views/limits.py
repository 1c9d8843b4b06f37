"""Slack's limits, as a table: what a block or element must have, may have, and how long it may be.

The tests, the playground and `tests/views` ask `check` and `check_view`; the bot itself does not at run time. Block
types that Kindling does not emit are not in the table, and what is not in the table is refused: slack_sdk's own models
let unknown blocks, wrong lengths and repeated ids pass. Figures: Slack's Block Kit reference, October 2026.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Any

Rule = Callable[[object, str], Iterator[str]]
"""Looks at one value; yields one sentence for each violation, each opening with the place as a JSON pointer."""


class Surface(StrEnum):
    """Where blocks are shown."""

    MESSAGE = "message"
    MODAL = "modal"
    HOME = "home"


MOST_BLOCKS = {Surface.MESSAGE: 50, Surface.MODAL: 100, Surface.HOME: 100}
LARGEST_VIEW_BYTES = 250_000


# ---------------------------------------------------------------- rules


def string(longest: int, *, shortest: int = 1) -> Rule:
    """A string of `shortest` to `longest` characters."""

    def rule(value: object, at: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield f"{at}: must be a string"
        elif not shortest <= len(value) <= longest:
            yield f"{at}: has {len(value)} characters, {shortest} to {longest} are allowed"

    return rule


def choice(*allowed: str) -> Rule:
    """One of a few words."""

    def rule(value: object, at: str) -> Iterator[str]:
        if value not in allowed:
            yield f"{at}: must be one of {', '.join(allowed)}"

    return rule


def flag(value: object, at: str) -> Iterator[str]:
    """True or false."""
    if not isinstance(value, bool):
        yield f"{at}: must be true or false"


def number(low: int, high: int) -> Rule:
    """A whole number from `low` to `high`."""

    def rule(value: object, at: str) -> Iterator[str]:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            yield f"{at}: must be a whole number from {low} to {high}"

    return rule


def amount(value: object, at: str) -> Iterator[str]:
    """A number, whole or not."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield f"{at}: must be a number"


def items(rule_of_each: Rule, most: int, *, fewest: int = 1) -> Rule:
    """A list of `fewest` to `most` values that each keep `rule_of_each`."""

    def rule(value: object, at: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"{at}: must be a list"
            return
        if not fewest <= len(value) <= most:
            yield f"{at}: has {len(value)} entries, {fewest} to {most} are allowed"
        for index, entry in enumerate(value):
            yield from rule_of_each(entry, f"{at}/{index}")

    return rule


def shape(required: Mapping[str, Rule], optional: Mapping[str, Rule]) -> Rule:
    """An object with all of `required`, any of `optional` and nothing else."""
    known = {**required, **optional}

    def rule(value: object, at: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{at}: must be an object"
            return
        yield from (f"{at}: lacks {name}" for name in required if name not in value)
        for name, inner in value.items():
            if name in known:
                yield from known[name](inner, f"{at}/{name}")
            else:
                yield f"{at}/{name}: is not a field that Slack knows here"

    return rule


def by_type(table: Mapping[str, Rule]) -> Rule:
    """An object whose `type` chooses its rule; a type outside the table is a violation."""

    def rule(value: object, at: str) -> Iterator[str]:
        kind = value.get("type") if isinstance(value, dict) else None
        if not isinstance(kind, str) or kind not in table:
            yield f"{at}: type {kind!r} is not allowed here"
            return
        yield from table[kind](value, at)

    return rule


# ---------------------------------------------------------------- the table


def plain_text(longest: int) -> Rule:
    return shape({"type": choice("plain_text"), "text": string(longest)}, {"emoji": flag})


def any_text(longest: int) -> Rule:
    mrkdwn = shape({"type": choice("mrkdwn"), "text": string(longest)}, {"verbatim": flag})
    return by_type({"plain_text": plain_text(longest), "mrkdwn": mrkdwn})


_ID = string(255)
_KIND = string(40)
_CONFIRM = shape(
    {"title": plain_text(100), "text": any_text(300), "confirm": plain_text(30), "deny": plain_text(30)},
    {"style": choice("primary", "danger")},
)


def _option(text: Rule) -> Rule:
    return shape({"text": text, "value": string(150)}, {"description": plain_text(75), "url": string(3000)})


_PLAIN_OPTION = _option(plain_text(75))
_RICH_OPTION = _option(any_text(75))
_OPTION_GROUP = shape({"label": plain_text(75), "options": items(_PLAIN_OPTION, 100)}, {})

_BUTTON = shape(
    {"type": _KIND, "text": plain_text(75), "action_id": _ID},
    {
        "url": string(3000),
        "value": string(2000),
        "style": choice("primary", "danger"),
        "confirm": _CONFIRM,
        "accessibility_label": string(75),
    },
)
_STATIC_SELECT = shape(
    {"type": _KIND, "action_id": _ID},
    {
        "placeholder": plain_text(150),
        "options": items(_PLAIN_OPTION, 100),
        "option_groups": items(_OPTION_GROUP, 100),
        "initial_option": _PLAIN_OPTION,
        "confirm": _CONFIRM,
        "focus_on_load": flag,
    },
)
_OVERFLOW = shape({"type": _KIND, "action_id": _ID, "options": items(_PLAIN_OPTION, 5)}, {"confirm": _CONFIRM})
_RADIO = shape(
    {"type": _KIND, "action_id": _ID, "options": items(_RICH_OPTION, 10)},
    {"initial_option": _RICH_OPTION, "confirm": _CONFIRM, "focus_on_load": flag},
)
_CHECKBOXES = shape(
    {"type": _KIND, "action_id": _ID, "options": items(_RICH_OPTION, 10)},
    {"initial_options": items(_RICH_OPTION, 10), "confirm": _CONFIRM, "focus_on_load": flag},
)
_TEXT_INPUT = shape(
    {"type": _KIND, "action_id": _ID},
    {
        "placeholder": plain_text(150),
        "initial_value": string(3000, shortest=0),
        "multiline": flag,
        "min_length": number(0, 3000),
        "max_length": number(1, 3000),
        "focus_on_load": flag,
    },
)
_NUMBER_INPUT = shape(
    {"type": _KIND, "action_id": _ID, "is_decimal_allowed": flag},
    {
        "placeholder": plain_text(150),
        "initial_value": string(20),
        "min_value": string(20),
        "max_value": string(20),
        "focus_on_load": flag,
    },
)
_DATE_PICKER = shape(
    {"type": _KIND, "action_id": _ID},
    {
        "placeholder": plain_text(150),
        "initial_date": string(10, shortest=10),
        "confirm": _CONFIRM,
        "focus_on_load": flag,
    },
)
_MULTI_SELECT = shape(
    {"type": _KIND, "action_id": _ID, "options": items(_PLAIN_OPTION, 100)},
    {
        "placeholder": plain_text(150),
        "initial_options": items(_PLAIN_OPTION, 100),
        "max_selected_items": number(1, 100),
        "confirm": _CONFIRM,
        "focus_on_load": flag,
    },
)
_IMAGE_ELEMENT = shape({"type": _KIND, "image_url": string(3000), "alt_text": string(2000)}, {})

_CHOICES = {
    "button": _BUTTON,
    "static_select": _STATIC_SELECT,
    "overflow": _OVERFLOW,
    "radio_buttons": _RADIO,
    "checkboxes": _CHECKBOXES,
}
_INPUTS = {
    "plain_text_input": _TEXT_INPUT,
    "number_input": _NUMBER_INPUT,
    "datepicker": _DATE_PICKER,
    "static_select": _STATIC_SELECT,
    "multi_static_select": _MULTI_SELECT,
    "radio_buttons": _RADIO,
    "checkboxes": _CHECKBOXES,
}
_CONTEXT_ELEMENTS = {"image": _IMAGE_ELEMENT, "mrkdwn": any_text(3000), "plain_text": any_text(3000)}

_POINT = shape({"label": string(20), "value": amount}, {})
_SERIES = shape({"name": string(20), "data": items(_POINT, 20)}, {})
_AXES = shape({"categories": items(string(20), 20)}, {"x_label": string(50), "y_label": string(50)})
_BARS = shape({"type": _KIND, "series": items(_SERIES, 6), "axis_config": _AXES}, {})
_RAW_TEXT = shape({"type": _KIND, "text": string(3000)}, {})
_COLUMN = shape({}, {"align": choice("left", "center", "right"), "is_wrapped": flag})

BLOCKS: dict[str, Rule] = {
    "section": shape(
        {"type": _KIND},
        {
            "block_id": _ID,
            "text": any_text(3000),
            "fields": items(any_text(2000), 10),
            "accessory": by_type({**_CHOICES, "image": _IMAGE_ELEMENT}),
            "expand": flag,
        },
    ),
    "header": shape({"type": _KIND, "text": plain_text(150)}, {"block_id": _ID}),
    "divider": shape({"type": _KIND}, {"block_id": _ID}),
    "context": shape({"type": _KIND, "elements": items(by_type(_CONTEXT_ELEMENTS), 10)}, {"block_id": _ID}),
    "actions": shape({"type": _KIND, "elements": items(by_type(_CHOICES), 25)}, {"block_id": _ID}),
    "input": shape(
        {"type": _KIND, "label": plain_text(2000), "element": by_type(_INPUTS)},
        {"block_id": _ID, "hint": plain_text(2000), "optional": flag, "dispatch_action": flag},
    ),
    "data_visualization": shape(
        {"type": _KIND, "title": string(50), "chart": by_type({"bar": _BARS})}, {"block_id": _ID}
    ),
    "table": shape(
        {"type": _KIND, "rows": items(items(by_type({"raw_text": _RAW_TEXT}), 20), 100)},
        {"block_id": _ID, "column_settings": items(_COLUMN, 20)},
    ),
}
"""Every block type that Kindling may emit."""

MOST_IN_A_MESSAGE = {"data_visualization": 2, "table": 1}
"""These stand in messages only, and so many of them."""

_VIEW_FIELDS: dict[str, Rule] = {
    "private_metadata": string(3000, shortest=0),
    "callback_id": string(255),
    "external_id": string(255),
}
_MODAL_FIELDS: dict[str, Rule] = {
    "submit": plain_text(24),
    "close": plain_text(24),
    "clear_on_close": flag,
    "notify_on_close": flag,
}


# ---------------------------------------------------------------- asking the table


def check(blocks: object, surface: Surface = Surface.MESSAGE) -> list[str]:
    """Every way in which `blocks` break Slack's limits on `surface`; empty when Slack would take them."""
    found = list(items(by_type(BLOCKS), MOST_BLOCKS[surface], fewest=0)(blocks, "/blocks"))
    if not isinstance(blocks, list):
        return found
    found += _repeated([block.get("block_id") for block in blocks if isinstance(block, dict)], "/blocks", "block_id")
    found += _too_many(blocks, surface)
    for index, block in enumerate(blocks):
        if isinstance(block, dict):
            found += _across_fields(block, f"/blocks/{index}")
            found += _chart(block, f"/blocks/{index}/chart") if block.get("type") == "data_visualization" else []
    return found


def check_view(view: object) -> list[str]:
    """Every way in which a modal or App Home view breaks Slack's limits."""
    kind = view.get("type") if isinstance(view, dict) else None
    if not isinstance(view, dict) or kind not in {"modal", "home"}:
        return ["/type: must be one of modal, home"]
    surface = Surface(kind)
    required: dict[str, Rule] = {"type": _KIND, "blocks": _anything}
    if surface is Surface.MODAL:
        required["title"] = plain_text(24)
    optional = {**_VIEW_FIELDS, **(_MODAL_FIELDS if surface is Surface.MODAL else {})}
    found = list(shape(required, optional)(view, ""))
    blocks = view.get("blocks")
    found += check(blocks, surface) if "blocks" in view else []
    has_input = isinstance(blocks, list) and any(isinstance(b, dict) and b.get("type") == "input" for b in blocks)
    if surface is Surface.MODAL and has_input and "submit" not in view:
        found.append("/submit: is needed when there is an input block")
    if len(json.dumps(view).encode()) > LARGEST_VIEW_BYTES:
        found.append(f": is larger than {LARGEST_VIEW_BYTES} bytes")
    return found


def _across_fields(block: Mapping[str, object], at: str) -> Iterator[str]:
    """What no single field shows: a section with nothing in it, an id twice, a choice that is not offered."""
    if block.get("type") == "section" and not (block.get("text") or block.get("fields")):
        yield f"{at}: needs text or fields"
    inside = block.get("elements")
    if block.get("type") == "actions" and isinstance(inside, list):
        elements = [element for element in inside if isinstance(element, dict)]
        yield from _repeated([element.get("action_id") for element in elements], at, "action_id")
        for index, element in enumerate(elements):
            yield from _select(element, f"{at}/elements/{index}")
    for name in ("accessory", "element"):
        inner = block.get(name)
        if isinstance(inner, dict):
            yield from _select(inner, f"{at}/{name}")


def _too_many(blocks: list[object], surface: Surface) -> Iterator[str]:
    kinds = [block.get("type") for block in blocks if isinstance(block, dict)]
    for kind, most in MOST_IN_A_MESSAGE.items():
        allowed = most if surface is Surface.MESSAGE else 0
        if kinds.count(kind) > allowed:
            yield f"/blocks: has {kinds.count(kind)} of type {kind}, {allowed} are allowed in a {surface}"


def _chart(block: Mapping[str, object], at: str) -> Iterator[str]:
    """Each series once, with one point for each category, in their order."""
    try:
        chart: Any = block["chart"]
        categories = chart["axis_config"]["categories"]
        labels = [[point["label"] for point in series["data"]] for series in chart["series"]]
        names = [series["name"] for series in chart["series"]]
    except (KeyError, TypeError):
        return  # the shape is wrong, and said to be
    yield from _repeated(names, f"{at}/series", "name")
    yield from _repeated(categories, f"{at}/axis_config/categories", "category")
    for index, given in enumerate(labels):
        if given != categories:
            yield f"{at}/series/{index}/data: needs one point for each category, in their order"


def _select(element: Mapping[str, object], at: str) -> Iterator[str]:
    chosen, offered = element.get("initial_options"), element.get("options")
    if isinstance(chosen, list) and isinstance(offered, list) and any(option not in offered for option in chosen):
        yield f"{at}/initial_options: has one that is not among the options"
    if element.get("type") != "static_select":
        return
    if ("options" in element) == ("option_groups" in element):
        yield f"{at}: needs options or option_groups, not both"
    options = element.get("options")
    if "initial_option" in element and isinstance(options, list) and element["initial_option"] not in options:
        yield f"{at}/initial_option: is not among the options"


def _repeated(ids: list[object], at: str, name: str) -> list[str]:
    given = [entry for entry in ids if entry is not None]
    return [f"{at}: {name} {entry!r} stands twice" for entry in {str(e) for e in given if given.count(e) > 1}]


def _anything(_value: object, _at: str) -> Iterator[str]:
    yield from ()
