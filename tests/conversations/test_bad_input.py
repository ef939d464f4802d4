"""Bad input: always a sensible reply, never an error text, nothing lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import Installation
from tests.newcomer import Newcomer, run

pytestmark = pytest.mark.processes

BAD = {
    "empty": "",
    "spaces": "   \n\t ",
    "long": "слово " * 1700,
    "emoji": "🙂🙂👍",
    "nul": "a\x00b\x00",
    "surrogates": "x\ud83dy\udc00",
    "payload": '/inform{"x":"y"}',
    "restart": "/restart",
    "session_start": "/session_start",
    "html": "<b>bold</b><script>alert(1)</script>",
    "overrides": "\u202egnirts\u202c \u2067abc\u2069",
    "marks": "??? !!! ...",
    "braces": "{name} %s ${HOME} {{7*7}}",
    "zalgo": "h̷̛e̵l̴l̶o̸",
}


@pytest.mark.parametrize("tag", ["uk", "ar", "de", "ru", "nl"])
def test_outside_and_inside_an_intake(tag: str, installation: Installation, newcomer: Callable[..., Newcomer]) -> None:
    who = newcomer("--language", tag)
    for text in BAD.values():
        who.say(text)
        _sensible(who)
    for value in ("start_intake", "27-64", "yes", "this_town"):
        who.press(value)
    assert who.state["question"] == "call_name"
    who.say("Oksana")
    who.press("skip")
    assert who.state["question"] == "needs"
    for name, text in BAD.items():
        who.say(text)
        _sensible(who)
        if who.state["question"] is None:
            who.press("resume")
        assert who.state["question"] in ("gender", "needs", "urgent"), name
        if who.state["question"] == "gender":  # "restart" may be understood as "go back"
            who.press("skip")
        if who.state["question"] == "urgent":  # own words are a response to what is needed
            who.press("back")
    assert who.state["intake"] == "started"
    who.say("/mydata")
    assert "Oksana" in who.text


def _sensible(who: Newcomer) -> None:
    assert who.line["messages"], "every message gets a reply"
    for word in ("Traceback", "Error", "Exception", "None", "null", "{reference}", "problem right now"):
        assert word not in who.text.replace("{name} %s", ""), who.text


def test_a_long_free_text_is_kept_whole(installation: Installation, newcomer: Callable[..., Newcomer]) -> None:
    who = newcomer("--language", "en")
    for value in ("start_intake", "27-64", "yes", "this_town", "skip", "skip", "skip", "skip"):
        who.press(value)
    assert who.state["question"] == "wish_year"
    wish = "I want to learn and work. " * 400
    who.say(wish)
    assert who.state["question"] == "interests"
    who.say("/mydata")
    assert wish.strip() in who.text


def test_an_unknown_button_is_met_kindly(newcomer: Callable[..., Newcomer]) -> None:
    who = newcomer("--language", "en")
    who.send({"press": "b_nothing.0"})
    assert "earlier" in who.text


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("chat", "--json", "--municipality", "nowhere"), "nowhere"),
        (("ask", "--json", "--municipality", "nowhere"), "nowhere"),
        (("case", "show", "M-0000"), "M-0000"),
        (("erase", "M-0000"), "M-0000"),
        (("nonsense",), "nonsense"),
    ],
)
def test_commands_fail_with_one_clear_line(installation: Installation, arguments: tuple[str, ...], line: str) -> None:
    done = run(installation.home, *arguments)
    assert done.returncode != 0
    assert line in done.stderr
    assert "Traceback" not in done.stderr


def test_no_words_of_newcomers_in_any_log(installation: Installation, newcomer: Callable[..., Newcomer]) -> None:
    who = newcomer("--language", "en")
    who.say("my secret word is Quintessenz and I look for a flat")
    assert "Quintessenz" not in installation.logs()
    tracker = b"".join(file.read_bytes() for file in installation.home.glob("tracker.db*"))
    assert b"Quintessenz" not in tracker
    database = b"".join(file.read_bytes() for file in installation.home.glob("lotse.db*"))
    assert b"Quintessenz" not in database
