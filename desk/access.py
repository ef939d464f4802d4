"""Who may see which page: the only door to everything under /desk. A route without a rule is refused at the start.

    @router.get("/desk/cases")
    def queue(member: Annotated[Member, Depends(requires(Role.CASE_WORKER))]) -> HTMLResponse: ...

In which municipality a role is held is a question of the data: `member.municipalities(Role.CASE_WORKER)`.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from fastapi import FastAPI, HTTPException, Request
from fastapi.routing import iter_route_contexts
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from desk.security import SAFE_METHODS
from lotse.staff import Member, Role
from lotse.staff.member import TO_DO_PASSWORD, TO_DO_SECOND_FACTOR

__all__ = [
    "COOKIE",
    "Member",
    "SetUpNeeded",
    "SignInNeeded",
    "current_member",
    "dependencies",
    "public",
    "requires",
    "rules",
    "to_set_up",
    "to_sign_in",
]

COOKIE = "lotse_desk"
SIGN_IN = "/desk/sign-in"
PREFIX = "/desk"
SET_UP = {TO_DO_PASSWORD: "/desk/account", TO_DO_SECOND_FACTOR: "/desk/account/second-factor"}  # where what is to do is done
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


class SignInNeeded(Exception):
    """Nobody is signed in; answered by the way to the sign-in page."""


class SetUpNeeded(Exception):
    """The member has something to do before anything else; answered by the way to its page."""

    def __init__(self, to_do: str) -> None:
        super().__init__(to_do)
        self.page = SET_UP[to_do]


class Gate:
    """A dependency that lets members with one of its roles pass, and on writes asks for the token of their pages."""

    def __init__(self, roles: frozenset[Role], unfinished: bool) -> None:
        self.roles = roles
        self._unfinished = unfinished

    async def __call__(self, request: Request) -> Member:
        member = await run_in_threadpool(current_member, request, touch=not _by_itself(request))
        if member is None:
            raise SignInNeeded
        request.state.member = member
        if not member.holds(*self.roles):
            raise HTTPException(403, "role")
        if request.method not in SAFE_METHODS and not await _has_token(request, member):
            await request.close()  # files that came with the form
            raise HTTPException(403, "csrf")
        if member.to_do and not self._unfinished:
            raise SetUpNeeded(member.to_do)
        return member


def requires(*roles: Role, unfinished: bool = False) -> Gate:
    """The rule of a route, as a dependency: it returns the member, who holds one of these roles.

    `unfinished` lets in who still has to change a temporary password or to set up a second factor: for the pages where that
    is done, and for leaving.
    """
    if not roles:
        raise ValueError("name the roles; *Role is everybody who has an account")
    return Gate(frozenset(roles), unfinished)


def public(endpoint: Endpoint) -> Endpoint:
    """Marks an endpoint under /desk that needs no account."""
    endpoint.is_public = True  # type: ignore[attr-defined]
    return endpoint


def rules(app: FastAPI) -> Iterator[tuple[str, str, frozenset[Role] | None]]:
    """(method, path, roles) of every route under /desk; roles is None where it is public. Raises for one without a rule."""
    for route in iter_route_contexts(app.routes):
        path = route.path or ""
        if path != PREFIX and not path.startswith(f"{PREFIX}/"):
            continue
        gates = [gate for gate in (each.call for each in dependencies(route)) if isinstance(gate, Gate)]
        marked = getattr(route.endpoint, "is_public", False)
        if marked == bool(gates):
            raise RuntimeError(f"{path}: a route of the desk needs `requires(...)`, or `@public` if it is for everybody")
        allowed = frozenset.intersection(*(gate.roles for gate in gates)) if gates else None
        for method in sorted(route.methods or ()):
            yield method, path, allowed


def current_member(request: Request, *, touch: bool = False) -> Member | None:
    """Who is signed in, if anybody."""
    token = request.cookies.get(COOKIE)
    found: Member | None = request.app.state.desk.accounts.member(token, touch=touch) if token else None
    return found


def to_sign_in(request: Request) -> Response:
    """The answer for somebody who is not signed in; htmx would follow a redirect and put the page into the page."""
    if "hx-request" in request.headers:
        return Response(status_code=401, headers={"HX-Redirect": SIGN_IN})
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    target = request.url_for("sign_in_page").include_query_params(next=asked) if request.method == "GET" else None
    return RedirectResponse(f"{target.path}?{target.query}" if target and asked != PREFIX else SIGN_IN, 303)


def to_set_up(request: Request, error: SetUpNeeded) -> Response:
    """The answer for a member who has something to do first."""
    if "hx-request" in request.headers:
        return Response(status_code=403, headers={"HX-Redirect": error.page})
    return RedirectResponse(error.page, 303)


def _by_itself(request: Request) -> bool:
    """Whether an open page asks by itself: no sign that a person is there, who keeps the session alive."""
    streaming = "text/event-stream" in request.headers.get("accept", "")
    return request.method in SAFE_METHODS and (streaming or "hx-request" in request.headers)


async def _has_token(request: Request, member: Member) -> bool:
    given = request.headers.get("x-csrf-token") or (await request.form()).get("csrf")
    return isinstance(given, str) and hmac.compare_digest(given.encode(), member.csrf.encode())


def dependencies(route: Any) -> Iterator[Any]:
    """All dependencies of a route, with those of its dependencies."""
    waiting = list(getattr(getattr(route, "dependant", None), "dependencies", ()))
    while waiting:
        each = waiting.pop()
        waiting += each.dependencies
        yield each
