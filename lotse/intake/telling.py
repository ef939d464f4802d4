"""What a questionnaire asks, and when, in the words of one language: "Visit a group: Yes or Maybe" instead of XPath."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Literal

from babel.lists import format_list
from elementpath import ElementPathError, XPath1Parser, XPathToken

from lotse.intake.asking import country_names
from lotse.intake.checking import GIVEN, TYPES
from lotse.intake.questionnaire import Question, Questionnaire, Words
from lotse.languages import Language
from lotse.replies import say
from lotse.wording import Wording

RIGHT_TO_LEFT_MARK = "\u200f"
_RESPONSE = re.compile(r"\$\{(\w+)\}")
_SELECTED = re.compile(r"selected\(\s*(\$\{\w+\})\s*,\s*('[^']*')\s*\)")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!="}
_NUMBERS = {">": "more_than", ">=": "at_least", "<": "less_than", "<=": "at_most"}


@dataclass(frozen=True)
class Mark:
    """What is special about a question: a sign with its words."""

    sign: Literal["gate", "agreement", "lock", "bar", "star", "stop", "alarm"]
    text: str


class Telling:
    """What a questionnaire's questions are, in the words of one language; for the drawing and for the table in the terminal."""

    def __init__(self, questionnaire: Questionnaire, language: Language, wording: Wording) -> None:
        self._questionnaire = questionnaire
        self._tag = language.tag
        self._language = language
        self._wording = wording
        self.conditions = Conditions(questionnaire, language, wording)

    def text(self, key: str, **values: Any) -> str:
        """A wording."""
        return _text(self._wording, self._language, f"flow.{key}", **values)

    def title(self) -> str:
        """Name and version."""
        return self.text("title", name=self._questionnaire.name, version=self._questionnaire.version)

    def section(self, section: str) -> str:
        """A section's name."""
        for tag in (self._tag, "en", *self._questionnaire.translations):
            translation = self._questionnaire.translations.get(tag)
            if translation is not None and translation.sections.get(section):
                return translation.sections[section]
        return section

    def short(self, question: Question) -> str:
        """A question's short name."""
        return self.conditions.filled(words_in(self._questionnaire, question.name, self._tag).short)

    def label(self, question: Question) -> str:
        """The question itself."""
        return self.conditions.filled(words_in(self._questionnaire, question.name, self._tag).label)

    def kind(self, question: Question) -> str:
        """The type in a few words, with its limits."""
        parts = [self.text(f"type.{question.type}") if question.type in TYPES else question.type]
        if question.type == "select_multiple" and question.max is not None:
            parts.append(self.text("up_to_choices", count=question.max))
        elif question.min is not None and question.max is not None:
            parts.append(self.text("between", least=question.min, most=question.max))
        elif question.min is not None:
            parts.append(self.text("at_least_number", least=question.min))
        elif question.max is not None:
            parts.append(self.text("at_most_number", most=question.max))
        return " · ".join(parts)

    def choices(self, question: Question) -> str:
        """The labels of all choices; of long lists what they are."""
        if question.listed:
            shown = [self.text(f"all_{question.listed}")]
        else:
            labels = words_in(self._questionnaire, question.name, self._tag).choices
            shown = [self.conditions.filled(labels.get(choice, choice)) for choice in question.choices]
        own = question.other or (question.is_free and bool(question.choices))
        return " · ".join([*shown, *([self.text("own_words")] if own else [])])

    def marks(self, question: Question) -> list[Mark]:
        """What is special about a question."""
        labels = words_in(self._questionnaire, question.name, self._tag).choices
        marks = []
        if question.gate and not question.consent:
            marks.append(Mark("gate", self.text("mark.gate")))
        if question.consent and not question.sensitive:
            marks.append(Mark("agreement", self.text("mark.agreement")))
        if question.sensitive:
            marks.append(Mark("lock", self.text("mark.sensitive")))
        if question.required:
            marks.append(Mark("bar", self.text("mark.required")))
        if question.must_have:
            marks.append(Mark("star", self.text("mark.must_have")))
        marks += [Mark("stop", self.text("ends", choice=labels.get(choice, choice))) for choice in question.ends]
        marks += [Mark("alarm", self.text("alarm", choice=labels.get(choice, choice))) for choice in question.alarm]
        return marks

    def times(self, name: str) -> str:
        """How often a group is asked."""
        repeat = self._questionnaire.repeats[name]
        if repeat.count is None:
            last = [question for question in self._questionnaire.questions if question.repeat == name][-1]
            return f"{self.text('times', count=repeat.max)} · {self.text('again_if', condition=self._affirmed(last))}"
        counted = self.text("once_for_each", short=self.conditions.short(repeat.count[2:-1]))
        return f"{counted} · {self.text('times', count=repeat.max)}"

    def _affirmed(self, question: Question) -> str:
        return self.conditions.said(f"${{{question.name}}} = 'yes'")


