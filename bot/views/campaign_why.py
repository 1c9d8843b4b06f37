"""How a campaign works: whom it counts, who is drawn, what is compared, with every threshold and version (P11).

`handlers/campaign_looks.py` shows it. It knows the words of the rules, and nobody's rows. Next:
`bot/views/campaign_preview.py`.
"""

from __future__ import annotations

from bot.domain import adoption, audience, nudging
from bot.domain.adoption import ZERO_STATES
from bot.domain.campaigns import FOLLOW_UP_DAYS, LEAST_GAP_DAYS, Plan, is_about_use
from bot.domain.experiment import opt_outs, publishing
from bot.domain.waste.thresholds import version_of
from bot.views import campaign_words as words
from bot.views import pieces, rules
from bot.views.campaign_words import FIRST_LINE
from bot.views.message import Message, compose

TITLE = "How it works"

_COUNTED = (
    f"Numbers of people are blurred: moved by up to {audience.MOST_MOVED} either way by a draw that nobody can repeat "
    f"without the key of this installation, and rounded to {audience.ROUNDED_TO}. The same question has the same "
    f"answer all week. Of those among whom people are sought, at most all but {audience.NEVER_ALL} are counted. Of "
    f"fewer than {audience.LEAST} people no number is said, and whoever was not judged in the last "
    f"{audience.FRESH_DAYS} days is not counted."
)
_WRITTEN_TO = (
    f"At most one message in {nudging.WEEK.days} days and {nudging.MOST_IN_FOUR_WEEKS} in four weeks, whatever runs "
    "beside it; in the person's own working hours; never on leave, on a holiday, or after they said stop. What led to "
    "it is looked at again just before it is sent, and it is not sent when it is no longer true."
)


def message(plan: Plan) -> Message:
    """The rules behind one campaign."""
    return compose(
        FIRST_LINE,
        [
            pieces.section(_matching(plan), "Who matches"),
            pieces.section(_COUNTED, "How they are counted"),
            pieces.section(_WRITTEN_TO, "Who is written to, and when"),
            pieces.section(_drawn(plan), "Who is drawn to hear nothing"),
            pieces.section(_helped(plan), "What counts as having helped"),
            pieces.section(_SAID, "When something is said of it"),
            pieces.small_print(f"Rules {_versions(plan)}."),
        ],
    )


def _matching(plan: Plan) -> str:
    return (
        f"{words.about(plan.audience.trigger)}. Whoever gets the message reads under “Why this?”:\n"
        f"“{rules.rule_of(plan.audience.trigger)}”"
    )


def _drawn(plan: Plan) -> str:
    if plan.holdout_percent == 0:
        return "Nobody. So nobody can tell later whether it helped."
    return (
        f"{plan.holdout_percent} of 100, by a draw that is made once when they are taken in, within each team and each "
        f"stage, and never changed. They hear nothing about this for {FOLLOW_UP_DAYS} days, from this campaign or "
        "from me. Who they are is shown to nobody."
    )


def _helped(plan: Plan) -> str:
    """What is looked at when the follow-up is over; never how much somebody used."""
    trigger = plan.audience.trigger
    if not is_about_use(trigger):
        wished = "the pattern was not found again in the days that end then"
    elif trigger in ZERO_STATES:
        wished = "a tool was used on at least one day"
    else:
        wished = "a tool was used in at least three of the four weeks"
    return (
        f"{FOLLOW_UP_DAYS} days after somebody was drawn: {wished}. How much was used never counts. Whose days I could "
        "not see counts as unknown, and not as a no. Everybody counts where they were drawn, whether or not a message "
        "reached them."
    )


_SAID = (
    f"Once a week, when it is known of at least {publishing.LEAST_PEOPLE} people on each side, and of at least "
    f"{publishing.LEAST_OUTCOMES} on each side that they did and that they did not; afterwards in steps of at least "
    f"{publishing.LEAST_NEW} more on each side. The range holds 95 of 100 times, however often one looks. Somebody who "
    f"said stop is charged as one whom it would have helped, “not helpful” as a tenth of that; when clearly more than "
    f"{opt_outs.TOLERABLE_STOPS * 100:g} of 100 say stop, it stops by itself. It stops as well when the whole "
    "range, after that charge, lies below nothing."
)


def _versions(plan: Plan) -> str:
    trigger = plan.audience.trigger
    rule = adoption.RULE_VERSION if is_about_use(trigger) else version_of(trigger)
    gap = f"; at least {LEAST_GAP_DAYS} days between two messages" if len(plan.steps) > 1 else ""
    return f"{rule}, {nudging.RULE_VERSION}{gap}"
