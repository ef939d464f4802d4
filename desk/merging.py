"""Two cases that may be the same person's: looked at side by side, then merged or set apart by staff; a merge can be undone."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException
from starlette.responses import HTMLResponse, Response

from desk.cases import CaseWorker, Field, find_case, read_case, to_case
from desk.laying import end_talk
from desk.render import TheDesk
from lotse import audit
from lotse.cases import likeness
from lotse.cases.summary import SECTIONS, Line, Summary
from lotse.storage.tables import Staff

Pair = tuple[Line | None, Line | None]

router = APIRouter()


@router.get("/desk/cases/{reference}/merge")
def ask_merge(desk: TheDesk, member: CaseWorker, reference: str, other: str = "") -> HTMLResponse:
    """Both side by side, before they are merged."""
    with desk.core.database.reading() as session:
        found, second = find_case(session, member, reference), find_case(session, member, other)
        proposal = next((each for each in likeness.proposals(session, found) if each.case is second), None)
        if proposal is None:
            raise HTTPException(404)
        ordered = sorted((found, second), key=lambda case: case.opened_at)
        sides = [read_case(desk, session, member, each) for each in ordered]
        return desk.page(
            member,
            "merge.html",
            session=session,
            zone=found.municipality.time_zone,
            here=found,
            other=second,
            kinds=proposal.kinds,
            sides=sides,
            sections=_side_by_side(*(each["summary"] for each in sides)),
        )


def _side_by_side(older: Summary, newer: Summary) -> list[tuple[str, list[Pair]]]:
    """Heading and lines of each section, those of both cases beside each other."""
    told = [_lines(each) for each in (older, newer)]
    headings = {section.name: section.heading for each in (older, newer) for section in each.sections}
    keys = sorted({**told[0], **told[1]}, key=lambda key: SECTIONS.index(key[0]))
    return [
        (headings[name], [(told[0].get(key), told[1].get(key)) for key in keys if key[0] == name])
        for name in SECTIONS
        if name in headings
    ]


def _lines(summary: Summary) -> dict[tuple[str, str], Line]:
    """What was told, by section and question."""
    return {(section.name, line.question): line for section in summary.sections for line in section.lines if not line.suggestion}


@router.post("/desk/cases/{reference}/merge")
def merge(desk: TheDesk, member: CaseWorker, reference: str, other: Field = "") -> Response:
    """Merge them; the older one is worked on."""
    with desk.core.database.session() as session:
        found, second = find_case(session, member, reference), find_case(session, member, other)
        if any(each.case is second for each in likeness.proposals(session, found)):
            by = session.get_one(Staff, member.staff_id)
            older = likeness.merge(session, found, second, by)
            for each in (found, second):
                if each.status == "closed":
                    end_talk(desk, session, each, by)
            return to_case(older, "merge")
        if likeness.root(session, found) is not likeness.root(session, second):
            raise HTTPException(404)
        return to_case(likeness.root(session, found), "merge")  # pressed twice


@router.post("/desk/cases/{reference}/different")
def different(desk: TheDesk, member: CaseWorker, reference: str, other: Field = "") -> Response:
    """They are two people: not proposed again."""
    with desk.core.database.session() as session:
        found, second = find_case(session, member, reference), find_case(session, member, other)
        likeness.set_apart(session, found, second)
        for each in (found, second):
            audit.note(session, member.staff_id, "case.different", town=each.municipality_id, reference=each.reference)
        return to_case(found, "different")


@router.post("/desk/cases/{reference}/split")
def split(desk: TheDesk, member: CaseWorker, reference: str) -> Response:
    """Undo the merge of a case into another one."""
    with desk.core.database.session() as session:
        found = find_case(session, member, reference)
        likeness.split(session, found, session.get_one(Staff, member.staff_id))
        return to_case(found, "split")
