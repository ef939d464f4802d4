"""Erasing reaches everything: by the tables' foreign keys, and by looking at what is left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table as SqlTable
from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import Session

from lotse.cases import open_case
from lotse.privacy import Erased, erase_conversation, erase_told, forget_tracker
from lotse.storage import Database
from lotse.storage.crypto import Encrypted
from lotse.storage.tables import (
    Applied,
    CaseEvent,
    Consent,
    Conversation,
    CrisisCall,
    Feedback,
    Inbound,
    Intake,
    Outbound,
    Response,
    ReturnCode,
    Table,
    UnansweredQuestion,
    WebSession,
)
from tests.unit.conftest import converse, musterstadt

TABLES = Table.metadata.tables
PERSONAL = sorted(name for name, table in TABLES.items() if any(isinstance(column.type, Encrypted) for column in table.columns))


def hangs_on(table: SqlTable, root: str) -> bool:
    """Whether deleting the root's row deletes this table's rows: a path of foreign keys with ON DELETE CASCADE."""
    return table.name == root or any(
        hangs_on(key.column.table, root)
        for key in table.foreign_keys
        if key.ondelete == "CASCADE" and key.column.table is not table
    )


def test_personal_tables_are_known() -> None:
    assert PERSONAL == [
        "applied", "case_event", "cases", "conversation", "crisis_call",
        "inbound", "intake", "outbound", "response", "unanswered_question",
    ]  # fmt: skip


@pytest.mark.parametrize("name", [*PERSONAL, "consent"])
def test_every_personal_table_hangs_on_the_conversation(name: str) -> None:
    assert hangs_on(TABLES[name], "conversation")


@pytest.mark.parametrize("name", [name for name in PERSONAL if name != "unanswered_question"])
def test_no_personal_row_can_be_without_a_conversation(name: str) -> None:
    """Only an unanswered question may stand alone: the newcomer did not want to be told the answer."""
    table = TABLES[name]
    if name == "conversation":
        return
    required = [
        column
        for column in table.columns
        if not column.nullable
        and any(key.ondelete == "CASCADE" and hangs_on(key.column.table, "conversation") for key in column.foreign_keys)
    ]
    assert required, f"{name} has no required foreign key towards the conversation"


@pytest.mark.parametrize("name", ["feedback", "answer", "answer_text", "municipality"])
def test_what_is_not_personal_stays(name: str) -> None:
    assert not hangs_on(TABLES[name], "conversation")


def tell_everything(session: Session, address: str) -> Conversation:
    """A conversation with a row in every table that can hold one."""
    town = musterstadt(session)
    conversation, inbound = converse(session, address)
    conversation.pending = {"kind": "asked", "words": "…"}
    intake = Intake(
        conversation_id=conversation.id, municipality_id=town.id, questionnaire="intake", version="1", status="submitted"
    )
    session.add(intake)
    intake.responses.append(Response(question="age", value="18-26", words="19", language="uk", inbound_id=inbound.id))
    intake.consents.append(Consent(purpose="guide_reads", text_version="1", language="uk"))
    session.flush()
    case = open_case(session, conversation, "intake", intake=intake)
    case.events.append(CaseEvent(kind="note", body="…"))
    open_case(session, conversation, "contact", topic="житло")
    conversation.contact = {"phone": None, "email": "somebody@example.org"}
    session.add(CrisisCall(conversation_id=conversation.id, municipality_id=town.id, words="…", state="called"))
    session.add(WebSession(digest=f"session {address}", conversation_id=conversation.id))
    session.add(ReturnCode(digest=f"code {address}", conversation_id=conversation.id))
    session.add(Applied(inbound_id=inbound.id, action="action_answer", result={"replies": []}))
    session.add(Outbound(conversation_id=conversation.id, inbound_id=inbound.id, body={"text": "…"}))
    session.add(Outbound(conversation_id=conversation.id, body={"text": "…"}, state="sent"))
    session.add(UnansweredQuestion(municipality_id=town.id, conversation_id=conversation.id, question="…", language="uk"))
    session.flush()
    return conversation


def rows(session: Session) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of the tables that hang on a conversation, as they lie in the database."""
    names = [name for name, table in TABLES.items() if hangs_on(table, "conversation")]
    return {name: [tuple(row) for row in session.execute(text(f"SELECT * FROM {name}"))] for name in names}


