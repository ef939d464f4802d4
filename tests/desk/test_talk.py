"""A case worker and a newcomer write to each other, from both sides: the desk's pages and the real gateway."""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from lotse.cases import open_case, talk, work
from lotse.cases.talk import CANNED
from lotse.core import Core
from lotse.privacy import erase_told
from lotse.staff import Role
from lotse.storage.tables import Case, Conversation, Inbound, Outbound, new_id
from lotse.translation import LibreTranslate
from tests.desk.conftest import ELSEWHERE, Browser, SignedIn, make_case, make_contact, staff, town
from tests.simulation.seen import read_line
from tests.simulation.worlds import conversation_of, in_process

MONDAY_TEN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # ten in Musterstadt
MONDAY_NIGHT = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)


def add(core: Core, **more: Any) -> str:
    with core.database.session() as session:
        return make_case(session, **more).reference


def get(session: Session, reference: str) -> Case:
    return session.scalars(select(Case).where(Case.reference == reference)).one()


def laid(core: Core, reference: str) -> list[Outbound]:
    """What lies in the outbox for a case, in order."""
    with core.database.reading() as session:
        case = get(session, reference)
        return list(session.scalars(select(Outbound).where(Outbound.case_id == case.id).order_by(Outbound.number)))


async def write(worker: Browser, reference: str, text: str = "", **form: str) -> Any:
    return await worker.post(f"/desk/cases/{reference}/talk", text=text, nonce=form.pop("nonce", new_id("n")), **form)


# at the desk


async def test_the_first_message_silences_the_bot_and_takes_the_case(core: Core, browser: SignedIn) -> None:
    worker, reference = browser(Role.CASE_WORKER), add(core)
    page = (await worker.get(f"/desk/cases/{reference}/talk")).text
    assert "The bot is speaking" in page
    assert "No messages yet" in page
    done = await write(worker, reference, " Добрий день! \r\n Як справи? ")
    assert done.headers["location"] == f"/desk/cases/{reference}/talk?done=sent"
    begun, message = laid(core, reference)
    assert "мовчу" in begun.body["text"], "in the newcomer's language"
    assert [button["value"] for row in begun.body["buttons"] for button in row] == ["bot"]
    assert message.body["text"] == "Anna Beispiel (Musterstadt):\nДобрий день! \n Як справи?"
    assert (message.body["strong"], message.body["by"]) == ("Anna Beispiel (Musterstadt):", "Anna Beispiel")
    with core.database.reading() as session:
        case = get(session, reference)
        assert (case.status, case.assignee.name if case.assignee else None) == ("open", "Anna Beispiel")
        assert case.conversation.talks_in == case.id
        assert case.first_reply_at is not None
    page = (await worker.get(f"/desk/cases/{reference}/talk")).text
    assert "You are writing with the person" in page
    assert "Добрий день!" in page
    assert "On its way" in page
    assert "Now writes with the person" in (await worker.get(f"/desk/cases/{reference}")).text


async def test_a_form_sent_twice_is_one_message(core: Core, browser: SignedIn) -> None:
    worker, reference = browser(Role.CASE_WORKER), add(core)
    for _ in range(2):
        assert (await write(worker, reference, "Вітаю", nonce="same")).status_code == 303
    await write(worker, reference, "Вітаю", nonce="another")
    assert [row.written["text"] for row in laid(core, reference) if row.staff_id] == ["Вітаю", "Вітаю"]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"text": "  \n"}, "Write something first."),
        ({"text": "x" * (talk.LONGEST + 1)}, "Too long. At most 3000 characters"),
        ({"canned": "nonsense"}, "Choose one of the ready sentences."),
    ],
)
async def test_what_cannot_be_sent_is_said_and_kept(core: Core, browser: SignedIn, form: dict[str, str], said: str) -> None:
    worker, reference = browser(Role.CASE_WORKER), add(core)
    refused = await write(worker, reference, **form)
    assert refused.status_code == 422
    assert said in refused.text
    assert form.get("text", "").strip() in refused.text
    assert laid(core, reference) == []


