"""Everything that is held about a conversation (GDPR, Art. 15 and 20): for the page, and as plain data for other programs.

The fields' names are those of the file that newcomers can save; docs/my-data.md explains them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lotse.intake.asking import Asking
from lotse.intake.questionnaire import Questionnaire
from lotse.intake.runs import call_name
from lotse.intake.versions import Questionnaires
from lotse.privacy.periods import Periods, periods_of
from lotse.replies import label_of
from lotse.storage.tables import (
    Appointment,
    Case,
    Consent,
    ConsentProof,
    ConsentText,
    Conversation,
    CrisisCall,
    Inbound,
    Intake,
    Municipality,
    Outbound,
    Response,
    ReturnCode,
    UnansweredQuestion,
    WebSession,
    now,
)
from lotse.wording import Wording

FORMAT = "lotse-my-data-1"
WRITTEN_BY_STAFF = ("note", "flag_set", "task_added", "transferred", "referred")  # kinds of case events that have their words


@dataclass(frozen=True)
class Told:
    """One response. `value` is language-neutral, `shown` the same in words; `current`: no later one has replaced it."""

    question: str
    type: str | None  # of the question
    asked: str
    short: str
    value: Any
    shown: str
    words: str | None
    language: str
    given_at: datetime | None  # None: before the agreement, kept only for going on
    confirmed_at: datetime | None
    sent: bool
    sensitive: bool
    current: bool


@dataclass(frozen=True)
class Agreement:
    """A consent, with the text as it was shown."""

    purpose: str
    text: str
    text_version: str
    language: str
    given_at: datetime
    ended_at: datetime | None = None
    ended_by: str | None = None


@dataclass(frozen=True)
class CaseHeld:
    """A case. What staff have noted about it is counted only: they show it themselves."""

    reference: str
    kind: str
    status: str
    topic: str | None
    opened_at: datetime
    changed_at: datetime
    staff_notes: int


@dataclass(frozen=True)
class Person:
    """One person's intake."""

    name: str | None
    status: str
    begun_at: datetime
    sent_at: datetime | None
    times_sent: int
    paused: bool
    assisted: bool
    may_answer_private: bool
    intake: str  # id of the run, to tell those of a household apart
    answers: list[Told]
    agreements: list[Agreement]
    case: CaseHeld | None


@dataclass(frozen=True)
class Message:
    """A message of either side. `text` is None where its words were not kept."""

    sender: str  # you, lotse, staff
    at: datetime
    text: str | None
    language: str | None
    name: str | None = None  # of the member of staff


@dataclass(frozen=True)
class Question:
    """A question without an answer that the newcomer wants to be told of."""

    question: str
    language: str
    status: str
    asked_on: date


@dataclass(frozen=True)
class Call:
    """A call of a person after a message that named danger. Its words stay out: nobody shall read them over a shoulder."""

    state: str
    reference: str | None
    created_at: datetime
    called_at: datetime | None
    words_kept: bool
    words_shown: bool  # to the person who takes care of the call, on a yes


@dataclass(frozen=True)
class Meeting:
    """An appointment with a guide: the time that was picked, else those that were proposed."""

    state: str
    times: list[datetime]
    minutes: int
    place: str
    proposed_at: datetime


@dataclass(frozen=True)
class Chat:
    """The conversation itself."""

    channel: str
    language: str | None
    begun_at: datetime
    last_message_at: datetime
    reminders: bool
    phone: str | None
    email: str | None
    waiting_for: str | None  # what the bot asked last, beside the questions
    waiting_words: str | None
    browsers: int
    return_code: bool


@dataclass(frozen=True)
class Held:
    """All of it."""

    format: str
    made_at: datetime
    municipality: str
    controller: str
    chat: Chat
    people: list[Person]
    other_cases: list[CaseHeld]
    ended_agreements: list[Agreement]
    messages: list[Message]
    passed_on_questions: list[Question]
    calls: list[Call]
    appointments: list[Meeting]
    kept_for: Periods


