"""What a newcomer typed, made safe; which intent a press or a command has."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.incoming import LONGEST, clean, has_words, intent_of_command, intent_of_press
from lotse.turns import Press


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Привіт, як справи?", "Привіт, як справи?"),
        ("مرحبا، كيف الحال؟", "مرحبا، كيف الحال؟"),
        ("  ja \n", "ja"),
        ("a\0b\0", "ab"),
        ("x\ud83dy\udc00", "xy"),
        ("🙂👍🏽👩\u200d🏫", "🙂👍🏽👩\u200d🏫"),  # the joiner belongs to the emoji
        ("می\u200cخواهم", "می\u200cخواهم"),  # and to Persian spelling
        ("\u202egnirts\u202c \u2067abc\u2069\u200f", "gnirts abc"),
        ("\ufeffhallo\x07\x1b[31m", "hallo[31m"),
        ("one\r\ntwo\rthree\tfour", "one\ntwo\nthree\tfour"),
        ("cafe\u0301", "café"),
        ("", ""),
        ("\u2068\u200e \0", ""),
    ],
)
def test_clean(typed: str, kept: str) -> None:
    assert clean(typed) == kept


def test_a_long_text_is_cut() -> None:
    assert clean("ї" * (LONGEST + 5)) == "ї" * LONGEST
    assert len(clean("слово " * LONGEST)) <= LONGEST


@given(st.text(alphabet=st.characters(codec=None), max_size=80))
@settings(derandomize=True)
def test_cleaned_text_can_be_stored_and_shown(typed: str) -> None:
    kept = clean(typed)
    kept.encode("utf-8")
    assert not set(kept) & set("\0\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    assert clean(kept) == kept


@pytest.mark.parametrize(
    ("text", "has"), [("ї", True), ("٣", True), ("好", True), ("?!", False), ("🙂", False), (" ", False), ("", False)]
)
def test_has_words(text: str, has: bool) -> None:
    assert has_words(text) is has


@pytest.mark.parametrize(
    ("typed", "intent"),
    [
        ("/help", "help"),
        ("/HELP ", "help"),
        ("/help@lotse_bot", "help"),
        ("/privacy", "privacy"),
        ("/mydata", "my_data"),
        ("/delete", "delete"),
        ("/human", "person"),
        ("/stop", "stop_all"),
        ("/language", "change_language"),
        ("/intake", "start_intake"),
        # everything else is text, whatever it means to Rasa
        ("/restart", None),
        ("/session_start", None),
        ('/inform{"x": "y"}', None),
        ("/delete now", None),
        ("/crisis", None),
        ("please /help", None),
        ("help", None),
        ("/", None),
        ("//help", None),
        ("/допомога", None),
    ],
)
def test_intent_of_command(typed: str, intent: str | None) -> None:
    assert intent_of_command(typed) == intent


@pytest.mark.parametrize(
    ("kind", "value", "intent"),
    [
        ("menu", "ask", "ask_question"),
        ("menu", "start_intake", "start_intake"),
        ("menu", "resume", "resume"),
        ("menu", "person", "person"),
        ("menu", "my_data", "my_data"),
        ("menu", "delete", "delete"),
        ("menu", "menu", "help"),
        ("menu", "gone", "help"),
        ("control", "skip", "skip"),
        ("control", "back", "go_back"),
        ("control", "why", "why"),
        ("control", "pause", "pause"),
        ("control", "change", "change"),
        ("control", "send", "send"),
        ("control", "delete", "delete"),
        ("control", "no_topic", "tell_topic"),
        ("control", "yes", "confirm"),
        ("control", "no", "confirm"),
        ("answer", "an_1", "choose_answer"),
        ("feedback", "helpful", "give_feedback"),
        ("language", "uk", "change_language"),
        ("choice", "18-26", "respond"),
        ("consent", "yes", "respond"),
    ],
)
def test_intent_of_press(kind: str, value: str, intent: str) -> None:
    assert intent_of_press(Press(kind, value, "")) == intent
