"""The call of a person after a message that named danger: only on a yes, its words encrypted, apart and soon gone."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from actions.base import CoreAction
from actions.conversation import Confirm, MeetCrisis
from actions.people import AskForPerson, ShowMyData
from bot.engine import EngineFailed
from bot.messages import IncomingMessage
from bot.turn import Gateway
from lotse import core as composition
from lotse.answers.opening import on_duty
from lotse.cases import open_case
from lotse.cases.summary import STAFF_LANGUAGES
from lotse.core import Core
from lotse.crisis import calls, yes_no
from lotse.privacy import erase_told
from lotse.replies import Reply, Say
from lotse.settings import from_environment
from lotse.storage import Database
from lotse.storage.tables import Applied, Case, Conversation, CrisisCall, Inbound, Intake, Municipality, Outbound, now
from lotse.turns import Turn, Understanding
from tests.unit.conftest import converse, load_yaml, musterstadt

DANGER = "мій чоловік б'є мене, я на вулиці Липовій 7"
LISTS = load_yaml(yes_no.FILE)
MONDAY_TEN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # in Berlin 10:00
MONDAY_NIGHT = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
SATURDAY = datetime(2026, 11, 28, 10, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Core:
    return composition.build(from_environment({"LOTSE_HOME": str(tmp_path_factory.mktemp("home"))}))


@pytest.fixture
def core(parts: Core, database: Database) -> Core:
    return replace(parts, database=database)


def meet(core: Core, session: Session, words: str = DANGER, **more: str) -> tuple[Conversation, CrisisCall, Reply]:
    conversation, inbound = converse(session, text=words, **more)
    reply = calls.meet(session, conversation, musterstadt(session), inbound, core.crisis)
    assert inbound.body == {"text": ""}
    return conversation, session.scalars(select(CrisisCall).where(CrisisCall.conversation_id == conversation.id)).one(), reply


def press(
    core: Core, session: Session, conversation: Conversation, value: str, call: str, moment: datetime | None = None
) -> list[Reply]:
    return calls.answer(session, conversation, musterstadt(session), value, call, core.crisis, moment)


def said(replies: list[Reply]) -> list[str]:
    return [part.key for reply in replies for part in reply.paragraphs if isinstance(part, Say)]


def values(reply: Reply) -> list[str]:
    return [button.value for row in reply.rows for button in row]


# the reply and the call


def test_the_same_reply_whatever_was_said(core: Core, session: Session) -> None:
    replies = [
        meet(core, session, words, address=words)[2] for words in (DANGER, "ich will sterben", "wir haben keinen Schlafplatz")
    ]
    assert len({str(reply.paragraphs) for reply in replies}) == 1
    assert {tuple(values(reply)) for reply in replies} == {("crisis_call", "crisis_no_call")}


def test_the_intake_waits_and_can_go_on(core: Core, session: Session) -> None:
    conversation, inbound = converse(session, text=DANGER)
    intake = Intake(
        conversation_id=conversation.id, municipality_id=musterstadt(session).id, questionnaire="intake", version="1", gate={}
    )
    session.add(intake)
    session.flush()
    reply = calls.meet(session, conversation, musterstadt(session), inbound, core.crisis)
    assert intake.paused
    assert values(reply)[-1] == "resume"
    call = session.scalars(select(CrisisCall)).one()
    for value in ("crisis_call", "crisis_hide"):
        last = press(core, session, conversation, value, call.id)[-1]
    assert values(last) == ["resume"]


def test_further_messages_belong_to_the_same_offer(core: Core, session: Session) -> None:
    conversation, call, _ = meet(core, session)
    inbound = Inbound(conversation_id=conversation.id, external_id="2", body={"text": "він з ножем"})
    session.add(inbound)
    session.flush()
    calls.meet(session, conversation, musterstadt(session), inbound, core.crisis)
    assert session.scalars(select(CrisisCall)).all() == [call]
    assert call.words == f"{DANGER}\nвін з ножем"
    press(core, session, conversation, "crisis_call", call.id)
    third = Inbound(conversation_id=conversation.id, external_id="3", body={"text": "рятуйте мене"})
    session.add(third)
    session.flush()
    calls.meet(session, conversation, musterstadt(session), third, core.crisis)
    assert sorted((each.state, each.words) for each in session.scalars(select(CrisisCall))) == [
        ("called", f"{DANGER}\nвін з ножем"),
        ("offered", "рятуйте мене"),
    ], "what comes after the yes needs a yes of its own"


def test_nobody_is_told_without_a_yes(core: Core, session: Session) -> None:
    conversation, call, _ = meet(core, session)
    assert (call.state, call.called_at, call.reference, call.topic) == ("offered", None, None, "crisis")
    replies = press(core, session, conversation, "crisis_no_call", call.id)
    assert said(replies) == ["crisis.not_called"]
    assert (call.state, call.words, conversation.pending) == ("declined", None, None)
    assert values(replies[0]) == ["crisis_call"], "the mind can be changed"
    press(core, session, conversation, "crisis_call", call.id)
    assert call.state == "called"


@pytest.mark.parametrize(("moment", "works"), [(MONDAY_TEN, True), (MONDAY_NIGHT, False), (SATURDAY, False)])
def test_a_yes_says_honestly_who_reads_it_when(core: Core, session: Session, moment: datetime, works: bool) -> None:
    conversation, call, _ = meet(core, session)
    replies = press(core, session, conversation, "crisis_call", call.id, moment)
    assert (call.state, call.called_at) == ("called", moment)
    keys = said(replies)
    assert keys[0] == "crisis.called"
    assert "crisis.read_hours" in keys
    assert ("crisis.nobody_now" in keys) is not works
    assert keys.count("crisis.number") == (0 if works else len(core.crisis.lines("DE"))), "outside hours the numbers again"
    assert "crisis.no_number" in keys, "without a number nobody can call"
    assert keys[-1] == "crisis.may_show"
    assert values(replies[-1]) == ["crisis_show", "crisis_hide"]
    assert conversation.pending == {"kind": "crisis_show", "call": call.id}


def test_a_town_without_hours_promises_none(core: Core, session: Session) -> None:
    town = Municipality(slug="nowhere", name="Nowhere", country="NL", time_zone="Europe/Amsterdam", details={})
    assert not on_duty(town.details, town.time_zone, MONDAY_TEN)


@pytest.mark.parametrize(
    ("clock", "works"), [("06:59", False), ("07:00", True), ("14:59", True), ("15:00", False)]
)  # UTC; in Berlin an hour more
def test_the_hours_are_the_towns_own(session: Session, clock: str, works: bool) -> None:
    hour, minute = clock.split(":")
    town = musterstadt(session)
    assert on_duty(town.details, town.time_zone, MONDAY_TEN.replace(hour=int(hour), minute=int(minute))) is works


def test_the_reference_is_that_of_the_case_or_the_calls_own(core: Core, session: Session) -> None:
    conversation, call, _ = meet(core, session, address="without a case")
    press(core, session, conversation, "crisis_call", call.id)
    assert call.reference is not None
    assert call.reference.startswith("M-C-")
    conversation, call, _ = meet(core, session, address="with a case")
    case = open_case(session, conversation, "contact")
    press(core, session, conversation, "crisis_call", call.id)
    assert call.reference == case.reference
    assert session.scalars(select(Case)).all() == [case], "no case says that there was a crisis message"


def test_a_yes_said_twice_is_one_call(core: Core, session: Session) -> None:
    conversation, call, _ = meet(core, session)
    press(core, session, conversation, "crisis_call", call.id, MONDAY_TEN)
    reference = call.reference
    press(core, session, conversation, "crisis_call", call.id, MONDAY_NIGHT)
    assert (call.reference, call.called_at) == (reference, MONDAY_TEN)


def test_a_late_yes_still_calls(core: Core, session: Session) -> None:
    """Also where the words are gone, or the whole call was erased."""
    conversation, call, _ = meet(core, session)
    call.created_at = now() - timedelta(hours=25)
    session.flush()
    assert calls.lapse(session) == 1
    session.refresh(call)
    assert (call.state, call.words) == ("lapsed", None)
    assert "crisis.may_show" not in said(press(core, session, conversation, "crisis_call", call.id)), "nothing is left to show"
    assert call.state == "called"
    erase_told(session, conversation)
    press(core, session, conversation, "crisis_call", "cc_erased")
    assert session.scalars(select(CrisisCall.state)).all() == ["called"]


def test_another_conversations_call_cannot_be_answered(core: Core, session: Session) -> None:
    _, call, _ = meet(core, session, address="one")
    stranger, _ = converse(session, "two")
    for value in ("crisis_call", "crisis_show"):
        press(core, session, stranger, value, call.id)
    session.refresh(call)
    assert (call.state, call.show_words) == ("offered", False)


# the words


def test_words_are_shown_only_on_the_second_yes(core: Core, session: Session) -> None:
    conversation, call, _ = meet(core, session)
    assert said(press(core, session, conversation, "crisis_show", call.id)) == ["crisis.not_shown"], "not before a call"
    conversation, call, _ = meet(core, session, address="again")
    press(core, session, conversation, "crisis_call", call.id)
    assert not call.show_words
    assert said(press(core, session, conversation, "crisis_show", call.id)) == ["crisis.shown"]
    assert (call.show_words, call.words) == (True, DANGER)
    assert said(press(core, session, conversation, "crisis_hide", call.id)) == ["crisis.not_shown"], "taken back"
    assert (call.show_words, call.words, call.state) == (False, None, "called")


def test_words_lapse_after_a_day_without_a_yes(core: Core, session: Session) -> None:
    asked = {}
    for name in ("silent", "no answer about the words", "may be read", "fresh"):
        conversation, call, _ = meet(core, session, address=name)
        if name in ("no answer about the words", "may be read"):
            press(core, session, conversation, "crisis_call", call.id)
            call.called_at = now() - timedelta(hours=25)
        if name == "may be read":
            press(core, session, conversation, "crisis_show", call.id)
        if name != "fresh":
            call.created_at = now() - timedelta(hours=25)
        asked[name] = call
    session.flush()
    assert calls.lapse(session) == 2
    assert calls.lapse(session) == 0
    session.expire_all()
    left = {name: (call.state, call.words is not None) for name, call in asked.items()}
    assert left == {
        "silent": ("lapsed", False),
        "no answer about the words": ("called", False),
        "may be read": ("called", True),
        "fresh": ("offered", True),
    }


def test_words_lie_encrypted_and_nowhere_else(core: Core, database: Database, settings: Any) -> None:
    with database.session() as session:
        conversation, call, _ = meet(core, session)
        press(core, session, conversation, "crisis_call", call.id)
        for tag in STAFF_LANGUAGES:
            page = core.summaries.as_markdown(core.summaries.of(open_case(session, conversation, "contact"), tag))
            assert "Липовій" not in page
    with database.session() as session:
        for table in (Inbound, Conversation, Outbound, Applied, Case):
            assert "Липовій" not in str([vars(row) for row in session.scalars(select(table))]), table
        raw = session.execute(text("SELECT words FROM crisis_call")).scalar_one()
        assert "Липовій".encode() not in bytes(raw)
    database.engine.dispose()
    for file in Path(settings.home).rglob("*"):
        if file.is_file():
            assert "Липовій".encode() not in file.read_bytes(), file


# a telephone number


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("0176 12345678", "+4917612345678"),
        ("мій номер +380 50 123 45 67", "+380501234567"),
        ("٠١٧٦١٢٣٤٥٦٧٨", "+4917612345678"),
        ("12345", None),
        ("я живу тут з 2023 року", None),
    ],
)
def test_a_number_written_after_the_yes_is_kept(core: Core, session: Session, typed: str, kept: str | None) -> None:
    conversation, call, _ = meet(core, session)
    town = musterstadt(session)

    def take() -> Reply | None:
        return calls.take_number(session, conversation, town, typed) if calls.may_hold_number(typed) else None

    assert take() is None, "nobody has asked for a call"
    press(core, session, conversation, "crisis_call", call.id)
    reply = take()
    assert (conversation.contact or {}).get("phone") == kept
    assert (reply is not None) == (kept is not None)
    if kept:
        assert "crisis.your_number" in said(press(core, session, conversation, "crisis_call", call.id))


# typed instead of pressed


def turn_of(session: Session, conversation: Conversation, typed: str, intent: str, confidence: float = 0.99) -> Turn:
    inbound = Inbound(conversation_id=conversation.id, external_id=f"t{typed}", body={"text": typed}, language="uk")
    session.add(inbound)
    session.flush()
    return Turn(session, conversation, musterstadt(session), inbound, Understanding(intent, {intent: confidence}))


@pytest.mark.parametrize(
    ("action", "intent", "states"),
    [
        (Confirm, "affirm", ("called", True)),
        (Confirm, "deny", ("declined", False)),
        (AskForPerson, "person", ("called", True)),
    ],
)
def test_a_typed_answer(core: Core, session: Session, action: type[CoreAction], intent: str, states: tuple[str, bool]) -> None:
    conversation, call, _ = meet(core, session)
    action(core).apply(turn_of(session, conversation, "…", intent), {}, False)
    assert (call.state, call.words is not None) == states
    assert session.scalars(select(Case)).all() == []


@pytest.mark.parametrize("intent", ["affirm", "deny"])
def test_where_the_engine_is_not_sure_it_is_asked_again(core: Core, session: Session, intent: str) -> None:
    """A yes taken for a no would leave somebody alone."""
    conversation, call, first = meet(core, session)
    outcome = Confirm(core).apply(turn_of(session, conversation, "…", intent, 0.6), {}, False)
    assert outcome.replies == [Reply([first.paragraphs[-1]], first.rows)]
    assert (call.state, call.words) == ("offered", DANGER)


@pytest.mark.parametrize("tag", list(LISTS))
def test_every_listed_yes_and_no_is_read(tag: str) -> None:
    said = LISTS[tag]
    assert [phrase for phrase in [*said["yes"], *said["whole_yes"]] if yes_no.read(phrase, tag) is not True] == []
    assert [phrase for phrase in said["no"] if yes_no.read(phrase, tag) is not False] == []


@pytest.mark.parametrize(
    ("typed", "tag", "read"),
    [
        ("اي بدي", "ar", True),
        ("لا ما بدي", "ar", False),
        ("ТАК, будь ласка!", "uk", True),
        ("ja bitte rufen Sie mich an", "de", True),
        ("evet", "de", True),  # one word, in any language
        ("ja, aber nicht jetzt", "de", None),
        ("не безпечно", "uk", None),  # an answer to "Is it safe for you to write?"
        ("не знаю", "ru", None),
        ("хочу записатись на курс", "uk", None),
        ("ja und dann hat er gesagt dass er wiederkommt", "de", None),
        ("", "de", None),
        ("🙂", "de", None),
    ],
)
def test_only_a_clear_yes_or_no_is_one(typed: str, tag: str, read: bool | None) -> None:
    assert yes_no.read(typed, tag) is read


@pytest.mark.parametrize(("intent", "shown"), [("affirm", True), ("deny", False)])
def test_a_typed_answer_about_the_words(core: Core, session: Session, intent: str, shown: bool) -> None:
    conversation, call, _ = meet(core, session)
    press(core, session, conversation, "crisis_call", call.id)
    outcome = Confirm(core).apply(turn_of(session, conversation, "…", intent), {}, False)
    assert said(outcome.replies) == ["crisis.shown" if shown else "crisis.not_shown"]
    assert (call.show_words, call.words is not None) == (shown, shown)


def test_to_want_a_person_later_is_another_matter(core: Core, session: Session) -> None:
    conversation, call, _ = meet(core, session)
    press(core, session, conversation, "crisis_no_call", call.id)
    AskForPerson(core).apply(turn_of(session, conversation, "…", "person"), {}, False)
    assert call.state == "declined"
    assert [case.kind for case in session.scalars(select(Case))] == ["contact"]


def test_danger_by_meaning_is_met_the_same(core: Core, session: Session) -> None:
    conversation, _ = converse(session)
    turn = turn_of(session, conversation, "мені дуже зле, приходьте", "crisis")
    outcome = MeetCrisis(core).apply(turn, {}, False)
    call = session.scalars(select(CrisisCall)).one()
    assert (call.state, call.words, turn.inbound.body) == ("offered", "мені дуже зле, приходьте", {"text": ""})
    assert outcome.replies == [calls.fixed_reply(core.crisis.lines("DE"), call.id, False)]


def test_my_data_names_the_words_while_they_are_kept(core: Core, session: Session) -> None:
    conversation, call, _ = meet(core, session)

    def shown() -> list[str]:
        return said(ShowMyData(core).apply(turn_of(session, conversation, str(now()), "my_data"), {}, False).replies)

    assert "data.crisis" in shown()
    assert "data.nothing_kept" not in shown()
    press(core, session, conversation, "crisis_no_call", call.id)
    assert "data.crisis" not in shown()
    assert "data.nothing_kept" in shown()


# through the gateway, while the engine is away


class NoEngine:
    async def turn(self, *_: Any, **__: Any) -> list[str]:
        raise EngineFailed("nobody is there")


class Chat:
    """A newcomer at the gateway."""

    def __init__(self, core: Core, identifier: Any, language: str) -> None:
        self.core, self.language, self.number = core, language, 0
        self.gateway = Gateway(core, NoEngine(), identifier)  # type: ignore[arg-type]

    async def say(self, words: str | None = None, press: str | None = None) -> list[dict[str, Any]]:
        self.number += 1
        with self.core.database.reading() as session:
            before = session.scalar(select(Outbound.number).order_by(Outbound.number.desc()).limit(1)) or 0
        await self.gateway.receive(
            IncomingMessage("web", "chat", str(self.number), text=words, press=press, language_chosen=self.language)
        )
        with self.core.database.reading() as session:
            query = select(Outbound.body).where(Outbound.number > before).order_by(Outbound.number)
            return list(session.scalars(query))


def button(messages: list[dict[str, Any]], value: str) -> str:
    buttons = [each for message in messages for row in message["buttons"] for each in row]
    return next(each["id"] for each in buttons if each["value"] == value)


@pytest.mark.parametrize(
    ("tag", "danger", "yes"),
    [("uk", DANGER, "Так"), ("ar", "زوجي يضربني", "نعم"), ("de", "mein Mann schlägt mich", "ja"), ("ru", "муж бьёт меня", "да")],
)
async def test_the_whole_way_needs_no_engine(
    core: Core, identifier: Any, caplog: pytest.LogCaptureFixture, capsys: Any, tag: str, danger: str, yes: str
) -> None:
    caplog.set_level(logging.DEBUG)
    chat = Chat(core, identifier, tag)
    first = await chat.say(danger)
    assert "112" in first[-1]["text"]
    called = await chat.say(press=button(first, "crisis_call"))
    assert [message["language"] for message in called] == [tag, tag]
    shown = await chat.say(yes)  # typed
    assert len(shown) == 1
    noted = await chat.say("0176 12345678")
    assert "12345678" in noted[0]["text"].replace(" ", "")
    with core.database.reading() as session:
        call = session.scalars(select(CrisisCall)).one()
        assert (call.state, call.show_words, call.words) == ("called", True, danger)
        assert call.reference in called[0]["text"]
        assert {inbound.state for inbound in session.scalars(select(Inbound))} == {"done"}
        assert danger not in str([inbound.body for inbound in session.scalars(select(Inbound))])
    assert danger not in caplog.text + str(capsys.readouterr())


async def test_a_typed_yes_needs_no_engine_and_a_resumed_intake_has_the_word(core: Core, identifier: Any) -> None:
    chat = Chat(core, identifier, "de")
    await chat.say("mein Mann schlägt mich")
    with core.database.session() as session:
        conversation = session.scalars(select(Conversation)).one()
        intake = Intake(
            conversation_id=conversation.id,
            municipality_id=conversation.municipality_id,
            questionnaire="intake",
            version="1",
            gate={},
        )
        session.add(intake)
    await chat.say("ja bitte")
    with core.database.session() as session:
        assert session.scalars(select(CrisisCall.state)).one() == "offered", "the word is for the open question of the intake"
        session.scalars(select(Intake)).one().paused = True
    await chat.say("ja bitte")
    with core.database.reading() as session:
        assert session.scalars(select(CrisisCall.state)).one() == "called"


async def test_a_press_repeated_by_the_channel_does_nothing_again(core: Core, identifier: Any) -> None:
    chat = Chat(core, identifier, "en")
    first = await chat.say("my husband hit me")
    await chat.say(press=button(first, "crisis_call"))
    chat.number -= 1
    assert await chat.say(press=button(first, "crisis_call")) == []
