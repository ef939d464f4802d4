"""Which other systems want to be told of what: made, stopped, started and removed."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, joinedload

from lotse.storage import trail
from lotse.storage.tables import Webhook, WebhookDelivery, now
from lotse.webhooks import addresses, signing
from lotse.webhooks.addresses import AddressError
from lotse.webhooks.outbox import EVENTS

GONE, FAILING = "gone", "failing"  # why a webhook was stopped: answered 410; did not answer well for a day


class WebhookError(Exception):
    """A webhook cannot be made so; says the field and the reason."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


def make(
    session: Session, municipality_id: str, url: str, events: Collection[str], by: str, *, loopback: bool = False
) -> tuple[Webhook, str]:
    """Make a webhook; returns it and its secret, which is shown once."""
    try:
        url = addresses.check(url, loopback=loopback)
    except AddressError as error:
        raise WebhookError("url", error.reason) from error
    if not events or not set(events) <= set(EVENTS):
        raise WebhookError("events", "missing")
    secret = signing.new_secret()
    chosen = [each for each in EVENTS if each in events]
    webhook = Webhook(municipality_id=municipality_id, url=url, events=chosen, secret=secret, created_by=by)
    session.add(webhook)
    session.flush()
    trail.note(session, by, "webhook.made", town=municipality_id, reference=webhook.id)
    return webhook, secret


def stop(session: Session, webhook: Webhook, reason: str) -> None:
    """Tell it nothing more; what has not arrived is dropped: whoever starts it again reads the list of cases anew."""
    webhook.active, webhook.stopped_because, webhook.stopped_at = False, reason, now()
    session.execute(delete(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook.id))


def start(session: Session, webhook: Webhook, by: str) -> None:
    """Tell it again, from now on."""
    if not webhook.active:
        webhook.active, webhook.stopped_because, webhook.stopped_at, webhook.failing_since = True, None, None, None
        trail.note(session, by, "webhook.started", town=webhook.municipality_id, reference=webhook.id)


def remove(session: Session, webhook: Webhook, by: str) -> None:
    """Forget it, with what has not arrived."""
    trail.note(session, by, "webhook.removed", town=webhook.municipality_id, reference=webhook.id)
    session.delete(webhook)


def all_of(session: Session, municipalities: Iterable[str]) -> list[Webhook]:
    """The webhooks of towns, the oldest first."""
    query = select(Webhook).where(Webhook.municipality_id.in_(sorted(municipalities)))
    return list(session.scalars(query.options(joinedload(Webhook.municipality)).order_by(Webhook.created_at, Webhook.id)))


def find(session: Session, webhook_id: str, municipalities: Iterable[str]) -> Webhook | None:
    """A webhook of one of these towns."""
    return session.scalar(select(Webhook).where(Webhook.id == webhook_id, Webhook.municipality_id.in_(sorted(municipalities))))
