"""Cases: the list, one case, and its status."""

from __future__ import annotations

import base64
import binascii
import hashlib
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, HTTPException, Path, Query, Response
from fastapi.exceptions import RequestValidationError
from pydantic import AwareDatetime
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, joinedload

from desk.api.access import REFUSALS, Needs, TheCore
from desk.api.problems import told
from desk.api.shapes import REFERENCE, By, CaseDocument, CaseEntry, CasePage, Event, NewStatus, Status
from lotse import audit, cases
from lotse.cases import work
from lotse.cases.queue import BY_NEWCOMER
from lotse.cases.summary import STAFF_LANGUAGES
from lotse.cases.work import WorkError
from lotse.staff.tokens import Bearer
from lotse.storage.tables import ApiToken, Case, CaseEvent

LARGEST_PAGE = 200
LONGEST = 200  # characters of a cursor or a reference

CaseReader = Annotated[Bearer, Depends(Needs("read:cases"))]
StatusWriter = Annotated[Bearer, Depends(Needs("write:status"))]
Reference = Annotated[str, Path(description="The case's number", examples=[REFERENCE], max_length=LONGEST)]
ETAG = {"ETag": {"description": "The state of the case, for If-Match", "schema": {"type": "string"}, "required": True}}
FOUND: dict[int | str, dict[str, Any]] = {200: {"headers": ETAG}}

router = APIRouter(tags=["cases"], responses=REFUSALS)


@router.get("/cases", summary="List cases", operation_id="listCases")
def list_cases(
    core: TheCore,
    caller: CaseReader,
    status: Annotated[Status | None, Query(description="Only cases with this status")] = None,
    changed_since: Annotated[
        AwareDatetime | None,
        Query(description="Only cases in which something happened since then; take a minute more, so that none is missed"),
    ] = None,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the part before", max_length=LONGEST)] = None,
    limit: Annotated[int, Query(description="Cases in one part", ge=1, le=LARGEST_PAGE)] = 50,
) -> CasePage:
    """All cases of the town, in the order of their last change. A case that changes meanwhile comes once more."""
    query = select(Case).where(Case.municipality_id == caller.municipality_id)
    if status is not None:
        query = query.where(Case.status == status)
    if changed_since is not None:
        query = query.where(Case.changed_at >= _utc(changed_since))
    if cursor is not None:
        moment, case_id = _read_cursor(cursor)
        query = query.where(or_(Case.changed_at > moment, and_(Case.changed_at == moment, Case.id > case_id)))
    query = query.order_by(Case.changed_at, Case.id).options(joinedload(Case.municipality)).limit(limit + 1)
    with core.database.reading() as session:
        found = list(session.scalars(query))
        shown = found[:limit]
        into = select(Case.id, Case.reference).where(Case.id.in_([each.merged_into for each in shown if each.merged_into]))
        references = dict(session.execute(into).all())
        if shown:
            seen = [each.reference for each in shown]
            audit.note(session, caller.token_id, "queue.read", town=caller.municipality_id, references=seen)
        items = [_entry(each, references.get(each.merged_into or "")) for each in shown]
    return CasePage(items=items, next_cursor=_cursor(shown[-1]) if len(found) > limit else None)


@router.get("/cases/{reference}", summary="Read a case", operation_id="readCase", responses={**FOUND, **told(404)})
def read_case(
    core: TheCore,
    caller: CaseReader,
    response: Response,
    reference: Reference,
    language: Annotated[str, Query(description="Of labels and headings", pattern=f"^({'|'.join(STAFF_LANGUAGES)})$")] = "en",
) -> CaseDocument:
    """What a case worker reads, and what happened. Of a withdrawn intake nothing; of sensitive questions what was agreed to."""
    with core.database.reading() as session:
        found = _find(session, caller, reference)
        audit.note(session, caller.token_id, "case.read", town=found.municipality_id, reference=found.reference)
        summary = core.summaries.of(found, language)
        events = [_event(each, with_words="read:notes" in caller.scopes) for each in found.events]
        response.headers["ETag"] = _etag(found)
        return CaseDocument(**vars(summary), changed_at=found.changed_at, events=events)


