"""Erasing reaches everything: by the tables' foreign keys, and by looking at what is left."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table as SqlTable
from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import Session

from lotse import storage
from lotse.cases import flags, open_case, tasks
from lotse.cases.finding import keep as keep_marks
from lotse.cases.news import mark_read
from lotse.cases.verifying import verify
from lotse.intake import Questionnaire
from lotse.privacy import Erased, erase_conversation, erase_told, forget_traces, forget_tracker, withdraw
from lotse.settings import Settings
from lotse.storage import Database, settle
from lotse.storage.crypto import Encrypted
from lotse.storage.tables import (
    Applied,
    Appointment,
    Case,
    CaseDifference,
    CaseEvent,
    CaseLikeness,
    Consent,
    ConsentProof,
    Conversation,
    CrisisCall,
    Feedback,
    Inbound,
    Intake,
    Outbound,
    Response,
    ReturnCode,
    Staff,
    StaffRole,
    Table,
    UnansweredQuestion,
    Webhook,
    WebhookDelivery,
    WebLink,
    WebSession,
    now,
)
from tests.unit.conftest import converse, musterstadt

TABLES = Table.metadata.tables
ENCRYPTED = sorted(name for name, table in TABLES.items() if any(isinstance(column.type, Encrypted) for column in table.columns))
OF_STAFF = ["second_factor"]  # nothing of newcomers; goes with the account
PERSONAL = [name for name in ENCRYPTED if name not in OF_STAFF]


def hangs_on(table: SqlTable, root: str) -> bool:
    """Whether deleting the root's row deletes this table's rows: a path of foreign keys with ON DELETE CASCADE."""
    return table.name == root or any(
        hangs_on(key.column.table, root)
        for key in table.foreign_keys
        if key.ondelete == "CASCADE" and key.column.table is not table
    )


def test_personal_tables_are_known() -> None:
    assert PERSONAL == [
        "applied", "appointment", "case_event", "case_flag", "case_task", "cases", "conversation", "crisis_call",
        "inbound", "intake", "outbound", "response", "unanswered_question",
    ]  # fmt: skip


@pytest.mark.parametrize("name", [*OF_STAFF, "recovery_code", "staff_identity", "staff_role", "staff_session"])
def test_what_is_of_staff_hangs_on_the_account_alone(name: str) -> None:
    assert hangs_on(TABLES[name], "staff")
    assert not hangs_on(TABLES[name], "conversation")


@pytest.mark.parametrize(
    "name",
    [
        *PERSONAL, "consent", "case_likeness", "case_difference", "case_mark", "case_check", "case_reading", "web_link",
        "web_session", "webhook_delivery",
    ],
)  # fmt: skip
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


@pytest.mark.parametrize(
    "name",
    ["feedback", "answer", "answer_text", "answer_version", "answer_link", "municipality", "consent_proof", "consent_text"],
)
def test_what_is_not_personal_stays(name: str) -> None:
    assert not hangs_on(TABLES[name], "conversation")


def tell_everything(session: Session, address: str) -> Conversation:
    """A conversation with a row in every table that can hold one."""
    town = musterstadt(session)
    conversation, inbound = converse(session, address)
    conversation.pending = {"kind": "asked", "words": "…"}
    intake = Intake(
        conversation_id=conversation.id, municipality_id=town.id, questionnaire="intake", version="1", sent=1, status="submitted"
    )
    session.add(intake)
    for question, told in (("age", "18-26"), ("call_name", "…a")):
        intake.responses.append(
            Response(question=question, value=told, words=told, language="uk", inbound_id=inbound.id, sent_in=1)
        )
    intake.consents.append(Consent(purpose="guide_reads", text_version="1", language="uk"))
    session.flush()
    case = open_case(session, conversation, "intake", intake=intake)
    case.events.append(CaseEvent(kind="note", body="…"))
    open_case(session, conversation, "contact", topic="житло")
    conversation.contact = {"phone": None, "email": "somebody@example.org"}
    session.add(CrisisCall(conversation_id=conversation.id, municipality_id=town.id, words="…", state="called"))
    session.add(Appointment(case_id=case.id, place="…", minutes=30, times=["2026-11-26T09:00:00+00:00"]))
    other = open_case(session, conversation, "contact")
    keep_marks(session, case)
    flags.set_flag(session, case, "papers", "…", staff(session))
    tasks.add(session, case, "…", "2026-12-24", staff(session).id, staff(session))
    mark_read(session, case.id, staff(session).id, 1)
    verify(session, case, {intake.responses[0].number}, set(), staff(session))
    session.add(CaseLikeness(case_id=case.id, digest=f"telephone {address}", kind="phone"))
    session.add(CaseDifference(case_id=case.id, other_id=other.id))
    session.add(WebLink(digest=f"link {address}", conversation_id=conversation.id, purpose="my_data", expires_at=now()))
    webhook = Webhook(municipality_id=town.id, url="https://example.org/", events=[], secret="whsec_")
    session.add(webhook)
    session.flush()
    session.add(WebhookDelivery(webhook_id=webhook.id, case_id=case.id, event="case.opened"))
    session.add(WebSession(digest=f"session {address}", conversation_id=conversation.id))
    session.add(ReturnCode(digest=f"code {address}", conversation_id=conversation.id))
    session.add(Applied(inbound_id=inbound.id, action="action_answer", result={"replies": []}))
    session.add(Outbound(conversation_id=conversation.id, inbound_id=inbound.id, body={"text": "…"}))
    session.add(Outbound(conversation_id=conversation.id, body={"text": "…"}, state="sent"))
    session.add(UnansweredQuestion(municipality_id=town.id, conversation_id=conversation.id, question="…", language="uk"))
    session.flush()
    return conversation


def staff(session: Session) -> Staff:
    """A case worker of the town."""
    found = session.scalar(select(Staff).where(Staff.login == "anna"))
    if found is None:
        found = Staff(login="anna", name="Anna Beispiel", password_hash="-")
        found.roles.append(StaffRole(role="case_worker", municipality_id=musterstadt(session).id))
        session.add(found)
        session.flush()
    return found


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
    assert erased == Erased(intakes=1, cases=3, messages=3)
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
        session.add(Outbound(conversation_id=conversation.id, inbound_id=asked.id, body={"text": "…"}))
        session.flush()
        erased = erase_told(session, conversation, keep_inbound=asked.id)
        kept = asked.id
    assert (erased.intakes, erased.cases) == (1, 3)
    with database.session() as session:
        left = {name: len(found) for name, found in rows(session).items() if found}
        kept_rows = {"conversation": 1, "inbound": 1, "outbound": 1, "web_session": 1}
        assert left == kept_rows, "the browser still is where the chat goes on"
        assert session.scalars(select(Inbound.id)).all() == [kept]
        assert session.scalars(select(Outbound.inbound_id)).all() == [kept], (
            "what waits to be sent may hold words; the reply stays"
        )
        here = session.scalars(select(Conversation)).one()
        assert (here.address, here.language, here.pending) == ("this chat", "uk", None)


def test_proof_of_agreement_stays_and_names_nobody(database: Database) -> None:
    with database.session() as session:
        conversation = tell_everything(session, "this chat")
        address, identifier = conversation.address_digest, conversation.id
        known = {identifier, *ids_of(session, identifier)}
        erase_conversation(session, conversation)
    with database.session() as session:
        (proof,) = session.scalars(select(ConsentProof))
        assert (proof.address_digest, proof.purpose, proof.text_version, proof.ended_by) == (
            address,
            "guide_reads",
            "1",
            "deleted",
        )
        assert not known & {str(value) for row in session.execute(text("SELECT * FROM consent_proof")) for value in row}


def test_somebody_of_the_household_in_another_chat_stays(database: Database) -> None:
    with database.session() as session:
        for address in ("this chat", "the other chat"):
            conversation = tell_everything(session, address)
            for intake in session.scalars(select(Intake).where(Intake.conversation_id == conversation.id)):
                intake.household_id = "hh_1"
        kept = conversation.id
        erase_told(session, session.scalars(select(Conversation).where(Conversation.id != kept)).one())
    with database.session() as session:
        assert session.scalars(select(Intake.conversation_id)).all() == [kept]
        assert len(session.scalars(select(Case)).all()) == 3


# taking an agreement back


def agreed(session: Session, address: str, channel: str = "telegram") -> tuple[Conversation, Intake]:
    """An intake with an ordinary and a sensitive response, and the messages in which they were told."""
    conversation, inbound = converse(session, address)
    conversation.channel = channel
    intake = Intake(
        conversation_id=conversation.id, municipality_id=musterstadt(session).id, questionnaire="intake", version="1", sent=1,
        status="submitted",
    )  # fmt: skip
    session.add(intake)
    session.flush()
    for question in ("wish_year", "faith"):
        intake.responses.append(Response(question=question, value="yes", language="uk", inbound_id=inbound.id, sent_in=1))
    for purpose in ("guide_reads", "faith"):
        intake.consents.append(Consent(purpose=purpose, text_version="1", language="uk"))
    asks = Inbound(conversation_id=conversation.id, external_id="2", body={"text": "відкликати"})
    session.add_all([asks, Outbound(conversation_id=conversation.id, inbound_id=inbound.id, body={"text": "…"}, state="sent")])
    session.flush()
    return conversation, intake


def left(session: Session) -> tuple[list[str], int]:
    """External ids of the messages of the newcomer that are left, and how many of the bot."""
    return list(session.scalars(select(Inbound.external_id))), len(session.scalars(select(Outbound)).all())


@pytest.mark.parametrize("status", ["new", "open"])
def test_withdrawing_reaches_the_messages_in_which_it_was_told(
    session: Session, questionnaire: Questionnaire, status: str
) -> None:
    conversation, intake = agreed(session, "this chat")
    case = open_case(session, conversation, "intake", intake=intake)
    case.status = status
    asks = session.scalars(select(Inbound.id).where(Inbound.external_id == "2")).one()
    stays = withdraw(session, questionnaire, intake, only_private=False, keep_inbound=asks)
    assert left(session) == (["2"], 0)
    assert len(session.scalars(select(Response)).all()) == 0
    assert sorted(session.scalars(select(ConsentProof.ended_by))) == ["withdrawn", "withdrawn"]
    if status == "new":
        assert (stays, session.scalars(select(Case)).all(), session.scalars(select(Intake)).all()) == (None, [], [])
    else:
        assert stays is case
        assert intake.status == "withdrawn"


@pytest.mark.parametrize(("channel", "expected"), [("telegram", (["1", "2"], 1)), ("web", (["2"], 0))])
def test_withdrawing_what_is_sensitive_only(
    session: Session, questionnaire: Questionnaire, channel: str, expected: tuple[list[str], int]
) -> None:
    """In a messenger it was never shown; the web chat has it among its messages."""
    _, intake = agreed(session, "this chat", channel)
    asks = session.scalars(select(Inbound.id).where(Inbound.external_id == "2")).one()
    withdraw(session, questionnaire, intake, only_private=True, keep_inbound=asks)
    assert left(session) == expected
    assert [response.question for response in intake.responses] == ["wish_year"]
    assert [consent.purpose for consent in intake.consents] == ["guide_reads"]
    assert [proof.purpose for proof in session.scalars(select(ConsentProof))] == ["faith"]


def test_erasing_nothing(database: Database) -> None:
    with database.session() as session:
        conversation, _ = converse(session)
        assert erase_told(session, conversation).cases == 0
        assert erase_conversation(session, conversation) == Erased(0, 0, 0)
    with database.session() as session:
        assert session.scalars(select(Conversation)).all() == []


# what SQLite leaves behind


def ids_of(session: Session, conversation: str) -> set[str]:
    """All ids that belong to a conversation."""
    found = {
        each
        for table in (Inbound, Outbound, Intake, Case, CrisisCall, UnansweredQuestion)
        for each in session.scalars(select(table.id).where(table.conversation_id == conversation))
    }
    return found | set(session.scalars(select(Response.inbound_id).join(Intake).where(Intake.conversation_id == conversation)))


def test_no_byte_of_an_erased_conversation_stays_in_the_files(database: Database, settings: Settings) -> None:
    """Pages are split, joined and freed again and again; then the files are searched as they lie on the disk."""
    chance = random.Random(7)
    living: dict[str, set[str]] = {}
    gone: set[str] = set()
    number = 0
    for _ in range(12):
        with database.session() as session:
            for _ in range(chance.randint(5, 25)):
                number += 1
                conversation = tell_everything(session, f"chat {number}")
                for place in range(chance.randint(0, 20)):
                    words = {"text": "w" * chance.randint(1, 900)}
                    session.add(Inbound(conversation_id=conversation.id, external_id=f"x{place}", body=words))
                    session.add(Outbound(conversation_id=conversation.id, body=words, state="sent"))
                session.flush()
                living[conversation.id] = ids_of(session, conversation.id)
        for identifier in chance.sample(sorted(living), chance.randint(3, len(living) // 2 + 3)):
            with database.session() as session:
                erase_conversation(session, session.get_one(Conversation, identifier))
            gone |= {identifier, *living.pop(identifier)}
    assert len(gone) > 1000
    forget_traces(database, settings)
    raw = b"".join(file.read_bytes() for file in settings.home.rglob("*") if file.is_file())
    assert [each for each in gone if each.encode() in raw] == []
    assert all(each.encode() in raw for each in living), "the search finds what is there"


def test_who_reads_for_long_is_not_waited_for(database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "PATIENCE", 50)
    with database.session() as session:
        tell_everything(session, "this chat")
    with database.reading() as reading:
        assert reading.scalars(select(Conversation)).all()
        with database.session() as session:
            erase_conversation(session, session.scalars(select(Conversation)).one())
        started = time.monotonic()
        assert not settle(database.engine)
        assert time.monotonic() - started < 5
    assert settle(database.engine)
    assert not (settings.home / "lotse.db-wal").stat().st_size


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
