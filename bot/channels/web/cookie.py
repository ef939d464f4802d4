"""The cookie by which a browser holds a web chat. At a counter it ends with the browser, elsewhere after 90 days."""

from __future__ import annotations

from starlette.responses import Response

from bot.channels.web.sessions import AGE, is_at_counter

COOKIE = "lotse_chat"
PATH = "/chat"


def keep(response: Response, token: str, *, secure: bool) -> Response:
    """Give the browser a chat."""
    age = None if is_at_counter(token) else int(AGE.total_seconds())
    response.set_cookie(COOKIE, token, age, path=PATH, secure=secure, httponly=True, samesite="lax")
    return response


def forget(response: Response, *, secure: bool) -> Response:
    """Take it from the browser."""
    response.delete_cookie(COOKIE, path=PATH, secure=secure, httponly=True, samesite="lax")
    return response
