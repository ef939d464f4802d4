"""What is deleted by itself when its time is over, what stays, and what an expired thing still answers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.orm import Session

from bot.channels.web import sessions
from bot.outbox import find_button
from bot.worker import Worker
from lotse import content
from lotse import core as composition
from lotse.cases import deletion, likeness, open_case, work
from lotse.core import Core
from lotse.errors import OperatorError
from lotse.intake.runs import of_conversation
from lotse.privacy.periods import BEFORE_AGREEMENT, BROWSER, EMPTY_CHAT, ENGINE_CACHE, Periods, read_periods
from lotse.privacy.retention import Purged, purge
from lotse.settings import from_environment
from lotse.storage.tables import (
    Applied,
    Case,
    CaseEvent,
    Consent,
    ConsentProof,
    Conversation,
    CrisisCall,
    Inbound,
    Intake,
    Municipality,
    Outbound,
    Response,
    ReturnCode,
    Staff,
    Table,
    UnansweredQuestion,
    WebLink,
    WebSession,
)
from tests.unit.conftest import CONTENT, converse, musterstadt

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DRAFTS, MESSAGES, CASES, PROOFS = (timedelta(days=days) for days in (30, 30, 90, 1095))


def chat(session: Session, address: str = "chat 1", last_at: datetime = NOW) -> Conversation:
    """A conversation without messages."""
    conversation, inbound = converse(session, address)
    session.delete(inbound)
    conversation.last_at = last_at
    session.flush()
    return conversation


def intake(session: Session, conversation: Conversation, touched: datetime, **more: Any) -> Intake:
    """An intake with two responses and an agreement."""
    found = Intake(
        **{"conversation_id": conversation.id, "municipality_id": conversation.municipality_id, "questionnaire": "intake",
           "version": "1", "touched_at": touched, **more}
    )  # fmt: skip
    session.add(found)
    session.flush()
    if found.gate is None:
        for question in ("age", "wish_year"):
            found.responses.append(
                Response(
                    question=question, value="мрія", words="мрія", language="uk", inbound_id="m_1", sent_in=found.sent or None
                )
            )
        found.consents.append(Consent(purpose="guide_reads", text_version="2026-11-abc", language="uk", given_at=touched))
    session.flush()
    conversation.intake_id = found.id
    return found


def closed_case(session: Session, conversation: Conversation, closed: datetime, kind: str = "intake", **more: Any) -> Case:
    """A case that staff closed at a time."""
    own = intake(session, conversation, closed, status="submitted", sent=1) if kind == "intake" else None
    case = open_case(session, conversation, kind, intake=own, topic="житло" if own is None else None)
    if kind == deletion.KIND:
        deletion.refuse(session, case, "…", staff(session))
    else:
        work.set_status(session, case, "closed", staff(session))
    for event in case.events:
        event.at = closed
    case.changed_at = closed
    for name, value in more.items():
        setattr(case, name, value)
    session.flush()
    return case


def staff(session: Session) -> Staff:
    found = session.scalar(select(Staff))
    if found is None:
        found = Staff(login="guide@town.example", name="Guide", password_hash="-")
        session.add(found)
        session.flush()
    return found


def count(session: Session, table: type[Table]) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def proofs(session: Session) -> list[tuple[str, str]]:
    return [(proof.purpose, proof.ended_by) for proof in session.scalars(select(ConsentProof))]


# intakes


@pytest.mark.parametrize(("age", "gone"), [(DRAFTS - MINUTE, False), (DRAFTS, True)])
def test_an_intake_that_was_not_sent_goes_after_its_days(session: Session, age: timedelta, gone: bool) -> None:
    conversation = chat(session)
    intake(session, conversation, NOW - age)
    assert purge(session, NOW).drafts == gone
    assert (count(session, Intake), count(session, Response), count(session, Consent)) == ((0, 0, 0) if gone else (1, 2, 1))
    assert proofs(session) == ([("guide_reads", "expired")] if gone else [])
    assert conversation.intake_id is None or not gone
    assert (of_conversation(session, conversation) is None) == gone


def test_the_proof_names_nobody_but_is_found_by_the_address(session: Session) -> None:
    conversation = chat(session)
    own = intake(session, conversation, NOW - DRAFTS)
    given = own.consents[0].given_at
    purge(session, NOW)
    (proof,) = session.scalars(select(ConsentProof))
    assert (proof.address_digest, proof.given_at) == (conversation.address_digest, given)
    written = {str(getattr(proof, column.name)) for column in ConsentProof.__table__.columns}
    assert not written & {conversation.id, own.id, str(conversation.address)}


@pytest.mark.parametrize(("age", "gone"), [(BEFORE_AGREEMENT - MINUTE, False), (BEFORE_AGREEMENT, True)])
def test_what_was_told_before_the_agreement_goes_after_a_day(session: Session, age: timedelta, gone: bool) -> None:
    conversation = chat(session)
    mother = intake(session, conversation, NOW - timedelta(days=2), paused=True)
    intake(session, conversation, NOW - age, gate={"age": "27-64"})
    assert purge(session, NOW).left == gone
    assert count(session, Intake) == 2 - gone
    assert proofs(session) == []
    here = of_conversation(session, conversation)
    assert here is not None
    assert (here.id == mother.id) == gone, "whose turn it was is forgotten with it, the others of the household stay"


def test_a_change_that_was_not_sent_goes_and_what_was_sent_stays(session: Session) -> None:
    conversation = chat(session)
    own = intake(session, conversation, NOW - DRAFTS, status="submitted", sent=1, amending=True, revisited="age", paused=True)
    own.responses.append(Response(question="wish_year", value="інше", words="інше", language="uk", inbound_id="m_2"))
    open_case(session, conversation, "intake", intake=own)
    session.flush()
    assert purge(session, NOW - MINUTE).changes == 0
    assert purge(session, NOW) == Purged(changes=1)
    assert [each.value for each in own.responses] == ["мрія", "мрія"]
    assert (own.status, own.amending, own.revisited, own.paused) == ("submitted", False, None, False)
    assert len(own.consents) == 1
    assert purge(session, NOW) == Purged(), "nothing is left to be done"


def test_what_was_changed_before_sending_goes_too(session: Session) -> None:
    own = intake(session, chat(session), NOW - DRAFTS, status="submitted", sent=1)
    own.responses[0].sent_in = None
    session.flush()
    assert purge(session, NOW).changes == 1
    assert [each.question for each in own.responses] == ["wish_year"]


# cases


@pytest.mark.parametrize(("age", "gone"), [(CASES - MINUTE, False), (CASES, True)])
@pytest.mark.parametrize("kind", ["intake", "contact", "deletion"])
def test_a_closed_case_goes_with_its_intake(session: Session, kind: str, age: timedelta, gone: bool) -> None:
    case = closed_case(session, chat(session), NOW - age, kind)
    case.events.append(CaseEvent(kind="note", body="нотатка", at=NOW - CASES))
    session.flush()
    assert purge(session, NOW).cases == gone
    assert (count(session, Case), count(session, CaseEvent)) == ((0, 0) if gone else (1, 2))
    assert count(session, Intake) == (kind == "intake" and not gone)
    assert proofs(session) == ([("guide_reads", "expired")] if gone and kind == "intake" else [])


@pytest.mark.parametrize("status", ["new", "open", "waiting"])
def test_a_case_that_is_not_closed_stays(session: Session, status: str) -> None:
    closed_case(session, chat(session), NOW - 3 * CASES, status=status)
    assert purge(session, NOW).cases == 0


def test_it_counts_from_the_closing_and_not_from_a_later_note(session: Session) -> None:
    case = closed_case(session, chat(session), NOW - CASES)
    work.write_note(session, case, "Nachtrag", staff(session))
    assert case.changed_at > NOW - CASES
    assert purge(session, NOW).cases == 1


def test_it_counts_from_the_last_closing(session: Session) -> None:
    case = closed_case(session, chat(session), NOW - 2 * CASES)
    work.set_status(session, case, "open", staff(session))
    work.set_status(session, case, "closed", staff(session))
    for event in case.events[1:]:
        event.at = NOW - timedelta(days=3)
    session.flush()
    assert purge(session, NOW).cases == 0


def test_a_closed_case_waits_while_its_newcomer_changes_something(session: Session) -> None:
    case = closed_case(session, chat(session), NOW - CASES)
    assert case.intake is not None
    case.intake.amending, case.intake.touched_at = True, NOW - timedelta(days=2)
    session.flush()
    assert purge(session, NOW).cases == 0
    assert purge(session, NOW + DRAFTS).cases == 1


def test_a_withdrawn_intake_goes_with_its_case(session: Session) -> None:
    case = closed_case(session, chat(session), NOW - CASES)
    assert case.intake is not None
    case.intake.status = "withdrawn"
    case.intake.responses.clear()
    case.intake.consents.clear()
    session.flush()
    assert purge(session, NOW).cases == 1
    assert (count(session, Intake), proofs(session)) == (0, [])


def test_merged_cases_go_together_when_the_one_that_is_worked_on_does(session: Session) -> None:
    older = open_case(session, chat(session, "chat 1"), "contact", topic="житло")
    older.opened_at = NOW - 3 * CASES
    newer = open_case(session, chat(session, "chat 2"), "contact", topic="робота")
    by = staff(session)
    likeness.merge(session, older, newer, by)
    for event in (*older.events, *newer.events):
        event.at = NOW - 2 * CASES
    session.flush()
    assert purge(session, NOW).cases == 0, "the person's case is open"
    work.set_status(session, older, "closed", by)
    older.events[-1].at = NOW - CASES
    session.flush()
    assert purge(session, NOW).cases == 2
    assert count(session, Case) == 0


def test_others_of_the_household_stay(session: Session) -> None:
    conversation = chat(session)
    other = intake(session, conversation, NOW, household_id="hh_1")
    case = closed_case(session, conversation, NOW - CASES)
    assert case.intake is not None
    case.intake.household_id = "hh_1"
    session.flush()
    purge(session, NOW)
    assert session.scalars(select(Intake.id)).all() == [other.id]
    assert of_conversation(session, conversation) is other


# the chat


@pytest.mark.parametrize(("age", "left"), [(MESSAGES - MINUTE, 2), (MESSAGES, 0)])
@pytest.mark.parametrize("state", ["pending", "sent", "undeliverable"])
def test_messages_go_after_their_days(session: Session, age: timedelta, left: int, state: str) -> None:
    conversation, inbound = converse(session)
    inbound.state, inbound.received_at = "done", NOW - age
    session.add(Applied(inbound_id=inbound.id, action="action_answer", result={}))
    session.add(Outbound(conversation_id=conversation.id, body={"text": "мрія"}, state=state, created_at=NOW - age))
    conversation.last_at = NOW
    session.flush()
    assert purge(session, NOW).messages == 2 - left
    assert count(session, Inbound) + count(session, Outbound) == left
    assert count(session, Applied) == left / 2


def test_a_message_that_was_not_worked_on_waits(session: Session) -> None:
    _, inbound = converse(session)
    inbound.received_at = NOW - 2 * MESSAGES
    session.flush()
    assert purge(session, NOW).messages == 0, "the bot was away; it takes it up first"


def test_responses_stay_when_the_messages_that_gave_them_go(session: Session) -> None:
    conversation, inbound = converse(session)
    inbound.state, inbound.received_at = "done", NOW - MESSAGES
    own = intake(session, conversation, NOW - timedelta(days=1))
    own.responses[0].inbound_id = inbound.id
    conversation.last_at = NOW
    session.flush()
    assert purge(session, NOW) == Purged(messages=1)
    assert [each.value for each in own.responses] == ["мрія", "мрія"]


def test_a_button_of_a_message_that_is_gone_is_an_old_button(session: Session) -> None:
    conversation = chat(session)
    button = {"id": "b_1.0", "label": "Далі", "kind": "menu", "value": "resume", "about": ""}
    session.add(Outbound(id="b_1", conversation_id=conversation.id, body={"buttons": [[button]]}, created_at=NOW - MESSAGES))
    session.flush()
    assert find_button(session, conversation, "b_1.0") is not None
    purge(session, NOW)
    assert find_button(session, conversation, "b_1.0") is None, "the gateway answers it with button.old"


@pytest.mark.parametrize(("age", "gone"), [(MESSAGES - MINUTE, False), (MESSAGES, True)])
def test_what_the_bot_asked_last_may_quote_a_message(session: Session, age: timedelta, gone: bool) -> None:
    conversation = chat(session, last_at=NOW - age)
    conversation.pending = {"kind": "near", "words": "мрія"}
    session.flush()
    purge(session, NOW)
    session.refresh(conversation)
    assert (conversation.pending is None) == gone


@pytest.mark.parametrize("with_what", ["nothing", "case", "intake", "call"])
def test_a_telephone_number_stays_while_there_is_something_to_call_about(session: Session, with_what: str) -> None:
    conversation = chat(session, last_at=NOW - MESSAGES)
    conversation.contact = {"phone": "+49 30 1234567", "email": None}
    if with_what == "case":
        open_case(session, conversation, "contact")
    elif with_what == "intake":
        intake(session, conversation, NOW)
    elif with_what == "call":
        session.add(CrisisCall(conversation_id=conversation.id, municipality_id=conversation.municipality_id, state="called"))
    session.flush()
    purge(session, NOW)
    session.refresh(conversation)
    assert (conversation.contact is None) == (with_what == "nothing")


@pytest.mark.parametrize(
    ("state", "age", "gone"),
    [
        ("declined", MESSAGES - MINUTE, False),
        ("declined", MESSAGES, True),
        ("lapsed", MESSAGES, True),
        ("called", 5 * CASES, False),  # somebody waits
        ("acknowledged", CASES - MINUTE, False),
        ("acknowledged", CASES, True),
    ],
)
def test_calls_of_a_person_go(session: Session, state: str, age: timedelta, gone: bool) -> None:
    conversation = chat(session)
    at = NOW - age
    session.add(CrisisCall(conversation_id=conversation.id, municipality_id=conversation.municipality_id, state=state,
                           words=None, created_at=at, changed_at=at, called_at=at, acknowledged_at=at))  # fmt: skip
    session.flush()
    assert purge(session, NOW).calls == gone


def test_words_of_crisis_messages_lapse_with_it(session: Session) -> None:
    conversation = chat(session)
    at = NOW - timedelta(days=1)
    call = CrisisCall(conversation_id=conversation.id, municipality_id=conversation.municipality_id, words="…", created_at=at)
    session.add(call)
    session.flush()
    purge(session, NOW)
    session.refresh(call)
    assert (call.state, call.words) == ("lapsed", None)


@pytest.mark.parametrize(("age", "gone"), [(PROOFS - MINUTE, False), (PROOFS, True)])
def test_proof_of_consent_goes_after_years(session: Session, age: timedelta, gone: bool) -> None:
    session.add(ConsentProof(address_digest="d", municipality_id=musterstadt(session).id, purpose="guide_reads",
                             text_version="1", language="uk", given_at=NOW - 2 * PROOFS, ended_at=NOW - age,
                             ended_by="deleted"))  # fmt: skip
    session.flush()
    assert purge(session, NOW).proofs == gone


def test_links_and_browsers_lapse_and_return_codes_stay(session: Session) -> None:
    conversation = chat(session)
    for name, expires in (("over", NOW), ("open", NOW + MINUTE)):
        session.add(WebLink(digest=name, conversation_id=conversation.id, purpose="my_data", expires_at=expires))
    for name, last in (("left", NOW - BROWSER), ("here", NOW - BROWSER + MINUTE)):
        session.add(WebSession(digest=name, conversation_id=conversation.id, last_at=last))
    session.add(ReturnCode(digest="code", conversation_id=conversation.id, created_at=NOW - 9 * BROWSER))
    session.flush()
    assert purge(session, NOW) == Purged(links=1, sessions=1)
    assert session.scalars(select(WebLink.digest)).all() == ["open"]
    assert session.scalars(select(WebSession.digest)).all() == ["here"]
    assert count(session, ReturnCode) == 1


def test_a_browser_is_forgotten_when_its_cookie_opens_nothing() -> None:
    assert sessions.AGE == BROWSER


@pytest.mark.parametrize("kept", ["nothing", "code", "browser", "question", "case", "message"])
def test_a_chat_in_which_nothing_is_kept_goes(session: Session, kept: str) -> None:
    conversation = chat(session, last_at=NOW - EMPTY_CHAT)
    row: Table | None = {
        "code": lambda: ReturnCode(digest="code", conversation_id=conversation.id),
        "browser": lambda: WebSession(digest="browser", conversation_id=conversation.id, last_at=NOW),
        "question": lambda: UnansweredQuestion(
            municipality_id=conversation.municipality_id, conversation_id=conversation.id, question="…", language="uk"
        ),
        "case": lambda: Case(
            reference="M-1", municipality_id=conversation.municipality_id, conversation_id=conversation.id, kind="contact",
            language="uk"
        ),
        "message": lambda: Inbound(conversation_id=conversation.id, external_id="1", received_at=NOW, state="done"),
    }.get(kept, lambda: None)()  # fmt: skip
    if row is not None:
        session.add(row)
    session.flush()
    assert purge(session, NOW - MINUTE).chats == 0
    assert purge(session, NOW).chats == (kept == "nothing")


# by municipality


def test_each_town_has_its_own_periods(session: Session) -> None:
    quick = Municipality(slug="quick", name="Quick", country="NL", time_zone="UTC",
                         details={"retention": {"draft_days": 2, "message_days": 1}})  # fmt: skip
    session.add(quick)
    session.flush()
    for number, town in enumerate((musterstadt(session), quick)):
        conversation, inbound = converse(session, f"chat {number}")
        conversation.municipality_id, conversation.last_at = town.id, NOW
        inbound.state, inbound.received_at = "done", NOW - timedelta(days=2)
        intake(session, conversation, NOW - timedelta(days=2))
    assert purge(session, NOW) == Purged(drafts=1, messages=1)
    assert session.scalars(select(Intake.municipality_id)).all() == [musterstadt(session).id]
    assert session.scalars(select(ConsentProof.municipality_id)).all() == [quick.id]


@pytest.mark.parametrize(
    ("told", "complaint"),
    [
        ({"days": 3}, "'days' is unknown; there are draft_days, message_days, case_days, proof_days, audit_days"),
        ({"draft_days": 0}, "draft_days must be a number of days from 1, not 0"),
        ({"case_days": "90"}, "case_days must be a number of days from 1, not '90'"),
        ({"proof_days": True}, "proof_days must be a number"),
        ({"message_days": None}, "message_days must be a number"),
        ([30], "retention must name days"),
    ],
)
def test_wrong_periods_are_named(told: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        read_periods({"retention": told})


def test_periods_that_are_not_told_are_the_proposed_ones() -> None:
    assert read_periods({}) == Periods(30, 30, 90, 1095, 365)
    assert read_periods({"retention": {"case_days": 10}}) == Periods(case_days=10)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"details": {"retention": {"draft_days": -1}}}, "details: retention: draft_days"),
        ({"details": {"reminder_hours": "always"}}, "details: reminder_hours must be like"),
        ({"details": {"controller": 5}}, "details: controller must be a text"),
        ({"details": {"complaint": " "}}, "details: complaint must be a text"),
        ({"details": ["x"]}, "details must be named fields"),
        ({"time_zone": "Europe/Nowhere"}, "time_zone 'Europe/Nowhere' is unknown"),
        ({"name": None}, "field name is missing"),
        ({"prefix": "X"}, "field prefix is unknown"),
    ],
)
def test_a_wrong_town_is_named_when_it_is_read(session: Session, tmp_path: Path, change: dict[str, Any], complaint: str) -> None:
    folder = tmp_path / "municipalities" / "falsch"
    folder.mkdir(parents=True)
    sample = yaml.safe_load((CONTENT / "municipalities" / "musterstadt" / "municipality.yml").read_text("utf-8"))
    told = {**sample, "slug": "falsch", **change}
    (folder / "municipality.yml").write_text(yaml.safe_dump({name: value for name, value in told.items() if value is not None}))
    with pytest.raises(OperatorError, match=complaint) as raised:
        content.fill(session, tmp_path)
    assert "falsch/municipality.yml" in str(raised.value)


def test_the_sample_towns_tell_all_that_the_notice_needs(session: Session) -> None:
    towns = {town.slug: town for town in session.scalars(select(Municipality))}
    assert {"musterstadt", "voorbeeldstad"} <= set(towns)
    for town in towns.values():
        for name in ("controller", "data_protection_officer", "complaint", "retention", "guides"):
            assert town.details[name], (town.slug, name)
    dutch = towns["voorbeeldstad"]
    assert (dutch.country, dutch.time_zone, dutch.details["reference_prefix"]) == ("NL", "Europe/Amsterdam", "V")
    assert dutch.details["complaint"].startswith("Autoriteit Persoonsgegevens")


# the worker


@pytest.fixture
def core(tmp_path: Path, filled: Path) -> Iterator[Core]:
    """All parts on a home of their own, with logs and an engine's cache."""
    settings = from_environment({"LOTSE_HOME": str(tmp_path / "home")})
    (settings.home / "log").mkdir(parents=True)
    shutil.copy(filled, settings.home / "lotse.db")
    parts = composition.build(settings)
    yield parts
    parts.database.engine.dispose()


