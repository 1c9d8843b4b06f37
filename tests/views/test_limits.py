"""The table of Slack's limits: what Slack takes passes, what Slack refuses is found and named by its place."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from bot.views import limits, pieces
from bot.views.ids import Action
from bot.views.limits import Surface


def chart(*series: tuple[str, list[int]], labels: tuple[str, ...] = ("2 Feb", "9 Feb")) -> dict[str, Any]:
    """A bar chart with a value a label."""
    return {
        "type": "data_visualization",
        "title": "By week",
        "chart": {
            "type": "bar",
            "series": [
                {"name": name, "data": [{"label": a, "value": b} for a, b in zip(labels, values, strict=True)]}
                for name, values in series
            ],
            "axis_config": {"categories": [*labels], "x_label": "Week", "y_label": "Days"},
        },
    }


TABLE: dict[str, Any] = {"type": "table", "rows": [[{"type": "raw_text", "text": "Week"}]]}
GOOD: list[dict[str, Any]] = [
    {"type": "section", "block_id": "a", "text": {"type": "mrkdwn", "text": "Words.", "verbatim": True}},
    {"type": "section", "fields": [{"type": "plain_text", "text": "One", "emoji": False}]},
    {"type": "header", "text": {"type": "plain_text", "text": "Head"}},
    {"type": "divider"},
    {"type": "context", "elements": [{"type": "mrkdwn", "text": "Small."}]},
    {"type": "actions", "elements": [pieces.button("Why?", Action.WHY_CARD), pieces.snooze("n-1")]},
    {
        "type": "input",
        "label": {"type": "plain_text", "text": "A word"},
        "element": {"type": "plain_text_input", "action_id": "word", "max_length": 200},
    },
    chart(("With use", [3, 5]), ("Not visible", [2, 0])),
    TABLE,
]


def broken(change: dict[tuple[str | int, ...], Any]) -> list[str]:
    """The violations of GOOD after some of its places were overwritten."""
    blocks: Any = copy.deepcopy(GOOD)
    for path, value in change.items():
        place = blocks
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
    return limits.check(blocks)


def test_good_blocks_pass() -> None:
    """Blocks within every limit have no violation."""
    assert [] == limits.check(GOOD)


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        ((0, "type"), "hologram", "/blocks/0:"),
        ((0, "type"), None, "/blocks/0:"),
        ((0, "colour"), "red", "/blocks/0/colour:"),
        ((0, "block_id"), "b" * 256, "/blocks/0/block_id:"),
        ((0, "text", "text"), "", "/blocks/0/text/text:"),
        ((0, "text", "text"), "x" * 3001, "/blocks/0/text/text:"),
        ((0, "text", "type"), "markdown", "/blocks/0/text:"),
        ((0, "text", "verbatim"), "yes", "/blocks/0/text/verbatim:"),
        ((0, "text"), "Words.", "/blocks/0/text:"),
        ((1, "fields"), [{"type": "plain_text", "text": "x"}] * 11, "/blocks/1/fields:"),
        ((1, "fields", 0, "text"), "x" * 2001, "/blocks/1/fields/0/text:"),
        ((1, "fields"), [], "/blocks/1"),
        ((2, "text", "text"), "x" * 151, "/blocks/2/text/text:"),
        ((2, "text", "type"), "mrkdwn", "/blocks/2/text/type:"),
        ((4, "elements"), [{"type": "mrkdwn", "text": "x"}] * 11, "/blocks/4/elements:"),
        ((5, "elements"), [], "/blocks/5/elements:"),
        ((5, "elements", 0, "text", "text"), "x" * 76, "/blocks/5/elements/0/text/text:"),
        ((5, "elements", 0, "value"), "x" * 2001, "/blocks/5/elements/0/value:"),
        ((5, "elements", 0, "style"), "fancy", "/blocks/5/elements/0/style:"),
        ((5, "elements", 0, "action_id"), "snooze", "/blocks/5: action_id"),
        ((5, "elements", 0, "confirm"), {"title": {}}, "/blocks/5/elements/0/confirm"),
        ((5, "elements", 1, "options", 0, "value"), "x" * 151, "/blocks/5/elements/1/options/0/value:"),
        ((5, "elements", 1, "options", 0, "text", "text"), "x" * 76, "/blocks/5/elements/1/options/0/text/text:"),
        ((5, "elements", 1, "option_groups"), [], "/blocks/5/elements/1"),
        ((5, "elements", 1, "initial_option"), {"text": pieces.plain("No"), "value": "no"}, "/blocks/5/elements/1/in"),
        ((6, "element", "max_length"), 3001, "/blocks/6/element/max_length:"),
        ((6, "element", "type"), "overflow", "/blocks/6/element:"),
        ((3, "block_id"), "a", "/blocks: block_id"),
        ((7, "title"), "x" * 51, "/blocks/7/title:"),
        ((7, "chart", "type"), "radar", "/blocks/7/chart:"),
        ((7, "chart", "series"), [], "/blocks/7/chart/series:"),
        ((7, "chart", "series", 0, "name"), "x" * 21, "/blocks/7/chart/series/0/name:"),
        ((7, "chart", "series", 0, "name"), "Not visible", "/blocks/7/chart/series: name"),
        ((7, "chart", "series", 0, "data", 1, "value"), None, "/blocks/7/chart/series/0/data/1/value:"),
        ((7, "chart", "series", 0, "data", 1, "label"), "16 Feb", "/blocks/7/chart/series/0/data: needs"),
        ((7, "chart", "series", 1, "data"), [{"label": "2 Feb", "value": 1}], "/blocks/7/chart/series/1/data: needs"),
        ((7, "chart", "axis_config", "categories"), ["2 Feb"] * 2, "/blocks/7/chart/axis_config/categories: category"),
        ((7, "chart", "axis_config", "y_label"), "x" * 51, "/blocks/7/chart/axis_config/y_label:"),
        ((8, "rows"), [], "/blocks/8/rows:"),
        ((8, "rows"), TABLE["rows"] * 101, "/blocks/8/rows:"),
        ((8, "rows", 0), TABLE["rows"][0] * 21, "/blocks/8/rows/0:"),
        ((8, "rows", 0, 0, "text"), "", "/blocks/8/rows/0/0/text:"),
    ],
)
def test_each_limit_is_kept(path: tuple[str | int, ...], value: object, place: str) -> None:
    """One step over a limit is found, at its place."""
    found = broken({path: value})

    assert any(violation.startswith(place) for violation in found), found


def test_missing_fields_are_found() -> None:
    """A block without what it must have is refused."""
    assert ["/blocks/0: lacks text"] == limits.check([{"type": "header"}])
    assert ["/blocks/0: needs text or fields"] == limits.check([{"type": "section"}])


@pytest.mark.parametrize(("surface", "most"), [(Surface.MESSAGE, 50), (Surface.MODAL, 100), (Surface.HOME, 100)])
def test_number_of_blocks(surface: Surface, most: int) -> None:
    """A message takes 50 blocks, a modal and App Home 100."""
    assert [] == limits.check([{"type": "divider"}] * most, surface)
    assert limits.check([{"type": "divider"}] * (most + 1), surface)


@pytest.mark.parametrize("surface", [Surface.MODAL, Surface.HOME])
@pytest.mark.parametrize("block", [chart(("With use", [1, 2])), TABLE], ids=["chart", "table"])
def test_charts_and_tables_stand_in_messages_only(block: dict[str, Any], surface: Surface) -> None:
    """Slack refuses them in a modal and on App Home."""
    assert [] == limits.check([block])
    assert limits.check([block], surface)


def test_charts_and_tables_are_few() -> None:
    """Two charts and one table a message."""
    one = chart(("With use", [1, 2]))

    assert [] == limits.check([one, one, TABLE])
    assert limits.check([one, one, one])
    assert limits.check([TABLE, TABLE])


@pytest.mark.parametrize("blocks", [None, "blocks", {}, [None], ["divider"], [[]], [{}], [{"type": ["section"]}]])
def test_nonsense_is_a_violation_and_no_crash(blocks: object) -> None:
    """Whatever is thrown at it, the table answers."""
    assert limits.check(blocks)


def test_views_have_limits_of_their_own() -> None:
    """Title, ids, private metadata, size, and the button that an input needs."""
    modal = {"type": "modal", "title": pieces.plain("Title"), "blocks": GOOD[:7], "submit": pieces.plain("Send")}

    assert [] == limits.check_view(modal)
    assert limits.check_view({**modal, "title": pieces.plain("x" * 25)})
    assert limits.check_view({**modal, "callback_id": "x" * 256})
    assert limits.check_view({**modal, "private_metadata": "x" * 3001})
    assert limits.check_view({**modal, "blocks": [GOOD[0], *[pieces.words("x" * 3000)] * 90]})
    assert limits.check_view({key: value for key, value in modal.items() if key != "submit"})
    assert limits.check_view({"type": "home", "blocks": [], "title": pieces.plain("No title here")})
    assert limits.check_view({"type": "popup", "blocks": []})
    assert limits.check_view(None)
