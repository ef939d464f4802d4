"""The one page that a case worker reads: what the newcomer said, in the order of the work, and nothing inferred.

No score, no priority, no prediction (docs/decisions/0006-nothing-about-people.md). Own words stay as they
were written, with their language; what was not asked or was skipped is named as a gap. Beside words about jobs and
ages stands how they may be read, marked as a suggestion (docs/decisions/0015-extraction.md).
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.lists import format_list
from babel.units import format_unit

from lotse.intake import extract
from lotse.intake.asking import Asking, language_name
from lotse.intake.flow import relevant_questions
from lotse.intake.questionnaire import Question, Questionnaire
from lotse.intake.service import values
from lotse.replies import Say, say
from lotse.storage.tables import Case, Response
from lotse.wording import Wording

SECTIONS = ("person", "urgent", "goal", "needs", "abilities", "themes", "language", "family")
STAFF_LANGUAGES = ("de", "en", "nl")
ABOUT_JOBS, ABOUT_AGES = ("jobs_done", "job_wish"), ("children_ages",)  # questions whose own words are read for the page
UNITS = {"Y": "year", "M": "month", "W": "week", "D": "day"}


@dataclass(frozen=True)
class Line:
    """One response: `value` in the case worker's language, `original` in the newcomer's words where they typed.

    A `suggestion` is no response but what our lists make of the one before it.
    """

    question: str
    label: str
    value: str
    original: str | None
    original_language: str | None
    original_tag: str | None
    given_at: str
    suggestion: bool = False


@dataclass(frozen=True)
class Section:
    """A heading with its lines."""

    name: str
    heading: str
    lines: list[Line]


@dataclass(frozen=True)
class Summary:
    """The page as data; `as_markdown` writes it out."""

    reference: str
    kind: str
    status: str
    municipality: str
    language: str  # of this page
    newcomer_language: str
    opened_at: str
    topic: str | None
    consents: list[str]
    completeness: str
    sections: list[Section]
    gaps: list[str]
    questions: list[str]

    def as_json(self) -> dict[str, Any]:
        """Plain data for other systems."""
        return asdict(self)


class Summaries:
    """Writes the page of a case in a case worker's language."""

    def __init__(self, questionnaire: Questionnaire, wording: Wording) -> None:
        self._questionnaire = questionnaire
        self._wording = wording

    def of(self, case: Case, language: str) -> Summary:
        """The page of a case; the language is one of STAFF_LANGUAGES."""
        asking = Asking(self._questionnaire, language, case.municipality.name)
        last = {response.question: response for response in case.intake.responses} if case.intake else {}
        responses = values(case.intake) if case.intake else {}
        asked = [
            question
            for question in relevant_questions(self._questionnaire, responses)
            if question.summary and case.intake is not None
        ]
        given = [question for question in asked if responses.get(question.name) is not None]
        gaps = [asking.short(question) for question in asked if responses.get(question.name) is None]

        zone = ZoneInfo(case.municipality.time_zone)

        def line(question: Question) -> Line:
            return self._line(asking, question, last[question.name], language, zone)

        lines = {
            name: [
                shown
                for question in given
                if question.summary == name
                for shown in (line(question), *self._suggestions(question, last[question.name], language, zone))
            ]
            for name in SECTIONS
        }
        lines["urgent"] = [line(question) for question in given if responses[question.name] in question.alarm]
        sections = [Section(name, self._text(f"summary.{name}", language), lines[name]) for name in SECTIONS if lines[name]]
        return Summary(
            reference=case.reference,
            kind=case.kind,
            status=case.status,
            municipality=case.municipality.name,
            language=language,
            newcomer_language=language_name(case.language, language),
            opened_at=_minute(case.opened_at, zone),
            topic=case.topic,
            consents=[
                self._text(
                    "summary.consent",
                    language,
                    purpose=say(f"summary.purpose.{consent.purpose}"),
                    version=consent.text_version,
                    language=language_name(consent.language, language),
                    given=_minute(consent.given_at, zone),
                )
                for consent in (case.intake.consents if case.intake else [])
            ],
            completeness=self._text("summary.completeness", language, given=len(given), asked=len(asked)) if asked else "",
            sections=sections,
            gaps=gaps,
            questions=[self._text("summary.ask_gap", language, short=gap) for gap in gaps],
        )

    def as_markdown(self, summary: Summary) -> str:
        """The page as Markdown, one screen long."""

        def text(key: str, /, **inserted: Any) -> str:
            return self._text(key, summary.language, **inserted)

        parts = [
            f"# {text('summary.title', reference=summary.reference)}",
            f"{summary.municipality} · {text('summary.status.' + summary.status)} · {summary.opened_at} · "
            f"{text('summary.speaks', language=summary.newcomer_language)}",
        ]
        if summary.kind != "intake":
            parts.append(f"**{text('summary.kind.' + summary.kind)}**")
        if summary.topic:
            parts.append(f"> {_plain(summary.topic)}")
        if summary.consents:
            parts.append("\n".join(f"- {consent}" for consent in summary.consents) + f"\n- {summary.completeness}")
        for section in summary.sections:
            parts.append(f"## {section.heading}\n" + "\n".join(self._markdown_line(line, text) for line in section.lines))
        if summary.gaps:
            parts.append(f"## {text('summary.gaps')}\n{', '.join(summary.gaps)}")
            parts.append(f"## {text('summary.questions')}\n" + "\n".join(f"- {question}" for question in summary.questions))
        parts.append(f"*{text('summary.footer')}*")
        return "\n\n".join(parts) + "\n"

    def _markdown_line(self, line: Line, text: Any) -> str:
        shown = f"- **{line.label}:** {_plain(line.value)}"
        if line.original is not None and line.original != line.value:
            shown += f" — {text('summary.original', words=_plain(line.original), language=line.original_language)}"
        elif line.original is not None and any(character.isalpha() for character in line.original):
            shown += f" ({line.original_language})"
        if line.suggestion:
            return shown
        return f"{shown} · {text('summary.confirmed', date=line.given_at)}"

    def _line(self, asking: Asking, question: Question, response: Response, language: str, zone: ZoneInfo) -> Line:
        return Line(
            question=question.name,
            label=asking.short(question),
            value=self._shown(asking.shown(question, response.value), language),
            original=response.words,
            original_language=language_name(response.language, language) if response.words is not None else None,
            original_tag=response.language if response.words is not None else None,
            given_at=response.given_at.astimezone(zone).date().isoformat(),
        )

    def _suggestions(self, question: Question, response: Response, language: str, zone: ZoneInfo) -> list[Line]:
        """How own words about jobs and children's ages may be read: ISCO-08 unit groups, ages in the page's language."""
        told = response.words or (response.value if isinstance(response.value, str) else "")
        if not told or (question.choices and response.value in question.choices):
            return []
        if question.name in ABOUT_JOBS:
            label, value = "summary.isco", "; ".join(_occupations(told, response.language, language))
        elif question.name in ABOUT_AGES:
            label, value = "summary.ages", _ages(told, response.language, language)
        else:
            return []
        given_at = response.given_at.astimezone(zone).date().isoformat()
        line = Line(question.name, self._text(label, language), value, None, None, None, given_at, suggestion=True)
        return [line] if value else []

    def _shown(self, value: str | Say, language: str) -> str:
        return self._wording.render(value, language)

    def _text(self, key: str, page_language: str, /, **inserted: Any) -> str:
        return self._wording.render(say(key, **inserted), page_language)


def _minute(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def _plain(text: str) -> str:
    """Newcomers' words on one line, with nothing that Markdown or HTML would act on."""
    return "".join("\\" + character if character in "\\`*_[]<>#|&" else character for character in " ".join(text.split()))


def _occupations(told: str, written_in: str, language: str) -> list[str]:
    """ISCO-08 unit groups that the words may mean, with their names; those that only look like a listed word have a "?"."""
    finds = {find.value: find for find in reversed(extract.named(told, written_in, "occupation"))}
    ordered = sorted(finds.values(), key=lambda find: find.start)
    return [f"{find.value} {extract.isco_title(find.value, language)}" + ("" if find.certain else " (?)") for find in ordered]


def _ages(told: str, written_in: str, language: str) -> str:
    """Ages of children in the page's language: "9 Jahre, 8 Monate"."""
    return ", ".join(
        format_list([format_unit(int(amount), UNITS[unit], locale=language) for amount, unit in parts], "unit", locale=language)
        for age in extract.child_ages(told, written_in)
        if (parts := re.findall(r"(\d+)([YMWD])", age))
    )
