"""Opening and finding cases."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lotse.storage import trail
from lotse.storage.tables import Case, CaseEvent, Conversation, Intake, Municipality, Staff, now
from lotse.webhooks import outbox

# neither 0/O, 1/I/L, 5/S, 8/B nor vowels: read out on the telephone, no words by accident
ALPHABET = "234679CDFGHJKMNPQRTVWXYZ"
FIELDS = {"status": ["status"], "assigned": ["assigned_to"], "refused": ["status"], "erased": ["status"]}  # that events change
CLOSING = ("status", "merged", "refused", "erased")  # events after which a case may be closed


def open_case(
    session: Session,
    conversation: Conversation,
    kind: str,
    *,
    intake: Intake | None = None,
    topic: str | None = None,
) -> Case:
    """Open a case with a fresh reference such as M-7K4P."""
    municipality = session.get_one(Municipality, conversation.municipality_id)
    case = Case(
        reference=draw_reference(reference_prefix(municipality), lambda drawn: find(session, drawn) is not None),
        municipality_id=municipality.id,
        conversation_id=conversation.id,
        intake_id=intake.id if intake else None,
        kind=kind,
        topic=topic,
        language=conversation.language or "en",
    )
    session.add(case)
    session.flush()
    outbox.tell(session, case, outbox.OPENED)
    return case


def record(session: Session, case: Case, kind: str, body: Any, by: Staff | None = None) -> None:
    """Add a note to a case's history: what staff wrote or did, or what the newcomer did. The trail tells what staff did,
    webhooks tell that something happened."""
    moment = now()
    case.changed_at = moment
    case.events.append(CaseEvent(staff=by, kind=kind, body=body, at=moment))
    session.flush()
    outbox.tell(session, case, outbox.CLOSED if case.status == "closed" and kind in CLOSING else outbox.CHANGED)
    if by is not None:
        fields = {"fields": FIELDS[kind]} if kind in FIELDS else {}
        trail.note(session, by.id, f"case.{kind}", town=case.municipality_id, reference=case.reference, **fields)


def case_of_intake(session: Session, intake: Intake) -> Case | None:
    """The case that an intake opened."""
    return session.scalar(select(Case).where(Case.intake_id == intake.id))


def find(session: Session, reference: str) -> Case | None:
    """A case by its reference, however it was typed (m-7k4p, "M 7K4P")."""
    return session.scalar(select(Case).where(Case.reference == reference.strip().upper().replace(" ", "-")))


def reference_prefix(municipality: Municipality) -> str:
    """What all references of a municipality begin with."""
    return str(municipality.details.get("reference_prefix") or municipality.slug[0].upper())


def draw_reference(prefix: str, is_taken: Callable[[str], bool]) -> str:
    """A free reference at random; longer ones where the short are nearly used up."""
    for length in (4, 4, 4, 4, 5, 6, 7, 8):
        reference = f"{prefix}-{''.join(secrets.choice(ALPHABET) for _ in range(length))}"
        if not is_taken(reference):
            return reference
    raise RuntimeError("no free reference found")
