"""The words of fifteen minutes with a colleague, by language. Next: `bot/views/pair.py`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PairWords:
    """The words, by the place where they stand. Names in braces are filled in by the views."""

    before: str
    """Read before a request is made."""
    request: str
    requested: str
    silent: str
    already: str
    take_back: str
    taken_back: str
    too_late: str
    ask: str
    ask_small: str
    yes: str
    no: str
    said_yes: str
    said_no: str
    settled: str
    wants_to_see: str
    shows: str
    made_small: str
    nobody: str


_EN = PairWords(
    before="Watch a colleague do one real task, for fifteen minutes. If you ask, somebody who offered is asked "
    "without your name; only when they say yes do you both learn the name. Nobody else hears of it.",
    request="Fifteen minutes with a colleague",
    requested="I ask a colleague who offered, without your name. When somebody says yes, you both get a message with "
    "the other's name, also when you had another one that week. That can take days; when nobody is free I tell you "
    "once.",
    silent="Messages are stopped, paused or snoozed, so I could not tell you the answer. Nothing was asked. When you "
    "resume them, you can ask.",
    already="You asked already. The next request can be made from {day}.",
    take_back="Take the request back",
    taken_back="Taken back. Whatever has not left yet does not leave, and nobody learns your name.",
    too_late="There is no request that could be taken back: none is open, or the two of you already know each other's"
    " name.",
    ask="A colleague would like to watch somebody do one real task with an AI tool, for fifteen minutes. You offered "
    "to show somebody. If you say yes, you both learn the other's name; if not, neither does.",
    ask_small="No answer is fine too: after a week I ask somebody else. Nobody is told whom I asked.",
    yes="Yes, gladly",
    no="Not this time",
    said_yes="Thank you. You both get a message with the other's name, at a fair hour.",
    said_no="Noted, and thank you for offering. Nobody is told. I ask you again in four weeks at the earliest.",
    settled="That is settled already, and there is nothing left to do. Thank you.",
    wants_to_see="You asked for fifteen minutes with a colleague, and {who} said yes. Write to each other and choose "
    "a time.",
    shows="You said yes to fifteen minutes with a colleague: {who} asked. Write to each other and choose a time.",
    made_small="One real task is enough, dead ends and all. I told nobody but you two, and arrange nothing else.",
    nobody="Nobody is free just now for fifteen minutes with a colleague. Nobody learned that you asked. If you like,"
    " ask somebody you enjoy working with.",
)

_DE = PairWords(
    before="Sieh einer Kollegin oder einem Kollegen fünfzehn Minuten lang bei einer echten Aufgabe zu. Wenn du "
    "fragst, wird jemand, der das angeboten hat, ohne deinen Namen gefragt; erst bei einem Ja erfahrt ihr beide den "
    "Namen. Sonst erfährt es niemand.",
    request="Fünfzehn Minuten zu zweit",
    requested="Ich frage jemanden, der das angeboten hat, ohne deinen Namen. Wenn jemand ja sagt, bekommt ihr beide "
    "eine Nachricht mit dem Namen des anderen, auch wenn in der Woche schon eine andere kam. Das kann Tage dauern; "
    "wenn niemand Zeit hat, sage ich es dir einmal.",
    silent="Nachrichten sind gestoppt, pausiert oder ruhen; ich könnte dir die Antwort nicht sagen. Gefragt wurde "
    "niemand. Wenn du sie wieder aufnimmst, kannst du fragen.",
    already="Du hast schon gefragt. Die nächste Anfrage ist ab dem {day} möglich.",
    take_back="Anfrage zurücknehmen",
    taken_back="Zurückgenommen. Was noch nicht unterwegs ist, kommt nicht, und niemand erfährt deinen Namen.",
    too_late="Es gibt keine Anfrage, die man zurücknehmen könnte: Keine ist offen, oder ihr kennt den Namen des "
    "anderen schon.",
    ask="Jemand von hier möchte fünfzehn Minuten lang bei einer echten Aufgabe mit einem KI-Werkzeug zusehen. Du hast"
    " angeboten, das zu zeigen. Wenn du ja sagst, erfahrt ihr beide den Namen des anderen; sonst keiner.",
    ask_small="Keine Antwort ist auch in Ordnung: Nach einer Woche frage ich jemand anderen. Wen ich gefragt habe, "
    "sage ich niemandem.",
    yes="Ja, gern",
    no="Diesmal nicht",
    said_yes="Danke. Ihr bekommt beide eine Nachricht mit dem Namen des anderen, zu einer fairen Stunde.",
    said_no="Notiert, und danke für das Angebot. Niemand erfährt davon. Ich frage dich frühestens in vier Wochen "
    "wieder.",
    settled="Das hat sich schon erledigt, und es ist nichts mehr zu tun. Danke.",
    wants_to_see="Du wolltest fünfzehn Minuten zu zweit, und {who} hat ja gesagt. Schreibt euch und wählt eine Zeit.",
    shows="Du hast zu fünfzehn Minuten zu zweit ja gesagt: {who} hat gefragt. Schreibt euch und wählt eine Zeit.",
    made_small="Eine echte Aufgabe genügt, mit allen Sackgassen. Ich habe es nur euch beiden gesagt und vermittle "
    "sonst nichts.",
    nobody="Für fünfzehn Minuten zu zweit hat gerade niemand Zeit. Niemand hat erfahren, dass du gefragt hast. Wenn "
    "du magst, frag jemanden, mit dem du gern arbeitest.",
)

PAIRS = {"en": _EN, "de": _DE}
"""By the code of the language."""
