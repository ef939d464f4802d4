"""The access log: who has seen or done what, for those who administer a town and must be able to answer for it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, HTTPException
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, Response, StreamingResponse

from desk.access import Member, requires
from desk.render import Desk, TheDesk
from lotse import audit
from lotse.audit import exporting, searching
from lotse.audit.actions import ACTIONS
from lotse.audit.searching import Filter
from lotse.staff import Role
from lotse.storage.tables import Municipality

ROLES = (Role.MUNICIPALITY_ADMINISTRATOR, Role.SYSTEM_ADMINISTRATOR)
Administrator = Annotated[Member, Depends(requires(*ROLES))]
PATH = "/desk/audit"
LAST_PAGE = 10_000
LONGEST = 200  # characters of what is searched for
ZONE = "Europe/Berlin"  # of days and times for those who hold no town
MEDIA = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}

router = APIRouter()


class Search:
    """What was typed into the form, as it was typed."""

    def __init__(self, who: str = "", reference: str = "", action: str = "", since: str = "", until: str = "") -> None:
        self.who = _clean(who)
        self.reference = _clean(reference)
        self.action = action if action in ACTIONS else ""
        self.since = _clean(since)
        self.until = _clean(until)

    @property
    def typed(self) -> dict[str, str]:
        """By field."""
        return {name: value for name, value in vars(self).items() if value}

    def read(self, chains: frozenset[str] | None, zone: str) -> tuple[Filter, list[str]]:
        """What it means, and the fields that mean nothing."""
        days = {name: _day(value) for name, value in (("since", self.since), ("until", self.until))}
        wrong = [name for name, day in days.items() if day is None and getattr(self, name)]
        since, until = (_begins(each, zone) for each in (days["since"], _next(days["until"])))
        # a case's reference in the form in which it is kept, however it was typed
        reference = self.reference if "_" in self.reference else self.reference.upper().replace(" ", "-")
        return Filter(chains, self.who, reference, self.action, since, until), wrong


@router.get(PATH)
def page(desk: TheDesk, member: Administrator, search: Annotated[Search, Depends()], page: str = "1") -> HTMLResponse:
    """The entries, the newest first."""
    number = min(int(page), LAST_PAGE) if page.isdecimal() and int(page) else 1
    with desk.core.database.reading() as session:
        zone = _zone(session, member)
        wanted, wrong = search.read(_chains(member), zone)
        found, more = searching.search(session, wanted, number) if not wrong else ([], False)
    return desk.page(
        member,
        "audit.html",
        422 if wrong else 200,
        zone=zone,
        found=found,
        search=search,
        wrong=wrong,
        actions=[(action, desk.text(member, f"audit.action.{action}")) for action in ACTIONS],
        told={each.entry.action: _action(desk, member, each.entry.action) for each in found},
        several=member.holds(Role.SYSTEM_ADMINISTRATOR) or len(member.municipalities(*ROLES)) > 1,
        address=lambda number: _address(PATH, search, page=str(number)),
        export=lambda form: _address(f"{PATH}/export", search, format=form),
        formats=exporting.FORMATS,
        before=number - 1,
        after=number + 1 if more else 0,
    )


@router.get(f"{PATH}/export")
def export(desk: TheDesk, member: Administrator, search: Annotated[Search, Depends()], format: str = "csv") -> Response:
    """All that was found, as a file; itself an entry."""
    if format not in exporting.FORMATS:
        raise HTTPException(404)
    with desk.core.database.session() as session:
        wanted, wrong = search.read(_chains(member), _zone(session, member))
        if wrong:
            raise HTTPException(404)
        count = searching.count(session, wanted)
        for town in sorted(wanted.chains) if wanted.chains is not None else [None]:
            audit.note(session, member.staff_id, "audit.exported", town=town, entries=count, format=format)
    name = f"audit.{format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(exporting.lines(desk.core.database, wanted, format), media_type=MEDIA[format], headers=headers)


def _chains(member: Member) -> frozenset[str] | None:
    """Those that a member may read: all, or those of their towns."""
    if member.holds(Role.SYSTEM_ADMINISTRATOR):
        return None
    return frozenset(member.municipalities(Role.MUNICIPALITY_ADMINISTRATOR))


def _zone(session: Session, member: Member) -> str:
    towns = member.municipalities(*ROLES)
    return session.get_one(Municipality, min(towns)).time_zone if towns else ZONE


def _action(desk: Desk, member: Member, action: str) -> str:
    """In words; an action that this page does not know yet stays as it is."""
    return desk.text(member, f"audit.action.{action}") if action in ACTIONS else action


def _clean(typed: str) -> str:
    """Without what no search can be for; PostgreSQL takes no NUL."""
    return "".join(filter(str.isprintable, typed)).strip()[:LONGEST]


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


def _next(day: date | None) -> date | None:
    return None if day is None or day == date.max else day + timedelta(days=1)


def _begins(day: date | None, zone: str) -> datetime | None:
    try:
        return None if day is None else datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
    except OverflowError:
        return None


def _address(path: str, search: Search, **more: Any) -> str:
    return f"{path}?{urlencode({**search.typed, **more})}"
