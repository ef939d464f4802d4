"""Who wanted to be told the answer is told: once, in their language, and then nothing leads from the question to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.people import StopWriting
from bot.outbox import find_button
from bot.worker import Worker
from lotse import core as composition
from lotse.answers import editing, questions, telling
from lotse.answers.editing import Form
from lotse.core import Core
from lotse.settings import Settings
from lotse.storage import Database
from lotse.storage.tables import Answer, Conversation, Outbound, Staff, UnansweredQuestion
from lotse.turns import Turn, Understanding
from lotse.wording import Wording
from tests.unit.conftest import OFFERED, converse, musterstadt
from tests.unit.test_editing import FORM

DAY = datetime(2026, 12, 1, 10, tzinfo=UTC)  # eleven o'clock in the town
NIGHT = datetime(2026, 12, 1, 23, 30, tzinfo=UTC)


@pytest.fixture
def author(session: Session) -> str:
    staff = Staff(login="author@musterstadt.example", name="Anna Muster", password_hash="-")
    session.add(staff)
    session.flush()
    return staff.id


def ask(session: Session, conversation: Conversation | None, words: str = "куди викидати папір") -> UnansweredQuestion:
    question = UnansweredQuestion(
        municipality_id=musterstadt(session).id,
        conversation_id=conversation.id if conversation else None,
        question=words,
        language="uk",
    )
    session.add(question)
    session.flush()
    return question


def publish(session: Session, author: str, *asked: UnansweredQuestion, form: Form = FORM) -> Answer:
    answer = editing.create(session, musterstadt(session), questions.ask(form, *asked), author)
    editing.publish(session, answer, author)
    return answer


def test_who_waits_is_told_once(session: Session, author: str) -> None:
    waits, _ = converse(session, "chat 1", language="uk")
    other, _ = converse(session, "chat 2", language="uk")
    asked = [ask(session, waits), ask(session, waits, "куди подіти коробки"), ask(session, None)]
    alone = ask(session, other, "де басейн")
    answer = publish(session, author, *asked)
    [(conversation, reply)] = telling.due(session, answer.id)
    assert conversation.id == waits.id, "two questions of one person, one message"
    assert (reply.rows[0][0].kind, reply.rows[0][0].value) == ("answer", answer.id)
    assert "Сортувати сміття" in reply.paragraphs
    assert [each.conversation_id for each in asked] == [None, None, None]
    assert alone.conversation_id == other.id, "nobody else is touched"
    assert telling.due(session, answer.id) == telling.due(session) == []


@pytest.mark.parametrize("tag", OFFERED)
def test_in_the_newcomers_language(session: Session, author: str, wording: Wording, tag: str) -> None:
    waits, _ = converse(session, language=tag)
    answer = publish(session, author, ask(session, waits))
    [(_, reply)] = telling.due(session, answer.id)
    text = [wording.render(part, tag) for part in reply.paragraphs]
    has_own = tag in FORM.texts
    assert len(text) == (2 if has_own else 3), "what exists in another language only is said to be so"
    assert text[-1] == (FORM.texts["uk"].title if tag == "uk" else FORM.texts["de"].title)
    assert reply.strong == len(text) - 1
    assert wording.render(reply.rows[0][0].label, tag)


def test_who_wants_no_messages_is_not_told_until_they_ask_again(session: Session, author: str) -> None:
    waits, inbound = converse(session)
    other, _ = converse(session, "chat 2")
    before, others = ask(session, waits), ask(session, other)
    turn = Turn(session, waits, musterstadt(session), inbound, Understanding("stop"))
    StopWriting(Bare()).apply(turn, {}, False)  # type: ignore[arg-type]
    session.expire_all()
    assert (before.conversation_id, others.conversation_id) == (None, other.id)
    later = ask(session, waits)
    answer = publish(session, author, before, later)
    assert [conversation.id for conversation, _ in telling.due(session, answer.id)] == [waits.id]


class Bare:
    """An action that needs nothing of the core."""


def test_who_cannot_be_reached_is_not_told(session: Session, author: str) -> None:
    waits, _ = converse(session)
    waits.reachable = False
    question = ask(session, waits)
    answer = publish(session, author, question)
    assert telling.due(session, answer.id) == []
    assert question.conversation_id is None


def test_an_answer_that_begins_later_is_told_of_then(session: Session, author: str) -> None:
    waits, _ = converse(session)
    question = ask(session, waits)
    answer = publish(session, author, question, form=replace(FORM, valid_from="2026-12-01"))
    assert telling.due(session, answer.id, DAY - timedelta(days=3)) == []
    assert telling.due(session, moment=DAY - timedelta(days=3)) == []
    assert question.conversation_id == waits.id
    assert telling.due(session, moment=NIGHT) == [], "not in the night"
    assert [conversation.id for conversation, _ in telling.due(session, moment=DAY)] == [waits.id]
    assert question.conversation_id is None


def test_an_answer_that_was_retired_is_not_told_of(session: Session, author: str) -> None:
    waits, _ = converse(session)
    question = ask(session, waits)
    answer = publish(session, author, question)
    editing.retire(session, answer)
    assert telling.due(session, moment=DAY) == []
    assert question.conversation_id is None


def test_what_was_closed_without_an_answer_is_forgotten_after_a_day(session: Session) -> None:
    waits, _ = converse(session)
    question = ask(session, waits)
    town = musterstadt(session).id
    questions.close(session, town, [question.id])
    session.expire_all()
    closed = question.closed_on
    assert closed is not None
    noon = datetime(closed.year, closed.month, closed.day, 12, tzinfo=UTC)
    assert telling.due(session, moment=noon) == []
    telling.forget(session, noon + timedelta(days=1))
    session.expire_all()
    assert question.conversation_id == waits.id, "closing can be undone"
    questions.reopen(session, town, [question.id])
    telling.forget(session, noon + timedelta(days=9))
    session.expire_all()
    assert (question.conversation_id, question.closed_on) == (waits.id, None)
    questions.close(session, town, [question.id])
    telling.forget(session, noon + timedelta(days=2))
    session.expire_all()
    assert question.conversation_id is None


# as the worker does it


@pytest.fixture
def core(settings: Settings, database: Database) -> Iterator[Core]:
    parts = composition.build(settings)
    yield parts
    parts.database.engine.dispose()


def test_the_worker_lays_it_in_the_outbox(core: Core) -> None:
    with core.database.session() as session:
        staff = Staff(login="author@musterstadt.example", name="Anna Muster", password_hash="-")
        session.add(staff)
        session.flush()
        waits, _ = converse(session)
        answer = publish(session, staff.id, ask(session, waits), form=replace(FORM, valid_from="2026-12-01"))
    worker = Worker(core, lambda conversation_id: None)
    assert worker.tell(DAY - timedelta(days=2)) == []
    assert worker.tell(DAY) == [waits.id]
    assert worker.tell(DAY) == []
    with core.database.session() as session:
        [row] = session.scalars(select(Outbound)).all()
        assert row.body["language"] == "uk"
        assert "Сортувати сміття" in row.body["text"]
        [[button]] = row.body["buttons"]
        found = find_button(session, session.get_one(Conversation, waits.id), button["id"])
        assert found is not None
        assert (found[1].kind, found[1].value) == ("answer", answer.id)
