"""What a newcomer typed, made safe, and which intent a pressed button has. Pure functions."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from lotse import cleaning, codes
from lotse.files import read_yaml
from lotse.normalise import words
from lotse.turns import Press

LONGEST = 20_000  # characters; five of Telegram's longest messages

_INTENT_OF_MENU = {
    "ask": "ask_question", "start_intake": "start_intake", "resume": "resume", "person": "person",
    "my_data": "my_data", "delete": "delete", "menu": "help", "change": "change", "privacy": "privacy",
    "another_person": "another_person", "new_person": "another_person", "this_person": "another_person",
    "start_over": "start_over", "withdraw": "withdraw", "stop": "stop_all",
}  # fmt: skip
_INTENT_OF_CONTROL = {"no_topic": "tell_topic", "back": "go_back"} | {
    name: name for name in ("skip", "why", "pause", "change", "send", "delete")
}
_INTENT_OF_COMMAND = {
    "help": "help", "privacy": "privacy", "mydata": "my_data", "delete": "delete", "human": "person", "correct": "change",
    "stop": "stop_all", "withdraw": "withdraw", "language": "change_language", "intake": "start_intake",
}  # fmt: skip
MOVE = "move"
_WORD_BEFORE_CODE = re.compile(r"^[^\W\d_]{1,20}[\W_]{1,3}")  # "move KF7M-29TC-XW4H", "move_KF7M..." in Telegram's links
_IN_GROUPS = re.compile(r"[\W_]*(?:[^\W_]{4}[\W_]{0,3}){3}[\W_]*")


def clean(text: str) -> str:
    """The text without characters that cannot be stored, shown or trusted; at most LONGEST characters."""
    return cleaning.clean(text)[:LONGEST]


def has_words(text: str) -> bool:
    """Whether there is a letter or a digit in it."""
    return any(character.isalnum() for character in text)


def is_start(text: str) -> bool:
    """Whether it is Telegram's /start, which greets."""
    return text.strip().lower().split("@")[0].startswith("/start")


def asks_to_move(text: str) -> bool:
    """Whether it is the command to go on in another channel."""
    return re.fullmatch(rf"/{MOVE}(?:@\w+)?", text.strip().lower()) is not None


def code_in(text: str) -> str | None:
    """The code that is the whole message, perhaps after one word; None for all else."""
    typed = text.strip()
    for candidate in (typed, _WORD_BEFORE_CODE.sub("", typed)):
        letters = codes.letters_of(candidate) if _IN_GROUPS.fullmatch(candidate) else ""
        if codes.is_code(letters):
            return letters
    return None


def intent_of_press(press: Press) -> str:
    """The intent of a button that we sent."""
    match press.kind:
        case "menu":
            return _INTENT_OF_MENU.get(press.value, "help")
        case "control":
            return _INTENT_OF_CONTROL.get(press.value, "confirm")
        case "answer":
            return "choose_answer"
        case "feedback":
            return "give_feedback"
        case "language":
            return "change_language"
    return "respond"


def intent_of_command(text: str) -> str | None:
    """The intent of a typed command such as /help; None for all else, which then is plain text.

    A typed slash never reaches Rasa as a payload: only these few words mean something.
    """
    command = re.fullmatch(r"/([a-z]+)(?:@\w+)?", text.strip().lower())
    return _INTENT_OF_COMMAND.get(command[1]) if command else None


def intent_of_phrase(text: str) -> str | None:
    """The intent of a whole message that is one of phrases.yml; None for all else."""
    return _phrases().get(" ".join(words(text)))


@lru_cache(maxsize=1)
def _phrases() -> dict[str, str]:
    lists = read_yaml(Path(__file__).parent / "phrases.yml")
    return {
        " ".join(words(str(phrase))): intent
        for intent, listed in lists.items()
        for phrases in listed.values()
        for phrase in phrases
    }
