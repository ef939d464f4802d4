"""Control over the intake at every moment, in every working language, through the real processes: one conversation each."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from lotse.files import read_yaml
from lotse.settings import ROOT
from tests.conftest import Installation
from tests.newcomer import Newcomer, run

pytestmark = pytest.mark.processes

PHRASES = read_yaml(ROOT / "bot" / "phrases.yml")
TAGS = ("de", "en", "nl", "ru", "uk", "ar")
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
UNREADABLE = "XII-7 Bravo"  # fits no choice in any language


def tell(who: Newcomer, name: str) -> None:
    """From the age to the first question after the name."""
    for value in ("27-64", "yes", "this_town"):
        who.press(value)
    who.say(name)
    assert who.state["question"] == "gender", who.text


def skip_to(who: Newcomer, question: str) -> None:
    while who.state["question"] != question:
        who.press("skip")


def buttons(who: Newcomer) -> dict[str, dict[str, Any]]:
    """The newest message's buttons, by label without direction marks."""
    return {each["label"].strip("\u2068\u2069"): each for row in who.line["messages"][-1]["buttons"] for each in row}


def page(installation: Installation, reference: str) -> dict[str, Any]:
    shown = run(installation.home, "case", "show", reference, "--format", "json", "--language", "de")
    assert shown.returncode == 0, shown.stderr
    return json.loads(shown.stdout)


@pytest.mark.parametrize("tag", TAGS)
def test_everything_at_every_moment(tag: str, installation: Installation, newcomer: Callable[..., Newcomer]) -> None:
    who = newcomer("--language", tag)
    who.press("start_intake")
    _read_the_notice(who)
    who.say(PHRASES["start_over"][tag][0])  # nothing is kept yet: asked back all the same
    who.press("no")
    tell(who, "Kim")
    _stop_and_go_on(who, tag)
    _start_over(who, tag)
    who.say(CHANGES[tag])
    assert who.state["question"] == "age", who.text
    who.press("18-26")
    assert who.state["question"] == "gender"
    _begin_for_somebody_else(who, tag)
    _tick_and_type(who)
    _write_in_several_messages(who, tag)
    skip_to(who, "review")
    for text in ("Kim", f"{WISH[tag][0]}\n{WISH[tag][1]}", f"{WISH[tag][0]}\n{UNREADABLE}"):
        assert text in who.text
    assert "Robin" not in who.text
    who.press("send")
    first = who.state["case"]
    _amend(who, installation, first)
    _send_for_somebody_else(who, installation, first)
    _withdraw(who, installation, tag)


def _read_the_notice(who: Newcomer) -> None:
    who.press("27-64")
    who.press("privacy")
    notice, again = who.line["messages"]
    for part in ("30", "90", "Musterstadt", "/delete", "/withdraw", "/human"):
        assert part in notice["text"]
    assert "yes" in [button["value"] for row in again["buttons"] for button in row], "the agreement is asked again"
    who.say("/correct")
    assert who.state["question"] == "agreement"
    who.press("no")
    assert who.state["intake"] is None
    who.press("start_intake") if "start_intake" in buttons(who) else who.say("/intake")
    assert who.state["question"] == "age"


def _stop_and_go_on(who: Newcomer, tag: str) -> None:
    who.say(PHRASES["progress"][tag][0])
    assert who.state["question"] == "gender"
    assert any(character.isdigit() for character in who.line["messages"][0]["text"]), "how long still"
    who.say(PHRASES["stop_all"][tag][0])
    assert who.state["question"] is None
    who.press("resume")
    assert who.state["question"] == "gender"


def _start_over(who: Newcomer, tag: str) -> None:
    who.say(PHRASES["start_over"][tag][0])
    who.press("no")
    assert who.state["question"] == "gender"
    who.say(PHRASES["start_over"][tag][1])
    who.press("yes")
    assert who.state["question"] == "age"
    tell(who, "Kim")


def _begin_for_somebody_else(who: Newcomer, tag: str) -> None:
    who.say(PHRASES["another_person"][tag][0])
    assert who.state["question"] == "age", "an agreement of their own"
    tell(who, "Robin")
    who.say(PHRASES["another_person"][tag][0])
    assert {"Kim", "Robin"} < set(buttons(who))
    who.send({"press": buttons(who)["Kim"]["id"]})
    assert who.state["question"] == "gender"


def _tick_and_type(who: Newcomer) -> None:
    skip_to(who, "needs")
    who.press("home")
    work = next(label for label, button in buttons(who).items() if button["value"] == "work")
    who.say(work)
    assert who.state["question"] == "urgent"
    who.press("back")
    assert [each["value"] for label, each in buttons(who).items() if label.startswith("✓")] == ["home", "work"]
    who.press("keep_response")


def _write_in_several_messages(who: Newcomer, tag: str) -> None:
    first, second = WISH[tag]
    skip_to(who, "wish_year")
    who.say(CHANGES[tag])
    assert who.state["question"] == "age", "no wish, though own words are one here"
    who.press("keep_response")
    assert who.state["question"] == "wish_year"
    who.say(first)
    assert who.state["question"] == "interests"
    who.say(second)
    assert who.state["question"] == "interests", "nothing of it was taken for likes"
    who.press("music")
    who.press("done")
    who.say(first)
    assert who.state["question"] == "visit_group"
    who.say(UNREADABLE)
    assert who.state["question"] == "visit_group"
    who.press("yes")
    assert who.state["question"] == "visit_group", "the yes was about the words before"


def _amend(who: Newcomer, installation: Installation, reference: str) -> None:
    who.say("/correct")
    who.send({"press": who.buttons["call_name"]})
    who.say("Alex")
    assert "Alex" not in json.dumps(page(installation, reference)), "the guide sees it when it is sent"
    assert who.state["question"] == "review"
    who.press("send")
    shown = page(installation, reference)
    assert shown["version"] == 2
    assert [(change["before"], change["after"]) for change in shown["changes"]] == [("Kim", "Alex")]
    lines = {line["question"]: line for section in shown["sections"] for line in section["lines"]}
    assert lines["age"]["value"] == "18–26"
    assert all(line["confirmed_at"] for line in lines.values() if not line["suggestion"])


def _send_for_somebody_else(who: Newcomer, installation: Installation, first: str) -> None:
    who.press("another_person")
    who.send({"press": buttons(who)["Robin"]["id"]})
    skip_to(who, "review")
    who.press("send")
    second = who.state["case"]
    assert second != first
    shown = page(installation, second)
    assert any(first in note for note in shown["notes"]), "the household is named"
    assert "Alex" not in json.dumps(shown)


def _withdraw(who: Newcomer, installation: Installation, tag: str) -> None:
    reference = who.state["case"]
    who.say(PHRASES["withdraw"][tag][0])
    who.press("no")
    assert page(installation, reference)["sections"]
    who.say(PHRASES["withdraw"][tag][0])
    who.press("yes")
    assert run(installation.home, "case", "show", reference).returncode == 1