@pytest.mark.parametrize(
    ("closing", "form"),
    [
        ("status", {"status": "closed", "outcome": "done"}),
        ("transfer", {"organisation": "Caritas", "handed_over": "the summary", "agreed": "2026-11-20"}),
    ],
)
async def test_in_a_closed_case_nobody_writes_and_closing_hands_back(
    core: Core, browser: SignedIn, closing: str, form: dict[str, str]
) -> None:
    worker, reference = browser(Role.CASE_WORKER), add(core)
    await write(worker, reference, "Вітаю")
    assert (await worker.post(f"/desk/cases/{reference}/{closing}", **form)).status_code == 303
    back = laid(core, reference)[-1]
    assert "Я знову тут" in back.body["text"]
    with core.database.reading() as session:
        assert get(session, reference).conversation.talks_in is None
    assert (await write(worker, reference, "ще щось")).status_code == 422
    assert "The case is closed." in (await worker.get(f"/desk/cases/{reference}/talk")).text


async def test_handing_back_is_told_once(core: Core, browser: SignedIn) -> None:
    worker, reference = browser(Role.CASE_WORKER), add(core)
    await write(worker, reference, "Вітаю")
    for _ in range(2):  # pressed twice
        done = await worker.post(f"/desk/cases/{reference}/talk/back")
        assert done.headers["location"].endswith("?done=back")
    assert len(laid(core, reference)) == 3
    assert "Handed back to the bot" in (await worker.get(f"/desk/cases/{reference}")).text


@pytest.mark.parametrize("language", ["ar", "ru", "de"])
async def test_ready_sentences_go_out_in_the_newcomers_language(core: Core, browser: SignedIn, language: str) -> None:
    worker, reference = browser(Role.CASE_WORKER), add(core, language=language)
    page = (await worker.get(f"/desk/cases/{reference}/talk")).text
    for name in CANNED:
        await write(worker, reference, canned=name)
        sentence = core.wording.render(talk.say(f"canned.{name}"), language)
        assert sentence in page.replace("&#39;", "'")
        assert laid(core, reference)[-1].body["text"].endswith(sentence)
    assert "May I call you?" in (await worker.get(f"/desk/cases/{reference}/talk")).text, "staff read their own language"


async def test_other_towns_and_roles_neither_read_nor_write(core: Core, browser: SignedIn) -> None:
    reference = add(core)
    for other in (browser(Role.CASE_WORKER, ELSEWHERE), browser(Role.OBSERVER), browser(Role.SYSTEM_ADMINISTRATOR)):
        assert (await other.get(f"/desk/cases/{reference}/talk")).status_code in (403, 404)
        for path in ("talk", "talk/back", "talk/translate"):
            assert (await other.post(f"/desk/cases/{reference}/{path}", text="x", message="m_1")).status_code in (403, 404)
    assert laid(core, reference) == []


# a machine that translates


class Machine(BaseHTTPRequestHandler):
    """A server with LibreTranslate's interface that marks what it was asked."""

    asked: list[dict[str, Any]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.asked.append(body)
        known = "Wolof" not in body["q"]
        answer = {"translatedText": f"[{body['source']}>{body['target']}] {body['q']}"} if known else {"error": "unknown"}
        self.send_response(200 if known else 400)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: Any) -> None:
        """Silent."""


