"""What is deleted by itself when its time is over (docs/privacy.md): by the periods of each municipality, which the notice tells.

An intake that was not sent is deleted as a whole: nothing of it would serve anybody, so no row says that it has expired.
That its newcomer had agreed is kept as proof, without the person.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Delete, and_, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from lotse import audit
from lotse.cases import likeness
from lotse.crisis import calls
from lotse.intake import links
from lotse.privacy.erase import prove_consents
from lotse.privacy.periods import BEFORE_AGREEMENT, BROWSER, EMPTY_CHAT, Periods, periods_of
from lotse.storage.tables import (
    Case,
    CaseEvent,
    ConsentProof,
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
)

LOCK = 3_776_582  # any number of our own
CHANGES_STATUS = ("status", "merged", "split", "refused", "erased")  # kinds of case events


@dataclass(frozen=True)
class Purged:
    """How many of each were deleted."""

    drafts: int = 0  # intakes that were not sent
    changes: int = 0  # sent intakes of which changes were not sent
    messages: int = 0
    cases: int = 0
    calls: int = 0
    proofs: int = 0
    left: int = 0  # intakes that were left before the agreement
    links: int = 0
    sessions: int = 0
    chats: int = 0  # in which nothing was kept any more
    audit: int = 0  # entries of the trail

    def as_json(self) -> dict[str, int]:
        """By name."""
        return asdict(self)


def purge(session: Session, moment: datetime) -> Purged:
    """Delete everything whose time is over at a moment; nothing while another process does it."""
    if not _is_alone(session):
        return Purged()
    found = dict.fromkeys(asdict(Purged()), 0)
    for town in session.scalars(select(Municipality)).all():
        periods = periods_of(town)
        drafts, messages, cases, proofs = (
            moment - timedelta(days=days)
            for days in (periods.draft_days, periods.message_days, periods.case_days, periods.proof_days)
        )
        found["drafts"] += _drafts(session, town, drafts)
        found["changes"] += _changes(session, town, drafts)
        found["cases"] += _cases(session, town, cases, drafts)
        found["messages"] += _messages(session, town, messages)
        found["calls"] += _calls(session, town, messages, cases)
        found["proofs"] += _count(
            session, delete(ConsentProof).where(ConsentProof.municipality_id == town.id, ConsentProof.ended_at <= proofs)
        )
        _contacts(session, town, messages)
    found["left"] = _left(session, moment - BEFORE_AGREEMENT)
    found["links"] = links.lapse(session, moment)
    found["sessions"] = _count(session, delete(WebSession).where(WebSession.last_at <= moment - BROWSER))
    found["chats"] = _empty_chats(session, moment - EMPTY_CHAT)
    calls.lapse(session, moment)
    found["audit"] = _audit(session, moment)
    return Purged(**found)


def _is_alone(session: Session) -> bool:
    """On SQLite nobody else can write until this transaction ends; PostgreSQL needs a lock for it."""
    if session.get_bind().dialect.name != "postgresql":
        return True
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(LOCK))))


def _audit(session: Session, moment: datetime) -> int:
    """Last, and in the order in which others write: it locks the chains."""
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    kept = {town.id: periods_of(town).audit_days for town in session.scalars(select(Municipality))}
    kept[audit.INSTALLATION] = Periods().audit_days
    return sum(audit.cut(session, name, day - timedelta(days=days)) for name, days in sorted(kept.items()))


# intakes and cases


def _drafts(session: Session, town: Municipality, limit: datetime) -> int:
    """Intakes that were never sent."""
    wanted = select(Intake).where(
        Intake.municipality_id == town.id,
        Intake.status == "started",
        Intake.sent == 0,
        Intake.gate.is_(None),
        Intake.touched_at <= limit,
    )
    return _end(session, session.scalars(wanted.with_for_update()).all())


def _changes(session: Session, town: Municipality, limit: datetime) -> int:
    """Responses of sent intakes that were not sent themselves: given-up changes, and what was changed before sending."""
    unsent = and_(Response.intake_id == Intake.id, Response.sent_in.is_(None))
    wanted = select(Intake).where(
        Intake.municipality_id == town.id,
        Intake.status == "submitted",
        Intake.touched_at <= limit,
        or_(Intake.amending, exists().where(unsent)),
    )
    found = session.scalars(wanted.with_for_update()).all()
    for intake in found:
        intake.responses = [each for each in intake.responses if each.sent_in is not None]
        intake.amending = intake.paused = False
        intake.revisited = intake.ticked = None
    session.flush()
    return len(found)


def _cases(session: Session, town: Municipality, limit: datetime, drafts: datetime) -> int:
    """Closed cases with their intakes and with the cases that staff have merged into them; none that is being changed."""
    changed = select(func.max(CaseEvent.at)).where(CaseEvent.case_id == Case.id, CaseEvent.kind.in_(CHANGES_STATUS))
    changing = exists().where(Intake.id == Case.intake_id, Intake.amending, Intake.touched_at > drafts)
    wanted = select(Case).where(
        Case.municipality_id == town.id,
        Case.status == "closed",
        Case.merged_into.is_(None),
        func.coalesce(changed.correlate(Case).scalar_subquery(), Case.changed_at) <= limit,
        ~changing,
    )
    found = [each for one in session.scalars(wanted).all() for each in (*likeness.merged(session, one), one)]
    intakes = [each.intake for each in found if each.intake is not None]
    for each in found:
        session.delete(each)
    session.flush()
    _end(session, intakes)
    return len(found)


def _left(session: Session, limit: datetime) -> int:
    """Intakes that were left before the agreement; nothing of them may be kept."""
    wanted = select(Intake).where(Intake.gate.is_not(None), Intake.touched_at <= limit)
    return _end(session, session.scalars(wanted.with_for_update()).all())


def _end(session: Session, intakes: Iterable[Intake]) -> int:
    ended = list(intakes)
    for intake in ended:
        prove_consents(session, intake, "expired")
        conversation = session.get_one(Conversation, intake.conversation_id)
        if conversation.intake_id == intake.id:
            conversation.intake_id = None
        session.delete(intake)
    session.flush()
    return len(ended)


# the chat


def _messages(session: Session, town: Municipality, limit: datetime) -> int:
    """Messages of both sides, sent or not: what could not be sent for so long quotes words as well."""
    here = select(Conversation.id).where(Conversation.municipality_id == town.id)
    told = delete(Inbound).where(Inbound.conversation_id.in_(here), Inbound.received_at <= limit, Inbound.state != "received")
    said = delete(Outbound).where(Outbound.conversation_id.in_(here), Outbound.created_at <= limit)
    silent = update(Conversation).where(Conversation.municipality_id == town.id, Conversation.last_at <= limit)
    session.execute(silent.where(Conversation.pending.is_not(None)).values(pending=None))  # may quote a message
    return _count(session, told) + _count(session, said)


def _calls(session: Session, town: Municipality, messages: datetime, cases: datetime) -> int:
    """Calls of a person: one that nobody wanted as long as messages, one that was taken as long as cases."""
    over = or_(
        and_(CrisisCall.state.in_(("offered", "declined", "lapsed")), CrisisCall.changed_at <= messages),
        and_(CrisisCall.state == "acknowledged", CrisisCall.acknowledged_at <= cases),
    )
    return _count(session, delete(CrisisCall).where(CrisisCall.municipality_id == town.id, over))


def _contacts(session: Session, town: Municipality, limit: datetime) -> None:
    """A telephone number or address is kept for a guide, as long as there is something to be contacted about."""
    for_guides = _has(Intake) | _has(Case) | _has(CrisisCall)
    silent = update(Conversation).where(Conversation.municipality_id == town.id, Conversation.last_at <= limit, ~for_guides)
    session.execute(silent.where(Conversation.contact.is_not(None)).values(contact=None))


def _empty_chats(session: Session, limit: datetime) -> int:
    """Conversations of which only address and language are left."""
    tables = (Inbound, Outbound, Intake, Case, CrisisCall, UnansweredQuestion, WebSession, ReturnCode)
    return _count(session, delete(Conversation).where(Conversation.last_at <= limit, *(~_has(table) for table in tables)))


def _has(table: Any) -> ColumnElement[bool]:
    return exists().where(table.conversation_id == Conversation.id)


def _count(session: Session, statement: Delete) -> int:
    rows: int = session.execute(statement).rowcount  # type: ignore[attr-defined]
    return rows
