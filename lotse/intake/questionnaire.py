"""Questionnaires as data: questions in XLSForm's terms and, beside them, their words in each language."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from lotse.errors import OperatorError
from lotse.files import read_yaml
from lotse.intake.checking import Type, malformed, problems
from lotse.languages import Languages

STRUCTURE = "questions.yml"
FREE = ("text", "place")  # own words are a response


class QuestionnaireError(OperatorError):
    """A questionnaire or its words are wrong; the message names file, question and remedy."""


@dataclass(frozen=True)
class Question:
    """One question; docs/tasks/add-a-question.md explains the fields.

    A question of a repeated group is asked once for each entry: `number` is the entry's, from 1; 0 stands for all of them.
    """

    name: str
    section: str
    type: Type
    choices: tuple[str, ...] = ()
    listed: str | None = None  # one of LISTS
    shown: tuple[str, ...] = ()  # of a long list: the choices that have a button
    max: int | None = None
    min: int | None = None
    multiline: bool = False  # a text that may come in several messages
    unit: str | None = None  # years: of times told in months or weeks, whole years are kept
    required: bool = False
    must_have: bool = False
    gate: bool = False
    other: bool = False
    exclusive: tuple[str, ...] = ()
    ends: dict[str, str] = field(default_factory=dict)
    alarm: dict[str, str] = field(default_factory=dict)
    consent: str | None = None
    sensitive: bool = False
    relevant: str | None = None
    summary: str | None = None
    codes: dict[str, str] = field(default_factory=dict)
    repeat: str | None = None
    more: bool = False
    number: int = 0

    @property
    def key(self) -> str:
        """Under which the response is kept: the name, in a repeated group with the entry's number (`job.2`)."""
        return f"{self.name}.{self.number}" if self.number else self.name

    @property
    def is_free(self) -> bool:
        """Whether own words are a response."""
        return self.type in FREE

    def entry(self, number: int) -> Question:
        """The question of one entry of its group."""
        return replace(self, number=number)


@dataclass(frozen=True)
class Repeat:
    """A group of questions that is asked several times: as often as `count` says, or as its `more` question is affirmed."""

    name: str
    max: int
    count: str | None = None


@dataclass(frozen=True)
class Contradiction:
    """Responses that do not fit together when a condition holds: to be asked about, nothing is concluded from it."""

    between: tuple[str, ...]  # the questions that the case worker's page names
    when: str


@dataclass(frozen=True)
class Words:
    """A question's words in one language."""

    label: str
    short: str
    why: str
    choices: dict[str, str] = field(default_factory=dict)
    also: dict[str, list[str]] = field(default_factory=dict)
    next: str = ""  # the label from a group's second entry on
    one_of: str = ""  # which entry of how many, said before the label


