"""What is to be told, written with the change itself: nothing is told that did not happen, and nothing is forgotten."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from lotse.storage.tables import Case, Webhook, WebhookDelivery

OPENED, CHANGED, CLOSED = "case.opened", "case.changed", "case.closed"
EVENTS = (OPENED, CHANGED, CLOSED)
_TOLD = "told by webhooks"


def tell(session: Session, case: Case, event: str) -> None:
    """Lay an event in the outbox of every webhook of the town that wants it; once in a transaction, for a case."""
    told: set[tuple[str, str]] = session.info.setdefault(_TOLD, set())
    if (case.id, event) in told:
        return
    told.add((case.id, event))
    wanted = select(Webhook.id, Webhook.events).where(Webhook.municipality_id == case.municipality_id, Webhook.active)
    for webhook_id, events in session.execute(wanted).all():
        if event in events:
            session.add(WebhookDelivery(webhook_id=webhook_id, case_id=case.id, event=event))
