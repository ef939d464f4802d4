"""Translations out to other programs and back in: as files, and in as drafts only."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request
from sqlalchemy.orm import Session
from starlette.background import BackgroundTask
from starlette.datastructures import UploadFile
from starlette.responses import HTMLResponse, Response

from desk import answer_pages
from desk.access import Member
from desk.answer_editor import EDITORS
from desk.answer_form import one
from desk.answers import Editor, Sent
from desk.render import Desk, TheDesk
from lotse.answers import editing, exchange
from lotse.answers.exchange import FORMATS, STATUSES, WANTED, Bundle, ExchangeError, Report
from lotse.answers.exchange.parts import LARGEST
from lotse.storage.tables import Municipality

SHOWN = 500  # lines of a report

router = APIRouter()


async def _file(request: Request) -> bytes | None:
    """The file that was sent; None where there is none."""
    file = (await request.form()).get("file")
    data = await file.read(LARGEST + 1) if isinstance(file, UploadFile) and file.filename else None
    await request.close()
    return data


@router.get("/desk/answers/translations")
def page(desk: TheDesk, member: Editor, municipality: str = "", language: str = "") -> HTMLResponse:
    """Both forms."""
    with desk.core.database.reading() as session:
        return _page(desk, member, session, _town(session, member, municipality), language)


@router.get("/desk/answers/translations/export")
def export(
    desk: TheDesk, member: Editor, municipality: str = "", language: str = "", kind: str = "xliff", wanted: str = "open"
) -> Response:
    """A file with the source texts and what is translated."""
    with desk.core.database.reading() as session:
        town = _town(session, member, municipality)
        if language not in _targets(desk, town) or kind not in FORMATS or wanted not in WANTED:
            return _page(desk, member, session, town, language, 422, problem=("language", "choose"))
        bundle = exchange.export(session, town, language, wanted)
    name = exchange.file_name(town, bundle, kind)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(exchange.write(bundle, kind), media_type=FORMATS[kind][1], headers=headers)


@router.post("/desk/answers/translations")
def take(
    desk: TheDesk,
    member: Editor,
    sent: Sent,
    data: Annotated[bytes | None, Depends(_file)],
) -> Response:
    """Read a file, save what can be taken as drafts, and say what became of each line."""
    slug, status = one(sent, "municipality"), one(sent, "status")
    with desk.core.database.reading() as session:
        towns = answer_pages.municipalities(session, member.municipalities(*EDITORS))
        town = next((each for each in towns if each.slug == slug), None)
        if town is None:
            raise HTTPException(404)
        problem = ("file", "none") if not data else ("status", "choose") if status not in STATUSES else None
        if problem:
            return _page(desk, member, session, town, "", 422, problem=problem, status=status)
    assert data is not None
    try:
        bundle = exchange.read(data)
        with desk.core.database.session() as session:
            report = exchange.take(session, session.get_one(Municipality, town.id), bundle, status, member.staff_id)
    except ExchangeError as error:
        with desk.core.database.reading() as session:
            return _page(desk, member, session, town, "", 422, problem=("file", error.reason), status=status)
    with desk.core.database.reading() as session:
        response = _page(desk, member, session, town, bundle.target, report=report, bundle=bundle, status=status)
    texts = [text for answer_id, form in report.drafts.items() for text in editing.texts_of(form, answer_id)]
    response.background = BackgroundTask(desk.core.answers.warm, texts)
    return response


def _page(
    desk: Desk,
    member: Member,
    session: Session,
    town: Municipality,
    language: str,
    status_code: int = 200,
    *,
    problem: tuple[str, str] | None = None,
    report: Report | None = None,
    bundle: Bundle | None = None,
    status: str = "",
) -> HTMLResponse:
    """`problem` is a field and what is wrong in it."""
    towns = answer_pages.municipalities(session, member.municipalities(*EDITORS))
    titles: dict[str, tuple[str, str, str]] = {}
    if report is not None:
        rows = answer_pages.rows(session, town, member.language, date.today())
        titles = {row.source_id: (row.id, row.title, row.language) for row in rows}
    return desk.page(
        member,
        "answers/translations.html",
        status_code,
        session,
        town=town,
        towns=towns,
        source=editing.source_language(town),
        targets=_targets(desk, town),
        chosen=language,
        kinds=list(FORMATS),
        wanted=WANTED,
        statuses=STATUSES,
        taken_as=status or STATUSES[0],
        problem=problem,
        report=report,
        bundle=bundle,
        titles=titles,
        most=SHOWN,
    )


def _targets(desk: Desk, town: Municipality) -> list[str]:
    source = editing.source_language(town)
    return [each.tag for each in desk.core.languages.all if each.tag != source]


def _town(session: Session, member: Member, slug: str) -> Municipality:
    towns = answer_pages.municipalities(session, member.municipalities(*EDITORS))
    return next((each for each in towns if each.slug == slug), towns[0])
