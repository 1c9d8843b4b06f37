"""The ids that travel to Slack and come back with a tap, and the small payloads that buttons carry.

A payload holds an opaque key of a nudge, a group or a campaign, a number of weeks or one of a few choices, and nothing
about the person: whatever comes back is looked up again for the one who tapped. Next: `bot/views/pieces.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.errors import InputError

SNOOZE_WEEKS = (2, 4, 12)

_KEY = re.compile(r"[A-Za-z0-9_-]{1,40}")
_TIP_ID = re.compile(r"[a-z0-9-]{1,64}")
_CHOICE = re.compile(r"[a-z_]{1,32}")
_LONGEST_PAYLOAD = 150  # what Slack allows for the value of an option


class Action(StrEnum):
    """Every `action_id` that Kindling emits."""

    SHOW_ME = "tip_show_me"
    NO_ACCESS = "tip_no_access"
    OTHER_TOOL = "tip_other_tool"
    NOT_MY_WORK = "tip_not_my_work"
    NOT_ALLOWED = "tip_not_allowed"
    ON_LEAVE = "tip_on_leave"
    WAS_MEANT = "tip_was_meant"
    BARRIER = "tip_barrier"
    PLAN_WHEN = "plan_when"
    PLAN_FORGET = "plan_forget"
    PAIR_REQUEST = "pair_request"
    PAIR_TAKE_BACK = "pair_take_back"
    PAIR_YES = "pair_yes"
    PAIR_NO = "pair_no"
    PAIR_OFFER = "pair_offer"
    PAIR_OFFER_NO_MORE = "pair_offer_no_more"
    HELPFUL = "tip_helpful"
    NOT_HELPFUL = "tip_not_helpful"
    WHY_TIP = "tip_why"
    HELPED_CLEARLY = "check_in_clearly"
    HELPED_SOMEWHAT = "check_in_somewhat"
    HELPED_NOT_REALLY = "check_in_not_really"
    SAVING = "check_in_saving"
    WENT_TO = "check_in_went_to"
    NO_QUESTIONS = "check_in_no_more"
    TAKE_BACK = "take_back"
    SNOOZE = "snooze"
    STOP = "stop"
    PAUSE = "pause"
    RESUME = "resume"
    SHOW_CARD = "card_show"
    WHY_CARD = "card_why"
    ONE_THING = "card_one_thing"
    WEEKS = "card_weeks"
    WHAT_IS_HELD = "held"
    EXPORT = "export"
    FORGET = "forget"
    FORGET_NOW = "forget_now"
    LEAVE_OUT = "leave_out"
    KEEP = "forget_not"
    OPEN_LINK = "open_link"
    TEAM_OPEN = "team_open"
    TEAM_WHY = "team_why"
    TEAM_EACH_WEEK = "team_each_week"
    TEAM_NO_MORE = "team_no_more"
    NUDGE_NEW = "nudge_new"
    NUDGE_TIPS = "nudge_tips"
    NUDGE_HELP = "nudge_help"
    NUDGE_ALL_OFF = "nudge_all_off"
    NUDGE_ALL_ON = "nudge_all_on"
    NUDGE_OPEN = "nudge_open"
    NUDGE_EDIT = "nudge_edit"
    NUDGE_PREVIEW = "nudge_preview"
    NUDGE_DRY_RUN = "nudge_dry_run"
    NUDGE_START = "nudge_start"
    NUDGE_APPROVE = "nudge_approve"
    NUDGE_TO_DRAFT = "nudge_to_draft"
    NUDGE_PAUSE = "nudge_pause"
    NUDGE_GO_ON = "nudge_go_on"
    NUDGE_STOP = "nudge_stop"
    NUDGE_RESULTS = "nudge_results"
    NUDGE_WHY = "nudge_why"
    TIP_OPEN = "own_tip_open"
    TIP_NEW = "own_tip_new"
    TIP_EDIT = "own_tip_edit"
    TIP_TRANSLATE = "own_tip_translate"
    TIP_PREVIEW = "own_tip_preview"
    TIP_END = "own_tip_end"
    TIP_CHANGE = "own_tip_change"


class Callback(StrEnum):
    """Every `callback_id` of a view."""

    HOME = "home"
    ANSWER = "answer"
    CAMPAIGN_WHO = "campaign_who"
    CAMPAIGN_WHAT = "campaign_what"
    TIP_FORM = "own_tip_form"
    TIP_SAVE = "own_tip_save"


@dataclass(frozen=True)
class Payload:
    """What a button or an option carries: which message it stood under, for how many weeks, which of a few choices,
    which group of people, which campaign, which tip. All may be absent.
    """

    nudge_key: str | None = None
    weeks: int | None = None
    choice: str | None = None
    group_key: str | None = None
    campaign_key: str | None = None
    tip_id: str | None = None

    def dump(self) -> str:
        """As short JSON, for the `value` of a button or option."""
        fields: dict[str, str | int] = {}
        if self.nudge_key is not None:
            fields["n"] = self.nudge_key
        if self.weeks is not None:
            fields["w"] = self.weeks
        if self.choice is not None:
            fields["c"] = self.choice
        if self.group_key is not None:
            fields["g"] = self.group_key
        if self.campaign_key is not None:
            fields["k"] = self.campaign_key
        if self.tip_id is not None:
            fields["t"] = self.tip_id
        return json.dumps(fields, separators=(",", ":"))


def parse(value: str | None) -> Payload:
    """Read a `value` that came back from Slack; an absent or empty one is an empty payload.

    Raises InputError for anything that Kindling would not have written, so that nothing invented reaches a query.
    """
    if not value:
        return Payload()
    fields = _fields(value)
    weeks, choice = fields.get("w"), fields.get("c")
    if set(fields) - {"n", "w", "c", "g", "k", "t"}:
        raise _not_ours()
    if weeks is not None and (isinstance(weeks, bool) or weeks not in SNOOZE_WEEKS):
        raise _not_ours()
    if choice is not None and not (isinstance(choice, str) and _CHOICE.fullmatch(choice)):
        raise _not_ours()
    return Payload(
        nudge_key=_key(fields, "n"),
        weeks=weeks,
        choice=choice,
        group_key=_key(fields, "g"),
        campaign_key=_key(fields, "k"),
        tip_id=_key(fields, "t", _TIP_ID),
    )


def _key(fields: Mapping[str, object], name: str, form: re.Pattern[str] = _KEY) -> str | None:
    key = fields.get(name)
    if key is not None and not (isinstance(key, str) and form.fullmatch(key)):
        raise _not_ours()
    return key


def _fields(value: str) -> dict[str, object]:
    if len(value) > _LONGEST_PAYLOAD:
        raise _not_ours()
    try:
        fields = json.loads(value)
    except ValueError:
        raise _not_ours() from None
    if not isinstance(fields, dict):
        raise _not_ours()
    return fields


def _not_ours() -> InputError:
    return InputError("This button is not one that Kindling made; open /ai-stats and use the buttons there.")