def gather(session: Session, questionnaires: Questionnaires, wording: Wording, conversation: Conversation, language: str) -> Held:
    """What the record holds about a conversation, with labels in a language. Only reads."""
    municipality = session.get_one(Municipality, conversation.municipality_id)
    mine = conversation.id
    intakes = session.scalars(select(Intake).where(Intake.conversation_id == mine).order_by(Intake.started_at, Intake.id)).all()
    cases = session.scalars(select(Case).where(Case.conversation_id == mine).order_by(Case.opened_at, Case.reference)).all()
    by_intake = {case.intake_id: case for case in cases if case.intake_id}

    def person(intake: Intake) -> Person:
        questionnaire = questionnaires.of(session, intake)
        asking = Asking(questionnaire, language, intake.municipality, conversation.channel)
        return _person(session, intake, questionnaire, asking, by_intake.get(intake.id), wording, language)

    return Held(
        format=FORMAT,
        made_at=now(),
        municipality=municipality.name,
        controller=str(municipality.details.get("controller") or municipality.name),
        chat=_chat(session, conversation),
        people=[person(intake) for intake in intakes],
        other_cases=[_case(case) for case in cases if not case.intake_id],
        ended_agreements=_ended(session, conversation),
        messages=_messages(session, mine),
        passed_on_questions=_questions(session, mine),
        calls=_calls(session, mine),
        appointments=_appointments(session, mine),
        kept_for=periods_of(municipality),
    )


def as_json(held: Held) -> dict[str, Any]:
    """The same as plain data, times in ISO 8601."""
    plain: dict[str, Any] = _plain(asdict(held))
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value.isoformat() if isinstance(value, date | datetime) else value


def _person(
    session: Session,
    intake: Intake,
    questionnaire: Questionnaire,
    asking: Asking,
    case: Case | None,
    wording: Wording,
    language: str,
) -> Person:
    last = {response.question: response.number for response in intake.responses}

    def told(response: Response) -> Told:
        current = last[response.question] == response.number
        return _told(response, questionnaire, asking, wording, language, sent=response.sent_in is not None, current=current)

    before = [
        _told(each, questionnaire, asking, wording, language, sent=False, current=True)
        for each in _before_agreement(intake, language)
    ]
    return Person(
        name=call_name(intake),
        status=intake.status,
        begun_at=intake.started_at,
        sent_at=intake.submitted_at,
        times_sent=intake.sent,
        paused=intake.paused,
        assisted=intake.assisted_by is not None,
        may_answer_private=intake.gate is None
        and intake.status in ("started", "submitted")
        and any(question.sensitive for question in questionnaire.questions),
        intake=intake.id,
        answers=[*before, *(told(response) for response in intake.responses)],
        agreements=[_agreement(session, consent) for consent in sorted(intake.consents, key=lambda each: each.given_at)],
        case=_case(case) if case is not None else None,
    )


def _before_agreement(intake: Intake, language: str) -> Iterator[Response]:
    """What waits without an agreement, and what is ticked and not done: neither is a response yet."""
    ticked = intake.ticked or {}
    waiting = {**(intake.gate or {}), **({ticked["question"]: ticked["choices"]} if ticked.get("choices") else {})}
    for key, value in waiting.items():
        yield Response(question=key, value=value, words=None, language=language, inbound_id="")


def _told(
    response: Response,
    questionnaire: Questionnaire,
    asking: Asking,
    wording: Wording,
    language: str,
    *,
    sent: bool,
    current: bool,
) -> Told:
    question = questionnaire.question(response.question) if questionnaire.has(response.question) else None
    return Told(
        question=response.question,
        type=question.type if question else None,
        asked=asking.label(question) if question else response.question,
        short=asking.short(question) if question else response.question,
        value=response.value,
        shown=wording.render(asking.shown(question, response.value), language) if question else str(response.value),
        words=response.words,
        language=response.language,
        given_at=response.given_at,
        confirmed_at=response.confirmed_at,
        sent=sent,
        sensitive=question is not None and question.sensitive,
        current=current,
    )


