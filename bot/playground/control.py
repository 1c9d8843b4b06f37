"""The control door: what the page, the tests and other processes ask of the playground, as JSON.

GET  state (as, after, wait_s)  members  journal (after)  calls  faults
POST command (as, command, text)   say (as, text)   press (as, action_id, value, choose, ts, view_id, block_id, typed)
     submit (as, values)   close (as, everything)   home (as, tab)   clock (to | by, as)   fault (method, kind, ...)
     release   clear_faults   refresh (reason)   note (text)   member (the fields of Member)
`bot/playground/front.py` lets in requests for this machine only, and changes as JSON only.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.playground.acts import Acts
from bot.playground.call import Refusal
from bot.playground.cast import COMPANY, Member
from bot.playground.faults import Faults, Kind
from bot.playground.hands import next_working_morning
from bot.playground.link import Reply
from bot.playground.socket_mode import SocketMode
from bot.playground.web_api import WebApi
from bot.playground.workspace import APP_NAME, Message, Workspace

Json = dict[str, Any]

LONGEST_WAIT_S = 25.0
STEPS = {"+1h": timedelta(hours=1), "+1w": timedelta(weeks=1)}
_KILLS = {Kind.KILL_BEFORE, Kind.KILL_AFTER}


@dataclass
class Control:
    """The door. `may_kill` allows the faults that kill a process, which only a test harness wants.

    `pass_time` lets the time up to a moment pass, step by step if it likes, and leaves the clock there. Without it the
    hands are put there at once.
    """

    workspace: Workspace
    acts: Acts
    web_api: WebApi
    faults: Faults
    socket: SocketMode
    commands: list[Json]
    may_kill: bool = False
    pass_time: Callable[[datetime], None] | None = None
    clock_turning: threading.Lock = field(default_factory=threading.Lock)

    def do(self, verb: str, name: str, given: Json) -> Json:
        """Carry out one request; raises Refusal for one that cannot be."""
        doors = _READS if verb == "GET" else _CHANGES
        if name not in doors:
            raise Refusal("unknown_request")
        try:
            return {"ok": True, **doors[name](self, given)}
        except (KeyError, TypeError, ValueError):
            raise Refusal("invalid_arguments") from None

    def turn_clock(self, moment: datetime) -> None:
        """Let the time up to `moment` pass; one turn at a time."""
        try:
            with self.clock_turning:
                self.workspace.tell_news()
                (self.pass_time or self.workspace.clock.turn_to)(moment.astimezone(UTC))
        finally:
            self.workspace.tell_news()


def _state(control: Control, given: Json) -> Json:
    """What one member sees, and nothing of anybody else. Waits for news when `after` is the version already known."""
    workspace = control.workspace
    user_id = str(given.get("as", ""))
    if "after" in given:
        wait_s = min(float(given.get("wait_s", LONGEST_WAIT_S)), LONGEST_WAIT_S)
        is_turning = control.clock_turning.locked()
        workspace.wait_for_news(int(given["after"]), min(wait_s, 1.0) if is_turning else wait_s)
    with workspace.lock:
        workspace.member(user_id)
        home = workspace.homes.get(user_id)
        stack = workspace.modals.get(user_id, [])
        return {
            "version": workspace.version,
            "now": workspace.now().isoformat(),
            "connected": control.socket.connections > 0 or not isinstance(control.acts.link, SocketMode),
            "turning": control.clock_turning.locked(),
            "messages": [_message(workspace, message) for message in workspace.visible_to(user_id)],
            "home": {"view_id": home.view_id, **home.content} if home else None,
            "modal": {"view_id": stack[-1].view_id, "depth": len(stack), **stack[-1].content} if stack else None,
            "notes": workspace.notes[-20:],
            "mail": _mail(workspace),
        }


def _mail(workspace: Workspace) -> dict[str, int]:
    """How many direct messages each member has from the app: enough for a dot beside a name, and no more."""
    counts = Counter(message.channel for message in workspace.messages if message.by == "app" and not message.only_for)
    return {user_id: counts[workspace.dm_of(user_id)] for user_id in workspace.members}


def _members(control: Control, _given: Json) -> Json:
    people = [
        {"id": m.slack_id, "name": m.name, "timezone": m.timezone, "story": m.story, "locale": m.locale}
        for m in control.workspace.members.values()
        if m.is_employee
    ]
    return {"members": people, "company": COMPANY, "app": APP_NAME, "commands": control.commands}


def _message(workspace: Workspace, message: Message) -> Json:
    files = [workspace.files[file_id] for file_id in message.files]
    return {
        "ts": message.ts,
        "by": message.by,
        "text": message.text,
        "blocks": message.blocks,
        "only_you": message.only_for is not None,
        "in_channel": message.in_channel,
        "edited": message.edited,
        "files": [{"id": f.file_id, "name": f.name, "title": f.title, "bytes": f.length} for f in files],
    }


def _command(control: Control, given: Json) -> Json:
    return _replied(control.acts.command(str(given["as"]), str(given["command"]), str(given.get("text", ""))))


def _say(control: Control, given: Json) -> Json:
    control.acts.say(str(given["as"]), str(given["text"]))
    return {}


def _press(control: Control, given: Json) -> Json:
    where = {name: given.get(name) for name in ("value", "choose", "ts", "view_id", "block_id", "typed")}
    return _replied(control.acts.press(str(given["as"]), str(given["action_id"]), **where))


def _submit(control: Control, given: Json) -> Json:
    reply = control.acts.submit(str(given["as"]), dict(given.get("values", {})))
    is_wrong = reply.body.get("response_action") == "errors"
    return {**_replied(reply), "errors": reply.body.get("errors", {}) if is_wrong else {}}


def _close(control: Control, given: Json) -> Json:
    control.acts.close_modal(str(given["as"]), everything=bool(given.get("everything")))
    return {}


def _home(control: Control, given: Json) -> Json:
    control.acts.open_home(str(given["as"]), str(given.get("tab", "home")))
    return {}


def _clock(control: Control, given: Json) -> Json:
    """`to` is a moment, in the member's own time when it has no zone; `by` is +1h, +1w or next_morning (theirs)."""
    now = control.workspace.now()
    if given.get("by") == "next_morning":
        control.turn_clock(next_working_morning(now, _zone(control, given)))
    elif "by" in given:
        if given["by"] not in STEPS:
            raise Refusal("unknown_step")
        control.turn_clock(now + STEPS[given["by"]])
    else:
        moment = datetime.fromisoformat(str(given["to"]))
        control.turn_clock(moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(_zone(control, given))))
    return {"now": control.workspace.now().isoformat()}


