"""Webhooks at the desk: made with a secret shown once, of the own town, with what has become of them."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

import pytest
from sqlalchemy import select

from bot.worker import Worker
from lotse.core import Core
from lotse.staff import Role
from lotse.storage.tables import StaffRole, Webhook, now
from lotse.webhooks import subscriptions
from lotse.webhooks.outbox import EVENTS
from tests.desk.conftest import ELSEWHERE, SignedIn, make_contact, town
from tests.unit.test_webhooks import Receiver

GOOD: dict[str, str | list[str]] = {"url": "https://register.example.org/lotse?key=1", "events": ["case.closed", "case.opened"]}
ADMIN = Role.MUNICIPALITY_ADMINISTRATOR


def webhooks(core: Core) -> list[Webhook]:
    with core.database.reading() as session:
        return list(session.scalars(select(Webhook)))


async def test_the_secret_is_shown_once(core: Core, browser: SignedIn) -> None:
    admin = browser(ADMIN)
    answer = await admin.post("/desk/webhooks", **GOOD)
    assert answer.status_code == 200
    (made,) = webhooks(core)
    assert (made.url, made.events) == (GOOD["url"], ["case.opened", "case.closed"])
    assert re.findall(r'value="(whsec_[\w+/=]+)"', answer.text) == [made.secret]
    page = (await admin.get("/desk/webhooks")).text
    assert "register.example.org" in page
    assert "whsec_" not in page, "never again"


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"url": ""}, "url", "not an address"),
        ({"url": "http://register.example.org/"}, "url", "begin with https://"),
        ({"url": "https://10.0.0.1/"}, "url", "internal network"),
        ({"events": []}, "events", "at least one"),
        ({"events": ["all"]}, "events", "at least one"),
    ],
)
async def test_what_is_wrong_is_said_at_the_field(
    core: Core, browser: SignedIn, change: dict[str, str | list[str]], field: str, message: str
) -> None:
    sent = {**GOOD, **change}
    answer = await browser(ADMIN).post("/desk/webhooks", **sent)
    assert answer.status_code == 422
    assert re.search(f'id="{field}-error">[^<]*{message}', answer.text)
    assert f'value="{sent["url"]}"' in answer.text, "what was typed is kept"
    assert webhooks(core) == []


async def test_with_several_towns_one_is_chosen(core: Core, browser: SignedIn) -> None:
    admin = browser(ADMIN)
    assert (await admin.post("/desk/webhooks", **GOOD, town=ELSEWHERE)).status_code == 422, "not theirs"
    with core.database.session() as session:
        session.add(StaffRole(staff_id=admin.staff_id, role=ADMIN.value, municipality_id=town(session, ELSEWHERE).id))
    refused = await admin.post("/desk/webhooks", **GOOD)
    assert (refused.status_code, 'id="town-error"' in refused.text) == (422, True)
    assert (await admin.post("/desk/webhooks", **GOOD, town=ELSEWHERE)).status_code == 200
    with core.database.reading() as session:
        assert webhooks(core)[0].municipality_id == town(session, ELSEWHERE).id


async def test_one_that_was_stopped_says_why_and_can_be_started(core: Core, browser: SignedIn) -> None:
    admin = browser(ADMIN)
    await admin.post("/desk/webhooks", **GOOD)
    assert "In use" in (await admin.get("/desk/webhooks")).text
    with core.database.session() as session:
        session.scalars(select(Webhook)).one().failing_since = now()
    assert "we try again" in (await admin.get("/desk/webhooks")).text
    for reason, said in (("gone", "told nothing more"), ("failing", "answered well for a day")):
        with core.database.session() as session:
            subscriptions.stop(session, session.scalars(select(Webhook)).one(), reason)
        page = await admin.get("/desk/webhooks")
        assert said in page.text
        (path,) = re.findall(r'action="(/desk/webhooks/[\w-]+/start)"', page.text)
        assert (await browser(ADMIN, ELSEWHERE).post(path)).status_code == 404
        again = await admin.get((await admin.post(path)).headers["location"])
        assert "in use again" in again.text
        assert path not in again.text


async def test_removing_one_drops_what_waits(core: Core, browser: SignedIn) -> None:
    admin = browser(ADMIN)
    await admin.post("/desk/webhooks", url=GOOD["url"], events=list(EVENTS))
    with core.database.session() as session:
        make_contact(session, "?")
    path = f"/desk/webhooks/{webhooks(core)[0].id}/remove"
    assert (await browser(ADMIN, ELSEWHERE).post(path)).status_code == 404
    assert (await admin.post(path)).status_code == 303
    assert (await admin.post(path)).status_code == 404
    assert webhooks(core) == []


async def test_the_worker_tells_what_happened_at_the_desk(core: Core, browser: SignedIn) -> None:
    receiver = Receiver()
    trial = replace(core, settings=replace(core.settings, webhooks_loopback=True))
    with core.database.session() as session:
        by = browser(ADMIN).staff_id
        subscriptions.make(session, town(session).id, receiver.url, EVENTS, by, loopback=True)
        reference = make_contact(session, "?").reference
    await browser("colleague").post(f"/desk/cases/{reference}/take")
    await browser("colleague").post(f"/desk/cases/{reference}/status", status="closed", outcome="done")
    assert await asyncio.to_thread(Worker(trial, lambda _: None).call_webhooks) == []
    receiver.close()
    assert sorted(event for event, told in receiver.told if told == reference) == sorted(EVENTS)
    Worker(core, lambda _: None).call_webhooks()
    assert len(receiver.came) == 3
