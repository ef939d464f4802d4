"""Telling newcomers that there is an answer now to what they asked: once, and then nothing leads from the question to them."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lotse.answers import service
from lotse.answers.questions import CLOSED
from lotse.intake.asking import language_name
from lotse.intake.reminders import read_hours
from lotse.replies import Button, Reply, Say, say
from lotse.storage.tables import Answer, Conversation, Municipality, UnansweredQuestion, now

UNDO = timedelta(days=1)  # for so long a question that was closed without an answer can be opened again with its newcomer

Told = tuple[Conversation, Reply]


def told(answer: Answer, language: str) -> Reply:
    """What a newcomer reads: that there is an answer, its title, and the button that shows it."""
    text = service.text_in(answer, language)
    only: list[str | Say] = []
    if text.language != language:
        only = [say("answer.only_in", language=language_name(text.language, language))]
    button = Button(say("told.button.show"), "answer", answer.id)
    return Reply([say("told.answered"), *only, text.title], [[button]], language=text.language, strong=1 + len(only))


def due(session: Session, answer_id: str | None = None, moment: datetime | None = None) -> list[Told]:
    """Everybody who is to be told now, each once an answer: to be laid in the outbox in the same transaction.

    With an id who waits for that answer; without one everybody in whose town people may be written to at this time of day.
    Who cannot be reached is not told. Either way nothing then leads from the question to the conversation. An answer that
    is not valid yet is told of when it is.
    """
    moment = moment or now()
    query = select(UnansweredQuestion).where(UnansweredQuestion.status == CLOSED, UnansweredQuestion.conversation_id.is_not(None))
    query = query.where(
        UnansweredQuestion.answer_id == answer_id if answer_id is not None else UnansweredQuestion.answer_id.is_not(None)
    )
    waiting = session.scalars(query.order_by(UnansweredQuestion.id).with_for_update(skip_locked=True)).all()
    towns = {each.id: each for each in session.scalars(select(Municipality)) if waiting}
    if answer_id is None:
        waiting = [each for each in waiting if _by_day(towns[each.municipality_id], moment)]
    wanted = sorted({str(each.answer_id) for each in waiting})
    answers = {answer.id: answer for answer in service.get(session, wanted, moment)}
    later = _upcoming(session, wanted, towns, moment)
    found: dict[tuple[str, str], Told] = {}
    for question in waiting:
        if question.answer_id in later:
            continue
        conversation = session.get_one(Conversation, question.conversation_id)
        answer = answers.get(str(question.answer_id))
        if answer is not None and conversation.reachable:
            found[conversation.id, answer.id] = conversation, told(answer, conversation.language or question.language)
        question.conversation_id = None
    session.flush()
    return list(found.values())


def end(session: Session, conversation_id: str) -> None:
    """A newcomer wants no messages unasked any more: also not about what they asked before. Who asks again is told again."""
    mine = update(UnansweredQuestion).where(UnansweredQuestion.conversation_id == conversation_id)
    session.execute(mine.values(conversation_id=None))


def forget(session: Session, moment: datetime | None = None) -> None:
    """Nothing leads from a question to its newcomer any more that was closed without an answer, and not just now."""
    limit = ((moment or now()) - UNDO).date()
    session.execute(
        update(UnansweredQuestion)
        .where(
            UnansweredQuestion.status == CLOSED,
            UnansweredQuestion.conversation_id.is_not(None),
            UnansweredQuestion.answer_id.is_(None),
            UnansweredQuestion.closed_on < limit,
        )
        .values(conversation_id=None)
    )


def _by_day(town: Municipality, moment: datetime) -> bool:
    return read_hours(town.details).include(moment, ZoneInfo(town.time_zone))


def _upcoming(session: Session, answer_ids: list[str], towns: dict[str, Municipality], moment: datetime) -> set[str]:
    """Those that are published and begin to be valid later."""
    query = select(Answer).where(Answer.id.in_(answer_ids), Answer.status == "published", Answer.valid_from.is_not(None))
    return {
        answer.id
        for answer in session.scalars(query)
        if answer.valid_from and answer.valid_from > service.day_in(towns[answer.municipality_id].time_zone, moment)
    }
