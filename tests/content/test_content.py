"""Everything in content/ and data/ that people write: it loads, it is complete, and nothing stands twice."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from lotse import crisis, intake, languages
from lotse.intake import Questionnaire
from lotse.normalise import words
from lotse.settings import ROOT
from tests.unit.conftest import CONTENT, OFFERED, held_out, load_yaml, training

TAGS = OFFERED
ENOUGH_EXAMPLES = 10
LONGEST_TITLE = 60
TOPICS = frozenset(
    word
    for line in """register_address appointments tax_id digital_id bank_account official_letters interpreter
    renew_permit permit_expires family_reunion travel move_city permanent_stay citizenship
    course_right course_cost course_childcare literacy_course exam missed_lesson
    may_i_work find_work recognise_diploma contract_wage unpaid_wages apprenticeship self_employment tax
    benefits child_benefit rent_help debts broadcasting_fee legal_help
    find_flat social_housing deposit tenancy neighbours waste lose_flat
    insurance doctor emergency pregnancy vaccination trauma disability
    daycare school school_costs support
    clubs faith volunteering transport driving_licence discrimination my_guide""".splitlines()
    for word in line.split()
)
ANSWERS = sorted(path.parent for path in (CONTENT / "answers").glob("*/*/answer.yml"))
TEXTS = [(folder, tag) for folder in ANSWERS for tag in TAGS]


@pytest.fixture(scope="module")
def questionnaire() -> Questionnaire:
    return intake.load(
        CONTENT / "questionnaires" / "intake", languages.load(CONTENT / "languages.yml")
    )  # raises where a label is missing


def short(value: Any) -> str:
    return value.name if isinstance(value, Path) else str(value)


def never_trained(tag: str) -> set[str]:
    return {same(message["text"]) for message in held_out(tag)}


def same(text: str) -> str:
    """A text as it is compared: case, signs and spelling variants do not count."""
    return " ".join(words(text))


@pytest.mark.parametrize("file", sorted(CONTENT.rglob("*.yml")), ids=lambda file: str(file.relative_to(CONTENT)))
def test_every_file_loads(file: Path) -> None:
    assert load_yaml(file)


def test_there_are_answers() -> None:
    assert len(ANSWERS) >= 18
    assert {folder.parent.name for folder in ANSWERS} <= {folder.name for folder in (CONTENT / "municipalities").iterdir()}


@pytest.mark.parametrize("folder", ANSWERS, ids=short)
def test_an_answer(folder: Path) -> None:
    data = load_yaml(folder / "answer.yml")
    assert data["topic"] in TOPICS
    assert data["scope"] in ("national", "local", "both")
    assert data["owner"]
    assert data["source"]["name"]
    assert re.match(r"https://[\w.-]+\.\w+", data["source"]["url"])
    assert isinstance(data["checked"], date)
    assert data["checked"] < data["review"]
    siblings = {other.name for other in ANSWERS if other.parent == folder.parent}
    assert set(data.get("related", [])) <= siblings - {folder.name}
    assert len(data.get("related", [])) == len(set(data.get("related", [])))
    assert {file.stem for file in folder.glob("*.yml")} >= set(TAGS)


@pytest.mark.parametrize(("folder", "tag"), TEXTS, ids=short)
def test_an_answers_text(folder: Path, tag: str) -> None:
    data = load_yaml(folder / f"{tag}.yml")
    assert 0 < len(data["title"]) <= LONGEST_TITLE
    assert data["text"].strip()
    assert data["status"] in ("missing", "machine", "draft", "reviewed", "outdated")
    questions = [same(str(question)) for question in data["questions"]]
    assert len(questions) >= 5
    assert len(set(questions)) == len(questions)
    assert all(questions)


@pytest.mark.parametrize("folder", ANSWERS, ids=short)
def test_an_answers_languages_agree(folder: Path) -> None:
    """Numbers to call and addresses are the same in every language."""
    facts = {tag: set(re.findall(r"\b1\d\d\s?\d{3}\b|\b11[0-9]\b", load_yaml(folder / f"{tag}.yml")["text"])) for tag in TAGS}
    assert facts == dict.fromkeys(TAGS, facts["de"])


@pytest.mark.parametrize("tag", TAGS)
def test_titles_and_questions_belong_to_one_answer(tag: str) -> None:
    owners: dict[str, set[str]] = defaultdict(set)
    for folder in ANSWERS:
        data = load_yaml(folder / f"{tag}.yml")
        for text in (data["title"], *data["questions"]):
            owners[same(str(text))].add(folder.name)
    assert {text: sorted(found) for text, found in owners.items() if len(found) > 1} == {}


@pytest.mark.parametrize("tag", TAGS)
def test_questions_are_not_held_out_messages(tag: str) -> None:
    asked = {same(str(question)) for folder in ANSWERS for question in load_yaml(folder / f"{tag}.yml")["questions"]}
    assert asked & never_trained(tag) == set()


def test_the_questionnaire_is_complete(questionnaire: Questionnaire) -> None:
    for tag in (*TAGS, "nl"):
        assert set(questionnaire.section_names[tag]) == set(questionnaire.sections)
        assert set(questionnaire.words[tag]) == {question.name for question in questionnaire.questions}
        for question in questionnaire.questions:
            described = questionnaire.words[tag][question.name]
            assert described.label
            assert described.short
            assert described.why
            choices = set() if question.are_languages else set(question.choices)
            assert choices <= set(described.choices) | ({"this_town"} & choices)
            assert set(described.choices) <= choices, f"{tag}: {question.name} has words for a choice that there is not"
            if question.type != "integer":
                assert set(described.also) <= choices, f"{tag}: {question.name}"


@pytest.mark.parametrize("tag", TAGS)
def test_no_word_stands_for_two_choices(questionnaire: Questionnaire, tag: str) -> None:
    doubled = {}
    for question in questionnaire.questions:
        described = questionnaire.words[tag][question.name]
        meanings: dict[str, set[str]] = defaultdict(set)
        for choice in {*described.choices, *described.also}:
            for way in [described.choices.get(choice, ""), *described.also.get(choice, [])]:
                meanings[same(str(way))].add(choice)
        doubled |= {f"{question.name}: {way}": sorted(found) for way, found in meanings.items() if way and len(found) > 1}
    assert doubled == {}


def test_names_in_the_questionnaire_exist(questionnaire: Questionnaire) -> None:
    for question in questionnaire.questions:
        assert {*question.ends, *question.exclusive, *question.alarm} <= set(question.choices), question.name
    assert questionnaire.questions[-1].type == "review"
    assert [question.name for question in questionnaire.questions if question.consent], "nothing may be kept without an agreement"
    gates = [question.gate for question in questionnaire.questions]
    assert gates == sorted(gates, reverse=True), "gates come first"


@pytest.mark.parametrize("folder", sorted((CONTENT / "municipalities").iterdir()), ids=short)
def test_a_municipality(folder: Path) -> None:
    data = load_yaml(folder / "municipality.yml")
    assert data["slug"] == folder.name
    assert crisis.load(CONTENT / "crisis").lines(data["country"])[0].number == "112"
    opening = data["details"]["staff_hours"]
    assert all(day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun") for day in opening["days"].split("-"))
    assert opening["from"] < opening["to"]


# data/nlu


def intents_understood_from_text() -> list[str]:
    """Intents of domain/intents.yml down to the comment about those that only the gateway sets."""
    text = (ROOT / "domain" / "intents.yml").read_text("utf-8")
    part = text.split("# understood from text")[1].split("#")[0]
    return re.findall(r"^\s*- (\w+)", part, re.MULTILINE)


def test_intents_are_those_of_the_domain() -> None:
    wanted = intents_understood_from_text()
    assert len(wanted) > 20
    assert {(tag, intent) for tag in TAGS for intent, _ in training(tag)} - {
        (tag, intent) for tag in TAGS for intent in wanted
    } == set()


@pytest.mark.parametrize("tag", TAGS)
def test_every_intent_has_enough_examples(tag: str) -> None:
    counts = {
        intent: len({same(text) for found, text in training(tag) if found == intent}) for intent in intents_understood_from_text()
    }
    assert {intent: count for intent, count in counts.items() if count < ENOUGH_EXAMPLES} == {}


@pytest.mark.parametrize("tag", TAGS)
def test_no_example_has_two_intents(tag: str) -> None:
    meanings: dict[str, set[str]] = defaultdict(set)
    for intent, text in training(tag):
        meanings[same(text)].add(intent)
    assert {text: sorted(found) for text, found in meanings.items() if len(found) > 1} == {}


@pytest.mark.parametrize("tag", TAGS)
def test_no_held_out_message_is_trained(tag: str) -> None:
    assert len(never_trained(tag)) > 100
    assert {same(text) for _, text in training(tag)} & never_trained(tag) == set()


@pytest.mark.parametrize("tag", TAGS)
def test_held_out_messages_are_well_formed(tag: str) -> None:
    wanted = set(intents_understood_from_text())
    messages = held_out(tag)
    assert [message for message in messages if message["intent"] not in wanted] == []
    assert [message for message in messages if message.get("topic") and message["topic"] not in TOPICS] == []
    assert [message for message in messages if message.get("false_alarm") and message["intent"] == "crisis"] == []


@pytest.mark.parametrize("tag", TAGS)
def test_all_example_files_exist_in_every_language(tag: str) -> None:
    assert {file.name for file in (ROOT / "data" / "nlu" / tag).glob("*.yml")} == {
        file.name for file in (ROOT / "data" / "nlu" / "de").glob("*.yml")
    }
