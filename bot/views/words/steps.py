"""The words of the next steps from zero to one, by language: five causes and if-then plans.

Next: `bot/views/barriers.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.plans import Cue
from bot.domain.told import Answer


@dataclass(frozen=True)
class Steps:
    """The words, by the place where they stand. Names in braces are filled in by the views."""

    in_the_way: str
    causes: Mapping[Answer, str]
    """What stands in the menu; each is a tap."""
    access_page: str
    access: str
    no_access_page: str
    data_page: str
    data: str
    no_data_page: str
    recipes: str
    no_recipes: str
    recipes_end: str
    trust: str
    no_trust_tip: str
    time: str
    plan_it: str
    cues: Mapping[Cue, str]
    sentence: str
    small_piece: str
    planned: str
    planned_silent: str
    reminder: str
    reminder_small: str
    forget_plan: str


_EN = Steps(
    in_the_way="What stands in the way?",
    causes={
        Answer.NO_ACCESS: "I have no access",
        Answer.NOT_ALLOWED: "Not allowed with my data",
        Answer.NOT_MY_WORK: "I see no use for my work",
        Answer.NO_TRUST: "I do not trust it",
        Answer.NO_TIME: "I have no time for it",
        Answer.OTHER_TOOL: "I use something else",
        Answer.ON_LEAVE: "I was away",
    },
    access_page="How to get access",
    access="Your company says on this page how to ask for a seat. When I see a new seat of yours, the subject may come "
    "back; without one it rests for half a year.",
    no_access_page="Whoever hands out seats here can give you one; I do not know who that is and ask nobody for you. "
    "When I see a new seat of yours, the subject may come back; without one it rests for half a year.",
    data_page="Which data is fine",
    data="Which data is fine, which never is, and whom to ask: your company says it on this page. What stands there "
    "counts, and not what I or a tool say.",
    no_data_page="I do not know your company's rules. A careful beginning: what is public anyway is fine; names, "
    "customers' data, passwords and keys never are, unless somebody who may say so said yes. Ask whoever answers for "
    "data protection or security here, before you paste anything.",
    recipes="A few small things to try, of a kind that may fit your work; none needs anything new:",
    no_recipes="I have no recipe that fits your work, and that says nothing about it.",
    recipes_end="Nothing is noted yet. If none of it is for you, one tap ends the subject for half a year.",
    trust="Then do not trust it; check it, on something small:",
    no_trust_tip="Then do not trust it; check it. Ask it something from your own work whose answer you know, and see "
    "where it is right.",
    time="If you like, choose one moment that comes anyway. I remind you once, about a week from now, and only if I "
    "saw no use until then.",
    plan_it="Plan it: when?",
    cues={
        Cue.FIRST_PULL_REQUEST: "When I open my first pull request of the day",
        Cue.WEEKLY_REPORT: "When I write the weekly report",
        Cue.STUCK: "When I have been stuck for a while",
        Cue.LONG_THREAD: "When I find a long thread waiting",
        Cue.MONDAY: "After lunch on Monday",
        Cue.TUESDAY: "After lunch on Tuesday",
        Cue.WEDNESDAY: "After lunch on Wednesday",
        Cue.THURSDAY: "After lunch on Thursday",
        Cue.FRIDAY: "After lunch on Friday",
    },
    sentence="*{when}*, then: {then}.",
    small_piece="ask it for one small piece of that work",
    planned="I remind you once, on {day} or soon after, on a working day, and only if I saw no use until then. "
    "Until then I write nothing else. Nobody else knows of it.",
    planned_silent="Messages are stopped, paused or snoozed, so no reminder comes unless you resume them before.",
    reminder="On {day} you planned this, and asked to be reminded once:",
    reminder_small="This was the reminder; it does not come again. If the moment does not fit, let it go.",
    forget_plan="Forget this plan",
)

_DE = Steps(
    in_the_way="Was steht im Weg?",
    causes={
        Answer.NO_ACCESS: "Ich habe keinen Zugang",
        Answer.NOT_ALLOWED: "Mit meinen Daten nicht erlaubt",
        Answer.NOT_MY_WORK: "Ich sehe keinen Nutzen für meine Arbeit",
        Answer.NO_TRUST: "Ich traue ihm nicht",
        Answer.NO_TIME: "Ich habe keine Zeit dafür",
        Answer.OTHER_TOOL: "Ich nutze etwas anderes",
        Answer.ON_LEAVE: "Ich war nicht da",
    },
    access_page="So bekommst du Zugang",
    access="Auf dieser Seite sagt deine Firma, wie man eine Lizenz bekommt. Wenn ich eine neue Lizenz von dir sehe, "
    "kann das Thema wiederkommen; ohne sie ruht es ein halbes Jahr.",
    no_access_page="Wer hier die Lizenzen vergibt, kann dir eine geben; ich weiß nicht, wer das ist, und frage "
    "niemanden für dich. Wenn ich eine neue Lizenz von dir sehe, kann das Thema wiederkommen; ohne sie ruht es ein "
    "halbes Jahr.",
    data_page="Welche Daten in Ordnung sind",
    data="Welche Daten in Ordnung sind, welche nie, und wen man fragt: Das sagt deine Firma auf dieser Seite. Was dort "
    "steht, gilt, und nicht, was ich oder ein Werkzeug sagen.",
    no_data_page="Die Regeln deiner Firma kenne ich nicht. Ein vorsichtiger Anfang: Was ohnehin öffentlich ist, ist in "
    "Ordnung; Namen, Kundendaten, Passwörter und Schlüssel sind es nie, es sei denn, jemand, der das "
    "entscheiden darf, hat zugestimmt. Frag, wer hier für Datenschutz oder Sicherheit zuständig ist, bevor du etwas "
    "einfügst.",
    recipes="Ein paar kleine Dinge zum Ausprobieren, die zu deiner Arbeit passen können; keines braucht etwas Neues:",
    no_recipes="Ich habe kein Rezept, das zu deiner Arbeit passt, und das sagt nichts über sie.",
    recipes_end="Noch ist nichts notiert. Wenn nichts davon für dich ist, beendet ein Fingertipp das Thema für ein "
    "halbes Jahr.",
    trust="Dann trau ihm nicht; prüfe es, an etwas Kleinem:",
    no_trust_tip="Dann trau ihm nicht; prüfe es. Frag es etwas aus deiner Arbeit, dessen Antwort du kennst, und sieh, "
    "wo es richtig liegt.",
    time="Wenn du magst, wähl einen Moment, der ohnehin kommt. Ich erinnere dich einmal, in etwa einer Woche, und nur, "
    "wenn ich bis dahin keine Nutzung gesehen habe.",
    plan_it="Plane es: wann?",
    cues={
        Cue.FIRST_PULL_REQUEST: "Wenn ich den ersten Pull Request des Tages öffne",
        Cue.WEEKLY_REPORT: "Wenn ich den Wochenbericht schreibe",
        Cue.STUCK: "Wenn ich eine Weile feststecke",
        Cue.LONG_THREAD: "Wenn ein langer Thread auf mich wartet",
        Cue.MONDAY: "Am Montag nach dem Mittagessen",
        Cue.TUESDAY: "Am Dienstag nach dem Mittagessen",
        Cue.WEDNESDAY: "Am Mittwoch nach dem Mittagessen",
        Cue.THURSDAY: "Am Donnerstag nach dem Mittagessen",
        Cue.FRIDAY: "Am Freitag nach dem Mittagessen",
    },
    sentence="*{when}*, dann: {then}.",
    small_piece="das Werkzeug um ein kleines Stück dieser Arbeit bitten",
    planned="Ich erinnere dich einmal, am {day} oder bald danach, an einem Arbeitstag, und nur, wenn ich bis dahin "
    "keine Nutzung gesehen habe. Bis dahin schreibe ich nichts anderes. Niemand sonst weiß davon.",
    planned_silent="Nachrichten sind gestoppt, pausiert oder ruhen; also kommt keine Erinnerung, wenn du sie nicht "
    "vorher wieder aufnimmst.",
    reminder="Am {day} hast du das geplant und wolltest einmal daran erinnert werden:",
    reminder_small="Das war die Erinnerung; sie kommt nicht wieder. Wenn der Moment nicht passt, lass ihn ziehen.",
    forget_plan="Diesen Plan vergessen",
)

STEPS = {"en": _EN, "de": _DE}
"""By the code of the language."""
