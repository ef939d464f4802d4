"""All pages for staff, added to a server in one place; a route without a rule stops the start."""

from __future__ import annotations

from fastapi import FastAPI

from desk import (
    access,
    account,
    answers,
    audit,
    calls,
    cases,
    deletion,
    errors,
    exports,
    figures,
    merging,
    questions,
    sign_in,
    together,
    tokens,
    webhooks,
)
from desk.render import Desk

ROUTERS = (
    sign_in.router,
    account.router,
    exports.router,  # before the cases: /desk/cases/export is none
    cases.router,
    deletion.router,
    merging.router,
    together.router,
    calls.router,
    answers.router,
    questions.router,
    figures.router,
    audit.router,
    tokens.router,
    webhooks.router,
)


def add_pages(app: FastAPI, desk: Desk) -> None:
    """Add the desk to a server."""
    app.state.desk = desk
    for router in ROUTERS:
        app.include_router(router)
    errors.handle(app)
    for method, path, roles in access.rules(app):
        if method == "GET" and roles is not None:
            desk.roles_at[path] = roles
