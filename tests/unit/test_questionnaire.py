"""Questionnaires on disk: every kind of mistake is named with its question; one entry and its labels add a question."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from lotse import intake
from lotse.intake import Questionnaire, QuestionnaireError
from lotse.intake.flow import next_question
from lotse.languages import Languages
from tests.unit.conftest import OFFERED

QUESTIONS: dict[str, Any] = {
    "name": "small",
    "version": "1",
    "sections": ["first", "second"],
    "questions": [
        {"name": "children", "section": "first", "type": "integer", "min": 0, "max": 20},
        {"name": "ages", "section": "first", "type": "text", "relevant": "${children} > 0"},
        {"name": "housing", "section": "second", "type": "select_one", "choices": ["flat", "shelter"]},
    ],
}
LABELS: dict[str, Any] = {
    "sections": {"first": "1", "second": "2"},
    "questions": {
        "children": {"label": "Скільки дітей?", "short": "Діти", "why": "Бо садок."},
        "ages": {"label": "كم أعمارهم؟", "short": "الأعمار", "why": "المدرسة"},
        "housing": {"label": "Wo?", "short": "Ort", "why": "Darum.", "choices": {"flat": "Wohnung", "shelter": "Heim"}},
    },
}

Change = Callable[[dict[str, Any], dict[str, Any]], None]  # of the questions and of one language's labels


def write(folder: Path, change: Change | None = None, only: str = "") -> Path:
    """A small questionnaire with one change, of the labels in all languages or in one."""
    folder.mkdir(exist_ok=True)
    questions = copy.deepcopy(QUESTIONS)
    for tag in OFFERED:
        labels = copy.deepcopy(LABELS)
        if change and only in ("", tag):
            questions = copy.deepcopy(QUESTIONS)
            change(questions, labels)
        (folder / f"{tag}.yml").write_text(yaml.safe_dump(labels, allow_unicode=True), "utf-8")
    (folder / "questions.yml").write_text(yaml.safe_dump(questions, allow_unicode=True), "utf-8")
    return folder


def remove(labels: dict[str, Any], *path: str) -> None:
    for step in path[:-1]:
        labels = labels[step]
    del labels[path[-1]]


def test_the_small_questionnaire_is_right(tmp_path: Path, known: Languages) -> None:
    loaded = intake.load(write(tmp_path / "small"), known)
    assert [question.name for question in loaded.questions] == ["children", "ages", "housing"]


MISTAKES: dict[str, tuple[Change, str, list[str]]] = {
    "no words": (lambda q, w: remove(w, "questions", "ages"), "uk", ["ages", "uk.yml"]),
    "no label": (lambda q, w: remove(w, "questions", "ages", "label"), "ar", ["ages", "label", "ar.yml"]),
    "no why": (lambda q, w: remove(w, "questions", "housing", "why"), "de", ["housing", "why", "de.yml"]),
    "no short name": (lambda q, w: remove(w, "questions", "children", "short"), "uk", ["children", "short", "uk.yml"]),
    "no choices' words": (
        lambda q, w: remove(w, "questions", "housing", "choices"),
        "ar",
        ["housing", "flat", "shelter", "ar.yml"],
    ),
    "no choice's words": (lambda q, w: remove(w, "questions", "housing", "choices", "flat"), "uk", ["housing", "flat", "uk.yml"]),
    "no section's name": (lambda q, w: remove(w, "sections", "second"), "ar", ["second", "ar.yml"]),
    "unknown type": (
        lambda q, w: q["questions"][2].update(type="select_many"),
        "",
        ["housing", "select_many", "select_multiple"],
    ),
    "unknown section": (lambda q, w: q["questions"][0].update(section="third"), "", ["children", "third"]),
    "unknown field": (lambda q, w: q["questions"][0].update(maximum=3), "", ["maximum"]),
    "twice": (lambda q, w: q["questions"].append(dict(q["questions"][0])), "", ["children", "twice"]),
    "no choices": (lambda q, w: q["questions"][2].pop("choices"), "", ["housing", "choices"]),
    "a later question": (lambda q, w: q["questions"][1].update(relevant="${housing} = 'flat'"), "", ["ages", "housing"]),
    "itself": (lambda q, w: q["questions"][1].update(relevant="${ages} = ''"), "", ["ages"]),
    "unknown question": (lambda q, w: q["questions"][1].update(relevant="${chidlren} > 0"), "", ["ages", "chidlren"]),
    "no expression": (lambda q, w: q["questions"][1].update(relevant="${children} >"), "", ["ages", "${children} >"]),
    "unknown function": (lambda q, w: q["questions"][1].update(relevant="selcted(${children}, '1')"), "", ["ages", "selcted"]),
    "no name": (lambda q, w: q["questions"][1].pop("name"), "", ["questions.yml", "name"]),
    "no sections": (lambda q, w: q.pop("sections"), "", ["questions.yml", "sections"]),
    "no version": (lambda q, w: q.pop("version"), "", ["questions.yml", "version"]),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named(tmp_path: Path, known: Languages, mistake: str) -> None:
    change, only, told = MISTAKES[mistake]
    with pytest.raises(QuestionnaireError) as raised:
        intake.load(write(tmp_path / "wrong", change, only), known)
    assert [part for part in [*told, "wrong"] if part not in str(raised.value)] == []


@pytest.mark.parametrize(("file", "text"), [("questions.yml", "questions: ["), ("uk.yml", "questions: ["), ("ar.yml", "")])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, known: Languages, file: str, text: str) -> None:
    (write(tmp_path / "wrong") / file).write_text(text)
    with pytest.raises(QuestionnaireError, match=file):
        intake.load(tmp_path / "wrong", known)


def test_all_mistakes_are_told_at_once(tmp_path: Path, known: Languages) -> None:
    def change(questions: dict[str, Any], labels: dict[str, Any]) -> None:
        questions["questions"][0]["type"] = "number"
        remove(labels, "questions", "housing", "choices", "flat")

    with pytest.raises(QuestionnaireError, match=r"(?s)children.*housing"):
        intake.load(write(tmp_path / "wrong", change), known)


@pytest.mark.parametrize("place", [0, 1, 3])
def test_a_new_question_needs_one_entry_and_its_labels(tmp_path: Path, known: Languages, place: int) -> None:
    def add(questions: dict[str, Any], labels: dict[str, Any]) -> None:
        section = ["first", "first", "second", "second"][place]
        questions["questions"].insert(place, {"name": "pets", "section": section, "type": "text"})
        labels["questions"]["pets"] = {"label": "Чи є у Вас тварини?", "short": "Тварини", "why": "Житло."}

    longer = intake.load(write(tmp_path / "longer", add), known)
    responses: dict[str, Any] = {}
    asked = []
    while (question := next_question(longer, responses)) is not None:
        asked.append(question.name)
        responses[question.name] = 1
    assert asked.index("pets") == place
    assert len(asked) == 4
    assert longer.words_of(longer.question("pets"), "uk").label == "Чи є у Вас тварини?"


def test_words_fall_back_to_english(questionnaire: Questionnaire) -> None:
    age = questionnaire.question("age")
    assert questionnaire.words_of(age, "ti") == questionnaire.words_of(age, "en")
    assert questionnaire.section_name("home", "ti") == questionnaire.section_name("home", "en")
    assert questionnaire.words_of(age, "ar") != questionnaire.words_of(age, "en")


def test_choices_named_languages_are_the_list_of_languages(questionnaire: Questionnaire, known: Languages) -> None:
    assert questionnaire.question("languages").choices == tuple(language.tag for language in known.all)


def test_has(questionnaire: Questionnaire) -> None:
    assert questionnaire.has("age")
    assert not questionnaire.has("shoe_size")
    assert not questionnaire.has(None)
