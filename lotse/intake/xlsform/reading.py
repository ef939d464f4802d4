"""A questionnaire from an XLSForm workbook: our own exactly, one made by others as far as it can be taken.

What stops the reading is a problem; what is left out without harm is a note. Both name sheet, row and remedy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lotse.intake.xlsform import sheets
from lotse.intake.xlsform.columns import Cells, Report, Texts, check_columns
from lotse.intake.xlsform.lists import Lists
from lotse.intake.xlsform.sheets import Sheet, WorkbookError
from lotse.intake.xlsform.spelling import slug
from lotse.intake.xlsform.survey import DEFAULT_SECTION, Survey
from lotse.intake.xlsform.terms import ALSO, CONSENTS, CONTRADICTIONS, INSERTS, PREFIX


@dataclass(frozen=True)
class Taken:
    """What a workbook says: `source` in the form of `questionnaire.read`, what was left out, and where each question stands."""

    source: dict[str, Any]
    notes: list[str]
    rows: dict[str, int]  # of the sheet survey, by question


def read(file: Path) -> dict[str, Any]:
    """The questionnaire of a workbook as plain data: `questions`, and `words` by language. Raises WorkbookError."""
    return take(file).source


def take(file: Path) -> Taken:
    """The questionnaire of a workbook with what was left out of it. Raises WorkbookError with all problems."""
    found = sheets.load(file)
    report = Report()
    sheet = _survey_sheet(file, found)
    for each in (sheet, *(other for name, other in found.items() if name == "choices")):
        check_columns(each, report)
    settings = next(iter(found["settings"].rows.values()), {}) if "settings" in found else {}
    texts = Texts(found, settings, report)
    survey = Survey(sheet, (PREFIX, "format") in settings, Lists(found.get("choices"), texts, report), texts, report)
    source = _Assembly(found, settings, survey, texts, report).source(file.stem)
    if report.problems:
        raise WorkbookError(file, report.problems)
    return Taken(source, report.notes, survey.rows)


def _survey_sheet(file: Path, found: dict[str, Sheet]) -> Sheet:
    sheet = found.get("survey")
    if sheet is None:
        raise WorkbookError(file, [f"there is no sheet survey, only {', '.join(found) or 'none'}; this is no XLSForm"])
    missing = [name for name in ("type", "name") if (name,) not in sheet.columns]
    if missing or not any(column[0] == "label" for column in sheet.columns):
        raise WorkbookError(file, [f"survey row 1: the column {(missing or ['label'])[0]} is missing; this is no XLSForm"])
    return sheet


class _Assembly:
    """Puts together what the sheets say."""

    def __init__(self, found: dict[str, Sheet], settings: Cells, survey: Survey, texts: Texts, report: Report) -> None:
        self._sheets = found
        self._settings = settings
        self._survey = survey
        self._texts = texts
        self._report = report

    def source(self, fallback: str) -> dict[str, Any]:
        """The plain data; the fallback names a form without a form_id."""
        survey = self._survey
        title = self._settings.get(("form_title",), "").strip()
        name = slug(self._settings.get(("form_id",), "") or fallback) or "questionnaire"
        version = self._settings.get(("version",), "").strip() or "1"
        used = {each["section"] for entry in survey.entries for each in entry.get("questions", [entry])}
        questions: dict[str, Any] = {"name": name, "version": version, "sections": self._sections(used)}
        if survey.given:
            questions["given"] = survey.given
        words: dict[str, dict[str, Any]] = {}
        for tag in dict.fromkeys([*survey.words, *survey.section_words]):
            told = {section: survey.section_words[tag].get(section) for section in questions["sections"]}
            if DEFAULT_SECTION in used and title:
                told[DEFAULT_SECTION] = told.get(DEFAULT_SECTION) or title
            sections = {section: text for section, text in told.items() if text}
            words[tag] = {"sections": sections, "questions": survey.words[tag]}
        if not survey.rows and not self._report.problems:
            self._report.problem("the sheet survey has no questions that can be asked")
        self._add_also(words)
        self._add_inserts(words)
        self._add_consents(words)
        contradictions = list(self._contradictions())
        more = {"contradictions": contradictions} if contradictions else {}
        return {"questions": questions | {"questions": survey.entries} | more, "words": words}

    def _contradictions(self) -> Iterator[dict[str, Any]]:
        sheet = self._sheets.get(CONTRADICTIONS)
        for cells in sheet.rows.values() if sheet is not None else ():
            yield {"between": cells.get(("between",), "").split(), "when": cells.get(("when",), "").strip()}

    def _sections(self, used: set[str]) -> list[str]:
        """Sections in their order: as our own workbook tells it, new ones after the one before them."""
        order = [section for section in self._settings.get((PREFIX, "sections"), "").split() if section in used]
        before: str | None = None
        for section in sorted(self._survey.sections, key=lambda section: self._survey.sections[section]):
            if section in used and section not in order:
                order.insert(order.index(before) + 1 if before else 0, section)
            before = section if section in used else before
        return order

    def _rows_of(self, name: str) -> Iterator[tuple[int, Cells, dict[str, str]]]:
        sheet = self._sheets.get(name)
        for row, cells in sheet.rows.items() if sheet is not None else ():
            assert sheet is not None
            yield row, cells, self._texts.of(sheet, row, cells, "text")

    def _add_also(self, words: dict[str, dict[str, Any]]) -> None:
        for row, cells, texts in self._rows_of(ALSO):
            name = cells.get(("question",), "").strip()
            name, choice = self._survey.renamed.get(name, name), cells.get(("choice",), "").strip()
            if name not in self._survey.rows:
                self._report.problem(f"{ALSO} row {row}: there is no question {name!r}; correct the name or remove the row")
                continue
            for tag, text in texts.items():
                if name in words.get(tag, {}).get("questions", {}):
                    ways = [way.strip() for way in text.splitlines() if way.strip()]
                    words[tag]["questions"][name].setdefault("also", {})[choice] = ways

    def _add_consents(self, words: dict[str, dict[str, Any]]) -> None:
        for _, cells, texts in self._rows_of(CONSENTS):
            for tag, text in texts.items():
                if tag in words:
                    words[tag].setdefault("consents", {})[cells.get(("purpose",), "").strip()] = text

    def _add_inserts(self, words: dict[str, dict[str, Any]]) -> None:
        for _, cells, texts in self._rows_of(INSERTS):
            country, name = cells.get(("country",), "").strip(), cells.get(("name",), "").strip()
            for tag, text in texts.items():
                if tag in words:
                    words[tag].setdefault("inserts", {}).setdefault(country, {})[name] = text
