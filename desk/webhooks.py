"""Webhooks at the desk: which other systems of a town are told that something happened in a case, and how that goes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, RedirectResponse, Response

from desk.access import Member, requires
from desk.render import Desk, TheDesk
from desk.tokens import ROLE, towns_of
from lotse.storage.tables import Webhook
from lotse.webhooks import subscriptions
from lotse.webhooks.addresses import LONGEST
from lotse.webhooks.outbox import EVENTS
from lotse.webhooks.subscriptions import WebhookError

Administrator = Annotated[Member, Depends(requires(ROLE))]
Field = Annotated[str, Form()]
Typed = dict[str, str | list[str]]
PATH = "/desk/webhooks"
DONE = ("started", "removed")

router = APIRouter()


@router.get(PATH)
def all_webhooks(desk: TheDesk, member: Administrator, done: str = "") -> HTMLResponse:
    """The webhooks of the own towns, and the form for another one."""
    with desk.core.database.reading() as session:
        return _page(desk, session, member, done=done if done in DONE else "")


@router.post(PATH)
def make(
    desk: TheDesk,
    member: Administrator,
    url: Field = "",
    town: Field = "",
    events: Annotated[list[str] | None, Form()] = None,
) -> HTMLResponse:
    """Make one. Its secret stands on the answer and nowhere else: no redirect."""
    typed: Typed = {"url": url, "town": town, "events": events or []}
    loopback = desk.core.settings.webhooks_loopback
    with desk.core.database.session() as session:
        slugs = {each.slug: each.id for each in towns_of(session, member)}
        chosen = slugs.get(town or (next(iter(slugs)) if len(slugs) == 1 else ""))
        if chosen is None:
            return _page(desk, session, member, 422, typed=typed, error=WebhookError("town", "missing"))
        try:
            made, secret = subscriptions.make(session, chosen, url, events or [], member.staff_id, loopback=loopback)
        except WebhookError as error:
            return _page(desk, session, member, 422, typed=typed, error=error)
        return _page(desk, session, member, made=made.url, secret=secret)


@router.post(f"{PATH}/{{webhook}}/start")
def start(desk: TheDesk, member: Administrator, webhook: str) -> Response:
    """Switch one on again that was stopped."""
    with desk.core.database.session() as session:
        subscriptions.start(session, _find(session, member, webhook), member.staff_id)
    return RedirectResponse(f"{PATH}?done=started", 303)


@router.post(f"{PATH}/{{webhook}}/remove")
def remove(desk: TheDesk, member: Administrator, webhook: str) -> Response:
    """Remove one."""
    with desk.core.database.session() as session:
        subscriptions.remove(session, _find(session, member, webhook), member.staff_id)
    return RedirectResponse(f"{PATH}?done=removed", 303)


def _find(session: Session, member: Member, webhook: str) -> Webhook:
    """One of another town is as unknown as one that does not exist."""
    found = subscriptions.find(session, webhook, member.municipalities(ROLE))
    if found is None:
        raise HTTPException(404)
    return found


def _page(
    desk: Desk,
    session: Session,
    member: Member,
    status: int = 200,
    *,
    typed: Typed | None = None,
    error: WebhookError | None = None,
    done: str = "",
    made: str = "",
    secret: str = "",
) -> HTMLResponse:
    towns = towns_of(session, member)
    return desk.page(
        member,
        "webhooks.html",
        status,
        session,
        zone=towns[0].time_zone,
        towns=towns,
        webhooks=subscriptions.all_of(session, [each.id for each in towns]),
        known_events=EVENTS,
        longest=LONGEST,
        typed=typed or {"url": "", "town": "", "events": list(EVENTS)},
        errors={error.field: f"webhooks.error.{error.field}.{error.reason}"} if error else {},
        done=done,
        made=made,
        secret=secret,
    )
