"""What goes wrong under /desk, as a page in the member's language; never a traceback."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exception_handlers import http_exception_handler, request_validation_exception_handler
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from desk.access import PREFIX, SetUpNeeded, SignInNeeded, current_member, to_set_up, to_sign_in
from desk.api import problems
from desk.render import desk_of, language_of
from desk.security import BY_TOKEN, HEADERS

WORDED = ("role", "csrf", "404", "500")  # error.<name>.title and .text; all else is "other"


def handle(app: FastAPI) -> None:
    """Answer errors with pages."""

    @app.exception_handler(SignInNeeded)
    def sign_in(request: Request, _: Exception) -> Response:
        return to_sign_in(request)

    @app.exception_handler(SetUpNeeded)
    def set_up(request: Request, error: SetUpNeeded) -> Response:
        return to_set_up(request, error)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        if request.url.path.startswith(BY_TOKEN):  # an address that is none, and so does not reach the API's own server
            return problems.of(error)
        if not _of_desk(request):
            return await http_exception_handler(request, error)
        if error.status_code == 405 and request.method in ("GET", "HEAD"):
            # the address of a form, opened by a reload or the browser's history: the page that it stands on
            return RedirectResponse(request.url.path.rpartition("/")[0], 303)
        if getattr(request.state, "member", None) is None:  # an address without a route, which has asked nobody
            request.state.member = await run_in_threadpool(current_member, request)
        return _page(request, error.status_code, error.detail if error.status_code == 403 else str(error.status_code))

    @app.exception_handler(RequestValidationError)
    async def malformed(request: Request, error: RequestValidationError) -> Response:
        return _page(request, 422, "other") if _of_desk(request) else await request_validation_exception_handler(request, error)

    @app.exception_handler(Exception)
    def broken(request: Request, _: Exception) -> Response:
        # made outside of all middleware (Starlette): the headers are added here
        response = _page(request, 500, "500") if _of_desk(request) else PlainTextResponse("internal server error", 500)
        response.headers.update({**HEADERS, "Cache-Control": "no-store"})
        return response


def _of_desk(request: Request) -> bool:
    return request.url.path == PREFIX or request.url.path.startswith(f"{PREFIX}/")


def _page(request: Request, status: int, name: str) -> Response:
    desk = desk_of(request)
    key = f"error.{name if name in WORDED else 'other'}"
    member = getattr(request.state, "member", None)
    if member is None:
        return desk.public_page(language_of(request), "error.html", status, key=key)
    return desk.page(member, "error.html", status, key=key)
