"""Unanswered questions: what newcomers passed on, in groups that mean the same, and the ways to an answer.

Who waits is told when the answer is published (desk/answers.py, lotse/answers/telling.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, RedirectResponse, Response

from desk import answer_pages
from desk.answer_editor import EDITORS, LIST, find_answer, find_questions
from desk.answer_form import many, one
from desk.answers import Editor, Sent, to
from desk.render import TheDesk
from lotse.answers import editing, questions
from lotse.answers.questions import Group
from lotse.storage.tables import Municipality, UnansweredQuestion

PAGE = "/desk/questions"
DONE = ("set_aside", "reopened", "none")  # questions.done.<name>
ORDERS = ("largest", "newest")
GROUPS_ON_A_PAGE = 40
SHOWN = 6  # questions of a group; the others can be unfolded

Chosen = Annotated[list[str], Query()]

router = APIRouter()


@router.get("/desk/questions")
def waiting(
    desk: TheDesk,
    member: Editor,
    language: str = "",
    municipality: str = "",
    order: str = "",
    page: int = 1,
    done: str = "",
    question: Chosen = [],  # noqa: B006 -- FastAPI copies it
) -> HTMLResponse:
    """Questions without an answer, by groups; `question` names those that were just closed or opened again."""
    with desk.core.database.reading() as session:
        towns = answer_pages.municipalities(session, member.municipalities(*EDITORS))
        town = next((each for each in towns if each.slug == municipality), towns[0])
        found = questions.waiting(session, [town.id])
        in_work = questions.in_work(session, [town.id])
        rows = answer_pages.rows(session, town, member.language, date.today())
    tags = sorted({each.language for each in found})
    chosen = language if language in tags else ""
    order = order if order in ORDERS else ORDERS[0]
    groups = _in_order(desk.core.answers.groups(town.id, found), order, in_work)
    groups = [group for group in groups if not chosen or chosen in dict(group.languages)]
    pages = max(1, -(-len(groups) // GROUPS_ON_A_PAGE))
    page = min(max(page, 1), pages)
    return desk.page(
        member,
        "answers/questions.html",
        shown=groups[(page - 1) * GROUPS_ON_A_PAGE : page * GROUPS_ON_A_PAGE],
        groups=len(groups),
        count=sum(group.size for group in groups),
        most=SHOWN,
        in_work=in_work,
        titles={row.id: (row.title, row.language) for row in rows},
        tags=tags,
        chosen=chosen,
        order=order,
        orders=ORDERS,
        number=page,
        pages=pages,
        town=town,
        towns=towns,
        done=done if done in DONE and (question or done == "none") else "",
        changed=question,
    )


@dataclass(frozen=True)
class Listing:
    """Which questions were listed, and how: kept on the way through other pages."""

    language: str = ""
    municipality: str = ""
    order: str = ""


@router.get("/desk/questions/write")
def write(desk: TheDesk, member: Editor, listing: Annotated[Listing, Depends()], question: Chosen = []) -> RedirectResponse:  # noqa: B006
    """On to a new answer for the chosen questions."""
    if not question:
        return to(PAGE, **asdict(listing), done="none")
    with desk.core.database.reading() as session:
        found = find_questions(session, member, question)
    return to(f"{LIST}/new", question=[each.id for each in found], language=_usual(found))


@router.get("/desk/questions/add")
def choose(desk: TheDesk, member: Editor, listing: Annotated[Listing, Depends()], question: Chosen = []) -> Response:  # noqa: B006
    """Asks which answer the chosen questions belong to."""
    if not question:
        return to(PAGE, **asdict(listing), done="none")
    with desk.core.database.reading() as session:
        found = find_questions(session, member, question)
        town = session.get_one(Municipality, found[0].municipality_id)
        rows = answer_pages.rows(session, town, member.language, date.today())
    return desk.page(
        member,
        "answers/add_questions.html",
        questions=found,
        groups=answer_pages.by_group([row for row in rows if row.status != "retired"]),
        town=town,
        chosen=listing.language,
        order=listing.order,
    )


@router.post("/desk/questions/add")
def add(desk: TheDesk, member: Editor, sent: Sent) -> RedirectResponse:
    """Make them example questions in the draft of an answer, and open that."""
    with desk.core.database.session() as session:
        found = find_questions(session, member, many(sent, "question"))
        answer = find_answer(session, member, one(sent, "answer"))
        if answer.municipality_id != found[0].municipality_id:
            raise HTTPException(404)
        form = questions.ask(editing.form_of(answer, editing.draft_of(session, answer)), *found)
        editing.save_draft(session, answer, form, member.staff_id)
    return to(f"{LIST}/{answer.id}", language=_usual(found), done="added")


@router.post("/desk/questions/set-aside")
def set_aside(desk: TheDesk, member: Editor, sent: Sent) -> RedirectResponse:
    """Close them without an answer."""
    if not many(sent, "question"):
        return _back(sent, "none", [])
    with desk.core.database.session() as session:
        found = find_questions(session, member, many(sent, "question"))
        questions.close(session, found[0].municipality_id, [each.id for each in found])
    return _back(sent, "set_aside", found)


@router.post("/desk/questions/reopen")
def reopen(desk: TheDesk, member: Editor, sent: Sent) -> RedirectResponse:
    """Open them again: they were closed by mistake."""
    with desk.core.database.session() as session:
        found = find_questions(session, member, many(sent, "question"), questions.CLOSED)
        questions.reopen(session, found[0].municipality_id, [each.id for each in found])
    return _back(sent, "reopened", found)


def _back(sent: FormData, done: str, found: Sequence[UnansweredQuestion]) -> RedirectResponse:
    kept = {name: one(sent, name) for name in ("language", "municipality", "order", "page")}
    return to(PAGE, **kept, done=done, question=[each.id for each in found])


def _usual(found: Sequence[UnansweredQuestion]) -> str:
    """The language that most questions are in."""
    return Counter(each.language for each in found).most_common(1)[0][0]


def _in_order(groups: list[Group], order: str, in_work: dict[str, str]) -> list[Group]:
    """Groups by size or time; those that drafts are going to answer come last."""
    if order == "newest":
        groups = sorted(groups, key=lambda group: group.newest, reverse=True)
    return sorted(groups, key=lambda group: all(each.id in in_work for each in group.questions))
