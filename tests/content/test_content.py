"""Everything in content/ and data/ that people write: it loads, it is complete, and nothing stands twice."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from lotse import crisis, intake, languages
from lotse.answers import glossary
from lotse.intake import Questionnaire
from lotse.normalise import words
from lotse.settings import ROOT
from tests.unit.conftest import CONTENT, OFFERED, held_out, load_yaml, training

TAGS = OFFERED  # wording, questionnaire and answers
UNDERSTOOD = tuple(sorted(folder.name for folder in (ROOT / "data" / "nlu").iterdir()))  # examples of messages
DANGER = ("self_harm", "violence", "trafficking", "no_bed", "medical", "children")  # groups of the crisis lists
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
    for tag in TAGS:
        translation = questionnaire.translations[tag]
        assert set(translation.sections) == set(questionnaire.sections)
        assert set(translation.questions) == {question.name for question in questionnaire.questions}
        for question in questionnaire.questions:
            described = translation.questions[question.name]
            assert described.label
            assert described.short
            assert described.why
            choices = set() if question.listed == "languages" else set(question.choices)
            if question.listed == "countries":  # named by CLDR, but for those that are none
                choices = {choice for choice in choices if not choice.isupper()}
            assert choices <= set(described.choices) | ({"this_town"} & choices)
            assert set(described.choices) <= choices, f"{tag}: {question.name} has words for a choice that there is not"
            if question.type != "integer":
                assert set(described.also) <= choices, f"{tag}: {question.name}"


@pytest.mark.parametrize("tag", TAGS)
def test_no_word_stands_for_two_choices(questionnaire: Questionnaire, tag: str) -> None:
    doubled = {}
    for question in questionnaire.questions:
        described = questionnaire.translations[tag].questions[question.name]
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


def test_offered_languages_are_understood() -> None:
    assert len(UNDERSTOOD) >= 12
    assert set(OFFERED) <= set(UNDERSTOOD)
    assert set(UNDERSTOOD) <= {language.tag for language in languages.load(CONTENT / "languages.yml").all}


def intents_understood_from_text() -> list[str]:
    """Intents of domain/intents.yml down to the comment about those that only the gateway sets."""
    text = (ROOT / "domain" / "intents.yml").read_text("utf-8")
    part = text.split("# understood from text")[1].split("#")[0]
    return re.findall(r"^\s*- (\w+)", part, re.MULTILINE)


def test_intents_are_those_of_the_domain() -> None:
    wanted = intents_understood_from_text()
    assert len(wanted) > 20
    assert {(tag, intent) for tag in UNDERSTOOD for intent, _ in training(tag)} - {
        (tag, intent) for tag in UNDERSTOOD for intent in wanted
    } == set()


@pytest.mark.parametrize("tag", UNDERSTOOD)
def test_every_intent_has_enough_examples(tag: str) -> None:
    counts = {
        intent: len({same(text) for found, text in training(tag) if found == intent}) for intent in intents_understood_from_text()
    }
    assert {intent: count for intent, count in counts.items() if count < ENOUGH_EXAMPLES} == {}


@pytest.mark.parametrize("tag", UNDERSTOOD)
def test_no_example_has_two_intents(tag: str) -> None:
    meanings: dict[str, set[str]] = defaultdict(set)
    for intent, text in training(tag):
        meanings[same(text)].add(intent)
    assert {text: sorted(found) for text, found in meanings.items() if len(found) > 1} == {}


@pytest.mark.parametrize("tag", UNDERSTOOD)
def test_no_held_out_message_is_trained(tag: str) -> None:
    assert len(never_trained(tag)) > 100
    assert {same(text) for _, text in training(tag)} & never_trained(tag) == set()


@pytest.mark.parametrize("tag", UNDERSTOOD)
def test_held_out_messages_are_well_formed(tag: str) -> None:
    wanted = set(intents_understood_from_text())
    messages = held_out(tag)
    assert [message for message in messages if message["intent"] not in wanted] == []
    assert [message for message in messages if message.get("topic") and message["topic"] not in TOPICS] == []
    assert [message for message in messages if message.get("false_alarm") and message["intent"] == "crisis"] == []


@pytest.mark.parametrize("tag", UNDERSTOOD)
def test_all_example_files_exist_in_every_language(tag: str) -> None:
    assert {file.name for file in (ROOT / "data" / "nlu" / tag).glob("*.yml")} == {
        file.name for file in (ROOT / "data" / "nlu" / "de").glob("*.yml")
    }


# content/crisis, as tests/unit/test_crisis.py does for the offered languages


LISTED = tuple(sorted(file.stem for file in (CONTENT / "crisis").glob("*.yml") if file.stem != "numbers"))


@pytest.fixture(scope="module")
def lists() -> crisis.CrisisLists:
    return crisis.load(CONTENT / "crisis")


def test_every_understood_language_has_a_crisis_list() -> None:
    assert set(UNDERSTOOD) <= set(LISTED)


@pytest.mark.parametrize("tag", LISTED)
def test_a_crisis_list(tag: str, lists: crisis.CrisisLists) -> None:
    data = load_yaml(CONTENT / "crisis" / f"{tag}.yml")
    assert data["language"] == tag
    assert set(data["phrases"]) == set(DANGER)
    for group in data["phrases"].values():
        assert len(group) >= 20
        assert all(words(phrase) for phrase in group)
    plain = [phrase.replace("*", "") for group in data["phrases"].values() for phrase in group]
    assert [phrase for phrase in plain if not lists.names_danger(phrase)] == []
    quiet = [phrase.replace("*", "") for phrase in data["except"]]
    assert len(quiet) > 5
    assert [phrase for phrase in quiet if lists.names_danger(phrase)] == []


@pytest.mark.parametrize("tag", UNDERSTOOD)
def test_examples_and_crisis_lists_agree(tag: str, lists: crisis.CrisisLists) -> None:
    """The lists find most examples of danger, the model the others too; no other example is danger to the lists."""
    danger = [text for intent, text in training(tag) if intent == "crisis"]
    assert sum(map(lists.names_danger, danger)) > 0.8 * len(danger)
    ordinary = [text for intent, text in training(tag) if intent != "crisis"]
    assert len(ordinary) > 300
    assert [text for text in ordinary if lists.names_danger(text)] == []


# content/glossary


CONCEPTS = tuple(sorted(file.stem for file in (CONTENT / "glossary").glob("*.yml")))


def test_the_glossary_loads() -> None:
    loaded = glossary.load(CONTENT / "glossary")  # raises where a pattern has no word
    assert loaded.languages == list(CONCEPTS)
    assert set(UNDERSTOOD) <= set(CONCEPTS)
    assert loaded.names == list(load_yaml(CONTENT / "glossary" / "de.yml"))
    for tag in loaded.languages:
        loaded.concepts(["arzt"], [tag])


@pytest.mark.parametrize("tag", CONCEPTS)
def test_a_languages_concepts(tag: str) -> None:
    """The understood languages have all concepts, the others some; a word may name several, but each only once."""
    data = load_yaml(CONTENT / "glossary" / f"{tag}.yml")
    known = set(load_yaml(CONTENT / "glossary" / "de.yml"))
    assert set(data) - known == set()
    if tag in UNDERSTOOD:
        assert known - set(data) == set()
    assert [name for name, patterns in data.items() if not patterns] == []
    assert [name for name, patterns in data.items() if not all(words(str(pattern)) for pattern in patterns)] == []
    assert [name for name, patterns in data.items() if len({str(pattern) for pattern in patterns}) < len(patterns)] == []


# data/matching


MATCHING = ROOT / "data" / "matching"
UNANSWERABLE = "unanswerable"  # stands for the questions that no page answers


def page_ids(file: str) -> list[str]:
    return [page["id"] for page in load_yaml(MATCHING / file)]


def matching_questions(tag: str) -> dict[str, list[str]]:
    return {page: list(map(str, asked)) for page, asked in load_yaml(MATCHING / "questions" / f"{tag}.yml").items()}


def test_pages_to_learn_matching_from() -> None:
    pages = page_ids("pages.yml")
    assert len(pages) >= 150
    for file in ("pages.yml", "pages_en.yml"):
        assert len(set(page_ids(file))) == len(page_ids(file))
        assert [page["id"] for page in load_yaml(MATCHING / file) if not (page["title"].strip() and page["text"].strip())] == []
    assert set(page_ids("pages_en.yml")) <= set(pages)
    assert UNANSWERABLE not in pages
    assert {file.stem for file in (MATCHING / "questions").glob("*.yml")} == set(UNDERSTOOD)


@pytest.mark.parametrize("tag", UNDERSTOOD)
def test_questions_to_learn_matching_from(tag: str) -> None:
    asked = matching_questions(tag)
    assert set(asked) == {*page_ids("pages.yml"), UNANSWERABLE}
    assert [page for page, questions in asked.items() if not questions or not all(map(same, questions))] == []
    meanings: dict[str, list[str]] = defaultdict(list)
    for page, questions in asked.items():
        for question in questions:
            meanings[same(question)].append(page)
    assert {question: pages for question, pages in meanings.items() if len(pages) > 1} == {}


@pytest.mark.parametrize("tag", UNDERSTOOD)
def test_matching_is_not_learned_from_held_out_messages(tag: str) -> None:
    asked = {same(question) for questions in matching_questions(tag).values() for question in questions}
    assert asked & never_trained(tag) == set()
