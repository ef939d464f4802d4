"""Erasing personal data. Every table with personal data hangs on the conversation (tests/unit/test_privacy.py)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from lotse.cases import finding, likeness
from lotse.cases.service import record
from lotse.intake.questionnaire import Questionnaire
from lotse.storage.tables import (
    Applied,
    Case,
    ConsentProof,
    Conversation,
    CrisisCall,
    Inbound,
    Intake,
    Outbound,
    ReturnCode,
    UnansweredQuestion,
    WebLink,
)


@dataclass(frozen=True)
class Erased:
    """How many of each were erased."""

    intakes: int
    cases: int
    messages: int


def erase_told(
    session: Session, conversation: Conversation, keep_inbound: str | None = None, keep_case: str | None = None
) -> Erased:
    """Erase what a newcomer told, but let the chat go on: its address and language stay.

    `keep_inbound` is the message that asked for it: it is needed until the reply is sent, its words go too.
    `keep_case` is the case of the request that a guide fulfils by this: it says that there was one.
    """
    messages = _forget_messages(session, conversation, keep_inbound)
    for intake in session.scalars(select(Intake).where(Intake.conversation_id == conversation.id)):
        prove_consents(session, intake, "deleted")
    cases = _delete(session, Case, conversation, keep_case)
    intakes = _delete(session, Intake, conversation)
    _delete(session, UnansweredQuestion, conversation)
    session.execute(delete(CrisisCall).where(CrisisCall.conversation_id == conversation.id))
    session.execute(delete(WebLink).where(WebLink.conversation_id == conversation.id))
    session.execute(delete(ReturnCode).where(ReturnCode.conversation_id == conversation.id))
    conversation.pending = None
    conversation.contact = None
    conversation.intake_id = None
    conversation.talks_in = conversation.told_away_at = None
    session.flush()
    session.expire_all()
    return Erased(intakes, cases, messages)


def erase_conversation(session: Session, conversation: Conversation) -> Erased:
    """Erase everything, the chat's address included."""
    told = erase_told(session, conversation)
    inbound = select(Inbound.id).where(Inbound.conversation_id == conversation.id)
    session.execute(delete(Applied).where(Applied.inbound_id.in_(inbound)))
    for table in (Inbound, Outbound):
        session.execute(delete(table).where(table.conversation_id == conversation.id))
    session.execute(delete(Conversation).where(Conversation.id == conversation.id))
    return told


def withdraw(
    session: Session, questionnaire: Questionnaire, intake: Intake, *, only_private: bool, keep_inbound: str | None = None
) -> Case | None:
    """End an agreement: what was told under it is erased, or, once a guide has taken the case, no longer shown to anybody.

    `only_private` ends only the agreements of their own for what is sensitive. The chat's messages go as well where they
    may hold what was told; `keep_inbound` is the message that asked for it. Returns the case that stays.
    """
    conversation = session.get_one(Conversation, intake.conversation_id)
    if not only_private or conversation.channel == "web":  # nowhere else is shown what is sensitive
        _forget_messages(session, conversation, keep_inbound)
    case = session.scalar(select(Case).where(Case.intake_id == intake.id))
    sensitive = {question.consent for question in questionnaire.questions if question.sensitive}
    if only_private:
        prove_consents(session, intake, "withdrawn", sensitive)
        names = {question.name for question in questionnaire.questions if question.sensitive}
        for response in [each for each in intake.responses if each.question in names]:
            intake.responses.remove(response)
        session.flush()
        return case
    prove_consents(session, intake, "withdrawn")
    if case is not None and case.status != "new":
        intake.status, intake.amending = "withdrawn", False
        intake.responses.clear()
        likeness.forget(session, case)
        finding.forget(session, case)
        record(session, case, "withdrawn", {})
        return case
    if case is not None:
        likeness.let_go(session, case)
    for row in (case, intake):
        if row is not None:
            session.delete(row)
            session.flush()
    return None


def prove_consents(session: Session, intake: Intake, ended_by: str, purposes: set[str | None] | None = None) -> None:
    """Keep, without the person, that an intake's agreements were given, and take them from the intake."""
    address = session.get_one(Conversation, intake.conversation_id).address_digest
    for consent in [each for each in intake.consents if purposes is None or each.purpose in purposes]:
        session.add(
            ConsentProof(
                address_digest=address,
                municipality_id=intake.municipality_id,
                purpose=consent.purpose,
                text_version=consent.text_version,
                language=consent.language,
                given_at=consent.given_at,
                ended_by=ended_by,
            )
        )
        intake.consents.remove(consent)
    session.flush()


def _forget_messages(session: Session, conversation: Conversation, keep_inbound: str | None) -> int:
    """Delete the messages of both sides, but for one and its replies; what waits to be sent may hold words as well."""
    kept = keep_inbound or ""
    told = delete(Inbound).where(Inbound.conversation_id == conversation.id, Inbound.id != kept)
    said = delete(Outbound).where(
        Outbound.conversation_id == conversation.id, or_(Outbound.inbound_id.is_(None), Outbound.inbound_id != kept)
    )
    return sum(session.execute(each).rowcount for each in (told, said))  # type: ignore[attr-defined]


def _delete(
    session: Session,
    table: type[Case] | type[Intake] | type[UnansweredQuestion],
    conversation: Conversation,
    keep: str | None = None,
) -> int:
    found = session.scalars(select(table).where(table.conversation_id == conversation.id, table.id != (keep or ""))).all()
    for row in found:
        if isinstance(row, Case):
            likeness.let_go(session, row)
        session.delete(row)
    session.flush()
    return len(found)
