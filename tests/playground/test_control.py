"""The control door: what the page and other processes ask, who is let in, and what a member cannot see."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from slack_bolt import App
from slack_sdk import WebClient

from bot.clock import HandClock, SystemClock
from bot.errors import InputError
from bot.playground import journal
from bot.playground.cast import CAST, read_members
from bot.playground.hands import Hands, next_working_morning
from bot.playground.server import Playground, main
from tests.playground import echo

JSON_TYPE = {"Content-Type": "application/json"}


def ask(
    slack: Playground, verb: str, path: str, body: Any = None, headers: dict[str, str] | None = None
) -> tuple[int, Any]:
    """One raw request to the playground's port: status, and the body (as JSON where it is)."""
    connection = http.client.HTTPConnection(urlsplit(slack.page_url).netloc, timeout=10)
    connection.request(verb, path, json.dumps(body) if body is not None else None, headers or {})
    response = connection.getresponse()
    content = response.read()
    connection.close()
    is_json = response.headers.get("Content-Type", "").startswith("application/json")
    return response.status, json.loads(content) if is_json else content


def post(slack: Playground, name: str, **body: Any) -> tuple[int, Any]:
    return ask(slack, "POST", f"/playground/{name}", body, JSON_TYPE)


@pytest.mark.parametrize(
    ("verb", "headers", "status"),
    [
        ("POST", {"Content-Type": "text/plain"}, 415),
        ("POST", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ("POST", {**JSON_TYPE, "Host": "kindling.attacker.example"}, 403),
        ("POST", {**JSON_TYPE, "Origin": "https://attacker.example"}, 403),
        ("POST", {**JSON_TYPE, "Sec-Fetch-Site": "cross-site"}, 403),
        ("GET", {"Host": "kindling.attacker.example"}, 403),
        ("GET", {}, 400),
    ],
)
def test_strangers_stay_outside(slack: Playground, verb: str, headers: dict[str, str], status: int) -> None:
    """No form, foreign page or foreign name changes anything; a change is never made by GET."""
    body = {"text": "x"} if verb == "POST" else None

    assert status == ask(slack, verb, "/playground/note", body, headers)[0]
    assert [] == slack.workspace.notes


def test_page_is_locked_down(slack: Playground) -> None:
    """The page may load nothing from elsewhere, and only the page's own files are served."""
    with urlopen(slack.page_url, timeout=5) as response:
        policy = response.headers["Content-Security-Policy"]

    assert "default-src 'none'; script-src 'self'" in policy
    assert "unsafe" not in policy
    assert [404, 404] == [ask(slack, "GET", path)[0] for path in ("/../server.py", "/%2e%2e/server.py")]


def test_acting_through_the_door(slack: Playground, bot: App) -> None:
    """Another process can do all that a member can, and wait for what comes of it."""
    assert (200, "") == (post(slack, "command", **{"as": "U0ADA", "command": "/ai-stats"})[0], "")
    post(slack, "press", **{"as": "U0ADA", "action_id": "open_form"})
    echo.until(lambda: slack.workspace.modals.get("U0ADA"))
    _, wrong = post(slack, "submit", **{"as": "U0ADA", "values": {}})
    post(slack, "close", **{"as": "U0ADA"})
    _, state = ask(slack, "GET", "/playground/state?as=U0ADA")

    assert ["Please complete this required field."] == list(wrong["errors"].values())
    assert (None, 1, True) == (state["modal"], len(state["messages"]), state["connected"])
    assert (400, "no_such_element") == _error(post(slack, "press", **{"as": "U0ADA", "action_id": "x"}))
    assert (400, "user_not_found") == _error(post(slack, "command", **{"as": "U0X", "command": "/ai-stats"}))
    assert (400, "invalid_arguments") == _error(post(slack, "command", command="/ai-stats"))


def test_a_member_sees_nothing_of_another(slack: Playground, web: WebClient) -> None:
    """The state given to one member holds no text, form, Home or file of another."""
    web.chat_postMessage(channel="U0BEN", text="ben-secret-1")
    web.chat_postEphemeral(channel="D0BEN", user="U0BEN", text="ben-secret-2")
    web.views_publish(user_id="U0BEN", view={"type": "home", "blocks": [echo.section("ben-secret-3")]})
    web.files_upload_v2(channel="D0BEN", filename="ben-secret-4.json", content=b"ben-secret-5", title="ben-secret-6")
    _, of_ada = ask(slack, "GET", "/playground/state?as=U0ADA")
    _, of_ben = ask(slack, "GET", "/playground/state?as=U0BEN")
    (file_id,) = slack.workspace.files

    assert ("secret" not in json.dumps(of_ada), "secret-1" in json.dumps(of_ben)) == (True, True)
    assert (404, 200) == tuple(
        ask(slack, "GET", f"/playground/file/{file_id}?as={who}")[0] for who in ("U0ADA", "U0BEN")
    )
    assert [] == [shown for shown in slack.journal.to("U0ADA") if "secret" in shown.words()]


def test_turning_the_clock(slack: Playground, clock: HandClock, web: WebClient) -> None:
    """The clock goes by steps or to a moment in the member's own time, and dates what is said."""
    moments = []
    for turn in ({"by": "+1h"}, {"to": "2026-03-06T17:00", "as": "U0EMI"}, {"by": "next_morning", "as": "U0EMI"}):
        post(slack, "clock", **turn)
        moments.append(clock.now())
    stamp = float(web.chat_postMessage(channel="U0ADA", text="x")["ts"])

    tokyo_monday = datetime(2026, 3, 9, 1, 0, tzinfo=UTC)
    assert [datetime(2026, 3, 2, 11, tzinfo=UTC), datetime(2026, 3, 6, 8, tzinfo=UTC), tokyo_monday] == moments
    assert tokyo_monday.timestamp() == pytest.approx(stamp)
    assert (400, "unknown_step") == _error(post(slack, "clock", by="+1 century"))
    assert (400, "invalid_arguments") == _error(post(slack, "clock", **{"to": "soon", "as": "U0ADA"}))


def test_time_passes_as_its_owner_likes(slack: Playground, clock: HandClock) -> None:
    """Whoever owns the time is asked to let it pass and may go hour by hour; meanwhile the page says so."""
    seen: list[tuple[datetime, bool]] = []

    def hour_by_hour(until: datetime) -> None:
        while clock.now() < until:
            clock.set(clock.now() + timedelta(hours=1))
            _, state = ask(slack, "GET", "/playground/state?as=U0ADA")
            seen.append((datetime.fromisoformat(state["now"]), state["turning"]))

    slack.control.pass_time = hour_by_hour
    slack.turn_clock(datetime(2026, 3, 2, 12, tzinfo=UTC))

    assert [(datetime(2026, 3, 2, hour, tzinfo=UTC), True) for hour in (11, 12)] == seen


def test_clock_over_a_running_one() -> None:
    """Over the machine's clock, the hands run on from where they were put."""
    hands = Hands(SystemClock())
    wanted = datetime(2026, 3, 2, 10, tzinfo=UTC)
    hands.turn_to(wanted)

    assert 0 <= (hands.now() - wanted).total_seconds() < 5
    assert datetime(2026, 3, 9, 9, tzinfo=UTC) == next_working_morning(
        datetime(2026, 3, 6, 8, tzinfo=UTC), "Europe/Paris"
    )


def test_message_times_only_grow(slack: Playground, clock: HandClock, web: WebClient) -> None:
    """Turned back, the clock gives no message a time that another has or that lies before it."""
    first = web.chat_postMessage(channel="U0ADA", text="x")["ts"]
    clock.set(datetime(2026, 1, 1, tzinfo=UTC))
    second = web.chat_postMessage(channel="U0BEN", text="x")["ts"]

    assert float(first) < float(second)


def test_faults_by_the_door(slack: Playground, web: WebClient) -> None:
    """Faults are ordered and cleared from outside; killing is for harnesses that were allowed it."""
    _, ordered = post(slack, "fault", method="chat.postMessage", kind="drop_after", times=2)
    refusals = [_error(post(slack, "fault", kind=kind, pid=1)) for kind in ("kill_before", "explode")]
    post(slack, "clear_faults")
    web.chat_postMessage(channel="U0ADA", text="x")

    assert {"chat.postMessage": ["drop_after", "drop_after"]} == ordered["waiting"]
    assert [(400, "not_allowed"), (400, "unknown_fault")] == refusals
    assert [{"method": "chat.postMessage", "error": ""}] == ask(slack, "GET", "/playground/calls")[1]["calls"]


def test_playground_in_a_process_of_its_own(tmp_path: Path) -> None:
    """It prints its address, keeps its journal on disk before it answers, and ends on SIGTERM with 0."""
    kept = tmp_path / "journal.jsonl"
    arguments = [sys.executable, "-m", "bot.playground.server", "--journal", str(kept)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        word, api_url = process.stdout.readline().split()
        WebClient(token="xoxb-playground", base_url=api_url, retry_handlers=[]).chat_postMessage(
            channel="U0ADA", text="x"
        )
        at_once = journal.read(kept)
        process.send_signal(signal.SIGTERM)
        ended = process.wait(timeout=20)

    assert ("ready", [("U0ADA", "x")], 0) == (word, [(s.to, s.text) for s in at_once], ended)


def test_members_from_a_file(tmp_path: Path) -> None:
    """Members come from JSON; anything else is one sentence and exit code 2."""
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text('[{"slack_id": "U1", "email": "a@x.example", "name": "A", "flags": ["is_bot"]}]')
    bad.write_text('[{"nickname": "x"}]')

    assert [("U1", False)] == [(member.slack_id, member.is_employee) for member in read_members(good)]
    with pytest.raises(InputError, match="must be a JSON list of members"):
        read_members(bad)
    assert 2 == main(["--members", str(tmp_path / "absent.json")])


def test_the_cast_is_invented() -> None:
    """Everybody lives under .example, has an id of their own, and a story where they can be played."""
    assert [] == [member.email for member in CAST if not member.email.endswith(".example")]
    assert len(CAST) == len({member.slack_id for member in CAST})
    assert [] == [member.name for member in CAST if member.is_employee and not member.story]


def _error(reply: tuple[int, Any]) -> tuple[int, str]:
    return reply[0], reply[1]["error"]
