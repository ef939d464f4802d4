"""The one page that a case worker reads: what the newcomer said, in the order of the work, and nothing inferred.

No score, no priority, no prediction (docs/decisions/0006-nothing-about-people.md). Own words stay as they
were written, with their language; what was not asked or was skipped is named as a gap. Beside words about jobs
stands how they may be read, marked as a suggestion (docs/decisions/0015-extraction.md). Only what was sent is shown,
with what changed since it was sent before.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, object_session

from lotse.cases import verifying
from lotse.intake import extract, relevance
from lotse.intake.asking import Asking, language_name
from lotse.intake.flow import relevant_questions
from lotse.intake.questionnaire import Question, Questionnaire
from lotse.intake.runs import LIVE, sent
from lotse.intake.versions import Questionnaires
from lotse.replies import Say, say
from lotse.storage.tables import Case, CaseCheck, Intake, Response
from lotse.wording import Wording

SECTIONS = ("person", "urgent", "goal", "needs", "abilities", "themes", "language", "family", "consented")
STAFF_LANGUAGES = ("de", "en", "nl")
ABOUT_JOBS = ("job", "job_wish")  # questions whose own words are read for the page


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
    confirmed_at: str | None = None  # when the newcomer confirmed it by sending
    codes: dict[str, str] = field(default_factory=dict)  # names of the field in other systems
    suggestion: bool = False
    response: int | None = None  # its number
    verified_at: str | None = None  # when a case worker verified it
    verified_by: str | None = None


@dataclass(frozen=True)
class Change:
    """What the newcomer changed with the version that was sent last: the values in the case worker's language."""

    label: str
    before: str | None
    after: str | None


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
    contradictions: list[str]  # responses that do not fit together
    questions: list[str]
    version: int  # how often the newcomer has sent it
    changes: list[Change]
    notes: list[str]  # withdrawn, filled in with help, others of the household
    household: list[str]  # references that a note names

    def as_json(self) -> dict[str, Any]:
        """Plain data for other systems."""
        return asdict(self)


