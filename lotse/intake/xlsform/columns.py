"""The columns of a workbook, the languages of its texts, and what is told about both."""

from __future__ import annotations

from collections import Counter, defaultdict
from difflib import get_close_matches

from lotse.intake.xlsform.sheets import Column, Sheet
from lotse.intake.xlsform.spelling import tag_of
from lotse.intake.xlsform.terms import PREFIX, QUESTION_COLUMNS, ROW_COLUMNS, WORDS_COLUMNS

Cells = dict[Column, str]


class Report:
    """What stops the reading (problems), and what is left out without harm (notes)."""

    def __init__(self) -> None:
        self._problems: list[str] = []
        self._notes: list[str] = []
        self._left_out: dict[str, list[int]] = defaultdict(list)

    def problem(self, text: str) -> None:
        """Something that must be mended."""
        self._problems.append(text)

    def note(self, text: str) -> None:
        """Something that people should know."""
        self._notes.append(text)

    def left_out(self, row: int, text: str) -> None:
        """Something in a row of the sheet survey; the same in several rows is told once."""
        self._left_out[text].append(row)

    @property
    def problems(self) -> list[str]:
        """Each problem once, in the order of the rows."""
        return list(dict.fromkeys(self._problems))

    @property
    def notes(self) -> list[str]:
        """All notes, those about rows last."""
        left_out = [f"{text} (survey row{'s' if rows[1:] else ''} {_some(rows)})" for text, rows in self._left_out.items()]
        return self._notes + left_out


class Texts:
    """Reads the cells of a text by language."""

    def __init__(self, found: dict[str, Sheet], settings: Cells, report: Report) -> None:
        self._report = report
        self.default_tag = self._default_language(found, settings)

    def of(self, sheet: Sheet, row: int, cells: Cells, *name: str) -> dict[str, str]:
        """The cells of a text by language."""
        texts: dict[str, str] = {}
        for column in sheet.columns:
            if column[: len(name)] != name or len(column) > len(name) + 1 or column not in cells:
                continue
            tag = tag_of(column[-1]) if len(column) > len(name) else self.default_tag
            if tag is None:
                told = "::".join(column)
                self._report.problem(
                    f"{sheet.name} row 1: {told}: which language is it? Write its code, as in label::English (en)"
                )
            elif (row, column) in sheet.dates:
                self._report.problem(
                    f"{sheet.name} row {row}: {'::'.join(column)} has become a date; format the column as text and write it again"
                )
            elif len(column) > len(name) or tag not in texts:
                texts[tag] = cells[column]
        return texts

    def _default_language(self, found: dict[str, Sheet], settings: Cells) -> str:
        """Of labels whose column names no language."""
        named = settings.get(("default_language",), "")
        tag = tag_of(named) if named else "en"
        used = [column for sheet in found.values() for column in sheet.columns if column == ("label",)]
        if used and tag is None:
            self._report.problem(
                f"settings row 2: default_language {named!r}: which language is it? Write its code, as in English (en)"
            )
        elif used and not named:
            self._report.note("texts without a language are taken as English; else name the column as in label::German (de)")
        return tag or "en"


def check_columns(sheet: Sheet, report: Report) -> None:
    """Columns that stand twice, or have our prefix and are none of ours."""
    known = {*QUESTION_COLUMNS, *ROW_COLUMNS, *WORDS_COLUMNS, "codes"}
    for column, times in Counter(sheet.columns).items():
        told = "::".join(column)
        if times > 1:
            report.problem(f"{sheet.name} row 1: the column {told} stands twice; remove one")
        if column[0] == PREFIX and (len(column) < 2 or column[1] not in known):
            near = get_close_matches(column[1] if len(column) > 1 else "", known, n=1)
            proposal = f"; do you mean {PREFIX}::{near[0]}?" if near else "; remove it"
            report.problem(f"{sheet.name} row 1: the column {told} is not known{proposal}")


def _some(rows: list[int]) -> str:
    return ", ".join(map(str, rows[:8])) + (" …" if len(rows) > 8 else "")
