"""Which question must come when: the simulator's own reading of the questionnaire, which shares no code with the intake's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lotse.intake import Questionnaire
from lotse.intake.questionnaire import Question

_TOKEN = re.compile(r"\s*(\$\{\w+\}|'[^']*'|\d+|!=|<=|>=|[=<>(),]|and\b|or\b|not\b|selected\b)")


def holds(expression: str, told: Mapping[str, Any]) -> bool:
    """Whether a condition is true of what was told; what was not told or skipped is nothing, ''."""
    tokens = _TOKEN.findall(expression)
    if re.sub(r"\s", "", expression) != re.sub(r"\s", "", "".join(tokens)):
        raise ValueError(f"the simulator cannot read {expression!r}")
    value, rest = _either(tokens, told)
    if rest:
        raise ValueError(f"the simulator cannot read {expression!r} after {rest[0]!r}")
    return value


def _either(tokens: list[str], told: Mapping[str, Any]) -> tuple[bool, list[str]]:
    value, rest = _both(tokens, told)
    while rest and rest[0] == "or":
        other, rest = _both(rest[1:], told)
        value = value or other
    return value, rest


def _both(tokens: list[str], told: Mapping[str, Any]) -> tuple[bool, list[str]]:
    value, rest = _one(tokens, told)
    while rest and rest[0] == "and":
        other, rest = _one(rest[1:], told)
        value = value and other
    return value, rest


def _one(tokens: list[str], told: Mapping[str, Any]) -> tuple[bool, list[str]]:
    if tokens[0] == "not":
        value, rest = _one(tokens[1:], told)
        return not value, rest
    if tokens[0] == "(":
        value, rest = _either(tokens[1:], told)
        return value, rest[1:]
    if tokens[0] == "selected":
        chosen = told.get(tokens[2][2:-1]) or []
        wanted = tokens[4][1:-1]
        return wanted in (chosen if isinstance(chosen, list) else [chosen]), tokens[6:]
    left, sign, right = _operand(tokens[0], told), tokens[1], _operand(tokens[2], told)
    return _compare(left, sign, right), tokens[3:]


def _operand(token: str, told: Mapping[str, Any]) -> Any:
    if token.startswith("$"):
        value = told.get(token[2:-1])
        return "" if value is None else " ".join(map(str, value)) if isinstance(value, list) else value
    return int(token) if token.isdigit() else token[1:-1]


def _compare(left: Any, sign: str, right: Any) -> bool:
    if sign in ("=", "!="):
        return (str(left) == str(right)) == (sign == "=")
    try:
        low, high = float(left), float(right)
    except ValueError:
        return False  # nothing was told: no comparison holds
    return {"<": low < high, ">": low > high, "<=": low <= high, ">=": low >= high}[sign]


@dataclass(frozen=True)
class Town:
    """Where the newcomer lives."""

    slug: str
    name: str
    country: str


class Oracle:
    """Knows the questionnaire and what the town gives, and says what must be asked."""

    def __init__(self, questionnaire: Questionnaire, town: Town, *, link: bool) -> None:
        self.questionnaire = questionnaire
        self.town = town
        self.given = {"country": town.country, "link": "yes" if link else ""}

    def relevant(self, told: Mapping[str, Any]) -> list[Question]:
        """The questions of a chat that apply to what was told, in order, each entry of a group by itself."""
        return [question for question in self._all(told) if not question.sensitive]

    def _all(self, told: Mapping[str, Any]) -> Iterator[Question]:
        known = {**self.given, **told}
        groups: set[str] = set()
        for question in self.questionnaire.questions:
            if question.repeat is None:
                if question.relevant is None or holds(question.relevant, known):
                    yield question
            elif question.repeat not in groups:
                groups.add(question.repeat)
                yield from self._group(question.repeat, known)

    def _group(self, name: str, known: Mapping[str, Any]) -> Iterator[Question]:
        repeat = self.questionnaire.repeats[name]
        inside = [question for question in self.questionnaire.questions if question.repeat == name]
        number = 0
        while number < repeat.max:
            number += 1
            if repeat.count is not None and number > int(known.get(repeat.count[2:-1]) or 0):
                return
            own = {**known, **{each.name: known.get(f"{each.name}.{number}") for each in inside}}
            for question in inside:
                if question.more and number == repeat.max:
                    continue
                if question.relevant is None or holds(question.relevant, own):
                    yield question.entry(number)
            if repeat.count is None and known.get(f"{inside[-1].name}.{number}") != "yes":
                return

    def next(self, told: Mapping[str, Any]) -> Question | None:
        """The question that must be asked now: the first that applies and was not answered or skipped."""
        return next((question for question in self.relevant(told) if question.key not in told), None)

    def before(self, told: Mapping[str, Any], key: str) -> Question | None:
        """The question that "back" leads to: the last before this one that was answered or skipped; never a gate."""
        found = None
        for question in self.relevant(told):
            if question.key == key:
                return found
            if question.key in told and not question.gate:
                found = question
        return found

    def changeable(self, told: Mapping[str, Any]) -> list[Question]:
        """The lines of the review, in order."""
        return [
            question
            for question in self.relevant(told)
            if question.key in told and not question.consent and not question.more and question.type != "private"
        ]

    def entries(self, told: Mapping[str, Any], question: Question) -> int:
        """How many entries the question's group has where that is known beforehand; else 0."""
        repeat = self.questionnaire.repeats.get(question.repeat or "")
        if repeat is None or repeat.count is None:
            return 0
        return min(int(told.get(repeat.count[2:-1]) or 0), repeat.max)
