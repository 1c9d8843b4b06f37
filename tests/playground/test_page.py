"""The page in a real browser: by keyboard, on a phone, with hostile words, without a word to the outside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, Request, expect
from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.playground.cast import EMPLOYEES, Member
from bot.playground.server import Playground
from tests.playground import echo
from tests.playground.browser import chromium, missing

Open = Callable[..., Page]
PHONE = {"width": 390, "height": 844}
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "&lt;img src=x onerror=alert(1)&gt; &amp;lt;b&amp;gt;",
    "<javascript:alert(1)|harmless>",
    "<https://a.example/?q=1&amp;r=2|*good* link>",
    "*<script>alert(1)</script>*",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def open_page(browser: Browser, slack: Playground) -> Iterator[Open]:
    """Open the page as a member; afterwards nothing may have been complained of or asked of the outside."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_as(member_id: str = "U0ADA", *, size: dict[str, int] | None = None, **more: str) -> Page:
        context = browser.new_context(viewport=size or {"width": 1280, "height": 800}, **more)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(8000)
        listen(page, slack.page_url, complaints)
        page.goto(f"{slack.page_url}#{member_id}")
        page.wait_for_selector("#story strong")
        return page

    yield open_as
    for context in contexts:
        context.close()
    assert [] == complaints


def listen(page: Page, origin: str, complaints: list[str]) -> None:
    """Keep every error, warning and dialog of a page, and every request that leaves the playground."""

    def console(said: ConsoleMessage) -> None:
        if said.type in ("error", "warning"):
            complaints.append(said.text)

    def dialog(opened: Dialog) -> None:
        complaints.append(opened.message)
        opened.dismiss()

    def request(asked: Request) -> None:
        if not asked.url.startswith(origin):
            complaints.append(asked.url)

    page.on("console", console)
    page.on("dialog", dialog)
    page.on("request", request)
    page.on("pageerror", lambda error: complaints.append(str(error)))


def test_a_walk_by_keyboard(slack: Playground, bot: App, open_page: Open) -> None:
    """Without a mouse: ask for the card, choose from a menu, fill in a form, leave another with Escape."""
    page = open_page()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the skip link leads to the message box
    page.keyboard.type("/ai-stats h")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#composer-input")).to_have_value("/ai-stats help")
    page.keyboard.press("Enter")
    expect(page.locator(".message.ephemeral")).to_contain_text("Only you can see this")
    expect(page.locator("#composer-input")).to_have_value("")

    for _ in range(6):  # back over "Send" and the row of the card's buttons
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.textContent") == "Snooze":
            break
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".message").last).to_contain_text("Chosen: 4 weeks")

    page.get_by_role("button", name="Open form").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Tell me more")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#modal")).not_to_be_visible()

    page.get_by_role("button", name="Open form").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Tell me more")).to_be_visible()
    page.get_by_role("button", name="Send", exact=True).last.press("Enter")
    expect(page.get_by_role("alert").first).to_have_text("Please complete this required field.")
    expect(page.get_by_label("In your words")).to_be_focused()
    page.keyboard.type("ten minutes of help")
    page.get_by_role("button", name="Send", exact=True).last.press("Enter")
    expect(page.locator(".message").last).to_contain_text("You wrote: ten minutes of help")
    expect(page.locator("#live")).to_contain_text("You wrote: ten minutes of help")


def test_everything_can_be_reached_by_tab(slack: Playground, bot: App, open_page: Open) -> None:
    """Tab passes everybody and everything one can press, and the focus can be seen on each."""
    slack.command("U0ADA")
    page = open_page()
    page.wait_for_selector(".message")
    names = set()
    for _ in range(30):
        page.keyboard.press("Tab")
        names.add(
            page.evaluate("document.activeElement.getAttribute('aria-label') || document.activeElement.innerText")
        )

    wanted = {"Messages", "Helpful", "Not helpful", "Snooze", "More choices", "Open form", "Send"}
    assert set() == (wanted | {"+1 hour", "+1 week", "Next working morning", "Go", "For developers"}) - names


