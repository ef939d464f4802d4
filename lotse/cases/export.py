"""Cases as a file, with what a case worker may read of them: the summary's responses (summary.py), one case a row.

A column is a question by its name in the questionnaire, a cell the label of what was chosen, or own words; of a repeated
group all entries stand in one cell. What needs a consent of its own is there only with it, as on the page of the case.
Cases are read in batches, each in a transaction of its own: nobody waits for a long export, and it needs little memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from lotse.cases.summary import Summaries, Summary, minute
from lotse.spreadsheets import csv_lines, write_xlsx, xlsx_chunks
from lotse.storage import Database
from lotse.storage.tables import Case, Intake

FORMATS = ("xlsx", "csv", "json")
MEDIA = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}
FIXED = (
    "reference",
    "kind",
    "status",
    "municipality",
    "newcomer_language",
    "opened_at",
    "changed_at",
    "assigned_to",
    "version",
    "topic",
)
BATCH = 100
BETWEEN = " | "  # entries of a repeated group in one cell


class Export:
    """Certain cases in one language of summaries."""

    def __init__(self, database: Database, summaries: Summaries, ids: Sequence[str], language: str) -> None:
        self._database = database
        self._summaries = summaries
        self._ids = ids
        self._language = language

    def chunks(self, form: str) -> Iterator[bytes]:
        """The file in pieces; one of FORMATS."""
        if form == "xlsx":
            return xlsx_chunks(self._sheets())
        text = csv_lines(self._table()) if form == "csv" else self._json()
        return (piece.encode() for piece in text)

    def write(self, form: str, to: IO[bytes]) -> None:
        """The whole file."""
        if form == "xlsx":
            write_xlsx(self._sheets(), to)
        else:
            to.writelines(self.chunks(form))

    def _sheets(self) -> Iterator[tuple[str, Iterable[Sequence[Any]]]]:
        """The cases, and what the names of the columns mean."""
        yield "cases", self._table()
        yield "columns", [("column", "label"), *((name, label) for name, label in self._columns().items())]

    def _table(self) -> Iterator[list[Any]]:
        names = list(self._columns())
        yield [*FIXED, *names]
        for summary, more in self._pages():
            told = _by_name(summary)
            yield [
                *(more[name] if name in more else getattr(summary, name) for name in FIXED),
                *(told.get(name) for name in names),
            ]

    def _json(self) -> Iterator[str]:
        between = "[\n"
        for summary, more in self._pages():
            yield between + json.dumps({**summary.as_json(), **more}, ensure_ascii=False)
            between = ",\n"
        yield "[]\n" if between == "[\n" else "\n]\n"

    def _columns(self) -> dict[str, str]:
        """Questions by name, with their short words: of every version of the questionnaire in which one of the cases told."""
        found: dict[str, str] = {}
        with self._database.reading() as session:
            intakes: dict[str | None, Intake] = {}
            for ids in _batches(self._ids, 500):
                known = [digest for digest in intakes if digest is not None]
                query = select(Intake).join(Case, Case.intake_id == Intake.id).where(Case.id.in_(ids))
                for intake in session.scalars(query.where(Intake.digest.not_in(known) | Intake.digest.is_(None))):
                    intakes.setdefault(intake.digest, intake)
            for one in (None, *intakes.values()):
                for question, short in self._summaries.asked_of(session, one, self._language):
                    found.setdefault(question.name, short)
        return found

    def _pages(self) -> Iterator[tuple[Summary, dict[str, str | None]]]:
        """The page of each case, and what stands beside it."""
        for ids in _batches(self._ids, BATCH):
            with self._database.reading() as session:
                pages = [(self._summaries.of(case, self._language), _beside(case)) for case in _cases(session, ids)]
            yield from pages


def _beside(case: Case) -> dict[str, str | None]:
    assigned = case.assignee.name if case.assignee is not None else None
    return {"changed_at": minute(case.changed_at, ZoneInfo(case.municipality.time_zone)), "assigned_to": assigned}


def _by_name(summary: Summary) -> dict[str, str]:
    """What was told by the question's name; nothing of what our lists only suggest."""
    told: dict[str, dict[str, str]] = {}
    for section in summary.sections:
        for line in section.lines:
            if not line.suggestion:
                told.setdefault(line.question.partition(".")[0], {}).setdefault(line.question, line.value)
    return {name: BETWEEN.join(values.values()) for name, values in told.items()}


def _cases(session: Session, ids: Sequence[str]) -> list[Case]:
    """In the order of the ids; those that were erased meanwhile are left out."""
    told = joinedload(Case.intake)
    query = (
        select(Case)
        .where(Case.id.in_(ids))
        .options(joinedload(Case.municipality), joinedload(Case.assignee), told.joinedload(Intake.municipality))
        .options(told.selectinload(Intake.responses), told.selectinload(Intake.consents))
    )
    found = {case.id: case for case in session.scalars(query)}
    return [found[each] for each in ids if each in found]


def _batches(ids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))
