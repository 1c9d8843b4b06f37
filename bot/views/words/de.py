"""The words around a tip in German: "du", plain and short, with the same meaning in the same places."""

from __future__ import annotations

from bot.domain.check_in import Helped, Saving, WentTo
from bot.domain.told import Answer
from bot.views.words.frame import Frame

_QUIET = "Ich komme ein halbes Jahr lang nicht darauf zurück."
_CAVEAT = "Was man spürt und was man zählt, ist oft zweierlei; aus dem einen wird nie das andere, und aus keinem Geld."

GERMAN = Frame(
    first_line="Eine private Nachricht von Kindling. Du musst nichts antworten.",
    first_contact="Hallo von Kindling: eine private Nachricht, und wer hier schreibt.",
    usual_team="Das Enablement-Team hier",
    hello="Hallo, ich bin Kindling. {introduced_by} hat mich eingerichtet, damit dir die KI-Werkzeuge etwas bringen, "
    "die hier bezahlt werden.",
    what_i_see="*Was ich sehe:* Zahlen aus den Werkzeugen (Anfragen, Token, Kosten, angenommene Änderungen) und "
    "fertige Arbeit. Nie deine Fragen, Antworten oder Code.\n"
    "*Wer deine Zahlen sieht:* du. Keine Nachricht und keine Seite von mir zeigt sie jemand anderem.\n"
    "*Wie oft:* höchstens eine Nachricht in sieben Tagen und drei in vier Wochen. Die Knöpfe am Ende stoppen sie.",
    show_card="Meine Karte zeigen",
    what_is_held="Was weißt du über mich?",
    not_a_bill="Eine Schätzung zu einer Gewohnheit, keine Rechnung. Deine Karte zeigt sie neben dem, was das Ganze "
    "gekostet hat, was nichts gebracht hat und was fertig wurde. Nach zwei oder vier Wochen sehe ich noch einmal nach, "
    "und deine Karte sagt dir, ob sich etwas geändert hat.",
    choices="Auswahl",
    why_this="Warum das?",
    snooze="Ruhen lassen",
    snooze_weeks="{weeks} Wochen Ruhe",
    stop="Keine Nachrichten mehr",
    read_more="Mehr lesen",
    take_back="Zurücknehmen",
    noted="Kindling hat es notiert.",
    snoozed="Keine Nachrichten bis zum {day}. Danach kommen sie von allein wieder.",
    stopped="Keine Nachrichten mehr. Auch eine schon geplante kommt nicht. Deine Karte bleibt.",
    resume="Wieder Nachrichten",
    labels={
        Answer.SHOW_ME: "Zeig mir, wie",
        Answer.HELPFUL: "Hilfreich",
        Answer.NOT_HELPFUL: "Nicht hilfreich",
        Answer.NO_ACCESS: "Ich habe keinen Zugang",
        Answer.OTHER_TOOL: "Ich nutze etwas anderes",
        Answer.NOT_MY_WORK: "Nichts für meine Arbeit",
        Answer.NOT_ALLOWED: "Mit meinen Daten nicht erlaubt",
        Answer.NO_TRUST: "Ich traue ihm nicht",
        Answer.NO_TIME: "Ich habe keine Zeit dafür",
        Answer.ON_LEAVE: "Ich war nicht da",
        Answer.WAS_MEANT: "Das war so gewollt",
        Answer.NO_QUESTIONS: "Frag mich das nicht mehr",
    },
    thanks={
        Answer.HELPFUL: "Danke. Dieser Tipp kommt mindestens 90 Tage lang nicht wieder.",
        Answer.NOT_HELPFUL: "Danke, dass du es sagst. Dieser Tipp kommt mindestens 90 Tage lang nicht wieder.",
        Answer.SHOW_ME: "So geht es, in kleinen Schritten:",
        Answer.NO_ACCESS: "Notiert: Du hast keinen Zugang. Ich habe es niemandem gesagt.",
        Answer.OTHER_TOOL: "Notiert: Du nutzt etwas anderes, das ich vielleicht nicht sehen kann. Ich habe es "
        "niemandem gesagt. " + _QUIET,
        Answer.NOT_MY_WORK: "Notiert: nichts für deine Arbeit. Das ist eine gute Antwort, und ich habe sie niemandem "
        "gesagt. " + _QUIET,
        Answer.NOT_ALLOWED: "Notiert: mit deinen Daten nicht erlaubt. Das ist Grund genug, und ich habe es niemandem "
        "gesagt. " + _QUIET,
        Answer.NO_TRUST: "Notiert: Du traust ihm nicht. Das ist ein guter Grund, und ich habe es niemandem gesagt. "
        + _QUIET,
        Answer.NO_TIME: "Notiert: keine Zeit. Ich lasse das Thema vier Wochen ruhen und habe es niemandem gesagt.",
        Answer.ON_LEAVE: "Notiert: Du warst nicht da. Dann sagen Tage ohne Nutzung nichts, und ich lasse das Thema "
        "vier Wochen ruhen. Ich habe es niemandem gesagt.",
        Answer.WAS_MEANT: "Notiert: Das war so gewollt. Auf deiner Karte zählt es von jetzt an einfach als genutzt. "
        "Ich habe es niemandem gesagt. " + _QUIET,
    },
    question="Eine Frage, die keine Zahl beantworten kann: Haben dir die KI-Werkzeuge in den letzten zwei Wochen bei "
    "deiner Arbeit geholfen?",
    question_small="Ein Fingertipp genügt, und keine Antwort ist auch in Ordnung. Sie steht auf deiner "
    "Karte, und niemand sonst sieht sie.",
    helped={
        Helped.CLEARLY: "Ja, deutlich",
        Helped.SOMEWHAT: "Ein wenig",
        Helped.NOT_REALLY: "Eher nicht",
    },
    saving={
        Saving.COST_TIME: "Es hat Zeit gekostet",
        Saving.NONE: "Es hat keine Zeit gespart",
        Saving.UNDER_HALF_AN_HOUR: "Unter 30 Minuten",
        Saving.UP_TO_AN_HOUR: "30 bis 60 Minuten",
        Saving.UP_TO_THREE_HOURS: "1 bis 3 Stunden",
        Saving.OVER_THREE_HOURS: "Über 3 Stunden",
        Saving.NOT_SAID: "Sage ich lieber nicht",
    },
    went_to={
        WentTo.SAME_WORK: "Mehr von derselben Arbeit",
        WentTo.OTHER_WORK: "Andere Arbeit",
        WentTo.CHECKING: "Prüfen, was es geschrieben hat",
        WentTo.LEARNING: "Lernen",
        WentTo.OTHERS: "Anderen helfen",
        WentTo.OFF_WORK: "Eine Pause oder früher Feierabend",
        WentTo.CANNOT_TELL: "Kann ich nicht sagen",
        WentTo.NOT_SAID: "Sage ich lieber nicht",
    },
    how_much_time="Wie viel Zeit, nach Gefühl",
    where_it_went="Wohin sie ging",
    you_said="Du hast gesagt: {said}. Das steht auf deiner Karte, nur für dich, als deine eigene Angabe.",
    say_more="Wenn du magst, sag mehr dazu; nur zum Auswählen, und du musst nicht. " + _CAVEAT,
    caveat=_CAVEAT,
    no_more_questions="Notiert: Ich frage dich das nicht mehr. Tipps können noch kommen; „Keine Nachrichten mehr“ "
    "beendet auch sie.",
    said_helped="„{said}“",
    said_saving="„{said}“ nach deinem Gefühl",
    said_went_to="für „{said}“",
)