def _fault(control: Control, given: Json) -> Json:
    arguments = dict(given)
    try:
        kind = Kind(arguments.pop("kind", ""))
        if kind in _KILLS and not control.may_kill:
            raise Refusal("not_allowed")
        control.faults.inject(str(arguments.pop("method", "*")), kind, **arguments)
    except (ValueError, TypeError):
        raise Refusal("unknown_fault") from None
    return {"waiting": control.faults.waiting()}


def _release(control: Control, _given: Json) -> Json:
    control.faults.release()
    return {}


def _clear_faults(control: Control, _given: Json) -> Json:
    control.faults.clear()
    return {"waiting": {}}


def _refresh(control: Control, given: Json) -> Json:
    control.socket.refresh(str(given.get("reason", "refresh_requested")))
    return {}


def _note(control: Control, given: Json) -> Json:
    control.workspace.note(str(given["text"]))
    return {}


def _add_member(control: Control, given: Json) -> Json:
    try:
        control.workspace.add_member(Member(**{**given, "flags": frozenset(given.get("flags", ()))}))
    except TypeError:
        raise Refusal("invalid_member") from None
    return {}


def _journal(control: Control, given: Json) -> Json:
    after = int(given.get("after", 0))
    return {"entries": [asdict(shown) for shown in control.workspace.journal.entries()[after:]]}


def _calls(control: Control, _given: Json) -> Json:
    return {"calls": [asdict(called) for called in control.web_api.calls()[-200:]]}


def _faults(control: Control, _given: Json) -> Json:
    return {"waiting": control.faults.waiting(), "kinds": [kind.value for kind in Kind if kind not in _KILLS]}


def _replied(reply: Reply) -> Json:
    return {"problem": reply.problem}


def _zone(control: Control, given: Json) -> str:
    return control.workspace.member(str(given["as"])).timezone


_Door = Callable[[Control, Json], Json]
_READS: dict[str, _Door] = {
    "state": _state,
    "members": _members,
    "journal": _journal,
    "calls": _calls,
    "faults": _faults,
}
_CHANGES: dict[str, _Door] = {
    "command": _command,
    "say": _say,
    "press": _press,
    "submit": _submit,
    "close": _close,
    "home": _home,
    "clock": _clock,
    "fault": _fault,
    "release": _release,
    "clear_faults": _clear_faults,
    "refresh": _refresh,
    "note": _note,
    "member": _add_member,
}
