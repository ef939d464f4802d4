"""Is a message during the intake a response, a control, or something else? A pure function.

What can be read as a response to the open question is one, before all statistics; only then does the
engine's intent decide. A free text is kept rather than lost: a wish that also asks something is stored
as the response, and the answer to its question is offered as a button.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from lotse.intake.questionnaire import Question
from lotse.intake.reading import SHORT, Reading
from lotse.normalise import words
from lotse.turns import Understanding

CONTROLS = {"skip": "skip", "go_back": "back", "why": "why", "pause": "pause", "change": "change"}  # intent: control
SMALLTALK = ("greet", "thank", "goodbye", "bot_challenge", "insult")
REQUESTS = ("person", "my_data", "delete", "change_language", "help")  # also where a choice's word stands in them
ASIDES = (*REQUESTS, "start_intake", "resume", *SMALLTALK)
QUESTION_MARKS = ("?", "؟")
WISHES = ("start_over", "another_person", "progress", "privacy", "withdraw", "stop_all")  # fmt: skip

# Confidences from which an intent counts; a question for free text takes nearly everything, so it demands more.
CONTROL_OF_CHOICE, CONTROL_OF_TEXT = 0.5, 0.75
QUESTION_OF_CHOICE, QUESTION_OF_TEXT, QUESTION_OFFERED = 0.45, 0.75, 0.3
CHANGE_WITH_NUMBER = 0.3
SURE_ASIDE = 0.95
SURE_SKIP = 0.9  # of a single word: one with a typo that nothing knows looks like "skip" at times, and would be lost
SURE_CHANGE = 0.97  # "I want to change my job" is a wish (.94), "I want to change an answer" none (1.0)
CRISIS = 0.7
LONGEST_CONTROL = 10  # words
STATEMENT = 4  # words before a question that make a response of their own
GREETING = 2  # words of a greeting that may hold a choice's word
QUESTION = 3  # words that a question mark makes a question

Kind = Literal["response", "control", "near", "too_many", "out_of_range", "aside", "unclear"]
_VERDICT_OF: dict[str, Kind] = {
    "value": "response",
    "several": "response",
    "near": "near",
    "too_many": "too_many",
    "out_of_range": "out_of_range",
}


@dataclass(frozen=True)
class Verdict:
    """`response`: the reading's value; `control`: `name`; `aside`: not for the intake; `unclear`: ask again."""

    kind: Kind
    name: str = ""
    also_question: bool = False


def interpret(question: Question, text: str, understanding: Understanding, reading: Reading) -> Verdict:
    """What to do with a typed message while a question of the intake is open."""
    free_text = question.is_free
    count = len(words(text))
    # what ends as a question is one, whether or not the town has an answer to it
    asks = understanding.confidence("ask_question", *(("out_of_scope",) if ends_as_question(text) else ()))
    own_words = reading.kind == "own_words" or holds_own_words(reading, text)
    read = (
        reading.kind not in ("nothing", "own_words")
        and not own_words
        and not _means_something_else(question, text, understanding)
    )
    if understanding.confidence("crisis") >= CRISIS:
        return Verdict("aside", "crisis")
    if understanding.intent in WISHES:
        return Verdict("aside", understanding.intent)
    if not free_text and read and (asks < QUESTION_OF_CHOICE or (count <= SHORT and not _is_plain_question(text, asks))):
        beside = None if reading.whole else _wish(question, text, understanding, (*CONTROLS, *REQUESTS), CONTROL_OF_TEXT)
        if not reading.whole and count <= GREETING:  # "good morning" is no time of the day
            beside = beside or _wish(question, text, understanding, SMALLTALK, SURE_ASIDE)
        return beside or Verdict(_VERDICT_OF[reading.kind])
    if free_text and reading.kind == "value" and reading.value in question.choices:
        return Verdict("response")
    wish = _wish(question, text, understanding, (*CONTROLS, *ASIDES), CONTROL_OF_TEXT if free_text else CONTROL_OF_CHOICE)
    if wish:
        return wish
    if free_text and _tells_and_asks(text):
        return Verdict("response", also_question=True)
    if asks >= (QUESTION_OF_TEXT if free_text else QUESTION_OF_CHOICE):
        return Verdict("aside", "ask_question")
    if free_text or own_words:
        return Verdict("response", also_question=asks >= QUESTION_OFFERED) if count else Verdict("unclear")
    return Verdict("unclear")


def _wish(
    question: Question, text: str, understanding: Understanding, intents: tuple[str, ...], threshold: float
) -> Verdict | None:
    """The control or the wish that a short text surely is."""
    if len(words(text)) > LONGEST_CONTROL:
        return None
    for intent in intents:
        # "learn German" is a wish far more often than a request to the bot, and "Salma" a name and no greeting
        unsure = intent == "change_language" or (intent in SMALLTALK and question.is_free and not question.multiline)
        least = SURE_ASIDE if unsure else SURE_CHANGE if intent == "change" and question.is_free else threshold
        if intent == "skip" and len(words(text)) == 1:
            least = SURE_SKIP
        if understanding.confidence(intent) >= least:
            return Verdict("control", CONTROLS[intent]) if intent in CONTROLS else Verdict("aside", intent)
    return None


def holds_own_words(reading: Reading, text: str) -> bool:
    """Whether a choice was found inside own words, which are kept beside it: it must not outweigh what the whole means."""
    return isinstance(reading.value, list) and not reading.whole and text.strip() in reading.value


def _means_something_else(question: Question, text: str, understanding: Understanding) -> bool:
    """A command is none of the choices that it names ("/language"), and the number in "change 3" none of children."""
    is_change = understanding.confidence("change") >= CHANGE_WITH_NUMBER and len(words(text)) > 1
    return text.lstrip().startswith("/") or (question.type == "integer" and is_change)


def ends_as_question(text: str) -> bool:
    """Whether a text of some words has a question mark at its end."""
    return text.rstrip().endswith(QUESTION_MARKS) and len(words(text)) >= QUESTION


def _is_plain_question(text: str, asks: float) -> bool:
    return ends_as_question(text) and asks >= QUESTION_OF_TEXT


def _tells_and_asks(text: str) -> bool:
    """A statement and then a question: "I look for a flat near a school, how do I find one?"."""
    parts = [part for part in re.split(r"(?<=[.!,;،؛\n])\s*", text.strip()) if words(part)]
    return len(parts) > 1 and parts[-1].rstrip().endswith(QUESTION_MARKS) and len(words(" ".join(parts[:-1]))) >= STATEMENT
