"""How a question, a review and a response look to the newcomer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from babel import Locale
from babel.dates import format_date, format_skeleton

from lotse.intake import extract
from lotse.intake.flow import asked_questions, progress, relevant_questions, unanswered
from lotse.intake.questionnaire import Question, Questionnaire
from lotse.intake.runs import call_name
from lotse.replies import TICK, Button, Kind, Reply, Say, say
from lotse.storage.tables import Intake, Municipality

PER_ROW, NUMBERS_PER_ROW = 2, 6
NO_COUNTRIES = ("EU", "EZ", "UN", "ZZ")  # groups of countries, and none
MINUTES_PER_QUESTION = 0.4


class Asking:
    """Words of one questionnaire for one newcomer."""

    def __init__(
        self, questionnaire: Questionnaire, language: str, municipality: Municipality, channel: str | None = None
    ) -> None:
        self._channel = channel
        self._questionnaire = questionnaire
        self._language = language
        inserts = questionnaire.translation(language).inserts
        self._inserts = {**inserts.get(municipality.country, {}), "municipality": municipality.name}

    def question(
        self,
        question: Question,
        *,
        before: list[str | Say],
        ticked: list[str] | None = None,
        former: str | Say | None = None,
        offers: list[Button] | None = None,
        edits: bool = False,
        entries: int = 0,
        link: str | None = None,
    ) -> Reply:
        """The question with its buttons.

        `former` is the response so far of a question asked once more, `entries` how many its group has where that is known,
        `link` the page of a question of type private.
        """
        number, total = progress(self._questionnaire, question)
        section = self._questionnaire.section_name(question.section, self._language)
        paragraphs = [*before, say("intake.progress", number=number, total=total, section=section)]
        one_of = self._questionnaire.words_of(question, self._language).one_of
        if entries > 1 and one_of:
            paragraphs.append(self._fill(one_of, number=str(question.number), count=str(entries)))
        paragraphs.append(self.label(question))
        if link is not None:
            paragraphs.append(link)
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

    def review(self, question: Question, responses: Mapping[str, Any], before: list[str | Say], hides: bool) -> Reply:
        """All responses, numbered, with the buttons to send, change, keep or delete; `hides` names sensitive ones only."""
        words = self._questionnaire.words_of(question, self._language).choices
        rows = [[Button(words[choice], "control", choice, question.key)] for choice in question.choices]
        return Reply([*before, self.label(question), *self.told(responses, hides)], rows)

    def told(self, responses: Mapping[str, Any], hides: bool) -> list[Say]:
        """The responses as numbered lines, then what is asked elsewhere."""
        lines = [
            say("intake.line", number=number, short=self.short(asked), response=self.shown(asked, responses[asked.key]))
            for number, asked in enumerate(self.lines(responses), 1)
        ]
        private = [each for each in self._sensitive(responses) if responses.get(each.key) is not None]
        for question in private:
            shown = say("intake.not_shown") if hides else self.shown(question, responses[question.key])
            lines.append(say("intake.line_private", short=self.short(question), response=shown))
        return lines

    def lines(self, responses: Mapping[str, Any]) -> list[Question]:
        """The questions that a newcomer sees in the review and can change here, in order."""
        asked = asked_questions(self._questionnaire, responses)
        return [
            question
            for question in asked
            if question.key in responses and not question.consent and not question.more and question.type != "private"
        ]

    def _sensitive(self, responses: Mapping[str, Any]) -> list[Question]:
        return [question for question in relevant_questions(self._questionnaire, responses) if question.sensitive]

    def to_change(self, responses: Mapping[str, Any]) -> Reply:
        """The list to pick the response from that is to be changed."""
        buttons = [Button(self.short(question), "choice", question.key, "change") for question in self.lines(responses)]
        rows = [buttons[start : start + PER_ROW] for start in range(0, len(buttons), PER_ROW)]
        return Reply([say("intake.change_which")], rows)

    def label(self, question: Question) -> str:
        """The question itself."""
        words = self._questionnaire.words_of(question, self._language)
        return self._fill(words.next if question.number > 1 and words.next else words.label)

    def short(self, question: Question) -> str:
        """A question's short name, from a group's second entry on with its number."""
        short = self._fill(self._questionnaire.words_of(question, self._language).short)
        return f"{short} {question.number}" if question.number > 1 else short

    def why(self, question: Question) -> str:
        """Why the question is asked."""
        return self._fill(self._questionnaire.words_of(question, self._language).why)

    def consent(self, purpose: str) -> str:
        """The text to which a consent of its own agrees."""
        return self._fill(self._questionnaire.translation(self._language).consents[purpose])

    def minutes(self, responses: Mapping[str, Any], section: str | None = None) -> int:
        """About how long the open questions of a section or of all still take; at least one minute."""
        return max(1, round(unanswered(self._questionnaire, responses, section) * MINUTES_PER_QUESTION))

    def shown(self, question: Question, value: Any) -> str | Say:
        """A response in the newcomer's language; own words stay as they are."""
        if value is None:
            return say("intake.skipped")
        if isinstance(value, list):
            return say("intake.several", values=[self.choice(question, item) for item in value])
        return self.choice(question, str(value))

    def choice(self, question: Question, value: str) -> str:
        """A choice's label, or the text itself where it is own words."""
        if question.listed == "languages" and value in language_names(self._language):
            return language_names(self._language)[value]
        labels = self._questionnaire.words_of(question, self._language).choices
        if question.listed == "countries" and value not in labels:
            return country_names(self._language).get(value, value)
        if question.type == "date" and value not in labels:
            return shown_date(value, self._language)
        return self._fill(labels.get(value, value))

    def _choices(self, question: Question, ticked: list[str]) -> list[list[Button]]:
        kind: Kind = "consent" if question.consent else "choice"
        own = [value for value in ticked if value not in question.choices]
        buttons = [
            Button((TICK if choice in ticked else "") + self.choice(question, choice), kind, choice, question.key)
            for choice in (*(question.shown or question.choices), *own)
        ]
        per_row = NUMBERS_PER_ROW if question.type == "integer" else PER_ROW
        return [buttons[start : start + per_row] for start in range(0, len(buttons), per_row)]

    def _fill(self, text: str, **more: str) -> str:
        for name, value in {**self._inserts, **more}.items():
            text = text.replace(f"{{{name}}}", value)
        return text


