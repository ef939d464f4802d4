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
    audit,
    calls,
    case_flags,
    case_tasks,
    cases,
    deletion,
    errors,
    exports,
    figures,
    merging,
    passing_on,
    questions,
    queue,
    second_factor,
    sign_in,
    staff,
    summaries,
    talk,
    together,
    tokens,
    translations,
    webhooks,
)
from desk.render import Desk

ROUTERS = (
    sign_in.router,
    account.router,
    second_factor.router,
    exports.router,  # before the cases: /desk/cases/export is none
    cases.router,
    talk.router,
    appointments.router,
    queue.router,
    case_flags.router,
    case_tasks.router,
    passing_on.router,
    summaries.router,
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
