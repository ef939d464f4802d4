"""Signing in and out, and the way to the first page: by password or by the town's provider, then perhaps by a code."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from desk import browsers, provider
from desk.access import COOKIE, PREFIX, SIGN_IN, current_member, public, requires
from desk.provider import ProviderError
from desk.rate import Limit
from desk.render import Desk, TheDesk, language_of
from lotse.staff import Member, Role, SignInError
from lotse.staff.sessions import LONGEST

CODE = f"{SIGN_IN}/code"

Everybody = Annotated[Member, Depends(requires(*Role))]
EvenUnfinished = Annotated[Member, Depends(requires(*Role, unfinished=True))]

router = APIRouter()


@router.get("/desk")
def first_page(desk: TheDesk, member: EvenUnfinished) -> RedirectResponse:
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
    if not may_try(desk.sign_in_limit, request):
        return _form(desk, request, 429, login=login, next=next, problem="sign_in.too_many")
    try:
        token = desk.accounts.sign_in(login, password, browser_of(request))
    except SignInError:
        return _form(desk, request, 422, login=login, next=next, problem="sign_in.wrong")
    return _go_on(desk, request, token, next)


@router.get("/desk/sign-in/code")
@public
def code_page(request: Request, desk: TheDesk, next: str = "") -> Response:
    """Asks for the code of the second factor."""
    if not desk.accounts.waits_for_code(request.cookies.get(COOKIE, "")):
        return RedirectResponse(SIGN_IN, 303)
    return _code_form(desk, request, next)


@router.post("/desk/sign-in/code")
@public
def give_code(request: Request, desk: TheDesk, code: Annotated[str, Form()] = "", next: Annotated[str, Form()] = "") -> Response:
    """Go on with the code."""
    waiting = request.cookies.get(COOKIE, "")
    if not may_try(desk.code_limit, request):
        return _code_form(desk, request, next, 429, "sign_in.too_many")
    try:
        token = desk.accounts.give_code(waiting, code, browser_of(request))
    except SignInError:
        if desk.accounts.waits_for_code(waiting):
            return _code_form(desk, request, next, 422, "sign_in.code.wrong")
        return _form(desk, request, 422, next=next, problem="sign_in.code.over")
    return with_session(desk, RedirectResponse(_inside(next), 303), token)


@router.get("/desk/sign-in/provider")
@public
async def to_provider(request: Request, desk: TheDesk, next: str = "") -> Response:
    """On to the page of the town's provider of sign-in."""
    if desk.provider is None:
        raise HTTPException(404)
    if not may_try(desk.provider_limit, request):
        return _form(desk, request, 429, next=next, problem="sign_in.too_many")
    try:
        address, started = await desk.provider.start(provider.callback_of(desk.core.settings, request), _inside(next))
    except ProviderError as error:
        return _refused(desk, request, error)
    response = RedirectResponse(address, 303)
    response.set_cookie(
        provider.COOKIE,
        provider.sealed(desk.core.database.vault, started),
        max_age=int(provider.WITHIN.total_seconds()),
        path=provider.CALLBACK,
        httponly=True,
        samesite="lax",  # the way back comes from another site
        secure=desk.secure,
    )
    return response


@router.get("/desk/sign-in/provider/back")
@public
async def from_provider(request: Request, desk: TheDesk) -> Response:
    """Back from there: check what the provider says, and begin a session."""
    if desk.provider is None:
        raise HTTPException(404)
    try:
        started = provider.opened(desk.core.database.vault, request.cookies.get(provider.COOKIE))
        person = await desk.provider.finish(started, dict(request.query_params))
        token = await run_in_threadpool(
            desk.accounts.sign_in_by_provider, desk.provider.issuer, person.subject, person.email, browser_of(request)
        )
    except ProviderError as error:
        response: Response = _refused(desk, request, error)
    except SignInError:
        response = _form(desk, request, 422, problem="sign_in.provider.unknown")
    else:
        response = await run_in_threadpool(_go_on, desk, request, token, started.next)
    response.delete_cookie(provider.COOKIE, path=provider.CALLBACK)
    return response


@router.post("/desk/sign-out")
def sign_out(request: Request, desk: TheDesk, member: EvenUnfinished) -> RedirectResponse:
    """End the session of this browser."""
    desk.accounts.sign_out(request.cookies[COOKIE])
    return without_session(RedirectResponse(SIGN_IN, 303))


def may_try(limit: Limit, request: Request) -> bool:
    """Whether somebody at this address may try once more; each asking is a try."""
    return limit.hit(request.client.host if request.client else "")


def browser_of(request: Request) -> str:
    """What the list of sessions says of this browser."""
    return browsers.family(request.headers.get("user-agent"))


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


def _go_on(desk: Desk, request: Request, token: str, next: str) -> Response:
    """In, or to the page that asks for the code of the second factor; a session that was here before ends."""
    old = request.cookies.get(COOKIE)
    if old:
        desk.accounts.sign_out(old)
    target = _inside(next)
    if desk.accounts.waits_for_code(token):
        target = f"{CODE}?{urlencode({'next': target, 'language': language_of(request)})}"
    return with_session(desk, RedirectResponse(target, 303), token)


def _form(desk: Desk, request: Request, status: int = 200, **context: str) -> HTMLResponse:
    context = {"login": "", "next": "", "problem": "", **context}
    provider_name = desk.provider.name if desk.provider else ""
    return desk.public_page(language_of(request), "sign_in.html", status, provider_name=provider_name, **context)


def _code_form(desk: Desk, request: Request, next: str, status: int = 200, problem: str = "") -> HTMLResponse:
    return desk.public_page(language_of(request), "sign_in_code.html", status, next=next, problem=problem)


def _refused(desk: Desk, request: Request, error: ProviderError) -> HTMLResponse:
    provider.log_refusal(error)
    return _form(desk, request, 422, problem=f"sign_in.provider.{error.reason}")


def _inside(target: str) -> str:
    """The page to go on with; only one of the desk, whatever somebody put into a link."""
    parts = urlsplit(target)
    safe = not parts.scheme and not parts.netloc and parts.path.startswith(f"{PREFIX}/") and "\\" not in target
    return target if safe else PREFIX
