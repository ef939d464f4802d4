"""Questions that newcomers passed on because there was no answer: for the editors, until one is published."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lotse.answers.form import LONGEST_QUESTION, MOST_QUESTIONS, Form, TextForm, tidy
from lotse.answers.grouping import Group
from lotse.storage.tables import Answer, AnswerDraft, UnansweredQuestion, now

__all__ = ["CLOSED", "OPEN", "Group", "answered", "ask", "close", "in_work", "languages", "reopen", "waiting"]

OPEN, CLOSED = "open", "closed"
MOST_AT_ONCE = 500  # parameters of one query


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


def ask(form: Form, *questions: UnansweredQuestion) -> Form:
    """The form with these as example questions, in the languages they were asked in; publishing it closes all of them.

    A language that has its most example questions already takes no more of them: the answer is for them all the same.
    """
    texts = dict(form.texts)
    for question in questions:
        text = texts.get(question.language, TextForm())
        # an example question is one line
        line = " ".join(str(question.question).split())[:LONGEST_QUESTION].strip()
        if len(text.questions) < MOST_QUESTIONS:
            texts[question.language] = replace(text, questions=(*text.questions, line))
    return tidy(replace(form, asked=(*form.asked, *(question.id for question in questions)), texts=texts))


def close(session: Session, municipality_id: str, question_ids: Iterable[str]) -> None:
    """Nobody has to see to these any more; ids of erased questions do not matter."""
    _set(session, municipality_id, question_ids, status=CLOSED, closed_on=now().date())


def answered(session: Session, municipality_id: str, question_ids: Iterable[str], answer_id: str) -> None:
    """An answer was published for these; who waits for it is told by it (telling.py)."""
    _set(session, municipality_id, question_ids, status=CLOSED, closed_on=now().date(), answer_id=answer_id)


def reopen(session: Session, municipality_id: str, question_ids: Iterable[str]) -> None:
    """These were closed by mistake."""
    _set(session, municipality_id, question_ids, status=OPEN, closed_on=None, answer_id=None)


def _set(session: Session, municipality_id: str, question_ids: Iterable[str], **values: Any) -> None:
    wanted = list(question_ids)
    for start in range(0, len(wanted), MOST_AT_ONCE):
        session.execute(
            update(UnansweredQuestion)
            .where(
                UnansweredQuestion.municipality_id == municipality_id,
                UnansweredQuestion.id.in_(wanted[start : start + MOST_AT_ONCE]),
            )
            .values(**values)
        )