def test_hostile_words_stay_words(slack: Playground, web: WebClient, open_page: Open) -> None:
    """Markup in texts, fields, buttons and file names is shown as it is written; entities are taken back once."""
    for words in HOSTILE:
        web.chat_postMessage(channel="U0ADA", text=words)
    nasty = "<img src=x onerror=alert(2)>"
    blocks: list[echo.Json] = [
        {"type": "header", "text": echo.plain(nasty)},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": nasty}, echo.plain(nasty)]},
        {"type": "actions", "elements": [echo.button(nasty, "a", url="javascript:alert(3)")]},
    ]
    web.chat_postMessage(channel="U0ADA", text="x", blocks=blocks)
    web.files_upload_v2(channel="D0ADA", filename=f"{nasty}.json", content=b"{}", title=nasty)
    page = open_page()
    expect(page.locator(".message")).to_have_count(len(HOSTILE) + 2)
    told = page.locator(".message .body")

    expect(told.nth(1)).to_contain_text("<img src=x onerror=alert(1)> &lt;b&gt;")
    expect(page.locator(".b-header")).to_have_text(nasty)
    assert 0 == page.locator("#timeline .body img, #timeline script, a[href^='javascript']").count()
    assert ["https://a.example/?q=1&r=2"] == [link.get_attribute("href") for link in page.locator(".b-words a").all()]


def test_marks_and_dates(slack: Playground, web: WebClient, open_page: Open) -> None:
    """The marks that the bot writes are drawn; a date is told in the reader's own time zone."""
    stamp = int(datetime(2026, 3, 2, 10, tzinfo=UTC).timestamp())
    words = f"*bold* _it_ ~no~ `a*b*` 2*3*4 <@U0BEN> <!date^{stamp}^{{date_short}} {{time}}|then>"
    web.chat_postMessage(channel="U0EMI", text=words)
    page = open_page("U0EMI")
    drawn = page.locator(".message .b-words")

    expect(drawn).to_have_text("bold it no a*b* 2*3*4 @Ben Castell 2 Mar 2026 19:00")
    assert ["bold", "it", "no", "a*b*"] == drawn.locator("strong, em, s, code").all_inner_texts()


@pytest.mark.parametrize("size", [PHONE, {"width": 1280, "height": 800}], ids=["phone", "desk"])
def test_a_chart_and_its_numbers(web: WebClient, open_page: Open, size: dict[str, int]) -> None:
    """The chart is for the eye; by keyboard its numbers open as a table, unseen weeks named. Words stay words."""
    nasty = "<img src=x onerror>"
    chart = bar_chart({"With use": [3, 0, 5], nasty: [0, 5, 0]}, ["2 Feb", "9 Feb: not visible", nasty])
    table = {"type": "table", "rows": [[{"type": "raw_text", "text": text} for text in ("Week", nasty)]] * 2}
    web.chat_postMessage(channel="U0ADA", text="x", blocks=[chart, table])
    page = open_page(size=size)
    drawn = page.get_by_role("figure", name="Days")
    expect(drawn.locator(".column").nth(1)).to_contain_text("9 Feb: not visible")
    drawn.locator("summary").focus()
    page.keyboard.press("Enter")

    expect(drawn.get_by_role("row", name="9 Feb: not visible")).to_have_text("9 Feb: not visible05")
    expect(drawn.get_by_role("columnheader", name="With use")).to_be_visible()
    expect(page.locator(".b-table").last).to_contain_text(nasty)
    heights = [pole.bounding_box() for pole in drawn.locator(".tone-of-0.pole").all()]
    assert [True, False, True] == [bool(box and box["height"] > 5) for box in heights]
    assert 0 == page.locator("#timeline .body img").count()
    assert size["width"] == page.evaluate("document.documentElement.scrollWidth")


