"""Unanswered questions: what newcomers passed on, and the ways to an answer. Telling the newcomer is not done here."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter, HTTPException
from starlette.responses import HTMLResponse, RedirectResponse

from desk import answer_pages
from desk.answer_editor import EDITORS, LIST, find_answer, find_question
from desk.answer_form import one
from desk.answers import Editor, Sent, to
from desk.render import TheDesk
from lotse.answers import editing, questions

PAGE = "/desk/questions"
DONE = ("set_aside",)  # questions.done.<name>

router = APIRouter()


@router.get("/desk/questions")
def waiting(desk: TheDesk, member: Editor, language: str = "", municipality: str = "", done: str = "") -> HTMLResponse:
    """Questions without an answer, newest first."""
    with desk.core.database.reading() as session:
        towns = answer_pages.municipalities(session, member.municipalities(*EDITORS))
        town = next((each for each in towns if each.slug == municipality), towns[0])
        tags = questions.languages(session, [town.id])
        chosen = language if language in tags else ""
        rows = answer_pages.rows(session, town, member.language, date.today())
        return desk.page(
            member,
            "answers/questions.html",
            questions=questions.waiting(session, [town.id], chosen or None),
            in_work=questions.in_work(session, [town.id]),
            titles={row.id: (row.title, row.language) for row in rows},
            groups=answer_pages.by_group([row for row in rows if row.status != "retired"]),
            tags=tags,
            chosen=chosen,
            town=town,
            towns=towns,
            done=done if done in DONE else "",
            zone=town.time_zone,
        )


@router.post("/desk/questions/{question_id}/add")
def add(desk: TheDesk, member: Editor, question_id: str, sent: Sent) -> RedirectResponse:
    """Make it an example question in the draft of an answer, and open that."""
    with desk.core.database.session() as session:
        question = find_question(session, member, question_id)
        answer = find_answer(session, member, one(sent, "answer"))
        if answer.municipality_id != question.municipality_id:
            raise HTTPException(404)
        form = questions.ask(editing.form_of(answer, editing.draft_of(session, answer)), question)
        editing.save_draft(session, answer, form, member.staff_id)
    return to(f"{LIST}/{answer.id}", language=question.language, done="added")


@router.post("/desk/questions/{question_id}/set-aside")
def set_aside(desk: TheDesk, member: Editor, question_id: str, sent: Sent) -> RedirectResponse:
    """Close it without an answer."""
    with desk.core.database.session() as session:
        question = find_question(session, member, question_id)
        questions.close(session, question.municipality_id, [question.id])
    return to(PAGE, language=one(sent, "language"), municipality=one(sent, "municipality"), done="set_aside")
