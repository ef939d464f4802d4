"""Signing in and out, and the way to the first page."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from desk.access import COOKIE, PREFIX, SIGN_IN, current_member, public, requires
from desk.render import Desk, TheDesk, language_of
from lotse.staff import Member, Role, SignInError
from lotse.staff.accounts import LONGEST

Everybody = Annotated[Member, Depends(requires(*Role))]

router = APIRouter()


@router.get("/desk")
def first_page(desk: TheDesk, member: Everybody) -> RedirectResponse:
    """On to the first page that the member may see."""
    return RedirectResponse(desk.navigation(member)[0][0], 303)


@router.get("/desk/sign-in")
@public
def sign_in_page(request: Request, desk: TheDesk, next: str = "") -> Response:
    """The form."""
    if current_member(request):
        return RedirectResponse(PREFIX, 303)
    return _form(desk, request, next=next)


@router.post("/desk/sign-in")
@public
def sign_in(
    request: Request,
    desk: TheDesk,
    login: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "",
) -> Response:
    """Begin a session."""
    if not desk.sign_in_limit.hit(request.client.host if request.client else ""):
        return _form(desk, request, 429, login=login, next=next, problem="sign_in.too_many")
    try:
        token = desk.accounts.sign_in(login, password)
    except SignInError:
        return _form(desk, request, 422, login=login, next=next, problem="sign_in.wrong")
    old = request.cookies.get(COOKIE)
    if old:
        desk.accounts.sign_out(old)
    return with_session(desk, RedirectResponse(_inside(next), 303), token)


@router.post("/desk/sign-out")
def sign_out(request: Request, desk: TheDesk, member: Everybody) -> RedirectResponse:
    """End the session of this browser."""
    desk.accounts.sign_out(request.cookies[COOKIE])
    return without_session(RedirectResponse(SIGN_IN, 303))


def with_session(desk: Desk, response: Response, token: str) -> Response:
    """The response with the session's cookie."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(LONGEST.total_seconds()),
        path=PREFIX,
        httponly=True,
        samesite="lax",
        secure=desk.secure,
    )
    return response


def without_session(response: RedirectResponse) -> RedirectResponse:
    """The response that takes the cookie away."""
    response.delete_cookie(COOKIE, path=PREFIX)
    return response


def _form(desk: Desk, request: Request, status: int = 200, **context: str) -> HTMLResponse:
    context = {"login": "", "next": "", "problem": "", **context}
    return desk.public_page(language_of(request), "sign_in.html", status, **context)


def _inside(target: str) -> str:
    """The page to go on with; only one of the desk, whatever somebody put into a link."""
    parts = urlsplit(target)
    safe = not parts.scheme and not parts.netloc and parts.path.startswith(f"{PREFIX}/") and "\\" not in target
    return target if safe else PREFIX
