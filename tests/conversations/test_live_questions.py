"""A question is added while everything runs: one edit in the questionnaire and its words, no code, no training, no restart."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lotse.settings import ROOT
from tests.conftest import Installation
from tests.newcomer import Newcomer, run

pytestmark = pytest.mark.processes

QUESTION = '  - {name: bicycle, section: start, type: select_one, choices: ["yes", "no"], summary: abilities}\n'
FOLLOWED = 1.0  # seconds; the processes look for changed files twice a second
WORDS = """
  bicycle:
    label: {label}
    short: {short}
    why: {why}
    choices: {{"yes": {yes}, "no": {no}}}
"""
IN = {
    "ar": ("هل تركب الدراجة؟", "الدراجة", "هناك دورات لتعلم ركوب الدراجة.", "نعم", "لا"),
    "de": ("Fahren Sie Fahrrad?", "Fahrrad", "Es gibt Kurse für das Radfahren.", "Ja", "Nein"),
    "en": ("Do you ride a bicycle?", "Bicycle", "There are courses for cycling.", '"Yes"', '"No"'),
    "nl": ("Fietst u?", "Fiets", "Er zijn fietslessen.", "Ja", "Nee"),
    "ru": ("Вы ездите на велосипеде?", "Велосипед", "Есть курсы езды на велосипеде.", "Да", "Нет"),
    "uk": ("Ви їздите на велосипеді?", "Велосипед", "Є курси їзди на велосипеді.", "Так", "Ні"),
}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Processes with a content folder of their own, beside their home."""
    home = tmp_path_factory.mktemp("live") / "home"
    shutil.copytree(ROOT / "content", home.parent / "content")
    running = Installation(home, LOTSE_CONTENT=str(home.parent / "content"))
    yield running
    running.close()


@pytest.fixture
def content(live: Installation) -> Iterator[Path]:
    """The content folder; as it was when the test is over."""
    folder = live.home.parent / "content"
    yield folder
    shutil.copytree(ROOT / "content", folder, dirs_exist_ok=True)
    time.sleep(FOLLOWED)


@pytest.fixture
def newcomer(live: Installation) -> Iterator[Callable[..., Newcomer]]:
    opened: list[Newcomer] = []

    def begin(*arguments: str) -> Newcomer:
        opened.append(live.newcomer(*arguments))
        return opened[-1]

    yield begin
    for each in reversed(opened):
        each.close()


def add_the_question(content: Path) -> None:
    folder = content / "questionnaires" / "intake"
    for tag, (label, short, why, yes, no) in IN.items():
        file = folder / f"{tag}.yml"
        file.write_text(
            file.read_text("utf-8").rstrip("\n") + WORDS.format(label=label, short=short, why=why, yes=yes, no=no), "utf-8"
        )
    questions = (folder / "questions.yml").read_text("utf-8")
    (folder / "questions.yml").write_text(re.sub(r"(?m)^(  - \{name: gender.*\n)", rf"\1{QUESTION}", questions), "utf-8")
    time.sleep(FOLLOWED)


def until(who: Newcomer, question: str) -> None:
    for value in ("start_intake", "27-64", "yes", "this_town"):
        who.press(value)
    who.say("Kim")
    who.press("skip")
    assert who.state["question"] == question, who.text


def test_a_question_is_added_without_a_restart(live: Installation, content: Path, newcomer: Callable[..., Newcomer]) -> None:
    first = newcomer("--language", "en", "--conversation", "before")
    for value in ("start_intake", "27-64", "yes"):
        first.press(value)
    add_the_question(content)

    for tag, (label, short, why, _yes, _no) in IN.items():
        who = newcomer("--language", tag, "--conversation", f"after in {tag}")
        until(who, "bicycle")
        assert label in who.text
        who.press("why")
        assert why in who.text
        who.press("yes")
        assert who.state["question"] == "needs"
        if tag == "ar":
            while who.state["question"] != "review":
                who.press("skip")
            assert short in who.text
            who.press("send")
            shown = run(live.home, "case", "show", who.state["case"], "--language", "de", **live.extra).stdout
            assert "**Fahrrad:** Ja" in shown

    first.press("this_town")
    first.say("Kim")
    first.press("skip")
    assert first.state["question"] == "needs", "who had begun goes on with the questions of the beginning"


def test_new_words_are_used_at_once_also_in_running_intakes(content: Path, newcomer: Callable[..., Newcomer]) -> None:
    who = newcomer("--language", "en")
    for value in ("start_intake", "27-64", "yes"):
        who.press(value)
    file = content / "questionnaires" / "intake" / "en.yml"
    file.write_text(file.read_text("utf-8").replace("label: What shall I call you?", "label: Which name do you like?"), "utf-8")
    time.sleep(FOLLOWED)
    who.press("this_town")
    assert "Which name do you like?" in who.text


def test_a_faulty_edit_changes_nothing_and_is_named_in_the_log(
    live: Installation, content: Path, newcomer: Callable[..., Newcomer]
) -> None:
    who = newcomer("--language", "en")
    file = content / "questionnaires" / "intake" / "questions.yml"
    file.write_text(file.read_text("utf-8").replace("type: place", "type: plaice"), "utf-8")
    time.sleep(FOLLOWED)
    for value in ("start_intake", "27-64", "yes"):
        who.press(value)
    assert who.state["question"] == "town"
    assert "question town" in live.logs()
    assert "plaice" in live.logs()