class Summaries:
    """Writes the page of a case in a language: a case worker's, or the newcomer's own for what they are handed out."""

    def __init__(self, questionnaires: Questionnaires, wording: Wording) -> None:
        self._questionnaires = questionnaires
        self._wording = wording

    def of(self, case: Case, language: str) -> Summary:
        """The page of a case, in an offered language. Of an intake that was withdrawn nothing is shown."""
        session = object_session(case)
        assert session is not None
        questionnaire = self._questionnaires.of(session, case.intake)
        asking = Asking(questionnaire, language, case.municipality)
        intake = case.intake if case.intake is not None and case.intake.status in LIVE else None
        last = sent(intake) if intake is not None else {}
        town = {"country": case.municipality.country}
        responses = town | {key: response.value for key, response in last.items()}
        asked = (
            [question for question in relevant_questions(questionnaire, responses) if question.summary]
            if intake is not None
            else []
        )
        given = [question for question in asked if responses.get(question.key) is not None]
        gaps = [asking.short(each) for each in asked if responses.get(each.key) is None and not each.sensitive]
        left = [asking.short(each) for each in asked if each.sensitive and each.key not in responses]
        zone = ZoneInfo(case.municipality.time_zone)
        household = _household(session, case)
        checks = verifying.of(session, case)

        def line(question: Question) -> Line:
            return self._line(asking, question, last[question.key], checks.get(question.key), language, zone)

        lines = {
            name: [
                shown
                for question in given
                if question.summary == name
                for shown in (line(question), *self._suggestions(question, last[question.key], language, zone))
            ]
            for name in SECTIONS
        }
        lines["urgent"] = [line(each) for each in given if _is_alarm(each, responses[each.key])]
        sections = [Section(name, self._text(f"summary.{name}", language), lines[name]) for name in SECTIONS if lines[name]]
        return Summary(
            reference=case.reference,
            kind=case.kind,
            status=case.status,
            municipality=case.municipality.name,
            language=language,
            newcomer_language=language_name(case.language, language),
            opened_at=minute(case.opened_at, zone),
            topic=case.topic,
            consents=[
                self._text(
                    "summary.consent",
                    language,
                    purpose=say(f"summary.purpose.{consent.purpose}"),
                    version=consent.text_version,
                    language=language_name(consent.language, language),
                    given=minute(consent.given_at, zone),
                )
                for consent in (case.intake.consents if case.intake else [])
            ],
            completeness=self._text("summary.completeness", language, given=len(given), asked=len(asked)) if asked else "",
            sections=sections,
            gaps=gaps + [self._text("summary.left_to_guide", language, short=each) for each in left],
            contradictions=self._contradictions(questionnaire, asking, responses, language) if intake is not None else [],
            questions=[self._text("summary.ask_gap", language, short=gap) for gap in gaps],
            version=intake.sent if intake else 0,
            changes=self._changes(questionnaire, asking, intake, town, language) if intake else [],
            notes=self._notes(case, household, language),
            household=household,
        )

    def asked_of(self, session: Session, intake: Intake | None, language: str) -> list[tuple[Question, str]]:
        """The questions that a page of an intake may show, with their short words; without one those of new intakes."""
        questionnaire = self._questionnaires.of(session, intake)
        return [
            (question, questionnaire.words_of(question, language).short)
            for question in questionnaire.questions
            if question.summary
        ]

    def _contradictions(
        self, questionnaire: Questionnaire, asking: Asking, responses: dict[str, Any], language: str
    ) -> list[str]:
        """Responses that do not fit together, as the questionnaire says; questions that no longer apply do not count."""
        asked = {question.key for question in relevant_questions(questionnaire, responses)}

        def told(name: str) -> Say:
            question = questionnaire.question(name)
            value = self._shown(asking.shown(question, responses[name]), language)
            return say("summary.told", short=asking.short(question), value=value)

        return [
            self._text("summary.contradiction", language, responses=[told(name) for name in each.between])
            for each in questionnaire.contradictions
            if set(each.between) <= asked and relevance.holds(each.when, responses)
        ]

    def _changes(
        self, questionnaire: Questionnaire, asking: Asking, intake: Intake, town: dict[str, str], language: str
    ) -> list[Change]:
        """What differs between the last version and the one before it, in the questionnaire's order."""
        if intake.sent < 2:
            return []
        versions = [{key: each.value for key, each in sent(intake, number).items()} for number in (intake.sent - 1, intake.sent)]
        before, after = (
            {each.key: told[each.key] for each in relevant_questions(questionnaire, town | told) if each.key in told}
            for told in versions
        )

        def shown(question: Question, told: dict[str, Any]) -> str | None:
            value = told.get(question.key)
            return None if value is None else self._shown(asking.shown(question, value), language)

        keys = [key for key in dict.fromkeys([*after, *before]) if before.get(key) != after.get(key)]
        changed = [questionnaire.question(key) for key in keys]
        return [Change(asking.short(each), shown(each, before), shown(each, after)) for each in changed if each.summary]

    def _notes(self, case: Case, household: list[str], language: str) -> list[str]:
        """What a case worker must know before reading: how it came about, and who belongs to it."""
        intake = case.intake
        if intake is None:
            return []
        notes = []
        if intake.status not in LIVE:
            notes.append(self._text("summary.withdrawn", language))
        if intake.assisted_by is not None:
            notes.append(self._text("summary.assisted", language))
        if household:
            notes.append(self._text("summary.household", language, references=household))
        return notes

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
        if summary.notes:
            parts.append("\n".join(f"- **{note}**" for note in summary.notes))
        if summary.changes:
            changed = "\n".join(self._markdown_change(change, text) for change in summary.changes)
            parts.append(f"## {text('summary.changes', version=summary.version)}\n{changed}")
        for section in summary.sections:
            parts.append(f"## {section.heading}\n" + "\n".join(self._markdown_line(line, text) for line in section.lines))
        if summary.gaps:
            parts.append(f"## {text('summary.gaps')}\n{', '.join(summary.gaps)}")
        if summary.contradictions:
            listed = "\n".join(f"- {_plain(each)}" for each in summary.contradictions)
            parts.append(f"## {text('summary.contradictions')}\n{listed}")
        if summary.questions:
            parts.append(f"## {text('summary.questions')}\n" + "\n".join(f"- {question}" for question in summary.questions))
        parts.append(f"*{text('summary.footer')}*")
        return "\n\n".join(parts) + "\n"

    def _markdown_change(self, change: Change, text: Any) -> str:
        before, after = (_plain(each) if each is not None else text("summary.nothing") for each in (change.before, change.after))
        return f"- **{change.label}:** {text('summary.change', before=before, after=after)}"

    def _markdown_line(self, line: Line, text: Any) -> str:
        shown = f"- **{line.label}:** {_plain(line.value)}"
        if line.original is not None and line.original != line.value:
            shown += f" — {text('summary.original', words=_plain(line.original), language=line.original_language)}"
        elif line.original is not None and any(character.isalpha() for character in line.original):
            shown += f" ({line.original_language})"
        if line.suggestion:
            return shown
        key = "summary.confirmed_by_newcomer" if line.confirmed_at else "summary.confirmed"
        shown = f"{shown} · {text(key, date=line.confirmed_at or line.given_at)}"
        if line.verified_at is None:
            return shown
        by = line.verified_by or text("summary.somebody")
        return f"{shown} · {text('summary.verified', date=line.verified_at, name=_plain(by))}"

    def _line(
        self,
        asking: Asking,
        question: Question,
        response: Response,
        check: CaseCheck | None,
        language: str,
        zone: ZoneInfo,
    ) -> Line:
        return Line(
            question=question.key,
            label=asking.short(question),
            value=self._shown(asking.shown(question, response.value), language),
            original=response.words,
            original_language=language_name(response.language, language) if response.words is not None else None,
            original_tag=response.language if response.words is not None else None,
            given_at=response.given_at.astimezone(zone).date().isoformat(),
            confirmed_at=response.confirmed_at.astimezone(zone).date().isoformat() if response.confirmed_at else None,
            codes=question.codes,
            response=response.number,
            verified_at=check.at.astimezone(zone).date().isoformat() if check is not None else None,
            verified_by=check.staff.name if check is not None and check.staff is not None else None,
        )

    def _suggestions(self, question: Question, response: Response, language: str, zone: ZoneInfo) -> list[Line]:
        """How own words about jobs may be read: ISCO-08 unit groups."""
        told = response.words or (response.value if isinstance(response.value, str) else "")
        if not told or question.name not in ABOUT_JOBS or response.value in question.choices:
            return []
        value = "; ".join(_occupations(told, response.language, language))
        given_at = response.given_at.astimezone(zone).date().isoformat()
        label = self._text("summary.isco", language)
        line = Line(question.key, label, value, None, None, None, given_at, suggestion=True)
        return [line] if value else []

    def _shown(self, value: str | Say, language: str) -> str:
        return self._wording.render(value, language)

    def _text(self, key: str, page_language: str, /, **inserted: Any) -> str:
        return self._wording.render(say(key, **inserted), page_language)


def _household(session: Session, case: Case) -> list[str]:
    """References of the others who live together with a case's newcomer, as they told."""
    if case.intake is None or case.intake.household_id is None:
        return []
    query = select(Case.reference).join(Intake, Case.intake_id == Intake.id).where(Case.id != case.id)
    return sorted(session.scalars(query.where(Intake.household_id == case.intake.household_id)))


def minute(moment: datetime, zone: ZoneInfo) -> str:
    """A time as the page writes it."""
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def _plain(text: str) -> str:
    """Newcomers' words on one line, with nothing that Markdown or HTML would act on."""
    return "".join("\\" + character if character in "\\`*_[]<>#|&" else character for character in " ".join(text.split()))


def _occupations(told: str, written_in: str, language: str) -> list[str]:
    """ISCO-08 unit groups that the words may mean, with their names; those that only look like a listed word have a "?"."""
    finds = {find.value: find for find in reversed(extract.named(told, written_in, "occupation"))}
    ordered = sorted(finds.values(), key=lambda find: find.start)
    return [f"{find.value} {extract.isco_title(find.value, language)}" + ("" if find.certain else " (?)") for find in ordered]


def _is_alarm(question: Question, value: Any) -> bool:
    return isinstance(value, str) and value in question.alarm
