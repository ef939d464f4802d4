"""Writing with a newcomer: the messages of a case, live, and the way to hand back to the bot."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Form
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, RedirectResponse, Response

from desk.access import Member
from desk.cases import CaseWorker, find_case
from desk.laying import end_talk, lay
from desk.render import Desk, TheDesk
from lotse.cases import queue, talk
from lotse.cases.work import WorkError
from lotse.replies import say
from lotse.storage.crypto import digest
from lotse.storage.tables import Case, Outbound, Staff
from lotse.translation import TranslationFailed, is_same

Field = Annotated[str, Form()]

DONE = ("sent", "back")

router = APIRouter()


@router.get("/desk/cases/{reference}/talk")
def read(desk: TheDesk, member: CaseWorker, reference: str, done: str = "") -> HTMLResponse:
    """The messages."""
    with desk.core.database.reading() as session:
        return _page(desk, session, member, find_case(session, member, reference), done=done if done in DONE else "")


@router.post("/desk/cases/{reference}/talk")
def write(
    desk: TheDesk,
    member: CaseWorker,
    reference: str,
    text: Field = "",
    canned: Field = "",
    translate: Field = "",
    nonce: Field = "",
) -> Response:
    """Send a message; the same form sent twice is one message."""
    identifier = f"b_{digest(f'desk message {member.staff_id} {nonce}')[:16]}"
    translation = None
    if translate and text.strip() and not canned:  # asked before the transaction: it takes seconds
        with desk.core.database.reading() as session:
            found = find_case(session, member, reference)
            try:
                translation = _translated(desk, found, member, text)
            except TranslationFailed:
                return _page(desk, session, member, found, 502, errors={"translate": "talk.error.translate.away"}, text=text)
    with desk.core.database.session() as session:
        found = find_case(session, member, reference)
        if nonce and session.query(Outbound.id).filter(Outbound.id == identifier).first():
            return _to(found, "sent")
        try:
            laid = talk.write(session, found, text, session.get_one(Staff, member.staff_id), translation, canned)
        except WorkError as error:
            errors = {error.field: f"talk.error.{error.field}.{error.reason}"}
            return _page(desk, session, member, found, 422, errors=errors, text=text, canned=canned)
        lay(desk, session, found, laid, identifier)
        return _to(found, "sent")


@router.post("/desk/cases/{reference}/talk/back")
def back(desk: TheDesk, member: CaseWorker, reference: str) -> Response:
    """Let the bot speak again."""
    with desk.core.database.session() as session:
        found = find_case(session, member, reference)
        end_talk(desk, session, found, session.get_one(Staff, member.staff_id))
        return _to(found, "back")


@router.post("/desk/cases/{reference}/talk/translate")
def translate(desk: TheDesk, member: CaseWorker, reference: str, message: Field = "") -> Response:
    """Have one of the newcomer's messages translated into the language of the desk."""
    with desk.core.database.reading() as session:
        found = find_case(session, member, reference)
        line = next((each for each in talk.lines(session, found) if each.id == message and each.by_newcomer), None)
        if line is None or not line.text or desk.core.translator is None:
            return _to(found)
        try:
            translated = desk.core.translator.translate(line.text, line.language or found.language, member.language)
        except TranslationFailed:
            return _page(desk, session, member, found, 502, errors={"message": "talk.error.message.away"})
    with desk.core.database.session() as session:
        talk.keep_translation(session, find_case(session, member, reference), message, member.language, translated)
    return RedirectResponse(f"/desk/cases/{found.reference}/talk#{message}", 303)


def _translated(desk: Desk, found: Case, member: Member, text: str) -> str | None:
    """The text in the newcomer's language, by a machine; None where none is needed or there is none."""
    target = found.conversation.language or "en"
    if desk.core.translator is None or is_same(target, member.language):
        return None
    return desk.core.translator.translate(text, member.language, target)


def _to(found: Case, done: str = "") -> Response:
    return RedirectResponse(f"/desk/cases/{found.reference}/talk" + (f"?done={done}" if done else ""), 303)


def _page(
    desk: Desk,
    session: Session,
    member: Member,
    found: Case,
    status: int = 200,
    *,
    done: str = "",
    errors: dict[str, str] | None = None,
    text: str = "",
    canned: str = "",
) -> HTMLResponse:
    language = found.conversation.language or "en"
    return desk.page(
        member,
        "talk.html",
        status,
        session,
        zone=found.municipality.time_zone,
        case=found,
        call_name=queue.call_name(session, found),
        lines=talk.lines(session, found),
        is_open=talk.is_open(found),
        elsewhere=_elsewhere(session, found),
        speaks=language,
        canned_sentences=[_canned(desk, member, name, language) for name in talk.CANNED],
        sentence=lambda name: desk.core.wording.render(say(f"canned.{name}"), member.language),
        translates=desk.core.translator is not None and not is_same(language, member.language),
        may_translate=desk.core.translator is not None,
        longest=talk.LONGEST,
        nonce=secrets.token_urlsafe(12),
        done=done,
        errors=errors or {},
        text=text,
        canned=canned,
    )


def _canned(desk: Desk, member: Member, name: str, language: str) -> dict[str, Any]:
    """A ready sentence for staff to read, and as the newcomer will read it."""
    wording = say(f"canned.{name}")
    return {
        "name": name,
        "shown": desk.core.wording.render(wording, member.language),
        "sent": desk.core.wording.render(wording, language),
    }


def _elsewhere(session: Session, found: Case) -> str | None:
    """Reference of another case of the same chat in which people talk now."""
    other = talk.open_in(session, found.conversation)
    return other.reference if other is not None and other.id != found.id else None
