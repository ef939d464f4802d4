"""One's own account: language, password, where one is signed in."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from sqlalchemy import select
from starlette.responses import HTMLResponse, RedirectResponse, Response

from desk.access import COOKIE, PREFIX, SIGN_IN
from desk.pages import DESK_LANGUAGES
from desk.render import Desk, TheDesk
from desk.sign_in import EvenUnfinished, browser_of, with_session, without_session
from lotse.staff import AccountError, Member, SignInError
from lotse.storage.tables import Municipality

ACCOUNT = "/desk/account"
DONE = ("password", "ended", "others")  # account.done.<name>

router = APIRouter()


@router.get("/desk/account")
def account(request: Request, desk: TheDesk, member: EvenUnfinished, done: str = "") -> HTMLResponse:
    """The page."""
    return _page(desk, request, member, done=done if done in DONE else "")


@router.post("/desk/language")
def language(request: Request, desk: TheDesk, member: EvenUnfinished, language: Annotated[str, Form()] = "") -> RedirectResponse:
    """Set the desk's language, and back to the page that was open."""
    if language in DESK_LANGUAGES:
        desk.accounts.set_language(member.staff_id, language)
    came_from = urlsplit(request.headers.get("referer", ""))
    inside = came_from.path.startswith(f"{PREFIX}/") and came_from.netloc == request.headers.get("host")
    return RedirectResponse(came_from._replace(scheme="", netloc="").geturl() if inside else ACCOUNT, 303)


@router.post("/desk/account/password")
def password(
    request: Request,
    desk: TheDesk,
    member: EvenUnfinished,
    old: Annotated[str, Form()] = "",
    new: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
) -> Response:
    """Change the password; all other browsers are signed out."""
    if new != again:
        return _page(desk, request, member, 422, errors={"again": "account.error.again"})
    try:
        token = desk.accounts.change_password(member.login, old, new, browser_of(request))
    except AccountError as error:
        return _page(desk, request, member, 422, errors={"new": f"account.error.{error.reason}"})
    except SignInError:
        return _page(desk, request, member, 422, errors={"old": "account.error.old"})
    return with_session(desk, RedirectResponse(f"{ACCOUNT}?done=password", 303), token)


@router.post("/desk/account/end")
def end(request: Request, desk: TheDesk, member: EvenUnfinished, session: Annotated[str, Form()] = "") -> RedirectResponse:
    """End one session; that of this browser is signing out."""
    desk.accounts.end(member.staff_id, session)
    return RedirectResponse(f"{ACCOUNT}?done=ended", 303)


@router.post("/desk/account/end-others")
def end_others(request: Request, desk: TheDesk, member: EvenUnfinished) -> RedirectResponse:
    """End all sessions but this one."""
    desk.accounts.end_others(member.staff_id, request.cookies[COOKIE])
    return RedirectResponse(f"{ACCOUNT}?done=others", 303)


@router.post("/desk/account/sign-out-everywhere")
def sign_out_everywhere(desk: TheDesk, member: EvenUnfinished) -> RedirectResponse:
    """End all sessions of the account."""
    desk.accounts.sign_out_everywhere(member.staff_id)
    return without_session(RedirectResponse(SIGN_IN, 303))


def _page(
    desk: Desk, request: Request, member: Member, status: int = 200, done: str = "", errors: dict[str, str] | None = None
) -> HTMLResponse:
    with desk.core.database.reading() as session:
        towns = list(session.scalars(select(Municipality)))
    names = {town.id: town.name for town in towns}
    roles = sorted((role, names[municipality] if municipality else "") for role, municipality in member.roles)
    held = [town for town in towns if any(municipality == town.id for _, municipality in member.roles)]
    return desk.page(
        member,
        "account.html",
        status,
        zone=min(held or towns, key=lambda town: town.id).time_zone if towns else "Europe/Berlin",
        roles=roles,
        sessions=desk.accounts.of(member.staff_id, request.cookies.get(COOKIE, "")),
        second_factor=desk.accounts.has_second_factor(member.staff_id),
        done=done,
        errors=errors or {},
    )