@router.put(
    "/cases/{reference}/status",
    summary="Set the status of a case",
    operation_id="setStatus",
    responses={**FOUND, **told(400, 404, 409, 412, 428)},
)
def set_status(
    core: TheCore,
    caller: StatusWriter,
    response: Response,
    reference: Reference,
    wanted: NewStatus,
    if_match: Annotated[
        str | None, Header(description="The ETag with which the case was read: if something has happened since, nothing is done")
    ] = None,
) -> CaseEntry:
    """As staff may set it: `new` never comes back, a request to delete is closed by its answer only."""
    with core.database.session() as session:
        found = _find(session, caller, reference)
        session.refresh(found, with_for_update=True)
        if if_match is None:
            raise HTTPException(428, "Send the ETag of the case in If-Match.")
        if if_match.strip() != "*" and _etag(found) not in {each.strip() for each in if_match.split(",")}:
            raise HTTPException(412, "Something has happened in the case since it was read. Read it again.")
        try:
            work.set_status(session, found, wanted.status, session.get_one(ApiToken, caller.token_id))
        except WorkError as error:
            raise HTTPException(409, f"The case is {found.status}: {str(error).partition(': ')[2]}.") from error
        into = session.get(Case, found.merged_into) if found.merged_into else None
        response.headers["ETag"] = _etag(found)
        return _entry(found, into.reference if into is not None else None)


def _find(session: Session, caller: Bearer, reference: str) -> Case:
    """The case, if it is the town's; another town's is as unknown as one that does not exist."""
    found = cases.find(session, reference) if reference.isprintable() else None  # PostgreSQL takes no NUL
    if found is None or found.municipality_id != caller.municipality_id:
        raise HTTPException(404, "There is no such case in this town.")
    return found


def _entry(case: Case, merged_into: str | None) -> CaseEntry:
    return CaseEntry(
        reference=case.reference,
        kind=case.kind,
        status=case.status,  # type: ignore[arg-type]
        municipality=case.municipality.slug,
        language=case.language,
        opened_at=case.opened_at,
        changed_at=case.changed_at,
        assigned=case.assigned_to is not None,
        merged_into=merged_into,
    )


def _event(event: CaseEvent, *, with_words: bool) -> Event:
    body = event.body
    is_status = event.kind == "status"
    words = body if event.kind == "note" else body.get("reason") if event.kind == "refused" else None
    return Event(
        number=event.number,
        kind=event.kind,
        at=event.at,
        by=_by(event),
        before=body["from"] if is_status else None,
        after=body["to"] if is_status else None,
        text=words if with_words else None,
    )


def _by(event: CaseEvent) -> By:
    if event.kind in BY_NEWCOMER:
        return "newcomer"
    if event.kind == "status" and "by" in event.body:
        return "other_system"
    # the account of staff may be gone; only the end of a merge happens by itself
    return "system" if event.staff_id is None and event.kind == "split" else "staff"


def _etag(case: Case) -> str:
    """A strong validator of the state of a case: every event changes it."""
    state = (case.id, case.status, case.changed_at.astimezone(UTC).isoformat(), len(case.events))
    return f'"{hashlib.sha256(repr(state).encode()).hexdigest()[:32]}"'


def _cursor(case: Case) -> str:
    return base64.urlsafe_b64encode(f"{case.changed_at.astimezone(UTC).isoformat()} {case.id}".encode()).decode()


def _read_cursor(cursor: str) -> tuple[datetime, str]:
    try:
        moment, _, case_id = base64.urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        if not case_id.isprintable():
            raise ValueError("no id")
        return _utc(datetime.fromisoformat(moment)), case_id
    except (ValueError, binascii.Error) as error:
        raise _wrong("cursor", "it is no next_cursor of this list") from error


def _utc(moment: datetime) -> datetime:
    try:
        if moment.tzinfo is None:
            raise ValueError("no zone")
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise _wrong("changed_since", "it is too long ago, or too far ahead") from error


def _wrong(field: str, message: str) -> RequestValidationError:
    return RequestValidationError([{"type": "value_error", "loc": ("query", field), "msg": message, "input": None}])
