"""The drawing of a questionnaire: everything is on it, in words, in every language, mirrored, and nothing overlaps."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lotse import intake
from lotse.intake import Questionnaire
from lotse.intake.canvas import SVG, Style, text_width, wrapped
from lotse.intake.drawing import WIDTH, as_svg
from lotse.intake.questionnaire import parse
from lotse.intake.telling import Conditions
from lotse.languages import Languages
from lotse.replies import say
from lotse.wording import Wording
from tests.unit.conftest import CONTENT, OFFERED

NAMESPACE = f"{{{SVG}}}"


def drawn(questionnaire: Questionnaire, known: Languages, wording: Wording, tag: str) -> ElementTree.Element:
    return ElementTree.fromstring(as_svg(questionnaire, known[tag], wording).split("?>", 1)[1])


def texts(root: ElementTree.Element) -> str:
    """All that is written, line ends as blanks."""
    return " ".join(str(each.text) for each in root.iter(f"{NAMESPACE}text"))


@pytest.mark.parametrize("tag", OFFERED)
def test_every_question_is_drawn_with_its_words(
    questionnaire: Questionnaire, known: Languages, wording: Wording, tag: str
) -> None:
    root = drawn(questionnaire, known, wording, tag)
    written = texts(root)
    conditions = Conditions(questionnaire, known[tag], wording)
    for number, question in enumerate(questionnaire.questions, 1):
        words = questionnaire.words_of(question, tag)
        assert f"{number}  {conditions.filled(words.short)}" in written
        assert " ".join(conditions.filled(words.label).split()) in " ".join(written.split())
    for section in questionnaire.sections:
        assert questionnaire.section_name(section, tag) in written
    assert root.get("lang") == tag
    assert root.get("direction") == known[tag].direction
    title, description = root.find(f"{NAMESPACE}title"), root.find(f"{NAMESPACE}desc")
    assert title is not None
    assert description is not None
    assert (root.get("aria-labelledby"), root.get("aria-describedby")) == (title.get("id"), description.get("id"))
    assert wording.render(say("flow.told", count=len(questionnaire.questions)), tag) in str(description.text)


def test_a_condition_names_what_is_skipped_and_why(questionnaire: Questionnaire, known: Languages, wording: Wording) -> None:
    written = texts(drawn(questionnaire, known, wording, "de"))
    condition = Conditions(questionnaire, known["de"], wording).said("${visit_group} = 'yes' or ${visit_group} = 'maybe'")
    assert "Gruppe besuchen" in condition
    assert "Ja" in condition
    assert "Vielleicht" in condition
    assert wording.render(say("flow.only_if", condition=condition), "de") in written
    skipped = [questionnaire.words_of(questionnaire.question(name), "de").short for name in ("go_with", "free_times")]
    assert wording.render(say("flow.skipped", questions=skipped), "de") in written


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("flow.mark.gate", {}),
        ("flow.mark.agreement", {}),
        ("flow.mark.sensitive", {}),
        ("flow.mark.required", {}),
        ("flow.mark.must_have", {}),
        ("flow.ends", {"choice": "Unter 16"}),
        ("flow.alarm", {"choice": "Ich habe keinen Platz"}),
        ("flow.times", {"count": 3}),
        ("flow.once_for_each", {"short": "Kinder"}),
        ("flow.all_languages", {}),
        ("flow.type.private", {}),
    ],
)
def test_what_is_special_is_told_in_words(
    questionnaire: Questionnaire, known: Languages, wording: Wording, key: str, values: dict[str, Any]
) -> None:
    assert wording.render(say(key, **values), "de") in texts(drawn(questionnaire, known, wording, "de"))


@pytest.mark.parametrize("tag", ["de", "ar"])
def test_text_stays_inside_and_lines_do_not_overlap(
    questionnaire: Questionnaire, known: Languages, wording: Wording, tag: str
) -> None:
    root = drawn(questionnaire, known, wording, tag)
    places: dict[float, list[tuple[float, float]]] = {}
    for each in root.iter(f"{NAMESPACE}text"):
        style = Style(float(str(each.get("font-size"))), bold=each.get("font-weight") == "bold")
        width, x = text_width(str(each.text), style), float(str(each.get("x")))
        begins_left = (each.get("text-anchor") == "start") == (tag == "de")
        left = x if begins_left else x - width
        assert left >= 0
        assert left + width <= WIDTH
        places.setdefault(float(str(each.get("y"))), []).append((left, left + width))
    for row in places.values():
        row.sort()
        assert all(one[1] <= other[0] for one, other in pairwise(row)), row
    heights = sorted(places)
    assert all(later - earlier > 8 or later - earlier < 3 for earlier, later in pairwise(heights))


def test_right_to_left_is_a_mirror(questionnaire: Questionnaire, known: Languages, wording: Wording) -> None:
    """The line runs on the other side, at the same distance."""

    def line(tag: str) -> float:
        (end,) = drawn(questionnaire, known, wording, tag).iter(f"{NAMESPACE}circle")
        return float(str(end.get("cx")))

    assert line("ar") == WIDTH - line("de")


def test_nothing_comes_from_elsewhere(questionnaire: Questionnaire, known: Languages, wording: Wording) -> None:
    svg = as_svg(questionnaire, known["en"], wording)
    assert svg.count("http") == 1, "the name of SVG itself"
    used = {each.tag.removeprefix(NAMESPACE) for each in drawn(questionnaire, known, wording, "en").iter()}
    assert used <= {"svg", "title", "desc", "g", "rect", "path", "polygon", "circle", "text"}


def test_signs_of_xml_are_text(known: Languages, wording: Wording, questionnaire: Questionnaire) -> None:
    words = {"sections": {"one": "<b> & co"}, "questions": {"a": {"label": "</svg><script>", "short": "&", "why": "?"}}}
    data = {"name": "odd", "version": "1", "sections": ["one"], "questions": [{"name": "a", "section": "one", "type": "text"}]}
    written = texts(drawn(parse({"questions": data, "words": {"en": words}}, known), known, wording, "en"))
    assert "</svg><script>" in written
    assert "<b> & co" in written


def test_a_draft_without_words_is_drawn_with_its_names(known: Languages, wording: Wording) -> None:
    data = {
        "name": "draft", "version": "1", "sections": ["one"],
        "questions": [
            {"name": "first", "section": "one", "type": "integer"},
            {"name": "second", "section": "two", "type": "new", "relevant": "${first} > 2 and ${other} = 'x'"},
        ],
    }  # fmt: skip
    written = texts(drawn(parse({"questions": data, "words": {}}, known), known, wording, "uk"))
    assert [name for name in ("1  first", "2  second", "two") if name not in written] == []


# conditions in words


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("${course} = 'waiting'", "Language course: “I wait for a place”"),
        ("${course} != 'waiting'", "Language course: not “I wait for a place”"),
        ("selected(${needs}, 'money')", "Help first: “💶 money”"),
        ("not(selected(${needs}, 'money'))", "not (Help first: “💶 money”)"),
        ("${interests} != ''", "Likes: answered"),
        ("${interests} = ''", "Likes: not answered"),
        ("${job} != '' and ${job} != 'none_yet'", "Work done: anything but “None yet”"),
        ("${course} = 'yes' or ${course} = 'waiting'", "Language course: “Yes” or “I wait for a place”"),
        ("2 < ${children}", "Children: more than 2"),
        ("${children} >= 2", "Children: 2 or more"),
        ("${children} < 2", "Children: less than 2"),
        ("${children} <= 2", "Children: 2 or less"),
        ("${children} = 2", "Children: 2"),
        ("${country} = 'NL'", "Country of the town: Netherlands"),
        (
            "(${course} = 'no' or ${children} > 0) and ${adults} = 0",
            "(Language course: “No” or Children: more than 0) and Adults with them: 0",
        ),
        ("${local_language} = 'work'", "German / Dutch: “Talk about work”"),
        ("string-length(${job}) > 3", "string-length(${job}) > 3"),
        ("${children} >", "${children} >"),
    ],
)
def test_a_condition_in_words(
    questionnaire: Questionnaire, known: Languages, wording: Wording, expression: str, told: str
) -> None:
    assert Conditions(questionnaire, known["en"], wording).said(expression) == told


def test_a_mirrored_condition_knows_its_direction(questionnaire: Questionnaire, known: Languages, wording: Wording) -> None:
    assert Conditions(questionnaire, known["ar"], wording).said("${course} = 'yes'").startswith("\u200f")


@given(text=st.text(max_size=200), width=st.floats(30, 800))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_wrapped_text_fits_and_loses_nothing(text: str, width: float) -> None:
    lines = wrapped(text, width, Style())
    assert all(text_width(line, Style()) <= width or len(line) == 1 for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_the_drawing_is_read_from_the_content_folder(known: Languages, wording: Wording) -> None:
    folders = [file.parent for file in (CONTENT / "questionnaires").glob("*/questions.yml")]
    assert folders
    for folder in folders:
        assert as_svg(intake.load(folder, known), known["en"], wording).startswith("<?xml")
