"""Forms that are sent from a modal: what was typed arrives, and an error costs nobody what they typed."""

from __future__ import annotations

import json
import logging
from datetime import date
from typing import Any

import pytest
from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request import BoltRequest

from bot.clock import HandClock
from bot.errors import InputError
from bot.playground import payloads
from bot.playground.workspace import View
from bot.settings import load
from bot.slack import Slack
from bot.store.database import Store
from bot.views import form, limits, modal, settings
from bot.views.ids import Callback
from handlers import forms, trouble
from handlers.desk import Desk
from handlers.forms import Form, Next
from handlers.who import Asked
from tests.conftest import MONDAY_MORNING
from tests.handlers import office

TOOLS = [("Cursor", "cursor"), ("Copilot", "copilot"), ("Codex", "codex")]
FIELDS = [
    form.typed("text", "Text", "As it was", long=True),
    form.typed("link", "Link", optional=True),
    form.number("cap", "At most", 3, lowest=1, highest=9),
    form.day("until", "Until", date(2027, 3, 31)),
    form.one_of("tool", "Tool", TOOLS, "copilot"),
    form.some_of("tools", "Tools", TOOLS, ["cursor", "codex"]),
]
VIEW = form.form("A form", FIELDS, sent_to=Callback.ANSWER, submit="Save", metadata='{"t":"x"}')


def sent(**typed: Any) -> dict[str, Any]:
    """What Slack sends when a member has typed this and leaves the rest as it was."""
    view = View("V1", "hash", VIEW, "U0ADA")
    values = payloads.state_of(view, typed)
    return {"user": {"id": "U0ADA"}, "trigger_id": "1.2.3", "view": {**VIEW, "id": "V1", "state": {"values": values}}}


def test_every_kind_of_field_is_within_the_limits() -> None:
    """A form of every kind of field is one that Slack takes."""
    assert [] == limits.check_view(VIEW)


def test_form_comes_back_as_it_was_opened() -> None:
    """Whoever sends a form without touching it sends what stood in it."""
    untouched = forms.of(sent())

    assert ("As it was", "", "3", "2027-03-31", "copilot") == tuple(
        untouched.text(name) for name in ("text", "link", "cap", "until", "tool")
    )
    assert (("cursor", "codex"), '{"t":"x"}') == (untouched.chosen("tools"), untouched.metadata)


def test_what_is_typed_arrives() -> None:
    """Every kind of field brings back what was typed or chosen in it, and emptied ones bring nothing."""
    changed = forms.of(sent(text=" New\nwords ", link="https://x.example", cap=5, until="", tool="codex", tools=[]))

    assert "New\nwords" == changed.text("text")
    assert ("https://x.example", "5", "", "codex") == tuple(
        changed.text(name) for name in ("link", "cap", "until", "tool")
    )
    assert () == changed.chosen("tools")


def answered(store: Store, work: Any, body: dict[str, Any]) -> dict[str, Any]:
    """What Slack is answered when `work` is done with this form."""
    slack = Slack("xoxb-1", f"http://127.0.0.1:{office.free_port()}/api/")
    desk = Desk(store, slack, HandClock(MONDAY_MORNING), load({}), (), None)  # type: ignore[arg-type]  # not asked
    bolt = App(authorize=lambda: AuthorizeResult(enterprise_id=None, team_id="T1", bot_token="xoxb-1"))
    bolt.view(Callback.ANSWER.value)(trouble.form_door(desk, "a_form", work))
    payload = {"type": "view_submission", "team": {"id": "T1"}, **body}
    reply = bolt.dispatch(BoltRequest(mode="socket_mode", body=payload))
    assert 200 == reply.status
    return dict(json.loads(reply.body)) if reply.body else {}


@pytest.mark.parametrize(
    ("following", "expected"),
    [
        (forms.wrong({"text": "Too long."}), {"response_action": "errors", "errors": {"text": "Too long."}}),
        (forms.show(VIEW), {"response_action": "update", "view": VIEW}),
    ],
    ids=["errors", "update"],
)
def test_next_is_said_in_the_acknowledgement(sqlite_store: Store, following: Next, expected: dict[str, Any]) -> None:
    """Each thing that can come after a form leaves as Slack's own words for it."""

    def work(asked: Asked, sent_form: Form) -> Next:
        assert ("U0ADA", "As it was") == (asked.slack_user_id, sent_form.text("text"))
        return following

    assert expected == answered(sqlite_store, work, sent())


def test_error_keeps_what_was_typed(sqlite_store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """When saving breaks, the form stays open and says so with an id; the log has the id and nothing that was typed."""

    def breaks(_asked: Asked, sent_form: Form) -> Next:
        raise InputError(f"broken on purpose by {sent_form.text('text')}")

    with caplog.at_level(logging.ERROR, "kindling.handlers"):
        said = answered(sqlite_store, breaks, sent(text="Something typed"))

    [fields] = [record.kindling_fields for record in caplog.records if hasattr(record, "kindling_fields")]
    assert "errors" == said["response_action"]
    assert fields["trouble"] in said["errors"]["text"]
    assert "Something typed" not in json.dumps([fields, said])


def test_error_without_a_field_takes_the_place_of_the_view(sqlite_store: Store) -> None:
    """A view that has only a button to send says in its own place what went wrong."""

    def breaks(_asked: Asked, _form: Form) -> Next:
        raise RuntimeError("broken on purpose")

    bare = {**modal.modal("Sure?", settings.kept()), "id": "V1", "state": {"values": {}}}
    said = answered(sqlite_store, breaks, {**sent(), "view": bare})

    assert "update" == said["response_action"]
    assert "was not saved" in json.dumps(said["view"])
    assert [] == limits.check_view(said["view"])
