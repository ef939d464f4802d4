"""All pages for staff, added to a server in one place; a route without a rule stops the start."""

from __future__ import annotations

from fastapi import FastAPI

from desk import (
    access,
    account,
    answer_links,
    answer_todo,
    answer_try,
    answer_versions,
    answers,
    appointments,
    calls,
    cases,
    deletion,
    errors,
    figures,
    merging,
    questions,
    second_factor,
    sign_in,
    staff,
    talk,
    together,
    translations,
)
from desk.render import Desk

ROUTERS = (
    sign_in.router,
    account.router,
    second_factor.router,
    cases.router,
    talk.router,
    appointments.router,
    deletion.router,
    merging.router,
    together.router,
    calls.router,
    answer_todo.router,  # before the answers, whose paths take any name for an answer's id
    answer_try.router,
    answer_links.router,
    translations.router,
    answer_versions.router,
    answers.router,
    questions.router,
    figures.router,
    staff.router,
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
