"""Control over the intake at every moment, in every working language, through the real processes."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from lotse.files import read_yaml
from lotse.settings import ROOT
from tests.conftest import Installation
from tests.newcomer import Newcomer, run

pytestmark = pytest.mark.processes

PHRASES = read_yaml(ROOT / "bot" / "phrases.yml")
TAGS = ("de", "en", "nl", "ru", "uk", "ar")
EVERY = pytest.mark.parametrize("tag", TAGS)
WISH = {
    "de": ("wieder als Bäckerin arbeiten", "und meinen Führerschein machen"),
    "en": ("work as a baker again", "and get my driving licence"),
    "nl": ("weer als bakker werken", "en mijn rijbewijs halen"),
    "ru": ("снова работать пекарем", "и получить права"),
    "uk": ("знову працювати пекаркою", "і отримати права"),
    "ar": ("اشتغل خبازة من جديد", "وكمان شهادة سواقة"),
}
CHANGES = {
    "de": "mein Alter ist falsch",
    "en": "my age is wrong",
    "nl": "mijn leeftijd klopt niet",
    "ru": "мой возраст указан неправильно",
    "uk": "мій вік неправильний",
    "ar": "عمري غلط",
}


def begun(newcomer: Callable[..., Newcomer], tag: str, name: str = "Kim") -> Newcomer:
    """Somebody who has agreed and told their name."""
    who = newcomer("--language", tag)
    who.press("start_intake")
    tell(who, name)
    return who


def tell(who: Newcomer, name: str) -> None:
    for value in ("27-64", "yes", "this_town"):
        who.press(value)
    who.say(name)
    assert who.state["question"] == "gender", who.text


def skip_to(who: Newcomer, question: str) -> None:
    while who.state["question"] != question:
        who.press("skip")


@EVERY
def test_what_goes_on_is_added_to_the_free_text(tag: str, newcomer: Callable[..., Newcomer]) -> None:
    who = begun(newcomer, tag)
    skip_to(who, "wish_year")
    first, second = WISH[tag]
    who.say(first)
    assert who.state["question"] == "interests"
    who.say(second)
    assert who.state["question"] == "interests", "nothing of it was taken for likes"
    skip_to(who, "review")
    assert f"{first}\n{second}" in who.text


@EVERY
def test_what_may_go_on_is_asked_back(tag: str, newcomer: Callable[..., Newcomer]) -> None:
    who = begun(newcomer, tag)
    skip_to(who, "interests")
    who.press("music")
    who.press("done")
    first, second = WISH[tag][0], "XII-7 Bravo"
    who.say(first)
    assert who.state["question"] == "visit_group"
    who.say(second)
    assert who.state["question"] == "visit_group"
    who.press("yes")
    assert who.state["question"] == "visit_group", "the yes was about the words before"
    skip_to(who, "review")
    assert f"{first}\n{second}" in who.text


@EVERY
def test_start_over_is_asked_back_once(tag: str, newcomer: Callable[..., Newcomer]) -> None:
    who = begun(newcomer, tag)
    who.say(PHRASES["start_over"][tag][0])
    who.press("no")
    assert who.state["question"] == "gender"
    who.say(PHRASES["start_over"][tag][1])
    who.press("yes")
    assert who.state["question"] == "age"
    tell(who, "Robin")
    skip_to(who, "review")
    assert "Robin" in who.text
    assert "Kim" not in who.text


@EVERY
def test_several_people_each_with_an_own_intake(tag: str, installation: Installation, newcomer: Callable[..., Newcomer]) -> None:
    who = begun(newcomer, tag)
    who.say(PHRASES["another_person"][tag][0])
    assert who.state["question"] == "age", "an agreement of their own"
    tell(who, "Robin")
    who.say(PHRASES["another_person"][tag][0])
    labels = {
        button["label"].strip("\u2068\u2069"): button["id"] for row in who.line["messages"][-1]["buttons"] for button in row
    }
    assert {"Kim", "Robin"} < set(labels)
    who.send({"press": labels["Kim"]})
    assert who.state["question"] == "gender"
    skip_to(who, "review")
    assert "Kim" in who.text
    assert "Robin" not in who.text
    who.press("send")
    first = who.state["case"]
    who.press("another_person")
    who.send(
        {
            "press": next(
                button["id"] for row in who.line["messages"][-1]["buttons"] for button in row if "Robin" in button["label"]
            )
        }
    )
    skip_to(who, "review")
    who.press("send")
    second = who.state["case"]
    assert first != second
    page = run(installation.home, "case", "show", second, "--language", "en").stdout
    assert first in page, "the household is named"
    assert "Kim" not in page


@EVERY
def test_change_in_words_then_send_and_amend(tag: str, installation: Installation, newcomer: Callable[..., Newcomer]) -> None:
    who = begun(newcomer, tag)
    who.say(CHANGES[tag])
    assert who.state["question"] == "age", who.text
    who.press("18-26")
    assert who.state["question"] == "gender"
    skip_to(who, "review")
    who.press("send")
    reference = who.state["case"]
    who.say("/correct")
    who.send({"press": who.buttons["call_name"]})
    assert who.state["question"] == "call_name"
    who.say("Robin")
    shown = json.loads(run(installation.home, "case", "show", reference, "--format", "json", "--language", "de").stdout)
    assert "Robin" not in json.dumps(shown), "the guide sees it when it is sent"
    assert who.state["question"] == "review"
    who.press("send")
    shown = json.loads(run(installation.home, "case", "show", reference, "--format", "json", "--language", "de").stdout)
    assert shown["version"] == 2
    assert [(change["before"], change["after"]) for change in shown["changes"]] == [("Kim", "Robin")]
    lines = {line["question"]: line for section in shown["sections"] for line in section["lines"]}
    assert lines["age"]["value"] == "18–26"
    assert all(line["confirmed_at"] for line in lines.values())


@EVERY
def test_withdraw_after_sending(tag: str, installation: Installation, newcomer: Callable[..., Newcomer]) -> None:
    who = begun(newcomer, tag)
    skip_to(who, "review")
    who.press("send")
    reference = who.state["case"]
    who.say(PHRASES["withdraw"][tag][0])
    who.press("no")
    assert who.state["case"] == reference
    who.say(PHRASES["withdraw"][tag][0])
    who.press("yes")
    assert who.state == {"language": tag, "intake": None, "question": None, "case": None}
    assert run(installation.home, "case", "show", reference).returncode == 1


@EVERY
def test_stop_pauses_and_goes_on(tag: str, newcomer: Callable[..., Newcomer]) -> None:
    who = begun(newcomer, tag)
    who.say(PHRASES["progress"][tag][0])
    assert who.state["question"] == "gender"
    assert any(character.isdigit() for character in who.text)
    who.say(PHRASES["stop_all"][tag][0])
    assert who.state["question"] is None
    who.press("resume")
    assert who.state["question"] == "gender"


@EVERY
def test_typed_after_ticking_counts_both(tag: str, newcomer: Callable[..., Newcomer]) -> None:
    who = begun(newcomer, tag)
    skip_to(who, "needs")
    who.press("home")
    labels = {button["value"]: button["label"] for row in who.line["messages"][-1]["buttons"] for button in row}
    who.say(labels["work"])
    assert who.state["question"] == "urgent"
    who.press("back")
    ticked = [button["value"] for row in who.line["messages"][-1]["buttons"] for button in row if button["label"].startswith("✓")]
    assert ticked == ["home", "work"]


@EVERY
def test_a_notice_says_who_what_and_how_long(tag: str, newcomer: Callable[..., Newcomer]) -> None:
    who = newcomer("--language", tag)
    who.press("start_intake")
    who.press("27-64")
    who.press("privacy")
    notice, again = who.line["messages"]
    for part in ("30", "90", "Musterstadt", "/delete", "/withdraw", "/human"):
        assert part in notice["text"]
    assert "yes" in [button["value"] for row in again["buttons"] for button in row], "the agreement is asked again"