def test_a_chart_beyond_slacks_limits_is_refused(slack: Playground, web: WebClient) -> None:
    """What Slack refuses is refused here: three charts, a point too few, and whatever this workspace does not take."""
    fine, short = bar_chart({"With use": [1]}, ["2 Feb"]), bar_chart({"With use": [1]}, ["2 Feb"])
    short["chart"]["axis_config"]["categories"] = ["2 Feb", "9 Feb"]

    for blocks in ([fine] * 3, [short]):
        with pytest.raises(SlackApiError, match="invalid_blocks"):
            web.chat_postMessage(channel="U0ADA", text="x", blocks=blocks)
    assert web.chat_postMessage(channel="U0ADA", text="x", blocks=[fine])["ok"]
    slack.workspace.refused_blocks = frozenset({"data_visualization"})
    with pytest.raises(SlackApiError, match="invalid_blocks"):
        web.chat_postMessage(channel="U0ADA", text="x", blocks=[fine])


def bar_chart(series: dict[str, list[int]], labels: list[str]) -> echo.Json:
    drawn = [
        {"name": name, "data": [{"label": a, "value": b} for a, b in zip(labels, values, strict=True)]}
        for name, values in series.items()
    ]
    chart = {"type": "bar", "series": drawn, "axis_config": {"categories": labels, "x_label": "Week"}}
    return {"type": "data_visualization", "title": "Days", "chart": chart}


def test_being_somebody_else(slack: Playground, web: WebClient, open_page: Open) -> None:
    """One sees one's own messages only; a dot shows who else has a new one, and App Home is one's own."""
    web.chat_postMessage(channel="U0ADA", text="for Ada")
    page = open_page("U0ADA")
    expect(page.locator(".message")).to_contain_text("for Ada")
    web.chat_postMessage(channel="U0BEN", text="for Ben")
    expect(page.locator("#new-U0BEN")).to_be_visible()
    expect(page.locator("body")).not_to_contain_text("for Ben")
    page.get_by_text("Ben Castell").first.click()
    expect(page.locator("#timeline")).to_contain_text("for Ben")
    expect(page.locator("#timeline")).not_to_contain_text("for Ada")
    expect(page.locator("#story")).to_contain_text("You are Ben Castell")
    expect(page.locator("#new-U0BEN")).not_to_be_visible()


def test_home_clock_and_notes(slack: Playground, bot: App, open_page: Open) -> None:
    """App Home fills when it is opened; the clock moves by button and by field, and what came of it is told."""

    def pass_time(until: datetime) -> None:
        slack.workspace.clock.turn_to(until)
        slack.note(f"Kindling looked at 9 people at {until:%H:%M}")

    slack.control.pass_time = pass_time
    page = open_page("U0ADA")
    page.get_by_role("tab", name="Home").click()
    expect(page.locator("#home")).to_contain_text("Only you see this page")
    page.get_by_role("button", name="+1 hour").click()
    expect(page.locator("#clock-time")).to_have_text("12:00")
    expect(page.locator("#notes")).to_contain_text("Kindling looked at 9 people at 11:00")
    page.fill("#goto-input", "2026-03-05T09:30")
    go = page.get_by_role("button", name="Go", exact=True)
    go.focus()
    slack.note("Something is drawn while the focus is on its way from the field to the button")
    expect(page.locator("#notes")).to_contain_text("Something is drawn")
    go.click()
    expect(page.locator("#clock-day")).to_have_text("Thursday, 5 March 2026, Paris")


def test_download(slack: Playground, web: WebClient, open_page: Open) -> None:
    """A file arrives under its own name with exactly its bytes."""
    web.files_upload_v2(channel="D0ADA", filename="all.json", content=b'{"a": 1}', title="Everything held")
    page = open_page()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download").click()

    assert ("all.json", b'{"a": 1}') == (waiting.value.suggested_filename, waiting.value.path().read_bytes())