def person_names(intakes: Sequence[Intake]) -> dict[str, str | Say]:
    """How people who share a conversation are called, by their intake: as they want, else "person 2"."""
    return {
        intake.id: call_name(intake) or say("intake.person_unnamed", number=number) for number, intake in enumerate(intakes, 1)
    }


def language_name(tag: str, language: str) -> str:
    """A language's name in a language (CLDR)."""
    return language_names(language).get(tag) or Locale.parse(tag, sep="-").get_display_name(language) or tag


@lru_cache(maxsize=50)
def language_names(language: str) -> dict[str, str]:
    """All languages' names in a language, by tag: CLDR's without regional and historical variants, and some that it lacks."""
    names = Locale.parse(language, sep="-").languages
    shown = {tag: name for tag, name in names.items() if tag.isalpha() and "(" not in name}
    return extract.more_language_names(language) | shown


@lru_cache(maxsize=50)
def country_names(language: str) -> dict[str, str]:
    """All countries' names in a language, by ISO 3166 alpha-2 code (CLDR)."""
    names = Locale.parse(language, sep="-").territories
    return {code: name for code, name in names.items() if len(code) == 2 and code.isalpha() and code not in NO_COUNTRIES}


def shown_date(value: str, language: str) -> str:
    """An ISO 8601 date, as exact as it is, in a language: "15 January 2027", "January 2027"."""
    locale = Locale.parse(language, sep="-")
    try:
        if len(value) == 7:
            return format_skeleton("yMMMM", date.fromisoformat(f"{value}-01"), locale=locale)
        return format_date(date.fromisoformat(value), "long", locale=locale)
    except ValueError:
        return value


def _controls(question: Question) -> list[list[Button]]:
    if question.gate:
        more = [Button(say("intake.button.read_more"), "menu", "privacy")] if question.consent else []
        return [[_control("intake.button.why", "why", question), *more]]
    skip = [] if question.required else [_control("intake.button.skip", "skip", question)]
    return [
        [*skip, _control("intake.button.why", "why", question)],
        [_control("intake.button.back", "back", question), _control("intake.button.pause", "pause", question)],
        [Button(say("intake.button.help"), "menu", "menu")],
    ]


def _control(key: str, value: str, question: Question) -> Button:
    return Button(say(key), "control", value, question.key)
