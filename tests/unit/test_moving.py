"""Going on in another channel: a code takes everything along, once; the gateway answers it without the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session
from telegram import Update

from bot.channels.telegram.reading import Arrived
from bot.channels.telegram.reading import read as read_update
from bot.incoming import asks_to_move, code_in
from bot.messages import IncomingMessage
from bot.turn import Gateway
from lotse import core as core_parts
from lotse.cases import open_case
from lotse.codes import draw, grouped, is_code
from lotse.core import Core
from lotse.intake import moving
from lotse.intake.runs import all_of, of_conversation
from lotse.languages import Identifier
from lotse.replies import say
from lotse.settings import Settings
from lotse.storage import Database
from lotse.storage.crypto import Vault
from lotse.storage.tables import (
    Case,
    Conversation,
    CrisisCall,
    Inbound,
    Intake,
    Municipality,
    Outbound,
    Response,
    ReturnCode,
    UnansweredQuestion,
    WebLink,
    now,
)
from tests.unit.conftest import converse, musterstadt


def begun(session: Session, conversation: Conversation, **given: Any) -> Intake:
    """An intake of a conversation, agreed to."""
    intake = Intake(
        conversation_id=conversation.id,
        municipality_id=musterstadt(session).id,
        questionnaire="intake",
        version="2026-12",
        **given,
    )
    session.add(intake)
    intake.responses.append(Response(question="age", value="27-64", language="uk", inbound_id=""))
    session.flush()
    return intake


def full(session: Session, address: str) -> Conversation:
    """A conversation with something in everything that moves."""
    conversation, inbound = converse(session, address)
    inbound.state = "done"
    intake = begun(session, conversation)
    conversation.intake_id = intake.id
    conversation.contact = {"phone": "+4925112345", "email": None}
    conversation.language_chosen = True
    conversation.pending = {"kind": "near", "question": "age", "value": "65+", "words": "70"}
    conversation.reminders = False
    open_case(session, conversation, "intake", intake=intake)
    town = musterstadt(session)
    session.add(UnansweredQuestion(municipality_id=town.id, conversation_id=conversation.id, question="…", language="uk"))
    session.add(CrisisCall(conversation_id=conversation.id, municipality_id=town.id, words="…"))
    session.add(Outbound(conversation_id=conversation.id, body={"text": "Скільки?", "buttons": []}, state="sent"))
    session.add(ReturnCode(digest=f"code {address}", conversation_id=conversation.id))
    session.flush()
    return conversation


def test_a_code_is_kept_as_a_hash_only(session: Session, vault: Vault) -> None:
    conversation, _ = converse(session)
    code = moving.offer(session, vault, conversation)
    assert is_code(code.replace("-", ""))
    assert code.replace("-", "") not in str(session.execute(text("SELECT * FROM web_link")).all())
    (link,) = session.scalars(select(WebLink)).all()
    assert (link.purpose, link.expires_at - link.created_at <= timedelta(hours=1)) == ("move", True)


def test_everything_moves(session: Session, vault: Vault) -> None:
    old, (new, _) = full(session, "old"), converse(session, "new", language="de")
    begun(session, converse(session, "somebody else")[0])
    old_id, new_id = old.id, new.id
    former = moving.take(session, vault, moving.offer(session, vault, old).lower().replace("-", " "), new)
    assert former is not None
    assert former.id == old_id
    for table in (Case, UnansweredQuestion, CrisisCall, Outbound):
        assert session.scalars(select(table.conversation_id)).all() == [new_id], table.__tablename__
    assert len(session.scalars(select(Intake).where(Intake.conversation_id == new_id)).all()) == 1
    assert session.scalars(select(Inbound).where(Inbound.conversation_id == old_id)).all() == []
    moved = session.scalars(select(Inbound).where(Inbound.conversation_id == new_id).order_by(Inbound.number)).all()
    assert [each.external_id for each in moved] == [f"1.{moved[0].id}", "1"], "numbers of one channel mean nothing on another"
    assert (new.language, new.language_chosen, new.reminders) == ("uk", True, False)
    assert new.contact == {"phone": "+4925112345", "email": None}
    assert new.intake_id == of_conversation(session, new).id  # type: ignore[union-attr]
    assert (former.contact, former.intake_id, former.pending, new.pending) == (None, None, None, None)
    assert (all_of(session, former), len(all_of(session, new))) == ([], 1)
    assert session.scalars(select(WebLink)).all() == []
    assert session.scalars(select(ReturnCode)).all() == []


def test_a_code_works_once(session: Session, vault: Vault) -> None:
    old, (new, _), (third, _) = full(session, "old"), converse(session, "new"), converse(session, "third")
    code = moving.offer(session, vault, old)
    assert moving.take(session, vault, code, new) is not None
    assert moving.take(session, vault, code, third) is None
    assert len(all_of(session, new)) == 1


@pytest.mark.parametrize("typed", ["", "KF7M", "KF7M-29TC-XW4H", "x" * 5000, "2346 7923 4679", "\0"])
def test_a_wrong_code_moves_nothing(session: Session, vault: Vault, typed: str) -> None:
    old, (new, _) = full(session, "old"), converse(session, "new")
    moving.offer(session, vault, old)
    assert moving.take(session, vault, typed, new) is None
    assert (len(all_of(session, old)), all_of(session, new)) == (1, [])


def test_a_code_ends_after_an_hour_and_with_the_next_one(session: Session, vault: Vault) -> None:
    old, (new, _) = full(session, "old"), converse(session, "new")
    first, second = (moving.offer(session, vault, old) for _ in range(2))
    assert moving.find(session, vault, first) is None
    assert moving.find(session, vault, second) is old
    assert moving.find(session, vault, second, now() + timedelta(minutes=61)) is None
    session.execute(update(WebLink).values(expires_at=now()))
    assert moving.take(session, vault, second, new) is None


def test_in_its_own_chat_a_code_does_nothing(session: Session, vault: Vault) -> None:
    old = full(session, "old")
    code = moving.offer(session, vault, old)
    assert moving.take(session, vault, code, old) is None
    assert moving.find(session, vault, code) is old, "it is not used up"


def test_two_with_an_intake_become_a_household(session: Session, vault: Vault) -> None:
    old, new = full(session, "old"), full(session, "new")
    mine = of_conversation(session, new)
    coming = of_conversation(session, old)
    moving.take(session, vault, moving.offer(session, vault, old), new)
    assert mine is not None
    assert coming is not None
    assert mine.household_id == coming.household_id is not None
    assert of_conversation(session, new) is coming, "who has just come goes on"
    assert (mine.paused, coming.paused) == (True, False)


def test_an_intake_that_nobody_agreed_to_makes_no_household(session: Session, vault: Vault) -> None:
    old, (new, _) = full(session, "old"), converse(session, "new")
    new.intake_id = begun(session, new, gate={"age": "18-26"}).id
    moving.take(session, vault, moving.offer(session, vault, old), new)
    (only,) = all_of(session, new)
    assert (only.household_id, only.paused) == (None, False)


def test_the_town_comes_along_only_to_who_has_none_of_their_own(session: Session, vault: Vault) -> None:
    other = session.scalars(select(Municipality).where(Municipality.slug != "musterstadt")).first()
    assert other is not None
    old, (new, _), third = full(session, "old"), converse(session, "new"), full(session, "third")
    new.municipality_id = third.municipality_id = other.id
    moving.take(session, vault, moving.offer(session, vault, old), new)
    assert new.municipality_id == musterstadt(session).id
    moving.take(session, vault, moving.offer(session, vault, new), third)
    assert third.municipality_id == other.id


def test_what_was_chosen_and_left_here_stays(session: Session, vault: Vault) -> None:
    old, (new, _) = full(session, "old"), converse(session, "new", language="de")
    new.language_chosen, new.contact = True, {"phone": None, "email": "a@example.org"}
    moving.take(session, vault, moving.offer(session, vault, old), new)
    assert (new.language, new.contact) == ("de", {"phone": "+4925112345", "email": "a@example.org"})


def test_a_message_that_is_worked_on_ends_where_it_came(session: Session, vault: Vault) -> None:
    old, (new, _) = full(session, "old"), converse(session, "new")
    session.add(Inbound(conversation_id=old.id, external_id="9", body={"text": "…"}))
    session.flush()
    moving.take(session, vault, moving.offer(session, vault, old), new)
    assert session.scalars(select(Inbound.external_id).where(Inbound.conversation_id == old.id)).all() == ["9"]


# what is typed


@pytest.mark.parametrize(
    "typed",
    ["KF7M-29TC-XW4H", " kf7m 29tc xw4h ", "KF7M29TCXW4H", "move KF7M-29TC-XW4H", "move_KF7M-29TC-XW4H", "код: КF7М–29ТС–ХW4Н",
     "انتقل KF7M-٢٩TC-XW٤H", "\u2068KF7M-29TC-XW4H\u2069."],
)  # fmt: skip
def test_a_code_in_a_message(typed: str) -> None:
    assert code_in(typed) == "KF7M29TCXW4H"


@pytest.mark.parametrize(
    "typed",
    ["", "234679234679", "+49 1764 2324 679", "2346-7923-4679", "KF7M-29TC", "KF7M-29TC-XW4H please", "/start KF7M29TCXW4H",
     "M-7K4P", "I need a flat", "KF7M-29TC-XW4O", "Wohn geld jetz", "тому що ти тут"],
)  # fmt: skip
def test_no_code_in_a_message(typed: str) -> None:
    assert code_in(typed) is None


def test_drawn_codes_are_read_again() -> None:
    for _ in range(200):
        letters = draw()
        assert code_in(grouped(letters)) == code_in(f"move {grouped(letters).lower()}") == letters


def test_the_command() -> None:
    assert asks_to_move(" /move ")
    assert asks_to_move("/MOVE@lotse_bot")
    assert not asks_to_move("move")


@pytest.mark.parametrize(
    ("typed", "said", "entry"),
    [
        ("/start move_KF7M29TCXW4H", "move_KF7M29TCXW4H", None),
        ("/start KF7M29TCXW4H", "/start", "KF7M29TCXW4H"),  # of a place with a QR code: its tokens may look like a code
        ("/start move_house", "/start", "move_house"),
    ],
)
def test_telegrams_link(typed: str, said: str, entry: str | None) -> None:
    chat = {"id": 7, "type": "private"}
    sender = {"id": 7, "is_bot": False, "first_name": "A"}
    update = Update.de_json(
        {"update_id": 1, "message": {"message_id": 1, "date": 0, "chat": chat, "from": sender, "text": typed}}, None
    )
    arrived = read_update(update)
    assert isinstance(arrived, Arrived)
    assert (arrived.message.text, arrived.message.entry) == (said, entry)


# the gateway


class NoEngine:
    """The engine is not needed; asking it is a mistake."""

    async def turn(self, *_: object, **__: object) -> list[str]:
        raise AssertionError("the engine was asked")


@pytest.fixture
def core(settings: Settings, database: Database) -> Iterator[Core]:
    parts = core_parts.build(replace(settings, public_url="https://lotse.example", telegram_token="1:x"))
    yield parts
    parts.database.engine.dispose()


@pytest.fixture
def gateway(core: Core, identifier: Identifier) -> Gateway:
    return Gateway(core, NoEngine(), identifier)  # type: ignore[arg-type]


def say_to(gateway: Gateway, channel: str, typed: str, number: int = 1, language: str = "en") -> str:
    message = IncomingMessage(channel, f"at {channel}", f"{channel}{number}", text=typed, language_hint=language)
    return asyncio.run(gateway.receive(message))


def heard(core: Core, conversation_id: str) -> list[dict[str, Any]]:
    with core.database.reading() as session:
        query = select(Outbound.body).where(Outbound.conversation_id == conversation_id).order_by(Outbound.number)
        return list(session.scalars(query))


def offered_code(core: Core, conversation_id: str) -> str:
    return str(heard(core, conversation_id)[-1]["strong"])


def test_from_telegram_to_the_web_and_back(core: Core, gateway: Gateway) -> None:
    telegram = say_to(gateway, "telegram", "/move", language="uk")
    offer = heard(core, telegram)[-1]["text"]
    code = offered_code(core, telegram)
    assert code_in(code)
    assert code in offer
    assert "https://lotse.example/chat/return" in offer
    with core.database.session() as session:
        begun(session, session.get_one(Conversation, telegram))

    web = say_to(gateway, "web", code)
    (told,) = heard(core, web)[-1:]
    assert told["language"] == "uk"
    assert told["text"].startswith(core.wording.render(say("move.here"), "uk"))
    asked = core.intakes.questionnaires.current()
    assert asked.words_of(asked.question("agreement"), "uk").label[:30] in told["text"], "the open question follows at once"
    assert heard(core, telegram)[-1]["text"].startswith(core.wording.render(say("move.gone"), "uk"))
    assert len(heard(core, telegram)) == 1

    back = say_to(gateway, "web", "/move", 2)
    assert back == web
    assert "https://lotse.example/chat/return" not in heard(core, web)[-1]["text"]
    say_to(gateway, "telegram", f"move {offered_code(core, web)}", 2)
    with core.database.reading() as session:
        assert len(all_of(session, session.get_one(Conversation, telegram))) == 1
        assert all_of(session, session.get_one(Conversation, web)) == []


def test_a_new_chat_with_a_code_is_not_greeted_first(core: Core, gateway: Gateway) -> None:
    telegram = say_to(gateway, "telegram", "/move", language="uk")
    web = say_to(gateway, "web", offered_code(core, telegram))
    texts = [body["text"] for body in heard(core, web)]
    picker = core.wording.render(say("language.pick"), "uk")
    own = core.wording.render(say("move.here"), "uk")
    assert texts[-1].startswith(own)
    assert sum(text == picker for text in texts) == 1, "only the greeting that moved along"


def test_a_new_chat_with_a_wrong_code_is_greeted(core: Core, gateway: Gateway) -> None:
    web = say_to(gateway, "web", "KF7M-29TC-XW4H", language="de")
    texts = [body["text"] for body in heard(core, web)]
    assert texts[-1] == core.wording.render(say("move.wrong"), "de")
    assert any("Musterstadt" in each for each in texts[:-1])


def test_wrong_codes_are_limited(core: Core, gateway: Gateway) -> None:
    telegram = say_to(gateway, "telegram", "/move", language="en")
    for number in range(10):
        web = say_to(gateway, "web", f"KF7M-29TC-XW{'2346792346'[number]}H", number)
    assert heard(core, web)[-1]["text"] == core.wording.render(say("move.wrong"), "en")
    code = offered_code(core, telegram)
    say_to(gateway, "web", code, 99)
    assert heard(core, web)[-1]["text"] == core.wording.render(say("move.too_many"), "en")
    say_to(gateway, "terminal", code)
    with core.database.reading() as session:
        assert moving.find(session, core.database.vault, code) is None, "another chat may still use it"


def test_a_code_in_the_chat_that_offered_it(core: Core, gateway: Gateway) -> None:
    telegram = say_to(gateway, "telegram", "/move", language="en")
    say_to(gateway, "telegram", offered_code(core, telegram), 2)
    assert heard(core, telegram)[-1]["text"] == core.wording.render(say("move.same"), "en")


def test_the_button_of_my_data(core: Core, gateway: Gateway) -> None:
    telegram = say_to(gateway, "telegram", "/start", language="en")
    button = {"id": "b_x.0", "label": "Go on elsewhere", "kind": "menu", "value": "move", "about": ""}
    with core.database.session() as session:
        session.add(Outbound(id="b_x", conversation_id=telegram, body={"text": "…", "buttons": [[button]]}))
    asyncio.run(gateway.receive(IncomingMessage("telegram", "at telegram", "p", press="b_x.0")))
    assert code_in(offered_code(core, telegram))
