"""Everything that is held about a conversation: found in every table, in words, and as plain data."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from lotse.cases import open_case
from lotse.cases.service import record
from lotse.intake import Questionnaires
from lotse.intake.service import keep_consent
from lotse.privacy import access, prove_consents
from lotse.privacy.access import Held, Told
from lotse.replies import TICK
from lotse.storage.tables import (
    Conversation,
    CrisisCall,
    Inbound,
    Intake,
    Outbound,
    Response,
    ReturnCode,
    UnansweredQuestion,
    WebSession,
)
from lotse.wording import Wording
from tests.unit.conftest import converse, musterstadt

PRIVATE_WORDS = "я не хочу більше"  # of a message that named danger


def fill(session: Session) -> Conversation:
    """A conversation with something in everything that can hold words."""
    conversation, first = converse(session, text="Мені потрібна квартира")
    town = musterstadt(session)
    conversation.contact = {"phone": "+4925112345", "email": None}
    conversation.pending = {"kind": "pass_question", "words": "де басейн?"}
    conversation.reminders = False
    intake = Intake(
        conversation_id=conversation.id, municipality_id=town.id, questionnaire="intake", version="2026-12",
        status="submitted", sent=1, submitted_at=first.received_at,
    )  # fmt: skip
    session.add(intake)
    told = [
        ("call_name", "Олена", "Олена"), ("needs", ["home", "сад"], "дім і сад"), ("wish_year", "робота", "робота"),
        ("wish_year", "дім", "дім"), ("faith", "yes", None), ("private", "given", None), ("gone_question", "x", None),
    ]  # fmt: skip
    for key, value, words in told:
        sent_in = None if value == "дім" else 1
        intake.responses.append(
            Response(question=key, value=value, words=words, language="uk", inbound_id=first.id, sent_in=sent_in)
        )
    session.flush()
    keep_consent(session, intake, "guide_reads", "Чи можна?", "uk")
    keep_consent(session, intake, "faith", "Про віру?", "uk")
    prove_consents(session, intake, "withdrawn", {"faith"})
    case = open_case(session, conversation, "intake", intake=intake)
    record(session, case, "note", "what staff wrote")
    record(session, case, "status", {"from": "new", "to": "open"})
    open_case(session, conversation, "contact", topic="про лист")
    begun = Intake(
        conversation_id=conversation.id, municipality_id=town.id, questionnaire="intake", version="2026-12",
        gate={"age": "18-26"}, started_at=intake.started_at + timedelta(days=1),
    )  # fmt: skip
    session.add(begun)
    session.add(CrisisCall(conversation_id=conversation.id, municipality_id=town.id, words=PRIVATE_WORDS, state="offered"))
    session.add(
        UnansweredQuestion(municipality_id=town.id, conversation_id=conversation.id, question="де басейн?", language="uk")
    )
    session.add(WebSession(digest="s", conversation_id=conversation.id))
    session.add(ReturnCode(digest="c", conversation_id=conversation.id))
    button = {"id": "b.0", "label": f"{TICK}Дім", "kind": "choice", "value": "home", "about": "needs"}
    body = {"id": "b_1", "text": "Що потрібно?", "language": "uk", "buttons": [[button]], "edits": None, "strong": None}
    session.add(Outbound(id="b_1", conversation_id=conversation.id, body=body, state="sent"))
    session.flush()
    press = {"kind": "choice", "value": "home", "about": "needs", "message": "b_1"}
    session.add(Inbound(conversation_id=conversation.id, external_id="2", body={"press": press}, language="uk"))
    session.flush()
    session.add(Inbound(conversation_id=conversation.id, external_id="3", body=None))
    session.flush()
    return conversation


@pytest.fixture
def held(session: Session, questionnaires: Questionnaires, wording: Wording) -> Held:
    converse(session, "another chat", text="чуже")
    return access.gather(session, questionnaires, wording, fill(session), "en")


def told(held: Held, key: str) -> list[Told]:
    return [each for person in held.people for each in person.answers if each.question == key]


def test_answers_in_words(held: Held) -> None:
    (needs,) = told(held, "needs")
    assert (needs.short, needs.shown, needs.value, needs.words) == ("Help first", "🏠 home and сад", ["home", "сад"], "дім і сад")
    assert (needs.sent, needs.current, needs.sensitive, needs.type) == (True, True, False, "select_multiple")
    before, last = told(held, "wish_year")
    assert [(each.value, each.current, each.sent) for each in (before, last)] == [("робота", False, True), ("дім", True, False)]
    assert told(held, "faith")[0].sensitive
    assert told(held, "private")[0].type == "private"
    assert (told(held, "gone_question")[0].shown, told(held, "gone_question")[0].type) == ("x", None)


def test_what_waits_for_an_agreement(held: Held) -> None:
    (age,) = told(held, "age")
    assert (age.value, age.given_at, age.sent) == ("18-26", None, False)


def test_people_and_agreements(held: Held) -> None:
    first, second = held.people
    assert (first.name, first.status, first.times_sent, first.may_answer_private) == ("Олена", "submitted", 1, True)
    assert (second.name, second.status, second.may_answer_private) == (None, "started", False)
    assert [(each.purpose, each.text) for each in first.agreements] == [("guide_reads", "Чи можна?")]
    assert [(each.purpose, each.text, each.ended_by) for each in held.ended_agreements] == [("faith", "Про віру?", "withdrawn")]


def test_cases_without_what_staff_wrote(held: Held) -> None:
    case = held.people[0].case
    assert case is not None
    assert (case.kind, case.status, case.staff_notes) == ("intake", "new", 1)
    assert [(each.kind, each.topic) for each in held.other_cases] == [("contact", "про лист")]
    assert "what staff wrote" not in json.dumps(access.as_json(held), ensure_ascii=False)


def test_messages_of_both_sides(held: Held) -> None:
    assert [(each.sender, each.text) for each in held.messages] == [
        ("you", "Мені потрібна квартира"), ("lotse", "Що потрібно?"), ("you", "Дім"), ("you", None)
    ]  # fmt: skip


def test_the_chat_itself(held: Held) -> None:
    chat = held.chat
    assert (chat.phone, chat.email, chat.reminders, chat.browsers, chat.return_code) == ("+4925112345", None, False, 1, True)
    assert (chat.waiting_for, chat.waiting_words) == ("pass_question", "де басейн?")
    assert [(each.question, each.status) for each in held.passed_on_questions] == [("де басейн?", "open")]
    assert (held.municipality, held.kept_for.draft_days) == ("Musterstadt", 30)
    assert "Musterstadt" in held.controller


def test_words_about_danger_are_only_named(held: Held) -> None:
    assert [(each.state, each.words_kept) for each in held.calls] == [("offered", True)]
    assert PRIVATE_WORDS not in json.dumps(access.as_json(held), ensure_ascii=False)


def test_plain_data(held: Held) -> None:
    data = json.loads(json.dumps(access.as_json(held)))
    assert data["format"] == "lotse-my-data-1"
    assert data["people"][0]["answers"][1]["value"] == ["home", "сад"]
    assert data["made_at"].endswith("+00:00")
    assert data["passed_on_questions"][0]["asked_on"] == held.passed_on_questions[0].asked_on.isoformat()
    assert "чуже" not in json.dumps(data, ensure_ascii=False)


def test_an_empty_chat(session: Session, questionnaires: Questionnaires, wording: Wording) -> None:
    conversation, inbound = converse(session)
    session.delete(inbound)
    session.flush()
    held = access.gather(session, questionnaires, wording, conversation, "ar")
    assert (held.people, held.messages, held.other_cases, held.calls, held.ended_agreements) == ([], [], [], [], [])
    assert json.dumps(access.as_json(held))
