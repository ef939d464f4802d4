"""The queue and the page of a case, through the real server."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from datetime import timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from desk import cases as pages
from desk.hub import Hub
from lotse.cases import queue
from lotse.core import Core
from lotse.staff import Role
from lotse.storage.tables import Case, CaseEvent, Conversation, Response, now
from tests.desk.conftest import ELSEWHERE, SignedIn, make_case, make_contact, references, staff

SCRIPT = "<script>alert(1)</script>"


def reference(core: Core) -> str:
    with core.database.session() as session:
        return make_case(session).reference


async def test_an_empty_queue_says_what_comes(browser: SignedIn) -> None:
    page = await browser(Role.CASE_WORKER).get("/desk/cases")
    assert page.status_code == 200
    assert "No cases yet" in page.text
    page = await browser(Role.CASE_WORKER).get("/desk/cases?status=waiting")
    assert "No waiting cases" in page.text
    assert 'href="/desk/cases"' in page.text


async def test_the_queue_begins_with_new_cases_and_who_waits_longest(core: Core, browser: SignedIn) -> None:
    moment = now()
    with core.database.session() as session:
        mine = staff(session, "case_worker.musterstadt").id
        order = [
            make_case(session, status="new", opened_at=moment - timedelta(hours=5), changed_at=moment),
            make_case(session, status="new", opened_at=moment - timedelta(hours=2), changed_at=moment - timedelta(hours=9)),
            make_case(session, status="waiting", changed_at=moment - timedelta(days=3), assigned_to=mine),
            make_case(session, status="open", changed_at=moment - timedelta(days=1)),
            make_case(session, status="closed", changed_at=moment - timedelta(days=9)),
        ]
        make_case(session, slug=ELSEWHERE)
        names = [case.reference for case in order]
    worker = browser(Role.CASE_WORKER)
    page = await worker.get("/desk/cases")
    assert references(page.text) == names
    assert "Олена" in page.text
    assert "5 hours" in page.text
    for status, expected in (("new", names[:2]), ("open", names[3:4]), ("waiting", names[2:3]), ("closed", names[4:])):
        assert references((await worker.get(f"/desk/cases?status={status}")).text) == expected
    assert references((await worker.get("/desk/cases?mine=1")).text) == [names[2]]
    assert references((await worker.get("/desk/cases?mine=1&status=new")).text) == []
    assert references((await worker.get("/desk/cases?status=nonsense&page=x")).text) == names


async def test_a_long_queue_has_pages(core: Core, browser: SignedIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "PAGE", 2)
    with core.database.session() as session:
        names = [make_case(session, told=[]).reference for _ in range(3)]
    worker = browser(Role.CASE_WORKER)
    first = await worker.get("/desk/cases?mine=")
    assert references(first.text) == names[:2]
    assert "Previous page" not in first.text
    (after,) = re.findall(r'href="([^"]+)">Next page', first.text)
    second = await worker.get(after.replace("&amp;", "&"))
    assert references(second.text) == names[2:]
    assert "Next page" not in second.text
    (before,) = re.findall(r'href="([^"]+)">Previous page', second.text)
    assert references((await worker.get(before.replace("&amp;", "&"))).text) == names[:2]
    for odd in (
        "2~2999-01-01T00:00:00+00:00~c",
        "x",
        "0~yesterday~c",
        "9~2026-01-01T00:00:00+00:00~c",
        "0~2026-01-01T00:00:00~c",
    ):
        assert references((await worker.get(f"/desk/cases?after={odd}".replace("+", "%2B"))).text) == names[:2]


async def test_the_last_name_counts_and_without_one_there_is_a_dash(core: Core, browser: SignedIn) -> None:
    with core.database.session() as session:
        one = make_case(session, told=[("call_name", "Olena", "Olena")])
        assert one.intake is not None
        for name, version in (("Lena", 2), ("Lenotschka", None)):  # the last one is not sent yet
            one.intake.responses.append(
                Response(question="call_name", value=name, words=name, language="uk", inbound_id="m", sent_in=version)
            )
        make_case(session, told=[("call_name", None, None)])
    page = await browser(Role.CASE_WORKER).get("/desk/cases")
    assert "Lena" in page.text
    assert "Olena" not in page.text
    assert "Lenotschka" not in page.text
    assert "No name given" in page.text


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("de", ["Ziel in eigenen Worten", "Für das Erstgespräch", "Wohnen"]),
        ("en", ["Goal, in own words", "For the first meeting"]),
        ("nl", ["Doel, in eigen woorden", "Voor het eerste gesprek"]),
    ],
)
async def test_the_page_of_a_case_in_each_language(core: Core, browser: SignedIn, language: str, expected: list[str]) -> None:
    name = reference(core)
    page = await browser(Role.CASE_WORKER).get(f"/desk/cases/{name}?language={language}")
    assert page.status_code == 200
    for text in [*expected, name, "Олена", "Хочу працювати медсестрою"]:
        assert text in page.text
    assert f'<div lang="{language}" dir="ltr">' in page.text
    assert 'lang="uk" dir="ltr">житло і робота</span>' in page.text, "own words stand beside, in their language"
    assert "Musterstadt" in page.text


async def test_the_summarys_language_is_the_members_own_where_there_is_one(core: Core, browser: SignedIn) -> None:
    name = reference(core)
    worker = browser(Role.CASE_WORKER)
    assert '<div lang="en"' in (await worker.get(f"/desk/cases/{name}")).text
    await worker.post("/desk/language", language="ar")
    page = await worker.get(f"/desk/cases/{name}")
    assert '<html lang="ar" dir="rtl">' in page.text
    assert "bootstrap.rtl.min.css" in page.text
    assert '<div lang="de" dir="ltr">' in page.text


async def test_contact_details_channel_and_topic(core: Core, browser: SignedIn) -> None:
    with core.database.session() as session:
        case = make_contact(session, "أحتاج إلى سكن", language="ar")
        session.get_one(Conversation, case.conversation_id).contact = {"phone": "+49 170 1234567", "email": "olena@example.org"}
        name = case.reference
    page = await browser(Role.CASE_WORKER).get(f"/desk/cases/{name}")
    assert 'href="tel:+491701234567"' in page.text
    assert 'href="mailto:olena@example.org"' in page.text
    assert "Telegram" in page.text
    assert 'lang="ar" dir="rtl">أحتاج إلى سكن</blockquote>' in page.text


async def test_words_of_newcomers_are_never_markup(core: Core, browser: SignedIn) -> None:
    with core.database.session() as session:
        case = make_case(
            session, told=[("call_name", SCRIPT, SCRIPT), ("wish_year", SCRIPT, SCRIPT), ("needs", [SCRIPT], SCRIPT)]
        )
        contact = make_contact(session, SCRIPT)
        contact.conversation.contact = {"phone": SCRIPT, "email": SCRIPT}
        paths = ["/desk/cases", f"/desk/cases/{case.reference}", f"/desk/cases/{contact.reference}"]
        name = case.reference
    worker = browser(Role.CASE_WORKER)
    await worker.post(f"/desk/cases/{name}/note", text=SCRIPT)
    for path in paths:
        page = await worker.get(path)
        assert page.status_code == 200
        assert SCRIPT not in page.text
        assert "&lt;script&gt;" in page.text


async def test_taking_a_case(core: Core, browser: SignedIn) -> None:
    name = reference(core)
    worker = browser(Role.CASE_WORKER)
    answer = await worker.post(f"/desk/cases/{name}/take")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/cases/{name}?done=take")
    page = await worker.get(f"/desk/cases/{name}?done=take")
    assert "You have taken the case." in page.text
    assert "Assigned to Anna Beispiel" in page.text
    assert "Status changed: from “new” to “open”" in page.text
    with core.database.session() as session:
        case = session.scalars(select(Case)).one()
        assert (case.status, case.assigned_to) == ("open", worker.staff_id)
        assert case.changed_at > case.opened_at
    late = await browser("colleague").post(f"/desk/cases/{name}/take")
    assert late.status_code == 422
    assert "hat den Fall schon" in late.text


async def test_assigning_to_a_colleague(core: Core, browser: SignedIn) -> None:
    name = reference(core)
    worker, colleague = browser(Role.CASE_WORKER), browser("colleague")
    stranger = browser(Role.CASE_WORKER, ELSEWHERE).staff_id
    for wrong in ("", "st_nobody", stranger, browser(Role.OBSERVER).staff_id):
        page = await worker.post(f"/desk/cases/{name}/assign", to=wrong)
        assert page.status_code == 422
        assert "choose somebody from the list" in page.text
        assert 'aria-describedby="assign-error"' in page.text
    assert (await worker.post(f"/desk/cases/{name}/assign", to=colleague.staff_id)).status_code == 303
    assert references((await colleague.get("/desk/cases?mine=1")).text) == [name]
    assert (await worker.post(f"/desk/cases/{name}/assign", to=worker.staff_id)).status_code == 303
    page = await worker.get(f"/desk/cases/{name}")
    assert "Assigned to Anna Beispiel, before that Bert Muster" in page.text


async def test_changing_the_status(core: Core, browser: SignedIn) -> None:
    name = reference(core)
    worker = browser(Role.CASE_WORKER)
    told = {"reason_waiting": "a reply of the school", "outcome": "done"}
    for status in ("open", "waiting", "closed", "open"):
        assert (await worker.post(f"/desk/cases/{name}/status", status=status, **told)).status_code == 303
    page = await worker.post(f"/desk/cases/{name}/status", status="new")
    assert page.status_code == 422
    assert "not possible with the present status" in page.text
    with core.database.session() as session:
        changes = [event.body["to"] for event in session.scalars(select(CaseEvent).order_by(CaseEvent.number))]
    assert changes == ["open", "waiting", "closed", "open"]


async def test_writing_notes(core: Core, browser: SignedIn) -> None:
    name = reference(core)
    worker = browser(Role.CASE_WORKER)
    assert (await worker.post(f"/desk/cases/{name}/note", text="  ")).status_code == 422
    long = await worker.post(f"/desk/cases/{name}/note", text="kept " * 3000)
    assert long.status_code == 422
    assert "at most 10000 characters" in long.text
    assert "kept kept" in long.text, "what was typed is kept"
    assert (await worker.post(f"/desk/cases/{name}/note", text="Called,\nno answer.")).status_code == 303
    page = await browser("colleague").get(f"/desk/cases/{name}")
    assert "Called,\nno answer." in page.text
    assert "Anna Beispiel" in page.text
    with core.database.engine.connect() as connection:
        raw = connection.exec_driver_sql("SELECT body FROM case_event").scalar_one()
    assert b"Called" not in bytes(raw), "notes lie encrypted"


async def test_the_history_is_in_the_towns_time(core: Core, browser: SignedIn) -> None:
    name = reference(core)
    worker = browser(Role.CASE_WORKER)
    await worker.post(f"/desk/cases/{name}/note", text="x")
    with core.database.session() as session:
        event = session.scalars(select(CaseEvent)).one()
        event.at = event.at.replace(year=2026, month=1, day=15, hour=22, minute=40)
    assert "1/15/26, 11:40" in (await worker.get(f"/desk/cases/{name}")).text


@pytest.mark.parametrize("action", ["", "/take", "/assign", "/status", "/note"])
async def test_another_towns_case_is_as_unknown_as_none(core: Core, browser: SignedIn, action: str) -> None:
    name = reference(core)
    stranger = browser(Role.CASE_WORKER, ELSEWHERE)
    method = "POST" if action else "GET"
    more = {"data": {"csrf": stranger.csrf, "text": "x", "status": "open"}} if action else {}
    answers = [await stranger.request(method, f"/desk/cases/{one}{action}", **more) for one in (name, "M-0000")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].text == answers[1].text
    with core.database.session() as session:
        assert session.scalars(select(Case.status)).one() == "new"
        assert session.scalars(select(CaseEvent)).all() == []


async def test_the_address_of_a_form_leads_back_to_its_page(core: Core, browser: SignedIn) -> None:
    name = reference(core)
    answer = await browser(Role.CASE_WORKER).get(f"/desk/cases/{name}/note")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/cases/{name}")


async def test_an_open_queue_hears_of_a_new_case(core: Core) -> None:
    hub = Hub(core.database)
    looking = asyncio.create_task(hub.run())
    signed_in = True

    async def alive() -> bool:
        return signed_in

    stream = pages.changes(hub, alive, keep_alive=5)
    assert await anext(stream) == "event: changed\ndata: -\n\n", "one look at once"
    waiting = asyncio.create_task(anext(stream))
    await asyncio.sleep(0.7)  # the hub has seen what was there
    while waiting.done():
        waiting = asyncio.create_task(anext(stream))
        await asyncio.sleep(0.4)
    reference(core)
    assert await asyncio.wait_for(waiting, 3) == "event: changed\ndata: -\n\n"
    signed_in = False
    reference(core)
    assert await asyncio.wait_for(anext(stream), 3) == "event: ended\ndata: -\n\n"
    with pytest.raises(StopAsyncIteration):
        await anext(stream)
    looking.cancel()
    with suppress(asyncio.CancelledError):
        await looking


async def test_a_silent_stream_is_kept_alive(core: Core) -> None:
    async def alive() -> bool:
        return True

    stream = pages.changes(Hub(core.database), alive, keep_alive=0.01)
    assert await anext(stream) == "event: changed\ndata: -\n\n"
    assert await anext(stream) == ": still here\n\n"
    await stream.aclose()


async def test_the_stream_ends_with_the_session(
    app: FastAPI, core: Core, browser: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole route: its type, its first event, and its end when the session is over."""
    worker = browser(Role.CASE_WORKER)
    monkeypatch.setattr(pages.changes, "__defaults__", (0.05,))
    asked = asyncio.create_task(worker.get("/desk/cases/events", Accept="text/event-stream"))
    await asyncio.sleep(0.3)
    assert not asked.done()
    app.state.desk.accounts.sign_out(worker.token)
    answer = await asyncio.wait_for(asked, 3)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.text.startswith("event: changed\n")
    assert answer.text.endswith("event: ended\ndata: -\n\n")