@pytest.fixture
def machine(app: FastAPI, core: Core, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    server = HTTPServer(("127.0.0.1", 0), Machine)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Machine.asked.clear()
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(app.state.desk, "core", replace(core, translator=LibreTranslate(address, "a key")))
    yield Machine.asked
    server.shutdown()
    server.server_close()


async def test_a_translation_is_marked_and_the_original_shown(
    core: Core, browser: SignedIn, machine: list[dict[str, Any]]
) -> None:
    worker, reference = browser(Role.CASE_WORKER), add(core)
    assert "Translate into Ukrainian by machine" in (await worker.get(f"/desk/cases/{reference}/talk")).text
    await write(worker, reference, "Good morning", translate="yes")
    assert machine == [{"q": "Good morning", "source": "en", "target": "uk", "format": "text", "api_key": "a key"}]
    lines = laid(core, reference)[-1].body["text"].split("\n")
    assert lines[1:] == ["[en>uk] Good morning", "(Переклав комп'ютер. Можливі помилки. Оригінал:)", "Good morning"]
    page = (await worker.get(f"/desk/cases/{reference}/talk")).text
    assert "Sent like this, translated by a machine" in page
    await write(worker, reference, "Without it")
    assert len(machine) == 1


async def test_what_the_newcomer_wrote_is_translated_on_request(
    core: Core, browser: SignedIn, machine: list[dict[str, Any]]
) -> None:
    worker, reference = browser(Role.CASE_WORKER), add(core)
    with core.database.session() as session:
        case = get(session, reference)
        inbound = Inbound(conversation_id=case.conversation_id, external_id="1", body={"text": "Дякую"}, language="uk")
        session.add(inbound)
        session.flush()
        talk.take(session, case, inbound, MONDAY_TEN)
        message = inbound.id
    assert (await worker.post(f"/desk/cases/{reference}/talk/translate", message=message)).status_code == 303
    page = (await worker.get(f"/desk/cases/{reference}/talk")).text
    assert "[uk&gt;en] Дякую" in page
    assert "may have mistakes" in page
    await worker.post(f"/desk/cases/{reference}/talk/translate", message="m_unknown")
    assert len(machine) == 1


async def test_a_machine_that_fails_loses_nothing(core: Core, browser: SignedIn, machine: list[dict[str, Any]]) -> None:
    worker, reference = browser(Role.CASE_WORKER), add(core)
    refused = await write(worker, reference, "Do you speak Wolof?", translate="yes")
    assert refused.status_code == 502
    assert "Nothing was sent." in refused.text
    assert "Do you speak Wolof?</textarea>" in refused.text
    assert laid(core, reference) == []


async def test_without_a_machine_nobody_is_offered_one(core: Core, browser: SignedIn) -> None:
    worker, reference = browser(Role.CASE_WORKER), add(core)
    assert 'name="translate"' not in (await worker.get(f"/desk/cases/{reference}/talk")).text
    await write(worker, reference, "Good morning", translate="yes")
    assert laid(core, reference)[-1].body["text"].endswith("Good morning")


# the newcomer's side


class Chat:
    """A newcomer's chat through the real gateway."""

    def __init__(self, core: Core, world: Any, chat: Any, name: str) -> None:
        self.core, self._world, self._chat, self._name = core, world, chat, name
        self._count = 0
        self.buttons: list[Any] = []

    @property
    def id(self) -> str:
        found = conversation_of(self.core, self._name)
        assert found is not None
        return found

    async def say(self, text: str, intent: str = "respond") -> str:
        self._world.means(text, intent)
        return await self._turn({"text": text})

    async def press(self, value: str) -> str:
        button = next(each for each in reversed(self.buttons) if each.value == value)
        return await self._turn({"press": button.id})

    async def press_label(self, label: str) -> str:
        button = next(each for each in reversed(self.buttons) if each.label == label)
        return await self._turn({"press": button.id})

    async def _turn(self, request: dict[str, Any]) -> str:
        self._count += 1
        return self.read(await self._chat.turn({"id": f"{self._name}-{self._count}", **request}))

    def read(self, said: dict[str, Any]) -> str:
        """The words of a line; its buttons can be pressed from now on."""
        line = read_line(said)
        self.buttons += [button for message in line.messages for button in message.buttons]
        return line.text

    def contact(self) -> str:
        """A case of this newcomer."""
        with self.core.database.session() as session:
            return open_case(session, session.get_one(Conversation, self.id), "contact").reference


@asynccontextmanager
async def chatting(core: Core, language: str = "en") -> AsyncIterator[Chat]:
    async with in_process(core) as world:
        chat = await world.chat("talks", language, "musterstadt")
        newcomer = Chat(core, world, chat, "talks")
        newcomer.read(await chat.greeting())
        try:
            yield newcomer
        finally:
            await chat.close()


async def test_what_is_typed_reaches_the_person_and_not_the_bot(core: Core, browser: SignedIn) -> None:
    worker = browser(Role.CASE_WORKER)
    async with chatting(core) as chat:
        await chat.press("en")
        await chat.press("start_intake")
        reference = chat.contact()
        await write(worker, reference, "Hello, how are you?")
        told = await chat.say("27", "respond")  # would be the age, which the bot has asked for
        assert "I am quiet" in told
        assert "Anna Beispiel (Musterstadt):" in told
        for text in ("Yes", "Skip", "I am well, thank you"):
            assert await chat.say(text) in ("", told) or "Nobody reads" in told
        page = (await worker.get(f"/desk/cases/{reference}/talk")).text
        assert [page.index(text) for text in (">27<", ">Yes<", ">Skip<", ">I am well, thank you<")] == sorted(
            page.index(text) for text in (">27<", ">Yes<", ">Skip<", ">I am well, thank you<")
        )
        assert "Delivered" in page
        assert "New message" in (await worker.get("/desk/cases")).text
        await write(worker, reference, "Good.")
        assert "New message" not in (await worker.get("/desk/cases")).text


async def test_the_newcomer_goes_back_to_the_bot(core: Core, browser: SignedIn) -> None:
    worker = browser(Role.CASE_WORKER)
    async with chatting(core) as chat:
        await chat.press("en")
        await chat.press("start_intake")
        await chat.press("27-64")
        reference = chat.contact()
        await write(worker, reference, "Hello")
        await chat.say("hi")
        assert "You are talking with a person" in await chat.press("yes"), "the agreement is not asked meanwhile"
        assert "You are talking with a person" in await chat.say("/help")
        assert "I am back" in await chat.press("bot")
        assert "May I save" in await chat.press("resume")
        page = (await worker.get(f"/desk/cases/{reference}")).text
        assert "Handed back to the bot" in page
        assert "What would you like to do?" in await chat.press("bot"), "an old button is the menu"


@pytest.mark.parametrize(
    ("text", "answered"),
    [("/privacy", "computer program"), ("/mydata", "Only the guides of Musterstadt"), ("/delete", "elete")],
)
async def test_rights_and_danger_need_no_person(core: Core, browser: SignedIn, text: str, answered: str) -> None:
    worker = browser(Role.CASE_WORKER)
    async with chatting(core) as chat:
        await chat.press("en")
        reference = chat.contact()
        await write(worker, reference, "Hello")
        said = await chat.say(text)
        assert answered in said
        danger = await chat.say("I want to kill myself")
        assert "112" in danger
        page = (await worker.get(f"/desk/cases/{reference}/talk")).text
        assert "I want to kill myself" in page, "it was written to the person"
        assert text not in page


async def test_deleting_everything_ends_the_talk(core: Core) -> None:
    with core.database.session() as session:
        case = make_contact(session, None)
        conversation = case.conversation
        talk.write(session, case, "Hello", staff(session, "colleague"))
        assert talk.open_in(session, conversation) is case
        erase_told(session, conversation)
        assert talk.open_in(session, conversation) is None
        assert conversation.talks_in is None


def test_outside_the_hours_the_newcomer_is_told_once(core: Core) -> None:
    with core.database.session() as session:
        case = make_contact(session, None, language="ar")
        talk.write(session, case, "مرحبا", staff(session, "colleague"))

        def arrives(moment: datetime) -> list[Any]:
            inbound = Inbound(conversation_id=case.conversation_id, external_id=new_id("x"), body={"text": "شكرا"})
            session.add(inbound)
            session.flush()
            return talk.take(session, case, inbound, moment)

        assert arrives(MONDAY_TEN) == []
        (told,) = arrives(MONDAY_NIGHT)
        assert [part.key for part in told.paragraphs] == ["talk.away", "talk.away.danger"]
        assert arrives(MONDAY_NIGHT) == []
        assert case.unanswered_since == MONDAY_TEN, "since the first that nobody has answered"
        town(session).details = {name: value for name, value in town(session).details.items() if name != "staff_hours"}
        case.conversation.told_away_at = None
        session.flush()
        assert arrives(MONDAY_NIGHT) == [], "where no hours are known, none are promised"


def test_a_colleague_may_stand_in(core: Core) -> None:
    with core.database.session() as session:
        case, anna, bert = make_case(session), staff(session, "case_worker.musterstadt"), staff(session, "colleague")
        work.take(session, case, anna)
        talk.write(session, case, "one", anna)
        talk.write(session, case, "two", bert)
        assert case.assignee is anna
        assert [event.kind for event in case.events].count("talk_begun") == 1
