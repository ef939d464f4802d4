"""Versions of an answer: the list, what two of them differ in, and the way back to one."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, Response

from desk.access import Member
from desk.answer_editor import LIST, Open, day_names, open_answer, title_of
from desk.answer_form import one
from desk.answers import Editor, Sent, to
from desk.render import Desk, TheDesk
from lotse.answers import editing, versions
from lotse.answers.editing import Conflict
from lotse.answers.form import STATUSES
from lotse.storage.tables import AnswerVersion, Staff

NOW = "now"  # in the place of a number: what would be published now, draft included

router = APIRouter()


@router.get("/desk/answers/{answer_id}/versions")
def listing(desk: TheDesk, member: Editor, answer_id: str, older: str = "", newer: str = "") -> HTMLResponse:
    """All versions; of two chosen ones, else of the last two, what they differ in."""
    with desk.core.database.reading() as session:
        here = open_answer(session, member, answer_id)
        return _page(desk, member, session, here, older, newer)


@router.post("/desk/answers/{answer_id}/versions/{number}/restore")
def restore(desk: TheDesk, member: Editor, answer_id: str, number: str, sent: Sent) -> Response:
    """Make a draft of a version."""
    try:
        with desk.core.database.session() as session:
            here = open_answer(session, member, answer_id)
            assert here.answer is not None
            found = _find(session, here, number)
            form = editing.tidy(versions.form_in(found))
            editing.save_draft(session, here.answer, form, member.staff_id, one(sent, "version"))
    except Conflict:
        with desk.core.database.reading() as session:
            here = open_answer(session, member, answer_id)
            return _page(desk, member, session, here, number, NOW, changed=True)
    return to(f"{LIST}/{answer_id}", done="restored")


def _page(
    desk: Desk, member: Member, session: Session, here: Open, older: str, newer: str, *, changed: bool = False
) -> HTMLResponse:
    assert here.answer is not None
    found = versions.of(session, here.answer.id)
    numbers = [str(each.number) for each in found]
    choices = [*([NOW] if here.draft else []), *numbers]
    newer = newer if newer in choices else (choices or [""])[0]
    older = older if older in choices else next(iter(choices[choices.index(newer) + 1 :]), newer) if newer else ""
    compared = []
    if newer and older != newer:
        before, after = (here.stored if each == NOW else versions.form_in(_find(session, here, each)) for each in (older, newer))
        compared = versions.differences(before, after)
    authors = {each.staff_id for each in found if each.staff_id}
    names = dict(session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(authors))).all())
    return desk.page(
        member,
        "answers/versions.html",
        409 if changed else 200,
        session,
        here=here,
        title=title_of(here.stored, (member.language, editing.source_language(here.municipality))),
        versions=found,
        names=names,
        choices=choices,
        older=older,
        newer=newer,
        differences=compared,
        changed=changed,
        day_names=day_names(member.language),
        statuses=STATUSES,
        zone=here.municipality.time_zone,
    )


def _find(session: Session, here: Open, number: str) -> AnswerVersion:
    assert here.answer is not None
    # a number that the database could not hold is none of ours
    found = (
        versions.find(session, here.answer.id, int(number))
        if number.isascii() and number.isdecimal() and len(number) < 9
        else None
    )
    if found is None:
        raise HTTPException(404)
    return found