class Conditions:
    """Says the conditions of one questionnaire in one language."""

    def __init__(self, questionnaire: Questionnaire, language: Language, wording: Wording) -> None:
        self._questionnaire = questionnaire
        self._language = language
        self._wording = wording

    def said(self, expression: str) -> str:
        """The expression in words; one that says more than comparisons do stays as it is."""
        try:
            # that a choice is among several and that it is the one are said alike
            plain = _SELECTED.sub(r"(\1 = \2)", expression)
            return self._said(XPath1Parser().parse(_RESPONSE.sub(r"$\1", plain)))
        except (ElementPathError, _UnsayableError):
            return expression

    def short(self, name: str) -> str:
        """The short name of what an expression names."""
        if name in self._questionnaire.given:
            return self._text(f"flow.given.{name}") if name in GIVEN else name
        return self.filled(words_in(self._questionnaire, name, self._language.tag).short)

    def filled(self, text: str) -> str:
        """Placeholders as they are filled in: the words of all countries, a sign for the town."""
        translation = self._questionnaire.translations.get(self._language.tag) or self._questionnaire.translations.get("en")
        inserts = translation.inserts if translation is not None else {}

        def inserted(match: re.Match[str]) -> str:
            if match[1] == "municipality":
                return self._text("flow.town")
            return " / ".join(dict.fromkeys(told[match[1]] for told in inserts.values() if match[1] in told)) or match[0]

        return _PLACEHOLDER.sub(inserted, text)

    def _said(self, token: XPathToken) -> str:
        token = _bare(token)
        if token.symbol in ("or", "and"):
            return self._joined(token.symbol, _flat(token, token.symbol))
        if token.symbol == "not":
            return self._text("flow.not", condition=self._said(token[0]))
        if token.symbol in _MIRRORED:
            return self._compared(*_comparison(token))
        raise _UnsayableError

    def _joined(self, symbol: str, parts: list[XPathToken]) -> str:
        """Comparisons of one response are said together: "Yes or Maybe", "anything but None yet"."""
        same = "=" if symbol == "or" else "!="
        together: dict[str, list[str]] = {}
        said: list[tuple[str, str | None]] = []  # a name whose values are told together, or a text
        told: list[XPathToken] = []  # what each of them comes from
        for part in map(_bare, parts):
            name, sign, value = _comparison(part) if part.symbol in _MIRRORED else ("", "", None)
            if sign != same or not isinstance(value, str):
                said.append(("", self._said(part)))
                told.append(part)
                continue
            if name not in together:
                said.append((name, None))
                told.append(part)
            together.setdefault(name, []).append(value)
        texts = [self._several(name, same, together[name]) if text is None else text for name, text in said]
        nested = len(texts) > 1  # "(a or b) and c" is not "a or (b and c)"
        inner = [f"({text})" if nested and part.symbol in ("or", "and") else text for text, part in zip(texts, told)]
        return self._list(inner, symbol)

    def _several(self, name: str, sign: str, values: list[str]) -> str:
        if len(set(values)) == 1:
            return self._compared(name, sign, values[0])
        choices = [self._choice(name, value) for value in values if value]
        if sign == "=" and "" in values:
            raise _UnsayableError
        key = "flow.is" if sign == "=" else ("flow.anything_but" if "" in values else "flow.is_not")
        return self._text(key, short=self.short(name), choices=self._list(choices, "or"))

    def _compared(self, name: str, sign: str, value: Any) -> str:
        short = self.short(name)
        if sign in _NUMBERS:
            return self._text(f"flow.{_NUMBERS[sign]}", short=short, number=value)
        if value == "":
            return self._text("flow.answered" if sign == "!=" else "flow.unanswered", short=short)
        return self._text("flow.is" if sign == "=" else "flow.is_not", short=short, choices=self._choice(name, str(value)))

    def _choice(self, name: str, value: str) -> str:
        if name == "country":
            return country_names(self._language.tag).get(value, value)
        if name in self._questionnaire.given:
            return self._text(f"flow.{value}") if value in ("yes", "no") else value
        label = words_in(self._questionnaire, name, self._language.tag).choices.get(value, value)
        return label if value.isdigit() else self._text("flow.quoted", text=self.filled(label))

    def _list(self, texts: list[str], symbol: str) -> str:
        return format_list(texts, style="or" if symbol == "or" else "standard", locale=self._language.locale)

    def _text(self, key: str, **values: Any) -> str:
        return _text(self._wording, self._language, key, **values)


class _UnsayableError(Exception):
    """An expression has no words."""


def _text(wording: Wording, language: Language, key: str, **values: Any) -> str:
    text = wording.render(say(key, **values), language.tag)
    # where all its words stand in isolates, nothing but this mark tells the direction of the whole
    return f"{RIGHT_TO_LEFT_MARK}{text}" if language.direction == "rtl" else text


def words_in(questionnaire: Questionnaire, name: str, tag: str) -> Words:
    """A question's words in a language or in any that has some; the name alone where nobody has written any yet."""
    for each in (tag, "en", *questionnaire.translations):
        translation = questionnaire.translations.get(each)
        if translation is not None and name in translation.questions:
            words = translation.questions[name]
            return replace(words, label=words.label or name, short=words.short or name)
    return Words(name, name, "")


def _bare(token: XPathToken) -> XPathToken:
    """Without the brackets around it."""
    return _bare(token[0]) if token.symbol == "(" and len(token) == 1 else token


def _flat(token: XPathToken, symbol: str) -> list[XPathToken]:
    """The parts of "a or b or c"."""
    token = _bare(token)
    return [part for each in token for part in _flat(each, symbol)] if token.symbol == symbol else [token]


def _comparison(token: XPathToken) -> tuple[str, str, Any]:
    """Name, sign and value of a comparison of a response with a text or number."""
    left, right, sign = token[0], token[1], token.symbol
    if right.symbol == "$":
        left, right, sign = right, left, _MIRRORED[sign]
    if left.symbol != "$" or right.symbol not in ("(string)", "(integer)", "(decimal)"):
        raise _UnsayableError
    return str(left[0].value), sign, right.value
