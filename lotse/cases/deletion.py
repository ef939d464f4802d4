"""Requests to delete everything that a guide must answer, because a guide works with the case already.

The newcomer's own "delete" acts at once until a guide has taken the case; after that it opens a case of kind `deletion`
(actions/people.py). A guide erases, or refuses with a reason; both are recorded and told to the newcomer. The law gives one
month for it (GDPR, Art. 12(3)); who refuses names the authority to complain to and the way to a court (Art. 12(4)).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from lotse.cases import likeness
from lotse.cases.service import open_case, record
from lotse.cases.work import WorkError
from lotse.intake.runs import sent
from lotse.privacy import erase_told
from lotse.replies import Button, Reply, Say, say
from lotse.storage.tables import Case, CaseFlag, CaseTask, Conversation, Inbound, Intake, Outbound, Staff

KIND = "deletion"
ANSWER_WITHIN = timedelta(days=30)
LONGEST_REASON = 1500  # characters: one message in every channel


@dataclass(frozen=True)
class Stock:
    """What a request would erase: whose answers, which cases, how many messages, whether a telephone number or e-mail."""

    people: list[str | None]  # what they want to be called
    cases: list[Case]
    messages: int
    contact: bool


@dataclass(frozen=True)
class Answer:
    """What is to be said in a conversation: the answer to a request."""

    conversation: Conversation
    reply: Reply


def request(session: Session, conversation: Conversation) -> Case:
    """The newcomer asks for it: the case of the request that waits already, else a new one."""
    asked = select(Case).where(Case.conversation_id == conversation.id, Case.kind == KIND, Case.status != "closed")
    return session.scalars(asked.order_by(Case.opened_at)).first() or open_case(session, conversation, KIND)


def waits(case: Case) -> bool:
    """Whether a case is a request that has no answer yet: only an answer closes it."""
    return case.kind == KIND and case.status != "closed"


def answer_until(case: Case) -> datetime:
    """By when the newcomer must have an answer."""
    return case.opened_at + ANSWER_WITHIN


def is_overdue(case: Case, moment: datetime) -> bool:
    """Whether the time for an answer is over."""
    return waits(case) and answer_until(case) < moment


def stock(session: Session, conversation: Conversation) -> Stock:
    """What there is of a conversation."""
    intakes = session.scalars(select(Intake).where(Intake.conversation_id == conversation.id).order_by(Intake.started_at))
    cases = select(Case).where(Case.conversation_id == conversation.id, Case.kind != KIND).order_by(Case.opened_at)
    return Stock(
        people=[_name(each) for each in intakes],
        cases=list(session.scalars(cases)),
        messages=_count(session, Inbound, conversation) + _count(session, Outbound, conversation),
        contact=bool(conversation.contact),
    )


def _name(intake: Intake) -> str | None:
    """As far as a guide may read it."""
    told = sent(intake).get("call_name")
    return str(told.value) if told is not None and told.value else None


def _count(session: Session, table: type[Inbound] | type[Outbound], conversation: Conversation) -> int:
    query = select(func.count()).select_from(table).where(table.conversation_id == conversation.id)
    return session.scalar(query) or 0


def elsewhere(session: Session, case: Case) -> list[Case]:
    """Cases of the same person in other conversations, as staff have merged them: each conversation's oldest."""
    own = session.scalars(select(Case).where(Case.conversation_id == case.conversation_id)).all()
    roots = {each.id: each for each in (likeness.root(session, one) for one in own)}
    family = [each for one in roots.values() for each in (one, *likeness.merged(session, one))]
    others: dict[str, Case] = {}
    for each in sorted(family, key=lambda one: (one.opened_at, one.id)):
        if each.conversation_id != case.conversation_id:
            others.setdefault(each.conversation_id, each)
    return list(others.values())


def erase(session: Session, case: Case, by: Staff, also: Sequence[Case] = ()) -> list[Answer]:
    """Fulfil a request: erase what the newcomer told, in this conversation and in those of `also` (of `elsewhere`).

    The chats go on. Of the request stays that it was made and fulfilled, by whom and when; nothing in it is the newcomer's.
    Call `privacy.forget_tracker` for each conversation once this is committed.
    """
    if not waits(case):
        raise WorkError("erase", "answered", "the request has been answered already")
    known = {each.id for each in elsewhere(session, case)}
    conversations = [case.conversation, *(each.conversation for each in also if each.id in known)]
    erased = [erase_told(session, each, _being_worked_on(session, each), keep_case=case.id) for each in conversations]
    case.topic = None
    case.events.clear()  # notes may say what is to be forgotten, and so may flags and tasks
    for table in (CaseFlag, CaseTask):
        session.execute(delete(table).where(table.case_id == case.id))
    case.status = "closed"
    told = {
        "intakes": sum(each.intakes for each in erased),
        "cases": sum(each.cases for each in erased),
        "messages": sum(each.messages for each in erased),
    }
    record(session, case, "erased", told, by)
    return [Answer(each, _erased(each)) for each in conversations]


def refuse(session: Session, case: Case, reason: str, by: Staff) -> Answer:
    """Refuse a request; the newcomer reads the reason as it was written, and where to complain."""
    if not waits(case):
        raise WorkError("reason", "answered", "the request has been answered already")
    reason = reason.replace("\r\n", "\n").strip()
    if not reason:
        raise WorkError("reason", "empty", "write the reason first")
    if len(reason) > LONGEST_REASON:
        raise WorkError("reason", "long", f"too long; at most {LONGEST_REASON} characters")
    case.status = "closed"
    record(session, case, "refused", {"reason": reason}, by)
    authority = case.municipality.details.get("complaint")
    complain = say("deletion.complain", authority=authority) if authority else say("deletion.complain_unnamed")
    person = [[Button(say("menu.button.person"), "menu", "person")]]
    told: list[str | Say] = [say("deletion.refused", reference=case.reference), say("deletion.reason"), reason, complain]
    return Answer(case.conversation, Reply(told, person))


def _erased(conversation: Conversation) -> Reply:
    told: list[str | Say] = [say("deletion.erased")]
    if conversation.channel == "telegram":
        told.append(say("data.telegram_copy"))
    return Reply(told, [[Button(say("menu.button.menu"), "menu", "menu")]])


def _being_worked_on(session: Session, conversation: Conversation) -> str | None:
    """A message whose turn is not over: without its row the bot could not end the turn. Its words go with the turn."""
    query = select(Inbound.id).where(Inbound.conversation_id == conversation.id, Inbound.state == "received")
    return session.scalar(query.order_by(Inbound.number))
