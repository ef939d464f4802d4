"""A request to delete that a guide must answer: fulfilled or refused, both recorded and told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from actions.people import erase_all
from lotse.cases import deletion, flags, likeness, open_case, work
from lotse.cases.deletion import ANSWER_WITHIN, LONGEST_REASON, Answer
from lotse.cases.work import WorkError
from lotse.replies import Reply, Say
from lotse.storage import Database
from lotse.storage.tables import (
    Case,
    CaseFlag,
    CaseTask,
    Consent,
    ConsentProof,
    Conversation,
    Inbound,
    Intake,
    Outbound,
    Response,
    Staff,
    now,
)
from lotse.turns import Turn, Understanding
from tests.unit.conftest import converse, musterstadt

SECRET = "Хочу працювати медсестрою"


def guide(session: Session) -> Staff:
    staff = Staff(login="guide", name="Gerda Guide", password_hash="-")
    session.add(staff)
    session.flush()
    return staff


def asked(session: Session, address: str = "chat 1", status: str = "open") -> Turn:
    """The turn of somebody who says yes to deleting everything; a guide has their case."""
    conversation, inbound = converse(session, address)
    conversation.contact = {"phone": "+491701234567", "email": None}
    town = musterstadt(session)
    intake = Intake(
        conversation_id=conversation.id, municipality_id=town.id, questionnaire="intake", version="1", status="submitted", sent=1
    )
    session.add(intake)
    for question, value in (("call_name", "Олена"), ("wish_year", SECRET)):
        intake.responses.append(
            Response(question=question, value=value, words=value, language="uk", inbound_id=inbound.id, sent_in=1)
        )
    intake.consents.append(Consent(purpose="guide_reads", text_version="1", language="uk"))
    session.flush()
    case = open_case(session, conversation, "intake", intake=intake)
    case.status = status
    work.write_note(session, case, f"{SECRET}!", guide(session)) if address == "chat 1" else None
    session.flush()
    return Turn(session, conversation, town, inbound, Understanding(None))


def keys(reply: Reply) -> list[str]:
    return [part.key if isinstance(part, Say) else part for part in reply.paragraphs]


def the_guide(session: Session) -> Staff:
    return session.scalars(select(Staff)).one()


def requests(session: Session) -> list[Case]:
    return list(session.scalars(select(Case).where(Case.kind == "deletion").order_by(Case.opened_at)))


def fulfil(session: Session, request: Case, also: tuple[Case, ...] = ()) -> list[Answer]:
    return deletion.erase(session, request, the_guide(session), also)


def test_the_same_request_twice_is_one(session: Session) -> None:
    turn = asked(session)
    for _ in range(2):
        assert keys(erase_all(turn).replies[0]) == ["delete.requested"]
    (request,) = requests(session)
    assert deletion.waits(request)
    deletion.refuse(session, request, "Es läuft ein Verfahren.", the_guide(session))
    erase_all(turn)
    assert [each.status for each in requests(session)] == ["closed", "new"], "asked again after a no"


def test_only_its_answer_closes_a_request(session: Session) -> None:
    erase_all(asked(session))
    (request,) = requests(session)
    staff = the_guide(session)
    work.take(session, request, staff)
    assert work.offered_statuses(request) == ("waiting",)
    with pytest.raises(WorkError):
        work.set_status(session, request, "closed", staff)
    deletion.refuse(session, request, "Es läuft ein Verfahren.", staff)
    assert request.status == "closed"
    assert work.offered_statuses(request) == ("open",), "a guide may come to another answer"


@pytest.mark.parametrize(("days", "status", "overdue"), [(29, "new", False), (31, "new", True), (31, "closed", False)])
def test_a_month_to_answer(session: Session, days: int, status: str, overdue: bool) -> None:
    erase_all(asked(session))
    (request,) = requests(session)
    request.opened_at = now() - timedelta(days=days)
    request.status = status
    assert deletion.answer_until(request) == request.opened_at + ANSWER_WITHIN
    assert deletion.is_overdue(request, now()) is overdue
    other = session.scalars(select(Case).where(Case.kind == "intake")).one()
    other.opened_at = now() - timedelta(days=99)
    assert not deletion.is_overdue(other, now())


def test_what_there_is_is_named(session: Session) -> None:
    turn = asked(session)
    erase_all(turn)
    unsent = Intake(
        conversation_id=turn.conversation.id, municipality_id=turn.municipality.id, questionnaire="intake", version="1"
    )
    session.add(unsent)
    unsent.responses.append(Response(question="call_name", value="Ярема", language="uk", inbound_id=turn.inbound.id))
    session.add(Outbound(conversation_id=turn.conversation.id, body={"text": "…"}, state="sent"))
    session.flush()
    found = deletion.stock(session, turn.conversation)
    assert found.people == ["Олена", None], "a guide reads only what was sent"
    assert [case.kind for case in found.cases] == ["intake"]
    assert (found.messages, found.contact) == (2, True)


def test_erasing_leaves_the_chat_and_that_it_was_done(database: Database) -> None:
    with database.session() as session:
        turn = asked(session)
        erase_all(turn)
        (request,) = requests(session)
        request.topic = SECRET
        work.write_note(session, request, f"{SECRET}?", the_guide(session))
        flags.set_flag(session, request, "other", SECRET, the_guide(session))
        session.add(CaseTask(case=request, text=SECRET))
        turn.inbound.state = "done"
        for state in ("sent", "undeliverable"):
            session.add(Outbound(conversation_id=turn.conversation.id, body={"text": SECRET}, state=state))
        session.flush()
        reference = request.reference
        (answer,) = fulfil(session, request)
        assert answer.conversation is turn.conversation
        assert keys(answer.reply) == ["deletion.erased"]
        with pytest.raises(WorkError):
            fulfil(session, request)
    with database.session() as session:
        (left,) = session.scalars(select(Case)).all()
        assert (left.reference, left.kind, left.status, left.topic) == (reference, "deletion", "closed", None)
        (event,) = left.events
        assert (event.kind, event.body, event.staff and event.staff.name) == (
            "erased",
            {"intakes": 1, "cases": 1, "messages": 3},
            "Gerda Guide",
        )
        assert work.offered_statuses(left) == ()
        for table in (Intake, Response, Inbound, Outbound, CaseFlag, CaseTask):
            assert session.scalars(select(table)).all() == []
        chat = session.scalars(select(Conversation)).one()
        assert (chat.address, chat.language, chat.contact) == ("chat 1", "uk", None)
        assert session.scalars(select(ConsentProof.ended_by)).all() == ["deleted"]
        # who begins anew may delete at once again: nobody has taken anything
        again = Inbound(conversation_id=chat.id, external_id="9", body={"text": "видалити"})
        session.add(again)
        session.flush()
        turn = Turn(session, chat, musterstadt(session), again, Understanding(None))
        assert keys(erase_all(turn).replies[0])[0] == "delete.done"


def test_a_message_that_is_being_worked_on_stays_until_its_turn_is_over(session: Session) -> None:
    turn = asked(session)
    erase_all(turn)
    fulfil(session, requests(session)[0])
    assert session.scalars(select(Inbound.id)).all() == [turn.inbound.id]


def test_what_is_said_after_erasing_has_a_new_number(session: Session) -> None:
    """An open page asks for what came after the last number that it shows."""
    turn = asked(session)
    erase_all(turn)
    session.add(Outbound(conversation_id=turn.conversation.id, body={"text": "…"}, state="sent"))
    session.flush()
    shown = session.scalars(select(Outbound.number)).one()
    fulfil(session, requests(session)[0])
    session.add(Outbound(conversation_id=turn.conversation.id, body={"text": "…"}))
    session.flush()
    assert session.scalars(select(Outbound.number)).one() > shown


def test_other_chats_are_erased_only_where_the_guide_says_so(session: Session) -> None:
    turn, second, third = asked(session), asked(session, "chat 2"), asked(session, "chat 3")
    cases = {case.conversation_id: case for case in session.scalars(select(Case))}
    one, two, stranger = (cases[each.conversation.id] for each in (turn, second, third))
    likeness.merge(session, one, two, the_guide(session))
    erase_all(turn)
    (request,) = requests(session)
    assert deletion.elsewhere(session, request) == [two]
    answers = fulfil(session, request, also=(two, stranger))
    assert {each.conversation.id for each in answers} == {turn.conversation.id, second.conversation.id}
    assert session.scalars(select(Case.kind).order_by(Case.kind)).all() == ["deletion", "intake"]
    assert session.get(Case, stranger.id) is not None, "nobody has merged the third"


def test_without_the_guides_tick_the_other_chat_stays(session: Session) -> None:
    turn, second = asked(session), asked(session, "chat 2")
    one, two = session.scalars(select(Case).order_by(Case.opened_at)).all()
    likeness.merge(session, one, two, the_guide(session))
    erase_all(turn)
    fulfil(session, requests(session)[0])
    left = session.scalars(select(Case).where(Case.conversation_id == second.conversation.id)).one()
    assert (left.merged_into, left.status) == (None, "open")


@pytest.mark.parametrize(
    ("authority", "last"),
    [("Datenschutzaufsicht, Beispielweg 1", "deletion.complain"), (None, "deletion.complain_unnamed")],
)
def test_a_refusal_says_why_and_where_to_complain(session: Session, authority: str | None, last: str) -> None:
    turn = asked(session)
    turn.municipality.details = {**turn.municipality.details, "complaint": authority}
    erase_all(turn)
    (request,) = requests(session)
    answer = deletion.refuse(session, request, "  Es läuft\r\nein Verfahren. ", the_guide(session))
    assert keys(answer.reply) == ["deletion.refused", "deletion.reason", "Es läuft\nein Verfahren.", last]
    said: Any = answer.reply.paragraphs[-1]
    assert said.values == ({"authority": authority} if authority else {})
    assert [(event.kind, event.body) for event in request.events] == [("refused", {"reason": "Es läuft\nein Verfahren."})]
    assert session.scalars(select(Response)).all(), "nothing is erased"


@pytest.mark.parametrize(("reason", "problem"), [(" \n", "empty"), ("x" * (LONGEST_REASON + 1), "long")])
def test_no_refusal_without_a_reason(session: Session, reason: str, problem: str) -> None:
    erase_all(asked(session))
    (request,) = requests(session)
    with pytest.raises(WorkError) as error:
        deletion.refuse(session, request, reason, the_guide(session))
    assert (error.value.field, error.value.reason) == ("reason", problem)
    assert (request.status, request.events) == ("new", [])


def test_words_are_in_no_row_after_erasing(database: Database) -> None:
    """Looks at the rows as they lie in the database: nothing of the newcomer is left even there."""
    with database.session() as session:
        turn = asked(session)
        turn.inbound.state = "done"
        erase_all(turn)
        fulfil(session, requests(session)[0])
        identifier = turn.conversation.id
    with database.session() as session:
        names = session.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
        held = [name for name in names for row in session.execute(text(f'SELECT * FROM "{name}"')) if identifier in row]
        assert sorted(held) == ["cases", "conversation"]