def test_purging_reaches_what_lies_beside_the_record(core: Core) -> None:
    with core.database.session() as session:
        conversation, inbound = converse(session)
        inbound.state, inbound.received_at, conversation.last_at = "done", NOW - EMPTY_CHAT, NOW - EMPTY_CHAT
        gone, message = conversation.id, inbound.id
        stays = chat(session, "chat 2").id
        silent = chat(session, "chat 3").id
    log = core.settings.home / "log" / "bot.log"
    before = f'{{"conversation": "{gone}", "message": "{message}"}}\n{{"conversation": "{stays}", "x": "c_short"}}\n'
    log.write_text(before)
    engine = create_engine(core.settings.tracker_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE events (id INTEGER PRIMARY KEY, sender_id VARCHAR, timestamp FLOAT)"))
        for sender, at in ((gone, NOW), (stays, NOW), (silent, NOW - ENGINE_CACHE - MINUTE)):
            row = {"sender": sender, "at": at.timestamp()}
            connection.execute(text("INSERT INTO events (sender_id, timestamp) VALUES (:sender, :at)"), row)
    purged = Worker(core, lambda conversation_id: None).purge(NOW)
    assert purged == Purged(messages=1, chats=1)
    with engine.begin() as connection:
        assert connection.execute(text("SELECT sender_id FROM events")).scalars().all() == [stays]
    engine.dispose()
    after = log.read_text()
    assert (gone in after, message in after, stays in after) == (False, False, True)
    assert len(after) == len(before), "whoever writes to the log is not disturbed"
    raw = b"".join(file.read_bytes() for file in core.settings.home.rglob("*") if file.is_file())
    assert gone.encode() not in raw
    assert message.encode() not in raw
    assert stays.encode() in raw


def test_it_says_how_much_it_deleted_and_of_whom_nothing(core: Core, capsys: pytest.CaptureFixture[str]) -> None:
    with core.database.session() as session:
        conversation = chat(session)
        intake(session, conversation, NOW - 9 * DRAFTS)
        identifier = conversation.id
        open_case(session, chat(session, "chat 2"), "intake")  # of before cases could be found by a name
    worker = Worker(core, lambda conversation_id: None)
    for job in worker._jobs:
        assert job.do() == []
    said = capsys.readouterr().out
    assert "deleted what is over" in said
    assert "drafts=1" in said or '"drafts": 1' in said
    assert "old cases can be found by name and theme" in said
    assert identifier not in said


def test_a_log_that_grows_while_it_is_cleared(core: Core) -> None:
    """Who writes to its end in that moment loses nothing."""
    log = core.settings.home / "log" / "engine.log"
    log.write_bytes(b"")
    Worker(core, lambda conversation_id: None).purge(NOW)
    with open(log, "ab", buffering=0) as opened:
        opened.write(b"m_AAAAAAAAAAAAAAAA first\n")
        Worker(core, lambda conversation_id: None).purge(NOW)
        opened.write(b"second\n")
    assert log.read_bytes() == b"x" * 18 + b" first\nsecond\n"


def test_a_home_without_logs(core: Core) -> None:
    bare = replace(core, settings=replace(core.settings, home=core.settings.home / "nowhere"))
    assert Worker(bare, lambda conversation_id: None).purge(NOW) == Purged()
