"""Tokens of the API: made by a town's administrator for its other systems, shown once, ended at any time."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, RedirectResponse, Response

from desk.access import Member, requires
from desk.render import Desk, TheDesk
from lotse.staff import Role, tokens
from lotse.staff.tokens import DAYS, LONGEST_NAME, SCOPES, TokenError
from lotse.storage.tables import Municipality, now

ROLE = Role.MUNICIPALITY_ADMINISTRATOR
Administrator = Annotated[Member, Depends(requires(ROLE))]
Field = Annotated[str, Form()]
Typed = dict[str, str | list[str]]
PATH = "/desk/tokens"

router = APIRouter()


@router.get(PATH)
def all_tokens(desk: TheDesk, member: Administrator, done: str = "") -> HTMLResponse:
    """The tokens of the own towns, and the form for another one."""
    with desk.core.database.reading() as session:
        return _page(desk, session, member, done="revoked" if done == "revoked" else "")


@router.post(PATH)
def make(
    desk: TheDesk,
    member: Administrator,
    name: Field = "",
    town: Field = "",
    days: Field = "",
    scopes: Annotated[list[str] | None, Form()] = None,
) -> HTMLResponse:
    """Make one. Its secret stands on the answer and nowhere else: no redirect."""
    typed: Typed = {"name": name, "town": town, "days": days, "scopes": scopes or []}
    with desk.core.database.session() as session:
        slugs = {each.slug: each.id for each in towns_of(session, member)}
        chosen = slugs.get(town or (next(iter(slugs)) if len(slugs) == 1 else ""))
        if chosen is None:
            return _page(desk, session, member, 422, typed=typed, wrong="town")
        try:
            number = int(days) if days.isdecimal() else 0
            token, secret = tokens.make(session, chosen, name, scopes or [], number, member.staff_id)
        except TokenError as error:
            return _page(desk, session, member, 422, typed=typed, wrong=error.field)
        return _page(desk, session, member, made=token.name, secret=secret)


@router.post(f"{PATH}/{{token}}/revoke")
def revoke(desk: TheDesk, member: Administrator, token: str) -> Response:
    """End one. One of another town is as unknown as one that does not exist."""
    with desk.core.database.session() as session:
        found = tokens.find(session, token, member.municipalities(ROLE))
        if found is None:
            raise HTTPException(404)
        tokens.revoke(session, found, member.staff_id)
    return RedirectResponse(f"{PATH}?done=revoked", 303)


def towns_of(session: Session, member: Member) -> list[Municipality]:
    """The towns that a member administers, by name."""
    mine = member.municipalities(ROLE)
    return list(session.scalars(select(Municipality).where(Municipality.id.in_(mine)).order_by(Municipality.name)))


def _page(
    desk: Desk,
    session: Session,
    member: Member,
    status: int = 200,
    *,
    typed: Typed | None = None,
    wrong: str = "",
    done: str = "",
    made: str = "",
    secret: str = "",
) -> HTMLResponse:
    towns = towns_of(session, member)
    moment = now()
    found = tokens.all_of(session, [each.id for each in towns])
    return desk.page(
        member,
        "tokens.html",
        status,
        session,
        zone=towns[0].time_zone,
        towns=towns,
        tokens=found,
        valid={each.id for each in found if tokens.is_valid(each, moment)},
        known_scopes=SCOPES,
        known_days=DAYS,
        longest=LONGEST_NAME,
        typed=typed or {"name": "", "town": "", "days": "365", "scopes": []},
        wrong=wrong,
        done=done,
        made=made,
        secret=secret,
    )
