"""All pages for staff, added to a server in one place; a route without a rule stops the start."""

from __future__ import annotations

from fastapi import FastAPI

from desk import (
    access,
    account,
    answers,
    calls,
    case_flags,
    case_tasks,
    cases,
    deletion,
    errors,
    figures,
    merging,
    passing_on,
    questions,
    queue,
    sign_in,
    summaries,
    together,
)
from desk.render import Desk

ROUTERS = (
    sign_in.router,
    account.router,
    queue.router,
    cases.router,
    case_flags.router,
    case_tasks.router,
    passing_on.router,
    summaries.router,
    deletion.router,
    merging.router,
    together.router,
    calls.router,
    answers.router,
    questions.router,
    figures.router,
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
