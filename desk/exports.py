"""The cases of the queue as a file, as it is filtered now; who has taken how many stands in the access log."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from starlette.responses import Response, StreamingResponse

from desk.access import Member
from desk.cases import CaseWorker
from desk.queue import Asked, wanted
from desk.render import TheDesk
from lotse import audit
from lotse.cases import queue
from lotse.cases.export import FORMATS, MEDIA, Export
from lotse.cases.summary import STAFF_LANGUAGES
from lotse.staff import Role
from lotse.storage.tables import now

router = APIRouter()


@router.get("/desk/cases/export")
def export(desk: TheDesk, member: CaseWorker, asked: Annotated[Asked, Depends()], format: str = "xlsx") -> Response:
    """All cases that the queue's pages show, in pieces: it begins at once, however many there are."""
    if format not in FORMATS:
        raise HTTPException(404)
    towns = member.municipalities(Role.CASE_WORKER)
    with desk.core.database.session() as session:
        found = queue.all_of(session, towns, wanted(desk, session, member, asked))
        counts = Counter(town for _, town in found)
        for town in sorted(towns):
            audit.note(session, member.staff_id, "case.exported", town=town, cases=counts[town], format=format)
    export = Export(desk.core.database, desk.core.summaries, [case for case, _ in found], _language(member))
    name = f"cases-{now().date().isoformat()}.{format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(export.chunks(format), media_type=MEDIA[format], headers=headers)


def _language(member: Member) -> str:
    """The desk's, where there are summaries in it."""
    return member.language if member.language in STAFF_LANGUAGES else STAFF_LANGUAGES[0]
