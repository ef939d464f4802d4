"""Who may call what: every route of the API names the scope that a token must have; how often, and what failed tries cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Request, Security
from fastapi.routing import iter_route_contexts
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from limits import RateLimitItemPerMinute

from desk.access import dependencies
from desk.api.problems import SAID, told
from desk.rate import Limit
from lotse.core import Core
from lotse.staff import tokens
from lotse.staff.tokens import Bearer

CALLS = RateLimitItemPerMinute(300)  # of one token
RETRY_AFTER = 60  # seconds
REFUSALS = told(401, 403, 422, 429)  # that every route may answer with

_bearer = HTTPBearer(auto_error=False, description="A token that an administrator of the town has made at the desk.")


class Limits:
    """Calls of each token, and tries with wrong ones from each address; in the memory of this process."""

    def __init__(self) -> None:
        self.calls = Limit(CALLS)
        self.wrong = Limit()


class Needs:
    """A dependency that lets tokens with a scope pass and says whose it is."""

    def __init__(self, scope: str) -> None:
        self.scope = scope

    def __call__(
        self, request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)] = None
    ) -> Bearer:
        limits: Limits = request.app.state.limits
        found = tokens.bearer(core_of(request).database, given.credentials) if given is not None else None
        if found is None:
            if not limits.wrong.hit(request.client.host if request.client else ""):
                raise _too_often("Too many tries without a valid token.")
            raise HTTPException(401, SAID[401], {"WWW-Authenticate": 'Bearer realm="lotse"'})
        if not limits.calls.hit(found.token_id):
            raise _too_often(f"At most {CALLS.amount} calls a minute with one token.")
        if self.scope not in found.scopes:
            header = f'Bearer realm="lotse", error="insufficient_scope", scope="{self.scope}"'
            raise HTTPException(403, f"This token has not the scope {self.scope}.", {"WWW-Authenticate": header})
        return found


def rules(api: FastAPI) -> Iterator[tuple[str, str, str]]:
    """(method, path, scope) of every route in the API's document. Raises for one without a scope."""
    for route in iter_route_contexts(api.routes):
        if not getattr(route, "include_in_schema", False):
            continue
        needed = [gate.scope for gate in (each.call for each in dependencies(route)) if isinstance(gate, Needs)]
        if len(needed) != 1:
            raise RuntimeError(f"{route.path}: a route of the API needs one `Needs(scope)`")
        for method in sorted(route.methods or ()):
            yield method, route.path or "", needed[0]


def core_of(request: Request) -> Core:
    """The core of this server."""
    core: Core = request.app.state.core
    return core


TheCore = Annotated[Core, Depends(core_of)]


def _too_often(detail: str) -> HTTPException:
    return HTTPException(429, f"{detail} Try again in a minute.", {"Retry-After": str(RETRY_AFTER)})
