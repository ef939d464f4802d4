"""Filling in together: a chat in this browser for a newcomer who sits beside a member of staff, at a counter or with an
interpreter. It is the same chat with the same agreement; of an interpreter nothing is stored."""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.channels.web import cookie
from bot.channels.web.chats import begin_together
from desk.access import Member
from desk.cases import CaseWorker, Field
from desk.render import Desk, TheDesk
from lotse import audit
from lotse.staff import Role
from lotse.storage.tables import Municipality

router = APIRouter()


@router.get("/desk/together")
def ask(desk: TheDesk, member: CaseWorker, done: str = "") -> HTMLResponse:
    """Choose language and town."""
    with desk.core.database.reading() as session:
        return _page(desk, session, member, done="ended" if done == "ended" else "")


@router.post("/desk/together")
def begin(desk: TheDesk, member: CaseWorker, language: Field = "", town: Field = "") -> Response:
    """Open the chat in this browser; whoever is signed in at the desk stays so."""
    offered = {each.tag for each in desk.core.languages.offered}
    with desk.core.database.reading() as session:
        towns = {each.slug: each.id for each in _towns(session, member)}
        slugs = list(towns)
        slug = town or (slugs[0] if len(slugs) == 1 else "")
        wrong = [name for name, right in (("language", language in offered), ("town", slug in slugs)) if not right]
        if wrong:
            return _page(desk, session, member, 422, chosen=language, town=town, wrong=wrong)
        audit.note(session, member.staff_id, "together.begun", town=towns[slug])
    token = begin_together(desk.core, language, slug, member.staff_id)
    return cookie.keep(RedirectResponse("/chat", 303), token, secure=desk.secure)


def _towns(session: Session, member: Member) -> list[Municipality]:
    mine = member.municipalities(Role.CASE_WORKER)
    return list(session.scalars(select(Municipality).where(Municipality.id.in_(mine)).order_by(Municipality.name)))


def _page(
    desk: Desk,
    session: Session,
    member: Member,
    status: int = 200,
    *,
    done: str = "",
    chosen: str = "",
    town: str = "",
    wrong: list[str] | None = None,
) -> HTMLResponse:
    return desk.page(
        member,
        "together.html",
        status,
        session,
        offered=[each.tag for each in desk.core.languages.offered],
        towns=_towns(session, member),
        chosen=chosen,
        town=town,
        wrong=wrong or [],
        done=done,
    )
