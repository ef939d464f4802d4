"""Webhooks: what happens in a case is told, signed, to a real server that answers well, badly or not at all."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import select
from sqlalchemy.orm import Session

from lotse.cases import open_case, work
from lotse.cases.service import record
from lotse.privacy import erase_conversation
from lotse.storage import Database
from lotse.storage.tables import AuditEntry, Case, Staff, Webhook, WebhookDelivery, now
from lotse.webhooks import addresses, delivery, signing, subscriptions
from lotse.webhooks.addresses import AddressError
from lotse.webhooks.delivery import PAUSES, Sender
from lotse.webhooks.outbox import EVENTS
from tests.unit.conftest import converse, musterstadt

QUICK = Sender(loopback=True, patience=5)


class Receiver:
    """Another system: a real server, which answers as it is told and remembers what came."""

    def __init__(self) -> None:
        self.answers: list[int] = []  # the next statuses; then 204
        self.delay = 0.0
        self.came: list[tuple[dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.came.append(({name.lower(): value for name, value in self.headers.items()}, body))
                time.sleep(receiver.delay)
                status = receiver.answers.pop(0) if receiver.answers else 204
                try:
                    self.send_response(status)
                    if status == 302:
                        self.send_header("Location", f"{receiver.url}elsewhere")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                except OSError:
                    pass  # the caller has lost its patience

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.came]

    @property
    def told(self) -> list[tuple[str, str]]:
        """Event and reference of all that came."""
        return [(body["type"], body["data"]["reference"]) for body in (json.loads(each) for _, each in self.came)]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    yield running
    running.close()


def subscribe(database: Database, url: str, *events: str) -> tuple[str, str]:
    """Id and secret of a new webhook."""
    with database.session() as session:
        session.merge(Staff(id="st_admin", login="admin", name="Kim Beispiel", password_hash="-"))
        town = musterstadt(session).id
        made, secret = subscriptions.make(session, town, url, events or EVENTS, "st_admin", loopback=True)
        return made.id, secret


def case_of(session: Session, address: str = "chat 1") -> Case:
    conversation, _ = converse(session, address)
    return open_case(session, conversation, "contact", topic="words of the newcomer")


def opened(database: Database, address: str = "chat 1") -> str:
    with database.session() as session:
        return case_of(session, address).reference


def waiting(database: Database) -> list[WebhookDelivery]:
    with database.reading() as session:
        return list(session.scalars(select(WebhookDelivery).order_by(WebhookDelivery.number)))


def webhook(database: Database) -> Webhook:
    with database.reading() as session:
        return session.scalars(select(Webhook)).one()


# what is told


def test_the_signature_is_that_of_the_specification() -> None:
    """The example of the Standard Webhooks reference libraries."""
    made = signing.headers(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert made["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert 24 <= len(base64.b64decode(signing.new_secret().removeprefix("whsec_"))) <= 64


def test_the_life_of_a_case_is_told_without_words(database: Database, receiver: Receiver) -> None:
    _, secret = subscribe(database, receiver.url)
    reference = opened(database)
    with database.session() as session:
        staff = Staff(login="a", name="Anna Beispiel", password_hash="-")
        session.add(staff)
        session.flush()
        case = session.scalars(select(Case)).one()
        work.write_note(session, case, "a secret", staff)
        record(session, case, "amended", {"version": 2, "questions": ["needs"]})
    with database.session() as session:
        work.set_status(
            session, session.scalars(select(Case)).one(), "closed", session.scalars(select(Staff).where(Staff.login == "a")).one()
        )
    assert delivery.deliver(database, QUICK) == 3
    assert sorted(receiver.told) == [("case.changed", reference), ("case.closed", reference), ("case.opened", reference)]
    assert len(set(receiver.ids)) == 3
    for headers, body in receiver.came:
        assert headers["content-type"] == "application/json"
        assert abs(time.time() - int(headers["webhook-timestamp"])) < 60
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        key = base64.b64decode(secret.removeprefix("whsec_"))
        expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{expected}"
        assert set(json.loads(body)) == {"type", "timestamp", "data"}
        assert json.loads(body)["data"] == {"reference": reference}
    assert waiting(database) == []
    assert webhook(database).delivered_at is not None
    assert delivery.deliver(database, QUICK) == 0


def test_only_what_is_wanted_and_what_happened(database: Database, receiver: Receiver) -> None:
    subscribe(database, receiver.url, "case.closed")
    opened(database)

    def fail() -> None:
        with database.session() as session:
            case = session.scalars(select(Case)).one()
            case.status = "closed"
            record(session, case, "status", {"from": "new", "to": "closed"})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert waiting(database) == []


def test_an_erased_case_is_told_to_nobody(database: Database, receiver: Receiver) -> None:
    subscribe(database, receiver.url)
    opened(database)
    with database.session() as session:
        erase_conversation(session, session.scalars(select(Case)).one().conversation)
    assert waiting(database) == []


# what goes wrong


def at_every_due_moment(database: Database, start: datetime) -> Iterator[datetime]:
    while waiting(database):
        yield max(start, waiting(database)[0].next_at)


def test_a_failing_system_is_tried_again_with_growing_pauses(database: Database, receiver: Receiver) -> None:
    subscribe(database, receiver.url)
    opened(database)
    receiver.answers = [500, 404, 302, 200]
    start = now()
    for number, pause in enumerate((*PAUSES[:3], None), 1):
        moment = start if number == 1 else waiting(database)[0].next_at
        if number > 1:
            assert delivery.deliver(database, QUICK, moment - timedelta(milliseconds=1)) == 0
            assert len(receiver.came) == number - 1, "not before its time"
        delivered = delivery.deliver(database, QUICK, moment)
        assert len(receiver.came) == number
        if pause is not None:
            assert delivered == 0
            assert waiting(database)[0].next_at - moment == pause
            assert webhook(database).failing_since == start
    assert len(set(receiver.ids)) == 1, "the same message has the same id at every try"
    assert len({body for _, body in receiver.came}) == 1
    assert (waiting(database), webhook(database).failing_since) == ([], None)


def test_after_a_day_it_is_stopped_and_can_be_started_again(database: Database, receiver: Receiver) -> None:
    made, _ = subscribe(database, receiver.url)
    opened(database)
    receiver.answers = [503] * 50
    start = now()
    last = start
    for moment in at_every_due_moment(database, start):
        delivery.deliver(database, QUICK, moment)
        last = moment
    assert timedelta(days=1) <= last - start < timedelta(days=1, hours=1)
    assert len(receiver.came) == len(PAUSES) + 1
    stopped = webhook(database)
    assert (stopped.active, stopped.stopped_because) == (False, "failing")
    with database.session() as session:
        case_of(session, "chat 2")
    assert waiting(database) == [], "nothing is kept for one that is stopped"
    receiver.answers = []
    with database.session() as session:
        subscriptions.start(session, session.get_one(Webhook, made), "st_admin")
    reference = opened(database, "chat 3")
    delivery.deliver(database, QUICK)
    assert receiver.told[-1] == ("case.opened", reference)


def test_gone_is_an_unsubscription(database: Database, receiver: Receiver) -> None:
    subscribe(database, receiver.url)
    for number in range(3):
        opened(database, f"chat {number}")
    receiver.answers = [410, 410, 410]
    delivery.deliver(database, QUICK)
    assert (webhook(database).active, webhook(database).stopped_because) == (False, "gone")
    assert waiting(database) == []


def test_a_slow_system_is_left_and_hears_it_again_under_the_same_id(database: Database, receiver: Receiver) -> None:
    subscribe(database, receiver.url)
    opened(database)
    receiver.delay = 0.5
    started = time.monotonic()
    assert delivery.deliver(database, Sender(loopback=True, patience=0.2)) == 0
    assert time.monotonic() - started < 2
    receiver.delay = 0.0
    assert delivery.deliver(database, QUICK, waiting(database)[0].next_at) == 1
    assert len(receiver.ids) == 2
    assert len(set(receiver.ids)) == 1


def test_one_that_fails_keeps_no_other_waiting(database: Database, receiver: Receiver) -> None:
    subscribe(database, "http://127.0.0.1:1/")  # nobody listens there
    subscribe(database, receiver.url)
    references = {opened(database, f"chat {number}") for number in range(5)}
    for _ in range(2):
        delivery.deliver(database, QUICK)
    assert {reference for _, reference in receiver.told} == references
    with database.reading() as session:
        failing = session.scalars(select(Webhook).where(Webhook.failing_since.is_not(None))).all()
    assert [each.url for each in failing] == ["http://127.0.0.1:1/"]


def test_several_workers_send_each_message_once(database: Database, receiver: Receiver) -> None:
    subscribe(database, receiver.url)
    for number in range(4):
        opened(database, f"chat {number}")
    receiver.delay = 0.05
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(lambda _: delivery.deliver(database, QUICK), range(4))) == 4
    assert len(receiver.ids) == len(set(receiver.ids)) == 4


def test_a_crash_while_sending_only_delays(database: Database, receiver: Receiver) -> None:
    subscribe(database, receiver.url)
    opened(database)
    moment = now()
    with database.session() as session:
        assert len(delivery.claim(session, moment)) == 1
    assert delivery.deliver(database, QUICK, moment + timedelta(seconds=59)) == 0
    assert delivery.deliver(database, QUICK, moment + timedelta(seconds=61)) == 1


# which addresses


REFUSED = {
    "form": (
        "", "nonsense", "https://", "https://a b.example/", "https://ex\nample.org/", "https://example.org:99999/",
        "https://example.org:0/", "https://[::1/", "https://user:secret@example.org/", "https://example.org/#part",
        f"https://example.org/{'x' * 2000}", "https://bücher.example/", "file:///etc/passwd",
    ),
    "https": ("http://example.org/", "ftp://example.org/"),
    "private": (
        "https://localhost/", "https://intranet/", "https://2130706433/", "https://127.0.0.1/", "https://10.1.2.3/",
        "https://192.168.0.1/", "https://172.16.0.1:8443/", "https://169.254.169.254/latest/meta-data", "https://0.0.0.0/",
        "https://100.64.0.1/", "https://224.0.0.1/", "https://255.255.255.255/", "https://[::1]/", "https://[::]/",
        "https://[fe80::1]/", "https://[fe80::1%25eth0]/", "https://[fd00::1]/", "https://[::ffff:10.0.0.1]/",
        "https://[2002:a00:1::]/", "https://[64:ff9b::7f00:1]/", "https://[ff02::1]/",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("url", "reason"), [(url, reason) for reason, urls in REFUSED.items() for url in urls])
def test_addresses_that_are_not_called(url: str, reason: str) -> None:
    with pytest.raises(AddressError) as error:
        addresses.check(url, loopback=False)
    assert error.value.reason == reason


@pytest.mark.parametrize("url", ["https://example.org/hook?x=1", " https://93.184.216.34:8443/ ", "https://[2606:4700::1111]/"])
def test_addresses_that_are_called(url: str) -> None:
    assert addresses.check(url, loopback=False) == url.strip()


def test_loopback_is_for_trials_only_and_opens_nothing_else() -> None:
    assert addresses.check("http://127.0.0.1:8000/", loopback=True)
    assert addresses.check("http://localhost:8000/", loopback=True)
    for url in ("http://10.0.0.1/", "http://169.254.169.254/"):
        with pytest.raises(AddressError):
            addresses.check(url, loopback=True)


def test_a_name_that_leads_inside_is_refused_when_it_is_called() -> None:
    """A name is looked up when it is called, and what was looked at is what is called."""
    name = "https://127.1:8443/hook"  # as good as a name: only the look-up knows what it is
    assert addresses.check(name, loopback=False)
    with pytest.raises(AddressError) as error:
        asyncio.run(delivery.place(name, loopback=False))
    assert error.value.reason == "private"
    found = asyncio.run(delivery.place(name, loopback=True))
    assert (str(found.url), found.name, found.host) == ("https://127.0.0.1:8443/hook", "127.1", "127.1:8443")
    due = delivery.Due("msg_1", "wh_1", name, signing.new_secret(), "case.opened", "M-1", now())
    assert Sender(patience=5).send_all([due]) == {"msg_1": 0}


@pytest.fixture
def tls(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for localhost, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    begin = datetime.now(UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(begin).not_valid_after(begin + timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    files = tmp_path / "certificate.pem", tmp_path / "key.pem"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return files


def test_the_certificate_must_be_that_of_the_name(receiver: Receiver, tls: tuple[Path, Path]) -> None:
    """Though the address is called by its number."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*tls)
    receiver.server.socket = context.wrap_socket(receiver.server.socket, server_side=True)
    trusting = ssl.create_default_context(cafile=str(tls[0]))

    def status(host: str, verify: ssl.SSLContext | bool) -> int:
        url = f"https://{host}:{receiver.server.server_port}/"
        due = delivery.Due("msg_1", "wh_1", url, signing.new_secret(), "case.opened", "M-1", now())
        return Sender(loopback=True, verify=verify, patience=5).send_all([due])["msg_1"]

    assert status("localhost", trusting) == 204
    assert receiver.came[0][0]["host"] == f"localhost:{receiver.server.server_port}"
    assert status("127.0.0.1", trusting) == 0, "another name"
    assert status("localhost", True) == 0, "an unknown issuer"


def test_webhooks_that_cannot_be_made(database: Database) -> None:
    with database.session() as session:
        town = musterstadt(session).id
        bad: list[tuple[str, list[str], str, str]] = [
            ("http://example.org/", [*EVENTS], "url", "https"),
            ("https://example.org/", [], "events", "missing"),
            ("https://example.org/", ["case.read"], "events", "missing"),
        ]
        for url, events, field, reason in bad:
            with pytest.raises(subscriptions.WebhookError) as error:
                subscriptions.make(session, town, url, events, "st_admin")
            assert (error.value.field, error.value.reason) == (field, reason)
        assert session.scalars(select(Webhook)).all() == []


def test_secrets_are_encrypted_and_administration_is_recorded(database: Database, settings: Any) -> None:
    made, secret = subscribe(database, "http://127.0.0.1:9/")
    stored = b"".join(file.read_bytes() for file in settings.home.glob("lotse.db*"))
    assert made.encode() in stored
    assert secret.encode() not in stored
    with database.session() as session:
        subscriptions.remove(session, session.get_one(Webhook, made), "st_admin")
    with database.reading() as session:
        told = session.scalars(select(AuditEntry.action).order_by(AuditEntry.number)).all()
    assert told == ["webhook.made", "webhook.removed"]
