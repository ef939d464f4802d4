"""The queue of cases: filters that live in the address, search by reference or name, pages.

A name must stand in no address, history or log: who searches posts a form, and the address that follows has the name
encrypted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, RedirectResponse, Response

from desk.access import Member
from desk.cases import CaseWorker
from desk.render import Desk, TheDesk
from lotse import audit, cases
from lotse.cases import finding, flags, queue
from lotse.cases.export import FORMATS
from lotse.cases.queue import Filter, Place
from lotse.cases.work import STATUSES
from lotse.intake import Questionnaire
from lotse.intake.asking import Asking
from lotse.normalise import words
from lotse.staff import Role
from lotse.storage.crypto import Vault, VaultError
from lotse.storage.tables import Municipality

WAITING_DAYS = ("3", "7", "14", "30")
LONGEST_SEARCH = 100  # characters
YEARS = range(1970, 3000)  # the first and last there are cannot be told in another zone
HERE = "/desk/cases"

router = APIRouter()


@dataclass(frozen=True)
class Asked:
    """What of the queue is asked for, as it stands in the address; empty is everything. Dates are ISO."""

    status: str = ""
    mine: str = ""
    unassigned: str = ""
    language: str = ""
    municipality: str = ""  # slug
    flag: str = ""
    theme: str = ""
    waiting: str = ""  # days
    opened_from: str = ""
    opened_to: str = ""
    name: str = ""  # encrypted
    after: str = ""
    before: str = ""

    def address(self, **changes: str) -> str:
        """The address of this view, or of one that differs; another view begins with its first page."""
        asked = replace(self, **{"after": "", "before": "", **changes}) if changes else self
        query = urlencode({name: value for name, value in asdict(asked).items() if value})
        return f"{HERE}?{query}" if query else HERE

    def export(self, form: str) -> str:
        """The address of all that this view shows as a file."""
        asked = {name: value for name, value in asdict(self).items() if value and name not in ("after", "before")}
        return f"{HERE}/export?{urlencode({**asked, 'format': form})}"

    def hidden(self, *without: str) -> list[tuple[str, str]]:
        """What a form of this page has to carry along, without the fields that it has itself."""
        left_out = {"after", "before", *without}
        return [(name, value) for name, value in asdict(self).items() if value and name not in left_out]


FILTERS = ("language", "municipality", "flag", "theme", "waiting", "opened_from", "opened_to")


async def _asked_in_form(
    status: Annotated[str, Form()] = "",
    mine: Annotated[str, Form()] = "",
    unassigned: Annotated[str, Form()] = "",
    language: Annotated[str, Form()] = "",
    municipality: Annotated[str, Form()] = "",
    flag: Annotated[str, Form()] = "",
    theme: Annotated[str, Form()] = "",
    waiting: Annotated[str, Form()] = "",
    opened_from: Annotated[str, Form()] = "",
    opened_to: Annotated[str, Form()] = "",
) -> Asked:
    return Asked(status, mine, unassigned, language, municipality, flag, theme, waiting, opened_from, opened_to)


@router.get(HERE)
def all_cases(desk: TheDesk, member: CaseWorker, asked: Annotated[Asked, Depends()]) -> HTMLResponse:
    """The queue."""
    with desk.core.database.reading() as session:
        return _page(desk, session, member, asked)


@router.post(HERE, response_model=None)
def search(
    desk: TheDesk,
    member: CaseWorker,
    asked: Annotated[Asked, Depends(_asked_in_form)],
    search: Annotated[str, Form()] = "",
) -> Response:
    """On to the case with this reference, else to those with this name to call."""
    text = search.strip()[:LONGEST_SEARCH]
    with desk.core.database.reading() as session:
        found = cases.find(session, text)
        if found is not None and found.municipality_id in member.municipalities(Role.CASE_WORKER):
            return RedirectResponse(f"{HERE}/{found.reference}", 303)
    token = desk.core.database.vault.encrypt(text).decode() if text else ""
    return RedirectResponse(asked.address(name=token), 303)


def _page(desk: Desk, session: Session, member: Member, asked: Asked) -> HTMLResponse:
    towns = _towns(session, member)
    first = towns[0]
    questionnaire = desk.core.intakes.questionnaire(session, None)
    themes = _themes(questionnaire, Asking(questionnaire, member.language, first))
    languages = {each.tag: each.name_in(member.language) for each in desk.core.languages.all}
    asked, errors, typed = _known(asked, towns, languages, [theme for _, group in themes for theme, _ in group])
    name = _opened(desk.core.database.vault, asked.name)
    wanted = _filter(asked, member, towns, name, ZoneInfo(first.time_zone))
    ids = [town.id for town in towns]
    places = {"after": Place.parse(asked.after), "before": Place.parse(asked.before)}
    shown = queue.page(session, ids, wanted, member.staff_id, **places)
    if not shown.rows and any(places.values()):  # what stood there has moved meanwhile
        shown = queue.page(session, ids, wanted, member.staff_id)
    for town in sorted({row.case.municipality_id for row in shown.rows}):
        seen = [row.case.reference for row in shown.rows if row.case.municipality_id == town]
        audit.note(session, member.staff_id, "queue.read", town=town, references=seen)
    return desk.page(
        member,
        "queue.html",
        200,
        session,
        zone=first.time_zone,
        rows=shown.rows,
        counts=queue.numbers(session, ids, wanted),
        counted=queue.COUNTED,
        asked=asked,
        export=asked.export,
        formats=FORMATS,
        search=name,
        towns=towns,
        tags=sorted(languages, key=lambda tag: languages[tag]),
        flag_kinds=flags.KINDS,
        themes=themes,
        waiting_days=WAITING_DAYS,
        filtered=any(getattr(asked, each) for each in FILTERS) or bool(errors),
        errors=errors,
        typed=typed,
        before=asked.address(before=str(shown.before)) if shown.before else "",
        after=asked.address(after=str(shown.after)) if shown.after else "",
    )


def wanted(desk: Desk, session: Session, member: Member, asked: Asked) -> Filter:
    """What an address of the queue asks for; what it does not mean is left out."""
    towns = _towns(session, member)
    themes = finding.themes(desk.core.intakes.questionnaire(session, None))
    asked, _, _ = _known(asked, towns, [each.tag for each in desk.core.languages.all], list(themes))
    return _filter(asked, member, towns, _opened(desk.core.database.vault, asked.name), ZoneInfo(towns[0].time_zone))


def _towns(session: Session, member: Member) -> list[Municipality]:
    query = select(Municipality).where(Municipality.id.in_(member.municipalities(Role.CASE_WORKER)))
    return list(session.scalars(query.order_by(Municipality.name, Municipality.id)))


def _themes(questionnaire: Questionnaire, asking: Asking) -> list[tuple[str, list[tuple[str, str]]]]:
    """The themes to choose from, with their words, by question."""
    groups = groupby(finding.themes(questionnaire), key=lambda theme: theme.partition(".")[0])
    return [
        (asking.short(question), [(theme, asking.choice(question, theme.partition(".")[2])) for theme in found])
        for question, found in ((questionnaire.question(name), found) for name, found in groups)
    ]


def _opened(vault: Vault, token: str) -> str:
    """The name that was searched for; nothing where somebody has changed the address."""
    try:
        return vault.decrypt(token.encode()) if token else ""
    except VaultError:
        return ""


def _known(
    asked: Asked, towns: list[Municipality], languages: Iterable[str], themes: list[str]
) -> tuple[Asked, dict[str, str], dict[str, str]]:
    """What is asked for without what there is not, the fields that must be corrected, and what was typed into them."""
    offered: dict[str, Iterable[str]] = {
        "status": STATUSES,
        "language": languages,
        "municipality": [town.slug for town in towns],
        "flag": flags.KINDS,
        "theme": themes,
        "waiting": WAITING_DAYS,
    }
    changes = {name: "" for name, values in offered.items() if getattr(asked, name) not in values}
    days = {name: getattr(asked, name).strip() for name in ("opened_from", "opened_to")}
    errors = {name: "queue.error.date" for name, day in days.items() if day and _day(day) is None}
    if not errors and all(days.values()) and days["opened_from"] > days["opened_to"]:
        errors["opened_to"] = "queue.error.before"
    changes |= {name: "" if name in errors else day for name, day in days.items()}
    changes |= {name: "1" if getattr(asked, name) else "" for name in ("mine", "unassigned")}
    if changes["mine"]:
        changes["unassigned"] = ""
    return replace(asked, **changes), errors, days


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in YEARS else None


def _filter(asked: Asked, member: Member, towns: list[Municipality], name: str, zone: ZoneInfo) -> Filter:
    first, last = _day(asked.opened_from), _day(asked.opened_to)
    return Filter(
        status=asked.status or None,
        assigned_to=member.staff_id if asked.mine else None,
        unassigned=bool(asked.unassigned),
        language=asked.language or None,
        municipality=next((town.id for town in towns if town.slug == asked.municipality), None),
        flag=asked.flag or None,
        theme=asked.theme or None,
        name=name if words(name) else None,
        waiting_days=int(asked.waiting) if asked.waiting else None,
        opened_from=_midnight(first, zone) if first else None,
        opened_before=_midnight(last + timedelta(days=1), zone) if last else None,
    )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)
