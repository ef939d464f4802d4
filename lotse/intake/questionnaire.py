"""Questionnaires as data: questions in XLSForm's terms and, beside them, their words in each language."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from lotse.errors import OperatorError
from lotse.files import read_yaml
from lotse.intake import relevance
from lotse.languages import Languages

Type = Literal["select_one", "select_multiple", "integer", "text", "review"]
TYPES = ("select_one", "select_multiple", "integer", "text", "review")


class QuestionnaireError(OperatorError):
    """A questionnaire or its words are wrong; the message names file, question and remedy."""


@dataclass(frozen=True)
class Question:
    """One question; docs/tasks/add-a-question.md explains the fields."""

    name: str
    section: str
    type: Type
    choices: tuple[str, ...] = ()
    are_languages: bool = False  # choices are language tags, named by CLDR
    max: int | None = None
    min: int | None = None
    required: bool = False
    gate: bool = False
    other: bool = False
    exclusive: tuple[str, ...] = ()
    ends: dict[str, str] = field(default_factory=dict)
    alarm: tuple[str, ...] = ()
    consent: str | None = None
    relevant: str | None = None
    summary: str | None = None


@dataclass(frozen=True)
class Words:
    """A question's words in one language."""

    label: str
    short: str
    why: str
    choices: dict[str, str] = field(default_factory=dict)
    also: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Questionnaire:
    """All questions in their order, and their words by language."""

    name: str
    version: str
    sections: tuple[str, ...]
    questions: tuple[Question, ...]
    words: dict[str, dict[str, Words]]
    section_names: dict[str, dict[str, str]]

    def question(self, name: str) -> Question:
        return next(question for question in self.questions if question.name == name)

    def has(self, name: str | None) -> bool:
        return any(question.name == name for question in self.questions)

    def words_of(self, question: Question, language: str) -> Words:
        """Words in a language, or in English where a language has none yet."""
        return (self.words.get(language) or self.words["en"]).get(question.name) or self.words["en"][question.name]

    def section_name(self, section: str, language: str) -> str:
        return (self.section_names.get(language) or self.section_names["en"])[section]


def load(folder: Path, languages: Languages) -> Questionnaire:
    """Read a questionnaire and its words; raises QuestionnaireError with file, question and remedy."""
    data = _read(folder / "questions.yml")
    try:
        name, version = data["name"], str(data["version"])
        questions = tuple(_question(entry, languages) for entry in data["questions"])
        sections = tuple(data["sections"])
    except (KeyError, TypeError, AttributeError) as error:
        raise QuestionnaireError(f"{folder / 'questions.yml'}: {error}") from error
    words: dict[str, dict[str, Words]] = {}
    names: dict[str, dict[str, str]] = {}
    for file in sorted(folder.glob("*.yml")):
        if file.name != "questions.yml":
            names[file.stem], words[file.stem] = _words(file)
    questionnaire = Questionnaire(name, version, sections, questions, words, names)
    problems = check(questionnaire, [language.tag for language in languages.offered])
    if problems:
        raise QuestionnaireError(f"{folder}: " + "; ".join(problems))
    return questionnaire


def _words(file: Path) -> tuple[dict[str, str], dict[str, Words]]:
    labels = _read(file)
    try:
        return labels["sections"], {
            name: Words(**{"label": "", "short": "", "why": "", **entry}) for name, entry in labels["questions"].items()
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise QuestionnaireError(f"{file}: {error}") from error


def _question(entry: dict[str, Any], languages: Languages) -> Question:
    values = dict(entry)
    if values.get("choices") == "languages":
        values |= {"choices": [language.tag for language in languages.all], "are_languages": True}
    for name in ("choices", "exclusive", "alarm"):
        values[name] = tuple(str(choice) for choice in values.get(name, ()))
    return Question(**values)


def check(questionnaire: Questionnaire, tags: list[str]) -> list[str]:
    """What is wrong with a questionnaire, in sentences that name the question; empty when all is well."""
    problems = [
        f"section {section} has no name in {tag}.yml"
        for tag in tags
        for section in questionnaire.sections
        if section not in questionnaire.section_names.get(tag, {})
    ]
    before: set[str] = set()
    for question in questionnaire.questions:
        name = question.name
        if name in before:
            problems.append(f"question {name} stands twice")
        if question.type not in TYPES:
            problems.append(f"question {name}: type {question.type!r} is none of {', '.join(TYPES)}")
        if question.section not in questionnaire.sections:
            problems.append(f"question {name}: section {question.section!r} is not listed under sections")
        if question.type.startswith("select") and not question.choices:
            problems.append(f"question {name}: choices are missing")
        strange = sorted({*question.ends, *question.exclusive, *question.alarm} - set(question.choices))
        if strange:
            problems.append(f"question {name}: ends, exclusive or alarm name {', '.join(strange)}, which is no choice")
        unknown = sorted(relevance.names(question.relevant or "") - before)
        if unknown:
            problems.append(f"question {name}: relevant names {', '.join(unknown)}, which is not asked before it")
        elif question.relevant:
            try:
                relevance.holds(question.relevant, {})
            except ValueError as error:
                problems.append(f"question {name}: relevant {question.relevant!r}: {error}")
        before.add(name)
        problems += [problem for tag in tags for problem in _missing_words(questionnaire, question, tag)]
    return problems


def _missing_words(questionnaire: Questionnaire, question: Question, tag: str) -> list[str]:
    words = questionnaire.words.get(tag, {}).get(question.name)
    if words is None or not (words.label and words.short and words.why):
        return [f"question {question.name}: label, short or why is missing in {tag}.yml"]
    if question.are_languages or not question.choices:
        return []
    missing = [choice for choice in question.choices if choice not in words.choices]
    return [f"question {question.name}: choices {', '.join(missing)} have no label in {tag}.yml"] if missing else []


def _read(file: Path) -> Any:
    try:
        return read_yaml(file)
    except (OSError, yaml.YAMLError) as error:
        raise QuestionnaireError(f"{file}: {error}") from error
