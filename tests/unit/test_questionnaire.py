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
from lotse.intake.checking import missing_for_use, needed_wordings
from lotse.intake.flow import next_question
from lotse.intake.questionnaire import parse, read
from lotse.languages import Languages
from lotse.wording import Wording
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


def contradiction(between: list[str], when: str) -> Change:
    return lambda questions, labels: questions.update(contradictions=[{"between": between, "when": when}])


def remove(labels: dict[str, Any], *path: str) -> None:
    for step in path[:-1]:
        labels = labels[step]
    del labels[path[-1]]


def no_change(questions: dict[str, Any], labels: dict[str, Any]) -> None:
    """Nothing is wrong."""


def of(number: int, **fields: Any) -> Change:
    """A change of one question's fields."""
    return lambda q, w: q["questions"][number].update(fields)


def of_words(name: str, **fields: Any) -> Change:
    """A change of one question's words."""
    return lambda q, w: w["questions"][name].update(fields)


def added(entry: dict[str, Any], place: int = 3, **words: Any) -> Change:
    """One more question or group, with words for each of its questions."""

    def change(questions: dict[str, Any], labels: dict[str, Any]) -> None:
        questions["questions"].insert(place, copy.deepcopy(entry))
        for each in entry.get("questions", [entry]):
            told = {choice: choice for choice in each.get("choices", ())} if isinstance(each, dict) else {}
            labels["questions"][each["name"]] = {"label": "?", "short": "x", "why": "x", "choices": told, **words}

    return change


def both(*changes: Change) -> Change:
    """Several changes, in order."""

    def change(questions: dict[str, Any], labels: dict[str, Any]) -> None:
        for each in changes:
            each(questions, labels)

    return change


TEXT = {"section": "second", "type": "text"}
ONE = {"section": "second", "type": "select_one", "choices": ["a", "b"]}

