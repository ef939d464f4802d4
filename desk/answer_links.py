"""Has links of answers asked again; the worker of the bot does it (bot/link_check.py)."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException
from starlette.responses import RedirectResponse

from desk import answer_pages
from desk.answer_editor import EDITORS, LIST, find_answer
from desk.answer_form import one
from desk.answers import Editor, Sent, to
from desk.render import TheDesk
from lotse.answers import links

router = APIRouter()


@router.post("/desk/answers/links")
def check_all(desk: TheDesk, member: Editor, sent: Sent) -> RedirectResponse:
    """All links of a town."""
    with desk.core.database.session() as session:
        towns = answer_pages.municipalities(session, member.municipalities(*EDITORS))
        town = next((each for each in towns if each.slug == one(sent, "municipality")), None)
        if town is None:
            raise HTTPException(404)
        links.ask_again(session, town.id)
    return to(f"{LIST}/todo", municipality=town.slug, done="links")


@router.post("/desk/answers/{answer_id}/links")
def check_one(desk: TheDesk, member: Editor, answer_id: str) -> RedirectResponse:
    """Those of one answer."""
    with desk.core.database.session() as session:
        answer = find_answer(session, member, answer_id)
        links.ask_again(session, answer.municipality_id, answer.id)
    return to(f"{LIST}/{answer_id}", done="links")
