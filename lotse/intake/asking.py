"""How a question, a review and a response look to the newcomer."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from babel import Locale

from lotse.intake import extract
from lotse.intake.flow import progress, relevant_questions
from lotse.intake.questionnaire import Question, Questionnaire
from lotse.replies import Button, Kind, Reply, Say, say

PER_ROW = 2
TICK = "✓ "


class Asking:
    """Words of one questionnaire for one newcomer."""

    def __init__(self, questionnaire: Questionnaire, language: str, municipality: str, channel: str | None = None) -> None:
        self._channel = channel
        self._questionnaire = questionnaire
        self._language = language
        self._municipality = municipality

    def question(
        self,
        question: Question,
        *,
        before: list[str | Say],
        ticked: list[str] | None = None,
        former: str | Say | None = None,
        offers: list[Button] | None = None,
        edits: bool = False,
    ) -> Reply:
        """The question with its buttons; `former` is the response so far of a question asked once more."""
        number, total = progress(self._questionnaire, question)
        section = self._questionnaire.section_name(question.section, self._language)
        label = self._fill(self._questionnaire.words_of(question, self._language).label)
        paragraphs = [*before, say("intake.progress", number=number, total=total, section=section), label]
        if question.consent and self._channel == "telegram":
            paragraphs.append(say("intake.through_telegram"))
        if former is not None:
            paragraphs.append(say("intake.former", response=former))
        rows = self._choices(question, ticked or [])
        if question.type == "select_multiple":
            rows.append([_control("intake.button.done", "done", question)])
        if former is not None:
            rows.append([_control("intake.button.keep", "keep_response", question)])
        rows += [[offer] for offer in offers or []]
        rows += _controls(question)
        return Reply(paragraphs, rows, edits_pressed=edits)

    def review(self, question: Question, responses: Mapping[str, Any], before: list[str | Say]) -> Reply:
        """All responses, numbered, with the buttons to send, change, keep or delete."""
        label = self._fill(self._questionnaire.words_of(question, self._language).label)
        lines = [
            say("intake.line", number=number, short=self.short(asked), response=self.shown(asked, responses[asked.name]))
            for number, asked in enumerate(self.lines(responses), 1)
        ]
        words = self._questionnaire.words_of(question, self._language).choices
        rows = [[Button(words[choice], "control", choice, question.name)] for choice in question.choices]
        return Reply([*before, label, *lines], rows)

    def lines(self, responses: Mapping[str, Any]) -> list[Question]:
        """The questions that a newcomer sees in the review and can change, in order."""
        asked = relevant_questions(self._questionnaire, responses)
        return [question for question in asked if question.name in responses and not question.consent]

    def to_change(self, responses: Mapping[str, Any]) -> Reply:
        """The list to pick the response from that is to be changed."""
        buttons = [Button(self.short(question), "choice", question.name, "change") for question in self.lines(responses)]
        rows = [buttons[start : start + PER_ROW] for start in range(0, len(buttons), PER_ROW)]
        return Reply([say("intake.change_which")], rows)

    def short(self, question: Question) -> str:
        """A question's short name."""
        return self._questionnaire.words_of(question, self._language).short

    def why(self, question: Question) -> str:
        """Why the question is asked."""
        return self._questionnaire.words_of(question, self._language).why

    def shown(self, question: Question, value: Any) -> str | Say:
        """A response in the newcomer's language; own words stay as they are."""
        if value is None:
            return say("intake.skipped")
        if isinstance(value, list):
            return say("intake.several", values=[self.choice(question, item) for item in value])
        return self.choice(question, str(value))

    def choice(self, question: Question, value: str) -> str:
        """A choice's label, or the text itself where it is own words."""
        if question.are_languages and value in language_names(self._language):
            return language_names(self._language)[value]
        return self._fill(self._questionnaire.words_of(question, self._language).choices.get(value, value))

    def _choices(self, question: Question, ticked: list[str]) -> list[list[Button]]:
        kind: Kind = "consent" if question.consent else "choice"
        buttons = [
            Button((TICK if choice in ticked else "") + self.choice(question, choice), kind, choice, question.name)
            for choice in question.choices
        ]
        return [buttons[start : start + PER_ROW] for start in range(0, len(buttons), PER_ROW)]

    def _fill(self, text: str) -> str:
        return text.replace("{municipality}", self._municipality)


def language_name(tag: str, language: str) -> str:
    """A language's name in a language (CLDR)."""
    return language_names(language).get(tag) or Locale.parse(tag, sep="-").get_display_name(language) or tag


@lru_cache(maxsize=50)
def language_names(language: str) -> dict[str, str]:
    """All languages' names in a language, by tag: CLDR's without regional and historical variants, and some that it lacks."""
    names = Locale.parse(language, sep="-").languages
    shown = {tag: name for tag, name in names.items() if tag.isalpha() and "(" not in name}
    return extract.more_language_names(language) | shown


def _controls(question: Question) -> list[list[Button]]:
    if question.gate:
        return [[_control("intake.button.why", "why", question)]]
    skip = [] if question.required else [_control("intake.button.skip", "skip", question)]
    return [
        [*skip, _control("intake.button.why", "why", question)],
        [_control("intake.button.back", "back", question), _control("intake.button.pause", "pause", question)],
    ]


def _control(key: str, value: str, question: Question) -> Button:
    return Button(say(key), "control", value, question.name)
