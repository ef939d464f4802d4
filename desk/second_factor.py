"""The second factor of one's own account: set up with an app, codes on paper, switched off."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import segno
from fastapi import APIRouter, Form, Request
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse, Response

from desk.access import COOKIE
from desk.render import Desk, TheDesk
from desk.sign_in import EvenUnfinished, Everybody, may_try
from lotse.staff import AccountError, Member
from lotse.staff.member import TO_DO_SECOND_FACTOR

PAGE = "/desk/account/second-factor"
DONE = ("off",)  # second_factor.done.<name>

Code = Annotated[str, Form()]

router = APIRouter()


@router.get("/desk/account/second-factor")
def second_factor(request: Request, desk: TheDesk, member: EvenUnfinished, done: str = "") -> HTMLResponse:
    """The page."""
    return _page(desk, request, member, done=done if done in DONE else "")


@router.post("/desk/account/second-factor/begin")
def begin(request: Request, desk: TheDesk, member: EvenUnfinished) -> Response:
    """Make a secret for the app."""
    try:
        desk.accounts.begin_second_factor(member.staff_id, request.cookies[COOKIE])
    except AccountError as error:
        return _page(desk, request, member, 422, error=error)
    return RedirectResponse(PAGE, 303)


@router.post("/desk/account/second-factor")
def confirm(request: Request, desk: TheDesk, member: EvenUnfinished, code: Code = "") -> Response:
    """Switch it on with a first code; the codes for paper are shown now and never again."""
    if not may_try(desk.code_limit, request):
        return _page(desk, request, member, 429, error=AccountError("code", "too_many", "wait"))
    try:
        codes = desk.accounts.confirm_second_factor(member.staff_id, request.cookies[COOKIE], code)
    except AccountError as error:
        return _page(desk, request, member, 422, error=error)
    finished = replace(member, to_do="") if member.to_do == TO_DO_SECOND_FACTOR else member
    return desk.page(finished, "recovery_codes.html", codes=codes, begun=True)


@router.post("/desk/account/second-factor/codes")
def new_codes(request: Request, desk: TheDesk, member: Everybody, code: Code = "") -> Response:
    """Make the codes for paper anew."""
    if not may_try(desk.code_limit, request):
        return _page(desk, request, member, 429, error=AccountError("codes", "too_many", "wait"))
    try:
        codes = desk.accounts.new_recovery_codes(member.staff_id, code)
    except AccountError as error:
        return _page(desk, request, member, 422, error=_at(error, "codes"))
    return desk.page(member, "recovery_codes.html", codes=codes, begun=False)


@router.post("/desk/account/second-factor/off")
def off(request: Request, desk: TheDesk, member: Everybody, code: Code = "") -> Response:
    """Switch it off, where the town allows that."""
    if not may_try(desk.code_limit, request):
        return _page(desk, request, member, 429, error=AccountError("off", "too_many", "wait"))
    try:
        desk.accounts.switch_second_factor_off(member.staff_id, code)
    except AccountError as error:
        return _page(desk, request, member, 422, error=_at(error, "off"))
    return RedirectResponse(f"{PAGE}?done=off", 303)


def _at(error: AccountError, field: str) -> AccountError:
    """The same error at another field: the page has several for codes."""
    return AccountError(field, error.reason, str(error))


def _page(
    desk: Desk, request: Request, member: Member, status: int = 200, done: str = "", error: AccountError | None = None
) -> HTMLResponse:
    state = desk.accounts.second_factor(member.staff_id)
    return desk.page(
        member,
        "second_factor.html",
        status,
        state=state,
        fresh=desk.accounts.is_fresh(request.cookies.get(COOKIE, "")),
        picture=_picture(state.address) if state.address else None,
        secret=" ".join(state.secret[at : at + 4] for at in range(0, len(state.secret), 4)),
        done=done,
        errors={error.field: f"second_factor.error.{error.reason}"} if error else {},
    )


def _picture(address: str) -> Markup:
    """A QR code as SVG, without a style of its own (Content-Security-Policy)."""
    code = segno.make(address, error="m")
    return Markup(code.svg_inline(scale=5, border=4, light="#fff", omitsize=True, svgclass="qr", lineclass=None))