MISTAKES: dict[str, tuple[Change, str, list[str]]] = {
    # words
    "no words": (
        lambda q, w: remove(w, "questions", "ages"),
        "uk",
        ["question ages: label, short and why are missing in uk.yml"],
    ),
    "no label": (
        lambda q, w: remove(w, "questions", "ages", "label"),
        "ar",
        ["question ages: label is missing in ar.yml; add it"],
    ),
    "empty label": (of_words("ages", label=" "), "ar", ["question ages: label is missing in ar.yml; add it"]),
    "no why": (lambda q, w: remove(w, "questions", "housing", "why"), "de", ["question housing: why is missing in de.yml"]),
    "no short name": (lambda q, w: remove(w, "questions", "children", "short"), "uk", ["children", "short is missing in uk.yml"]),
    "no choices' words": (
        lambda q, w: remove(w, "questions", "housing", "choices"),
        "ar",
        ["question housing: choices flat, shelter have no label in ar.yml; add them"],
    ),
    "no choice's words": (lambda q, w: remove(w, "questions", "housing", "choices", "flat"), "uk", ["housing", "flat", "uk.yml"]),
    "words of no choice": (
        lambda q, w: w["questions"]["housing"]["choices"].update(tent="Zelt"),
        "de",
        ["question housing: de.yml has labels for tent, which is no choice; remove them"],
    ),
    "also of no choice": (of_words("housing", also={"tent": ["Zelt"]}), "de", ["question housing: also in de.yml names tent"]),
    "choices alike": (
        of_words("housing", choices={"flat": "Heim", "shelter": "Heim"}),
        "de",
        ["question housing: choices flat, shelter have the same label in de.yml"],
    ),
    "words of no question": (
        lambda q, w: w["questions"].update(hosing={"label": "?", "short": "?", "why": "?"}),
        "nl",
        ["question hosing has words in nl.yml, but there is no such question; remove them; do you mean 'housing'?"],
    ),
    "no section's name": (lambda q, w: remove(w, "sections", "second"), "ar", ["section second has no name in ar.yml"]),
    "nothing fills it": (of_words("ages", label="{age}?"), "de", ["question ages: {age} in de.yml is filled by nothing"]),
    "filled in one country": (
        lambda q, w: (w.update(inserts={"DE": {"age": "Alter"}, "NL": {}}), w["questions"]["ages"].update(label="{age}?")),
        "de",
        ["question ages: {age} in de.yml is filled by nothing; add it to inserts for every country"],
    ),
    "a number outside of a group's words": (of_words("ages", label="{number}?"), "de", ["question ages: {number} in de.yml"]),
    "consent's text": (
        both(
            added({**ONE, "name": "faith", "sensitive": True, "consent": "faith"}),
            added({**TEXT, "name": "page", "type": "private"}),
        ),
        "de",
        ["question faith: consents has no text for faith in de.yml"],
    ),
    # the form
    "unknown type": (of(2, type="select_many"), "", ["question housing: type 'select_many' is none of", "select_multiple"]),
    "unknown section": (of(0, section="frist"), "", ["question children: section 'frist' is not listed", "do you mean 'first'?"]),
    "section without questions": (lambda q, w: q["sections"].append("third"), "", ["section third has no questions"]),
    "section twice": (lambda q, w: q["sections"].append("first"), "", ["section first is listed twice"]),
    "unknown field": (of(0, maximum=3), "", ["questions.yml: question children: 'maximum' is no field", "'max'"]),
    "yes without quotes": (of(2, choices=[True, False]), "", ["housing: choices must be a list of texts", "in quotes"]),
    "a number as text": (of(0, max="20"), "", ["children: max must be a whole number, not '20'"]),
    "a text as yes": (of(0, required="yes"), "", ["children: required must be true or false, not 'yes'"]),
    "unknown list": (of(2, choices="towns"), "", ["housing: choices 'towns' is no list that we know", "languages"]),
    "words in another form": (
        of_words("housing", choices=["Wohnung"]),
        "de",
        ["de.yml: question housing: choices must be pairs"],
    ),
    "also in another form": (of_words("housing", also={"flat": "Wohnung"}), "de", ["de.yml: question housing: also must name"]),
    "unknown words": (of_words("housing", hint="x"), "de", ["de.yml: question housing: 'hint' is no field"]),
    "no name": (lambda q, w: q["questions"][1].pop("name"), "", ["questions.yml: question number 2: name is missing"]),
    "no sections": (lambda q, w: q.pop("sections"), "", ["questions.yml: sections is missing"]),
    "no version": (lambda q, w: q.pop("version"), "", ["questions.yml: version is missing"]),
    "a number as version": (lambda q, w: q.update(version=3), "", ["questions.yml: version must be a text, not 3", "quotes"]),
    "no questions": (lambda q, w: q.update(questions=[]), "", ["questions.yml: there are no questions"]),
    "unknown given": (lambda q, w: q.update(given=["weather"]), "", ["given names weather", "country"]),
    # fields that do not fit
    "twice": (lambda q, w: q["questions"].append(dict(q["questions"][0])), "", ["question children: it stands twice"]),
    "odd name": (added({**TEXT, "name": "Shoe-Size"}), "", ["question Shoe-Size: the name may have small letters"]),
    "no choices": (lambda q, w: q["questions"][2].pop("choices"), "", ["question housing: choices are missing"]),
    "choice twice": (of(2, choices=["flat", "shelter", "flat"]), "", ["question housing: the choice flat stands twice"]),
    "choice with a space": (of(2, choices=["flat", "own tent"]), "", ["question housing: the name of a choice", "'own tent'"]),
    "ends with no choice": (of(2, ends={"tent": "too_young"}), "", ["question housing: ends names tent", "flat, shelter"]),
    "alarm of no choice": (of(2, alarm={"tent": "no_place"}), "", ["question housing: alarm names tent"]),
    "exclusive of no choice": (of(2, exclusive=["tent"]), "", ["question housing: exclusive names tent"]),
    "shown of no choice": (of(2, shown=["tent"]), "", ["question housing: shown names tent"]),
    "shown out of range": (of(0, shown=[1, 21]), "", ["question children: shown names 21"]),
    "other of one choice": (of(2, other=True), "", ["question housing: other", "a text with choices"]),
    "min over max": (of(0, min=30), "", ["question children: min 30 is more than max 20"]),
    "min of a text": (of(1, min=1), "", ["question ages: min is of an integer only"]),
    "max of a text": (of(1, max=1), "", ["question ages: max is of an integer or a select_multiple only"]),
    "multiline choice": (of(2, multiline=True), "", ["question housing: multiline is of a text"]),
    "unit": (of(0, unit="metres"), "", ["question children: unit may be years"]),
    "unknown part of the page": (of(0, summary="hobbies"), "", ["question children: summary 'hobbies'", "themes"]),
    "sensitive without consent": (of(1, sensitive=True), "", ["question ages: it is sensitive, so it needs a consent"]),
    "sensitive without a page": (of(1, sensitive=True, consent="health"), "", ["question ages", "of type private"]),
    "consent without yes": (of(2, consent="guide_reads"), "", ["question housing: it asks for a consent", "yes and no"]),
    "a gate later": (of(2, gate=True), "", ["question housing: a gate comes before all other questions"]),
    "a gate with a condition": (of(1, gate=True), "", ["question ages: a gate comes first for everybody"]),
    "more outside of a group": (of(2, more=True), "", ["question housing", "more: true"]),
    "review not last": (added({**TEXT, "name": "review", "type": "review"}, 0), "", ["question review must be the last one"]),
    # conditions
    "a later question": (
        of(1, relevant="${housing} = 'flat'"),
        "",
        ["question ages: relevant \"${housing} = 'flat'\" names housing, which is asked later; move housing before ages"],
    ),
    "itself": (of(1, relevant="${ages} = ''"), "", ["question ages", "names the question itself: a cycle"]),
    "a cycle of two": (
        both(of(1, relevant="${housing} = 'flat'"), of(2, relevant="${ages} != ''")),
        "",
        ["question ages", "names housing: a cycle (ages → housing → ages)"],
    ),
    "a cycle of three": (
        both(of(0, relevant="${housing} = 'flat'"), of(1, relevant="${children} > 0"), of(2, relevant="${ages} != ''")),
        "",
        ["question children", "a cycle (children → housing → ages → children)"],
    ),
    "contradiction of one": (
        contradiction(["housing"], "${children} = 0"),
        "",
        ["contradiction 1: between names housing", "two or more"],
    ),
    "contradiction unseen": (
        contradiction(["housing", "ages"], "1"),
        "",
        ["contradiction 1", "questions that the summary shows"],
    ),
    "contradiction unknown": (contradiction(["housing"], "${chidlren} = 0"), "", ["contradiction 1: when names chidlren"]),
    "contradiction unread": (contradiction(["housing"], "selcted(${children}, '1')"), "", ["contradiction 1", "cannot be read"]),
    "contradiction malformed": (lambda q, w: q.update(contradictions={"between": []}), "", ["contradictions must be a list"]),
    "contradiction without": (lambda q, w: q.update(contradictions=[{"when": "1"}]), "", ["contradiction 1: between is missing"]),
    "unknown question": (of(1, relevant="${chidlren} > 0"), "", ["question ages", "names chidlren", "do you mean 'children'?"]),
    "no expression": (of(1, relevant="${children} >"), "", ["question ages: relevant '${children} >' cannot be read"]),
    "unknown function": (of(1, relevant="selcted(${children}, '1')"), "", ["question ages", "selcted", "cannot be read"]),
    "unknown choice": (
        added({**TEXT, "name": "why", "relevant": "${housing} = 'falt'"}),
        "",
        ["question why: relevant \"${housing} = 'falt'\": 'falt' is no choice of housing; there are flat, shelter"],
    ),
    "unknown chosen": (
        added({**TEXT, "name": "why", "relevant": "selected(${housing}, 'x')"}),
        "",
        ["'x' is no choice of housing"],
    ),
    "never more": (of(1, relevant="${children} > 20"), "", ["question ages: relevant '${children} > 20' never holds"]),
    "never both": (
        added({**TEXT, "name": "why", "relevant": "${housing} = 'flat' and ${housing} = 'shelter'"}),
        "",
        ["question why", "never holds: the question cannot be reached"],
    ),
    "never together": (  # ages is asked with children only
        added({**TEXT, "name": "why", "relevant": "${ages} != '' and ${children} = 0"}),
        "",
        ["question why", "never holds"],
    ),
    "never skipped": (
        both(of(2, required=True), added({**TEXT, "name": "why", "relevant": "${housing} = ''"})),
        "",
        ["question why", "never holds"],
    ),
    "never after the end": (
        both(of(2, ends={"shelter": "too_young"}), added({**TEXT, "name": "why", "relevant": "${housing} = 'shelter'"})),
        "",
        ["question why", "never holds"],
    ),
    "never so many": (
        both(
            added({**ONE, "name": "likes", "type": "select_multiple", "max": 1}),
            added({**TEXT, "name": "why", "relevant": "selected(${likes}, 'a') and selected(${likes}, 'b')"}, 4),
        ),
        "",
        ["question why", "never holds"],
    ),
    "never with what excludes it": (
        both(
            added({**ONE, "name": "likes", "type": "select_multiple", "exclusive": ["b"]}),
            added({**TEXT, "name": "why", "relevant": "selected(${likes}, 'a') and selected(${likes}, 'b')"}, 4),
        ),
        "",
        ["question why", "never holds"],
    ),
    "tells a sensitive response": (
        both(
            added({**TEXT, "name": "page", "type": "private"}),
            added({**ONE, "name": "faith", "choices": ["yes", "no"], "sensitive": True, "consent": "faith"}, 4),
            added({**TEXT, "name": "which", "relevant": "${faith} = 'yes'"}, 5),
            lambda q, w: w.update(consents={"faith": "?"}),
        ),
        "",
        ["question which", "names faith, which is sensitive"],
    ),
    # groups
    "group without end": (
        added({"repeat": "jobs", "max": 3, "questions": [{**TEXT, "name": "job"}]}),
        "",
        ["group jobs needs either a count or, as its last question, one with more: true"],
    ),
    "group without questions": (added({"repeat": "jobs", "max": 3, "questions": []}), "", ["group jobs has no questions"]),
    "group without max": (added({"repeat": "jobs", "questions": [{**TEXT, "name": "job"}]}), "", ["group jobs: max is missing"]),
    "group in a group": (
        lambda q, w: q["questions"].append({"repeat": "jobs", "max": 3, "questions": [{"repeat": "years"}]}),
        "",
        ["group years stands inside group jobs"],
    ),
    "count of no number": (
        added({"repeat": "jobs", "max": 3, "count": "${housing}", "questions": [{**TEXT, "name": "job"}]}),
        "",
        ["group jobs: count names housing, which is no integer"],
    ),
    "count of a later number": (
        added(
            {"repeat": "jobs", "max": 3, "count": "${children}", "questions": [{**TEXT, "name": "job", "section": "first"}]}, 0
        ),
        "",
        ["group jobs: count '${children}' must be ${name} of an integer that is asked before it"],
    ),
    "count of another form": (
        added({"repeat": "jobs", "max": 3, "count": "3", "questions": [{**TEXT, "name": "job"}]}),
        "",
        ["group jobs: count '3' must be ${name}"],
    ),
    "group twice": (
        both(
            *(
                added({"repeat": "jobs", "max": 3, "count": "${children}", "questions": [{**TEXT, "name": name}]})
                for name in ("job", "work")
            )
        ),
        "",
        ["group jobs stands twice"],
    ),
    "several responses": (
        both(
            added({"repeat": "jobs", "max": 3, "count": "${children}", "questions": [{**TEXT, "name": "job"}]}),
            added({**TEXT, "name": "why", "relevant": "${job} != ''"}, 4),
        ),
        "",
        ["question why", "names job of the group jobs, which has several responses"],
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named(tmp_path: Path, known: Languages, mistake: str) -> None:
    change, only, told = MISTAKES[mistake]
    with pytest.raises(QuestionnaireError) as raised:
        intake.load(write(tmp_path / "wrong", change, only), known)
    assert [part for part in [*told, "wrong"] if part not in str(raised.value)] == []


RIGHT: dict[str, Change] = {
    "as it is": no_change,
    "a number in a group's words": both(
        added(
            {"repeat": "kids", "max": 20, "count": "${children}", "questions": [{**TEXT, "name": "kid"}]},
            one_of="{number}/{count}",
        )
    ),
    "a group that is asked again": added(
        {
            "repeat": "jobs",
            "max": 3,
            "questions": [{**TEXT, "name": "job"}, {**ONE, "name": "again", "choices": ["yes", "no"], "more": True}],
        }
    ),
    "one of two": added({**TEXT, "name": "why", "relevant": "${housing} = 'flat' or ${housing} = 'shelter'"}),
    "a skipped question": added({**TEXT, "name": "why", "relevant": "${housing} = ''"}),
    "a question that was not asked": both(of(1, required=True), added({**TEXT, "name": "why", "relevant": "${ages} = ''"})),
    "own words": added({**TEXT, "name": "why", "relevant": "${ages} != '' and ${ages} != '3'"}),
    "two responses alike": both(
        added({**ONE, "name": "former", "choices": ["flat", "shelter"]}),
        added({**TEXT, "name": "why", "relevant": "${housing} = ${former}"}, 4),
    ),
    "two chosen": both(
        added({**ONE, "name": "likes", "type": "select_multiple", "max": 2}),
        added({**TEXT, "name": "why", "relevant": "selected(${likes}, 'a') and selected(${likes}, 'b')"}, 4),
    ),
    "a given value": both(lambda q, w: q.update(given=["country"]), of(1, relevant="${country} = 'NL'")),
    "filled in every country": both(
        lambda q, w: w.update(inserts={"DE": {"language": "x"}, "NL": {"language": "x"}}),
        of_words("ages", why="{language} {municipality}"),
    ),
}


@pytest.mark.parametrize("change", RIGHT)
def test_what_is_right_is_not_complained_about(tmp_path: Path, known: Languages, change: str) -> None:
    intake.load(write(tmp_path / "right", RIGHT[change]), known)


def test_a_condition_with_very_many_ways_is_taken_as_possible(tmp_path: Path, known: Languages) -> None:
    """Trying them all would take hours; a check that may be wrong complains about nothing."""

    def change(questions: dict[str, Any], labels: dict[str, Any]) -> None:
        names = [f"many{number}" for number in range(8)]
        for name in names:
            added({**ONE, "name": name, "type": "select_multiple", "choices": list("abcdef")})(questions, labels)
        condition = " and ".join(f"selected(${{{name}}}, '{choice}')" for name in names for choice in "abcdef")
        added({**TEXT, "name": "last", "relevant": condition}, 11)(questions, labels)

    intake.load(write(tmp_path / "many", change), known)


def test_a_language_without_words_is_one_problem(tmp_path: Path, known: Languages) -> None:
    (write(tmp_path / "wrong") / "uk.yml").unlink()
    with pytest.raises(QuestionnaireError) as raised:
        intake.load(tmp_path / "wrong", known)
    assert str(raised.value).count("uk") == 2, str(raised.value)
    assert "there is no uk.yml" in str(raised.value)


def test_what_only_an_intake_in_use_needs(questionnaire: Questionnaire, tmp_path: Path, known: Languages) -> None:
    assert missing_for_use(questionnaire) == []
    told = " ".join(missing_for_use(intake.load(write(tmp_path / "small"), known)))
    assert "agreement" in told
    assert "review" in told


def test_wordings_that_a_questionnaire_needs_are_there(questionnaire: Questionnaire, wording: Wording) -> None:
    needed = needed_wordings(questionnaire)
    assert needed["intake.ended.too_young"] == "age"
    assert needed["summary.purpose.faith"] == "faith"
    assert [(key, tag) for key in needed for tag in OFFERED if not wording.has(key, tag)] == []
    assert not wording.has("intake.ended.nothing", "en")


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
    question = questionnaire.question("languages")
    assert question.listed == "languages"
    assert question.choices == tuple(language.tag for language in known.all)


def test_a_list_of_countries_has_buttons_for_those_that_are_shown(questionnaire: Questionnaire) -> None:
    question = questionnaire.question("training_country")
    assert question.listed == "countries"
    assert "UA" in question.choices
    assert question.choices == question.shown


def test_words_are_kept_by_language(questionnaire: Questionnaire) -> None:
    assert set(OFFERED) <= set(questionnaire.translations)
    assert (
        questionnaire.translation("de").questions["age"].label
        == questionnaire.words_of(questionnaire.question("age"), "de").label
    )
    assert questionnaire.translation("de").consents["faith"]
    assert questionnaire.translation("de").inserts["NL"]["local_language"] == "Niederländisch"


def test_questions_of_a_group_have_a_key_for_each_entry(questionnaire: Questionnaire) -> None:
    job = questionnaire.question("job")
    assert job.repeat == "jobs"
    assert questionnaire.repeats["jobs"].max == 3
    assert questionnaire.question("job.2") == job.entry(2)
    assert (job.key, job.entry(2).key) == ("job", "job.2")
    assert questionnaire.has("job.2")
    assert not questionnaire.has("job")
    assert not questionnaire.has("age.2")


def test_the_digest_is_of_the_questions_only(tmp_path: Path, known: Languages) -> None:
    small = intake.load(write(tmp_path / "small"), known)
    reworded = intake.load(write(tmp_path / "reworded", of_words("ages", label="Anders?"), "de"), known)
    longer = intake.load(write(tmp_path / "longer", of(0, required=True)), known)
    assert small.digest == reworded.digest
    assert small.digest != longer.digest


def test_rules_about_contradictions_leave_nobody_behind(tmp_path: Path, known: Languages) -> None:
    """Who has begun goes on with the same questions, so the fingerprint stays."""
    plain = read(write(tmp_path / "plain"))
    ruled = read(write(tmp_path / "ruled", contradiction(["children", "housing"], "${children} = 0")))
    assert parse(plain, known).digest == parse(ruled, known).digest
    assert [each.between for each in parse(ruled, known).contradictions] == [("children", "housing")]


def test_has(questionnaire: Questionnaire) -> None:
    assert questionnaire.has("age")
    assert not questionnaire.has("shoe_size")
    assert not questionnaire.has(None)
