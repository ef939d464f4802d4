"""The JSON API for other systems of a town, version 1: /api/v1. Its document is made from the code (docs/api.md).

A server of its own inside the desk's: bearer tokens instead of sessions, problem details instead of pages.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from desk.api import cases, figures, problems
from desk.api.access import Limits, rules
from lotse.core import Core

PATH = "/api/v1"
DESCRIPTION = """Cases of one town, for its other systems.

Every request carries a token that an administrator of the town has made at the desk (`Authorization: Bearer lotse_...`).
It opens that town only, and what its scopes name. Errors are problem details (RFC 9457).
What is read and changed is recorded."""


def create(core: Core) -> FastAPI:
    """The API's server."""
    api = FastAPI(title="Lotse", version="1.0.0", description=DESCRIPTION, docs_url=None, redoc_url=None)
    api.state.core = core
    api.state.limits = Limits()
    problems.handle(api)
    for router in (cases.router, figures.router):
        api.include_router(router)
    list(rules(api))  # a route without a scope stops the start

    def document() -> dict[str, Any]:
        if api.openapi_schema is None:
            made = get_openapi(
                title=api.title,
                version=api.version,
                description=api.description,
                routes=api.routes,
                servers=[{"url": PATH}],
                license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
            )
            api.openapi_schema = problems.described(made)
        return api.openapi_schema

    api.openapi = document  # type: ignore[method-assign]
    return api
