"""The words around a tip in English. Next: `bot/views/words/de.py`."""

from __future__ import annotations

from bot.domain.check_in import Helped, Saving, WentTo
from bot.domain.occasions import QUESTION
from bot.domain.told import Answer
from bot.views.words.frame import Frame

_QUIET = "I will not bring it up again for half a year."
_CAVEAT = "What is felt and what is counted often differ; neither becomes the other, or money."

ENGLISH = Frame(
    first_line="A private note from Kindling. Nothing needs an answer.",
    first_contact="Hello from Kindling: a private note, and who is writing.",
    usual_team="Your enablement team",
    hello="Hello, I am Kindling. {introduced_by} set me up to help people get something out of the AI tools that are "
    "paid for here.",
    what_i_see="*What I see:* counts from the tools (requests, tokens, cost, accepted edits) and finished work. "
    "Never prompts, answers or code.\n"
    "*Who sees yours:* you. No message or screen of mine shows it to anybody else.\n"
    "*How often:* at most one message in seven days and three in four weeks. The buttons at the end stop them.",
    show_card="Show my card",
    what_is_held="What do you hold about me?",
    not_a_bill="An estimate about a habit, not a bill. Your card shows it beside what it all cost, what bought nothing "
    "and what was finished. After two or four weeks I look again, and your card tells you whether it changed.",
    choices="Choices",
    why_this="Why this?",
    snooze="Snooze",
    snooze_weeks="Snooze {weeks} weeks",
    stop="Stop these messages",
    read_more="Read more",
    take_back="Take it back",
    noted="Kindling has noted it.",
    snoozed="No messages until {day}. They begin again by themselves.",
    stopped="No more messages. One that was already planned will not come either. Your card stays.",
    resume="Resume messages",
    labels={
        Answer.SHOW_ME: "Show me how",
        Answer.HELPFUL: "Helpful",
        Answer.NOT_HELPFUL: "Not helpful",
        Answer.NO_ACCESS: "I have no access",
        Answer.OTHER_TOOL: "I use something else",
        Answer.NOT_MY_WORK: "Not for my work",
        Answer.NOT_ALLOWED: "Not allowed with my data",
        Answer.NO_TRUST: "I do not trust it",
        Answer.NO_TIME: "I have no time for it",
        Answer.ON_LEAVE: "I was away",
        Answer.WAS_MEANT: "That was meant",
        Answer.NO_QUESTIONS: "Do not ask me this again",
    },
    thanks={
        Answer.HELPFUL: "Thank you. This tip will not come again for at least 90 days.",
        Answer.NOT_HELPFUL: "Thank you for saying so. This tip will not come again for at least 90 days.",
        Answer.SHOW_ME: "Here is how, in small steps:",
        Answer.NO_ACCESS: "Noted: you have no access. I have told nobody.",
        Answer.OTHER_TOOL: "Noted: you use something else, which I may not be able to see. I have told nobody. "
        + _QUIET,
        Answer.NOT_MY_WORK: "Noted: not for your work. That is a good answer, and I have told nobody. " + _QUIET,
        Answer.NOT_ALLOWED: "Noted: not allowed with your data. That is reason enough, and I have told nobody. "
        + _QUIET,
        Answer.NO_TRUST: "Noted: you do not trust it. That is a good reason, and I have told nobody. " + _QUIET,
        Answer.NO_TIME: "Noted: no time. I leave the subject for four weeks, and I have told nobody.",
        Answer.ON_LEAVE: "Noted: you were away. Then days without use say nothing, and I leave the subject for four "
        "weeks. I have told nobody.",
        Answer.WAS_MEANT: "Noted: that was meant. On your card it counts as simply used from now on. I have told "
        "nobody. " + _QUIET,
    },
    question=QUESTION.text,
    question_small=QUESTION.try_this,
    helped={
        Helped.CLEARLY: "Yes, clearly",
        Helped.SOMEWHAT: "Somewhat",
        Helped.NOT_REALLY: "Not really",
    },
    saving={
        Saving.COST_TIME: "It cost me time",
        Saving.NONE: "It saved no time",
        Saving.UNDER_HALF_AN_HOUR: "Under 30 minutes",
        Saving.UP_TO_AN_HOUR: "30 to 60 minutes",
        Saving.UP_TO_THREE_HOURS: "1 to 3 hours",
        Saving.OVER_THREE_HOURS: "Over 3 hours",
        Saving.NOT_SAID: "Rather not say",
    },
    went_to={
        WentTo.SAME_WORK: "More of the same work",
        WentTo.OTHER_WORK: "Other work",
        WentTo.CHECKING: "Checking what it wrote",
        WentTo.LEARNING: "Learning",
        WentTo.OTHERS: "Helping others",
        WentTo.OFF_WORK: "A break, or an earlier evening",
        WentTo.CANNOT_TELL: "I cannot tell",
        WentTo.NOT_SAID: "Rather not say",
    },
    how_much_time="How much time, as I felt it",
    where_it_went="Where it went",
    you_said="You said {said}. It stands on your card, for you alone, as your own report.",
    say_more="If you like, say more; choices only, and you need not. " + _CAVEAT,
    caveat=_CAVEAT,
    no_more_questions="Noted: I will not ask you this again. Tips may still come; Stop ends those as well.",
    said_helped="“{said}”",
    said_saving="“{said}” as you felt it",
    said_went_to="gone into “{said}”",
)
