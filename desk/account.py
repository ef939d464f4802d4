"""One's own account: language, password, ending all sessions."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from sqlalchemy import select
from starlette.responses import HTMLResponse, RedirectResponse, Response

from desk.access import PREFIX, SIGN_IN
from desk.pages import DESK_LANGUAGES
from desk.render import Desk, TheDesk
from desk.sign_in import Everybody, with_session, without_session
from lotse.staff import AccountError, Member, SignInError
from lotse.storage.tables import Municipality

ACCOUNT = "/desk/account"

router = APIRouter()


@router.get("/desk/account")
def account(desk: TheDesk, member: Everybody, done: str = "") -> HTMLResponse:
    """The page."""
    return _page(desk, member, done=done if done == "password" else "")


@router.post("/desk/language")
def language(request: Request, desk: TheDesk, member: Everybody, language: Annotated[str, Form()] = "") -> RedirectResponse:
    """Set the desk's language, and back to the page that was open."""
    if language in DESK_LANGUAGES:
        desk.accounts.set_language(member.staff_id, language)
    came_from = urlsplit(request.headers.get("referer", ""))
    inside = came_from.path.startswith(f"{PREFIX}/") and came_from.netloc == request.headers.get("host")
    return RedirectResponse(came_from._replace(scheme="", netloc="").geturl() if inside else ACCOUNT, 303)


@router.post("/desk/account/password")
def password(
    desk: TheDesk,
    member: Everybody,
    old: Annotated[str, Form()] = "",
    new: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
) -> Response:
    """Change the password; all other browsers are signed out."""
    if new != again:
        return _page(desk, member, 422, errors={"again": "account.error.again"})
    try:
        token = desk.accounts.change_password(member.login, old, new)
    except AccountError as error:
        return _page(desk, member, 422, errors={"new": f"account.error.{error.reason}"})
    except SignInError:
        return _page(desk, member, 422, errors={"old": "account.error.old"})
    return with_session(desk, RedirectResponse(f"{ACCOUNT}?done=password", 303), token)


@router.post("/desk/account/sign-out-everywhere")
def sign_out_everywhere(desk: TheDesk, member: Everybody) -> RedirectResponse:
    """End all sessions of the account."""
    desk.accounts.sign_out_everywhere(member.staff_id)
    return without_session(RedirectResponse(SIGN_IN, 303))


def _page(desk: Desk, member: Member, status: int = 200, done: str = "", errors: dict[str, str] | None = None) -> HTMLResponse:
    with desk.core.database.reading() as session:
        towns = dict(session.execute(select(Municipality.id, Municipality.name)).all())
    roles = sorted((role, towns[municipality] if municipality else "") for role, municipality in member.roles)
    return desk.page(member, "account.html", status, roles=roles, done=done, errors=errors or {})