def test_erasing_a_conversation_leaves_no_row(database: Database) -> None:
    with database.session() as session:
        tell_everything(session, "the other chat")
        before = rows(session)
    with database.session() as session:
        conversation = tell_everything(session, "this chat")
        filled = rows(session)
        assert [name for name in filled if len(filled[name]) == len(before[name])] == [], "the test fills not every table"
        identifier = conversation.id
    with database.session() as session:
        erased = erase_conversation(session, session.get_one(Conversation, identifier))
    assert erased == Erased(intakes=1, cases=2, messages=2)
    with database.session() as session:
        assert rows(session) == before, "another conversation's rows are touched, or some of this one are left"
        for name in TABLES:
            for row in session.execute(text(f"SELECT * FROM {name}")):
                assert identifier not in row, f"{name} still names the conversation"


def test_a_database_without_our_code_erases_as_well(database: Database) -> None:
    with database.session() as session:
        identifier = tell_everything(session, "this chat").id
    with database.session() as session:
        session.execute(text("DELETE FROM conversation WHERE id = :id"), {"id": identifier})
    with database.session() as session:
        assert {name for name, left in rows(session).items() if left} == set()


def test_questions_and_thumbs_without_a_conversation_stay(database: Database) -> None:
    with database.session() as session:
        conversation = tell_everything(session, "this chat")
        town = musterstadt(session)
        answer = session.execute(text("SELECT id FROM answer LIMIT 1")).scalar_one()
        session.add(UnansweredQuestion(municipality_id=town.id, question="анонімне питання", language="uk"))
        session.add(Feedback(answer_id=answer, language="uk", verdict="helpful"))
        session.flush()
        erase_conversation(session, conversation)
    with database.session() as session:
        assert session.scalars(select(UnansweredQuestion.question)).all() == ["анонімне питання"]
        assert len(session.scalars(select(Feedback)).all()) == 1


def test_erasing_what_was_told_lets_the_chat_go_on(database: Database) -> None:
    with database.session() as session:
        conversation = tell_everything(session, "this chat")
        asked = Inbound(conversation_id=conversation.id, external_id="2", body={"text": "видалити"})
        session.add(asked)
        session.flush()
        erased = erase_told(session, conversation, keep_inbound=asked.id)
        kept = asked.id
    assert (erased.intakes, erased.cases) == (1, 2)
    with database.session() as session:
        left = {name: len(found) for name, found in rows(session).items() if found}
        kept_rows = {"conversation": 1, "inbound": 1, "outbound": 1, "web_session": 1}
        assert left == kept_rows, "the outbox still has to send what waits; the browser still is where the chat goes on"
        assert session.scalars(select(Inbound.id)).all() == [kept]
        assert session.scalars(select(Outbound.state)).all() == ["pending"]
        here = session.scalars(select(Conversation)).one()
        assert (here.address, here.language, here.pending) == ("this chat", "uk", None)


def test_erasing_nothing(database: Database) -> None:
    with database.session() as session:
        conversation, _ = converse(session)
        assert erase_told(session, conversation).cases == 0
        assert erase_conversation(session, conversation) == Erased(0, 0, 0)
    with database.session() as session:
        assert session.scalars(select(Conversation)).all() == []


def test_the_tracker_forgets_one_conversation(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'tracker.db'}"
    forget_tracker(url, "c_1")  # nothing there yet
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE events (id INTEGER PRIMARY KEY, sender_id VARCHAR, data TEXT)"))
        for sender in ("c_1", "c_2", "c_1"):
            connection.execute(text("INSERT INTO events (sender_id, data) VALUES (:sender, '{}')"), {"sender": sender})
    forget_tracker(url, "c_1")
    with engine.begin() as connection:
        assert connection.execute(text("SELECT sender_id FROM events")).scalars().all() == ["c_2"]
    engine.dispose()
