"""Answers: the list of what the town publishes, and the editor. Drafts wait here until a publisher puts them into use."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from sqlalchemy.orm import Session
from starlette.background import BackgroundTask
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, RedirectResponse, Response

from desk import answer_pages
from desk.access import Member, requires
from desk.answer_editor import (
    EDITORS,
    LIST,
    TOPICS,
    Open,
    Trouble,
    again,
    editor_page,
    find_answer,
    find_questions,
    may_publish,
    open_answer,
    title_of,
    town_of,
    typed_form,
)
from desk.answer_form import one
from desk.answer_pages import SHOWS
from desk.render import Desk, TheDesk
from lotse.answers import editing, questions, telling
from lotse.answers.editing import Conflict, Form
from lotse.answers.form import STATUSES
from lotse.staff import Role
from lotse.storage.tables import Answer, Municipality

DONE = (
    "saved",
    "published",
    "in_review",
    "given_back",
    "retired",
    "discarded",
    "added",
    "restored",
    "links",
)  # answers.done.<name>

router = APIRouter()


async def _sent(request: Request) -> FormData:
    return await request.form()


Editor = Annotated[Member, Depends(requires(*EDITORS))]
Publisher = Annotated[Member, Depends(requires(Role.CONTENT_PUBLISHER))]
Sent = Annotated[FormData, Depends(_sent)]


@router.get("/desk/answers")
def overview(
    desk: TheDesk, member: Editor, search: str = "", show: str = "", municipality: str = "", done: str = ""
) -> HTMLResponse:
    """All answers by group of topics."""
    with desk.core.database.reading() as session:
        towns = answer_pages.municipalities(session, member.municipalities(*EDITORS))
        town = next((each for each in towns if each.slug == municipality), towns[0])
        found = answer_pages.rows(session, town, member.language, date.today())
    filter_ = next((each for each in SHOWS if each == show), "")
    own_names = answer_pages.own_names(town, member.language)
    names = {topic: desk.text(member, f"answers.topic.{topic}") for topic in TOPICS} | own_names
    chosen = answer_pages.chosen(found, filter_, search, names)
    return desk.page(
        member,
        "answers/list.html",
        groups=answer_pages.by_group(chosen, own_names),
        count=len(chosen),
        tags=_columns(desk, found),
        all_tags=[each.tag for each in desk.core.languages.all],
        statuses=STATUSES,
        search=search,
        show=filter_,
        shows=SHOWS,
        counts={each: len(answer_pages.chosen(found, each, "", {})) for each in SHOWS},
        town=town,
        towns=towns,
        done=done if done in DONE else "",
        known_topics=TOPICS,
        own_names=own_names,
    )


@router.get("/desk/answers/new")
def new(
    desk: TheDesk,
    member: Editor,
    municipality: str = "",
    question: Annotated[list[str], Query()] = [],  # noqa: B006 -- FastAPI copies it
    language: str = "",
    beside: str = "",
) -> HTMLResponse:
    """The editor with a new answer, perhaps for unanswered questions."""
    with desk.core.database.reading() as session:
        asked = find_questions(session, member, question) if question else []
        towns = answer_pages.municipalities(session, member.municipalities(*EDITORS))
        chosen = [each for each in towns if (each.id == asked[0].municipality_id if asked else each.slug == municipality)]
        town = (chosen or towns)[0]
        form = answer_pages.new_form(town, date.today())
        form = questions.ask(form, *asked)
        return editor_page(desk, member, session, Open(town), form, language or (asked[0].language if asked else ""), beside)


@router.post("/desk/answers/new")
def create(desk: TheDesk, member: Editor, sent: Sent) -> Response:
    """Save a new answer as a draft."""
    return _save_new(desk, member, sent)


@router.post("/desk/answers/new/review")
def create_for_review(desk: TheDesk, member: Editor, sent: Sent) -> Response:
    """Save a new answer and ask a publisher to look at it."""
    return _save_new(desk, member, sent, editing.IN_REVIEW)


@router.post("/desk/answers/new/publish")
def create_and_publish(desk: TheDesk, member: Publisher, sent: Sent) -> Response:
    """Put a new answer into use."""
    return _save_new(desk, member, sent, editing.PUBLISHED)


@router.post("/desk/answers/new/view")
def view_new(desk: TheDesk, member: Editor, request: Request, sent: Sent) -> HTMLResponse:
    """A new answer as it is typed so far, in another language or with a fresh preview; nothing is saved."""
    with desk.core.database.reading() as session:
        return again(desk, member, session, Open(town_of(session, member, sent)), sent, by_itself=_by_itself(request))


@router.get("/desk/answers/{answer_id}")
def edit(desk: TheDesk, member: Editor, answer_id: str, language: str = "", beside: str = "", done: str = "") -> HTMLResponse:
    """The editor."""
    with desk.core.database.reading() as session:
        here = open_answer(session, member, answer_id)
        return editor_page(desk, member, session, here, here.stored, language, beside, done=done if done in DONE else "")


@router.post("/desk/answers/{answer_id}")
def save(desk: TheDesk, member: Editor, answer_id: str, sent: Sent) -> Response:
    """Save as a draft."""
    return _save(desk, member, answer_id, sent)


@router.post("/desk/answers/{answer_id}/review")
def ask_review(desk: TheDesk, member: Editor, answer_id: str, sent: Sent) -> Response:
    """Save and ask a publisher to look at it."""
    return _save(desk, member, answer_id, sent, editing.IN_REVIEW)


@router.post("/desk/answers/{answer_id}/give-back")
def give_back(desk: TheDesk, member: Publisher, answer_id: str, sent: Sent) -> Response:
    """Back to the author, with what is to be changed."""
    try:
        with desk.core.database.session() as session:
            answer = may_publish(member, open_answer(session, member, answer_id))
            editing.give_back(session, answer, one(sent, "remark"), one(sent, "version"))
    except Conflict:
        with desk.core.database.reading() as session:
            here = open_answer(session, member, answer_id)
            trouble = Trouble(409, conflict=True)
            return editor_page(desk, member, session, here, here.stored, "", "", trouble=trouble, remark=one(sent, "remark"))
    return to(f"{LIST}/{answer_id}", done="given_back")


@router.post("/desk/answers/{answer_id}/publish")
def publish(desk: TheDesk, member: Publisher, answer_id: str, sent: Sent) -> Response:
    """Put into use."""
    return _save(desk, member, answer_id, sent, editing.PUBLISHED)


@router.post("/desk/answers/{answer_id}/view")
def view(desk: TheDesk, member: Editor, answer_id: str, request: Request, sent: Sent) -> HTMLResponse:
    """The answer as it is typed so far, in another language or with a fresh preview; nothing is saved."""
    with desk.core.database.reading() as session:
        return again(desk, member, session, open_answer(session, member, answer_id), sent, by_itself=_by_itself(request))


@router.get("/desk/answers/{answer_id}/retire")
def ask_to_retire(desk: TheDesk, member: Publisher, answer_id: str) -> HTMLResponse:
    """Asks once more."""
    return _confirm(desk, member, answer_id, "retire")


@router.post("/desk/answers/{answer_id}/retire")
def retire(desk: TheDesk, member: Publisher, answer_id: str, sent: Sent) -> Response:
    """Take out of use."""
    try:
        with desk.core.database.session() as session:
            answer = may_publish(member, open_answer(session, member, answer_id))
            editing.retire(session, answer, one(sent, "version"))
    except Conflict:
        return _confirm(desk, member, answer_id, "retire", 409)
    return to(f"{LIST}/{answer_id}", done="retired")


@router.get("/desk/answers/{answer_id}/discard")
def ask_to_discard(desk: TheDesk, member: Editor, answer_id: str) -> HTMLResponse:
    """Asks once more."""
    return _confirm(desk, member, answer_id, "discard")


@router.post("/desk/answers/{answer_id}/discard")
def discard(desk: TheDesk, member: Editor, answer_id: str, sent: Sent) -> Response:
    """Drop the draft."""
    try:
        with desk.core.database.session() as session:
            here = open_answer(session, member, answer_id)
            assert here.answer is not None
            stays = editing.discard(session, here.answer, one(sent, "version"))
    except Conflict:
        return _confirm(desk, member, answer_id, "discard", 409)
    return to(here.path if stays else LIST, done="discarded")


def _save_new(desk: Desk, member: Member, sent: FormData, become: str = editing.DRAFT) -> Response:
    form = typed_form(desk, sent)
    problems = editing.check(form)
    with desk.core.database.reading() as session:
        here = Open(town_of(session, member, sent))
        if become == editing.PUBLISHED and here.municipality.id not in member.municipalities(Role.CONTENT_PUBLISHER):
            raise HTTPException(403, "role")
        if problems:
            return again(desk, member, session, here, sent, Trouble(422, problems))
    if become == editing.PUBLISHED:
        desk.core.answers.warm(editing.texts_of(form))
    with desk.core.database.session() as session:
        answer = editing.create(session, session.get_one(Municipality, here.municipality.id), form, member.staff_id)
        _become(desk, session, answer, member, become)
    return _done(desk, answer.id, sent, form, become)


def _save(desk: Desk, member: Member, answer_id: str, sent: FormData, become: str = editing.DRAFT) -> Response:
    form = typed_form(desk, sent)
    problems = editing.check(form)
    with desk.core.database.reading() as session:
        here = open_answer(session, member, answer_id)
        if become == editing.PUBLISHED:
            may_publish(member, here)
        if problems:
            return again(desk, member, session, here, sent, Trouble(422, problems))
    if become == editing.PUBLISHED:  # embedding takes seconds: before the transaction, in which the bot would wait
        desk.core.answers.warm(editing.texts_of(form))
    try:
        with desk.core.database.session() as session:
            answer = find_answer(session, member, answer_id)
            editing.save_draft(session, answer, form, member.staff_id, one(sent, "version"))
            _become(desk, session, answer, member, become)
    except Conflict:
        with desk.core.database.reading() as session:
            return again(desk, member, session, open_answer(session, member, answer_id), sent, Trouble(409, conflict=True))
    return _done(desk, answer_id, sent, form, become)


def _become(desk: Desk, session: Session, answer: Answer, member: Member, become: str) -> None:
    """What follows the saving; who waits for the answer is told of it in the same transaction."""
    if become == editing.IN_REVIEW:
        editing.ask_review(session, answer)
    elif become == editing.PUBLISHED:
        editing.publish(session, answer, member.staff_id)
        for conversation, reply in telling.due(session, answer.id):
            desk.outbox.put(session, conversation, reply, None)


def _done(desk: Desk, answer_id: str, sent: FormData, form: Form, become: str) -> Response:
    """Back to the editor. What was saved is embedded while the author reads on: publishing it will not have to wait."""
    opened = {"language": one(sent, "language"), "beside": one(sent, "beside")}
    response = to(f"{LIST}/{answer_id}", **opened, done="saved" if become == editing.DRAFT else become)
    if become != editing.PUBLISHED:
        response.background = BackgroundTask(desk.core.answers.warm, editing.texts_of(form))
    return response


def _by_itself(request: Request) -> bool:
    """Whether the page asks, and nobody has pressed anything."""
    return "hx-request" in request.headers


def to(path: str, **query: str | list[str]) -> RedirectResponse:
    """On to a page, after a write."""
    return RedirectResponse(f"{path}?{urlencode({name: value for name, value in query.items() if value}, doseq=True)}", 303)


def _confirm(desk: Desk, member: Member, answer_id: str, what: str, status: int = 200) -> HTMLResponse:
    with desk.core.database.reading() as session:
        here = open_answer(session, member, answer_id)
        if what == "retire":
            may_publish(member, here)
        title = title_of(here.stored, (member.language, editing.source_language(here.municipality)))
    return desk.page(member, "answers/confirm.html", status, here=here, what=what, title=title, changed=status == 409)


def _columns(desk: Desk, found: list[answer_pages.Row]) -> list[str]:
    """Languages of the list: those that newcomers can choose, and those that an answer has already."""
    used = {tag for row in found for tag in row.statuses}
    offered = {each.tag for each in desk.core.languages.offered}
    return [each.tag for each in desk.core.languages.all if each.tag in used | offered]