def _agreement(session: Session, consent: Consent | ConsentProof) -> Agreement:
    text = session.get(ConsentText, consent.text_version)
    return Agreement(
        purpose=consent.purpose,
        text=text.text if text is not None else "",
        text_version=consent.text_version,
        language=consent.language,
        given_at=consent.given_at,
        ended_at=consent.ended_at if isinstance(consent, ConsentProof) else None,
        ended_by=consent.ended_by if isinstance(consent, ConsentProof) else None,
    )


def _ended(session: Session, conversation: Conversation) -> list[Agreement]:
    """Proofs of agreements that have ended, found by the chat's address."""
    proofs = select(ConsentProof).where(ConsentProof.address_digest == conversation.address_digest)
    return [_agreement(session, proof) for proof in session.scalars(proofs.order_by(ConsentProof.given_at))]


def _case(case: Case) -> CaseHeld:
    return CaseHeld(
        reference=case.reference,
        kind=case.kind,
        status=case.status,
        topic=case.topic,
        opened_at=case.opened_at,
        changed_at=case.changed_at,
        staff_notes=sum(event.kind in WRITTEN_BY_STAFF for event in case.events),
    )


def _chat(session: Session, conversation: Conversation) -> Chat:
    contact: Mapping[str, str | None] = conversation.contact or {}
    pending: Mapping[str, Any] = conversation.pending or {}
    mine = conversation.id
    browsers = select(func.count()).select_from(WebSession).where(WebSession.conversation_id == mine)
    return Chat(
        channel=conversation.channel,
        language=conversation.language,
        begun_at=conversation.started_at,
        last_message_at=conversation.last_at,
        reminders=conversation.reminders,
        phone=contact.get("phone"),
        email=contact.get("email"),
        waiting_for=pending.get("kind"),
        waiting_words=pending.get("words"),
        browsers=session.scalar(browsers) or 0,
        return_code=session.get(ReturnCode, mine) is not None,
    )


def _messages(session: Session, conversation_id: str) -> list[Message]:
    """Both sides in the order of time; a press as what stood on its button."""
    outbound = session.scalars(
        select(Outbound).where(Outbound.conversation_id == conversation_id).order_by(Outbound.number)
    ).all()
    inbound = session.scalars(select(Inbound).where(Inbound.conversation_id == conversation_id).order_by(Inbound.number)).all()
    bodies = {row.id: row.body for row in outbound}
    own = [Message("you", row.received_at, _words(row, bodies), row.language) for row in inbound]
    ours = [
        Message("staff" if by else "lotse", row.created_at, row.body["text"], row.body.get("language"), by)
        for row, by in ((row, row.body.get("by")) for row in outbound)
    ]
    return sorted([*own, *ours], key=lambda message: message.at)


def _words(row: Inbound, bodies: Mapping[str, Any]) -> str | None:
    body = row.body or {}
    pressed = body.get("press")
    return label_of(pressed, bodies.get(pressed["message"])) if pressed else body.get("text") or None


def _questions(session: Session, conversation_id: str) -> list[Question]:
    query = select(UnansweredQuestion).where(UnansweredQuestion.conversation_id == conversation_id)
    found = session.scalars(query.order_by(UnansweredQuestion.asked_at, UnansweredQuestion.id))
    return [Question(each.question, each.language, each.status, each.asked_at.date()) for each in found]


def _appointments(session: Session, conversation_id: str) -> list[Meeting]:
    query = select(Appointment).join(Case).where(Case.conversation_id == conversation_id).order_by(Appointment.created_at)
    return [
        Meeting(
            each.state,
            [each.starts_at] if each.starts_at else [datetime.fromisoformat(time) for time in each.times],
            each.minutes,
            each.place,
            each.created_at,
        )
        for each in session.scalars(query)
    ]


def _calls(session: Session, conversation_id: str) -> list[Call]:
    query = select(CrisisCall).where(CrisisCall.conversation_id == conversation_id).order_by(CrisisCall.created_at)
    return [
        Call(each.state, each.reference, each.created_at, each.called_at, each.words is not None, each.show_words)
        for each in session.scalars(query)
    ]
