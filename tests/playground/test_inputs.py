"""Every kind of field in a modal: drawn, filled in by keyboard, told to the bot as Slack tells it, errors beside it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from bot.playground.link import Kind, Reply, Retry
from bot.playground.server import Playground
from bot.views import form
from bot.views.ids import Callback
from tests.playground import echo
from tests.playground.browser import chromium

Json = dict[str, Any]
COLOURS = [("Red", "red"), ("Green", "green")]
RADIO: Json = {
    "type": "input",
    "block_id": "pace",
    "label": echo.plain("Pace"),
    "dispatch_action": True,
    "element": {
        "type": "radio_buttons",
        "action_id": "pace",
        "options": [{**option, "description": echo.plain("in words")} for option in echo.options("calm", "brisk")],
    },
}
GROUPED: Json = {
    "type": "input",
    "block_id": "about",
    "label": echo.plain("About"),
    "dispatch_action": True,
    "element": {
        "type": "static_select",
        "action_id": "about",
        "option_groups": [
            {"label": echo.plain("States"), "options": echo.options("new")},
            {"label": echo.plain("Patterns"), "options": echo.options("old", "older")},
        ],
    },
}
VIEW = form.form(
    "Fields",
    [
        form.typed("name", "Name", "As it was"),
        GROUPED,
        RADIO,
        form.some_of("colours", "Colours", COLOURS, ["red"]),
        form.day("first", "First day", date(2026, 3, 2)),
        form.number("cap", "At most", lowest=1, highest=9, optional=True),
        {"type": "actions", "block_id": "row", "elements": [echo.button("Look", "look")]},
    ],
    sent_to=Callback.ANSWER,
    submit="Save",
)


class Hearing:
    """A link that keeps what it was told, and answers with what it is given."""

    def __init__(self) -> None:
        self.heard: list[Json] = []
        self.answer = Reply({})

    def tell(self, kind: Kind, payload: Json, retry: Retry | None = None) -> Reply:
        self.heard.append(payload)
        return self.answer


@pytest.fixture
def link(slack: Playground) -> Hearing:
    """A modal with every kind of field, open for Ada."""
    heard = Hearing()
    slack.acts.link = heard
    echo.client(slack).views_open(trigger_id=slack.acts._room.tickets.trigger("U0ADA"), view=VIEW)
    return heard


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def values(payload: Json) -> Json:
    """What stood in each field."""
    told: Json = payload["view"]["state"]["values"]
    return {name: next(iter(by_action.values())) for name, by_action in told.items()}


def test_what_is_pressed_comes_with_what_stands_in_the_fields(slack: Playground, link: Hearing) -> None:
    """A button or a choice in a modal is told together with the state of all its fields, as Slack does."""
    slack.press("U0ADA", "look", typed={"name": "Typed", "colours": ["green"]})
    slack.press("U0ADA", "about", choose="older")
    button, choice = link.heard

    assert "Typed" == values(button)["name"]["value"]
    assert ["green"] == [option["value"] for option in values(button)["colours"]["selected_options"]]
    assert "2026-03-02" == values(button)["first"]["selected_date"]
    assert "older" == choice["actions"][0]["selected_option"]["value"]


@pytest.mark.parametrize(
    ("element", "chosen", "told"),
    [
        ({"type": "datepicker"}, "2026-03-09", {"selected_date": "2026-03-09"}),
        ({"type": "number_input", "is_decimal_allowed": False}, 7, {"value": "7"}),
        ({"type": "plain_text_input"}, "words", {"value": "words"}),
    ],
)
def test_each_kind_of_field_tells_its_change(
    slack: Playground, link: Hearing, element: Json, chosen: Any, told: Json
) -> None:
    """A field that tells its changes tells the new value under Slack's own name for it."""
    block = {"type": "input", "label": echo.plain("One"), "element": {**element, "action_id": "one"}}
    echo.client(slack).views_open(
        trigger_id=slack.acts._room.tickets.trigger("U0ADA"),
        view={**VIEW, "blocks": [{**block, "dispatch_action": True}]},
    )
    slack.press("U0ADA", "one", choose=chosen)

    assert told == {name: link.heard[-1]["actions"][0][name] for name in told}


def test_every_field_by_keyboard(slack: Playground, link: Hearing, browser: Browser) -> None:
    """Without a mouse: every field has its label, is filled in and told; what is wrong stands beside it, in focus."""
    page = browser.new_page()
    page.goto(f"{slack.page_url}#U0ADA")
    dialog = page.get_by_role("dialog", name="Fields")
    expect(dialog).to_be_visible()

    dialog.get_by_label("Name").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("A new name")
    page.keyboard.press("Tab")
    expect(dialog.get_by_label("About")).to_be_focused()
    page.keyboard.type("older")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # the first of the radio buttons
    page.keyboard.press("ArrowDown")
    expect(dialog.get_by_role("radio", name="brisk")).to_be_checked()
    dialog.get_by_role("checkbox", name="Green").press("Space")
    dialog.get_by_label("First day").fill("2026-03-09")
    dialog.get_by_label("At most").press_sequentially("5")
    link.answer = Reply({"response_action": "errors", "errors": {"pace": "Not that one.", "cap": "Too few."}})
    dialog.get_by_role("button", name="Save").press("Enter")

    expect(dialog.get_by_role("radio", name="brisk")).to_be_focused()
    expect(dialog.get_by_label("At most")).to_have_attribute("aria-invalid", "true")
    expect(dialog.get_by_label("At most")).to_have_accessible_description("Too few.")
    sent = values(link.heard[-1])
    assert ("A new name", "5", "2026-03-09") == (
        sent["name"]["value"], sent["cap"]["value"], sent["first"]["selected_date"]
    )  # fmt: skip
    assert ("older", "brisk") == tuple(sent[name]["selected_option"]["value"] for name in ("about", "pace"))
    assert ["red", "green"] == [option["value"] for option in sent["colours"]["selected_options"]]
    assert {"about", "pace"} == {heard["actions"][0]["action_id"] for heard in link.heard if "actions" in heard}
    page.close()
