"""From a message that named danger to the case worker who takes the call, through the real processes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from lotse.settings import from_environment
from lotse.storage import Database
from lotse.storage.tables import CrisisCall
from tests.conftest import Installation
from tests.newcomer import Newcomer, run

pytestmark = pytest.mark.processes

DANGER = {
    "uk": "мій чоловік б'є мене, вулиця Липова 7",
    "ar": "زوجي يضربني شارع الزيزفون",
    "de": "mein Mann schlägt mich, Lindenallee 7",
}
MARK = {"uk": "Липова", "ar": "الزيزفون", "de": "Lindenallee"}
YES = {"uk": "так, хочу", "ar": "اي بدي", "de": "ja bitte"}
NO = {"uk": "ні, не треба", "ar": "لا ما بدي", "de": "nein danke"}
QUESTION = {
    "uk": "де мені знайти лікаря для дитини?",
    "ar": "وين بلاقي دكتور لابني",
    "de": "Wo finde ich einen Arzt für mein Kind?",
}


def call_of(installation: Installation, words: str) -> CrisisCall | None:
    """The call with these words; None where the words are gone."""
    database = Database(from_environment({"LOTSE_HOME": str(installation.home)}))
    with database.reading() as session:
        found = [call for call in session.scalars(select(CrisisCall)) if call.words == words]
    database.engine.dispose()
    return found[-1] if found else None


def values(who: Newcomer) -> list[str]:
    return [button["value"] for message in who.line["messages"] for row in message["buttons"] for button in row]


@pytest.mark.parametrize("tag", list(DANGER))
def test_a_call_with_the_words(tag: str, installation: Installation, newcomer: Callable[..., Newcomer]) -> None:
    """In the middle of an intake; the intake goes on afterwards."""
    who = newcomer("--language", tag)
    for value in ("start_intake", "27-64", "yes", "this_town"):
        who.press(value)
    assert who.state["question"] == "call_name"
    who.say(DANGER[tag])
    assert "112" in who.text
    assert who.state["question"] is None
    assert MARK[tag] not in who.text
    call = call_of(installation, DANGER[tag])
    assert call is not None
    assert call.state == "offered"

    who.press("crisis_call")
    assert values(who) == ["crisis_show", "crisis_hide"]
    assert who.state["case"] is None, "no case says that there was a crisis message"
    call = call_of(installation, DANGER[tag])
    assert call is not None
    assert (call.state, call.show_words) == ("called", False)
    assert call.reference in who.text
    who.press("crisis_show")
    call = call_of(installation, DANGER[tag])
    assert call is not None
    assert call.show_words
    who.say("+49 176 12345678")
    assert "12345678" in who.text.replace(" ", "")
    who.press("resume")
    assert who.state["question"] == "call_name"
    assert MARK[tag] not in installation.logs()


@pytest.mark.parametrize("tag", list(DANGER))
def test_typed_answers(tag: str, installation: Installation, newcomer: Callable[..., Newcomer]) -> None:
    """Yes and no in people's own words; then everything else is as before."""
    danger = f"{DANGER[tag]} 2"
    who = newcomer("--language", tag)
    for value in ("start_intake", "27-64", "yes"):
        who.press(value)
    who.say(danger)
    who.say(YES[tag])
    assert values(who) == ["crisis_show", "crisis_hide"], who.text
    who.say(NO[tag])
    assert call_of(installation, danger) is None, "the words are deleted on the no"
    who.say(QUESTION[tag])
    assert "answer" in [button["kind"] for message in who.line["messages"] for row in message["buttons"] for button in row]
    who.press("resume")
    assert who.state["question"] == "town"


@pytest.mark.parametrize("tag", list(DANGER))
def test_no_call_and_no_words(tag: str, installation: Installation, newcomer: Callable[..., Newcomer]) -> None:
    danger = f"{DANGER[tag]} 3"
    who = newcomer("--language", tag)
    who.say(danger)
    assert call_of(installation, danger) is not None
    who.say(NO[tag])
    assert values(who) == ["crisis_call"], who.text
    assert call_of(installation, danger) is None


def test_no_summary_and_no_list_of_cases_has_the_words(installation: Installation, newcomer: Callable[..., Newcomer]) -> None:
    who = newcomer("--language", "de")
    who.press("person")
    who.say("Ich habe Fragen zum Jobcenter")
    reference: Any = who.state["case"]
    who.say(f"{DANGER['de']} 4")
    who.press("crisis_call")
    assert reference in who.text, "the case's own number"
    who.press("crisis_show")
    shown = run(installation.home, "case", "show", reference, "--language", "de").stdout
    assert "Jobcenter" in shown
    assert MARK["de"] not in shown
    assert "Gefahr" not in shown