def test_on_a_phone(slack: Playground, bot: App, open_page: Open) -> None:
    """At 390 pixels nothing is cut off sideways, the drawers open and close, and the card is all there."""
    page = open_page(size=PHONE, color_scheme="dark", reduced_motion="reduce")
    page.fill("#composer-input", "/ai-stats")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".b-field")).to_have_count(4)
    page.click("#open-time")
    page.get_by_role("button", name="+1 week").click()
    expect(page.locator("#clock-day")).to_contain_text("9 March 2026")
    page.keyboard.press("Escape")
    page.click("#open-people")
    page.get_by_text("Gus Almeida").first.click()
    expect(page.locator("#story")).to_contain_text("You are Gus Almeida")
    expect(page.locator("#people")).not_to_be_visible()

    assert 390 == page.evaluate("document.documentElement.scrollWidth")
    too_wide = "[...document.querySelectorAll('.middle *')].filter(e => e.getBoundingClientRect().right > 391).length"
    assert 0 == page.evaluate(too_wide)


def test_first_visit_finds_a_message(slack: Playground, web: WebClient, open_page: Open) -> None:
    """Who comes for the first time is somebody with a message to read; with nobody's, the first in the list."""
    expect(open_page("").locator("#story")).to_contain_text("You are Ada Moreau")
    web.chat_postMessage(channel="U0BEN", text="for Ben")
    expect(open_page("").locator("#story")).to_contain_text("You are Ben Castell")


def test_drawer_keeps_the_focus_and_closes(slack: Playground, bot: App, open_page: Open) -> None:
    """An open drawer leaves nothing behind it to press, and its own button closes it."""
    page = open_page(size=PHONE, reduced_motion="reduce")
    page.click("#open-people")
    assert page.evaluate("document.getElementById('middle').inert")
    page.locator("#people").get_by_role("button", name="Close").click()

    expect(page.locator("#people")).not_to_be_visible()
    expect(page.locator("#open-people")).to_be_focused()
    assert not page.evaluate("document.getElementById('middle').inert")


def test_large_company_is_folded(slack: Playground, web: WebClient, open_page: Open) -> None:
    """Beyond a dozen, those with a story stand first; the others are folded away, can be found, and show new mail."""
    for number in range(40):
        slack.add_member(Member(f"U1{number:03}", f"p{number}@lantern.example", f"Person Nr{number}"))
    page = open_page()
    expect(page.locator(".person:visible")).to_have_count(len(EMPLOYEES))
    web.chat_postMessage(channel="U1007", text="for seven")
    expect(page.locator("#new-others")).to_have_text("1 with a new message")
    page.get_by_text("40 more colleagues").click()
    page.get_by_label("Find a colleague").fill("nr7")
    page.get_by_text("Person Nr7").click()
    expect(page.locator("#timeline")).to_contain_text("for seven")


def test_what_is_gone_is_said(slack: Playground, bot: App, open_page: Open) -> None:
    """A button that vanished while it was pressed is told in words."""
    slack.command("U0ADA")
    page = open_page()
    page.wait_for_selector(".message")
    page.route("**/playground/press", lambda route: route.fulfill(json={"ok": False, "error": "no_such_element"}))
    page.get_by_role("button", name="Not helpful").click()
    expect(page.locator("#refused")).to_have_text("That could not be done (no such element).")


def test_without_a_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """No browser means a loud skip on a desk and a failure in CI."""
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="NOT tested"):
        missing()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="NOT tested"):
        missing()


def test_fault_menu(slack: Playground, web: WebClient, open_page: Open) -> None:
    """A developer orders a fault on the page, and the next call goes wrong."""
    page = open_page()
    page.get_by_text("For developers").click()
    page.locator("#fault-kinds").select_option("rate_limited")
    page.get_by_role("button", name="Order this fault").click()
    expect(page.locator("#ordered")).to_contain_text("chat.postMessage: rate limited")

    assert {"chat.postMessage": ["rate_limited"]} == slack.faults.waiting()
