"""A form that a person sent from a modal: what was typed and chosen in it, and what the person sees next.

How to make one, for every handler with a form of its own:

- The view: `bot/views/form.py`. A field's name is its `block_id` and its `action_id`; `private_metadata` is short JSON.
- Opening it: `asked.open(view)` from a command or a tap; `asked.show(view)` changes the modal that was tapped in.
- Sent: a function of `(Asked, Form)` that returns what comes next, in a dictionary `SUBMISSIONS` by `Callback`, which
  `handlers/__init__.py` registers through `handlers/trouble.py`: `form_door`.
- Next: `wrong({field: sentence})` keeps the form open with the sentences beside the fields; `show(view)` puts another
  in its place.

Slack waits three seconds for the next, so it is worked out at once, in the database alone. Whoever sent a form may have
lost the right to it since it was opened: the function asks again. Next: `handlers/trouble.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.views import modal
from bot.views.message import Message

View = dict[str, Any]


@dataclass(frozen=True)
class Form:
    """What was sent. `values` holds for each field what was typed or chosen in it; nothing, one thing or several."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    metadata: str = ""
    """What the view itself carried. It has been to the person's machine, so it is checked like anything typed."""

    def text(self, name: str) -> str:
        """What was typed or chosen in this field, without space around it; empty when nothing was."""
        return "".join(self.values.get(name, ())[:1]).strip()

    def chosen(self, name: str) -> tuple[str, ...]:
        """All that was chosen in a field that takes several."""
        return self.values.get(name, ())


@dataclass(frozen=True)
class Next:
    """What the person sees after sending: Slack's `response_action`, with what belongs to it."""

    action: str
    errors: Mapping[str, str] = field(default_factory=dict)
    view: View | None = None

    def said(self) -> dict[str, Any]:
        """As Bolt's `ack` takes it."""
        beside = {"errors": dict(self.errors)} if self.errors else {"view": self.view}
        return {"response_action": self.action, **beside}


def wrong(errors: Mapping[str, str]) -> Next:
    """Keep the form open; beside each of these fields stands what is wrong with it."""
    return Next("errors", errors=errors)


def show(view: View) -> Next:
    """Put another view in place of the form."""
    return Next("update", view=view)


def trouble(form: Form, message: Message) -> Next:
    """After an error: beside the first field, so that nothing typed is lost; in place of a view without fields."""
    for name in form.values:
        return wrong({name: message.text.partition("\n\n")[2]})
    return show(modal.modal("Kindling", message))


def of(body: Mapping[str, Any]) -> Form:
    """What Slack sent, field by field."""
    view = body["view"]
    fields = view["state"]["values"]
    values = {name: _value(state) for name, by_action in fields.items() for state in by_action.values()}
    return Form(values, str(view.get("private_metadata") or ""))


def _value(state: Mapping[str, Any]) -> tuple[str, ...]:
    if "selected_options" in state:
        return tuple(str(option["value"]) for option in state["selected_options"] or ())
    option = state.get("selected_option") or {}
    value = state.get("value") or state.get("selected_date") or state.get("selected_time") or option.get("value")
    return (str(value),) if value else ()
