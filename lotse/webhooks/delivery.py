"""Sending what lies in the outbox: at least once, signed, with growing pauses for up to a day, then the webhook is stopped.

A delivery is claimed for a minute before it is sent, so that several processes do not send it at once and a crash only
delays it. What goes out names the case and what happened, and nothing about anybody.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import httpx
import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from lotse.storage import Database
from lotse.storage.tables import Webhook, WebhookDelivery, now
from lotse.webhooks import signing
from lotse.webhooks.addresses import Address, allowed, check, literal
from lotse.webhooks.subscriptions import FAILING, GONE, stop

PAUSES = tuple(timedelta(seconds=each) for each in (5, 60, 300, 1800, 7200, 18_000, 28_800, 30_600))  # a day in all
GIVEN_UP_AFTER = timedelta(days=1)  # from the first failure, when nothing arrived since
CLAIMED_FOR = timedelta(minutes=1)
PATIENCE = 10.0  # seconds for a whole call
OF_ONE = 4  # deliveries of one webhook in a round; of one that fails only the first, so that others need not wait
AGENT = "Lotse-Webhooks/1"

log = structlog.get_logger()


@dataclass(frozen=True)
class Due:
    """A message that is to be sent now."""

    id: str
    webhook_id: str
    url: str
    secret: str
    event: str
    reference: str
    at: datetime

    @property
    def body(self) -> bytes:
        """What is sent: the same at every try."""
        told = {"type": self.event, "timestamp": self.at.isoformat(), "data": {"reference": self.reference}}
        return json.dumps(told, separators=(",", ":")).encode()


class Sender:
    """Calls other systems. `loopback` allows the own machine, for trials; `verify` other certificates than the usual ones."""

    def __init__(self, *, loopback: bool = False, verify: ssl.SSLContext | bool = True, patience: float = PATIENCE) -> None:
        self._loopback = loopback
        self._verify = verify
        self._patience = patience

    def send_all(self, due: list[Due]) -> dict[str, int]:
        """Send messages side by side; returns the status of each by id, 0 where there was no answer."""
        return asyncio.run(self._send_all(due))

    async def _send_all(self, due: list[Due]) -> dict[str, int]:
        # no proxies from the environment, no cookies; a redirect is not followed: it could lead anywhere
        async with httpx.AsyncClient(
            verify=self._verify, trust_env=False, follow_redirects=False, timeout=self._patience
        ) as client:
            statuses = await asyncio.gather(*(self._send(client, each) for each in due))
        return {each.id: status for each, status in zip(due, statuses, strict=True)}

    async def _send(self, client: httpx.AsyncClient, due: Due) -> int:
        try:
            async with asyncio.timeout(self._patience):
                there = await place(due.url, loopback=self._loopback)
                headers = {"Host": there.host, "Content-Type": "application/json", "User-Agent": AGENT}
                headers |= signing.headers(due.secret, due.id, int(time.time()), due.body)
                known_as = {"sni_hostname": there.name}
                async with client.stream("POST", there.url, content=due.body, headers=headers, extensions=known_as) as answer:
                    return answer.status_code  # what it says is not read
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, TimeoutError):
            return 0


@dataclass(frozen=True)
class Place:
    """Where to call: by number, with the name that the other side goes by."""

    url: httpx.URL
    name: str  # whose certificate is asked for
    host: str  # the name with its port


async def place(url: str, *, loopback: bool) -> Place:
    """Look an address up; raises AddressError. What was checked is what is called (DNS rebinding)."""
    checked = httpx.URL(check(url, loopback=loopback))
    parts = urlsplit(url)
    assert parts.hostname is not None
    address = literal(parts.hostname) or await _resolve(parts.hostname, checked.port, loopback=loopback)
    number = f"[{address}]" if address.version == 6 else str(address)
    return Place(checked.copy_with(host=number), parts.hostname, parts.netloc)


async def _resolve(host: str, port: int | None, *, loopback: bool) -> Address:
    """The first address of a host; all of them must be allowed."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    named = [literal(str(each[0])) for *_, each in found]
    checked = [allowed(each, loopback=loopback) for each in named if each is not None]
    if not checked:
        raise OSError("no address")
    return checked[0]


def deliver(database: Database, sender: Sender, moment: datetime | None = None) -> int:
    """One round: claim what is due, send it, write down what became of it. Returns how many arrived."""
    moment = moment or now()
    with database.reading() as session:  # mostly there is nothing: no lock for that
        if session.scalar(select(WebhookDelivery.number).where(WebhookDelivery.next_at <= moment).limit(1)) is None:
            return 0
    with database.session() as session:
        due = claim(session, moment)
    statuses = sender.send_all(due)
    with database.session() as session:
        for each in due:
            _settle(session, each, statuses[each.id], moment)
    return sum(200 <= status < 300 for status in statuses.values())


def claim(session: Session, moment: datetime) -> list[Due]:
    """Take what is due for a while; nobody else sends it meanwhile."""
    waiting = select(WebhookDelivery.webhook_id).where(WebhookDelivery.next_at <= moment)
    found: list[Due] = []
    for webhook in session.scalars(select(Webhook).where(Webhook.active, Webhook.id.in_(waiting)).order_by(Webhook.id)).all():
        query = (
            select(WebhookDelivery)
            .where(WebhookDelivery.webhook_id == webhook.id, WebhookDelivery.next_at <= moment)
            .options(joinedload(WebhookDelivery.case))
            .order_by(WebhookDelivery.next_at, WebhookDelivery.number)
            .limit(1 if webhook.failing_since is not None else OF_ONE)
            .with_for_update(skip_locked=True, of=WebhookDelivery)
        )
        for each in session.scalars(query).all():
            each.attempts += 1
            each.next_at = moment + CLAIMED_FOR
            reference = each.case.reference
            found.append(Due(each.id, webhook.id, webhook.url, webhook.secret, each.event, reference, each.at))
    return found


def _settle(session: Session, due: Due, status: int, moment: datetime) -> None:
    """What an answer means. Rows that were erased or stopped meanwhile are gone."""
    webhook = session.get(Webhook, due.webhook_id)
    delivery = session.scalar(select(WebhookDelivery).where(WebhookDelivery.id == due.id))
    if webhook is None or delivery is None:
        return
    if 200 <= status < 300:
        session.delete(delivery)
        webhook.delivered_at, webhook.failing_since = moment, None
    elif status == 410:
        _stop(session, webhook, GONE)
    else:
        webhook.failing_since = webhook.failing_since or moment
        if moment - webhook.failing_since >= GIVEN_UP_AFTER:
            _stop(session, webhook, FAILING)
        else:
            delivery.next_at = moment + PAUSES[min(delivery.attempts, len(PAUSES)) - 1]
    session.flush()


def _stop(session: Session, webhook: Webhook, reason: str) -> None:
    log.warning("webhook stopped", webhook=webhook.id, reason=reason)
    stop(session, webhook, reason)
