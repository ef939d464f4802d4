"""Questions that newcomers passed on because there was no answer: for the editors, until one is published."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lotse.answers.form import Form, TextForm, tidy
from lotse.storage.tables import Answer, AnswerDraft, UnansweredQuestion

OPEN, CLOSED = "open", "closed"


def waiting(session: Session, municipality_ids: Collection[str], language: str | None = None) -> list[UnansweredQuestion]:
    """Open questions of some municipalities, newest first."""
    query = select(UnansweredQuestion).where(
        UnansweredQuestion.municipality_id.in_(municipality_ids), UnansweredQuestion.status == OPEN
    )
    if language:
        query = query.where(UnansweredQuestion.language == language)
    return list(session.scalars(query.order_by(UnansweredQuestion.asked_at.desc(), UnansweredQuestion.id)))


def languages(session: Session, municipality_ids: Collection[str]) -> list[str]:
    """Languages of the open questions."""
    query = select(UnansweredQuestion.language).where(
        UnansweredQuestion.municipality_id.in_(municipality_ids), UnansweredQuestion.status == OPEN
    )
    return sorted(set(session.scalars(query)))


def in_work(session: Session, municipality_ids: Collection[str]) -> dict[str, str]:
    """Ids of questions that a draft is going to answer, each with the id of its answer."""
    query = select(AnswerDraft).join(Answer, Answer.id == AnswerDraft.answer_id)
    drafts = session.scalars(query.where(Answer.municipality_id.in_(municipality_ids)))
    return {question_id: draft.answer_id for draft in drafts for question_id in draft.body.get("asked", ())}


def ask(form: Form, question: UnansweredQuestion) -> Form:
    """The form with one more example question, in the language it was asked in; publishing it closes the question."""
    text = form.texts.get(question.language, TextForm())
    # an example question is one line
    added = replace(text, questions=(*text.questions, " ".join(str(question.question).split())))
    return tidy(replace(form, asked=(*form.asked, question.id), texts={**form.texts, question.language: added}))


def close(session: Session, municipality_id: str, question_ids: Iterable[str]) -> None:
    """Nobody has to see to these any more; ids of erased questions do not matter."""
    wanted = list(question_ids)
    if wanted:
        session.execute(
            update(UnansweredQuestion)
            .where(UnansweredQuestion.municipality_id == municipality_id, UnansweredQuestion.id.in_(wanted))
            .values(status=CLOSED)
        )
