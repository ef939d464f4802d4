"""The page on which editors ask like newcomers; the same box stands in the editor."""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse

from desk import answer_pages
from desk.access import Member
from desk.answer_editor import EDITORS
from desk.answer_form import one
from desk.answer_trial import LONGEST, Trial, tried
from desk.answers import Editor, Sent
from desk.render import Desk, TheDesk
from lotse.storage.tables import Municipality

router = APIRouter()


@router.get("/desk/answers/try")
def page(desk: TheDesk, member: Editor, municipality: str = "") -> HTMLResponse:
    """The box, empty."""
    with desk.core.database.reading() as session:
        town = _town(session, member, municipality)
    return _page(desk, member, town, "", "", None)


@router.post("/desk/answers/try")
def attempt(desk: TheDesk, member: Editor, sent: Sent) -> HTMLResponse:
    """What the bot answers to a typed question."""
    text, language = one(sent, "try"), one(sent, "try_language")
    with desk.core.database.reading() as session:
        town = _town(session, member, one(sent, "municipality"))
        return _page(desk, member, town, text, language, tried(desk, session, town, text, language))


def _page(desk: Desk, member: Member, town: Municipality, text: str, language: str, trial: Trial | None) -> HTMLResponse:
    return desk.page(
        member,
        "answers/try.html",
        town=town,
        typed=text[:LONGEST],
        try_language=language,
        tags=[each.tag for each in desk.core.languages.all],
        trial=trial,
        longest=LONGEST,
    )


def _town(session: Session, member: Member, slug: str) -> Municipality:
    towns = answer_pages.municipalities(session, member.municipalities(*EDITORS))
    return next((each for each in towns if each.slug == slug), towns[0])
