"""The sheet `choices`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from lotse.intake.checking import CHOICE
from lotse.intake.xlsform.columns import Report, Texts
from lotse.intake.xlsform.sheets import Sheet


@dataclass(frozen=True)
class Choice:
    """One row, with its labels by language."""

    row: int
    name: str
    labels: dict[str, str]


class Lists:
    """All lists of choices by their names."""

    def __init__(self, sheet: Sheet | None, texts: Texts, report: Report) -> None:
        self._report = report
        self._lists: dict[str, list[Choice]] = {}
        if sheet is not None:
            self._read(sheet, texts)

    def get(self, name: str) -> Iterable[Choice]:
        """The choices of a list; none where there is no such list."""
        return self._lists.get(name, ())

    def named(self, row: int, listed: str) -> list[Choice]:
        """The choices of a list that a row of the sheet survey names."""
        if listed not in self._lists:
            near = get_close_matches(listed, self._lists, n=1)
            proposal = f"do you mean {near[0]}?" if near else "add its choices there, or correct the type"
            self._report.problem(f"survey row {row}: there is no list {listed} in the sheet choices; {proposal}")
            return []
        for choice in self._lists[listed]:
            if not choice.labels:
                self._report.problem(f"choices row {choice.row}: {choice.name} has no label; add one")
        return self._lists[listed]

    def _read(self, sheet: Sheet, texts: Texts) -> None:
        for row, cells in sheet.rows.items():
            name, listed = cells.get(("name",), "").strip(), cells.get(("list_name",), "").strip()
            if not name and not listed:
                continue
            if not name or not listed:
                missing = "name" if listed else "list_name"
                self._report.problem(f"choices row {row}: {missing} is missing; fill it in, or empty the row")
            elif (row, ("name",)) in sheet.dates:
                self._report.problem(
                    f"choices row {row}: the name has become a date; format the column as text and write it again"
                )
            elif not CHOICE.fullmatch(name):
                better = re.sub(r"[\s'\"=,]+", "_", name).strip("_")
                self._report.problem(f"choices row {row}: the name {name!r} has spaces, quotes, commas or =; write {better}")
            elif any(choice.name == name for choice in self._lists.get(listed, [])):
                self._report.problem(f"choices row {row}: {name} stands twice in the list {listed}; rename or remove one")
            else:
                labels = texts.of(sheet, row, cells, "label")
                self._lists.setdefault(listed, []).append(Choice(row, name, labels))
