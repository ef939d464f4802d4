"""From a translated file to drafts: what is taken, what is not, and why. Nothing is published by it."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from lotse.answers import editing
from lotse.answers.exchange.units import PARTS, Bundle, ExchangeError, Unit, fingerprint, is_same, text_of
from lotse.answers.form import Form, TextForm, check, tidy
from lotse.storage.tables import Answer, AnswerDraft, Municipality

REVIEWED = "reviewed"
STATUSES = ("draft", "machine", REVIEWED)  # what an import may call its translations
MOST_AT_ONCE = 500  # parameters of one query
TAKEN, SKIPPED = "taken", "skipped"
PROBLEM = "answers.problem."  # reasons that begin so are those of the editor's form


@dataclass(frozen=True)
class Line:
    """What became of a unit. Reasons: outdated (taken, but the source has changed), status (the same text, reviewed now),
    same, not_translated, partly, unknown_answer, unknown_part, retired, changed_here, twice, or a problem of the form."""

    answer: str
    part: str
    outcome: str
    reason: str = ""
    values: dict[str, Any] = field(default_factory=dict)  # what the wording of a problem names


@dataclass
class Report:
    """What an import did."""

    source: str
    target: str
    lines: list[Line] = field(default_factory=list)
    drafts: dict[str, Form] = field(default_factory=dict)  # by id of the answer

    @property
    def taken(self) -> int:
        """How many texts were taken."""
        return sum(line.outcome == TAKEN for line in self.lines)

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """(reason, number of texts that were skipped or taken for it), the most frequent first."""
        return Counter(line.reason for line in self.lines if line.reason).most_common()


def take(session: Session, municipality: Municipality, bundle: Bundle, status: str, staff_id: str | None = None) -> Report:
    """Save what was translated as drafts, in the caller's transaction. Raises ExchangeError for other languages."""
    source = editing.source_language(municipality)
    if bundle.source != source or bundle.target == source:
        raise ExchangeError("languages", f"the file must translate from {source} into another language")
    if status not in STATUSES:
        raise ExchangeError("status", f"the status must be one of {', '.join(STATUSES)}")
    report = Report(bundle.source, bundle.target)
    units: dict[str, list[Unit]] = defaultdict(list)
    for unit in bundle.units:
        units[unit.answer].append(unit)
    # of thousands of answers usually a few are translated: only those are read
    statuses = dict(
        session.execute(select(Answer.source_id, Answer.status).where(Answer.municipality_id == municipality.id)).all()
    )
    wanted = [name for name, of_answer in units.items() if any(not _is_untranslated(unit) for unit in of_answer)]
    answers = _answers(session, municipality, [name for name in wanted if name in statuses])
    for source_id, of_answer in units.items():
        if statuses.get(source_id) in (None, editing.RETIRED):
            reason = "retired" if source_id in statuses else "unknown_answer"
            report.lines += [Line(source_id, unit.part, SKIPPED, reason) for unit in of_answer]
        elif source_id not in answers:
            report.lines += [Line(source_id, unit.part, SKIPPED, _why_not(unit, TextForm())) for unit in of_answer]
        else:
            answer, draft = answers[source_id]
            form = editing.form_of(answer, draft)
            lines, changed = _merge(form, of_answer, source, bundle.target, status)
            report.lines += lines
            if changed != form:
                editing.save_draft(session, answer, changed, staff_id)
                report.drafts[answer.id] = changed
    return report


def _answers(session: Session, municipality: Municipality, names: list[str]) -> dict[str, tuple[Answer, AnswerDraft | None]]:
    """Answers with their drafts, by source id."""
    found: dict[str, tuple[Answer, AnswerDraft | None]] = {}
    for start in range(0, len(names), MOST_AT_ONCE):
        query = select(Answer, AnswerDraft).outerjoin(AnswerDraft, AnswerDraft.answer_id == Answer.id)
        query = query.where(Answer.municipality_id == municipality.id, Answer.source_id.in_(names[start : start + MOST_AT_ONCE]))
        for answer, draft in session.execute(query.options(selectinload(Answer.texts))):
            found[answer.source_id] = answer, draft
    return found


def _merge(form: Form, units: list[Unit], source: str, target: str, status: str) -> tuple[list[Line], Form]:
    """The form with what can be taken of the units of one answer.

    The status is for title and text together: it becomes the import's where both came, or were reviewed and found right.
    """
    original, before = form.texts.get(source, TextForm()), form.texts.get(target, TextForm())
    lines: list[Line] = []
    text, outdated = before, False
    parts: set[str] = set()
    for unit in units:
        reason = "twice" if unit.part in parts else _why_not(unit, before)
        parts.add(unit.part)
        if reason:
            lines.append(Line(unit.answer, unit.part, SKIPPED, reason))
            continue
        assert unit.target is not None
        old = not is_same(unit.source, text_of(original, unit.part))
        outdated = outdated or (old and unit.part != "questions")
        text = _with(text, unit.part, unit.target)
        lines.append(Line(unit.answer, unit.part, TAKEN, "outdated" if old else ""))
    settled = {line.part for line in lines if line.outcome == TAKEN or line.reason == "same"} >= {"title", "text"}
    if not outdated and not (settled and (text != before or status == REVIEWED)):
        status = before.status if before.is_written else status
    text = replace(text, status="outdated" if outdated else status)
    if text == before:
        return lines, form
    if (text.title, text.text, text.questions) == (before.title, before.text, before.questions):
        lines = [replace(line, outcome=TAKEN, reason="status") if line.reason == "same" else line for line in lines]
    changed = tidy(replace(form, texts={**form.texts, target: text}))
    wrong = next((each for each in check(changed) if each.field.endswith(f".{target}")), None)
    if wrong is not None:
        failed = [replace(line, outcome=SKIPPED, reason=wrong.key, values=wrong.values) for line in lines]
        return [bad if line.outcome == TAKEN else line for line, bad in zip(lines, failed)], form
    return lines, changed


def _with(text: TextForm, part: str, words: str) -> TextForm:
    if part == "questions":
        return replace(text, questions=tuple(words.split("\n")))
    return replace(text, title=words) if part == "title" else replace(text, text=words)


def _is_untranslated(unit: Unit) -> bool:
    return unit.target is None or not unit.target.strip()


def _why_not(unit: Unit, before: TextForm) -> str:
    """Why a unit cannot be taken; empty where it can."""
    if unit.part not in PARTS:
        return "unknown_part"
    if unit.target is None or not unit.target.strip():
        return "not_translated"
    if not unit.complete:
        return "partly"
    there = text_of(before, unit.part)
    if is_same(unit.target, there):
        return "same"
    if unit.seen and unit.seen != fingerprint(there):
        return "changed_here"
    return ""