@dataclass(frozen=True)
class Translation:
    """A questionnaire's words in one language. `inserts` are by country: what labels name in braces."""

    sections: dict[str, str]
    questions: dict[str, Words]
    consents: dict[str, str] = field(default_factory=dict)
    inserts: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Questionnaire:
    """All questions in their order, and their words by language. `source` is what was read, as plain data."""

    name: str
    version: str
    sections: tuple[str, ...]
    questions: tuple[Question, ...]
    repeats: dict[str, Repeat]
    given: tuple[str, ...]  # values that the town gives and expressions may name
    translations: dict[str, Translation]
    contradictions: tuple[Contradiction, ...]
    source: dict[str, Any] = field(repr=False)

    @cached_property  # asked for many times in a turn
    def digest(self) -> str:
        """Fingerprint of the questions without their words: two with the same one ask the same."""
        asked = {name: value for name, value in self.source["questions"].items() if name != "contradictions"}
        plain = json.dumps(asked, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(plain.encode()).hexdigest()

    def question(self, key: str) -> Question:
        """The question of a key such as `needs` or `job.2`; raises StopIteration for an unknown one."""
        name, _, number = key.partition(".")
        found = next(question for question in self.questions if question.name == name)
        return found.entry(int(number)) if number else found

    def has(self, key: str | None) -> bool:
        """Whether there is a question with this key."""
        name, _, number = (key or "").partition(".")
        found = next((question for question in self.questions if question.name == name), None)
        return found is not None and (number.isdigit() and int(number) > 0 if found.repeat else not number)

    def words_of(self, question: Question, language: str) -> Words:
        """Words in a language, or in English where a language has none yet."""
        return self.translation(language).questions.get(question.name) or self.translations["en"].questions[question.name]

    def translation(self, language: str) -> Translation:
        """All words in a language, or in English where a language has none yet."""
        return self.translations.get(language) or self.translations["en"]

    def section_name(self, section: str, language: str) -> str:
        """A section's name in a language."""
        return self.translation(language).sections[section]


def load(folder: Path, languages: Languages) -> Questionnaire:
    """Read a questionnaire and its words; raises QuestionnaireError with file, question and remedy."""
    source = read(folder)
    wrong = malformed(source)
    if not wrong:
        questionnaire = parse(source, languages, folder)
        wrong = check(questionnaire, [language.tag for language in languages.offered])
    if wrong:
        raise QuestionnaireError(f"{folder}: " + "; ".join(wrong))
    return questionnaire


def read(folder: Path) -> dict[str, Any]:
    """The files of a questionnaire as plain data: `questions`, and `words` by language."""
    words = {file.stem: _read(file) for file in sorted(folder.glob("*.yml")) if file.name != STRUCTURE}
    return {"questions": _read(folder / STRUCTURE), "words": words}


def parse(source: dict[str, Any], languages: Languages, folder: Path | None = None) -> Questionnaire:
    """A questionnaire from plain data; raises QuestionnaireError where its form is wrong."""
    folder = folder or Path()
    data = source["questions"]
    try:
        questions: list[Question] = []
        repeats: dict[str, Repeat] = {}
        for entry in data["questions"]:
            if "repeat" in entry:
                group = Repeat(entry["repeat"], entry["max"], entry.get("count"))
                repeats[group.name] = group
                questions += [_question({**each, "repeat": group.name}, languages) for each in entry["questions"]]
            else:
                questions.append(_question(entry, languages))
        name, version, sections = data["name"], str(data["version"]), tuple(data["sections"])
        given = tuple(data.get("given", ()))
        contradictions = tuple(Contradiction(tuple(each["between"]), each["when"]) for each in data.get("contradictions", ()))
    except (KeyError, TypeError, AttributeError) as error:
        raise QuestionnaireError(f"{folder / STRUCTURE}: {error}") from error
    translations = {tag: _translation(folder / f"{tag}.yml", labels) for tag, labels in source["words"].items()}
    return Questionnaire(name, version, sections, tuple(questions), repeats, given, translations, contradictions, source)


def _translation(file: Path, labels: Any) -> Translation:
    try:
        words = {name: Words(**{"label": "", "short": "", "why": "", **entry}) for name, entry in labels["questions"].items()}
        return Translation(labels["sections"], words, labels.get("consents", {}), labels.get("inserts", {}))
    except (KeyError, TypeError, AttributeError) as error:
        raise QuestionnaireError(f"{file}: {error}") from error


def _question(entry: dict[str, Any], languages: Languages) -> Question:
    values = dict(entry)
    listed = values.get("choices")
    if listed == "languages":
        values |= {"choices": [language.tag for language in languages.all], "listed": listed}
    elif listed == "countries":
        values |= {"choices": values.get("shown", []), "listed": listed}
    for name in ("choices", "exclusive", "shown"):
        values[name] = tuple(str(choice) for choice in values.get(name, ()))
    return Question(**values)


def check(questionnaire: Questionnaire, tags: list[str]) -> list[str]:
    """What is wrong with a questionnaire, in sentences that name the question and the remedy; empty when all is well."""
    return problems(questionnaire, tags)


def _read(file: Path) -> Any:
    try:
        return read_yaml(file)
    except (OSError, yaml.YAMLError) as error:
        raise QuestionnaireError(f"{file}: {error}") from error
