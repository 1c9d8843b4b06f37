"""The tips in Slack, for enablement leads: all of them, one of them, the form to write or translate it, the preview.

No figure stands here, nor who got a tip: only words, and when they may be said. `handlers/tip_editor.py` shows it.
Next: `bot/views/campaign_preview.py`, by which the preview is made.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from bot.domain.languages import ENGLISH, LANGUAGES, Language
from bot.domain.tip_fields import (
    HEAD,
    LINK,
    LONGEST_LINK,
    LONGEST_OWNER,
    LONGEST_TEXT,
    TEXTS,
    fields_of,
    fields_of_words,
    print_of,
)
from bot.domain.tips import PLACEHOLDERS, SAMPLE_FACTS, LinkKind, Tip, TipWords
from bot.errors import InputError
from bot.views import campaign_words as words
from bot.views import form, modal, pieces
from bot.views.campaign_preview import sample
from bot.views.ids import Action, Callback, Payload
from bot.views.message import Message
from bot.views.pieces import Block

View = dict[str, Any]

LONGEST_METADATA = 3000
"""What Slack lets a view carry: a draft that is being looked at has to fit."""
SAVED = "Saved. It is said like this from now on."
CHANGED_MEANWHILE = (
    "Somebody else changed this tip since you opened it. Below is what you typed: if you save it, it replaces theirs."
)
ENDED = "Ended. It is not sent any more, not even where it was already planned."

_TITLE = "Tips"
_MOST_TOPICS = 80
_MOST_OPTIONS = 100
_LINKS = {
    LinkKind.DOC: "A vendor's page",
    LinkKind.INTERNAL: "A page of your own",
    LinkKind.ACTION: "Something in Slack",
    LinkKind.HUMAN: "A person to ask",
}


@dataclass(frozen=True)
class Draft:
    """What was typed and is not saved: of which tip, in which language, field by field. `is_new`: the id is typed too.
    `was` is the print of the tip as it stood when it was opened.

    It travels with the view that shows it, through the lead's own machine, so it is checked again when it is saved.
    """

    tip_id: str
    language: Language
    fields: Mapping[str, str]
    is_new: bool = False
    was: str = ""

    def dump(self) -> str:
        """As JSON for the view."""
        said = {"t": self.tip_id, "l": self.language.code, "n": self.is_new, "w": self.was, "f": dict(self.fields)}
        return json.dumps(said, separators=(",", ":"), ensure_ascii=False)


def read_draft(metadata: str) -> Draft:
    """A draft as it came back. Raises InputError for what `dump` would not have made."""
    try:
        said = json.loads(metadata)
        fields = {str(name): str(value) for name, value in said["f"].items()}
        draft = Draft(str(said["t"]), LANGUAGES[said["l"]], fields, said["n"] is True, str(said["w"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError("a form of a tip that we did not make") from None
    if set(fields) - {*HEAD, *TEXTS, LINK} or fields.get("id", draft.tip_id) != draft.tip_id:
        raise InputError("a form of a tip that says two things")
    return draft


def listing(tips: Sequence[Tip], today: date) -> View:
    """All tips, by family, and the ways on."""
    families: dict[str, list[Tip]] = {}
    for tip in tips:
        families.setdefault(tip.topic, []).append(tip)
    blocks = [
        pieces.section("What Kindling may say, in one place. Open a tip to look at it, change, end or translate it."),
        pieces.row(_opener(families), pieces.button("Write a new tip", Action.TIP_NEW)),
    ]
    for topic in sorted(families)[:_MOST_TOPICS]:
        lines = [_line(tip, today) for tip in families[topic]]
        blocks.append(pieces.section("\n".join(lines), words.family(topic)))
    if len(families) > _MOST_TOPICS:
        blocks.append(pieces.small_print("There are more; all of them can be opened above."))
    blocks.append(
        pieces.small_print("Who got a tip is seen by nobody but them. What you change is written down, by role.")
    )
    return _shown(_TITLE, blocks)


def page(tip: Tip, today: date, said: str = "") -> View:
    """One tip as it stands, with its placeholders, in every language."""
    blocks = [pieces.section(f"*{said}*")] if said else []
    blocks.append(pieces.section("\n".join(_facts(tip, today)), words.tip(tip.tip_id)))
    blocks += [pieces.divider(), *_raw(ENGLISH.name, TipWords(tip.text, tip.try_this, tip.how_to))]
    for language in _others():
        there = tip.elsewhere.get(language.code)
        nothing = f"Not there in {language.name} yet: whoever has Slack in {language.name} gets it in English."
        blocks += [pieces.divider(), *(_raw(language.name, there) if there else [pieces.small_print(nothing)])]
    key = Payload(tip_id=tip.tip_id)
    end = [_end(key)] if tip.expires_on >= today else []
    into = [
        pieces.button(f"Words in {other.name}", Action.TIP_TRANSLATE, Payload(tip_id=tip.tip_id, choice=other.code))
        for other in _others()
    ]
    blocks.append(
        pieces.row(
            pieces.button("Preview", Action.TIP_PREVIEW, key), pieces.button("Edit", Action.TIP_EDIT, key), *into, *end
        )
    )
    blocks.append(_back())
    return _shown("A tip", blocks)


def paused(campaigns: int) -> str:
    """What a change of words did to campaigns that a second lead had approved."""
    if not campaigns:
        return ""
    them = "One campaign that sends it is" if campaigns == 1 else f"{campaigns} campaigns that send it are"
    return f" {them} paused now, until two leads have looked at the new words: one who asks, and another who approves."


def preview(tip: Tip) -> View:
    """The message exactly as a person would get it, with sample facts, in every language that the tip has."""
    back = pieces.row(pieces.button("Back to the tip", Action.TIP_OPEN, Payload(tip_id=tip.tip_id)))
    return _shown("Preview", [*_samples(tip), back])


def looked_at(tip: Tip, draft: Draft) -> View:
    """What was typed, as a person would get it, before it is saved."""
    said = pieces.section("Nothing is saved yet. This is how people would get it.")
    only = draft.language if tip.elsewhere and draft.language is not ENGLISH else None
    change = pieces.row(pieces.button("Change it again", Action.TIP_CHANGE))
    blocks = [said, *_samples(tip, only), change]
    return form.form("Preview", blocks, sent_to=Callback.TIP_SAVE, submit="Save", metadata=draft.dump())


def edit(draft: Draft, said: str = "") -> View:
    """The form for a tip in English, with all that holds for it in every language."""
    given, top = draft.fields, [pieces.section(f"*{said}*")] if said else []
    if draft.is_new:
        hint = "Small letters, digits and dashes. What was sent is remembered by it, so it is never changed."
        top.append(form.typed("id", "Id", given.get("id", ""), longest=64, hint=hint))
    else:
        top.append(pieces.small_print(f"*{words.tip(draft.tip_id)}* ({pieces.quiet(draft.tip_id, 64)})"))
    blocks = [*top, *_head(given), *_texts(given, ENGLISH)]
    return _to_send("A new tip" if draft.is_new else "Edit a tip", blocks, draft)


def translate(tip: Tip, draft: Draft, said: str = "") -> View:
    """The form for the words in another language, with the English ones beside the fields."""
    top = [pieces.section(f"*{said}*")] if said else []
    top += _raw(ENGLISH.name, TipWords(tip.text, tip.try_this, tip.how_to))
    return _to_send(f"In {draft.language.name}", [*top, pieces.divider(), *_texts(draft.fields, draft.language)], draft)


def gone() -> View:
    """For a button of a tip that is not there any more."""
    return _shown(_TITLE, [pieces.section("There is no such tip any more. Nothing was changed."), _back()])


def drafted(tip: Tip, language: Language) -> Draft:
    """What stands in the form when it is opened."""
    if language is ENGLISH:
        return Draft(tip.tip_id, language, fields_of(tip), was=print_of(tip))
    there = tip.elsewhere.get(language.code)
    return Draft(tip.tip_id, language, fields_of_words(there) if there else {}, was=print_of(tip))


def _opener(families: Mapping[str, Sequence[Tip]]) -> Block:
    """The choice of a tip, by family: Slack takes a hundred of them, and a hundred tips in each."""
    groups = [
        {
            "label": pieces.plain(words.family(topic), 75),
            "options": [
                {"text": pieces.plain(words.tip(tip.tip_id), 75), "value": Payload(tip_id=tip.tip_id).dump()}
                for tip in families[topic][:_MOST_OPTIONS]
            ],
        }
        for topic in sorted(families)[:_MOST_OPTIONS]
    ]
    return {
        "type": "static_select",
        "action_id": Action.TIP_OPEN.value,
        "placeholder": pieces.plain("Open a tip", 150),
        "option_groups": groups,
    }


def _line(tip: Tip, today: date) -> str:
    codes = [ENGLISH.code, *sorted(tip.elsewhere)]
    return f"• {words.tip(tip.tip_id)}: {_about(tip)}. In {_languages(codes)}, {_until(tip, today)}."


def _facts(tip: Tip, today: date) -> Iterator[str]:
    yield f"For: {_about(tip)}."
    yield f"People: {pieces.listing([words.ROLES[role] for role in sorted(tip.roles)]) or 'everybody'}."
    yield f"Family: {words.family(tip.topic)}. Kept true by {pieces.quiet(tip.owner, LONGEST_OWNER)}."
    yield f"It is sent {_until(tip, today)}." if tip.expires_on >= today else f"It is {_until(tip, today)}."
    yield f"It leads to: {_LINKS[tip.link_kind].lower()}{f' ({tip.link})' if tip.link else ''}."
    yield f"Id: {pieces.quiet(tip.tip_id, 64)}"


def _about(tip: Tip) -> str:
    return pieces.listing([f"“{words.about(trigger)}”" for trigger in sorted(tip.triggers)], "or")


def _until(tip: Tip, today: date) -> str:
    day = pieces.day(tip.expires_on, today)
    return f"until {day}" if tip.expires_on >= today else f"not sent any more after {day}"


def _languages(codes: Sequence[str]) -> str:
    return pieces.listing([LANGUAGES[code].name for code in codes if code in LANGUAGES])


def _others() -> list[Language]:
    return [language for language in LANGUAGES.values() if language is not ENGLISH]


def _raw(title: str, said: TipWords) -> list[Block]:
    """The words with their placeholders, as they would be typed."""
    return [pieces.section(said.text, title), pieces.section(said.try_this), pieces.section(said.how_to)]


def _samples(tip: Tip, only: Language | None = None) -> list[Block]:
    blocks: list[Block] = []
    for language in (ENGLISH, *_others()):
        is_there = language is ENGLISH or language.code in tip.elsewhere
        if is_there and only in (None, language):
            blocks.append(pieces.small_print(f"*{language.name}*, with invented facts. The buttons do nothing here."))
            blocks += [*sample(tip, language.code), pieces.divider()]
    return blocks


def _head(given: Mapping[str, str]) -> list[Block]:
    return [
        form.typed(
            "topic", "Family", given.get("topic", ""), longest=64, hint="Tips on one subject share it, as: right-model"
        ),
        form.some_of(
            "triggers", "For", [(said, key) for key, said in words.ABOUT.items()], _several(given, "triggers")
        ),
        form.some_of(
            "roles",
            "People",
            [(said, key) for key, said in words.ROLES.items()],
            _several(given, "roles"),
            hint="Nobody chosen means everybody; most people have no role in the roster.",
            optional=True,
        ),
        form.typed("owner", "Kept true by", given.get("owner", "enablement"), longest=LONGEST_OWNER),
        form.day("expires_on", "Sent until", _day(given.get("expires_on", ""))),
        form.one_of(
            "link_kind", "It leads to", [(said, kind.value) for kind, said in _LINKS.items()], given.get("link_kind")
        ),
    ]


def _texts(given: Mapping[str, str], language: Language) -> list[Block]:
    names = [name for name in PLACEHOLDERS if language.fact(name, SAMPLE_FACTS) is not None]
    holes = f"The person's own facts: {', '.join(f'{{{name}}}' for name in names)}."
    short = f"Together with the text at most {LONGEST_TEXT} characters."
    return [
        form.typed("text", "What was seen", given.get("text", ""), long=True, hint=holes),
        form.typed("try", "One thing to try", given.get("try", ""), long=True, hint=short),
        form.typed("how", "How, in small steps", given.get("how", ""), long=True),
        form.typed(LINK, "Link", given.get(LINK, ""), longest=LONGEST_LINK, optional=True, hint="From https:// on."),
    ]


def _to_send(title: str, blocks: Sequence[Block], draft: Draft) -> View:
    about = replace(draft, fields={})
    return form.form(title, blocks, sent_to=Callback.TIP_FORM, submit="Look at it", metadata=about.dump())


def _several(given: Mapping[str, str], name: str) -> list[str]:
    return [one.strip() for one in given.get(name, "").split(",")]


def _day(said: str) -> date | None:
    try:
        return date.fromisoformat(said)
    except ValueError:
        return None


def _end(key: Payload) -> Block:
    confirm = {
        "title": pieces.plain("End this tip?", 100),
        "text": pieces.plain("It is not sent any more, from now on. To bring it back, edit it and choose a later day."),
        "confirm": pieces.plain("End it", 30),
        "deny": pieces.plain("Keep it", 30),
    }
    return {**pieces.button("End it now", Action.TIP_END, key, danger=True), "confirm": confirm}


def _back() -> Block:
    return pieces.row(pieces.button("All tips", Action.NUDGE_TIPS))


def _shown(title: str, blocks: Sequence[Block]) -> View:
    return modal.modal(title, Message("", list(blocks)))
