"""Staff: the accounts of a town or of the installation, for administrators. Nobody sees a case here, only how many wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, Form, HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from desk.access import Member, requires
from desk.pages import DESK_LANGUAGES
from desk.render import Desk, TheDesk
from lotse.staff import AccountError, UnknownAccountError
from lotse.staff.accounts import LONGEST_NAME, TEMPORARY_FOR
from lotse.staff.administration import ADMINISTRATORS, Reach, reach_of

STAFF = "/desk/staff"
DONE = ("give", "take", "off", "on", "unlock", "second_factor")  # staff.done.<name>

Administrator = Annotated[Member, Depends(requires(*ADMINISTRATORS))]
Field = Annotated[str, Form()]

router = APIRouter()
log = structlog.get_logger()


@router.get("/desk/staff")
def all_accounts(desk: TheDesk, member: Administrator) -> HTMLResponse:
    """The list."""
    reach = reach_of(member)
    found = desk.administration.accounts(reach)
    return desk.page(member, "staff/list.html", zone=_zone(desk, reach), accounts=found)


@router.get("/desk/staff/new")
def new(desk: TheDesk, member: Administrator) -> HTMLResponse:
    """The form of a new account."""
    return _new_page(desk, member, {"language": member.language})


@router.post("/desk/staff/new")
def add(
    desk: TheDesk,
    member: Administrator,
    login: Field = "",
    name: Field = "",
    language: Field = "",
    role: Field = "",
    town: Field = "",
) -> HTMLResponse:
    """Make an account; its temporary password is shown now and never again."""
    reach = reach_of(member)
    typed = {"login": login, "name": name, "language": language, "role": role, "town": town}
    try:
        staff_id, password = desk.administration.add(reach, login, name, language, role, _only(desk, reach, town))
    except AccountError as error:
        return _new_page(desk, member, typed, error)
    _note(member, staff_id, "add")
    return _password_page(desk, member, staff_id, password)


@router.get("/desk/staff/{staff_id}")
def one_account(desk: TheDesk, member: Administrator, staff_id: str, done: str = "") -> HTMLResponse:
    """The page of an account."""
    return _page(desk, member, staff_id, done=done if done in DONE else "")


@router.post("/desk/staff/{staff_id}/give")
def give(desk: TheDesk, member: Administrator, staff_id: str, role: Field = "", town: Field = "") -> Response:
    """Give a role."""
    reach = reach_of(member)
    typed = {"role": role, "town": town}
    where = _only(desk, reach, town)
    return _do(desk, member, staff_id, "give", lambda: desk.administration.give(reach, staff_id, role, where), typed)


@router.post("/desk/staff/{staff_id}/take")
def take(desk: TheDesk, member: Administrator, staff_id: str, role: Field = "", town: Field = "") -> Response:
    """Take a role."""
    return _do(desk, member, staff_id, "take", lambda: desk.administration.take(reach_of(member), staff_id, role, town))


@router.post("/desk/staff/{staff_id}/off")
def switch_off(desk: TheDesk, member: Administrator, staff_id: str) -> Response:
    """Switch an account off."""
    return _do(desk, member, staff_id, "off", lambda: desk.administration.switch_off(reach_of(member), staff_id))


@router.post("/desk/staff/{staff_id}/on")
def switch_on(desk: TheDesk, member: Administrator, staff_id: str) -> Response:
    """Switch it on again."""
    return _do(desk, member, staff_id, "on", lambda: desk.administration.switch_on(reach_of(member), staff_id))


@router.post("/desk/staff/{staff_id}/unlock")
def unlock(desk: TheDesk, member: Administrator, staff_id: str) -> Response:
    """End a lock."""
    return _do(desk, member, staff_id, "unlock", lambda: desk.administration.unlock(reach_of(member), staff_id))


@router.post("/desk/staff/{staff_id}/second-factor")
def reset_second_factor(desk: TheDesk, member: Administrator, staff_id: str) -> Response:
    """Take the second factor away."""
    return _do(
        desk,
        member,
        staff_id,
        "second_factor",
        lambda: desk.administration.reset_second_factor(reach_of(member), staff_id),
    )


@router.post("/desk/staff/{staff_id}/password")
def reset_password(desk: TheDesk, member: Administrator, staff_id: str) -> Response:
    """Give a temporary password, shown now and never again."""
    try:
        password = desk.administration.reset_password(reach_of(member), staff_id)
    except AccountError as error:
        return _page(desk, member, staff_id, error=error)
    except UnknownAccountError:
        raise HTTPException(404) from None
    _note(member, staff_id, "password")
    return _password_page(desk, member, staff_id, password)


def _do(
    desk: Desk, member: Member, staff_id: str, done: str, change: Callable[[], None], typed: dict[str, str] | None = None
) -> Response:
    """Change an account and show it; what is not allowed is said where it was asked for."""
    try:
        change()
    except AccountError as error:
        return _page(desk, member, staff_id, error=error, typed=typed)
    except UnknownAccountError:
        raise HTTPException(404) from None
    _note(member, staff_id, done)
    return RedirectResponse(f"{STAFF}/{staff_id}?done={done}", 303)


def _note(member: Member, staff_id: str, what: str) -> None:
    """Write into the log who has changed which account; ids only."""
    log.info("account changed", what=what, account=staff_id, by=member.staff_id)


def _page(
    desk: Desk,
    member: Member,
    staff_id: str,
    done: str = "",
    error: AccountError | None = None,
    typed: dict[str, str] | None = None,
) -> HTMLResponse:
    reach = reach_of(member)
    try:
        found = desk.administration.account(reach, staff_id)
    except UnknownAccountError:
        raise HTTPException(404) from None
    return desk.page(
        member,
        "staff/account.html",
        422 if error else 200,
        zone=_zone(desk, reach),
        account=found,
        done=done,
        **_choices(desk, reach),
        typed={"role": "", "town": "", **(typed or {})},
        errors=_errors(error),
    )


def _new_page(desk: Desk, member: Member, typed: dict[str, str], error: AccountError | None = None) -> HTMLResponse:
    return desk.page(
        member,
        "staff/new.html",
        422 if error else 200,
        **_choices(desk, reach_of(member)),
        typed={"login": "", "name": "", "language": "", "role": "", "town": "", **typed},
        longest_name=LONGEST_NAME,
        desk_languages=DESK_LANGUAGES,
        errors=_errors(error),
    )


def _password_page(desk: Desk, member: Member, staff_id: str, password: str) -> HTMLResponse:
    found = desk.administration.account(reach_of(member), staff_id)
    return desk.page(member, "staff/password.html", account=found, password=password, days=TEMPORARY_FOR.days)


def _choices(desk: Desk, reach: Reach) -> dict[str, Any]:
    """What a form for a role offers."""
    return {
        "roles": desk.administration.roles(reach),
        "towns": [(town.slug, town.name) for town in desk.administration.towns(reach)],
    }


def _errors(error: AccountError | None) -> dict[str, str]:
    return {error.field: f"staff.error.{error.field}.{error.reason}"} if error else {}


def _only(desk: Desk, reach: Reach, town: str) -> str:
    """The town that was chosen; who looks after one has no choice."""
    slugs = [each.slug for each in desk.administration.towns(reach)]
    return slugs[0] if not town and len(slugs) == 1 else town


def _zone(desk: Desk, reach: Reach) -> str:
    return next((town.time_zone for town in desk.administration.towns(reach)), "Europe/Berlin")
