"""What a newcomer typed, made safe, and which intent a pressed button has. Pure functions."""

from __future__ import annotations

import re

from lotse import cleaning
from lotse.turns import Press

LONGEST = 20_000  # characters; five of Telegram's longest messages

_INTENT_OF_MENU = {
    "ask": "ask_question", "start_intake": "start_intake", "resume": "resume", "person": "person",
    "my_data": "my_data", "delete": "delete", "menu": "help",
}  # fmt: skip
_INTENT_OF_CONTROL = {"no_topic": "tell_topic", "back": "go_back"} | {
    name: name for name in ("skip", "why", "pause", "change", "send", "delete")
}
_INTENT_OF_COMMAND = {
    "help": "help", "privacy": "my_data", "mydata": "my_data", "delete": "delete", "human": "person",
    "stop": "pause", "language": "change_language", "intake": "start_intake",
}  # fmt: skip


def clean(text: str) -> str:
    """The text without characters that cannot be stored, shown or trusted; at most LONGEST characters."""
    return cleaning.clean(text)[:LONGEST]


def has_words(text: str) -> bool:
    """Whether there is a letter or a digit in it."""
    return any(character.isalnum() for character in text)


def is_start(text: str) -> bool:
    """Whether it is Telegram's /start, which greets."""
    return text.strip().lower().split("@")[0].startswith("/start")


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
